//! Refreshing an access token (RFC 6749 §6).

use oauth2::RefreshToken;

use super::oauth2_client::{Failure, Wire, moved, oauth2};
use super::{Client, RenewalError};
use crate::error::Result;
use crate::port::Ports;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::transport::retry::Safety;

/// Spends the refresh token once. Re-sends `resource`; never asks for more scope.
///
/// Repeated only where the request provably did not leave, or the server says when to come again
/// (`Retry-After`): whatever else failed may have spent the token already.
pub async fn refresh(
    ports: &Ports<'_>,
    client: &Client,
    refresh_token: &Secret,
) -> Result<TokenSet, RenewalError> {
    let wire = Wire::new(ports, client, Some(Safety::Refresh));
    let outcome = spend(&wire, client, refresh_token).await;
    if let Err(failure) = &outcome
        && let Some(moved) = moved(ports, client, failure).await
    {
        let wire = Wire::new(ports, &moved, Some(Safety::Refresh));
        let outcome = spend(&wire, &moved, refresh_token).await;
        return outcome.map_err(Failure::into_renewal);
    }
    outcome.map_err(Failure::into_renewal)
}

async fn spend(
    wire: &Wire<'_>,
    client: &Client,
    refresh_token: &Secret,
) -> Result<TokenSet, Failure> {
    let endpoint = match client.service.values.refresh_endpoint {
        Some(_) => "refresh_endpoint",
        None => "token_endpoint",
    };
    let oauth2 = oauth2(client, client.endpoint(endpoint)?);
    let refresh_token = RefreshToken::new(refresh_token.expose().clone());
    let mut request = oauth2.exchange_refresh_token(&refresh_token);
    for (name, value) in client.token_parameters() {
        request = request.add_extra_param(name, value);
    }
    // Without `scope` the server grants what it granted before (RFC 6749 §6).
    wire.token(request.request_async(wire).await)
}

#[cfg(test)]
#[path = "refresh_token_tests.rs"]
mod tests;
