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
