//! The token endpoint: rows T1–T26.

use serde_json::{Value, json};

use super::{parties, parties_with};
use crate::support::server::Answer;
use crate::support::{Authority, wire};

fn good() -> Value {
    json!({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600})
}

/// An answer to the code exchange of a service that wants no ID Token.
fn after(answer: Answer) -> (super::Parties, crate::support::sandbox::Transcript) {
    let parties = plain();
    parties.authority.always("/token", answer);
    let transcript = parties.sandbox.hallpass("login demo");
    (parties, transcript)
}

/// Signs in without `openid`, so that the token answer stands alone.
fn plain() -> super::Parties {
    let authority = Authority::honest();
    let body = authority
        .service()
        .replace("\"openid\", \"profile\", \"email\", ", "");
    let sandbox = crate::support::Sandbox::new().service("demo", &body);
    super::Parties { authority, sandbox }
}

/// The answer must be refused as invalid, the code not sent again, nothing stored.
#[track_caller]
fn refused(answer: Answer) {
    let shown: String = format!("{answer:?}").chars().take(200).collect();
    let (parties, transcript) = after(answer);
    assert_eq!(transcript.code, 9, "{shown}: {transcript:#?}");
    assert!(transcript.stderr.lines().count() < 12, "{transcript:#?}");
    assert_eq!(parties.authority.requests("/token").len(), 1, "{shown}");
    parties.nothing_came_of_it();
}

#[track_caller]
fn accepted(body: &Value) -> super::Parties {
    let (parties, transcript) = after(Answer::json(200, body));
    assert_eq!(transcript.code, 0, "{body}: {transcript:#?}");
    parties
}

fn with(name: &str, value: Value) -> Value {
    let mut body = good();
    body[name] = value;
    body
}

#[test]
fn t1_malformed_json_is_refused_and_the_code_not_sent_again() {
    for text in [
        "{\"access_token\": \"t0k",
        "{",
        "",
        "{'access_token': 1}",
        "nul",
    ] {
        refused(Answer::new(200, "application/json", text));
    }
}

#[test]
fn t2_a_captive_portal_is_told_by_status_and_type_and_its_page_not_shown() {
    let page = "<html><h1>Welcome to the hotel</h1></html>";
    let (_, transcript) = after(Answer::new(200, "text/html", page));
    let _ = transcript.fails(9).says("text/html").does_not_say("hotel");
}

#[test]
fn t3_json_under_another_content_type_is_accepted() {
    let (_, transcript) = after(Answer::new(200, "text/plain", good().to_string()));
    transcript.ok();
}

#[test]
fn t4_json_that_is_no_object_is_refused() {
    for text in ["[]", "\"t0ken\"", "7", "null"] {
        refused(Answer::new(200, "application/json", text));
    }
    refused(Answer::new(200, "application/json", "[".repeat(100_000)));
}

#[test]
fn t5_only_bearer_is_taken() {
    for kind in ["bearer", "BEARER"] {
        accepted(&with("token_type", kind.into()));
    }
    for kind in [
        json!("mac"),
        json!("N_A"),
        json!("DPoP"),
        json!(7),
        json!(""),
    ] {
        refused(Answer::json(200, &with("token_type", kind)));
    }
    let mut without = good();
    without
        .as_object_mut()
        .expect("an object")
        .remove("token_type");
    refused(Answer::json(200, &without));
}

#[test]
fn t6_lifetimes_as_servers_write_them() {
    for value in [json!("3600"), json!(3600.0), json!(null)] {
        accepted(&with("expires_in", value));
    }
    for value in [json!(1e308), json!(9_223_372_036_854_775_808_u64)] {
        accepted(&with("expires_in", value));
    }
    refused(Answer::json(200, &with("expires_in", "abc".into())));
    // A token that has ended already is told as such, at once and without a loop.
    for value in [json!(-1), json!(0)] {
        let (parties, transcript) = after(Answer::json(200, &with("expires_in", value)));
        transcript.ok();
        parties.sandbox.hallpass("token demo").fails(4);
        assert_eq!(parties.authority.requests("/token").len(), 1);
    }
}

#[test]
fn t7_a_narrower_scope_is_told_and_kept() {
    let (parties, transcript) = after(Answer::json(200, &with("scope", "notes:read".into())));
    transcript.ok().says("offline_access");
    let status = parties.sandbox.hallpass("status demo").ok();
    assert!(status.out().contains("notes:read"), "{status:#?}");
}

#[test]
fn t9_an_empty_refresh_token_is_not_kept() {
    let parties = super::parties();
    parties.authority.provider(|p| p.options.rotate = false);
    parties.sign_in();
    parties
        .authority
        .mutate("/token", |body| body["refresh_token"] = "".into());
    parties.sandbox.hallpass("token demo --refresh").ok();
    parties.authority.unscript("/token");
    parties.sandbox.hallpass("token demo --refresh").ok();
    let forms = parties.authority.forms("/token");
    let sent: Vec<_> = forms[1..]
        .iter()
        .map(|form| wire::value(form, "refresh_token").expect("sent"))
        .collect();
    assert_eq!(sent.len(), 2);
    assert!(
        !sent[0].is_empty() && sent[0] == sent[1],
        "the old one is kept"
    );
}

#[test]
fn t10_a_token_that_no_header_can_carry_is_refused() {
    for token in ["", "a\r\nX-Evil: 1", "a b", "t\u{f6}ken", "a\u{0}b"] {
        refused(Answer::json(200, &with("access_token", token.into())));
    }
}

#[test]
fn t11_a_member_that_is_there_twice_is_refused() {
    let text = "{\"access_token\":\"one\",\"access_token\":\"two\",\"token_type\":\"Bearer\"}";
    refused(Answer::new(200, "application/json", text));
}

#[test]
fn t12_refusals_keep_their_class() {
    for (status, error) in [
        (400, "invalid_grant"),
        (400, "invalid_client"),
        (401, "invalid_client"),
        (400, "invalid_request"),
    ] {
        let body = json!({"error": error, "error_description": "because"});
        let (parties, transcript) = after(Answer::json(status, &body));
        let _ = transcript.fails(5).says(error);
        parties.nothing_came_of_it();
    }
    let (_, transcript) = after(Answer::new(403, "text/plain", ""));
    let _ = transcript.fails(5).says("403");
}

#[test]
fn t14_a_server_error_does_not_send_the_code_again() {
    for status in [500, 502, 503] {
        let (parties, transcript) = after(Answer::new(status, "text/html", "<h1>oops"));
        assert_eq!(transcript.code, 6, "{transcript:#?}");
        assert_eq!(parties.authority.requests("/token").len(), 1);
    }
}

#[test]
fn t15_a_connection_that_breaks_does_not_send_the_code_again() {
    let half =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"ac"
            .to_vec();
    for answer in [
        Answer::Reset(Vec::new()),
        Answer::Reset(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Answer::Reset(half.clone()),
        Answer::Raw(half),
        Answer::Raw(Vec::new()),
    ] {
        let (parties, transcript) = after(answer);
        assert_eq!(transcript.code, 6, "{transcript:#?}");
        assert_eq!(parties.authority.requests("/token").len(), 1);
        parties.nothing_came_of_it();
    }
}

#[test]
fn t17_a_compressed_answer_that_nobody_asked_for_is_refused() {
    for encoding in ["gzip", "br", "zstd"] {
        let headers = [
            ("content-type", "application/json"),
            ("content-encoding", encoding),
        ];
        refused(Answer::with_headers(200, &headers, vec![0x1f, 0x8b, 8, 0]));
    }
}

#[test]
fn t17_a_huge_answer_is_cut_off() {
    let (parties, transcript) = after(Answer::new(200, "application/json", vec![b' '; 20 << 20]));
    let _ = transcript.fails(9).says("larger than 1048576 bytes");
    parties.nothing_came_of_it();
}

/// must 44: a hundred megabytes without a length, and a limit on memory that they would break.
#[cfg(target_os = "linux")]
#[test]
fn t17_a_token_of_a_hundred_megabytes_is_refused_in_little_memory() {
    let mut parties = plain();
    let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    bytes.extend_from_slice(b"{\"token_type\":\"Bearer\",\"access_token\":\"");
    bytes.resize(bytes.len() + (100 << 20), b'a');
    bytes.extend_from_slice(b"\"}");
    parties.authority.always("/token", Answer::Raw(bytes));
    // Fails at an allocation beyond 64 MiB of data.
    parties.sandbox = parties.sandbox.through(&["prlimit", "--data=67108864"]);
    let ended = parties.sandbox.hallpass("login demo").fails(9);
    let _ = ended.says("larger than 1048576 bytes");
}

#[test]
fn t18_a_redirected_token_request_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Authority::honest();
        let target = format!("{}/token", elsewhere.origin());
        let headers = [("location", target.as_str())];
        let (parties, transcript) = after(Answer::with_headers(status, &headers, ""));
        let _ = transcript.fails(9).says("redirects are not followed");
        assert!(elsewhere.paths().is_empty(), "{status} was followed");
        assert_eq!(parties.authority.requests("/token").len(), 1);
    }
}

#[test]
fn t19_garbage_below_http_is_an_error() {
    for text in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nx",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\u{0}\u{1}\u{2}",
    ] {
        let (parties, transcript) = after(Answer::Raw(text.as_bytes().to_vec()));
        assert_eq!(transcript.code, 6, "{transcript:#?}");
        assert_eq!(parties.authority.requests("/token").len(), 1);
        parties.nothing_came_of_it();
    }
}

#[test]
fn t20_cookies_and_other_headers_change_nothing() {
    let parties = super::parties();
    parties.authority.script("/token", |_, honest| {
        let mut response = honest();
        let headers = response.headers_mut();
        headers.insert("set-cookie", "session=1; Path=/".parse().expect("a value"));
        headers.insert(
            "refresh",
            "0; url=http://evil.example".parse().expect("a value"),
        );
        Answer::Whole(response)
    });
    parties.sign_in();
    parties.sandbox.hallpass("token demo --refresh").ok();
    for request in parties.authority.requests("/token") {
        assert!(!request.headers().contains_key(http::header::COOKIE));
        assert!(!request.headers().contains_key(http::header::REFERER));
    }
}

#[test]
fn t21_an_error_with_status_200_is_an_error() {
    let body = json!({"error": "bad_verification_code", "error_description": "it expired"});
    let (parties, transcript) = after(Answer::json(200, &body));
    let _ = transcript.fails(5).says("bad_verification_code");
    parties.nothing_came_of_it();
}

#[test]
fn t22_a_form_encoded_answer_is_understood() {
    let text = "access_token=t0ken&token_type=bearer&expires_in=3600";
    let (parties, transcript) = after(Answer::new(200, "application/x-www-form-urlencoded", text));
    transcript.ok();
    assert_eq!(parties.sandbox.hallpass("token demo").ok().data(), "t0ken");
}

#[test]
fn t23_hostile_error_text_is_made_safe() {
    let nasty = format!("\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}{}", "y".repeat(1 << 19));
    let body = json!({
        "error": "invalid_grant", "error_description": nasty, "error_uri": "javascript:alert(1)",
    });
    let (_, transcript) = after(Answer::json(400, &body));
    let transcript = transcript.fails(5);
    for bad in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!transcript.stderr.contains(bad), "{bad:?}");
    }
    assert!(
        transcript.stderr.len() < 4000,
        "{}",
        transcript.stderr.len()
    );
}

#[test]
fn t26_a_missing_id_token_is_an_error_where_openid_was_asked() {
    let parties = super::parties();
    parties.authority.mutate("/token", |body| {
        body.as_object_mut().expect("an object").remove("id_token");
    });
    parties.refuse(9, "id_token");
}

#[test]
fn a_public_client_sends_its_id_and_verifier_in_the_body_and_no_credentials() {
    let parties = parties();
    parties.sign_in();
    let request = &parties.authority.requests("/token")[0];
    assert!(!request.headers().contains_key(http::header::AUTHORIZATION));
    let form = wire::form(request.body());
    assert!(wire::value(&form, "client_id").is_some());
    let verifier = wire::value(&form, "code_verifier").expect("sent");
    assert!((43..=128).contains(&verifier.len()), "{verifier}");
}

#[test]
fn extra_parameters_reach_the_server_and_override_nothing() {
    let parties = parties_with("authorization_parameters = { access_type = \"offline\" }\n");
    parties.sign_in();
    let request = &parties.authority.requests("/authorize")[0];
    let query = wire::form(request.uri().query().unwrap_or("").as_bytes());
    assert_eq!(wire::value(&query, "access_type"), Some("offline"));
    let ended = parties
        .sandbox
        .run(&["login", "demo", "--param", "state=x"]);
    let _ = ended.fails(2);
}
