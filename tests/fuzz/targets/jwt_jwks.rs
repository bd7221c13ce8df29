//! ID Tokens and key sets: what nobody signed is refused, what is signed must say the right things.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass::protocol::id_token::{Expected, Refusal, of_stored, validate, validate_refreshed};
use hallpass::protocol::jwk::JwkSet;
use hallpass::protocol::{jwt, signature};
use hallpass::secret::Secret;
use hallpass_fuzz::{check_error, check_text};
use jsonwebtoken::{Algorithm, EncodingKey};
use libfuzzer_sys::fuzz_target;

const ASYMMETRIC: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
const KEY: &str = "a client secret of thirty-two bytes and more";
const NOW: i64 = 1_800_000_000;

// Token, an empty line, key set. Or: JOSE header, a line end, claims, an empty line, key set.
fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (token, set) = text.split_once("\n\n").unwrap_or((text, ""));
    let keys = match JwkSet::parse(set.as_bytes()) {
        Ok(keys) => keys,
        Err(error) => {
            check_error(&error);
            JwkSet::default()
        }
    };
    nobody_signed(token, &keys);
    if let Some((header, claims)) = token.split_once('\n') {
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = parts.join(".");
        nobody_signed(&format!("{message}.AAAA"), &keys);
        let key = EncodingKey::from_secret(KEY.as_bytes());
        if let Some(signed) = signature::sign(Algorithm::HS256, &key, &message) {
            somebody_signed(&format!("{message}.{signed}"), &keys);
        }
    }
});

fn expected<'a>(algorithms: &'a [Algorithm], secret: Option<&'a Secret>) -> Expected<'a> {
    Expected {
        issuer: "https://issuer.example",
        client_id: "client",
        algorithms,
        client_secret: secret,
        nonce: Some("nonce-1"),
        ..Expected::default()
    }
}

fn nobody_signed(token: &str, keys: &JwkSet) {
    match jwt::decode_unverified(token) {
        Ok(_) => {}
        Err(error) => check_text(&error.to_string()),
    }
    if let Err(error) = of_stored(token) {
        check_error(&error);
    }
    match validate(token, keys, &expected(ASYMMETRIC, None), NOW) {
        Ok(_) => panic!("accepted a token that nobody signed"),
        // The times come last: whoever hears of them has passed everything else.
        Err(Refusal::Time(_)) => panic!("took the signature of a token that nobody signed"),
        Err(Refusal::NoKey(error) | Refusal::Invalid(error)) => check_error(&error),
    }
}

fn somebody_signed(token: &str, keys: &JwkSet) {
    let secret = Secret::from(KEY);
    let expected = expected(&[Algorithm::HS256], Some(&secret));
    match validate(token, keys, &expected, NOW) {
        Ok(claims) => {
            assert_eq!(claims.issuer, expected.issuer);
            assert!(claims.audience.iter().any(|entry| entry == "client"));
            assert_eq!(claims.all.get("nonce").and_then(|n| n.as_str()), Some("nonce-1"));
            assert!(!claims.subject.is_empty());
            let expiry = claims.all.get("exp").and_then(|exp| exp.as_f64());
            assert!(expiry.is_some_and(|exp| exp >= (NOW - 60) as f64));
            // The same session's next token may only be of the same person.
            if let Err(refused) = validate_refreshed(token, keys, &expected, &claims, NOW) {
                check_error(&refused.into());
            }
        }
        Err(refused) => check_error(&refused.into()),
    }
}
