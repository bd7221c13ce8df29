//! Steps 4, 5 and 7: written ahead, renewed, written, used.

use jsonwebtoken::Algorithm;

use super::*;
use crate::protocol::test_keys::TestKey;

/// The server rotates, and while it answers the store breaks, for one write, and the state folder
/// for so many.
fn breaking(state_too: usize) -> Rc<World> {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        world.store.fail_next(Operation::Write, Code::StoreFull);
        for _ in 0..state_too {
            world.state.fail_next(Operation::Write, Code::StoreFull);
        }
        Answer::json(200, &rotation())
    });
    world
}

#[test]
fn a_renewal_is_written_ahead_then_written_and_only_then_used() {
    let world = world(9_999);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    world.http.on_request(move |request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        log.borrow_mut().push(body);
        Answer::json(200, &rotation())
    });
    let access = run(&world, &Wanted::default()).unwrap();
    assert_eq!(token(&access), "access-2");
    use Operation::{Lock, Read, Write};
    assert_eq!(world.store.log(), [Read, Lock, Read, Write, Write]);
    let after = stored(&world);
    assert_eq!(after, access.record);
    assert_eq!(after.generation, 3);
    assert_eq!(after.refreshing, None);
    assert_eq!(after.received_at, RECEIVED + 9_999);
    assert_eq!(after.token.refresh_token, Some("refresh-2".into()));
    assert_eq!(after.token.scope, sample().token.scope);
    assert_eq!(seen.borrow().len(), 1);
    assert_eq!(world.interrupts.holds.get(), 1);
    assert_eq!(world.interrupts.guards(), 0);
    assert!(!world.store.is_locked(&key()));
}

#[test]
fn while_the_answer_is_awaited_the_store_tells_of_it() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        let ahead = stored(&world);
        assert_eq!(ahead.generation, 2);
        assert!(ahead.refreshing.is_some());
        assert_eq!(ahead.token, sample().token);
        assert!(world.store.is_locked(&key()));
        assert_eq!(world.interrupts.guards(), 1);
        Answer::json(200, &rotation())
    });
    assert_eq!(ok(&world), "access-2");
}

#[test]
fn facts_follow_the_record() {
    let world = world(9_999);
    grants(&world, rotation());
    ok(&world);
    let facts = facts::all(&world.ports()).unwrap();
    assert_eq!(facts[0].last_refresh_at, Some(RECEIVED + 9_999));
    assert_eq!(facts[0].expires_at, Some(RECEIVED + 9_999 + 3600));
}

#[test]
fn resource_is_sent_again_and_scope_is_not_asked_for() {
    let mut record = sample();
    record.binding.resource = vec!["https://api.example/".into()];
    let world = world_with(record, 9_999);
    let mut service = service();
    service.values.resource = Some(vec!["https://api.example/".into()]);
    grants(&world, rotation());
    block_on(access_token(&world.ports(), &service, &Wanted::default())).unwrap();
    let form = world.http.form(0);
    assert!(form.contains(&("resource".into(), "https://api.example/".into())));
    assert!(form.iter().all(|(name, _)| name != "scope"));
}

#[test]
fn a_store_that_cannot_be_written_spends_nothing() {
    for code in [Code::StoreFull, Code::StoreLocked, Code::StoreHung] {
        let world = world(9_999);
        world.store.fail_next(Operation::Write, code);
        assert_eq!(fails(&world, &Wanted::default()).code(), code);
        assert_eq!(world.http.count(), 0);
        assert_eq!(stored(&world), sample());
    }
}

#[test]
fn a_write_that_fails_after_rotation_hands_the_token_out_and_the_next_run_heals() {
    let world = breaking(0);
    assert_eq!(ok(&world), "access-2");
    assert!(warned(&world, "could not be stored"));
    assert_eq!(stored(&world).token.refresh_token, Some("refresh-1".into()));
    let spill = (StateKind::Spill, "work@ada".to_owned());
    assert!(world.state.files.borrow().contains_key(&spill));

    assert_eq!(ok(&world), "access-2");
    assert_eq!(world.http.count(), 1);
    let healed = stored(&world);
    assert_eq!(healed.token.refresh_token, Some("refresh-2".into()));
    assert_eq!(healed.refreshing, None);
    assert!(!world.state.files.borrow().contains_key(&spill));
}

#[test]
fn a_spill_survives_a_store_that_is_still_broken() {
    let world = breaking(0);
    ok(&world);
    world.store.fail_next(Operation::Write, Code::StoreFull);
    assert_eq!(ok(&world), "access-2");
    assert!(warned(&world, "still cannot be stored"));
    assert_eq!(ok(&world), "access-2");
    assert_eq!(stored(&world).token.refresh_token, Some("refresh-2".into()));
    assert_eq!(world.http.count(), 1);
}

#[test]
fn when_the_spill_fails_too_the_person_is_told_what_it_means() {
    // Neither jotted down before nor spilled after.
    let world = breaking(2);
    assert_eq!(ok(&world), "access-2");
    assert!(warned(&world, "hallpass login work@ada"));
}

#[test]
fn what_could_not_be_jotted_down_is_spilled_all_the_same() {
    let world = breaking(1);
    assert_eq!(ok(&world), "access-2");
    assert!(warned(&world, "the next run will store it"));
    assert_eq!(ok(&world), "access-2");
    assert_eq!(stored(&world).token.refresh_token, Some("refresh-2".into()));
    assert_eq!(world.http.count(), 1);
}

#[test]
fn what_came_is_jotted_down_before_the_store_is_written_and_goes_after() {
    let world = Rc::new(world(9_999));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (inside, see) = (Rc::downgrade(&world), Rc::clone(&seen));
    let spill = (StateKind::Spill, "work@ada".to_owned());
    let jotted = spill.clone();
    world.store.on_write(move |_| {
        let world = inside.upgrade().unwrap();
        let there = world.state.files.borrow().contains_key(&jotted);
        see.borrow_mut().push(there);
    });
    grants(&world, rotation());
    assert_eq!(ok(&world), "access-2");
    // The write-ahead, which nothing is known before, and the answer.
    assert_eq!(*seen.borrow(), [false, true]);
    assert!(!world.state.files.borrow().contains_key(&spill));
}

#[test]
fn without_rotation_a_failed_write_harms_nothing() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        world.store.fail_next(Operation::Write, Code::StoreFull);
        let body = json!({"access_token": "access-2", "token_type": "Bearer"});
        Answer::json(200, &body)
    });
    assert_eq!(ok(&world), "access-2");
    assert!(warned(&world, "unharmed"));
    assert_eq!(stored(&world).token.refresh_token, Some("refresh-1".into()));
}

/// ada's ID Token, as of now, with these claims changed.
fn id_token(key: &TestKey, changes: &[(&str, &str)]) -> String {
    let now = RECEIVED + 9_999;
    let mut claims = json!({
        "iss": "https://as.example", "aud": "client", "sub": "248289761001",
        "exp": now + 300, "iat": now,
    });
    for (name, value) in changes {
        claims[*name] = json!(value);
    }
    key.sign(&claims)
}

/// A world whose session has an ID Token, whose server renews it with `renewed` and publishes
/// its keys where `keys` says so.
fn world_with_id_token(key: &TestKey, renewed: String, keys: bool) -> World {
    let mut record = sample();
    record.token.id_token = Some(id_token(key, &[]).into());
    let world = world_with(record, 9_999);
    let published = json!({ "keys": [key.jwk] });
    world.http.on_request(move |request| {
        if request.uri().path() == "/token" {
            let mut answer = rotation();
            answer["id_token"] = json!(renewed);
            return Answer::json(200, &answer);
        }
        match keys {
            true => Answer::json(200, &published),
            false => Answer::Fail(HttpError::NotSent("no route".into())),
        }
    });
    world
}

#[test]
fn a_renewed_id_token_of_the_same_person_is_kept() {
    let key = TestKey::rsa(Algorithm::RS256, "a");
    let renewed = id_token(&key, &[("extra", "new")]);
    let world = world_with_id_token(&key, renewed.clone(), true);
    assert_eq!(ok(&world), "access-2");
    assert_eq!(stored(&world).token.id_token, Some(renewed.into()));
}

/// must 59, J17: and nothing of the answer is stored or used.
#[test]
fn a_renewed_id_token_of_somebody_else_ends_the_renewal() {
    let key = TestKey::rsa(Algorithm::RS256, "a");
    for changes in [
        [("sub", "another")],
        [("iss", "https://evil.example")],
        [("aud", "another client")],
    ] {
        let world = world_with_id_token(&key, id_token(&key, &changes), true);
        let error = fails(&world, &Wanted::default());
        assert_eq!(error.code(), Code::IdTokenInvalid, "{changes:?}");
        let after = stored(&world);
        assert_eq!(after.token.access_token, "access-1".into());
        assert_eq!(after.token.refresh_token, Some("refresh-1".into()));
    }
}

#[test]
fn keys_that_cannot_be_fetched_cost_the_new_id_token_not_the_session() {
    let key = TestKey::rsa(Algorithm::RS256, "a");
    let world = world_with_id_token(&key, id_token(&key, &[("extra", "new")]), false);
    let before = stored(&world).token.id_token;
    assert_eq!(ok(&world), "access-2");
    let after = stored(&world);
    assert_eq!(after.token.refresh_token, Some("refresh-2".into()));
    assert_eq!(after.token.id_token, before);
}

/// A world whose session has an ID Token that one key signed, and whose renewal brings one that
/// another key signed, which the server publishes only after the renewal.
fn world_with_rotated_keys(changes: &[(&str, &str)]) -> (Rc<World>, String) {
    let (old, new) = (
        TestKey::rsa(Algorithm::RS256, "a"),
        TestKey::rsa(Algorithm::RS256, "b"),
    );
    let mut record = sample();
    record.token.id_token = Some(id_token(&old, &[]).into());
    let world = Rc::new(world_with(record, 9_999));
    let (inside, renewed) = (Rc::downgrade(&world), id_token(&new, changes));
    let answer = renewed.clone();
    let asked = std::cell::Cell::new(0);
    world.http.on_request(move |request| {
        if request.uri().path() == "/token" {
            let mut body = rotation();
            body["id_token"] = json!(answer);
            return Answer::json(200, &body);
        }
        asked.set(asked.get() + 1);
        if asked.get() == 1 {
            return Answer::json(200, &json!({ "keys": [old.jwk] }));
        }
        // Whoever waits here may be killed: it is stored by now, and signals act.
        let world = inside.upgrade().unwrap();
        let stored = stored(&world);
        assert_eq!(stored.token.refresh_token, Some("refresh-2".into()));
        assert_eq!(stored.refreshing, None);
        assert_eq!(world.interrupts.guards(), 0);
        Answer::json(200, &json!({ "keys": [old.jwk, new.jwk] }))
    });
    (world, renewed)
}

#[test]
fn keys_are_fetched_after_the_rotated_refresh_token_is_stored() {
    let (world, renewed) = world_with_rotated_keys(&[("extra", "new")]);
    assert_eq!(ok(&world), "access-2");
    assert_eq!(world.http.count(), 3);
    let after = stored(&world);
    assert_eq!(after.token.id_token, Some(renewed.into()));
    assert_eq!(after.token.refresh_token, Some("refresh-2".into()));
}

/// must 59, J17.
#[test]
fn what_turns_out_to_be_somebody_elses_is_taken_out_of_the_store_again() {
    let (world, _) = world_with_rotated_keys(&[("sub", "another")]);
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::IdTokenInvalid);
    let after = stored(&world);
    assert_eq!(after.token.access_token, "access-1".into());
    assert_eq!(after.token.refresh_token, Some("refresh-1".into()));
    let facts = facts::all(&world.ports()).unwrap();
    assert_eq!(facts[0].last_refresh_at, None);
}

#[test]
fn a_lifetime_that_the_answer_leaves_out_is_asked_for_after_it_is_stored() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |request| {
        if request.uri().path() == "/token" {
            let mut body = rotation();
            body.as_object_mut().unwrap().remove("expires_in");
            return Answer::json(200, &body);
        }
        let world = inside.upgrade().unwrap();
        assert_eq!(stored(&world).token.refresh_token, Some("refresh-2".into()));
        let end = RECEIVED + 9_999 + 900;
        Answer::json(200, &json!({"active": true, "exp": end}))
    });
    let mut service = service();
    service.values.introspection_endpoint = Some("https://as.example/introspect".into());
    let access = block_on(access_token(&world.ports(), &service, &Wanted::default())).unwrap();
    assert_eq!(access.record.token.expires_in, Some(900));
    assert_eq!(stored(&world), access.record);
    let facts = facts::all(&world.ports()).unwrap();
    assert_eq!(facts[0].expires_at, Some(RECEIVED + 9_999 + 900));
}
