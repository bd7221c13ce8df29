//! Whether a request is sent again, and after which wait (RFC 9110 §9.2.2).

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

use super::rate_limit;
use crate::port::{HttpError, UnixTime};
use crate::transport::retry::backoff;

/// Longest single wait unless `--retry-max-time` says otherwise.
pub const CAP: Duration = Duration::from_secs(300);

/// `--retry` and its kin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Further attempts at most.
    pub times: u32,
    /// `--retry-delay` in place of the back-off.
    pub delay: Option<Duration>,
    /// `--retry-max-time`: no attempt begins later than this after the first.
    pub max_time: Option<Duration>,
    /// `--retry-all-errors`
    pub all_errors: bool,
    /// `--retry-unsafe`: also what may be done twice then.
    pub unsafe_too: bool,
}

impl Policy {
    /// No second attempt.
    pub const NEVER: Policy = Policy {
        times: 0,
        delay: None,
        max_time: None,
        all_errors: false,
        unsafe_too: false,
    };

    /// Doing it twice comes to the same, or the person takes it upon himself.
    pub fn harmless(&self, method: &Method) -> bool {
        method.is_idempotent() || self.unsafe_too
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    Failed(&'a HttpError),
    Answered(StatusCode, &'a HeaderMap),
}

/// What else decides.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub method: &'a Method,
    /// Counts from 1.
    pub number: u32,
    /// Since the first attempt began.
    pub elapsed: Duration,
    pub now: UnixTime,
    pub jitter: u8,
}

/// The wait before the next attempt; `None` ends it.
pub fn wait(policy: &Policy, ended: Ended<'_>, attempt: Attempt<'_>) -> Option<Duration> {
    if attempt.number > policy.times || !may_repeat(policy, ended, attempt.method) {
        return None;
    }
    let told = match ended {
        Ended::Answered(status, headers) => rate_limit::wait(status, headers, attempt.now),
        Ended::Failed(_) => None,
    };
    let wait = told
        .or(policy.delay)
        .unwrap_or_else(|| backoff(attempt.number, attempt.jitter));
    let latest = match policy.max_time {
        Some(max_time) => max_time.checked_sub(attempt.elapsed)?,
        None => CAP,
    };
    (wait <= latest).then_some(wait)
}

fn may_repeat(policy: &Policy, ended: Ended<'_>, method: &Method) -> bool {
    let harmless = policy.harmless(method);
    match ended {
        Ended::Failed(HttpError::NotSent(_)) => true,
        Ended::Failed(HttpError::Ambiguous(_)) => harmless,
        Ended::Failed(HttpError::Limit(_)) => false,
        Ended::Answered(status, headers) if rate_limit::was_refused(status, headers) => true,
        Ended::Answered(status, _) => {
            let passing = matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504);
            let error = status.is_client_error() || status.is_server_error();
            harmless && (passing || (policy.all_errors && error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn policy() -> Policy {
        Policy {
            times: 2,
            ..Policy::NEVER
        }
    }

    fn attempt(method: &Method) -> Attempt<'_> {
        Attempt {
            method,
            number: 1,
            elapsed: Duration::ZERO,
            now: 0,
            jitter: 255,
        }
    }

    fn answered(
        policy: &Policy,
        method: Method,
        status: u16,
        retry_after: Option<&'static str>,
    ) -> Option<u64> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(text));
        }
        let ended = Ended::Answered(StatusCode::from_u16(status).unwrap(), &headers);
        wait(policy, ended, attempt(&method)).map(|wait| wait.as_secs())
    }

    #[test]
    fn only_what_is_safe_is_sent_again() {
        let unsafe_too = Policy {
            unsafe_too: true,
            ..policy()
        };
        for (status, retry_after, get, post) in [
            (503, None, true, false),
            (500, None, true, false),
            (429, None, true, true),
            (429, Some("3"), true, true),
            (503, Some("3"), true, false),
            (404, None, false, false),
            (200, None, false, false),
        ] {
            assert_eq!(
                answered(&policy(), Method::GET, status, retry_after).is_some(),
                get,
                "GET {status}"
            );
            assert_eq!(
                answered(&policy(), Method::POST, status, retry_after).is_some(),
                post,
                "POST {status}"
            );
            assert_eq!(
                answered(&unsafe_too, Method::POST, status, retry_after).is_some(),
                get
            );
            assert_eq!(
                answered(&Policy::NEVER, Method::GET, status, retry_after),
                None
            );
        }
        let broken = HttpError::Ambiguous("reset".into());
        assert!(wait(&policy(), Ended::Failed(&broken), attempt(&Method::DELETE)).is_some());
        assert!(wait(&policy(), Ended::Failed(&broken), attempt(&Method::PATCH)).is_none());
        let refused = HttpError::NotSent("refused".into());
        assert!(wait(&policy(), Ended::Failed(&refused), attempt(&Method::POST)).is_some());
    }

    #[test]
    fn the_server_says_how_long_within_a_cap() {
        assert_eq!(answered(&policy(), Method::GET, 429, Some("7")), Some(7));
        assert_eq!(answered(&policy(), Method::GET, 429, Some("301")), None);
        let patient = Policy {
            max_time: Some(Duration::from_secs(900)),
            ..policy()
        };
        assert_eq!(answered(&patient, Method::GET, 429, Some("301")), Some(301));
        let fixed = Policy {
            delay: Some(Duration::from_secs(4)),
            ..policy()
        };
        assert_eq!(answered(&fixed, Method::GET, 503, None), Some(4));
    }

    #[test]
    fn attempts_end() {
        let number = 3;
        let method = Method::GET;
        let last = Attempt {
            number,
            ..attempt(&method)
        };
        let refused = HttpError::NotSent("refused".into());
        assert_eq!(wait(&policy(), Ended::Failed(&refused), last), None);
    }
}
