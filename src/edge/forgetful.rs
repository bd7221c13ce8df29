//! A cache and a state folder in this process's memory, for `hallpass demo`: nothing is left
//! behind.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::error::Result;
use crate::port::{Cache, Clock, Listed, StateFiles, StateKind, UnixTime};

/// What a run remembers of documents and facts.
#[derive(Debug, Default)]
pub struct Forgetful<C> {
    clock: C,
    documents: RefCell<BTreeMap<String, (Vec<u8>, UnixTime)>>,
    files: RefCell<BTreeMap<(StateKind, String), Vec<u8>>>,
}

impl<C: Clock> Forgetful<C> {
    /// Remembers nothing yet; documents are stamped by this clock.
    pub fn new(clock: C) -> Self {
        Forgetful {
            clock,
            documents: RefCell::default(),
            files: RefCell::default(),
        }
    }
}

impl<C: Clock> Cache for Forgetful<C> {
    fn get(&self, key: &str) -> Option<(Vec<u8>, UnixTime)> {
        self.documents.borrow().get(key).cloned()
    }

    fn put(&self, key: &str, document: &[u8]) {
        let entry = (document.to_vec(), self.clock.now());
        self.documents.borrow_mut().insert(key.to_owned(), entry);
    }
}

impl<C> StateFiles for Forgetful<C> {
    fn list(&self, kind: StateKind) -> Result<Vec<Listed>> {
        let files = self.files.borrow();
        let ours = files.iter().filter(|((seen, _), _)| *seen == kind);
        Ok(ours
            .map(|((_, name), content)| (name.clone(), Ok(content.clone())))
            .collect())
    }

    fn read(&self, kind: StateKind, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.files.borrow().get(&(kind, name.to_owned())).cloned())
    }

    fn write(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        let key = (kind, name.to_owned());
        self.files.borrow_mut().insert(key, content.to_vec());
        Ok(())
    }

    fn remove(&self, kind: StateKind, name: &str) -> Result<()> {
        self.files.borrow_mut().remove(&(kind, name.to_owned()));
        Ok(())
    }
}
