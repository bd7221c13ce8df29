//! A token set as a server answered it, in the RFC's terms (RFC 6749 §5.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::{self, Secret};

/// How an access token is presented (RFC 6750, RFC 9449 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum TokenType {
    /// `Authorization: Bearer …`
    #[default]
    Bearer,
    /// `Authorization: DPoP …` with a proof.
    DPoP,
}

/// What one token response granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSet {
    /// The access token.
    #[serde(serialize_with = "secret::expose")]
    pub access_token: Secret,
    /// How to present it.
    pub token_type: TokenType,
    /// The refresh token, where one was given.
    #[serde(serialize_with = "secret::expose_option", default)]
    pub refresh_token: Option<Secret>,
    /// The ID Token as received (a JWT).
    #[serde(serialize_with = "secret::expose_option", default)]
    pub id_token: Option<Secret>,
    /// Granted scope, one entry each; `None` where the answer named none.
    #[serde(default)]
    pub scope: Option<Vec<String>>,
    /// Lifetime in seconds counted from receipt; `None` where the answer named none.
    #[serde(default)]
    pub expires_in: Option<u64>,
    /// Lifetime of the refresh token in seconds from receipt, where told
    /// (`refresh_token_expires_in`, `refresh_expires_in`).
    #[serde(default)]
    pub refresh_token_expires_in: Option<u64>,
    /// Every other string, number or boolean member (`instance_url`, …); nothing known is here.
    #[serde(default)]
    pub extra: BTreeMap<String, serde_json::Value>,
}
