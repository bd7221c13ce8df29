//! An origin that may see a credential, as somebody wrote it down.

use url::{Host, Url};

use crate::error::{Code, Error, Result};
use crate::protocol::endpoint::{is_protected, is_spelled_out};
use crate::secret::printable;

/// One pattern: `https://api.example.com`, `https://*.example.com`, `http://127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin {
    /// Scheme, host (or `*.` suffix) and port; https unless loopback.
    pub pattern: String,
    /// `preset google`, `config.toml`, `--allow-origin`, …
    pub from: String,
    /// `pattern`, taken apart once and not for every request.
    parsed: Pattern,
}

impl AllowedOrigin {
    /// Checks a pattern; `ConfigInvalid` says what is wrong with it.
    pub fn new(pattern: &str, from: &str) -> Result<Self> {
        let parsed = Pattern::parse(pattern)
            .and_then(|parsed| match parsed.origin.path() {
                "" | "/" if parsed.origin.query().is_none() => Ok(parsed),
                _ => Err("names more than scheme, host and port"),
            })
            .map_err(|why| {
                // What stands before an @ may be a password.
                let shown = match pattern.rsplit_once('@') {
                    Some((_, place)) => format!("…@{}", printable(place, 120)),
                    None => printable(pattern, 120),
                };
                let what = format!("origin {shown:?} ({from}) {why}");
                Error::new(Code::ConfigInvalid, what)
                .with_hint("an origin looks like https://api.example.com or https://*.example.com; http only on loopback")
            })?;
        Ok(AllowedOrigin {
            pattern: pattern.trim_end_matches('/').to_owned(),
            from: from.to_owned(),
            parsed,
        })
    }

    /// The origin of a URL such as `api_base_url`.
    pub fn of(url: &Url, from: &str) -> Result<Self> {
        Self::new(&url.origin().ascii_serialization(), from)
    }

    pub(super) fn allows(&self, url: &Url) -> bool {
        self.parsed.matches(url)
    }
}

/// A pattern taken apart: an origin, and whether its subdomains are meant in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    origin: Url,
    subdomains: bool,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (plain, subdomains) = match text.split_once("://*.") {
            Some((scheme, rest)) => (format!("{scheme}://{rest}"), true),
            None => (text.to_owned(), false),
        };
        if plain.contains('*') {
            return Err("has a * that is not the whole first label");
        }
        if !is_spelled_out(&plain) {
            return Err("is not written as scheme, host and port");
        }
        let origin = Url::parse(&plain).map_err(|_| "is not a URL")?;
        if !origin.username().is_empty() || origin.password().is_some() {
            return Err("holds a user name or password");
        }
        if !is_protected(&origin) {
            return Err("is neither https nor on loopback");
        }
        if subdomains {
            let parent = origin.domain().ok_or("puts a * before an IP address")?;
            if !parent.trim_end_matches('.').contains('.') {
                return Err("covers a whole top-level domain");
            }
        }
        Ok(Pattern { origin, subdomains })
    }

    /// Hosts are compared as the URL parser writes them: lower case, punycode; a trailing dot
    /// makes another host.
    fn matches(&self, url: &Url) -> bool {
        let same_place = self.origin.scheme() == url.scheme()
            && self.origin.port_or_known_default() == url.port_or_known_default();
        let same_host = match (self.subdomains, url.host()) {
            (false, host) => host == self.origin.host(),
            (true, Some(Host::Domain(host))) => {
                let parent = self.origin.domain().unwrap_or_default();
                let label = host.strip_suffix(parent);
                label.is_some_and(|label| label.len() > 1 && label.ends_with('.'))
            }
            (true, _) => false,
        };
        same_place && same_host
    }
}
