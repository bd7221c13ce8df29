//! What is kept beside the store: public documents, facts of sessions, spills. Nothing here is
//! secret but what is sealed.

use super::UnixTime;
use crate::error::Result;

/// Public documents (metadata, JWKS) kept between runs; nothing secret ever.
pub trait Cache {
    /// The document and when it was put, where there is one.
    fn get(&self, key: &str) -> Option<(Vec<u8>, UnixTime)>;
    /// Keeps the document; failing to is not an error.
    fn put(&self, key: &str, document: &[u8]);
}

/// Non-secret facts of sessions, so that `status` and completion unlock nothing; and the spill.
pub trait StateFiles {
    /// Every file of a kind: name and content, or why that one is refused.
    fn list(&self, kind: StateKind) -> Result<Vec<Listed>>;
    /// One file.
    fn read(&self, kind: StateKind, name: &str) -> Result<Option<Vec<u8>>>;
    /// Replaces one file atomically, mode 0600.
    fn write(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()>;
    /// As `write`, but at once: it outlives this process, and perhaps not the machine.
    fn jot(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        self.write(kind, name, content)
    }
    /// Removes one file; fine where there is none.
    fn remove(&self, kind: StateKind, name: &str) -> Result<()>;
}

/// See [`StateFiles::list`].
pub type Listed = (String, Result<Vec<u8>>);

/// Kinds of state files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateKind {
    /// Facts of one session, named `service@account`.
    Session,
    /// The default account of a service, named by the service.
    DefaultAccount,
    /// An encrypted record that is not in the store yet, named `service@account`.
    Spill,
}
