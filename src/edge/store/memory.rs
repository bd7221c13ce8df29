//! A store in this process's memory, for `hallpass demo`: nothing is left behind.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, StoreGuard, TokenStore};
use crate::secret::Secret;

/// Entries that end with it.
#[derive(Debug, Default)]
pub struct Memory {
    entries: RefCell<BTreeMap<EntryKey, Secret>>,
    locked: RefCell<BTreeSet<EntryKey>>,
}

impl TokenStore for Memory {
    fn describe(&self) -> String {
        "memory of this process".to_owned()
    }

    fn probe(&self) -> Result<()> {
        Ok(())
    }

    fn read(&self, key: &EntryKey) -> Result<Option<Secret>> {
        Ok(self.entries.borrow().get(key).cloned())
    }

    /// The holder can only be this very process, which would wait for itself: no waiting.
    fn lock(
        &self,
        key: &EntryKey,
        _deadline: Duration,
        _waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>> {
        if !self.locked.borrow_mut().insert(key.clone()) {
            return Err(Error::new(
                Code::LockTimeout,
                format!("{} is locked already", key.name),
            ));
        }
        Ok(Box::new(Guard {
            memory: self,
            key: key.clone(),
        }))
    }
}

struct Guard<'a> {
    memory: &'a Memory,
    key: EntryKey,
}

impl StoreGuard for Guard<'_> {
    fn read(&self) -> Result<Option<Secret>> {
        self.memory.read(&self.key)
    }

    fn write(&mut self, value: &Secret) -> Result<()> {
        let mut entries = self.memory.entries.borrow_mut();
        entries.insert(self.key.clone(), value.clone());
        Ok(())
    }

    fn delete(&mut self) -> Result<()> {
        self.memory.entries.borrow_mut().remove(&self.key);
        Ok(())
    }

    fn keep_aside(&mut self) -> Result<String> {
        let mut entries = self.memory.entries.borrow_mut();
        let mut aside = self.key.clone();
        aside.name.push_str(" unreadable");
        if let Some(value) = entries.remove(&self.key) {
            entries.insert(aside.clone(), value);
        }
        Ok(aside.id())
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.memory.locked.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_the_suite_of_every_store() {
        crate::edge::store::suite::run(&super::Memory::default());
    }
}
