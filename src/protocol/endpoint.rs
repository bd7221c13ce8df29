//! What may be an endpoint: https, or http on loopback; no credentials, nothing that a browser or
//! a terminal could take for something else (RFC 9700 §2.6; CVE-2025-6514).

use url::{Host, Url};

use crate::error::{Code, Error, Result};
use crate::secret::{is_unprintable, printable};

/// Characters of an endpoint at most.
const MAX_LENGTH: usize = 8192;

/// Whether the host is the machine itself: `127.0.0.0/8`, `[::1]` or `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether a request to the URL can be read by nobody on the way: https, or http on loopback.
pub fn is_protected(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

/// The URL that somebody meant who left its scheme out, or wrote http for a host that is not this
/// machine: https, and http on loopback alone. `None` where nothing good comes of it.
pub fn as_meant(text: &str) -> Option<String> {
    // It is shown as it is, to be typed.
    if text.chars().any(is_unprintable) {
        return None;
    }
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return None,
        None => text,
    };
    let plain = format!("http://{rest}");
    let is_here = Url::parse(&plain).is_ok_and(|url| is_loopback(&url));
    let meant = match is_here {
        true => plain,
        false => format!("https://{rest}"),
    };
    let url = check_endpoint("the URL", &meant).ok()?;
    let is_a_host = is_here || url.host_str().is_some_and(|host| host.contains('.'));
    (is_a_host && meant != text).then_some(meant)
}

/// Parses the endpoint called `name`; `MetadataInvalid` names it, and its value made printable.
pub fn check_endpoint(name: &str, text: &str) -> Result<Url> {
    let refuse = |why: &str| {
        let shown = printable(text, 120);
        Error::new(Code::MetadataInvalid, format!("{name} {shown:?} {why}"))
            .with_hint("an endpoint is an https URL, or http on 127.0.0.1, [::1] or localhost")
    };
    if text.len() > MAX_LENGTH {
        return Err(refuse("is too long"));
    }
    // The URL parser drops tabs and line ends and trims spaces; we refuse them.
    if text.starts_with('-') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(refuse("is not a URL"));
    }
    let url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refuse("is not a web address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not shown: the password is in it.
        return Err(Error::new(
            Code::MetadataInvalid,
            format!("{name} holds a user name or password"),
        ));
    }
    if url.fragment().is_some() {
        return Err(refuse("has a fragment"));
    }
    if !is_protected(&url) {
        return Err(refuse("is not encrypted"));
    }
    Ok(url)
}

/// Whether an origin is written out as scheme, host and port. The URL parser sees past spaces,
/// backslashes and the like; a person may not.
pub fn is_spelled_out(origin: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\\@%#".contains(c);
    origin.contains("://") && !origin.chars().any(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_http_are_accepted() {
        for good in [
            "https://as.example/auth?tenant=1",
            "http://127.0.0.1:8080/token",
            "http://[::1]/token",
            "http://localhost/token",
        ] {
            check_endpoint("token_endpoint", good).unwrap();
        }
    }

    #[test]
    fn a_url_without_its_scheme_is_understood() {
        for (text, meant) in [
            ("127.0.0.1:8777", Some("http://127.0.0.1:8777")),
            (
                "localhost:8080/realms/a",
                Some("http://localhost:8080/realms/a"),
            ),
            ("[::1]:80/x", Some("http://[::1]:80/x")),
            (
                "sso.example.com/realms/a",
                Some("https://sso.example.com/realms/a"),
            ),
            ("sso.example.com:8443", Some("https://sso.example.com:8443")),
            (
                "http://sso.example.com/a",
                Some("https://sso.example.com/a"),
            ),
            ("https://sso.example.com", None),
            ("http://127.0.0.1:8777", None),
            ("ftp://sso.example.com", None),
            ("user:pass@sso.example.com", None),
            ("word", None),
            ("", None),
            ("a b.example", None),
            ("a.example/\u{202e}", None),
            ("a.example/\u{1b}[2J", None),
        ] {
            assert_eq!(as_meant(text).as_deref(), meant, "{text}");
        }
    }

    /// M4, M5, must 14
    #[test]
    fn everything_else_is_refused_by_name() {
        for bad in [
            "http://as.example/token",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "https://u:p@as.example/",
            "https://u@as.example/",
            "file:///bin/sh",
            "javascript:alert(1)",
            "ms-settings:x",
            "--help",
            "-https://as.example/",
            "https://as.example/\nx",
            "https://as.example/\t",
            " https://as.example/",
            "https://as.example/#x",
            "a'$(touch canary)'",
            "https://",
            "",
        ] {
            let error = check_endpoint("token_endpoint", bad).unwrap_err();
            assert_eq!(error.code(), Code::MetadataInvalid);
            assert!(error.to_string().starts_with("token_endpoint"), "{bad}");
            assert!(!error.to_string().contains("u:p"));
        }
        let long = format!("https://as.example/{}", "x".repeat(MAX_LENGTH));
        assert!(check_endpoint("x", &long).is_err());
    }
}
