//! Ending a session: revoke the refresh token, then the access token (RFC 7009), always delete
//! locally, say what happened.

use crate::error::Result;
use crate::port::Ports;
use crate::service::Service;

/// What became of it.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// Account that was signed out.
    pub account: String,
    /// The server confirmed the revocation of these (`refresh_token`, `access_token`).
    pub revoked: Vec<&'static str>,
    /// Why the server did not, where it did not.
    pub not_revoked: Option<crate::error::Error>,
}

/// Signs out of one session.
pub async fn sign_out(ports: &Ports<'_>, service: &Service) -> Result<SignedOut> {
    let _ = (ports, service);
    todo!()
}
