//! `hallpass batch`: lines of requests in, lines of answers out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::sandbox::Transcript;
use crate::support::server::{Answer, Request, Server};
use crate::support::{Authority, Sandbox};

type Log = Arc<Mutex<Vec<Request>>>;

/// A session whose API answers as `handler` wants, and what it received.
struct Stage {
    authority: Authority,
    server: Server,
    log: Log,
    sandbox: Sandbox,
}

impl Stage {
    fn new(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Stage {
        let authority = Authority::honest();
        let log = Log::default();
        let kept = log.clone();
        let server = Server::start(move |_| {
            move |request: Request| {
                let answer = handler(&request);
                kept.lock().expect("not poisoned").push(request);
                answer
            }
        });
        let base = format!("api_base_url = \"{}/v1/\"\n", server.origin());
        let body: String = authority
            .service()
            .lines()
            .filter(|line| !line.starts_with("api_base_url"))
            .map(|line| format!("{line}\n"))
            .collect();
        let sandbox = Sandbox::new().service("demo", &format!("{body}{base}"));
        sandbox.hallpass("login demo").ok();
        Stage {
            authority,
            server,
            log,
            sandbox,
        }
    }

    fn echoing() -> Stage {
        Stage::new(|request| {
            let path = request.uri().to_string();
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let method = request.method().as_str();
            Answer::json(200, &json!({"method": method, "path": path, "body": body}))
        })
    }

    #[must_use = "check how it ended"]
    fn run(&self, line: &str, input: &str) -> Transcript {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        self.sandbox.run_with_input(&arguments, input.as_bytes())
    }

    /// Path and query of every request so far.
    fn paths(&self) -> Vec<String> {
        let log = self.log.lock().expect("not poisoned");
        log.iter()
            .map(|request| request.uri().to_string())
            .collect()
    }

    fn forget(&self) {
        self.log.lock().expect("not poisoned").clear();
    }
}

fn records(transcript: &Transcript) -> Vec<Value> {
    let lines = transcript.out().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{transcript:#?}")))
        .collect()
}

fn numbered(count: usize) -> String {
    (0..count)
        .map(|n| format!("{{\"id\":{n},\"url\":\"n/{n}\"}}\n"))
        .collect()
}

#[test]
fn requests_go_in_and_answers_come_out_in_order() {
    let stage = Stage::echoing();
    let input = "{\"url\":\"items?x=1\"}\n\
                 {\"id\":\"b\",\"method\":\"PUT\",\"url\":\"/items/2\",\"json\":{\"a\":1}}\n\
                 {\"id\":3,\"url\":\"form\",\"body\":\"a=1\",\"headers\":{\"X-A\":\"y\"}}\n";
    let ended = stage.run("batch demo", input).ok();
    let records = records(&ended);
    assert_eq!(
        records[0],
        json!({"index": 1, "status": 200, "body": {"method": "GET", "path": "/v1/items?x=1", "body": ""}})
    );
    assert_eq!(
        (&records[1]["id"], &records[1]["body"]["body"]),
        (&json!("b"), &json!("{\"a\":1}"))
    );
    assert_eq!(records[2]["body"]["method"], "POST");
    let log = stage.log.lock().expect("not poisoned");
    let form = log
        .iter()
        .find(|r| r.uri().path() == "/v1/form")
        .expect("sent");
    assert_eq!(form.headers()["x-a"], "y");
    assert!(
        log.iter()
            .all(|r| r.headers().contains_key("authorization"))
    );
    assert_eq!(ended.stderr, "");
}

#[test]
fn many_requests_share_a_few_connections_and_keep_their_order() {
    let stage = Stage::echoing();
    let ended = stage.run("batch demo", &numbered(500)).ok();
    // Eight at once, and a few more where one was made while another became free.
    let connections = stage.server.connections();
    assert!((2..=16).contains(&connections), "{connections}");
    let ids: Vec<u64> = records(&ended)
        .iter()
        .filter_map(|r| r["id"].as_u64())
        .collect();
    assert_eq!(ids, (0..500).collect::<Vec<u64>>());
    let mixed = stage
        .run("batch demo --unordered --concurrency 4", &numbered(100))
        .ok();
    let ids: BTreeSet<u64> = records(&mixed)
        .iter()
        .filter_map(|r| r["id"].as_u64())
        .collect();
    assert_eq!(ids.len(), 100);
}

#[test]
fn templates_are_filled_from_lines_and_no_value_leaves_its_segment() {
    let stage = Stage::echoing();
    let input = "7\na/b c\n..\n\n{\"id\":\"x?y\",\"more\":[]}\n";
    let ended = stage.run("batch demo users/{id}/keys", input).code(2);
    assert_eq!(
        stage.paths().into_iter().collect::<BTreeSet<_>>(),
        [
            "/v1/users/7/keys",
            "/v1/users/a%2Fb%20c/keys",
            "/v1/users/x%3Fy/keys"
        ]
        .map(str::to_owned)
        .into()
    );
    let records = records(&ended);
    assert_eq!(records[0]["id"], "7");
    let error = records[2]["error"]["message"].as_str().expect("an error");
    assert!(error.starts_with("line 3: "), "{error}");
    assert_eq!(records[3]["index"], 5);
    stage.forget();
    let _ = stage.run("batch demo users/{id} -X DELETE", "1\n").ok();
    assert_eq!(
        stage.paths().last().map(String::as_str),
        Some("/v1/users/1")
    );
    assert_eq!(
        stage.log.lock().expect("not poisoned")[0].method(),
        "DELETE"
    );
    let _ = stage
        .run("batch demo https://{host}/x", "evil.example\n")
        .fails(2);
    let _ = stage
        .run("batch demo users", "1\n")
        .fails(2)
        .says("{variable}");
}

#[test]
fn hostile_values_stay_in_their_segment_and_their_query_value() {
    let stage = Stage::echoing();
    let hostile = [
        "../../admin",
        "%2f..%2fadmin",
        "a?b=c",
        "a#b",
        "a;b",
        r"a\\b",
        "é/ü",
        "😀",
        " ",
        "a%00b",
        r"\u0000",
        "http://evil.example/",
        "//evil.example",
        "a&b=c",
        "...",
        r"\r\nX-A: b",
    ];
    let line = |value: &&str| format!("{{\"id\":\"{value}\"}}\n");
    let input: String = hostile.iter().map(line).collect();
    // Empty, the folder itself, the folder above, nothing, and a name that is not there.
    let refused = "{\"id\":\"\"}\n{\"id\":\".\"}\n{\"id\":\"..\"}\n{\"id\":null}\n{}\n";
    let ended = stage
        .run("batch demo users/{id}/keys?q={id}", &(input + refused))
        .code(2);
    let seen = records(&ended);
    let fine = seen.iter().filter(|record| record["status"] == 200).count();
    let told = seen
        .iter()
        .filter(|record| record["error"]["code"] == "usage")
        .count();
    assert_eq!((fine, told), (hostile.len(), 5), "{ended:#?}");
    let sent = stage.paths();
    assert_eq!(sent.len(), hostile.len());
    for path in sent {
        let (path, query) = path.split_once('?').expect("a query");
        assert!(
            path.starts_with("/v1/users/") && path.ends_with("/keys"),
            "{path}"
        );
        assert_eq!(path.matches('/').count(), 4, "{path}");
        assert!(
            query.starts_with("q=") && !query.contains(['&', '#', '?']),
            "{query}"
        );
    }
}

#[test]
fn bodies_come_as_json_text_or_base64() {
    let stage = Stage::new(|request| match request.uri().path() {
        "/v1/text" => Answer::new(200, "text/plain", "a\n\"b\""),
        "/v1/bytes" => Answer::new(200, "image/png", vec![0x89, 0x50]),
        "/v1/none" => Answer::new(204, "text/plain", ""),
        _ => Answer::with_headers(
            200,
            &[("content-type", "application/json"), ("x-h", "1")],
            "{\n\"a\":\n1e2}",
        ),
    });
    let input = ["text", "bytes", "none", "json"].map(|p| format!("{{\"url\":\"{p}\"}}\n"));
    let ended = stage.run("batch demo", &input.concat()).ok();
    assert_eq!(
        ended.out(),
        "{\"index\":1,\"status\":200,\"body\":\"a\\n\\\"b\\\"\"}\n\
         {\"index\":2,\"status\":200,\"body_base64\":\"iVA=\"}\n\
         {\"index\":3,\"status\":204}\n\
         {\"index\":4,\"status\":200,\"body\":{ \"a\": 1e2}}\n"
    );
    let with_headers = stage.run("batch demo -i", "{\"url\":\"json\"}\n").ok();
    assert_eq!(records(&with_headers)[0]["headers"]["x-h"], "1");
}

#[test]
fn a_4xx_or_5xx_makes_22_and_bad_lines_are_told() {
    let stage = Stage::new(|request| match request.uri().path() {
        "/v1/missing" => Answer::json(404, &json!({"why": "gone"})),
        _ => Answer::json(200, &json!({})),
    });
    let input = "{\"url\":\"a\"}\nnot json\n{\"url\":\"missing\"}\n{\"url\":\"b\"}\n";
    let ended = stage
        .run("batch demo", input)
        .code(22)
        .says("2 of 4 requests failed");
    let seen = records(&ended);
    assert_eq!(seen[1]["error"]["code"], "usage");
    assert_eq!(
        (&seen[2]["status"], &seen[2]["body"]),
        (&json!(404), &json!({"why": "gone"}))
    );
    assert_eq!(seen.len(), 4);
    stage.forget();
    let ended = stage
        .run("batch demo --fail-fast", input)
        .code(2)
        .says("--fail-fast");
    assert_eq!(records(&ended).len(), 2);
    assert_eq!(stage.paths(), ["/v1/a"]);
}

#[test]
fn redirects_are_not_followed_and_other_origins_never_see_the_token() {
    let evil = crate::support::api::RecordingApi::start();
    let target = format!("{}/stolen", evil.origin());
    let location = target.clone();
    let stage =
        Stage::new(move |_| Answer::with_headers(302, &[("location", location.as_str())], ""));
    let input = format!("{{\"url\":\"x\"}}\n{{\"url\":\"{target}\"}}\n");
    let ended = stage.run("batch demo", &input).code(3);
    let seen = records(&ended);
    assert_eq!(seen[0]["status"], 302);
    assert_eq!(seen[1]["error"]["code"], "origin_not_allowed");
    assert!(evil.requests().is_empty());
}

#[test]
fn a_401_renews_the_token_once_for_all() {
    let first = Mutex::new(None);
    let stage = Stage::new(move |request| {
        let token = request.headers().get("authorization").cloned();
        let mut first = first.lock().expect("not poisoned");
        let refused = first.get_or_insert_with(|| token.clone()) == &token;
        match refused {
            true => Answer::with_headers(
                401,
                &[("www-authenticate", "Bearer error=\"invalid_token\"")],
                "",
            ),
            false => Answer::json(200, &json!({})),
        }
    });
    let ended = stage.run("batch demo", &numbered(40)).ok();
    assert_eq!(records(&ended).len(), 40);
    assert_eq!(stage.authority.token_requests("refresh_token"), 1);
}

#[test]
fn a_rate_limit_is_waited_for_and_every_request_is_answered() {
    let left = Mutex::new(3);
    let stage = Stage::new(move |_| {
        let mut left = left.lock().expect("not poisoned");
        if *left > 0 {
            *left -= 1;
            return Answer::with_headers(429, &[("retry-after", "0")], "");
        }
        Answer::json(200, &json!({}))
    });
    let input = "{\"url\":\"a\",\"method\":\"POST\"}\n".repeat(5);
    let ended = stage.run("batch demo", &input).ok();
    assert_eq!(records(&ended).len(), 5);
    let refuse = Stage::new(|_| Answer::with_headers(429, &[("retry-after", "9000")], ""));
    let ended = refuse
        .run("batch demo", &numbered(20))
        .code(22)
        .says("9000");
    assert_eq!(records(&ended).len(), 1);
}

#[test]
fn a_second_run_leaves_out_what_was_answered() {
    let stage = Stage::echoing();
    let _ = stage.run("batch demo --resume j", &numbered(5)).ok();
    stage.forget();
    let again = stage.run("batch demo --resume j", &numbered(8)).ok();
    assert_eq!(stage.paths().len(), 3);
    let ids: Vec<_> = records(&again)
        .iter()
        .filter_map(|r| r["id"].as_u64())
        .collect();
    assert_eq!(ids, [5, 6, 7]);
    let _ = again.says("5 answered before");
    let token = stage.sandbox.hallpass("token demo").ok();
    assert!(!stage.sandbox.read("j").contains(token.data()));
    stage.sandbox.write("other", "{\"index\":1}\n");
    let _ = stage
        .run("batch demo --resume other", &numbered(1))
        .fails(2);
}

/// A request that may have been done is not done again by itself.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_a_journal_that_can_be_taken_up() {
    let stage = Stage::new(|request| match request.uri().path() {
        "/v1/slow" => Answer::Stall(Vec::new()),
        _ => Answer::json(200, &json!({})),
    });
    let input = "{\"url\":\"a\",\"method\":\"POST\"}\n{\"url\":\"slow\",\"method\":\"POST\"}\n";
    let mut running = stage.sandbox.start(&["batch", "demo", "--resume", "j"]);
    running.write(input.as_bytes());
    let begin = std::time::Instant::now();
    while !stage.paths().iter().any(|path| path == "/v1/slow") {
        assert!(
            begin.elapsed().as_secs() < 50,
            "the second request never came"
        );
        std::thread::yield_now();
    }
    let sent = std::process::Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(running.finish().code, 130);

    stage.forget();
    let again = stage.run("batch demo --resume j", input).code(6);
    assert!(stage.paths().is_empty());
    let told = records(&again)[0]["error"]["message"].clone();
    assert!(
        told.as_str().is_some_and(|text| text.contains("unknown")),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let stage = Stage::echoing();
    stage.sandbox.write("in", &numbered(2000));
    let shown = stage.sandbox.shell("hallpass batch demo < in | head -n 1");
    assert_eq!(shown.lines().count(), 1, "{shown}");
}

#[test]
fn nothing_in_is_nothing_out() {
    let stage = Stage::echoing();
    let ended = stage.run("batch demo", "").ok();
    assert!(ended.stdout.is_empty() && ended.stderr.is_empty());
    let _ = stage.run("batch nobody", "{\"url\":\"x\"}\n").fails(3);
}
