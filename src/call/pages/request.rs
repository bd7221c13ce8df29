//! The request for another page, made out of the one before.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use url::Url;

use super::cursor::{Cursor, Place, pair, set_form, set_json, set_query};
use crate::call::body::Payload;
use crate::call::request::Outgoing;
use crate::call::{filter, lists, redirect};
use crate::error::Result;

/// The body, where it is in memory.
pub fn body(outgoing: &Outgoing) -> Bytes {
    match &outgoing.payload {
        Payload::Whole(bytes) => bytes.clone(),
        _ => Bytes::new(),
    }
}

/// What belongs to one origin does not go along to another, as with redirects.
pub fn go_to(outgoing: &mut Outgoing, url: Url) {
    if url.origin() != outgoing.url.origin() {
        redirect::strip(&mut outgoing.headers);
    }
    outgoing.url = url;
}

pub fn place(outgoing: &Outgoing, parameter: &str) -> Place {
    let query = outgoing.url.query().unwrap_or_default();
    match pair(query, parameter) {
        Some(_) => Place::Query,
        None => Place::of(&outgoing.method, &outgoing.headers, &outgoing.payload),
    }
}

/// What the request has for a parameter, as `--page-from` takes it.
pub fn given(outgoing: &Outgoing, parameter: &str) -> Option<String> {
    let body = body(outgoing);
    match place(outgoing, parameter) {
        Place::Query => Some(pair(outgoing.url.query()?, parameter)?.into_owned()),
        Place::Form => Some(pair(std::str::from_utf8(&body).ok()?, parameter)?.into_owned()),
        Place::Json => {
            let document = filter::parse(&body).ok()?;
            let value = lists::at(&document, parameter)?;
            Cursor::of(value).map(|cursor| cursor.written())
        }
    }
}

pub fn put(outgoing: &mut Outgoing, parameter: &str, cursor: &Cursor) -> Result<()> {
    let body = body(outgoing);
    match place(outgoing, parameter) {
        Place::Query => set_query(&mut outgoing.url, parameter, cursor.bare()),
        Place::Form => {
            outgoing.payload = Payload::Whole(set_form(&body, parameter, cursor.bare()).into());
        }
        Place::Json => {
            outgoing.payload = Payload::Whole(set_json(&body, parameter, cursor)?.into());
            let json = HeaderValue::from_static("application/json");
            outgoing.headers.entry(CONTENT_TYPE).or_insert(json);
            // It was of the body before.
            outgoing.headers.remove(CONTENT_LENGTH);
        }
    }
    Ok(())
}
