//! `hallpass demo` on a fresh machine.

use std::path::Path;

use crate::support::{Sandbox, wire};

#[test]
fn the_whole_journey_without_a_browser_leaves_nothing_behind() {
    let sandbox = Sandbox::bare();
    let transcript = sandbox.hallpass("demo").ok();
    let told = transcript.out();
    for wanted in [
        "code_challenge=",
        "code_verifier=",
        "grant_type=refresh_token",
        "ada@example.com",
        "POST /revoke",
        "< 401",
        "Everything worked",
    ] {
        assert!(told.contains(wanted), "no {wanted:?} in:\n{told}");
    }
    let left: Vec<_> = sandbox.left_behind();
    assert!(
        left.is_empty(),
        "{:?}",
        left.iter().map(|(p, _)| p).collect::<Vec<_>>()
    );
    assert!(transcript.took.as_secs_f64() < 2.0, "{:?}", transcript.took);
}

#[test]
fn secrets_are_shortened() {
    let told = Sandbox::bare().hallpass("demo").ok();
    for word in told.out().split(|c: char| c.is_whitespace() || c == '=') {
        if word.starts_with("demo_") || word.starts_with("eyJ") {
            assert!(word.chars().count() <= 16, "{word} in full");
        }
    }
}

#[test]
fn serve_prints_a_table_that_works_in_config_toml() {
    let server = Sandbox::bare();
    let mut command = server.command();
    let mut child = command
        .args(["demo", "--serve", "--grant"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("piped");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stdout));
    let table: Vec<String> = lines.by_ref().take(5).map_while(Result::ok).collect();
    let body = table[1..].join("\n") + "\n";
    let sandbox = Sandbox::new().service("demo", &body);
    let signed_in = sandbox.hallpass("login demo");
    let notes = sandbox.hallpass("call demo notes");
    let _ = child.kill();
    let _ = child.wait();
    signed_in.ok();
    assert_eq!(notes.ok().json().as_array().map(Vec::len), Some(3));
    assert!(Path::new(env!("CARGO_BIN_EXE_hallpass")).exists());
    let _ = wire::DEADLINE;
}
