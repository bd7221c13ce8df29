//! Carrying everything over from one store to another: copied, verified, switched, and only then
//! removed from the old one.

use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Interrupts, StoreGuard, TokenStore};
use crate::secret::Secret;

/// How long to wait for whoever is using an entry.
const LOCK_DEADLINE: Duration = Duration::from_secs(60);

/// What became of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Entries that are in the new store now.
    pub carried: Vec<EntryKey>,
    /// Entries whose old copy could not be removed, and why.
    pub left_behind: Vec<(EntryKey, String)>,
}

/// An entry of the old store, locked so that nobody renews it there meanwhile.
struct Held<'a> {
    key: EntryKey,
    guard: Box<dyn StoreGuard + 'a>,
    value: Secret,
}

/// Moves `keys`; those that the old store does not hold are left out. `switch` makes the new
/// store the one in use; when anything before it or itself fails, the old store is as it was.
pub fn carry_over(
    from: &dyn TokenStore,
    to: &dyn TokenStore,
    keys: &[EntryKey],
    waiting: &mut dyn FnMut(&str),
    interrupts: &dyn Interrupts,
    switch: &mut dyn FnMut() -> Result<()>,
) -> Result<Moved> {
    to.probe()?;
    let held = take_all(from, keys, waiting)?;
    // All or nothing from here on: a copy left behind would be spent one day by whoever goes back
    // to that store.
    let _held_back = interrupts.hold();
    let mut written = Vec::new();
    let copied = held
        .iter()
        .try_for_each(|one| copy(to, one, waiting, &mut written))
        .and_then(|()| switch());
    if let Err(error) = copied {
        for key in &written {
            // The old store still is the one in use; a copy in the new one only confuses. What
            // else is there is not ours to remove.
            let _ = lock(to, key, waiting).and_then(|mut guard| guard.delete());
        }
        return Err(error);
    }
    let mut moved = Moved::default();
    for one in held {
        let key = one.key.clone();
        if let Err(error) = remove_unchanged(one) {
            moved.left_behind.push((key.clone(), error.to_string()));
        }
        moved.carried.push(key);
    }
    Ok(moved)
}

/// Locks and reads what there is.
fn take_all<'a>(
    from: &'a dyn TokenStore,
    keys: &[EntryKey],
    waiting: &mut dyn FnMut(&str),
) -> Result<Vec<Held<'a>>> {
    let mut held = Vec::new();
    for key in keys {
        if from.read(key)?.is_none() {
            continue;
        }
        let guard = lock(from, key, waiting)?;
        if let Some(value) = guard.read()? {
            held.push(Held {
                key: key.clone(),
                guard,
                value,
            });
        }
    }
    Ok(held)
}

/// Writes one entry and reads it back; `written` tells what is ours in the new store.
fn copy(
    to: &dyn TokenStore,
    one: &Held<'_>,
    waiting: &mut dyn FnMut(&str),
    written: &mut Vec<EntryKey>,
) -> Result<()> {
    let mut guard = lock(to, &one.key, waiting)?;
    match guard.read() {
        Ok(None) => {}
        Ok(Some(there)) if there == one.value => return Ok(()),
        // From an earlier time in that store; it is not ours to lose.
        Ok(Some(_)) => drop(guard.keep_aside()?),
        Err(error) if error.code() == Code::StoreUnreadable => drop(guard.keep_aside()?),
        Err(error) => return Err(error),
    }
    written.push(one.key.clone());
    guard.write(&one.value)?;
    match guard.read()? {
        Some(written) if written == one.value => Ok(()),
        _ => Err(Error::new(
            Code::StoreFailed,
            format!(
                "{} came back changed from the {}; nothing was moved",
                one.key.name,
                to.describe()
            ),
        )),
    }
}

fn remove_unchanged(one: Held<'_>) -> Result<()> {
    let mut guard = one.guard;
    if guard.read()?.as_ref() != Some(&one.value) {
        return Err(Error::new(
            Code::StoreFailed,
            "another program changed it meanwhile",
        ));
    }
    guard.delete()
}

fn lock<'a>(
    store: &'a dyn TokenStore,
    key: &EntryKey,
    waiting: &mut dyn FnMut(&str),
) -> Result<Box<dyn StoreGuard + 'a>> {
    store.lock(key, LOCK_DEADLINE, waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::{FakeInterrupts, FakeStore, Operation};

    fn keys() -> Vec<EntryKey> {
        (0..50)
            .map(|number| EntryKey::session(format!("s{number}@ada")))
            .collect()
    }

    fn full() -> FakeStore {
        let store = FakeStore::default();
        for key in keys() {
            store.put(&key, key.name.as_str());
        }
        store
    }

    fn run(
        from: &FakeStore,
        to: &FakeStore,
        switch: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Moved> {
        let interrupts = FakeInterrupts::default();
        carry_over(from, to, &keys(), &mut |_| (), &interrupts, switch)
    }

    #[test]
    fn fifty_sessions_move_and_none_stays() {
        let (from, to) = (full(), FakeStore::default());
        let before = from.entries.borrow().clone();
        let moved = run(&from, &to, &mut || Ok(())).unwrap();
        assert_eq!(moved.carried.len(), 50);
        assert!(moved.left_behind.is_empty());
        assert_eq!(*to.entries.borrow(), before);
        assert!(from.entries.borrow().is_empty());
    }

    #[test]
    fn the_old_copies_are_there_and_locked_until_the_switch_is_made() {
        let (from, to) = (full(), FakeStore::default());
        run(&from, &to, &mut || {
            assert_eq!(from.entries.borrow().len(), 50);
            assert_eq!(to.entries.borrow().len(), 50);
            assert!(keys().iter().all(|key| from.is_locked(key)));
            Ok(())
        })
        .unwrap();
        assert!(!keys().iter().any(|key| from.is_locked(key)));
    }

    #[test]
    fn whatever_fails_before_the_switch_leaves_the_old_store_as_it_was() {
        let before = full().entries.borrow().clone();
        let failures = [
            (Operation::Probe, Code::StoreAbsent),
            (Operation::Write, Code::StoreFull),
            (Operation::Lock, Code::LockTimeout),
            (Operation::Read, Code::StoreLocked),
        ];
        for (operation, code) in failures {
            let (from, to) = (full(), FakeStore::default());
            to.fail_next(operation, code);
            let error = run(&from, &to, &mut || panic!("switched")).unwrap_err();
            assert_eq!(error.code(), code);
            assert_eq!(*from.entries.borrow(), before, "{operation:?}");
            assert!(to.entries.borrow().is_empty(), "{operation:?}");
        }
        let (from, to) = (full(), FakeStore::default());
        let failed = || Err(Error::new(Code::ConfigInvalid, "read-only"));
        run(&from, &to, &mut { failed }).unwrap_err();
        assert_eq!(*from.entries.borrow(), before);
        assert!(to.entries.borrow().is_empty());
    }

    #[test]
    fn what_changed_meanwhile_and_what_cannot_be_removed_stays_and_is_told() {
        let (from, to) = (full(), FakeStore::default());
        let moved = run(&from, &to, &mut || {
            from.put(&keys()[0], "changed by a program that ignores locks");
            from.fail_next(Operation::Delete, Code::StoreFailed);
            Ok(())
        })
        .unwrap();
        assert_eq!(moved.carried.len(), 50);
        assert_eq!(moved.left_behind.len(), 2);
        assert_eq!(from.entries.borrow().len(), 2);
        assert_eq!(to.entries.borrow().len(), 50);
    }

    #[test]
    fn a_move_that_fails_in_the_middle_removes_only_what_it_brought() {
        let before = full().entries.borrow().clone();
        for failing in 0..3 {
            let (from, to) = (full(), FakeStore::default());
            // From an earlier time in that store: one equal, one not, the latter not reached.
            let keys = keys();
            to.put(&keys[0], keys[0].name.as_str());
            to.put(&keys[40], "from last year");
            let earlier = to.entries.borrow().clone();
            let switch = &mut || panic!("switched");
            let count = std::cell::Cell::new(0);
            let mut waiting = |_: &str| ();
            to.on_write(move |store| {
                count.set(count.get() + 1);
                if count.get() == 10 + failing {
                    store.fail_next(Operation::Write, Code::StoreFull);
                }
            });
            let interrupts = FakeInterrupts::default();
            let moved = carry_over(&from, &to, &keys, &mut waiting, &interrupts, switch);
            assert_eq!(moved.unwrap_err().code(), Code::StoreFull);
            assert_eq!(*from.entries.borrow(), before);
            assert_eq!(*to.entries.borrow(), earlier);
            assert!(to.aside.borrow().is_empty());
        }
    }

    #[test]
    fn from_the_first_copy_to_the_last_removal_signals_wait() {
        let (from, to) = (full(), FakeStore::default());
        let interrupts = FakeInterrupts::default();
        let inside = interrupts.clone();
        to.on_write(move |_| assert_eq!(inside.guards(), 1));
        let mut switch = || {
            assert_eq!(interrupts.guards(), 1);
            Ok(())
        };
        carry_over(&from, &to, &keys(), &mut |_| (), &interrupts, &mut switch).unwrap();
        assert_eq!(interrupts.guards(), 0);
    }

    #[test]
    fn something_else_in_the_new_store_is_set_aside() {
        let (from, to) = (full(), FakeStore::default());
        to.put(&keys()[0], "from last year");
        run(&from, &to, &mut || Ok(())).unwrap();
        assert_eq!(to.peek(&keys()[0]).unwrap().expose(), "s0@ada");
        assert_eq!(to.aside.borrow().len(), 1);
    }
}
