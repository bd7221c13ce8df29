//! `hallpass exec`: a program with a fresh token, as if it had been started without hallpass.

use crate::support::sandbox::Transcript;
use crate::support::{Authority, Sandbox};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

#[test]
fn the_program_finds_the_token_and_none_of_our_secrets() {
    let (_authority, sandbox) = signed_in();
    let sandbox = sandbox
        .env("HALLPASS_TOKEN_OTHER", "other-token")
        .env("HALLPASS_STORE_PASSPHRASE", "the-passphrase")
        .env("HALLPASS_WORK_CLIENT_SECRET", "the-secret")
        .env("PLAIN", "stays");
    let token = sandbox.hallpass("token demo").ok();
    let seen = sandbox.hallpass("exec demo -- env").ok();
    let line = |wanted: &str| seen.out().lines().any(|line| line == wanted);
    assert!(line(&format!("DEMO_TOKEN={}", token.data())), "{seen:#?}");
    assert!(line("PLAIN=stays"));
    for secret in ["other-token", "the-passphrase", "the-secret"] {
        assert!(!seen.out().contains(secret), "{secret}: {seen:#?}");
    }
    assert_eq!(seen.stderr, "");
}

/// Whether `env` printed this variable.
fn has(seen: &Transcript, name: &str) -> bool {
    let start = format!("{name}=");
    seen.out().lines().any(|line| line.starts_with(&start))
}

#[test]
fn the_variable_can_be_named_for_one_and_for_several() {
    let (authority, sandbox) = signed_in();
    let sandbox = sandbox.service("work-api", &authority.service());
    sandbox.hallpass("login work-api").ok();
    let seen = sandbox.hallpass("exec demo --env API_KEY -- env").ok();
    assert!(has(&seen, "API_KEY") && !has(&seen, "DEMO_TOKEN"));
    let seen = sandbox
        .hallpass("exec demo work-api --env demo=FIRST -- env")
        .ok();
    assert!(has(&seen, "FIRST") && has(&seen, "WORK_API_TOKEN"));
    sandbox
        .hallpass("exec demo work-api --env ONE -- env")
        .fails(2)
        .says("SERVICE=NAME");
}

#[test]
fn the_exit_code_and_the_streams_are_the_programs() {
    let (_authority, sandbox) = signed_in();
    let ended = sandbox.run(&[
        "exec",
        "demo",
        "--",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 7",
    ]);
    assert_eq!(
        (ended.code, ended.out(), &*ended.stderr),
        (7, "out\n", "err\n")
    );
    let echoed = sandbox
        .run_with_input(&["exec", "demo", "--", "cat"], b"through")
        .ok();
    assert_eq!(echoed.out(), "through");
    // hallpass's own flags end at the --.
    let flags = sandbox.hallpass("exec demo -- echo --help -v --env").ok();
    assert_eq!(flags.out(), "--help -v --env\n");
}

/// Each service's variable holds that service's token.
#[test]
fn several_services_each_give_their_own_token() {
    let (one, two) = (Authority::honest(), Authority::honest());
    let sandbox = Sandbox::new()
        .service("demo", &one.service())
        .service("other", &two.service());
    sandbox.hallpass("login demo").ok();
    sandbox.hallpass("login other").ok();
    let token = |name: &str| {
        sandbox
            .hallpass(&format!("token {name}"))
            .ok()
            .data()
            .to_owned()
    };
    let (demo, other) = (token("demo"), token("other"));
    assert_ne!(demo, other);
    let seen = sandbox
        .hallpass("exec demo other --env other=SECOND -- env")
        .ok();
    for line in [format!("DEMO_TOKEN={demo}"), format!("SECOND={other}")] {
        assert!(seen.out().lines().any(|seen| seen == line), "{seen:#?}");
    }
    assert!(!has(&seen, "OTHER_TOKEN"));
    // One that is not signed in, and nothing is run.
    sandbox.hallpass("logout other").ok();
    sandbox.hallpass("exec demo other -- echo ran").fails(4);
}

#[cfg(unix)]
fn send(signal: &str, id: u32) {
    let sent = std::process::Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn signals_reach_the_program() {
    let (_authority, sandbox) = signed_in();
    let script = "echo ready >&2; exec sleep 50";
    let mut running = sandbox.start(&["exec", "demo", "--", "sh", "-c", script]);
    running.wait_for("ready");
    send("-TERM", running.id());
    assert_eq!(running.finish().code, 128 + 15);

    // What no program can catch, and what one does not.
    for (signal, number) in [("-INT", 2), ("-HUP", 1), ("-KILL", 9)] {
        let mut running = sandbox.start(&["exec", "demo", "--", "sh", "-c", script]);
        running.wait_for("ready");
        send(signal, running.id());
        assert_eq!(running.finish().code, 128 + number, "{signal}");
    }

    let script = "sleep 50 >/dev/null 2>&1 & p=$!; trap 'kill $p; exit 5' INT; \
                  echo ready >&2; wait";
    let mut running = sandbox.start(&["exec", "demo", "--", "sh", "-c", script]);
    running.wait_for("ready");
    send("-INT", running.id());
    assert_eq!(running.finish().code, 5);
}

/// must 76, 77
#[cfg(target_os = "linux")]
#[test]
fn the_program_gets_no_file_of_ours_and_its_own_core_limit() {
    let (_authority, sandbox) = signed_in();
    let seen = sandbox.hallpass("exec demo -- ls /proc/self/fd").ok();
    let listed = std::process::Command::new("ls")
        .arg("/proc/self/fd")
        .output()
        .expect("ls runs");
    // Whatever the test itself was started with, and nothing more.
    assert_eq!(seen.stdout, listed.stdout, "{seen:#?}");
    let shown = sandbox
        .shell("ulimit -Sc $(ulimit -Hc); ulimit -c; hallpass exec demo -- sh -c 'ulimit -c'");
    let limits: Vec<&str> = shown.lines().collect();
    assert_eq!(limits.len(), 2, "{shown}");
    assert_eq!(limits[0], limits[1]);
}

#[test]
fn a_token_about_to_end_is_renewed_first() {
    let (authority, sandbox) = signed_in();
    let before = authority.token_requests("refresh_token");
    sandbox.hallpass("exec demo -- true").ok();
    assert_eq!(authority.token_requests("refresh_token"), before);
    sandbox.hallpass("exec demo --min-ttl 300d -- true").ok();
    assert_eq!(authority.token_requests("refresh_token"), before + 1);
}

#[test]
fn a_command_without_the_dashes_before_it_is_shown_with_them() {
    let (authority, sandbox) = signed_in();
    let sandbox = sandbox.service("work", &authority.service());
    for (line, meant) in [
        ("exec demo env", "hallpass exec demo -- env"),
        ("exec demo curl -s hunter2", "hallpass exec demo -- curl …"),
        (
            "exec -v demo work make",
            "hallpass exec -v demo work -- make",
        ),
    ] {
        let told = sandbox.hallpass(line).fails(2);
        let told = told.says("-- is missing").says(&format!("hint: {meant}\n"));
        assert!(!told.stderr.contains("hunter2"));
    }
}

#[test]
fn what_cannot_run_is_told() {
    let (_authority, sandbox) = signed_in();
    sandbox
        .hallpass("exec demo -- no-such-program-here x")
        .fails(127)
        .says("no-such-program-here");
    let json = sandbox.hallpass("exec demo --error-format json -- no-such-program-here");
    assert_eq!(json.code, 127);
    let error: serde_json::Value = serde_json::from_str(&json.stderr).expect("JSON");
    assert_eq!(
        (&error["code"], &error["exit_code"]),
        (&"usage".into(), &127.into())
    );
    sandbox.write("plain", "#!/bin/sh\n");
    for there in ["./plain", "/", "./plain/x"] {
        sandbox
            .run(&["exec", "demo", "--", there])
            .fails(126)
            .says("may it be executed?");
    }
    sandbox.hallpass("exec nobody -- true").fails(3);
    sandbox.hallpass("exec demo").fails(2);
    sandbox.hallpass("logout demo").ok();
    sandbox
        .hallpass("exec demo -- true")
        .fails(4)
        .says("hallpass login demo");
}
