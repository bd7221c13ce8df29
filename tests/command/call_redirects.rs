//! The redirect matrix (S9, must 84): every status that leads on, to every kind of elsewhere, with
//! the real binary and names that all lead to this machine.

use crate::support::Sandbox;
use crate::support::api::RecordingApi;
use crate::support::server::{Answer, Request};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

struct Matrix {
    /// `localhost:PORT` is the service's origin.
    api: RecordingApi,
    /// Another port.
    other: RecordingApi,
    sandbox: Sandbox,
}

impl Matrix {
    fn new() -> Matrix {
        let (api, other) = (RecordingApi::start(), RecordingApi::start());
        let base = format!("http://localhost:{}", port(&api));
        let service = format!(
            "client_id = \"c\"\ntoken_endpoint = \"{base}/token\"\n\
             authorization_endpoint = \"{base}/authorize\"\napi_base_url = \"{base}/v1\"\n"
        );
        let sandbox = Sandbox::new()
            .service("demo", &service)
            .env("HALLPASS_TOKEN_DEMO", "secret-token");
        Matrix {
            api,
            other,
            sandbox,
        }
    }

    /// Follows one redirect; the second request, wherever it went.
    fn follow(&self, status: u16, location: &str) -> Request {
        let before = (self.api.requests().len(), self.other.requests().len());
        let answer = Answer::with_headers(status, &[("location", location)], "");
        self.api.push(answer);
        let run = [
            "call",
            "demo",
            "x",
            "-L",
            "-b",
            "sid=hush",
            "-H",
            "X-Api-Key: hush",
            "-H",
            "X-Version: 7",
            "-d",
            "a=1",
        ];
        let ended = self.sandbox.run(&run);
        let (api, other) = (self.api.requests(), self.other.requests());
        let mut found: Vec<Request> = api[before.0 + 1..].to_vec();
        found.extend_from_slice(&other[before.1..]);
        assert_eq!(found.len(), 1, "{status} {location}: {ended:#?}");
        assert_eq!(ended.code, 0, "{status} {location}: {ended:#?}");
        found.remove(0)
    }
}

fn port(api: &RecordingApi) -> String {
    let origin = api.origin();
    origin.rsplit(':').next().expect("a port").to_owned()
}

fn has(request: &Request, name: &str) -> bool {
    request.headers().contains_key(name)
}

/// 307 and 308 keep method and body, 301 to 303 make a GET of a POST.
fn check_method(status: u16, request: &Request) {
    let (method, body) = match status {
        307 | 308 => ("POST", &b"a=1"[..]),
        _ => ("GET", &b""[..]),
    };
    assert_eq!(
        (request.method().as_str(), &request.body()[..]),
        (method, body),
        "{status}"
    );
}

#[test]
fn no_redirect_to_another_host_port_subdomain_or_spelling_takes_a_secret_along() {
    let matrix = Matrix::new();
    let (own, other) = (port(&matrix.api), port(&matrix.other));
    for location in [
        // host
        format!("http://127.0.0.1:{own}/y"),
        format!("//127.0.0.1:{own}/y"),
        format!("http://127.0.0.1:{other}/y"),
        // port
        format!("http://localhost:{other}/y"),
        format!("//localhost:{other}/y"),
        format!("\\\\localhost:{other}\\y"),
        // subdomain, either way
        format!("http://sub.localhost:{own}/y"),
        // trailing dot
        format!("http://localhost.:{own}/y"),
        // user information
        format!("http://localhost:{own}@127.0.0.1:{own}/y"),
        format!("http://user:pw@127.0.0.1:{own}/y"),
        format!("http://localhost%3A{own}@sub.localhost:{own}/y"),
    ] {
        for status in STATUSES {
            let request = matrix.follow(status, &location);
            for name in ["authorization", "cookie", "x-api-key", "x-version"] {
                assert!(!has(&request, name), "{status} {location}: {request:?}");
            }
            assert!(
                !format!("{request:?}").contains("hush"),
                "{status} {location}"
            );
            assert!(!format!("{:?}", request.headers()).contains("user:pw"));
            check_method(status, &request);
        }
    }
}

#[test]
fn a_redirect_that_stays_on_the_origin_keeps_what_was_sent() {
    let matrix = Matrix::new();
    let own = port(&matrix.api);
    for location in [
        "/y".to_owned(),
        "y?z#fragment".to_owned(),
        format!("http://localhost:{own}/y"),
        format!("http://LOCALHOST:{own}/y"),
        format!("//localhost:{own}/y"),
        // Whose they are is nobody's business: they are taken off.
        format!("http://user:pw@localhost:{own}/y"),
    ] {
        for status in STATUSES {
            let request = matrix.follow(status, &location);
            assert_eq!(request.headers()["authorization"], "Bearer secret-token");
            for name in ["cookie", "x-api-key", "x-version"] {
                assert!(has(&request, name), "{status} {location}");
            }
            assert!(!request.uri().to_string().contains("fragment"));
            check_method(status, &request);
        }
    }
}

#[test]
fn other_schemes_and_endless_loops_are_refused() {
    let matrix = Matrix::new();
    for status in STATUSES {
        for (location, code) in [
            ("ftp://localhost/y", 9),
            ("file:///etc/passwd", 9),
            ("javascript:alert(1)", 9),
            ("http://", 9),
        ] {
            let answer = Answer::with_headers(status, &[("location", location)], "");
            matrix.api.push(answer);
            let before = matrix.api.requests().len();
            let _ = matrix.sandbox.hallpass("call demo x -L").code(code);
            assert_eq!(matrix.api.requests().len(), before + 1, "{location}");
        }
        for _ in 0..4 {
            matrix
                .api
                .push(Answer::with_headers(status, &[("location", "/v1/x")], ""));
        }
        let ended = matrix
            .sandbox
            .hallpass("call demo x -L --max-redirs 3")
            .code(9);
        let _ = ended.says("more than 3 redirects");
    }
}
