//! A service made ready for exchanges: metadata found and checked, client secret at hand.

use http::{HeaderName, HeaderValue};
use url::Url;

use super::discovery::discover_for;
use crate::error::{Code, Error, Result};
use crate::port::{EntryKey, Ports, Purpose};
use crate::protocol::client_authentication::{ClientAuthentication, choose};
use crate::protocol::metadata::{ServerMetadata, check_endpoint};
use crate::secret::Secret;
use crate::service::registration::{ClientAuthenticationMethod, Grant, SecretSource};
use crate::service::{Registration, Service};

/// A service made ready for exchanges.
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
    /// `ServiceIncomplete` where `client_id` is missing; a missing endpoint is told when it is
    /// needed ([`Client::endpoint`]).
    pub async fn prepare(ports: &Ports<'_>, service: &Service) -> Result<Client> {
        Client::prepare_with(ports, service, false).await
    }

    /// [`Client::prepare`] with metadata fetched anew: for a sign-in, and after an endpoint moved.
    pub async fn prepare_fresh(ports: &Ports<'_>, service: &Service) -> Result<Client> {
        Client::prepare_with(ports, service, true).await
    }

    async fn prepare_with(ports: &Ports<'_>, service: &Service, fresh: bool) -> Result<Client> {
        let client_id = service.require_client_id()?.to_owned();
        let metadata = metadata(ports, &service.values, fresh).await?;
        let secret = client_secret(ports, service)?;
        let authentication = match service.values.token_endpoint_auth_method {
            Some(method) => method,
            None => choose(&metadata, secret.is_some())?,
        };
        let secret = secret.filter(|_| authentication != ClientAuthenticationMethod::None);
        if secret.is_none() && authentication != ClientAuthenticationMethod::None {
            return Err(missing_secret(service));
        }
        Ok(Client {
            service: service.clone(),
            metadata,
            client_id,
            secret,
            authentication,
        })
    }

    /// An endpoint by its metadata name (`refresh_endpoint` included), checked once more:
    /// `ServiceIncomplete` where there is none.
    pub fn endpoint(&self, name: &str) -> Result<Url> {
        let metadata = &self.metadata;
        let found = match name {
            "authorization_endpoint" => &metadata.authorization_endpoint,
            "token_endpoint" => &metadata.token_endpoint,
            "refresh_endpoint" => &self.service.values.refresh_endpoint,
            "device_authorization_endpoint" => &metadata.device_authorization_endpoint,
            "pushed_authorization_request_endpoint" => {
                &metadata.pushed_authorization_request_endpoint
            }
            "revocation_endpoint" => &metadata.revocation_endpoint,
            "introspection_endpoint" => &metadata.introspection_endpoint,
            "userinfo_endpoint" => &metadata.userinfo_endpoint,
            "end_session_endpoint" => &metadata.end_session_endpoint,
            "jwks_uri" => &metadata.jwks_uri,
            _ => &None,
        };
        match found {
            Some(text) => check_endpoint(name, text),
            None => Err(Error::new(
                Code::ServiceIncomplete,
                format!("service \"{}\" has no {name}", self.service.name),
            )
            .with_hint(format!(
                "its server names none; if there is one, `hallpass edit {} --set {name}=https://…`",
                self.service.name
            ))),
        }
    }

    /// The client's authentication as a value that edits a request.
    pub fn authenticate(&self) -> Result<ClientAuthentication> {
        ClientAuthentication::new(self.authentication, &self.client_id, self.secret.as_ref())
    }

    /// A request to one of the server's endpoints, with the API's own headers where server and
    /// API are one origin: Notion refuses to revoke without its `Notion-Version`.
    pub fn with_api_headers(&self, mut request: http::Request<Vec<u8>>) -> http::Request<Vec<u8>> {
        let values = &self.service.values;
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        let base = values.api_base_url.as_deref().and_then(origin);
        if base.is_none() || base != origin(&request.uri().to_string()) {
            return request;
        }
        for (name, value) in &values.api_headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
            if let (Ok(name), Ok(value)) = pair
                && !request.headers().contains_key(&name)
            {
                request.headers_mut().insert(name, value);
            }
        }
        request
    }

    /// Scopes as one value on the wire; `None` where there are none.
    pub fn joined<'s>(&self, scope: impl IntoIterator<Item = &'s String>) -> Option<String> {
        let entries: Vec<_> = scope.into_iter().map(String::as_str).collect();
        (!entries.is_empty()).then(|| entries.join(self.scope_separator()))
    }

    /// What stands between scopes on the wire.
    pub fn scope_separator(&self) -> &str {
        self.service
            .values
            .scope_separator
            .as_deref()
            .unwrap_or(" ")
    }

    /// What every token request carries beside the grant's own: `resource` (RFC 8707 §2.2) and
    /// the service's `token_parameters`.
    pub fn token_parameters(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let resource = self.service.resource().iter();
        let extra = self.service.values.token_parameters.iter();
        resource
            .map(|resource| ("resource".to_owned(), resource.clone()))
            .chain(extra.map(|(name, value)| (name.clone(), value.clone())))
    }

    /// The issuer, where it is one and not a template.
    pub fn issuer(&self) -> Option<&str> {
        match self.service.values.issuer_template {
            Some(_) => None,
            None => self.metadata.issuer.as_deref(),
        }
    }
}

/// What is discovered, under what the service says itself.
async fn metadata(ports: &Ports<'_>, values: &Registration, fresh: bool) -> Result<ServerMetadata> {
    let mut metadata = if needs_discovery(values) {
        discover_for(ports, values, fresh).await?
    } else {
        ServerMetadata {
            issuer: values.issuer.clone(),
            ..ServerMetadata::default()
        }
    };
    let explicit = [
        (
            &mut metadata.authorization_endpoint,
            &values.authorization_endpoint,
        ),
        (&mut metadata.token_endpoint, &values.token_endpoint),
        (
            &mut metadata.device_authorization_endpoint,
            &values.device_authorization_endpoint,
        ),
        (
            &mut metadata.revocation_endpoint,
            &values.revocation_endpoint,
        ),
        (
            &mut metadata.introspection_endpoint,
            &values.introspection_endpoint,
        ),
        (&mut metadata.userinfo_endpoint, &values.userinfo_endpoint),
        (
            &mut metadata.end_session_endpoint,
            &values.end_session_endpoint,
        ),
        (
            &mut metadata.registration_endpoint,
            &values.registration_endpoint,
        ),
        (&mut metadata.jwks_uri, &values.jwks_uri),
    ];
    for (found, explicit) in explicit {
        if explicit.is_some() {
            found.clone_from(explicit);
        }
    }
    if values.grant_types_supported.is_some() {
        metadata
            .grant_types_supported
            .clone_from(&values.grant_types_supported);
    }
    Ok(metadata)
}

/// A service that names every endpoint it uses works without a document, and is as fast.
fn needs_discovery(values: &Registration) -> bool {
    let person = !matches!(
        values.grant,
        Some(Grant::ClientCredentials | Grant::Password)
    );
    let openid = values.scope.iter().flatten().any(|entry| entry == "openid");
    values.token_endpoint.is_none()
        || (person
            && values.authorization_endpoint.is_none()
            && values.device_authorization_endpoint.is_none())
        || (openid && values.jwks_uri.is_none())
}

/// The client secret, from where the service says it is.
fn client_secret(ports: &Ports<'_>, service: &Service) -> Result<Option<Secret>> {
    let Some(source) = &service.values.client_secret else {
        return Ok(None);
    };
    let found = match source {
        SecretSource::Store => ports.store.read(&client_secret_key(&service.name))?,
        SecretSource::Env(name) => ports.environment.var(name).map(Secret::new),
        SecretSource::File(path) => Some(ports.environment.read_secret_file(path)?),
        SecretSource::Command(argv) => Some(ports.environment.command_output(argv)?),
    };
    match found {
        Some(secret) if !secret.expose().is_empty() => Ok(Some(secret)),
        _ => {
            let place = match source {
                SecretSource::Store => "the token store".to_owned(),
                SecretSource::Env(name) => format!("${name}"),
                SecretSource::File(path) => path.clone(),
                SecretSource::Command(argv) => {
                    format!("the output of {}", argv.first().map_or("", String::as_str))
                }
            };
            Err(Error::new(
                Code::ServiceIncomplete,
                format!(
                    "no client secret for service \"{}\" in {place}",
                    service.name
                ),
            )
            .with_hint(format!(
                "give it with `hallpass edit {} --client-secret-stdin`",
                service.name
            )))
        }
    }
}

/// Where the store keeps a service's client secret.
pub fn client_secret_key(service: &str) -> EntryKey {
    EntryKey {
        purpose: Purpose::ClientSecret,
        name: service.to_owned(),
    }
}

fn missing_secret(service: &Service) -> Error {
    let name = &service.name;
    Error::new(
        Code::ServiceIncomplete,
        format!("service \"{name}\" has no client secret, which its server wants"),
    )
    .with_hint(format!(
        "give it with `hallpass edit {name} --client-secret-stdin`; for a public client \
         `hallpass edit {name} --set token_endpoint_auth_method=none`"
    ))
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
