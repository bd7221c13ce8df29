//! What all stores share: locking, probing, setting aside, and splitting what is too large.

use std::path::PathBuf;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::chunks;
use crate::edge::lock_file::{self, LockFile};
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, StoreGuard, TokenStore};
use crate::secret::{Secret, printable};

/// One kind of store, reduced to bytes under names.
pub trait Entries {
    /// See [`TokenStore::describe`].
    fn describe(&self) -> String;
    /// The lock file of an entry; its scope must be the scope of the entry itself.
    fn lock_path(&self, id: &str) -> Result<PathBuf>;
    /// The bytes, `None` where there are none.
    fn get(&self, id: &str) -> Result<Option<Secret<Vec<u8>>>>;
    /// See [`TokenStore::holds`].
    fn holds(&self, id: &str) -> Result<bool> {
        Ok(self.get(id)?.is_some())
    }
    /// Replaces the bytes, durably.
    fn set(&self, id: &str, value: &[u8]) -> Result<()>;
    /// Removes the bytes; fine where there are none.
    fn delete(&self, id: &str) -> Result<()>;
    /// Bytes that one entry takes, where that is little.
    fn limit(&self) -> Option<usize> {
        None
    }
    /// See [`StoreGuard::keep_aside`].
    fn keep_aside(&self, id: &str) -> Result<String>
    where
        Self: Sized,
    {
        if self.get(id)?.is_none() {
            return Ok(format!("{id} (nothing there)"));
        }
        let mut free = None;
        for number in 1..=MOST_ASIDE {
            let name = format!("{id} unreadable {number}");
            if self.get(&name)?.is_none() {
                free = Some(name);
                break;
            }
        }
        let aside = free.ok_or_else(|| too_many_aside(self, id))?;
        chunks::set_aside(self, id, &aside)?;
        Ok(format!("the entry {aside:?} of the {}", self.describe()))
    }
}

/// More unreadable copies of one entry than anybody keeps, or a store that finds everything.
const MOST_ASIDE: usize = 100;

fn too_many_aside(entries: &impl Entries, id: &str) -> Error {
    Error::new(
        Code::StoreFailed,
        format!(
            "the {} says that it holds {MOST_ASIDE} unreadable copies of {:?} already",
            entries.describe(),
            printable(id, 100)
        ),
    )
    .with_hint("remove them, or use another store: `hallpass store use`")
}

/// A [`TokenStore`] over [`Entries`].
#[derive(Debug)]
pub struct Store<E>(pub E);

impl<E: Entries> TokenStore for Store<E> {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn probe(&self) -> Result<()> {
        let mut random = [0; 8];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::new(Code::Internal, "the system gives no random bytes"))?;
        let value: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("probe:{value}");
        self.0.set(&id, value.as_bytes())?;
        let read = self.0.get(&id);
        let deleted = self.0.delete(&id);
        match read? {
            Some(read) if read.expose() == value.as_bytes() => deleted,
            _ => Err(Error::new(
                Code::StoreFailed,
                format!(
                    "the {} does not give back what it was given",
                    self.describe()
                ),
            )),
        }
    }

    fn read(&self, key: &EntryKey) -> Result<Option<Secret>> {
        read(&self.0, &key.id())
    }

    fn holds(&self, key: &EntryKey) -> Result<bool> {
        self.0.holds(&key.id())
    }

    fn lock(
        &self,
        key: &EntryKey,
        deadline: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>> {
        let id = key.id();
        let path = self.0.lock_path(&id)?;
        let lock = lock_file::lock(&path, &key.name, deadline, waiting)?;
        Ok(Box::new(Guard {
            entries: &self.0,
            id,
            _lock: lock,
        }))
    }
}

struct Guard<'a, E> {
    entries: &'a E,
    id: String,
    _lock: LockFile,
}

impl<E: Entries> StoreGuard for Guard<'_, E> {
    fn read(&self) -> Result<Option<Secret>> {
        read(self.entries, &self.id)
    }

    fn write(&mut self, value: &Secret) -> Result<()> {
        chunks::write(self.entries, &self.id, value.expose().as_bytes())
    }

    fn delete(&mut self) -> Result<()> {
        chunks::delete(self.entries, &self.id)
    }

    fn keep_aside(&mut self) -> Result<String> {
        self.entries.keep_aside(&self.id)
    }
}

fn read(entries: &impl Entries, id: &str) -> Result<Option<Secret>> {
    let Some(bytes) = chunks::read(entries, id)? else {
        return Ok(None);
    };
    match std::str::from_utf8(bytes.expose()) {
        Ok(text) => Ok(Some(Secret::from(text))),
        Err(_) => Err(unreadable(entries, id, "it is not text")),
    }
}

/// `StoreUnreadable` about one entry.
pub fn unreadable(entries: &impl Entries, id: &str, why: &str) -> Error {
    Error::new(
        Code::StoreUnreadable,
        format!(
            "the {} holds something unreadable under {:?}: {why}",
            entries.describe(),
            printable(id, 100)
        ),
    )
    .with_hint("it was left as it is; a new `hallpass login` sets it aside")
}
