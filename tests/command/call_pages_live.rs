//! `hallpass call --paginate` while it runs: pages as they come, in memory that does not grow,
//! at a terminal, with a session that ends and connections that break.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::server::{Answer, Request, Server};
use crate::support::terminal::{self, Looks};
use crate::support::wire::DEADLINE;
use crate::support::{Authority, Sandbox};

/// A server of pages, and a machine whose service it is.
fn stage(handler: impl Fn(usize) -> Answer + Send + Sync + 'static) -> (Server, Sandbox) {
    let server = Server::start(move |_| move |request: Request| handler(page_of(&request)));
    let service = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
         authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}\"\n",
        server.origin()
    );
    let sandbox = Sandbox::new()
        .service("demo", &service)
        .env("HALLPASS_TOKEN_DEMO", "secret-token");
    (server, sandbox)
}

/// The number in `/items?page=N`.
fn page_of(request: &Request) -> usize {
    let query = request.uri().query().unwrap_or_default();
    let number = query.strip_prefix("page=");
    number.map_or(1, |number| number.parse().expect("a number"))
}

fn page(number: usize, last: usize, body: &str) -> Answer {
    let link = format!("</items?page={}>; rel=next", number + 1);
    let headers = [("content-type", "application/json"), ("link", &*link)];
    Answer::with_headers(200, &headers[..if number < last { 2 } else { 1 }], body)
}

#[test]
fn each_page_is_out_before_the_next_is_asked_for() {
    let (seen, shown) = channel::<()>();
    let shown = Mutex::new(shown);
    let (_server, sandbox) = stage(move |number| {
        if number > 1 {
            let seen = shown.lock().expect("not poisoned").recv_timeout(DEADLINE);
            seen.expect("the page before was read");
        }
        page(number, 3, &json!([{"id": number}]).to_string())
    });
    let mut command = sandbox.command();
    command
        .args(["call", "demo", "items", "--paginate", "--format", "ndjson"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    for number in 1..=3 {
        let mut line = String::new();
        out.read_line(&mut line).expect("text");
        assert_eq!(line, format!("{{\"id\":{number}}}\n"));
        let _ = seen.send(());
    }
    assert!(child.wait().expect("it ends").success());
}

/// `VmHWM` of a process, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a peak")
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_pages() {
    const PAGES: usize = 400;
    let process: Arc<Mutex<Option<u32>>> = Arc::default();
    let peaks: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (watched, kept) = (process.clone(), peaks.clone());
    // 64 KiB a page, 25 MiB in all.
    let body = json!(vec![json!({"text": "x".repeat(1000)}); 64]).to_string();
    let (_server, sandbox) = stage(move |number| {
        let id = *watched.lock().expect("not poisoned");
        if let (20 | PAGES, Some(id)) = (number, id) {
            kept.lock().expect("not poisoned").push(peak(id));
        }
        page(number, PAGES, &body)
    });
    let lock = process.lock().expect("not poisoned");
    let running = sandbox.start(&["call", "demo", "items", "--paginate"]);
    let mut lock = lock;
    *lock = Some(running.id());
    drop(lock);
    let run = running.patiently().finish().ok();
    let all: Vec<Value> = serde_json::from_str(run.out()).expect("one array");
    assert_eq!(all.len(), 64 * PAGES);
    let peaks = peaks.lock().expect("not poisoned").clone();
    let [early, late] = peaks[..] else {
        panic!("two peaks were expected: {peaks:?}");
    };
    assert!(late < early + 2048, "{early} KiB grew to {late} KiB");
}

#[test]
fn at_a_terminal_pages_are_one_array_to_read() {
    let (_server, sandbox) = stage(|number| page(number, 2, &json!([{"id": number}]).to_string()));
    let sandbox = sandbox.env("NO_COLOR", "1");
    let shown = terminal::run(
        &sandbox,
        &["call", "demo", "items", "--paginate"],
        Looks::Both,
    );
    let expected = "[\n  {\n    \"id\": 1\n  },\n  {\n    \"id\": 2\n  }\n]\n";
    assert_eq!(shown.out.replace("\r\n", "\n"), expected, "{shown:#?}");
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let (server, sandbox) = stage(|number| page(number, 5000, &format!("[{number}]\n")));
    let out = sandbox.shell("hallpass call demo items --paginate --jq '.[]' | head -n 2");
    assert_eq!(out, "1\n2\n");
    drop(server);
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed_and_the_page_asked_for_again() {
    let authority = Authority::honest();
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = tokens.clone();
    let server = Server::start(move |_| {
        move |request: Request| {
            let token = request.headers()["authorization"].to_str().expect("text");
            let mut tokens = kept.lock().expect("not poisoned");
            tokens.push(token.to_owned());
            // The first token is good for one page, the second for the rest.
            let number = page_of(&request);
            if number > 1 && tokens[0] == *token {
                let challenge = "Bearer error=\"invalid_token\"";
                return Answer::with_headers(401, &[("www-authenticate", challenge)], "");
            }
            page(number, 3, &format!("[{number}]"))
        }
    });
    let lines = authority.service();
    let lines = lines
        .lines()
        .filter(|line| !line.starts_with("api_base_url"));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    let base = format!("api_base_url = \"{}\"\n", server.origin());
    let sandbox = Sandbox::new().service("demo", &(lines + &base));
    sandbox.hallpass("login demo").ok();
    let run = sandbox.hallpass("call demo items --paginate").ok();
    assert_eq!(run.out(), "[1,2,3]");
    let tokens = tokens.lock().expect("not poisoned");
    assert_eq!(tokens.len(), 4, "one request was refused");
    assert!(tokens[0] == tokens[1] && tokens[1] != tokens[2] && tokens[2] == tokens[3]);
}

#[test]
fn a_page_that_breaks_off_is_asked_for_again_only_with_retry() {
    let broken = || Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[2".to_vec());
    let times = Arc::new(Mutex::new(0));
    let counted = times.clone();
    let (_server, sandbox) = stage(move |number| {
        let mut times = counted.lock().expect("not poisoned");
        *times += 1;
        if number == 2 && *times % 2 == 0 {
            return broken();
        }
        page(number, 3, &format!("[{number}]"))
    });
    let run = sandbox.hallpass("call demo items --paginate").code(6);
    assert_eq!(run.out(), "[1]", "nothing of the broken page");
    assert!(run.stderr.contains("--page-from"), "{}", run.stderr);
    *times.lock().expect("not poisoned") = 0;
    let again = "call demo items --paginate --retry 1 --retry-delay 0.1";
    assert_eq!(sandbox.hallpass(again).ok().out(), "[1,2,3]");
}

#[test]
fn a_list_that_a_service_does_not_page_is_all_there_is() {
    let server = Server::start(|_| |_: Request| Answer::json(200, &json!([1, 2])));
    let service = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
         authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}\"\n\
         pagination = {{ style = \"offset\", parameter = \"first\" }}\n",
        server.origin()
    );
    let sandbox = Sandbox::new()
        .service("demo", &service)
        .env("HALLPASS_TOKEN_DEMO", "secret-token");
    let run = sandbox.hallpass("call demo realms --paginate").ok();
    assert_eq!(run.out(), "[1,2]", "once");
    assert!(
        run.stderr
            .contains("does the API know the parameter first?"),
        "{}",
        run.stderr
    );
}
