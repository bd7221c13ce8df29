//! A credential that knows where it may go.
//!
//! Only [`Credential::authorize`] turns it into a header, and only for a request whose origin it
//! names. Nothing that a server or a redirect says can widen the list.

use url::Url;

use crate::error::Result;
use crate::port::Request;
use crate::protocol::token::TokenType;
use crate::secret::Secret;

/// An access token bound to the origins that may see it.
#[derive(Debug, Clone)]
pub struct Credential {
    token: Secret,
    token_type: TokenType,
    audience: Audience,
}

/// The origins that may see a credential, each with where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Patterns in the order they were given.
    pub origins: Vec<AllowedOrigin>,
}

/// One pattern: `https://api.example.com`, `https://*.example.com`, `http://127.0.0.1:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigin {
    /// Scheme, host (or `*.` suffix) and port; https unless loopback.
    pub pattern: String,
    /// `preset google`, `config.toml`, `--allow-origin`, …
    pub from: String,
}

impl Audience {
    /// Whether scheme, host and port of `url` match a pattern.
    pub fn allows(&self, url: &Url) -> bool {
        let _ = url;
        todo!()
    }
}

impl Credential {
    /// Binds a token to its audience.
    pub fn new(token: Secret, token_type: TokenType, audience: Audience) -> Self {
        Credential {
            token,
            token_type,
            audience,
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

    /// Sets the `Authorization` header; `OriginNotAllowed` for any other origin.
    pub fn authorize(&self, request: &mut Request) -> Result<()> {
        let _ = (request, self.token_type);
        todo!()
    }
}
