//! FAPI 2.0 security profile, client tests: those that need no PAR, DPoP, mTLS or JARM.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{parties, rs256};
use crate::support::jwt;
use crate::support::rsa::RsaKey;
use crate::support::server::Answer;

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a sane clock").as_secs() as i64
}

#[test]
fn fapi2_discovery_issuer_mismatch() {
    let parties = parties();
    parties
        .authority
        .metadata(|d| d["issuer"] = "https://honest.example".into());
    parties.refuse(9, "issuer");
    assert!(parties.sandbox.opened().is_empty());
}

#[test]
fn fapi2_invalid_secondary_aud() {
    let parties = parties();
    parties.authority.id_token(|token| {
        let id = token.claims["aud"].as_str().unwrap_or_default().to_owned();
        token.claims["aud"] = json!([id, format!("{id}1")]);
    });
    parties.refuse(9, "hallpass-demo1");
}

#[test]
fn fapi2_valid_aud_as_array() {
    let parties = parties();
    parties.authority.id_token(|token| {
        token.claims["aud"] = json!([token.claims["aud"]]);
    });
    parties.sign_in();
}

#[test]
fn fapi2_invalid_null_alg() {
    let parties = parties();
    parties.authority.id_token(jwt::none);
    parties.refuse(9, "none");
}

#[test]
fn fapi2_invalid_alternate_alg() {
    // Signed with another key of the server, by an algorithm that it does not list.
    let parties = parties();
    let honest = parties.authority.provider(|p| p.signing_key().jwk());
    parties.authority.mutate("/jwks", move |keys| {
        *keys = json!({"keys": [honest, RsaKey::first().jwk("rsa")]});
    });
    parties
        .authority
        .id_token(|token| RsaKey::first().signs(token, "rsa"));
    parties.refuse(9, "RS256");
}

#[test]
fn fapi2_invalid_expired_exp() {
    let parties = parties();
    parties
        .authority
        .id_token(|t| t.claim("exp", (now() - 360).into()));
    parties.refuse(9, "exp");
}

#[test]
fn fapi2_invalid_missing_exp() {
    let parties = parties();
    parties.authority.id_token(|t| t.claim("exp", Value::Null));
    parties.refuse(9, "exp");
}

#[test]
fn fapi2_invalid_missing_iss() {
    let parties = parties();
    parties.authority.id_token(|t| t.claim("iss", Value::Null));
    parties.refuse(9, "iss");
}

#[test]
fn fapi2_invalid_missing_nonce() {
    let parties = parties();
    parties
        .authority
        .id_token(|t| t.claim("nonce", Value::Null));
    parties.refuse(9, "nonce");
}

#[test]
fn fapi1_iat_is_week_in_past() {
    // "Accept or reject by policy": ours refuses what was issued before the sign-in began.
    let parties = parties();
    parties
        .authority
        .id_token(|t| t.claim("iat", (now() - 7 * 86_400).into()));
    parties.refuse(9, "was issued");
}

#[test]
fn fapi2_invalid_authorization_response_iss() {
    let parties = parties();
    parties.authority.redirect(|pairs| {
        let iss = pairs.iter_mut().find(|(name, _)| name == "iss");
        iss.expect("an iss").1.push('1');
    });
    parties.refuse(9, "iss");
    assert!(parties.authority.requests("/token").is_empty());
}

#[test]
fn fapi2_remove_authorization_response_iss() {
    let parties = parties();
    parties
        .authority
        .redirect(|pairs| pairs.retain(|(name, _)| name != "iss"));
    parties.refuse(9, "iss");
    assert!(parties.authority.requests("/token").is_empty());
}

#[test]
fn fapi2_token_endpoint_response_without_expires_in() {
    let parties = parties();
    parties.authority.mutate("/token", |body| {
        body.as_object_mut()
            .expect("an object")
            .remove("expires_in");
    });
    parties.sign_in();
}

#[test]
fn fapi1_no_scope_in_token_endpoint_response() {
    let parties = parties();
    parties.authority.mutate("/token", |body| {
        body.as_object_mut().expect("an object").remove("scope");
    });
    parties.sign_in();
}

#[test]
fn fapi2_token_type_case_insensitivity() {
    for odd in ["bEARER", "bearer", "BEARER"] {
        let parties = parties();
        parties
            .authority
            .mutate("/token", move |body| body["token_type"] = odd.into());
        parties.sign_in();
    }
}

#[test]
fn fapi2_client_refresh_token_test() {
    // The resource answers 401 until the token was refreshed twice; one call renews once.
    let parties = parties();
    parties.sign_in();
    let seen = std::sync::Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    parties.authority.script("/api/me", move |_, honest| {
        match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Answer::with_headers(
                401,
                &[("www-authenticate", "Bearer error=\"invalid_token\"")],
                "",
            ),
            _ => Answer::Whole(honest()),
        }
    });
    let first = parties.sandbox.hallpass("call demo me");
    assert_eq!(first.code, 22, "{first:#?}");
    assert_eq!(seen.load(Ordering::SeqCst), 2, "one retry, not more");
    assert_eq!(parties.authority.token_requests("refresh_token"), 1);
    parties.sandbox.hallpass("token demo --refresh").ok();
    parties.sandbox.hallpass("call demo me").ok();
}

#[test]
fn fapi1_invalid_signature() {
    let parties = rs256("a");
    parties
        .authority
        .id_token(|token| RsaKey::second().signs(token, "a"));
    parties.refuse(9, "signature");
}

#[test]
fn fapi1_encrypted_idtoken_usingrsa15() {
    let parties = parties();
    parties.authority.id_token(|token| {
        let header = json!({"alg": "RSA1_5", "enc": "A128CBC-HS256"});
        use base64::Engine;
        let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let jwe = format!("{}.AAAA.AAAA.AAAA.AAAA", encode(header.to_string()));
        token.replace = Some(Box::new(move |_| jwe.clone()));
    });
    parties.refuse(9, "is encrypted (JWE)");
}
