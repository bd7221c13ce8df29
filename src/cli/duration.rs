//! Durations as people type them: `90`, `90s`, `5m`, `2h`, `1d`.

use std::time::Duration;

/// A clap value parser; a bare number is seconds.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no duration; say 90s, 5m, 2h or 1d");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(factor).ok_or_else(wrong)?;
    // Clocks add it to now.
    match seconds <= 100 * 365 * 86_400 {
        true => Ok(Duration::from_secs(seconds)),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_type_them() {
        for (text, seconds) in [
            ("2", 2),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7200),
            ("1d", 86_400),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "m",
            "-1s",
            "1.5h",
            "5 m",
            "5mm",
            "99999999999999999999",
            "999999999d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
