//! A cursor's way back into the request: a query parameter, a member of a JSON body, a form field.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use jaq_json::{Map, Val};
use url::{Url, form_urlencoded};

use crate::call::body::Payload;
use crate::call::lists::{member, text};
use crate::call::{encode, filter};
use crate::error::{Code, Error, Result};

/// Longer ones no server would take back.
pub const MAX: usize = 16 << 10;

/// What says where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cursor {
    Text(String),
    /// As it was written.
    Number(String),
}

impl Cursor {
    /// From a member of an answer; `None` where it says that there is nothing more.
    pub fn of(value: &Val) -> Option<Cursor> {
        match value {
            Val::TStr(bytes) if bytes.is_empty() => None,
            Val::TStr(_) => text(value).map(Cursor::Text),
            Val::Num(_) => {
                let mut written = Vec::new();
                filter::compact(value, &mut written);
                let written = String::from_utf8(written).ok();
                // What JSON has no word for leads nowhere.
                written.filter(|text| is_number(text)).map(Cursor::Number)
            }
            _ => None,
        }
    }

    /// The bare text, as a query takes it.
    pub fn bare(&self) -> &str {
        let (Cursor::Text(text) | Cursor::Number(text)) = self;
        text
    }

    /// As `--page-from` takes it: text that could be read as something else is a JSON string.
    pub fn written(&self) -> String {
        match self {
            Cursor::Text(text) if is_number(text) || text.starts_with('"') => {
                serde_json::Value::String(text.clone()).to_string()
            }
            Cursor::Text(text) | Cursor::Number(text) => text.clone(),
        }
    }

    /// The reverse of [`Cursor::written`].
    pub fn read(written: &str) -> Cursor {
        if is_number(written) {
            return Cursor::Number(written.to_owned());
        }
        match serde_json::from_str(written) {
            Ok(serde_json::Value::String(text)) => Cursor::Text(text),
            _ => Cursor::Text(written.to_owned()),
        }
    }

    fn value(&self) -> Val {
        match self {
            Cursor::Text(text) => string(text),
            // As it is written: an ID may have more digits than a float.
            Cursor::Number(number) => {
                filter::parse(number.as_bytes()).unwrap_or_else(|_| string(number))
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok() && text.trim() == text
}

/// Where in a request its parameters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Query,
    /// The members of a JSON object.
    Json,
    Form,
}

impl Place {
    /// A body that has members takes it; everything else has a query.
    pub fn of(method: &Method, headers: &HeaderMap, payload: &Payload) -> Place {
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
        let is = |name: &str| {
            content_type.is_some_and(|value| {
                let text = String::from_utf8_lossy(value).to_ascii_lowercase();
                text.contains(name)
            })
        };
        match payload {
            // `curl -d` calls everything a form.
            Payload::Whole(bytes) if bytes.trim_ascii_start().starts_with(b"{") => Place::Json,
            Payload::Whole(_) if is("x-www-form-urlencoded") => Place::Form,
            // It is sent with a body of its own then.
            Payload::Empty | Payload::None if *method == Method::POST => Place::Json,
            _ => Place::Query,
        }
    }
}

/// Sets a query parameter, and leaves the others as they are.
pub fn set_query(url: &mut Url, name: &str, value: &str) {
    let query = set_pair(url.query().unwrap_or_default(), name, value);
    url.set_query(Some(&query));
}

/// Sets a field of a form.
pub fn set_form(body: &[u8], name: &str, value: &str) -> Vec<u8> {
    set_pair(&String::from_utf8_lossy(body), name, value).into_bytes()
}

/// The value of a query parameter or form field.
pub fn pair<'a>(pairs: &'a str, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    form_urlencoded::parse(pairs.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
}

fn set_pair(pairs: &str, name: &str, value: &str) -> String {
    let mut own = String::new();
    encode::plus(name.as_bytes(), &mut own);
    own.push('=');
    encode::plus(value.as_bytes(), &mut own);
    let mut own = Some(own);
    let mut kept: Vec<String> = Vec::new();
    for piece in pairs.split('&').filter(|piece| !piece.is_empty()) {
        let same = form_urlencoded::parse(piece.as_bytes()).any(|(found, _)| found == name);
        match same {
            true => kept.extend(own.take()),
            false => kept.push(piece.to_owned()),
        }
    }
    kept.extend(own);
    kept.join("&")
}

/// Sets a member of a JSON object; `.` leads into it, and makes what is not there.
pub fn set_json(body: &[u8], path: &str, cursor: &Cursor) -> Result<Vec<u8>> {
    let refused = |what: &str| {
        Error::new(
            Code::Usage,
            format!("the cursor cannot go into the body as {path:?}: {what}"),
        )
        .with_hint("--page-param names the member of the JSON object that takes it")
    };
    let body = match body.trim_ascii() {
        b"" => b"{}",
        body => body,
    };
    let mut document = filter::parse(body).map_err(|_| refused("the body is not JSON"))?;
    let mut at = &mut document;
    let mut rest = path.trim_start_matches('.');
    while let (None, Some((name, after))) = (member(at, rest), rest.split_once('.')) {
        at = entry(at, name).ok_or_else(|| refused("it leads into something else"))?;
        rest = after;
    }
    *entry(at, rest).ok_or_else(|| refused("it leads into something else"))? = cursor.value();
    let mut out = Vec::new();
    filter::compact(&document, &mut out);
    Ok(out)
}

/// A member of an object, made where there is none; null becomes an object.
fn entry<'a>(value: &'a mut Val, name: &str) -> Option<&'a mut Val> {
    if matches!(value, Val::Null) {
        *value = Val::Obj(Map::default().into());
    }
    match value {
        Val::Obj(members) => {
            let members = jaq_json::Rc::make_mut(members);
            Some(members.entry(string(name)).or_insert(Val::Null))
        }
        _ => None,
    }
}

fn string(text: &str) -> Val {
    Val::TStr(Box::new(text.as_bytes().to_vec().into()))
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod tests;
