//! Authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1, OIDC Core §3.1.2.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use url::Url;

use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// Random bytes that one sign-in needs: 256 bits each for state, nonce and code verifier.
pub const RANDOM_BYTES: usize = 96;

/// The values that tie an answer to its request; new for every sign-in.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// `state`: the answer must bring it back.
    pub state: Secret,
    /// `nonce`: the ID Token must carry it.
    pub nonce: Secret,
    /// `code_verifier`: 43 unreserved characters (RFC 7636 §4.1).
    pub code_verifier: Secret,
}

impl Fresh {
    /// Encodes random bytes; each third is one value.
    pub fn from_random(bytes: &[u8; RANDOM_BYTES]) -> Self {
        let part = |index: usize| {
            Secret::new(URL_SAFE_NO_PAD.encode(&bytes[index * 32..(index + 1) * 32]))
        };
        Fresh {
            state: part(0),
            nonce: part(1),
            code_verifier: part(2),
        }
    }

    /// `code_challenge` for the method S256 (RFC 7636 §4.2).
    pub fn code_challenge(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.code_verifier.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }
}

/// Whether PKCE is used, from `code_challenge_methods_supported` (must 4).
///
/// Absent: S256 all the same. `configured` is what a preset or the person says and stands above
/// the server's document; an empty configured list means that the server breaks on PKCE.
pub fn code_challenge_wanted(
    configured: Option<&[String]>,
    published: Option<&[String]>,
) -> Result<bool> {
    let methods = match (configured, published) {
        (Some([]), _) => return Ok(false),
        (Some(methods), _) => methods,
        (None, Some([]) | None) => return Ok(true),
        (None, Some(methods)) => methods,
    };
    if methods.iter().any(|method| method == "S256") {
        return Ok(true);
    }
    let listed = printable(&methods.join(" "), 100);
    Err(Error::new(
        Code::MetadataInvalid,
        format!("code_challenge_methods_supported lists only {listed}, not S256"),
    )
    .with_hint("ask the operator of the server for PKCE with S256; plain is no protection"))
}

/// What goes to the authorization endpoint.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    /// One entry each; nothing is sent where there is none.
    pub scope: &'a [String],
    /// What stands between scopes on the wire.
    pub scope_separator: &'a str,
    pub fresh: &'a Fresh,
    /// Whether `nonce` is sent: when `openid` is asked for.
    pub with_nonce: bool,
    /// Whether `code_challenge` is sent.
    pub with_code_challenge: bool,
    /// `response_mode`, where it is not the default.
    pub response_mode: Option<&'a str>,
    /// RFC 8707, repeatable.
    pub resource: &'a [String],
    /// Seconds (OIDC Core §3.1.2.1).
    pub max_age: Option<u64>,
    pub acr_values: Option<&'a str>,
    /// The person's and the preset's parameters; a later one replaces an earlier one.
    pub extra: &'a [(String, String)],
}

/// Parameters that belong to the protocol: nobody may set them as an extra.
const PROTOCOL_PARAMETERS: &[&str] = &[
    "response_type",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "response_mode",
    "resource",
    "max_age",
    "acr_values",
    "request",
    "request_uri",
];

/// Whether an extra parameter of this name would override the protocol.
pub fn is_protocol_parameter(name: &str) -> bool {
    PROTOCOL_PARAMETERS.contains(&name)
}

/// A resource indicator is an absolute URI without fragment (RFC 8707 §2).
pub fn check_resource(resource: &str) -> Result<()> {
    let absolute = Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
    let clean = !resource
        .chars()
        .any(|c| c.is_whitespace() || c.is_control());
    if absolute && clean {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        format!(
            "resource {:?} is not an absolute URI without fragment",
            printable(resource, 200)
        ),
    )
    .with_hint("a resource indicator looks like https://api.example.com/ (RFC 8707)"))
}

impl AuthorizationRequest<'_> {
    /// Every parameter in wire order, none twice but `resource`.
    pub fn parameters(&self) -> Result<Vec<(String, String)>> {
        let mut out: Vec<(String, String)> = Vec::new();
        let mut push = |name: &str, value: &str| out.push((name.to_owned(), value.to_owned()));
        push("response_type", "code");
        push("client_id", self.client_id);
        push("redirect_uri", self.redirect_uri);
        if !self.scope.is_empty() {
            push("scope", &self.scope.join(self.scope_separator));
        }
        push("state", self.fresh.state.expose());
        if self.with_nonce {
            push("nonce", self.fresh.nonce.expose());
        }
        if self.with_code_challenge {
            push("code_challenge", &self.fresh.code_challenge());
            push("code_challenge_method", "S256");
        }
        if let Some(mode) = self.response_mode {
            push("response_mode", mode);
        }
        for resource in self.resource {
            check_resource(resource)?;
            push("resource", resource);
        }
        if let Some(seconds) = self.max_age {
            push("max_age", &seconds.to_string());
        }
        if let Some(values) = self.acr_values {
            push("acr_values", values);
        }
        for (index, (name, value)) in self.extra.iter().enumerate() {
            if is_protocol_parameter(name) {
                return Err(Error::new(
                    Code::Usage,
                    format!(
                        "authorization parameter {:?} belongs to the protocol",
                        printable(name, 60)
                    ),
                )
                .with_hint("hallpass sets it itself; see the flags of `hallpass login --help`"));
            }
            if !self.extra[index + 1..]
                .iter()
                .any(|(later, _)| later == name)
            {
                out.push((name.clone(), value.clone()));
            }
        }
        Ok(out)
    }

    /// The URL for the browser. The endpoint's own query stays (RFC 6749 §3.1) but where a
    /// parameter of ours has the same name; a protocol parameter that it fixes to another value
    /// is an error.
    pub fn url(&self, authorization_endpoint: &Url) -> Result<Url> {
        with_parameters(authorization_endpoint, &self.parameters()?)
    }
}

/// Adds parameters to an endpoint's own, percent-encoded so that form and URI decoders agree.
pub fn with_parameters(endpoint: &Url, parameters: &[(String, String)]) -> Result<Url> {
    let mut query = String::new();
    let own = endpoint.query().unwrap_or_default();
    for raw in own.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = url::form_urlencoded::parse(raw.as_bytes())
            .next()
            .unwrap_or_default();
        match parameters.iter().find(|(ours, _)| *ours == name) {
            None => push_part(&mut query, raw),
            Some((_, ours)) if *ours == value || !is_protocol_parameter(&name) => {}
            Some(_) => {
                return Err(Error::new(
                    Code::MetadataInvalid,
                    format!(
                        "authorization_endpoint already carries a {} of its own",
                        printable(&name, 60)
                    ),
                )
                .with_hint("remove it from authorization_endpoint; hallpass adds it"));
            }
        }
    }
    for (name, value) in parameters {
        push_part(&mut query, &format!("{}={}", encode(name), encode(value)));
    }
    let mut url = endpoint.clone();
    url.set_query(Some(&query));
    Ok(url)
}

fn push_part(query: &mut String, part: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(part);
}

/// Form encoding with `%20` for a space: not every server takes `+` in a query.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests;
