//! `status --check`: what is asked, what it proves, and what is never spent for it.

use serde_json::{Value, json};

use super::*;
use crate::port::fake::{Answer, Operation, World, block_on};
use crate::port::{EntryKey, HttpError, StateKind};
use crate::session::record::sample;
use crate::session::testing::service;

const RECEIVED: i64 = 1_800_000_000;

/// What the server of a test offers.
#[derive(Clone, Copy, Default)]
struct Offers {
    userinfo: bool,
    introspection: bool,
}

const BOTH: Offers = Offers {
    userinfo: true,
    introspection: true,
};
const USERINFO: Offers = Offers {
    userinfo: true,
    introspection: false,
};
const INTROSPECTION: Offers = Offers {
    userinfo: false,
    introspection: true,
};
const NEITHER: Offers = Offers {
    userinfo: false,
    introspection: false,
};

fn world(record: &Record, after: i64) -> World {
    let world = World::new();
    let key = EntryKey::session("work@ada");
    world.store.put(&key, record.to_stored().unwrap());
    let state = world.ports().state;
    state
        .write(StateKind::DefaultAccount, "work", b"ada")
        .unwrap();
    world.clock.set(RECEIVED + after);
    world
}

fn checked(world: &World, offers: Offers) -> Checked {
    let mut service = service();
    let at = |is: bool, path: &str| is.then(|| format!("https://as.example{path}"));
    service.values.userinfo_endpoint = at(offers.userinfo, "/userinfo");
    service.values.introspection_endpoint = at(offers.introspection, "/introspect");
    block_on(check(&world.ports(), &service, Duration::from_secs(20)))
}

fn asked(world: &World) -> Vec<String> {
    let requests = world.http.requests.borrow();
    requests
        .iter()
        .map(|request| request.uri().path().to_owned())
        .collect()
}

fn me() -> Answer {
    Answer::json(200, &json!({"sub": "248289761001"}))
}

fn no() -> Answer {
    Answer::new(401, "text/plain", "")
}

fn active(is: bool) -> Answer {
    Answer::json(200, &json!({ "active": is }))
}

fn renewed() -> Answer {
    let body: Value = json!({"access_token": "access-2", "token_type": "Bearer",
        "refresh_token": "refresh-2", "expires_in": 3600});
    Answer::json(200, &body)
}

/// Runs a check with these answers in this order: verdict, proof, and who was asked.
fn outcome(after: i64, offers: Offers, answers: Vec<Answer>) -> (Verdict, Option<By>, Vec<String>) {
    let world = world(&sample(), after);
    for answer in answers {
        world.http.push(answer);
    }
    let checked = checked(&world, offers);
    (checked.verdict, checked.by, asked(&world))
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn a_living_access_token_is_proven_without_spending_the_refresh_token() {
    for (offers, answers, by, asked) in [
        (BOTH, vec![me()], By::UserInfo, &["/userinfo"][..]),
        (
            INTROSPECTION,
            vec![active(true)],
            By::Introspection,
            &["/introspect"],
        ),
        // UserInfo wants a scope that was not asked for: that says nothing of the token.
        (
            BOTH,
            vec![
                Answer::json(403, &json!({"error": "insufficient_scope"})),
                active(true),
            ],
            By::Introspection,
            &["/userinfo", "/introspect"],
        ),
        (
            BOTH,
            vec![no(), active(true)],
            By::Introspection,
            &["/userinfo", "/introspect"],
        ),
    ] {
        let expected = (Verdict::Works, Some(by), paths(asked));
        assert_eq!(outcome(60, offers, answers), expected);
    }
}

#[test]
fn an_access_token_that_has_ended_is_renewed_only_where_nothing_vouches_for_the_session() {
    let vouched = outcome(9_999, INTROSPECTION, vec![active(true)]);
    let expected = (
        Verdict::Works,
        Some(By::Introspection),
        paths(&["/introspect"]),
    );
    assert_eq!(vouched, expected);
    for (offers, answers, asked) in [
        (USERINFO, vec![renewed()], &["/token"][..]),
        (NEITHER, vec![renewed()], &["/token"]),
        // Some servers introspect access tokens only.
        (
            INTROSPECTION,
            vec![active(false), renewed()],
            &["/introspect", "/token"],
        ),
    ] {
        let expected = (Verdict::Works, Some(By::Renewal), paths(asked));
        assert_eq!(outcome(9_999, offers, answers), expected);
    }
}

#[test]
fn a_token_that_was_dropped_early_is_renewed_once() {
    let works = outcome(60, USERINFO, vec![no(), renewed(), me()]);
    let asked = paths(&["/userinfo", "/token", "/userinfo"]);
    assert_eq!(works, (Verdict::Works, Some(By::Renewal), asked.clone()));
    let refused = outcome(60, USERINFO, vec![no(), renewed(), no()]);
    assert_eq!(refused, (Verdict::Refused, None, asked));
}

#[test]
fn a_session_that_is_dead_is_refused() {
    let grant = || Answer::json(400, &json!({"error": "invalid_grant"}));
    assert_eq!(outcome(9_999, NEITHER, vec![grant()]).0, Verdict::Refused);
    let answers = vec![no(), active(false), grant()];
    assert_eq!(outcome(60, BOTH, answers).0, Verdict::Refused);
    let mut record = sample();
    record.token.refresh_token = None;
    let ended = world(&record, 9_999);
    assert_eq!(checked(&ended, BOTH).verdict, Verdict::Refused);
    assert_eq!(ended.http.count(), 0);
    let dropped = world(&record, 60);
    dropped.http.push(no());
    assert_eq!(checked(&dropped, USERINFO).verdict, Verdict::Refused);
}

#[test]
fn where_nobody_can_tell_nothing_is_asked_and_nothing_spent() {
    let (verdict, by, asked) = outcome(60, NEITHER, Vec::new());
    assert_eq!((verdict, by, asked), (Verdict::Unknown, None, Vec::new()));
    let answers = vec![Answer::json(401, &json!({"error": "invalid_client"}))];
    assert_eq!(outcome(60, INTROSPECTION, answers).0, Verdict::Unknown);
    let html = vec![Answer::new(200, "text/html", "<html>")];
    assert_eq!(outcome(60, USERINFO, html).0, Verdict::Unknown);
}

#[test]
fn a_server_that_does_not_answer_is_unreachable_and_waited_for_no_longer_than_was_said() {
    let lost = || Answer::Fail(HttpError::NotSent("no route".into()));
    for (after, offers, answer) in [
        (60, BOTH, lost()),
        (60, USERINFO, Answer::new(503, "text/plain", "")),
        (60, INTROSPECTION, Answer::Never),
        (9_999, INTROSPECTION, lost()),
    ] {
        let (verdict, ..) = outcome(after, offers, vec![answer]);
        assert_eq!(verdict, Verdict::Unreachable);
    }
    let world = world(&sample(), 60);
    world.http.on_request(|_| Answer::Never);
    let checked = checked(&world, USERINFO);
    assert_eq!(checked.verdict, Verdict::Unreachable);
}

#[test]
fn a_store_that_does_not_give_it_is_told_as_that() {
    let world = world(&sample(), 60);
    world.store.fail_next(Operation::Read, Code::StoreLocked);
    let checked = checked(&world, BOTH);
    assert_eq!(checked.verdict, Verdict::Unknown);
    assert_eq!(checked.code, Some(Code::StoreLocked));
    assert_eq!(world.http.count(), 0);
}
