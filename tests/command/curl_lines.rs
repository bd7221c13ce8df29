//! Lines out of public API documentations, run with the real curl and with `hallpass call` in its
//! place: a server must not see the difference.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::api::RecordingApi;
use crate::support::server::Request;
use crate::support::{Sandbox, skip};

const LINES: &str = include_str!("curl_lines.txt");

/// Headers that may differ: what the program says of itself, the credential, what it can unpack,
/// and curl's habit of asking before it uploads.
const ASIDE: [&str; 6] = [
    "host",
    "user-agent",
    "accept",
    "authorization",
    "accept-encoding",
    "expect",
];

/// curl's own flags for what a documentation's line leaves to the reader: these change nothing in
/// the request and are not ours.
const ONLY_CURL: [&str; 2] = [" -D-", " -n"];

pub fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|output| output.status.success())
}

pub struct Bench {
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
            .env("HALLPASS_TOKEN_DEMO", "secret-token")
            .env("TOKEN", "secret-token");
        sandbox.write("photo.png", "\u{89}PNG\r\n\u{0}\u{1}bytes");
        sandbox.write("notes.txt", "line one\r\nline two & more\n");
        sandbox.write(
            "payload.json",
            "{\n  \"name\": \"x\",\n  \"list\": [1, 2]\n}\n",
        );
        sandbox.write("headers.txt", "X-One: 1\nX-Two: a: b\n");
        Bench { api, sandbox }
    }

    /// What a shell line in the sandbox prints; `hallpass` is on its PATH.
    fn shell(&self, line: &str) -> (String, String) {
        let binary = Path::new(env!("CARGO_BIN_EXE_hallpass"));
        let folder = binary.parent().and_then(Path::to_str).expect("Unicode");
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .arg("-c")
            .arg(line)
            .current_dir(self.sandbox.path(""))
            .env_clear()
            .envs(self.sandbox.environment())
            .env("PATH", format!("{folder}:{path}"))
            .env("HALLPASS", binary)
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    }

    /// Runs a shell line; the first request it made.
    fn run(&self, line: &str) -> (Request, String) {
        let before = self.api.requests().len();
        let (_, said) = self.shell(line);
        let requests = self.api.requests();
        assert!(requests.len() > before, "no request from: {line}\n{said}");
        (requests[before].clone(), said)
    }
}

/// Everything that must be the same, one thing a line.
pub fn seen(request: &Request) -> Vec<String> {
    let body = String::from_utf8_lossy(request.body()).into_owned();
    let content_type = request.headers().get("content-type");
    let content_type = content_type.map(|v| v.to_str().expect("ASCII").to_owned());
    let boundary = content_type
        .as_deref()
        .and_then(|text| text.split_once("boundary="))
        .map(|(_, boundary)| boundary.to_owned());
    let multipart = boundary.is_some();
    let unified = |text: &str| match &boundary {
        Some(boundary) => text.replace(boundary.as_str(), "BOUNDARY"),
        None => text.to_owned(),
    };
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .filter(|(name, _)| !ASIDE.contains(&name.as_str()))
        // Boundaries differ in length.
        .filter(|(name, _)| !(multipart && *name == "content-length"))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            format!("{name}: {}", unified(&value))
        })
        .collect();
    lines.sort();
    let target = normalized(&request.uri().to_string());
    lines.insert(0, format!("{} {target}", request.method()));
    lines.push(unified(&body));
    lines
}

/// RFC 3986 §6.2.2: the case of hex digits means nothing (curl 7.88 writes `-G` in lower case), nor
/// whether an apostrophe is encoded (the URL standard does it in a query).
fn normalized(target: &str) -> String {
    let mut out = String::new();
    let mut rest = target;
    while let Some(at) = rest.find('%') {
        let end = (at + 3).min(rest.len());
        out.push_str(&rest[..at]);
        out.push_str(&rest[at..end].to_ascii_uppercase());
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.replace('\'', "%27")
}

/// The documentation's hosts become the recording server's origin.
fn localized(line: &str, origin: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("https://") {
        out.push_str(before);
        out.push_str(origin);
        let end = after
            .find(['/', '"', '\'', ' ', '\\'])
            .unwrap_or(after.len());
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// `curl` replaced, the Authorization header dropped.
fn with_hallpass(line: &str) -> String {
    let mut line = line.replacen("curl ", "\"$HALLPASS\" call demo ", 1);
    for flag in ["-H ", "--header "] {
        for quote in ['"', '\''] {
            let start = format!("{flag}{quote}Authorization:");
            while let Some(at) = line.find(&start) {
                let value = at + start.len();
                let end = line[value..].find(quote).expect("a closing quote") + value + 1;
                line.replace_range(at..end, "");
            }
        }
    }
    for flag in ONLY_CURL {
        line = line.replacen(flag, "", 1);
    }
    line
}

fn lines() -> Vec<(&'static str, &'static str)> {
    let blocks = LINES
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    blocks
        .map(|block| block.split_once('\n').expect("a title and a line"))
        .collect()
}

/// `curl` replaced, and whatever comes behind the URL put before it, so that every flag has stood
/// on both sides. Only lines of one command and without quoted line ends can be turned round so.
fn turned_round(line: &str) -> Option<String> {
    let (before, rest) = line.split_once(" http://")?;
    let (url, after) = rest.split_once(' ')?;
    let valued = ["--url", "-e"].iter().any(|flag| before.ends_with(flag));
    let quoted = before.ends_with(['"', '\'']);
    let simple = !line.contains(['|', '\n']) && !valued && !quoted;
    simple.then(|| format!("{before} {after} http://{url}"))
}

#[test]
fn a_line_of_real_curl_works_with_hallpass_in_its_place() {
    if !installed("curl") {
        return skip("curl");
    }
    let bench = Bench::new();
    let (mut different, mut turned) = (Vec::new(), 0);
    for (title, line) in lines() {
        let line = localized(line, &bench.api.origin());
        let (curl, _) = bench.run(&line);
        let ours = with_hallpass(&line);
        let (hallpass, said) = bench.run(&ours);
        let authorization = hallpass.headers().get("authorization");
        assert_eq!(
            authorization.map(|v| v.as_bytes()),
            Some(&b"Bearer secret-token"[..]),
            "{title}: {ours}\n{said}"
        );
        let (curl, hallpass) = (seen(&curl), seen(&hallpass));
        if curl != hallpass {
            different.push(format!(
                "{title}\n{ours}\ncurl     {curl:#?}\nhallpass {hallpass:#?}"
            ));
        }
        if let Some(round) = turned_round(&ours) {
            turned += 1;
            let (hallpass, said) = bench.run(&round);
            if seen(&hallpass) != curl {
                different.push(format!(
                    "{title}, turned round\n{round}\n{said}\n{hallpass:#?}"
                ));
            }
        }
    }
    assert!(turned >= 20, "only {turned} lines were turned round");
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

/// `--curl`: the printed line works, does the same, and keeps the token out of every argument.
#[test]
fn the_line_printed_for_real_curl_does_what_hallpass_does() {
    if !installed("curl") {
        return skip("curl");
    }
    let bench = Bench::new();
    let mut different = Vec::new();
    for (title, line) in lines() {
        let ours = with_hallpass(&localized(line, &bench.api.origin()));
        let (hallpass, _) = bench.run(&ours);
        let before = bench.api.requests().len();
        let (printed, said) = bench.shell(&ours.replacen("call demo ", "call demo --curl ", 1));
        assert_eq!(bench.api.requests().len(), before, "{title}: it was sent");
        assert!(!printed.contains("secret-token"), "{title}: {printed}");
        assert!(
            printed.contains("hallpass token demo --as header"),
            "{title}: {printed}{said}"
        );
        // The body's own standard input is the line's too.
        let printed = match line.split_once(" | curl") {
            Some((input, _)) => format!("{input} | {printed}"),
            None => printed,
        };
        let (curl, said) = bench.run(&printed);
        let authorization = curl.headers().get("authorization");
        assert_eq!(
            authorization.map(|v| v.as_bytes()),
            Some(&b"Bearer secret-token"[..]),
            "{title}: {printed}\n{said}"
        );
        let (curl, hallpass) = (seen(&curl), seen(&hallpass));
        if curl != hallpass {
            different.push(format!(
                "{title}\n{printed}\ncurl     {curl:#?}\nhallpass {hallpass:#?}"
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn there_are_lines_enough_from_services_enough() {
    let lines = lines();
    assert!(lines.len() >= 60, "{}", lines.len());
    for flag in [
        "-d", "--json", "-F", "-G", "-T", "-I", "-r", "-A", "-e", "-b", "-X", "-L", "-k", "-N",
        "@-",
    ] {
        let used = lines.iter().any(|(_, line)| line.contains(flag));
        assert!(used, "{flag} is in no line");
    }
}
