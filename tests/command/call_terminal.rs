//! What a person sees who looks at a terminal, and what the same call gives a pipe.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::support::Sandbox;
use crate::support::api::RecordingApi;
use crate::support::server::Answer;
use crate::support::terminal::{self, Looks, Shown};

struct Bench {
    api: RecordingApi,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Bench {
        let api = RecordingApi::start();
        let service = format!(
            "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
             authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/v1\"\n",
            api.origin()
        );
        let sandbox = Sandbox::new()
            .service("demo", &service)
            .env("HALLPASS_TOKEN_DEMO", "secret-token");
        Bench { api, sandbox }
    }

    fn shown(&self, answer: Answer, flags: &[&str]) -> Shown {
        self.api.push(answer);
        let mut arguments = vec!["call", "demo", "x"];
        arguments.extend(flags);
        terminal::run(&self.sandbox, &arguments, Looks::Both)
    }
}

#[test]
fn json_is_indented_and_coloured_at_a_terminal_and_untouched_in_a_pipe() {
    let bench = Bench::new();
    let body = "{\"a\":[1,\"\\u001b[2J\"],  \"b\":null}";
    let answer = || Answer::new(200, "application/json", body);
    let shown = bench.shown(answer(), &[]);
    assert_eq!(shown.code, 0, "{shown:#?}");
    assert!(shown.out.contains("\u{1b}["), "no colour: {shown:#?}");
    assert!(!shown.out.contains("\u{1b}[2J"), "obeyed: {shown:#?}");
    let lines = shown.out.lines().count();
    assert_eq!(lines, 7, "{shown:#?}");
    bench.api.push(answer());
    let piped = bench.sandbox.hallpass("call demo x").ok();
    assert_eq!(piped.out(), body);
}

#[test]
fn a_wide_table_fits_the_terminal_and_is_whole_in_a_pipe() {
    let bench = Bench::new();
    let item = json!({"id": 1, "name": "名前".repeat(20), "about": "word ".repeat(30), "ok": true});
    let answer = || Answer::json(200, &json!([item, item]));
    let shown = bench.shown(answer(), &["--format", "table"]);
    let lines: Vec<&str> = shown.out.lines().collect();
    assert_eq!(lines.len(), 3, "{shown:#?}");
    assert!(lines[0].ends_with("OK") && lines[1].ends_with("true"));
    for line in &lines {
        assert!(line.width() <= 80, "{line}");
    }
    assert_eq!(lines[1].matches('…').count(), 2, "{shown:#?}");
    bench.api.push(answer());
    let piped = bench.sandbox.hallpass("call demo x --format table").ok();
    assert!(!piped.out().contains('…') && piped.out().contains(&"名前".repeat(20)));

    let members = (0..30).map(|n| (format!("column{n}"), json!(n)));
    let many = serde_json::Value::Object(members.collect());
    let shown = bench.shown(Answer::json(200, &many), &["--format", "table"]);
    assert!(
        shown.err.contains("13 of 30 columns fit here"),
        "{shown:#?}"
    );
    assert!(
        shown.out.lines().all(|line| line.width() <= 80),
        "{shown:#?}"
    );
    let shown = bench.shown(Answer::json(200, &many), &["--format", "table", "-s"]);
    assert_eq!(shown.err, "");
}

#[test]
fn lists_of_ours_fit_the_terminal() {
    for command in ["list", "providers", "status"] {
        let long = format!("issuer = \"https://login.example.com/{}\"", "x".repeat(90));
        let sandbox = Sandbox::new()
            .service("work", &long)
            .service("demo", "token_endpoint = \"https://a.example/t\"\nscope = [\"a b\"]\nprovider = \"github\"")
            .env("HALLPASS_TOKEN_WORK", "secret-token");
        let shown = terminal::run(&sandbox, &[command], Looks::Both);
        assert!(!shown.out.is_empty(), "{shown:#?}");
        assert!(
            shown.out.lines().all(|line| line.width() <= 80),
            "{shown:#?}"
        );
    }
}

#[test]
fn a_redirect_that_is_not_followed_is_told_to_a_person_alone() {
    let bench = Bench::new();
    let to = |location: &str| Answer::with_headers(302, &[("location", location)], "");
    let shown = bench.shown(to("/other?access_token=hunter2&x=1"), &[]);
    let place = format!("302 to {}/other?access_token=…&x=… ", bench.api.origin());
    assert_eq!((shown.code, shown.out.as_str()), (0, ""));
    assert_eq!(shown.err, format!("{place}(not followed; -L follows)\r\n"));
    let hostile = b"HTTP/1.1 301 M\r\nLocation: https://a.example/\xc2\x9b2J\xe2\x80\xaex\r\nContent-Length: 0\r\n\r\n";
    let shown = bench.shown(Answer::Raw(hostile.to_vec()), &[]);
    assert!(
        shown.err.contains("301 to https://a.example/"),
        "{shown:#?}"
    );
    let unsafe_to_show = |c: char| c == '\u{9b}' || c == '\u{202e}';
    assert!(!shown.err.contains(unsafe_to_show), "{shown:#?}");
    for flags in [&["-s"][..], &["-i"], &["-I"], &["-w", "%{http_code}"]] {
        let shown = bench.shown(to("/other"), flags);
        assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{flags:?}");
    }
    let shown = bench.shown(Answer::json(304, &json!({})), &[]);
    assert_eq!(shown.err, "", "304 leads nowhere");
    bench.api.push(to("/other"));
    let piped = bench.sandbox.hallpass("call demo x").ok();
    assert_eq!((piped.out(), piped.stderr.as_str()), ("", ""));
}

#[test]
fn no_colour_where_none_is_wanted() {
    let mut bench = Bench::new();
    bench.sandbox = bench.sandbox.env("NO_COLOR", "1");
    let shown = bench.shown(Answer::json(200, &json!({"a": 1})), &[]);
    assert_eq!(shown.out, "{\r\n  \"a\": 1\r\n}\r\n");
}

#[test]
fn escape_sequences_in_text_and_headers_are_shown_and_not_obeyed() {
    let bench = Bench::new();
    let hostile = "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]0;title\u{7}\u{1b}[2Jdone\n";
    let answer = Answer::with_headers(
        200,
        &[("content-type", "text/plain"), ("x-a", "b")],
        hostile,
    );
    let shown = bench.shown(answer, &["-i"]);
    for obeyed in ["\u{1b}]52", "\u{1b}]0", "\u{1b}[2J", "\u{7}"] {
        assert!(!shown.out.contains(obeyed), "{shown:#?}");
    }
    assert!(shown.out.contains("done"), "{shown:#?}");
    let head = b"HTTP/1.1 200 OK\r\nX-Evil: \x1b[2Jx\r\nContent-Length: 0\r\n\r\n";
    let shown = bench.shown(Answer::Raw(head.to_vec()), &["-i"]);
    assert!(!shown.out.contains("\u{1b}[2J"), "{shown:#?}");
}

#[test]
fn binary_is_not_sprayed_on_a_terminal_but_goes_into_files_and_pipes() {
    let bench = Bench::new();
    let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x1b[2J".to_vec();
    let mut odd = vec![0u8, 1, 2, 3];
    odd.extend(128..=255);
    for (content_type, bytes) in [
        ("image/png", png.clone()),
        ("application/octet-stream", odd.clone()),
        // Whatever it says it is.
        ("text/plain", odd.clone()),
        ("", odd),
        ("application/zip", b"PK\x03\x04".to_vec()),
    ] {
        let answer = || match content_type {
            "" => Answer::with_headers(200, &[], bytes.clone()),
            kind => Answer::new(200, kind, bytes.clone()),
        };
        let shown = bench.shown(answer(), &[]);
        assert_eq!((shown.code, shown.out.as_str()), (0, ""), "{content_type}");
        assert!(shown.err.contains("not shown at a terminal"), "{shown:#?}");
        assert!(shown.err.contains("-o"), "{shown:#?}");
        bench.api.push(answer());
        let piped = bench.sandbox.hallpass("call demo x").ok();
        assert_eq!(piped.stdout, bytes, "{content_type}");
    }
    let file = bench.sandbox.path("a.png");
    let file = file.to_str().expect("Unicode");
    let shown = bench.shown(Answer::new(200, "image/png", png.clone()), &["-o", file]);
    assert_eq!((shown.code, shown.out.as_str()), (0, ""));
    assert_eq!(std::fs::read(file).expect("a file"), png);
}

#[test]
fn a_long_download_shows_a_bar_with_rate_and_time_left() {
    let bench = Bench::new();
    let file = bench.sandbox.path("big.bin");
    let file = file.to_str().expect("Unicode");
    let answer = || {
        Answer::live(|out| {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n");
            for _ in 0..8 {
                let _ = out.write_all(&[b'x'; 1_000_000]);
                // A bar that flashes up only disturbs: it comes after half a second.
                std::thread::sleep(std::time::Duration::from_millis(150));
            }
        })
    };
    let shown = bench.shown(answer(), &["-o", file]);
    assert_eq!(shown.code, 0, "{shown:#?}");
    for wanted in ["%", "/s", "left", "of 7.63 MiB", "===="] {
        assert!(shown.err.contains(wanted), "no {wanted:?}: {shown:#?}");
    }
    assert_eq!(shown.out, "");
    let silent = bench.shown(answer(), &["-s", "-o", file]);
    assert_eq!((silent.code, silent.err.as_str()), (0, ""));
    bench.api.push(answer());
    let piped = bench.sandbox.run(&["call", "demo", "x", "-o", file]).ok();
    assert_eq!(piped.stderr, "", "no bar where nobody looks");
}

#[test]
fn a_long_upload_shows_a_bar() {
    let bench = Bench::new();
    bench.sandbox.write("big.bin", &"x".repeat(20_000_000));
    let file = bench.sandbox.path("big.bin");
    let file = file.to_str().expect("Unicode");
    let (taken, answer) = slow_reader();
    let url = format!("http://{taken}/up");
    let arguments = [
        "call",
        "demo",
        "-T",
        file,
        &url,
        "--allow-origin",
        &url[..url.len() - 3],
    ];
    let shown = terminal::run(&bench.sandbox, &arguments, Looks::Both);
    assert_eq!(shown.code, 0, "{shown:#?}");
    for wanted in ["sending", "%", "/s", "left"] {
        assert!(shown.err.contains(wanted), "no {wanted:?}: {shown:#?}");
    }
    assert_eq!(answer.join().expect("the server ends"), 20_000_000);
}

/// Takes one upload in slowly; gives the bytes it got.
fn slow_reader() -> (std::net::SocketAddr, std::thread::JoinHandle<usize>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    // Otherwise the system takes in the whole of it at once.
    socket2::SockRef::from(&listener)
        .set_recv_buffer_size(64 << 10)
        .expect("a small buffer");
    let address = listener.local_addr().expect("an address");
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("a head");
            head.push(byte[0]);
        }
        let mut got = 0;
        let mut piece = vec![0; 1 << 20];
        while got < 20_000_000 {
            got += stream.read(&mut piece).expect("a body");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        got
    });
    (address, thread)
}
