//! `status`: facts without unlocking anything, and with `--check` what each server says.

use serde_json::Value;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.clear_log();
    (authority, sandbox)
}

/// The sessions in a result, with what was said of each.
fn results(machine: &Value) -> Vec<(String, String)> {
    let sessions = machine.as_array().expect("a list");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    sessions
        .iter()
        .map(|one| (text(&one["service"]), text(&one["check"]["result"])))
        .collect()
}

#[test]
fn a_living_session_is_proven_by_userinfo_and_nothing_is_spent() {
    let (authority, sandbox) = signed_in();
    let all = sandbox.hallpass("status --check").ok();
    assert!(all.out().contains("ok (userinfo)"), "{all:#?}");
    let one = sandbox.hallpass("status demo --check --format json").ok();
    assert_eq!(one.json()["check"]["result"], "ok");
    assert_eq!(one.json()["check"]["by"], "userinfo");
    assert!(authority.requests("/token").is_empty());
    assert!(!authority.requests("/userinfo").is_empty());
}

#[test]
fn introspection_proves_it_where_there_is_no_userinfo() {
    let (authority, sandbox) = signed_in();
    authority.metadata(|document| document["userinfo_endpoint"] = Value::Null);
    std::fs::remove_dir_all(sandbox.path("cache")).expect("the cache goes");
    let all = sandbox.hallpass("status --check").ok();
    assert!(all.out().contains("ok (introspection)"), "{all:#?}");
    assert!(authority.requests("/token").is_empty());
}

#[test]
fn a_session_that_its_server_dropped_is_refused_and_the_exit_code_says_so() {
    let (authority, sandbox) = signed_in();
    // The stored tokens look good, and neither is.
    authority.always("/userinfo", Answer::new(401, "text/plain", ""));
    authority.always(
        "/token",
        Answer::new(400, "application/json", "{\"error\":\"invalid_grant\"}"),
    );
    authority.always(
        "/introspect",
        Answer::new(200, "application/json", "{\"active\":false}"),
    );
    sandbox.hallpass("status").ok();
    let ended = sandbox.hallpass("status --check").code(4);
    assert!(ended.out().contains("refused: "), "{ended:#?}");
    let _ = ended.says("hint: hallpass login demo@");
    // Now it is known without asking.
    let ended = sandbox.hallpass("token demo --refresh").fails(4);
    let _ = ended.says("no refresh token");
}

#[test]
fn a_token_that_was_dropped_early_is_renewed_once_and_works() {
    let (authority, sandbox) = signed_in();
    authority.provider(|p| {
        p.forget_access_tokens();
        p.options.access_token_lifetime = 7200;
    });
    let all = sandbox.hallpass("status --check").ok();
    assert!(all.out().contains("ok (renewal)"), "{all:#?}");
    assert_eq!(authority.token_requests("refresh_token"), 1);
    assert!(
        !all.out().contains("59 min"),
        "the row from before: {all:#?}"
    );
    sandbox.hallpass("token demo --refresh").ok();
}

#[test]
fn several_servers_are_asked_at_once_and_one_that_is_silent_holds_nobody_up() {
    let (authority, sandbox) = signed_in();
    let (silent, gone) = (Authority::honest(), Authority::honest());
    let sandbox = sandbox
        .service("silent", &silent.service())
        .service("gone", &gone.service());
    sandbox.hallpass("login silent").ok();
    sandbox.hallpass("login gone").ok();
    silent.always("/userinfo", Answer::Stall(Vec::new()));
    drop(gone);
    let ended = sandbox
        .hallpass("status --check --timeout 3s --format json")
        .code(6);
    let expected = [
        ("demo", "ok"),
        ("gone", "unreachable"),
        ("silent", "unreachable"),
    ];
    let expected = expected.map(|(name, result)| (name.to_owned(), result.to_owned()));
    assert_eq!(results(&ended.json()), expected);
    assert!(ended.took.as_secs() < 20, "{:?}", ended.took);
    let _ = ended.says("gone@").says("silent@").says("hallpass doctor");
    drop(authority);
}

#[test]
fn a_store_that_is_locked_is_told_as_that() {
    let (authority, sandbox) = signed_in();
    std::fs::remove_file(sandbox.path("key")).expect("the key file goes");
    sandbox.hallpass("status").ok();
    let ended = sandbox.hallpass("status --check").code(7);
    assert!(ended.out().contains("cannot tell: "), "{ended:#?}");
    assert!(authority.paths().is_empty());
}

#[test]
fn a_token_from_the_environment_is_a_session_too() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let token = sandbox.hallpass("token demo").ok();
    let sandbox = sandbox.env("HALLPASS_TOKEN_DEMO", token.data());
    sandbox.hallpass("logout demo").ok();
    let one = sandbox.hallpass("status demo").ok();
    assert!(one.out().contains("HALLPASS_TOKEN_DEMO"), "{one:#?}");
    assert!(!one.out().contains("demo_at_"));
    let all = sandbox.hallpass("status --format json").ok().json();
    assert_eq!(all[0]["state"], "valid");
    assert_eq!(all[0]["account"], Value::Null);
    // The sign-out revoked it.
    let ended = sandbox.hallpass("status demo --check").code(4);
    assert!(ended.out().contains("refused: "), "{ended:#?}");
}

/// `expires_in` is only recommended (RFC 6749 §5.1).
#[test]
fn a_lifetime_that_no_answer_names_is_learnt_by_introspection() {
    let authority = Authority::honest();
    authority.mutate("/token", |body| {
        body.as_object_mut()
            .expect("an object")
            .remove("expires_in");
    });
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    assert_eq!(authority.requests("/introspect").len(), 1);
    let left = |sandbox: &Sandbox| {
        let status = sandbox.hallpass("status demo --format json").ok().json();
        status["expires_in"].as_u64()
    };
    assert!(left(&sandbox).is_some_and(|left| (3500..=3600).contains(&left)));
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(authority.requests("/introspect").len(), 2);
    assert!(left(&sandbox).is_some());
    // Where it is not answered nothing else is lost.
    authority.always("/introspect", Answer::new(403, "text/plain", ""));
    sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(left(&sandbox), None);
    sandbox.hallpass("token demo --min-ttl 5m").ok();
}

#[test]
fn a_person_sees_a_bar_and_a_pipe_does_not() {
    let (_authority, sandbox) = signed_in();
    let piped = sandbox.hallpass("status").ok();
    assert!(!piped.out().contains('▰'), "{piped:#?}");
    for word in [
        "SESSION",
        "RENEWED",
        "STORE",
        "SCOPE",
        "encrypted file",
        "notes:read",
    ] {
        assert!(piped.out().contains(word), "{word}: {piped:#?}");
    }
    #[cfg(target_os = "linux")]
    {
        let shown = sandbox.typed_at_a_terminal("status", "");
        assert!(shown.contains("▰▰▰▰▰▰▰▰"), "{shown}");
    }
}

#[test]
fn a_session_in_a_store_that_is_not_in_use_is_not_shown_as_good_and_the_way_back_is_said() {
    let (_authority, sandbox) = signed_in();
    let key = sandbox.path("key");
    let key = key.to_str().expect("Unicode");
    let other = sandbox.path("other");
    let other = other.to_str().expect("Unicode");
    let token = sandbox.hallpass("token demo").ok();
    sandbox
        .hallpass(&format!("store use file --path {other} --key-file {key}"))
        .ok();
    let all = sandbox.hallpass("status").ok();
    assert!(all.out().contains("not in the store in use"), "{all:#?}");
    let one = sandbox.hallpass("status demo").code(4);
    assert!(
        one.out().contains("store in use  encrypted file store in"),
        "{one:#?}"
    );
    let machine = sandbox.hallpass("status demo --format json").code(4).json();
    assert_eq!(machine["state"], "elsewhere");
    assert!(
        machine["store_in_use"]
            .as_str()
            .expect("text")
            .ends_with("/other")
    );
    // Signing out would leave the tokens where they are, and forget that they are there.
    let out = sandbox.hallpass("logout demo").fails(4);
    let _ = out.says("is in another store (encrypted file store in");
    // What it says works.
    for said in [&all, &one] {
        let line = said.stderr.split('`').nth(1).expect("a line");
        let line = line.strip_prefix("hallpass ").expect("a line of ours");
        sandbox.hallpass(&format!("{line} --key-file {key}")).ok();
        assert!(sandbox.hallpass("status demo").ok().out().contains(" left"));
        assert_eq!(sandbox.hallpass("token demo").ok().data(), token.data());
    }
    let _ = (all, one);
}

/// The folder was moved with everything in it: the store is called otherwise, and has the session.
#[test]
fn a_store_that_was_moved_with_its_sessions_has_them() {
    let (_authority, sandbox) = signed_in();
    std::fs::rename(sandbox.path("state"), sandbox.path("moved")).expect("moved");
    let moved = sandbox.path("moved");
    let sandbox = sandbox.env("HALLPASS_STATE_DIR", moved.to_str().expect("Unicode"));
    let one = sandbox.hallpass("status demo --format json").ok();
    assert_eq!(one.json()["state"], "valid");
    sandbox.hallpass("token demo").ok();
}
