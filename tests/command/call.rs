//! `hallpass call`: what the API receives, what comes out, and where the token may go.

use serde_json::json;

use crate::support::api::RecordingApi;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

/// A session whose API records what it gets.
fn recorded() -> (Authority, RecordingApi, Sandbox) {
    let authority = Authority::honest();
    let api = RecordingApi::start();
    let base = format!("api_base_url = \"{}/v1/\"\n", api.origin());
    let body: String = authority
        .service()
        .lines()
        .filter(|line| !line.starts_with("api_base_url"))
        .map(|line| format!("{line}\n"))
        .collect();
    let sandbox = Sandbox::new().service("demo", &format!("{body}{base}"));
    sandbox.hallpass("login demo").ok();
    (authority, api, sandbox)
}

#[test]
fn a_relative_url_is_appended_to_the_base_with_the_token_in_the_header() {
    let (_authority, api, sandbox) = recorded();
    let token = sandbox.hallpass("token demo").ok();
    sandbox.hallpass("call demo items?x=1").ok();
    let request = api.only_request();
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri(), "/v1/items?x=1");
    let expected = format!("Bearer {}", token.data());
    assert_eq!(request.headers()[http::header::AUTHORIZATION], expected);
    assert!(!request.uri().to_string().contains(token.data()));
}

#[test]
fn items_make_json_query_and_headers() {
    let (_authority, api, sandbox) = recorded();
    let run = [
        "call",
        "demo",
        "POST",
        "items",
        "name=Ada",
        "age:=36",
        "q==x y",
        "X-Kind:test",
    ];
    sandbox.run(&run).ok();
    let request = api.only_request();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().query(), Some("q=x+y").or(Some("q=x%20y")));
    assert_eq!(request.headers()["x-kind"], "test");
    let body: serde_json::Value = serde_json::from_slice(request.body()).expect("JSON");
    assert_eq!(body, json!({"name": "Ada", "age": 36}));
}

#[test]
fn curls_letters_mean_what_curl_means() {
    let (_authority, api, sandbox) = recorded();
    let run = [
        "call", "demo", "-X", "PUT", "-H", "X-A: 1", "-d", "a=1", "-d", "b=2", "things",
    ];
    sandbox.run(&run).ok();
    let request = api.only_request();
    assert_eq!(request.method(), "PUT");
    assert_eq!(request.headers()["x-a"], "1");
    assert_eq!(request.body(), b"a=1&b=2");
    let kind = &request.headers()[http::header::CONTENT_TYPE];
    assert_eq!(kind, "application/x-www-form-urlencoded");
}

#[test]
fn the_body_goes_through_unchanged_into_a_pipe() {
    let (_authority, api, sandbox) = recorded();
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    api.push(Answer::new(200, "application/octet-stream", bytes.clone()));
    let transcript = sandbox.hallpass("call demo blob").ok();
    assert_eq!(transcript.stdout, bytes);
    assert_eq!(transcript.stderr, "");
}

#[test]
fn a_4xx_or_5xx_prints_the_body_and_exits_22() {
    let (_authority, api, sandbox) = recorded();
    for status in [400, 404, 422, 500] {
        api.push(Answer::new(status, "application/json", "{\"why\":1}"));
        let ended = sandbox.hallpass("call demo x");
        assert_eq!(ended.code, 22, "{status}: {ended:#?}");
        assert_eq!(ended.stdout, b"{\"why\":1}");
    }
}

#[test]
fn a_401_invalid_token_renews_once_and_repeats_once() {
    let (authority, api, sandbox) = recorded();
    let challenge = [("www-authenticate", "Bearer error=\"invalid_token\"")];
    for _ in 0..4 {
        api.push(Answer::with_headers(401, &challenge, ""));
    }
    let ended = sandbox.hallpass("call demo x");
    assert_eq!(ended.code, 22, "{ended:#?}");
    assert_eq!(api.requests().len(), 2);
    assert_eq!(authority.token_requests("refresh_token"), 1);
}

#[test]
fn insufficient_scope_says_which_login_helps() {
    let (_authority, api, sandbox) = recorded();
    let challenge = [(
        "www-authenticate",
        "Bearer error=\"insufficient_scope\", scope=\"notes:write\"",
    )];
    api.push(Answer::with_headers(403, &challenge, ""));
    let ended = sandbox.hallpass("call demo x");
    assert_eq!(ended.code, 4, "{ended:#?}");
    let _ = ended
        .says("notes:write")
        .says("hallpass login demo --scope");
}

#[test]
fn another_origin_never_sees_the_token() {
    let (_authority, api, sandbox) = recorded();
    let evil = RecordingApi::start();
    let url = format!("{}/x", evil.origin());
    sandbox
        .run(&["call", "demo", &url])
        .fails(3)
        .says(&evil.origin());
    assert!(evil.requests().is_empty() && api.requests().is_empty());
}

#[test]
fn redirects_are_followed_only_with_l_and_the_token_stays_home() {
    for status in [301, 302, 303, 307, 308] {
        let (_authority, api, sandbox) = recorded();
        let evil = RecordingApi::start();
        let target = format!("{}/stolen", evil.origin());
        let answer = Answer::with_headers(status, &[("location", target.as_str())], "");
        api.push(answer.clone());
        let _ = sandbox.hallpass("call demo x").code;
        assert!(evil.requests().is_empty(), "{status} followed without -L");
        api.push(answer);
        let _ = sandbox.hallpass("call demo x -L").code;
        assert_eq!(evil.requests().len(), 1, "{status} not followed with -L");
        for request in evil.requests() {
            let headers = request.headers();
            assert!(
                !headers.contains_key(http::header::AUTHORIZATION),
                "{status}"
            );
        }
    }
}

#[test]
fn a_redirect_within_the_origin_keeps_the_token() {
    let (_authority, api, sandbox) = recorded();
    api.push(Answer::with_headers(302, &[("location", "/v1/there")], ""));
    sandbox.hallpass("call demo here -L").ok();
    let second = &api.requests()[1];
    assert_eq!(second.uri(), "/v1/there");
    assert!(second.headers().contains_key(http::header::AUTHORIZATION));
}

/// As curl does: each answer on the way, in order.
#[test]
fn include_shows_the_heads_of_redirects_too() {
    for flags in ["-i", "-I"] {
        let (_authority, api, sandbox) = recorded();
        api.push(Answer::with_headers(302, &[("location", "there")], "gone"));
        api.push(Answer::with_headers(200, &[("x-last", "yes")], ""));
        let shown = sandbox.hallpass(&format!("call demo here -L {flags}")).ok();
        let text = shown.out().to_ascii_lowercase();
        let first = text.find("302 found").expect("the first head");
        let last = text.find("200 ok").expect("the last head");
        assert!(first < last && text.contains("location: there"), "{text}");
        assert!(
            text.contains("x-last: yes") && !text.contains("gone"),
            "{text}"
        );
    }
}

#[test]
fn heads_asked_for_go_to_the_file_as_curls_do() {
    for status in [200, 404] {
        let (_authority, api, sandbox) = recorded();
        api.push(Answer::with_headers(status, &[("x-a", "yes")], ""));
        let ended = sandbox.hallpass("call demo x -I -o head.txt");
        assert!(ended.stdout.is_empty(), "{ended:#?}");
        let head = std::fs::read_to_string(sandbox.path("head.txt")).expect("the head");
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
        assert!(head.contains("x-a: yes\r\n"), "{head}");
    }
}

#[test]
fn a_format_that_cannot_be_read_is_told_before_anything_is_sent() {
    let (_authority, api, sandbox) = recorded();
    let ended = sandbox.hallpass("call demo POST x a=1 -w @nowhere").code(2);
    assert!(ended.stderr.contains("nowhere"), "{ended:#?}");
    assert!(api.requests().is_empty());
}

#[test]
fn a_loop_of_redirects_is_told_without_what_its_query_holds() {
    let (_authority, api, sandbox) = recorded();
    let location = "/v1/again?access_token=SECRET";
    api.push(Answer::with_headers(302, &[("location", location)], ""));
    api.push(Answer::with_headers(302, &[("location", location)], ""));
    let told = sandbox.hallpass("call demo x -L --max-redirs 1");
    assert_eq!(told.code, 9, "{told:#?}");
    assert!(told.stderr.contains("/v1/again?access_token="), "{told:#?}");
    assert!(!told.stderr.contains("SECRET"), "{told:#?}");
}

#[test]
fn the_user_agent_is_the_persons_to_change_and_to_leave_out() {
    for (flags, sent) in [
        (
            &[][..],
            Some(concat!("hallpass/", env!("CARGO_PKG_VERSION"))),
        ),
        (&["-A", "me/1"], Some("me/1")),
        (&["-A", ""], None),
        (&["-H", "User-Agent:"], None),
        (&["-H", "user-agent: you"], Some("you")),
    ] {
        let (_authority, api, sandbox) = recorded();
        sandbox.run(&[&["call", "demo", "x"], flags].concat()).ok();
        let request = &api.requests()[0];
        let agent = request.headers().get(http::header::USER_AGENT);
        assert_eq!(
            agent.map(|agent| agent.to_str().unwrap()),
            sent,
            "{flags:?}"
        );
    }
}

#[test]
fn include_shows_the_head_and_output_goes_to_a_file() {
    let (_authority, api, sandbox) = recorded();
    api.push(Answer::with_headers(200, &[("x-answer", "yes")], "body"));
    let shown = sandbox.hallpass("call demo x -i").ok();
    let text = shown.out().to_ascii_lowercase();
    assert!(
        text.starts_with("http/1.1 200") && text.contains("x-answer: yes"),
        "{text}"
    );
    assert!(text.ends_with("body"));
    api.push(Answer::new(200, "text/plain", "saved"));
    let file = sandbox.path("out.txt");
    let file = file.to_str().expect("Unicode");
    let quiet = sandbox.run(&["call", "demo", "x", "-o", file]).ok();
    assert!(quiet.stdout.is_empty());
    assert_eq!(sandbox.read("out.txt"), "saved");
    api.push(Answer::new(404, "text/plain", "missing"));
    let failed = sandbox.run(&["call", "demo", "x", "-o", file]);
    assert_eq!(failed.code, 22);
    assert_eq!(sandbox.read("out.txt"), "saved", "the file is left alone");
    let _ = failed.says("missing");
}

#[test]
fn verbose_shows_the_wire_without_the_secrets() {
    let (_authority, _api, sandbox) = recorded();
    let token = sandbox.hallpass("token demo").ok();
    let shown = sandbox.hallpass("call demo x -v").ok();
    assert!(shown.stderr.contains("/v1/x"), "{shown:#?}");
    let _ = shown.does_not_say(token.data());
}

#[test]
fn a_header_cannot_smuggle_a_line() {
    let (_authority, api, sandbox) = recorded();
    sandbox
        .run(&["call", "demo", "x", "-H", "a: b\r\nX: y"])
        .fails(2);
    assert!(api.requests().is_empty());
}

#[test]
fn a_url_alone_finds_the_service_that_covers_it() {
    let (_authority, api, sandbox) = recorded();
    let url = format!("{}/v1/items", api.origin());
    sandbox.run(&["call", &url]).ok();
    assert_eq!(api.only_request().uri(), "/v1/items");
    let outside = format!("{}/v10/items", api.origin());
    sandbox.run(&["call", &outside]).fails(3);
}
