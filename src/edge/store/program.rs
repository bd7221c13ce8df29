//! Running the command store's program: input in, output out, within a deadline.

use std::io::{Read, Write};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::edge::{env, process};
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable, repeats};

/// Bytes of its complaint that are looked at.
const COMPLAINT: usize = 4096;

/// How long a complaint may take that is still on its way when the program has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the program said.
pub struct Answer {
    pub success: bool,
    pub output: Secret<Vec<u8>>,
    /// The first line of standard error, where there is one.
    pub complaint: Option<String>,
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
        let mut child = process::command(self.0.first().map_or("", String::as_str))
            .args(self.0.iter().skip(1))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(error))?;
        let complaint = child.stderr.take().map(listen);
        feed(&mut child, input);
        let Some((output, status)) = env::finish(&mut child, patience) else {
            return Err(self.hung());
        };
        let success = status.success();
        let complaint = match (success, complaint) {
            (false, Some(complaint)) => complaint.recv_timeout(LAST_WORDS).unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(Answer {
            success,
            output: Secret::new(output),
            complaint: self::complaint(&complaint),
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

    /// What an exit status other than 0 means.
    fn complained(&self, what: &str, answer: &Answer) -> Error {
        let program = self.name();
        let why = answer.complaint.as_deref();
        let why = why.unwrap_or("it does not say why");
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

/// The beginning of what comes on standard error. It is read to its end, so that the program
/// never waits for us; nothing of the rest is kept, on disk or in memory.
fn listen(mut stderr: ChildStderr) -> Receiver<Vec<u8>> {
    let (sender, complaint) = channel();
    // Where no thread can be had, the program's last words are not heard.
    let _ = std::thread::Builder::new().spawn(move || {
        let mut kept = Vec::new();
        let mut piece = [0; COMPLAINT];
        let mut told = false;
        while let Ok(read @ 1..) = stderr.read(&mut piece) {
            let room = COMPLAINT.saturating_sub(kept.len());
            kept.extend_from_slice(&piece[..read.min(room)]);
            if !told && kept.len() >= COMPLAINT {
                told = true;
                let _ = sender.send(std::mem::take(&mut kept));
            }
            if told {
                kept.clear();
            }
        }
        if !told {
            let _ = sender.send(kept);
        }
    });
    complaint
}

/// The first line that says something.
pub fn complaint(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(printable(line.trim(), 200))
}

impl Answer {
    /// Without the program's words where they repeat what it was given to keep.
    pub fn without(mut self, secret: &[u8]) -> Answer {
        let secret = String::from_utf8_lossy(secret);
        if let Some(said) = &mut self.complaint
            && repeats(said, &secret)
        {
            "its words repeat a secret and are not shown".clone_into(said);
        }
        self
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
