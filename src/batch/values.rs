//! A line of input as the values of a URL template.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Text, number and truth value as text.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Values by name, the line's id, and whether that was given as one.
pub type Values = (BTreeMap<String, String>, Option<Value>, bool);

/// A line is the value of the one variable; an object names several.
pub fn values(line: &str, names: &[&str]) -> Result<Values> {
    let text = match line.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {
            let object: serde_json::Map<String, Value> =
                serde_json::from_str(line).map_err(|error| {
                    let why = printable(&error.to_string(), 200);
                    Error::new(Code::Usage, format!("not a JSON object: {why}"))
                        .with_hint("a line is the value itself, or an object of values")
                })?;
            let id = object.get("id").filter(|id| is_id(id)).cloned();
            let values = object.into_iter();
            let values = values.filter_map(|(name, value)| Some((name, scalar(&value)?)));
            let given = id.is_some();
            return Ok((values.collect(), id, given));
        }
        // As `jq` prints it without -r.
        Some(b'"') => serde_json::from_str(line).unwrap_or_else(|_| line.to_owned()),
        _ => line.to_owned(),
    };
    let [name] = names else {
        let what = format!("the template has {} variables", names.len());
        return Err(
            Error::new(Code::Usage, what).with_hint(match names.is_empty() {
                true => "put one in: 'users/{id}'",
                false => "then a line is an object: {\"org\":\"x\",\"id\":7}",
            }),
        );
    };
    let id = Some(Value::String(text.clone()));
    Ok((BTreeMap::from([((*name).to_owned(), text)]), id, false))
}

/// What a request may be named by.
pub fn is_id(id: &Value) -> bool {
    matches!(id, Value::String(_) | Value::Number(_))
}
