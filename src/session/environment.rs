//! A token from the environment, for machines that have no store: `HALLPASS_TOKEN_<SERVICE>`.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::record::{Binding, VERSION};
use super::{Access, Record, audience};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::token::{TokenSet, TokenType};
use crate::secret::Secret;
use crate::service::Service;
use crate::service::registration::Grant;
use crate::transport::Credential;

/// The variable's name: `HALLPASS_TOKEN_WORK_API` for the service `work-api`.
pub fn variable(service: &str) -> String {
    let name: String = service
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        })
        .collect();
    format!("HALLPASS_TOKEN_{name}")
}

/// The token where the variable is set. It belongs to nobody known, so it never stands in for an
/// account that was asked for by name.
pub fn access(ports: &Ports<'_>, service: &Service) -> Result<Option<Access>> {
    if service.account.is_some() {
        return Ok(None);
    }
    let variable = variable(&service.name);
    let Some(token) = ports.environment.var(&variable).map(Secret::from) else {
        return Ok(None);
    };
    // What a header can carry (RFC 6750 §2.1 allows less).
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::new(
            Code::ConfigInvalid,
            format!("${variable} holds characters that no token has"),
        )
        .with_hint("is there a line end or a space in it?"));
    }
    let audience = audience::of_environment_token(service)?;
    let credential = Credential::new(token.clone(), TokenType::Bearer, audience);
    Ok(Some(Access {
        credential,
        record: record(ports, service, token),
    }))
}

/// What `status` can say of it: where the variable is set, the bare service name means this token.
pub fn facts(ports: &Ports<'_>, service: &str) -> Option<Facts> {
    let variable = variable(service);
    ports.environment.var(&variable)?;
    let now = ports.clock.now();
    Some(Facts {
        service: service.to_owned(),
        account: ACCOUNT.to_owned(),
        issuer: None,
        scope: Vec::new(),
        expires_at: None,
        refresh_token_expires_at: None,
        renewable: false,
        signed_in_at: now,
        last_refresh_at: None,
        store: format!("environment variable {variable}"),
    })
}

/// Stands where an account's name would.
const ACCOUNT: &str = "environment";

/// Nothing is known of it, and nothing of it is ever stored.
fn record(ports: &Ports<'_>, service: &Service, token: Secret) -> Record {
    let now = ports.clock.now();
    let values = &service.values;
    Record {
        version: VERSION,
        generation: 0,
        binding: Binding {
            issuer: values.issuer.clone(),
            server_metadata_url: values.server_metadata_url.clone(),
            token_endpoint: values.token_endpoint.clone().unwrap_or_default(),
            client_id: values.client_id.clone().unwrap_or_default(),
            resource: service.resource().to_vec(),
        },
        account: ACCOUNT.to_owned(),
        subject: None,
        person: None,
        grant: Grant::AuthorizationCode,
        token: TokenSet {
            access_token: token,
            token_type: TokenType::Bearer,
            refresh_token: None,
            id_token: None,
            scope: None,
            expires_in: None,
            refresh_token_expires_in: None,
            extra: BTreeMap::new(),
        },
        requested_scope: Vec::new(),
        received_at: now,
        signed_in_at: now,
        captured: BTreeMap::new(),
        refreshing: None,
    }
}

/// Why a token from the environment is not renewed.
pub fn not_renewed(service: &Service) -> Error {
    let variable = variable(&service.name);
    Error::new(
        Code::LoginRequired,
        format!("the token in ${variable} cannot be renewed"),
    )
    .with_hint(format!("put a new token into ${variable}"))
}
