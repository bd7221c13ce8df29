//! Whether a token may still be used: pure, from time of receipt.

use std::time::Duration;

use super::Record;
use crate::port::UnixTime;
use crate::protocol::jwt;

/// Seconds before its end at which a token counts as expired: for the way to the API, and clocks
/// that differ. A token that lives for less than five minutes gets a fifth of its life.
pub const LEEWAY: u64 = 60;

/// Whether the access token has at least `min_ttl` left, or the leeway where that is longer.
///
/// A clock set back to before the time of receipt makes it stale; a token of unknown lifetime is
/// fresh until an API refuses it.
pub fn is_fresh(record: &Record, now: UnixTime, min_ttl: Duration) -> bool {
    let Some(lifetime) = record.token.expires_in else {
        return true;
    };
    let leeway = LEEWAY.min(lifetime / 5);
    match remaining(record, now) {
        Some(remaining) => remaining > 0 && remaining >= min_ttl.as_secs().max(leeway),
        None => false,
    }
}

/// Whether the access token has not ended: an early renewal that fails leaves it usable.
pub fn is_valid(record: &Record, now: UnixTime) -> bool {
    match record.token.expires_in {
        Some(_) => remaining(record, now).is_some_and(|seconds| seconds > 0),
        None => true,
    }
}

/// When the access token ends, where known.
pub fn expires_at(record: &Record) -> Option<UnixTime> {
    end(record, record.token.expires_in)
}

/// When the refresh token ends, where told.
pub fn refresh_token_expires_at(record: &Record) -> Option<UnixTime> {
    record.token.refresh_token.as_ref()?;
    end(record, record.token.refresh_token_expires_in)
}

/// When the ID Token ends, where there is one that says so.
pub fn id_token_expires_at(record: &Record) -> Option<UnixTime> {
    let id_token = record.token.id_token.as_ref()?;
    let told = jwt::decode_unverified(id_token.expose()).ok()?;
    told.claims.get("exp")?.as_i64()
}

fn end(record: &Record, lifetime: Option<u64>) -> Option<UnixTime> {
    let lifetime = UnixTime::try_from(lifetime?).unwrap_or(UnixTime::MAX);
    Some(record.received_at.saturating_add(lifetime))
}

/// Seconds left; `None` for a clock that shows a time before the receipt, or no known end.
fn remaining(record: &Record, now: UnixTime) -> Option<u64> {
    let elapsed = u64::try_from(now.checked_sub(record.received_at)?).ok()?;
    Some(record.token.expires_in?.saturating_sub(elapsed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::record::sample;

    const RECEIVED: UnixTime = 1_800_000_000;

    fn record(expires_in: Option<u64>) -> Record {
        let mut record = sample();
        record.received_at = RECEIVED;
        record.token.expires_in = expires_in;
        record
    }

    fn fresh(expires_in: Option<u64>, after: i64, min_ttl: u64) -> bool {
        let min_ttl = Duration::from_secs(min_ttl);
        is_fresh(&record(expires_in), RECEIVED + after, min_ttl)
    }

    #[test]
    fn the_leeway_ends_a_token_a_minute_early() {
        assert!(fresh(Some(3600), 0, 0));
        assert!(fresh(Some(3600), 3540, 0));
        assert!(!fresh(Some(3600), 3541, 0));
    }

    #[test]
    fn a_short_lived_token_is_usable_most_of_its_life() {
        assert!(fresh(Some(5), 4, 0));
        assert!(!fresh(Some(5), 5, 0));
        assert!(fresh(Some(60), 48, 0));
        assert!(!fresh(Some(60), 49, 0));
    }

    #[test]
    fn a_wanted_lifetime_counts_where_it_is_longer() {
        assert!(fresh(Some(3600), 3300, 300));
        assert!(!fresh(Some(3600), 3301, 300));
        assert!(!fresh(Some(3600), 0, 7200));
    }

    #[test]
    fn a_clock_set_back_or_forward_makes_it_stale() {
        assert!(!fresh(Some(3600), -1, 0));
        assert!(!fresh(Some(3600), -86_400, 0));
        assert!(!fresh(Some(3600), 86_400, 0));
        assert!(!is_valid(&record(Some(3600)), RECEIVED - 86_400));
    }

    #[test]
    fn an_unknown_lifetime_is_fresh_and_zero_is_not() {
        assert!(fresh(None, 0, 0));
        assert!(fresh(None, 999_999, 300));
        assert!(!fresh(Some(0), 0, 0));
        assert!(!is_valid(&record(Some(0)), RECEIVED));
    }

    #[test]
    fn valid_is_to_the_last_second() {
        assert!(is_valid(&record(Some(3600)), RECEIVED + 3599));
        assert!(!is_valid(&record(Some(3600)), RECEIVED + 3600));
    }

    proptest! {
        #[test]
        fn no_clock_and_no_lifetime_make_it_panic(
            received in any::<i64>(), now in any::<i64>(), lifetime in any::<Option<u64>>(),
            min_ttl in any::<u64>(),
        ) {
            let mut record = record(lifetime);
            record.received_at = received;
            record.token.refresh_token_expires_in = lifetime;
            let fresh = is_fresh(&record, now, Duration::from_secs(min_ttl));
            prop_assert!(!fresh || is_valid(&record, now));
            let _ = (expires_at(&record), refresh_token_expires_at(&record));
        }
    }
}
