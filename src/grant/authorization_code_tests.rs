//! The whole journey against a scripted browser and server.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::grant::testing::{client, code, come_back, granting};
use crate::port::HttpError;
use crate::port::fake::{Answer, FakeListener, World, block_on};

fn token() -> serde_json::Value {
    json!({"access_token": "at", "token_type": "Bearer", "refresh_token": "rt"})
}

fn signed_in(world: &World, options: &Options) -> Result<SignedIn> {
    block_on(sign_in(&world.ports(), &client(), options))
}

fn page(world: &World, index: usize) -> String {
    String::from_utf8(world.listener.pages()[index].body().clone()).unwrap()
}

#[test]
fn the_journey_of_rfc_8252() {
    let world = World::new();
    granting(&world, token());
    let done = signed_in(&world, &Options::default()).unwrap();
    assert_eq!(done.token.refresh_token.unwrap().expose(), "rt");
    assert!(done.page.is_some(), "the page waits for the store");
    assert!(world.listener.pages().is_empty());

    let opened = world.browser.opened.borrow()[0].clone();
    let sent: BTreeMap<_, _> = opened.query_pairs().into_owned().collect();
    let port = FakeListener::PORT;
    assert_eq!(
        sent["redirect_uri"],
        format!("http://127.0.0.1:{port}/callback")
    );
    let form: BTreeMap<_, _> = world.http.form(0).into_iter().collect();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "abc");
    assert_eq!(form["redirect_uri"], sent["redirect_uri"]);
    // The verifier is the challenge's, and went nowhere but here.
    let hash = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
    use base64::Engine;
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    assert_eq!(sent["code_challenge"], challenge);
    // must 18: the URL is printed, always.
    let notices = world.ui.notices.borrow().join("\n");
    assert!(notices.contains(opened.as_str()));
    assert_eq!(world.listener.open(), 0, "the port is closed");
}

/// must 5: nothing is used twice.
#[test]
fn every_sign_in_has_values_of_its_own() {
    let world = World::new();
    granting(&world, token());
    signed_in(&world, &Options::default()).unwrap();
    signed_in(&world, &Options::default()).unwrap();
    let opened = world.browser.opened.borrow();
    let value = |index: usize, name: &str| {
        let url: &Url = &opened[index];
        url.query_pairs()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
            .into_owned()
    };
    for name in ["state", "code_challenge"] {
        assert_ne!(value(0, name), value(1, name));
    }
}

/// must 19, 21: a port that is taken stops everything before the browser.
#[test]
fn no_browser_without_a_listener() {
    let world = World::new();
    world.listener.taken.set(true);
    assert!(signed_in(&world, &Options::default()).is_err());
    assert!(world.browser.opened.borrow().is_empty());
    assert!(world.ui.notices.borrow().is_empty());
}

/// must 17.
#[test]
fn a_browser_that_does_not_start_is_no_end() {
    let world = World::new();
    granting(&world, token());
    world.browser.broken.set(true);
    let options = Options {
        deadline: Duration::from_secs(9),
        ..Options::default()
    };
    assert_eq!(code(signed_in(&world, &options)), Code::TimedOut);
    assert_eq!(world.ui.warnings.borrow().len(), 1);
}

/// A5.
#[test]
fn a_refusal_with_the_right_state_ends_it_and_the_page_says_so() {
    for (answer, expected, title) in [
        ("access_denied", Code::Cancelled, "Access was denied"),
        ("invalid_scope", Code::ServerRefused, "The sign-in failed"),
    ] {
        let world = World::new();
        come_back(&world, move |state| {
            format!("error={answer}&error_description=%3Cb%3Eno&state={state}")
        });
        let error = signed_in(&world, &Options::default()).unwrap_err();
        assert_eq!(error.code(), expected);
        assert_eq!(error.oauth().unwrap().error, answer);
        let page = page(&world, 0);
        assert!(page.contains(title), "{page}");
        assert!(!page.contains("<b>"));
        assert_eq!(world.http.count(), 0);
    }
}

/// A8, must 28, M1.
#[test]
fn another_issuer_in_the_redirect_ends_it_before_the_code_is_sent() {
    let world = World::new();
    come_back(&world, |state| {
        format!("code=abc&iss=https://evil.example&state={state}")
    });
    let outcome = signed_in(&world, &Options::default());
    assert_eq!(code(outcome), Code::AuthorizationResponseInvalid);
    assert_eq!(world.http.count(), 0);
    assert!(page(&world, 0).contains("The sign-in failed"));
}

/// must 46: a code is never sent twice after an ambiguous failure, and the page tells the truth.
#[test]
fn a_failed_exchange_fails_the_page_too() {
    for answer in [
        Answer::Fail(HttpError::Ambiguous("reset".into())),
        Answer::new(500, "text/html", "oops"),
        Answer::response(503, &[("retry-after", "1")], ""),
        Answer::json(400, &json!({"error": "invalid_grant"})),
        Answer::new(200, "application/json", "{\"access_tok"),
    ] {
        let world = World::new();
        come_back(&world, |state| format!("code=abc&state={state}"));
        world.http.push(answer);
        assert!(signed_in(&world, &Options::default()).is_err());
        assert_eq!(world.http.count(), 1);
        assert!(page(&world, 0).contains("The sign-in failed"));
    }
}

/// T26, must 61.
#[test]
fn openid_without_an_id_token_is_refused() {
    let world = World::new();
    granting(&world, token());
    let options = Options {
        scope: Some(vec!["openid".into()]),
        ..Options::default()
    };
    assert_eq!(code(signed_in(&world, &options)), Code::IdTokenInvalid);
    assert_eq!(world.http.count(), 1);
}

#[test]
fn without_a_listener_only_a_pasted_url_counts() {
    let world = World::new();
    let options = Options {
        open_browser: false,
        listen: false,
        redirect_port: Some(4242),
        deadline: Duration::from_secs(5),
        ..Options::default()
    };
    world
        .ui
        .lines
        .borrow_mut()
        .push_back("http://127.0.0.1:4242/callback?code=a&state=x".into());
    assert_eq!(code(signed_in(&world, &options)), Code::TimedOut);
    assert!(world.listener.bound().is_empty());
    assert!(world.browser.opened.borrow().is_empty());
    assert_eq!(world.ui.warnings.borrow().len(), 1);
}

#[test]
fn what_the_preset_names_is_captured() {
    let world = World::new();
    come_back(&world, |state| {
        format!("code=abc&state={state}&realmId=42&other=x")
    });
    let mut answer = token();
    answer["instance_url"] = json!("https://my.example");
    world.http.push(Answer::json(200, &answer));
    let mut client = client();
    client.service.values.capture = Some(vec!["realmId".into(), "instance_url".into()]);
    let done = block_on(sign_in(&world.ports(), &client, &Options::default())).unwrap();
    let expected = [("instance_url", "https://my.example"), ("realmId", "42")];
    assert_eq!(
        done.captured,
        expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    );
}

/// must 4.
#[test]
fn a_server_with_plain_only_is_refused_before_anything_happens() {
    let world = World::new();
    let mut client = client();
    client.metadata.code_challenge_methods_supported = Some(vec!["plain".into()]);
    let outcome = block_on(sign_in(&world.ports(), &client, &Options::default()));
    assert_eq!(code(outcome), Code::MetadataInvalid);
    assert!(world.listener.bound().is_empty());
}
