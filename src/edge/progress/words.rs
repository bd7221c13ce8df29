//! Sizes, times and bars in words.

const WIDTH: u64 = 24;

/// One transfer in one line.
pub fn transfer(what: &str, position: u64, total: Option<u64>, per_second: u64) -> String {
    let rate = format!("{}/s", size(per_second));
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{what} {}, {rate}", size(position));
    };
    let part = |of: u64| {
        let part = u128::from(position.min(total)) * u128::from(of) / u128::from(total);
        u64::try_from(part).unwrap_or(of)
    };
    let (percent, done) = (part(100), part(WIDTH));
    let done = usize::try_from(done).unwrap_or_default();
    let arrow = format!("{}>", "=".repeat(done));
    let arrow: String = arrow.chars().take(WIDTH as usize).collect();
    let left = match total.saturating_sub(position).checked_div(per_second) {
        Some(seconds) => format!("{} left", time(seconds)),
        None => "stalled".to_owned(),
    };
    format!(
        "{what} {arrow:24} {percent:>3}% {} of {}, {rate}, {left}",
        size(position),
        size(total)
    )
}

/// `512 B`, `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut unit, mut whole) = (0, bytes);
    while whole >> 10 >= 1024 {
        whole >>= 10;
        unit += 1;
    }
    let hundredths = (whole & 1023) * 100 / 1024;
    format!("{}.{hundredths:02} {}", whole >> 10, UNITS[unit])
}

/// `42s`, `3m 05s`, `1h 02m`.
pub fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_places_and_the_largest_unit() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.00 KiB");
        assert_eq!(size(3 << 19), "1.50 MiB");
        assert_eq!(size((1 << 20) - 1), "1023.99 KiB");
        assert_eq!(size(u64::MAX), "15.99 EiB");
    }

    #[test]
    fn times_have_at_most_two_units() {
        assert_eq!(time(59), "59s");
        assert_eq!(time(185), "3m 05s");
        assert_eq!(time(3720), "1h 02m");
    }

    #[test]
    fn a_transfer_says_how_far_how_fast_and_how_long_still() {
        assert_eq!(
            transfer("f", 512 << 10, Some(1 << 20), 128 << 10),
            "f ============>             50% 512.00 KiB of 1.00 MiB, 128.00 KiB/s, 4s left"
        );
        assert_eq!(transfer("f", 10, None, 5), "f 10 B, 5 B/s");
        assert_eq!(
            transfer("f", 100, Some(100), 0),
            "f ======================== 100% 100 B of 100 B, 0 B/s, stalled"
        );
    }

    #[test]
    fn more_than_was_announced_breaks_nothing() {
        assert!(transfer("f", u64::MAX, Some(1), u64::MAX).contains("100%"));
        assert!(transfer("f", 5, Some(0), 1).starts_with("f 5 B"));
    }
}
