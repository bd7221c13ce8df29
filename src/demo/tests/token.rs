//! Token endpoint: codes, rotation, client authentication, devices, revocation.

use super::*;

#[test]
fn a_code_gives_a_session_with_a_signed_id_token() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    assert_eq!(session["token_type"], "Bearer");
    assert_eq!(session["expires_in"], 3600);
    let id_token = session["id_token"].as_str().unwrap();
    let claims = claims(id_token);
    assert_eq!(claims["nonce"], "no");
    assert_eq!(claims["aud"], CLIENT_ID);
    let access_token = session["access_token"].as_str().unwrap();
    assert_eq!(claims["at_hash"], crate::demo::token::at_hash(access_token));
    let jwk = &body(&bench.get("/jwks"))["keys"][0];
    assert!(verifies(id_token, jwk));
    let mut other = super::SigningKey::generate().unwrap().jwk();
    other["kid"] = jwk["kid"].clone();
    assert!(!verifies(id_token, &other));
}

fn verifies(jwt: &str, jwk: &Value) -> bool {
    let decode = |text: &str| {
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .unwrap()
    };
    let mut point = vec![4];
    point.extend(decode(jwk["x"].as_str().unwrap()));
    point.extend(decode(jwk["y"].as_str().unwrap()));
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, point)
        .verify(input.as_bytes(), &decode(signature))
        .is_ok()
}

#[test]
fn the_exchange_checks_verifier_redirect_uri_client_and_time() {
    let mut bench = bench(Consent::Grant);
    let other = "a".repeat(43);
    for (change, expected) in [
        (("code_verifier", other.as_str()), "invalid_grant"),
        (("code_verifier", "short"), "invalid_request"),
        (("code_verifier", ""), "invalid_request"),
        (
            ("redirect_uri", "http://127.0.0.1:49153/callback"),
            "invalid_grant",
        ),
        (("redirect_uri", ""), "invalid_request"),
        (("client_id", "nobody"), "invalid_client"),
        (("client_secret", "x"), "invalid_client"),
        (("resource", "https://api.example"), "invalid_target"),
    ] {
        let code = bench.code(&[]);
        let reply = bench.exchange(&code, &[change]);
        assert_eq!(error(&reply), expected, "{change:?}");
    }
    let code = bench.code(&[]);
    bench.now += 61;
    assert_eq!(error(&bench.exchange(&code, &[])), "invalid_grant");
}

#[test]
fn a_code_used_twice_kills_what_it_gave() {
    let mut bench = bench(Consent::Grant);
    let code = bench.code(&[]);
    let session = body(&bench.exchange(&code, &[]));
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(bench.api("/api/me", token).status(), 200);
    assert_eq!(error(&bench.exchange(&code, &[])), "invalid_grant");
    assert_eq!(bench.api("/api/me", token).status(), 401);
}

#[test]
fn a_refresh_token_used_twice_kills_the_family() {
    let mut bench = bench(Consent::Grant);
    let first = bench.session();
    let first = first["refresh_token"].as_str().unwrap();
    let second = body(&bench.refresh(first));
    let renewed = second["refresh_token"].as_str().unwrap();
    assert_ne!(first, renewed);
    assert!(claims(second["id_token"].as_str().unwrap())["nonce"].is_null());
    assert_eq!(bench.provider.live_refresh_tokens(), 1);
    assert_eq!(error(&bench.refresh(first)), "invalid_grant");
    assert_eq!(error(&bench.refresh(renewed)), "invalid_grant");
    let token = second["access_token"].as_str().unwrap();
    assert_eq!(bench.api("/api/me", token).status(), 401);
    assert_eq!(bench.provider.live_refresh_tokens(), 0);
}

#[test]
fn a_refresh_never_widens_the_scope() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("refresh_token", session["refresh_token"].as_str().unwrap()),
        ("scope", "notes:write"),
    ];
    assert_eq!(error(&bench.post("/token", &form)), "invalid_scope");
}

#[test]
fn a_client_must_authenticate_as_registered_and_only_once() {
    let mut bench = bench(Consent::Grant);
    let secret = "a:b c%+/&=";
    let add = |bench: &mut Bench, id, method| {
        let client = DemoClient::confidential(id, secret, method);
        bench.provider.add_client(client);
    };
    add(&mut bench, "basic", "client_secret_basic");
    add(&mut bench, "post", "client_secret_post");
    let grant = ("grant_type", "client_credentials");
    let encoded = "basic:a%3Ab+c%25%2B%2F%26%3D";
    let good = bench.post_as("/token", &[grant], Some(encoded));
    assert_eq!(good.status(), 200, "{}", body(&good));
    let posted = [grant, ("client_id", "post"), ("client_secret", secret)];
    assert_eq!(bench.post("/token", &posted).status(), 200);
    for (form, basic, expected) in [
        // Not form-encoded before base64 (RFC 6749 §2.3.1).
        (vec![grant], Some("basic:a:b c%+/&="), "invalid_client"),
        (vec![grant], Some("basic:wrong"), "invalid_client"),
        (vec![grant], Some("post:x"), "invalid_client"),
        (posted.to_vec(), Some(encoded), "invalid_request"),
        (vec![grant, ("client_id", "basic")], None, "invalid_client"),
        (
            vec![grant, ("client_id", CLIENT_ID)],
            None,
            "unauthorized_client",
        ),
    ] {
        let reply = bench.post_as("/token", &form, basic);
        assert_eq!(error(&reply), expected, "{form:?} {basic:?}");
    }
}

#[test]
fn a_device_waits_is_slowed_down_and_gets_its_session() {
    let mut bench = bench(Consent::Ask);
    let form = [("client_id", CLIENT_ID), ("scope", "openid offline_access")];
    let answer = body(&bench.post("/device_authorization", &form));
    let device_code = answer["device_code"].as_str().unwrap().to_owned();
    let user_code = answer["user_code"].as_str().unwrap().to_owned();
    let poll = |bench: &mut Bench| {
        let form = [
            ("grant_type", device::GRANT_TYPE),
            ("client_id", CLIENT_ID),
            ("device_code", device_code.as_str()),
        ];
        bench.post("/token", &form)
    };
    assert_eq!(error(&poll(&mut bench)), "authorization_pending");
    assert_eq!(error(&poll(&mut bench)), "slow_down");
    bench.now += 5;
    assert_eq!(error(&poll(&mut bench)), "slow_down", "the interval grew");
    let typed = user_code.to_lowercase().replace('-', " ");
    let page = text(&bench.post("/device", &[("user_code", &typed)]));
    let csrf = field(&page, "csrf_token");
    let decide = |bench: &mut Bench, csrf: &str| {
        let form = [
            ("user_code", user_code.as_str()),
            ("csrf_token", csrf),
            ("decision", "allow"),
        ];
        bench.post("/device", &form)
    };
    assert_eq!(decide(&mut bench, "guess").status(), 403);
    assert_eq!(decide(&mut bench, &csrf).status(), 200);
    bench.now += 60;
    let session = body(&poll(&mut bench));
    assert!(session["refresh_token"].is_string());
    bench.now += 60;
    assert_eq!(error(&poll(&mut bench)), "invalid_grant", "only once");
}

#[test]
fn a_revoked_refresh_token_takes_its_family_along_and_introspection_knows() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let access = session["access_token"].as_str().unwrap();
    let refresh = session["refresh_token"].as_str().unwrap();
    let active = |bench: &mut Bench, token: &str| {
        let form = [("client_id", CLIENT_ID), ("token", token)];
        body(&bench.post("/introspect", &form))["active"] == true
    };
    assert!(active(&mut bench, access) && active(&mut bench, refresh));
    let form = [("client_id", CLIENT_ID), ("token", refresh)];
    assert_eq!(bench.post("/revoke", &form).status(), 200);
    assert!(!active(&mut bench, access) && !active(&mut bench, refresh));
    let unknown = [("client_id", CLIENT_ID), ("token", "never seen")];
    assert_eq!(bench.post("/revoke", &unknown).status(), 200);
}
