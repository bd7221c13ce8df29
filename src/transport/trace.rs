//! A wire trace that can be shown: every value is hidden unless it is known to be no secret.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::protocol::json;
use crate::secret::{SafeUrl, printable};

const HIDDEN: &str = "[redacted]";
const SHOWN: usize = 200;
const LIMIT: usize = 64 << 10;

/// Parameters and members that may be shown; all of them are public by their definition.
const PUBLIC: &[&str] = &[
    "active",
    "acr_values",
    "audience",
    "client_id",
    "client_name",
    "code_challenge_method",
    "error",
    "error_codes",
    "error_description",
    "error_uri",
    "expires_in",
    "grant_type",
    "interval",
    "issued_token_type",
    "issuer",
    "max_age",
    "ok",
    "prompt",
    "redirect_uri",
    "redirect_uris",
    "refresh_expires_in",
    "refresh_token_expires_in",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "scopes",
    "subject_token_type",
    "token_endpoint_auth_method",
    "token_type",
    "token_type_hint",
    "user_code",
    "verification_uri",
    "verification_url",
];

/// Lines for a request on its way out, each starting with `>`.
pub fn request(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Option<&[u8]>,
) -> Vec<String> {
    let mut lines = vec![format!("> {method} {}", safe(&uri.to_string()))];
    finish(&mut lines, '>', headers, body);
    lines
}

/// Lines for a response, each starting with `<`.
pub fn response(status: StatusCode, headers: &HeaderMap, body: Option<&[u8]>) -> Vec<String> {
    let mut lines = vec![format!("< {status}")];
    finish(&mut lines, '<', headers, body);
    lines
}

fn finish(lines: &mut Vec<String>, mark: char, headers: &HeaderMap, body: Option<&[u8]>) {
    for (name, value) in headers {
        lines.push(format!("{mark} {name}: {}", header_value(name, value)));
    }
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        lines.push(format!("{mark}"));
        lines.push(format!("{mark} {}", shown_body(body)));
    }
}

/// A header's value, hidden where it may hold a secret; the scheme of a credential stays.
pub fn header_value(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if *name == header::LOCATION || *name == header::CONTENT_LOCATION || *name == header::REFERER {
        return safe(&text);
    }
    if *name == header::AUTHORIZATION || *name == header::PROXY_AUTHORIZATION {
        return match text.split_once(' ') {
            Some((scheme, _)) => format!("{} {HIDDEN}", printable(scheme, 20)),
            None => HIDDEN.to_owned(),
        };
    }
    if value.is_sensitive() || may_hold_secret(name.as_str()) {
        return HIDDEN.to_owned();
    }
    printable(&text, SHOWN)
}

/// Headers by whose name nobody can tell what they hold, but that people use for secrets.
fn may_hold_secret(name: &str) -> bool {
    let harmless = ["www-authenticate", "proxy-authenticate", "x-oauth-scopes"];
    let telling = [
        "auth",
        "cookie",
        "token",
        "secret",
        "key",
        "password",
        "dpop",
        "signature",
        "session",
        "credential",
        "csrf",
        "xsrf",
    ];
    !harmless.contains(&name) && telling.iter().any(|part| name.contains(part))
}

/// The body in one line: form fields and JSON members with only the public ones readable.
fn shown_body(body: &[u8]) -> String {
    if let Ok(object) = json::parse_object(body, LIMIT) {
        let members = object
            .members
            .into_iter()
            .map(|(name, value)| (name.clone(), public(&name, value)))
            .collect();
        return printable(&Value::Object(members).to_string(), 4096);
    }
    match form(body) {
        Some(fields) => printable(&fields, 4096),
        None => format!("[{} bytes]", body.len()),
    }
}

fn form(body: &[u8]) -> Option<String> {
    let plausible = body.len() <= LIMIT
        && body.contains(&b'=')
        && body.iter().all(u8::is_ascii_graphic)
        && !body.starts_with(b"<");
    if !plausible {
        return None;
    }
    let fields = form_urlencoded::parse(body).map(|(name, value)| {
        let value = match is_public(&name) {
            true => value.into_owned(),
            false => HIDDEN.to_owned(),
        };
        format!("{}={value}", printable(&name, 60))
    });
    Some(fields.collect::<Vec<_>>().join("&"))
}

fn is_public(name: &str) -> bool {
    PUBLIC.contains(&name) || name.ends_with("_supported")
}

/// Numbers and booleans are no secrets; texts are unless their name says otherwise; web addresses
/// are shown without their query.
fn public(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if is_public(name) => Value::String(text),
        Value::String(text) if text.starts_with("https://") || text.starts_with("http://") => {
            Value::String(safe(&text))
        }
        Value::String(_) => Value::String(HIDDEN.to_owned()),
        Value::Array(items) => items.into_iter().map(|item| public(name, item)).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.clone(), public(&name, value)))
                .collect(),
        ),
        other => other,
    }
}

fn safe(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => printable(&SafeUrl::new(url).to_string(), SHOWN),
        // A relative one: nothing behind the question mark.
        Err(_) => match text.split_once(['?', '#']) {
            Some((path, _)) => format!("{}?…", printable(path, SHOWN)),
            None => printable(text, SHOWN),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRETS: &[&str] = &[
        "code",
        "code_verifier",
        "client_secret",
        "refresh_token",
        "access_token",
        "id_token",
        "password",
        "assertion",
        "client_assertion",
        "device_code",
        "subject_token",
        "token",
        "registration_access_token",
        "state",
        "nonce",
        "anything_else",
    ];

    /// must 78
    #[test]
    fn secrets_in_forms_and_json_are_hidden() {
        for name in SECRETS {
            let form = format!("grant_type=x&{name}=canary");
            let shown = shown_body(form.as_bytes());
            assert_eq!(shown, format!("grant_type=x&{name}=[redacted]"));
            let json = format!(r#"{{"a":{{"{name}":["canary"]}},"expires_in":5}}"#);
            let shown = shown_body(json.as_bytes());
            assert!(!shown.contains("canary") && shown.contains("\"expires_in\":5"));
        }
        assert_eq!(shown_body(b"\0canary"), "[7 bytes]");
        assert_eq!(shown_body(b"[\"canary\"]"), "[10 bytes]");
    }

    #[test]
    fn metadata_stays_readable() {
        let body =
            br#"{"token_endpoint":"https://as.example/t?k=canary","scopes_supported":["openid"]}"#;
        let expected =
            r#"{"token_endpoint":"https://as.example/t?k=…","scopes_supported":["openid"]}"#;
        assert_eq!(shown_body(body), expected);
    }

    #[test]
    fn headers_that_hold_secrets_are_hidden() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "dpop",
            "x-api-key",
            "x-shopify-access-token",
            "private-token",
        ] {
            headers.insert(name, HeaderValue::from_static("Bearer canary"));
        }
        let mut own = HeaderValue::from_static("canary");
        own.set_sensitive(true);
        headers.insert("x-own", own);
        headers.insert("location", HeaderValue::from_static("/cb?code=canary"));
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let uri = Uri::from_static("https://api.example/x?token=canary");
        let lines = request(&Method::GET, &uri, &headers, None).join("\n");
        assert!(!lines.contains("canary"), "{lines}");
        assert!(lines.contains("> authorization: Bearer [redacted]"));
        assert!(lines.contains("> content-type: text/plain"));
    }

    /// must 45
    #[test]
    fn what_a_server_sends_cannot_steer_the_terminal() {
        let mut headers = HeaderMap::new();
        let hostile = HeaderValue::from_bytes(b"a\x9b2Jb").unwrap();
        headers.insert("server", hostile);
        let body = "{\"error_description\":\"\u{1b}]0;x\u{7}\u{202e}\"}";
        let lines = response(StatusCode::OK, &headers, Some(body.as_bytes()));
        assert!(lines.iter().all(|line| !line.chars().any(char::is_control)));
        assert!(lines.iter().all(|line| !line.contains('\u{202e}')));
    }

    proptest! {
        #[test]
        fn a_value_under_a_secret_name_never_shows(
            index in 0..SECRETS.len(), value in "canary[a-z0-9+/=&%]{0,9}", name in "[a-z_]{1,9}",
        ) {
            let secret = SECRETS[index];
            let json = serde_json::json!({ secret: value, "x": { secret: [value] } }).to_string();
            prop_assert!(!shown_body(json.as_bytes()).contains("canary"));
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair(secret, &value).append_pair(&name, "1").finish();
            prop_assert!(!shown_body(form.as_bytes()).contains("canary"));
        }
    }
}
