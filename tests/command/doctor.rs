//! `doctor`.

use serde_json::Value;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

/// What it found, as `(check, result)`.
fn checks(machine: &Value) -> Vec<(String, String)> {
    let list = machine["checks"].as_array().expect("a list");
    let text = |check: &Value, name: &str| check[name].as_str().expect("text").to_owned();
    list.iter()
        .map(|check| (text(check, "check"), text(check, "result")))
        .collect()
}

fn result(machine: &Value, check: &str) -> String {
    let found = checks(machine).into_iter().find(|(name, _)| name == check);
    found.unwrap_or_else(|| panic!("no {check} in {machine}")).1
}

#[test]
fn where_everything_works_every_check_says_so() {
    let (authority, sandbox) = signed_in();
    let before = authority.forms("/token").len();
    let transcript = sandbox.hallpass("doctor demo --format json").ok();
    for (check, result) in checks(&transcript.json()) {
        // The scripted server sends no Date.
        let expected = if check == "clock" { "skipped" } else { "ok" };
        assert_eq!(result, expected, "{check}: {transcript:#?}");
    }
    // One made-up code; the refresh token is not spent to look at it.
    let forms = authority.forms("/token");
    assert_eq!(forms.len(), before + 1);
    assert!(forms[before].contains(&("grant_type".into(), "authorization_code".into())));
    let text = sandbox.hallpass("doctor demo").ok();
    assert!(text.out().contains("ok       session"), "{text:#?}");
    assert!(!text.out().contains("demo_at_") && !text.out().contains("demo_rt_"));
}

#[test]
fn nobody_signed_in_ends_with_4_and_the_line_that_cures_it() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let transcript = sandbox.hallpass("doctor demo --format json").code(4);
    let machine = transcript.json();
    assert_eq!(result(&machine, "session"), "failure");
    assert_eq!(result(&machine, "client authentication"), "ok");
    assert!(transcript.out().contains("hallpass login demo"));
}

#[test]
fn a_client_that_the_server_does_not_know_is_found_by_both_endpoints() {
    let (authority, sandbox) = signed_in();
    let sandbox = sandbox.env("HALLPASS_DEMO_CLIENT_ID", "somebody-else");
    let machine = sandbox.hallpass("doctor demo --format json").code(5).json();
    assert_eq!(result(&machine, "authorization request"), "failure");
    assert_eq!(result(&machine, "client authentication"), "failure");
    assert_eq!(result(&machine, "metadata"), "ok");
    drop(authority);
}

#[test]
fn metadata_of_another_issuer_and_a_dead_server_are_different_findings() {
    let (authority, sandbox) = signed_in();
    authority.metadata(|document| document["issuer"] = "https://evil.example".into());
    let machine = sandbox.hallpass("doctor demo --format json").code(9).json();
    assert_eq!(result(&machine, "metadata"), "failure");
    assert_eq!(result(&machine, "server"), "ok");
    assert_eq!(result(&machine, "scopes"), "skipped");
    drop(authority);
    let machine = sandbox.hallpass("doctor demo --format json").code(6).json();
    assert_eq!(result(&machine, "server"), "failure");
    assert_eq!(result(&machine, "clock"), "skipped");
}

#[test]
fn a_clock_that_is_wrong_is_found_by_the_servers_date() {
    let (authority, sandbox) = signed_in();
    authority.script("/.well-known/openid-configuration", |_, honest| {
        let mut response = honest();
        let date = "Thu, 01 Jan 2026 00:00:00 GMT".parse().expect("a value");
        response.headers_mut().insert("date", date);
        Answer::Whole(response)
    });
    let transcript = sandbox.hallpass("doctor demo --format json").code(9);
    assert_eq!(result(&transcript.json(), "clock"), "failure");
    assert!(transcript.out().contains("ahead of the server's"));
}

#[test]
fn a_machine_without_keyring_and_browser_is_told_what_else_there_is() {
    let sandbox = Sandbox::bare();
    let transcript = sandbox.hallpass("doctor --format json").code(7);
    let machine = transcript.json();
    assert_eq!(result(&machine, "store"), "failure");
    assert_eq!(result(&machine, "browser"), "warning");
    assert_eq!(result(&machine, "listener"), "ok");
    let list = machine["checks"].as_array().expect("a list");
    let store = list.iter().find(|one| one["check"] == "store");
    assert_eq!(store.expect("the check")["code"], "store_absent");
    for (check, result) in checks(&machine) {
        let list = machine["checks"].as_array().expect("a list");
        let found = list.iter().find(|one| one["check"] == check.as_str());
        let hint = &found.expect("the check")["hint"];
        assert!(result == "ok" || hint.is_string(), "{check} has no hint");
    }
}

#[test]
fn a_broken_configuration_file_is_a_finding_and_not_the_end() {
    let sandbox = Sandbox::new();
    sandbox.write("config/config.toml", "[service.x]\nclientid = \"x\"\n");
    let machine = sandbox.hallpass("doctor --format json").code(3).json();
    assert_eq!(result(&machine, "configuration"), "failure");
    assert_eq!(result(&machine, "listener"), "ok");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_only_the_state_is_a_failure() {
    let sandbox = Sandbox::new();
    let machine = sandbox.hallpass("doctor --format json").ok().json();
    for check in ["configuration folder", "state folder", "cache folder"] {
        assert_eq!(result(&machine, check), "ok", "{machine}");
    }
    // A file in the folder's place stops even root.
    sandbox.write("file", "");
    let file = sandbox.path("file");
    let below = |name: &str| file.join(name).to_str().expect("Unicode").to_owned();
    let sandbox = sandbox.env("HALLPASS_CACHE_DIR", &below("cache"));
    let machine = sandbox.hallpass("doctor --format json").ok().json();
    assert_eq!(result(&machine, "cache folder"), "warning");
    let sandbox = sandbox.env("HALLPASS_STATE_DIR", &below("state"));
    let transcript = sandbox.hallpass("doctor").code(7);
    let out = transcript.out();
    assert!(out.contains("failure  state folder"), "{out}");
    assert!(out.contains("Not a directory"), "{out}");
    assert!(out.contains("HALLPASS_STATE_DIR"), "{out}");
}
