//! Tests of the claims: must 49 to 59 and rows J9 to J12, J17; one mutation of an honest token each.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::protocol::test_keys::{TestKey, base64url, jwks};

const ISSUER: &str = "https://as.example";
const CLIENT: &str = "client-1";
const NOW: i64 = 1_800_000_000;

thread_local! {
    static KEY: TestKey = TestKey::ec(Algorithm::ES256, "k");
}

fn honest() -> Value {
    json!({
        "iss": ISSUER, "sub": "ada", "aud": CLIENT, "exp": NOW + 300, "iat": NOW - 1,
        "nonce": "n-1",
    })
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        client_id: CLIENT,
        algorithms: &[Algorithm::ES256],
        nonce: Some("n-1"),
        ..Expected::default()
    }
}

fn signed(claims: &Value) -> (String, JwkSet) {
    KEY.with(|key| {
        let keys = JwkSet::parse(&jwks(&[key])).unwrap();
        (key.sign(claims), keys)
    })
}

fn run(claims: &Value, expected: &Expected<'_>) -> Result<IdTokenClaims> {
    let (jwt, keys) = signed(claims);
    validate(&jwt, &keys, expected, NOW).map_err(Error::from)
}

/// The honest token with one claim changed; `null` takes it out.
fn with(name: &str, value: Value) -> Result<IdTokenClaims> {
    let mut claims = honest();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name).map(drop),
        value => claims
            .as_object_mut()
            .unwrap()
            .insert(name.into(), value)
            .map(drop),
    };
    run(&claims, &expected())
}

fn refused(name: &str, value: Value) {
    let shown = value.to_string();
    let error = with(name, value).expect_err(&shown);
    assert_eq!(error.code(), Code::IdTokenInvalid, "{name} {shown}");
}

#[test]
fn an_honest_token_is_accepted() {
    let token = run(&honest(), &expected()).unwrap();
    assert_eq!((token.subject.as_str(), token.issued_at), ("ada", NOW - 1));
    assert_eq!(token.all["nonce"], "n-1");
}

/// must 49
#[test]
fn iss_must_be_the_discovered_issuer() {
    for bad in [
        json!("https://as.example1"),
        json!("https://as.example/"),
        json!(null),
        json!(7),
    ] {
        refused("iss", bad);
    }
}

/// must 50, J10
#[test]
fn aud_must_be_us_alone() {
    assert!(with("aud", json!([CLIENT])).is_ok());
    for bad in [
        json!("client-11"),
        json!([CLIENT, "client-11"]),
        json!([]),
        json!([CLIENT, 7]),
        json!(null),
        json!({}),
    ] {
        refused("aud", bad);
    }
    assert!(with("azp", json!(CLIENT)).is_ok());
    refused("azp", json!("client-11"));
    refused("azp", json!(7));
}

/// must 54, J11
#[test]
fn times_are_checked_with_a_minute_of_skew() {
    assert!(with("exp", json!(NOW - 30)).is_ok());
    assert!(with("iat", json!(NOW + 30)).is_ok());
    assert!(with("nbf", json!(NOW + 30)).is_ok());
    for (name, bad) in [
        ("exp", json!(NOW - 360)),
        ("exp", json!(NOW - 60)),
        ("exp", json!(null)),
        ("exp", json!("1800000300")),
        ("exp", json!(1_800_000_300.5)),
        ("exp", json!(1e308)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(-1)),
        ("iat", json!(null)),
        ("iat", json!(NOW + 86_400)),
        ("iat", json!(NOW - 7 * 86_400)),
        ("iat", json!(true)),
        ("nbf", json!(NOW + 3600)),
        ("nbf", json!("now")),
    ] {
        refused(name, bad);
    }
    let wrong_clock = with("exp", json!(NOW - 3600)).unwrap_err();
    assert!(wrong_clock.hint().unwrap().contains("clock"));
}

/// must 55
#[test]
fn the_nonce_must_come_back() {
    refused("nonce", json!("n-11"));
    refused("nonce", json!(null));
    refused("nonce", json!(1));
    let none_sent = Expected {
        nonce: None,
        ..expected()
    };
    assert!(run(&honest(), &none_sent).is_ok());
}

/// must 56
#[test]
fn acr_and_auth_time_are_checked_when_asked_for() {
    let asked = Expected {
        max_age: Some(60),
        acr_values: Some("gold silver"),
        ..expected()
    };
    let claims = |auth_time: Value, acr: Value| {
        let mut claims = honest();
        claims["auth_time"] = auth_time;
        claims["acr"] = acr;
        claims
    };
    assert!(run(&claims(json!(NOW - 100), json!("silver")), &asked).is_ok());
    for (auth_time, acr) in [
        (json!(NOW - 121), json!("gold")),
        (json!(NOW + 3600), json!("gold")),
        (json!("x"), json!("gold")),
        (json!(NOW), json!("bronze")),
        (json!(NOW), json!(2)),
    ] {
        assert!(run(&claims(auth_time, acr), &asked).is_err());
    }
    assert!(run(&honest(), &asked).is_err());
}

/// must 57
#[test]
fn sub_must_be_a_short_ascii_text() {
    for bad in [
        json!(null),
        json!(7),
        json!(""),
        json!("é"),
        json!("x".repeat(256)),
    ] {
        refused("sub", bad);
    }
    assert!(with("sub", json!("x".repeat(255))).is_ok());
}

/// must 58, J12
#[test]
fn at_hash_is_checked_where_it_is_there() {
    let token = Secret::from("the access token");
    let expected = Expected {
        access_token: Some(&token),
        ..expected()
    };
    let with_hash = |of: &str| {
        let hash = ring::digest::digest(&ring::digest::SHA256, of.as_bytes());
        let mut claims = honest();
        claims["at_hash"] = json!(base64url(&hash.as_ref()[..16]));
        claims
    };
    assert!(run(&with_hash("the access token"), &expected).is_ok());
    assert!(run(&with_hash("another token"), &expected).is_err());
    assert!(run(&honest(), &expected).is_ok());
    let mut wrong_type = honest();
    wrong_type["at_hash"] = json!(7);
    assert!(run(&wrong_type, &expected).is_err());
}

/// J5: only an unknown key is worth another look at the server's keys.
#[test]
fn an_unknown_key_is_told_apart() {
    let other = TestKey::ec(Algorithm::ES256, "other");
    let (jwt, keys) = (other.sign(&honest()), signed(&honest()).1);
    let refusal = validate(&jwt, &keys, &expected(), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::NoKey(_)));
    let (jwt, keys) = signed(&json!({}));
    let refusal = validate(&jwt, &keys, &expected(), NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(_)));
}

/// must 51, 53 and section 0 of the rules
#[test]
fn algorithms_come_from_metadata_and_configuration_never_from_the_token() {
    let listed: Vec<String> = ["none", "HS256", "RS256", "ES256", "XYZ"]
        .map(Into::into)
        .into();
    let accept = |listed, configured, confidential| {
        acceptable_algorithms(listed, configured, confidential).map_err(|error| error.code())
    };
    let two = vec![Algorithm::RS256, Algorithm::ES256];
    assert_eq!(accept(Some(&listed), None, true), Ok(two));
    assert_eq!(accept(None, None, true), Ok(vec![Algorithm::RS256]));
    assert_eq!(
        accept(None, Some("HS256"), true),
        Ok(vec![Algorithm::HS256])
    );
    assert_eq!(accept(None, Some("HS256"), false), Err(Code::ConfigInvalid));
    assert_eq!(
        accept(Some(&listed), Some("PS256"), false),
        Ok(vec![Algorithm::PS256])
    );
    assert_eq!(accept(None, Some("none"), true), Err(Code::ConfigInvalid));
}

#[test]
fn entras_issuer_is_filled_from_the_tokens_tenant() {
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let expected = Expected {
        issuer: template,
        issuer_template: Some(template),
        ..expected()
    };
    let claims = |tenant: &str, issuer: &str| {
        let mut claims = honest();
        claims["tid"] = json!(tenant);
        claims["iss"] = json!(issuer);
        claims
    };
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    assert!(run(&claims(tenant, &issuer), &expected).is_ok());
    assert!(run(&claims("other", &issuer), &expected).is_err());
    assert!(run(&claims(tenant, template), &expected).is_err());
    let slash = "x/../../evil";
    let evil = format!("https://login.microsoftonline.com/{slash}/v2.0");
    assert!(run(&claims(slash, &evil), &expected).is_err());
    let mut no_tenant = honest();
    no_tenant["iss"] = json!(template);
    assert!(run(&no_tenant, &expected).is_err());
    // One tenant was discovered: a token of another is refused, whatever the template allows.
    let single = Expected {
        issuer: &issuer,
        ..expected
    };
    assert!(run(&claims(tenant, &issuer), &single).is_ok());
    let other = "https://login.microsoftonline.com/other/v2.0";
    assert!(run(&claims("other", other), &single).is_err());
}

/// must 59, J17; OIDF refresh-token-invalid-issuer and -sub
#[test]
fn a_refreshed_token_is_about_the_same_sign_in() {
    let mut first = honest();
    first["auth_time"] = json!(NOW - 1000);
    first["azp"] = json!(CLIENT);
    let (jwt, keys) = signed(&first);
    let before = of_stored(&jwt).unwrap();
    let refreshed = |change: &[(&str, Value)]| {
        let mut claims = first.clone();
        claims.as_object_mut().unwrap().remove("nonce");
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        validate_refreshed(&signed(&claims).0, &keys, &expected(), &before, NOW)
    };
    assert!(refreshed(&[("iat", json!(NOW))]).is_ok());
    assert!(refreshed(&[("nonce", json!("n-1"))]).is_ok());
    for (name, bad) in [
        ("iss", json!("https://as.example1")),
        ("sub", json!("eve")),
        ("aud", json!("client-2")),
        ("azp", json!("client-2")),
        ("auth_time", json!(NOW)),
        ("nonce", json!("n-2")),
        ("iat", json!(NOW - 500)),
        ("exp", json!(NOW - 360)),
    ] {
        assert!(refreshed(&[(name, bad)]).is_err(), "{name}");
    }
}

#[test]
fn hostile_claims_are_made_printable_in_errors() {
    let error = with("iss", json!("\u{1b}]0;x\u{7}"))
        .unwrap_err()
        .to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
    let error = with("aud", json!("\u{202e}")).unwrap_err().to_string();
    assert!(!error.contains('\u{202e}'));
}

proptest! {
    #[test]
    fn any_single_changed_claim_is_refused_or_harmless(
        name in "iss|sub|aud|azp|exp|iat|nbf|nonce|at_hash|x",
        value in prop_oneof![
            any::<i64>().prop_map(|n| json!(n)), any::<f64>().prop_map(|n| json!(n)),
            ".{0,8}".prop_map(|s| json!(s)), Just(json!([[]])), Just(json!(true)),
        ],
    ) {
        if let Ok(token) = with(&name, value) {
            prop_assert_eq!(token.issuer, ISSUER);
            prop_assert_eq!(token.audience, vec![CLIENT.to_owned()]);
            prop_assert!(!token.subject.is_empty());
        }
    }

    #[test]
    fn any_template_is_filled_or_refused(template in "[a-z{}/:]{0,24}", tid in "\\PC{0,6}") {
        let claims = json!({"tid": tid, "a": "x"});
        let _ = fill_issuer_template(&template, claims.as_object().unwrap());
    }
}
