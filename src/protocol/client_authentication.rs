//! Client authentication at the token endpoint (RFC 6749 §2.3): a value that edits a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::secret::Secret;

use super::metadata::ServerMetadata;

/// `token_endpoint_auth_method` (RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ClientAuthenticationMethod {
    /// Public client: `client_id` in the body.
    None,
    /// HTTP Basic with form-encoded id and secret (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
}

impl ClientAuthenticationMethod {
    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

/// Who the client is and how it proves it; exactly one method per request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// A public client names itself.
    None {
        /// `client_id`
        client_id: String,
    },
    /// `Authorization: Basic …`
    SecretBasic {
        /// `client_id`
        client_id: String,
        /// `client_secret`
        secret: Secret,
    },
    /// `client_id` and `client_secret` in the body.
    SecretPost {
        /// `client_id`
        client_id: String,
        /// `client_secret`
        secret: Secret,
    },
}

impl ClientAuthentication {
    /// Puts method, id and secret together; `ServiceIncomplete` where the secret is missing.
    pub fn new(
        method: ClientAuthenticationMethod,
        client_id: &str,
        secret: Option<&Secret>,
    ) -> Result<Self> {
        let client_id = client_id.to_owned();
        let secret = || {
            secret.cloned().ok_or_else(|| {
                Error::new(
                    Code::ServiceIncomplete,
                    format!("{} needs a client secret and there is none", method.as_str()),
                )
                .with_hint("give it with `hallpass edit NAME --client-secret-stdin`, or set token_endpoint_auth_method = \"none\"")
            })
        };
        Ok(match method {
            ClientAuthenticationMethod::None => Self::None { client_id },
            ClientAuthenticationMethod::ClientSecretBasic => Self::SecretBasic {
                secret: secret()?,
                client_id,
            },
            ClientAuthenticationMethod::ClientSecretPost => Self::SecretPost {
                secret: secret()?,
                client_id,
            },
        })
    }

    /// Edits a form-encoded request: whatever it said of the client before is replaced.
    pub fn apply(&self, request: Request<Vec<u8>>) -> Result<Request<Vec<u8>>> {
        let (mut head, body) = request.into_parts();
        head.headers.remove(AUTHORIZATION);
        let mut form = form_urlencoded::Serializer::new(String::new());
        let kept = form_urlencoded::parse(&body)
            .filter(|(name, _)| !matches!(name.as_ref(), "client_id" | "client_secret"));
        form.extend_pairs(kept);
        match self {
            Self::None { client_id } => {
                form.append_pair("client_id", client_id);
            }
            Self::SecretPost { client_id, secret } => {
                form.append_pair("client_id", client_id);
                form.append_pair("client_secret", secret.expose());
            }
            Self::SecretBasic { client_id, secret } => {
                head.headers
                    .insert(AUTHORIZATION, basic(client_id, secret.expose())?);
            }
        }
        head.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        Ok(Request::from_parts(head, form.finish().into_bytes()))
    }
}

/// The `Authorization` value of RFC 6749 §2.3.1, marked sensitive.
pub fn basic(client_id: &str, secret: &str) -> Result<HeaderValue> {
    let pair = Zeroizing::new(format!(
        "{}:{}",
        form_encode(client_id),
        form_encode(secret)
    ));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Error::new(Code::Internal, "a Basic header that is not ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `application/x-www-form-urlencoded`, but with `~` as it is: Entra's secrets hold one, a decoder
/// reads both alike, and a server that forgets to decode still sees the right secret.
fn form_encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace("%7E", "~")
}

/// The method to use where the service names none: what the server lists decides, and a server
/// that lists nothing takes `client_secret_basic` (RFC 8414 §2).
pub fn choose(metadata: &ServerMetadata, has_secret: bool) -> Result<ClientAuthenticationMethod> {
    use ClientAuthenticationMethod as Method;
    if !has_secret {
        return Ok(Method::None);
    }
    let Some(listed) = &metadata.token_endpoint_auth_methods_supported else {
        return Ok(Method::ClientSecretBasic);
    };
    [Method::ClientSecretBasic, Method::ClientSecretPost]
        .into_iter()
        .find(|method| listed.iter().any(|name| name == method.as_str()))
        .ok_or_else(|| {
            let listed = crate::secret::printable(&listed.join(", "), 200);
            Error::new(
                Code::ServiceIncomplete,
                format!("the server authenticates clients by {listed} only, which hallpass cannot do with a secret"),
            )
            .with_hint("if the server takes more than it lists, set token_endpoint_auth_method")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &str) -> Request<Vec<u8>> {
        Request::post("https://as.example/token")
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    fn apply(method: ClientAuthenticationMethod, body: &str) -> Request<Vec<u8>> {
        ClientAuthentication::new(method, "my id", Some(&Secret::from("a:b c%+/&=")))
            .unwrap()
            .apply(request(body))
            .unwrap()
    }

    /// must 38: the secret on which oidc-provider refuses raw Basic.
    #[test]
    fn basic_form_encodes_id_and_secret_before_base64() {
        let request = apply(ClientAuthenticationMethod::ClientSecretBasic, "a=1");
        let value = request.headers()[AUTHORIZATION].to_str().unwrap();
        let pair = STANDARD
            .decode(value.strip_prefix("Basic ").unwrap())
            .unwrap();
        assert_eq!(pair, b"my+id:a%3Ab+c%25%2B%2F%26%3D");
        assert_eq!(request.body(), b"a=1");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    /// must 39: one method per request.
    #[test]
    fn one_method_per_request() {
        let before = "grant_type=x&client_id=other&client_secret=old";
        let basic = apply(ClientAuthenticationMethod::ClientSecretBasic, before);
        assert_eq!(basic.body(), b"grant_type=x");
        let post = apply(ClientAuthenticationMethod::ClientSecretPost, before);
        assert!(!post.headers().contains_key(AUTHORIZATION));
        assert_eq!(
            String::from_utf8_lossy(post.body()),
            "grant_type=x&client_id=my+id&client_secret=a%3Ab+c%25%2B%2F%26%3D"
        );
        let none = apply(ClientAuthenticationMethod::None, before);
        assert_eq!(none.body(), b"grant_type=x&client_id=my+id");
    }

    #[test]
    fn a_method_with_a_secret_needs_one() {
        let method = ClientAuthenticationMethod::ClientSecretPost;
        let error = ClientAuthentication::new(method, "id", None).unwrap_err();
        assert_eq!(error.code(), Code::ServiceIncomplete);
    }

    #[test]
    fn the_method_follows_what_the_server_lists() {
        use ClientAuthenticationMethod as Method;
        let listing = |names: Option<&[&str]>| ServerMetadata {
            token_endpoint_auth_methods_supported: names
                .map(|names| names.iter().map(|&name| name.to_owned()).collect()),
            ..ServerMetadata::default()
        };
        let post = listing(Some(&["private_key_jwt", "client_secret_post"]));
        assert_eq!(choose(&post, true).unwrap(), Method::ClientSecretPost);
        assert_eq!(choose(&post, false).unwrap(), Method::None);
        let silent = listing(None);
        assert_eq!(choose(&silent, true).unwrap(), Method::ClientSecretBasic);
        assert!(choose(&listing(Some(&["private_key_jwt"])), true).is_err());
    }
}
