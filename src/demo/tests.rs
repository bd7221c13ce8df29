//! The provider keeps its own rules: each test names the check that must not go missing.

use base64::Engine;
use http::header;
use serde_json::{Value, json};

use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "http://127.0.0.1:49152/callback";

struct Bench {
    provider: Provider,
    now: i64,
    drawn: u64,
}

fn bench(consent: Consent) -> Bench {
    let mut options = Options::new("http://127.0.0.1:9");
    options.consent = consent;
    Bench {
        provider: Provider::new(options).unwrap(),
        now: 1_700_000_000,
        drawn: 0,
    }
}

impl Bench {
    fn send(&mut self, request: http::Request<Vec<u8>>) -> http::Response<Vec<u8>> {
        let drawn = &mut self.drawn;
        let mut random = || {
            *drawn += 1;
            let mut bytes = [0; 32];
            let hash = ring::digest::digest(&ring::digest::SHA256, &drawn.to_be_bytes());
            bytes.copy_from_slice(hash.as_ref());
            Ok(bytes)
        };
        self.provider.handle(&request, self.now, &mut random)
    }

    fn get(&mut self, target: &str) -> http::Response<Vec<u8>> {
        self.send(http::Request::get(target).body(Vec::new()).unwrap())
    }

    fn api(&mut self, target: &str, token: &str) -> http::Response<Vec<u8>> {
        let request = http::Request::get(target)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Vec::new());
        self.send(request.unwrap())
    }

    fn post(&mut self, path: &str, form: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        self.post_as(path, form, None)
    }

    fn post_as(
        &mut self,
        path: &str,
        form: &[(&str, &str)],
        basic: Option<&str>,
    ) -> http::Response<Vec<u8>> {
        let mut request = http::Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(credentials) = basic {
            let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
            request = request.header(header::AUTHORIZATION, format!("Basic {encoded}"));
        }
        self.send(request.body(encode(form).into_bytes()).unwrap())
    }

    fn authorize(&mut self, changes: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        self.get(&format!("/authorize?{}", authorization_request(changes)))
    }

    fn code(&mut self, changes: &[(&str, &str)]) -> String {
        let reply = self.authorize(changes);
        redirect_parameter(&reply, "code").expect("a code in the redirect")
    }

    fn exchange(&mut self, code: &str, changes: &[(&str, &str)]) -> http::Response<Vec<u8>> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        change(&mut form, changes);
        self.post("/token", &form)
    }

    fn refresh(&mut self, token: &str) -> http::Response<Vec<u8>> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("refresh_token", token),
        ];
        self.post("/token", &form)
    }

    fn session(&mut self) -> Value {
        let code = self.code(&[]);
        let reply = self.exchange(&code, &[]);
        assert_eq!(reply.status(), 200, "{}", body(&reply));
        body(&reply)
    }
}

fn authorization_request(changes: &[(&str, &str)]) -> String {
    let challenge = exchange::sha256_base64url(VERIFIER);
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile email offline_access notes:read"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    change(&mut parameters, changes);
    encode(&parameters)
}

/// Sets, or with an empty value takes out.
fn change<'a>(parameters: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, &'a str)]) {
    for (name, value) in changes {
        parameters.retain(|(seen, _)| seen != name);
        if !value.is_empty() {
            parameters.push((name, value));
        }
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}

fn body(reply: &http::Response<Vec<u8>>) -> Value {
    serde_json::from_slice(reply.body()).unwrap_or(Value::Null)
}

fn text(reply: &http::Response<Vec<u8>>) -> String {
    String::from_utf8(reply.body().clone()).unwrap()
}

fn error(reply: &http::Response<Vec<u8>>) -> String {
    body(reply)["error"].as_str().unwrap_or("").to_owned()
}

fn redirect_parameter(reply: &http::Response<Vec<u8>>, name: &str) -> Option<String> {
    let location = reply.headers().get(header::LOCATION)?.to_str().ok()?;
    let url = Url::parse(location).ok()?;
    let found = url.query_pairs().find(|(seen, _)| seen == name)?;
    Some(found.1.into_owned())
}

fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&start).expect("the field is there").1;
    rest.split_once('"').unwrap().0.to_owned()
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

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
    assert_eq!(claims["at_hash"], token::at_hash(access_token));
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

#[test]
fn the_api_challenges_as_rfc_6750_says() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    let challenge = |reply: &http::Response<Vec<u8>>| text_header(reply, header::WWW_AUTHENTICATE);
    let nothing = bench.get("/api/me");
    assert_eq!(nothing.status(), 401);
    assert!(!challenge(&nothing).contains("error"));
    let request = http::Request::post("/api/notes")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(json!({"text": "x"}).to_string().into_bytes());
    let narrow = bench.send(request.unwrap());
    assert_eq!(narrow.status(), 403);
    assert!(challenge(&narrow).contains("insufficient_scope\", scope=\"notes:write\""));
    bench.now += 3600;
    let expired = bench.api("/api/me", token);
    assert_eq!(expired.status(), 401);
    assert!(challenge(&expired).contains("error=\"invalid_token\""));
}

fn text_header(reply: &http::Response<Vec<u8>>, name: header::HeaderName) -> String {
    let value = reply.headers().get(name).expect("the header is there");
    value.to_str().unwrap().to_owned()
}

#[test]
fn notes_come_in_pages_with_a_link() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    let first = bench.api("/api/notes", token);
    assert_eq!(body(&first).as_array().unwrap().len(), 3);
    assert!(text_header(&first, header::LINK).contains("/api/notes?page=2&per_page=3>"));
    let last = bench.api("/api/notes?page=3", token);
    assert_eq!(body(&last).as_array().unwrap().len(), 1);
    assert!(last.headers().get(header::LINK).is_none());
    assert_eq!(bench.api("/api/notes?page=0", token).status(), 400);
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

#[test]
fn the_journal_shortens_secrets() {
    let mut bench = bench(Consent::Grant);
    let session = bench.session();
    let token = session["access_token"].as_str().unwrap();
    bench.api("/api/me", token);
    let told = format!("{:?}", bench.provider.take_journal());
    assert!(told.contains("code_verifier") && told.contains("Bearer demo_at_"));
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(!told.contains(session[name].as_str().unwrap()), "{name}");
    }
    assert!(!told.contains(VERIFIER));
}
