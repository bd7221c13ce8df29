//! The state folder: facts of sessions, default accounts, spills.

use std::path::PathBuf;

use super::paths::Paths;
use crate::error::Result;
use crate::port::{StateFiles, StateKind};

/// One folder a kind, one private file a name.
#[derive(Debug, Clone)]
pub struct StateFolder {
    folder: PathBuf,
}

impl StateFolder {
    /// In the state folder.
    pub fn new(paths: &Paths) -> Self {
        StateFolder {
            folder: paths.state.clone(),
        }
    }
}

impl StateFiles for StateFolder {
    fn list(&self, kind: StateKind) -> Result<Vec<(String, Vec<u8>)>> {
        let _ = (kind, &self.folder);
        todo!()
    }

    fn read(&self, kind: StateKind, name: &str) -> Result<Option<Vec<u8>>> {
        let _ = (kind, name);
        todo!()
    }

    fn write(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        let _ = (kind, name, content);
        todo!()
    }

    fn remove(&self, kind: StateKind, name: &str) -> Result<()> {
        let _ = (kind, name);
        todo!()
    }
}
