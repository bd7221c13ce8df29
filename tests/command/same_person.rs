//! Signing in again: the same person keeps their account whatever they are called that day.

use serde_json::Value;

use crate::support::{Authority, Sandbox};

fn fresh() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    (authority, sandbox)
}

/// `(account, is the default)` of every session, in name order.
fn accounts(sandbox: &Sandbox) -> Vec<(String, bool)> {
    let transcript = sandbox.hallpass("status --format json").ok();
    let list = transcript.json();
    let list = list.as_array().expect("a list").iter();
    list.map(|session| {
        let account = session["account"].as_str().expect("a name").to_owned();
        (account, session["default"] == Value::Bool(true))
    })
    .collect()
}

fn only(account: &str) -> Vec<(String, bool)> {
    vec![(account.to_owned(), true)]
}

fn scope(sandbox: &Sandbox) -> String {
    let status = sandbox.hallpass("status demo --format json").ok().json();
    status["scope"].to_string()
}

#[test]
fn a_sign_in_that_tells_more_of_the_person_keeps_their_account() {
    let (_authority, sandbox) = fresh();
    sandbox.run(&["login", "demo", "--scope", "openid"]).ok();
    assert_eq!(accounts(&sandbox), only("ada-1815"));
    let again = sandbox.run(&["login", "demo", "--scope", "openid email"]);
    let _ = again.ok().does_not_say("now means");
    assert_eq!(accounts(&sandbox), only("ada-1815"));
    assert!(scope(&sandbox).contains("email"), "{}", scope(&sandbox));
    sandbox.hallpass("token demo@ada-1815").ok();
    let _ = sandbox.hallpass("token demo@ada@example.com").fails(4);
}

#[test]
fn a_sign_in_that_tells_less_of_the_person_keeps_their_account() {
    let (_authority, sandbox) = fresh();
    sandbox.hallpass("login demo").ok();
    sandbox.run(&["login", "demo", "--scope", "openid"]).ok();
    assert_eq!(accounts(&sandbox), only("ada@example.com"));
    assert!(!scope(&sandbox).contains("email"));
}

#[test]
fn another_person_of_the_same_name_gets_an_account_of_their_own() {
    let (authority, sandbox) = fresh();
    sandbox.hallpass("login demo").ok();
    let before = sandbox.hallpass("token demo@ada@example.com").ok();
    authority.provider(|provider| provider.options.subject = "bob-1".into());
    let bob = sandbox.hallpass("login demo").ok();
    let _ = bob.says("demo now means demo@bob-1; the other account is demo@ada@example.com");
    let both = [("ada@example.com".into(), false), ("bob-1".into(), true)];
    assert_eq!(accounts(&sandbox), both);
    let after = sandbox.hallpass("token demo@ada@example.com").ok();
    assert_eq!(before.data(), after.data(), "the first session is lost");
    // And each of them comes back to their own.
    sandbox.hallpass("login demo").ok();
    assert_eq!(accounts(&sandbox), both);
}

#[test]
fn an_account_that_is_named_is_the_one_that_is_signed_in_to() {
    let (_authority, sandbox) = fresh();
    sandbox.hallpass("login demo").ok();
    sandbox.hallpass("login demo@work").ok();
    let both = [("ada@example.com".into(), true), ("work".into(), false)];
    assert_eq!(accounts(&sandbox), both, "the default account stays");
    // Without a name it is the default account of this person, and the other one stays.
    sandbox.hallpass("login demo").ok();
    assert_eq!(accounts(&sandbox), both);
}

#[test]
fn a_token_from_stdin_of_the_same_person_keeps_their_account() {
    let authority = Authority::honest();
    let userinfo = format!("userinfo_endpoint = \"{}/userinfo\"\n", authority.issuer());
    let sandbox = Sandbox::new().service("demo", &(authority.service() + &userinfo));
    sandbox.hallpass("login demo").ok();
    let token = sandbox.hallpass("token demo").ok();
    authority.mutate("/userinfo", |claims| {
        for name in ["email", "preferred_username"] {
            let _ = claims.as_object_mut().map(|claims| claims.remove(name));
        }
    });
    let input = token.stdout.clone();
    let with_token = ["login", "demo", "--with-token"];
    sandbox.run_with_input(&with_token, &input).ok();
    assert_eq!(accounts(&sandbox), only("ada@example.com"));
}
