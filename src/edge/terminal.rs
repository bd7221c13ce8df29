//! The person at the terminal: questions, notices, the wire trace; all on stderr.

use crate::error::Result;
use crate::port::{BoxFuture, UserInterface};
use crate::secret::Secret;

/// stderr for words, stdin (or the terminal itself) for answers.
#[derive(Debug)]
pub struct Terminal {
    tracing: bool,
    no_input: bool,
}

impl Terminal {
    /// `tracing`: `-v` was given; `no_input`: never ask.
    pub fn new(tracing: bool, no_input: bool) -> Self {
        Terminal { tracing, no_input }
    }
}

impl UserInterface for Terminal {
    fn can_prompt(&self) -> bool {
        let _ = self.no_input;
        todo!()
    }

    fn notice(&self, line: &str) {
        let _ = line;
        todo!()
    }

    fn warn(&self, line: &str) {
        let _ = line;
        todo!()
    }

    fn trace(&self, line: &str) {
        let _ = line;
        todo!()
    }

    fn tracing(&self) -> bool {
        self.tracing
    }

    fn ask(&self, question: &str, flag: &str) -> Result<String> {
        let _ = (question, flag);
        todo!()
    }

    fn ask_secret(&self, question: &str, flag: &str) -> Result<Secret> {
        let _ = (question, flag);
        todo!()
    }

    fn confirm(&self, question: &str, default: bool, flag: &str) -> Result<bool> {
        let _ = (question, default, flag);
        todo!()
    }

    fn next_line<'a>(&'a self) -> BoxFuture<'a, Result<Secret>> {
        todo!()
    }
}
