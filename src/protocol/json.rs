//! JSON objects from strangers: bounded in size and depth, repeated members noticed (RFC 8259 §4).

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Levels of nesting at most; no document of the RFCs comes near.
pub const MAX_DEPTH: usize = 32;

/// An object, and which of its members (at any depth) came more than once.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Every member; of repeated ones the last.
    pub members: Map<String, Value>,
    /// Names that came more than once in one object; at most a few are kept.
    pub repeated: Vec<String>,
}

/// Why bytes are no acceptable JSON object. Says nothing of their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// Nesting beyond [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// JSON of another kind.
    #[error("a JSON {0}, not an object")]
    NotObject(&'static str),
    /// Not JSON, or cut off.
    #[error("malformed JSON (line {0}, column {1})")]
    Malformed(usize, usize),
}

/// Parses one object of at most `limit` bytes. A leading byte order mark is tolerated.
pub fn parse_object(bytes: &[u8], limit: usize) -> Result<Object, JsonError> {
    if bytes.len() > limit {
        return Err(JsonError::TooLarge(limit));
    }
    let bytes = without_bom(bytes);
    let notes = Notes::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node {
        depth: 0,
        notes: &notes,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value))
    .map_err(|error| match notes.too_deep.get() {
        true => JsonError::TooDeep,
        false => JsonError::Malformed(error.line(), error.column()),
    })?;
    match value {
        Value::Object(members) => Ok(Object {
            members,
            repeated: notes.repeated.into_inner(),
        }),
        other => Err(JsonError::NotObject(kind(&other))),
    }
}

/// The bytes without a UTF-8 byte order mark.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The JSON name of a value's type, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[derive(Default)]
struct Notes {
    repeated: RefCell<Vec<String>>,
    too_deep: Cell<bool>,
}

const MAX_REPEATED: usize = 16;

#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    notes: &'a Notes,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            self.notes.too_deep.set(true);
            return Err(E::custom("too deep"));
        }
        Ok(Node {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not finite"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner::<A::Error>()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(inner)?;
            if members.insert(name.clone(), value).is_some() {
                let mut repeated = self.notes.repeated.borrow_mut();
                if repeated.len() == MAX_REPEATED {
                    return Err(A::Error::custom("too many repeated members"));
                }
                repeated.push(name);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Object, JsonError> {
        parse_object(text.as_bytes(), 1 << 20)
    }

    #[test]
    fn repeated_members_are_noticed_at_any_depth() {
        let object = parse(r#"{"a":1,"b":{"c":1,"c":2},"a":3}"#).unwrap();
        assert_eq!(object.repeated, ["c", "a"]);
        assert_eq!(object.members["a"], 3);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert_eq!(parse(&deep), Err(JsonError::TooDeep));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        assert_eq!(parse(&large), Err(JsonError::TooLarge(1 << 20)));
    }

    #[test]
    fn only_whole_objects_are_accepted() {
        assert_eq!(parse("[1]"), Err(JsonError::NotObject("array")));
        assert_eq!(parse("null"), Err(JsonError::NotObject("null")));
        for bad in [
            "",
            "{",
            "{}{}",
            "{} x",
            "\u{feff}",
            "{\"a\":NaN}",
            "{\"a\":1e999}",
        ] {
            assert!(matches!(parse(bad), Err(JsonError::Malformed(..))), "{bad}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_tolerated_and_utf_16_is_not() {
        assert!(parse("\u{feff}{}").is_ok());
        assert!(parse_object(b"\xff\xfe{\0}\0", 100).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse_object(&bytes, 300);
        }

        #[test]
        fn agrees_with_serde_json(text in r#"\{("[a-c]":(1|"x"|\[1,2\]|\{"d":null\}),){0,4}"z":[1-9][0-9]{0,2}(\.5)?\}"#) {
            let ours = parse(&text).unwrap().members;
            let theirs: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(Value::Object(ours), theirs);
        }
    }
}
