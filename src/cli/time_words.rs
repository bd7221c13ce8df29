//! Stretches of time as a person reads them.

/// `40 s`, `5 min`, `2 h 10 min`, `3 days`: two units where the first one is small.
pub fn length(seconds: u64) -> String {
    let two = |large: u64, name: &str, small: u64, small_name: &str| match (large, small) {
        (1..=9, 1..) => format!("{large} {name} {small} {small_name}"),
        _ => format!("{large} {name}"),
    };
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "days", seconds % 86_400 / 3600, "h"),
    }
}

/// `now`, `5 min ago`; a time to come is `now` too, for clocks that differ.
pub fn ago(seconds: i64) -> String {
    match u64::try_from(seconds) {
        Ok(0) | Err(_) => "now".to_owned(),
        Ok(seconds) => format!("{} ago", length(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_a_person_reads_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (3_599, "59 min"),
            (7_200, "2 h"),
            (7_800, "2 h 10 min"),
            (86_399, "23 h"),
            (172_800, "2 days"),
            (180_000, "2 days 2 h"),
            (30 * 86_400, "30 days"),
        ] {
            assert_eq!(length(seconds), text);
        }
        assert_eq!(ago(0), "now");
        assert_eq!(ago(-5), "now");
        assert_eq!(ago(90), "90 s ago");
    }
}
