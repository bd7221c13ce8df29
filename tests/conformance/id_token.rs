//! ID Token and UserInfo: rows J1–J17 that the suite's names do not cover.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
fn j2_hs256_under_the_public_rsa_key_is_refused() {
    let parties = rs256("a");
    let forms: Vec<Vec<u8>> = vec![
        RsaKey::first().modulus().to_vec(),
        RsaKey::first().jwk("a").to_string().into_bytes(),
    ];
    for key in forms {
        parties.authority.id_token(move |token| {
            token.head("kid", "a".into());
            jwt::hs256(token, &key);
        });
        parties.refuse(9, "HS256");
    }
}

#[test]
fn j4_a_key_for_encryption_does_not_verify_signatures() {
    let parties = rs256("a");
    parties.authority.mutate("/jwks", |keys| {
        let mut wrong = RsaKey::second().jwk("enc");
        wrong["use"] = "enc".into();
        *keys = json!({"keys": [RsaKey::first().jwk("a"), wrong]});
    });
    parties
        .authority
        .id_token(|token| RsaKey::second().signs(token, "enc"));
    parties.refuse(9, "a key that is not in the server's key set");
}

#[test]
fn j7_an_unknown_critical_header_is_refused() {
    let parties = parties();
    parties.authority.id_token(|token| {
        token.head("crit", json!(["b64"]));
        token.head("b64", json!(false));
    });
    parties.refuse(9, "crit");
}

#[test]
fn j8_a_key_that_the_token_brings_along_is_ignored() {
    let parties = rs256("a");
    parties.authority.id_token(|token| {
        let attacker = RsaKey::second();
        attacker.signs(token, "a");
        token.head("jwk", attacker.jwk("a"));
        token.head("jku", "http://127.0.0.1:1/keys".into());
        token.head("x5u", "http://127.0.0.1:1/cert".into());
    });
    parties.refuse(9, "signature");
}

#[test]
fn j9_claims_of_the_wrong_type_or_far_away_are_refused() {
    let wrong: &[(&str, Value)] = &[
        ("iss", json!(7)),
        ("aud", json!(7)),
        ("aud", json!([])),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("iat", json!(now() + 86_400)),
        ("nbf", json!(now() + 3600)),
        ("azp", json!("somebody-else")),
        ("nonce", json!(7)),
    ];
    for (name, value) in wrong {
        let parties = parties();
        let (name, value) = (*name, value.clone());
        parties
            .authority
            .id_token(move |t| t.claim(name, value.clone()));
        let ended = parties.sandbox.hallpass("login demo");
        assert_eq!(ended.code, 9, "{name}: {ended:#?}");
        parties.nothing_came_of_it();
    }
}

#[test]
fn j11_thirty_seconds_are_within_the_skew() {
    let parties = parties();
    parties
        .authority
        .id_token(|t| t.claim("exp", (now() - 20).into()));
    parties.sandbox.hallpass("login demo").ok();
}

#[test]
fn j13_encryption_and_compression_are_refused() {
    for (header, says) in [
        (
            json!({"alg": "RSA-OAEP", "enc": "A256GCM"}),
            "is encrypted (JWE)",
        ),
        (json!({"alg": "ES256", "zip": "DEF"}), "with zip"),
    ] {
        let parties = parties();
        parties.authority.id_token(move |token| {
            let head = URL_SAFE_NO_PAD.encode(header.to_string());
            let five = header.get("enc").is_some();
            token.replace = Some(Box::new(move |jwt| {
                let rest = jwt.split_once('.').map_or("", |(_, rest)| rest);
                if five {
                    format!("{head}.AA.AA.AA.AA")
                } else {
                    format!("{head}.{rest}")
                }
            }));
        });
        parties.refuse(9, says);
    }
}

#[test]
fn j14_malformed_tokens_are_refused_in_bounded_time() {
    type Mangle = fn(String) -> String;
    let mangles: &[Mangle] = &[
        |jwt| format!("{jwt}="),
        |jwt| jwt.replacen('.', " .", 1),
        |jwt| format!("{jwt}."),
        |_| ".".repeat(500_000),
        |_| "..".to_owned(),
        |jwt| format!("{}{jwt}", "A".repeat(900_000)),
        |jwt| jwt.replace('-', "+").replace('_', "/") + "+/",
        |_| "{}".to_owned(),
    ];
    for mangle in mangles {
        let parties = parties();
        let mangle = *mangle;
        parties
            .authority
            .id_token(move |token| token.replace = Some(Box::new(mangle)));
        let ended = parties.sandbox.hallpass("login demo").fails(9);
        assert!(ended.took.as_secs() < 10, "{:?}", ended.took);
        parties.nothing_came_of_it();
    }
}

#[test]
fn j15_degenerate_signatures_are_refused() {
    for signature in [
        vec![0; 64],
        vec![1; 63],
        vec![1; 65],
        vec![],
        vec![0xff; 64],
    ] {
        let parties = parties();
        parties.authority.id_token(move |token| {
            let signature = signature.clone();
            token.signer = Some(Box::new(move |_| signature.clone()));
        });
        parties.refuse(9, "signature");
    }
}

#[test]
fn j16_userinfo_that_is_not_about_the_person_is_refused() {
    let parties = parties();
    parties.sandbox.hallpass("login demo").ok();
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(json!({"alg": "none"}).to_string()),
        URL_SAFE_NO_PAD.encode(json!({"sub": "ada-1815"}).to_string())
    );
    for answer in [
        Answer::json(200, &json!({"sub": "mallory"})),
        Answer::json(200, &json!({"name": "Ada"})),
        Answer::new(200, "text/html", "<h1>hello</h1>"),
        Answer::new(200, "application/jwt", none),
    ] {
        parties.authority.always("/userinfo", answer);
        parties.sandbox.hallpass("userinfo demo").fails(9);
    }
}

#[test]
fn j17_the_id_token_of_a_refresh_is_checked_too() {
    for name in ["iss", "sub", "aud"] {
        let parties = parties();
        parties.sign_in();
        parties.authority.id_token(move |t| t.append(name, "1"));
        parties
            .sandbox
            .hallpass("token demo --refresh")
            .fails(9)
            .says(name);
    }
}

#[test]
fn an_old_auth_time_is_refused_where_max_age_was_asked() {
    let parties = parties();
    parties
        .authority
        .id_token(|t| t.claim("auth_time", (now() - 3600).into()));
    let ended = parties.sandbox.hallpass("login demo --max-age 60");
    let _ = ended.fails(9).says("max_age");
}
