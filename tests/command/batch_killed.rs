//! `hallpass batch --resume` after kill -9 at any moment: no unsafe request is made twice, and
//! nothing is lost.

use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::server::{Answer, Request, Server};

const REQUESTS: usize = 400;

/// What the server saw: how often each path, by method.
type Seen = Arc<Mutex<HashMap<String, usize>>>;

fn service(seen: &Seen) -> (Server, Sandbox) {
    let counted = seen.clone();
    let server = Server::start(move |_| {
        move |request: Request| {
            let name = format!("{} {}", request.method(), request.uri());
            *counted
                .lock()
                .expect("not poisoned")
                .entry(name)
                .or_default() += 1;
            Answer::json(200, &json!({}))
        }
    });
    let origin = server.origin();
    let text = format!(
        "client_id = \"c\"\ntoken_endpoint = \"{origin}/token\"\n\
         authorization_endpoint = \"{origin}/authorize\"\napi_base_url = \"{origin}\"\n"
    );
    let sandbox = Sandbox::new()
        .service("demo", &text)
        .env("HALLPASS_TOKEN_DEMO", "secret-token");
    (server, sandbox)
}

/// Every other one a POST.
fn input() -> String {
    let line = |n: usize| {
        let method = if n.is_multiple_of(2) { "GET" } else { "POST" };
        format!("{{\"id\":\"{n}\",\"method\":\"{method}\",\"url\":\"r/{n}\"}}\n")
    };
    (0..REQUESTS).map(line).collect()
}

/// Runs it, killed once the server has seen `requests` of them; what it wrote until then.
fn killed_after(sandbox: &Sandbox, seen: &Seen, requests: usize) -> String {
    let total = || seen.lock().expect("not poisoned").values().sum::<usize>();
    let goal = total() + requests;
    let output = sandbox.path("output");
    let mut command = sandbox.command();
    command
        .args(["batch", "demo", "--unordered", "--resume", "journal"])
        .stdin(Stdio::piped())
        .stdout(std::fs::File::create(&output).expect("a file"))
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input().as_bytes());
    });
    let begin = Instant::now();
    while total() < goal && child.try_wait().expect("waiting works").is_none() {
        assert!(begin.elapsed().as_secs() < 50, "the requests never came");
        std::thread::yield_now();
    }
    let _ = child.kill();
    let _ = child.wait();
    writer.join().expect("the writer ends");
    sandbox.read("output")
}

#[test]
fn after_kill_9_no_post_is_made_twice_and_every_request_is_accounted_for() {
    for each in [1, 3, 17, 60] {
        let seen = Seen::default();
        let (_server, sandbox) = service(&seen);
        let mut written = String::new();
        for _ in 0..4 {
            written.push_str(&killed_after(&sandbox, &seen, each));
        }
        sandbox.write("input", &input());
        let last = sandbox.run_with_input(
            &["batch", "demo", "--resume", "journal"],
            input().as_bytes(),
        );
        assert!([0, 6].contains(&last.code), "{last:#?}");
        written.push_str(last.out());
        let mut answered: HashMap<String, Value> = HashMap::new();
        let mut unknown = Vec::new();
        // The kill may have cut the last line of a run short.
        for record in written
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        {
            let id = record["id"].as_str().expect("an id").to_owned();
            match record["status"].as_u64() {
                Some(200) => {
                    answered.insert(id, record);
                }
                _ => {
                    let message = record["error"]["message"].as_str().expect("an error");
                    assert!(message.starts_with("line ") && message.contains("not sent again"));
                    unknown.push(id);
                }
            }
        }
        let seen = seen.lock().expect("not poisoned");
        for n in 0..REQUESTS {
            let id = n.to_string();
            let count = |method: &str| seen.get(&format!("{method} /r/{n}")).copied();
            if n.is_multiple_of(2) {
                assert!(answered.contains_key(&id), "GET {n} has no answer");
                assert!(count("GET").is_some_and(|count| count >= 1));
            } else {
                assert!(
                    count("POST").unwrap_or(0) <= 1,
                    "POST {n}: {:?}",
                    count("POST")
                );
                let known = answered.contains_key(&id);
                assert!(known || unknown.contains(&id), "POST {n} is lost");
            }
        }
        // At most the eight under way at each kill, and as many whose records were being written.
        assert!(unknown.len() <= 4 * 16, "{each}: {} unknown", unknown.len());
    }
}
