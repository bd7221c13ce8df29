//! One bounded exchange with an authorization server: small request, small answer, no redirect.

use std::time::Duration;

use crate::error::{Code, Error};
use crate::port::{HttpError, Ports};

/// Limits of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of body at most; 1 MiB by default.
    pub body: usize,
    /// Whole exchange, head and body; 30 s by default.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            deadline: Duration::from_secs(30),
        }
    }
}

/// How an exchange failed: below HTTP, or for good.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Below HTTP; tells whether the request may have left.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Http(error) => error.into(),
            ExchangeError::Other(error) => error,
        }
    }
}

/// Sends one request with a whole body and reads the whole answer within `limits`, traced with
/// secrets redacted. 3xx answers come back as they are; nothing is followed.
pub async fn exchange(
    ports: &Ports<'_>,
    request: http::Request<Vec<u8>>,
    limits: Limits,
) -> Result<http::Response<Vec<u8>>, ExchangeError> {
    let _ = (ports, request, limits, Code::Internal);
    todo!()
}
