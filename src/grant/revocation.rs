//! Token revocation (RFC 7009). Ours, because the `oauth2` crate refuses http even on loopback.

use http::{Request, StatusCode, header};
use url::form_urlencoded;

use super::Client;
use crate::dialect;
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::secret::Secret;
use crate::transport::Limits;
use crate::transport::retry::{Safety, exchange_repeating};

/// `token_type_hint` (RFC 7009 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    RefreshToken,
    AccessToken,
}

impl Hint {
    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Hint::RefreshToken => "refresh_token",
            Hint::AccessToken => "access_token",
        }
    }
}

/// Revokes one token; a token the server does not know is revoked too (§2.2).
///
/// `ServiceIncomplete` where the server has no revocation endpoint.
pub async fn revoke(ports: &Ports<'_>, client: &Client, token: &Secret, hint: Hint) -> Result<()> {
    let endpoint = client.endpoint("revocation_endpoint")?;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose())
        .append_pair("token_type_hint", hint.as_str())
        .finish();
    let request = Request::post(endpoint.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .map_err(|error| Error::new(Code::Internal, "a revocation request").with_source(error))?;
    let request = client.authenticate()?.apply(request)?;
    let request = dialect::token_request(client.service.dialect(), request)?;
    let request = client.with_api_headers(request);
    let response =
        exchange_repeating(ports, &request, Limits::default(), Safety::Repeatable).await?;
    if response.status() == StatusCode::OK || response.status() == StatusCode::NO_CONTENT {
        return Ok(());
    }
    let secrets = [Some(token), client.secret.as_ref()].into_iter().flatten();
    let secrets = secrets.map(|secret| secret.expose().as_str());
    let error = dialect::without_secrets(dialect::error_response(&response), secrets);
    Err(dialect::refused("the revocation endpoint", error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::testing::{client, code};
    use crate::port::fake::{Answer, World, block_on};

    fn revoked(world: &World, endpoint: Option<&str>) -> Result<()> {
        let mut client = client();
        client.metadata.revocation_endpoint = endpoint.map(str::to_owned);
        let token = Secret::from("rt");
        block_on(revoke(&world.ports(), &client, &token, Hint::RefreshToken))
    }

    const ENDPOINT: Option<&str> = Some("https://as.example/revoke");

    /// must 104.
    #[test]
    fn a_revocation_names_the_token_and_the_client() {
        let world = World::new();
        world.http.push(Answer::new(200, "text/plain", ""));
        revoked(&world, ENDPOINT).unwrap();
        let form = world.http.form(0);
        assert!(form.contains(&("token".into(), "rt".into())));
        assert!(form.contains(&("token_type_hint".into(), "refresh_token".into())));
        assert!(form.contains(&("client_id".into(), "cli".into())));
    }

    /// Notion answers 400 without its `Notion-Version`, at its own API's origin.
    #[test]
    fn the_apis_headers_go_along_to_its_own_origin_only() {
        for (base, sent) in [
            ("https://as.example/v1/", Some("2022-06-28")),
            ("https://api.example/v1/", None),
        ] {
            let world = World::new();
            world.http.push(Answer::new(200, "text/plain", ""));
            let mut client = client();
            client.metadata.revocation_endpoint = ENDPOINT.map(str::to_owned);
            client.service.values.api_base_url = Some(base.into());
            let headers = &mut client.service.values.api_headers;
            headers.insert("Notion-Version".into(), "2022-06-28".into());
            headers.insert("Accept".into(), "text/x".into());
            let token = Secret::from("rt");
            block_on(revoke(&world.ports(), &client, &token, Hint::RefreshToken)).unwrap();
            let requests = world.http.requests.borrow();
            let header = |name| requests[0].headers().get(name)?.to_str().ok();
            assert_eq!(header("notion-version"), sent);
            assert_eq!(header("accept"), Some("application/json"));
        }
    }

    #[test]
    fn refusals_and_trouble_are_told_apart() {
        let world = World::new();
        let unsupported = json!({"error": "unsupported_token_type"});
        world.http.push(Answer::json(400, &unsupported));
        assert_eq!(code(revoked(&world, ENDPOINT)), Code::ServerRefused);
        world.http.on_request(|_| Answer::new(503, "text/html", ""));
        assert_eq!(code(revoked(&world, ENDPOINT)), Code::TransportFailed);
        assert_eq!(code(revoked(&world, None)), Code::ServiceIncomplete);
    }

    /// RFC 7009 §2: never over plain http.
    #[test]
    fn a_token_never_goes_to_plain_http() {
        let world = World::new();
        assert!(revoked(&world, Some("http://as.example/revoke")).is_err());
        assert_eq!(world.http.count(), 0);
    }
}
