//! A server that hallpass has not met yet, given by its URL: discovered, named, kept as a service.

use url::Url;

use crate::cli::context::Context;
use crate::cli::new_client::{self, Found};
use crate::error::{Code, Error, Result};
use crate::grant::discovery::discover;
use crate::protocol::metadata::ServerMetadata;
use crate::secret::printable;
use crate::service::configuration::check_name;
use crate::service::{Registration, Service};

/// Whether what was typed in place of a service is a URL.
pub fn is_url(text: &str) -> bool {
    text.contains("://")
}

/// The service of this issuer: the one that is configured, else a new one.
pub fn adopt(cx: &Context, url: &str, given: &new_client::NewClientArgs) -> Result<String> {
    let configuration = cx.configuration()?;
    let same = |issuer: &str| issuer.trim_end_matches('/') == url.trim_end_matches('/');
    let known = configuration.services.iter().find(|(_, service)| {
        let issuer = service.issuer.as_deref();
        issuer.is_some_and(same)
    });
    if let Some((name, _)) = known {
        return Ok(name.clone());
    }
    let metadata = cx.block_on(find(cx, url))?;
    let issuer = metadata.issuer.clone().unwrap_or_else(|| url.to_owned());
    let taken = |name: &str| configuration.services.contains_key(name);
    let name = name_of(&issuer, &taken)?;
    let layer = Registration {
        issuer: Some(issuer),
        scope: scope(&metadata),
        ..Registration::default()
    };
    cx.save_service(&name, &layer)?;
    let ui = cx.ports().ui;
    ui.notice(&format!(
        "New service {name}, as {} describes itself.",
        printable(url, 200)
    ));
    if given.client_id.is_none() && metadata.registration_endpoint.is_some() {
        register(cx, &name, &metadata)?;
    }
    Ok(name)
}

/// Metadata of the issuer, with the slash at the end where only that is missing.
async fn find(cx: &Context, url: &str) -> Result<ServerMetadata> {
    let ports = cx.ports();
    match discover(&ports, url, true).await {
        Err(error) if error.code() == Code::MetadataInvalid && !url.ends_with('/') => {
            match discover(&ports, &format!("{url}/"), true).await {
                Ok(metadata) => Ok(metadata),
                Err(_) => Err(error),
            }
        }
        other => other,
    }
}

/// What a person wants of most servers, as far as this one offers it.
fn scope(metadata: &ServerMetadata) -> Option<Vec<String>> {
    let offered = metadata.scopes_supported.as_ref()?;
    let usual = ["openid", "profile", "email", "offline_access"];
    let wanted: Vec<_> = usual
        .into_iter()
        .filter(|scope| offered.iter().any(|name| name == scope))
        .map(str::to_owned)
        .collect();
    (!wanted.is_empty()).then_some(wanted)
}

/// A name that can be typed: the issuer's host, with what tells two issuers on it apart.
fn name_of(issuer: &str, taken: &dyn Fn(&str) -> bool) -> Result<String> {
    let url = Url::parse(issuer).map_err(|_| {
        Error::new(
            Code::Usage,
            format!("{:?} is not a URL", printable(issuer, 200)),
        )
    })?;
    let host = url.host_str().unwrap_or("server").trim_matches(['[', ']']);
    let host = host.trim_start_matches("www.").replace(':', "-");
    let last = url
        .path_segments()
        .and_then(|parts| parts.rev().find(|part| !part.is_empty()));
    let port = url.port().map(|port| port.to_string());
    let mut candidates = vec![host.clone()];
    for more in [port.as_deref(), last].into_iter().flatten() {
        let longer = format!("{}-{more}", candidates[candidates.len() - 1]);
        candidates.push(longer);
    }
    let numbered = (2..100).map(|number| format!("{host}-{number}"));
    candidates
        .into_iter()
        .chain(numbered)
        .find(|name| check_name(name).is_ok() && !taken(name))
        .ok_or_else(|| {
            Error::new(Code::Usage, format!("no name for a service at {host}")).with_hint(format!(
                "hallpass add NAME --issuer {}",
                printable(issuer, 200)
            ))
        })
}

/// Changes keys of a service in the configuration file.
pub fn change(cx: &Context, reference: &str, mut layer: Registration) -> Result<()> {
    let service = cx.service(reference)?;
    if !cx.configuration()?.services.contains_key(&service.name) {
        layer.provider.clone_from(&service.values.provider);
    }
    cx.save_service(&service.name, &layer)
}

/// Registers a client where the server lets anybody do so (RFC 7591); where it does not, the
/// person is asked for one later.
fn register(cx: &Context, name: &str, metadata: &ServerMetadata) -> Result<()> {
    let _ = (cx, name, metadata);
    let _: Option<(Service, Found)> = None;
    todo!()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_service_is_named_after_its_host() {
        for (issuer, taken, expected) in [
            ("https://sso.example.com", &[][..], "sso.example.com"),
            ("https://www.example.com/", &[], "example.com"),
            ("http://127.0.0.1:4000", &[], "127.0.0.1"),
            ("http://127.0.0.1:4000", &["127.0.0.1"], "127.0.0.1-4000"),
            (
                "https://h.example/realms/staff",
                &["h.example"],
                "h.example-staff",
            ),
            (
                "https://h.example/realms/staff",
                &["h.example", "h.example-staff"],
                "h.example-2",
            ),
        ] {
            let name = name_of(issuer, &|name| taken.contains(&name)).unwrap();
            assert_eq!(name, expected);
        }
    }

    #[test]
    fn only_offered_scopes_are_asked_for() {
        let offering = |scopes: Option<&[&str]>| ServerMetadata {
            scopes_supported: scopes
                .map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect()),
            ..ServerMetadata::default()
        };
        assert_eq!(scope(&offering(None)), None);
        assert_eq!(scope(&offering(Some(&["api"]))), None);
        let wanted = scope(&offering(Some(&["email", "api", "openid"]))).unwrap();
        assert_eq!(wanted, ["openid", "email"]);
    }
}
