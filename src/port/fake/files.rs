//! Doubles of the person's files and of standard output.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::stream;

use crate::error::{Code, Error, Result};
use crate::port::files::{Mode, Unfinished};
use crate::port::{
    Body, BoxFuture, Download, Files, Log, Output, Progress, Source, Status, Transfer, Waiting,
};

/// Files in memory; the empty name is standard input.
#[derive(Debug, Default)]
pub struct FakeFiles {
    /// What there is to read, by path.
    pub files: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    /// What was downloaded, whole or not.
    pub written: Rc<RefCell<BTreeMap<String, Written>>>,
    /// How often each was opened or read.
    pub opened: RefCell<Vec<Source>>,
}

/// A download as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    pub content: Vec<u8>,
    pub finished: bool,
    pub facts: Vec<u8>,
}

impl FakeFiles {
    /// Puts a file there.
    pub fn put(&self, path: &str, content: &[u8]) {
        self.files
            .borrow_mut()
            .insert(path.to_owned(), content.to_vec());
    }

    fn content(&self, source: &Source) -> Result<Vec<u8>> {
        let path = match source {
            Source::Stdin => "",
            Source::File(path) => path,
        };
        let found = self.files.borrow().get(path).cloned();
        found.ok_or_else(|| Error::new(Code::Usage, format!("cannot read {source}")))
    }
}

impl Files for FakeFiles {
    fn read(&self, source: &Source) -> Result<Vec<u8>> {
        self.opened.borrow_mut().push(source.clone());
        self.content(source)
    }

    fn length(&self, source: &Source) -> Result<Option<u64>> {
        let length = self.content(source)?.len() as u64;
        Ok((*source != Source::Stdin).then_some(length))
    }

    fn open<'a>(&'a self, source: &'a Source, offset: u64) -> BoxFuture<'a, Result<Body>> {
        Box::pin(async move {
            self.opened.borrow_mut().push(source.clone());
            let content = self.content(source)?;
            let rest = content[usize::try_from(offset).unwrap_or(content.len())..].to_vec();
            Ok(Body::Stream {
                length: self.length(source)?.map(|length| length - offset),
                stream: Box::pin(stream::iter([Ok(Bytes::from(rest))])),
            })
        })
    }

    fn create_folder_of(&self, _path: &str) -> Result<()> {
        Ok(())
    }

    fn unfinished(&self, path: &str) -> Result<Option<Unfinished>> {
        let written = self.written.borrow();
        Ok(written.get(path).map(|file| Unfinished {
            have: file.content.len() as u64,
            facts: (!file.finished).then(|| file.facts.clone()),
        }))
    }

    fn download(&self, path: &str, mode: Mode, facts: &[u8]) -> Result<Box<dyn Download>> {
        let mut written = self.written.borrow_mut();
        let file = written.entry(path.to_owned()).or_default();
        if mode == Mode::Fresh {
            *file = Written {
                facts: facts.to_vec(),
                ..Written::default()
            };
        }
        Ok(Box::new(FakeDownload {
            path: path.to_owned(),
            written: Rc::clone(&self.written),
        }))
    }

    fn log(&self, path: &str) -> Result<Box<dyn Log>> {
        Ok(Box::new(FakeLog {
            path: path.to_owned(),
            files: Rc::clone(&self.files),
        }))
    }
}

/// A log in memory.
struct FakeLog {
    path: String,
    files: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
}

impl Log for FakeLog {
    fn read(&mut self, line: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let content = self.files.borrow().get(&self.path).cloned();
        let content = content.unwrap_or_default();
        for whole in content.split_inclusive(|byte| *byte == b'\n') {
            if let Some(text) = whole.strip_suffix(b"\n") {
                line(text)?;
            }
        }
        Ok(())
    }

    fn append(&mut self, lines: &[u8]) -> Result<()> {
        let mut files = self.files.borrow_mut();
        let content = files.entry(self.path.clone()).or_default();
        content.extend_from_slice(lines);
        Ok(())
    }
}

struct FakeDownload {
    path: String,
    written: Rc<RefCell<BTreeMap<String, Written>>>,
}

impl Download for FakeDownload {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut written = self.written.borrow_mut();
        let file = written.entry(self.path.clone()).or_default();
        file.content.extend_from_slice(bytes);
        Ok(())
    }

    fn partial(&self) -> &str {
        &self.path
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut written = self.written.borrow_mut();
        written.entry(self.path.clone()).or_default().finished = true;
        Ok(())
    }
}

/// A standard output that remembers.
#[derive(Debug, Default)]
pub struct FakeOutput {
    pub terminal: Cell<bool>,
    pub coloured: Cell<bool>,
    /// Nobody reads after this many writes.
    pub broken_after: Cell<Option<usize>>,
    /// Each write of its own.
    pub writes: RefCell<Vec<Vec<u8>>>,
    pub aside: RefCell<Vec<u8>>,
}

impl FakeOutput {
    /// Everything that was written.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.writes.borrow().concat()).into_owned()
    }
}

impl Output for FakeOutput {
    fn is_terminal(&self) -> bool {
        self.terminal.get()
    }

    fn columns(&self) -> Option<u16> {
        self.terminal.get().then_some(80)
    }

    fn colour(&self) -> bool {
        self.coloured.get()
    }

    fn write(&self, bytes: &[u8]) -> Result<bool> {
        let mut writes = self.writes.borrow_mut();
        if self.broken_after.get().is_some_and(|n| writes.len() >= n) {
            return Ok(false);
        }
        writes.push(bytes.to_vec());
        Ok(true)
    }

    fn write_aside(&self, bytes: &[u8]) {
        self.aside.borrow_mut().extend_from_slice(bytes);
    }
}

/// Progress that remembers what it was told.
#[derive(Debug, Default)]
pub struct FakeProgress {
    /// What was waited for.
    pub waits: RefCell<Vec<String>>,
    /// What was transferred: name and total.
    pub transfers: RefCell<Vec<(String, Option<u64>)>>,
}

struct Quiet;

impl Waiting for Quiet {}

impl Status for Quiet {
    fn say(&self, _line: &str) {}
}

impl Transfer for Quiet {
    fn advance(&self, _bytes: u64) {}
}

impl Progress for FakeProgress {
    fn transfer(&self, what: &str, _done: u64, total: Option<u64>) -> Box<dyn Transfer> {
        self.transfers.borrow_mut().push((what.to_owned(), total));
        Box::new(Quiet)
    }

    fn waiting(&self, what: &str) -> Box<dyn Waiting> {
        self.waits.borrow_mut().push(what.to_owned());
        Box::new(Quiet)
    }

    fn status(&self) -> Box<dyn Status> {
        Box::new(Quiet)
    }
}
