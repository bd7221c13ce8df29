//! What `hallpass call` makes of a refusal: the hint names a line, and that line cures it. And how
//! it waits where the API says "later".

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::support::api::RecordingApi;
use crate::support::sandbox::Transcript;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

/// The line between backticks in the hint, without `hallpass` before it.
fn cure(refused: &Transcript) -> String {
    let hint = refused
        .stderr
        .lines()
        .find(|line| line.starts_with("hint: "));
    let hint = hint.unwrap_or_else(|| panic!("no hint: {refused:#?}"));
    hint.split('`').nth(1).expect("a line").to_owned()
}

#[test]
fn the_login_that_the_hint_names_cures_missing_scope() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let add = ["call", "demo", "POST", "notes", "text=hello"];
    let refused = sandbox.run(&add).code(4).says("notes:write");
    let line = cure(&refused);
    assert!(line.starts_with("hallpass login demo --scope '"), "{line}");
    assert!(
        line.contains("notes:read") && line.contains("notes:write"),
        "{line}"
    );
    let shown = sandbox.shell(&line);
    assert!(shown.contains("Signed in"), "{shown}");
    sandbox.run(&add).ok();
    sandbox.hallpass("call demo notes").ok();
}

/// RFC 9470: as a challenge of RFC 6750 and as one of RFC 9449, with one header or two.
#[test]
fn the_login_that_the_hint_names_asks_for_the_stronger_sign_in() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let demand = "error=\"insufficient_user_authentication\", \
                  acr_values=\"urn:example:silver\", max_age=\"300\"";
    for (status, headers) in [
        (401, vec![format!("Bearer realm=\"a, b\", {demand}")]),
        (403, vec![format!("DPoP algs=\"ES256\", {demand}")]),
        (
            401,
            vec!["Basic realm=x".to_owned(), format!("bEARER {demand}")],
        ),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|line| ("www-authenticate", &**line))
            .collect();
        authority.always("/api/notes", Answer::with_headers(status, &headers, ""));
        let refused = sandbox.hallpass("call demo notes").code(4);
        let line = cure(&refused);
        assert_eq!(
            line,
            "hallpass login demo --acr 'urn:example:silver' --max-age 300"
        );
        authority.unscript("/api/notes");
        let shown = sandbox.shell(&line);
        assert!(shown.contains("Signed in"), "{shown}");
        let asked = sandbox.opened().pop().expect("a URL");
        let asked = wire::query(&asked);
        assert_eq!(
            wire::value(&asked, "acr_values"),
            Some("urn:example:silver")
        );
        assert_eq!(wire::value(&asked, "max_age"), Some("300"));
        sandbox.hallpass("call demo notes").ok();
    }
}

fn bench() -> (RecordingApi, Sandbox) {
    let api = RecordingApi::start();
    let service = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
         authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/v1\"\n",
        api.origin()
    );
    let sandbox = Sandbox::new()
        .service("demo", &service)
        .env("HALLPASS_TOKEN_DEMO", "secret-token");
    (api, sandbox)
}

fn in_seconds(seconds: u64) -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("after 1970").as_secs() + seconds
}

#[test]
fn every_way_to_say_later_is_waited_for_and_the_wait_is_shown() {
    let (api, sandbox) = bench();
    // As RFC 9110 §5.6.7 has it, two seconds from the beginning of this second.
    let date = |seconds| {
        let moment = jiff::Timestamp::from_second(in_seconds(seconds) as i64).expect("a time");
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    let epoch = |seconds| in_seconds(seconds).to_string();
    let same = |text: &'static str| Box::new(move || text.to_owned()) as Box<dyn Fn() -> String>;
    for (status, name, value, least) in [
        (429, "retry-after", same("1"), 1000),
        (503, "retry-after", Box::new(|| date(2)), 900),
        (429, "x-ratelimit-reset", Box::new(|| epoch(2)), 900),
        (429, "ratelimit-reset", same("1"), 1000),
        (429, "x-ratelimit-reset-after", same("1.2"), 1200),
    ] {
        let value = value();
        api.push(Answer::with_headers(status, &[(name, &value)], "later"));
        let run = sandbox.run(&["call", "demo", "x", "--retry", "1"]).ok();
        assert_eq!(run.out(), "{}", "{name}");
        assert!(
            run.took >= Duration::from_millis(least),
            "{name}: {:?}",
            run.took
        );
        assert!(run.took < Duration::from_secs(30), "{name}: {:?}", run.took);
        let _ = run.says("waiting for 127.0.0.1: attempt 2 in");
    }
    // Used up, and 403 as GitHub says it.
    let reset = in_seconds(2).to_string();
    let headers = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", &*reset),
    ];
    api.push(Answer::with_headers(403, &headers, "later"));
    sandbox.run(&["call", "demo", "x", "--retry", "1"]).ok();
    // Longer than the cap: told at once.
    api.push(Answer::with_headers(
        429,
        &[("retry-after", "301")],
        "later",
    ));
    let run = sandbox.run(&["call", "demo", "x", "--retry", "1"]).code(22);
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
}

#[test]
fn only_what_is_safe_to_repeat_is_repeated_unless_told_to() {
    let (api, sandbox) = bench();
    let count = |answer: Answer, arguments: &[&str]| {
        let before = api.requests().len();
        api.push(answer);
        let mut line = vec!["call", "demo", "x", "--retry", "2", "--retry-delay", "0.01"];
        line.extend(arguments);
        let _ = sandbox.run(&line);
        api.requests().len() - before
    };
    let broken = || Answer::Reset(Vec::new());
    let busy = || Answer::with_headers(503, &[("retry-after", "0")], "");
    let limited = || Answer::with_headers(429, &[("retry-after", "0")], "");
    let failed = || Answer::json(500, &json!({}));
    for method in ["GET", "PUT", "DELETE"] {
        for answer in [broken(), busy(), limited(), failed()] {
            assert_eq!(
                count(answer.clone(), &["-X", method]),
                2,
                "{method} {answer:?}"
            );
        }
    }
    for method in ["POST", "PATCH"] {
        // It was refused and not begun.
        assert_eq!(count(limited(), &["-X", method]), 2, "{method}");
        for answer in [broken(), busy(), failed()] {
            assert_eq!(
                count(answer.clone(), &["-X", method]),
                1,
                "{method} {answer:?}"
            );
            let told = ["-X", method, "--retry-unsafe"];
            assert_eq!(count(answer.clone(), &told), 2, "{method} {answer:?}");
        }
    }
    assert_eq!(count(failed(), &["--retry", "0"]), 1);
    assert_eq!(count(Answer::json(404, &json!({})), &[]), 1);
    assert_eq!(
        count(Answer::json(404, &json!({})), &["--retry-all-errors"]),
        2
    );
}

/// The first word names a service, which is easily forgotten by who comes from curl.
#[test]
fn a_forgotten_service_is_named_with_the_line_as_it_was_meant() {
    let api = |origin: &str| {
        format!(
            "client_id = \"c\"\ntoken_endpoint = \"{origin}/token\"\n\
             authorization_endpoint = \"{origin}/authorize\"\napi_base_url = \"{origin}/v1\"\n"
        )
    };
    let sandbox = Sandbox::new();
    let nobody = sandbox.hallpass("call /notes").fails(2);
    nobody.says("hallpass call google /notes");
    let flag = sandbox.hallpass("call --url /notes").fails(2);
    assert!(!flag.stderr.contains("\"\" is no service"), "{flag:#?}");
    let sandbox = sandbox.service("demo", &api("https://a.example"));
    for (line, code, hint) in [
        ("call notes", 2, "hallpass call demo notes`"),
        ("call /notes?t=hunter2", 2, "hallpass call demo '/notes?…'`"),
        (
            "call password=hunter2",
            2,
            "hallpass call demo 'password=…'`",
        ),
        (
            "call POST /notes text=hunter2",
            3,
            "hallpass call demo POST /notes …`",
        ),
        (
            "call -s notes text=hunter2",
            3,
            "hallpass call demo notes …`",
        ),
    ] {
        let told = sandbox
            .hallpass(line)
            .fails(code)
            .says("is no service")
            .says(hint);
        assert!(!told.stderr.contains("hunter2"));
    }
    sandbox
        .hallpass("call dmeo x")
        .fails(3)
        .says("did you mean demo?");
    sandbox
        .hallpass("call demo")
        .fails(2)
        .says("a URL is missing")
        .says("`hallpass call demo PATH` asks for https://a.example/v1/PATH");

    let sandbox = sandbox.service("work", &api("https://b.example"));
    sandbox
        .hallpass("call /notes")
        .fails(2)
        .says("put one of demo, work first: `hallpass call SERVICE /notes`");
    sandbox
        .hallpass("call https://b.example/other")
        .fails(3)
        .says("`hallpass call work https://b.example/other`");
    sandbox
        .hallpass("call https://api.github.com/user")
        .fails(3)
        .says("`hallpass login github`, then `hallpass call github https://api.github.com/user`");
    sandbox
        .hallpass("call https://c.example/x")
        .fails(3)
        .says("yours are demo, work; `hallpass add NAME https://c.example/` adds one");
}
