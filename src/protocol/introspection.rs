//! Token introspection (RFC 7662): what the server says of a token.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::json;
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// Bytes of an answer at most.
const LIMIT: usize = 1 << 20;

/// What the server says.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspection {
    /// Whether the token is good; `false` is an answer, not an error (§2.2).
    pub active: bool,
    /// `exp`, seconds, where it says so.
    pub expires_at: Option<i64>,
    /// Every member.
    pub members: Map<String, Value>,
}

/// The request (§2.1), not authenticated yet. The endpoint was checked to be https or loopback.
pub fn request(endpoint: &Url, token: &Secret, hint: Option<&str>) -> Result<Request<Vec<u8>>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token.expose());
    if let Some(hint) = hint {
        form.append_pair("token_type_hint", hint);
    }
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    Request::post(endpoint.as_str())
        .header(CONTENT_TYPE, form_type)
        .header(ACCEPT, "application/json")
        .body(form.finish().into_bytes())
        .map_err(|error| Error::new(Code::Internal, "an introspection request").with_source(error))
}

/// Reads a 2xx answer.
pub fn read(response: &Response<Vec<u8>>) -> Result<Introspection> {
    let object =
        json::parse_object(response.body(), LIMIT).map_err(|why| invalid(&format!("is {why}")))?;
    if let Some(name) = object.repeated.first() {
        let name = printable(name, 60);
        return Err(invalid(&format!("has {name} more than once")));
    }
    let members = object.members;
    let active = match members.get("active") {
        Some(Value::Bool(active)) => *active,
        Some(other) => {
            let kind = json::kind(other);
            return Err(invalid(&format!("has active as {kind}, not a boolean")));
        }
        None => return Err(invalid("has no active")),
    };
    Ok(Introspection {
        active,
        expires_at: members.get("exp").and_then(Value::as_i64),
        members,
    })
}

fn invalid(why: &str) -> Error {
    Error::new(
        Code::ResponseInvalid,
        format!("the introspection response {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(body: &str) -> Result<Introspection> {
        read(&Response::new(body.as_bytes().to_vec()))
    }

    /// must 105
    #[test]
    fn an_inactive_token_is_an_answer() {
        assert!(!of(r#"{"active":false}"#).unwrap().active);
        let good = of(r#"{"active":true,"exp":1800000000,"x":[1]}"#).unwrap();
        assert_eq!(good.expires_at, Some(1_800_000_000));
        assert_eq!(good.members["x"], json!([1]));
    }

    #[test]
    fn anything_but_a_clear_answer_is_refused() {
        for bad in [
            "",
            "<html>",
            "{}",
            r#"{"active":"true"}"#,
            r#"{"active":1}"#,
            r#"{"active":false,"active":true}"#,
        ] {
            assert_eq!(of(bad).unwrap_err().code(), Code::ResponseInvalid, "{bad}");
        }
    }

    #[test]
    fn the_token_travels_in_the_body() {
        let endpoint = Url::parse("https://as.example/introspect").unwrap();
        let token = Secret::from("a+b");
        let request = request(&endpoint, &token, Some("access_token")).unwrap();
        assert_eq!(request.uri().query(), None);
        assert_eq!(request.body(), b"token=a%2Bb&token_type_hint=access_token");
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_clear_or_refused(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            active in "true|false|1|null|\"true\"", exp in "[0-9]{1,20}|-1|1e9|null|\"x\"",
        ) {
            let _ = read(&Response::new(body));
            if let Ok(found) = of(&format!("{{\"active\":{active},\"exp\":{exp}}}")) {
                proptest::prop_assert_eq!(found.active, active == "true");
            }
        }
    }
}
