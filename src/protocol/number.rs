//! Durations in seconds as servers really write them (RFC 6749 §5.1 wants a number).

use serde_json::Value;

/// Longest lifetime taken from a server, a hundred years: adding it to any clock is safe.
pub const MAX_SECONDS: u64 = 3_155_760_000;

/// A number, a float or a numeric string as whole seconds. What is negative is over already (0),
/// what is huge is cut at [`MAX_SECONDS`]; anything else is told in words.
pub fn seconds(value: &Value) -> Result<u64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => decimal(text),
        other => {
            return Err(format!(
                "is of type {}, not a number",
                super::json::kind(other)
            ));
        }
    };
    match number {
        Some(number) if number.is_finite() => Ok(clamp(number)),
        _ => Err("is not a number of seconds".to_owned()),
    }
}

/// Plain decimal notation only: no `inf`, no `NaN`, no hexadecimal, no exponent.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (plain && digits.len() <= 32).then(|| text.parse().ok())?
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn clamp(number: f64) -> u64 {
    // In range by the clamp, and 100 years are exact in an f64.
    number.clamp(0.0, 3_155_760_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// T6
    #[test]
    fn numbers_floats_and_numeric_strings_are_seconds() {
        for (value, expected) in [
            (json!(3600), 3600),
            (json!("3600"), 3600),
            (json!(3600.0), 3600),
            (json!(3599.9), 3599),
            (json!("3600.5"), 3600),
            (json!(-1), 0),
            (json!("-1"), 0),
            (json!(0), 0),
            (json!(1e308), MAX_SECONDS),
            (json!(9_223_372_036_854_775_808_u64), MAX_SECONDS),
        ] {
            assert_eq!(seconds(&value), Ok(expected), "{value}");
        }
    }

    /// T6
    #[test]
    fn garbage_is_no_duration() {
        for value in [
            json!("abc"),
            json!("NaN"),
            json!("inf"),
            json!("1e9"),
            json!("0x10"),
            json!(""),
            json!(true),
            json!([1]),
            json!({}),
            json!("-"),
            json!("1.2.3"),
            json!("١"),
        ] {
            assert!(seconds(&value).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_string_is_bounded(text in ".{0,40}") {
            if let Ok(seconds) = seconds(&json!(text)) {
                prop_assert!(seconds <= MAX_SECONDS);
            }
        }
    }
}
