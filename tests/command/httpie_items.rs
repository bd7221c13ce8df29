//! HTTPie's items, sent with the real `http` (where it is installed) and with `hallpass call`:
//! a server must not see the difference.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::api::RecordingApi;
use crate::support::server::Request;
use crate::support::{Sandbox, skip};

/// Words after the URL, and the body HTTPie 3.2.4 sends for them (`None`: none).
const ITEMS: &[(&str, &[&str], Option<&str>)] = &[
    ("", &[], None),
    (
        "",
        &[
            "name=John",
            "age:=29",
            "married:=false",
            "hobbies:=[\"http\", \"pies\"]",
        ],
        Some(r#"{"name": "John", "age": 29, "married": false, "hobbies": ["http", "pies"]}"#),
    ),
    ("", &["q==a b", "lang==é", "empty=="], None),
    (
        "",
        &["X-API-Token:123", "Cookie:a=b", "X-Empty;", "x=1"],
        Some(r#"{"x": "1"}"#),
    ),
    (
        "",
        &["Accept:", "Content-Type:application/vnd.api+json", "a=b"],
        Some(r#"{"a": "b"}"#),
    ),
    (
        "PUT",
        &[
            "platform[name]=HTTPie",
            "platform[about][mission]=Make APIs simple",
            "platform[about][stars]:=54000",
            "platform[apps][]=Terminal",
            "platform[apps][]=Web",
        ],
        Some(
            r#"{"platform": {"name": "HTTPie", "about": {"mission": "Make APIs simple", "stars": 54000}, "apps": ["Terminal", "Web"]}}"#,
        ),
    ),
    (
        "",
        &["[]:=1", "[]=two", "[3]:=null"],
        Some(r#"[1, "two", null, null]"#),
    ),
    (
        "",
        &[r"a\=b=c\:d", r"p\[x\]=y", r"n[\1]=z"],
        Some(r#"{"a=b": "c:d", "p[x]": "y", "n": {"1": "z"}}"#),
    ),
    (
        "",
        &["emoji=😀", "path=C:\\dir", "mail=a@b.example"],
        Some(r#"{"emoji": "\ud83d\ude00", "path": "C:\\dir", "mail": "a@b.example"}"#),
    ),
    (
        "",
        &["essay=@notes.txt", "doc:=@payload.json"],
        Some(r#"{"essay": "line one\nline two & more\n", "doc": {"k": [1, 2]}}"#),
    ),
    (
        "POST",
        &[
            "--form",
            "name=John Smith",
            "age:=29",
            "ok:=true",
            "text=@notes.txt",
            "tilde=~*",
        ],
        Some("name=John+Smith&age=29&ok=True&text=line+one%0Aline+two+%26+more%0A&tilde=~%2A"),
    ),
    ("POST", &[], Some("")),
    ("DELETE", &["X-A:b"], None),
];

struct Bench {
    api: RecordingApi,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Bench {
        let api = RecordingApi::start();
        let service = format!(
            "client_id = \"c\"\ntoken_endpoint = \"{0}/token\"\n\
             authorization_endpoint = \"{0}/authorize\"\napi_base_url = \"{0}/\"\n",
            api.origin()
        );
        let sandbox = Sandbox::new()
            .service("demo", &service)
            .env("HALLPASS_TOKEN_DEMO", "secret-token");
        sandbox.write("photo.png", "\u{89}PNG bytes");
        sandbox.write("notes.txt", "line one\nline two & more\n");
        sandbox.write("payload.json", "{\"k\": [1, 2]}");
        Bench { api, sandbox }
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Request {
        let before = self.api.requests().len();
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.sandbox.path(""))
            .env_clear()
            .envs(self.sandbox.environment())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let requests = self.api.requests();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(requests.len() > before, "no request: {arguments:?}\n{said}");
        requests[before].clone()
    }

    fn hallpass(&self, method: &str, items: &[&str]) -> Request {
        let mut arguments = vec!["call", "demo"];
        arguments.extend(Some(method).filter(|method| !method.is_empty()));
        arguments.push("/post");
        let files = items
            .iter()
            .any(|item| !item.starts_with('-') && item.contains('@') && !item.contains('='));
        arguments.extend(items.iter().filter_map(|item| match *item {
            // Files make multipart by themselves.
            "--form" if files => None,
            "--form" => Some("--urlencoded"),
            item => Some(item),
        }));
        self.run(Path::new(env!("CARGO_BIN_EXE_hallpass")), &arguments)
    }

    fn httpie(&self, http: &Path, method: &str, items: &[&str]) -> Request {
        let url = format!("{}/post", self.api.origin());
        let mut arguments = vec!["--ignore-stdin"];
        arguments.extend(items.iter().filter(|item| item.starts_with("--")));
        arguments.extend(Some(method).filter(|method| !method.is_empty()));
        arguments.push(&url);
        arguments.extend(items.iter().filter(|item| !item.starts_with("--")));
        self.run(http, &arguments)
    }
}

/// `http` on the path, or where `HALLPASS_TEST_HTTPIE` says.
fn httpie() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("HALLPASS_TEST_HTTPIE").map(std::path::PathBuf::from);
    let program = named.unwrap_or_else(|| "http".into());
    let output = Command::new(&program).arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success() && version.starts_with('3')).then_some(program)
}

fn body(request: &Request) -> String {
    String::from_utf8_lossy(request.body()).into_owned()
}

/// What an API can tell apart.
fn seen(request: &Request) -> Vec<String> {
    let aside = [
        "host",
        "user-agent",
        "authorization",
        "accept-encoding",
        "connection",
    ];
    let mut lines: Vec<_> = request
        .headers()
        .iter()
        .filter(|(name, _)| !aside.contains(&name.as_str()))
        // Taken out it becomes `*/*` here, which means the same (RFC 9110 §12.5.1).
        .filter(|(name, value)| *name != "accept" || *value != "*/*")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines.insert(0, format!("{} {}", request.method(), request.uri()));
    lines.push(body(request));
    lines
}

#[test]
fn items_make_the_bodies_that_httpie_sends() {
    let bench = Bench::new();
    for (method, items, expected) in ITEMS {
        let request = bench.hallpass(method, items);
        assert_eq!(body(&request), expected.unwrap_or_default(), "{items:?}");
        let data = expected.is_some_and(|text| !text.is_empty());
        let default = if data { "POST" } else { "GET" };
        let method = if method.is_empty() { default } else { method };
        assert_eq!(request.method(), method, "{items:?}");
        if body(&request).starts_with(['{', '[']) {
            let _: Value = serde_json::from_slice(request.body()).expect("JSON");
        }
    }
}

#[test]
fn a_server_cannot_tell_the_items_from_those_of_the_real_httpie() {
    let Some(http) = httpie() else {
        return skip("HTTPie 3");
    };
    let bench = Bench::new();
    for (method, items, _) in ITEMS {
        let theirs = seen(&bench.httpie(&http, method, items));
        let ours = seen(&bench.hallpass(method, items));
        assert_eq!(ours, theirs, "{method} {items:?}");
    }
    for items in FILES {
        let theirs = without_boundary(seen(&bench.httpie(&http, "", items)));
        let ours = without_boundary(seen(&bench.hallpass("", items)));
        assert_eq!(ours, theirs, "{items:?}");
    }
}

/// Items with files, which make multipart. (HTTPie 3.2.4 loses `name:=json` there; we send it.)
const FILES: &[&[&str]] = &[
    &["--form", "a@notes.txt"],
    &[
        "--form",
        "pic@photo.png",
        "note=hi there",
        "again@notes.txt",
    ],
    &["--form", "t@notes.txt;type=text/x", "X-A:1", "q==2"],
    &["--multipart", "a=b", "c=d"],
];

/// Whatever the boundary is, it is `B`; the length counts it too.
fn without_boundary(lines: Vec<String>) -> Vec<String> {
    let kind = lines
        .iter()
        .find(|line| line.starts_with("content-type: multipart/form-data"));
    let boundary = kind
        .and_then(|line| line.split_once("boundary="))
        .expect("multipart")
        .1;
    let boundary = boundary.to_owned();
    lines
        .iter()
        .filter(|line| !line.starts_with("content-length"))
        .map(|line| line.replace(&boundary, "B"))
        .collect()
}

#[test]
fn a_file_item_makes_multipart() {
    let bench = Bench::new();
    let request = bench.hallpass(
        "",
        &[
            "pic@photo.png",
            "note=hi",
            "n:=3",
            "t@notes.txt;type=text/x",
        ],
    );
    let content_type = request.headers()["content-type"].to_str().expect("ASCII");
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .expect("multipart");
    let text = body(&request).replace(boundary, "B").replace("\r\n", "\n");
    assert_eq!(
        text,
        "--B\nContent-Disposition: form-data; name=\"pic\"; filename=\"photo.png\"\nContent-Type: image/png\n\n\
         \u{89}PNG bytes\n--B\nContent-Disposition: form-data; name=\"note\"\n\nhi\n\
         --B\nContent-Disposition: form-data; name=\"n\"\n\n3\n\
         --B\nContent-Disposition: form-data; name=\"t\"; filename=\"notes.txt\"\nContent-Type: text/x\n\n\
         line one\nline two & more\n\n--B--\n"
    );
}
