//! Why it does not work: named checks of this machine and of one service, each with what to do.
//!
//! A check asks the real thing through the ports (the store is written to, the listener reaches
//! itself, the server is asked), because a guess is what the person already has.

use crate::error::{Code, Error};
use crate::grant::Client;
use crate::port::Ports;
use crate::service::Service;

mod client;
mod machine;
#[cfg(test)]
mod machine_tests;
mod server;
mod session;
#[cfg(test)]
mod tests;

pub use machine::{Folder, Network, examine_machine};

/// What a check found.
#[derive(Debug)]
pub struct Finding {
    /// The check's name, stable for machines.
    pub check: &'static str,
    /// The judgement.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub message: String,
    /// What to do, where something can be done.
    pub hint: Option<String>,
}

/// The judgement of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but not for everything or not for long.
    Warning,
    /// Does not work; the code is that of the command that would meet it.
    Failure(Code),
    /// Could not be looked at, because something before it failed.
    Skipped,
}

impl Verdict {
    /// For people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failure(_) => "failure",
            Verdict::Skipped => "skipped",
        }
    }
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Finding {
            check,
            verdict,
            message: message.into(),
            hint: None,
        }
    }

    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Finding::new(check, Verdict::Ok, message)
    }

    fn warning(check: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Finding {
            hint: Some(hint.into()),
            ..Finding::new(check, Verdict::Warning, message)
        }
    }

    fn skipped(check: &'static str, because: &str) -> Self {
        Finding::new(check, Verdict::Skipped, because)
    }

    /// The error that the commands would end with.
    fn failure(check: &'static str, error: &Error) -> Self {
        Finding {
            hint: error.hint().map(str::to_owned),
            ..Finding::new(check, Verdict::Failure(error.code()), told(error))
        }
    }
}

/// An error and its causes in one line.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let words = crate::secret::printable(&cause.to_string(), 200);
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

/// The service that was asked for cannot be made out.
pub fn unresolved(error: &Error) -> Finding {
    Finding::failure("service", error)
}

/// Everything about one service, in the order in which one thing needs another.
pub async fn examine_service(ports: &Ports<'_>, service: &Service) -> Vec<Finding> {
    let registration = client::registration(service);
    let usable = registration.verdict == Verdict::Ok;
    let mut findings = vec![registration];
    findings.extend(server::reach(ports, service).await);
    let (client, finding) = match usable {
        true => server::metadata(ports, service).await,
        false => (None, Finding::skipped("metadata", "needs a client_id")),
    };
    findings.push(finding);
    findings.push(client::redirect_rule(ports, service));
    let lasting = session::has_refresh_token(ports, service);
    findings.extend(of_client(ports, client.as_ref(), lasting).await);
    findings.extend(session::session(ports, service, client.as_ref()).await);
    findings
}

/// What can be asked only of a client with endpoints.
async fn of_client(ports: &Ports<'_>, client: Option<&Client>, lasting: bool) -> Vec<Finding> {
    let Some(client) = client else {
        return ["authorization request", "client authentication", "scopes"]
            .map(|check| Finding::skipped(check, "needs the server's endpoints"))
            .into();
    };
    vec![
        client::authorization_request(ports, client).await,
        client::client_authentication(ports, client).await,
        client::scopes(client, lasting),
    ]
}

/// The error that the whole examination ends with: the code of the first failure.
pub fn outcome(findings: &[Finding]) -> Result<(), Error> {
    let failed: Vec<_> = findings
        .iter()
        .filter_map(|finding| match finding.verdict {
            Verdict::Failure(code) => Some((finding.check, code)),
            _ => None,
        })
        .collect();
    let Some((_, code)) = failed.first() else {
        return Ok(());
    };
    let names: Vec<_> = failed.iter().map(|(check, _)| *check).collect();
    let told = format!(
        "{} of {} checks failed: {}",
        names.len(),
        findings.len(),
        names.join(", ")
    );
    Err(Error::new(*code, told)
        .with_hint("what to do stands beside each of them; begin with the first"))
}
