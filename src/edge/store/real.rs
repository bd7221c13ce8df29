//! The keyring and `pass` as they really are: each test starts a private session bus, a
//! gnome-keyring of its own with a new home, and itself once more inside.
//!
//! Skipped, and saying so, where those programs are not installed; `HALLPASS_REQUIRE_REAL=1`
//! makes that a failure.

#![cfg(target_os = "linux")]
// A test that was not run must say so, whatever becomes of its captured output.
#![allow(clippy::print_stderr)]

mod kernel;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::command::{CommandStore, Protocol};
use super::entries::Store;
use super::keyring::Keyring;
use super::suite;
use crate::error::Code;
use crate::port::fake::FakeUi;
use crate::port::{EntryKey, TokenStore};

/// Says which part of the inside is wanted, so that no inner test runs anywhere else.
const INSIDE: &str = "HALLPASS_TEST_INSIDE";
const DAEMON: &str = "HALLPASS_TEST_DAEMON";

fn installed(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            !std::env::split_paths(&path).any(|folder| folder.join(program).exists())
        })
        .collect();
    if missing.is_empty() {
        return true;
    }
    let required = std::env::var_os("HALLPASS_REQUIRE_REAL").is_some_and(|value| value == "1");
    assert!(!required, "not installed: {missing:?}");
    eprintln!("SKIPPED: not installed: {missing:?}");
    false
}

const KEYRING: [&str; 3] = ["dbus-run-session", "gnome-keyring-daemon", "dbus-send"];

/// A bus without any service to start, and one that starts what is installed.
const EMPTY_BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

/// Starts the daemon, unlocked, tells its process id, and ends it afterwards.
const WITH_DAEMON: &str = r#"
    printf testpw | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
    export HALLPASS_TEST_DAEMON="$!"
    trap 'kill -CONT "$HALLPASS_TEST_DAEMON"; kill "$HALLPASS_TEST_DAEMON"' EXIT
    tries=0
    # Asking the bus starts nothing; asking the name before it is there would start another daemon.
    until dbus-send --print-reply --dest=org.freedesktop.DBus / \
            org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets >/dev/null 2>&1 &&
        dbus-send --print-reply=literal --dest=org.freedesktop.secrets \
            /org/freedesktop/secrets/collection/login org.freedesktop.DBus.Properties.Get \
            string:org.freedesktop.Secret.Collection string:Locked 2>/dev/null | grep -q false
    do
        tries=$((tries + 1))
        if [ "$tries" = 400 ]; then echo "no unlocked gnome-keyring on the bus" >&2; exit 1; fi
        sleep 0.05
    done
"#;

const LOCK: &str = r#"
    dbus-send --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
        org.freedesktop.Secret.Service.Lock \
        array:objpath:/org/freedesktop/secrets/collection/login >/dev/null
"#;

/// Runs the inner test `name` on a bus of its own, after the shell lines `before`.
fn inside(name: &str, before: &str, bus: Option<&str>) {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    std::fs::create_dir(&run).unwrap();
    std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("dbus-run-session");
    if let Some(bus) = bus {
        let config = home.path().join("bus.conf");
        std::fs::write(&config, bus).unwrap();
        command.arg(format!("--config-file={}", config.display()));
    }
    let program = std::env::current_exe().unwrap();
    let script = format!("{before}\n\"$0\" --exact \"$1\" --ignored --nocapture");
    command.args(["--", "sh", "-c", &script]).arg(program);
    command.arg(format!("edge::store::real::{name}"));
    report(in_home(command, home.path(), name).output().unwrap());
}

/// Only what is needed, so that nothing of the machine's own keyring is met.
fn in_home(mut command: Command, home: &Path, name: &str) -> Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env(INSIDE, name);
    command
}

fn report(output: Output) {
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let passed = output.status.success() && text.contains("1 passed");
    assert!(passed, "{}\n{text}", output.status);
}

/// Whether this is the inner run of `name`.
fn is_inside(name: &str) -> bool {
    std::env::var_os(INSIDE).is_some_and(|wanted| wanted == name)
}

fn keyring() -> Store<Keyring> {
    Store(Keyring::new(Rc::new(FakeUi::default())))
}

/// The code that a probe fails with, and that it does so in time (must 72, S5).
fn probe_fails_with(code: Code) {
    let begin = Instant::now();
    let error = keyring().probe().unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    let waited = begin.elapsed();
    // Three seconds, and as long again for a machine that does other things too.
    assert!(waited < Duration::from_secs(6), "{waited:?}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
}

#[test]
fn the_os_keyring_passes_the_suite_of_every_store() {
    if installed(&KEYRING) {
        inside("unlocked", WITH_DAEMON, None);
    }
}

#[test]
#[ignore = "the inner half of the_os_keyring_passes_the_suite_of_every_store"]
fn unlocked() {
    if is_inside("unlocked") {
        suite::run(&keyring());
    }
}

#[test]
fn a_locked_keyring_is_locked() {
    if installed(&KEYRING) {
        inside("locked", &format!("{WITH_DAEMON}{LOCK}"), None);
    }
}

#[test]
#[ignore = "the inner half of a_locked_keyring_is_locked"]
fn locked() {
    if is_inside("locked") {
        probe_fails_with(Code::StoreLocked);
    }
}

#[test]
fn an_entry_of_a_locked_keyring_is_locked_not_absent() {
    if installed(&KEYRING) {
        inside("locked_entry", WITH_DAEMON, None);
    }
}

#[test]
#[ignore = "the inner half of an_entry_of_a_locked_keyring_is_locked_not_absent"]
fn locked_entry() {
    if !is_inside("locked_entry") {
        return;
    }
    let (store, key) = (keyring(), EntryKey::session("work@ada"));
    let mut guard = store
        .lock(&key, Duration::from_secs(20), &mut |_| ())
        .unwrap();
    guard.write(&"value".into()).unwrap();
    assert!(
        Command::new("sh")
            .args(["-c", LOCK])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(store.read(&key).unwrap_err().code(), Code::StoreLocked);
    assert_eq!(
        guard.write(&"new".into()).unwrap_err().code(),
        Code::StoreLocked
    );
    assert_eq!(guard.delete().unwrap_err().code(), Code::StoreLocked);
}

#[test]
fn a_bus_without_a_keyring_is_absent() {
    if installed(&KEYRING) {
        inside("absent", "", Some(EMPTY_BUS));
    }
}

#[test]
#[ignore = "the inner half of a_bus_without_a_keyring_is_absent"]
fn absent() {
    if is_inside("absent") {
        probe_fails_with(Code::StoreAbsent);
    }
}

#[test]
fn no_bus_at_all_is_absent() {
    if installed(&KEYRING) {
        inside("absent", "unset DBUS_SESSION_BUS_ADDRESS", None);
    }
}

#[test]
fn a_keyring_that_was_never_set_up_is_not_an_empty_one() {
    if installed(&KEYRING) {
        inside("never_set_up", "", None);
    }
}

#[test]
#[ignore = "the inner half of a_keyring_that_was_never_set_up_is_not_an_empty_one"]
fn never_set_up() {
    if is_inside("never_set_up") {
        let error = keyring().probe().unwrap_err();
        let codes = [Code::StoreAbsent, Code::StoreLocked];
        assert!(codes.contains(&error.code()), "{error}");
    }
}

#[test]
fn a_stopped_keyring_hangs() {
    if installed(&KEYRING) {
        let stop = "kill -STOP \"$HALLPASS_TEST_DAEMON\"";
        inside("hung", &format!("{WITH_DAEMON}{stop}"), None);
    }
}

#[test]
#[ignore = "the inner half of a_stopped_keyring_hangs"]
fn hung() {
    if is_inside("hung") {
        assert!(std::env::var_os(DAEMON).is_some());
        probe_fails_with(Code::StoreHung);
    }
}

#[test]
fn a_stopped_bus_hangs_no_longer_than_our_deadline() {
    if installed(&KEYRING) {
        let stop = "kill -STOP \"$DBUS_SESSION_BUS_PID\"";
        // dbus-run-session does not tell its bus's process id; the bus itself does.
        let find = r#"
            bus=$(dbus-send --print-reply=literal --dest=org.freedesktop.DBus / \
                org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.DBus)
            DBUS_SESSION_BUS_PID="${bus##* }"
            trap 'kill -CONT "$DBUS_SESSION_BUS_PID"' EXIT
        "#;
        inside("stopped_bus", &format!("{find}{stop}"), None);
    }
}

#[test]
#[ignore = "the inner half of a_stopped_bus_hangs_no_longer_than_our_deadline"]
fn stopped_bus() {
    if is_inside("stopped_bus") {
        probe_fails_with(Code::StoreHung);
    }
}

#[test]
fn a_keyring_whose_disk_is_full_is_full_and_keeps_the_old_value() {
    if installed(&KEYRING) {
        // A file may not grow beyond 8 KiB, and saying so does not kill the daemon.
        let limit = "trap '' XFSZ; ulimit -f 16\n";
        inside("full", &format!("{limit}{WITH_DAEMON}"), None);
    }
}

#[test]
#[ignore = "the inner half of a_keyring_whose_disk_is_full_is_full_and_keeps_the_old_value"]
fn full() {
    if !is_inside("full") {
        return;
    }
    let (store, key) = (keyring(), EntryKey::session("work@ada"));
    let mut guard = store
        .lock(&key, Duration::from_secs(20), &mut |_| ())
        .unwrap();
    guard.write(&"old".into()).unwrap();
    let large = "x".repeat(65_536);
    let error = guard.write(&large.as_str().into()).unwrap_err();
    assert_eq!(error.code(), Code::StoreFull, "{error}");
    assert_eq!(guard.read().unwrap().unwrap().expose(), "old");
}

#[test]
fn twenty_writers_at_once_leave_one_entry() {
    if installed(&KEYRING) {
        inside("writers", WITH_DAEMON, None);
    }
}

#[test]
#[ignore = "the inner half of twenty_writers_at_once_leave_one_entry"]
fn writers() {
    if !is_inside("writers") {
        return;
    }
    let key = EntryKey::session("work@ada");
    std::thread::scope(|scope| {
        for number in 0..20 {
            let key = &key;
            scope.spawn(move || {
                let store = keyring();
                let deadline = Duration::from_secs(60);
                let mut guard = store.lock(key, deadline, &mut |_| ()).unwrap();
                let count: usize = match guard.read().unwrap() {
                    Some(value) => value.expose().parse().unwrap(),
                    None => 0,
                };
                guard.write(&(count + 1).to_string().into()).unwrap();
                drop(guard);
                number
            });
        }
    });
    assert_eq!(keyring().read(&key).unwrap().unwrap().expose(), "20");
}

#[test]
fn pass_passes_the_suite_of_every_store() {
    if !installed(&["pass", "gpg"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let set_up = r#"
        export GNUPGHOME="$HOME/gnupg"
        mkdir -m 700 "$GNUPGHOME"
        gpg --batch --pinentry-mode loopback --passphrase '' \
            --quick-gen-key 'test <test@example.com>' default default never
        pass init test@example.com
        trap 'gpgconf --kill all' EXIT
        "$0" --exact edge::store::real::pass --ignored --nocapture
    "#;
    let mut command = Command::new("sh");
    command.args(["-c", set_up]);
    command.arg(std::env::current_exe().unwrap());
    report(in_home(command, home.path(), "pass").output().unwrap());
}

#[test]
#[ignore = "the inner half of pass_passes_the_suite_of_every_store"]
fn pass() {
    if is_inside("pass") {
        let ui = Rc::new(FakeUi::default());
        suite::run(&Store(CommandStore::new(
            vec!["pass".to_owned()],
            Protocol::Pass,
            ui,
        )));
    }
}
