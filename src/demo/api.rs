//! The API behind the demo's tokens: a person, their notes in pages, an echo.

use serde_json::{Value, json};

use super::Provider;
use super::exchange::{Call, Refusal, Reply, json_reply};
use super::userinfo::authorized;

/// Notes on a page unless `per_page` says otherwise.
const PER_PAGE: usize = 3;

/// One note.
#[derive(Debug, Clone)]
pub(super) struct Note {
    id: usize,
    text: String,
}

/// The notes that are there at the start.
pub(super) fn first_notes() -> Vec<Note> {
    [
        "The engine weaves algebraic patterns",
        "Ask Babbage about the store",
        "Table of Bernoulli numbers: check the seventh",
        "Buy ink",
        "Translate the Menabrea paper",
        "Note G is the long one",
        "Letters to answer: Somerville, Faraday",
    ]
    .iter()
    .enumerate()
    .map(|(index, text)| Note {
        id: index + 1,
        text: (*text).to_owned(),
    })
    .collect()
}

/// One request under `/api/`; all of them need a token.
pub(super) fn resource(
    provider: &mut Provider,
    call: &mut Call<'_>,
    resource: &str,
) -> Result<Reply, Refusal> {
    match resource.split_once('/').unwrap_or((resource, "")) {
        ("me", "") => me(provider, call),
        ("notes", "") if call.request.method() == http::Method::POST => add_note(provider, call),
        ("notes", "") => notes(provider, call),
        ("notes", id) => note(provider, call, id),
        ("echo", _) => echo(provider, call),
        ("status", code) => status(provider, call, code),
        _ => {
            authorized(provider, call, "")?;
            Err(Refusal::not_found())
        }
    }
}

fn me(provider: &Provider, call: &Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["GET", "HEAD"])?;
    let grant = authorized(provider, call, "")?;
    Ok(json_reply(
        200,
        &json!({
            "id": grant.subject,
            "name": provider.options.name,
            "client_id": grant.client_id,
            "scope": grant.scope,
        }),
    ))
}

/// A page of notes with a `Link` to the next one (RFC 8288).
fn notes(provider: &Provider, call: &Call<'_>) -> Result<Reply, Refusal> {
    call.allow(&["GET", "HEAD"])?;
    authorized(provider, call, "notes:read")?;
    let query = call.query()?;
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(number) if (1..=100).contains(&number) => Ok(number),
            _ => Err(Refusal::invalid_request(format!(
                "{name} must be a number from 1 to 100"
            ))),
        },
    };
    let (page, per_page) = (number("page", 1)?, number("per_page", PER_PAGE)?);
    let items: Vec<Value> = provider
        .notes
        .iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .map(Note::json)
        .collect();
    let mut reply = json_reply(200, &Value::Array(items));
    if page * per_page < provider.notes.len() {
        let next = format!(
            "<{}notes?page={}&per_page={per_page}>; rel=\"next\"",
            provider.api_base_url(),
            page + 1
        );
        if let Ok(value) = http::HeaderValue::from_str(&next) {
            reply.headers_mut().insert(http::header::LINK, value);
        }
    }
    Ok(reply)
}

fn note(provider: &Provider, call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    call.allow(&["GET", "HEAD"])?;
    authorized(provider, call, "notes:read")?;
    let id: Option<usize> = id.parse().ok();
    let found = provider.notes.iter().find(|note| Some(note.id) == id);
    found
        .map(|note| json_reply(200, &note.json()))
        .ok_or_else(Refusal::not_found)
}

fn add_note(provider: &mut Provider, call: &Call<'_>) -> Result<Reply, Refusal> {
    authorized(provider, call, "notes:write")?;
    let body: Value = serde_json::from_slice(call.request.body())
        .map_err(|_| Refusal::invalid_request("the body is not JSON"))?;
    let text = body["text"]
        .as_str()
        .filter(|text| (1..=1000).contains(&text.len()))
        .ok_or_else(|| Refusal::invalid_request("text must be a string of 1 to 1000 bytes"))?;
    if provider.notes.len() >= 1000 {
        return Err(Refusal::new(507, "full", "there is no room for more notes"));
    }
    let note = Note {
        id: provider.notes.len() + 1,
        text: text.to_owned(),
    };
    let reply = json_reply(201, &note.json());
    provider.notes.push(note);
    Ok(reply)
}

/// What arrived, without the token.
fn echo(provider: &Provider, call: &Call<'_>) -> Result<Reply, Refusal> {
    authorized(provider, call, "")?;
    let request = call.request;
    let headers: Vec<Value> = request
        .headers()
        .iter()
        .filter(|(name, _)| *name != http::header::AUTHORIZATION)
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let body = String::from_utf8_lossy(request.body());
    Ok(json_reply(
        200,
        &json!({
            "method": request.method().as_str(),
            "path": request.uri().path(),
            "query": request.uri().query(),
            "headers": headers,
            "json": serde_json::from_slice::<Value>(request.body()).ok(),
            "body": body,
        }),
    ))
}

/// Answers with the status asked for.
fn status(provider: &Provider, call: &Call<'_>, code: &str) -> Result<Reply, Refusal> {
    authorized(provider, call, "")?;
    match code.parse() {
        Ok(code @ 200..=599) => Ok(json_reply(code, &json!({ "status": code }))),
        _ => Err(Refusal::not_found()),
    }
}

impl Note {
    fn json(&self) -> Value {
        json!({"id": self.id, "text": self.text})
    }
}
