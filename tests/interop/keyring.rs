//! Tokens in a real gnome-keyring on a private bus: kept there and nowhere else, and its five
//! states told apart.

use crate::support::keyring::Keyring;
use crate::support::{Authority, Sandbox};

/// A fresh machine whose keyring this is.
pub fn sandbox(keyring: &Keyring) -> Sandbox {
    Sandbox::bare()
        .browser(crate::support::browser::Plan::Allow)
        .env("DBUS_SESSION_BUS_ADDRESS", keyring.address())
}

#[test]
fn a_session_lives_in_the_keyring_and_in_no_file() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let token = sandbox.hallpass("token demo").ok();
    let token = token.data().as_bytes();
    assert!(token.starts_with(b"demo_at_"));
    for (path, content) in sandbox.left_behind() {
        let found = content.windows(token.len()).any(|window| window == token);
        assert!(!found, "the token is in {}", path.display());
        let refresh = content.windows(8).any(|window| window == b"demo_rt_");
        assert!(!refresh, "a refresh token is in {}", path.display());
    }
    sandbox.hallpass("logout demo").ok();
    sandbox.hallpass("token demo").fails(4);
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 0);
}

#[test]
fn a_locked_keyring_is_told_and_no_browser_opens() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let opened = sandbox.opened().len();
    keyring.lock();
    sandbox.hallpass("token demo").fails(7).says("locked");
    sandbox.hallpass("login demo").fails(7).says("locked");
    assert_eq!(sandbox.opened().len(), opened);
}

#[test]
fn an_absent_keyring_is_told_and_no_browser_opens() {
    let authority = Authority::honest();
    let sandbox = Sandbox::bare()
        .browser(crate::support::browser::Plan::Allow)
        .service("demo", &authority.service());
    sandbox.hallpass("login demo").fails(7).says("keyring");
    assert!(sandbox.opened().is_empty());
}

#[test]
fn a_hung_keyring_is_told_within_seconds() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let daemon = rustix::process::Pid::from_raw(keyring.daemon() as i32).expect("a pid");
    rustix::process::kill_process(daemon, rustix::process::Signal::STOP).expect("stopped");
    let ended = sandbox.hallpass("token demo").fails(7);
    assert!(ended.took.as_secs() < 10, "{ended:#?}");
    rustix::process::kill_process(daemon, rustix::process::Signal::CONT).expect("continued");
    sandbox.hallpass("token demo").ok();
}
