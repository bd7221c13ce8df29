//! `login`, `token`, `status`, `userinfo`, `logout`.

use crate::support::browser::Plan;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

fn signed_in() -> (Authority, Sandbox) {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    (authority, sandbox)
}

#[test]
fn login_opens_the_browser_with_the_url_it_printed() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let transcript = sandbox.hallpass("login demo").ok();
    assert!(transcript.stdout.is_empty(), "{transcript:#?}");
    let opened = sandbox.opened();
    assert_eq!(opened.len(), 1);
    let transcript = transcript.says(opened[0].as_str()).says("ada@example.com");
    let _ = transcript.does_not_say("demo_at_").does_not_say("demo_rt_");
    let query = wire::query(&opened[0]);
    assert_eq!(wire::value(&query, "response_type"), Some("code"));
    assert_eq!(wire::value(&query, "code_challenge_method"), Some("S256"));
    assert!(wire::value(&query, "state").is_some_and(|s| s.len() >= 22));
    assert!(wire::value(&query, "nonce").is_some_and(|s| s.len() >= 22));
    let redirect = wire::value(&query, "redirect_uri").expect("sent");
    assert!(redirect.starts_with("http://127.0.0.1:"), "{redirect}");
}

#[test]
fn state_nonce_and_verifier_are_new_each_time() {
    let (authority, sandbox) = signed_in();
    for _ in 0..4 {
        sandbox.hallpass("login demo").ok();
    }
    let mut seen = std::collections::BTreeSet::new();
    for url in sandbox.opened() {
        let query = wire::query(&url);
        for name in ["state", "nonce", "code_challenge"] {
            assert!(seen.insert(wire::value(&query, name).expect("sent").to_owned()));
        }
    }
    for form in authority.forms("/token") {
        let verifier = wire::value(&form, "code_verifier").expect("sent");
        assert!(seen.insert(verifier.to_owned()));
    }
}

#[test]
fn a_chatty_browser_does_not_reach_our_stdout() {
    let (_authority, sandbox) = signed_in();
    // The double is a test binary: it prints "running 1 test" and more.
    let transcript = sandbox.hallpass("login demo").ok();
    assert!(transcript.stdout.is_empty(), "{transcript:#?}");
    let _ = transcript.does_not_say("running 1 test");
}

#[test]
fn a_browser_that_fails_leaves_the_url_and_the_wait() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new()
        .service("demo", &authority.service())
        .env("BROWSER", "/bin/false");
    let mut running = sandbox.start(&["login", "demo"]);
    let url = running.authorization_url();
    let _ = crate::support::browser::walk(&url, true);
    running.finish().ok();
}

#[test]
fn no_to_the_consent_page_is_told_and_nothing_is_stored() {
    let authority = Authority::honest();
    authority.provider(|p| p.options.consent = hallpass::demo::Consent::Ask);
    let sandbox = Sandbox::new()
        .browser(Plan::Deny)
        .service("demo", &authority.service());
    let ended = sandbox.hallpass("login demo").fails(8);
    assert!(ended.took.as_secs() < 20, "{:?}", ended.took);
    sandbox.hallpass("token demo").fails(4);
    assert!(authority.requests("/token").is_empty());
}

#[test]
fn the_consent_page_works_through_a_browser() {
    let authority = Authority::honest();
    authority.provider(|p| p.options.consent = hallpass::demo::Consent::Ask);
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    assert_eq!(authority.requests("/consent").len(), 1);
}

#[test]
fn token_prints_the_token_one_line_end_and_nothing_else() {
    let (_authority, sandbox) = signed_in();
    let transcript = sandbox.hallpass("token demo").ok();
    assert_eq!(transcript.stderr, "");
    let text = transcript.out();
    assert!(text.starts_with("demo_at_") && text.ends_with('\n'));
    assert_eq!(text.matches('\n').count(), 1);
    let header = sandbox.hallpass("token demo --as header").ok();
    let expected = format!("Authorization: Bearer {}", transcript.data());
    assert_eq!(header.data(), expected);
    let json = sandbox.hallpass("token demo --as json").ok().json();
    assert_eq!(json["access_token"], transcript.data());
}

#[test]
fn a_fresh_token_asks_no_server() {
    let (authority, sandbox) = signed_in();
    authority.clear_log();
    sandbox.hallpass("token demo").ok();
    assert!(authority.paths().is_empty(), "{:?}", authority.paths());
    sandbox.hallpass("token demo --min-ttl 30m").ok();
    assert!(authority.paths().is_empty());
}

#[test]
fn a_lifetime_that_no_token_has_is_told_and_the_token_is_printed() {
    let (authority, sandbox) = signed_in();
    let transcript = sandbox.hallpass("token demo --min-ttl 2h").ok();
    assert!(transcript.data().starts_with("demo_at_"));
    let _ = transcript.says("sooner than --min-ttl");
    assert_eq!(authority.token_requests("refresh_token"), 1);
    let _ = sandbox
        .hallpass("token demo --min-ttl 30m")
        .ok()
        .does_not_say("min-ttl");
}

#[test]
fn a_broken_pipe_ends_quietly() {
    let (_authority, sandbox) = signed_in();
    let shown = sandbox.shell("hallpass token demo | head -c0; echo done");
    assert_eq!(shown, "done\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_stdout_is_an_error() {
    let (_authority, sandbox) = signed_in();
    let shown = sandbox.shell("hallpass token demo > /dev/full; echo exit $?");
    assert!(shown.ends_with("exit 1\n"), "{shown}");
    assert!(
        !shown.contains("panicked") && !shown.contains("Os {"),
        "{shown}"
    );
}

#[test]
fn nobody_signed_in_is_exit_4_with_the_command_that_helps() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    for line in ["token demo", "userinfo demo", "call demo me"] {
        let ended = sandbox.hallpass(line).fails(4);
        let _ = ended.says("hint: ").says("hallpass login demo");
    }
    assert!(sandbox.opened().is_empty());
}

#[test]
fn errors_are_json_where_asked() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let ended = sandbox.hallpass("token demo --error-format json").code(4);
    let error: serde_json::Value = serde_json::from_str(&ended.stderr).expect("JSON");
    assert_eq!(error["code"], "login_required");
    assert_eq!(error["exit_code"], 4);
    assert!(error["hint"].is_string());
}

#[test]
fn status_unlocks_nothing_and_tells_by_its_exit_code() {
    let (authority, sandbox) = signed_in();
    authority.clear_log();
    let all = sandbox.hallpass("status").ok();
    assert!(all.out().contains("demo") && all.out().contains("ada@example.com"));
    sandbox.hallpass("status demo").ok();
    let json = sandbox.hallpass("status --format json").ok().json();
    assert!(json.to_string().contains("ada@example.com"));
    assert!(!json.to_string().contains("demo_at_"));
    assert!(authority.paths().is_empty());
    sandbox.hallpass("logout demo").ok();
    assert_eq!(sandbox.hallpass("status demo").code, 4);
}

#[test]
fn userinfo_prints_the_claims() {
    let (_authority, sandbox) = signed_in();
    let claims = sandbox.hallpass("userinfo demo").ok().json();
    assert_eq!(claims["sub"], "ada-1815");
    assert_eq!(claims["email"], "ada@example.com");
}

#[test]
fn logout_revokes_the_refresh_token_first_and_forgets() {
    let (authority, sandbox) = signed_in();
    sandbox.hallpass("logout demo").ok();
    let forms = authority.forms("/revoke");
    let token = wire::value(&forms[0], "token").expect("sent");
    assert!(token.starts_with("demo_rt_"), "{token}");
    assert_eq!(authority.provider(|p| p.live_refresh_tokens()), 0);
    sandbox.hallpass("token demo").fails(4);
}

#[test]
fn logout_forgets_although_the_server_does_not_answer_and_says_so() {
    for answer in [
        Answer::new(503, "text/plain", "later"),
        Answer::Reset(Vec::new()),
    ] {
        let (authority, sandbox) = signed_in();
        authority.always("/revoke", answer);
        let ended = sandbox.hallpass("logout demo");
        let _ = ended.fails(6).says("revoke");
        sandbox.hallpass("token demo").fails(4);
    }
}

#[test]
fn two_accounts_of_one_service_stay_apart() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    sandbox.hallpass("login demo").ok();
    authority.provider(|p| {
        p.options.subject = "grace-1906".into();
        p.options.email = "grace@example.com".into();
    });
    sandbox.hallpass("login demo").ok();
    let ada = sandbox.hallpass("token demo@ada@example.com").ok();
    let grace = sandbox.hallpass("token demo@grace@example.com").ok();
    assert_ne!(ada.data(), grace.data());
    sandbox.hallpass("logout demo@grace@example.com").ok();
    sandbox.hallpass("token demo@ada@example.com").ok();
    sandbox.hallpass("token demo@grace@example.com").fails(4);
}

#[test]
fn a_session_is_never_used_for_another_client_or_server() {
    let (authority, sandbox) = signed_in();
    let text = sandbox.read("config/config.toml");
    sandbox.write(
        "config/config.toml",
        &text.replace(hallpass::demo::CLIENT_ID, "another-client"),
    );
    sandbox.hallpass("token demo").fails(4);
    let elsewhere = Authority::honest();
    let moved = text.replace(&authority.issuer(), &elsewhere.issuer());
    sandbox.write("config/config.toml", &moved);
    sandbox.hallpass("token demo").fails(4);
    assert!(elsewhere.requests("/token").is_empty());
    sandbox.write("config/config.toml", &text);
    sandbox.hallpass("token demo").ok();
}

#[test]
fn with_token_takes_one_from_stdin() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let run = ["login", "demo", "--with-token"];
    sandbox.run_with_input(&run, b"given-token\n").ok();
    assert_eq!(sandbox.hallpass("token demo").ok().data(), "given-token");
}

#[test]
fn the_device_grant_signs_in_without_a_browser() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let transcript = sandbox.hallpass("login demo --flow device").ok();
    let _ = transcript.says("/device");
    sandbox.hallpass("token demo").ok();
    assert!(sandbox.opened().is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_closes_the_port_and_ends_with_130() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let mut running = sandbox.start(&["login", "demo", "--no-browser"]);
    let url = running.authorization_url();
    let query = wire::query(&url);
    let redirect = wire::value(&query, "redirect_uri").expect("sent");
    let redirect: url::Url = redirect.parse().expect("a URL");
    let pid = rustix::process::Pid::from_raw(running.id() as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("sent");
    let ended = running.finish();
    assert_eq!(ended.code, 130, "{ended:#?}");
    assert!(std::net::TcpStream::connect(wire::address(&redirect)).is_err());
}
