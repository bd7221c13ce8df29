//! Authorization server metadata (RFC 8414; OpenID Connect Discovery 1.0).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::endpoint::is_loopback;
use super::json;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

pub use super::endpoint::check_endpoint;

/// Bytes of a document at most.
const LIMIT: usize = 1 << 20;
/// Entries of a list at most; the longest known list has under two hundred.
const MAX_LIST: usize = 4096;

/// Endpoints and capabilities of one authorization server, by their IANA names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerMetadata {
    /// Exactly as the document has it; `None` where there is no document.
    pub issuer: Option<String>,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub jwks_uri: Option<String>,
    pub userinfo_endpoint: Option<String>,
    pub registration_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub introspection_endpoint: Option<String>,
    pub device_authorization_endpoint: Option<String>,
    pub pushed_authorization_request_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    pub require_pushed_authorization_requests: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub scopes_supported: Option<Vec<String>>,
    pub response_types_supported: Option<Vec<String>>,
    pub response_modes_supported: Option<Vec<String>>,
    pub grant_types_supported: Option<Vec<String>>,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    pub userinfo_signing_alg_values_supported: Option<Vec<String>>,
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
}

impl ServerMetadata {
    /// Reads a document and compares its issuer with the one it was asked for (RFC 8414 §3.3).
    ///
    /// Every endpoint in it is checked; those of an https issuer must be https.
    pub fn parse(document: &[u8], expected_issuer: &str) -> Result<ServerMetadata> {
        Self::parse_for(document, expected_issuer, None)
    }

    /// [`ServerMetadata::parse`] for a server whose document names `issuer_template` literally
    /// in place of its issuer (Entra: `https://…/{tenantid}/v2.0`).
    pub fn parse_for(
        document: &[u8],
        expected_issuer: &str,
        issuer_template: Option<&str>,
    ) -> Result<ServerMetadata> {
        let object = json::parse_object(document, LIMIT).map_err(|why| {
            invalid(expected_issuer, &format!("is {why}"))
                .with_hint("check the issuer; a sign-in page of the network may stand in between")
        })?;
        let fields = Fields {
            issuer: expected_issuer,
            members: &object.members,
        };
        fields.refuse_repeated(&object.repeated)?;
        let issuer = fields
            .text("issuer")?
            .ok_or_else(|| invalid(expected_issuer, "has no issuer"))?;
        compare_issuer(&issuer, expected_issuer, issuer_template)?;
        fields.read(issuer)
    }
}

/// RFC 8414 §3.3: simple string comparison, nothing normalised.
fn compare_issuer(found: &str, expected: &str, template: Option<&str>) -> Result<()> {
    if found == expected || template == Some(found) {
        return Ok(());
    }
    let shown = printable(found, 200);
    let hint = if found.trim_end_matches('/') == expected.trim_end_matches('/') {
        format!("the slash at the end belongs to it: use issuer = {shown:?}")
    } else if found.contains('{') {
        "the server serves many issuers: set the service's issuer_template".to_owned()
    } else {
        format!("if {shown} is the server you mean, use that as the issuer")
    };
    Err(Error::new(
        Code::MetadataInvalid,
        format!("the metadata of {expected} says it belongs to issuer {shown}"),
    )
    .with_hint(hint))
}

/// Checks an issuer identifier: an endpoint without query (RFC 8414 §2).
pub fn check_issuer(issuer: &str) -> Result<Url> {
    let url = check_endpoint("issuer", issuer)?;
    if url.query().is_some() {
        return Err(Error::new(
            Code::MetadataInvalid,
            format!("issuer {:?} has a query", printable(issuer, 200)),
        ));
    }
    Ok(url)
}

/// Where the metadata of an issuer may be, most common place first: OIDC's suffix, then RFC 8414
/// §3.1's insertion before the path. A trailing slash is dropped for building only.
pub fn well_known_urls(issuer: &str) -> Result<Vec<Url>> {
    let issuer = check_issuer(issuer)?;
    let path = issuer.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    let mut urls = vec![
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ];
    if !path.is_empty() {
        urls.push(at(format!("/.well-known/openid-configuration{path}")));
    }
    Ok(urls)
}

/// The members of one document, read by name.
struct Fields<'a> {
    issuer: &'a str,
    members: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn refuse_repeated(&self, repeated: &[String]) -> Result<()> {
        match repeated
            .iter()
            .find(|name| self.members.contains_key(*name))
        {
            Some(name) => Err(self.refuse(name, "more than once")),
            None => Ok(()),
        }
    }

    fn read(&self, issuer: String) -> Result<ServerMetadata> {
        Ok(ServerMetadata {
            issuer: Some(issuer),
            authorization_endpoint: self.endpoint("authorization_endpoint")?,
            token_endpoint: self.endpoint("token_endpoint")?,
            jwks_uri: self.endpoint("jwks_uri")?,
            userinfo_endpoint: self.endpoint("userinfo_endpoint")?,
            registration_endpoint: self.endpoint("registration_endpoint")?,
            revocation_endpoint: self.endpoint("revocation_endpoint")?,
            introspection_endpoint: self.endpoint("introspection_endpoint")?,
            device_authorization_endpoint: self.endpoint("device_authorization_endpoint")?,
            pushed_authorization_request_endpoint: self
                .endpoint("pushed_authorization_request_endpoint")?,
            end_session_endpoint: self.endpoint("end_session_endpoint")?,
            require_pushed_authorization_requests: self
                .flag("require_pushed_authorization_requests")?,
            authorization_response_iss_parameter_supported: self
                .flag("authorization_response_iss_parameter_supported")?,
            scopes_supported: self.list("scopes_supported")?,
            response_types_supported: self.list("response_types_supported")?,
            response_modes_supported: self.list("response_modes_supported")?,
            grant_types_supported: self.list("grant_types_supported")?,
            code_challenge_methods_supported: self.list("code_challenge_methods_supported")?,
            token_endpoint_auth_methods_supported: self
                .list("token_endpoint_auth_methods_supported")?,
            token_endpoint_auth_signing_alg_values_supported: self
                .list("token_endpoint_auth_signing_alg_values_supported")?,
            id_token_signing_alg_values_supported: self
                .list("id_token_signing_alg_values_supported")?,
            userinfo_signing_alg_values_supported: self
                .list("userinfo_signing_alg_values_supported")?,
            dpop_signing_alg_values_supported: self.list("dpop_signing_alg_values_supported")?,
        })
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong_type(name, other, "a string")),
        }
    }

    fn endpoint(&self, name: &str) -> Result<Option<String>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let url = check_endpoint(name, &text)?;
        // An https issuer never sends anybody to plain http, loopback included.
        if url.scheme() != "https" && !self.issuer_is_loopback() {
            return Err(self.refuse(name, &format!("{:?}, which is not https", text)));
        }
        Ok(Some(text))
    }

    fn issuer_is_loopback(&self) -> bool {
        Url::parse(self.issuer).is_ok_and(|issuer| is_loopback(&issuer))
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong_type(name, other, "a boolean")),
        }
    }

    fn list(&self, name: &str) -> Result<Option<Vec<String>>> {
        let entries = match self.members.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(entries)) if entries.len() <= MAX_LIST => entries,
            Some(Value::Array(_)) => return Err(self.refuse(name, "as an endless list")),
            Some(other) => return Err(self.wrong_type(name, other, "an array")),
        };
        let texts = entries.iter().map(|entry| match entry {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.wrong_type(&format!("an entry of {name}"), other, "a string")),
        });
        texts.collect::<Result<_>>().map(Some)
    }

    fn wrong_type(&self, name: &str, found: &Value, wanted: &str) -> Error {
        self.refuse(name, &format!("as {}, not {wanted}", json::kind(found)))
    }

    fn refuse(&self, name: &str, why: &str) -> Error {
        invalid(self.issuer, &format!("has {} {why}", printable(name, 80)))
    }
}

fn invalid(issuer: &str, why: &str) -> Error {
    Error::new(
        Code::MetadataInvalid,
        format!("the metadata of {} {why}", printable(issuer, 200)),
    )
}

#[cfg(test)]
mod tests;
