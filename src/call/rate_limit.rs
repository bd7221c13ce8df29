//! When an API says "later", how much later (RFC 9110 §10.2.3, RFC 6585 §4, and the headers that
//! APIs made up before).

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::port::UnixTime;
use crate::transport::retry;

/// Headers with a reset, as seconds from now or as an epoch.
const RESET: [&str; 7] = [
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-reset-requests",
    "ratelimit-reset-after",
    "x-rate-limit-reset-after",
];
const REMAINING: [&str; 3] = [
    "ratelimit-remaining",
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
];
/// A number beyond this is a point in time and no span (it would be 30 years).
const EPOCH: f64 = 1e9;

/// How long the server wants to be left alone; `None` where it does not say.
pub fn wait(status: StatusCode, headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    if let Some(wait) = retry::retry_after(headers, now) {
        return Some(wait);
    }
    // GitHub and others say 403 when the budget is used up.
    let limited = status == StatusCode::TOO_MANY_REQUESTS
        || (matches!(status.as_u16(), 403 | 503) && used_up(headers));
    if limited { reset(headers, now) } else { None }
}

/// Whether the answer is a refusal for coming too often, which a later try would cure.
pub fn is_limit(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::SERVICE_UNAVAILABLE && headers.contains_key("retry-after"))
        || (status == StatusCode::FORBIDDEN
            && (used_up(headers) || headers.contains_key("retry-after")))
}

/// Whether that refusal came before anybody looked at the request. 503 says so too, but what is
/// behind the one that says it may have begun.
pub fn was_refused(status: StatusCode, headers: &HeaderMap) -> bool {
    status != StatusCode::SERVICE_UNAVAILABLE && is_limit(status, headers)
}

/// How long to pause before the next request although this one went well: the budget is used up.
pub fn pause(headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    if used_up(headers) {
        reset(headers, now)
    } else {
        None
    }
}

fn used_up(headers: &HeaderMap) -> bool {
    REMAINING
        .iter()
        .filter_map(|name| number(headers, name))
        .any(|left| left <= 0.0)
}

fn reset(headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    let date = headers.get("date").and_then(|date| date.to_str().ok());
    // The server's own clock, so that a wrong one here does no harm.
    let now = date.and_then(retry::http_date).unwrap_or(now);
    RESET.iter().find_map(|name| {
        let value = number(headers, name)?;
        let seconds = match value {
            // Milliseconds since 1970.
            v if v >= EPOCH * 1000.0 => v / 1000.0 - now as f64,
            v if v >= EPOCH => v - now as f64,
            v => v,
        };
        Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    })
}

/// `12`, `1.5`, `12s`, `6m0s`, `250ms`; the first of several windows.
fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    let text = headers.get(name)?.to_str().ok()?;
    let text = text.split([',', ';']).next()?.trim();
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let amount: f64 = rest[..end].parse().ok()?;
        let after = &rest[end..];
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        seconds += amount
            * match &after[..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &after[unit_end..];
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    const NOW: UnixTime = 1_800_000_000;

    fn waits(status: u16, lines: &[(&str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        wait(StatusCode::from_u16(status).unwrap(), &headers, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn resets_are_understood_as_spans_and_as_times() {
        for (lines, seconds) in [
            (&[("retry-after", "7")][..], Some(7)),
            (&[("retry-after", "7"), ("x-ratelimit-reset", "9")], Some(7)),
            (&[("x-ratelimit-reset", "1800000030")], Some(30)),
            (&[("x-rate-limit-reset", "1800000030000")], Some(30)),
            (&[("ratelimit-reset", "12")], Some(12)),
            (&[("x-ratelimit-reset-after", "1.5")], Some(1)),
            (&[("x-ratelimit-reset-requests", "6m0s")], Some(360)),
            (&[("x-ratelimit-reset", "1700000000")], Some(0)),
            (&[("x-ratelimit-reset", "soon")], None),
            (&[], None),
        ] {
            assert_eq!(waits(429, lines), seconds, "{lines:?}");
        }
    }

    #[test]
    fn a_403_is_a_limit_only_when_the_budget_is_used_up() {
        let reset = ("x-ratelimit-reset", "1800000030");
        assert_eq!(
            waits(403, &[reset, ("x-ratelimit-remaining", "0")]),
            Some(30)
        );
        assert_eq!(waits(403, &[reset, ("x-ratelimit-remaining", "9")]), None);
        assert_eq!(waits(200, &[reset]), None);
    }

    #[test]
    fn the_servers_clock_counts() {
        let lines = [
            ("x-ratelimit-reset", "1700000030"),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ];
        assert_eq!(waits(429, &lines), Some(30));
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic(value in "[ -~]{0,20}") {
            let _ = waits(429, &[("x-ratelimit-reset", &value), ("x-ratelimit-remaining", &value)]);
        }
    }
}
