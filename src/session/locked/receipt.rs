//! Step 7: what came is stored, and only then anything else is found out or used.
//!
//! Between the server's answer and the disk nothing is waited for: whoever ends the process in
//! between takes a rotated refresh token with them.

use super::super::access_token::Wanted;
use super::super::record::Refreshing;
use super::super::{Record, facts, lifetime, renewal, spill};
use super::{Locked, Renewed};
use crate::error::{Error, Result};
use crate::grant::Client;
use crate::grant::id_token::{KeysFrom, Refreshed, check_refreshed};
use crate::port::InterruptGuard;
use crate::protocol::token::TokenSet;

impl<'a> Locked<'a> {
    /// Stores the answer; lets signals act again; then what needs the server once more.
    pub(super) async fn take_in(
        mut self,
        wanted: &Wanted,
        client: &Client,
        answer: TokenSet,
        held: Box<dyn InterruptGuard>,
    ) -> Result<Renewed<'a>> {
        let (renewed, open) = match self.taken_in(client, answer).await {
            Ok(taken_in) => taken_in,
            Err(error) => return self.give_up(wanted, error),
        };
        let before = std::mem::replace(&mut self.record, renewed);
        self.jot_down(&before);
        let stored = self.write();
        match &stored {
            Ok(()) => spill::forget(self.ports, &self.key),
            Err(error) => self.not_written(&before, error),
        }
        drop(held);
        if stored.is_ok() {
            facts::write(self.ports, &self.service.name, &self.record);
            if let Some(answer) = open
                && let Err(error) = self.prove(client, answer, &before).await
            {
                return self.undo(wanted, before, error);
            }
            self.learn_lifetime(client).await;
        }
        self.access().map(|access| Renewed::Done(Box::new(access)))
    }

    /// A keyring takes its time to write, and a disk to be sure; a process killed meanwhile has
    /// lost nothing that is jotted down.
    fn jot_down(&self, before: &Record) {
        if let Some(mark) = self.mark_of_rotation(before) {
            spill::jot(self.ports, &self.key, mark, &self.record);
        }
    }

    /// The mark that the store holds, where what is not stored now is lost.
    fn mark_of_rotation<'r>(&self, before: &'r Record) -> Option<&'r Refreshing> {
        let rotated = before.token.refresh_token != self.record.token.refresh_token;
        before.refreshing.as_ref().filter(|_| rotated)
    }

    fn write(&mut self) -> Result<()> {
        self.guard.write(&self.record.to_stored()?)
    }

    /// The record with the answer, where the answer is what it must be. An ID Token must still
    /// be the same person's (OIDC Core §12.2); one that cannot be checked is left out, because
    /// losing the session would be worse than keeping the ID Token from before. Where only the
    /// keys are missing, the answer comes back to be looked at again.
    async fn taken_in(
        &self,
        client: &Client,
        mut answer: TokenSet,
    ) -> Result<(Record, Option<TokenSet>)> {
        let before = self.record.token.id_token.as_ref();
        let mut open = None;
        match check_refreshed(self.ports, client, &answer, before, KeysFrom::Cache).await? {
            Refreshed::Good if before.is_some() => {}
            Refreshed::Good => answer.id_token = None,
            Refreshed::Unproven(error) => {
                self.tell_unproven(&error);
                answer.id_token = None;
            }
            Refreshed::KeysNeeded => {
                open = Some(answer.clone());
                answer.id_token = None;
            }
        }
        let mut renewed = renewal::renewed(&self.record, answer, self.ports.clock.now())?;
        renewed.binding.token_endpoint = client.endpoint("token_endpoint")?.to_string();
        Ok((renewed, open))
    }

    /// Fetches keys and looks at the ID Token again: kept where it is good; an error where it is
    /// somebody else's.
    async fn prove(&mut self, client: &Client, answer: TokenSet, before: &Record) -> Result<()> {
        let id_token = before.token.id_token.as_ref();
        match check_refreshed(self.ports, client, &answer, id_token, KeysFrom::Server).await? {
            Refreshed::Good => {
                self.record.token.id_token = answer.id_token;
                self.record.generation += 1;
                if let Err(error) = self.write() {
                    self.tell_unproven(&error);
                }
            }
            Refreshed::Unproven(error) => self.tell_unproven(&error),
            Refreshed::KeysNeeded => {}
        }
        Ok(())
    }

    fn tell_unproven(&self, error: &Error) {
        let hint = error
            .hint()
            .map_or_else(String::new, |hint| format!(" ({hint})"));
        self.ports.ui.warn(&format!(
            "{error}{hint}; the ID Token from before is kept, the session is renewed"
        ));
    }

    /// Nothing of an answer that is somebody else's stays (must 59).
    fn undo(mut self, wanted: &Wanted, before: Record, error: Error) -> Result<Renewed<'a>> {
        let generation = self.record.generation + 1;
        self.record = Record {
            generation,
            ..before
        };
        match self.write() {
            Ok(()) => facts::write(self.ports, &self.service.name, &self.record),
            Err(why) => self.ports.ui.warn(&format!(
                "what the server answered could not be taken out of the store: {why}"
            )),
        }
        self.give_up(wanted, error)
    }

    /// See [`lifetime::learn`]. What cannot be written is only not known to the next run.
    async fn learn_lifetime(&mut self, client: &Client) {
        let Some(lifetime) = lifetime::learn(self.ports, client, &self.record.token).await else {
            return;
        };
        self.record.token.expires_in = Some(lifetime);
        self.record.generation += 1;
        match self.write() {
            Ok(()) => facts::write(self.ports, &self.service.name, &self.record),
            Err(error) => {
                let line = format!("* when the access token ends is not stored: {error}");
                self.ports.ui.trace(&line);
            }
        }
    }

    /// The token is still handed out; a rotated refresh token is spilled.
    fn not_written(&self, before: &Record, error: &Error) {
        let name = &self.key.name;
        let told = match self.mark_of_rotation(before) {
            Some(mark) => match spill::keep(self.ports, &self.key, mark, &self.record) {
                Ok(()) => format!(
                    "the renewed session of {name} could not be stored: {error}; it is kept, \
                         sealed, in the state folder, and the next run will store it"
                ),
                Err(spill) => format!(
                    "the renewed session of {name} could not be stored: {error}; nor could it \
                         be kept beside the store: {spill}; this access token works, and when it \
                         ends you must sign in again: hallpass login {name}"
                ),
            },
            None => format!(
                "the renewed access token of {name} could not be stored: {error}; the session \
                 itself is unharmed"
            ),
        };
        self.ports.ui.warn(&told);
    }
}
