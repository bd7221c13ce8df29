//! Where a session's record, its facts and the default account are kept.

use std::time::Duration;

use super::Record;
use super::facts::Facts;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, Purpose, StateKind};
use crate::secret::Secret;
use crate::service::registration::Grant;

/// How long a writer waits for whoever is renewing the same session.
const LOCK_DEADLINE: Duration = Duration::from_secs(60);

/// `service@account`.
pub fn session_name(service: &str, account: &str) -> String {
    format!("{service}@{account}")
}

/// The store's entry of a session.
pub fn session_key(service: &str, account: &str) -> EntryKey {
    EntryKey {
        purpose: Purpose::Session,
        name: session_name(service, account),
    }
}

/// Writes the record of a new sign-in under its lock, one generation above what was there. What
/// cannot be read is kept aside, never overwritten.
pub fn keep(ports: &Ports<'_>, service: &str, mut record: Record) -> Result<Record> {
    let key = session_key(service, &record.account);
    let mut waiting = |who: &str| {
        let name = &key.name;
        ports
            .ui
            .notice(&format!("Waiting for {who}, which is using {name}…"));
    };
    let mut guard = ports.store.lock(&key, LOCK_DEADLINE, &mut waiting)?;
    let before = match guard.read() {
        Ok(Some(text)) => match generation(&text) {
            Some(generation) => generation,
            None => {
                set_aside(ports, &key, guard.keep_aside()?);
                0
            }
        },
        Ok(None) => 0,
        Err(error) if error.code() == Code::StoreUnreadable => {
            set_aside(ports, &key, guard.keep_aside()?);
            0
        }
        Err(error) => return Err(error),
    };
    record.generation = before + 1;
    let text = serde_json::to_string(&record).map_err(|error| {
        Error::new(Code::Internal, "a record cannot be written").with_source(error)
    })?;
    guard.write(&Secret::new(text))?;
    Ok(record)
}

/// The generation of a record of this version; `None` for what is none.
fn generation(text: &Secret) -> Option<u64> {
    let record: Record = serde_json::from_str(text.expose()).ok()?;
    (record.version <= super::record::VERSION).then_some(record.generation)
}

fn set_aside(ports: &Ports<'_>, key: &EntryKey, place: String) {
    ports.ui.warn(&format!(
        "what was stored for {} could not be read; it was kept as {place}",
        key.name
    ));
}

/// The record in the store, without its lock; `None` where there is none that can be read.
pub fn peek(ports: &Ports<'_>, service: &str, account: &str) -> Result<Option<Record>> {
    let Some(text) = ports.store.read(&session_key(service, account))? else {
        return Ok(None);
    };
    Ok(serde_json::from_str(text.expose()).ok())
}

/// The non-secret facts of a record.
pub fn facts_of(ports: &Ports<'_>, service: &str, record: &Record) -> Facts {
    let token = &record.token;
    let end = |lifetime: Option<u64>| {
        let lifetime = i64::try_from(lifetime?).unwrap_or(i64::MAX);
        Some(record.received_at.saturating_add(lifetime))
    };
    Facts {
        service: service.to_owned(),
        account: record.account.clone(),
        issuer: record.binding.issuer.clone(),
        scope: token
            .scope
            .clone()
            .unwrap_or_else(|| record.requested_scope.clone()),
        expires_at: end(token.expires_in),
        refresh_token_expires_at: end(token.refresh_token_expires_in),
        renewable: token.refresh_token.is_some() || record.grant == Grant::ClientCredentials,
        signed_in_at: record.signed_in_at,
        last_refresh_at: None,
        store: ports.store.describe(),
    }
}

/// Writes the facts; without them only `status` knows less, so a failure is a warning.
pub fn write_facts(ports: &Ports<'_>, facts: &Facts) {
    let name = session_name(&facts.service, &facts.account);
    let written = serde_json::to_vec(facts)
        .map_err(|error| Error::new(Code::Internal, error.to_string()))
        .and_then(|text| ports.state.write(StateKind::Session, &name, &text));
    if let Err(error) = written {
        ports
            .ui
            .warn(&format!("`hallpass status` will not show {name}: {error}"));
    }
}

/// Facts of every session of one service, newest sign-in first.
pub fn facts_of_service(ports: &Ports<'_>, service: &str) -> Result<Vec<Facts>> {
    let mut found: Vec<Facts> = ports
        .state
        .list(StateKind::Session)?
        .into_iter()
        .filter_map(|(_, content)| serde_json::from_slice(&content).ok())
        .filter(|facts: &Facts| facts.service == service)
        .collect();
    found.sort_by_key(|facts| std::cmp::Reverse(facts.signed_in_at));
    Ok(found)
}

/// The service's default account.
pub fn default_account(ports: &Ports<'_>, service: &str) -> Result<Option<String>> {
    let content = ports.state.read(StateKind::DefaultAccount, service)?;
    Ok(content
        .and_then(|content| String::from_utf8(content).ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty()))
}

/// Makes an account the one that the bare service name means.
pub fn set_default_account(ports: &Ports<'_>, service: &str, account: &str) -> Result<()> {
    ports
        .state
        .write(StateKind::DefaultAccount, service, account.as_bytes())
}

/// After a sign-out: the newest session that is left takes over, or nobody.
pub fn forget(ports: &Ports<'_>, service: &str, account: &str) -> Result<()> {
    let name = session_name(service, account);
    ports.state.remove(StateKind::Session, &name)?;
    ports.state.remove(StateKind::Spill, &name)?;
    if default_account(ports, service)?.as_deref() != Some(account) {
        return Ok(());
    }
    match facts_of_service(ports, service)?.first() {
        Some(left) => {
            set_default_account(ports, service, &left.account)?;
            ports.ui.notice(&format!(
                "{service} now means {}.",
                session_name(service, &left.account)
            ));
            Ok(())
        }
        None => ports.state.remove(StateKind::DefaultAccount, service),
    }
}
