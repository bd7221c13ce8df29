//! A credential that knows where it may go.
//!
//! Only [`Credential::authorize`] turns it into a header, and only for a request whose origin it
//! names. Nothing that a server or a redirect says can widen the list.

use std::cell::OnceCell;
use std::rc::Rc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use url::Url;
use zeroize::Zeroizing;

use super::AllowedOrigin;
use crate::error::{Code, Error, Result};
use crate::port::{Request, target};
use crate::protocol::endpoint::is_protected;
use crate::protocol::token::TokenType;
use crate::secret::{Secret, printable};

/// An access token bound to the origins that may see it. A clone shares both: `batch` makes one a
/// request.
#[derive(Debug, Clone)]
pub struct Credential {
    token: Rc<Secret>,
    token_type: TokenType,
    audience: Audience,
    /// The header's value, once it was asked for; marked sensitive.
    value: Rc<OnceCell<HeaderValue>>,
}

/// The origins that may see a credential, each with where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Patterns in the order they were given.
    pub origins: Rc<Vec<AllowedOrigin>>,
}

impl Audience {
    /// Adds an origin; see [`AllowedOrigin::new`].
    pub fn allow(&mut self, pattern: &str, from: &str) -> Result<()> {
        Rc::make_mut(&mut self.origins).push(AllowedOrigin::new(pattern, from)?);
        Ok(())
    }

    /// Adds what somebody checked.
    pub fn extend(&mut self, origins: &[AllowedOrigin]) {
        Rc::make_mut(&mut self.origins).extend_from_slice(origins);
    }

    /// Whether scheme, host and port of `url` match a pattern.
    ///
    /// Never over plain http but on loopback, never for a URL that holds credentials of its own.
    pub fn allows(&self, url: &Url) -> bool {
        is_protected(url)
            && url.username().is_empty()
            && url.password().is_none()
            && self.origins.iter().any(|origin| origin.allows(url))
    }

    fn refusal(&self, url: &Url) -> Error {
        let origin = match url.host_str() {
            Some(_) => url.origin().ascii_serialization(),
            None => printable(url.scheme(), 40),
        };
        let error = |message| Error::new(Code::OriginNotAllowed, message);
        if !url.username().is_empty() || url.password().is_some() {
            return error(format!(
                "the URL on {origin} holds a user name or password beside the token"
            ))
            .with_hint("take it out of the URL");
        }
        if !is_protected(url) {
            return error(format!("the token is not sent unencrypted to {origin}"))
                .with_hint("use https; plain http is for 127.0.0.1, [::1] and localhost only");
        }
        let allowed: Vec<_> = self
            .origins
            .iter()
            .map(|allowed| format!("{} ({})", allowed.pattern, allowed.from))
            .collect();
        let list = match allowed.is_empty() {
            true => "the service names no api_base_url and no audience".to_owned(),
            false => format!("it may go to {}", allowed.join(", ")),
        };
        error(format!("the token may not be sent to {origin}")).with_hint(format!(
            "{list}; add --allow-origin {origin} to allow this one, or list it in the service's audience"
        ))
    }
}

impl Credential {
    /// Binds a token to its audience.
    pub fn new(token: Secret, token_type: TokenType, audience: Audience) -> Self {
        Credential {
            token: Rc::new(token),
            token_type,
            audience,
            value: Rc::default(),
        }
    }

    /// The origins that may see it.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The bare token, for `hallpass token` and helpers that hand it to the person.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// How the token is presented.
    pub fn token_type(&self) -> TokenType {
        self.token_type
    }

    /// Whether it may go to `url`; `OriginNotAllowed` says how to allow it.
    pub fn check(&self, url: &Url) -> Result<()> {
        match self.audience.allows(url) {
            true => Ok(()),
            false => Err(self.audience.refusal(url)),
        }
    }

    /// Sets the `Authorization` header; `OriginNotAllowed` for any other origin.
    ///
    /// A header of ours (marked sensitive) is replaced, as for a retry with a renewed token;
    /// somebody else's is an error.
    pub fn authorize(&self, request: &mut Request) -> Result<()> {
        // The way the HTTP client reads it, so that both see the same host.
        let url = target::of(request)
            .map_err(|_| Error::new(Code::Usage, "the request has no absolute URL"))?;
        self.check(&url)?;
        let given = request.headers().get(AUTHORIZATION);
        if given.is_some_and(|value| !value.is_sensitive()) {
            return Err(Error::new(
                Code::Usage,
                "the request has an Authorization header of its own",
            )
            .with_hint("drop it: hallpass adds the service's"));
        }
        let value = match self.value.get() {
            Some(value) => value.clone(),
            None => {
                let value = self.header_value()?;
                self.value.get_or_init(|| value).clone()
            }
        };
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    fn header_value(&self) -> Result<HeaderValue> {
        let scheme = match self.token_type {
            TokenType::Bearer => "Bearer",
            TokenType::DPoP => "DPoP",
        };
        let text = Zeroizing::new(format!("{scheme} {}", self.token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Error::new(
                Code::StoreUnreadable,
                "the stored access token holds characters that no header may hold",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Body;
    use proptest::prelude::*;

    fn audience(patterns: &[&str]) -> Audience {
        let mut audience = Audience::default();
        for pattern in patterns {
            audience.allow(pattern, "config.toml").unwrap();
        }
        audience
    }

    fn allows(pattern: &str, url: &str) -> bool {
        audience(&[pattern]).allows(&Url::parse(url).unwrap())
    }

    /// must 83
    #[test]
    fn scheme_host_and_port_must_be_the_same() {
        let api = "https://api.example.com";
        for good in [
            "https://api.example.com/a?b=c",
            "https://API.Example.Com/",
            "https://api.example.com:443/",
        ] {
            assert!(allows(api, good), "{good}");
        }
        for bad in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://evil.example/",
            "https://api.example.com.evil.example/",
            "https://api.example.com./",
            "https://api-example.com/",
            "https://x.api.example.com/",
            "https://u:p@api.example.com/",
            "https://u@api.example.com/",
            "https://api.example.com@evil.example/",
            "ftp://api.example.com/",
            "data:text/plain,https://api.example.com",
        ] {
            assert!(!allows(api, bad), "{bad}");
        }
    }

    #[test]
    fn a_star_means_subdomains_at_a_label_boundary() {
        let any = "https://*.example.com";
        assert!(allows(any, "https://a.example.com/"));
        assert!(allows(any, "https://a.b.example.com/"));
        for bad in [
            "https://example.com/",
            "https://evilexample.com/",
            "https://a.example.com.evil.example/",
            "https://a.example.com:8443/",
            "http://a.example.com/",
            "https://a.example.com./",
            "https://127.0.0.1/",
            "https://[::1]/",
        ] {
            assert!(!allows(any, bad), "{bad}");
        }
        assert!(allows(
            "https://*.example.com:8443",
            "https://a.example.com:8443/"
        ));
    }

    #[test]
    fn international_names_are_compared_in_punycode() {
        assert!(allows(
            "https://bücher.example",
            "https://xn--bcher-kva.example/"
        ));
        assert!(!allows("https://bücher.example", "https://bucher.example/"));
        // Cyrillic а
        assert!(!allows("https://api.example", "https://аpi.example/"));
    }

    #[test]
    fn loopback_is_the_only_place_for_http() {
        assert!(allows("http://127.0.0.1:8080", "http://127.0.0.1:8080/x"));
        assert!(!allows("http://127.0.0.1:8080", "http://127.0.0.1:8081/x"));
        assert!(!allows("http://127.0.0.1:8080", "http://localhost:8080/x"));
        for bad in [
            "http://api.example.com",
            "https://*.com",
            "https://*",
            "https://*.127.0.0.1",
            "http://*.localhost",
            "https://api.*.com",
            "https://a*.example.com",
            "https://u:p@api.example.com",
            "https://api.example.com/path",
            "https://api.example.com/?q",
            "https://api.example.com#",
            "https://api.example.com ",
            "https://api.\texample.com",
            "https:api.example.com",
            "https:\\\\api.example.com",
            "https://@api.example.com",
            "https://%61pi.example.com",
            "https://api.example.com/#f",
            "api.example.com",
            "*",
            "",
        ] {
            let error = AllowedOrigin::new(bad, "config.toml").unwrap_err();
            assert_eq!(error.code(), Code::ConfigInvalid, "{bad}");
            assert!(!error.to_string().contains("u:p"), "{error}");
            assert!(Audience::default().allow(bad, "config.toml").is_err());
        }
    }

    fn request(url: &str) -> Request {
        http::Request::get(url).body(Body::empty()).unwrap()
    }

    fn credential() -> Credential {
        let audience = audience(&["https://api.example.com"]);
        Credential::new(Secret::from("tok"), TokenType::Bearer, audience)
    }

    #[test]
    fn the_header_is_set_sensitive_and_may_be_renewed() {
        let mut request = request("https://api.example.com/x");
        credential().authorize(&mut request).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer tok");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        credential().authorize(&mut request).unwrap();
    }

    #[test]
    fn an_authorization_header_of_the_persons_is_not_overwritten() {
        let mut request = request("https://api.example.com/x");
        let own = HeaderValue::from_static("Basic eA==");
        request.headers_mut().insert(AUTHORIZATION, own);
        let error = credential().authorize(&mut request).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
    }

    #[test]
    fn another_origin_gets_nothing_and_the_error_says_how_to_allow_it() {
        let mut request = request("https://evil.example/x?y=z");
        let error = credential().authorize(&mut request).unwrap_err();
        assert_eq!(error.code(), Code::OriginNotAllowed);
        assert!(error.to_string().contains("https://evil.example"));
        let hint = error.hint().unwrap();
        assert!(hint.contains("https://api.example.com (config.toml)"));
        assert!(hint.contains("--allow-origin https://evil.example"));
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_token_that_would_inject_a_header_is_refused() {
        let token = Secret::from("a\r\nX: y");
        let audience = audience(&["https://api.example.com"]);
        let credential = Credential::new(token, TokenType::Bearer, audience);
        let error = credential
            .authorize(&mut request("https://api.example.com/"))
            .unwrap_err();
        assert!(!error.to_string().contains("X: y"));
    }

    proptest! {
        #[test]
        fn whatever_is_allowed_has_the_right_host(url in "https?://[a-z.@:/\\\\?#*\\[\\]0-9]{0,30}example\\.com[a-z.@:/\\\\?#0-9]{0,12}") {
            let audience = audience(&["https://api.example.com", "https://*.cdn.example.com"]);
            if let Ok(url) = Url::parse(&url)
                && audience.allows(&url)
            {
                let host = url.host_str().unwrap();
                prop_assert!(host == "api.example.com" || host.ends_with(".cdn.example.com"));
                prop_assert_eq!(url.scheme(), "https");
                prop_assert_eq!(url.port_or_known_default(), Some(443));
            }
        }
    }
}
