//! The UserInfo response (OpenID Connect Core §5.3): JSON, or a signed JWT.

use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::id_token::{Expected, Refusal, check};
use super::json;
use super::jwk::JwkSet;
use super::jwt::{Jwt, JwtError};
use crate::error::{Code, Error, Result};
use crate::secret::{Secret, printable};

/// Bytes of an answer at most.
const LIMIT: usize = 1 << 20;

/// What a UserInfo endpoint answered with success.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The claims.
    Claims(Map<String, Value>),
    /// A JWT, to be verified by [`verify`].
    Signed(Secret),
}

/// Reads a 2xx answer.
pub fn read(response: &Response<Vec<u8>>) -> Result<Answer> {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let content_type = content_type.as_deref().unwrap_or("no content type");
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/jwt") {
        let text = std::str::from_utf8(response.body());
        let text = text.map_err(|_| invalid("is no JWT"))?;
        return Ok(Answer::Signed(Secret::from(text.trim())));
    }
    let object = json::parse_object(response.body(), LIMIT)
        .map_err(|why| invalid(&format!("({}) is {why}", printable(content_type, 80))))?;
    match object.repeated.first() {
        Some(name) => Err(invalid(&format!(
            "has {} more than once",
            printable(name, 60)
        ))),
        None => Ok(Answer::Claims(object.members)),
    }
}

/// The claims of a signed answer, once its signature, and `iss`, `aud` and `exp` where it has
/// them (§5.3.2), are found right. Of `expected`, nonce and sign-in demands do not matter here.
pub fn verify(
    jwt: &Secret,
    keys: &JwkSet,
    expected: &Expected<'_>,
    now: i64,
) -> Result<Map<String, Value>, Refusal> {
    let refuse = |why: JwtError| {
        let error = invalid(&why.to_string());
        match why {
            JwtError::NoKey(_) => Refusal::NoKey(error),
            _ => Refusal::Invalid(error),
        }
    };
    let jwt = Jwt::decode(jwt.expose()).map_err(refuse)?;
    jwt.verify(expected.algorithms, keys, expected.client_secret)
        .map_err(refuse)?;
    let claims = jwt.claims;
    let found = match claims.get("iss") {
        None => Ok(()),
        Some(Value::String(iss)) => check::issuer(&claims, iss, expected),
        Some(_) => Err(invalid("has an iss that is no text")),
    };
    found
        .and_then(|()| audience(&claims, expected.client_id))
        .and_then(|()| match claims.contains_key("exp") {
            true => check::expiry(&claims, now),
            false => Ok(()),
        })
        .map_err(|error| invalid(&format!("cannot be trusted: {error}")))?;
    Ok(claims)
}

fn audience(claims: &Map<String, Value>, client_id: &str) -> Result<()> {
    let named = |entry: &Value| entry.as_str() == Some(client_id);
    let ours = match claims.get("aud") {
        None => true,
        Some(Value::Array(entries)) => entries.iter().any(named),
        Some(entry) => named(entry),
    };
    match ours {
        true => Ok(()),
        false => Err(invalid("is meant for another client")),
    }
}

/// §5.3.2: `sub` is there and is the ID Token's; without that an answer may be about anybody.
///
/// Returns the subject. `expected` is `None` where there was no ID Token.
pub fn check_subject<'a>(
    claims: &'a Map<String, Value>,
    expected: Option<&str>,
) -> Result<Option<&'a str>> {
    let found = match claims.get("sub") {
        Some(Value::String(sub)) => Some(sub.as_str()),
        None => None,
        Some(_) => return Err(invalid("has a sub that is no text")),
    };
    match (found, expected) {
        (_, None) => Ok(found),
        (None, Some(_)) => Err(invalid("has no sub")),
        (Some(found), Some(expected)) if found == expected => Ok(Some(found)),
        (Some(found), Some(expected)) => Err(invalid(&format!(
            "has sub {:?}, but {:?} signed in",
            printable(found, 100),
            printable(expected, 100)
        ))
        .with_hint("do not use it: it may be another person's")),
    }
}

fn invalid(why: &str) -> Error {
    Error::new(
        Code::UserinfoInvalid,
        format!("the UserInfo response {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::test_keys::{TestKey, jwks, unsigned};
    use jsonwebtoken::Algorithm;
    use serde_json::json;

    fn answer(content_type: &str, body: &str) -> Result<Answer> {
        let response = Response::builder().header("content-type", content_type);
        read(&response.body(body.as_bytes().to_vec()).unwrap())
    }

    /// J16, must 60
    #[test]
    fn sub_must_be_the_id_tokens() {
        let claims = |sub: Value| json!({ "sub": sub }).as_object().unwrap().clone();
        assert!(check_subject(&claims(json!("ada")), Some("ada")).is_ok());
        for bad in [json!("adainvalid"), json!(""), json!(7), json!(null)] {
            let error = check_subject(&claims(bad), Some("ada")).unwrap_err();
            assert_eq!(error.code(), Code::UserinfoInvalid);
        }
        assert!(check_subject(&Map::new(), Some("ada")).is_err());
        assert_eq!(check_subject(&Map::new(), None).unwrap(), None);
    }

    /// J16
    #[test]
    fn html_and_repeated_members_are_refused() {
        let error = answer("text/html", "<html>secret").unwrap_err().to_string();
        assert!(error.contains("text/html") && !error.contains("secret"));
        assert!(answer("application/json", r#"{"sub":"a","sub":"b"}"#).is_err());
        let claims = answer("application/json; charset=utf-8", r#"{"sub":"a"}"#).unwrap();
        assert!(matches!(claims, Answer::Claims(_)));
    }

    fn verified(key: &TestKey, jwt: String) -> Result<Map<String, Value>, Refusal> {
        let Answer::Signed(jwt) = answer("application/JWT", &jwt).unwrap() else {
            panic!("not taken for a JWT");
        };
        let keys = JwkSet::parse(&jwks(&[key])).unwrap();
        let expected = Expected {
            issuer: "https://as.example",
            client_id: "me",
            algorithms: &[Algorithm::ES256],
            nonce: Some("plays no part"),
            ..Expected::default()
        };
        verify(&jwt, &keys, &expected, 1000)
    }

    /// J16, must 60
    #[test]
    fn a_signed_answer_is_verified_with_issuer_and_audience() {
        let key = TestKey::ec(Algorithm::ES256, "k");
        let good = json!({"sub": "ada", "iss": "https://as.example", "aud": ["me"]});
        assert_eq!(verified(&key, key.sign(&good)).unwrap()["sub"], "ada");
        assert!(verified(&key, key.sign(&json!({"sub": "ada"}))).is_ok());
        for bad in [
            json!({"sub": "ada", "iss": "https://evil.example"}),
            json!({"sub": "ada", "iss": 7}),
            json!({"sub": "ada", "aud": "you"}),
            json!({"sub": "ada", "aud": []}),
            json!({"sub": "ada", "exp": 100}),
        ] {
            let refusal = verified(&key, key.sign(&bad)).unwrap_err();
            assert_eq!(Error::from(refusal).code(), Code::UserinfoInvalid);
        }
        let unsigned = unsigned(&json!({"alg": "none"}), &good);
        assert!(verified(&key, format!("{unsigned}.")).is_err());
        let other = TestKey::ec(Algorithm::ES256, "other").sign(&good);
        assert!(matches!(verified(&key, other), Err(Refusal::NoKey(_))));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_about_the_person_or_refused(
            kind in "application/json|application/jwt|text/html|", body in "\\PC{0,60}",
            sub in "\"ada\"|\"[a-z]{0,4}\"|null|7",
        ) {
            let _ = answer(&kind, &body);
            if let Ok(Answer::Claims(claims)) = answer(&kind, &format!("{{\"sub\":{sub}}}"))
                && check_subject(&claims, Some("ada")).is_ok()
            {
                proptest::prop_assert_eq!(sub, "\"ada\"");
            }
        }
    }
}
