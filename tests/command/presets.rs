//! Shipped presets with the real binary: the preset's own dialect, methods and audience, with its
//! endpoints on loopback and the answers that its provider sends.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::server::{Answer, Request, Server};

/// A provider on loopback that grants by redirect and answers by a script.
struct Provider {
    server: Server,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Provider {
    /// `answer` gets the origin, the path and the request.
    fn start(answer: impl Fn(&str, &str, &Request) -> Answer + Send + Sync + 'static) -> Provider {
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = log.clone();
        let server = Server::start(move |origin| {
            let origin = origin.to_owned();
            move |request| {
                kept.lock().expect("not poisoned").push(request.clone());
                let path = request.uri().path().to_owned();
                match path.as_str() {
                    "/authorize" => redirect(&request),
                    path => answer(&origin, path, &request),
                }
            }
        });
        Provider { server, log }
    }

    /// A sandbox whose service `p` starts from the preset, with its endpoints here.
    fn sandbox(&self, preset: &str, lines: &str) -> Sandbox {
        let origin = self.server.origin();
        let body = format!(
            "provider = \"{preset}\"\nauthorization_endpoint = \"{origin}/authorize\"\n\
             token_endpoint = \"{origin}/token\"\n{lines}"
        );
        let body = body.replace("ORIGIN", &origin);
        // A port of its own: tests run at the same time.
        let port = free_port();
        Sandbox::new().service("p", &format!("{body}redirect_port = {port}\n"))
    }

    fn of(&self, path: &str) -> Vec<Request> {
        let log = self.log.lock().expect("not poisoned");
        let found = log.iter().filter(|request| request.uri().path() == path);
        found.cloned().collect()
    }

    fn authorization(&self, name: &str) -> Option<String> {
        let request = self.of("/authorize").pop().expect("a sign-in");
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let mut pairs = url::form_urlencoded::parse(query);
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn redirect(request: &Request) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, v)| v);
    let mut back = url::Url::parse(value("redirect_uri").expect("one")).expect("a URL");
    back.query_pairs_mut()
        .append_pair("code", "the-code")
        .append_pair("state", value("state").expect("one"));
    Answer::with_headers(302, &[("location", back.as_str())], "")
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

fn form(request: &Request) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

/// Basic with a JSON body; `refresh_token` null; no PKCE, `owner=user`; Notion-Version at the API
/// and at revocation, which is refused without.
#[test]
fn notion_gets_basic_and_json_and_its_version() {
    let provider = Provider::start(|_, path, request| match path {
        "/token" => Answer::json(
            200,
            &json!({"access_token": "ntn_1", "token_type": "bearer", "refresh_token": null,
                "bot_id": "b", "workspace_id": "w", "duplicated_template_id": null,
                "owner": {"type": "user", "user": {"object": "user", "id": "6794760a"}}}),
        ),
        _ if header(request, "notion-version").is_none() => {
            Answer::json(400, &json!({"code": "missing_version"}))
        }
        "/revoke" => Answer::json(200, &json!({"request_id": "r"})),
        _ => Answer::json(200, &json!({"object": "list", "results": []})),
    });
    let lines = "revocation_endpoint = \"ORIGIN/revoke\"\napi_base_url = \"ORIGIN/v1/\"\n\
                 client_id = \"c\"\nclient_secret = { env = \"NOTION_SECRET\" }\n";
    let sandbox = provider.sandbox("notion", lines).env("NOTION_SECRET", "s");
    sandbox.hallpass("login p").ok();
    assert_eq!(provider.authorization("owner").as_deref(), Some("user"));
    assert_eq!(provider.authorization("scope"), None);
    let token = provider.of("/token").remove(0);
    assert_eq!(header(&token, "content-type"), Some("application/json"));
    assert_eq!(header(&token, "authorization"), Some("Basic Yzpz"));
    let body: Value = serde_json::from_slice(token.body()).expect("JSON");
    assert_eq!(body["grant_type"], "authorization_code");
    assert_eq!(body["code"], "the-code");
    assert!(body.get("client_secret").is_none());
    sandbox.hallpass("call p users").ok();
    let logout = sandbox.hallpass("logout p").ok();
    let _ = logout.says("revoked");
    let revoked = provider.of("/revoke").remove(0);
    let body: Value = serde_json::from_slice(revoked.body()).expect("JSON");
    assert_eq!(body["token"], "ntn_1");
}

/// The person's scope by its own name, the nested token, errors with status 200.
#[test]
fn slack_gives_the_persons_token_and_tells_errors_with_status_200() {
    let provider = Provider::start(|_, path, request| match path {
        "/token" if form(request).contains(&("grant_type".into(), "refresh_token".into())) => {
            Answer::json(200, &json!({"ok": false, "error": "invalid_refresh_token"}))
        }
        "/token" => Answer::json(
            200,
            &json!({"ok": true, "app_id": "A0", "team": {"id": "T9"},
                "authed_user": {"id": "U1", "scope": "users:read,chat:write",
                    "token_type": "user", "access_token": "xoxe.xoxp-1",
                    "refresh_token": "xoxe-1", "expires_in": 43200}}),
        ),
        _ => Answer::json(200, &json!({"ok": true})),
    });
    let lines =
        "api_base_url = \"ORIGIN/api/\"\nclient_id = \"c\"\nscope = \"users:read chat:write\"\n";
    let sandbox = provider.sandbox("slack", lines);
    sandbox.hallpass("login p").ok();
    let asked = provider.authorization("user_scope");
    assert_eq!(asked.as_deref(), Some("users:read,chat:write"));
    assert_eq!(provider.authorization("scope"), None);
    assert!(provider.authorization("code_challenge").is_some());
    let token = sandbox.hallpass("token p").ok();
    assert_eq!(token.out().trim_end(), "xoxe.xoxp-1");
    let refused = sandbox.hallpass("token p --refresh").fails(4);
    let _ = refused.says("hallpass login p");
}

/// `instance_url` becomes the API's base within the audience, and is refused outside of it; a
/// token without `expires_in` is used until the API refuses it.
#[test]
fn salesforces_instance_is_held_by_the_audience() {
    for (audience, code) in [("ORIGIN", 0), ("https://*.salesforce.com", 3)] {
        let provider = Provider::start(|origin, path, _| match path {
            "/token" => Answer::json(
                200,
                &json!({"access_token": "00DB0!AR8", "signature": "2P+H", "token_type": "Bearer",
                    "instance_url": origin, "issued_at": "1278448384422", "scope": "id api",
                    "id": "https://login.salesforce.com/id/00DB/005B", "refresh_token": "5Aep"}),
            ),
            _ => Answer::json(200, &json!({"records": []})),
        });
        let lines = format!(
            "revocation_endpoint = \"ORIGIN/revoke\"\nintrospection_endpoint = \"ORIGIN/introspect\"\n\
             userinfo_endpoint = \"ORIGIN/userinfo\"\nclient_id = \"c\"\naudience = [\"{audience}\"]\n"
        );
        let sandbox = provider.sandbox("salesforce", &lines);
        sandbox.hallpass("login p").ok();
        let call = sandbox.hallpass("call p query");
        let called = provider.of("/services/data/v61.0/query");
        match code {
            0 => {
                call.ok();
                assert_eq!(
                    header(&called[0], "authorization"),
                    Some("Bearer 00DB0!AR8")
                );
            }
            code => {
                let _ = call.fails(code);
                assert!(called.is_empty(), "{called:?}");
            }
        }
    }
}

/// An installed app: Basic with an empty password, at refresh too; the refresh token stays.
#[test]
fn reddits_installed_app_sends_an_empty_password_and_keeps_its_refresh_token() {
    let provider = Provider::start(|_, path, request| match path {
        "/token" if form(request).contains(&("grant_type".into(), "refresh_token".into())) => {
            Answer::json(
                200,
                &json!({"access_token": "second", "token_type": "bearer", "expires_in": 86400,
                    "scope": "identity read"}),
            )
        }
        "/token" => Answer::json(
            200,
            &json!({"access_token": "first", "token_type": "bearer", "expires_in": 86400,
                "refresh_token": "kept", "scope": "identity read"}),
        ),
        _ => Answer::json(200, &json!({"name": "ada"})),
    });
    let lines = "revocation_endpoint = \"ORIGIN/revoke\"\nuserinfo_endpoint = \"ORIGIN/me\"\n\
                 api_base_url = \"ORIGIN/\"\nclient_id = \"app\"\ntoken_endpoint_auth_method = \"none\"\n";
    let sandbox = provider.sandbox("reddit", lines);
    sandbox.hallpass("login p").ok();
    assert_eq!(
        provider.authorization("duration").as_deref(),
        Some("permanent")
    );
    for expected in ["second", "second"] {
        let token = sandbox.hallpass("token p --refresh").ok();
        assert_eq!(token.out().trim_end(), expected);
    }
    for request in provider.of("/token") {
        assert_eq!(header(&request, "authorization"), Some("Basic YXBwOg=="));
        assert!(!form(&request).iter().any(|(name, _)| name == "client_id"));
    }
    let last = provider.of("/token").pop().expect("one");
    assert!(form(&last).contains(&("refresh_token".into(), "kept".into())));
}

/// `scopes` where a device sign-in begins, `message` in place of `error`, scope as an array, the
/// client's ID as a header of the API.
#[test]
fn twitch_signs_in_by_device_in_its_own_dialect() {
    let polls = Mutex::new(0);
    let provider = Provider::start(move |origin, path, _| match path {
        "/device" => Answer::json(
            200,
            &json!({"device_code": "d", "expires_in": 1800, "interval": 1, "user_code": "ABCDEFGH",
                "verification_uri": format!("{origin}/activate")}),
        ),
        "/token" => {
            let mut polls = polls.lock().expect("not poisoned");
            *polls += 1;
            match *polls {
                1 => Answer::json(
                    400,
                    &json!({"status": 400, "message": "authorization_pending"}),
                ),
                _ => Answer::json(
                    200,
                    &json!({"access_token": "rfx2", "expires_in": 14124, "refresh_token": "5b93",
                        "scope": ["user:read:email"], "token_type": "bearer"}),
                ),
            }
        }
        _ => Answer::json(200, &json!({"data": []})),
    });
    let lines = "device_authorization_endpoint = \"ORIGIN/device\"\nuserinfo_endpoint = \"ORIGIN/me\"\n\
                 revocation_endpoint = \"ORIGIN/revoke\"\napi_base_url = \"ORIGIN/helix/\"\n\
                 client_id = \"c\"\ntoken_endpoint_auth_method = \"none\"\nscope = \"user:read:email\"\n";
    let sandbox = provider.sandbox("twitch", lines);
    sandbox.hallpass("login p --flow device").ok();
    let begun = form(&provider.of("/device")[0]);
    assert!(begun.contains(&("scopes".into(), "user:read:email".into())));
    assert_eq!(provider.of("/token").len(), 2);
    sandbox.hallpass("call p users").ok();
    let call = provider.of("/helix/users").remove(0);
    assert_eq!(header(&call, "client-id"), Some("c"));
    assert_eq!(header(&call, "authorization"), Some("Bearer rfx2"));
}

/// Form-encoded unless asked for JSON, commas in the scope, a dead refresh token with status 200.
#[test]
fn githubs_answers_are_read() {
    let provider = Provider::start(|_, path, request| match path {
        "/token" if form(request).contains(&("grant_type".into(), "refresh_token".into())) => {
            Answer::json(
                200,
                &json!({"error": "bad_refresh_token", "error_uri": "https://docs.github.com",
                    "error_description": "The refresh token passed is incorrect or expired."}),
            )
        }
        "/token" => Answer::new(
            200,
            "application/x-www-form-urlencoded; charset=utf-8",
            "access_token=ghu_1&expires_in=28800&refresh_token=ghr_1\
             &refresh_token_expires_in=15897600&scope=repo%2Cgist&token_type=bearer",
        ),
        _ => Answer::json(
            200,
            &json!({"login": "octocat", "id": 583231, "email": null}),
        ),
    });
    let lines = "issuer = \"ORIGIN\"\nuserinfo_endpoint = \"ORIGIN/user\"\n\
                 api_base_url = \"ORIGIN/api/\"\nclient_id = \"c\"\n";
    let sandbox = provider.sandbox("github", lines);
    let login = sandbox.hallpass("login p").ok();
    let _ = login.says("octocat");
    let token = provider.of("/token").remove(0);
    assert_eq!(header(&token, "accept"), Some("application/json"));
    sandbox.hallpass("call p user").ok();
    let call = provider.of("/api/user").remove(0);
    assert_eq!(header(&call, "accept"), Some("application/vnd.github+json"));
    let refused = sandbox.hallpass("token p --refresh").fails(4);
    let _ = refused.says("hallpass login p");
}

/// Nothing to register: the built-in public client with its redirect URI, and PKCE.
#[test]
fn gitea_needs_no_registration() {
    for preset in ["gitea", "forgejo"] {
        let provider = Provider::start(|_, path, _| match path {
            "/token" => Answer::json(
                200,
                &json!({"access_token": "eyJh", "token_type": "bearer", "expires_in": 3600,
                    "refresh_token": "eyJi"}),
            ),
            _ => Answer::json(200, &json!({"sub": "1", "preferred_username": "ada"})),
        });
        let lines = "userinfo_endpoint = \"ORIGIN/me\"\napi_base_url = \"ORIGIN/api/v1/\"\n";
        let sandbox = provider.sandbox(preset, lines);
        sandbox.hallpass("login p").ok();
        let client = "a4792ccc-144e-407e-86c9-5e7d8d9c3269";
        assert_eq!(provider.authorization("client_id").as_deref(), Some(client));
        let redirect = provider.authorization("redirect_uri").expect("one");
        let redirect = url::Url::parse(&redirect).expect("a URL");
        assert_eq!(
            (redirect.host_str(), redirect.path()),
            (Some("127.0.0.1"), "/")
        );
        assert_eq!(
            provider.authorization("code_challenge_method").as_deref(),
            Some("S256")
        );
        let token = form(&provider.of("/token")[0]);
        assert!(token.iter().any(|(name, _)| name == "code_verifier"));
        assert!(!token.iter().any(|(name, _)| name == "client_secret"));
    }
}

/// Secret in the body, commas between scopes both ways, errors as a list.
#[test]
fn strava_asks_and_answers_with_commas() {
    let provider = Provider::start(|_, path, request| match path {
        "/token" if form(request).contains(&("grant_type".into(), "refresh_token".into())) => {
            Answer::json(
                400,
                &json!({"message": "Bad Request", "errors": [
                    {"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}]}),
            )
        }
        "/token" => Answer::json(
            200,
            &json!({"token_type": "Bearer", "expires_at": 1568775134, "expires_in": 21600,
                "refresh_token": "e5n5", "access_token": "a4b9", "scope": "read,activity:read",
                "athlete": {"id": 1, "username": "ada"}}),
        ),
        _ => Answer::json(200, &json!({"id": 1, "username": "ada"})),
    });
    let lines = "userinfo_endpoint = \"ORIGIN/athlete\"\napi_base_url = \"ORIGIN/api/\"\n\
                 client_id = \"c\"\nclient_secret = { env = \"STRAVA_SECRET\" }\n";
    let sandbox = provider.sandbox("strava", lines).env("STRAVA_SECRET", "s");
    sandbox.hallpass("login p").ok();
    assert_eq!(
        provider.authorization("scope").as_deref(),
        Some("read,activity:read")
    );
    let token = form(&provider.of("/token")[0]);
    assert!(token.contains(&("client_secret".into(), "s".into())));
    let refused = sandbox.hallpass("token p --refresh").fails(4);
    let _ = refused.says("hallpass login p");
}
