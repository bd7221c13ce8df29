//! The body of an answer, whatever its encoding, as one set of members.

use http::response::Parts;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::error::{Code, Error, Result};
use crate::protocol::json;
use crate::secret::printable;

/// Bytes at most; the exchange has the same limit.
const LIMIT: usize = 1 << 20;

/// Members that make a form-encoded body recognisable, and that must come only once.
const KNOWN: &[&str] = &[
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "id_token",
    "scope",
    "scopes",
    "error",
    "error_description",
    "error_uri",
    "device_code",
    "user_code",
    "verification_uri",
    "verification_url",
    "verification_uri_complete",
    "interval",
];

/// Why a body could not be read; says what came in its place, never the body itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(pub String);

/// Reads JSON or form encoding; the content type is no help with either and is not asked.
pub(super) fn parse(head: &Parts, body: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    let text = json::without_bom(body).trim_ascii();
    if text.is_empty() {
        return Err(Unreadable("an empty body".to_owned()));
    }
    let (members, repeated) = match form(text) {
        Some(form) => form,
        None => {
            let object = json::parse_object(body, LIMIT).map_err(|error| {
                Unreadable(format!("{}, {}", content_type(head), not_json(error)))
            })?;
            (object.members, object.repeated)
        }
    };
    match repeated.iter().find(|name| KNOWN.contains(&name.as_str())) {
        Some(name) => Err(Unreadable(format!("{name} more than once"))),
        None => Ok(members),
    }
}

fn not_json(error: json::JsonError) -> String {
    match error {
        json::JsonError::Malformed(..) => "not JSON".to_owned(),
        other => other.to_string(),
    }
}

type Form = (Map<String, Value>, Vec<String>);

/// A form-encoded body: printable ASCII with at least one name that belongs in an answer.
fn form(text: &[u8]) -> Option<Form> {
    let plausible = text.len() <= LIMIT
        && !matches!(text[0], b'{' | b'[' | b'<' | b'"')
        && text.iter().all(u8::is_ascii_graphic);
    if !plausible {
        return None;
    }
    let mut members = Map::new();
    let mut repeated = Vec::new();
    for (name, value) in form_urlencoded::parse(text) {
        if members
            .insert(name.clone().into_owned(), Value::String(value.into_owned()))
            .is_some()
            && KNOWN.contains(&name.as_ref())
        {
            repeated.push(name.into_owned());
        }
    }
    let known = ["access_token", "error", "device_code"];
    known
        .iter()
        .any(|name| members.contains_key(*name))
        .then_some((members, repeated))
}

/// The content type for a message.
pub(super) fn content_type(head: &Parts) -> String {
    match head.headers.get(http::header::CONTENT_TYPE) {
        Some(value) => printable(&String::from_utf8_lossy(value.as_bytes()), 80),
        None => "no content type".to_owned(),
    }
}

/// We ask for no compression; an answer that comes compressed all the same is not looked into.
pub fn refuse_encoding(head: &Parts) -> Result<()> {
    let encodings = head.headers.get_all(http::header::CONTENT_ENCODING);
    for encoding in encodings {
        let encoding = String::from_utf8_lossy(encoding.as_bytes());
        if !encoding.trim().is_empty() && !encoding.trim().eq_ignore_ascii_case("identity") {
            return Err(Error::new(
                Code::ResponseInvalid,
                format!(
                    "the answer is compressed ({}), which was not asked for",
                    printable(&encoding, 40)
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &[u8]) -> Result<Map<String, Value>, Unreadable> {
        let response = http::Response::builder().header("content-type", content_type);
        parse(&response.body(()).unwrap().into_parts().0, body)
    }

    #[test]
    fn json_and_form_are_read_under_any_content_type() {
        let json = br#" {"access_token":"t"}"#;
        let form = b"access_token=t&scope=a%20b\n";
        for kind in [
            "application/json",
            "text/plain",
            "text/html; charset=utf-8",
            "",
        ] {
            assert_eq!(read(kind, json).unwrap()["access_token"], "t", "{kind}");
            assert_eq!(read(kind, form).unwrap()["scope"], "a b", "{kind}");
        }
    }

    /// T2
    #[test]
    fn a_captive_portal_is_told_by_its_type_and_its_text_is_not_shown() {
        let page = b"<html>access_token=secret&error=x</html>";
        let why = read("text/html", page).unwrap_err().0;
        assert_eq!(why, "text/html, not JSON");
        let words = b"Sign in at http://wifi.example/?a=1&error=login";
        let why = read("text/plain", words).unwrap_err().0;
        assert_eq!(why, "text/plain, not JSON");
    }

    /// T4
    #[test]
    fn other_json_is_refused() {
        for (body, why) in [
            ("[1]", "x/y, a JSON array, not an object"),
            ("\"a\"", "x/y, a JSON string, not an object"),
            ("3", "x/y, a JSON number, not an object"),
            ("null", "x/y, a JSON null, not an object"),
            ("{\"a\":", "x/y, not JSON"),
            ("", "an empty body"),
        ] {
            assert_eq!(read("x/y", body.as_bytes()).unwrap_err().0, why);
        }
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(
            read("x/y", deep.as_bytes())
                .unwrap_err()
                .0
                .contains("deeper")
        );
    }

    /// T11
    #[test]
    fn repeated_known_members_are_refused() {
        let twice = br#"{"access_token":"a","access_token":"b"}"#;
        assert_eq!(
            read("", twice).unwrap_err().0,
            "access_token more than once"
        );
        assert!(read("", b"access_token=a&access_token=b").is_err());
        assert!(read("", br#"{"access_token":"a","x":1,"x":2}"#).is_ok());
    }

    /// T17
    #[test]
    fn compression_that_was_not_asked_for_is_refused() {
        let head = |encoding: &str| {
            let response = http::Response::builder().header("content-encoding", encoding);
            response.body(()).unwrap().into_parts().0
        };
        for encoding in ["gzip", "br", "zstd", "gzip, identity"] {
            assert!(refuse_encoding(&head(encoding)).is_err(), "{encoding}");
        }
        refuse_encoding(&head("identity")).unwrap();
    }
}
