//! Tests of the judge: `facts` rows must 22–28 and A1–A16.

use super::*;
use proptest::prelude::*;

const STATE: &str = "st-4f9b2c";

fn expected() -> Expectation {
    Expectation {
        redirect_uri: Url::parse("http://127.0.0.1:8123/callback").unwrap(),
        delivery: Delivery::Query,
        state: Secret::from(STATE),
        issuer: Some("https://as.example".into()),
        issuer_required: false,
    }
}

fn get(target: &str) -> Request<Vec<u8>> {
    Request::get(target)
        .header("Host", "127.0.0.1:8123")
        .body(Vec::new())
        .unwrap()
}

fn with(
    mut request: Request<Vec<u8>>,
    name: &'static str,
    value: &'static str,
) -> Request<Vec<u8>> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

fn post(body: &str) -> Request<Vec<u8>> {
    Request::post("/callback")
        .header("Host", "127.0.0.1:8123")
        .header(
            "Content-Type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn ignored(verdict: Verdict) -> Ignored {
    match verdict {
        Verdict::Ignore(ignored) => ignored,
        other => panic!("{other:?}"),
    }
}

fn code(verdict: Verdict) -> String {
    match verdict {
        Verdict::Answer(Answer::Code { code, .. }) => code.expose().clone(),
        other => panic!("{other:?}"),
    }
}

fn right(extra: &str) -> String {
    format!("/callback?code=abc&state={STATE}{extra}")
}

#[test]
fn the_right_answer_counts() {
    assert_eq!(code(judge(&get(&right("")), &expected())), "abc");
}

/// A1, must 23.
#[test]
fn other_paths_and_methods_are_not_the_answer() {
    let e = expected();
    for path in [
        "/favicon.ico",
        "/",
        "/callback/",
        "/callbac",
        "//callback",
        "/CALLBACK",
    ] {
        let target = format!("{path}?code=abc&state={STATE}");
        assert_eq!(ignored(judge(&get(&target), &e)), Ignored::Path, "{path}");
    }
    for method in ["HEAD", "POST", "PUT", "OPTIONS", "DELETE"] {
        let mut request = get(&right(""));
        *request.method_mut() = method.parse().unwrap();
        let reason = ignored(judge(&request, &e));
        assert_eq!(reason, Ignored::Method, "{method}");
        assert_eq!(reason.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// A2, A3, A4, must 25, 26.
#[test]
fn nothing_counts_without_the_right_state() {
    let e = expected();
    let wrong = [
        ("/callback?code=abc&state=other", Ignored::WrongState),
        ("/callback?code=abc&state=", Ignored::WrongState),
        ("/callback?code=abc", Ignored::NoState),
        ("/callback?error=access_denied", Ignored::NoState),
        ("/callback?error=access_denied&state=x", Ignored::WrongState),
        (
            "/callback?iss=https://evil.example&code=a&state=x",
            Ignored::WrongState,
        ),
        ("/callback", Ignored::Empty),
    ];
    for (target, reason) in wrong {
        assert_eq!(ignored(judge(&get(target), &e)), reason, "{target}");
    }
}

/// A5, A6, A10.
#[test]
fn an_error_with_the_right_state_counts_even_beside_a_code() {
    let target = format!(
        "/callback?code=abc&error=access_denied&state={STATE}&error_description=%1b%5d52%3b%3cscript%3e%E2%80%AE%00%ff"
    );
    match judge(&get(&target), &expected()) {
        Verdict::Answer(Answer::Error(error)) => {
            assert_eq!(error.error, "access_denied");
            let text = error.error_description.unwrap();
            assert!(!text.chars().any(crate::secret::is_unprintable), "{text:?}");
        }
        other => panic!("{other:?}"),
    }
    let long = format!(
        "/callback?error=e&state={STATE}&error_description={}",
        "x".repeat(60_000)
    );
    match judge(&get(&long), &expected()) {
        Verdict::Answer(Answer::Error(error)) => {
            assert!(error.error_description.unwrap().chars().count() <= 301);
        }
        other => panic!("{other:?}"),
    }
}

/// A7, must 27.
#[test]
fn doubled_parameters_are_refused() {
    let e = expected();
    for extra in ["&code=b", "&state=x", "&iss=a&iss=b", "&error=a&error=b"] {
        let reason = ignored(judge(&get(&right(extra)), &e));
        assert_eq!(reason, Ignored::Parameters, "{extra}");
    }
    let same_again = right(&format!("&state={STATE}"));
    assert_eq!(ignored(judge(&get(&same_again), &e)), Ignored::Parameters);
}

/// A8, must 28 (RFC 9207).
#[test]
fn the_issuer_is_compared_as_a_string() {
    let mut e = expected();
    assert_eq!(
        code(judge(&get(&right("&iss=https%3A%2F%2Fas.example")), &e)),
        "abc"
    );
    for iss in [
        "https://as.example/",
        "https://AS.example",
        "https://evil.example",
        "",
    ] {
        for kind in ["code=abc", "error=access_denied"] {
            let target = format!("/callback?{kind}&state={STATE}&iss={iss}");
            match judge(&get(&target), &e) {
                Verdict::Answer(Answer::Invalid(error)) => {
                    assert_eq!(error.code(), Code::AuthorizationResponseInvalid);
                }
                other => panic!("{target}: {other:?}"),
            }
        }
    }
    e.issuer_required = true;
    assert!(matches!(
        judge(&get(&right("")), &e),
        Verdict::Answer(Answer::Invalid(_))
    ));
}

/// A13, must 22: the request of a DNS-rebound page carries no Fetch Metadata at all.
#[test]
fn the_host_must_be_the_redirect_uris() {
    let e = expected();
    for host in [
        "evil.example:8123",
        "127.0.0.1",
        "127.0.0.1:81",
        "localhost:8123",
        "",
        "[::1]:8123",
    ] {
        let mut request = get(&right(""));
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(ignored(judge(&request, &e)), Ignored::Host, "{host}");
    }
    let mut none = get(&right(""));
    none.headers_mut().remove("host");
    assert_eq!(ignored(judge(&none, &e)), Ignored::Host);
    let two = with(get(&right("")), "host", "127.0.0.1:8123");
    assert_eq!(ignored(judge(&two, &e)), Ignored::Host);
    let absolute = get(&format!("http://127.0.0.1:8123{}", right("")));
    assert_eq!(ignored(judge(&absolute, &e)), Ignored::Target);
}

#[test]
fn each_loopback_host_is_written_as_in_its_redirect_uri() {
    for (uri, host) in [
        ("http://[::1]:9/cb", "[::1]:9"),
        ("http://localhost:9/cb", "LocalHost:9"),
        ("http://127.0.0.1:80/cb", "127.0.0.1"),
        ("http://127.0.0.1:80/cb", "127.0.0.1:80"),
    ] {
        let mut e = expected();
        e.redirect_uri = Url::parse(uri).unwrap();
        let mut request = get(&format!("/cb?code=abc&state={STATE}"));
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(code(judge(&request, &e)), "abc", "{uri}");
    }
}

/// A19, must 24: what Chromium sends for each way of reaching the listener.
#[test]
fn only_a_navigation_counts() {
    let e = expected();
    let attacks: &[&[(&'static str, &'static str)]] = &[
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty")],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        &[("sec-fetch-dest", "object")],
        &[("sec-fetch-mode", "no-cors")],
        &[("sec-websocket-key", "yFBrf4x5/xqMjnQ/1og09A==")],
        &[("sec-purpose", "prefetch")],
        &[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-purpose", "prefetch;prerender"),
        ],
        &[("purpose", "prefetch")],
    ];
    for headers in attacks {
        let request = headers
            .iter()
            .fold(get(&right("")), |request, (name, value)| {
                with(request, name, value)
            });
        assert_eq!(
            ignored(judge(&request, &e)),
            Ignored::NotNavigation,
            "{headers:?}"
        );
    }
    let navigation = with(
        with(get(&right("")), "sec-fetch-mode", "navigate"),
        "sec-fetch-dest",
        "document",
    );
    assert_eq!(code(judge(&navigation, &e)), "abc");
}

/// A14 and form_post.
#[test]
fn form_post_takes_a_form_and_nothing_else() {
    let mut e = expected();
    e.delivery = Delivery::FormPost;
    let form = format!("code=a%2Bb&state={STATE}");
    assert_eq!(code(judge(&post(&form), &e)), "a+b");
    assert_eq!(ignored(judge(&get(&right("")), &e)), Ignored::Method);
    let mut json = post(&form);
    json.headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    assert_eq!(ignored(judge(&json, &e)), Ignored::Form);
    let mut in_query = post("");
    *in_query.uri_mut() = right("").parse().unwrap();
    assert_eq!(ignored(judge(&in_query, &e)), Ignored::Empty);
}

/// A16.
#[test]
fn codes_pass_through_exactly_or_not_at_all() {
    let e = expected();
    let long = "x".repeat(8192);
    for (sent, got) in [
        ("a%2Bb", "a+b"),
        ("a+b", "a b"),
        ("a%00b", "a\0b"),
        ("4%2F0Ab_-~", "4/0Ab_-~"),
        (long.as_str(), long.as_str()),
    ] {
        let target = format!("/callback?state={STATE}&code={sent}");
        assert_eq!(code(judge(&get(&target), &e)), got);
    }
    let empty = format!("/callback?state={STATE}&code=");
    assert_eq!(ignored(judge(&get(&empty), &e)), Ignored::NoCode);
    let garbled = format!("/callback?state={STATE}&code=%ff");
    assert_eq!(ignored(judge(&get(&garbled), &e)), Ignored::Parameters);
}

#[test]
fn other_parameters_are_kept_for_the_preset() {
    match judge(&get(&right("&realmId=42")), &expected()) {
        Verdict::Answer(Answer::Code { other, .. }) => assert_eq!(other["realmId"], "42"),
        verdict => panic!("{verdict:?}"),
    }
}

/// must 35.
#[test]
fn a_pasted_url_passes_the_same_checks() {
    let e = expected();
    let judge = |line: &str| judge_pasted(&Secret::from(line), &e);
    let url = format!("http://127.0.0.1:8123{}", right(""));
    assert_eq!(code(judge(&format!("  {url}\r\n"))), "abc");
    assert_eq!(ignored(judge("abc")), Ignored::Target);
    assert_eq!(ignored(judge("code=abc")), Ignored::Target);
    assert_eq!(ignored(judge(&url.replace("8123", "8124"))), Ignored::Host);
    assert_eq!(
        ignored(judge(&url.replace("http:", "https:"))),
        Ignored::Host
    );
    assert_eq!(ignored(judge(&url.replace("//", "//u:p@"))), Ignored::Host);
    assert_eq!(
        ignored(judge(&url.replace("/callback", "/x"))),
        Ignored::Path
    );
    assert_eq!(
        ignored(judge(&url.replace(STATE, "x"))),
        Ignored::WrongState
    );
    assert_eq!(
        ignored(judge("http://127.0.0.1:8123/callback#access_token=x")),
        Ignored::Empty
    );
}

proptest! {
    /// Nothing that anybody can send without knowing the state is ever an answer.
    #[test]
    fn no_request_without_the_state_is_an_answer(
        query in "[a-z=&%0-9]{0,60}",
        method in "GET|POST|HEAD",
        host in "127\\.0\\.0\\.1:8123|evil\\.example|[a-z:]{0,12}",
    ) {
        let request = Request::builder()
            .method(method.as_str())
            .uri(format!("/callback?{query}"))
            .header("Host", host)
            .body(Vec::new())
            .unwrap();
        prop_assert!(matches!(judge(&request, &expected()), Verdict::Ignore(_)));
    }

    /// Pasted lines never panic and never count without the state.
    #[test]
    fn no_pasted_line_without_the_state_is_an_answer(line in "\\PC{0,80}") {
        prop_assert!(matches!(
            judge_pasted(&Secret::from(line), &expected()),
            Verdict::Ignore(_)
        ));
    }
}
