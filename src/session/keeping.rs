//! Where a session's record, its facts and the default account are kept.

use std::time::Duration;

use super::facts::{self, Facts};
use super::{Record, spill};
use crate::error::{Code, Result};
use crate::port::{EntryKey, Ports, StateKind};

/// How long a writer waits for whoever is renewing the same session.
const LOCK_DEADLINE: Duration = Duration::from_secs(60);

/// The store's entry of a session.
pub fn session_key(service: &str, account: &str) -> EntryKey {
    EntryKey::session(facts::name(service, account))
}

/// Writes the record of a new sign-in and its facts under its lock, one generation above what was
/// there. What cannot be read is kept aside, never overwritten.
pub fn keep(ports: &Ports<'_>, service: &str, mut record: Record) -> Result<Record> {
    let key = session_key(service, &record.account);
    let mut waiting = |who: &str| {
        let name = &key.name;
        ports
            .ui
            .notice(&format!("Waiting for {who}, which is using {name}…"));
    };
    let mut guard = ports.store.lock(&key, LOCK_DEADLINE, &mut waiting)?;
    let found = guard.read().and_then(|found| Record::read(found, &key));
    let before = match found {
        Ok(found) => found.map_or(0, |record| record.generation),
        Err(error) if error.code() == Code::StoreUnreadable => {
            set_aside(ports, &key, guard.keep_aside()?);
            0
        }
        Err(error) => return Err(error),
    };
    record.generation = before + 1;
    guard.write(&record.to_stored()?)?;
    // What an earlier session could not store is of no use to this one.
    spill::forget(ports, &key);
    facts::write(ports, service, &record);
    Ok(record)
}

fn set_aside(ports: &Ports<'_>, key: &EntryKey, place: String) {
    ports.ui.warn(&format!(
        "what was stored for {} could not be read; it was kept as {place}",
        key.name
    ));
}

/// The record in the store, without its lock; `None` where there is none that can be read.
pub fn peek(ports: &Ports<'_>, service: &str, account: &str) -> Result<Option<Record>> {
    let key = session_key(service, account);
    let found = Record::read(ports.store.read(&key)?, &key);
    Ok(found.unwrap_or_default())
}

/// Facts of every session of one service, newest sign-in first.
pub fn facts_of_service(ports: &Ports<'_>, service: &str) -> Result<Vec<Facts>> {
    let mut found = facts::all(ports)?;
    found.retain(|facts| facts.service == service);
    found.sort_by_key(|facts| std::cmp::Reverse(facts.signed_in_at));
    Ok(found)
}

/// Makes an account the one that the bare service name means.
pub fn set_default_account(ports: &Ports<'_>, service: &str, account: &str) -> Result<()> {
    ports
        .state
        .write(StateKind::DefaultAccount, service, account.as_bytes())
}

/// After a sign-out: the newest session that is left takes over, or nobody.
pub fn forget(ports: &Ports<'_>, service: &str, account: &str) -> Result<()> {
    let name = facts::name(service, account);
    ports.state.remove(StateKind::Session, &name)?;
    ports.state.remove(StateKind::Spill, &name)?;
    if facts::default_account(ports, service)?.as_deref() != Some(account) {
        return Ok(());
    }
    match facts_of_service(ports, service)?.first() {
        Some(left) => {
            set_default_account(ports, service, &left.account)?;
            ports.ui.notice(&format!(
                "{service} now means {}.",
                facts::name(service, &left.account)
            ));
            Ok(())
        }
        None => ports.state.remove(StateKind::DefaultAccount, service),
    }
}
