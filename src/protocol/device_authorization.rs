//! The device authorization response (RFC 8628 §3.2), made strict.

use serde_json::{Map, Value};
use url::Url;

use crate::error::{Code, Error, Result};
use crate::protocol::number;
use crate::secret::printable;

/// Seconds between polls where the server names none (RFC 8628 §3.2).
pub const DEFAULT_INTERVAL: u64 = 5;
/// Longest interval taken from a server; nobody waits longer for an approval already given.
pub const MAX_INTERVAL: u64 = 60;
/// Lifetime assumed where a server forgets the required `expires_in`.
pub const DEFAULT_LIFETIME: u64 = 900;
/// Characters of a page's address at most: it is shown, and typed.
const MAX_URI: usize = 4096;
/// Longest lifetime taken from a server.
pub const MAX_LIFETIME: u64 = 86_400;

/// Checks every member and writes it in its strict form: `interval` 5 to 60, codes printable,
/// URIs http or https. Unknown members stay.
pub fn normalise(mut members: Map<String, Value>) -> Result<Map<String, Value>> {
    let device_code = required(&members, "device_code")?;
    if device_code.is_empty() || !device_code.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        return Err(invalid("device_code", "is empty or not printable ASCII"));
    }
    let user_code = printable(required(&members, "user_code")?.trim(), 64);
    if user_code.is_empty() {
        return Err(invalid("user_code", "is empty"));
    }
    let verification_uri =
        web_address("verification_uri", required(&members, "verification_uri")?)?;
    members.insert("user_code".into(), user_code.into());
    members.insert("verification_uri".into(), verification_uri.into());
    match members.remove("verification_uri_complete") {
        None | Some(Value::Null) => {}
        Some(Value::String(uri)) => {
            let uri = web_address("verification_uri_complete", &uri)?;
            members.insert("verification_uri_complete".into(), uri.into());
        }
        Some(_) => return Err(invalid("verification_uri_complete", "is not a string")),
    }
    let expires_in = seconds(&members, "expires_in")?.unwrap_or(DEFAULT_LIFETIME);
    let interval = match seconds(&members, "interval")? {
        None | Some(0) => DEFAULT_INTERVAL,
        Some(interval) => interval,
    };
    members.insert("expires_in".into(), expires_in.min(MAX_LIFETIME).into());
    members.insert("interval".into(), interval.min(MAX_INTERVAL).into());
    Ok(members)
}

fn required<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    match members.get(name) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(invalid(name, "is missing")),
        Some(_) => Err(invalid(name, "is not a string")),
    }
}

fn seconds(members: &Map<String, Value>, name: &str) -> Result<Option<u64>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match number::seconds(value) {
            Ok(seconds) => Ok(Some(seconds)),
            Err(why) => Err(invalid(name, &why)),
        },
    }
}

/// The URI as it came, once it is known to be a web page's and to print as it is.
fn web_address(name: &str, text: &str) -> Result<String> {
    if text.len() > MAX_URI {
        return Err(invalid(name, &format!("is longer than {MAX_URI} bytes")));
    }
    let url = Url::parse(text).map_err(|_| invalid(name, "is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = printable(url.scheme(), 20);
        return Err(invalid(name, &format!("is {scheme}:, not http or https")));
    }
    Ok(url.into())
}

fn invalid(name: &str, why: &str) -> Error {
    Error::new(
        Code::ResponseInvalid,
        format!("{name} of the device authorization response {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;
    use serde_json::json;

    fn with(name: &str, value: Value) -> Result<Map<String, Value>> {
        let mut members = json!({
            "device_code": "d", "user_code": "ABCD-EFGH",
            "verification_uri": "https://as.example/device", "expires_in": 600,
        });
        members[name] = value;
        normalise(members.as_object().unwrap().clone())
    }

    /// S14
    #[test]
    fn an_address_that_nobody_could_type_is_refused() {
        for name in ["verification_uri", "verification_uri_complete"] {
            let long = format!("https://as.example/{}", "x".repeat(MAX_URI));
            assert!(with(name, long.into()).is_err(), "{name}");
        }
    }

    #[test]
    fn interval_is_kept_between_default_and_cap() {
        for (sent, kept) in [
            (json!(null), 5),
            (json!(0), 5),
            (json!(-3), 5),
            (json!("5"), 5),
            (json!(10), 10),
            (json!(1_000_000_000), MAX_INTERVAL),
        ] {
            assert_eq!(with("interval", sent).unwrap()["interval"], kept);
        }
        assert!(with("interval", json!("soon")).is_err());
    }

    /// S14
    #[test]
    fn verification_uris_must_be_web_pages() {
        for uri in [
            "file:///bin/sh",
            "javascript:alert(1)",
            "-flag",
            "as.example/device",
        ] {
            assert!(with("verification_uri", json!(uri)).is_err(), "{uri}");
            assert!(with("verification_uri_complete", json!(uri)).is_err());
        }
        assert!(with("verification_uri_complete", json!(null)).is_ok());
    }

    /// S14
    #[test]
    fn escapes_in_codes_are_shown_not_obeyed() {
        let members = with("user_code", json!("\u{1b}[2JAB")).unwrap();
        assert_eq!(members["user_code"], "\\u{1b}[2JAB");
        assert!(with("device_code", json!("a\u{1b}")).is_err());
        assert!(with("device_code", json!("")).is_err());
        assert!(with("user_code", json!(7)).is_err());
    }

    #[test]
    fn a_missing_lifetime_is_assumed_and_a_huge_one_cut() {
        assert_eq!(with("expires_in", json!(null)).unwrap()["expires_in"], 900);
        let huge = with("expires_in", json!(1e300)).unwrap();
        assert_eq!(huge["expires_in"], MAX_LIFETIME);
    }

    proptest::proptest! {
        #[test]
        fn any_answer_can_be_shown_and_polled_or_is_refused(
            name in "device_code|user_code|verification_uri|verification_uri_complete|expires_in|interval",
            value in proptest::prop_oneof![
                proptest::prelude::any::<i64>().prop_map(|n| json!(n)),
                "\\PC{0,12}|https://[a-z./?&=]{1,20}".prop_map(|text| json!(text)),
                proptest::prelude::Just(json!(null)),
            ],
        ) {
            if let Ok(members) = with(&name, value) {
                let shown = |name: &str| members[name].as_str().unwrap_or_default().to_owned();
                let all = [shown("user_code"), shown("verification_uri")].join(" ");
                proptest::prop_assert!(!all.chars().any(crate::secret::is_unprintable), "{:?}", all);
                proptest::prop_assert!(shown("verification_uri").starts_with("http"));
                let interval = members["interval"].as_u64().unwrap();
                proptest::prop_assert!((1..=MAX_INTERVAL).contains(&interval));
                proptest::prop_assert!(members["expires_in"].as_u64().unwrap() <= MAX_LIFETIME);
            }
        }
    }
}
