//! Checks of the authorization server: reached over trusted TLS, of the same time, and described.

use http::{Request, header};
use url::Url;

use super::Finding;
use crate::error::{Code, Error, Result};
use crate::grant::Client;
use crate::port::{Ports, UnixTime};
use crate::protocol::metadata::well_known_urls;
use crate::service::Service;
use crate::transport::retry::http_date;
use crate::transport::{Limits, exchange};

/// Seconds that a clock may be off before anything is said: rounding, and the way there.
const UNREMARKABLE: u64 = 5;
/// Seconds beyond which ID Tokens and signed requests begin to be refused.
const TOLERATED: u64 = 60;

/// One request to the server; its `Date` is held against our clock.
pub(super) async fn reach(ports: &Ports<'_>, service: &Service) -> Vec<Finding> {
    let skipped = |why: &str| {
        vec![
            Finding::skipped("server", why),
            Finding::skipped("clock", why),
        ]
    };
    let Some(url) = first_url(service) else {
        return skipped("the service names neither issuer nor endpoint");
    };
    let place = url.origin().ascii_serialization();
    let before = ports.clock.now();
    match head_of(ports, &url).await {
        Ok(headers) => {
            let told = format!("{place} answers and its certificate is trusted");
            let told = match url.scheme() {
                "https" => told,
                _ => format!("{place} answers"),
            };
            vec![
                Finding::ok("server", told),
                clock(&headers, before, ports.clock.now()),
            ]
        }
        Err(error) => vec![
            Finding::failure("server", &error),
            Finding::skipped("clock", "no answer to compare it with"),
        ],
    }
}

/// Any URL of the server will do; metadata is the cheapest.
fn first_url(service: &Service) -> Option<Url> {
    let values = &service.values;
    if let Some(url) = &values.server_metadata_url {
        return Url::parse(url).ok();
    }
    if let Some(issuer) = &values.issuer {
        return well_known_urls(issuer).ok()?.into_iter().next();
    }
    let endpoints = [&values.authorization_endpoint, &values.token_endpoint];
    let endpoint = endpoints.into_iter().flatten().next()?;
    Url::parse(endpoint).ok()
}

async fn head_of(ports: &Ports<'_>, url: &Url) -> Result<header::HeaderMap> {
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| Error::new(Code::ConfigInvalid, "not a URL").with_source(error))?;
    Ok(exchange(ports, request, Limits::default())
        .await?
        .headers()
        .clone())
}

/// The server's `Date` lies between the moments before and after, or the clocks differ.
fn clock(headers: &header::HeaderMap, before: UnixTime, after: UnixTime) -> Finding {
    let date = headers
        .get(header::DATE)
        .and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(http_date) else {
        return Finding::skipped("clock", "the server sends no Date");
    };
    let off = if date < before {
        before.abs_diff(date)
    } else {
        date.saturating_sub(after).unsigned_abs()
    };
    let direction = if date < before { "ahead of" } else { "behind" };
    let told = format!("this machine's clock is {off} s {direction} the server's");
    let hint = "set the clock, best by NTP: lifetimes and signatures are judged by it";
    match off {
        0..=UNREMARKABLE => Finding::ok("clock", "as the server's"),
        _ if off <= TOLERATED => Finding::warning("clock", told, hint),
        _ => Finding::failure(
            "clock",
            &Error::new(Code::ResponseInvalid, told).with_hint(hint),
        ),
    }
}

/// Metadata fetched anew, issuer compared, every endpoint checked; the client made ready.
pub(super) async fn metadata(ports: &Ports<'_>, service: &Service) -> (Option<Client>, Finding) {
    match Client::prepare_fresh(ports, service).await {
        Ok(client) => {
            let finding = match &client.metadata.issuer {
                Some(issuer) => {
                    Finding::ok("metadata", format!("issuer {issuer}: {}", offers(&client)))
                }
                None => Finding::ok(
                    "metadata",
                    format!("endpoints as configured: {}", offers(&client)),
                ),
            };
            (Some(client), finding)
        }
        Err(error) => {
            // A missing client or secret is not the document's fault.
            let of_client = matches!(error.code(), Code::ServiceIncomplete)
                || error.code().exit_code() == Code::StoreFailed.exit_code();
            let check = if of_client { "client" } else { "metadata" };
            (None, Finding::failure(check, &error))
        }
    }
}

fn offers(client: &Client) -> String {
    let metadata = &client.metadata;
    let known = [
        ("browser sign-in", metadata.authorization_endpoint.is_some()),
        (
            "device sign-in",
            metadata.device_authorization_endpoint.is_some(),
        ),
        ("userinfo", metadata.userinfo_endpoint.is_some()),
        ("revocation", metadata.revocation_endpoint.is_some()),
        ("introspection", metadata.introspection_endpoint.is_some()),
    ];
    let offered: Vec<_> = known
        .into_iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| name)
        .collect();
    match offered.is_empty() {
        true => "token endpoint only".to_owned(),
        false => offered.join(", "),
    }
}
