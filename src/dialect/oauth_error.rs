//! What an answer that grants nothing says (RFC 6749 §5.2), and the error it becomes.

use http::Response;
use http::response::Parts;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Switch, body, provider_error};
use crate::error::{Code, Error, OAuthError};
use crate::secret::{Secret, printable, repeats};

/// Characters of a server's own words that are shown.
const WORDS: usize = 300;

/// The OAuth error in a response that is known to be none of success.
///
/// Where the server named no code, `error` is empty and `error_description` says what came
/// instead (`403 with an empty body`).
pub fn error_response(response: &Response<Vec<u8>>) -> OAuthError {
    let mut copy = Response::new(());
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    let (head, ()) = copy.into_parts();
    read(&[], &head, body::parse(&head, response.body()))
}

/// [`error_response`] of a body that was read already, with a server's switches.
pub(super) fn read(
    switches: &[Switch],
    head: &Parts,
    members: Result<Map<String, Value>, body::Unreadable>,
) -> OAuthError {
    let status = head.status.as_u16();
    let unnamed = |what: String| OAuthError {
        error: String::new(),
        error_description: Some(format!("{status} with {what}")),
        error_uri: None,
        status,
    };
    let members = match members {
        Ok(members) => members,
        Err(body::Unreadable(what)) => return unnamed(what),
    };
    if let Some((code, words)) = provider_error::translate(switches, &members) {
        return OAuthError {
            error: code.to_owned(),
            error_description: words.as_deref().and_then(shown),
            error_uri: None,
            status,
        };
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match text("error") {
        Some(error) if is_code(error) => OAuthError {
            error: error.to_owned(),
            error_description: text("error_description").and_then(shown),
            error_uri: text("error_uri").and_then(web_page),
            status,
        },
        Some(_) => unnamed("an error code that breaks RFC 6749 §5.2".to_owned()),
        None => unnamed(match words(&members) {
            Some(words) => format!("no OAuth error code: {words}"),
            None => "no OAuth error code".to_owned(),
        }),
    }
}

/// `error` is 1 to 64 characters of %x20-21 / %x23-5B / %x5D-7E.
fn is_code(error: &str) -> bool {
    let allowed = |b: u8| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\';
    (1..=64).contains(&error.len()) && error.bytes().all(allowed)
}

fn shown(words: &str) -> Option<String> {
    let words = printable(words.trim(), WORDS);
    (!words.is_empty()).then_some(words)
}

/// Where servers without OAuth errors put their words.
fn words(members: &Map<String, Value>) -> Option<String> {
    let inner = members.get("error").and_then(Value::as_object);
    let places = [
        inner.and_then(|inner| inner.get("message")),
        members.get("error_description"),
        members.get("message"),
        members.get("detail"),
        members.get("errorSummary"),
    ];
    let first = places.into_iter().flatten().find_map(Value::as_str);
    first.and_then(shown)
}

/// A page about the error; anything but http(s) is dropped.
fn web_page(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| printable(url.as_str(), WORDS))
}

/// The error as the strict JSON of RFC 6749 §5.2.
pub(super) fn strict(error: &OAuthError) -> Vec<u8> {
    let mut members = Map::new();
    members.insert("error".into(), json!(error.error));
    for (name, value) in [
        ("error_description", &error.error_description),
        ("error_uri", &error.error_uri),
    ] {
        if let Some(value) = value {
            members.insert(name.into(), json!(value));
        }
    }
    Value::Object(members).to_string().into_bytes()
}

/// The error without the server's words where they repeat a secret it was sent.
pub fn without_secrets<'a>(
    mut error: OAuthError,
    secrets: impl Iterator<Item = &'a str>,
) -> OAuthError {
    let said = error.error_description.as_deref().unwrap_or_default();
    let page = error.error_uri.as_deref().unwrap_or_default();
    let told = secrets.fold((false, false), |(in_words, in_page), secret| {
        (
            in_words || repeats(said, secret),
            in_page || repeats(page, secret),
        )
    });
    if told.0 {
        error.error_description = Some("its words repeat a secret and are not shown".to_owned());
    }
    if told.1 {
        error.error_uri = None;
    }
    error
}

/// Values of a request's form that are secrets.
pub fn secrets_of(form: &[u8]) -> Vec<Secret> {
    const SECRET: &[&str] = &[
        "code",
        "code_verifier",
        "refresh_token",
        "client_secret",
        "client_assertion",
        "device_code",
        "password",
        "token",
        "assertion",
        "subject_token",
        "actor_token",
    ];
    url::form_urlencoded::parse(form)
        .filter(|(name, _)| SECRET.contains(&name.as_ref()))
        .map(|(_, value)| Secret::from(value.as_ref()))
        .collect()
}

/// The program's error for an endpoint's refusal: exit 6 where trying later may help (408, 429,
/// 5xx), else exit 5, with what to do about the well-known codes.
pub fn refused(endpoint: &str, error: OAuthError) -> Error {
    let words = error.error_description.as_deref();
    let message = match (error.error.as_str(), words) {
        ("", words) => format!("{endpoint} answered {}", words.unwrap_or("nothing")),
        (code, Some(words)) => format!("{endpoint} refused: {code} ({words})"),
        (code, None) => format!("{endpoint} refused: {code}"),
    };
    let later = matches!(error.status, 408 | 429 | 500..=599)
        || matches!(
            error.error.as_str(),
            "temporarily_unavailable" | "server_error"
        );
    let code = match later {
        true => Code::TransportFailed,
        false => Code::ServerRefused,
    };
    let hint = match error.error.as_str() {
        _ if later => Some("try again later"),
        "invalid_client" | "unauthorized_client" => {
            Some("check client_id, client secret and token_endpoint_auth_method of the service")
        }
        "invalid_grant" => Some("sign in again: what was presented is used up, expired or revoked"),
        "invalid_scope" => Some("ask for other scopes: the provider's documentation lists them"),
        "access_denied" => Some("the sign-in was declined, or the account may not use this client"),
        "unsupported_grant_type" => Some("the server does not offer this flow to this client"),
        "invalid_target" => Some("check the service's resource: the server does not know it"),
        _ => None,
    };
    let result = Error::new(code, message).with_oauth(error);
    match hint {
        Some(hint) => result.with_hint(hint),
        None => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, content_type: &str, body: &str) -> OAuthError {
        let response = Response::builder()
            .status(status)
            .header("content-type", content_type)
            .body(body.as_bytes().to_vec())
            .unwrap();
        error_response(&response)
    }

    /// T12
    #[test]
    fn an_oauth_error_is_read_whole() {
        let body = r#"{"error":"invalid_grant","error_description":"gone","error_uri":"https://as.example/e"}"#;
        let error = error(400, "application/json", body);
        assert_eq!(error.error, "invalid_grant");
        assert_eq!(error.error_description.as_deref(), Some("gone"));
        assert_eq!(error.error_uri.as_deref(), Some("https://as.example/e"));
    }

    /// must 45: Glewlwyd sends 403 with an empty body.
    #[test]
    fn bodies_without_an_oauth_error_say_what_came_instead() {
        for (status, kind, body, expected) in [
            (403, "", "", "403 with an empty body"),
            (
                502,
                "text/html",
                "<html>secret",
                "502 with text/html, not JSON",
            ),
            (
                401,
                "application/json",
                r#"{"message":"Unauthorized","error":401}"#,
                "401 with no OAuth error code: Unauthorized",
            ),
            (
                400,
                "application/json",
                r#"{"error":{"message":"Bad code","code":100}}"#,
                "400 with no OAuth error code: Bad code",
            ),
        ] {
            let error = error(status, kind, body);
            assert_eq!(error.error, "");
            assert_eq!(error.error_description.as_deref(), Some(expected));
        }
    }

    /// T23
    #[test]
    fn a_servers_words_are_made_safe_and_cut() {
        let hostile = format!("\u{1b}[2J\u{202e}{}", "x".repeat(1_000_000 / 2));
        let body = json!({
            "error": "invalid_request", "error_description": hostile,
            "error_uri": "javascript:alert(1)",
        });
        let error = error(400, "application/json", &body.to_string());
        let words = error.error_description.unwrap();
        assert!(words.starts_with("\\u{1b}[2J\\u{202e}xxx"));
        assert!(words.chars().count() < 330);
        assert_eq!(error.error_uri, None);
    }

    /// must 45: the grammar of RFC 6749 §5.2.
    #[test]
    fn codes_outside_the_grammar_are_no_codes() {
        for code in ["\u{1b}]0;x", "a\"b", "a\\b", "é", ""] {
            let body = json!({ "error": code }).to_string();
            assert_eq!(error(400, "application/json", &body).error, "", "{code:?}");
        }
        let long = json!({"error": "x".repeat(65)}).to_string();
        assert_eq!(error(400, "application/json", &long).error, "");
    }

    /// A server that repeats what it was sent does not bring it onto the screen.
    #[test]
    fn a_servers_words_do_not_repeat_a_secret() {
        let secrets =
            secrets_of(b"grant_type=refresh_token&refresh_token=rt-0123456789&client_id=c");
        let secrets = || secrets.iter().map(|secret| secret.expose().as_str());
        assert_eq!(secrets().collect::<Vec<_>>(), ["rt-0123456789"]);
        let body = r#"{"error":"invalid_request","error_description":"no: rt-0123456789","error_uri":"https://as.example/?t=rt-0123456789"}"#;
        let error = without_secrets(error(400, "application/json", body), secrets());
        assert!(!format!("{error:?}").contains("rt-01"), "{error:?}");
        let body = r#"{"error":"invalid_grant","error_description":"grant_type is gone"}"#;
        let error = without_secrets(
            super::tests::error(400, "application/json", body),
            secrets(),
        );
        assert_eq!(
            error.error_description.as_deref(),
            Some("grant_type is gone")
        );
    }

    /// T14: what may pass with time is told apart from a refusal.
    #[test]
    fn trouble_of_the_server_is_no_refusal() {
        for (status, exit) in [
            (400, 5),
            (401, 5),
            (403, 5),
            (408, 6),
            (429, 6),
            (500, 6),
            (503, 6),
        ] {
            let error = refused("the token endpoint", error(status, "", ""));
            assert_eq!(error.code().exit_code(), exit, "{status}");
            assert!(error.to_string().starts_with("the token endpoint answered"));
        }
    }
}
