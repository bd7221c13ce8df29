//! Authorization response (RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode): a pure judge of
//! what arrived at the listener or was pasted.
//!
//! Whatever is not the answer to *this* request is ignored and never ends a sign-in: any page and
//! any local user can reach the listener. Only what carries the right `state` counts.

use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderMap, Method, Request, StatusCode, header};
use url::{Url, form_urlencoded};

use crate::error::{Code, Error, OAuthError};
use crate::secret::{Secret, printable};

/// How the answer is delivered (`response_mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// GET, parameters in the query.
    #[default]
    Query,
    /// POST, parameters in a form body.
    FormPost,
}

/// What the answer must look like.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// As it was sent, byte for byte.
    pub redirect_uri: Url,
    pub delivery: Delivery,
    /// The `state` that was sent.
    pub state: Secret,
    /// The issuer that was asked; `None` where none is known.
    pub issuer: Option<String>,
    /// `authorization_response_iss_parameter_supported`: then a missing `iss` is an attack.
    pub issuer_required: bool,
}

/// Why a request or a pasted line was not the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Host header missing, doubled or not the redirect URI's (DNS rebinding).
    Host,
    /// Not in origin form, or not a URL.
    Target,
    /// Another path: favicon and the like.
    Path,
    /// Another method than the response mode's.
    Method,
    /// A script, an image, a frame, a socket, a prefetch: not a person's browser navigating.
    NotNavigation,
    /// The form is not one.
    Form,
    /// A parameter came twice (RFC 6749 §3.1) or is not text.
    Parameters,
    /// Nothing in it: a bare visit, or the answer is in the fragment.
    Empty,
    /// No `state`.
    NoState,
    /// The `state` of another request.
    WrongState,
    /// Neither `code` nor `error`.
    NoCode,
}

impl Ignored {
    /// The status that the page about it gets.
    pub fn status(self) -> StatusCode {
        match self {
            Ignored::Path => StatusCode::NOT_FOUND,
            Ignored::Method => StatusCode::METHOD_NOT_ALLOWED,
            Ignored::Host => StatusCode::MISDIRECTED_REQUEST,
            Ignored::NotNavigation => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ignored::Host => "for another host",
            Ignored::Target => "not a redirect URL",
            Ignored::Path => "another path",
            Ignored::Method => "another method",
            Ignored::NotNavigation => "not a page being opened",
            Ignored::Form => "not a form",
            Ignored::Parameters => "a parameter given twice or garbled",
            Ignored::Empty => "no parameters",
            Ignored::NoState => "no state",
            Ignored::WrongState => "the state of another sign-in",
            Ignored::NoCode => "neither code nor error",
        })
    }
}

/// The judgement.
#[derive(Debug)]
pub enum Verdict {
    /// Not the answer; go on waiting.
    Ignore(Ignored),
    /// The answer to our request.
    Answer(Answer),
}

/// An answer with the right `state`.
#[derive(Debug)]
pub enum Answer {
    /// The code, and every unregistered parameter beside it.
    Code {
        code: Secret,
        other: BTreeMap<String, String>,
    },
    /// The server refused.
    Error(OAuthError),
    /// It must not be used: abort, redeem nothing.
    Invalid(Error),
}

/// Judges a request at the listener.
pub fn judge(request: &Request<Vec<u8>>, expected: &Expectation) -> Verdict {
    match parameters_of(request, expected) {
        Ok(parameters) => judge_parameters(&parameters, expected),
        Err(ignored) => Verdict::Ignore(ignored),
    }
}

/// Judges a pasted line: the whole URL that the browser was sent to.
pub fn judge_pasted(line: &Secret, expected: &Expectation) -> Verdict {
    let Ok(url) = Url::parse(line.expose().trim()) else {
        return Verdict::Ignore(Ignored::Target);
    };
    let same = url.scheme() == expected.redirect_uri.scheme()
        && url.host() == expected.redirect_uri.host()
        && url.port_or_known_default() == expected.redirect_uri.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none();
    if !same {
        return Verdict::Ignore(Ignored::Host);
    }
    if url.path() != expected.redirect_uri.path() {
        return Verdict::Ignore(Ignored::Path);
    }
    judge_parameters(&parse(url.query().unwrap_or_default().as_bytes()), expected)
}

type Parameters = Vec<(String, String)>;

fn parse(form: &[u8]) -> Parameters {
    form_urlencoded::parse(form).into_owned().collect()
}

fn parameters_of(
    request: &Request<Vec<u8>>,
    expected: &Expectation,
) -> Result<Parameters, Ignored> {
    check_host(request.headers(), &expected.redirect_uri)?;
    let target = request.uri();
    if target.scheme().is_some() || target.authority().is_some() {
        return Err(Ignored::Target);
    }
    if target.path() != expected.redirect_uri.path() {
        return Err(Ignored::Path);
    }
    let method = match expected.delivery {
        Delivery::Query => Method::GET,
        Delivery::FormPost => Method::POST,
    };
    if *request.method() != method {
        return Err(Ignored::Method);
    }
    check_navigation(request.headers())?;
    match expected.delivery {
        Delivery::Query => Ok(parse(target.query().unwrap_or_default().as_bytes())),
        Delivery::FormPost => {
            check_form(request.headers())?;
            Ok(parse(request.body()))
        }
    }
}

/// Exactly the redirect URI's authority, exactly once (must 22).
fn check_host(headers: &HeaderMap, redirect_uri: &Url) -> Result<(), Ignored> {
    let mut values = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (values.next(), values.next()) else {
        return Err(Ignored::Host);
    };
    let host = host.to_str().map_err(|_| Ignored::Host)?;
    let name = redirect_uri.host_str().unwrap_or_default();
    let port = redirect_uri.port_or_known_default().unwrap_or_default();
    let with_port = format!("{name}:{port}");
    // Browsers leave the scheme's own port out, as `Url::port` does.
    let bare = redirect_uri.port().is_none() && host.eq_ignore_ascii_case(name);
    if bare || host.eq_ignore_ascii_case(&with_port) {
        Ok(())
    } else {
        Err(Ignored::Host)
    }
}

/// Fetch Metadata: only a top-level navigation that a person sees (must 24). Absent headers pass:
/// not every browser sends them, and Chromium sends none with a WebSocket's handshake.
fn check_navigation(headers: &HeaderMap) -> Result<(), Ignored> {
    let only = |name: &str, wanted: &str| {
        headers
            .get_all(name)
            .iter()
            .all(|value| value.as_bytes().eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let speculative = ["sec-purpose", "purpose", "x-moz", "x-purpose"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let navigates = only("sec-fetch-mode", "navigate")
        && only("sec-fetch-dest", "document")
        && !headers.contains_key(header::SEC_WEBSOCKET_KEY);
    if navigates && !speculative {
        Ok(())
    } else {
        Err(Ignored::NotNavigation)
    }
}

fn check_form(headers: &HeaderMap) -> Result<(), Ignored> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Ignored::Form);
    };
    let essence = value.to_str().map_err(|_| Ignored::Form)?;
    let essence = essence.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(())
    } else {
        Err(Ignored::Form)
    }
}

/// Parameters with a meaning here; each at most once.
const REGISTERED: &[&str] = &[
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
];

/// Unregistered parameters kept at most, and bytes of each: `realmId` and its like are short.
const OTHER_LIMIT: (usize, usize) = (16, 1024);

fn judge_parameters(parameters: &Parameters, expected: &Expectation) -> Verdict {
    if parameters.is_empty() {
        return Verdict::Ignore(Ignored::Empty);
    }
    for name in REGISTERED {
        let mut values = parameters.iter().filter(|(n, _)| n == name);
        let first = values.next();
        let garbled = !name.starts_with("error_")
            && first.is_some_and(|(_, value)| value.contains(char::REPLACEMENT_CHARACTER));
        if values.next().is_some() || garbled {
            return Verdict::Ignore(Ignored::Parameters);
        }
    }
    let get = |name: &str| {
        parameters
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    };
    match get("state") {
        None => return Verdict::Ignore(Ignored::NoState),
        Some(state) if !same_bytes(state, expected.state.expose()) => {
            return Verdict::Ignore(Ignored::WrongState);
        }
        Some(_) => {}
    }
    if get("code").is_none_or(str::is_empty) && get("error").is_none() {
        return Verdict::Ignore(Ignored::NoCode);
    }
    if let Err(error) = check_issuer(get("iss"), expected) {
        return Verdict::Answer(Answer::Invalid(error));
    }
    if let Some(error) = get("error") {
        return Verdict::Answer(Answer::Error(OAuthError {
            error: printable(error, 64),
            error_description: get("error_description").map(|text| printable(text, 300)),
            error_uri: get("error_uri").map(|text| printable(text, 200)),
            status: 0,
        }));
    }
    Verdict::Answer(Answer::Code {
        code: Secret::from(get("code").unwrap_or_default()),
        other: parameters
            .iter()
            .filter(|(name, value)| {
                !REGISTERED.contains(&name.as_str()) && value.len() <= OTHER_LIMIT.1
            })
            .take(OTHER_LIMIT.0)
            .cloned()
            .collect(),
    })
}

/// RFC 9207 §2.4: simple string comparison, on error responses too.
fn check_issuer(iss: Option<&str>, expected: &Expectation) -> Result<(), Error> {
    let told = match (iss, &expected.issuer) {
        (Some(iss), Some(issuer)) if iss != issuer => format!(
            "the redirect names the issuer {:?}, not {issuer}",
            printable(iss, 200)
        ),
        (None, Some(issuer)) if expected.issuer_required => {
            format!("the redirect names no issuer, though {issuer} always does")
        }
        _ => return Ok(()),
    };
    Err(
        Error::new(Code::AuthorizationResponseInvalid, told).with_hint(
            "another server may be answering in this one's name (RFC 9207); nothing was sent to it",
        ),
    )
}

/// Comparison whose time does not tell how much was right.
fn same_bytes(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0u8, |all, (a, b)| all | (a ^ b))
            == 0
}

#[cfg(test)]
#[path = "authorization_response_tests.rs"]
mod tests;
