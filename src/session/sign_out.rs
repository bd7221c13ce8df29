//! Ending a session: delete it here, always; revoke the refresh token, then the access token
//! (RFC 7009); say what happened.

use std::time::Duration;

use super::{Record, elsewhere, facts, keeping, spill};
use crate::error::{Code, Error, Result};
use crate::grant::Client;
use crate::grant::revocation::{Hint, revoke};
use crate::port::Ports;
use crate::service::Service;

/// What became of it.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// Account that was signed out.
    pub account: String,
    /// The server confirmed the revocation of these (`refresh_token`, `access_token`).
    pub revoked: Vec<&'static str>,
    /// Why the server did not, where it did not; `ServiceIncomplete` where it cannot.
    pub not_revoked: Option<Error>,
}

/// How long to wait for whoever is renewing the session.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);

/// Signs out of one session. The local end comes first, so that no server and no Ctrl-C can
/// prevent it.
pub async fn sign_out(ports: &Ports<'_>, service: &Service) -> Result<SignedOut> {
    let account = account(ports, service)?;
    let record = delete(ports, &service.name, &account)?;
    let mut out = SignedOut {
        account,
        ..SignedOut::default()
    };
    let Some(record) = record else {
        return Ok(out);
    };
    match Client::prepare(ports, service).await {
        Ok(client) if is_its_server(&client, &record) => {
            revoke_tokens(ports, &client, &record, &mut out).await;
        }
        Ok(_) => {
            out.not_revoked = Some(
                Error::new(
                    Code::OriginNotAllowed,
                    format!(
                        "the session was of {}, which service \"{}\" no longer names",
                        record.binding.token_endpoint, service.name
                    ),
                )
                .with_hint("revoke it in your account's settings there"),
            );
        }
        Err(error) => out.not_revoked = Some(error),
    }
    Ok(out)
}

/// The account that is meant: the named one, the default one, or the only one.
fn account(ports: &Ports<'_>, service: &Service) -> Result<String> {
    if let Some(account) = &service.account {
        return Ok(account.clone());
    }
    if let Some(account) = facts::default_account(ports, &service.name)? {
        return Ok(account);
    }
    let mut sessions = keeping::facts_of_service(ports, &service.name)?;
    match (sessions.pop(), sessions.len()) {
        (Some(only), 0) => Ok(only.account),
        _ => Err(nobody(&service.name)),
    }
}

fn nobody(name: &str) -> Error {
    Error::new(
        Code::LoginRequired,
        format!("nobody is signed in to {name}"),
    )
    .with_hint("`hallpass status` shows every session")
}

/// Removes record, facts and spill; what was there, where it could be read.
fn delete(ports: &Ports<'_>, service: &str, account: &str) -> Result<Option<Record>> {
    let key = keeping::session_key(service, account);
    let mut waiting = |who: &str| {
        ports
            .ui
            .notice(&format!("Waiting for {who}, which is using {}…", key.name));
    };
    let mut guard = ports.store.lock(&key, LOCK_DEADLINE, &mut waiting)?;
    let found = match guard.read() {
        Ok(found) => found,
        Err(error) if error.code() == Code::StoreUnreadable => None,
        Err(error) => return Err(error),
    };
    let had_facts = keeping::facts_of_service(ports, service)?
        .iter()
        .any(|facts| facts.account == account);
    if found.is_none() && !had_facts {
        return Err(nobody(&key.name));
    }
    // What another store has would stay there, unrevoked, and nobody would know of it any more.
    if found.is_none()
        && let Some(error) = elsewhere::explained(ports, service, account)
    {
        return Err(error);
    }
    let record: Option<Record> = found.and_then(|text| serde_json::from_str(text.expose()).ok());
    // What could not be stored is what the server knows.
    let newer = record
        .as_ref()
        .and_then(|record| spill::newer_than(ports, &key, record));
    let _held = ports.interrupts.hold();
    guard.delete()?;
    // Still under the lock: a sign-in that follows at once keeps its facts.
    keeping::forget(ports, service, account)?;
    Ok(newer.or(record))
}

/// Tokens go back only to the server and client that they are of.
fn is_its_server(client: &Client, record: &Record) -> bool {
    client.client_id == record.binding.client_id
        && client.metadata.token_endpoint.as_deref() == Some(record.binding.token_endpoint.as_str())
}

async fn revoke_tokens(ports: &Ports<'_>, client: &Client, record: &Record, out: &mut SignedOut) {
    let refresh = record.token.refresh_token.as_ref();
    let tokens = refresh
        .map(|token| (token, Hint::RefreshToken))
        .into_iter()
        .chain([(&record.token.access_token, Hint::AccessToken)]);
    for (token, hint) in tokens {
        match revoke(ports, client, token, hint).await {
            Ok(()) => out.revoked.push(hint.as_str()),
            // With the refresh token the grant is gone; many servers revoke nothing else (§2.1).
            Err(error)
                if hint == Hint::AccessToken
                    && !out.revoked.is_empty()
                    && error.code() == Code::ServerRefused => {}
            Err(error) => {
                out.not_revoked.get_or_insert(error);
            }
        }
    }
}

#[cfg(test)]
#[path = "sign_out_tests.rs"]
mod tests;
