//! How a batch went, as a line for the person and as an exit code.

use crate::error::{Code, Error, Result};

/// How one line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered, and not with 4xx or 5xx.
    Fine,
    /// Answered with 4xx or 5xx.
    Status,
    /// Not answered, or refused for what a sign-in would cure.
    Failed(Code),
}

/// Counts.
#[derive(Debug, Default)]
pub struct Summary {
    pub fine: u64,
    pub status: u64,
    pub failed: u64,
    /// Answered in an earlier run.
    pub skipped: u64,
    first: Option<Code>,
    /// What ended the batch before its input did.
    pub fatal: Option<Error>,
    /// `--fail-fast` did.
    pub cut_short: bool,
}

impl Summary {
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Fine => self.fine += 1,
            Outcome::Status => self.status += 1,
            Outcome::Failed(code) => {
                self.failed += 1;
                self.first.get_or_insert(code);
            }
        }
    }

    /// Lines that were dealt with.
    pub fn done(&self) -> u64 {
        self.fine + self.status + self.failed
    }

    /// For the line that shows how far it is.
    pub fn progress(&self, under_way: usize) -> String {
        let bad = self.status + self.failed;
        let failed = match bad {
            0 => String::new(),
            bad => format!(", {bad} failed"),
        };
        format!("{} done{failed}, {under_way} under way", self.done())
    }

    /// The end: 22 where any answer was 4xx or 5xx, else the code of the first failure.
    pub fn verdict(self) -> Result<()> {
        let done = self.done();
        if let Some(fatal) = self.fatal {
            return Err(fatal);
        }
        let rest = match self.cut_short {
            true => "; stopped there (--fail-fast)",
            false => "",
        };
        let of = match done {
            1 => "the one request".to_owned(),
            done => format!("{} of {done} requests", self.status + self.failed),
        };
        match self.first {
            _ if self.status > 0 => {
                let what = format!("{of} failed, {} with 4xx or 5xx{rest}", self.status);
                Err(Error::new(Code::ApiStatus, what)
                    .with_hint("their records have the status, the body and the error"))
            }
            Some(code) => Err(Error::new(code, format!("{of} failed{rest}"))
                .with_hint("their records have the error")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(outcomes: &[Outcome]) -> Option<Code> {
        let mut summary = Summary::default();
        for outcome in outcomes {
            summary.count(*outcome);
        }
        summary.verdict().err().map(|error| error.code())
    }

    #[test]
    fn a_status_rules_then_the_first_failure() {
        let usage = Outcome::Failed(Code::Usage);
        let lost = Outcome::Failed(Code::TransportFailed);
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[Outcome::Fine]), None);
        assert_eq!(code(&[usage, Outcome::Status]), Some(Code::ApiStatus));
        assert_eq!(
            code(&[Outcome::Fine, lost, usage]),
            Some(Code::TransportFailed)
        );
    }
}
