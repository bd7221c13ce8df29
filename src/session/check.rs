//! Whether a session still works, as its server says now (`status --check`).
//!
//! While the access token has not ended it is shown to UserInfo, where there is one; else the
//! server is asked about it (RFC 7662). A refresh token is spent only where nothing else can tell
//! and the next command would spend it anyway: the access token has ended or was refused, and
//! introspection does not vouch for the refresh token.

use std::future::Future;
use std::time::Duration;

use super::access_token::{Access, Renew, Wanted, access_token, peek};
use super::{Record, facts, freshness, keeping};
use crate::error::{Code, Error, Result};
use crate::grant::introspection::introspect;
use crate::grant::revocation::Hint;
use crate::grant::{Client, userinfo};
use crate::port::{Clock, Ports};
use crate::protocol::metadata::check_endpoint;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::registration::Grant;
use crate::transport::within;

/// What came of it.
#[derive(Debug)]
pub struct Checked {
    pub verdict: Verdict,
    /// How it was found out, where it was.
    pub by: Option<By>,
    /// In one line.
    pub why: String,
    /// Why it could not be found out, as commands would fail.
    pub code: Option<Code>,
}

/// Whether the session works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Works,
    /// A person must sign in.
    Refused,
    /// The server could not be asked.
    Unreachable,
    /// Nobody can tell, or the store does not give it.
    Unknown,
}

/// What proved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    UserInfo,
    Introspection,
    /// It was renewed, as any command would have.
    Renewal,
}

impl By {
    /// For people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            By::UserInfo => "userinfo",
            By::Introspection => "introspection",
            By::Renewal => "renewal",
        }
    }
}

impl Checked {
    fn works(by: By, why: &str) -> Self {
        Checked {
            verdict: Verdict::Works,
            by: Some(by),
            why: why.to_owned(),
            code: None,
        }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Checked {
            verdict: Verdict::Unknown,
            by: None,
            why: why.into(),
            code: None,
        }
    }

    /// As the commands would fail.
    pub fn failed(error: &Error) -> Self {
        let verdict = match error.code().exit_code() {
            4 => Verdict::Refused,
            6 => Verdict::Unreachable,
            _ => Verdict::Unknown,
        };
        Checked {
            verdict,
            by: None,
            why: error.to_string(),
            code: Some(error.code()),
        }
    }
}

/// Asks about the session that `service` means, for about `patience`: a renewal that has begun is
/// driven to its end.
pub async fn check(ports: &Ports<'_>, service: &Service, patience: Duration) -> Checked {
    let inquiry = Inquiry {
        ports,
        service,
        end: ports
            .clock
            .steady_millis()
            .saturating_add(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX)),
    };
    let outcome = match peek(ports, service, &Wanted::default()) {
        Ok(Some(access)) => inquiry.of_access_token(access.record).await,
        Ok(None) => inquiry.of_refresh_token().await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| Checked::failed(&error))
}

struct Inquiry<'a> {
    ports: &'a Ports<'a>,
    service: &'a Service,
    /// By the steady clock.
    end: u64,
}

/// What the server says of an access token.
enum Said {
    Good(By),
    Refused,
    /// It cannot tell, and why.
    Nothing(String),
}

impl Inquiry<'_> {
    async fn of_access_token(&self, record: Record) -> Result<Checked> {
        match self.ask(&record).await? {
            Said::Good(by) => Ok(Checked::works(by, "the server takes the access token")),
            Said::Nothing(why) => Ok(Checked::unknown(why)),
            Said::Refused if !facts::is_renewable(&record) => Err(self.refused()),
            // Refused before its time: it is renewed once, as every command does (must 67).
            Said::Refused => {
                let refused = record.token.access_token.clone();
                let renewed = self.renew(Renew::IfStill(refused)).await?;
                match self.ask(&renewed.record).await? {
                    Said::Good(_) | Said::Nothing(_) => Ok(Checked::works(
                        By::Renewal,
                        "the server had dropped the access token and gave another",
                    )),
                    Said::Refused => Err(self.refused()),
                }
            }
        }
    }

    /// The access token has ended.
    async fn of_refresh_token(&self) -> Result<Checked> {
        if let Some(refresh_token) = self.refresh_token()?
            && let Ok(client) = self
                .in_time(Client::prepare(self.ports, self.service))
                .await
            && client.metadata.introspection_endpoint.is_some()
            && self
                .is_active(&client, &refresh_token, Hint::RefreshToken)
                .await?
                == Some(true)
        {
            let why = "the access token has ended, and the refresh token is good";
            return Ok(Checked::works(By::Introspection, why));
        }
        self.renew(Renew::IfStale).await?;
        let why = "the access token had ended and was renewed";
        Ok(Checked::works(By::Renewal, why))
    }

    fn refresh_token(&self) -> Result<Option<Secret>> {
        let Some(account) = facts::account_of(self.ports, self.service)? else {
            return Ok(None);
        };
        let record = keeping::peek(self.ports, &self.service.name, &account)?;
        Ok(record.and_then(|record| record.token.refresh_token))
    }

    /// UserInfo, then introspection; nothing is spent.
    async fn ask(&self, record: &Record) -> Result<Said> {
        let prepared = self
            .in_time(Client::prepare(self.ports, self.service))
            .await;
        let explicit = &self.service.values.userinfo_endpoint;
        let client = match (prepared, explicit) {
            (Ok(client), _) => Some(client),
            // A token that a person brought needs no client.
            (Err(_), Some(_)) => None,
            (Err(error), None) => return Err(error),
        };
        let metadata = client.as_ref().map(|client| &client.metadata);
        let userinfo = explicit
            .as_ref()
            .or(metadata.and_then(|metadata| metadata.userinfo_endpoint.as_ref()))
            .filter(|_| record.grant != Grant::ClientCredentials);
        let mut why = format!(
            "the server offers neither UserInfo nor introspection; {}",
            match freshness::expires_at(record) {
                Some(_) => "by the clock the access token has not ended",
                None => "nothing tells when the access token ends",
            }
        );
        let mut refused = false;
        if let Some(endpoint) = userinfo {
            let endpoint = check_endpoint("userinfo_endpoint", endpoint)?;
            let subject = record.subject.as_deref();
            let asked = userinfo::fetch(
                self.ports,
                &endpoint,
                &record.token,
                subject,
                client.as_ref(),
            );
            match self.in_time(asked).await {
                Ok(_) => return Ok(Said::Good(By::UserInfo)),
                Err(error) if error.code() == Code::LoginRequired => refused = true,
                Err(error) if error.code().exit_code() == 6 => return Err(error),
                Err(error) => why = error.to_string(),
            }
        }
        let introspection = client
            .as_ref()
            .filter(|client| client.metadata.introspection_endpoint.is_some());
        if let Some(client) = introspection {
            let token = &record.token.access_token;
            match self.is_active(client, token, Hint::AccessToken).await? {
                Some(true) => return Ok(Said::Good(By::Introspection)),
                Some(false) => refused = true,
                None if userinfo.is_none() => {
                    why = "the server does not answer this client's introspection".to_owned();
                }
                None => {}
            }
        }
        Ok(match refused {
            true => Said::Refused,
            false => Said::Nothing(why),
        })
    }

    /// `None` where the server does not answer this client.
    async fn is_active(&self, client: &Client, token: &Secret, hint: Hint) -> Result<Option<bool>> {
        match introspect(self.ports, client, token, hint, self.left()).await {
            Ok(told) => Ok(Some(told.introspection.active)),
            Err(error) if error.code().exit_code() == 6 => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Never within a deadline but its own: see [`access_token`].
    async fn renew(&self, renew: Renew) -> Result<Access> {
        let wanted = Wanted {
            renew,
            lock_deadline: self.left(),
            ..Wanted::default()
        };
        access_token(self.ports, self.service, &wanted).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match within(self.ports, self.left(), work).await {
            Some(outcome) => outcome,
            None => Err(Error::new(Code::TransportFailed, "no answer in time")),
        }
    }

    fn left(&self) -> Duration {
        let clock: &dyn Clock = self.ports.clock;
        Duration::from_millis(self.end.saturating_sub(clock.steady_millis()))
    }

    fn refused(&self) -> Error {
        let name = self.service.reference();
        Error::new(Code::LoginRequired, "the server refuses the access token")
            .with_hint(format!("hallpass login {name}"))
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
