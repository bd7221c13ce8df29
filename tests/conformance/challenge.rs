//! What an API says in a refusal: nothing in it is followed (must 85, CVE-2026-48978).

use super::parties;
use crate::support::server::Answer;
use crate::support::{Authority, Sandbox};

#[test]
fn no_place_that_a_challenge_names_is_asked_for_anything() {
    let elsewhere = Authority::honest();
    let origin = elsewhere.origin();
    for challenge in [
        format!("Bearer realm=\"{origin}/token\", service=\"api\", scope=\"pull\""),
        format!("Bearer error=\"invalid_token\", resource_metadata=\"{origin}/meta\""),
        format!("Bearer error=\"invalid_token\", authorization_uri=\"{origin}/authorize\""),
        format!("DPoP error=\"use_dpop_nonce\", realm=\"{origin}\""),
        format!("Basic realm=\"{origin}\", Bearer as_uri=\"{origin}\""),
    ] {
        let parties = parties();
        parties.sandbox.hallpass("login demo").ok();
        let link = format!("<{origin}/token>; rel=\"next\"");
        let headers = [("www-authenticate", challenge.as_str()), ("link", &link)];
        let refused = Answer::with_headers(401, &headers, "");
        parties.authority.always("/api/me", refused);
        let ended = parties.sandbox.hallpass("call demo me");
        assert_eq!(ended.code, 22, "{ended:#?}");
        assert!(elsewhere.paths().is_empty(), "{challenge}");
    }
}

/// The same where the sign-in itself starts from an API's words (RFC 9728 §3.3).
#[test]
fn an_api_cannot_send_a_sign_in_to_another_apis_metadata() {
    let (authority, elsewhere) = (Authority::honest(), Authority::honest());
    let api = format!("{}/api/", authority.origin());
    for path in [
        "/api/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/api",
    ] {
        authority.always(path, Answer::new(404, "text/plain", ""));
    }
    let document = serde_json::json!({
        "resource": format!("{}/api/", elsewhere.origin()),
        "authorization_servers": [elsewhere.issuer()],
    });
    authority.always(
        "/.well-known/oauth-protected-resource/api",
        Answer::json(200, &document),
    );
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["login", &api]).fails(9).says("is about");
    assert!(elsewhere.paths().is_empty());
    assert!(sandbox.opened().is_empty());
}
