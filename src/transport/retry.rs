//! What may be sent again, and when (RFC 9110 §9.2.2, §10.2.3; RFC 6749 §4.1.2).

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use jiff::fmt::strtime;

use super::exchange::{ExchangeError, Limits, exchange};
use crate::port::{HttpError, Ports, UnixTime};

/// Attempts at most, the first included.
pub const ATTEMPTS: u32 = 4;
/// Longest single wait; a server that asks for more is told to the person instead.
pub const CAP: Duration = Duration::from_secs(60);
/// First back-off step; doubles with every attempt.
const BASE: Duration = Duration::from_millis(500);

/// How far an exchange may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// An authorization code: again only when the request provably did not leave.
    Once,
    /// A refresh token: as `Once`, and after a 429 or 503 that says when to come back.
    Refresh,
    /// Reading: again after anything that may pass.
    Repeatable,
}

/// How an attempt ended, as far as repeating is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request did not leave.
    NotSent,
    /// It may have left, and no answer came.
    Ambiguous,
    /// An answer, with what `Retry-After` says.
    Answered(StatusCode, Option<Duration>),
    /// An answer that broke a limit, or another failure that repeats itself.
    Final,
}

impl Outcome {
    /// Reads an exchange's result; `now` is for a `Retry-After` that is a date.
    pub fn of<T>(result: &Result<Response<T>, ExchangeError>, now: UnixTime) -> Outcome {
        match result {
            Ok(response) => {
                Outcome::Answered(response.status(), retry_after(response.headers(), now))
            }
            Err(ExchangeError::Http(HttpError::NotSent(_))) => Outcome::NotSent,
            Err(ExchangeError::Http(HttpError::Ambiguous(_))) => Outcome::Ambiguous,
            Err(_) => Outcome::Final,
        }
    }
}

/// How long to wait before the next attempt; `None` ends it. `attempt` counts from 1; `jitter` is
/// random.
pub fn next_wait(safety: Safety, outcome: Outcome, attempt: u32, jitter: u8) -> Option<Duration> {
    if attempt >= ATTEMPTS {
        return None;
    }
    let backoff = backoff(attempt, jitter);
    match (outcome, safety) {
        (Outcome::NotSent, _) => Some(backoff),
        (Outcome::Ambiguous, Safety::Repeatable) => Some(backoff),
        (
            Outcome::Answered(
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE,
                Some(wait),
            ),
            Safety::Refresh | Safety::Repeatable,
        ) => (wait <= CAP).then_some(wait),
        (Outcome::Answered(status, None), Safety::Repeatable)
            if status.is_server_error() || matches!(status.as_u16(), 408 | 429) =>
        {
            Some(backoff)
        }
        _ => None,
    }
}

/// Half to all of `500 ms × 2^(attempt-1)`, at most [`CAP`].
pub fn backoff(attempt: u32, jitter: u8) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let step = BASE.saturating_mul(1 << doublings).min(CAP);
    step / 2 + step / 2 * u32::from(jitter) / 255
}

/// `Retry-After` in either form, counted from the answer's own `Date` where it has one, so that a
/// wrong clock here does no harm. Garbage and negative numbers are no instruction.
pub fn retry_after(headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let from = date.and_then(http_date).unwrap_or(now);
    let seconds = http_date(text)?.saturating_sub(from);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// The three forms of RFC 9110 §5.6.7.
pub fn http_date(text: &str) -> Option<UnixTime> {
    let forms = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    let text = text.trim();
    forms.iter().find_map(|form| {
        let time = strtime::parse(form, text).ok()?.to_datetime().ok()?;
        let time = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?;
        Some(time.as_second())
    })
}

/// [`exchange`], repeated as far as `safety` allows; what comes back is the last attempt's outcome.
pub async fn exchange_repeating(
    ports: &Ports<'_>,
    request: &http::Request<Vec<u8>>,
    limits: Limits,
    safety: Safety,
) -> Result<Response<Vec<u8>>, ExchangeError> {
    let mut attempt = 1;
    loop {
        let result = exchange(ports, request.clone(), limits).await;
        let outcome = Outcome::of(&result, ports.clock.now());
        let mut jitter = [0];
        // Without randomness the wait is merely less spread.
        let _ = ports.random.fill(&mut jitter);
        let Some(wait) = next_wait(safety, outcome, attempt, jitter[0]) else {
            return result;
        };
        if ports.ui.tracing() {
            let millis = wait.as_millis();
            ports
                .ui
                .trace(&format!("* attempt {attempt} failed; again in {millis} ms"));
        }
        ports.clock.sleep(wait).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::{Answer, World, block_on};
    use http::HeaderValue;
    use proptest::prelude::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const DATE_1994: UnixTime = 784_111_777;

    fn headers(retry_after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(retry_after.as_bytes()).unwrap();
        headers.insert(RETRY_AFTER, value);
        headers
    }

    /// must 47, T13
    #[test]
    fn retry_after_is_read_in_both_forms() {
        let wait = |text| super::retry_after(&headers(text), DATE_1994 - 90);
        assert_eq!(wait("2"), Some(Duration::from_secs(2)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        assert_eq!(
            wait("99999999999999999999"),
            Some(Duration::from_secs(u64::MAX))
        );
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(wait(date), Some(Duration::from_secs(90)), "{date}");
        }
        assert_eq!(
            super::retry_after(&headers("Sun, 06 Nov 1994 08:49:37 GMT"), DATE_1994 + 5),
            Some(Duration::ZERO)
        );
        for garbage in [
            "",
            "-1",
            "soon",
            "1.5",
            "+3",
            "Sun, 32 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(wait(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let mut headers = headers("Sun, 06 Nov 1994 08:49:37 GMT");
        headers.insert(
            DATE,
            HeaderValue::from_static("Sun, 06 Nov 1994 08:49:07 GMT"),
        );
        let wrong_clock = DATE_1994 - 86_400;
        assert_eq!(
            super::retry_after(&headers, wrong_clock),
            Some(Duration::from_secs(30))
        );
    }

    /// must 46, section 0 of the rules: what may be sent again.
    #[test]
    fn only_what_is_safe_is_sent_again() {
        use Outcome::{Ambiguous, Answered, Final, NotSent};
        use Safety::{Once, Refresh, Repeatable};
        let soon = Some(Duration::from_secs(2));
        let status = |code| StatusCode::from_u16(code).unwrap();
        for (outcome, allowed) in [
            (NotSent, &[Once, Refresh, Repeatable][..]),
            (Ambiguous, &[Repeatable]),
            (Answered(status(429), soon), &[Refresh, Repeatable]),
            (Answered(status(503), soon), &[Refresh, Repeatable]),
            (Answered(status(429), None), &[Repeatable]),
            (Answered(status(500), None), &[Repeatable]),
            (Answered(status(502), None), &[Repeatable]),
            (Answered(status(400), None), &[]),
            (Answered(status(400), soon), &[]),
            (Answered(status(200), None), &[]),
            (Final, &[]),
        ] {
            for safety in [Once, Refresh, Repeatable] {
                let again = next_wait(safety, outcome, 1, 0).is_some();
                assert_eq!(again, allowed.contains(&safety), "{outcome:?} {safety:?}");
                assert_eq!(next_wait(safety, outcome, ATTEMPTS, 0), None);
            }
        }
        let long = Answered(status(429), Some(CAP + Duration::from_secs(1)));
        assert_eq!(next_wait(Repeatable, long, 1, 0), None);
    }

    fn run(world: &World, safety: Safety) -> Result<Response<Vec<u8>>, ExchangeError> {
        let request = http::Request::post("https://as.example/token")
            .body(vec![])
            .unwrap();
        block_on(exchange_repeating(
            &world.ports(),
            &request,
            Limits::default(),
            safety,
        ))
    }

    #[test]
    fn the_wait_the_server_asks_for_is_kept() {
        let world = World::new();
        world
            .http
            .push(Answer::response(429, &[("retry-after", "7")], ""));
        world.http.push(Answer::new(200, "text/plain", "x"));
        assert_eq!(run(&world, Safety::Refresh).unwrap().status(), 200);
        assert_eq!(world.clock.slept(), [Duration::from_secs(7)]);
    }

    /// T15: reset after the request left.
    #[test]
    fn a_code_is_sent_once_after_a_reset() {
        let world = World::new();
        let reset = HttpError::Ambiguous("reset".into());
        world.http.push(Answer::Fail(reset));
        assert!(run(&world, Safety::Once).is_err());
        assert_eq!(world.http.count(), 1);
    }

    #[test]
    fn attempts_are_bounded() {
        let world = World::new();
        world
            .http
            .on_request(|_| Answer::new(503, "text/plain", ""));
        assert_eq!(run(&world, Safety::Repeatable).unwrap().status(), 503);
        assert_eq!(world.http.count(), ATTEMPTS as usize);
    }

    proptest! {
        #[test]
        fn any_retry_after_is_read_without_panic(text in "[ -~]{0,40}", now in any::<i64>()) {
            let _ = super::retry_after(&headers(&text), now);
        }

        #[test]
        fn backoff_is_bounded(attempt in any::<u32>(), jitter in any::<u8>()) {
            let wait = backoff(attempt, jitter);
            prop_assert!(wait <= CAP && wait >= BASE / 2);
        }
    }
}
