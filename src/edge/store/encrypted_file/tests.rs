//! The encrypted file store, with a key file and with a passphrase.

use std::rc::Rc;

use super::*;
use crate::edge::store::entries::Store;
use crate::edge::store::suite;
use crate::port::fake::{FakeEnvironment, FakeUi};
use crate::port::{EntryKey, TokenStore};

/// Other tests start programs, and between fork and exec a child shares every lock.
const PATIENT: Duration = Duration::from_secs(20);

fn with_key_file(root: &Path) -> Store<EncryptedFile> {
    let key = KeySource::File(root.join("k/key"));
    Store(EncryptedFile::new(root.join("store"), key))
}

fn with_passphrase(root: &Path, given: Option<&str>, typed: &[&str]) -> Store<EncryptedFile> {
    let environment = FakeEnvironment::default();
    if let Some(given) = given {
        environment.set(crate::edge::store::passphrase::VARIABLE, given);
    }
    let ui = FakeUi::default();
    ui.prompts.set(!typed.is_empty());
    let typed = typed.iter().map(|line| (*line).to_owned());
    ui.answers.borrow_mut().extend(typed);
    let source = Passphrase::new(Box::new(environment), Rc::new(ui), None);
    let source = KeySource::Passphrase(source);
    Store(EncryptedFile::new(root.join("store"), source))
}

fn put(store: &dyn TokenStore, name: &str, value: &str) -> Result<()> {
    let key = EntryKey::session(name);
    let mut guard = store.lock(&key, PATIENT, &mut |_| ())?;
    guard.write(&value.into())
}

fn get(store: &dyn TokenStore, name: &str) -> Result<Option<String>> {
    let value = store.read(&EntryKey::session(name))?;
    Ok(value.map(|value| value.expose().clone()))
}

#[test]
fn passes_the_suite_of_every_store_with_a_key_file() {
    let root = tempfile::tempdir().unwrap();
    suite::run(&with_key_file(root.path()));
}

#[test]
fn passes_the_suite_of_every_store_with_a_passphrase() {
    let root = tempfile::tempdir().unwrap();
    suite::run(&with_passphrase(root.path(), Some("correct horse"), &[]));
}

#[test]
fn the_passphrase_is_asked_for_twice_at_first_and_once_later() {
    let root = tempfile::tempdir().unwrap();
    let first = with_passphrase(root.path(), None, &["horse", "horse"]);
    put(&first, "a@b", "one").unwrap();
    put(&first, "a@c", "two").unwrap();
    let later = with_passphrase(root.path(), None, &["horse"]);
    assert_eq!(get(&later, "a@b").unwrap().as_deref(), Some("one"));
    assert_eq!(get(&later, "a@c").unwrap().as_deref(), Some("two"));
    put(&later, "a@c", "three").unwrap();
}

#[test]
fn a_mistyped_new_passphrase_makes_no_store() {
    let root = tempfile::tempdir().unwrap();
    let store = with_passphrase(root.path(), None, &["horse", "house"]);
    assert_eq!(
        put(&store, "a@b", "x").unwrap_err().code(),
        Code::StoreLocked
    );
    assert_eq!(get(&store, "a@b").unwrap(), None);
}

#[test]
fn locked_is_told_from_damaged() {
    let root = tempfile::tempdir().unwrap();
    put(
        &with_passphrase(root.path(), Some("horse"), &[]),
        "a@b",
        "x",
    )
    .unwrap();

    let wrong = with_passphrase(root.path(), Some("house"), &[]);
    assert_eq!(get(&wrong, "a@b").unwrap_err().code(), Code::StoreLocked);
    assert_eq!(
        put(&wrong, "a@b", "y").unwrap_err().code(),
        Code::StoreLocked
    );
    let nobody = with_passphrase(root.path(), None, &[]);
    let error = get(&nobody, "a@b").unwrap_err();
    assert_eq!(error.code(), Code::StoreLocked);
    assert!(
        error
            .hint()
            .unwrap()
            .contains("HALLPASS_STORE_PASSPHRASE_FILE")
    );

    let right = with_passphrase(root.path(), Some("horse"), &[]);
    assert_eq!(get(&right, "a@b").unwrap().as_deref(), Some("x"));
    let path = right.0.path("session:a@b", "sealed");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    files::write_private(&path, &bytes).unwrap();
    assert_eq!(
        get(&right, "a@b").unwrap_err().code(),
        Code::StoreUnreadable
    );
}

#[test]
fn an_entry_put_in_another_s_place_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let store = with_key_file(root.path());
    put(&store, "bank@me", "bank").unwrap();
    let stolen = std::fs::read(store.0.path("session:bank@me", "sealed")).unwrap();
    let place = store.0.path("session:evil@me", "sealed");
    files::write_private(&place, &stolen).unwrap();
    let error = get(&store, "evil@me").unwrap_err();
    assert_eq!(error.code(), Code::StoreUnreadable);
}

#[test]
fn garbled_content_is_kept_aside_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let store = with_key_file(root.path());
    put(&store, "a@b", "x").unwrap();
    let path = store.0.path("session:a@b", "sealed");
    for round in 1..=2 {
        files::write_private(&path, b"garbled").unwrap();
        assert_eq!(
            get(&store, "a@b").unwrap_err().code(),
            Code::StoreUnreadable
        );
        let key = EntryKey::session("a@b");
        let mut guard = store.lock(&key, PATIENT, &mut |_| ()).unwrap();
        let place = guard.keep_aside().unwrap();
        assert!(place.ends_with(&format!("unreadable-{round}")), "{place}");
        assert_eq!(std::fs::read(place).unwrap(), b"garbled");
        assert!(guard.read().unwrap().is_none());
    }
}

#[test]
fn nothing_in_the_folder_is_readable_or_names_anybody() {
    let root = tempfile::tempdir().unwrap();
    let store = with_key_file(root.path());
    put(&store, "github@ada", "hunter2-secret").unwrap();
    for entry in std::fs::read_dir(root.path().join("store")).unwrap() {
        let path = entry.unwrap().path();
        assert!(!path.to_string_lossy().contains("ada"));
        let content = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(
            !text.contains("hunter2") && !text.contains("ada"),
            "{path:?}"
        );
    }
}

#[test]
fn a_lost_key_file_is_said_and_never_replaced() {
    let root = tempfile::tempdir().unwrap();
    put(&with_key_file(root.path()), "a@b", "x").unwrap();
    std::fs::remove_file(root.path().join("k/key")).unwrap();
    let store = with_key_file(root.path());
    assert_eq!(get(&store, "a@b").unwrap_err().code(), Code::StoreLocked);
    assert_eq!(
        put(&store, "a@b", "y").unwrap_err().code(),
        Code::StoreLocked
    );
    assert!(!root.path().join("k/key").exists());
}

/// Whoever tried one kind of key and kept nothing is not held to it.
#[test]
fn a_store_that_holds_nothing_takes_another_key() {
    let root = tempfile::tempdir().unwrap();
    with_passphrase(root.path(), Some("horse"), &[])
        .probe()
        .unwrap();
    let store = with_key_file(root.path());
    put(&store, "a@b", "x").unwrap();
    assert_eq!(get(&store, "a@b").unwrap().as_deref(), Some("x"));
    let guard = store.lock(&EntryKey::session("a@b"), PATIENT, &mut |_| ());
    guard.unwrap().delete().unwrap();
    // A lost key file of a store that holds nothing is no loss.
    std::fs::remove_file(root.path().join("k/key")).unwrap();
    put(&with_key_file(root.path()), "a@b", "x").unwrap();
    let back = with_passphrase(root.path(), Some("horse"), &[]);
    let guard = store.lock(&EntryKey::session("a@b"), PATIENT, &mut |_| ());
    guard.unwrap().delete().unwrap();
    put(&back, "a@b", "y").unwrap();
    assert_eq!(get(&back, "a@b").unwrap().as_deref(), Some("y"));
}

#[test]
fn a_store_that_holds_something_keeps_its_key_and_says_how_to_move() {
    for (passphrase_first, cure) in [(true, "--key-file"), (false, "store move file --path")] {
        let root = tempfile::tempdir().unwrap();
        let passphrase = with_passphrase(root.path(), Some("horse"), &[]);
        let key_file = with_key_file(root.path());
        let (first, second) = match passphrase_first {
            true => (passphrase, key_file),
            false => (key_file, passphrase),
        };
        put(&first, "a@b", "x").unwrap();
        for error in [
            second.probe().unwrap_err(),
            get(&second, "a@b").unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::StoreLocked, "{error}");
            let hint = error.hint().unwrap();
            assert!(
                hint.contains("hallpass store move file") && hint.contains(cure),
                "{hint}"
            );
        }
        assert_eq!(get(&first, "a@b").unwrap().as_deref(), Some("x"));
    }
}

/// A mistyped passphrase must not become the store's.
#[test]
fn a_wrong_passphrase_does_not_take_over_a_store_that_holds_nothing() {
    let root = tempfile::tempdir().unwrap();
    with_passphrase(root.path(), Some("horse"), &[])
        .probe()
        .unwrap();
    let wrong = with_passphrase(root.path(), Some("house"), &[]);
    assert_eq!(wrong.probe().unwrap_err().code(), Code::StoreLocked);
    with_passphrase(root.path(), Some("horse"), &[])
        .probe()
        .unwrap();
}
