//! The Linux kernel's keyring, where an unlocked key may rest.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use super::{in_home, installed, is_inside, report};
use crate::edge::store::encrypted_file::{EncryptedFile, KeySource};
use crate::edge::store::entries::Store;
use crate::edge::store::passphrase::Passphrase;
use crate::error::Code;
use crate::port::fake::{FakeEnvironment, FakeUi};
use crate::port::{EntryKey, TokenStore, UserInterface};

/// A store in the folder of the inner test, whose person types `typed`.
fn sealed_with(typed: &[&str]) -> Store<EncryptedFile> {
    let ui = FakeUi::default();
    ui.prompts.set(!typed.is_empty());
    let typed = typed.iter().map(|line| (*line).to_owned());
    ui.answers.borrow_mut().extend(typed);
    let environment = Box::new(FakeEnvironment::default());
    let source = Passphrase::new(environment, Rc::new(ui), Some(600));
    let folder = std::env::var_os("HOME").unwrap();
    let folder = Path::new(&folder).join("store");
    Store(EncryptedFile::new(folder, KeySource::Passphrase(source)))
}

#[test]
fn an_unlocked_key_rests_in_the_kernel_for_whoever_joined_the_session() {
    if !installed(&["keyctl"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("keyctl");
    command.args(["session", "-"]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "edge::store::real::kernel::resting", "--ignored"]);
    report(in_home(command, home.path(), "resting").output().unwrap());
}

#[test]
#[ignore = "the inner half of an_unlocked_key_rests_in_the_kernel_for_whoever_joined_the_session"]
fn resting() {
    if !is_inside("resting") {
        return;
    }
    let key = EntryKey::session("work@ada");
    let write = |store: &Store<EncryptedFile>, value: &str| {
        let mut guard = store.lock(&key, Duration::from_secs(20), &mut |_| ())?;
        guard.write(&value.into())
    };
    write(&sealed_with(&["horse", "horse"]), "one").unwrap();
    // Nobody is there, and nobody is needed.
    let nobody = sealed_with(&[]);
    assert_eq!(nobody.read(&key).unwrap().unwrap().expose(), "one");
    write(&nobody, "two").unwrap();
    let purge = Command::new("keyctl").args(["clear", "@s"]).status();
    assert!(purge.unwrap().success());
    let error = sealed_with(&[]).read(&key).unwrap_err();
    assert_eq!(error.code(), Code::StoreLocked);
    // A wrong passphrase leaves nothing behind.
    let error = sealed_with(&["house"]).read(&key).unwrap_err();
    assert_eq!(error.code(), Code::StoreLocked);
    let right = sealed_with(&["horse"]);
    assert_eq!(right.read(&key).unwrap().unwrap().expose(), "two");
}

#[test]
fn without_a_session_keyring_it_says_so_and_asks() {
    if crate::edge::store::resting_key::is_possible() {
        // The test itself runs in a session: then there is nothing to see here.
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let ui = Rc::new(FakeUi::default());
    ui.answer(["horse", "horse"]);
    let environment = Box::new(FakeEnvironment::default());
    let person: Rc<dyn UserInterface> = Rc::clone(&ui) as _;
    let source = Passphrase::new(environment, person, Some(600));
    let folder = root.path().join("store");
    let store = Store(EncryptedFile::new(folder, KeySource::Passphrase(source)));
    store.probe().unwrap();
    let notices = ui.notices.borrow();
    assert!(notices[0].contains("no session keyring"), "{notices:?}");
}
