//! The redirect: rows A1–A20.

use std::io::Write;

use url::Url;

use super::{Parties, parties, parties_with};
use crate::support::sandbox::Running;
use crate::support::wire::{self, Response};

/// A sign-in that waits for its redirect.
struct Waiting {
    running: Running,
    /// What the provider would redirect to.
    right: Url,
}

impl Waiting {
    fn begin(parties: &Parties) -> Waiting {
        Waiting::with(parties, &["login", "demo", "--no-browser"])
    }

    fn with(parties: &Parties, arguments: &[&str]) -> Waiting {
        let mut running = parties.sandbox.start(arguments);
        let url = running.authorization_url();
        let answer = wire::get(&url).expect("the provider answers");
        let location = answer.headers().get(http::header::LOCATION);
        let location = location.expect("a redirect").to_str().expect("ASCII");
        Waiting {
            running,
            right: location.parse().expect("a URL"),
        }
    }

    /// The right redirect with some parameters changed, or taken out with `None`.
    fn changed(&self, changes: &[(&str, Option<&str>)]) -> Url {
        let mut url = self.right.clone();
        let mut pairs = wire::query(&url);
        for (name, value) in changes {
            pairs.retain(|(seen, _)| seen != name);
            if let Some(value) = value {
                pairs.push(((*name).into(), (*value).into()));
            }
        }
        url.query_pairs_mut().clear().extend_pairs(&pairs);
        url
    }

    fn get(&self, url: &Url) -> Response {
        wire::get(url).expect("the listener answers")
    }

    /// Sends raw bytes; `HOST` and `TARGET` stand for the right ones.
    fn raw(&self, text: &str) -> Vec<u8> {
        let host = &self.right[url::Position::BeforeHost..url::Position::AfterPort];
        let target = &self.right[url::Position::BeforePath..url::Position::AfterQuery];
        let text = text.replace("HOST", host).replace("TARGET", target);
        wire::send_raw(wire::address(&self.right), text.as_bytes())
    }

    /// The true callback still works.
    #[track_caller]
    fn then_succeeds(self) {
        let page = self.get(&self.right);
        assert_eq!(page.status(), 200, "{page:?}");
        self.running.finish().ok();
    }
}

fn status(answer: &[u8]) -> u16 {
    wire::parse_response(answer).map_or(0, |response| response.status().as_u16())
}

#[test]
fn a1_other_paths_and_methods_do_not_end_the_wait() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    for path in ["/favicon.ico", "/apple-touch-icon.png", "/", "/robots.txt"] {
        let url = waiting.right.join(path).expect("a URL");
        assert_eq!(waiting.get(&url).status(), 404, "{path}");
    }
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE"] {
        let answer = waiting.raw(&format!(
            "{method} TARGET HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
        ));
        let head = String::from_utf8_lossy(&answer).into_owned();
        let refused = [" 404 ", " 405 "].iter().any(|code| head.contains(code));
        assert!(refused, "{method}: {head}");
        assert!(!head.to_ascii_lowercase().contains("access-control"));
    }
    waiting.then_succeeds();
}

#[test]
fn a2_a3_fifty_callbacks_with_a_wrong_or_missing_state_do_not_end_the_wait() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    for number in 0..25 {
        let wrong = format!("guess{number}");
        let url = waiting.changed(&[("state", Some(&wrong))]);
        assert_eq!(waiting.get(&url).status(), 400);
        let url = waiting.changed(&[("state", None)]);
        assert_eq!(waiting.get(&url).status(), 400);
    }
    assert!(parties.authority.requests("/token").is_empty());
    waiting.then_succeeds();
}

#[test]
fn a4_an_error_without_the_right_state_is_ignored() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    for state in [None, Some("guess")] {
        let changes = [
            ("error", Some("access_denied")),
            ("code", None),
            ("state", state),
        ];
        assert_eq!(waiting.get(&waiting.changed(&changes)).status(), 400);
    }
    waiting.then_succeeds();
}

#[test]
fn a5_a_denied_sign_in_ends_at_once() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let changes = [("error", Some("access_denied")), ("code", None)];
    let page = waiting.get(&waiting.changed(&changes));
    assert!(page.status().as_u16() < 500);
    let ended = waiting.running.finish().fails(8);
    assert!(ended.took.as_secs() < 10, "{ended:#?}");
    assert!(parties.authority.requests("/token").is_empty());
    parties.nothing_came_of_it();
}

#[test]
fn a6_code_and_error_together_are_an_error() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    waiting.get(&waiting.changed(&[("error", Some("server_error"))]));
    let _ = waiting.running.finish().fails(5).says("server_error");
    assert!(parties.authority.requests("/token").is_empty());
}

#[test]
fn a7_duplicated_parameters_are_refused_and_the_wait_goes_on() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    for name in ["code", "state", "iss"] {
        let mut url = waiting.right.clone();
        let pairs = wire::query(&url);
        let value = wire::value(&pairs, name).expect("there").to_owned();
        url.query_pairs_mut().append_pair(name, &value);
        assert_eq!(waiting.get(&url).status(), 400, "{name}");
    }
    waiting.then_succeeds();
}

#[test]
fn a8_a_wrong_or_missing_iss_ends_the_sign_in_without_a_token_request() {
    let issuer =
        |parties: &Parties, suffix: &str| format!("{}{suffix}", parties.authority.issuer());
    for suffix in ["1", "/", ""] {
        let parties = parties();
        let waiting = Waiting::begin(&parties);
        let wrong = issuer(&parties, suffix);
        let value = (!suffix.is_empty()).then_some(wrong.as_str());
        waiting.get(&waiting.changed(&[("iss", value)]));
        let _ = waiting.running.finish().fails(9).says("iss");
        assert!(parties.authority.requests("/token").is_empty());
        parties.nothing_came_of_it();
    }
}

#[test]
fn a9_a_second_callback_redeems_nothing() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    waiting.get(&waiting.right);
    // The listener may be gone already; what counts is that one code was redeemed.
    let _ = wire::get(&waiting.right);
    waiting.running.finish().ok();
    assert_eq!(parties.authority.requests("/token").len(), 1);
}

#[test]
fn a10_hostile_error_text_reaches_neither_page_nor_terminal_unescaped() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let nasty = format!(
        "<script>alert(1)</script>\u{1b}]52;c;ZWNobw==\u{7}\u{202e}\u{0}{}",
        "x".repeat(6000)
    );
    let changes = [
        ("error", Some("server_error")),
        ("error_description", Some(nasty.as_str())),
        ("code", None),
    ];
    let page = waiting.get(&waiting.changed(&changes));
    let body = String::from_utf8_lossy(page.body()).into_owned();
    assert!(
        !body.contains("<script>") && !body.contains("alert(1)"),
        "{body}"
    );
    let ended = waiting.running.finish().fails(5);
    for bad in ['\u{1b}', '\u{7}', '\u{202e}', '\u{0}'] {
        assert!(!ended.stderr.contains(bad), "{bad:?} in {ended:#?}");
    }
    let longest = ended.stderr.lines().map(str::len).max().unwrap_or(0);
    assert!(longest < 2000, "a line of {longest} bytes");
}

#[test]
fn a11_oversized_requests_are_refused_and_the_listener_lives() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let long_line = format!("GET /callback?x={} HTTP/1.1\r\n", "a".repeat(1 << 20));
    let many_headers = format!(
        "GET TARGET HTTP/1.1\r\nHost: HOST\r\n{}\r\n",
        "x: y\r\n".repeat(10_000)
    );
    let chunks = format!(
        "POST /callback HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "1\r\na\r\n".repeat(10_000)
    );
    for (text, expected) in [(long_line, 414), (many_headers, 431), (chunks, 411)] {
        assert_eq!(status(&waiting.raw(&text)), expected);
    }
    waiting.then_succeeds();
}

#[test]
fn a12_idle_and_slow_connections_do_not_delay_the_true_callback() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let address = wire::address(&waiting.right);
    let mut idle = Vec::new();
    for number in 0..200 {
        let Ok(mut stream) = wire::connect(address) else {
            break;
        };
        if number % 2 == 0 {
            let _ = stream.write_all(b"G");
        }
        idle.push(stream);
    }
    // And one that sends a byte a second, for as long as anybody listens to it.
    let mut slow = wire::connect(address).expect("connected");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let drip = std::thread::spawn(move || {
        let second = std::time::Duration::from_secs(1);
        for byte in b"GET /callback?code=slow HTTP/1.1\r\n".iter().cycle() {
            let ended = stopped.recv_timeout(second);
            if slow.write_all(&[*byte]).is_err()
                || ended != Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                return;
            }
        }
    });
    assert!(idle.len() >= 200, "only {} connections", idle.len());
    let start = std::time::Instant::now();
    let page = waiting.get(&waiting.right);
    let took = start.elapsed();
    assert_eq!(page.status(), 200);
    assert!(took.as_millis() < 1000, "{took:?} with {} idle", idle.len());
    waiting.running.finish().ok();
    let _ = stop.send(());
    drip.join().expect("the drip ends");
}

#[test]
fn a13_requests_that_no_browser_of_the_person_would_send_are_refused() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let end = "Connection: close\r\n\r\n";
    for text in [
        format!("GET TARGET HTTP/1.1\r\nHost: evil.example\r\n{end}"),
        format!("GET TARGET HTTP/1.1\r\n{end}"),
        format!("GET TARGET HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n{end}"),
        format!("GET http://evil.example/callback HTTP/1.1\r\nHost: HOST\r\n{end}"),
        format!("GET TARGET HTTP/1.0\r\nHost: HOST\r\n{end}"),
        format!("GET TARGET HTTP/1.1\r\nHost: evil.example:80\r\n{end}"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(),
    ] {
        let answer = waiting.raw(&text);
        let code = status(&answer);
        assert!(code == 0 || (400..=505).contains(&code), "{code}: {text:?}");
    }
    assert!(parties.authority.requests("/token").is_empty());
    waiting.then_succeeds();
}

#[test]
fn a14_the_wrong_method_for_the_response_mode_is_refused() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let fields = wire::query(&waiting.right);
    let mut bare = waiting.right.clone();
    bare.set_query(None);
    let posted = wire::post_form(&bare, &fields).expect("an answer");
    assert_eq!(posted.status(), 405);
    waiting.then_succeeds();
}

#[test]
fn form_post_takes_the_answer_from_a_body_and_refuses_a_get() {
    let parties = parties_with("response_mode = \"form_post\"\n");
    let mut running = parties.sandbox.start(&["login", "demo", "--no-browser"]);
    let url = running.authorization_url();
    let query = wire::query(&url);
    let target = wire::value(&query, "redirect_uri").expect("sent");
    let mut get: Url = target.parse().expect("a URL");
    let state = wire::value(&query, "state").expect("sent");
    get.query_pairs_mut()
        .append_pair("state", state)
        .append_pair("code", "x");
    assert_eq!(wire::get(&get).expect("an answer").status(), 405);
    let _ = crate::support::browser::walk(&url, true);
    running.finish().ok();
}

#[test]
fn a15_split_and_pipelined_requests_count_once() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let host = &waiting.right[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &waiting.right[url::Position::BeforePath..url::Position::AfterQuery];
    let one = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let mut stream = wire::connect(wire::address(&waiting.right)).expect("connected");
    stream.set_nodelay(true).expect("no delay");
    for byte in one.bytes() {
        stream.write_all(&[byte]).expect("written");
    }
    let _ = stream.write_all(one.as_bytes());
    waiting.running.finish().ok();
    assert_eq!(parties.authority.requests("/token").len(), 1);
}

#[test]
fn a16_a_code_goes_through_exactly_and_an_empty_one_is_refused() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let empty = waiting.get(&waiting.changed(&[("code", Some(""))]));
    assert_eq!(empty.status(), 400);
    let odd = format!("a+b%2B/=&?{}", "c".repeat(3000));
    waiting.get(&waiting.changed(&[("code", Some(odd.as_str()))]));
    // The provider never gave that code; what matters is what it received.
    let _ = waiting.running.finish().fails(5);
    let form = &parties.authority.forms("/token")[0];
    assert_eq!(wire::value(form, "code"), Some(odd.as_str()));
}

#[test]
fn a18_a_taken_port_is_an_error_and_no_browser_opens() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let lines = format!("redirect = \"exact\"\nredirect_port = {port}\n");
    let parties = parties_with(&lines);
    let ended = parties.sandbox.hallpass("login demo").fails(6);
    let _ = ended.says(&port.to_string()).says("--port");
    assert!(parties.sandbox.opened().is_empty());
}

#[test]
fn a19_what_a_page_can_make_a_browser_send_is_refused() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    // Measured with Chromium: fetch and beacon, img, script, iframe, prefetch, prerender, and a
    // WebSocket, which says nothing of itself.
    for headers in [
        "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty",
        "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image",
        "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script",
        "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Purpose: prefetch",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Purpose: prefetch;prerender",
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: yFBrf4x5/xqMjnQ/1og09A==",
    ] {
        let text =
            format!("GET TARGET HTTP/1.1\r\nHost: HOST\r\n{headers}\r\nConnection: close\r\n\r\n");
        let code = status(&waiting.raw(&text));
        assert!((400..500).contains(&code), "{code}: {headers}");
    }
    assert!(parties.authority.requests("/token").is_empty());
    let text = "GET TARGET HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Mode: navigate\r\n\
                Sec-Fetch-Dest: document\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&waiting.raw(text)), 200);
    waiting.running.finish().ok();
}

#[test]
fn a20_a_browser_that_never_comes_back_is_a_time_out_that_frees_the_port() {
    let parties = parties();
    let arguments = ["login", "demo", "--no-browser", "--timeout", "1s"];
    let waiting = Waiting::with(&parties, &arguments);
    let address = wire::address(&waiting.right);
    let _ = waiting.running.finish().fails(8);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn the_page_is_static_safe_and_needs_nothing_from_outside() {
    let parties = parties();
    let waiting = Waiting::begin(&parties);
    let page = waiting.get(&waiting.right);
    let header = |name: &str| {
        let value = page.headers().get(name);
        value
            .map_or("", |value| value.to_str().unwrap_or(""))
            .to_owned()
    };
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("default-src 'none'"));
    let body = String::from_utf8_lossy(page.body()).into_owned();
    assert!(!body.contains("<script") && !body.contains("://"), "{body}");
    assert!(
        body.contains("href=\"data:,\"") || body.contains("href=data:,"),
        "{body}"
    );
    waiting.running.finish().ok();
}

#[test]
fn a_pasted_redirect_ends_the_sign_in_and_a_wrong_or_bare_one_does_not() {
    let parties = parties();
    let mut waiting = Waiting::begin(&parties);
    let wrong = waiting.changed(&[("state", Some("guess"))]);
    let query = wire::query(&waiting.right);
    let code = wire::value(&query, "code").expect("a code").to_owned();
    let right = waiting.right.clone();
    waiting
        .running
        .write(format!("{wrong}\n{code}\n").as_bytes());
    waiting.running.write(format!("{right}\n").as_bytes());
    waiting.running.finish().ok();
    assert_eq!(parties.authority.requests("/token").len(), 1);
}
