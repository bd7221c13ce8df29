//! Step 6: refusals and trouble on the way.

use super::*;

#[test]
fn a_refused_refresh_token_is_forgotten_and_a_sign_in_asked_for() {
    let world = world(9_999);
    refuses(&world, 400, "invalid_grant");
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::RefreshRefused);
    assert_eq!(error.code().exit_code(), 4);
    assert_eq!(error.hint(), Some("hallpass login work@ada"));
    let after = stored(&world);
    assert_eq!(after.token.refresh_token, None);
    assert_eq!(after.refreshing, None);
    assert!(!facts::all(&world.ports()).unwrap()[0].renewable);
    assert!(world.browser.opened.borrow().is_empty());

    // And it is not tried again.
    assert_eq!(
        fails(&world, &Wanted::default()).code(),
        Code::LoginRequired
    );
    assert_eq!(world.http.count(), 1);
}

#[test]
fn the_loser_of_a_race_with_a_writer_that_ignores_the_lock_uses_the_winners_token() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        let mut theirs = sample();
        theirs.generation = 7;
        theirs.token.access_token = "theirs".into();
        theirs.token.refresh_token = Some("refresh-theirs".into());
        theirs.received_at = RECEIVED + 9_999;
        put(&world.store, &theirs);
        Answer::json(400, &json!({"error": "invalid_grant"}))
    });
    assert_eq!(ok(&world), "theirs");
    assert_eq!(world.http.count(), 1);
    assert_eq!(
        stored(&world).token.refresh_token,
        Some("refresh-theirs".into())
    );
}

#[test]
fn a_refresh_token_that_another_writer_brought_is_tried_once() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |request| {
        let world = inside.upgrade().unwrap();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        if body.contains("refresh-theirs") {
            return Answer::json(200, &rotation());
        }
        let mut theirs = sample();
        theirs.token.refresh_token = Some("refresh-theirs".into());
        put(&world.store, &theirs);
        Answer::json(400, &json!({"error": "invalid_grant"}))
    });
    assert_eq!(ok(&world), "access-2");
    assert_eq!(world.http.count(), 2);
}

#[test]
fn trouble_on_the_way_keeps_everything() {
    for status in [408, 429, 500, 502, 503] {
        let world = world(9_999);
        world
            .http
            .on_request(move |_| Answer::new(status, "text/html", "<html>busy</html>"));
        let error = fails(&world, &Wanted::default());
        assert_eq!(error.code().exit_code(), 6, "{status}: {error}");
        assert_eq!(stored(&world).token, sample().token, "{status}");
    }
    for failure in [
        HttpError::NotSent("no route".into()),
        HttpError::Ambiguous("reset".into()),
    ] {
        let world = world(9_999);
        let not_sent = matches!(failure, HttpError::NotSent(_));
        let text = format!("{failure}");
        world.http.on_request(move |_| {
            Answer::Fail(match not_sent {
                true => HttpError::NotSent(text.clone()),
                false => HttpError::Ambiguous(text.clone()),
            })
        });
        let error = fails(&world, &Wanted::default());
        assert_eq!(error.code().exit_code(), 6, "{error}");
        assert_eq!(stored(&world).token, sample().token);
        // What provably did not leave leaves no suspicion.
        assert_eq!(stored(&world).refreshing.is_none(), not_sent);
    }
}

#[test]
fn a_refusal_that_is_not_about_the_grant_keeps_everything() {
    let world = world(9_999);
    refuses(&world, 401, "invalid_client");
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::ServerRefused);
    let after = stored(&world);
    assert_eq!((after.token, after.refreshing), (sample().token, None));
}

#[test]
fn an_early_renewal_that_fails_leaves_a_living_token_usable() {
    let answers: [fn() -> Answer; 4] = [
        || Answer::json(400, &json!({"error": "invalid_grant"})),
        || Answer::json(400, &json!({"error": "invalid_client"})),
        || Answer::new(500, "text/plain", ""),
        || Answer::Fail(HttpError::Ambiguous("reset".into())),
    ];
    for answer in answers {
        let world = world(3590);
        world.http.on_request(move |_| answer());
        assert_eq!(ok(&world), "access-1");
        assert_eq!(world.ui.warnings.borrow().len(), 1);
    }
    let world = world(3590);
    world.store.fail_next(Operation::Write, Code::StoreFull);
    assert_eq!(ok(&world), "access-1");
    assert_eq!(world.http.count(), 0);
}

#[test]
fn a_renewal_that_was_asked_for_does_not_end_in_the_old_token() {
    for wanted in [
        renew(Renew::Always),
        renew(Renew::IfStill("access-1".into())),
    ] {
        let world = world(0);
        world
            .http
            .on_request(|_| Answer::new(500, "text/plain", ""));
        assert_eq!(fails(&world, &wanted).code().exit_code(), 6);
    }
}

#[test]
fn a_crash_mark_is_seen_and_told_when_the_refresh_token_turns_out_spent() {
    let mut record = sample();
    record.refreshing = Some(crate::session::record::Refreshing {
        since: RECEIVED + 9_000,
        spill_key: "AAAA".into(),
    });
    let world = world_with(record.clone(), 9_999);
    refuses(&world, 400, "invalid_grant");
    let error = fails(&world, &Wanted::default());
    assert!(error.to_string().contains("interrupted"), "{error}");

    // A server that had not rotated yet renews as ever.
    let world = world_with(record, 9_999);
    grants(&world, rotation());
    assert_eq!(ok(&world), "access-2");
    assert_eq!(stored(&world).refreshing, None);
}

#[test]
fn garbage_from_the_token_endpoint_keeps_everything() {
    for body in ["", "{", "[]", "<html>", "{\"access_token\": 7}"] {
        let world = world(9_999);
        world.http.push(Answer::new(200, "application/json", body));
        let error = fails(&world, &Wanted::default());
        assert!(
            [6, 9].contains(&error.code().exit_code()),
            "{body}: {error}"
        );
        assert_eq!(stored(&world).token, sample().token, "{body}");
    }
}

/// Compare and clear: what cannot be compared is not cleared.
#[test]
fn a_store_that_cannot_say_what_it_holds_is_not_written_over() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        world.store.fail_next(Operation::Read, Code::StoreHung);
        Answer::json(400, &json!({"error": "invalid_grant"}))
    });
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::RefreshRefused);
    let after = stored(&world);
    assert_eq!(after.token, sample().token);
    assert_eq!(after.generation, 2, "the write-ahead was the last write");
}

#[test]
fn a_session_that_was_signed_out_meanwhile_does_not_come_back() {
    let world = Rc::new(world(9_999));
    let inside = Rc::downgrade(&world);
    world.http.on_request(move |_| {
        let world = inside.upgrade().unwrap();
        world.store.entries.borrow_mut().clear();
        Answer::json(400, &json!({"error": "invalid_grant"}))
    });
    let error = fails(&world, &Wanted::default());
    assert_eq!(error.code(), Code::LoginRequired);
    assert_eq!(world.store.peek(&key()), None);
}
