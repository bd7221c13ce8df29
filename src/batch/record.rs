//! One answer as one line of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::Error;

/// What every record begins with.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The line's number, from 1.
    pub index: u64,
    /// The request's own name.
    pub id: Option<Value>,
}

/// An answer with its body.
#[derive(Debug)]
pub struct Answered<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// What a sign-in would cure.
    pub trouble: Option<&'a Error>,
}

/// `{"index":…,"id":…,"status":…,"headers":…,"body":…,"error":…}` and a line end.
pub fn answered(subject: &Subject, answer: &Answered<'_>, include_headers: bool) -> Vec<u8> {
    let mut out = begin(subject, answer.body.len() + 64);
    out.extend_from_slice(b",\"status\":");
    out.extend_from_slice(answer.status.as_str().as_bytes());
    if include_headers {
        out.extend_from_slice(b",\"headers\":");
        add(&mut out, &headers(answer.headers));
    }
    body(&mut out, answer);
    if let Some(trouble) = answer.trouble {
        error(&mut out, trouble);
    }
    end(out)
}

/// `{"index":…,"id":…,"error":{…}}`: there is no answer.
pub fn failed(subject: &Subject, failure: &Error) -> Vec<u8> {
    let mut out = begin(subject, 256);
    error(&mut out, failure);
    end(out)
}

fn begin(subject: &Subject, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size + 48);
    out.extend_from_slice(b"{\"index\":");
    out.extend_from_slice(subject.index.to_string().as_bytes());
    if let Some(id) = &subject.id {
        out.extend_from_slice(b",\"id\":");
        add(&mut out, id);
    }
    out
}

fn end(mut out: Vec<u8>) -> Vec<u8> {
    out.extend_from_slice(b"}\n");
    out
}

fn add(out: &mut Vec<u8>, value: &Value) {
    // Writing into memory cannot fail, and every value has a form in JSON.
    let _ = serde_json::to_writer(out, value);
}

/// JSON as it came, text as a string, anything else as `body_base64`; no member where it is empty.
fn body(out: &mut Vec<u8>, answer: &Answered<'_>) {
    let bytes = answer.body;
    if bytes.is_empty() {
        return;
    }
    if is_json(answer.headers) && serde_json::from_slice::<&RawValue>(bytes).is_ok() {
        out.extend_from_slice(b",\"body\":");
        // In valid JSON a line end is only ever between values.
        let one_line = bytes.trim_ascii().iter().map(|byte| match byte {
            b'\n' | b'\r' => b' ',
            byte => *byte,
        });
        out.extend(one_line);
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        out.extend_from_slice(b",\"body\":");
        let _ = serde_json::to_writer(out, text);
    } else {
        out.extend_from_slice(b",\"body_base64\":\"");
        out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        out.push(b'"');
    }
}

/// Said to be JSON, or nothing said.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let value = value.as_bytes();
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
    let kind = kind.trim_ascii().to_ascii_lowercase();
    kind.ends_with(b"/json") || kind.ends_with(b"+json")
}

/// Names in lower case; a header that came several times is a list.
fn headers(headers: &HeaderMap) -> Value {
    let mut object = serde_json::Map::new();
    for name in headers.keys() {
        let mut values: Vec<Value> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into())
            .collect();
        let value = match values.len() {
            1 => values.remove(0),
            _ => Value::Array(values),
        };
        object.insert(name.as_str().to_owned(), value);
    }
    Value::Object(object)
}

fn error(out: &mut Vec<u8>, error: &Error) {
    let mut told = json!({"code": error.code().as_str(), "message": error.to_string()});
    if let Some(hint) = error.hint() {
        told["hint"] = hint.into();
    }
    out.extend_from_slice(b",\"error\":");
    add(out, &told);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn rendered(kind: Option<&'static str>, body: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let subject = Subject {
            index: 3,
            id: Some(json!("a")),
        };
        let answer = Answered {
            status: StatusCode::OK,
            headers: &headers,
            body,
            trouble: None,
        };
        String::from_utf8(answered(&subject, &answer, false)).unwrap()
    }

    #[test]
    fn bodies_are_json_text_or_base64() {
        for (kind, body, member) in [
            (
                Some("application/json"),
                &b"{\n \"a\": 1.0e2\r\n}\n"[..],
                ",\"body\":{  \"a\": 1.0e2  }",
            ),
            (
                Some("application/hal+json; charset=utf-8"),
                b"[1]",
                ",\"body\":[1]",
            ),
            (None, b"null", ",\"body\":null"),
            (Some("application/json"), b"{oops", ",\"body\":\"{oops\""),
            (
                Some("text/plain"),
                b"[1]\n\x1b",
                ",\"body\":\"[1]\\n\\u001b\"",
            ),
            (Some("image/png"), b"\x89P", ",\"body_base64\":\"iVA=\""),
            (Some("application/json"), b"", ""),
        ] {
            let expected = format!("{{\"index\":3,\"id\":\"a\",\"status\":200{member}}}\n");
            assert_eq!(rendered(kind, body), expected);
        }
    }

    #[test]
    fn errors_have_code_message_and_hint() {
        let subject = Subject { index: 1, id: None };
        let error = Error::new(Code::Usage, "line 1: no").with_hint("yes");
        let line = failed(&subject, &error);
        let value: Value = serde_json::from_slice(&line).unwrap();
        let told = json!({"code": "usage", "message": "line 1: no", "hint": "yes"});
        assert_eq!(value, json!({"index": 1, "error": told}));
    }

    proptest! {
        /// Whatever a server answers, it is one line of JSON.
        #[test]
        fn every_body_makes_one_line(body in prop_oneof!["[\\[\\]{}\":,0-9a\\\\\r\n ]{0,12}".prop_map(String::into_bytes), any::<Vec<u8>>()]) {
            let line = rendered(Some("application/json"), &body);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(!line.contains('\r'));
            prop_assert!(serde_json::from_str::<Value>(&line).is_ok(), "{}", line);
        }
    }
}
