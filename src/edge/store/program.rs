//! Running the command store's program: input in, output out, within a deadline.

use std::io::{Read, Seek, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::edge::{env, process};
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// What the program said.
pub struct Answer {
    pub success: bool,
    pub output: Secret<Vec<u8>>,
    pub complaint: String,
}

/// Program and arguments, not empty.
pub struct Program(pub Vec<String>);

impl Program {
    fn name(&self) -> String {
        printable(self.0.first().map_or("", String::as_str), 100)
    }

    /// Runs the program with `arguments` after its own, feeding it `input`; ends it after
    /// `patience`.
    pub fn run(&self, arguments: &[&str], input: &[u8], patience: Duration) -> Result<Answer> {
        let mut complaints = tempfile::tempfile().map_err(|error| self.failed("run", error))?;
        let theirs = complaints
            .try_clone()
            .map_err(|error| self.failed("run", error))?;
        let mut child = process::command(self.0.first().map_or("", String::as_str))
            .args(self.0.iter().skip(1))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(theirs)
            .spawn()
            .map_err(|error| self.not_started(error))?;
        feed(&mut child, input);
        let Some((output, status)) = env::finish(&mut child, patience) else {
            return Err(self.hung());
        };
        Ok(Answer {
            success: status.success(),
            output: Secret::new(output),
            complaint: first_line(&mut complaints),
        })
    }

    fn not_started(&self, error: std::io::Error) -> Error {
        let program = self.name();
        Error::new(
            Code::StoreAbsent,
            format!("cannot start the store's command {program}"),
        )
        .with_hint(
            "`hallpass store show` tells what is configured, `hallpass store use` changes it",
        )
        .with_source(error)
    }

    fn hung(&self) -> Error {
        let program = self.name();
        Error::new(
            Code::StoreHung,
            format!("the store's command {program} did not finish in time"),
        )
        .with_hint("run it by hand: does it wait for something?")
    }

    fn failed(&self, what: &str, error: std::io::Error) -> Error {
        let program = self.name();
        Error::new(
            Code::StoreFailed,
            format!("cannot {what} the store's command {program}"),
        )
        .with_source(error)
    }

    /// What an exit status other than 0 means.
    fn complained(&self, what: &str, answer: &Answer) -> Error {
        let program = self.name();
        let why = &answer.complaint;
        let code = Complaint::of(why);
        let message = format!("the store's command {program} failed to {what}: {why}");
        match code {
            Complaint::Locked => Error::new(Code::StoreLocked, message)
                .with_hint("unlock it by running the command by hand once"),
            Complaint::Full => {
                Error::new(Code::StoreFull, message).with_hint("make room, then try again")
            }
            Complaint::Other => Error::new(Code::StoreFailed, message)
                .with_hint("run it by hand to see what it needs"),
        }
    }

    /// The exit status as a result; `what` was asked of it.
    pub fn done(&self, what: &str, answer: &Answer) -> Result<()> {
        match answer.success {
            true => Ok(()),
            false => Err(self.complained(what, answer)),
        }
    }
}

/// The child may close its input early; its exit status tells what that means.
fn feed(child: &mut Child, input: &[u8]) {
    let Some(mut stdin) = child.stdin.take() else {
        return;
    };
    let input = Secret::new(input.to_vec());
    // A child that writes before it has read all would otherwise wait for us, and we for it.
    let _ = std::thread::Builder::new().spawn(move || {
        let _ = stdin.write_all(input.expose());
    });
}

fn first_line(complaints: &mut std::fs::File) -> String {
    let mut text = Vec::new();
    let read = complaints
        .rewind()
        .and_then(|()| complaints.take(4096).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    match (read, text.lines().find(|line| !line.trim().is_empty())) {
        (Ok(_), Some(line)) => printable(line.trim(), 200),
        _ => "it does not say why".to_owned(),
    }
}

enum Complaint {
    Locked,
    Full,
    Other,
}

impl Complaint {
    /// What gpg, the keyrings' helpers and the C library say.
    fn of(text: &str) -> Self {
        const LOCKED: [&str; 4] = ["decryption failed", " locked", "No secret key", "pinentry"];
        const FULL: [&str; 2] = ["No space left", "quota exceeded"];
        if FULL.iter().any(|sign| text.contains(sign)) {
            Complaint::Full
        } else if LOCKED.iter().any(|sign| text.contains(sign)) {
            Complaint::Locked
        } else {
            Complaint::Other
        }
    }
}
