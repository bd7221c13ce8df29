//! UserInfo (OpenID Connect Core §5.3): who the token's person is, as the server says now.

use http::{Request, header};
use serde_json::{Map, Value};

use super::Client;
use crate::error::Result;
use crate::port::Ports;
use crate::protocol::token::TokenSet;

/// Asks the UserInfo endpoint; `sub` must be the ID Token's where there was one (§5.3.2).
pub async fn fetch(
    ports: &Ports<'_>,
    client: &Client,
    token: &TokenSet,
    subject: Option<&str>,
) -> Result<Map<String, Value>> {
    let _ = (
        ports,
        client,
        token,
        subject,
        Request::<()>::default(),
        header::ACCEPT,
    );
    todo!()
}
