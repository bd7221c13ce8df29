//! Several processes that want the same sign-in.

use crate::support::sandbox::Running;
use crate::support::{Authority, Sandbox, browser};

/// The first one has printed its URL, and nobody has followed it yet.
fn first(sandbox: &Sandbox) -> (Running, url::Url) {
    let mut first = sandbox.start(&["login", "demo", "--no-browser"]);
    let url = first.authorization_url();
    (first, url)
}

fn waiting(sandbox: &Sandbox, words: &[&str]) -> Running {
    let mut other = sandbox.start(words);
    other.wait_for("Another hallpass is signing in to demo");
    other
}

/// Issue 4, row 3.
#[test]
fn they_make_one_sign_in_and_all_take_its_result() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let (first, url) = first(&sandbox);
    let others: Vec<_> = (0..5)
        .map(|_| waiting(&sandbox, &["login", "demo"]))
        .collect();
    let _ = browser::walk(&url, true);
    for ended in others.into_iter().chain([first]).map(Running::finish) {
        let _ = ended.ok().says("Signed in to demo as ada@example.com");
    }
    assert!(sandbox.opened().is_empty(), "nobody else opened a tab");
    assert_eq!(authority.token_requests("authorization_code"), 1);
    sandbox.hallpass("token demo").ok();
}

#[test]
fn the_one_that_asks_for_more_signs_in_after_the_first() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let (first, url) = first(&sandbox);
    let words = ["login", "demo", "--scope", "openid notes:read notes:write"];
    let more = waiting(&sandbox, &words);
    let _ = browser::walk(&url, true);
    first.finish().ok();
    let _ = more.finish().ok().says("now it is the turn of this one");
    assert_eq!(sandbox.opened().len(), 1);
    let scope = sandbox.hallpass("token demo --as json").ok().json();
    assert!(
        scope["scope"].to_string().contains("notes:write"),
        "{scope}"
    );
}

#[test]
fn where_the_first_is_cancelled_the_others_say_so_and_open_nothing() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let (first, _) = first(&sandbox);
    let other = waiting(&sandbox, &["login", "demo"]);
    drop(first);
    let _ = other.finish().fails(8).says("did not finish");
    assert!(sandbox.opened().is_empty());
    // Nothing stays behind.
    sandbox.hallpass("login demo").ok();
}

/// A session that is there and goes on being used is none of the waiting ones' business.
#[test]
fn without_a_terminal_nothing_waits_and_nothing_opens() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let (first, url) = first(&sandbox);
    for line in ["token demo", "call demo me"] {
        let _ = sandbox.hallpass(line).fails(4).says("hallpass login demo");
    }
    let _ = browser::walk(&url, true);
    first.finish().ok();
    assert!(sandbox.opened().is_empty());
}
