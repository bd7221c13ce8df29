//! Token stores behind one trait: OS keyring, encrypted file, command, memory.

use std::cell::OnceCell;
use std::time::Duration;

use super::paths::Paths;
use crate::error::Result;
use crate::port::{EntryKey, StoreGuard, TokenStore};
use crate::secret::Secret;
use crate::service::configuration::StoreTable;

/// The store that the configuration chose; opened on first use.
pub struct Chosen {
    paths: Paths,
    table: OnceCell<StoreTable>,
}

impl Chosen {
    /// Opens nothing yet.
    pub fn new(paths: &Paths) -> Self {
        Chosen {
            paths: paths.clone(),
            table: OnceCell::new(),
        }
    }

    /// What the configuration says; only the first call counts.
    pub fn configure(&self, table: StoreTable) {
        let _ = self.table.set(table);
    }
}

impl TokenStore for Chosen {
    fn describe(&self) -> String {
        let _ = &self.paths;
        todo!()
    }

    fn probe(&self) -> Result<()> {
        todo!()
    }

    fn read(&self, key: &EntryKey) -> Result<Option<Secret>> {
        let _ = key;
        todo!()
    }

    fn lock(
        &self,
        key: &EntryKey,
        deadline: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>> {
        let _ = (key, deadline, waiting);
        todo!()
    }
}
