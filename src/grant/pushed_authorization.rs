//! Pushed authorization requests (RFC 9126): the parameters go to the server directly, the browser
//! carries a reference only.

use http::{Request, header};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::Client;
use crate::dialect;
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::authorization_request::with_parameters;
use crate::protocol::json;
use crate::protocol::number;
use crate::secret::printable;
use crate::transport::Limits;
use crate::transport::retry::{Safety, exchange_repeating};

/// Bytes of an answer at most.
const LIMIT: usize = 1 << 16;

/// Pushes the parameters; the URL that comes back holds only `client_id` and `request_uri`.
///
/// There is no way back to a plain request: the server wants it so (§5).
pub async fn push(
    ports: &Ports<'_>,
    client: &Client,
    authorization_endpoint: &Url,
    parameters: &[(String, String)],
) -> Result<Url> {
    let endpoint = client.endpoint("pushed_authorization_request_endpoint")?;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let request = Request::post(endpoint.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .map_err(|error| Error::new(Code::Internal, "a pushed request").with_source(error))?;
    let request = client.authenticate()?.apply(request)?;
    let request = dialect::token_request(client.service.dialect(), request)?;
    // Nobody has seen it yet, so a lost answer costs nothing.
    let response =
        exchange_repeating(ports, &request, Limits::default(), Safety::Repeatable).await?;
    if !response.status().is_success() {
        let error = dialect::error_response(&response);
        return Err(dialect::refused(
            "the pushed authorization request endpoint",
            error,
        ));
    }
    let request_uri = request_uri(response.body())?;
    let parameters = [
        ("client_id".to_owned(), client.client_id.clone()),
        ("request_uri".to_owned(), request_uri),
    ];
    with_parameters(authorization_endpoint, &parameters)
}

/// `request_uri` of an answer (§2.2): a reference of the server's own, not an address.
fn request_uri(body: &[u8]) -> Result<String> {
    let invalid = |why: String| {
        Error::new(
            Code::ResponseInvalid,
            format!("the pushed authorization response {why}"),
        )
    };
    let object = json::parse_object(body, LIMIT).map_err(|why| invalid(format!("is {why}")))?;
    let uri = match object.members.get("request_uri") {
        Some(Value::String(uri)) => uri,
        _ => return Err(invalid("has no request_uri".to_owned())),
    };
    let plain = uri.starts_with("urn:") && uri.bytes().all(|b| b.is_ascii_graphic());
    if !plain {
        let shown = printable(uri, 100);
        return Err(invalid(format!(
            "has request_uri {shown:?}, which is no urn:"
        )));
    }
    match object.members.get("expires_in").map(number::seconds) {
        Some(Ok(0)) => Err(invalid("has expired already (expires_in 0)".to_owned())),
        Some(Err(why)) => Err(invalid(format!("has an expires_in that {why}"))),
        _ => Ok(uri.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::testing::{client, code};
    use crate::port::fake::{Answer, World, block_on};

    fn pushed(world: &World) -> Result<Url> {
        let mut client = client();
        client.metadata.pushed_authorization_request_endpoint =
            Some("https://as.example/par".into());
        let endpoint = Url::parse("https://as.example/authorize").unwrap();
        let parameters = [("state".to_owned(), "st".to_owned())];
        block_on(push(&world.ports(), &client, &endpoint, &parameters))
    }

    /// must 99.
    #[test]
    fn the_browser_gets_a_reference_only() {
        let world = World::new();
        let answer =
            json!({"request_uri": "urn:ietf:params:oauth:request_uri:x", "expires_in": 60});
        world.http.push(Answer::json(201, &answer));
        let url = pushed(&world).unwrap();
        assert_eq!(
            url.as_str(),
            "https://as.example/authorize?client_id=cli\
             &request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax"
        );
        let form = world.http.form(0);
        assert!(form.contains(&("state".into(), "st".into())));
        assert!(form.contains(&("client_id".into(), "cli".into())));
    }

    /// T25, must 99: nothing falls back to a plain request.
    #[test]
    fn anything_else_is_an_error() {
        let urn = "urn:ietf:params:oauth:request_uri:x";
        for (status, answer, expected) in [
            (201, json!({"expires_in": 60}), Code::ResponseInvalid),
            (
                201,
                json!({"request_uri": "https://evil.example/"}),
                Code::ResponseInvalid,
            ),
            (
                201,
                json!({"request_uri": urn, "expires_in": 0}),
                Code::ResponseInvalid,
            ),
            (201, json!([]), Code::ResponseInvalid),
            (
                400,
                json!({"error": "invalid_request"}),
                Code::ServerRefused,
            ),
            (500, json!({}), Code::TransportFailed),
        ] {
            let world = World::new();
            world
                .http
                .on_request(move |_| Answer::json(status, &answer));
            assert_eq!(code(pushed(&world)), expected, "{status}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_a_reference_or_an_error(
            status in 200u16..600, uri in "urn:[a-z:]{0,12}|https?://[a-z./]{0,12}|\\PC{0,8}",
            lifetime in "0|60|-1|\"60\"|null|1e400", garbage in "\\PC{0,20}",
        ) {
            let body = format!("{{\"request_uri\":{},\"expires_in\":{lifetime}}}", json!(uri));
            for body in [body, garbage] {
                let world = World::new();
                world.http.on_request(move |_| Answer::new(status, "application/json", body.clone()));
                if let Ok(url) = pushed(&world) {
                    proptest::prop_assert!((200..300).contains(&status), "{}", status);
                    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
                    proptest::prop_assert_eq!(names, ["client_id", "request_uri"]);
                    proptest::prop_assert!(uri.starts_with("urn:"), "{}", uri);
                }
            }
        }
    }
}
