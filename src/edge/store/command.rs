//! A program of the person's choice as the store.
//!
//! Three protocols. Secrets pass through standard input and output only, names of entries through
//! arguments; both are single lines without control characters.
//!
//! * `hallpass`: the program is run with `get NAME`, `set NAME` or `delete NAME` after its own
//!   arguments. `get` prints the value as a line, or nothing where there is none; `set` reads it
//!   as a line from standard input. Another exit status than 0 is a failure, told in the first
//!   line of standard error.
//! * `docker-credential`: the protocol of docker's credential helpers (`get`, `store`, `erase`).
//! * `pass`: the standard unix password manager's `show`, `insert` and `rm`.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::entries::{Entries, unreadable};
use super::lock_folder;
use super::program::{Answer, Program, complaint};
use crate::error::Result;
use crate::port::UserInterface;
use crate::secret::{Secret, printable};

/// How long the program may take, without and with a person who may have to answer it.
const PATIENCE: Duration = Duration::from_secs(20);
const PERSON: Duration = Duration::from_secs(120);

/// How the program is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Ours.
    Hallpass,
    /// docker's.
    DockerCredential,
    /// `pass`.
    Pass,
}

impl Protocol {
    /// As `store.protocol` names it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "hallpass" => Some(Protocol::Hallpass),
            "docker-credential" => Some(Protocol::DockerCredential),
            "pass" => Some(Protocol::Pass),
            _ => None,
        }
    }
}

/// The store.
pub struct CommandStore {
    program: Program,
    protocol: Protocol,
    ui: Rc<dyn UserInterface>,
}

impl CommandStore {
    /// Starts nothing yet. `argv` is program and arguments, not empty.
    pub fn new(argv: Vec<String>, protocol: Protocol, ui: Rc<dyn UserInterface>) -> Self {
        CommandStore {
            program: Program(argv),
            protocol,
            ui,
        }
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Answer> {
        let patience = match self.ui.can_prompt() {
            true => PERSON,
            false => PATIENCE,
        };
        let mut answer = self.program.run(arguments, input, patience)?;
        // docker's helpers complain on standard output.
        if self.protocol == Protocol::DockerCredential
            && !answer.success
            && answer.complaint.is_none()
        {
            answer.complaint = complaint(answer.output.expose());
        }
        Ok(answer)
    }
}

impl Entries for CommandStore {
    fn describe(&self) -> String {
        format!("command {}", printable(&self.program.0.join(" "), 100))
    }

    fn lock_path(&self, id: &str) -> Result<PathBuf> {
        lock_folder::lock_path(&format!("command {}", self.program.0.join("\0")), id)
    }

    fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let name = encode(id);
        match self.protocol {
            Protocol::Hallpass => {
                let answer = self.run(&["get", &name], b"")?;
                self.program.done("get", &answer)?;
                Ok(line(&answer.output))
            }
            Protocol::Pass => {
                let answer = self.run(&["show", &pass_name(&name)], b"")?;
                let absent = |why: &String| why.contains("not in the password store");
                if !answer.success && answer.complaint.as_ref().is_some_and(absent) {
                    return Ok(None);
                }
                self.program.done("show", &answer)?;
                Ok(line(&answer.output))
            }
            Protocol::DockerCredential => {
                let answer = self.run(&["get"], docker::server(&name).as_bytes())?;
                if !answer.success && docker::is_not_found(&answer) {
                    return Ok(None);
                }
                self.program.done("get", &answer)?;
                let secret = docker::secret(&answer).ok_or_else(|| {
                    unreadable(self, id, "the helper's answer is not its protocol's")
                })?;
                // `docker-credential-pass` finds an empty secret where there is none; we keep none.
                Ok(Some(secret).filter(|secret| !secret.expose().is_empty()))
            }
        }
    }

    fn set(&self, id: &str, value: &[u8]) -> Result<()> {
        let name = encode(id);
        let answer = match self.protocol {
            Protocol::Hallpass => self.run(&["set", &name], as_line(value).expose())?,
            Protocol::Pass => {
                let name = pass_name(&name);
                let arguments = ["insert", "--multiline", "--force", &name];
                self.run(&arguments, as_line(value).expose())?
            }
            Protocol::DockerCredential => {
                let message = docker::store(&name, value)
                    .ok_or_else(|| unreadable(self, id, "this protocol takes only text"))?;
                self.run(&["store"], message.expose())?
            }
        };
        self.program.done("store", &answer.without(value))
    }

    fn delete(&self, id: &str) -> Result<()> {
        let name = encode(id);
        if self.get(id)?.is_none() {
            return Ok(());
        }
        let answer = match self.protocol {
            Protocol::Hallpass => self.run(&["delete", &name], b"")?,
            Protocol::Pass => self.run(&["rm", "--force", &pass_name(&name)], b"")?,
            Protocol::DockerCredential => self.run(&["erase"], docker::server(&name).as_bytes())?,
        };
        self.program.done("delete", &answer)
    }
}

/// A name that no protocol, shell script or file system takes for something else: letters,
/// digits and `@ . - _ +` as they are, `:` too, every other byte as `%XX`.
fn encode(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'@' | b'.' | b'-' | b'_' | b'+' | b':' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn pass_name(name: &str) -> String {
    format!("hallpass/{name}")
}

/// The line a program printed, `None` where it printed nothing.
fn line(output: &Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
    let bytes = output.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    (!bytes.is_empty()).then(|| Secret::new(line.to_vec()))
}

/// The value as a line; a program that adds or drops one line end at the end does no harm.
fn as_line(value: &[u8]) -> Secret<Vec<u8>> {
    Secret::new([value, b"\n"].concat())
}

mod docker {
    use serde::Deserialize;

    use crate::edge::store::program::Answer;
    use crate::secret::Secret;

    /// Helpers file entries by the URL of a server; this one can belong to nobody.
    pub fn server(name: &str) -> String {
        format!("https://hallpass.invalid/{name}")
    }

    pub fn store(name: &str, value: &[u8]) -> Option<Secret<Vec<u8>>> {
        let secret = std::str::from_utf8(value).ok()?;
        let message = serde_json::json!({
            "ServerURL": server(name),
            "Username": "hallpass",
            "Secret": secret,
        });
        serde_json::to_vec(&message).ok().map(Secret::new)
    }

    #[derive(Deserialize)]
    struct Got {
        #[serde(rename = "Secret")]
        secret: Secret,
    }

    pub fn secret(answer: &Answer) -> Option<Secret<Vec<u8>>> {
        let got: Got = serde_json::from_slice(answer.output.expose()).ok()?;
        Some(Secret::new(got.secret.expose().clone().into_bytes()))
    }

    /// The protocol says so on standard output.
    pub fn is_not_found(answer: &Answer) -> bool {
        let said = String::from_utf8_lossy(answer.output.expose());
        said.trim() == "credentials not found in native keychain"
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
