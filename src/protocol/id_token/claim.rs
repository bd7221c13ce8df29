//! Claims read with their types, and the errors about them.

use serde_json::{Map, Value};

use crate::error::{Code, Error, Result};
use crate::protocol::json;
use crate::secret::printable;

/// 9999-12-31T23:59:59Z: what lies beyond is no time.
const LAST_SECOND: i64 = 253_402_300_799;

pub(super) fn audience(claims: &Map<String, Value>) -> Result<Vec<String>> {
    match claims.get("aud") {
        None => Err(invalid("has no aud")),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(entries)) => entries
            .iter()
            .map(|entry| match entry {
                Value::String(one) => Ok(one.clone()),
                other => Err(wrong_type("aud", other, "string")),
            })
            .collect(),
        Some(other) => Err(wrong_type("aud", other, "string")),
    }
}

pub(super) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(name, other, "string")),
    }
}

pub(super) fn required<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    text(claims, name)?.ok_or_else(|| invalid(&format!("has no {name}")))
}

pub(super) fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(seconds) if (0..=LAST_SECOND).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(invalid(&format!("has {name} {number}, which is no time"))),
        },
        Some(other) => Err(wrong_type(name, other, "number")),
    }
}

pub(super) fn required_time(claims: &Map<String, Value>, name: &str) -> Result<i64> {
    time(claims, name)?.ok_or_else(|| invalid(&format!("has no {name}")))
}

pub(super) fn invalid(why: &str) -> Error {
    Error::new(Code::IdTokenInvalid, format!("the ID Token {why}"))
}

pub(super) fn wrong_type(name: &str, value: &Value, wanted: &str) -> Error {
    invalid(&format!(
        "has {name} of type {}, not {wanted}",
        json::kind(value)
    ))
}

pub(super) fn unequal(name: &str, found: &str, wanted: &str) -> Error {
    invalid(&format!(
        "has {name} {:?} where {:?} was expected",
        printable(found, 200),
        printable(wanted, 200)
    ))
}

pub(super) fn clock(why: &str) -> Error {
    invalid(why).with_hint("check this machine's clock; if it is right, the server's is wrong")
}
