//! The refresh profile, and what an answer may leave out.

use serde_json::Value;

use super::parties;
use crate::support::server::Answer;
use crate::support::wire;

#[test]
fn oidcc_client_test_refresh_token() {
    let parties = parties();
    parties.sign_in();
    let old = parties.sandbox.hallpass("token demo").ok();
    let new = parties.sandbox.hallpass("token demo --refresh").ok();
    assert_ne!(old.data(), new.data());
    parties.sandbox.hallpass("userinfo demo").ok();
    let used = parties.authority.requests("/userinfo");
    let used = used.last().expect("UserInfo was asked");
    let expected = format!("Bearer {}", new.data());
    assert_eq!(used.headers()[http::header::AUTHORIZATION], expected);
}

#[test]
fn oidcc_client_test_refresh_token_invalid_issuer() {
    let parties = parties();
    parties.sign_in();
    parties.authority.id_token(|token| token.append("iss", "1"));
    parties
        .sandbox
        .hallpass("token demo --refresh")
        .fails(9)
        .says("iss");
}

#[test]
fn oidcc_client_test_refresh_token_invalid_sub() {
    let parties = parties();
    parties.sign_in();
    parties.authority.id_token(|token| token.append("sub", "1"));
    parties
        .sandbox
        .hallpass("token demo --refresh")
        .fails(9)
        .says("sub");
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let parties = parties();
    parties.authority.provider(|p| p.options.rotate = false);
    parties.sign_in();
    for _ in 0..3 {
        parties.sandbox.hallpass("token demo --refresh").ok();
    }
    let forms = parties.authority.forms("/token");
    let sent: Vec<_> = forms[1..]
        .iter()
        .map(|form| wire::value(form, "refresh_token").expect("sent"))
        .collect();
    assert!(sent.windows(2).all(|two| two[0] == two[1]), "{sent:?}");
}

#[test]
fn a_rotated_refresh_token_replaces_the_old_one() {
    let parties = parties();
    parties.sign_in();
    for _ in 0..3 {
        parties.sandbox.hallpass("token demo --refresh").ok();
    }
    assert_eq!(parties.authority.provider(|p| p.live_refresh_tokens()), 1);
}

#[test]
fn a_refused_refresh_token_means_sign_in_and_opens_no_browser() {
    let parties = parties();
    parties.sign_in();
    let opened = parties.sandbox.opened().len();
    let refusal = serde_json::json!({"error": "invalid_grant"});
    parties
        .authority
        .always("/token", Answer::json(400, &refusal));
    let refused = parties.sandbox.hallpass("token demo --refresh");
    let _ = refused.fails(4).says("hallpass login demo");
    assert_eq!(parties.sandbox.opened().len(), opened);
}

#[test]
fn an_unavailable_server_costs_nothing_but_the_attempt() {
    let parties = parties();
    parties.sign_in();
    for status in [500, 502, 503, 408] {
        parties
            .authority
            .always("/token", Answer::new(status, "text/html", "<h1>no"));
        let _ = parties.sandbox.hallpass("token demo --refresh").code;
    }
    parties.authority.unscript("/token");
    parties.sandbox.hallpass("token demo --refresh").ok();
}

#[test]
fn a_refresh_asks_for_no_more_scope_and_resends_the_resource() {
    let resource = "https://api.example.com/v1";
    let parties = super::parties_with(&format!("resource = [\"{resource}\"]\n"));
    parties.sandbox.hallpass("login demo").ok();
    parties.sandbox.hallpass("token demo --refresh").ok();
    let forms = parties.authority.forms("/token");
    for form in &forms {
        assert_eq!(wire::value(form, "resource"), Some(resource), "{form:?}");
    }
    let scope = wire::value(&forms[1], "scope").unwrap_or_default();
    assert!(scope.len() <= "openid profile email offline_access notes:read".len());
}

#[test]
fn a_token_of_unknown_lifetime_is_used_until_an_api_refuses_it() {
    let parties = parties();
    parties.authority.mutate("/token", |body| {
        body.as_object_mut()
            .expect("an object")
            .remove("expires_in");
    });
    parties.sandbox.hallpass("login demo").ok();
    parties.sandbox.hallpass("call demo me").ok();
    assert_eq!(parties.authority.token_requests("refresh_token"), 0);
    parties.authority.provider(|p| p.forget_access_tokens());
    let me: Value = parties.sandbox.hallpass("call demo me").ok().json();
    assert_eq!(me["id"], "ada-1815");
    assert_eq!(parties.authority.token_requests("refresh_token"), 1);
}
