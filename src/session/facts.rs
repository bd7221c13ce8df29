//! Non-secret facts of a session, kept beside the store so that `status` unlocks nothing.

use serde::{Deserialize, Serialize};

use super::{Record, freshness};
use crate::error::{Code, Error, Result};
use crate::port::{Ports, StateKind, UnixTime};
use crate::service::Service;
use crate::service::registration::Grant;

/// Facts of one session, as in its state file (JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub service: String,
    pub account: String,
    pub issuer: Option<String>,
    pub scope: Vec<String>,
    /// When the access token ends, where known.
    pub expires_at: Option<UnixTime>,
    /// When the refresh token ends, where told.
    pub refresh_token_expires_at: Option<UnixTime>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
    pub signed_in_at: UnixTime,
    pub last_refresh_at: Option<UnixTime>,
    /// [`crate::port::TokenStore::describe`].
    pub store: String,
}

impl Facts {
    /// Of a record as it is stored now.
    pub fn of(ports: &Ports<'_>, service: &str, record: &Record) -> Facts {
        let granted = record.token.scope.clone();
        let renewed = record.received_at != record.signed_in_at;
        Facts {
            service: service.to_owned(),
            account: record.account.clone(),
            issuer: record.binding.issuer.clone(),
            scope: granted.unwrap_or_else(|| record.requested_scope.clone()),
            expires_at: freshness::expires_at(record),
            refresh_token_expires_at: freshness::refresh_token_expires_at(record),
            renewable: is_renewable(record),
            signed_in_at: record.signed_in_at,
            last_refresh_at: renewed.then_some(record.received_at),
            store: ports.store.describe(),
        }
    }

    /// `service@account`.
    pub fn name(&self) -> String {
        name(&self.service, &self.account)
    }

    /// Whether the access token has not ended.
    pub fn is_valid(&self, now: UnixTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Whether the record can be renewed without a person.
pub fn is_renewable(record: &Record) -> bool {
    record.token.refresh_token.is_some() || record.grant == Grant::ClientCredentials
}

/// `service@account`, the name of a session everywhere.
pub fn name(service: &str, account: &str) -> String {
    format!("{service}@{account}")
}

/// Keeps the facts of a record. Only `status` and completion need them, so a failure is a warning.
pub fn write(ports: &Ports<'_>, service: &str, record: &Record) {
    write_facts(ports, &Facts::of(ports, service, record));
}

/// Keeps facts as they are given; see [`write`].
pub fn write_facts(ports: &Ports<'_>, facts: &Facts) {
    let written = serde_json::to_vec(facts)
        .map_err(|error| Error::new(Code::Internal, error.to_string()))
        .and_then(|json| ports.state.write(StateKind::Session, &facts.name(), &json));
    if let Err(error) = written {
        let name = facts.name();
        let line = format!("`hallpass status` does not know the latest of {name}: {error}");
        ports.ui.warn(&line);
    }
}

/// Facts of every session, in name order; a file that is refused is told and left out.
pub fn all(ports: &Ports<'_>) -> Result<Vec<Facts>> {
    let files = ports.state.list(StateKind::Session)?;
    let facts = files.into_iter().filter_map(|(name, content)| {
        let content = match content {
            Ok(content) => content,
            Err(error) => {
                let hint = error
                    .hint()
                    .map_or_else(String::new, |hint| format!(" ({hint})"));
                let line = format!("the facts of {name} are not used: {error}{hint}");
                ports.ui.warn(&line);
                return None;
            }
        };
        let parsed: Option<Facts> = serde_json::from_slice(&content).ok();
        if parsed.is_none() {
            let line =
                format!("the facts of {name} are garbled; the next renewal writes them anew");
            ports.ui.trace(&line);
        }
        parsed
    });
    Ok(facts.collect())
}

/// The account that the bare name of a service means, where that was settled.
pub fn default_account(ports: &Ports<'_>, service: &str) -> Result<Option<String>> {
    let content = ports.state.read(StateKind::DefaultAccount, service)?;
    let name = content.and_then(|content| String::from_utf8(content).ok());
    let name = name.map(|name| name.trim().to_owned());
    Ok(name.filter(|name| !name.is_empty()))
}

/// The account that `service` means: the one it names, else the default account, else the only
/// one there is, else none.
pub fn account_of(ports: &Ports<'_>, service: &Service) -> Result<Option<String>> {
    if let Some(account) = &service.account {
        return Ok(Some(account.clone()));
    }
    if let Some(account) = default_account(ports, &service.name)? {
        return Ok(Some(account));
    }
    let mut accounts = all(ports)?
        .into_iter()
        .filter(|facts| facts.service == service.name)
        .map(|facts| facts.account);
    let first = accounts.next();
    Ok(first.filter(|_| accounts.next().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::World;
    use crate::session::record::sample;
    use crate::session::testing::service;

    #[test]
    fn facts_hold_nothing_secret_and_come_back() {
        let world = World::new();
        let mut record = sample();
        record.received_at += 60;
        write(&world.ports(), "work", &record);
        let file = (StateKind::Session, "work@ada".to_owned());
        let text = String::from_utf8(world.state.files.borrow()[&file].clone()).unwrap();
        assert!(
            !text.contains("access-1") && !text.contains("refresh-1"),
            "{text}"
        );
        let found = all(&world.ports()).unwrap();
        assert_eq!(found, [Facts::of(&world.ports(), "work", &record)]);
        assert_eq!(found[0].last_refresh_at, Some(record.received_at));
        assert_eq!(found[0].expires_at, Some(record.received_at + 3600));
        assert!(found[0].renewable);
    }

    #[test]
    fn one_garbled_file_does_not_hide_the_others() {
        let world = World::new();
        write(&world.ports(), "work", &sample());
        let write = |name: &str| world.ports().state.write(StateKind::Session, name, b"{");
        write("bad@ada").unwrap();
        assert_eq!(all(&world.ports()).unwrap().len(), 1);
    }

    #[test]
    fn the_account_is_the_named_the_default_or_the_only_one() {
        let world = World::new();
        let mut service = service();
        let of = |service: &Service| account_of(&world.ports(), service).unwrap();
        assert_eq!(of(&service), None);
        let mut record = sample();
        write(&world.ports(), "work", &record);
        write(&world.ports(), "other", &record);
        assert_eq!(of(&service).as_deref(), Some("ada"));
        record.account = "bob".into();
        write(&world.ports(), "work", &record);
        assert_eq!(of(&service), None);
        let state = world.ports().state;
        state
            .write(StateKind::DefaultAccount, "work", b"bob\n")
            .unwrap();
        assert_eq!(of(&service).as_deref(), Some("bob"));
        service.account = Some("eve".into());
        assert_eq!(of(&service).as_deref(), Some("eve"));
    }
}
