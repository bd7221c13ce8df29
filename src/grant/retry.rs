//! When an exchange with an authorization server is repeated (must 46, 47).
//!
//! A code or a rotating refresh token may be spent by a request whose answer never came. So only
//! what provably did not leave is sent again, and what the server itself asks to send again.

use std::time::Duration;

use http::StatusCode;

use crate::error::OAuthError;
use crate::port::HttpError;
use crate::transport::ExchangeError;

/// How patient an exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Nothing is repeated: the caller has a rhythm of its own.
    Single,
    /// What did not leave is sent again (authorization codes).
    OnlyUnsent,
    /// And after a 429 or 503 that says when (`Retry-After`).
    AsAsked,
}

/// Repeats at most.
const REPEATS: u32 = 2;

/// Longest wait that a server may ask for: a lock is held meanwhile.
const LONGEST: Duration = Duration::from_secs(20);

/// How long to wait before the same request goes out again; `None`: it does not.
pub(super) fn wait_before_repeat(
    patience: Patience,
    repeats: u32,
    outcome: Result<StatusCode, &ExchangeError>,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    if patience == Patience::Single || repeats >= REPEATS {
        return None;
    }
    match outcome {
        Err(ExchangeError::Http(HttpError::NotSent(_))) => {
            Some(Duration::from_millis(250 * 3u64.pow(repeats)))
        }
        Ok(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            if patience == Patience::AsAsked =>
        {
            retry_after.filter(|wait| *wait <= LONGEST)
        }
        _ => None,
    }
}

/// Whether a status is the server's trouble, not a judgement.
pub(super) fn may_pass_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// Whether a refusal says nothing about the grant: busy or broken servers, whatever they call it.
pub(super) fn may_pass(error: &OAuthError) -> bool {
    may_pass_status(error.status)
        || matches!(
            error.error.as_str(),
            "temporarily_unavailable" | "server_error" | "slow_down"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: HttpError) -> ExchangeError {
        ExchangeError::Http(error)
    }

    const BUSY: Result<StatusCode, &ExchangeError> = Ok(StatusCode::TOO_MANY_REQUESTS);
    const TWO: Option<Duration> = Some(Duration::from_secs(2));

    /// must 46, T15.
    #[test]
    fn only_what_did_not_leave_is_repeated_for_a_code() {
        let refused = failed(HttpError::NotSent("refused".into()));
        let reset = failed(HttpError::Ambiguous("reset".into()));
        let patience = Patience::OnlyUnsent;
        assert!(wait_before_repeat(patience, 0, Err(&refused), None).is_some());
        assert!(wait_before_repeat(patience, REPEATS, Err(&refused), None).is_none());
        assert!(wait_before_repeat(patience, 0, Err(&reset), None).is_none());
        assert!(wait_before_repeat(patience, 0, BUSY, TWO).is_none());
        assert!(wait_before_repeat(Patience::Single, 0, Err(&refused), None).is_none());
    }

    /// must 47, T13, T14.
    #[test]
    fn retry_after_is_obeyed_within_a_cap_and_other_trouble_is_not_repeated() {
        let patience = Patience::AsAsked;
        assert_eq!(wait_before_repeat(patience, 0, BUSY, TWO), TWO);
        assert_eq!(wait_before_repeat(patience, REPEATS, BUSY, TWO), None);
        assert_eq!(wait_before_repeat(patience, 0, BUSY, None), None);
        let forever = Some(Duration::from_secs(1_000_000_000));
        assert_eq!(wait_before_repeat(patience, 0, BUSY, forever), None);
        for status in [500, 502, 504, 200, 400] {
            let status = Ok(StatusCode::from_u16(status).unwrap());
            assert_eq!(wait_before_repeat(patience, 0, status, TWO), None);
        }
    }
}
