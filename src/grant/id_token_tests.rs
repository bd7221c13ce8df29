//! ID Tokens with keys that are fetched, cached and rotated (must 49–52, 61; J5, J17, T26).

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::*;
use crate::grant::testing::{ISSUER, client, code};
use crate::port::fake::{Answer, World, block_on};
use crate::protocol::test_keys::TestKey;

const NOW: i64 = 1_800_000_000;

fn openid_client() -> Client {
    let mut client = client();
    client.metadata.jwks_uri = Some("https://as.example/keys".into());
    client.metadata.id_token_signing_alg_values_supported = Some(vec!["ES256".into()]);
    client
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "cli", "sub": "ada", "exp": NOW + 300, "iat": NOW, "nonce": "n",
    })
}

fn token(key: &TestKey, claims: &Value) -> TokenSet {
    TokenSet {
        access_token: "at".into(),
        token_type: Default::default(),
        refresh_token: None,
        id_token: Some(Secret::new(key.sign(claims))),
        scope: None,
        expires_in: None,
        refresh_token_expires_in: None,
        extra: Default::default(),
    }
}

fn publish(world: &World, keys: &[&TestKey]) {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk.clone()).collect();
    let answer = json!({ "keys": keys });
    world.http.on_request(move |_| Answer::json(200, &answer));
}

fn checked(world: &World, token: &TokenSet) -> Result<Option<IdTokenClaims>> {
    let nonce = Secret::from("n");
    let wanted = Wanted {
        nonce: Some(&nonce),
        required: true,
        ..Wanted::default()
    };
    block_on(check(&world.ports(), &openid_client(), token, &wanted))
}

#[test]
fn a_good_token_is_accepted_and_keys_are_fetched_once() {
    let world = World::new();
    let key = TestKey::ec(Algorithm::ES256, "a");
    publish(&world, &[&key]);
    let claims = checked(&world, &token(&key, &claims())).unwrap().unwrap();
    assert_eq!(claims.subject, "ada");
    checked(&world, &token(&key, &self::claims())).unwrap();
    assert_eq!(world.http.count(), 1);
}

/// must 52, J5: keys that were rotated a moment ago are fetched anew, once.
#[test]
fn rotated_keys_are_fetched_anew_once() {
    let world = World::new();
    let (old, new) = (
        TestKey::ec(Algorithm::ES256, "old"),
        TestKey::ec(Algorithm::ES256, "new"),
    );
    publish(&world, &[&old]);
    checked(&world, &token(&old, &claims())).unwrap();
    publish(&world, &[&new]);
    checked(&world, &token(&new, &claims())).unwrap();
    assert_eq!(world.http.count(), 2);
    // A kid that nobody publishes costs one fetch where the keys were cached, and none where
    // they have just come.
    let unknown = TestKey::ec(Algorithm::ES256, "unknown");
    assert_eq!(
        code(checked(&world, &token(&unknown, &claims()))),
        Code::IdTokenInvalid
    );
    assert_eq!(world.http.count(), 3);
    let empty = World::new();
    publish(&empty, &[&new]);
    assert!(checked(&empty, &token(&unknown, &claims())).is_err());
    assert_eq!(empty.http.count(), 1);
}

/// must 49, 50, 54, 55: each claim is held against what was asked for.
#[test]
fn wrong_claims_are_refused() {
    let key = TestKey::ec(Algorithm::ES256, "a");
    for (name, value) in [
        ("iss", json!(format!("{ISSUER}1"))),
        ("aud", json!("cli1")),
        ("nonce", json!("n1")),
        ("nonce", json!(null)),
        ("exp", json!(NOW - 360)),
        ("sub", json!(7)),
    ] {
        let world = World::new();
        publish(&world, &[&key]);
        let mut claims = claims();
        claims[name] = value;
        assert_eq!(
            code(checked(&world, &token(&key, &claims))),
            Code::IdTokenInvalid,
            "{name}"
        );
    }
}

/// T26.
#[test]
fn a_missing_token_is_an_error_only_where_it_was_asked_for() {
    let world = World::new();
    let key = TestKey::ec(Algorithm::ES256, "a");
    let none = TokenSet {
        id_token: None,
        ..token(&key, &claims())
    };
    assert_eq!(code(checked(&world, &none)), Code::IdTokenInvalid);
    let ports = world.ports();
    let unasked = Wanted::default();
    assert!(
        block_on(check(&ports, &client(), &none, &unasked))
            .unwrap()
            .is_none()
    );
    // One that nobody asked for, of a server without keys, is not looked at.
    let some = token(&key, &claims());
    assert!(
        block_on(check(&ports, &client(), &some, &unasked))
            .unwrap()
            .is_none()
    );
}

/// M7.
#[test]
fn a_server_without_keys_is_told() {
    let key = TestKey::ec(Algorithm::ES256, "a");
    for answer in [
        || Answer::new(404, "text/html", ""),
        || Answer::new(200, "text/html", "<html>"),
    ] {
        let world = World::new();
        world.http.on_request(move |_| answer());
        assert!(checked(&world, &token(&key, &claims())).is_err());
    }
}

/// must 59, J17.
#[test]
fn a_refreshed_token_is_still_of_the_same_person() {
    let world = World::new();
    let key = TestKey::ec(Algorithm::ES256, "a");
    publish(&world, &[&key]);
    let before = Secret::new(key.sign(&claims()));
    let refreshed = |name: &str, value: Value| {
        let mut claims = claims();
        claims["iat"] = json!(NOW + 1);
        claims.as_object_mut().unwrap().remove("nonce");
        claims[name] = value;
        let token = token(&key, &claims);
        block_on(check_refreshed(
            &world.ports(),
            &openid_client(),
            &token,
            Some(&before),
            KeysFrom::Server,
        ))
    };
    refreshed("iat", json!(NOW + 2)).unwrap();
    for (name, value) in [
        ("sub", json!("eve")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("other")),
    ] {
        assert_eq!(code(refreshed(name, value)), Code::IdTokenInvalid, "{name}");
    }
    let none = TokenSet {
        id_token: None,
        ..token(&key, &claims())
    };
    block_on(check_refreshed(
        &world.ports(),
        &openid_client(),
        &none,
        Some(&before),
        KeysFrom::Server,
    ))
    .unwrap();
}

/// What is between a server's answer and the store must wait for nobody.
#[test]
fn from_the_cache_alone_nobody_is_asked_for_keys() {
    let (old, new) = (
        TestKey::ec(Algorithm::ES256, "a"),
        TestKey::ec(Algorithm::ES256, "b"),
    );
    let world = World::new();
    let before = Secret::new(old.sign(&claims()));
    let renewed = token(&new, &claims());
    let checked = |from| {
        let (ports, client) = (world.ports(), openid_client());
        block_on(check_refreshed(
            &ports,
            &client,
            &renewed,
            Some(&before),
            from,
        ))
    };
    let needs_keys = |from| matches!(checked(from), Ok(Refreshed::KeysNeeded));
    assert!(needs_keys(KeysFrom::Cache));
    publish(&world, &[&old]);
    block_on(fetch_keys_ahead(&world.ports(), &openid_client()));
    assert!(needs_keys(KeysFrom::Cache));
    assert_eq!(world.http.count(), 1);
    publish(&world, &[&old, &new]);
    assert!(matches!(checked(KeysFrom::Server), Ok(Refreshed::Good)));
    assert_eq!(world.http.count(), 2);
    assert!(matches!(checked(KeysFrom::Cache), Ok(Refreshed::Good)));
}
