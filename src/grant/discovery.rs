//! Finding a server's metadata (RFC 8414 §3, OpenID Connect Discovery §4) through the cache.

use url::Url;

use super::document::{Fetched, cached, fetch};
use crate::error::{Code, Error, Result};
use crate::port::Ports;
use crate::protocol::metadata::{ServerMetadata, check_endpoint, well_known_urls};
use crate::protocol::resource_metadata::{self, ResourceMetadata};
use crate::secret::printable;
use crate::service::Registration;

/// Metadata of `issuer`: cached for an hour, else fetched (both URL forms), issuer compared exactly.
///
/// `fresh` skips the cache: an endpoint that moved must not stay wrong for long.
pub async fn discover(ports: &Ports<'_>, issuer: &str, fresh: bool) -> Result<ServerMetadata> {
    let place = Place {
        urls: well_known_urls(issuer)?,
        issuer: Some(issuer),
        template: None,
    };
    place.find(ports, fresh).await
}

/// Metadata of a service: at its `server_metadata_url`, else at its issuer's well-known places.
pub async fn discover_for(
    ports: &Ports<'_>,
    values: &Registration,
    fresh: bool,
) -> Result<ServerMetadata> {
    let issuer = values.issuer.as_deref();
    let urls = match (&values.server_metadata_url, issuer) {
        (Some(url), _) => vec![check_endpoint("server_metadata_url", url)?],
        (None, Some(issuer)) => well_known_urls(issuer)?,
        (None, None) => {
            return Err(Error::new(
                Code::ServiceIncomplete,
                "neither issuer nor server_metadata_url is known",
            )
            .with_hint("give the service an issuer, or its endpoints one by one"));
        }
    };
    let place = Place {
        urls,
        issuer,
        template: values.issuer_template.as_deref(),
    };
    place.find(ports, fresh).await
}

/// What an API says of itself (RFC 9728); `None` where it says nothing.
pub async fn discover_resource(ports: &Ports<'_>, url: &str) -> Result<Option<ResourceMetadata>> {
    let resource = check_endpoint("the API's URL", url)?;
    match fetch(ports, &resource_metadata::well_known_url(&resource)).await? {
        Fetched::Document(document) if looks_like_json(&document) => {
            ResourceMetadata::parse(&document, &resource).map(Some)
        }
        Fetched::Document(_) | Fetched::NotHere(_) => Ok(None),
    }
}

/// Where metadata may be, and whose it must be.
struct Place<'a> {
    /// In the order they are asked.
    urls: Vec<Url>,
    /// `None` where only the document's place is known.
    issuer: Option<&'a str>,
    template: Option<&'a str>,
}

impl Place<'_> {
    async fn find(&self, ports: &Ports<'_>, fresh: bool) -> Result<ServerMetadata> {
        let key = format!("metadata {}", self.urls[0]);
        if !fresh
            && let Some(document) = cached(ports, &key)
            && let Ok(metadata) = self.read(&document, &self.urls[0])
        {
            return Ok(metadata);
        }
        let mut refused = None;
        for url in &self.urls {
            let document = match fetch(ports, url).await? {
                Fetched::Document(document) => document,
                Fetched::NotHere(status) => {
                    refused.get_or_insert_with(|| not_here(url, status.as_u16()));
                    continue;
                }
            };
            match self.read(&document, url) {
                Ok(metadata) => {
                    ports.cache.put(&key, &document);
                    return Ok(metadata);
                }
                // A page for people in place of a 404: the other form may still be there.
                Err(error) if !looks_like_json(&document) => {
                    refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(Code::Internal, "no place to look for metadata")))
    }

    fn read(&self, document: &[u8], url: &Url) -> Result<ServerMetadata> {
        match self.issuer {
            Some(issuer) => ServerMetadata::parse_for(document, issuer, self.template),
            None => {
                let named = issuer_named_by(document, url)?;
                ServerMetadata::parse_for(document, &named, self.template)
            }
        }
    }
}

/// The issuer that a document names, if the document is where that issuer's would be: any other
/// server could claim to be it (RFC 8414 §6.2).
fn issuer_named_by(document: &[u8], url: &Url) -> Result<String> {
    let named = serde_json::from_slice::<serde_json::Value>(document)
        .ok()
        .and_then(|value| value.get("issuer")?.as_str().map(str::to_owned));
    let Some(named) = named else {
        return Err(Error::new(
            Code::MetadataInvalid,
            format!("the metadata at {url} names no issuer"),
        ));
    };
    if well_known_urls(&named).is_ok_and(|urls| urls.contains(url)) {
        return Ok(named);
    }
    let shown = printable(&named, 200);
    Err(Error::new(
        Code::MetadataInvalid,
        format!(
            "the metadata at {url} says it belongs to issuer {shown}, whose place is elsewhere"
        ),
    )
    .with_hint(format!(
        "if that is the issuer you mean, say so: issuer = {shown:?}"
    )))
}

fn looks_like_json(document: &[u8]) -> bool {
    document.trim_ascii_start().first() == Some(&b'{') || document.starts_with(b"\xef\xbb\xbf{")
}

fn not_here(url: &Url, status: u16) -> Error {
    let code = match status {
        500..=599 | 408 | 429 => Code::TransportFailed,
        _ => Code::MetadataInvalid,
    };
    Error::new(code, format!("no server metadata: {url} answered {status}")).with_hint(
        "check the issuer; a server without metadata needs its endpoints one by one \
         (authorization_endpoint, token_endpoint)",
    )
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;
