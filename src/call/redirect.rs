//! What a redirect does to a request (RFC 9110 §15.4), decided anew at every hop (must 84).

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use url::Url;

use crate::error::{Code, Error, Result};
use crate::secret::{SafeUrl, printable};

/// Redirects that are followed at most, as curl has it.
pub const MAX: u32 = 50;

/// Which POSTs stay a POST (`--post301`, `--post302`, `--post303`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeepPost {
    pub on_301: bool,
    pub on_302: bool,
    pub on_303: bool,
}

/// The next request's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub method: Method,
    pub url: Url,
    /// The body goes along.
    pub keep_body: bool,
    /// Scheme, host and port stay the same, so what the person added may go along.
    pub same_origin: bool,
}

/// The statuses that lead on.
pub fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where `location` leads from `from`, and how.
pub fn hop(
    status: StatusCode,
    location: &[u8],
    from: &Url,
    method: &Method,
    keep: KeepPost,
) -> Result<Hop> {
    let url = target(location, from)?;
    let post = *method == Method::POST;
    let to_get = match status.as_u16() {
        301 => post && !keep.on_301,
        302 => post && !keep.on_302,
        303 => *method != Method::HEAD && !(post && keep.on_303),
        _ => false,
    };
    Ok(Hop {
        same_origin: url.origin() == from.origin(),
        url,
        method: if to_get { Method::GET } else { method.clone() },
        keep_body: !to_get,
    })
}

fn target(location: &[u8], from: &Url) -> Result<Url> {
    let refused = |code, what: String| {
        Error::new(code, what).with_hint("look at the answer itself: leave out -L, add -i")
    };
    let text = String::from_utf8_lossy(location);
    let mut url = from.join(&text).map_err(|error| {
        let text = shown(location, from);
        refused(
            Code::ResponseInvalid,
            format!("redirect to {text}, which is not a URL: {error}"),
        )
    })?;
    // They would be somebody else's, and the audience check refuses a URL that has any.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        let scheme = printable(url.scheme(), 40);
        return Err(refused(
            Code::ResponseInvalid,
            format!("redirect to a {scheme}: URL is not followed"),
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = printable(url.scheme(), 40);
        return Err(refused(
            Code::ResponseInvalid,
            format!("redirect to a {scheme}: URL is not followed"),
        ));
    }
    if from.scheme() == "https" && url.scheme() == "http" {
        return Err(refused(
            Code::OriginNotAllowed,
            format!(
                "redirect from https to {} is not followed: it would leave encryption behind",
                SafeUrl::new(url)
            ),
        ));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Where `location` leads from `from`, for a person: as in a trace, without the query's values.
pub fn shown(location: &[u8], from: &Url) -> String {
    let text = String::from_utf8_lossy(location);
    match from.join(&text) {
        Ok(url) => printable(&SafeUrl::new(url).to_string(), 300),
        Err(_) => match text.split_once(['?', '#']) {
            Some((path, _)) => format!("{}?…", printable(path, 200)),
            None => printable(&text, 200),
        },
    }
}

/// Takes away what belongs to the first origin: all but headers that describe the request itself.
pub fn strip(headers: &mut HeaderMap) {
    const HARMLESS: [HeaderName; 10] = [
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::ACCEPT_LANGUAGE,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::USER_AGENT,
        header::RANGE,
        header::IF_RANGE,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
    ];
    let gone: Vec<_> = headers
        .keys()
        .filter(|name| !HARMLESS.contains(name))
        .cloned()
        .collect();
    for name in gone {
        headers.remove(name);
    }
}

/// Takes away what describes a body that does not go along.
pub fn strip_body(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    const FROM: &str = "https://api.example.com/v1/x?a=b";

    fn go(status: u16, location: &str, method: Method) -> Result<Hop> {
        hop(
            StatusCode::from_u16(status).unwrap(),
            location.as_bytes(),
            &Url::parse(FROM).unwrap(),
            &method,
            KeepPost::default(),
        )
    }

    /// S9, must 84: host, port, scheme, subdomain, trailing dot, user information.
    #[test]
    fn a_place_is_shown_without_what_may_be_secret() {
        let from = Url::parse("https://a.example/x").unwrap();
        for (location, expected) in [
            ("/y?code=hunter2#hunter2", "https://a.example/y?code=…"),
            ("https://hunter2:hunter2@b.example/", "https://b.example/"),
            ("http://[bad?code=hunter2", "http://[bad?…"),
            ("http://[bad/\u{202e}", "http://[bad/\\u{202e}"),
        ] {
            assert_eq!(shown(location.as_bytes(), &from), expected);
            let error = hop(
                StatusCode::FOUND,
                location.as_bytes(),
                &from,
                &Method::GET,
                KeepPost::default(),
            );
            assert!(
                !error
                    .err()
                    .is_some_and(|error| error.to_string().contains("hunter2"))
            );
        }
    }

    #[test]
    fn every_change_of_origin_is_seen() {
        for (location, same) in [
            ("/y", true),
            ("y?z", true),
            ("https://API.example.com/y", true),
            ("https://api.example.com:443/y", true),
            ("https://user:pw@api.example.com/y", true),
            ("https://evil.example/y", false),
            ("//evil.example/y", false),
            ("https://api.example.com:8443/y", false),
            ("https://sub.api.example.com/y", false),
            ("https://example.com/y", false),
            ("https://api.example.com./y", false),
            ("https://api.example.com@evil.example/y", false),
            ("\\\\evil.example/y", false),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let hop = go(status, location, Method::GET).unwrap();
                assert_eq!(hop.same_origin, same, "{status} {location}");
                assert!(hop.url.username().is_empty() && hop.url.password().is_none());
            }
        }
    }

    #[test]
    fn encryption_is_never_left_behind() {
        for location in [
            "http://api.example.com/y",
            "http://127.0.0.1/",
            "http:api.example.com",
        ] {
            let error = go(302, location, Method::GET).unwrap_err();
            assert_eq!(error.code(), Code::OriginNotAllowed, "{location}");
        }
        for location in [
            "ftp://api.example.com/",
            "javascript:alert(1)",
            "data:,x",
            "https://",
        ] {
            let error = go(302, location, Method::GET).unwrap_err();
            assert_eq!(error.code(), Code::ResponseInvalid, "{location}");
        }
    }

    #[test]
    fn methods_change_as_they_do_in_curl() {
        for (status, method, next, body) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (303, Method::POST, Method::GET, false),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (301, Method::PUT, Method::PUT, true),
            (302, Method::DELETE, Method::DELETE, true),
            (307, Method::POST, Method::POST, true),
            (308, Method::POST, Method::POST, true),
        ] {
            let hop = go(status, "/y", method.clone()).unwrap();
            assert_eq!(
                (hop.method, hop.keep_body),
                (next, body),
                "{status} {method}"
            );
        }
        let keep = KeepPost {
            on_302: true,
            ..KeepPost::default()
        };
        let from = Url::parse(FROM).unwrap();
        let hop = hop(StatusCode::FOUND, b"/y", &from, &Method::POST, keep).unwrap();
        assert_eq!(hop.method, Method::POST);
    }

    #[test]
    fn only_headers_that_hold_no_secret_leave_the_origin() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "dpop",
            "cookie",
            "x-api-key",
            "proxy-authorization",
            "notion-version",
            "accept",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        strip(&mut headers);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["accept"]
        );
    }

    proptest! {
        #[test]
        fn no_location_leads_out_of_https(location in "\\PC{0,40}") {
            if let Ok(hop) = go(302, &location, Method::GET) {
                prop_assert_eq!(hop.url.scheme(), "https");
                prop_assert_eq!(hop.same_origin, hop.url.host_str() == Some("api.example.com")
                    && hop.url.port_or_known_default() == Some(443));
            }
        }
    }
}
