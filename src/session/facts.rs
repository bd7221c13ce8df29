//! Non-secret facts of a session, kept beside the store so that `status` unlocks nothing.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::port::{Ports, UnixTime};
use crate::service::Service;

/// Facts of one session, as in its state file (JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub service: String,
    pub account: String,
    pub issuer: Option<String>,
    pub scope: Vec<String>,
    /// When the access token ends, where known.
    pub expires_at: Option<UnixTime>,
    /// When the refresh token ends, where told.
    pub refresh_token_expires_at: Option<UnixTime>,
    /// Whether it can be renewed without a person.
    pub renewable: bool,
    pub signed_in_at: UnixTime,
    pub last_refresh_at: Option<UnixTime>,
    /// [`crate::port::TokenStore::describe`].
    pub store: String,
}

/// Facts of every session, in name order.
pub fn all(ports: &Ports<'_>) -> Result<Vec<Facts>> {
    let _ = ports;
    todo!()
}

/// The account that `service` means: the one it names, else the default account, else none.
pub fn account_of(ports: &Ports<'_>, service: &Service) -> Result<Option<String>> {
    let _ = (ports, service);
    todo!()
}
