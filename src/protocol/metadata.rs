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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ISSUER: &str = "https://as.example/o";

    fn with(name: &str, value: Value) -> Result<ServerMetadata> {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://as.example/auth?tenant=1",
            "token_endpoint": "https://tokens.example/token",
            "scopes_supported": ["openid"],
            "unknown": {"a": [1]},
        });
        document[name] = value;
        ServerMetadata::parse(document.to_string().as_bytes(), ISSUER)
    }

    fn message(result: Result<ServerMetadata>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.code(), Code::MetadataInvalid);
        error.to_string()
    }

    #[test]
    fn a_document_is_read_with_another_host_for_its_endpoints() {
        let metadata = with("x", json!(1)).unwrap();
        assert_eq!(metadata.issuer.as_deref(), Some(ISSUER));
        let token_endpoint = metadata.token_endpoint.as_deref();
        assert_eq!(token_endpoint, Some("https://tokens.example/token"));
        assert_eq!(metadata.scopes_supported.unwrap(), ["openid"]);
        assert!(!metadata.require_pushed_authorization_requests);
    }

    /// M2, must 90
    #[test]
    fn the_issuer_is_compared_exactly() {
        for other in [
            "https://as.example/o1",
            "https://as.example/o/",
            "https://AS.example/o",
        ] {
            assert!(message(with("issuer", json!(other))).contains(other));
        }
        let slash = with("issuer", json!("https://as.example/o/")).unwrap_err();
        assert!(slash.hint().unwrap().contains("\"https://as.example/o/\""));
        assert!(message(with("issuer", json!(null))).contains("has no issuer"));
        assert!(message(with("issuer", json!(7))).contains("issuer as number"));
    }

    #[test]
    fn entra_names_its_template_in_place_of_an_issuer() {
        let literal = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let document = json!({ "issuer": literal }).to_string();
        let asked = "https://login.microsoftonline.com/common/v2.0";
        let error = ServerMetadata::parse(document.as_bytes(), asked).unwrap_err();
        assert!(error.hint().unwrap().contains("issuer_template"));
        let found = ServerMetadata::parse_for(document.as_bytes(), asked, Some(literal)).unwrap();
        assert_eq!(found.issuer.as_deref(), Some(literal));
    }

    /// M3
    #[test]
    fn documents_that_are_no_documents_are_refused() {
        for document in [
            &b"<html>Sign in to the Wi-Fi</html>"[..],
            b"",
            b"[]",
            b"\xff\xfe{\0}\0",
            &vec![b' '; LIMIT + 1],
        ] {
            let text = message(ServerMetadata::parse(document, ISSUER));
            assert!(!text.contains("Wi-Fi"));
        }
        let bom = format!("\u{feff}{}", json!({ "issuer": ISSUER }));
        ServerMetadata::parse(bom.as_bytes(), ISSUER).unwrap();
    }

    /// M4, M5, must 93
    #[test]
    fn bad_endpoints_are_refused_by_name() {
        for bad in [
            "http://as.example/token",
            "http://127.0.0.1/token",
            "https://u:p@as.example/token",
            "file:///bin/sh",
            "javascript:alert(1)",
            "-flag",
            "https://as.example/\nx",
        ] {
            assert!(message(with("token_endpoint", json!(bad))).contains("token_endpoint"));
            assert!(message(with("jwks_uri", json!(bad))).contains("jwks_uri"));
        }
        let loopback = json!({
            "issuer": "http://127.0.0.1:9000", "token_endpoint": "http://127.0.0.1:9000/token",
        });
        let loopback = loopback.to_string();
        ServerMetadata::parse(loopback.as_bytes(), "http://127.0.0.1:9000").unwrap();
    }

    /// M8
    #[test]
    fn wrong_types_are_refused_by_name() {
        for (name, value) in [
            ("token_endpoint", json!(["https://as.example/"])),
            ("scopes_supported", json!("openid")),
            ("scopes_supported", json!([1])),
            ("require_pushed_authorization_requests", json!("true")),
        ] {
            assert!(message(with(name, value)).contains(name));
        }
        assert!(with("userinfo_endpoint", json!(null)).is_ok());
        let twice = format!(r#"{{"issuer":"x","issuer":"{ISSUER}"}}"#);
        assert!(message(ServerMetadata::parse(twice.as_bytes(), ISSUER)).contains("issuer"));
    }

    /// must 91
    #[test]
    fn both_forms_of_the_well_known_url_are_built() {
        let urls = |issuer| -> Vec<String> {
            let urls = well_known_urls(issuer).unwrap();
            urls.into_iter().map(String::from).collect()
        };
        assert_eq!(
            urls("https://as.example/o/"),
            [
                "https://as.example/o/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server/o",
                "https://as.example/.well-known/openid-configuration/o",
            ]
        );
        assert_eq!(
            urls("http://127.0.0.1:4400/"),
            [
                "http://127.0.0.1:4400/.well-known/openid-configuration",
                "http://127.0.0.1:4400/.well-known/oauth-authorization-server",
            ]
        );
        assert!(well_known_urls("http://as.example").is_err());
        assert!(well_known_urls("https://as.example/?a=1").is_err());
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ServerMetadata::parse(&bytes, ISSUER);
        }

        #[test]
        fn whatever_is_accepted_is_https(url in "\\PC{0,30}|(https?|file)://[a-z@:./#?\\-\n ]{0,20}") {
            if let Ok(metadata) = with("token_endpoint", json!(url)) {
                prop_assert!(metadata.token_endpoint.unwrap().to_lowercase().starts_with("https:"));
            }
        }
    }
}
