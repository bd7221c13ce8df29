//! Steps 1 to 3, and what else can be wanted or found.

use super::*;

#[test]
fn a_fresh_token_needs_no_lock_no_write_and_no_network() {
    let world = world(60);
    let ports = world.ports();
    let access = peek(&ports, &service(), &Wanted::default())
        .unwrap()
        .unwrap();
    assert_eq!(token(&access), "access-1");
    assert_eq!(ok(&world), "access-1");
    assert_eq!(world.store.log(), [Operation::Read, Operation::Read]);
    assert_eq!(world.http.count(), 0);
}

#[test]
fn nobody_signed_in_is_said_with_what_to_do() {
    let world = World::new();
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::LoginRequired);
    assert_eq!(error.hint(), Some("hallpass login work"));
    assert!(world.browser.opened.borrow().is_empty());
}

#[test]
fn a_session_of_another_client_or_server_is_neither_shown_nor_spent() {
    let world = world(9_999);
    let mut service = service();
    service.values.token_endpoint = Some("https://evil.example/token".into());
    let error = block_on(access_token(&world.ports(), &service, &Wanted::default())).unwrap_err();
    assert_eq!(error.code(), Code::LoginRequired);
    assert!(error.to_string().contains("token_endpoint"), "{error}");
    assert_eq!(world.http.count(), 0);
    assert_eq!(stored(&world), sample());
}

#[test]
fn a_dpop_bound_session_is_refused() {
    let mut record = sample();
    record.token.token_type = TokenType::DPoP;
    let error = fails(&world_with(record, 0), &Wanted::default());
    assert_eq!(error.code(), Code::LoginRequired);
    assert!(error.to_string().contains("DPoP"));
}

#[test]
fn a_garbled_record_is_reported_and_left_alone() {
    let world = world(0);
    world.store.put(&key(), "{garbled");
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::StoreUnreadable);
    assert_eq!(world.store.peek(&key()).unwrap().expose(), "{garbled");
}

#[test]
fn another_process_renewed_while_this_one_waited_for_the_lock() {
    let world = world(9_999);
    world.store.before_lock(|store| {
        let mut newer = sample();
        newer.token.access_token = "theirs".into();
        newer.received_at = RECEIVED + 9_999;
        put(store, &newer);
    });
    assert_eq!(ok(&world), "theirs");
    assert_eq!(world.http.count(), 0);
}

#[test]
fn a_renewal_while_waiting_does_even_where_less_than_the_wanted_life_is_left() {
    let world = world(0);
    world.store.before_lock(|store| {
        let mut newer = sample();
        newer.token.access_token = "theirs".into();
        put(store, &newer);
    });
    let wanted = Wanted {
        min_ttl: Duration::from_secs(7200),
        ..Wanted::default()
    };
    assert_eq!(token(&run(&world, &wanted).unwrap()), "theirs");
    assert_eq!(world.http.count(), 0);
}

#[test]
fn a_session_that_ended_while_waiting_is_over() {
    let world = world(9_999);
    world.store.before_lock(|store| {
        store.entries.borrow_mut().clear();
    });
    assert_eq!(
        fails(&world, &Wanted::default()).code(),
        Code::LoginRequired
    );
    assert_eq!(world.http.count(), 0);
}

#[test]
fn the_refresh_token_that_is_spent_is_the_one_under_the_lock() {
    let world = world(9_999);
    world.store.before_lock(|store| {
        let mut newer = sample();
        newer.token.refresh_token = Some("refresh-theirs".into());
        put(store, &newer);
    });
    grants(&world, rotation());
    assert_eq!(ok(&world), "access-2");
    let form = world.http.form(0);
    assert!(form.contains(&("refresh_token".into(), "refresh-theirs".into())));
}

#[test]
fn who_holds_the_lock_is_told_after_a_second_and_waited_for_until_the_deadline() {
    let world = world(9_999);
    let held = world
        .store
        .lock(&key(), Duration::ZERO, &mut |_| ())
        .unwrap();
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::LockTimeout);
    assert_eq!(world.ui.notices.borrow().len(), 1);
    let slept: Duration = world.clock.slept().iter().sum();
    assert!(slept >= Duration::from_secs(60), "{slept:?}");
    assert!(slept < Duration::from_secs(61), "{slept:?}");
    drop(held);
}

#[test]
fn behind_a_holder_that_hangs_a_token_that_still_lives_is_used() {
    let world = world(3590);
    let _held = world
        .store
        .lock(&key(), Duration::ZERO, &mut |_| ())
        .unwrap();
    let wanted = Wanted {
        lock_deadline: Duration::from_secs(2),
        ..Wanted::default()
    };
    assert_eq!(token(&run(&world, &wanted).unwrap()), "access-1");
    assert!(warned(&world, "locked"));
}

#[test]
fn always_renews_a_fresh_one() {
    let world = world(0);
    grants(&world, rotation());
    let access = run(&world, &renew(Renew::Always)).unwrap();
    assert_eq!(token(&access), "access-2");
}

#[test]
fn many_callers_whose_token_was_refused_renew_it_once() {
    let world = world(0);
    grants(&world, rotation());
    for _ in 0..5 {
        let access = run(&world, &renew(Renew::IfStill("access-1".into()))).unwrap();
        assert_eq!(token(&access), "access-2");
    }
    assert_eq!(world.http.count(), 1);
}

#[test]
fn tasks_of_one_process_wait_for_each_other() {
    let world = world(9_999);
    world.http.on_request(|_| Answer::json(200, &rotation()));
    let (ports, service, wanted) = (world.ports(), service(), Wanted::default());
    let one = access_token(&ports, &service, &wanted);
    let two = access_token(&ports, &service, &wanted);
    let (one, two) = block_on(futures_util::future::join(one, two));
    assert_eq!(token(&one.unwrap()), "access-2");
    assert_eq!(token(&two.unwrap()), "access-2");
    assert_eq!(world.http.count(), 1);
}

#[test]
fn a_wanted_lifetime_that_no_token_has_is_renewed_for_and_then_handed_out() {
    let world = world(0);
    grants(&world, rotation());
    let wanted = Wanted {
        min_ttl: Duration::from_secs(7200),
        ..Wanted::default()
    };
    assert_eq!(token(&run(&world, &wanted).unwrap()), "access-2");
}

#[test]
fn a_clock_set_back_renews_once_and_then_is_content() {
    let world = world(-86_400);
    grants(&world, rotation());
    assert_eq!(ok(&world), "access-2");
    assert_eq!(ok(&world), "access-2");
    assert_eq!(world.http.count(), 1);
}

#[test]
fn a_session_without_refresh_token_is_used_up_and_then_over() {
    let mut record = sample();
    record.token.refresh_token = None;
    let world = world_with(record, 3590);
    assert_eq!(ok(&world), "access-1");
    world.clock.set(RECEIVED + 3600);
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::LoginRequired);
    assert_eq!(world.http.count(), 0);
}

#[test]
fn client_credentials_run_their_grant_again_under_the_same_lock() {
    let mut record = sample();
    record.grant = crate::service::registration::Grant::ClientCredentials;
    record.token.refresh_token = None;
    let world = world_with(record, 9_999);
    let mut service = service();
    service.values.token_endpoint_auth_method = None;
    service.values.client_secret =
        Some(crate::service::registration::SecretSource::Env("S".into()));
    world.environment.set("S", "hunter2");
    grants(
        &world,
        json!({"access_token": "access-2", "token_type": "Bearer", "expires_in": 60}),
    );
    let ports = world.ports();
    let access = block_on(access_token(&ports, &service, &Wanted::default())).unwrap();
    assert_eq!(token(&access), "access-2");
    let grant = ("grant_type".into(), "client_credentials".into());
    assert!(world.http.form(0).contains(&grant));
    // Nothing is spent, so nothing is written ahead.
    use Operation::{Lock, Read, Write};
    assert_eq!(world.store.log(), [Read, Lock, Read, Write]);
    assert_eq!(stored(&world).token.access_token, "access-2".into());
}

#[test]
fn a_token_from_the_environment_is_read_only_and_bound() {
    let world = World::new();
    world.environment.set("HALLPASS_TOKEN_WORK", "from-env");
    assert_eq!(ok(&world), "from-env");
    assert!(world.store.log().is_empty());
    for wanted in [
        renew(Renew::Always),
        renew(Renew::IfStill("from-env".into())),
    ] {
        let error = fails(&world, &wanted);
        assert_eq!(error.code(), Code::LoginRequired);
        assert!(!error.to_string().contains("from-env"));
    }
    let access = run(&world, &Wanted::default()).unwrap();
    let url = |text: &str| url::Url::parse(text).unwrap();
    let audience = access.credential.audience();
    assert!(audience.allows(&url("https://api.example/v1/x")));
    assert!(!audience.allows(&url("https://evil.example/v1/x")));
}

#[test]
fn a_token_from_the_environment_is_nobody_in_particular() {
    let world = world(0);
    world.environment.set("HALLPASS_TOKEN_WORK", "from-env");
    let mut service = service();
    service.account = Some("ada".into());
    let ports = world.ports();
    let access = block_on(access_token(&ports, &service, &Wanted::default())).unwrap();
    assert_eq!(token(&access), "access-1");
}

#[test]
fn a_token_from_the_environment_that_no_header_can_carry_is_refused() {
    for bad in ["two words", "line\nend", "t\u{f6}ken"] {
        let world = World::new();
        world.environment.set("HALLPASS_TOKEN_WORK", bad);
        let error = fails(&world, &Wanted::default());
        assert_eq!(error.code(), Code::ConfigInvalid);
        assert!(!error.to_string().contains(bad));
    }
}
