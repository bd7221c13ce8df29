//! Sizes, times and bars in words.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The bar, where there is room for all of it, and the least that is worth drawing.
const BAR: usize = 24;
const SMALL_BAR: usize = 8;

/// One transfer in one line of `columns`: first the bar gets shorter, then the name.
pub fn transfer(
    what: &str,
    position: u64,
    total: Option<u64>,
    per_second: u64,
    columns: usize,
) -> String {
    let rate = format!("{}/s", size(per_second));
    let Some(total) = total.filter(|total| *total > 0) else {
        let figures = format!("{}, {rate}", size(position));
        let room = columns.saturating_sub(figures.width() + 1);
        return format!("{} {figures}", shortened(what, room));
    };
    let left = match total.saturating_sub(position).checked_div(per_second) {
        Some(seconds) => format!("{} left", time(seconds)),
        None => "stalled".to_owned(),
    };
    let figures = format!(
        "{:>3}% {} of {}, {rate}, {left}",
        part(position, total, 100),
        size(position),
        size(total)
    );
    let room = columns.saturating_sub(figures.width() + 2);
    let what = shortened(what, room.saturating_sub(SMALL_BAR));
    let bar = room.saturating_sub(what.width()).min(BAR);
    format!("{what} {} {figures}", arrow(position, total, bar))
}

/// `of` times `position` / `total`.
fn part(position: u64, total: u64, of: u64) -> u64 {
    let part = u128::from(position.min(total)) * u128::from(of) / u128::from(total);
    u64::try_from(part).unwrap_or(of)
}

fn arrow(position: u64, total: u64, width: usize) -> String {
    let done = part(position, total, width as u64);
    let done = usize::try_from(done).unwrap_or_default();
    let head = if done < width { ">" } else { "" };
    format!("{:width$}", format!("{}{head}", "=".repeat(done)))
}

/// The end of a name, which tells more than its beginning.
fn shortened(name: &str, columns: usize) -> String {
    if name.width() <= columns {
        return name.to_owned();
    }
    let (mut kept, mut width) = (Vec::new(), 1);
    for c in name.chars().rev() {
        width += c.width().unwrap_or_default();
        if width > columns {
            break;
        }
        kept.push(c);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// `512 B`, `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut told = String::new();
    for (power, name) in (1..).zip(UNITS) {
        let unit = 1u128 << (10 * power);
        let hundredths = (u128::from(bytes) * 100 + unit / 2) / unit;
        told = format!("{}.{:02} {name}", hundredths / 100, hundredths % 100);
        if hundredths < 1024 * 100 {
            break;
        }
    }
    told
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
        assert_eq!(size(8_000_000), "7.63 MiB");
        assert_eq!(size((1 << 20) - 1024), "1023.00 KiB");
        assert_eq!(size((1 << 20) - 1), "1.00 MiB");
        assert_eq!(size(u64::MAX), "16.00 EiB");
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
            transfer("f", 512 << 10, Some(1 << 20), 128 << 10, 99),
            "f ============>             50% 512.00 KiB of 1.00 MiB, 128.00 KiB/s, 4s left"
        );
        assert_eq!(transfer("f", 10, None, 5, 99), "f 10 B, 5 B/s");
        assert_eq!(
            transfer("f", 100, Some(100), 0, 99),
            "f ======================== 100% 100 B of 100 B, 0 B/s, stalled"
        );
    }

    /// A name is what may go, the figures are what one looks at.
    #[test]
    fn in_a_narrow_terminal_the_bar_and_then_the_name_get_shorter() {
        let shown = |columns| {
            transfer(
                "/tmp/a/long/path/to/big.bin",
                1 << 19,
                Some(1 << 20),
                1 << 17,
                columns,
            )
        };
        for columns in 62..120 {
            let line = shown(columns);
            assert!(line.width() <= columns, "{columns}: {line}");
            assert!(line.ends_with("128.00 KiB/s, 4s left"), "{line}");
            assert!(line.contains("===>"), "{line}");
        }
        assert!(shown(79).starts_with("…"), "{}", shown(79));
        assert!(shown(79).contains("/big.bin ===="), "{}", shown(79));
    }

    #[test]
    fn more_than_was_announced_breaks_nothing() {
        assert!(transfer("f", u64::MAX, Some(1), u64::MAX, 9).contains("100%"));
        assert!(transfer("f", 5, Some(0), 1, 0).contains("5 B"));
    }
}
