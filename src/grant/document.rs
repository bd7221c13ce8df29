//! Fetching public documents: metadata and keys. Redirects stay on the same origin (must 92).

use http::{Request, StatusCode, header};
use url::Url;

use crate::error::{Code, Error, Result};
use crate::port::{Ports, UnixTime};
use crate::protocol::metadata::check_endpoint;
use crate::secret::printable;
use crate::transport::{Limits, exchange};

/// Redirects followed at most.
const REDIRECTS: usize = 3;

/// Seconds for which a document is taken from the cache (must 94).
pub const FRESH_FOR: UnixTime = 3600;

/// What a server answered.
pub enum Fetched {
    /// 200 and its body.
    Document(Vec<u8>),
    /// Another status: not here.
    NotHere(StatusCode),
}

/// GETs a document; an error is about reaching the server, or about where it sends us.
pub async fn fetch(ports: &Ports<'_>, url: &Url) -> Result<Fetched> {
    let mut place = url.clone();
    for _ in 0..=REDIRECTS {
        let request = Request::get(place.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| {
                Error::new(Code::MetadataInvalid, format!("{place} is not a URL"))
                    .with_source(error)
            })?;
        let response = exchange(ports, request, Limits::default()).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(Fetched::Document(response.into_body()));
        }
        if !status.is_redirection() {
            return Ok(Fetched::NotHere(status));
        }
        place = next_place(&place, response.headers().get(header::LOCATION))?;
    }
    Err(Error::new(
        Code::MetadataInvalid,
        format!("{url} redirects more than {REDIRECTS} times"),
    ))
}

fn next_place(place: &Url, location: Option<&header::HeaderValue>) -> Result<Url> {
    let target = location
        .and_then(|value| value.to_str().ok())
        .and_then(|text| place.join(text).ok());
    match target {
        Some(target) if target.origin() == place.origin() => {
            check_endpoint("a redirect", target.as_str())
        }
        target => {
            let whither = match &target {
                Some(target) => printable(&target.origin().ascii_serialization(), 100),
                None => "nowhere".to_owned(),
            };
            Err(Error::new(
                Code::MetadataInvalid,
                format!("{place} redirects to {whither}, another origin"),
            )
            .with_hint("documents of a server are taken from that server only"))
        }
    }
}

/// A cached document that is still young; a clock set back makes it old.
pub fn cached(ports: &Ports<'_>, key: &str) -> Option<Vec<u8>> {
    let (document, put) = ports.cache.get(key)?;
    let age = ports.clock.now().checked_sub(put)?;
    (0..FRESH_FOR).contains(&age).then_some(document)
}
