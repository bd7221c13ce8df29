//! What was sent and what was answered, so that a run that broke off can be taken up again.
//!
//! Lines of JSON, only ever added to. A request is named by its id or else by its line, together
//! with a digest of what it asks, so that another input is noticed. No token, header or body.

use std::collections::HashMap;
use std::fmt::Write;

use http::Method;
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::body::Payload;
use crate::call::request::Outgoing;
use crate::error::{Code, Error, Result};
use crate::port::Log;

/// A request as the journal names it: `"id":"a"` or `"index":3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// `id`: one that the request was given.
    pub fn new(id: Option<&Value>, index: u64) -> Name {
        Name(match id {
            Some(id) => format!("\"id\":{id}"),
            None => format!("\"index\":{index}"),
        })
    }

    /// The text for [`Journal::note`].
    pub fn into_text(self) -> String {
        self.0
    }
}

/// What a journal holds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Sent, nothing more known.
    Sent,
    /// Answered; the record may not have been written.
    Answered(u16),
    /// The record was written.
    Written,
    /// Not sent, or refused before it was looked at.
    Open,
    /// Begun in this run.
    Now,
}

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    Send,
    /// Its answer was written by an earlier run.
    Skip,
}

/// See the module.
pub struct Journal {
    log: Box<dyn Log>,
    /// By a digest of the name: the request's own digest, and how it stands.
    known: HashMap<[u8; 16], ([u8; 8], State)>,
}

/// A line of the file.
#[derive(Deserialize)]
struct Entry {
    id: Option<Value>,
    index: Option<u64>,
    sent: Option<String>,
    answered: Option<u16>,
    written: Option<bool>,
    open: Option<bool>,
}

#[derive(Deserialize)]
struct Head {
    hallpass_batch: u32,
    service: String,
}

impl Journal {
    /// Reads what there is, or begins a new one.
    pub fn open(mut log: Box<dyn Log>, service: &str) -> Result<Journal> {
        let mut known = HashMap::new();
        let mut first = true;
        log.read(&mut |line| {
            if std::mem::take(&mut first) {
                return check_head(line, service);
            }
            // A line that a crash cut short says nothing.
            if let Ok(entry) = serde_json::from_slice::<Entry>(line) {
                take(&mut known, entry);
            }
            Ok(())
        })?;
        if first {
            let head = json!({"hallpass_batch": 1, "service": service});
            log.append(format!("{head}\n").as_bytes())?;
        }
        Ok(Journal { log, known })
    }

    /// How a request stands. What may not be sent is an error with the reason.
    pub fn begin(
        &mut self,
        name: &Name,
        outgoing: &Outgoing,
        unsafe_too: bool,
    ) -> Result<Standing> {
        let (key, request) = (key(&name.0), fingerprint(outgoing));
        let Some((known, state)) = self.known.get(&key) else {
            return Ok(Standing::Send);
        };
        if *state == State::Now {
            return Err(
                Error::new(Code::Usage, format!("{} was there before", name.0))
                    .with_hint("with --resume every id must be another"),
            );
        }
        if *known != request {
            return Err(Error::new(
                Code::Usage,
                format!("the journal knows another request as {}", name.0),
            )
            .with_hint(
                "--resume wants the same input as before; begin a new journal for another",
            ));
        }
        let harmless = unsafe_too || outgoing.method.is_idempotent();
        let told = |what: String| {
            Err(Error::new(Code::TransportFailed, what)
                .with_hint("look whether it was done; --retry-unsafe sends it again"))
        };
        match state {
            State::Written => Ok(Standing::Skip),
            State::Sent if !harmless => told(format!(
                "{} was sent before and its answer is unknown: not sent again",
                outgoing.method
            )),
            State::Answered(status) if !harmless => told(format!(
                "{} was answered {status} before, the answer is lost: not sent again",
                outgoing.method
            )),
            _ => Ok(Standing::Send),
        }
    }

    /// Comes before the request goes out.
    pub fn sent(&mut self, name: &Name, outgoing: &Outgoing) -> Result<()> {
        let request = fingerprint(outgoing);
        self.known.insert(key(&name.0), (request, State::Now));
        let mut digest = String::with_capacity(16);
        for byte in request {
            // Writing into a String cannot fail.
            let _ = write!(digest, "{byte:02x}");
        }
        self.note(&name.0, &format!("\"sent\":\"{digest}\""))
    }

    /// It was answered; `status` is `None` where it certainly was not done.
    pub fn ended(&mut self, name: &Name, status: Option<u16>) -> Result<()> {
        match status {
            Some(status) => self.note(&name.0, &format!("\"answered\":{status}")),
            None => self.note(&name.0, "\"open\":true"),
        }
    }

    /// The records of these were written.
    pub fn written(&mut self, names: &[String]) -> Result<()> {
        let mut lines = String::new();
        for name in names {
            lines.push_str(&format!("{{{name},\"written\":true}}\n"));
        }
        match lines.is_empty() {
            true => Ok(()),
            false => self.log.append(lines.as_bytes()),
        }
    }

    fn note(&mut self, name: &str, what: &str) -> Result<()> {
        self.log.append(format!("{{{name},{what}}}\n").as_bytes())
    }
}

fn check_head(line: &[u8], service: &str) -> Result<()> {
    let wrong = |what: String| {
        Err(Error::new(Code::Usage, what).with_hint("name another file for --resume"))
    };
    match serde_json::from_slice::<Head>(line) {
        Ok(head) if head.hallpass_batch != 1 => {
            wrong("the journal was written by a newer hallpass".into())
        }
        Ok(head) if head.service != service => wrong(format!(
            "the journal belongs to a batch for {}",
            crate::secret::printable(&head.service, 100)
        )),
        Ok(_) => Ok(()),
        Err(_) => wrong("the file of --resume is not a journal of hallpass batch".into()),
    }
}

fn take(known: &mut HashMap<[u8; 16], ([u8; 8], State)>, entry: Entry) {
    let name = match (&entry.id, entry.index) {
        (Some(id), _) => Name::new(Some(id), 0),
        (None, Some(index)) => Name::new(None, index),
        (None, None) => return,
    };
    let key = key(&name.0);
    if let Some(request) = entry.sent.as_deref().and_then(from_hex) {
        known.insert(key, (request, State::Sent));
    }
    let state = match entry {
        Entry {
            written: Some(true),
            ..
        } => State::Written,
        Entry {
            open: Some(true), ..
        } => State::Open,
        Entry {
            answered: Some(status),
            ..
        } => State::Answered(status),
        _ => return,
    };
    if let Some(known) = known.get_mut(&key) {
        known.1 = state;
    }
}

fn from_hex(text: &str) -> Option<[u8; 8]> {
    u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)
}

fn key(name: &str) -> [u8; 16] {
    let digest = ring::digest::digest(&SHA256, name.as_bytes());
    prefix(digest.as_ref())
}

/// Method, URL and body; headers may hold what changes from run to run.
fn fingerprint(outgoing: &Outgoing) -> [u8; 8] {
    let mut context = Context::new(&SHA256);
    let Outgoing {
        method,
        url,
        payload,
        ..
    } = outgoing;
    for part in [
        Method::as_str(method).as_bytes(),
        b" ",
        url.as_str().as_bytes(),
        b"\n",
    ] {
        context.update(part);
    }
    if let Payload::Whole(bytes) = payload {
        context.update(bytes);
    }
    prefix(context.finish().as_ref())
}

fn prefix<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&digest[..N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Files;
    use crate::port::fake::FakeFiles;
    use proptest::prelude::*;

    fn outgoing(method: Method, path: &str) -> Outgoing {
        Outgoing {
            method,
            url: url::Url::parse("https://a.example")
                .unwrap()
                .join(path)
                .unwrap(),
            headers: Default::default(),
            payload: Payload::None,
            chunked: false,
        }
    }

    fn open(files: &FakeFiles) -> Result<Journal> {
        Journal::open(files.log("j").unwrap(), "demo")
    }

    #[test]
    fn what_was_written_is_left_out_and_what_is_unknown_is_not_done_twice() {
        let files = FakeFiles::default();
        let name = |index| Name::new(None, index);
        let (get, post) = (outgoing(Method::GET, "/g"), outgoing(Method::POST, "/p"));
        let mut journal = open(&files).unwrap();
        for (index, request) in [
            (1, &get),
            (2, &post),
            (3, &post),
            (4, &post),
            (5, &get),
            (6, &post),
        ] {
            assert_eq!(
                journal.begin(&name(index), request, false).unwrap(),
                Standing::Send
            );
            journal.sent(&name(index), request).unwrap();
        }
        journal.ended(&name(1), Some(200)).unwrap();
        journal.ended(&name(2), Some(201)).unwrap();
        journal
            .written(&[name(1).into_text(), name(2).into_text()])
            .unwrap();
        journal.ended(&name(3), Some(201)).unwrap();
        journal.ended(&name(6), None).unwrap();
        drop(journal);

        let mut journal = open(&files).unwrap();
        let mut begin =
            |index, request, unsafe_too| journal.begin(&name(index), request, unsafe_too);
        assert_eq!(begin(1, &get, false).unwrap(), Standing::Skip);
        assert_eq!(begin(2, &post, true).unwrap(), Standing::Skip);
        assert!(
            begin(3, &post, false)
                .unwrap_err()
                .to_string()
                .contains("201")
        );
        assert!(
            begin(4, &post, false)
                .unwrap_err()
                .to_string()
                .contains("unknown")
        );
        assert_eq!(begin(4, &post, true).unwrap(), Standing::Send);
        assert_eq!(begin(5, &get, false).unwrap(), Standing::Send);
        assert_eq!(begin(6, &post, false).unwrap(), Standing::Send);
        assert_eq!(begin(7, &post, false).unwrap(), Standing::Send);
    }

    #[test]
    fn another_input_is_noticed() {
        let files = FakeFiles::default();
        let mut journal = open(&files).unwrap();
        let name = Name::new(Some(&json!("a")), 1);
        journal.sent(&name, &outgoing(Method::POST, "/p")).unwrap();
        let twice = journal.begin(&name, &outgoing(Method::POST, "/p"), true);
        assert_eq!(twice.unwrap_err().code(), Code::Usage);
        drop(journal);
        let mut journal = open(&files).unwrap();
        let changed = journal.begin(&name, &outgoing(Method::POST, "/q"), true);
        assert!(changed.unwrap_err().to_string().contains("another request"));
        let shifted = Name::new(Some(&json!("a")), 9);
        assert!(
            journal
                .begin(&shifted, &outgoing(Method::POST, "/p"), true)
                .is_ok()
        );
    }

    #[test]
    fn only_a_journal_of_this_service_is_added_to() {
        let files = FakeFiles::default();
        drop(open(&files).unwrap());
        assert!(Journal::open(files.log("j").unwrap(), "other").is_err());
        files.put("j", b"{\"index\":1,\"status\":200}\n");
        assert_eq!(open(&files).err().unwrap().code(), Code::Usage);
    }

    proptest! {
        /// Whatever a crash or an editor left behind the first line.
        #[test]
        fn any_rest_is_read_without_panic(rest in "[a-z0-9{}\":,\n]{0,80}") {
            let files = FakeFiles::default();
            let text = format!("{{\"hallpass_batch\":1,\"service\":\"demo\"}}\n{rest}");
            files.put("j", text.as_bytes());
            prop_assert!(open(&files).is_ok());
        }
    }
}
