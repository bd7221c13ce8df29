//! No secret in anything that comes out, at the highest verbosity, nor in argv, nor in what a
//! browser inherits: must 75–78.

use crate::support::{Authority, Sandbox, wire};

#[test]
fn no_run_shows_a_secret_but_the_one_that_was_asked_for() {
    let authority = Authority::honest();
    let client = hallpass::demo::DemoClient::confidential(
        hallpass::demo::CLIENT_ID,
        "canary-client-secret",
        "client_secret_basic",
    );
    authority.provider(|p| p.add_client(client));
    let lines = "client_secret = { env = \"DEMO_SECRET\" }\n";
    let sandbox = Sandbox::new()
        .service("demo", &format!("{}{lines}", authority.service()))
        .env("DEMO_SECRET", "canary-client-secret");
    let mut said = String::new();
    for line in [
        "login demo -vvv",
        "status -vvv",
        "userinfo demo -vvv",
        "call demo me -vvv",
        "call demo nowhere -vvv",
        "token demo --refresh -vvv",
        "show demo -vvv",
        "login demo --timeout 0s --no-browser -vvv",
        "logout demo -vvv",
        "token demo -vvv",
    ] {
        let transcript = sandbox.hallpass(line);
        said.push_str(&transcript.stderr);
        if !line.starts_with("token") {
            said.push_str(&String::from_utf8_lossy(&transcript.stdout));
        }
    }
    for prefix in ["demo_at_", "demo_rt_", "demo_code_", "eyJ"] {
        let long = said.match_indices(prefix).any(|(at, _)| {
            let rest = &said[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
            end.unwrap_or(rest.len()) > prefix.len() + 12
        });
        assert!(!long, "{prefix}… in full in:\n{said}");
    }
    assert!(!said.contains("canary-client-secret"), "{said}");
    for form in authority.forms("/token") {
        for name in ["code_verifier", "code", "refresh_token"] {
            if let Some(value) = wire::value(&form, name) {
                assert!(!said.contains(value), "{name} in:\n{said}");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_in_argv_and_no_lock_or_token_is_inherited_by_the_browser() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    sandbox.write(
        "spy",
        "#!/bin/sh\nenv > \"$SPY/env\"\nls -l /proc/self/fd > \"$SPY/fds\"\n\
         tr '\\0' ' ' < /proc/$PPID/cmdline > \"$SPY/parent\"\nmv \"$SPY/fds\" \"$SPY/done\"\n",
    );
    let spy = sandbox.path("spy");
    {
        use std::os::unix::fs::PermissionsExt;
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&spy, executable).expect("permissions");
    }
    let folder = sandbox.path("");
    let sandbox = sandbox
        .env("BROWSER", spy.to_str().expect("Unicode"))
        .env("SPY", folder.to_str().expect("Unicode"));
    let mut running = sandbox.start(&["login", "demo"]);
    let url = running.authorization_url();
    let start = std::time::Instant::now();
    while !sandbox.path("done").exists() {
        assert!(start.elapsed().as_secs() < 20, "the browser never ran");
        std::thread::yield_now();
    }
    let _ = crate::support::browser::walk(&url, true);
    running.finish().ok();
    let inherited = sandbox.read("env") + &sandbox.read("done");
    for bad in ["demo_at_", "demo_rt_", "socket:", ".lock"] {
        assert!(!inherited.contains(bad), "{bad} in:\n{inherited}");
    }
    assert!(!sandbox.read("parent").contains("demo_"));
}

/// must 18: the authorization URL carries the state, and may carry a login_hint or more.
#[test]
fn the_authorization_url_is_printed_once_and_kept_nowhere() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let signed_in = sandbox.hallpass("login demo -vvv").ok();
    let query = wire::query(&sandbox.opened()[0]);
    for name in ["state", "nonce", "code_challenge"] {
        let value = wire::value(&query, name).expect("sent");
        let shown = signed_in.stderr.matches(value).count();
        assert_eq!(shown, 1, "{name} in {signed_in:#?}");
        for (path, content) in sandbox.left_behind() {
            // What the double of the browser notes is not ours.
            let ours = !path.ends_with("browser.log");
            let text = String::from_utf8_lossy(&content);
            assert!(
                !ours || !text.contains(value),
                "{name} in {}",
                path.display()
            );
        }
    }
}

/// A session's tokens go where the configuration says, whatever the environment says: another
/// server counts the requests it must not get.
#[test]
fn no_variable_sends_a_sessions_tokens_to_another_server() {
    let authority = Authority::honest();
    let other = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    let to = |path: &str| format!("{}{path}", other.issuer());
    for (variables, line) in [
        (
            vec![("HALLPASS_DEMO_USERINFO_ENDPOINT", to("/userinfo"))],
            "userinfo demo",
        ),
        (
            vec![("HALLPASS_DEMO_REFRESH_ENDPOINT", to("/token"))],
            "token demo --refresh",
        ),
        (
            vec![("HALLPASS_DEMO_REVOCATION_ENDPOINT", to("/revoke"))],
            "logout demo",
        ),
        (
            vec![
                ("HALLPASS_DEMO_PROVIDER", "gitea".to_owned()),
                ("HALLPASS_DEMO_HOST", other.issuer()),
            ],
            "call demo /user",
        ),
    ] {
        let names: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
        let mut command = sandbox.command();
        command.envs(variables).args(line.split(' '));
        let ended = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        // 4: what is bound to another server counts as no session.
        let refused = matches!(ended.status.code(), Some(3 | 4));
        assert!(refused, "{names:?}: {:?} {said}", ended.status);
        assert_eq!(other.paths(), [""; 0], "{names:?}");
    }
    sandbox.hallpass("token demo").ok();
}
