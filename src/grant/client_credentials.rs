//! Client credentials (RFC 6749 §4.4).

use super::{Client, RenewalError};
use crate::port::Ports;
use crate::protocol::token::TokenSet;

/// Gets a token for the client itself; run again when it expires.
pub async fn obtain(
    ports: &Ports<'_>,
    client: &Client,
    scope: Option<&[String]>,
) -> Result<TokenSet, RenewalError> {
    let _ = (ports, client, scope);
    todo!()
}
