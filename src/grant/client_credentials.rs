//! Client credentials (RFC 6749 §4.4).

use oauth2::Scope;

use super::oauth2_client::{Failure, Wire, moved, oauth2};
use super::{Client, RenewalError};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::token::TokenSet;
use crate::transport::retry::Safety;

/// Gets a token for the client itself; run again when it expires.
pub async fn obtain(
    ports: &Ports<'_>,
    client: &Client,
    scope: Option<&[String]>,
) -> Result<TokenSet, RenewalError> {
    let wire = Wire::new(ports, client, Some(Safety::Refresh));
    let scope = scope.unwrap_or(client.service.scope());
    let outcome = ask(&wire, client, scope).await;
    if let Err(failure) = &outcome
        && let Some(moved) = moved(ports, client, failure).await
    {
        let wire = Wire::new(ports, &moved, Some(Safety::Refresh));
        let outcome = ask(&wire, &moved, scope).await;
        return outcome.map_err(Failure::into_renewal);
    }
    outcome.map_err(Failure::into_renewal)
}

async fn ask(wire: &Wire<'_>, client: &Client, scope: &[String]) -> Result<TokenSet, Failure> {
    if client.secret.is_none() {
        let name = &client.service.name;
        return Err(Failure::Invalid(
            Error::new(
                Code::ServiceIncomplete,
                format!("service \"{name}\" has no client secret, which client credentials need"),
            )
            .with_hint(format!(
                "give it with `hallpass edit {name} --client-secret-stdin`"
            )),
        ));
    }
    let oauth2 = oauth2(client, client.endpoint("token_endpoint")?);
    let mut request = oauth2.exchange_client_credentials();
    // A person's identity and a session without a person exclude each other.
    let scope = scope
        .iter()
        .filter(|entry| *entry != "openid" && *entry != "offline_access");
    if let Some(scope) = client.joined(scope) {
        request = request.add_scope(Scope::new(scope));
    }
    for (name, value) in client.token_parameters() {
        request = request.add_extra_param(name, value);
    }
    let token = wire.token(request.request_async(wire).await)?;
    // RFC 6749 §4.4.3: a refresh token should not be there; running the grant again replaces it.
    Ok(TokenSet {
        refresh_token: None,
        ..token
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::testing::client;
    use crate::port::fake::{Answer, World, block_on};
    use crate::secret::Secret;

    fn machine() -> Client {
        let mut client = client();
        client.secret = Some(Secret::from("s3cret"));
        let scope = ["openid", "notes", "offline_access", "mail"];
        client.service.values.scope = Some(scope.map(str::to_owned).into());
        client
    }

    fn obtained(world: &World, client: &Client) -> Result<TokenSet, RenewalError> {
        block_on(obtain(&world.ports(), client, None))
    }

    #[test]
    fn the_client_asks_for_itself_and_for_nobodys_identity() {
        let world = World::new();
        let token = json!({"access_token": "at", "token_type": "Bearer", "refresh_token": "rt"});
        world.http.push(Answer::json(200, &token));
        let token = obtained(&world, &machine()).unwrap();
        assert_eq!(token.access_token.expose(), "at");
        // RFC 6749 §4.4.3: it is not used, so it is not kept.
        assert_eq!(token.refresh_token, None);
        let form = world.http.form(0);
        assert!(form.contains(&("grant_type".into(), "client_credentials".into())));
        assert!(form.contains(&("scope".into(), "notes mail".into())));
    }

    #[test]
    fn a_public_client_sends_nothing() {
        let world = World::new();
        let mut client = machine();
        client.secret = None;
        let error = Error::from(obtained(&world, &client).unwrap_err());
        assert_eq!(error.code(), Code::ServiceIncomplete);
        assert!(error.hint().unwrap().contains("--client-secret-stdin"));
        assert_eq!(world.http.count(), 0);
    }

    #[test]
    fn refusals_and_trouble_are_told_apart() {
        let world = World::new();
        world
            .http
            .push(Answer::json(401, &json!({"error": "invalid_client"})));
        let refused = obtained(&world, &machine());
        assert!(
            matches!(refused, Err(RenewalError::Denied(_))),
            "{refused:?}"
        );
        world.http.push(Answer::new(502, "text/html", "<h1>"));
        let trouble = obtained(&world, &machine());
        assert!(
            matches!(trouble, Err(RenewalError::Unavailable(_))),
            "{trouble:?}"
        );
    }
}
