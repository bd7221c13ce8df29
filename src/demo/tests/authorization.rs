//! Metadata, authorization endpoint, pages, registration.

use super::*;

#[test]
fn metadata_is_served_in_both_forms_for_an_issuer_with_a_path() {
    let options = Options::new("http://127.0.0.1:9/tenant/a");
    let mut bench = Bench {
        provider: Provider::new(options).unwrap(),
        ..bench(Consent::Grant)
    };
    for path in [
        "/.well-known/oauth-authorization-server/tenant/a",
        "/tenant/a/.well-known/openid-configuration",
    ] {
        let document = body(&bench.get(path));
        assert_eq!(document["issuer"], "http://127.0.0.1:9/tenant/a");
        assert_eq!(
            document["token_endpoint"],
            "http://127.0.0.1:9/tenant/a/token"
        );
    }
    assert_eq!(bench.get("/.well-known/openid-configuration").status(), 404);
}

#[test]
fn the_redirect_carries_code_state_and_iss() {
    let reply = bench(Consent::Grant).authorize(&[]);
    assert_eq!(reply.status(), 303);
    assert_eq!(redirect_parameter(&reply, "state").unwrap(), "st");
    assert_eq!(
        redirect_parameter(&reply, "iss").unwrap(),
        "http://127.0.0.1:9"
    );
}

#[test]
fn nothing_is_sent_to_an_unregistered_redirect_uri_or_client() {
    let mut bench = bench(Consent::Grant);
    for change in [
        ("redirect_uri", "https://evil.example/cb"),
        ("redirect_uri", "http://127.0.0.1.evil.example/cb"),
        ("redirect_uri", "http://user@127.0.0.1:1/cb"),
        ("redirect_uri", "http://127.0.0.1:1/cb#f"),
        ("client_id", "nobody"),
    ] {
        let reply = bench.authorize(&[change]);
        assert_eq!(reply.status(), 400, "{change:?}");
        assert!(reply.headers().get(header::LOCATION).is_none());
    }
}

#[test]
fn a_bad_request_is_told_to_the_client() {
    let mut bench = bench(Consent::Grant);
    for (change, expected) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "openid root"), "invalid_scope"),
        (("resource", "not a uri"), "invalid_target"),
    ] {
        let reply = bench.authorize(&[change]);
        assert_eq!(
            redirect_parameter(&reply, "error").unwrap(),
            expected,
            "{change:?}"
        );
    }
}

#[test]
fn the_consent_page_decides_only_with_its_own_csrf_token_and_once() {
    let mut bench = bench(Consent::Ask);
    let page = text(&bench.authorize(&[]));
    assert!(page.contains("Ada Lovelace") && page.contains("Deny"));
    let ticket = field(&page, "ticket");
    let csrf = field(&page, "csrf_token");
    let decide = |bench: &mut Bench, csrf: &str, decision: &str| {
        let form = [
            ("ticket", ticket.as_str()),
            ("csrf_token", csrf),
            ("decision", decision),
        ];
        bench.post("/consent", &form)
    };
    assert_eq!(decide(&mut bench, "guess", "allow").status(), 403);
    let reply = decide(&mut bench, &csrf, "allow");
    assert!(redirect_parameter(&reply, "code").is_some());
    assert_eq!(decide(&mut bench, &csrf, "allow").status(), 400);
}

#[test]
fn denying_is_told_to_the_client_with_state_and_iss() {
    let mut bench = bench(Consent::Ask);
    let page = text(&bench.authorize(&[]));
    let form = [
        ("ticket", field(&page, "ticket")),
        ("csrf_token", field(&page, "csrf_token")),
        ("decision", "deny".to_owned()),
    ];
    let form: Vec<_> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let reply = bench.post("/consent", &form);
    assert_eq!(
        redirect_parameter(&reply, "error").unwrap(),
        "access_denied"
    );
    assert_eq!(redirect_parameter(&reply, "state").unwrap(), "st");
    assert!(redirect_parameter(&reply, "iss").is_some());
}

#[test]
fn pages_escape_what_they_show_and_allow_nothing_from_outside() {
    let mut bench = bench(Consent::Ask);
    let mut client = DemoClient::public("evil");
    client.client_name = "<script>alert(1)</script>\" onload='x".into();
    bench.provider.add_client(client);
    let reply = bench.authorize(&[("client_id", "evil")]);
    let page = text(&reply);
    assert!(!page.contains("<script>") && !page.contains("\" onload='"));
    let policy = reply.headers()[header::CONTENT_SECURITY_POLICY].to_str();
    let policy = policy.unwrap();
    assert!(policy.contains("default-src 'none'"));
    assert!(policy.contains("form-action 'self' http://127.0.0.1:49152"));
    assert_eq!(reply.headers()[header::REFERRER_POLICY], "no-referrer");
    assert!(!page.contains("http://") && !page.contains("https://"));
}

#[test]
fn form_post_sends_the_answer_in_a_body() {
    let mut bench = bench(Consent::Grant);
    let page = text(&bench.authorize(&[("response_mode", "form_post")]));
    assert!(page.contains(&format!("action=\"{REDIRECT}\"")));
    let code = field(&page, "code");
    assert_eq!(field(&page, "state"), "st");
    assert_eq!(bench.exchange(&code, &[]).status(), 200);
}

#[test]
fn a_registered_client_is_bound_to_its_redirect_uri() {
    let mut bench = bench(Consent::Grant);
    let register = |bench: &mut Bench, uri: &str| {
        let wish = json!({"redirect_uris": [uri], "token_endpoint_auth_method": "none"});
        let request = http::Request::post("/register").body(wish.to_string().into_bytes());
        bench.send(request.unwrap())
    };
    let refused = register(&mut bench, "https://evil.example/cb");
    assert_eq!(error(&refused), "invalid_redirect_uri");
    let answer = body(&register(&mut bench, "http://127.0.0.1/cb"));
    let id = answer["client_id"].as_str().unwrap();
    let other_path = bench.authorize(&[("client_id", id)]);
    assert_eq!(other_path.status(), 400);
    let right = [("client_id", id), ("redirect_uri", "http://127.0.0.1:7/cb")];
    assert!(redirect_parameter(&bench.authorize(&right), "code").is_some());
}
