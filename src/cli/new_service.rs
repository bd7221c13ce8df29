//! A server that hallpass has not met yet, given by its URL: discovered, named, kept as a service.

use url::Url;

use crate::cli::context::Context;
use crate::error::{Code, Error, Result};
use crate::grant::discovery::{discover, discover_resource};
use crate::port::Ports;
use crate::protocol::endpoint::as_meant;
use crate::protocol::metadata::{ServerMetadata, check_endpoint};
use crate::secret::{printable, quoted};
use crate::service::Registration;
use crate::service::configuration::check_name;

/// Whether what was typed in place of a service is a URL.
pub fn is_url(text: &str) -> bool {
    text.contains("://")
}

/// What was typed in place of a service and can be no name: a URL without its scheme. `line` is the
/// command before it.
pub fn refuse_half_a_url(text: &str, line: &str) -> Result<()> {
    match as_meant(text).filter(|_| !is_url(text) && text.contains([':', '/'])) {
        None => Ok(()),
        Some(meant) => Err(Error::new(
            Code::Usage,
            format!(
                "\"{}\" is neither a service nor a URL",
                printable(text, 120)
            ),
        )
        .with_hint(format!(
            "a URL begins with https:// (http:// only on this machine itself): {line} {}",
            quoted(&meant)
        ))),
    }
}

/// The service of this issuer or API: the one that is configured, else a new one.
pub fn adopt(cx: &Context, url: &str) -> Result<String> {
    check_endpoint("the URL", url).map_err(|error| Error::new(Code::Usage, error.to_string()))?;
    let configuration = cx.configuration()?;
    let same = |known: &Option<String>| {
        let known = known.as_deref().map(|known| known.trim_end_matches('/'));
        known == Some(url.trim_end_matches('/'))
    };
    let known = configuration
        .services
        .iter()
        .find(|(_, service)| same(&service.issuer) || same(&service.api_base_url));
    if let Some((name, _)) = known {
        return Ok(name.clone());
    }
    let layer = cx.block_on(find(cx, url))?;
    let taken = |name: &str| configuration.services.contains_key(name);
    let name = name_of(url, &taken)?;
    cx.save_service(&name, &layer)?;
    cx.ports().ui.notice(&format!(
        "New service {name}, as {} describes itself.",
        printable(url, 200)
    ));
    Ok(name)
}

/// What the URL is: an issuer, or an API that names one (RFC 9728).
pub async fn find(cx: &Context, url: &str) -> Result<Registration> {
    let ports = cx.ports();
    let no_issuer = match discover_either(&ports, url).await {
        Ok(metadata) => {
            return Ok(Registration {
                scope: usual_scope(&metadata),
                issuer: metadata.issuer,
                ..Registration::default()
            });
        }
        Err(error) if error.code() == Code::MetadataInvalid => error,
        Err(error) => return Err(error),
    };
    let Some(api) = discover_resource(&ports, url).await? else {
        return Err(no_issuer);
    };
    let Some(issuer) = api.authorization_servers.first() else {
        return Err(no_issuer);
    };
    let metadata = discover(&ports, issuer, true).await?;
    ports.ui.notice(&format!(
        "{} takes tokens of {}.",
        printable(url, 200),
        printable(issuer, 200)
    ));
    Ok(Registration {
        issuer: metadata.issuer.clone(),
        scope: api.scopes_supported.or_else(|| usual_scope(&metadata)),
        resource: Some(vec![api.resource]),
        api_base_url: Some(url.to_owned()),
        ..Registration::default()
    })
}

/// Metadata of the issuer, with the slash at the end where only that is missing.
async fn discover_either(ports: &Ports<'_>, url: &str) -> Result<ServerMetadata> {
    match discover(ports, url, true).await {
        Err(error) if error.code() == Code::MetadataInvalid && !url.ends_with('/') => {
            let with_slash = discover(ports, &format!("{url}/"), true).await;
            with_slash.map_err(|_| error)
        }
        other => other,
    }
}

/// What a person wants of most servers, as far as this one offers it.
pub fn usual_scope(metadata: &ServerMetadata) -> Option<Vec<String>> {
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
pub fn name_of(issuer: &str, taken: &dyn Fn(&str) -> bool) -> Result<String> {
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
        assert_eq!(usual_scope(&offering(None)), None);
        assert_eq!(usual_scope(&offering(Some(&["api"]))), None);
        let wanted = usual_scope(&offering(Some(&["email", "api", "openid"]))).unwrap();
        assert_eq!(wanted, ["openid", "email"]);
    }
}
