//! UserInfo (OpenID Connect Core §5.3): who the token's person is, as the server says now.

use http::{StatusCode, header};
use serde_json::{Map, Value};
use url::Url;

use crate::dialect;
use crate::error::{Code, Error, Result};
use crate::port::{self, Body, Ports};
use crate::protocol::json;
use crate::protocol::token::TokenSet;
use crate::transport::{Audience, Credential, Limits, exchange};

/// Bytes of an answer at most.
const LIMIT: usize = 1 << 20;

/// Asks the UserInfo endpoint; `sub` must be the ID Token's where there was one (§5.3.2).
///
/// `LoginRequired` where the server does not take the token any more.
pub async fn fetch(
    ports: &Ports<'_>,
    endpoint: &Url,
    token: &TokenSet,
    subject: Option<&str>,
) -> Result<Map<String, Value>> {
    let request = authorized(token, endpoint)?;
    let response = exchange(ports, request, Limits::default()).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        return Err(Error::new(
            Code::LoginRequired,
            "the UserInfo endpoint does not take the access token",
        )
        .with_hint("sign in again with `hallpass login`, with the scope openid"));
    }
    if !response.status().is_success() {
        let error = dialect::error_response(&response);
        return Err(dialect::refused("the UserInfo endpoint", error));
    }
    let members = json::parse_object(response.body(), LIMIT)
        .map_err(|why| invalid(&format!("is {why}")))?
        .members;
    check_subject(&members, subject)?;
    Ok(members)
}

/// The token goes to the endpoint's origin and nowhere else.
fn authorized(token: &TokenSet, endpoint: &Url) -> Result<http::Request<Vec<u8>>> {
    let mut audience = Audience::default();
    audience.allow(
        &endpoint.origin().ascii_serialization(),
        "userinfo_endpoint",
    )?;
    let credential = Credential::new(token.access_token.clone(), token.token_type, audience);
    let mut request: port::Request = http::Request::get(endpoint.as_str())
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("hallpass/", env!("CARGO_PKG_VERSION")),
        )
        .body(Body::empty())
        .map_err(|error| Error::new(Code::Internal, "a UserInfo request").with_source(error))?;
    credential.authorize(&mut request)?;
    Ok(request.map(|_| Vec::new()))
}

/// OIDC Core §5.3.2: another person's claims are an attack.
fn check_subject(members: &Map<String, Value>, subject: Option<&str>) -> Result<()> {
    let Some(expected) = subject else {
        return Ok(());
    };
    match members.get("sub") {
        Some(Value::String(sub)) if sub == expected => Ok(()),
        Some(Value::String(_)) => Err(invalid("is about another person than the ID Token (sub)")),
        _ => Err(invalid("has no sub")),
    }
}

fn invalid(why: &str) -> Error {
    Error::new(Code::UserinfoInvalid, format!("the UserInfo answer {why}"))
        .with_hint("sign in again; if it stays so, the server's operator should know")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::testing::code;
    use crate::port::fake::{Answer, World, block_on};
    use crate::secret::Secret;

    fn fetched(world: &World, subject: Option<&str>) -> Result<Map<String, Value>> {
        let endpoint = Url::parse("https://as.example/userinfo").unwrap();
        let token = TokenSet {
            access_token: Secret::from("at"),
            token_type: Default::default(),
            refresh_token: None,
            id_token: None,
            scope: None,
            expires_in: None,
            refresh_token_expires_in: None,
            extra: Default::default(),
        };
        block_on(fetch(&world.ports(), &endpoint, &token, subject))
    }

    /// must 60, J16.
    #[test]
    fn the_subject_must_be_the_id_tokens() {
        for (answer, expected) in [
            (json!({"sub": "1x"}), Code::UserinfoInvalid),
            (json!({"sub": 1}), Code::UserinfoInvalid),
            (json!({"email": "a@b"}), Code::UserinfoInvalid),
            (json!(["sub", "1"]), Code::UserinfoInvalid),
        ] {
            let world = World::new();
            world.http.push(Answer::json(200, &answer));
            assert_eq!(code(fetched(&world, Some("1"))), expected, "{answer}");
        }
        let world = World::new();
        world
            .http
            .push(Answer::json(200, &json!({"sub": "1", "name": "Ada"})));
        assert_eq!(fetched(&world, Some("1")).unwrap()["name"], "Ada");
        let requests = world.http.requests.borrow();
        assert_eq!(requests[0].headers()["authorization"], "Bearer at");
    }

    #[test]
    fn trouble_is_told_as_what_it_is() {
        for (status, body, expected) in [
            (200, "<html>", Code::UserinfoInvalid),
            (401, "", Code::LoginRequired),
            (
                403,
                "{\"error\":\"insufficient_scope\"}",
                Code::ServerRefused,
            ),
            (503, "", Code::TransportFailed),
            (302, "", Code::ServerRefused),
        ] {
            let world = World::new();
            world
                .http
                .push(Answer::new(status, "application/json", body));
            assert_eq!(code(fetched(&world, None)), expected, "{status}");
        }
    }
}
