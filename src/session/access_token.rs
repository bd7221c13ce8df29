//! The one delicate function: a valid access token, with the session never lost on the way.
//!
//! 1. Peek: bound and fresh is enough. No lock, no network.
//! 2. Take the lock of this credential.
//! 3. Read again; what was peeked is gone, so no refresh token from before the lock can be spent.
//! 4. Write ahead: generation, mark and spill key, which proves that the store can be written.
//! 5. Renew, with signals held back from here to 7.
//! 6. Refused: look once more, and forget the refresh token only if nobody changed it.
//! 7. Jot down, write, and only then use. A failed write spills and is said loudly.

use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::locked::{Locked, Renewed};
use super::{Record, audience, elsewhere, environment, facts, freshness};
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, StoreGuard};
use crate::protocol::token::TokenType;
use crate::secret::Secret;
use crate::service::Service;
use crate::transport::Credential;

/// First and longest pause between two tries for the lock; a refresh takes about a tenth of a
/// second.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// When the person is told who is waited for.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// What the caller needs.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Lifetime it must have left.
    pub min_ttl: Duration,
    /// Renew even a fresh one (`--refresh`, a 401 `invalid_token`).
    pub renew: Renew,
    /// How long to wait for another process that holds the lock.
    pub lock_deadline: Duration,
}

/// See [`Wanted::renew`].
#[derive(Debug, Clone, Default)]
pub enum Renew {
    /// Only when not fresh.
    #[default]
    IfStale,
    /// Always; somebody else's renewal while this one waited counts.
    Always,
    /// If the stored access token still is this one, which an API refused: many callers then
    /// renew once.
    IfStill(Secret),
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted {
            min_ttl: Duration::ZERO,
            renew: Renew::IfStale,
            lock_deadline: Duration::from_secs(60),
        }
    }
}

/// A usable token with the record it came from.
#[derive(Debug)]
pub struct Access {
    /// The token, bound to the origins that may see it.
    pub credential: Credential,
    /// The record (its tokens included: handle with care).
    pub record: Record,
}

/// Step 1 only: no lock, no network, no runtime. `None` where more must be done.
pub fn peek(ports: &Ports<'_>, service: &Service, wanted: &Wanted) -> Result<Option<Access>> {
    match look(ports, service, wanted)? {
        Look::Usable(access) => Ok(Some(*access)),
        Look::Stale(_) => Ok(None),
    }
}

/// A valid access token of the service's session, renewed if need be; never opens a browser.
///
/// `LoginRequired` where there is no session, `RefreshRefused` where it died. Drive the future to
/// its end: dropped between the server's answer and the store, a rotated refresh token is lost. A
/// deadline round it is [`crate::transport::within`], which knows that.
pub async fn access_token(ports: &Ports<'_>, service: &Service, wanted: &Wanted) -> Result<Access> {
    let seen = match look(ports, service, wanted)? {
        Look::Usable(access) => return Ok(*access),
        Look::Stale(seen) => seen,
    };
    let guard = match take_lock(ports, &seen.key, wanted.lock_deadline).await {
        Ok(guard) => guard,
        Err(error) => return without_lock(ports, service, wanted, error),
    };
    let mut session = Locked::read(ports, service, seen.key.clone(), guard)?;
    // A writer that ignores our lock may bring another refresh token, once.
    for _ in 0..2 {
        if session.is_enough(wanted, &seen) {
            return session.access();
        }
        session = match session.renew(wanted).await? {
            Renewed::Done(access) => return Ok(*access),
            Renewed::ChangedMeanwhile(session) => *session,
        };
    }
    Err(Error::new(
        Code::StoreFailed,
        format!(
            "another program keeps changing the session of {}",
            seen.key.name
        ),
    )
    .with_hint("end the other program, or give it a sign-in of its own"))
}

/// What step 1 found.
enum Look {
    Usable(Box<Access>),
    Stale(Seen),
}

/// What is remembered of the peeked record: no token.
pub(super) struct Seen {
    key: EntryKey,
    access_token: Vec<u8>,
}

impl Seen {
    /// Whether `record` has another access token than the one seen.
    pub(super) fn differs_from(&self, record: &Record) -> bool {
        fingerprint(&record.token.access_token) != self.access_token
    }
}

fn look(ports: &Ports<'_>, service: &Service, wanted: &Wanted) -> Result<Look> {
    if let Some(access) = environment::access(ports, service)? {
        return match &wanted.renew {
            Renew::IfStale => Ok(Look::Usable(Box::new(access))),
            Renew::IfStill(refused) if refused != access.credential.token() => {
                Ok(Look::Usable(Box::new(access)))
            }
            _ => Err(environment::not_renewed(service)),
        };
    }
    let account = facts::account_of(ports, service)?.ok_or_else(|| no_session(service))?;
    let key = EntryKey::session(facts::name(&service.name, &account));
    let record = Record::read(ports.store.read(&key)?, &key)?.ok_or_else(|| {
        let explained = elsewhere::explained(ports, &service.name, &account);
        explained.unwrap_or_else(|| no_session(service))
    })?;
    check(service, &record)?;
    let fresh = freshness::is_fresh(&record, ports.clock.now(), wanted.min_ttl);
    let usable = match &wanted.renew {
        Renew::IfStale => fresh,
        Renew::Always => false,
        Renew::IfStill(refused) => fresh && record.token.access_token != *refused,
    };
    if usable {
        return access(service, record).map(|access| Look::Usable(Box::new(access)));
    }
    let access_token = fingerprint(&record.token.access_token);
    Ok(Look::Stale(Seen { key, access_token }))
}

fn fingerprint(token: &Secret) -> Vec<u8> {
    digest(&SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

/// Whether this record is for this service, and of a kind that can be presented.
pub(super) fn check(service: &Service, record: &Record) -> Result<()> {
    record.binding.check(service)?;
    match record.token.token_type {
        TokenType::Bearer => Ok(()),
        TokenType::DPoP => Err(Error::new(
            Code::LoginRequired,
            format!(
                "the session of {} is bound to a DPoP key (RFC 9449), which this hallpass cannot use",
                service.reference()
            ),
        )
        .with_hint(format!("hallpass login {}", service.reference()))),
    }
}

pub(super) fn access(service: &Service, record: Record) -> Result<Access> {
    let token = record.token.access_token.clone();
    let credential = Credential::new(token, record.token.token_type, audience::of(service)?);
    Ok(Access { credential, record })
}

pub(super) fn no_session(service: &Service) -> Error {
    let reference = service.reference();
    Error::new(Code::LoginRequired, format!("not signed in to {reference}"))
        .with_hint(format!("hallpass login {reference}"))
}

/// Step 2. Waits between tries without holding up what else this process does: the holder may
/// be another task of ours.
async fn take_lock<'a>(
    ports: &Ports<'a>,
    key: &EntryKey,
    deadline: Duration,
) -> Result<Box<dyn StoreGuard + 'a>> {
    let begin = ports.clock.steady_millis();
    let mut pause = FIRST_PAUSE;
    let mut told = false;
    loop {
        let error = match ports.store.lock(key, Duration::ZERO, &mut |_| ()) {
            Err(error) if error.code() == Code::LockTimeout => error,
            outcome => return outcome,
        };
        let waited = ports.clock.steady_millis().saturating_sub(begin);
        let waited = Duration::from_millis(waited);
        if waited >= deadline {
            return Err(error);
        }
        if waited >= TELL_AFTER && !told {
            told = true;
            ports.ui.notice(&format!("{error}; waiting for it …"));
        }
        ports.clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Somebody holds the lock for too long (stopped, perhaps): what is stored may still do.
fn without_lock(
    ports: &Ports<'_>,
    service: &Service,
    wanted: &Wanted,
    error: Error,
) -> Result<Access> {
    match look(ports, service, wanted)? {
        Look::Usable(access) => Ok(*access),
        Look::Stale(seen) => match Record::read(ports.store.read(&seen.key)?, &seen.key)? {
            Some(record) => still_valid_or(ports, service, wanted, record, error),
            None => Err(error),
        },
    }
}

/// An early renewal that failed leaves a token that has not ended usable; it is handed out with
/// the failure as a warning, unless a renewal was what was asked for.
pub(super) fn still_valid_or(
    ports: &Ports<'_>,
    service: &Service,
    wanted: &Wanted,
    record: Record,
    error: Error,
) -> Result<Access> {
    let valid = freshness::is_valid(&record, ports.clock.now());
    if !valid || !matches!(wanted.renew, Renew::IfStale) {
        return Err(error);
    }
    let hint = error
        .hint()
        .map_or_else(String::new, |hint| format!(" ({hint})"));
    ports.ui.warn(&format!(
        "{error}{hint}; using the access token that has not ended yet"
    ));
    access(service, record)
}

#[cfg(test)]
mod tests;
