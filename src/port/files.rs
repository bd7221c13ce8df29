//! Files and standard streams that the person names: what is sent, what is written.

use super::{Body, BoxFuture};
use crate::error::Result;

/// Where bytes to send come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// Standard input; can be read once.
    Stdin,
    /// A file at this path.
    File(String),
}

impl Source {
    /// `-` is standard input.
    pub fn of(path: &str) -> Source {
        match path {
            "-" => Source::Stdin,
            path => Source::File(path.to_owned()),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Stdin => f.write_str("standard input"),
            Source::File(path) => f.write_str(&crate::secret::printable(path, 200)),
        }
    }
}

/// Files of the person's own, by the name they gave.
pub trait Files {
    /// All of it.
    fn read(&self, source: &Source) -> Result<Vec<u8>>;
    /// Bytes in a regular file; `None` for pipes and the like.
    fn length(&self, source: &Source) -> Result<Option<u64>>;
    /// As a body, from byte `offset` on, read as it is sent.
    fn open<'a>(&'a self, source: &'a Source, offset: u64) -> BoxFuture<'a, Result<Body>>;
    /// Creates the folders that `path` lies in.
    fn create_folder_of(&self, path: &str) -> Result<()>;
    /// What an interrupted download to `path` left behind.
    fn unfinished(&self, path: &str) -> Result<Option<Unfinished>>;
    /// Begins a download to `path`, which keeps its name for the whole: until
    /// [`Download::finish`] the bytes are beside it under a name that says so. `facts` are kept
    /// there too, for [`Files::unfinished`].
    fn download(&self, path: &str, mode: Mode, facts: &[u8]) -> Result<Box<dyn Download>>;
    /// Opens a file that is only ever added to, creating it; one process at a time.
    fn log(&self, path: &str) -> Result<Box<dyn Log>>;
}

/// See [`Files::log`].
pub trait Log {
    /// Every whole line there is, without its end.
    fn read(&mut self, line: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;
    /// Adds lines; they are with the system when it returns.
    fn append(&mut self, lines: &[u8]) -> Result<()>;
}

/// How a download begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From nothing; what an earlier one left is overwritten.
    Fresh,
    /// Behind what an earlier one left.
    Continue,
}

/// See [`Files::unfinished`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Bytes that are there.
    pub have: u64,
    /// What was given to [`Files::download`]; `None` where another program wrote the bytes.
    pub facts: Option<Vec<u8>>,
}

/// A download under way. Dropped unfinished, it leaves its bytes under the partial name.
pub trait Download {
    /// Adds bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Where the bytes are until the end; the target itself where it is no regular file.
    fn partial(&self) -> &str;
    /// It is whole: takes its name.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Standard output.
pub trait Output {
    /// A person may be looking.
    fn is_terminal(&self) -> bool;
    /// Columns of the terminal, where it is one.
    fn columns(&self) -> Option<u16>;
    /// Colour is wanted there.
    fn colour(&self) -> bool;
    /// Writes and flushes. `Ok(false)`: nobody reads any more, stop quietly.
    fn write(&self, bytes: &[u8]) -> Result<bool>;
    /// The same on standard error, for a body that must not go to the file it was asked for.
    fn write_aside(&self, bytes: &[u8]);
}
