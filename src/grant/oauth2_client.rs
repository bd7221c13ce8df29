//! The `oauth2` crate's exchanges over our border: its requests go out through
//! `transport::exchange`, with the service's dialect translating both ways.
//!
//! The crate's type parameters keep what it would drop: `id_token`, the refresh token's lifetime
//! and every unknown member. What it makes of a failure is sorted here into [`Failure`].

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::{StatusCode, header};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ErrorResponseType, ExtraTokenFields, HttpRequest, HttpResponse, RequestTokenError,
    StandardErrorResponse, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Client;
use super::retry::{Patience, wait_before_repeat};
use crate::error::{Code, Error, OAuthError, Result};
use crate::port::Ports;
use crate::protocol::token::{TokenSet, TokenType};
use crate::secret::{Secret, printable};
use crate::service::registration::ClientAuthenticationMethod;
use crate::transport::{ExchangeError, Limits, exchange};

/// Members of a token response that RFC 6749 §5.1 does not name.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct OtherMembers(Map<String, Value>);

impl fmt::Debug for OtherMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An ID Token may be among them.
        write!(f, "OtherMembers({})", self.0.len())
    }
}

impl ExtraTokenFields for OtherMembers {}

/// `token_type` in lower case, whatever it is; [`token_set`] decides.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct TypeName(String);

impl oauth2::TokenType for TypeName {}

/// `error`, whatever it is.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct ErrorName(String);

impl ErrorResponseType for ErrorName {}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0, 64))
    }
}

pub(super) type TokenAnswer = StandardTokenResponse<OtherMembers, TypeName>;
type ErrorAnswer = StandardErrorResponse<ErrorName>;

/// The crate's client with a token endpoint.
pub(super) type Oauth2 = oauth2::Client<
    ErrorAnswer,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Our client as the crate wants it, for exchanges at `token_endpoint`.
pub(super) fn oauth2(client: &Client, token_endpoint: &str) -> Result<Oauth2> {
    let token_url = TokenUrl::new(token_endpoint.to_owned()).map_err(|_| {
        Error::new(
            Code::ServiceIncomplete,
            format!("token_endpoint {:?} is not a URL", printable(token_endpoint, 200)),
        )
    })?;
    let auth_type = match client.authentication {
        ClientAuthenticationMethod::ClientSecretBasic => AuthType::BasicAuth,
        _ => AuthType::RequestBody,
    };
    let mut oauth2 = oauth2::Client::new(ClientId::new(client.client_id.clone()))
        .set_auth_type(auth_type)
        .set_token_uri(token_url);
    if let Some(secret) = client.secret_to_send() {
        oauth2 = oauth2.set_client_secret(ClientSecret::new(secret.expose().clone()));
    }
    Ok(oauth2)
}

/// What the crate does not hand on about the last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub status: Option<StatusCode>,
    pub content_type: String,
    /// `Retry-After`, where the answer asked for patience.
    pub retry_after: Option<Duration>,
    /// What is wrong with a body that is not what the RFC asks for; never its content.
    pub fault: Option<String>,
    /// `interval` of a `slow_down` error (GitHub).
    pub interval: Option<Duration>,
}

/// The HTTP client that the crate calls.
pub(super) struct Wire<'a> {
    ports: &'a Ports<'a>,
    client: &'a Client,
    patience: Patience,
    seen: RefCell<Seen>,
}

impl<'a> Wire<'a> {
    pub fn new(ports: &'a Ports<'a>, client: &'a Client, patience: Patience) -> Self {
        Wire {
            ports,
            client,
            patience,
            seen: RefCell::default(),
        }
    }

    /// Facts of the last answer.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// One exchange, repeated only where that is safe.
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        let mut tries = 0;
        loop {
            let outcome = self.once(request.clone()).await;
            let wait = wait_before_repeat(self.patience, tries, &outcome, &self.seen.borrow());
            let Some(wait) = wait else {
                return outcome;
            };
            tries += 1;
            self.ports.clock.sleep(wait).await;
        }
    }

    async fn once(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        todo!()
    }
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = ExchangeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ExchangeError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}
