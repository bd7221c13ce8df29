//! What `hallpass call` makes of an answer: shapes, files, previews, words at the end.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::api::RecordingApi;
use crate::support::server::Answer;
use crate::support::{Sandbox, skip};

/// A service whose token comes from the environment.
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

fn people() -> Answer {
    Answer::json(
        200,
        &json!({"items": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob, \"B\""}]}),
    )
}

#[test]
fn jq_filters_and_writes_strings_bare() {
    let (api, sandbox) = bench();
    api.push(people());
    let run = sandbox
        .run(&["call", "demo", "people", "--jq", ".items[].name"])
        .ok();
    assert_eq!(run.out(), "Ada\nBob, \"B\"\n");
    api.push(people());
    let run = sandbox
        .run(&["call", "demo", "people", "--jq", ".items | length"])
        .ok();
    assert_eq!(run.out(), "2\n");
}

#[test]
fn a_wrong_filter_is_told_before_anything_is_sent() {
    let (api, sandbox) = bench();
    sandbox
        .run(&["call", "demo", "people", "--jq", ".items["])
        .fails(2)
        .says("closing bracket");
    assert!(api.requests().is_empty());
}

#[test]
fn formats_show_the_items() {
    let (api, sandbox) = bench();
    for (format, text) in [
        (
            "ndjson",
            "{\"id\":1,\"name\":\"Ada\"}\n{\"id\":2,\"name\":\"Bob, \\\"B\\\"\"}\n",
        ),
        ("csv", "id,name\r\n1,Ada\r\n2,\"Bob, \"\"B\"\"\"\r\n"),
        ("table", "ID  NAME\n1   Ada\n2   Bob, \"B\"\n"),
    ] {
        api.push(people());
        let run = sandbox
            .run(&["call", "demo", "people", "--format", format])
            .ok();
        assert_eq!(run.out(), text, "{format}");
    }
}

#[test]
fn an_errors_body_is_not_filtered() {
    let (api, sandbox) = bench();
    api.push(Answer::json(404, &json!({"error": "no such thing"})));
    let run = sandbox
        .run(&["call", "demo", "x", "--jq", ".items[]"])
        .code(22);
    assert_eq!(run.out(), "{\"error\":\"no such thing\"}");
}

#[test]
fn a_dry_run_sends_nothing_and_hides_secrets() {
    let (api, sandbox) = bench();
    let run = sandbox
        .run(&[
            "call",
            "demo",
            "POST",
            "x",
            "a=b",
            "q==1",
            "X-Api-Key:hush",
            "--dry-run",
        ])
        .ok();
    let expected = format!(
        "POST {}/v1/x?q=1\naccept: application/json, */*;q=0.5\nauthorization: Bearer [redacted]\n\
         content-type: application/json\nuser-agent: hallpass/{}\nx-api-key: [redacted]\n\n{{\"a\": \"b\"}}\n",
        api.origin(),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(run.out(), expected);
    assert!(api.requests().is_empty());
    sandbox
        .run(&["call", "demo", "https://evil.example/", "--dry-run"])
        .fails(3);
}

#[test]
fn write_out_speaks_curls_variables() {
    let (api, sandbox) = bench();
    api.push(Answer::new(201, "text/plain", "hello"));
    let format = "\\n%{http_code} %{size_download} %{content_type} %{method}\\n";
    let run = sandbox.run(&["call", "demo", "x", "-w", format]).ok();
    assert_eq!(run.out(), "hello\n201 5 text/plain GET\n");
    let run = sandbox.run(&[
        "call",
        "demo",
        "http://127.0.0.1:1/",
        "--allow-origin",
        "http://127.0.0.1:1",
        "-sw",
        "%{http_code} %{exitcode}",
    ]);
    assert_eq!(run.code(6).out(), "000 6");
}

/// As in `-so /dev/null -w '%{http_code}'`, where the status is all that is wanted.
#[cfg(unix)]
#[test]
fn an_errors_body_is_not_brought_back_from_dev_null() {
    let (api, sandbox) = bench();
    for _ in 0..2 {
        api.push(Answer::new(404, "text/plain", "no such thing"));
    }
    let flags = ["-so", "/dev/null", "-w", "%{http_code}"];
    let run = sandbox.run(&[&["call", "demo", "x"][..], &flags].concat());
    let run = run.code(22);
    assert_eq!((run.out(), run.stderr.as_str()), ("404", ""));
    let file = sandbox.path("kept");
    let file = file.to_str().expect("Unicode");
    let run = sandbox.run(&["call", "demo", "x", "-so", file]).code(22);
    assert_eq!(run.stderr, "no such thing", "a file is left alone");
}

#[test]
fn silent_says_nothing_and_show_error_brings_it_back() {
    let (api, sandbox) = bench();
    api.push(Answer::new(500, "text/plain", "x"));
    assert_eq!(
        sandbox.run(&["call", "demo", "x", "-s"]).code(22).stderr,
        ""
    );
    api.push(Answer::new(500, "text/plain", "x"));
    sandbox
        .run(&["call", "demo", "x", "-sS"])
        .code(22)
        .says("answered 500");
    // What the person must do is never hidden.
    assert_ne!(
        sandbox.run(&["call", "nobody", "x", "-s"]).code(3).stderr,
        ""
    );
}

#[test]
fn a_download_takes_its_name_when_it_is_whole() {
    let (api, sandbox) = bench();
    api.push(Answer::new(200, "application/zip", "zipzip"));
    let path = sandbox.path("out/a.zip");
    let file = path.to_str().expect("Unicode");
    let run = sandbox
        .run(&["call", "demo", "a.zip", "-o", file, "--create-dirs"])
        .ok();
    assert_eq!(
        (run.out(), sandbox.read("out/a.zip").as_str()),
        ("", "zipzip")
    );
    assert_eq!(
        std::fs::read_dir(sandbox.path("out"))
            .expect("a folder")
            .count(),
        1
    );

    api.push(Answer::new(404, "text/plain", "gone"));
    let run = sandbox
        .run(&["call", "demo", "a.zip", "-o", file])
        .code(22)
        .says("gone");
    assert_eq!(
        (run.out(), sandbox.read("out/a.zip").as_str()),
        ("", "zipzip")
    );
}

#[test]
fn a_broken_download_goes_on_from_where_it_is() {
    let (api, sandbox) = bench();
    let file = sandbox.path("big.bin");
    let file = file.to_str().expect("Unicode");
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n\r\n01234";
    api.push(Answer::Raw(head.into()));
    sandbox
        .run(&["call", "demo", "big.bin", "-o", file])
        .code(6)
        .says("-C - goes on from there");
    assert!(!sandbox.path("big.bin").exists(), "no wrong whole file");
    assert_eq!(sandbox.read("big.bin.hallpass-part"), "01234");

    api.push(Answer::with_headers(
        206,
        &[("content-range", "bytes 5-9/10")],
        "56789",
    ));
    sandbox
        .run(&["call", "demo", "big.bin", "-o", file, "-C", "-"])
        .ok();
    let request = api.requests().pop().expect("a request");
    assert_eq!(request.headers()["range"], "bytes=5-");
    assert_eq!(request.headers()["if-range"], "\"v1\"");
    assert_eq!(sandbox.read("big.bin"), "0123456789");
    assert!(!sandbox.path("big.bin.hallpass-part").exists());
}

#[test]
fn packed_answers_are_unpacked() {
    let (api, sandbox) = bench();
    // `printf hello | gzip -n`
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
    api.push(Answer::with_headers(
        200,
        &[("content-encoding", "gzip")],
        &packed[..],
    ));
    let run = sandbox.run(&["call", "demo", "x", "--compressed"]).ok();
    assert_eq!(run.out(), "hello");
    assert_eq!(
        api.only_request().headers()["accept-encoding"],
        "deflate, gzip"
    );
}

#[test]
fn retries_are_made_and_end_well() {
    let (api, sandbox) = bench();
    api.push(Answer::with_headers(503, &[("retry-after", "0")], "busy"));
    api.push(Answer::new(200, "text/plain", "fine"));
    let run = sandbox.run(&["call", "demo", "x", "--retry", "2"]).ok();
    assert_eq!(run.out(), "fine");
    assert_eq!(api.requests().len(), 2);
}

/// The printed line works, and keeps the token out of every argument.
#[test]
fn the_line_for_real_curl_does_the_same() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skip("curl");
    }
    let (api, sandbox) = bench();
    sandbox.write("notes.txt", "some notes\n");
    let notes = sandbox.path("notes.txt");
    let notes = notes.to_str().expect("Unicode");
    let part = format!("f=@{notes};type=text/x");
    let upload = format!("@{notes}");
    for words in [
        &[
            "POST",
            "x",
            "name=it's \"me\" & $you",
            "q==a b",
            "X-Empty;",
            "X-A:1",
        ][..],
        &["x"],
        &["-X", "DELETE", "x"],
        &["-d", "a=1", "-d", "b=2", "x"],
        &["-d", "", "x"],
        &["-F", "a=1;2", "-F", &part, "--form-string", "s=@x;y", "x"],
        &["--data-binary", &upload, "-H", "Content-Type:", "x"],
        &["-T", notes, "up/"],
        &["-I", "x"],
    ] {
        let mut arguments = vec!["call", "demo"];
        arguments.extend(words);
        sandbox.run(&arguments).code(0);
        let ours = api.requests().pop().expect("a request");
        arguments.push("--curl");
        let line = sandbox.run(&arguments).ok();
        let line = line.out().trim().to_owned();
        assert!(!line.contains("secret-token"), "{line}");
        assert!(
            line.starts_with("hallpass token demo --as header | curl -H @- "),
            "{line}"
        );
        let folder = std::path::Path::new(env!("CARGO_BIN_EXE_hallpass")).parent();
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", folder.expect("a folder").display());
        let output = Command::new("bash")
            .args(["-c", &line])
            .env_clear()
            .envs(sandbox.environment())
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        assert!(output.status.success(), "{line}\n{output:?}");
        let theirs = api.requests().pop().expect("a request");
        for name in ["authorization", "content-type", "x-a", "x-empty"] {
            let (a, b) = (ours.headers().get(name), theirs.headers().get(name));
            let multipart = a.is_some_and(|v| v.as_bytes().starts_with(b"multipart/"));
            assert!(a == b || multipart, "{name} {a:?} {b:?}\n{line}");
        }
        assert_eq!(
            (ours.method(), ours.uri()),
            (theirs.method(), theirs.uri()),
            "{line}"
        );
        if !words.contains(&"-F") {
            assert_eq!(ours.body(), theirs.body(), "{line}");
        }
    }
}
