//! `Retry-After` (RFC 9110 §10.2.3): seconds or a date.

use std::time::Duration;

use http::{HeaderMap, header};

/// How long a server asks to wait, from `now` (seconds since 1970). Garbage is no answer; a date
/// in the past is no wait.
pub fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    let wait = date.as_second().saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers, 1_800_000_000).map(|wait| wait.as_secs())
    }

    /// T13.
    #[test]
    fn seconds_and_dates_are_understood_and_garbage_is_not() {
        assert_eq!(asked("2"), Some(2));
        assert_eq!(asked("1000000000"), Some(1_000_000_000));
        assert_eq!(asked("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(asked("Fri, 15 Jan 2027 08:00:07 GMT"), Some(7));
        assert_eq!(asked("Thu, 14 Jan 2027 08:00:07 GMT"), Some(0));
        for garbage in ["-2", "soon", "", "2.5", "0x2", "2 s"] {
            assert_eq!(asked(garbage), None, "{garbage}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), 0), None);
    }
}
