//! Doubles of the token store and of the state files, both told to fail at will.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Listed, StateFiles, StateKind, StoreGuard, TokenStore};
use crate::secret::Secret;

/// What a store or the state files can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Probe,
    Read,
    Lock,
    Write,
    Delete,
    List,
}

/// Failures that wait for their operation, and a log of what was asked.
#[derive(Debug, Default)]
struct Script {
    failures: RefCell<Vec<(Operation, Error)>>,
    log: RefCell<Vec<Operation>>,
}

impl Script {
    fn enter(&self, operation: Operation) -> Result<()> {
        self.log.borrow_mut().push(operation);
        let mut failures = self.failures.borrow_mut();
        match failures.iter().position(|(when, _)| *when == operation) {
            Some(index) => Err(failures.remove(index).1),
            None => Ok(()),
        }
    }

    fn fail(&self, operation: Operation, code: Code) {
        let error = Error::new(code, format!("told to fail at {operation:?}"));
        self.failures.borrow_mut().push((operation, error));
    }
}

type Hook = Box<dyn FnOnce(&FakeStore)>;
type OnWrite = Box<dyn Fn(&FakeStore)>;

/// A store in memory.
#[derive(Default)]
pub struct FakeStore {
    /// What is stored.
    pub entries: RefCell<BTreeMap<EntryKey, Secret>>,
    /// What was kept aside.
    pub aside: RefCell<Vec<(EntryKey, Secret)>>,
    locked: RefCell<BTreeSet<EntryKey>>,
    before_lock: RefCell<Option<Hook>>,
    on_write: RefCell<Option<OnWrite>>,
    script: Script,
}

impl FakeStore {
    /// The next `operation` fails with `code`; call it twice for two failures.
    pub fn fail_next(&self, operation: Operation, code: Code) {
        self.script.fail(operation, code);
    }

    /// Everything that was asked, in order.
    pub fn log(&self) -> Vec<Operation> {
        self.script.log.borrow().clone()
    }

    /// Runs once, just before the next lock is given: what another process did meanwhile.
    pub fn before_lock(&self, hook: impl FnOnce(&FakeStore) + 'static) {
        *self.before_lock.borrow_mut() = Some(Box::new(hook));
    }

    /// Looks on before every write.
    pub fn on_write(&self, look: impl Fn(&FakeStore) + 'static) {
        *self.on_write.borrow_mut() = Some(Box::new(look));
    }

    /// Puts a value in behind everybody's back.
    pub fn put(&self, key: &EntryKey, value: impl Into<Secret>) {
        self.entries.borrow_mut().insert(key.clone(), value.into());
    }

    /// The value, without a trace in the log.
    pub fn peek(&self, key: &EntryKey) -> Option<Secret> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether somebody holds the entry's lock.
    pub fn is_locked(&self, key: &EntryKey) -> bool {
        self.locked.borrow().contains(key)
    }
}

impl TokenStore for FakeStore {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn probe(&self) -> Result<()> {
        self.script.enter(Operation::Probe)
    }

    fn read(&self, key: &EntryKey) -> Result<Option<Secret>> {
        self.script.enter(Operation::Read)?;
        Ok(self.peek(key))
    }

    fn lock(
        &self,
        key: &EntryKey,
        deadline: Duration,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Box<dyn StoreGuard + '_>> {
        self.script.enter(Operation::Lock)?;
        let hook = self.before_lock.borrow_mut().take();
        if let Some(hook) = hook {
            hook(self);
        }
        if !self.locked.borrow_mut().insert(key.clone()) {
            waiting("another process");
            return Err(Error::new(
                Code::LockTimeout,
                format!("{} is still locked after {deadline:?}", key.name),
            ));
        }
        Ok(Box::new(Guard {
            store: self,
            key: key.clone(),
        }))
    }
}

struct Guard<'a> {
    store: &'a FakeStore,
    key: EntryKey,
}

impl StoreGuard for Guard<'_> {
    fn read(&self) -> Result<Option<Secret>> {
        self.store.read(&self.key)
    }

    fn write(&mut self, value: &Secret) -> Result<()> {
        if let Some(look) = &*self.store.on_write.borrow() {
            look(self.store);
        }
        self.store.script.enter(Operation::Write)?;
        self.store.put(&self.key, value.clone());
        Ok(())
    }

    fn delete(&mut self) -> Result<()> {
        self.store.script.enter(Operation::Delete)?;
        self.store.entries.borrow_mut().remove(&self.key);
        Ok(())
    }

    fn keep_aside(&mut self) -> Result<String> {
        self.store.script.enter(Operation::Write)?;
        if let Some(value) = self.store.entries.borrow_mut().remove(&self.key) {
            let mut aside = self.store.aside.borrow_mut();
            aside.push((self.key.clone(), value));
        }
        Ok(format!("{}.aside", self.key.name))
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.store.locked.borrow_mut().remove(&self.key);
    }
}

/// State files in memory.
#[derive(Default)]
pub struct FakeState {
    pub files: RefCell<BTreeMap<(StateKind, String), Vec<u8>>>,
    look: RefCell<Option<Look>>,
    script: Script,
}

type Look = Box<dyn Fn(Operation, StateKind)>;

impl FakeState {
    /// The next `operation` fails with `code`.
    pub fn fail_next(&self, operation: Operation, code: Code) {
        self.script.fail(operation, code);
    }

    /// Looks on whenever a file is written or removed.
    pub fn on_change(&self, look: impl Fn(Operation, StateKind) + 'static) {
        *self.look.borrow_mut() = Some(Box::new(look));
    }

    fn changes(&self, operation: Operation, kind: StateKind) {
        if let Some(look) = &*self.look.borrow() {
            look(operation, kind);
        }
    }
}

impl StateFiles for FakeState {
    fn list(&self, kind: StateKind) -> Result<Vec<Listed>> {
        self.script.enter(Operation::List)?;
        let files = self.files.borrow();
        let of_kind = files.iter().filter(|((of, _), _)| *of == kind);
        Ok(of_kind
            .map(|((_, name), content)| (name.clone(), Ok(content.clone())))
            .collect())
    }

    fn read(&self, kind: StateKind, name: &str) -> Result<Option<Vec<u8>>> {
        self.script.enter(Operation::Read)?;
        Ok(self.files.borrow().get(&(kind, name.to_owned())).cloned())
    }

    fn write(&self, kind: StateKind, name: &str, content: &[u8]) -> Result<()> {
        self.script.enter(Operation::Write)?;
        self.changes(Operation::Write, kind);
        let mut files = self.files.borrow_mut();
        files.insert((kind, name.to_owned()), content.to_vec());
        Ok(())
    }

    fn remove(&self, kind: StateKind, name: &str) -> Result<()> {
        self.script.enter(Operation::Delete)?;
        self.changes(Operation::Delete, kind);
        self.files.borrow_mut().remove(&(kind, name.to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Purpose;

    #[test]
    fn the_lock_is_exclusive_and_ends_with_its_guard() {
        let store = FakeStore::default();
        let key = EntryKey {
            purpose: Purpose::Session,
            name: "a@b".into(),
        };
        let lock = || store.lock(&key, Duration::ZERO, &mut |_| ()).map(drop);
        let guard = store.lock(&key, Duration::ZERO, &mut |_| ()).unwrap();
        assert_eq!(lock().unwrap_err().code(), Code::LockTimeout);
        drop(guard);
        lock().unwrap();
    }

    #[test]
    fn a_told_failure_happens_once() {
        let store = FakeStore::default();
        store.fail_next(Operation::Probe, Code::StoreLocked);
        assert_eq!(store.probe().unwrap_err().code(), Code::StoreLocked);
        store.probe().unwrap();
    }
}
