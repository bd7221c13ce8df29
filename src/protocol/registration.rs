//! Dynamic client registration (RFC 7591): how we introduce ourselves, and what we are given.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::client_authentication::ClientAuthenticationMethod;
use super::json;
use super::metadata::check_endpoint;
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// Bytes of an answer at most.
const LIMIT: usize = 1 << 20;

/// What a native, public client asks for (RFC 8252 §8.4).
#[derive(Debug, Clone)]
pub struct ClientMetadata<'a> {
    /// Shown to the person on the consent page.
    pub client_name: &'a str,
    /// Every redirect URI we may use.
    pub redirect_uris: &'a [String],
    /// `authorization_code`, `refresh_token`, …
    pub grant_types: &'a [&'a str],
    /// `None` leaves it to the server.
    pub scope: Option<&'a str>,
}

/// What the server made of it; this counts, not what was asked for (RFC 7591 §3.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The new `client_id`.
    pub client_id: String,
    /// A secret, where the server insists on a confidential client.
    pub client_secret: Option<Secret>,
    /// When the secret ends, seconds; `None` for never.
    pub client_secret_expires_at: Option<i64>,
    /// For reading, changing and deleting the registration (RFC 7592).
    pub registration_access_token: Option<Secret>,
    /// Where that is done.
    pub registration_client_uri: Option<String>,
    /// How to authenticate.
    pub token_endpoint_auth_method: ClientAuthenticationMethod,
    /// Redirect URIs as registered, where told.
    pub redirect_uris: Option<Vec<String>>,
    /// Scope as registered, where told.
    pub scope: Option<String>,
}

/// The request (RFC 7591 §3.1), with an initial access token where the server wants one.
pub fn request(
    endpoint: &Url,
    client: &ClientMetadata<'_>,
    initial_access_token: Option<&Secret>,
) -> Result<Request<Vec<u8>>> {
    let mut body = json!({
        "client_name": client.client_name,
        "application_type": "native",
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    if let Some(scope) = client.scope {
        body["scope"] = json!(scope);
    }
    let mut request = Request::post(endpoint.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json");
    if let Some(token) = initial_access_token {
        let text = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| Error::new(Code::Usage, "the initial access token fits no header"))?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request
        .body(body.to_string().into_bytes())
        .map_err(|error| Error::new(Code::Internal, "a registration request").with_source(error))
}

/// Reads a 2xx answer (§3.2.1).
pub fn read(response: &Response<Vec<u8>>) -> Result<Registered> {
    let object =
        json::parse_object(response.body(), LIMIT).map_err(|why| invalid(&format!("is {why}")))?;
    if let Some(name) = object.repeated.first() {
        let name = printable(name, 60);
        return Err(invalid(&format!("has {name} more than once")));
    }
    let members = &object.members;
    let client_id = match text(members, "client_id")? {
        Some(id) if !id.is_empty() && id.bytes().all(|b| (0x20..=0x7e).contains(&b)) => id,
        Some(_) => {
            return Err(invalid(
                "has a client_id that is empty or not printable ASCII",
            ));
        }
        None => return Err(invalid("has no client_id")),
    };
    let client_secret = text(members, "client_secret")?.filter(|secret| !secret.is_empty());
    let registration_client_uri = text(members, "registration_client_uri")?;
    if let Some(uri) = registration_client_uri {
        check_endpoint("registration_client_uri", uri)?;
    }
    Ok(Registered {
        client_id: client_id.to_owned(),
        token_endpoint_auth_method: method(members, client_secret.is_some())?,
        client_secret: client_secret.map(Secret::from),
        client_secret_expires_at: expiry(members)?,
        registration_access_token: text(members, "registration_access_token")?.map(Secret::from),
        registration_client_uri: registration_client_uri.map(str::to_owned),
        redirect_uris: texts(members, "redirect_uris")?,
        scope: text(members, "scope")?.map(str::to_owned),
    })
}

/// RFC 7591 §2: `client_secret_basic` where it is left out; a client without a secret is public
/// whatever the answer leaves out.
fn method(members: &Map<String, Value>, has_secret: bool) -> Result<ClientAuthenticationMethod> {
    use ClientAuthenticationMethod as Method;
    match (text(members, "token_endpoint_auth_method")?, has_secret) {
        (Some("none"), _) | (None, false) => Ok(Method::None),
        (Some("client_secret_basic") | None, true) => Ok(Method::ClientSecretBasic),
        (Some("client_secret_post"), true) => Ok(Method::ClientSecretPost),
        (Some(other), _) => Err(invalid(&format!(
            "wants the client to authenticate by {}{}",
            printable(other, 60),
            if has_secret { "" } else { " without a secret" }
        ))),
    }
}

/// `client_secret_expires_at`: 0 means never.
fn expiry(members: &Map<String, Value>) -> Result<Option<i64>> {
    match members.get("client_secret_expires_at") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(0) => Ok(None),
            Some(seconds) => Ok(Some(seconds)),
            None => Err(invalid("has a client_secret_expires_at that is no time")),
        },
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(&format!(
            "has {name} as {}, not a string",
            json::kind(other)
        ))),
    }
}

fn texts(members: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(entries)) => {
            let texts = entries
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned));
            let texts: Option<Vec<_>> = texts.collect();
            texts
                .map(Some)
                .ok_or_else(|| invalid(&format!("has a {name} entry that is no string")))
        }
        Some(other) => Err(invalid(&format!(
            "has {name} as {}, not an array",
            json::kind(other)
        ))),
    }
}

fn invalid(why: &str) -> Error {
    Error::new(
        Code::ResponseInvalid,
        format!("the registration response {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: Value) -> Result<Registered> {
        read(&Response::new(body.to_string().into_bytes()))
    }

    /// must 96
    #[test]
    fn a_native_public_client_is_asked_for() {
        let endpoint = Url::parse("https://as.example/register").unwrap();
        let client = ClientMetadata {
            client_name: "hallpass",
            redirect_uris: &["http://127.0.0.1/callback".to_owned()],
            grant_types: &["authorization_code", "refresh_token"],
            scope: None,
        };
        let token = Secret::from("initial");
        let request = request(&endpoint, &client, Some(&token)).unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body["application_type"], "native");
        assert_eq!(body["token_endpoint_auth_method"], "none");
        assert!(body.get("scope").is_none());
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    /// must 96
    #[test]
    fn what_the_server_returns_counts() {
        let registered = of(json!({
            "client_id": "c", "client_secret": "s", "client_secret_expires_at": 1_800_000_000,
            "token_endpoint_auth_method": "client_secret_post",
            "registration_access_token": "r", "registration_client_uri": "https://as.example/c",
            "redirect_uris": ["http://127.0.0.1/cb"], "scope": "openid",
        }))
        .unwrap();
        let post = ClientAuthenticationMethod::ClientSecretPost;
        assert_eq!(registered.token_endpoint_auth_method, post);
        assert_eq!(registered.client_secret_expires_at, Some(1_800_000_000));
        assert_eq!(registered.client_secret, Some(Secret::from("s")));
        let public = of(json!({"client_id": "c", "client_secret_expires_at": 0})).unwrap();
        let none = ClientAuthenticationMethod::None;
        assert_eq!(public.token_endpoint_auth_method, none);
        assert_eq!(public.client_secret_expires_at, None);
    }

    #[test]
    fn answers_that_cannot_be_used_are_refused() {
        for bad in [
            json!({}),
            json!({"client_id": ""}),
            json!({"client_id": "a\u{1b}"}),
            json!({"client_id": 7}),
            json!({"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"}),
            json!({"client_id": "c", "token_endpoint_auth_method": "client_secret_basic"}),
            json!({"client_id": "c", "registration_client_uri": "http://as.example/"}),
            json!({"client_id": "c", "redirect_uris": [1]}),
            json!({"client_id": "c", "client_secret_expires_at": "soon"}),
        ] {
            assert!(of(bad.clone()).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_a_usable_client_or_refused(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            name in "client_id|client_secret|token_endpoint_auth_method|registration_client_uri|client_secret_expires_at|redirect_uris",
            value in "\"[ -!#-\\[\\]-~]{0,20}\"|null|7|\\[\"x\"\\]|\"(none|private_key_jwt|client_secret_post)\"",
        ) {
            let _ = read(&Response::new(body));
            let text = format!("{{\"client_id\":\"c\",\"client_secret\":\"s\",\"{name}\":{value}}}");
            if let Ok(client) = read(&Response::new(text.into_bytes())) {
                proptest::prop_assert!(!client.client_id.is_empty());
                let needs_secret = client.token_endpoint_auth_method != ClientAuthenticationMethod::None;
                proptest::prop_assert!(!needs_secret || client.client_secret.is_some());
                if let Some(uri) = client.registration_client_uri {
                    proptest::prop_assert!(uri.starts_with("https://") || uri.starts_with("http://"));
                }
            }
        }
    }
}
