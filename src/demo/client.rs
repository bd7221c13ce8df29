//! Registered clients and how they authenticate (RFC 6749 §2.3).

use base64::Engine;
use url::Url;

use super::Provider;
use super::exchange::{Call, Parameters, Refusal};
use crate::secret::Secret;

/// One registered client.
#[derive(Debug, Clone)]
pub struct DemoClient {
    /// `client_id`.
    pub client_id: String,
    /// Name on the consent page.
    pub client_name: String,
    /// Its secret; `None` for a public client.
    pub client_secret: Option<Secret>,
    /// `none`, `client_secret_basic`, `client_secret_post`: no other is accepted from it.
    pub token_endpoint_auth_method: &'static str,
    /// Registered redirect URIs. On a loopback IP the port may vary (RFC 8252 §7.3).
    pub redirect_uris: Vec<String>,
}

impl DemoClient {
    /// A public native client that may use any loopback redirect URI.
    pub fn public(client_id: &str) -> Self {
        DemoClient {
            client_id: client_id.into(),
            client_name: "hallpass".into(),
            client_secret: None,
            token_endpoint_auth_method: "none",
            redirect_uris: vec![
                "http://127.0.0.1/*".into(),
                "http://[::1]/*".into(),
                "http://localhost/*".into(),
            ],
        }
    }

    /// A confidential client, otherwise like [`DemoClient::public`].
    pub fn confidential(client_id: &str, secret: &str, method: &'static str) -> Self {
        DemoClient {
            client_secret: Some(secret.into()),
            token_endpoint_auth_method: method,
            ..DemoClient::public(client_id)
        }
    }

    /// Whether this redirect URI is registered.
    pub(super) fn accepts_redirect(&self, uri: &str) -> bool {
        let Ok(url) = Url::parse(uri) else {
            return false;
        };
        url.fragment().is_none()
            && self
                .redirect_uris
                .iter()
                .any(|registered| matches_redirect(registered, uri, &url))
    }
}

/// Exact, but for the port of a loopback URI; `/*` stands for any path.
fn matches_redirect(registered: &str, uri: &str, url: &Url) -> bool {
    if registered == uri {
        return true;
    }
    let Ok(registered) = Url::parse(registered) else {
        return false;
    };
    let loopback = matches!(
        registered.host_str(),
        Some("127.0.0.1" | "[::1]" | "localhost")
    );
    loopback
        && url.scheme() == "http"
        && url.username().is_empty()
        && url.password().is_none()
        && registered.scheme() == url.scheme()
        && registered.host_str() == url.host_str()
        && (registered.path() == "/*"
            || (registered.path() == url.path() && registered.query() == url.query()))
}

/// Finds the client that a token, revocation, introspection or device request comes from and
/// checks that it authenticates exactly as registered.
pub(super) fn authenticate(
    provider: &Provider,
    call: &Call<'_>,
    form: &Parameters,
) -> Result<DemoClient, Refusal> {
    let basic = basic_credentials(call)?;
    let in_body = form.get("client_secret");
    let (client_id, secret, method) = match (&basic, in_body) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid_request(
                "two client authentication methods in one request",
            ));
        }
        (Some((id, secret)), None) => (id.as_str(), Some(secret.as_str()), "client_secret_basic"),
        (None, Some(secret)) => (
            form.require("client_id")?,
            Some(secret),
            "client_secret_post",
        ),
        (None, None) => (form.require("client_id")?, None, "none"),
    };
    if form.get("client_id").is_some_and(|id| id != client_id) {
        return Err(Refusal::invalid_request(
            "client_id in the body is not the authenticated client",
        ));
    }
    let client = provider
        .clients
        .get(client_id)
        .ok_or_else(|| invalid_client("no such client", basic.is_some()))?;
    if client.token_endpoint_auth_method != method {
        let wanted = client.token_endpoint_auth_method;
        return Err(invalid_client(
            format!("this client must use {wanted}, not {method}"),
            basic.is_some(),
        ));
    }
    let expected = client.client_secret.as_ref().map(|s| s.expose().as_str());
    if expected != secret {
        return Err(invalid_client("wrong client secret", basic.is_some()));
    }
    Ok(client.clone())
}

/// id and secret of a Basic header, each form-decoded (RFC 6749 §2.3.1).
fn basic_credentials(call: &Call<'_>) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = call.header(http::header::AUTHORIZATION) else {
        return Ok(None);
    };
    let bad = || invalid_client("the Basic credentials are not properly encoded", true);
    let (scheme, encoded) = value.split_once(' ').ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(bad());
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let (id, secret) = text.split_once(':').ok_or_else(bad)?;
    Ok(Some((
        form_decode(id).ok_or_else(bad)?,
        form_decode(secret).ok_or_else(bad)?,
    )))
}

/// Decodes one form-encoded value; `None` where it is not the encoding of anything.
fn form_decode(text: &str) -> Option<String> {
    let properly = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"*-._+%".contains(&b));
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((value, empty)), None) if properly && empty.is_empty() => Some(value.into_owned()),
        (None, None) => Some(String::new()),
        _ => None,
    }
}

fn invalid_client(description: impl Into<String>, basic: bool) -> Refusal {
    let mut refusal = Refusal::new(401, "invalid_client", description);
    if basic {
        refusal.header = Some((
            http::header::WWW_AUTHENTICATE,
            "Basic realm=\"demo\"".to_owned(),
        ));
    }
    refusal
}
