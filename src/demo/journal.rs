//! What went over the wire, as the demo tells it: names in full, secrets shortened.

use serde_json::Value;

use super::exchange::{Call, Reply};
use crate::secret::printable;

/// Exchanges kept until somebody takes them; later ones are dropped.
const LIMIT: usize = 200;

/// Parameters and members whose value opens something.
const SECRET: &[&str] = &[
    "access_token",
    "client_secret",
    "code",
    "code_verifier",
    "csrf_token",
    "device_code",
    "id_token",
    "refresh_token",
    "ticket",
    "token",
    "user_code",
];

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Credentials of the request: `Bearer demo_at_3f…`, `Basic …`.
    pub authorization: Option<String>,
    /// Query parameters and form fields.
    pub sent: Vec<(String, String)>,
    /// HTTP status.
    pub status: u16,
    /// Members of the JSON answer, or parameters of the redirect.
    pub answered: Vec<(String, String)>,
}

pub(super) fn record(journal: &mut Vec<Exchange>, call: &Call<'_>, reply: &Reply) {
    if journal.len() >= LIMIT {
        return;
    }
    let query = call.request.uri().query().unwrap_or("").as_bytes();
    let mut sent = pairs(query);
    if call.form().is_ok() {
        sent.extend(pairs(call.request.body()));
    }
    journal.push(Exchange {
        method: printable(call.request.method().as_str(), 20),
        path: printable(call.request.uri().path(), 100),
        authorization: call.header(http::header::AUTHORIZATION).map(credentials),
        sent,
        status: reply.status().as_u16(),
        answered: answered(reply),
    });
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (printable(&name, 40), shown(&name, &value)))
        .collect()
}

fn answered(reply: &Reply) -> Vec<(String, String)> {
    if let Some(location) = reply.headers().get(http::header::LOCATION) {
        let location = location.to_str().unwrap_or_default();
        let query = location.split_once('?').map_or("", |(_, query)| query);
        return pairs(query.as_bytes());
    }
    match serde_json::from_slice(reply.body()) {
        Ok(Value::Object(members)) => members
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) => (name.clone(), shown(name, text)),
                None => (name.clone(), printable(&value.to_string(), 60)),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The value as it may be seen: a secret keeps a recognisable beginning.
fn shown(name: &str, value: &str) -> String {
    if SECRET.contains(&name) {
        printable(value, 14)
    } else {
        printable(value, 60)
    }
}

fn credentials(value: &str) -> String {
    match value.split_once(' ') {
        Some(("Basic", _)) | None => "Basic …".to_owned(),
        Some((scheme, token)) => format!("{} {}", printable(scheme, 10), printable(token, 14)),
    }
}
