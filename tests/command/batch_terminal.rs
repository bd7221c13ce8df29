//! `hallpass batch` in front of a person: how far it is, and what it waits for.

use serde_json::json;

use crate::support::Sandbox;
use crate::support::server::{Answer, Request, Server};
use crate::support::terminal::{self, Looks};

fn bench(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> (Server, Sandbox) {
    let server = Server::start(move |_| move |request: Request| handler(&request));
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

#[test]
fn progress_counts_what_is_done_failed_and_under_way() {
    let (_server, sandbox) = bench(|request| {
        std::thread::sleep(std::time::Duration::from_millis(60));
        match request.uri().path().ends_with('3') {
            true => Answer::json(500, &json!({})),
            false => Answer::json(200, &json!({})),
        }
    });
    let input: String = (0..150).map(|n| format!("{n}\n")).collect();
    sandbox.write("ids", &input);
    let input = sandbox.path("ids");
    let arguments = ["batch", "demo", "users/{id}", "--retry", "0"];
    let shown = terminal::run_with(&sandbox, &arguments, Looks::Stderr, Some(&input));
    assert_eq!(shown.code, 22, "{shown:#?}");
    assert_eq!(shown.out.lines().count(), 150);
    assert!(
        shown.err.contains(" failed, 8 under way") || shown.err.contains(" failed, 7 under way"),
        "{shown:#?}"
    );
    assert!(shown.err.contains(" done"), "{shown:#?}");
    assert!(
        shown.err.contains("15 of 150 requests failed"),
        "{shown:#?}"
    );
}

#[test]
fn a_rate_limits_pause_is_shown() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let (_server, sandbox) =
        bench(
            move |_| match first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                true => Answer::with_headers(429, &[("retry-after", "1")], ""),
                false => Answer::json(200, &json!({})),
            },
        );
    sandbox.write("ids", "1\n2\n");
    let input = sandbox.path("ids");
    let arguments = ["batch", "demo", "users/{id}"];
    let shown = terminal::run_with(&sandbox, &arguments, Looks::Stderr, Some(&input));
    assert_eq!(shown.code, 0, "{shown:#?}");
    assert!(
        shown.err.contains("waiting for the API's rate limit, 1 s"),
        "{shown:#?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn who_types_the_requests_is_told_what_is_awaited_and_how_it_ends() {
    let (_server, sandbox) = bench(|_| Answer::json(200, &json!({"ok": 1})));
    let shown = sandbox.typed_at_a_terminal("batch demo", "{\"url\":\"things/1\"}\n\u{4}");
    assert!(
        shown.contains("reading lines such as {\"url\":\"things/1\"} from"),
        "{shown}"
    );
    assert!(shown.contains("Ctrl-D ends them"), "{shown}");
    assert!(shown.contains("\"status\":200"), "{shown}");
    let shown = sandbox.typed_at_a_terminal("batch demo users/{id}", "7\n\u{4}");
    assert!(
        shown.contains("reading values for users/{id}, one a line"),
        "{shown}"
    );

    sandbox.write("lines", "{\"url\":\"things/1\"}\n");
    let input = sandbox.path("lines");
    let looked = terminal::run_with(&sandbox, &["batch", "demo"], Looks::Stderr, Some(&input));
    assert!(!looked.err.contains("reading"), "{looked:#?}");
}
