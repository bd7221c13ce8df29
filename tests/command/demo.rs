//! `hallpass demo` on a fresh machine.

use crate::support::Sandbox;
#[cfg(unix)]
use crate::support::browser::Plan;

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

/// Runs `hallpass demo` with a terminal for stdout, as in front of a person: what the terminal
/// showed, and how it ended.
#[cfg(unix)]
fn at_a_terminal(sandbox: &Sandbox) -> (String, Option<i32>) {
    use std::io::Read;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("its name");
    let slave = std::fs::OpenOptions::new()
        .write(true)
        .open(name.to_str().expect("Unicode"))
        .expect("its other side");
    let mut command = sandbox.command();
    command
        .arg("demo")
        .stdin(Stdio::null())
        .stdout(slave)
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    // The command holds the other side open, and then the terminal would never end.
    drop(command);
    let mut shown = Vec::new();
    let mut piece = [0; 4096];
    let mut master = std::fs::File::from(master);
    while let Ok(count @ 1..) = master.read(&mut piece) {
        shown.extend_from_slice(&piece[..count]);
    }
    let status = child.wait().expect("it ends");
    (String::from_utf8_lossy(&shown).into_owned(), status.code())
}

#[cfg(unix)]
#[test]
fn with_a_browser_the_person_decides_on_the_consent_page() {
    let allowing = Sandbox::bare().browser(Plan::Allow);
    let (shown, code) = at_a_terminal(&allowing);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("press Allow") && shown.contains("Everything worked"));
    assert_eq!(allowing.opened().len(), 1);
    let denying = Sandbox::bare().browser(Plan::Deny);
    let (shown, code) = at_a_terminal(&denying);
    assert_eq!(code, Some(8), "{shown}");
    assert!(!shown.contains("Everything worked"));
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
}

#[test]
fn what_serve_says_for_a_second_terminal_works_there() {
    let server = Sandbox::bare();
    let mut serving = server.start(&["demo", "--serve", "--grant"]);
    let sandbox = Sandbox::new();
    let mut printed = String::new();
    for command in [
        "hallpass add demo ",
        "hallpass login demo",
        "hallpass call demo notes",
    ] {
        printed = sandbox.shell(serving.wait_for(command).trim());
    }
    let _ = serving.killed();
    let notes: serde_json::Value = serde_json::from_str(&printed).expect(&printed);
    assert_eq!(notes.as_array().map(Vec::len), Some(3));
}
