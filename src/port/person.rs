//! The person in front of the terminal: told, asked, and shown long work.

use super::BoxFuture;
use crate::error::Result;
use crate::secret::Secret;

/// The person at the terminal. Everything goes to stderr; data never does.
pub trait UserInterface {
    /// Whether questions can be asked (terminal on stdin and stderr, not `--no-input`).
    fn can_prompt(&self) -> bool;
    /// A line for the person.
    fn notice(&self, line: &str);
    /// A line that must not be missed.
    fn warn(&self, line: &str);
    /// A wire-trace line (`-v`), already redacted; dropped unless asked for.
    fn trace(&self, line: &str);
    /// Whether [`UserInterface::trace`] goes anywhere.
    fn tracing(&self) -> bool;
    /// Asks for a line; `Err(PromptNeeded)` naming `flag` where nobody can answer.
    fn ask(&self, question: &str, flag: &str) -> Result<String>;
    /// Asks for a line that is not echoed.
    fn ask_secret(&self, question: &str, flag: &str) -> Result<Secret>;
    /// Asks yes or no.
    fn confirm(&self, question: &str, default: bool, flag: &str) -> Result<bool>;
    /// The next line typed or piped while something else is waited for. Never resolves where
    /// nobody may be asked; `Cancelled` where the input has ended, `Usage` for a line too long to
    /// be an address. Longer lines than a canonical terminal's must work.
    fn next_line<'a>(&'a self) -> BoxFuture<'a, Result<Secret>>;
}

/// Long work shown to the person on stderr; nothing is drawn where nobody is looking.
pub trait Progress {
    /// A transfer of `total` bytes, where known, of which `done` are there already. Gone from the
    /// screen when dropped.
    fn transfer(&self, what: &str, done: u64, total: Option<u64>) -> Box<dyn Transfer>;
    /// A line `waiting for …` until dropped; in a pipe it is written once and stays.
    fn waiting(&self, what: &str) -> Box<dyn Waiting>;
    /// A line that says how far something is; gone from the screen when dropped.
    fn status(&self) -> Box<dyn Status>;
}

/// See [`Progress::status`].
pub trait Status {
    /// This is how far it is now.
    fn say(&self, line: &str);
}

/// See [`Progress::transfer`]. May sit inside a [`ByteStream`].
pub trait Transfer: Send + Sync {
    /// This many more bytes went through.
    fn advance(&self, bytes: u64);
}

/// See [`Progress::waiting`].
pub trait Waiting {}
