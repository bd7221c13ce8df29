//! A real browser through a real server's login and consent pages.

use crate::support::oidc_provider::OidcProvider;
use crate::support::sandbox::Transcript;
use crate::support::{Sandbox, chromium};

fn stage(lines: &str, plan: &str) -> Option<(OidcProvider, Sandbox)> {
    let server = OidcProvider::start(3600)?;
    let body = format!("{}{lines}", server.service("hallpass-public"));
    let sandbox = chromium::browser(Sandbox::new().service("real", &body), plan)?;
    Some((server, sandbox))
}

/// Chromium takes its time on a machine that has other things to do.
fn login(sandbox: &Sandbox) -> Transcript {
    sandbox.start(&["login", "real"]).patiently().finish()
}

/// Requests whose Referer holds a code.
fn leaked(report: &serde_json::Value) -> Vec<&serde_json::Value> {
    let requests = report["requests"].as_array().expect("a list");
    let holds = |r: &&serde_json::Value| r["referer"].as_str().is_some_and(|r| r.contains("code="));
    requests.iter().filter(holds).collect()
}

#[test]
fn chromium_signs_in_and_its_noise_stays_out() {
    let Some((_server, sandbox)) = stage("", "allow") else {
        return;
    };
    let signed_in = login(&sandbox).ok();
    assert!(signed_in.stdout.is_empty(), "{signed_in:#?}");
    let _ = signed_in.does_not_say("BROWSER-NOISE");
    let report = chromium::report(&sandbox);
    assert!(leaked(&report).is_empty(), "{report:#}");
    let page = report["page"].as_str().expect("the landing page");
    assert!(page.contains("real") && page.contains("ada"), "{page}");
    let outside = report["requests"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|r| {
            let url = r["url"].as_str().unwrap_or_default();
            !url.starts_with("http://127.0.0.1")
                && !url.starts_with("data:")
                && !url.contains("fonts.")
        });
    assert!(!outside, "{report:#}");
    sandbox.hallpass("call real me").ok();
}

#[test]
fn chromium_brings_the_answer_by_form_post() {
    let Some((_server, sandbox)) = stage("response_mode = \"form_post\"\n", "allow") else {
        return;
    };
    login(&sandbox).ok();
    let report = chromium::report(&sandbox);
    let url = report["url"].as_str().expect("a URL");
    assert!(
        !url.contains("code="),
        "the code is in the address bar: {url}"
    );
}

#[test]
fn a_denied_consent_in_chromium_cancels_the_sign_in() {
    let Some((server, sandbox)) = stage("", "deny") else {
        return;
    };
    let _ = login(&sandbox).fails(8).says("access_denied");
    assert_eq!(server.count("POST /token"), 0);
    sandbox.hallpass("token real").fails(4);
}

#[test]
fn an_attack_page_in_the_same_browser_reaches_nothing() {
    attacked("");
}

#[test]
fn an_attack_page_reaches_nothing_by_form_post_either() {
    attacked("response_mode = \"form_post\"\n");
}

/// Signs in while the attack page of browser.mjs is open.
fn attacked(lines: &str) {
    let Some((server, sandbox)) = stage(lines, "attack") else {
        return;
    };
    login(&sandbox).ok();
    assert_eq!(server.count("POST /token"), 1);
    let report = chromium::report(&sandbox);
    let refused = report["refused"].as_array().expect("a list");
    for answer in refused {
        let status = answer["status"].as_u64().unwrap_or(0);
        assert!((400..500).contains(&status), "{answer:#}");
    }
    let tried = report["tried"].as_array().expect("a list");
    for via in [
        "stylesheet",
        "img",
        "script",
        "fetch-cors",
        "fetch-post-cors",
        "beacon",
    ] {
        assert!(tried.iter().any(|t| t == via), "no {via}: {report:#}");
    }
    // Of these Chromium tells the answer too.
    for via in [
        "iframe",
        "object",
        "form",
        "post",
        "fetch-no-cors",
        "fetch-post-no-cors",
        "prefetch",
        "prerender",
        "rebinding",
    ] {
        let answered = refused.iter().any(|answer| answer["via"] == via);
        assert!(answered, "{via} never reached the listener: {report:#}");
    }
    assert_eq!(report["decoy"], "prefetch;prerender", "{report:#}");
}
