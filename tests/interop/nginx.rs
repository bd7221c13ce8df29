//! A batch and a list of pages against nginx, over TLS and HTTP/2.

use std::collections::BTreeSet;

use crate::support::nginx::Nginx;
use crate::support::{Authority, Sandbox, skip};

const ECHO: &str = "location / { return 200 '{\"path\":\"$uri\"}'; }";
const LIST: &str = "location /v1/pages { add_header Link $next; return 200 '[$arg_page]'; }";

/// Pages of its list.
const PAGES: usize = 200;

/// A machine with a session at nginx, and the flag that trusts it.
fn signed_in(sandbox: Sandbox, nginx: &Nginx) -> (Authority, Sandbox, String) {
    let authority = Authority::honest();
    let own = authority.service();
    let lines = own.lines().filter(|line| !line.starts_with("api_base_url"));
    let mut body: String = lines.map(|line| format!("{line}\n")).collect();
    body.push_str(&format!(
        "api_base_url = \"https://localhost:{}/v1\"\n",
        nginx.port
    ));
    let sandbox = sandbox.service("demo", &body);
    sandbox.hallpass("login demo").ok();
    let cacert = sandbox.path("nginx/ca.pem");
    let cacert = cacert.to_str().expect("Unicode").to_owned();
    (authority, sandbox, cacert)
}

/// So many different requests, each with the token, over one connection.
fn one_connection(sandbox: &Sandbox, requests: usize) {
    let token = sandbox.hallpass("token demo").ok();
    let log = sandbox.read("nginx/access.log");
    let seen: BTreeSet<&str> = log.lines().collect();
    assert_eq!(log.lines().count(), requests);
    assert_eq!(seen.len(), requests, "every one once");
    let connection = |line: &str| line.split(' ').next().map(str::to_owned);
    let connections: BTreeSet<_> = seen.iter().map(|line| connection(line)).collect();
    assert_eq!(connections.len(), 1, "{connections:?}");
    let token = format!(" Bearer {} -", token.data());
    for line in seen {
        assert!(line.contains(" HTTP/2.0 200 GET localhost "), "{line}");
        assert!(line.ends_with(&token), "{line}");
    }
}

#[test]
fn pages_are_one_http2_connection_to_the_last() {
    let sandbox = Sandbox::new();
    let next: String = (1..PAGES)
        .map(|page| format!("{page} '</v1/pages?page={}>; rel=\"next\"'; ", page + 1))
        .collect();
    let map = format!("map $arg_page $next {{ default ''; {next} }}");
    let Some(nginx) = Nginx::start_with(&sandbox, &map, LIST) else {
        return skip("nginx");
    };
    let (_authority, sandbox, cacert) = signed_in(sandbox, &nginx);
    let words = [
        "call",
        "demo",
        "/pages?page=1",
        "--paginate",
        "--cacert",
        &cacert,
    ];
    let expected: Vec<String> = (1..=PAGES).map(|page| page.to_string()).collect();
    let run = sandbox.run(&words).ok();
    assert_eq!(run.out(), format!("[{}]", expected.join(",")));
    one_connection(&sandbox, PAGES);
}

#[test]
fn a_batch_is_one_http2_connection_and_its_answers_keep_their_order() {
    let sandbox = Sandbox::new();
    let Some(nginx) = Nginx::start(&sandbox, ECHO) else {
        return skip("nginx");
    };
    let (_authority, sandbox, cacert) = signed_in(sandbox, &nginx);
    let ids: String = (0..1000).map(|n| format!("{n}\n")).collect();
    let run = ["batch", "demo", "users/{id}", "--cacert", &cacert];
    let ended = sandbox.run_with_input(&run, ids.as_bytes()).ok();
    let expected: String = (0..1000)
        .map(|n| {
            let index = n + 1;
            format!("{{\"index\":{index},\"id\":\"{n}\",\"status\":200,\"body\":{{\"path\":\"/v1/users/{n}\"}}}}\n")
        })
        .collect();
    assert_eq!(ended.out(), expected);
    one_connection(&sandbox, 1000);
}
