//! Device authorization grant (RFC 8628).

use super::{Client, SignedIn};
use crate::error::Result;
use crate::port::Ports;

/// Shows the user code and polls until the person has approved on another device.
pub async fn sign_in(
    ports: &Ports<'_>,
    client: &Client,
    scope: Option<&[String]>,
) -> Result<SignedIn> {
    let _ = (ports, client, scope);
    todo!()
}
