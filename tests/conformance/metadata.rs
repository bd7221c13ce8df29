//! Mix-up and metadata: rows M1–M9.

use serde_json::{Value, json};

use super::parties;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

/// Refused before any browser.
#[track_caller]
fn refused(parties: &super::Parties, code: i32, names: &str) {
    let ended = parties.sandbox.hallpass("login demo").fails(code);
    let _ = ended.says(names);
    assert!(parties.sandbox.opened().is_empty(), "a browser was started");
    parties.nothing_came_of_it();
}

#[test]
fn m1_a_callback_of_one_sign_in_does_not_end_another() {
    let (first, second) = (Authority::honest(), Authority::honest());
    let sandbox = Sandbox::new()
        .service("a", &first.service())
        .service("b", &second.service());
    let mut a = sandbox.start(&["login", "a", "--no-browser"]);
    let mut b = sandbox.start(&["login", "b", "--no-browser"]);
    let (url_a, url_b) = (a.authorization_url(), b.authorization_url());
    // A's answer, brought to B's listener.
    let answer = wire::get(&url_a).expect("the page");
    let location = answer.headers()[http::header::LOCATION]
        .to_str()
        .expect("ASCII");
    let right: url::Url = location.parse().expect("a URL");
    let query = wire::query(&url_b);
    let target = wire::value(&query, "redirect_uri").expect("sent");
    let mut wrong: url::Url = target.parse().expect("a URL");
    wrong.set_query(right.query());
    let page = wire::get(&wrong).expect("a page");
    assert_eq!(page.status(), 400);
    let _ = wire::get(&right).expect("a page");
    let _ = crate::support::browser::walk(&url_b, true);
    a.finish().ok();
    b.finish().ok();
    assert_eq!(second.token_requests("authorization_code"), 1);
}

#[test]
fn m2_an_issuer_that_differs_by_a_slash_is_refused() {
    let parties = parties();
    parties.authority.metadata(|document| {
        let issuer = document["issuer"].as_str().unwrap_or_default();
        document["issuer"] = format!("{issuer}/").into();
    });
    refused(&parties, 9, "issuer");
}

#[test]
fn m3_metadata_that_is_no_metadata_is_refused() {
    let html = || Answer::new(200, "text/html", "<h1>Sign in to the hotel</h1>");
    let huge = vec![b' '; 5 << 20];
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (answer, code) in [
        (html(), 9),
        (Answer::new(404, "text/plain", "no"), 9),
        (Answer::new(503, "text/plain", "later"), 6),
        (Answer::new(200, "application/json", ""), 9),
        (Answer::new(200, "application/json", huge), 9),
        (Answer::new(200, "application/json", utf16), 9),
        (Answer::new(200, "application/json", "[".repeat(100_000)), 9),
    ] {
        let parties = parties();
        let shown = format!("{answer:?}").chars().take(80).collect::<String>();
        for path in ["oauth-authorization-server", "openid-configuration"] {
            let path = format!("/.well-known/{path}");
            parties.authority.always(&path, answer.clone());
        }
        let ended = parties.sandbox.hallpass("login demo");
        assert_eq!(ended.code, code, "{shown}: {ended:#?}");
        let _ = ended.does_not_say("hotel");
        assert!(parties.sandbox.opened().is_empty());
    }
}

#[test]
fn m4_a_plain_http_endpoint_elsewhere_or_with_credentials_is_refused() {
    for endpoint in [
        "http://tokens.example/token",
        "http://user:password@127.0.0.1/token",
        "ftp://127.0.0.1/token",
        "not a url",
    ] {
        let parties = parties();
        parties
            .authority
            .metadata(move |d| d["token_endpoint"] = endpoint.into());
        refused(&parties, 9, "token_endpoint");
    }
}

#[test]
fn m5_an_authorization_endpoint_that_no_browser_should_see_is_refused() {
    for endpoint in [
        "file:///bin/sh",
        "javascript:alert(1)",
        "--help",
        "ms-settings:",
        "a'$(touch canary)'",
        "https://h.example/\nHost: evil",
        "data:text/html,x",
    ] {
        let parties = parties();
        parties
            .authority
            .metadata(move |d| d["authorization_endpoint"] = endpoint.into());
        refused(&parties, 9, "authorization_endpoint");
        assert!(!parties.sandbox.path("canary").exists());
    }
}

#[test]
fn m6_a_redirect_of_discovery_is_not_followed() {
    let honest = Authority::honest();
    let parties = parties();
    let target = format!("{}/.well-known/openid-configuration", honest.issuer());
    for path in ["oauth-authorization-server", "openid-configuration"] {
        let answer = Answer::with_headers(302, &[("location", target.as_str())], "");
        parties
            .authority
            .always(&format!("/.well-known/{path}"), answer);
    }
    refused(&parties, 9, "redirects to");
    assert!(honest.paths().is_empty(), "the other host was asked");
}

#[test]
fn m7_unknown_keys_are_ignored_and_a_key_set_without_the_right_one_is_refused() {
    let good = parties();
    let honest = good.authority.provider(|p| p.signing_key().jwk());
    good.authority.mutate("/jwks", move |keys| {
        let mut many = vec![
            json!({"kty": "unknown", "kid": "x"}),
            json!("not even an object"),
            json!({"kty": "oct", "k": "AAAA", "kid": honest["kid"]}),
            json!({"kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB"}),
        ];
        many.push(honest.clone());
        *keys = json!({ "keys": many });
    });
    good.sign_in();
    for keys in [
        json!({"keys": []}),
        json!({}),
        json!({"keys": "no"}),
        json!([]),
    ] {
        let parties = parties();
        let answer = Answer::json(200, &keys);
        parties.authority.always("/jwks", answer);
        parties.refuse(9, "key set");
    }
    let gone = parties();
    gone.authority
        .always("/jwks", Answer::new(404, "text/plain", "no"));
    gone.refuse(9, "/jwks answered 404");
}

#[test]
fn m8_a_missing_or_mistyped_field_is_named() {
    for (name, value, code) in [
        ("token_endpoint", Value::Null, 3),
        ("authorization_endpoint", Value::Null, 3),
        ("issuer", Value::Null, 9),
        ("token_endpoint", json!(7), 9),
        ("code_challenge_methods_supported", json!("S256"), 9),
    ] {
        let parties = parties();
        parties.authority.metadata(move |document| {
            let members = document.as_object_mut().expect("an object");
            // Or the device grant would do without a page.
            members.remove("device_authorization_endpoint");
            match &value {
                Value::Null => drop(members.remove(name)),
                value => drop(members.insert(name.into(), value.clone())),
            }
        });
        let ended = parties.sandbox.hallpass("login demo").fails(code);
        let _ = ended.says(name);
        assert!(parties.sandbox.opened().is_empty());
    }
}

#[test]
fn m9_an_endpoint_that_moved_is_found_again() {
    let parties = parties();
    parties.sandbox.hallpass("login demo").ok();
    // The provider moves its token endpoint; the cached document still names the old one.
    let origin = parties.authority.origin();
    parties
        .authority
        .always("/token", Answer::new(404, "text/plain", "moved"));
    let new = format!("{origin}/token2");
    parties
        .authority
        .metadata(move |d| d["token_endpoint"] = new.clone().into());
    parties.authority.always(
        "/token2",
        Answer::json(
            200,
            &json!({"access_token": "moved", "token_type": "Bearer", "expires_in": 3600}),
        ),
    );
    let renewed = parties.sandbox.hallpass("token demo --refresh").ok();
    assert_eq!(renewed.data(), "moved");
}

#[test]
fn only_plain_pkce_is_refused_and_silence_still_gets_s256() {
    let plain = parties();
    plain.authority.metadata(|d| {
        d["code_challenge_methods_supported"] = json!(["plain"]);
    });
    refused(&plain, 9, "S256");
    let silent = parties();
    silent.authority.metadata(|d| {
        let members = d.as_object_mut().expect("an object");
        members.remove("code_challenge_methods_supported");
    });
    silent.sign_in();
}

#[test]
fn an_issuer_with_a_path_is_found_in_both_forms() {
    for hidden in ["oauth-authorization-server", "openid-configuration"] {
        let authority = Authority::with_issuer_path("/tenant/a");
        let gone = Answer::new(404, "text/plain", "no");
        let path = match hidden {
            "openid-configuration" => format!("/tenant/a/.well-known/{hidden}"),
            _ => format!("/.well-known/{hidden}/tenant/a"),
        };
        authority.always(&path, gone);
        let sandbox = Sandbox::new().service("demo", &authority.service());
        sandbox.hallpass("login demo").ok();
    }
}
