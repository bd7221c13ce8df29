//! The `oauth2` crate's exchanges over our border: its requests go out through
//! `transport::exchange`, with the service's dialect translating both ways.
//!
//! The crate's type parameters keep what it would drop: `id_token`, the refresh token's lifetime
//! and every unknown member. What it makes of a failure is sorted into [`Failure`].

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ErrorResponse,
    ErrorResponseType, ExtraTokenFields, HttpRequest, HttpResponse, RequestTokenError,
    StandardErrorResponse, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{Client, RenewalError};
use crate::dialect;
use crate::error::{Code, Error, OAuthError};
use crate::port::{HttpError, Ports};
use crate::protocol::token::{TokenSet, TokenType};
use crate::secret::{Secret, printable};
use crate::service::registration::ClientAuthenticationMethod;
use crate::transport::retry::{Safety, exchange_repeating, retry_after};
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

/// `token_type` in lower case; the dialect has refused what was not asked for.
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

impl AsRef<str> for ErrorName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

pub(super) type TokenAnswer = StandardTokenResponse<OtherMembers, TypeName>;

/// The crate's client with a token endpoint.
pub(super) type Oauth2 = oauth2::Client<
    StandardErrorResponse<ErrorName>,
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
pub(super) fn oauth2(client: &Client, token_endpoint: Url) -> Oauth2 {
    let auth_type = match client.authentication {
        ClientAuthenticationMethod::ClientSecretBasic => AuthType::BasicAuth,
        _ => AuthType::RequestBody,
    };
    let oauth2 = oauth2::Client::new(ClientId::new(client.client_id.clone()))
        .set_auth_type(auth_type)
        .set_token_uri(TokenUrl::from_url(token_endpoint));
    match &client.secret {
        Some(secret) => oauth2.set_client_secret(ClientSecret::new(secret.expose().clone())),
        None => oauth2,
    }
}

/// What the crate does not hand on of the last answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// `interval`, which GitHub sends with `slow_down`.
    pub interval: Option<Duration>,
}

/// Which translation an answer needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Token,
    DeviceAuthorization,
}

/// The HTTP client that the crate calls.
pub(super) struct Wire<'a> {
    pub ports: &'a Ports<'a>,
    client: &'a Client,
    endpoint: Endpoint,
    /// `None`: nothing is repeated, the caller has a rhythm of its own.
    safety: Option<Safety>,
    seen: RefCell<Seen>,
    /// Secrets of the last request, which the server's words must not repeat.
    sent: RefCell<Vec<Secret>>,
}

impl<'a> Wire<'a> {
    pub fn new(ports: &'a Ports<'a>, client: &'a Client, safety: Option<Safety>) -> Self {
        Wire {
            ports,
            client,
            endpoint: Endpoint::Token,
            safety,
            seen: RefCell::default(),
            sent: RefCell::default(),
        }
    }

    /// For the device authorization endpoint.
    pub fn device_authorization(ports: &'a Ports<'a>, client: &'a Client) -> Self {
        Wire {
            endpoint: Endpoint::DeviceAuthorization,
            ..Wire::new(ports, client, Some(Safety::Once))
        }
    }

    /// Facts of the last answer.
    pub fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    /// One exchange, repeated only where that is safe.
    pub async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        self.seen.replace(Seen::default());
        self.sent.replace(dialect::secrets_of(request.body()));
        let switches = self.client.service.dialect();
        let request = dialect::token_request(switches, request)?;
        let request = self.client.with_api_headers(request);
        let limits = Limits::default();
        let response = match self.safety {
            Some(safety) => exchange_repeating(self.ports, &request, limits, safety).await?,
            None => exchange(self.ports, request, limits).await?,
        };
        self.seen.replace(Seen {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), self.ports.clock.now()),
            interval: interval(response.body()),
        });
        Ok(match self.endpoint {
            Endpoint::Token => dialect::token_response(switches, response)?,
            Endpoint::DeviceAuthorization => {
                dialect::device_authorization_response(switches, response)?
            }
        })
    }

    /// The crate's outcome of a token request in our terms.
    pub fn token<E: NamedError>(
        &self,
        outcome: Result<TokenAnswer, RequestTokenError<ExchangeError, E>>,
    ) -> Result<TokenSet, Failure> {
        outcome.map(token_set).map_err(|error| self.failure(error))
    }

    /// The crate's failure in our terms.
    pub fn failure<E: NamedError>(&self, error: RequestTokenError<ExchangeError, E>) -> Failure {
        match error {
            RequestTokenError::ServerResponse(answer) => {
                let error = OAuthError {
                    status: self.seen().status,
                    ..answer.named()
                };
                let sent = self.sent.borrow();
                let secrets = sent.iter().chain(&self.client.secret);
                let secrets = secrets.map(|secret| secret.expose().as_str());
                Failure::Refused(dialect::without_secrets(error, secrets))
            }
            RequestTokenError::Request(ExchangeError::Http(error)) => Failure::Transport(error),
            RequestTokenError::Request(ExchangeError::Other(error)) => Failure::Invalid(error),
            // The dialect has checked every member already. The crate's words may quote the
            // answer, so they are not passed on.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Failure::Invalid(Error::new(
                    Code::ResponseInvalid,
                    "the token endpoint's answer is not what RFC 6749 §5.1 asks for",
                ))
            }
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = ExchangeError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ExchangeError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

/// An error answer of the crate, whatever its registry of codes.
pub(super) trait NamedError: ErrorResponse + 'static {
    /// The same without a status.
    fn named(&self) -> OAuthError;
}

impl<T> NamedError for StandardErrorResponse<T>
where
    T: ErrorResponseType + fmt::Display + AsRef<str> + 'static,
{
    fn named(&self) -> OAuthError {
        OAuthError {
            error: self.error().as_ref().to_owned(),
            error_description: self.error_description().cloned(),
            error_uri: self.error_uri().cloned(),
            status: 0,
        }
    }
}

/// How a token request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Below HTTP.
    Transport(HttpError),
    /// The server refused; `error` is empty where it named no code.
    Refused(OAuthError),
    /// The answer, or what was to be sent, is not as it must be.
    Invalid(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Invalid(error)
    }
}

impl Failure {
    /// For a person who is signing in.
    pub fn into_error(self) -> Error {
        self.into_error_at("the token endpoint")
    }

    /// [`Failure::into_error`] of another endpoint.
    pub fn into_error_at(self, endpoint: &str) -> Error {
        match self {
            Failure::Transport(error) => error.into(),
            Failure::Refused(error) => dialect::refused(endpoint, error),
            Failure::Invalid(error) => error,
        }
    }

    /// For a session that is to be renewed (T12–T15).
    pub fn into_renewal(self) -> RenewalError {
        match self {
            Failure::Transport(HttpError::Limit(text)) => {
                RenewalError::Invalid(HttpError::Limit(text).into())
            }
            Failure::Transport(error) => RenewalError::Unavailable(error.into()),
            Failure::Refused(error) if may_pass(&error) => {
                RenewalError::Unavailable(dialect::refused("the token endpoint", error))
            }
            Failure::Refused(error) if error.error == "invalid_grant" => {
                RenewalError::Refused(error)
            }
            Failure::Refused(error) => RenewalError::Denied(error),
            Failure::Invalid(error) => RenewalError::Invalid(error),
        }
    }
}

/// The client with metadata fetched anew, where the failure says that nobody is at the token
/// endpoint and the new metadata names another one (M9). Nothing was spent then.
pub(super) async fn moved(ports: &Ports<'_>, client: &Client, failure: &Failure) -> Option<Client> {
    let nobody_there = match failure {
        Failure::Transport(HttpError::NotSent(_)) => true,
        Failure::Refused(error) => {
            error.error.is_empty() && matches!(error.status, 404 | 405 | 410)
        }
        _ => false,
    };
    let values = &client.service.values;
    if !nobody_there || values.token_endpoint.is_some() || values.refresh_endpoint.is_some() {
        return None;
    }
    let fresh = Client::prepare_fresh(ports, &client.service).await.ok()?;
    (fresh.metadata.token_endpoint != client.metadata.token_endpoint).then_some(fresh)
}

/// Whether a status is the server's trouble, not a judgement.
pub(super) fn may_pass_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// Whether a refusal says nothing about the grant: busy or broken servers, whatever they call it.
fn may_pass(error: &OAuthError) -> bool {
    may_pass_status(error.status)
        || matches!(
            error.error.as_str(),
            "temporarily_unavailable" | "server_error" | "slow_down"
        )
}

/// `interval` of an answer, JSON or form, where it is a sensible number of seconds.
fn interval(body: &[u8]) -> Option<Duration> {
    let told = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value.get("interval")?.as_u64()?,
        Err(_) => url::form_urlencoded::parse(body)
            .find(|(name, _)| name == "interval")
            .and_then(|(_, value)| value.parse().ok())?,
    };
    Some(Duration::from_secs(told.min(300)))
}

/// A token that the person has already: bare, or as a token endpoint would answer with it. The
/// same checks apply.
pub(super) fn given(text: &Secret, switches: &[dialect::Switch]) -> crate::error::Result<TokenSet> {
    let text = text.expose().trim();
    let body = match text.starts_with('{') {
        true => text.to_owned(),
        false => serde_json::json!({"access_token": text, "token_type": "Bearer"}).to_string(),
    };
    let answer = dialect::token_response(switches, http::Response::new(body.into_bytes()))
        .map_err(|error| {
            Error::new(Code::Usage, format!("that is no access token: {error}"))
                .with_hint("give the token alone, or the token response as JSON")
        })?;
    let answer: TokenAnswer = serde_json::from_slice(answer.body())
        .map_err(|_| Error::new(Code::Usage, "that is no token response"))?;
    Ok(token_set(answer))
}

/// The crate's token answer as ours.
fn token_set(answer: TokenAnswer) -> TokenSet {
    let mut other = answer.extra_fields().0.clone();
    let id_token = match other.remove("id_token") {
        Some(Value::String(jwt)) if !jwt.is_empty() => Some(Secret::new(jwt)),
        _ => None,
    };
    let lifetimes = ["refresh_token_expires_in", "refresh_expires_in"]
        .map(|name| other.remove(name).and_then(|value| value.as_u64()));
    let secret = |token: &oauth2::RefreshToken| Secret::from(token.secret().as_str());
    TokenSet {
        access_token: Secret::from(answer.access_token().secret().as_str()),
        token_type: TokenType::Bearer,
        refresh_token: answer
            .refresh_token()
            .filter(|token| !token.secret().is_empty())
            .map(secret),
        id_token,
        scope: answer.scopes().map(|scopes| {
            let entries = scopes.iter().map(|scope| scope.as_str());
            entries
                .filter(|entry| !entry.is_empty())
                .map(str::to_owned)
                .collect()
        }),
        expires_in: answer.expires_in().map(|lifetime| lifetime.as_secs()),
        // Keycloak says 0 of an offline token, which has no end.
        refresh_token_expires_in: lifetimes.into_iter().flatten().find(|seconds| *seconds > 0),
        extra: other
            .into_iter()
            .filter(|(_, value)| value.is_string() || value.is_number() || value.is_boolean())
            .collect(),
    }
}
