//! Challenges as APIs send them, and hostile ones.

use super::*;
use http::HeaderValue;
use proptest::prelude::*;

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(WWW_AUTHENTICATE, value);
    }
    headers
}

fn of(value: &str) -> Option<Demand> {
    demand(StatusCode::UNAUTHORIZED, &headers(&[value]))
}

fn schemes(values: &[&str]) -> Vec<String> {
    let challenges = challenges(&headers(values));
    challenges.into_iter().map(|c| c.scheme).collect()
}

/// RFC 6750 §3
#[test]
fn an_expired_token_is_told_with_the_servers_words() {
    let value = r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
    let description = Some("The access token expired".to_owned());
    assert_eq!(of(value), Some(Demand::ValidToken { description }));
    assert_eq!(of("Bearer"), Some(Demand::Token));
    assert_eq!(of(r#"Bearer realm="x""#), Some(Demand::Token));
    assert_eq!(of("Basic realm=\"x\""), None);
}

/// must 86
#[test]
fn schemes_and_names_are_read_without_case_and_from_several_headers() {
    let value = r#"bEARER Error="insufficient_scope", SCOPE="files.read files.write""#;
    let scope = vec!["files.read".to_owned(), "files.write".to_owned()];
    assert_eq!(of(value), Some(Demand::Scope { scope }));
    let both = [
        r#"Basic realm="a, b=c", Bearer realm="x""#,
        r#"dPoP error="invalid_token", algs="ES256""#,
        "Negotiate abc==, NTLM",
    ];
    assert_eq!(
        schemes(&both),
        ["basic", "bearer", "dpop", "negotiate", "ntlm"]
    );
    let both = headers(&both);
    let demand = demand(StatusCode::UNAUTHORIZED, &both);
    assert_eq!(demand, Some(Demand::ValidToken { description: None }));
    assert_eq!(challenges(&both)[3].token68.as_deref(), Some("abc=="));
}

/// RFC 9470 §3
#[test]
fn a_step_up_says_what_sign_in_is_wanted() {
    let value = r#"Bearer error="insufficient_user_authentication", error_description="older", acr_values="myACR", max_age="5""#;
    let wanted = Demand::Authentication {
        acr_values: Some("myACR".into()),
        max_age: Some(5),
    };
    assert_eq!(of(value), Some(wanted));
}

/// RFC 9449 §9
#[test]
fn a_dpop_nonce_is_taken_only_where_one_came() {
    let mut headers = headers(&[r#"DPoP error="use_dpop_nonce""#]);
    let without = demand(StatusCode::UNAUTHORIZED, &headers);
    assert!(matches!(without, Some(Demand::Other { .. })));
    headers.insert("dpop-nonce", HeaderValue::from_static("eyJ7S_zG"));
    let nonce = "eyJ7S_zG".to_owned();
    let with = demand(StatusCode::UNAUTHORIZED, &headers);
    assert_eq!(with, Some(Demand::DpopNonce { nonce }));
}

/// RFC 9728 §5.1
#[test]
fn the_place_of_the_resources_metadata_is_found() {
    let value =
        r#"Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource""#;
    let place = resource_metadata(&headers(&[value]));
    let expected = "https://api.example/.well-known/oauth-protected-resource";
    assert_eq!(place.as_deref(), Some(expected));
}

#[test]
fn sloppy_challenges_are_read_as_meant() {
    let expected = Some(Demand::ValidToken {
        description: Some("x".into()),
    });
    for sloppy in [
        r#"Bearer error=invalid_token, error_description=x"#,
        r#"Bearer realm="r" error="invalid_token" error_description="x""#,
        r#"Bearer , , error = "invalid_token" ,error_description= "x""#,
        r#"Bearer realm=, error="invalid_token", error_description="x""#,
        "Bearer error=\"invalid_token\",\terror_description=\"x",
        r#"Bearer error="invalid_\token", error_description="x", error="other""#,
        r#"Basic, Bearer error="invalid_token", error_description="x""#,
    ] {
        assert_eq!(of(sloppy), expected, "{sloppy}");
    }
    let other_words = r#"Bearer error=invalid_token, error_description=The token expired, a=b"#;
    assert!(matches!(of(other_words), Some(Demand::ValidToken { .. })));
    assert_eq!(schemes(&[other_words]), ["bearer"]);
}

#[test]
fn only_a_refusal_is_a_challenge() {
    let headers = headers(&[r#"Bearer error="invalid_token""#]);
    for status in [200, 302, 404, 500] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(demand(status, &headers), None);
    }
    assert!(demand(StatusCode::FORBIDDEN, &headers).is_some());
}

#[test]
fn hostile_texts_are_made_printable_and_cut() {
    let value = format!(
        "Bearer error=\"invalid_token\", error_description=\"\u{9b}2J\u{202e}{}\"",
        "x".repeat(4000)
    );
    let Some(Demand::ValidToken { description }) = of(&value) else {
        panic!("not understood");
    };
    let description = description.unwrap();
    assert!(description.starts_with("\\u{9b}2J\\u{202e}xx"));
    assert!(description.len() < 330);
    let flood = "Bearer a=b, ".repeat(1000);
    assert!(challenges(&headers(&[&flood])).len() <= MAX_PARTS);
    assert!(challenges(&headers(&[&"x".repeat(MAX_BYTES + 1)])).is_empty());
    let scope = "Bearer error=\"insufficient_scope\", scope=\"a \u{1b}b \\\"c d\"";
    let kept = vec!["a".to_owned(), "d".to_owned()];
    let scope = scope.replace('\u{1b}', "\u{e9}");
    assert_eq!(of(&scope), Some(Demand::Scope { scope: kept }));
}

proptest! {
    #[test]
    fn any_header_is_read_within_bounds(value in "[ -~\t]{0,200}|(Bearer|,| |=|\"|\\\\|a|error){0,60}") {
        let headers = headers(&[&value, &value]);
        let challenges = challenges(&headers);
        prop_assert!(challenges.len() <= MAX_PARTS);
        let size: usize = challenges.iter().flat_map(|c| &c.parameters).map(|(n, v)| n.len() + v.len()).sum();
        prop_assert!(size <= 2 * value.len());
        let _ = demand(StatusCode::UNAUTHORIZED, &headers);
    }

    #[test]
    fn a_proper_challenge_survives(realm in "[a-z ,=\"\\\\]{0,12}", scope in "[a-z.]{1,5}( [a-z.]{1,5}){0,3}") {
        let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
        let value = format!("Bearer realm=\"{quoted}\", error=\"insufficient_scope\", scope=\"{scope}\"");
        let challenges = challenges(&headers(&[&value]));
        prop_assert_eq!(challenges.len(), 1);
        prop_assert_eq!(challenges[0].get("realm"), Some(realm.as_str()));
        prop_assert_eq!(challenges[0].get("scope"), Some(scope.as_str()));
    }
}
