//! What a store entry holds: one session, bound to the configuration that got it.

use serde::{Deserialize, Serialize};

use crate::port::UnixTime;
use crate::protocol::token::TokenSet;
use crate::secret::{self, Secret};

/// Format version of [`Record`]; a record with a higher one is kept aside, never overwritten.
pub const VERSION: u32 = 1;

/// One session as stored (JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Raised by every write.
    pub generation: u64,
    /// Who may use it: a record is never used for another server or client.
    pub binding: Binding,
    /// The account's name within the service.
    pub account: String,
    /// `sub` of the ID Token, where there is one.
    #[serde(default)]
    pub subject: Option<String>,
    /// How it was got, and so how it is renewed.
    pub grant: crate::service::registration::Grant,
    /// The tokens; after a refused refresh without its refresh token.
    pub token: TokenSet,
    /// Scope that was asked for.
    pub requested_scope: Vec<String>,
    /// When `token` was received.
    pub received_at: UnixTime,
    /// When somebody signed in.
    pub signed_in_at: UnixTime,
    /// Values captured at sign-in that `api_base_url` may name.
    #[serde(default)]
    pub captured: std::collections::BTreeMap<String, String>,
    /// Set while a refresh is on its way: the write-ahead mark.
    #[serde(default)]
    pub refreshing: Option<Refreshing>,
}

/// What a record is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Issuer, where known.
    pub issuer: Option<String>,
    /// Token endpoint that issued it.
    pub token_endpoint: String,
    /// Client that holds it.
    pub client_id: String,
    /// Resource indicators it was asked for (RFC 8707).
    #[serde(default)]
    pub resource: Vec<String>,
}

/// See [`Record::refreshing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshing {
    /// When it began.
    pub since: UnixTime,
    /// Key (base64url, 32 bytes) that a spilled record would be sealed with.
    #[serde(serialize_with = "secret::expose")]
    pub spill_key: Secret,
}
