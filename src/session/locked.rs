//! A session under its lock: steps 3 to 7 of [`super::access_token`].

use super::access_token::{Access, Renew, Seen, Wanted, access, check, no_session, still_valid_or};
use super::{Record, facts, freshness, spill};
use crate::error::{Code, Error, OAuthError, Result};
use crate::grant::{Client, RenewalError, client_credentials, id_token, refresh_token};
use crate::port::{EntryKey, Ports, StoreGuard};
use crate::protocol::token::TokenSet;
use crate::secret::{Secret, printable};
use crate::service::Service;
use crate::service::registration::Grant;

mod receipt;

/// The session under its lock: here there is only the record that was read under it.
pub struct Locked<'a> {
    ports: &'a Ports<'a>,
    service: &'a Service,
    key: EntryKey,
    guard: Box<dyn StoreGuard + 'a>,
    record: Record,
}

/// How a renewal went.
pub enum Renewed<'a> {
    /// Here is a token.
    Done(Box<Access>),
    /// A writer that ignores our lock was there: look again.
    ChangedMeanwhile(Box<Locked<'a>>),
}

/// How a session is renewed.
enum How {
    /// Spends this token.
    RefreshToken(Secret),
    /// Runs the grant again; nothing is spent.
    ClientCredentials,
}

impl<'a> Locked<'a> {
    /// Step 3. A spill that is newer heals the store.
    pub fn read(
        ports: &'a Ports<'a>,
        service: &'a Service,
        key: EntryKey,
        mut guard: Box<dyn StoreGuard + 'a>,
    ) -> Result<Self> {
        let stored = Record::read(guard.read()?, &key)?.ok_or_else(|| no_session(service))?;
        let record = match spill::newer_than(ports, &key, &stored) {
            None => stored,
            Some(newer) => {
                heal(ports, service, &key, guard.as_mut(), &newer);
                newer
            }
        };
        check(service, &record)?;
        Ok(Locked {
            ports,
            service,
            key,
            guard,
            record,
        })
    }

    /// Whether the record as it is now does. One that somebody renewed while we waited does even
    /// where it lives for less than was wanted: renewing it again would not make it better.
    pub fn is_enough(&self, wanted: &Wanted, seen: &Seen) -> bool {
        let now = self.ports.clock.now();
        let fresh = freshness::is_fresh(&self.record, now, wanted.min_ttl);
        let renewed = seen.differs_from(&self.record) && freshness::is_valid(&self.record, now);
        match &wanted.renew {
            Renew::IfStale => fresh || renewed,
            Renew::Always => renewed,
            Renew::IfStill(refused) => {
                self.record.token.access_token != *refused && (fresh || renewed)
            }
        }
    }

    /// The record as it is.
    pub fn access(self) -> Result<Access> {
        access(self.service, self.record)
    }

    /// Steps 4 to 7.
    pub async fn renew(mut self, wanted: &Wanted) -> Result<Renewed<'a>> {
        let (how, client) = match self.prepare().await {
            Ok(prepared) => prepared,
            Err(error) => return self.give_up(wanted, error),
        };
        let interrupted_before = self.record.refreshing.is_some();
        if let How::RefreshToken(_) = how
            && let Err(error) = self.write_ahead()
        {
            return self.give_up(wanted, error);
        }
        let held = self.ports.interrupts.hold();
        match (self.ask(&how, &client).await, how) {
            (Ok(answer), _) => self.take_in(wanted, &client, answer, held).await,
            (Err(RenewalError::Refused(refusal)), How::RefreshToken(_)) => {
                self.refused(wanted, refusal, interrupted_before)
            }
            (Err(error), _) => {
                if is_unspent(&error) {
                    self.clear_mark();
                }
                self.give_up(wanted, error.into())
            }
        }
    }

    /// How it can be renewed, and the client to do it with: before anything is written or spent.
    async fn prepare(&self) -> Result<(How, Client)> {
        let how = match (&self.record.token.refresh_token, self.record.grant) {
            (_, Grant::ClientCredentials) => How::ClientCredentials,
            (Some(token), _) => How::RefreshToken(token.clone()),
            (None, _) => {
                let name = &self.key.name;
                return Err(Error::new(
                    Code::LoginRequired,
                    format!("the session of {name} has ended, and there is no refresh token"),
                )
                .with_hint(format!("hallpass login {name}")));
            }
        };
        let client = Client::prepare(self.ports, self.service).await?;
        if self.record.token.id_token.is_some() {
            id_token::fetch_keys_ahead(self.ports, &client).await;
        }
        Ok((how, client))
    }

    /// Step 4.
    fn write_ahead(&mut self) -> Result<()> {
        let mut ahead = self.record.clone();
        ahead.generation += 1;
        ahead.refreshing = Some(spill::mark(self.ports)?);
        self.guard.write(&ahead.to_stored()?)?;
        self.record = ahead;
        // Whatever was spilled is in the store by now.
        spill::forget(self.ports, &self.key);
        Ok(())
    }

    /// Step 5.
    async fn ask(&self, how: &How, client: &Client) -> Result<TokenSet, RenewalError> {
        match how {
            How::RefreshToken(token) => refresh_token::refresh(self.ports, client, token).await,
            How::ClientCredentials => {
                let scope = &self.record.requested_scope;
                client_credentials::obtain(self.ports, client, Some(scope)).await
            }
        }
    }

    /// Step 6: compare, and clear only what nobody changed.
    fn refused(
        mut self,
        wanted: &Wanted,
        refusal: OAuthError,
        interrupted_before: bool,
    ) -> Result<Renewed<'a>> {
        let now = self.guard.read();
        match now.and_then(|now| Record::read(now, &self.key)) {
            Ok(Some(now)) if self.is_another(&now) => {
                check(self.service, &now)?;
                self.record = now;
                return Ok(Renewed::ChangedMeanwhile(Box::new(self)));
            }
            Ok(Some(_)) => self.forget_refresh_token(),
            // Somebody signed out meanwhile.
            Ok(None) => return Err(no_session(self.service)),
            // What the store holds now is unknown, so nothing is written over it.
            Err(error) => self.stays_stored(&error),
        }
        let error = refresh_refused(&self.key, refusal, interrupted_before);
        self.give_up(wanted, error)
    }

    /// Whether a writer that ignores our lock was there.
    fn is_another(&self, now: &Record) -> bool {
        now.token.refresh_token != self.record.token.refresh_token
            || now.token.access_token != self.record.token.access_token
    }

    fn forget_refresh_token(&mut self) {
        self.record.generation += 1;
        self.record.refreshing = None;
        self.record.token.refresh_token = None;
        let stored = self.record.to_stored();
        match stored.and_then(|stored| self.guard.write(&stored)) {
            Ok(()) => facts::write(self.ports, &self.service.name, &self.record),
            Err(error) => self.stays_stored(&error),
        }
    }

    /// It will be refused, and forgotten, next time.
    fn stays_stored(&self, error: &Error) {
        let line = format!("the refused refresh token stays stored: {error}");
        self.ports.ui.trace(&line);
    }

    /// The server did not spend the refresh token: the next run need not suspect it did.
    fn clear_mark(&mut self) {
        let mut cleared = self.record.clone();
        if cleared.refreshing.take().is_none() {
            return;
        }
        cleared.generation += 1;
        let stored = cleared.to_stored();
        if stored.and_then(|stored| self.guard.write(&stored)).is_ok() {
            self.record = cleared;
        }
    }

    /// Everything else stays as it is.
    fn give_up(self, wanted: &Wanted, error: Error) -> Result<Renewed<'a>> {
        still_valid_or(self.ports, self.service, wanted, self.record, error)
            .map(|access| Renewed::Done(Box::new(access)))
    }
}

/// Puts a spilled record where it belongs.
fn heal(
    ports: &Ports<'_>,
    service: &Service,
    key: &EntryKey,
    guard: &mut dyn StoreGuard,
    newer: &Record,
) {
    let name = &key.name;
    match newer.to_stored().and_then(|stored| guard.write(&stored)) {
        Ok(()) => {
            spill::forget(ports, key);
            facts::write(ports, &service.name, newer);
            ports.ui.notice(&format!(
                "the session of {name} is whole again: its last renewal is in the store now"
            ));
        }
        // The spill stays until a write succeeds.
        Err(error) => ports.ui.warn(&format!(
            "the last renewal of {name} still cannot be stored: {error}"
        )),
    }
}

/// Whether the refresh token is certainly still good: refused for another reason, or never sent.
fn is_unspent(error: &RenewalError) -> bool {
    match error {
        RenewalError::Denied(_) => true,
        RenewalError::Unavailable(error) => error.code() == Code::Unreachable,
        RenewalError::Refused(_) | RenewalError::Invalid(_) => false,
    }
}

fn refresh_refused(key: &EntryKey, refusal: OAuthError, interrupted_before: bool) -> Error {
    let name = &key.name;
    let why = match &refusal.error_description {
        Some(description) => format!(
            "{}, {}",
            printable(&refusal.error, 60),
            printable(description, 200)
        ),
        None => printable(&refusal.error, 60),
    };
    let interrupted = match interrupted_before {
        true => "; an earlier renewal was interrupted before its answer was stored",
        false => "",
    };
    Error::new(
        Code::RefreshRefused,
        format!(
            "the session of {name} has ended: the server refused to renew it ({why}){interrupted}"
        ),
    )
    .with_hint(format!("hallpass login {name}"))
    .with_oauth(refusal)
}
