//! ID Token validation (OpenID Connect Core §3.1.3.7), each check a named function.

use serde_json::{Map, Value};

/// The claims of a validated ID Token.
#[derive(Debug, Clone, PartialEq)]
pub struct IdTokenClaims {
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub subject: String,
    /// `aud`
    pub audience: Vec<String>,
    /// `iat`, seconds
    pub issued_at: i64,
    /// `auth_time`, seconds
    pub auth_time: Option<i64>,
    /// `azp`
    pub authorized_party: Option<String>,
    /// All claims as they came.
    pub all: Map<String, Value>,
}
