//! Start-up does no work that the command does not need: what a run opens and connects to, as the
//! kernel saw it.

use crate::support::keyring::Keyring;
use crate::support::{Authority, Sandbox, skip};

/// Files opened and sockets made, one call a line.
struct Trace(String);

impl Trace {
    fn names(&self, what: &str) -> bool {
        self.0.contains(what)
    }

    fn sockets(&self) -> Vec<&str> {
        let calls = self.0.lines();
        calls.filter(|line| line.contains("socket(AF_")).collect()
    }
}

const TRUST: &str = "trust-anchors.pem";
const CONFIGURATION: &str = "config/config.toml";

fn has_strace() -> bool {
    let found = std::process::Command::new("strace").arg("-V").output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        skip("strace");
    }
    found
}

/// Every `line` under strace, in a sandbox whose trust anchors are in [`TRUST`].
fn traced(sandbox: Sandbox, line: &str) -> (Sandbox, Trace) {
    let trust = sandbox.path(TRUST);
    let record = sandbox.path("strace");
    let record_name = record.to_str().expect("Unicode");
    let sandbox = sandbox
        .env("SSL_CERT_FILE", trust.to_str().expect("Unicode"))
        .through(&[
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=open,openat,connect,socket,clone,clone3",
            "-o",
            record_name,
        ]);
    sandbox.hallpass(line).ok();
    let trace = Trace(std::fs::read_to_string(&record).expect("a trace"));
    assert!(trace.names("libc.so"), "strace saw nothing: {}", trace.0);
    (sandbox.through(&[]), trace)
}

/// A session on a real keyring; `None` where that or strace is missing.
fn signed_in() -> Option<(Keyring, Authority, Sandbox)> {
    let keyring = Keyring::start()?;
    if !has_strace() {
        return None;
    }
    let authority = Authority::honest();
    let sandbox = super::keyring::sandbox(&keyring).service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    Some((keyring, authority, sandbox))
}

#[test]
fn help_version_and_completions_read_no_file_and_make_no_socket() {
    if !has_strace() {
        return;
    }
    for line in ["--version", "--help", "call --help", "completions bash"] {
        let sandbox = Sandbox::new().service("demo", "client_id = \"c\"\n");
        let (_, trace) = traced(sandbox, line);
        assert!(!trace.names(CONFIGURATION), "{line}: {}", trace.0);
        assert!(!trace.names(TRUST), "{line}: {}", trace.0);
        assert!(trace.sockets().is_empty(), "{line}: {}", trace.0);
        assert!(
            !trace.names("clone"),
            "{line} started a thread: {}",
            trace.0
        );
    }
}

#[test]
fn what_only_looks_at_facts_reaches_no_store_and_no_network() {
    let Some((_keyring, _authority, mut sandbox)) = signed_in() else {
        return;
    };
    for line in ["status", "list", "show demo", "providers"] {
        let trace;
        (sandbox, trace) = traced(sandbox, line);
        assert!(trace.sockets().is_empty(), "{line}: {}", trace.0);
        assert!(!trace.names(TRUST), "{line}: {}", trace.0);
    }
}

#[test]
fn a_fresh_token_comes_from_the_keyring_without_tls_and_network() {
    let Some((_keyring, _authority, sandbox)) = signed_in() else {
        return;
    };
    let (_, trace) = traced(sandbox, "token demo");
    let sockets = trace.sockets();
    assert_eq!(sockets.len(), 1, "the bus, once: {}", trace.0);
    assert!(sockets[0].contains("AF_UNIX"), "{}", trace.0);
    assert!(!trace.names(TRUST), "{}", trace.0);
}

#[test]
fn a_request_without_tls_reads_no_trust_anchors() {
    if !has_strace() {
        return;
    }
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let (_, trace) = traced(sandbox, "userinfo demo");
    assert!(trace.names("AF_INET"), "{}", trace.0);
    assert!(!trace.names(TRUST), "{}", trace.0);
}
