//! Config RP: discovery and keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hallpass::demo::SigningKey;
use serde_json::json;

use super::{parties, rs256};
use crate::support::jwt;
use crate::support::rsa::RsaKey;

#[test]
fn oidcc_client_test_discovery_openid_config() {
    let parties = parties();
    parties.sign_in();
    let paths = parties.authority.paths();
    assert!(paths[0].contains("/.well-known/"), "{paths:?}");
}

#[test]
fn oidcc_client_test_discovery_jwks_uri_keys() {
    // The keys are at another place each time.
    let parties = parties();
    let key = parties.authority.provider(|p| p.signing_key().jwk());
    let origin = parties.authority.origin();
    for place in ["/keys/1", "/keys/2"] {
        let uri = format!("{origin}{place}");
        parties
            .authority
            .metadata(move |d| d["jwks_uri"] = uri.clone().into());
        let keys = json!({"keys": [key]}).to_string();
        let answer = crate::support::server::Answer::new(200, "application/json", keys);
        parties.authority.always(place, answer);
        let fresh = crate::support::Sandbox::new().service("demo", &parties.authority.service());
        fresh.hallpass("login demo").ok();
        assert_eq!(parties.authority.requests(place).len(), 1);
    }
}

#[test]
fn oidcc_client_test_discovery_issuer_mismatch() {
    let parties = parties();
    parties.authority.metadata(|document| {
        let issuer = document["issuer"].as_str().unwrap_or_default();
        document["issuer"] = format!("{issuer}1").into();
    });
    parties.refuse(9, "issuer");
    assert!(parties.sandbox.opened().is_empty(), "a browser was started");
    assert!(parties.authority.requests("/authorize").is_empty());
}

#[test]
fn oidcc_client_test_idtoken_sig_none() {
    let parties = rs256("a");
    parties.authority.id_token(jwt::none);
    parties.refuse(9, "none");
}

#[test]
fn oidcc_client_test_signing_key_rotation_just_before_signing() {
    // The key set is fetched before the token request could be; the key that signs is newer.
    let parties = parties();
    let new = Arc::new(SigningKey::generate().expect("a key"));
    let fetched = Arc::new(AtomicUsize::new(0));
    let (old, jwk) = (
        parties.authority.provider(|p| p.signing_key().jwk()),
        new.jwk(),
    );
    let count = fetched.clone();
    parties.authority.mutate("/jwks", move |keys| {
        let key = match count.fetch_add(1, Ordering::SeqCst) {
            0 => &old,
            _ => &jwk,
        };
        *keys = json!({ "keys": [key] });
    });
    // The first sign-in fills the cache with the old key.
    parties.sandbox.hallpass("login demo").ok();
    let signer = new.clone();
    parties.authority.id_token(move |token| {
        token.head("kid", signer.kid().into());
        let (header, claims) = (token.header.clone(), token.claims.clone());
        let signed = signer.sign(&header, &claims).expect("a signature");
        token.replace = Some(Box::new(move |_| signed.clone()));
    });
    parties.sandbox.hallpass("login demo").ok();
    assert_eq!(fetched.load(Ordering::SeqCst), 2, "fetched again, once");
}

#[test]
fn oidcc_client_test_signing_key_rotation() {
    // Keys rotate between two sign-ins, and with them the algorithm's key.
    let parties = rs256("a");
    parties.sandbox.hallpass("login demo").ok();
    parties.authority.mutate("/jwks", |keys| {
        *keys = json!({"keys": [RsaKey::second().jwk("b")]});
    });
    parties
        .authority
        .id_token(|token| RsaKey::second().signs(token, "b"));
    parties.sandbox.hallpass("login demo").ok();
}

#[test]
fn a_flood_of_unknown_kids_makes_few_fetches() {
    let parties = parties();
    let number = AtomicUsize::new(0);
    parties.authority.id_token(move |token| {
        let next = number.fetch_add(1, Ordering::SeqCst);
        token.head("kid", format!("unknown-{next}").into());
    });
    for _ in 0..5 {
        parties.sandbox.hallpass("login demo").fails(9);
    }
    let fetched = parties.authority.requests("/jwks").len();
    assert!(fetched <= 5, "{fetched} fetches for five tokens");
}
