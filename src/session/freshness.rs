//! Whether a token may still be used: pure, from time of receipt.

use std::time::Duration;

use super::Record;
use crate::port::UnixTime;

/// Seconds before its end at which a token counts as expired.
pub const LEEWAY: u64 = 60;

/// Whether the access token has at least `min_ttl` (and the leeway) left.
///
/// A clock set back to before the time of receipt makes it stale; a token of unknown lifetime is
/// fresh until an API refuses it.
pub fn is_fresh(record: &Record, now: UnixTime, min_ttl: Duration) -> bool {
    let _ = (record, now, min_ttl);
    todo!()
}
