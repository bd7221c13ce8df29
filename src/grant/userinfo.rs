//! UserInfo (OpenID Connect Core §5.3): who the token's person is, as the server says now.

use http::{StatusCode, header};
use serde_json::{Map, Value};
use url::Url;

use super::Client;
use super::id_token::{Wanted, with_keys};

use crate::dialect;
use crate::error::{Code, Error, Result};
use crate::port::{self, Body, Ports};
use crate::protocol::token::TokenSet;
use crate::protocol::userinfo::{self, Answer};
use crate::transport::{Audience, Credential, Limits, exchange};

/// Asks the UserInfo endpoint; `sub` must be the ID Token's where there was one (§5.3.2). A signed
/// answer is verified with the keys of `client`.
///
/// `LoginRequired` where the server does not take the token any more.
pub async fn fetch(
    ports: &Ports<'_>,
    endpoint: &Url,
    token: &TokenSet,
    subject: Option<&str>,
    client: Option<&Client>,
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
    let claims = match (userinfo::read(&response)?, client) {
        (Answer::Claims(claims), _) => claims,
        (Answer::Signed(jwt), Some(client)) => {
            let now = ports.clock.now();
            with_keys(
                ports,
                client,
                token,
                &Wanted::default(),
                &|keys, expected| userinfo::verify(&jwt, keys, expected, now),
            )
            .await?
        }
        (Answer::Signed(_), None) => {
            return Err(Error::new(
                Code::UserinfoInvalid,
                "the UserInfo response is signed, and no client is known to check it for",
            ));
        }
    };
    userinfo::check_subject(&claims, subject)?;
    Ok(claims)
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
        block_on(fetch(&world.ports(), &endpoint, &token, subject, None))
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
