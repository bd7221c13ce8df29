//! Sign-outs: gone here whatever the server does (S13, must 104).

use serde_json::json;

use super::*;
use crate::grant::authorization_code::Options;
use crate::grant::testing::{code, granting, service};
use crate::port::fake::{Answer, Operation, World, block_on};
use crate::session::sign_in::{Flow, sign_in};

fn signed_in(world: &World, account: &str) -> Service {
    granting(
        world,
        json!({"access_token": "at", "token_type": "Bearer", "refresh_token": "rt"}),
    );
    let mut service = service();
    service.values.revocation_endpoint = Some("https://as.example/revoke".into());
    service.account = Some(account.into());
    block_on(sign_in(
        &world.ports(),
        &service,
        Flow::Choose,
        &Options::default(),
    ))
    .unwrap();
    world.http.requests.borrow_mut().clear();
    service
}

fn signed_out(world: &World, service: &Service) -> Result<SignedOut> {
    block_on(sign_out(&world.ports(), service))
}

fn is_gone(world: &World, account: &str) -> bool {
    world
        .store
        .peek(&keeping::session_key("example", account))
        .is_none()
        && !keeping::facts_of_service(&world.ports(), "example")
            .unwrap()
            .iter()
            .any(|facts| facts.account == account)
}

#[test]
fn the_refresh_token_goes_first_then_the_access_token() {
    let world = World::new();
    let service = signed_in(&world, "a");
    world
        .http
        .on_request(|_| Answer::new(200, "text/plain", ""));
    let out = signed_out(&world, &service).unwrap();
    assert_eq!(out.revoked, ["refresh_token", "access_token"]);
    assert!(out.not_revoked.is_none());
    assert!(world.http.form(0).contains(&("token".into(), "rt".into())));
    assert!(world.http.form(1).contains(&("token".into(), "at".into())));
    assert!(is_gone(&world, "a"));
    assert_eq!(code(signed_out(&world, &service)), Code::LoginRequired);
}

/// S13.
#[test]
fn a_server_that_is_down_prevents_nothing_here() {
    let world = World::new();
    let service = signed_in(&world, "a");
    world.http.on_request(|_| Answer::new(503, "text/html", ""));
    let out = signed_out(&world, &service).unwrap();
    assert!(out.revoked.is_empty());
    assert_eq!(out.not_revoked.unwrap().code(), Code::TransportFailed);
    assert!(is_gone(&world, "a"));
}

#[test]
fn a_server_without_revocation_is_told_as_that() {
    let world = World::new();
    let mut service = signed_in(&world, "a");
    service.values.revocation_endpoint = None;
    let out = signed_out(&world, &service).unwrap();
    assert_eq!(out.not_revoked.unwrap().code(), Code::ServiceIncomplete);
    assert_eq!(world.http.count(), 0);
}

/// RFC 7009 §2.1: revoking the refresh token ends the grant.
#[test]
fn an_access_token_that_cannot_be_revoked_is_no_failure_after_the_refresh_token() {
    let world = World::new();
    let service = signed_in(&world, "a");
    world.http.push(Answer::new(200, "text/plain", ""));
    world.http.push(Answer::json(
        400,
        &json!({"error": "unsupported_token_type"}),
    ));
    let out = signed_out(&world, &service).unwrap();
    assert_eq!(out.revoked, ["refresh_token"]);
    assert!(out.not_revoked.is_none());
}

/// must 80: a token goes back only to the server that issued it.
#[test]
fn another_server_never_sees_the_tokens() {
    let world = World::new();
    let mut service = signed_in(&world, "a");
    service.values.token_endpoint = Some("https://evil.example/token".into());
    service.values.revocation_endpoint = Some("https://evil.example/revoke".into());
    let out = signed_out(&world, &service).unwrap();
    assert!(out.not_revoked.is_some());
    assert_eq!(world.http.count(), 0);
    assert!(is_gone(&world, "a"));
}

#[test]
fn a_session_that_cannot_be_read_is_deleted_all_the_same() {
    let world = World::new();
    let service = signed_in(&world, "a");
    world
        .store
        .fail_next(Operation::Read, Code::StoreUnreadable);
    signed_out(&world, &service).unwrap();
    assert!(is_gone(&world, "a"));
}

#[test]
fn a_locked_store_is_told_and_nothing_is_lost() {
    let world = World::new();
    let service = signed_in(&world, "a");
    world.store.fail_next(Operation::Read, Code::StoreLocked);
    assert_eq!(code(signed_out(&world, &service)), Code::StoreLocked);
    assert!(!is_gone(&world, "a"));
}

#[test]
fn the_session_that_is_left_becomes_the_default() {
    let world = World::new();
    let first = signed_in(&world, "a");
    signed_in(&world, "b");
    world
        .http
        .on_request(|_| Answer::new(200, "text/plain", ""));
    signed_out(&world, &first).unwrap();
    let default = facts::default_account(&world.ports(), "example").unwrap();
    assert_eq!(default.as_deref(), Some("b"));
    let bare = Service {
        account: None,
        ..first
    };
    assert_eq!(signed_out(&world, &bare).unwrap().account, "b");
    let default = facts::default_account(&world.ports(), "example").unwrap();
    assert_eq!(default, None);
}

/// A sign-in that begins when the lock is free must not lose its facts to the sign-out before it.
#[test]
fn facts_and_default_account_change_only_under_the_lock_of_their_session() {
    use crate::port::StateKind;
    use std::rc::Rc;
    let world = Rc::new(World::new());
    let inside = Rc::downgrade(&world);
    world.state.on_change(move |operation, kind| {
        let world = inside.upgrade().unwrap();
        let key = keeping::session_key("example", "a");
        let signing_out = operation == Operation::Delete;
        if signing_out || kind == StateKind::Session {
            assert!(world.store.is_locked(&key), "{operation:?} {kind:?}");
        }
    });
    let service = signed_in(&world, "a");
    signed_out(&world, &service).unwrap();
    assert!(is_gone(&world, "a"));
    assert!(!world.store.is_locked(&keeping::session_key("example", "a")));
}

#[test]
fn the_refresh_token_that_goes_back_is_the_one_that_could_not_be_stored() {
    let world = World::new();
    let service = signed_in(&world, "a");
    let key = keeping::session_key("example", "a");
    let mut stored = Record::read(world.store.peek(&key), &key).unwrap().unwrap();
    stored.refreshing = Some(spill::mark(&world.ports()).unwrap());
    world.store.put(&key, stored.to_stored().unwrap());
    let mut newer = stored.clone();
    newer.generation += 1;
    newer.token.refresh_token = Some("rotated".into());
    let mark = stored.refreshing.as_ref().unwrap();
    spill::keep(&world.ports(), &key, mark, &newer).unwrap();
    world
        .http
        .on_request(|_| Answer::new(200, "text/plain", ""));
    signed_out(&world, &service).unwrap();
    let form = world.http.form(0);
    assert!(form.contains(&("token".into(), "rotated".into())));
    assert!(world.state.files.borrow().is_empty());
}
