//! Checks of a merged service: every endpoint https unless loopback, nothing that would break or
//! override the protocol.

use url::Url;

use super::resolved::Service;
use super::{Registration, placeholder};
use crate::error::{Code, Error, Result};
use crate::protocol::endpoint::{as_meant, is_protected, is_spelled_out};
use crate::secret::printable;

/// Parameters that belong to the protocol: no configuration may give or override them.
pub const PROTOCOL_PARAMETERS: &[&str] = &[
    "response_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "device_code",
    "request",
    "request_uri",
    "resource",
    "dpop_jkt",
];

/// Headers that only the program itself sets.
const OWN_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "dpop",
];

const HOLDS_CREDENTIALS: &str = "holds a user name or password";
const NO_URL: &str = "is not a URL";
const NOT_HTTPS: &str = "is not https";

/// A URL that credentials may travel to: https unless loopback, no user information, no fragment.
/// The error is the end of a sentence that began with the URL.
pub fn secure_url(text: &str) -> Result<Url, &'static str> {
    // The URL parser drops tabs and line ends and trims blanks; here they are refused.
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(NO_URL);
    }
    let url = Url::parse(text).map_err(|_| NO_URL)?;
    if !is_protected(&url) {
        return Err(NOT_HTTPS);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HOLDS_CREDENTIALS);
    }
    if url.fragment().is_some() {
        return Err("has a fragment");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("has no host");
    }
    Ok(url)
}

/// Every check; the error names service, key, value and where the value came from.
pub fn check(service: &Service) -> Result<()> {
    let values = &service.values;
    for (key, url) in urls(values) {
        let Some(url) = url else { continue };
        if let Some(name) = placeholder::names(url).first() {
            return Err(unfilled(service, key, name));
        }
        let parsed = secure_url(url).map_err(|why| refused(service, key, url, why))?;
        if key == "issuer" && parsed.query().is_some() {
            return Err(refused(service, key, url, "has a query"));
        }
    }
    check_api(service)?;
    check_redirect(service)?;
    for scope in values.scope.iter().flatten() {
        if !is_scope_token(scope) {
            return Err(refused(service, "scope", scope, "is not one scope"));
        }
    }
    for (key, parameters) in [
        ("authorization_parameters", &values.authorization_parameters),
        ("token_parameters", &values.token_parameters),
    ] {
        for name in parameters.keys() {
            if PROTOCOL_PARAMETERS.contains(&name.as_str()) {
                let why = "belongs to the protocol and cannot be set";
                return Err(refused(service, key, name, why));
            }
        }
    }
    if let Some(client_id) = &values.client_id
        && (client_id.is_empty() || client_id.chars().any(char::is_control))
    {
        return Err(refused(
            service,
            "client_id",
            client_id,
            "is not a client ID",
        ));
    }
    Ok(())
}

fn urls(values: &Registration) -> [(&'static str, Option<&str>); 12] {
    [
        ("issuer", values.issuer.as_deref()),
        ("server_metadata_url", values.server_metadata_url.as_deref()),
        (
            "authorization_endpoint",
            values.authorization_endpoint.as_deref(),
        ),
        ("token_endpoint", values.token_endpoint.as_deref()),
        ("refresh_endpoint", values.refresh_endpoint.as_deref()),
        (
            "device_authorization_endpoint",
            values.device_authorization_endpoint.as_deref(),
        ),
        ("revocation_endpoint", values.revocation_endpoint.as_deref()),
        (
            "introspection_endpoint",
            values.introspection_endpoint.as_deref(),
        ),
        ("userinfo_endpoint", values.userinfo_endpoint.as_deref()),
        (
            "end_session_endpoint",
            values.end_session_endpoint.as_deref(),
        ),
        (
            "registration_endpoint",
            values.registration_endpoint.as_deref(),
        ),
        ("jwks_uri", values.jwks_uri.as_deref()),
    ]
}

fn check_api(service: &Service) -> Result<()> {
    let values = &service.values;
    if let Some(base) = &values.api_base_url {
        let captured = values.capture.as_deref().unwrap_or_default();
        if let Some(name) = placeholder::names(base)
            .into_iter()
            .find(|name| !captured.iter().any(|known| known == name))
        {
            return Err(unfilled(service, "api_base_url", name));
        }
        if base.starts_with('{') && values.audience.is_none() {
            let why = "names no host, and there is no audience to hold it within";
            return Err(refused(service, "api_base_url", base, why));
        }
        if !base.starts_with('{') {
            let sample = placeholder::fill(base, &|_| Some("x".to_owned()));
            secure_url(&sample).map_err(|why| refused(service, "api_base_url", base, why))?;
        }
    }
    for pattern in values.audience.iter().flatten() {
        check_origin_pattern(pattern).map_err(|why| refused(service, "audience", pattern, why))?;
    }
    for (name, value) in &values.api_headers {
        let token = http::HeaderName::try_from(name.as_str());
        let own = OWN_HEADERS.contains(&name.to_lowercase().as_str());
        if token.is_err() || own || http::HeaderValue::try_from(value.as_str()).is_err() {
            return Err(refused(
                service,
                "api_headers",
                name,
                "is not a header that can be set",
            ));
        }
    }
    Ok(())
}

/// `https://api.example.com`, `https://*.example.com`, `http://127.0.0.1:8080`: no path.
pub fn check_origin_pattern(pattern: &str) -> Result<(), &'static str> {
    if let Some(suffix) = pattern.strip_prefix("https://*.") {
        if !suffix.contains('.') || suffix.contains('*') {
            return Err("would match too much");
        }
        return origin_only(&format!("https://{suffix}"));
    }
    if pattern.contains('*') {
        return Err("may have its star only as https://*.example.com");
    }
    origin_only(pattern)
}

fn origin_only(text: &str) -> Result<(), &'static str> {
    // Credentials in it are told first: then the text is not repeated.
    let url = secure_url(text)?;
    if !is_spelled_out(text) {
        return Err("is not written as scheme, host and port");
    }
    if url.path() != "/" || url.query().is_some() {
        return Err("is more than scheme, host and port");
    }
    Ok(())
}

fn check_redirect(service: &Service) -> Result<()> {
    use super::registration::RedirectRule;
    let values = &service.values;
    if let Some(path) = &values.redirect_path
        && (!path.starts_with('/') || path.contains(['?', '#', ' ', '\\']))
    {
        return Err(refused(service, "redirect_path", path, "is not a path"));
    }
    if values.redirect_port == Some(0) {
        return Err(refused(service, "redirect_port", "0", "is not a port"));
    }
    if let Some(uri) = &values.redirect_uri {
        // Any scheme: out-of-band and custom ones are pasted back.
        Url::parse(uri).map_err(|_| refused(service, "redirect_uri", uri, "is not a URI"))?;
    }
    let fixed = matches!(
        values.redirect,
        Some(RedirectRule::Exact | RedirectRule::ExactLocalhost)
    );
    if fixed && values.redirect_port.is_none() {
        return Err(Error::new(
            Code::ServiceIncomplete,
            format!("service \"{}\" has no redirect_port", service.name),
        )
        .with_hint(format!(
            "its server compares the whole redirect URI: `hallpass edit {} --set redirect_port=8400`",
            service.name
        )));
    }
    Ok(())
}

/// `scope-token` of RFC 6749 §3.3.
fn is_scope_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn refused(service: &Service, key: &str, value: &str, why: &str) -> Error {
    let from = match service.origin_of(key) {
        Some(origin) => format!(" (from {origin})"),
        None => String::new(),
    };
    let meant = match why {
        NO_URL | NOT_HTTPS => as_meant(value).map(|url| printable(&url, 200)),
        _ => None,
    };
    let value = match why {
        HOLDS_CREDENTIALS => "the URL".to_owned(),
        // What was refused before that was looked at may have a password too.
        NO_URL | NOT_HTTPS if value.contains('@') => "the URL".to_owned(),
        _ => format!("\"{}\"", printable(value, 200)),
    };
    let name = &service.name;
    let error = Error::new(
        Code::ConfigInvalid,
        format!("{key} of service \"{name}\"{from}: {value} {why}"),
    );
    if let Some(meant) = meant {
        return error.with_hint(format!(
            "https, or http on this machine itself: `hallpass edit {name} --set {key}={meant}`"
        ));
    }
    error.with_hint(format!(
        "`hallpass edit {} --set {key}=…` changes it",
        service.name
    ))
}

fn unfilled(service: &Service, key: &str, name: &str) -> Error {
    let help = match service.variable_help(name) {
        Some(help) => format!(" ({})", printable(help, 200)),
        None => String::new(),
    };
    let name = printable(name, 80);
    let error = Error::new(
        Code::ServiceIncomplete,
        format!(
            "service \"{}\" does not say what {{{name}}} in its {key} is{help}",
            service.name
        ),
    );
    let given = &service.values.variables;
    let others = service.variables.keys().filter(|other| **other != name);
    let others = others.filter(|other| !given.contains_key(*other));
    let missing = std::iter::once(&name).chain(others);
    let missing: String = missing
        .map(|name| format!(" --set variables.{name}=…"))
        .collect();
    error.with_hint(format!("`hallpass edit {}{missing}`", service.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_urls() {
        for good in [
            "https://a.example/x?y=1",
            "http://127.0.0.1:8080",
            "http://[::1]/",
            "http://localhost:3000/cb",
        ] {
            assert!(secure_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example",
            "ftp://a.example",
            "file:///bin/sh",
            "https://user@a.example",
            "https://a.example/#f",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "--help",
            "javascript:alert(1)",
            " https://a.example",
            "https://a.example/\n",
        ] {
            assert!(secure_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn audience_patterns_are_origins_below_a_real_domain() {
        for good in [
            "https://api.example.com",
            "https://*.example.com",
            "https://*.example.com:8443",
            "http://127.0.0.1:8080",
        ] {
            assert_eq!(check_origin_pattern(good), Ok(()), "{good}");
        }
        for bad in [
            "https://*.com",
            "https://*",
            "https://a*.example.com",
            "http://*.example.com",
            "https://api.example.com/v1",
            "https://api.example.com#",
            "https:/api.example.com",
            "*",
        ] {
            assert!(check_origin_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn scope_tokens() {
        assert!(is_scope_token("https://www.googleapis.com/auth/drive"));
        assert!(!is_scope_token("a b"));
        assert!(!is_scope_token("a\"b"));
        assert!(!is_scope_token(""));
    }
}
