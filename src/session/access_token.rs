//! The one delicate function.

use std::time::Duration;

use super::Record;
use crate::error::Result;
use crate::port::Ports;
use crate::service::Service;
use crate::transport::Credential;

/// What the caller needs.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Lifetime it must have left.
    pub min_ttl: Duration,
    /// Renew even a fresh one (`--refresh`, a 401 `invalid_token`); `Some(token)` renews only
    /// while that token is still the stored one, so many callers renew once.
    pub renew: Renew,
    /// How long to wait for another process that holds the lock.
    pub lock_deadline: Duration,
}

/// See [`Wanted::renew`].
#[derive(Debug, Clone, Default)]
pub enum Renew {
    /// Only when not fresh.
    #[default]
    IfStale,
    /// Always.
    Always,
    /// If the stored access token still is this one, which an API refused.
    IfStill(crate::secret::Secret),
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted {
            min_ttl: Duration::ZERO,
            renew: Renew::IfStale,
            lock_deadline: Duration::from_secs(60),
        }
    }
}

/// A usable token with the record it came from.
#[derive(Debug)]
pub struct Access {
    /// The token, bound to the origins that may see it.
    pub credential: Credential,
    /// The record (its tokens included: handle with care).
    pub record: Record,
}

/// Step 1 only: no lock, no network, no runtime. `None` where more must be done.
pub fn peek(ports: &Ports<'_>, service: &Service, wanted: &Wanted) -> Result<Option<Access>> {
    let _ = (ports, service, wanted);
    todo!()
}

/// A valid access token of the service's session, renewed if need be; never opens a browser.
///
/// `LoginRequired` where there is no session, `RefreshRefused` where it died.
pub async fn access_token(ports: &Ports<'_>, service: &Service, wanted: &Wanted) -> Result<Access> {
    let _ = (ports, service, wanted);
    todo!()
}
