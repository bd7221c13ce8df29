//! Tests of the border: rows T1 to T26 of a hostile or sloppy token endpoint.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

fn granted(switches: &[Switch], body: Value) -> Result<Value> {
    let response = token_response(switches, answer(200, "application/json", body.to_string()))?;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    Ok(serde_json::from_slice(response.body()).unwrap())
}

/// A good answer with one member changed; `null` takes it out.
fn with(name: &str, value: Value) -> Result<Value> {
    let mut body = json!({"access_token": "t", "token_type": "Bearer", "expires_in": 3600});
    body[name] = value;
    granted(&[], body)
}

/// Without the switch an error that names it; with it, what comes out.
fn needs(switch: Switch, body: Value) -> Value {
    let error = granted(&[], body.clone()).unwrap_err();
    assert_eq!(error.code(), Code::ResponseInvalid);
    assert!(
        error.hint().unwrap().contains(switch.about().name),
        "{error:?}"
    );
    granted(&[switch], body).unwrap()
}

#[test]
fn unknown_members_and_the_id_token_are_kept() {
    let body = json!({
        "access_token": "t", "token_type": "Bearer", "id_token": "a.b.c",
        "refresh_token_expires_in": "604799", "instance_url": "https://na1.example",
        "athlete": {"id": 1},
    });
    let strict = granted(&[], body).unwrap();
    assert_eq!(strict["id_token"], "a.b.c");
    assert_eq!(strict["refresh_token_expires_in"], 604_799);
    assert_eq!(strict["instance_url"], "https://na1.example");
    assert_eq!(strict["athlete"]["id"], 1);
}

#[test]
fn t1_malformed_json_is_a_protocol_error() {
    for body in [
        "{\"access_token\":\"t\"",
        "{\"access_token\":\"secret\" x}",
        "\0",
    ] {
        let error = token_response(&[], answer(200, "application/json", body)).unwrap_err();
        assert_eq!(error.code(), Code::ResponseInvalid);
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn t2_html_is_told_with_status_and_type_and_without_the_body() {
    let page = "<html><title>Hotel Wi-Fi</title></html>";
    let error = token_response(&[], answer(200, "text/html", page)).unwrap_err();
    let expected = "the token endpoint answered 200 with text/html, not JSON";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn t3_json_counts_under_any_content_type() {
    let body = r#"{"access_token":"t","token_type":"bearer"}"#;
    token_response(&[], answer(200, "text/plain", body)).unwrap();
    let bare = Response::new(body.as_bytes().to_vec());
    token_response(&[], bare).unwrap();
}

#[test]
fn t5_only_bearer_is_taken_where_bearer_was_asked_for() {
    for good in ["bearer", "BEARER", "bEARER"] {
        assert_eq!(
            with("token_type", json!(good)).unwrap()["token_type"],
            "bearer"
        );
    }
    for bad in [
        json!("DPoP"),
        json!("mac"),
        json!("N_A"),
        json!(""),
        json!(1),
    ] {
        assert!(with("token_type", bad.clone()).is_err(), "{bad}");
    }
    let body = r#"{"access_token":"t","token_type":"dPoP"}"#;
    let strict = |wanted| token_response_as(&[], answer(200, "", body), wanted);
    assert!(strict(TokenType::Bearer).is_err());
    assert!(strict(TokenType::DPoP).is_ok());
}

#[test]
fn t6_lifetimes_are_whole_seconds_or_refused() {
    for (sent, expected) in [
        (json!("3600"), json!(3600)),
        (json!(3600.0), json!(3600)),
        (json!(-1), json!(0)),
        (json!(0), json!(0)),
        (json!(1e308), json!(number::MAX_SECONDS)),
        (
            json!(9_223_372_036_854_775_808_u64),
            json!(number::MAX_SECONDS),
        ),
        (json!(null), json!(null)),
    ] {
        let strict = with("expires_in", sent).unwrap();
        assert_eq!(strict.get("expires_in").unwrap_or(&Value::Null), &expected);
    }
    assert!(with("expires_in", json!("abc")).is_err());
    assert!(with("expires_in", json!([1])).is_err());
}

#[test]
fn t7_scope_may_be_missing_or_empty() {
    assert!(with("scope", json!(null)).unwrap().get("scope").is_none());
    assert_eq!(with("scope", json!("")).unwrap()["scope"], "");
    assert_eq!(with("scope", json!(" a  b ")).unwrap()["scope"], "a b");
    assert!(with("scope", json!(7)).is_err());
}

#[test]
fn t9_an_empty_refresh_token_is_none() {
    let strict = with("refresh_token", json!("")).unwrap();
    assert!(strict.get("refresh_token").is_none());
    assert_eq!(
        with("refresh_token", json!("r")).unwrap()["refresh_token"],
        "r"
    );
    assert!(with("refresh_token", json!("a\nb")).is_err());
    assert!(with("refresh_token", json!(5)).is_err());
}

#[test]
fn t10_tokens_that_no_header_may_hold_are_refused() {
    for bad in ["", "a\r\nX: y", "a b", "é", "a\0", "\u{7f}"] {
        let error = with("access_token", json!(bad)).unwrap_err();
        assert_eq!(error.code(), Code::ResponseInvalid);
    }
    assert!(with("access_token", json!(null)).is_err());
    assert!(with("access_token", json!(12)).is_err());
    with("access_token", json!("x".repeat(900_000))).unwrap();
    let huge = json!("x".repeat(1 << 20));
    assert!(with("access_token", huge).is_err());
}

#[test]
fn t11_repeated_members_are_refused() {
    let body = r#"{"access_token":"a","token_type":"bearer","access_token":"b"}"#;
    assert!(token_response(&[], answer(200, "", body)).is_err());
}

#[test]
fn t12_errors_keep_their_status_and_become_strict() {
    let body = "error=invalid_grant&error_description=gone";
    let response = token_response(&[], answer(401, "text/plain", body)).unwrap();
    assert_eq!(response.status(), 401);
    let strict: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        strict,
        json!({"error": "invalid_grant", "error_description": "gone"})
    );
    let empty = token_response(&[], answer(403, "", "")).unwrap();
    let strict: Value = serde_json::from_slice(empty.body()).unwrap();
    assert_eq!(strict["error_description"], "403 with an empty body");
}

#[test]
fn t13_headers_that_tell_when_to_come_back_survive() {
    let mut response = answer(429, "text/html", "<html>");
    let value = HeaderValue::from_static("2");
    response.headers_mut().insert("retry-after", value);
    let strict = token_response(&[], response).unwrap();
    assert_eq!(strict.headers()["retry-after"], "2");
    assert_eq!(strict.status(), 429);
}

#[test]
fn t17_compression_is_refused() {
    let mut response = answer(200, "application/json", "\x1f");
    let value = HeaderValue::from_static("gzip");
    response.headers_mut().insert("content-encoding", value);
    assert!(token_response(&[], response).is_err());
}

#[test]
fn t18_redirects_are_refused_without_their_query() {
    let mut response = answer(307, "", "");
    let value = HeaderValue::from_static("https://evil.example/x?code=secret");
    response.headers_mut().insert("location", value);
    let error = token_response(&[], response).unwrap_err().to_string();
    assert!(
        error.contains("answered 307 to https://evil.example/x"),
        "{error}"
    );
    assert!(!error.contains("secret"));
}

/// T21: GitHub's way.
#[test]
fn t21_an_error_with_status_200_is_an_error() {
    let body = r#"{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}"#;
    let plain = token_response(&[], answer(200, "application/json", body)).unwrap();
    assert_eq!(plain.status(), 400);
    let switches = [Switch::GithubErrors];
    let strict = token_response(&switches, answer(200, "application/json", body)).unwrap();
    let strict: Value = serde_json::from_slice(strict.body()).unwrap();
    assert_eq!(strict["error"], "invalid_grant");
    let null = json!({"access_token": "t", "token_type": "bearer", "error": null});
    granted(&[], null).unwrap();
}

#[test]
fn t22_a_form_encoded_answer_is_read() {
    let body = "access_token=gho_x&expires_in=28800&scope=&token_type=bearer";
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    let response = token_response(&[], answer(200, kind, body)).unwrap();
    let strict: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(strict["expires_in"], 28800);
    assert_eq!(strict["scope"], "");
}

#[test]
fn github_separates_granted_scopes_by_commas() {
    let body = json!({"access_token": "gho_x", "scope": "repo,gist", "token_type": "bearer"});
    assert_eq!(needs(Switch::CommaScopes, body)["scope"], "repo gist");
}

#[test]
fn twitch_sends_scope_as_an_array() {
    let body = json!({
        "access_token": "rfx2", "expires_in": 14124, "refresh_token": "5b93",
        "scope": ["channel:moderate", "chat:edit"], "token_type": "bearer",
    });
    assert_eq!(
        needs(Switch::ScopeArray, body)["scope"],
        "channel:moderate chat:edit"
    );
}

#[test]
fn bitbucket_calls_the_granted_scope_scopes() {
    let body = json!({
        "access_token": "t", "scopes": "account repository", "expires_in": 7200,
        "refresh_token": "r", "token_type": "bearer",
    });
    let strict = granted(&[Switch::ScopesMember], body).unwrap();
    assert_eq!(strict["scope"], "account repository");
    assert!(strict.get("scopes").is_none());
}

#[test]
fn linkedin_leaves_the_token_type_out() {
    let body = json!({"access_token": "AQU", "expires_in": 5_183_999, "scope": "openid"});
    assert_eq!(
        needs(Switch::MissingTokenType, body)["token_type"],
        "bearer"
    );
}

#[test]
fn slack_nests_the_persons_token() {
    let body = json!({
        "ok": true, "access_token": "xoxb-1", "token_type": "bot", "scope": "commands,chat:write",
        "bot_user_id": "U0", "team": {"id": "T9", "name": "Club"},
        "authed_user": {
            "id": "U1234", "scope": "chat:write,users:read", "access_token": "xoxp-1234",
            "token_type": "user",
        },
    });
    let slack = [
        Switch::AuthedUser,
        Switch::BotOrUserTokenType,
        Switch::CommaScopes,
    ];
    let strict = granted(&slack, body).unwrap();
    assert_eq!(strict["access_token"], "xoxp-1234");
    assert_eq!(strict["scope"], "chat:write users:read");
    assert_eq!(strict["token_type"], "bearer");
    assert_eq!(strict["authed_user_id"], "U1234");
    assert!(!strict.to_string().contains("xoxb-1"));

    let bot_only = json!({
        "ok": true, "access_token": "xoxb-1", "token_type": "bot", "authed_user": {"id": "U1"},
    });
    let strict = granted(&slack, bot_only.clone()).unwrap();
    assert_eq!(strict["access_token"], "xoxb-1");
    needs(Switch::BotOrUserTokenType, bot_only);
}

#[test]
fn google_calls_the_verification_uri_verification_url() {
    let body = json!({
        "device_code": "4/4-GMMhmHCXhWEzkobqIHGG_EnNYYsAkukHspeYUk9E8", "expires_in": 1800,
        "interval": 5, "user_code": "GQVQ-JKEC", "verification_url": "https://www.google.com/device",
    });
    let answer = || answer(200, "application/json", body.to_string());
    let error = device_authorization_response(&[], answer()).unwrap_err();
    assert!(error.hint().unwrap().contains("verification_url"));
    let strict = device_authorization_response(&[Switch::VerificationUrl], answer()).unwrap();
    let strict: Value = serde_json::from_slice(strict.body()).unwrap();
    assert_eq!(strict["verification_uri"], "https://www.google.com/device");
    assert!(strict.get("verification_url").is_none());
}

#[test]
fn github_answers_device_requests_in_a_form() {
    let body = "device_code=3584&expires_in=900&interval=5&user_code=WDJB-MJHT\
        &verification_uri=https%3A%2F%2Fgithub.com%2Flogin%2Fdevice";
    let strict = device_authorization_response(&[], answer(200, "", body)).unwrap();
    let strict: Value = serde_json::from_slice(strict.body()).unwrap();
    assert_eq!(strict["interval"], 5);
    assert_eq!(strict["expires_in"], 900);
}

proptest! {
    #[test]
    fn any_answer_is_strict_json_or_an_error(
        status in 200u16..600,
        body in proptest::collection::vec(any::<u8>(), 0..300),
        all in any::<bool>(),
    ) {
        let switches = if all { Switch::ALL } else { &[] };
        if let Ok(strict) = token_response(switches, answer(status, "application/json", body)) {
            let value: Value = serde_json::from_slice(strict.body()).unwrap();
            prop_assert!(value.is_object());
            prop_assert_ne!(strict.headers()[CONTENT_TYPE].len(), 0);
        }
    }

    #[test]
    fn whatever_is_granted_fits_a_header(
        token in "\\PC{0,8}|[ -~]{1,8}", kind in "bearer|Bearer|mac|", name in "scope|expires_in|x",
        value in prop_oneof![Just(json!(null)), Just(json!([1])), any::<f64>().prop_map(|n| json!(n)),
            ".{0,6}".prop_map(|s| json!(s))],
    ) {
        let mut body = json!({"access_token": token, "token_type": kind});
        body[name] = value;
        if let Ok(strict) = granted(Switch::ALL, body) {
            let token = strict["access_token"].as_str().unwrap();
            prop_assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(&strict["token_type"], "bearer");
        }
    }
}

/// The reason for the border: whatever leaves it is what the `oauth2` crate reads.
mod contract {
    use super::*;
    use oauth2::basic::{BasicErrorResponse, BasicTokenType};
    use oauth2::{
        EmptyExtraDeviceAuthorizationFields, ExtraTokenFields, StandardDeviceAuthorizationResponse,
        StandardTokenResponse, TokenResponse as _,
    };
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    struct Rest(Map<String, Value>);
    impl ExtraTokenFields for Rest {}
    type Strict = StandardTokenResponse<Rest, BasicTokenType>;

    #[test]
    fn the_sloppiest_answer_is_read_by_oauth2_with_its_id_token() {
        let body = json!({
            "access_token": "t", "token_type": "bEARER", "expires_in": "3599.0",
            "scope": ["a", "b"], "id_token": "x.y.z", "refresh_token": null,
        });
        let kind = "text/html; charset=utf-8";
        let strict = token_response(&[Switch::ScopeArray], answer(201, kind, body.to_string()));
        let strict = strict.unwrap();
        assert_eq!(strict.status(), 200);
        let read: Strict = serde_json::from_slice(strict.body()).unwrap();
        assert_eq!(read.expires_in().unwrap().as_secs(), 3599);
        assert_eq!(read.scopes().unwrap().len(), 2);
        assert_eq!(read.extra_fields().0["id_token"], "x.y.z");
    }

    proptest! {
        #[test]
        fn whatever_leaves_is_read_by_oauth2(
            status in prop_oneof![Just(200u16), Just(400), Just(503)],
            name in "access_token|token_type|expires_in|scope|refresh_token|error|error_uri|id_token|x",
            value in prop_oneof![
                Just(json!(null)), any::<f64>().prop_map(|n| json!(n)), any::<i64>().prop_map(|n| json!(n)),
                ".{0,9}".prop_map(|s| json!(s)), Just(json!(["a", "b,c"])), Just(json!({"a": 1})),
            ],
        ) {
            let mut body = json!({"access_token": "t", "token_type": "Bearer", "scope": "a"});
            body[name] = value;
            let body = answer(status, "", body.to_string());
            if let Ok(strict) = token_response(Switch::ALL, body) {
                if strict.status() == 200 {
                    serde_json::from_slice::<Strict>(strict.body()).unwrap();
                } else {
                    serde_json::from_slice::<BasicErrorResponse>(strict.body()).unwrap();
                }
            }
        }

        #[test]
        fn whatever_device_answer_leaves_is_read_by_oauth2(
            name in "device_code|user_code|verification_uri|verification_uri_complete|expires_in|interval",
            value in prop_oneof![
                Just(json!(null)), any::<f64>().prop_map(|n| json!(n)), ".{0,9}".prop_map(|s| json!(s)),
                Just(json!("https://as.example/d?x=y")), Just(json!([])),
            ],
        ) {
            let mut body = json!({
                "device_code": "d", "user_code": "U", "verification_uri": "https://as.example/d",
                "expires_in": 9,
            });
            body[name] = value;
            type Device = StandardDeviceAuthorizationResponse;
            let body = answer(200, "", body.to_string());
            if let Ok(strict) = device_authorization_response(Switch::ALL, body) {
                let _ = EmptyExtraDeviceAuthorizationFields {};
                serde_json::from_slice::<Device>(strict.body()).unwrap();
            }
        }
    }
}
