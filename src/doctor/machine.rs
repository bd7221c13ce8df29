//! Checks of this machine: what every service needs.

use std::time::Duration;

use http::{Response, StatusCode};

use super::{Finding, Verdict};
use crate::error::{Code, Error, Result};
use crate::port::{BoundListener, ListenSpec, LoopbackHost, Ports};
use crate::service::{Configuration, Registration};
use crate::transport::{Limits, exchange};

/// What the edge knows of the way to servers; made outside, because it reads files.
pub struct Network {
    /// Whom TLS trusts, in words.
    pub trust: Result<String>,
    /// The proxies of the environment, in words without secrets; `None` is none.
    pub proxy: Result<Option<String>>,
}

/// One of the folders that hallpass writes to; tried outside.
pub struct Folder {
    /// The check's name: `state folder`.
    pub check: &'static str,
    /// The variable that names another one.
    pub variable: &'static str,
    pub path: String,
    pub writable: Result<()>,
    /// Whether sessions depend on it; without the others only some things do not work.
    pub needed: bool,
}

/// The listener answers itself within this time, or something is in between.
const SELF_REACH: Duration = Duration::from_secs(5);

/// Everything that needs no service.
pub async fn examine_machine(
    ports: &Ports<'_>,
    file: &str,
    configuration: Result<&Configuration, &Error>,
    folders: &[Folder],
    network: &Network,
) -> Vec<Finding> {
    let mut findings = vec![configuration_file(file, configuration)];
    if let Ok(configuration) = configuration {
        findings.extend(services(ports, configuration));
    }
    findings.extend(folders.iter().map(folder));
    findings.push(store(ports));
    findings.push(browser(ports));
    findings.push(match &network.proxy {
        Ok(_) => listener(ports).await,
        // Nothing can be asked for then, not even here.
        Err(_) => Finding::skipped("listener", "a proxy variable cannot be read"),
    });
    findings.push(proxy(network));
    findings.push(trust(network));
    findings
}

fn configuration_file(file: &str, configuration: Result<&Configuration, &Error>) -> Finding {
    match configuration {
        Ok(configuration) => {
            let told = match configuration.services.len() {
                0 => "no service yet".to_owned(),
                1 => "1 service".to_owned(),
                more => format!("{more} services"),
            };
            Finding::ok("configuration", format!("{file}: {told}"))
        }
        Err(error) => Finding::failure("configuration", error),
    }
}

fn folder(folder: &Folder) -> Finding {
    let error = match &folder.writable {
        Ok(()) => return Finding::ok(folder.check, format!("{}: can be written", folder.path)),
        Err(error) => error,
    };
    let mut finding = Finding::failure(folder.check, error);
    if !folder.needed {
        finding.verdict = Verdict::Warning;
    }
    finding.hint = Some(format!(
        "make {} yours and writable (`ls -ld` shows whose it is), or name another folder in {}",
        folder.path, folder.variable
    ));
    finding
}

/// Every service of the file resolves; only those that do not are told.
fn services(ports: &Ports<'_>, configuration: &Configuration) -> Vec<Finding> {
    let environment = |name: &str| ports.environment.var(name);
    let names = configuration.services.keys();
    let resolved =
        names.map(|name| configuration.resolve(name, &environment, &Registration::default()));
    resolved
        .filter_map(|service| service.err())
        .map(|error| Finding::failure("services", &error))
        .collect()
}

/// A probe entry is written, read and deleted; each of the five states has its own words.
fn store(ports: &Ports<'_>) -> Finding {
    let kind = ports.store.describe();
    match ports.store.probe() {
        Ok(()) => Finding::ok("store", format!("{kind}: writes, reads and deletes")),
        Err(error) => {
            let mut finding = Finding::failure("store", &error);
            if finding.hint.is_none() {
                finding.hint = Some(store_hint(error.code()).to_owned());
            }
            finding
        }
    }
}

fn store_hint(code: Code) -> &'static str {
    match code {
        Code::StoreLocked => {
            "unlock the keyring (sign in to the desktop, or unlock it in its own program)"
        }
        Code::StoreAbsent => {
            "choose another store: `hallpass store use file`, on an unattended machine with \
             --key-file"
        }
        Code::StoreHung => "the keyring's daemon does not answer: end it and start it again",
        Code::StoreFull => "make room, or choose another store: `hallpass store use file`",
        _ => "choose another store: `hallpass store use file`",
    }
}

fn browser(ports: &Ports<'_>) -> Finding {
    if ports.browser.available() {
        return Finding::ok("browser", "there is one");
    }
    Finding::warning(
        "browser",
        "none seems to be here ($BROWSER is unset, or there is no display)",
        "sign in with `hallpass login NAME --flow device` where the server offers it, or open the \
         printed address on any machine and paste the one that the browser ends up at",
    )
}

/// Binds as a sign-in does, and asks itself.
async fn listener(ports: &Ports<'_>) -> Finding {
    let spec = ListenSpec {
        host: LoopbackHost::V4,
        port: None,
    };
    let mut bound = match ports.listener.bind(&spec) {
        Ok(bound) => bound,
        Err(error) => return Finding::failure("listener", &error),
    };
    let port = bound.port();
    match reach_itself(ports, bound.as_mut(), port).await {
        Ok(()) => Finding::ok(
            "listener",
            format!("127.0.0.1:{port} was bound and answers"),
        ),
        Err(error) => {
            let mut finding = Finding::failure("listener", &error);
            finding.hint = Some(
                "something on this machine keeps connections to 127.0.0.1 away (firewall, \
                 sandbox, security program): allow them, or sign in with --flow paste"
                    .to_owned(),
            );
            finding
        }
    }
}

async fn reach_itself(ports: &Ports<'_>, bound: &mut dyn BoundListener, port: u16) -> Result<()> {
    const PATH: &str = "/hallpass-doctor";
    const WORD: &[u8] = b"hallpass answers itself";
    let serve = async {
        loop {
            let request = bound.next().await?;
            let ours = request.request().uri().path() == PATH;
            request.respond(page(if ours { WORD } else { b"" }));
            if ours {
                return Ok::<(), Error>(());
            }
        }
    };
    let ask = async {
        let request = http::Request::get(format!("http://127.0.0.1:{port}{PATH}"))
            .body(Vec::new())
            .map_err(|error| Error::new(Code::Internal, "no request").with_source(error))?;
        let limits = Limits {
            body: 4096,
            deadline: SELF_REACH,
        };
        let answer = exchange(ports, request, limits).await?;
        match answer.body() == WORD {
            true => Ok(()),
            false => Err(Error::new(
                Code::ResponseInvalid,
                format!("127.0.0.1:{port} is answered by another program"),
            )),
        }
    };
    // The listener may wait for ever; the question has a deadline, so its outcome decides.
    let (serve, ask) = (Box::pin(serve), Box::pin(ask));
    match futures_util::future::select(serve, ask).await {
        futures_util::future::Either::Left((served, ask)) => served.and(ask.await),
        futures_util::future::Either::Right((asked, _)) => asked,
    }
}

fn page(body: &[u8]) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_vec());
    if body.is_empty() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn proxy(network: &Network) -> Finding {
    match &network.proxy {
        Ok(None) => Finding::ok("proxy", "none in the environment"),
        Ok(Some(told)) => Finding::ok("proxy", told.clone()),
        Err(error) => Finding::failure("proxy", error),
    }
}

fn trust(network: &Network) -> Finding {
    match &network.trust {
        Ok(told) => Finding::ok("tls trust", told.clone()),
        Err(error) => Finding::failure("tls trust", error),
    }
}
