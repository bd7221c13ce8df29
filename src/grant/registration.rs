//! Dynamic client registration (RFC 7591): a native, public client of one server.

use super::redirect;
use crate::dialect;
use crate::error::Result;
use crate::port::Ports;
use crate::protocol::metadata::{ServerMetadata, check_endpoint};
use crate::protocol::registration::{ClientMetadata, Registered, read, request};
use crate::transport::{Limits, exchange};

/// Grants we ask for, as far as the server lists them.
const GRANTS: &[&str] = &[
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
];

/// Registers at the server's `registration_endpoint`; `None` where it has none.
pub async fn register(
    ports: &Ports<'_>,
    metadata: &ServerMetadata,
    redirect_uri: &str,
) -> Result<Option<Registered>> {
    let Some(endpoint) = &metadata.registration_endpoint else {
        return Ok(None);
    };
    let endpoint = check_endpoint("registration_endpoint", endpoint)?;
    let listed = metadata.grant_types_supported.as_deref();
    let grant_types: Vec<&str> = GRANTS
        .iter()
        .copied()
        .filter(|grant| match listed {
            Some(listed) => listed.iter().any(|name| name == grant),
            // RFC 8414 §2: what a silent server is taken to support.
            None => *grant != GRANTS[2],
        })
        .collect();
    let client = ClientMetadata {
        client_name: "hallpass",
        redirect_uris: &[redirect_uri.to_owned()],
        grant_types: &grant_types,
        scope: None,
    };
    // Not repeated: a lost answer may have made a client already.
    let response = exchange(ports, request(&endpoint, &client, None)?, Limits::default()).await?;
    if !response.status().is_success() {
        let error = dialect::error_response(&response);
        return Err(dialect::refused("the registration endpoint", error));
    }
    read(&response).map(Some)
}

/// The redirect URI of a registration without a port: any will do then (RFC 8252 §7.3).
pub fn redirect_uri() -> String {
    redirect::loopback_uri(crate::port::LoopbackHost::V4, 80, redirect::DEFAULT_PATH)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Code;
    use crate::grant::testing::code;
    use crate::port::fake::{Answer, World, block_on};

    fn registered(world: &World, endpoint: Option<&str>) -> Result<Option<Registered>> {
        let metadata = ServerMetadata {
            registration_endpoint: endpoint.map(str::to_owned),
            ..ServerMetadata::default()
        };
        block_on(register(&world.ports(), &metadata, &redirect_uri()))
    }

    const ENDPOINT: Option<&str> = Some("https://as.example/register");

    /// must 96.
    #[test]
    fn a_native_client_is_registered() {
        let world = World::new();
        world
            .http
            .push(Answer::json(201, &json!({"client_id": "c"})));
        assert_eq!(
            registered(&world, ENDPOINT).unwrap().unwrap().client_id,
            "c"
        );
        let requests = world.http.requests.borrow();
        let body: Value = serde_json::from_slice(requests[0].body()).unwrap();
        assert_eq!(body["redirect_uris"], json!(["http://127.0.0.1/callback"]));
        assert_eq!(
            body["grant_types"],
            json!(["authorization_code", "refresh_token"])
        );
    }

    #[test]
    fn servers_that_register_nobody_are_told_apart() {
        let world = World::new();
        assert_eq!(registered(&world, None).unwrap(), None);
        world
            .http
            .push(Answer::json(401, &json!({"error": "invalid_token"})));
        assert_eq!(code(registered(&world, ENDPOINT)), Code::ServerRefused);
        world.http.push(Answer::json(201, &json!({})));
        assert_eq!(code(registered(&world, ENDPOINT)), Code::ResponseInvalid);
    }
}
