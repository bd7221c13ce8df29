//! A service and a client for the tests of this room.

use std::collections::BTreeMap;

use crate::error::{Code, Error};
use crate::port::fake::{Answer, World};
use crate::protocol::metadata::ServerMetadata;
use crate::service::registration::ClientAuthenticationMethod;
use crate::service::{Registration, Service};

use super::Client;

/// The issuer of [`service`].
pub const ISSUER: &str = "https://as.example";

/// A public client of `https://as.example` with explicit endpoints.
pub fn service() -> Service {
    let at = |path: &str| Some(format!("{ISSUER}{path}"));
    Service {
        name: "example".into(),
        account: None,
        values: Registration {
            issuer: Some(ISSUER.into()),
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            device_authorization_endpoint: at("/device"),
            client_id: Some("cli".into()),
            scope: Some(vec!["notes".into()]),
            ..Registration::default()
        },
        origins: BTreeMap::new(),
        variables: BTreeMap::new(),
    }
}

/// [`service`], prepared.
pub fn client() -> Client {
    let service = service();
    Client {
        metadata: ServerMetadata {
            issuer: service.values.issuer.clone(),
            authorization_endpoint: service.values.authorization_endpoint.clone(),
            token_endpoint: service.values.token_endpoint.clone(),
            device_authorization_endpoint: service.values.device_authorization_endpoint.clone(),
            ..ServerMetadata::default()
        },
        service,
        client_id: "cli".into(),
        secret: None,
        authentication: ClientAuthenticationMethod::None,
    }
}

/// A browser and a server that grant: the redirect comes back with the code `abc`, and the token
/// endpoint answers with `token`.
pub fn granting(world: &World, token: serde_json::Value) {
    come_back(world, |state| format!("code=abc&state={state}"));
    world.http.on_request(move |_| Answer::json(200, &token));
}

/// A browser that comes back with what is made of the `state`.
pub fn come_back(world: &World, query: impl Fn(&str) -> String + 'static) {
    let listener = world.listener.clone();
    world.browser.on_open(move |url| {
        let sent: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        listener.push_get(&format!(
            "{}?{}",
            sent["redirect_uri"],
            query(&sent["state"])
        ));
    });
}

/// The code of a failure; a success fails the test.
pub fn code<T>(result: Result<T, Error>) -> Code {
    match result {
        Ok(_) => panic!("this was to fail"),
        Err(error) => error.code(),
    }
}
