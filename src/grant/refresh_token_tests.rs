//! What each kind of trouble makes of a refresh (must 46, 47, 68; T5–T15).

use serde_json::json;

use super::*;
use crate::error::Code;
use crate::grant::testing::client;
use crate::port::HttpError;
use crate::port::fake::{Answer, World, block_on};
use crate::service::registration::ClientAuthenticationMethod;

fn refreshed(world: &World, client: &Client) -> Result<TokenSet, RenewalError> {
    block_on(refresh(&world.ports(), client, &Secret::from("rt-1")))
}

fn after(answer: Answer) -> (Result<TokenSet, RenewalError>, World) {
    let world = World::new();
    world.http.push(answer);
    (refreshed(&world, &client()), world)
}

fn good() -> Answer {
    Answer::json(
        200,
        &json!({
            "access_token": "at-2", "token_type": "bEaReR", "expires_in": "3599",
            "refresh_token": "rt-2", "refresh_expires_in": 1800, "scope": "a b",
            "id_token": "h.p.s", "instance_url": "https://x.example", "n": 7, "deep": {"x": 1},
        }),
    )
}

#[test]
fn everything_a_token_response_says_survives() {
    let (token, world) = after(good());
    let token = token.unwrap();
    assert_eq!(token.access_token.expose(), "at-2");
    assert_eq!(token.refresh_token.unwrap().expose(), "rt-2");
    assert_eq!(token.id_token.unwrap().expose(), "h.p.s");
    assert_eq!(token.expires_in, Some(3599));
    assert_eq!(token.refresh_token_expires_in, Some(1800));
    assert_eq!(token.scope.unwrap(), ["a", "b"]);
    assert_eq!(token.extra["instance_url"], "https://x.example");
    assert_eq!(token.extra["n"], 7);
    assert!(!token.extra.contains_key("deep"));
    let form = world.http.form(0);
    let sent = |name: &str| form.iter().filter(|(n, _)| n == name).count();
    assert_eq!(sent("client_id"), 1, "a public client names itself");
    assert_eq!(sent("client_secret"), 0);
    assert_eq!(sent("scope"), 0, "never more scope");
}

/// must 68, RFC 8707 §2.2.
#[test]
fn resource_is_sent_again() {
    let world = World::new();
    world.http.push(good());
    let mut client = client();
    let resource = vec![
        "https://a.example/".to_owned(),
        "https://b.example/".to_owned(),
    ];
    client.service.values.resource = Some(resource.clone());
    refreshed(&world, &client).unwrap();
    let form = world.http.form(0);
    let sent = form.into_iter().filter(|(name, _)| name == "resource");
    assert_eq!(sent.map(|(_, value)| value).collect::<Vec<_>>(), resource);
}

/// must 38, 39.
#[test]
fn a_confidential_client_authenticates_by_one_method() {
    let world = World::new();
    world.http.push(good());
    world.http.push(good());
    let mut client = client();
    client.secret = Some(Secret::from("a:b c%+/&="));
    client.authentication = ClientAuthenticationMethod::ClientSecretBasic;
    refreshed(&world, &client).unwrap();
    client.authentication = ClientAuthenticationMethod::ClientSecretPost;
    refreshed(&world, &client).unwrap();
    let requests = world.http.requests.borrow();
    let basic = requests[0].headers()["authorization"].to_str().unwrap();
    // base64("cli:a%3Ab+c%25%2B%2F%26%3D")
    assert_eq!(basic, "Basic Y2xpOmElM0FiK2MlMjUlMkIlMkYlMjYlM0Q=");
    assert!(
        !world
            .http
            .form(0)
            .iter()
            .any(|(name, _)| name.starts_with("client_"))
    );
    assert!(!requests[1].headers().contains_key("authorization"));
    assert!(
        world
            .http
            .form(1)
            .contains(&("client_secret".into(), "a:b c%+/&=".into()))
    );
}

/// T12: only `invalid_grant` kills the refresh token.
#[test]
fn refusals_are_told_apart() {
    let (invalid_grant, _) = after(Answer::json(400, &json!({"error": "invalid_grant"})));
    assert!(matches!(invalid_grant, Err(RenewalError::Refused(_))));
    // T21: an error sent with status 200 is one.
    let (hidden, _) = after(Answer::json(200, &json!({"error": "invalid_grant"})));
    assert!(matches!(hidden, Err(RenewalError::Refused(_))));
    let (invalid_client, _) = after(Answer::json(401, &json!({"error": "invalid_client"})));
    let Err(RenewalError::Denied(error)) = invalid_client else {
        panic!("{invalid_client:?}")
    };
    assert_eq!(
        (error.error.as_str(), error.status),
        ("invalid_client", 401)
    );
    let (empty, _) = after(Answer::new(403, "text/plain", ""));
    let Err(RenewalError::Denied(error)) = empty else {
        panic!("{empty:?}")
    };
    assert_eq!((error.error.as_str(), error.status), ("", 403));
}

/// T13, T14, must 46: trouble of the server keeps everything, and nothing ambiguous is repeated.
#[test]
fn trouble_of_the_server_is_unavailable_and_asked_once() {
    for answer in [
        Answer::new(500, "text/html", "<h1>oops</h1>"),
        Answer::new(502, "text/html", ""),
        Answer::json(503, &json!({"error": "invalid_grant"})),
        Answer::new(408, "text/plain", ""),
        Answer::json(429, &json!({"error": "slow_down"})),
        Answer::json(400, &json!({"error": "temporarily_unavailable"})),
        Answer::Fail(HttpError::Ambiguous("connection reset".into())),
        Answer::response(429, &[("retry-after", "1000000000")], ""),
        Answer::response(429, &[("retry-after", "soon")], ""),
    ] {
        let told = format!("{answer:?}");
        let (outcome, world) = after(answer);
        let Err(RenewalError::Unavailable(error)) = outcome else {
            panic!("{told}: {outcome:?}")
        };
        assert_eq!(error.code().exit_code(), 6, "{told}");
        assert_eq!(world.http.count(), 1, "{told}");
    }
}

/// must 46, 47, T15.
#[test]
fn what_did_not_leave_and_what_is_asked_for_later_is_repeated() {
    let world = World::new();
    world
        .http
        .push(Answer::Fail(HttpError::NotSent("refused".into())));
    world
        .http
        .push(Answer::response(429, &[("retry-after", "2")], ""));
    world.http.push(good());
    refreshed(&world, &client()).unwrap();
    assert_eq!(world.http.count(), 3);
    let slept = world.clock.slept();
    assert!(
        slept.contains(&std::time::Duration::from_secs(2)),
        "{slept:?}"
    );

    let world = World::new();
    for _ in 0..9 {
        world
            .http
            .push(Answer::Fail(HttpError::NotSent("refused".into())));
    }
    let outcome = refreshed(&world, &client());
    assert!(
        matches!(outcome, Err(RenewalError::Unavailable(error)) if error.code() == Code::Unreachable)
    );
    assert_eq!(
        world.http.count(),
        crate::transport::retry::ATTEMPTS as usize
    );
}

/// T1–T5, T9–T11, T18: not what the RFC says is an invalid answer, and no part of it is told.
#[test]
fn malformed_answers_are_invalid_and_not_quoted() {
    let bad = [
        (200, r#"{"access_token":"SECRET","token_ty"#),
        (200, "<html>SECRET</html>"),
        (200, r#"["SECRET"]"#),
        (200, r#"{"access_token":"SECRET"}"#),
        (200, r#"{"access_token":"SECRET","token_type":"mac"}"#),
        (200, r#"{"access_token":"SECRET","token_type":"DPoP"}"#),
        (
            200,
            r#"{"access_token":"SECRET\r\nX: y","token_type":"bearer"}"#,
        ),
        (200, r#"{"access_token":"","token_type":"bearer"}"#),
        (
            200,
            r#"{"access_token":"SECRET","access_token":"x","token_type":"bearer"}"#,
        ),
        (
            200,
            r#"{"access_token":"SECRET","token_type":"bearer","expires_in":"abc"}"#,
        ),
        (307, ""),
    ];
    for (status, body) in bad {
        let (outcome, world) = after(Answer::new(status, "application/json", body));
        let Err(RenewalError::Invalid(error)) = outcome else {
            panic!("{body}: {outcome:?}")
        };
        assert_eq!(error.code(), Code::ResponseInvalid, "{body}");
        assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        assert_eq!(world.http.count(), 1);
    }
}

/// T8, T9: an answer without a refresh token, or with an empty one, names none.
#[test]
fn an_empty_refresh_token_is_none() {
    for token in [json!(null), json!("")] {
        let body = json!({"access_token": "a", "token_type": "Bearer", "refresh_token": token});
        let (outcome, _) = after(Answer::json(200, &body));
        assert_eq!(outcome.unwrap().refresh_token, None);
    }
}

/// Figma: refresh requests go elsewhere.
#[test]
fn a_refresh_endpoint_of_its_own_is_used() {
    let world = World::new();
    world.http.push(good());
    let mut client = client();
    client.service.values.refresh_endpoint = Some("https://as.example/refresh".into());
    refreshed(&world, &client).unwrap();
    assert_eq!(
        world.http.requests.borrow()[0].uri(),
        "https://as.example/refresh"
    );
}

/// M9: a token endpoint that moved is found anew, once, and only where nothing was spent.
#[test]
fn a_token_endpoint_that_moved_is_found_anew() {
    let mut client = client();
    client.service.values.token_endpoint = None;
    let metadata = |token_endpoint: &str| json!({"issuer": crate::grant::testing::ISSUER, "token_endpoint": token_endpoint});
    for nobody in [
        || Answer::new(404, "text/html", "gone"),
        || Answer::Fail(HttpError::NotSent("refused".into())),
    ] {
        let world = World::new();
        let moved = metadata("https://as.example/new");
        world
            .http
            .on_request(move |request| match request.uri().path() {
                "/token" => nobody(),
                "/new" => good(),
                _ => Answer::json(200, &moved),
            });
        refreshed(&world, &client).unwrap();
    }
    let world = World::new();
    let same = metadata("https://as.example/token");
    world
        .http
        .on_request(move |request| match request.uri().path() {
            "/token" => Answer::new(404, "text/html", "gone"),
            _ => Answer::json(200, &same),
        });
    assert!(matches!(
        refreshed(&world, &client),
        Err(RenewalError::Denied(_))
    ));
    assert_eq!(world.http.count(), 2);
}
