//! Sign-ins from the probe to the default account.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::grant::authorization_code::Options;
use crate::grant::testing::{code, come_back, granting, service};
use crate::port::StateKind;
use crate::port::fake::{Answer, Operation, World, block_on};

fn token() -> serde_json::Value {
    json!({"access_token": "at", "token_type": "Bearer", "refresh_token": "rt", "expires_in": 60})
}

fn signed_in(world: &World, service: &Service) -> Result<Record> {
    block_on(sign_in(
        &world.ports(),
        service,
        Flow::Choose,
        &Options::default(),
    ))
}

fn as_account(name: &str) -> Service {
    Service {
        account: Some(name.into()),
        ..service()
    }
}

fn last_page(world: &World) -> String {
    let pages = world.listener.pages();
    String::from_utf8(pages.last().unwrap().body().clone()).unwrap()
}

#[test]
fn a_sign_in_is_stored_and_then_told_to_the_browser() {
    let world = World::new();
    granting(&world, token());
    let record = signed_in(&world, &service()).unwrap();
    assert_eq!(record.account, "default");
    assert_eq!(record.generation, 1);
    assert_eq!(record.binding.client_id, "cli");
    assert_eq!(record.binding.token_endpoint, "https://as.example/token");
    let key = keeping::session_key("example", "default");
    let stored: Record = serde_json::from_str(world.store.peek(&key).unwrap().expose()).unwrap();
    assert_eq!(stored, record);
    assert!(last_page(&world).contains("You are signed in"));
    let facts = keeping::facts_of_service(&world.ports(), "example").unwrap();
    assert_eq!(facts[0].expires_at, Some(record.received_at + 60));
    assert!(facts[0].renewable);
    let default = facts::default_account(&world.ports(), "example").unwrap();
    assert_eq!(default.as_deref(), Some("default"));
    assert_eq!(world.interrupts.guards(), 0);
    assert_eq!(world.interrupts.holds.get(), 1);
    let facts = world.state.files.borrow();
    let text = String::from_utf8(facts[&(StateKind::Session, "example@default".into())].clone());
    assert!(!text.unwrap().contains("\"at\""), "facts hold no token");
}

/// must 71.
#[test]
fn the_store_is_probed_before_the_browser_opens() {
    let world = World::new();
    granting(&world, token());
    world.store.fail_next(Operation::Probe, Code::StoreLocked);
    assert_eq!(code(signed_in(&world, &service())), Code::StoreLocked);
    assert!(world.browser.opened.borrow().is_empty());
    assert!(world.listener.bound().is_empty());
}

/// must 29: the page tells the truth.
#[test]
fn a_store_that_fails_afterwards_is_told_on_the_page() {
    let world = World::new();
    granting(&world, token());
    world.store.fail_next(Operation::Write, Code::StoreFull);
    assert_eq!(code(signed_in(&world, &service())), Code::StoreFull);
    assert!(last_page(&world).contains("could not be kept"));
    assert!(world.state.files.borrow().is_empty());
}

#[test]
fn a_second_sign_in_raises_the_generation() {
    let world = World::new();
    granting(&world, token());
    signed_in(&world, &service()).unwrap();
    assert_eq!(signed_in(&world, &service()).unwrap().generation, 2);
}

/// S6.
#[test]
fn what_cannot_be_read_is_kept_aside() {
    for garbled in ["{\"version\": 99}", "not a record"] {
        let world = World::new();
        granting(&world, token());
        let key = keeping::session_key("example", "default");
        world.store.put(&key, garbled);
        signed_in(&world, &service()).unwrap();
        assert_eq!(world.store.aside.borrow()[0].1.expose(), garbled);
        assert_eq!(world.ui.warnings.borrow().len(), 1);
    }
}

#[test]
fn the_newest_sign_in_without_a_name_is_the_default_account() {
    let world = World::new();
    granting(&world, token());
    let default = || facts::default_account(&world.ports(), "example").unwrap();
    signed_in(&world, &as_account("work")).unwrap();
    assert_eq!(default().as_deref(), Some("work"), "the first one is meant");
    signed_in(&world, &as_account("home")).unwrap();
    assert_eq!(default().as_deref(), Some("work"));
    signed_in(&world, &service()).unwrap();
    assert_eq!(default().as_deref(), Some("default"));
    let notices = world.ui.notices.borrow();
    assert!(
        notices
            .iter()
            .any(|line| line.contains("now means example@default"))
    );
}

/// RFC 6749 §3.3, must 42, T7.
#[test]
fn less_scope_than_asked_for_is_a_warning() {
    let world = World::new();
    let mut answer = token();
    answer["scope"] = json!("other");
    granting(&world, answer);
    let mut service = service();
    service.values.scope = Some(vec!["notes".into(), "other".into(), "email".into()]);
    let record = signed_in(&world, &service).unwrap();
    assert_eq!(record.token.scope.unwrap(), ["other"]);
    let warnings = world.ui.warnings.borrow();
    assert!(warnings[0].contains("notes missing"), "{warnings:?}");
    assert!(!warnings[0].contains("email"));
}

/// Issue 4, row 3: a second process waits for the first one's result and opens nothing.
#[test]
fn a_second_sign_in_waits_for_the_first_one() {
    let world = World::new();
    granting(&world, token());
    signed_in(&world, &service()).unwrap();
    let opened = world.browser.opened.borrow().len();
    // The other process holds the turn, and gives it back with nothing done.
    world.store.fail_next(Operation::Lock, Code::LockTimeout);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(code(signed_in(&world, &service())), Code::Cancelled);
    assert_eq!(world.browser.opened.borrow().len(), opened, "no second tab");
    assert_eq!(
        world
            .ui
            .notices
            .borrow()
            .iter()
            .filter(|line| line.contains("waiting"))
            .count(),
        1
    );
}

/// The other process's session is taken only where it is what was asked for here.
#[test]
fn a_second_sign_in_that_asks_for_more_is_made_after_the_first_one() {
    let more = Options {
        scope: Some(vec!["notes".into(), "admin".into()]),
        ..Options::default()
    };
    let prove = Options {
        parameters: vec![("prompt".into(), "login".into())],
        ..Options::default()
    };
    for (options, tabs) in [(Options::default(), 1), (more, 2), (prove, 2)] {
        let world = World::new();
        granting(&world, token());
        let theirs = signed_in(&world, &service()).unwrap();
        let again = Record {
            signed_in_at: theirs.signed_in_at + 1,
            generation: 2,
            ..theirs
        };
        let key = keeping::session_key("example", "default");
        world.store.fail_next(Operation::Lock, Code::LockTimeout);
        world
            .store
            .before_lock(move |store| store.put(&key, again.to_stored().unwrap()));
        block_on(sign_in(&world.ports(), &service(), Flow::Choose, &options)).unwrap();
        assert_eq!(world.browser.opened.borrow().len(), tabs, "{options:?}");
    }
}

#[test]
fn where_there_is_no_browser_the_device_flow_is_taken() {
    let world = World::new();
    world.browser.present.set(false);
    world.http.push(Answer::json(
        200,
        &json!({
            "device_code": "d", "user_code": "A-B", "expires_in": 600,
            "verification_uri": "https://as.example/device",
        }),
    ));
    world.http.push(Answer::json(200, &token()));
    let record = signed_in(&world, &service()).unwrap();
    assert_eq!(record.grant, Grant::DeviceCode);
    assert!(world.listener.bound().is_empty());
}

#[test]
fn without_a_browser_and_without_the_device_flow_the_listener_still_waits() {
    let world = World::new();
    world.browser.present.set(false);
    come_back(&world, |state| format!("code=abc&state={state}"));
    let mut service = service();
    service.values.device_authorization_endpoint = None;
    let options = Options {
        deadline: Duration::from_secs(5),
        ..Options::default()
    };
    let outcome = block_on(sign_in(&world.ports(), &service, Flow::Choose, &options));
    assert_eq!(code(outcome), Code::TimedOut);
    assert_eq!(world.listener.bound().len(), 1);
    assert!(world.browser.opened.borrow().is_empty());
}

#[test]
fn a_client_signs_in_for_itself() {
    let world = World::new();
    world.http.push(Answer::json(200, &token()));
    let mut service = service();
    service.values.grant = Some(Grant::ClientCredentials);
    service.values.client_secret = Some(crate::service::registration::SecretSource::Store);
    let key = crate::grant::client::client_secret_key("example");
    world.store.put(&key, "s3cret");
    let record = signed_in(&world, &service).unwrap();
    assert_eq!(record.grant, Grant::ClientCredentials);
    assert_eq!(record.token.refresh_token, None, "RFC 6749 §4.4.3");
    assert!(keeping::facts_of_service(&world.ports(), "example").unwrap()[0].renewable);
}

/// must 6
#[test]
fn the_password_goes_out_only_where_the_service_says_so() {
    let world = World::new();
    granting(&world, token());
    world.ui.answer(["ada", "hunter2"]);
    signed_in(&world, &service()).unwrap();
    let grant = |world: &World, name: &str| {
        let form = world.http.form(0);
        form.contains(&("grant_type".into(), name.into()))
    };
    assert!(grant(&world, "authorization_code"));
    let world = World::new();
    world.http.push(Answer::json(200, &token()));
    world.ui.answer(["ada", "hunter2"]);
    let mut service = service();
    service.values.grant = Some(Grant::Password);
    signed_in(&world, &service).unwrap();
    assert!(grant(&world, "password"));
    assert_eq!(world.ui.warnings.borrow().len(), 1);
}

/// UserInfo gives a name where the ID Token gives none.
#[test]
fn the_account_is_named_by_userinfo() {
    let world = World::new();
    come_back(&world, |state| format!("code=abc&state={state}"));
    world.http.push(Answer::json(200, &token()));
    world
        .http
        .push(Answer::json(200, &json!({"login": "octocat", "id": 1})));
    let mut service = service();
    service.values.userinfo_endpoint = Some("https://api.example/user".into());
    assert_eq!(signed_in(&world, &service).unwrap().account, "octocat");
}

/// GitHub lets people rename themselves; their `id` stays.
#[test]
fn a_person_who_was_renamed_keeps_their_account() {
    let world = World::new();
    let mut service = service();
    service.values.userinfo_endpoint = Some("https://api.example/user".into());
    for (said, expected) in [
        (json!({"login": "octocat", "id": 1}), "octocat"),
        (json!({"login": "octodog", "id": 1}), "octocat"),
        (json!({"login": "octocat", "id": 2}), "2"),
    ] {
        come_back(&world, |state| format!("code=abc&state={state}"));
        world.http.push(Answer::json(200, &token()));
        world.http.push(Answer::json(200, &said));
        assert_eq!(signed_in(&world, &service).unwrap().account, expected);
    }
}

/// A record that an earlier session spilled must never come back over a new sign-in.
#[test]
fn a_new_sign_in_forgets_an_old_spill() {
    let world = World::new();
    granting(&world, token());
    let spill = (StateKind::Spill, "example@default".to_owned());
    let old = b"sealed".to_vec();
    world.state.files.borrow_mut().insert(spill.clone(), old);
    signed_in(&world, &service()).unwrap();
    assert!(!world.state.files.borrow().contains_key(&spill));
}

#[test]
fn a_lifetime_that_the_server_leaves_out_is_asked_for_at_sign_in() {
    for (answer, expected) in [
        (
            Answer::json(200, &json!({"active": true, "exp": 1_800_000_600})),
            Some(600),
        ),
        // Knowing is nice, signing in is needed.
        (Answer::new(500, "text/plain", ""), None),
    ] {
        let world = World::new();
        let mut service = service();
        service.values.introspection_endpoint = Some("https://as.example/introspect".into());
        come_back(&world, |state| format!("code=abc&state={state}"));
        let bare = json!({"access_token": "at", "token_type": "Bearer"});
        world.http.push(Answer::json(200, &bare));
        world.http.push(answer);
        let record = signed_in(&world, &service).unwrap();
        assert_eq!(record.token.expires_in, expected);
    }
}
