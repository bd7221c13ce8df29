//! Basic RP: `oidcc-client-basic-certification-test-plan`, and what the comprehensive plan adds
//! for the code flow.

use serde_json::{Value, json};

use super::{parties, parties_with, rs256};
use crate::support::jwt;
use crate::support::rsa::RsaKey;
use crate::support::wire;

#[test]
fn oidcc_client_test() {
    let parties = parties();
    parties.sign_in();
    let person = parties.sandbox.hallpass("userinfo demo").ok().json();
    assert_eq!(person["sub"], "ada-1815");
}

#[test]
fn oidcc_client_test_invalid_iss() {
    let parties = parties();
    parties.authority.id_token(|token| token.append("iss", "1"));
    parties.refuse(9, "iss");
}

#[test]
fn oidcc_client_test_missing_sub() {
    let parties = parties();
    parties.authority.id_token(|t| t.claim("sub", Value::Null));
    parties.refuse(9, "sub");
}

#[test]
fn oidcc_client_test_invalid_aud() {
    let parties = parties();
    parties.authority.id_token(|token| token.append("aud", "1"));
    parties.refuse(9, "aud");
}

#[test]
fn oidcc_client_test_missing_aud() {
    let parties = parties();
    parties.authority.id_token(|t| t.claim("aud", Value::Null));
    parties.refuse(9, "aud");
}

#[test]
fn oidcc_client_test_missing_iat() {
    let parties = parties();
    parties.authority.id_token(|t| t.claim("iat", Value::Null));
    parties.refuse(9, "iat");
}

#[test]
fn oidcc_client_test_kid_absent_single_jwks() {
    let parties = parties();
    parties.authority.id_token(|t| t.head("kid", Value::Null));
    parties.sign_in();
}

#[test]
fn oidcc_client_test_kid_absent_multiple_jwks() {
    // Either verdict passes in the suite; ours tries every key of the right type.
    let parties = rs256("a");
    parties.authority.mutate("/jwks", |keys| {
        let two = [RsaKey::second().jwk("b"), RsaKey::first().jwk("a")];
        *keys = json!({ "keys": two });
    });
    parties.authority.id_token(|token| {
        RsaKey::first().signs(token, "a");
        token.head("kid", Value::Null);
    });
    parties.sign_in();
}

#[test]
fn oidcc_client_test_idtoken_sig_rs256() {
    rs256("a").sign_in();
}

#[test]
fn oidcc_client_test_idtoken_sig_none() {
    let parties = parties();
    parties.authority.id_token(jwt::none);
    parties.refuse(9, "none");
}

#[test]
fn oidcc_client_test_invalid_sig_rs256() {
    let parties = rs256("a");
    parties.authority.id_token(|token| {
        RsaKey::first().signs(token, "a");
        jwt::break_signature(token);
    });
    parties.refuse(9, "signature");
}

#[test]
fn oidcc_client_test_invalid_sig_es256() {
    let parties = parties();
    parties.authority.id_token(jwt::break_signature);
    parties.refuse(9, "signature");
}

#[test]
fn oidcc_client_test_invalid_sig_hs256() {
    // A public client has no secret that could be the key (OIDC Core §3.1.3.7 step 8).
    let parties = parties();
    parties
        .authority
        .id_token(|token| jwt::hs256(token, b"any key"));
    parties.refuse(9, "HS256");
}

#[test]
fn oidcc_client_test_userinfo_invalid_sub() {
    let parties = parties();
    parties.sandbox.hallpass("login demo").ok();
    parties.authority.mutate("/userinfo", |claims| {
        claims["sub"] = "ada-1815invalid".into();
    });
    parties
        .sandbox
        .hallpass("userinfo demo")
        .fails(9)
        .says("sub");
}

#[test]
fn oidcc_client_test_nonce_invalid() {
    let parties = parties();
    parties.authority.id_token(|t| t.append("nonce", "1"));
    parties.refuse(9, "nonce");
}

#[test]
fn oidcc_client_test_invalid_athash() {
    let parties = parties();
    parties.authority.id_token(|t| t.append("at_hash", "1"));
    parties.refuse(9, "at_hash");
}

#[test]
fn oidcc_client_test_scope_userinfo_claims() {
    let parties = parties();
    parties.sign_in();
    let sent = &parties.authority.requests("/authorize")[0];
    let query = wire::form(sent.uri().query().unwrap_or("").as_bytes());
    let scope = wire::value(&query, "scope").expect("a scope");
    for wanted in ["openid", "profile", "email"] {
        assert!(scope.split(' ').any(|s| s == wanted), "{scope}");
    }
    let person = parties.sandbox.hallpass("userinfo demo").ok().json();
    assert_eq!(person["name"], "Ada Lovelace");
    assert_eq!(person["email"], "ada@example.com");
}

#[test]
fn oidcc_client_test_client_secret_basic() {
    let parties = parties_with(
        "token_endpoint_auth_method = \"client_secret_basic\"\n\
         client_secret = { env = \"DEMO_SECRET\" }\n",
    );
    let secret = "a:b c%+/&=";
    let client = hallpass::demo::DemoClient::confidential(
        hallpass::demo::CLIENT_ID,
        secret,
        "client_secret_basic",
    );
    parties.authority.provider(|p| p.add_client(client));
    let sandbox = parties.sandbox.env("DEMO_SECRET", secret);
    sandbox.hallpass("login demo").ok();
    let request = &parties.authority.requests("/token")[0];
    assert!(request.headers().contains_key(http::header::AUTHORIZATION));
    let form = wire::form(request.body());
    assert_eq!(wire::value(&form, "client_secret"), None);
}

#[test]
fn oidcc_client_test_form_post_error() {
    let parties = parties_with("response_mode = \"form_post\"\n");
    parties
        .authority
        .provider(|p| p.options.consent = hallpass::demo::Consent::Ask);
    let run = ["login", "demo", "--param", "prompt=none"];
    let transcript = parties.sandbox.run(&run);
    assert_eq!(transcript.code, 5, "{transcript:#?}");
    let _ = transcript.says("consent_required");
    parties.nothing_came_of_it();
}
