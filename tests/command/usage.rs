//! Wrong usage, help, version.

use crate::support::Sandbox;

#[test]
fn wrong_usage_is_exit_2_with_a_hint() {
    let sandbox = Sandbox::bare();
    for line in [
        "nosuchcommand",
        "token",
        "call",
        "login --flow nosuch x",
        "token x --as nosuch",
    ] {
        sandbox.hallpass(line).fails(2);
    }
}

#[test]
fn help_and_version_need_nothing_and_write_nothing() {
    let sandbox = Sandbox::bare();
    let version = sandbox.hallpass("--version").ok();
    assert_eq!(
        version.data(),
        format!("hallpass {}", env!("CARGO_PKG_VERSION"))
    );
    let help = sandbox.hallpass("--help").ok();
    assert!(help.out().contains("hallpass demo"));
    assert!(sandbox.left_behind().is_empty());
}

#[test]
fn inspect_decodes_a_jwt_offline_from_stdin() {
    // RFC 7519 §3.1's example.
    let jwt = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAs\
               DQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1\
               gFWFOEjXk";
    let sandbox = Sandbox::bare();
    let shown = sandbox.run_with_input(&["inspect", "--format", "json"], jwt.as_bytes());
    let shown = shown.ok().json().to_string();
    assert!(shown.contains("joe") && shown.contains("HS256"), "{shown}");
}

#[test]
fn help_is_a_command_too_as_in_git_and_gh() {
    let sandbox = Sandbox::bare();
    let asked = sandbox.hallpass("help call").ok();
    assert_eq!(asked.out(), sandbox.hallpass("call --help").ok().out());
    let all = sandbox.hallpass("help").ok();
    assert!(all.out().contains("Commands:"), "{}", all.out());
    sandbox.hallpass("help nosuchcommand").fails(2);
}
