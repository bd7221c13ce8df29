//! Refreshing an access token (RFC 6749 §6).

use super::{Client, RenewalError};
use crate::port::Ports;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;

/// Spends the refresh token once. Re-sends `resource`; never asks for more scope.
pub async fn refresh(
    ports: &Ports<'_>,
    client: &Client,
    refresh_token: &Secret,
) -> Result<TokenSet, RenewalError> {
    let _ = (ports, client, refresh_token);
    todo!()
}
