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
fn a_session_in_the_keyring_is_found_again_from_another_store() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let authority = Authority::honest();
    let sandbox = sandbox(&keyring).service("demo", &authority.service());
    let shown = sandbox.hallpass("store show").ok();
    assert!(!shown.out().contains("state"), "{shown:#?}");
    sandbox.hallpass("login demo").ok();
    let token = sandbox.hallpass("token demo").ok();
    let key = sandbox.path("key");
    let line = format!(
        "store use file --key-file {}",
        key.to_str().expect("Unicode")
    );
    let _ = sandbox
        .hallpass(&line)
        .ok()
        .says("`hallpass store use keyring`");
    let status = sandbox.hallpass("status demo").code(4);
    let _ = status
        .says("OS keyring")
        .says("`hallpass store use keyring`");
    sandbox.hallpass("store use keyring").ok();
    sandbox.hallpass("status demo").ok();
    assert_eq!(sandbox.hallpass("token demo").ok().data(), token.data());
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

/// gnome-keyring ends when a connection's first message is one that needs the record it makes of
/// that connection a moment later (see `edge/store/secret_service.rs`).
#[test]
fn a_run_has_one_connection_and_its_first_message_needs_no_record_of_it() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let (authority, sandbox) = at_expiry(&keyring);
    let watch = keyring.watch();
    sandbox.hallpass("token demo").ok();
    assert_eq!(authority.token_requests("refresh_token"), 1);
    let calls = watch.calls();
    let (first, rest) = calls.split_first().expect("the keyring was asked");
    assert_eq!(first.member, "ReadAlias", "{calls:#?}");
    let others: Vec<_> = rest.iter().filter(|c| c.sender != first.sender).collect();
    assert!(others.is_empty(), "{others:#?}");
    for member in ["OpenSession", "GetSecret", "SetSecret"] {
        assert!(rest.iter().any(|c| c.member == member), "{calls:#?}");
    }
}

/// Signed in on the keyring, with a token that is stale from the start.
fn at_expiry(keyring: &Keyring) -> (Authority, Sandbox) {
    let authority = Authority::honest();
    authority.provider(|p| p.options.access_token_lifetime = 0);
    let sandbox = sandbox(keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.provider(|p| p.options.access_token_lifetime = 3600);
    authority.clear_log();
    (authority, sandbox)
}

/// must 63, S1.
#[test]
fn many_processes_at_expiry_make_one_refresh_on_the_keyring() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let (authority, sandbox) = at_expiry(&keyring);
    let running: Vec<_> = (0..32).map(|_| sandbox.start(&["token", "demo"])).collect();
    let tokens: Vec<_> = running
        .into_iter()
        .map(|run| run.finish().ok().data().to_owned())
        .collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(authority.token_requests("refresh_token"), 1);
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 1);
}

/// The lock is the credential's: other folders of configuration and state meet the same one.
#[test]
fn two_configurations_with_one_keyring_make_one_refresh() {
    let Some(keyring) = Keyring::start() else {
        return;
    };
    let (authority, sandbox) = at_expiry(&keyring);
    let other = self::sandbox(&keyring).service("demo", &authority.service());
    other.write("state/default-account/demo.state", "ada@example.com");
    let running: Vec<_> = (0..16)
        .flat_map(|_| [&sandbox, &other])
        .map(|one| one.start(&["token", "demo"]))
        .collect();
    for run in running {
        run.finish().ok();
    }
    assert_eq!(authority.token_requests("refresh_token"), 1);
}

/// must 66, 72: locked or hung in mid-refresh, after the server rotated.
#[test]
fn a_keyring_that_goes_away_in_mid_refresh_loses_nothing() {
    use std::sync::Arc;
    for hang in [false, true] {
        let Some(keyring) = Keyring::start() else {
            return;
        };
        let keyring = Arc::new(keyring);
        let (authority, sandbox) = at_expiry(&keyring);
        let daemon = rustix::process::Pid::from_raw(keyring.daemon() as i32).expect("a pid");
        let theirs = Arc::clone(&keyring);
        authority.script("/token", move |_, honest| {
            match hang {
                false => theirs.lock(),
                true => rustix::process::kill_process(daemon, rustix::process::Signal::STOP)
                    .expect("stopped"),
            }
            crate::support::server::Answer::Whole(honest())
        });
        let ended = sandbox.hallpass("token demo").ok();
        let ended = ended.says("could not be stored").says("next run");
        let token = ended.data().to_owned();
        if !hang {
            // Nobody can unlock it without a display; that nothing is lost is shown by the other.
            continue;
        }
        rustix::process::kill_process(daemon, rustix::process::Signal::CONT).expect("continued");
        let after = sandbox.hallpass("token demo").ok();
        assert_eq!(after.data(), token);
        assert_eq!(authority.token_requests("refresh_token"), 1);
    }
}
