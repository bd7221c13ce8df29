//! `login` where there is no service or no client yet.

use serde_json::json;

use crate::support::server::Answer;
use crate::support::{Authority, Sandbox, wire};

fn config(sandbox: &Sandbox) -> String {
    sandbox.read("config/config.toml")
}

#[test]
fn an_unknown_issuer_is_discovered_registered_with_and_signed_in_to() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    sandbox
        .run(&["login", &authority.issuer()])
        .ok()
        .says("New service 127.0.0.1")
        .says("Registered hallpass")
        .says("Signed in to 127.0.0.1 as ada@example.com");
    let body: serde_json::Value = {
        let requests = authority.requests("/register");
        serde_json::from_slice(requests[0].body()).expect("JSON")
    };
    assert_eq!(body["application_type"], "native");
    assert_eq!(body["redirect_uris"], json!(["http://127.0.0.1/callback"]));
    assert!(config(&sandbox).contains("token_endpoint_auth_method = \"none\""));
    // The second time it is known.
    sandbox.run(&["login", &authority.issuer()]).ok();
    assert_eq!(authority.requests("/register").len(), 1);
    sandbox.hallpass("token 127.0.0.1").ok();
}

/// RFC 7591 §3.2.1: what the server made of it counts; the secret goes into the store.
#[test]
fn a_secret_that_the_server_gives_out_is_not_in_the_configuration() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    authority.mutate("/register", |body| {
        body["client_secret"] = json!("canary-secret");
        body["token_endpoint_auth_method"] = json!("client_secret_post");
        body["registration_access_token"] = json!("canary-registration");
        // Not never, and not this year.
        body["client_secret_expires_at"] = json!(4_000_000_000_u64);
    });
    // The honest provider knows a public client; that it refuses the secret shows it was sent.
    let ended = sandbox.run(&["login", &authority.issuer(), "--timeout", "20"]);
    let _ = ended.says("the secret of this client ends in");
    let sent = authority.forms("/token");
    assert_eq!(
        wire::value(&sent[0], "client_secret"),
        Some("canary-secret")
    );
    for (path, content) in sandbox.left_behind() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("canary-"), "{}", path.display());
    }
    assert!(config(&sandbox).contains("client_secret"));
}

/// RFC 7591 §3.2.1, must 96: without it nobody could change or end the registration later.
#[test]
fn the_registrations_own_token_is_kept_in_the_store() {
    let sealed = |with_token: bool| {
        let authority = Authority::honest();
        authority.mutate("/register", move |body| {
            if with_token {
                body["registration_access_token"] = json!("canary-registration");
            }
        });
        let sandbox = Sandbox::new();
        sandbox.run(&["login", &authority.issuer()]).ok();
        let left = sandbox.left_behind().into_iter();
        left.filter(|(_, content)| content.starts_with(b"hallpass sealed"))
            .count()
    };
    assert_eq!(sealed(true), sealed(false) + 1);
}

#[test]
fn an_api_that_names_its_server_is_enough() {
    let authority = Authority::honest();
    let api = format!("{}/api/", authority.origin());
    for path in [
        "/api/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/api",
    ] {
        authority.always(path, Answer::new(404, "text/plain", ""));
    }
    let document = json!({
        "resource": api, "authorization_servers": [authority.issuer()],
        "scopes_supported": ["notes:read"],
    });
    authority.always(
        "/.well-known/oauth-protected-resource/api",
        Answer::json(200, &document),
    );
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["login", &api]);
    let ended = ended.says("takes tokens of");
    assert!(
        config(&sandbox).contains(&format!("api_base_url = \"{api}\"")),
        "{ended:#?}"
    );
    assert!(config(&sandbox).contains("resource"));
}

#[test]
fn a_url_that_is_neither_is_told_and_leaves_nothing() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new();
    let before = config(&sandbox);
    sandbox
        .run(&["login", &format!("{}/nothing", authority.origin())])
        .fails(9)
        .says("hint:");
    sandbox
        .run(&["login", "http://example.com"])
        .fails(2)
        .says("not encrypted");
    assert_eq!(config(&sandbox), before);
    assert!(sandbox.opened().is_empty());
}

#[test]
fn without_a_client_and_a_person_it_says_where_to_get_one() {
    let sandbox = Sandbox::new();
    sandbox
        .hallpass("login google")
        .fails(2)
        .says("https://console.cloud.google.com/")
        .says("http://127.0.0.1/callback")
        .says("--client-id");
    assert!(!config(&sandbox).contains("google"));
}

#[test]
fn a_client_given_by_flag_is_kept_its_secret_in_the_store() {
    let sandbox = Sandbox::new().env("BROWSER", "/bin/false");
    let arguments = [
        "login",
        "google",
        "--client-id",
        "me",
        "--client-secret-stdin",
    ];
    let mut running =
        sandbox.start(&[&arguments[..], &["--timeout", "1", "--no-browser"]].concat());
    running.write(b"canary-secret\n");
    let _ = running.finish();
    let text = config(&sandbox);
    assert!(text.contains("client_id = \"me\""), "{text}");
    assert!(text.contains("client_secret = \"store\""), "{text}");
    for (path, content) in sandbox.left_behind() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("canary-"), "{}", path.display());
    }
}

#[test]
fn flags_that_make_no_sense_are_refused_before_anything_happens() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    for (line, says) in [
        ("login demo --param state=x", "state"),
        ("login demo --param prompt", "--param"),
        ("login demo --resource relative", "resource"),
        ("login demo --timeout soon", "soon"),
        ("login demo --port 99999", "99999"),
        ("login demo --path a?b", "redirect path"),
        ("login demo --flow implicit", "implicit"),
        ("login demo --client-id other", "client_id"),
    ] {
        let _ = sandbox.hallpass(line).fails(2).says(says);
    }
    assert!(sandbox.opened().is_empty());
    assert!(authority.requests("/token").is_empty());
}

/// RFC 8707: the resource is asked for at both places, and kept for the renewals.
#[test]
fn a_resource_is_kept_with_the_service() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let api = format!("{}/api/", authority.origin());
    let _ = sandbox.run(&["login", "demo", "--resource", &api]);
    let query = wire::query(&sandbox.opened()[0]);
    assert_eq!(wire::value(&query, "resource"), Some(api.as_str()));
    assert!(
        config(&sandbox).contains("resource = "),
        "{}",
        config(&sandbox)
    );
}

#[test]
fn a_session_that_cannot_be_renewed_says_when_it_ends_and_how_to_get_one_that_lasts() {
    let authority = Authority::honest();
    let sandbox = Sandbox::new().service("demo", &authority.service());
    let short = sandbox.run(&["login", "demo", "--scope", "openid notes:read"]);
    let short = short.ok().says("This session ends at 20");
    assert!(short.stdout.is_empty(), "{short:#?}");
    let short = short.says(" min) and cannot be renewed");
    let cure = "hallpass login demo --scope 'openid notes:read offline_access'";
    let lines: Vec<&str> = short.stderr.lines().collect();
    assert!(
        lines.last().is_some_and(|line| line.ends_with(cure)),
        "{short:#?}"
    );
    // As it says.
    let cured = sandbox.run(&[
        "login",
        "demo",
        "--scope",
        "openid notes:read offline_access",
    ]);
    let _ = cured.ok().does_not_say("cannot be renewed");
    let status = sandbox.hallpass("status demo --format json").ok().json();
    assert_eq!(status["renewable"], true);
}
