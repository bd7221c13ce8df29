//! Where the encrypted file store's passphrase comes from: a file, a variable, or the person.

use std::rc::Rc;

use super::resting_key;
use super::sealed::Derivation;
use crate::error::{Code, Error, Result};
use crate::port::{Environment, UserInterface};
use crate::secret::Secret;
use crate::secret::seal::Key;

/// Names a file that holds the passphrase.
pub const FILE_VARIABLE: &str = "HALLPASS_STORE_PASSPHRASE_FILE";

/// Holds the passphrase itself.
pub const VARIABLE: &str = "HALLPASS_STORE_PASSPHRASE";

/// Asks for it, or finds it.
pub struct Passphrase {
    environment: Box<dyn Environment>,
    ui: Rc<dyn UserInterface>,
    remember: Option<u64>,
}

impl Passphrase {
    /// Asks nobody yet. `remember`: seconds that the unlocked key may rest in the kernel.
    pub fn new(
        environment: Box<dyn Environment>,
        ui: Rc<dyn UserInterface>,
        remember: Option<u64>,
    ) -> Self {
        Passphrase {
            environment,
            ui,
            remember,
        }
    }

    /// The passphrase; `StoreLocked` where there is nobody to ask.
    pub fn obtain(&self) -> Result<Secret> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => self.ask("Passphrase of the hallpass store:"),
        }
    }

    /// A passphrase for a new store, typed twice.
    pub fn obtain_new(&self) -> Result<Secret> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = self.ask("New passphrase for the hallpass store:")?;
        let second = self.ask("The same once more:")?;
        match first == second {
            true => Ok(first),
            false => Err(Error::new(
                Code::StoreLocked,
                "the two passphrases are not the same; no store was made",
            )
            .with_hint("try again")),
        }
    }

    fn given(&self) -> Result<Option<Secret>> {
        if let Some(path) = self.environment.var(FILE_VARIABLE) {
            return self.environment.read_secret_file(&path).map(Some);
        }
        Ok(self.environment.var(VARIABLE).map(Secret::from))
    }

    fn ask(&self, question: &str) -> Result<Secret> {
        if !self.ui.can_prompt() {
            return Err(Error::new(
                Code::StoreLocked,
                "the encrypted file store is locked: it needs its passphrase, and there is nobody \
                 to ask",
            )
            .with_hint(format!(
                "put the passphrase in a file of mode 600 and its path in {FILE_VARIABLE}; a store \
                 of an unattended machine has a key file in its place: `hallpass store use file \
                 --key-file FILE`"
            )));
        }
        let answer = self.ui.ask_secret(question, FILE_VARIABLE)?;
        match answer.expose().is_empty() {
            true => Err(
                Error::new(Code::StoreLocked, "an empty passphrase protects nothing")
                    .with_hint("type one, or press Ctrl-C to stop"),
            ),
            false => Ok(answer),
        }
    }

    /// The key as it rests in the kernel, where the person chose that.
    pub fn remembered(&self, derivation: &Derivation) -> Option<Key> {
        self.remember?;
        resting_key::get(derivation)
    }

    /// Lets the key rest in the kernel, where the person chose that.
    pub fn remember(&self, derivation: &Derivation, key: &Key) {
        let Some(seconds) = self.remember.filter(|seconds| *seconds > 0) else {
            return;
        };
        if resting_key::is_possible() {
            resting_key::put(derivation, key, seconds);
        } else {
            self.ui.notice(
                "the passphrase cannot be remembered: no session keyring of the Linux kernel is \
                 joined here (`keyctl session` or pam_keyinit gives one)",
            );
        }
    }

    /// Takes it out again.
    pub fn forget(&self, derivation: &Derivation) {
        if self.remember.is_some() {
            resting_key::remove(derivation);
        }
    }
}
