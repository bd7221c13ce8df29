//! The one set of tests that every store passes.

use std::time::Duration;

use crate::error::Code;
use crate::port::{EntryKey, Purpose, StoreGuard, TokenStore};
use crate::secret::Secret;

/// All of it, on a store that may hold other things already.
pub fn run(store: &dyn TokenStore) {
    assert!(!store.describe().is_empty());
    store.probe().unwrap();
    a_value_comes_back_and_goes(store);
    purposes_and_names_are_kept_apart(store);
    values_of_every_kind_and_size(store);
    the_lock_is_exclusive_for_one_entry(store);
    an_unreadable_entry_is_set_aside(store);
}

fn key(name: &str) -> EntryKey {
    // Several suites may run on one keyring at once.
    EntryKey::session(format!("suite-{}-{name}", std::process::id()))
}

fn guard<'a>(store: &'a dyn TokenStore, key: &EntryKey) -> Box<dyn StoreGuard + 'a> {
    store
        .lock(key, Duration::from_secs(20), &mut |_| ())
        .unwrap()
}

fn put(store: &dyn TokenStore, key: &EntryKey, value: &str) {
    guard(store, key).write(&Secret::from(value)).unwrap();
}

fn get(store: &dyn TokenStore, key: &EntryKey) -> Option<String> {
    store.read(key).unwrap().map(|value| value.expose().clone())
}

fn a_value_comes_back_and_goes(store: &dyn TokenStore) {
    let key = key("one");
    assert_eq!(get(store, &key), None);
    put(store, &key, "first");
    assert_eq!(get(store, &key).as_deref(), Some("first"));
    let mut guard = guard(store, &key);
    assert_eq!(guard.read().unwrap().unwrap().expose(), "first");
    guard.write(&Secret::from("second")).unwrap();
    assert_eq!(guard.read().unwrap().unwrap().expose(), "second");
    guard.delete().unwrap();
    assert!(guard.read().unwrap().is_none());
    guard.delete().unwrap();
    drop(guard);
    assert_eq!(get(store, &key), None);
}

fn purposes_and_names_are_kept_apart(store: &dyn TokenStore) {
    let session = key("work@ada");
    let others = [
        EntryKey {
            purpose: Purpose::ClientSecret,
            ..session.clone()
        },
        key("work@Ada"),
        key("work@ada/../ada"),
        key("work"),
        key("work@ada\u{e9} und Söhne"),
    ];
    put(store, &session, "mine");
    for other in &others {
        assert_eq!(get(store, other), None, "{other:?}");
        put(store, other, &other.name);
    }
    assert_eq!(get(store, &session).as_deref(), Some("mine"));
    for other in &others {
        assert_eq!(get(store, other).as_ref(), Some(&other.name));
        guard(store, other).delete().unwrap();
    }
    guard(store, &session).delete().unwrap();
}

fn values_of_every_kind_and_size(store: &dyn TokenStore) {
    let key = key("sizes");
    let large: String = ('!'..='~').cycle().take(65_536).collect();
    let values = [
        "x",
        "two\nlines\n",
        "\u{1f511} \"quoted\" \\",
        &large,
        "small again",
    ];
    for value in values {
        put(store, &key, value);
        assert_eq!(get(store, &key).as_deref(), Some(value));
    }
    guard(store, &key).delete().unwrap();
    assert_eq!(get(store, &key), None);
}

fn the_lock_is_exclusive_for_one_entry(store: &dyn TokenStore) {
    let (one, other) = (key("lock"), key("other lock"));
    let held = guard(store, &one);
    let again = store.lock(&one, Duration::ZERO, &mut |_| ());
    assert_eq!(again.err().unwrap().code(), Code::LockTimeout);
    drop(guard(store, &other));
    drop(held);
    drop(guard(store, &one));
}

fn an_unreadable_entry_is_set_aside(store: &dyn TokenStore) {
    let key = key("garbled");
    put(store, &key, "{\"version\": 99");
    let mut guard = guard(store, &key);
    let place = guard.keep_aside().unwrap();
    assert!(!place.is_empty());
    assert!(guard.read().unwrap().is_none());
    guard.write(&Secret::from("new")).unwrap();
    guard.delete().unwrap();
}
