//! Preparing a client: metadata merged, secret found, authentication chosen.

use serde_json::json;

use super::*;
use crate::grant::testing::{ISSUER, code, service};
use crate::port::fake::{Answer, World, block_on};

fn prepared(world: &World, service: &Service) -> Result<Client> {
    block_on(Client::prepare(&world.ports(), service))
}

fn discovered() -> Service {
    let mut service = service();
    service.values.token_endpoint = None;
    service
}

fn document() -> serde_json::Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://as.example/found/authorize",
        "token_endpoint": "https://as.example/found/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    })
}

#[test]
fn explicit_endpoints_need_no_document() {
    let world = World::new();
    let client = prepared(&world, &service()).unwrap();
    assert_eq!(world.http.count(), 0);
    assert_eq!(client.issuer(), Some(ISSUER));
    assert_eq!(client.authentication, ClientAuthenticationMethod::None);
}

#[test]
fn what_the_service_says_stands_above_what_is_discovered() {
    let world = World::new();
    world.http.push(Answer::json(200, &document()));
    let client = prepared(&world, &discovered()).unwrap();
    let at = |name| client.endpoint(name).unwrap().to_string();
    assert_eq!(at("authorization_endpoint"), "https://as.example/authorize");
    assert_eq!(at("token_endpoint"), "https://as.example/found/token");
    assert_eq!(
        code(client.endpoint("revocation_endpoint")),
        Code::ServiceIncomplete
    );
}

#[test]
fn openid_needs_keys_and_so_a_document() {
    let world = World::new();
    world.http.push(Answer::json(200, &document()));
    let mut service = service();
    service.values.scope = Some(vec!["openid".into()]);
    prepared(&world, &service).unwrap();
    assert_eq!(world.http.count(), 1);
}

#[test]
fn the_secret_comes_from_where_the_service_says() {
    let world = World::new();
    let mut service = service();
    world.store.put(&client_secret_key("example"), "s-store");
    world.environment.set("THE_SECRET", "s-env");
    world
        .environment
        .files
        .borrow_mut()
        .insert("/s".into(), "s-file".into());
    world
        .environment
        .commands
        .borrow_mut()
        .insert("pass x".into(), "s-command".into());
    for (source, expected) in [
        (SecretSource::Store, "s-store"),
        (SecretSource::Env("THE_SECRET".into()), "s-env"),
        (SecretSource::File("/s".into()), "s-file"),
        (
            SecretSource::Command(vec!["pass".into(), "x".into()]),
            "s-command",
        ),
    ] {
        service.values.client_secret = Some(source);
        let client = prepared(&world, &service).unwrap();
        assert_eq!(client.secret.unwrap().expose(), expected);
        assert_eq!(
            client.authentication,
            ClientAuthenticationMethod::ClientSecretBasic
        );
    }
    service.values.client_secret = Some(SecretSource::Env("NOT_SET".into()));
    let error = prepared(&world, &service).unwrap_err();
    assert_eq!(error.code(), Code::ServiceIncomplete);
    assert!(error.to_string().contains("$NOT_SET"), "{error}");
}

#[test]
fn a_method_that_wants_a_secret_wants_one() {
    let world = World::new();
    let mut service = service();
    service.values.token_endpoint_auth_method = Some(ClientAuthenticationMethod::ClientSecretPost);
    assert_eq!(code(prepared(&world, &service)), Code::ServiceIncomplete);
    service.values.client_id = None;
    assert_eq!(code(prepared(&world, &service)), Code::ServiceIncomplete);
}

/// A secret that the method does not send stays at home.
#[test]
fn a_public_client_has_no_secret() {
    let world = World::new();
    let mut service = service();
    world.store.put(&client_secret_key("example"), "s");
    service.values.client_secret = Some(SecretSource::Store);
    service.values.token_endpoint_auth_method = Some(ClientAuthenticationMethod::None);
    assert_eq!(prepared(&world, &service).unwrap().secret, None);
}
