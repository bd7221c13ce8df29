//! Tests of the token's form and signature: rows J1 to J8 and J13 to J15.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::protocol::test_keys::{TestKey, base64url, jwks, unsigned};

const ASYMMETRIC: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn keys(keys: &[&TestKey]) -> JwkSet {
    JwkSet::parse(&jwks(keys)).unwrap()
}

fn check(jwt: &str, set: &JwkSet) -> Result<Algorithm, JwtError> {
    Jwt::decode(jwt)?.verify(ASYMMETRIC, set, None)
}

fn every_key() -> Vec<TestKey> {
    let mut keys: Vec<_> = ASYMMETRIC[..6]
        .iter()
        .map(|&algorithm| TestKey::rsa(algorithm, "rsa"))
        .collect();
    keys.push(TestKey::ec(Algorithm::ES256, "p256"));
    keys.push(TestKey::ec(Algorithm::ES384, "p384"));
    keys.push(TestKey::ed("ed"));
    keys
}

#[test]
fn every_algorithm_verifies_its_own_signature_and_no_changed_one() {
    let every = every_key();
    let set = keys(&every.iter().collect::<Vec<_>>());
    for key in &every {
        let jwt = key.sign(&json!({"sub": "ada"}));
        assert_eq!(check(&jwt, &set), Ok(key.algorithm));
        // J3: the last signature byte XOR 0x5A
        let (message, signature) = jwt.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        *bytes.last_mut().unwrap() ^= 0x5a;
        let forged = format!("{message}.{}", base64url(&bytes));
        assert_eq!(
            check(&forged, &set),
            Err(JwtError::Signature),
            "{:?}",
            key.algorithm
        );
        let other = unsigned(
            &json!({"alg": format!("{:?}", key.algorithm), "kid": key.jwk["kid"]}),
            &json!({"sub": "eve"}),
        );
        assert_eq!(
            check(&format!("{other}.{signature}"), &set),
            Err(JwtError::Signature)
        );
    }
}

#[test]
fn j1_alg_none_is_refused_with_and_without_a_signature() {
    let key = TestKey::ec(Algorithm::ES256, "k");
    let set = keys(&[&key]);
    for name in ["none", "None", "NONE", "nOnE"] {
        let message = unsigned(&json!({"alg": name}), &json!({"sub": "eve"}));
        assert_eq!(check(&format!("{message}."), &set), Err(JwtError::Unsigned));
        let signed = key.sign_with(&json!({"alg": name}), &json!({}));
        assert_eq!(check(&signed, &set), Err(JwtError::Unsigned));
    }
}

/// must 51; CVE-2022-29217, CVE-2024-37568, CVE-2024-33663
#[test]
fn j2_a_public_key_is_never_a_shared_secret() {
    let rsa = TestKey::rsa(Algorithm::RS256, "k");
    let set = keys(&[&rsa]);
    let n = URL_SAFE_NO_PAD
        .decode(rsa.jwk["n"].as_str().unwrap())
        .unwrap();
    for secret in [n, rsa.jwk.to_string().into_bytes()] {
        let forged = TestKey::secret(Algorithm::HS256, &secret).sign(&json!({"sub": "eve"}));
        assert_eq!(
            check(&forged, &set),
            Err(JwtError::Algorithm("HS256".into()))
        );
        // Even where HS256 is allowed, the key set is not asked.
        let jwt = Jwt::decode(&forged).unwrap();
        let wrong = Secret::from("the client's secret");
        let hs256 = [Algorithm::HS256];
        assert_eq!(
            jwt.verify(&hs256, &set, Some(&wrong)),
            Err(JwtError::Signature)
        );
        assert!(matches!(
            jwt.verify(&hs256, &set, None),
            Err(JwtError::Algorithm(_))
        ));
    }
}

/// must 51
#[test]
fn an_algorithm_that_was_not_expected_is_refused_whoever_signed() {
    let key = TestKey::ec(Algorithm::ES256, "k");
    let jwt = key.sign(&json!({"sub": "ada"}));
    let jwt = Jwt::decode(&jwt).unwrap();
    let set = keys(&[&key]);
    let other = [Algorithm::RS256, Algorithm::ES384];
    let refused = Err(JwtError::Algorithm("ES256".into()));
    assert_eq!(jwt.verify(&other, &set, None), refused);
    assert_eq!(jwt.verify(&[], &set, None), refused);
    assert!(jwt.verify(&[Algorithm::ES256], &set, None).is_ok());
}

/// must 53
#[test]
fn a_shared_secret_verifies_where_it_is_allowed() {
    let jwt = TestKey::secret(Algorithm::HS256, b"s3cret").sign(&json!({}));
    let jwt = Jwt::decode(&jwt).unwrap();
    let secret = Secret::from("s3cret");
    let none = JwkSet::default();
    assert!(
        jwt.verify(&[Algorithm::HS256], &none, Some(&secret))
            .is_ok()
    );
    assert!(jwt.verify(ASYMMETRIC, &none, Some(&secret)).is_err());
}

#[test]
fn j4_an_encryption_key_signs_nothing() {
    let mut key = TestKey::ec(Algorithm::ES256, "k");
    let jwt = key.sign(&json!({}));
    key.jwk["use"] = json!("enc");
    assert!(matches!(
        check(&jwt, &keys(&[&key])),
        Err(JwtError::NoKey(_))
    ));
}

#[test]
fn j5_an_unknown_kid_is_told_apart() {
    let old = TestKey::ec(Algorithm::ES256, "old");
    let new = TestKey::ec(Algorithm::ES256, "new");
    let jwt = new.sign(&json!({}));
    assert!(matches!(
        check(&jwt, &keys(&[&old])),
        Err(JwtError::NoKey(_))
    ));
    assert!(check(&jwt, &keys(&[&old, &new])).is_ok());
}

#[test]
fn j6_without_a_kid_every_key_of_the_type_is_tried() {
    let one = TestKey::ec(Algorithm::ES256, "1");
    let two = TestKey::ec(Algorithm::ES256, "2");
    let jwt = two.sign_with(&json!({"alg": "ES256"}), &json!({}));
    assert!(check(&jwt, &keys(&[&two])).is_ok());
    assert!(check(&jwt, &keys(&[&one, &two])).is_ok());
    assert!(matches!(
        check(&jwt, &keys(&[&one])),
        Err(JwtError::NoKey(_))
    ));
}

#[test]
fn j7_j13_extensions_compression_and_encryption_are_refused() {
    let key = TestKey::ec(Algorithm::ES256, "k");
    let set = keys(&[&key]);
    for (name, value) in [
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "k"});
        header[name] = value;
        let jwt = key.sign_with(&header, &json!({}));
        assert!(
            matches!(check(&jwt, &set), Err(JwtError::Header(_))),
            "{name}"
        );
    }
    let jwe = "eyJhbGciOiJSU0ExXzUifQ.a.b.c.d";
    assert_eq!(check(jwe, &set), Err(JwtError::Encrypted));
}

#[test]
fn j8_keys_in_the_header_are_never_looked_at() {
    let attacker = TestKey::ec(Algorithm::ES256, "k");
    let server = TestKey::ec(Algorithm::ES256, "k");
    for (name, value) in [
        ("jwk", attacker.jwk.clone()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "k"});
        header[name] = value;
        let jwt = attacker.sign_with(&header, &json!({}));
        assert_eq!(check(&jwt, &keys(&[&server])), Err(JwtError::Signature));
    }
}

/// CVE-2025-61920, CVE-2025-22868
#[test]
fn j14_size_dots_and_base64_are_strict() {
    let key = TestKey::ec(Algorithm::ES256, "k");
    let set = keys(&[&key]);
    let good = key.sign(&json!({"a": 1}));
    let (header, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    assert_eq!(check(&"a".repeat(10 << 20), &set), Err(JwtError::TooLarge));
    assert_eq!(
        check(&".".repeat(200_000), &set),
        Err(JwtError::NotThreeParts)
    );
    for bad in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f"] {
        assert_eq!(check(bad, &set), Err(JwtError::NotThreeParts), "{bad}");
    }
    let url_unsafe = signature.replace('_', "/").replace('-', "+");
    for bad in [
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims} .{signature}"),
        format!("{header}.\n{claims}.{signature}"),
        format!("{header}.{claims}.{signature}=="),
        // Trailing bits: 64 bytes leave four bits of the last character unused.
        format!("{header}.{claims}.{}B", &signature[..signature.len() - 1]),
        format!("{header}.{claims}.{url_unsafe}+/"),
    ] {
        assert!(
            matches!(check(&bad, &set), Err(JwtError::Base64(_))),
            "{bad}"
        );
    }
}

#[test]
fn headers_and_claims_must_be_objects_without_repeated_members() {
    let part = |text: &str| base64url(text.as_bytes());
    for (header, claims) in [
        ("[]", "{}"),
        ("{}", "\"x\""),
        ("{\"alg\":\"none\",\"alg\":\"ES256\"}", "{}"),
        ("{}", "{\"sub\":\"a\",\"sub\":\"b\"}"),
        ("{}", "{\"a\":{\"b\":1,\"b\":2}}"),
        ("{", "{}"),
    ] {
        let jwt = format!("{}.{}.AAAA", part(header), part(claims));
        let error = Jwt::decode(&jwt).unwrap_err();
        assert!(
            matches!(error, JwtError::Json(..) | JwtError::Repeated(..)),
            "{error}"
        );
    }
}

#[test]
fn j15_a_signature_of_another_curve_is_refused() {
    let p384 = TestKey::ec(Algorithm::ES384, "k");
    let jwt = p384.sign_with(&json!({"alg": "ES256", "kid": "k"}), &json!({}));
    assert!(matches!(
        check(&jwt, &keys(&[&p384])),
        Err(JwtError::NoKey(_))
    ));
    let rsa = TestKey::rsa(Algorithm::RS256, "k");
    let jwt = rsa.sign_with(&json!({"alg": "ES256", "kid": "k"}), &json!({}));
    assert!(matches!(
        check(&jwt, &keys(&[&rsa])),
        Err(JwtError::NoKey(_))
    ));
}

#[test]
fn a_token_can_be_shown_without_being_believed() {
    let message = unsigned(&json!({"alg": "none", "crit": ["x"]}), &json!({"sub": "a"}));
    let shown = decode_unverified(&format!(" {message}.\n")).unwrap();
    assert_eq!(shown.header["alg"], "none");
    assert_eq!(shown.claims["sub"], "a");
    assert!(decode_unverified("opaque-token").is_err());
}

#[test]
fn hostile_header_values_are_made_printable_in_errors() {
    let key = TestKey::ec(Algorithm::ES256, "k");
    let jwt = key.sign_with(&json!({"alg": "\u{1b}[2J"}), &json!({}));
    let error = check(&jwt, &keys(&[&key])).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}'));
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in "\\PC{0,60}|[A-Za-z0-9_.-]{0,80}") {
        if let Ok(jwt) = Jwt::decode(&text) {
            prop_assert!(jwt.verify(ASYMMETRIC, &JwkSet::default(), None).is_err());
        }
    }

    #[test]
    fn any_header_and_claims_are_refused_without_a_signature(
        alg in "none|HS256|RS256|ES256|[a-z]{0,6}",
        kid in prop_oneof![Just(json!(null)), Just(json!("k")), Just(json!(7))],
        tail in "[A-Za-z0-9_-]{0,9}",
    ) {
        let key = TestKey::ed("k");
        let message = unsigned(&json!({"alg": alg, "kid": kid}), &json!({"sub": "x"}));
        let jwt = [message, tail].join(".");
        prop_assert!(check(&jwt, &keys(&[&key])).is_err());
    }
}
