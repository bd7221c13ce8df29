//! One flow a file, each reading top to bottom like its RFC's figure.

use std::collections::BTreeMap;

use crate::dialect;
use crate::error::{Error, OAuthError, Result};
use crate::protocol::id_token::IdTokenClaims;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::service::Service;

pub mod authorization_code;
pub mod client;
pub mod client_credentials;
pub mod device_code;
pub mod discovery;
mod document;
pub mod id_token;
pub mod introspection;
pub mod landing_page;
mod oauth2_client;
pub mod password;
mod pushed_authorization;
pub mod redirect;
pub mod refresh_token;
pub mod registration;
pub mod revocation;
#[cfg(test)]
pub(crate) mod testing;
pub mod userinfo;
mod waiting;

pub use client::Client;

/// What a sign-in yields before anything is stored.
#[derive(Debug)]
pub struct SignedIn {
    /// The tokens, as answered.
    pub token: TokenSet,
    /// Validated claims of the ID Token, where there is one.
    pub id_token: Option<IdTokenClaims>,
    /// Values captured from the redirect and the token response (`realmId`, …) by preset.
    pub captured: BTreeMap<String, String>,
    /// The browser waits for this answer; `None` for flows without one.
    pub page: Option<authorization_code::PendingPage>,
}

impl SignedIn {
    /// Without a browser that waits, and without an ID Token.
    pub fn without_a_person(client: &Client, token: TokenSet) -> Self {
        SignedIn {
            captured: captured(client, &token, &BTreeMap::new()),
            token,
            id_token: None,
            page: None,
        }
    }
}

/// A token set from a token that the person has already: bare, or a token response in JSON.
pub fn given_token(service: &Service, text: &Secret) -> Result<TokenSet> {
    oauth2_client::given(text, service.dialect())
}

/// Why a refresh (or another non-interactive grant) failed; decides what happens to the record.
#[derive(Debug)]
pub enum RenewalError {
    /// The server refused the grant itself (`invalid_grant`): the refresh token is dead.
    Refused(OAuthError),
    /// The server refused for another reason (`invalid_client`, `invalid_scope`, …).
    Denied(OAuthError),
    /// Nobody answered, 408, 429, 5xx, or garbage: keep everything.
    Unavailable(Error),
    /// The answer failed validation.
    Invalid(Error),
}

impl From<RenewalError> for Error {
    fn from(error: RenewalError) -> Self {
        match error {
            RenewalError::Refused(error) | RenewalError::Denied(error) => {
                dialect::refused("the token endpoint", error)
            }
            RenewalError::Unavailable(error) | RenewalError::Invalid(error) => error,
        }
    }
}

/// What the preset wants kept of the token response, else of the redirect.
fn captured(
    client: &Client,
    token: &TokenSet,
    redirect: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let names = client.service.values.capture.iter().flatten();
    names
        .filter_map(|name| {
            let told = token.extra.get(name).and_then(|value| match value {
                serde_json::Value::String(text) => Some(text.clone()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            let value = told.or_else(|| redirect.get(name).cloned())?;
            Some((name.clone(), value))
        })
        .collect()
}
