//! One flow a file, each reading top to bottom like its RFC's figure.

use crate::error::{OAuthError, Result};
use crate::port::Ports;
use crate::protocol::id_token::IdTokenClaims;
use crate::protocol::metadata::ServerMetadata;
use crate::protocol::token::TokenSet;
use crate::secret::Secret;
use crate::service::Service;
use crate::service::registration::ClientAuthenticationMethod;

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod discovery;
pub mod refresh_token;

/// A service made ready for exchanges: metadata found and checked, client secret at hand.
#[derive(Debug, Clone)]
pub struct Client {
    /// The registration.
    pub service: Service,
    /// Discovered metadata, overridden by the service's explicit endpoints.
    pub metadata: ServerMetadata,
    /// `client_id`.
    pub client_id: String,
    /// Client secret, where the client is confidential.
    pub secret: Option<Secret>,
    /// How the client authenticates at the token endpoint.
    pub authentication: ClientAuthenticationMethod,
}

impl Client {
    /// Finds metadata (cache or fetch, issuer compared) and the client secret.
    ///
    /// `ServiceIncomplete` where `client_id` or an endpoint is missing.
    pub async fn prepare(ports: &Ports<'_>, service: &Service) -> Result<Client> {
        let _ = (ports, service);
        todo!()
    }
}

/// What a sign-in yields before anything is stored.
#[derive(Debug)]
pub struct SignedIn {
    /// The tokens, as answered.
    pub token: TokenSet,
    /// Validated claims of the ID Token, where there is one.
    pub id_token: Option<IdTokenClaims>,
    /// Values captured from the redirect (`realmId`, …) by preset.
    pub captured: std::collections::BTreeMap<String, String>,
    /// The browser waits for this answer; `None` for flows without one.
    pub page: Option<authorization_code::PendingPage>,
}

/// Why a refresh (or another non-interactive grant) failed; decides what happens to the record.
#[derive(Debug)]
pub enum RenewalError {
    /// The server refused the grant itself (`invalid_grant`): the refresh token is dead.
    Refused(OAuthError),
    /// The server refused for another reason (`invalid_client`, `invalid_scope`, …).
    Denied(OAuthError),
    /// Nobody answered, 408, 429, 5xx, or garbage: keep everything.
    Unavailable(crate::error::Error),
    /// The answer failed validation.
    Invalid(crate::error::Error),
}
