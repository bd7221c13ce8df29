//! One request with what it needs, and the replies every endpoint gives.

use http::header::{self, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::RandomBytes;
use crate::error::Result;

/// A response, before the headers that all responses share.
pub type Reply = http::Response<Vec<u8>>;

/// Form fields or query parameters, in order; no name twice.
#[derive(Debug, Default)]
pub(super) struct Parameters(pub Vec<(String, String)>);

/// The request being answered.
pub(super) struct Call<'a> {
    pub request: &'a http::Request<Vec<u8>>,
    pub now: i64,
    random: RandomBytes<'a>,
}

impl<'a> Call<'a> {
    pub fn new(request: &'a http::Request<Vec<u8>>, now: i64, random: RandomBytes<'a>) -> Self {
        Call {
            request,
            now,
            random,
        }
    }

    /// A fresh unguessable value: 256 bits, base64url.
    pub fn token(&mut self, prefix: &str) -> Result<String, Refusal> {
        Ok(format!("{prefix}{}", base64url(&self.bytes()?)))
    }

    /// 32 random bytes.
    pub fn bytes(&mut self) -> Result<[u8; 32], Refusal> {
        (self.random)().map_err(|_| Refusal::new(500, "server_error", "no random bytes"))
    }

    /// 405 unless the method is one of these.
    pub fn allow(&self, methods: &[&str]) -> Result<(), Refusal> {
        if methods.contains(&self.request.method().as_str()) {
            return Ok(());
        }
        let mut refusal = Refusal::new(405, "invalid_request", "this method is not allowed here");
        refusal.header = Some((header::ALLOW, methods.join(", ")));
        Err(refusal)
    }

    /// The header's value, where it is one line of ASCII.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// Query parameters; one named twice is refused (RFC 6749 §3.1).
    pub fn query(&self) -> Result<Parameters, Refusal> {
        Parameters::parse(self.request.uri().query().unwrap_or("").as_bytes())
    }

    /// Fields of a form-encoded body.
    pub fn form(&self) -> Result<Parameters, Refusal> {
        let content_type = self.header(header::CONTENT_TYPE).unwrap_or("");
        let essence = content_type.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::invalid_request("the body must be form-encoded"));
        }
        Parameters::parse(self.request.body())
    }

    /// The Bearer token, from the Authorization header only (RFC 6750 §2.1).
    pub fn bearer(&self) -> Option<&str> {
        let value = self.header(header::AUTHORIZATION)?;
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim_start())
    }
}

impl Parameters {
    fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            // RFC 8707 §2: `resource` alone may repeat.
            if name != "resource" && pairs.iter().any(|(seen, _)| *seen == name) {
                return Err(Refusal::invalid_request(format!("{name} is there twice")));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Parameters(pairs))
    }

    /// The value; an empty one counts as absent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(seen, value)| seen == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value, or `invalid_request` naming it.
    pub fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::invalid_request(format!("{name} is missing")))
    }

    /// Every value of a parameter that may repeat.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(seen, _)| seen == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// A space-separated list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let value = self.get(name).unwrap_or("");
        value.split_ascii_whitespace().map(str::to_owned).collect()
    }
}

/// An OAuth error answer (RFC 6749 §5.2, RFC 6750 §3.1).
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `error`.
    pub error: &'static str,
    /// `error_description`.
    pub description: String,
    /// One more header, where the error calls for it.
    pub header: Option<(HeaderName, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Refusal {
            status,
            error,
            description: description.into(),
            header: None,
        }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Refusal::new(400, "invalid_request", description)
    }

    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Refusal::new(400, "invalid_grant", description)
    }

    pub(super) fn not_found() -> Self {
        Refusal::new(404, "not_found", "there is nothing here")
    }

    /// A protected resource's challenge (RFC 6750 §3).
    pub(super) fn challenge(status: u16, error: &'static str, description: &str) -> Self {
        let mut refusal = Refusal::new(status, error, description);
        refusal.header = Some((
            header::WWW_AUTHENTICATE,
            format!(
                "Bearer realm=\"demo\", error=\"{error}\", error_description=\"{description}\""
            ),
        ));
        refusal
    }

    pub(super) fn into_reply(self) -> Reply {
        let body = json!({"error": self.error, "error_description": self.description});
        let mut reply = json_reply(self.status, &body);
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            reply.headers_mut().insert(name, value);
        }
        reply
    }
}

/// A JSON document.
pub(super) fn json_reply(status: u16, body: &Value) -> Reply {
    reply(status, "application/json", body.to_string().into_bytes())
}

/// A body of any type.
pub(super) fn reply(status: u16, content_type: &'static str, body: Vec<u8>) -> Reply {
    let mut reply = http::Response::new(body);
    *reply.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// 303 to another page.
pub(super) fn see_other(location: &str) -> Result<Reply, Refusal> {
    let mut reply = http::Response::new(Vec::new());
    *reply.status_mut() = http::StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(location)
        .map_err(|_| Refusal::new(500, "server_error", "the redirect cannot be written"))?;
    reply.headers_mut().insert(header::LOCATION, location);
    Ok(reply)
}

/// Headers that every response carries: nothing here may be kept or framed.
pub(super) fn finish(mut reply: Reply, head: bool) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if head {
        reply.body_mut().clear();
    }
    reply
}

/// base64url without padding (RFC 4648 §5).
pub(super) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256, base64url: the S256 challenge of a verifier (RFC 7636 §4.2).
pub(super) fn sha256_base64url(text: &str) -> String {
    base64url(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
}
