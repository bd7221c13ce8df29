//! Protected resource metadata (RFC 9728): which authorization servers an API trusts.

use serde_json::{Map, Value};
use url::Url;

use super::json;
use super::metadata::{check_endpoint, check_issuer};
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Bytes of a document at most.
const LIMIT: usize = 1 << 20;
/// Entries of a list at most.
const MAX_LIST: usize = 256;

/// What an API says of itself; a claim of the API's, not a fact about the server it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceMetadata {
    /// The resource identifier, compared already.
    pub resource: String,
    /// Issuers, each well-formed.
    pub authorization_servers: Vec<String>,
    /// Scopes worth asking for.
    pub scopes_supported: Option<Vec<String>>,
    /// The API's name for people.
    pub resource_name: Option<String>,
}

impl ResourceMetadata {
    /// Reads the document of `resource`; it must name exactly that (§3.3).
    pub fn parse(document: &[u8], resource: &Url) -> Result<ResourceMetadata> {
        let invalid = |why: &str| {
            Error::new(
                Code::MetadataInvalid,
                format!("the resource metadata of {} {why}", shown(resource)),
            )
        };
        let object =
            json::parse_object(document, LIMIT).map_err(|why| invalid(&format!("is {why}")))?;
        if let Some(name) = object.repeated.first() {
            return Err(invalid(&format!(
                "has {} more than once",
                printable(name, 80)
            )));
        }
        let members = &object.members;
        let wrong = |name: &str, found: &Value, wanted: &str| {
            invalid(&format!(
                "has {name} as {}, not {wanted}",
                json::kind(found)
            ))
        };
        let found = match members.get("resource") {
            Some(Value::String(found)) => found,
            Some(other) => return Err(wrong("resource", other, "a string")),
            None => return Err(invalid("has no resource")),
        };
        if !is_same(found, resource) {
            return Err(invalid(&format!("is about {}", printable(found, 200)))
                .with_hint("the document belongs to another API; nothing was sent there"));
        }
        let authorization_servers = list(members, "authorization_servers", &wrong)?;
        for issuer in authorization_servers.iter().flatten() {
            check_issuer(issuer)?;
        }
        Ok(ResourceMetadata {
            resource: found.clone(),
            authorization_servers: authorization_servers.unwrap_or_default(),
            scopes_supported: list(members, "scopes_supported", &wrong)?,
            resource_name: match members.get("resource_name") {
                Some(Value::String(name)) => Some(printable(name, 120)),
                _ => None,
            },
        })
    }
}

type Wrong<'a> = &'a dyn Fn(&str, &Value, &str) -> Error;

fn list(members: &Map<String, Value>, name: &str, wrong: Wrong<'_>) -> Result<Option<Vec<String>>> {
    let entries = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(entries)) if entries.len() <= MAX_LIST => entries,
        Some(other) => return Err(wrong(name, other, "a short array")),
    };
    let texts = entries.iter().map(|entry| match entry {
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong(&format!("an entry of {name}"), other, "a string")),
    });
    texts.collect::<Result<_>>().map(Some)
}

/// Identical, but that an origin may be written without the slash that a URL always has.
fn is_same(found: &str, resource: &Url) -> bool {
    let wanted = resource.as_str();
    found == wanted || (resource.path() == "/" && Some(found) == wanted.strip_suffix('/'))
}

/// Where the metadata of a resource is (§3.1): the well-known path goes before its own.
pub fn well_known_url(resource: &Url) -> Url {
    let mut url = resource.clone();
    let path = resource.path().trim_end_matches('/');
    url.set_path(&format!("/.well-known/oauth-protected-resource{path}"));
    url.set_fragment(None);
    url
}

/// Whether a metadata URL that an API named in a challenge may be fetched for `resource`: its own
/// origin only, so that no API sends us anywhere else (must 85).
pub fn check_named_url(named: &str, resource: &Url) -> Result<Url> {
    let url = check_endpoint("resource_metadata", named)?;
    match url.origin() == resource.origin() {
        true => Ok(url),
        false => Err(Error::new(
            Code::MetadataInvalid,
            format!(
                "{} says its metadata is on another origin, {}",
                shown(resource),
                url.origin().ascii_serialization()
            ),
        )),
    }
}

fn shown(resource: &Url) -> String {
    printable(
        &crate::secret::SafeUrl::new(resource.clone()).to_string(),
        200,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn parse(document: Value, resource: &str) -> Result<ResourceMetadata> {
        ResourceMetadata::parse(document.to_string().as_bytes(), &url(resource))
    }

    /// must 95
    #[test]
    fn the_resource_must_be_the_one_asked_for() {
        let of = |resource: &str| json!({"resource": resource, "authorization_servers": ["https://as.example"]});
        let api = "https://api.example/v1";
        let good = parse(of(api), api).unwrap();
        assert_eq!(good.authorization_servers, ["https://as.example"]);
        for bad in [
            "https://api.example/v1/",
            "https://api.example",
            "https://evil.example/v1",
        ] {
            assert!(parse(of(bad), api).is_err(), "{bad}");
        }
        assert!(parse(of("https://api.example"), "https://api.example/").is_ok());
        assert!(parse(json!({}), api).is_err());
        assert!(parse(json!({"resource": 7}), api).is_err());
    }

    #[test]
    fn servers_it_names_must_be_issuers() {
        for bad in [
            "http://as.example",
            "file:///x",
            "https://as.example/?q",
            "-x",
        ] {
            let document =
                json!({"resource": "https://a.example/", "authorization_servers": [bad]});
            assert!(parse(document, "https://a.example/").is_err(), "{bad}");
        }
    }

    /// RFC 9728 §3.1
    #[test]
    fn the_well_known_path_goes_before_the_resources_own() {
        for (resource, place) in [
            (
                "https://a.example",
                "https://a.example/.well-known/oauth-protected-resource",
            ),
            (
                "https://a.example/v1/?x=1",
                "https://a.example/.well-known/oauth-protected-resource/v1?x=1",
            ),
        ] {
            assert_eq!(well_known_url(&url(resource)).as_str(), place);
        }
    }

    /// must 85
    #[test]
    fn a_challenge_sends_us_nowhere_else() {
        let api = url("https://api.example/v1");
        assert!(check_named_url("https://api.example/meta", &api).is_ok());
        for bad in [
            "https://evil.example/meta",
            "http://api.example/meta",
            "https://api.example:8443/",
        ] {
            assert!(check_named_url(bad, &api).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ResourceMetadata::parse(&bytes, &url("https://a.example/"));
        }
    }
}
