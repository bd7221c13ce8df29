//! A line of input as a request: an object that describes it, or values for a URL template.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::template::Template;
use super::values::{is_id, scalar, values};
use crate::call::body::Payload;
use crate::call::header::{self, HeaderLine};
use crate::call::request::Outgoing;
use crate::call::{url as address, words};
use crate::error::{Code, Error, Result};
use crate::secret::printable;
use crate::service::Service;

/// A request as a line describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described<'a> {
    id: Option<Value>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    headers: Option<BTreeMap<String, Value>>,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    body_base64: Option<Cow<'a, str>>,
}

/// Only the name, of a line that is no request otherwise.
#[derive(Deserialize)]
struct Named {
    id: Option<Value>,
}

/// What a line comes to.
#[derive(Debug)]
pub struct Made {
    pub id: Option<Value>,
    /// The id is the request's own and not merely what stood in the line.
    pub id_given: bool,
    pub outgoing: Result<Outgoing>,
}

/// Makes requests out of lines.
pub struct Maker<'a> {
    pub service: &'a Service,
    /// Values that the sign-in captured, for `api_base_url`.
    pub captured: &'a BTreeMap<String, String>,
    /// `-X`
    pub method: Option<Method>,
    /// Of every request.
    pub headers: HeaderMap,
    pub template: Option<Template>,
    /// What relative URLs are appended to, once it is known.
    base: Option<Url>,
}

impl<'a> Maker<'a> {
    pub fn new(
        service: &'a Service,
        captured: &'a BTreeMap<String, String>,
        method: Option<Method>,
        headers: HeaderMap,
        template: Option<Template>,
    ) -> Result<Self> {
        let base = match service.values.api_base_url {
            Some(_) => Some(address::base(service, captured)?),
            None => None,
        };
        Ok(Maker {
            service,
            captured,
            method,
            headers,
            template,
            base,
        })
    }

    /// `None` for a line with nothing in it.
    pub fn make(&self, line: &[u8]) -> Option<Made> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return Some(Made {
                id: None,
                id_given: false,
                outgoing: Err(Error::new(Code::Usage, "not UTF-8 text")),
            });
        };
        Some(match &self.template {
            Some(template) => self.filled(template, text),
            None => self.described(text),
        })
    }

    fn described(&self, text: &str) -> Made {
        match serde_json::from_str::<Described<'_>>(text) {
            Ok(mut described) => {
                let id = described.id.take();
                Made {
                    id_given: id.is_some(),
                    outgoing: check_id(&id).and_then(|()| self.request(described)),
                    id,
                }
            }
            Err(error) => {
                let named = serde_json::from_str::<Named>(text).ok();
                let why = printable(&error.to_string(), 200);
                let why = why.split(" at line ").next().unwrap_or_default();
                let error = Error::new(Code::Usage, format!("not a request: {why}")).with_hint(
                    "one JSON object a line: {\"method\":\"POST\",\"url\":\"things\",\"json\":{…}}; members are id, method, url, headers, json, body, body_base64",
                );
                Made {
                    id: named.and_then(|named| named.id).filter(is_id),
                    id_given: false,
                    outgoing: Err(error),
                }
            }
        }
    }

    fn request(&self, described: Described<'_>) -> Result<Outgoing> {
        let mut headers = self.headers.clone();
        let body = match (described.json, described.body, described.body_base64) {
            (None, None, None) => None,
            (Some(json), None, None) => Some(as_json(json, &mut headers)),
            (None, Some(body), None) => Some(match serde_json::from_str::<String>(body.get()) {
                Ok(text) => text.into_bytes(),
                Err(_) => as_json(body, &mut headers),
            }),
            (None, None, Some(text)) => Some(STANDARD.decode(text.as_bytes()).map_err(|_| {
                Error::new(Code::Usage, "body_base64 is not base64")
                    .with_hint("RFC 4648 §4, padded")
            })?),
            _ => {
                let what = "more than one of json, body and body_base64";
                return Err(Error::new(Code::Usage, what).with_hint("a request has one body"));
            }
        };
        let method = match described.method {
            Some(method) => words::method(&method)?,
            None => self.method_for(body.is_some()),
        };
        if let Some(lines) = described.headers {
            header::apply(&mut headers, header_lines(lines)?);
        }
        let url = self.url(&described.url)?;
        finish(method, url, headers, body)
    }

    fn filled(&self, template: &Template, line: &str) -> Made {
        let names = template.variables();
        let (values, id, id_given) = match values(line, &names) {
            Ok(values) => values,
            Err(error) => {
                return Made {
                    id: None,
                    id_given: false,
                    outgoing: Err(error),
                };
            }
        };
        let expanded = template.expand(|name| values.get(name).map(String::as_str));
        let outgoing = expanded.and_then(|text| {
            let url = self.url(&text)?;
            finish(self.method_for(false), url, self.headers.clone(), None)
        });
        Made {
            id,
            id_given,
            outgoing,
        }
    }

    fn method_for(&self, has_body: bool) -> Method {
        match &self.method {
            Some(method) => method.clone(),
            None if has_body => Method::POST,
            None => Method::GET,
        }
    }

    fn url(&self, typed: &str) -> Result<Url> {
        match &self.base {
            // What `resolve` does, without reading the base again for each line.
            Some(base) if !typed.contains("://") => address::append(base, typed),
            _ => address::resolve(typed, self.service, self.captured),
        }
    }
}

fn as_json(json: &RawValue, headers: &mut HeaderMap) -> Vec<u8> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    json.get().as_bytes().to_vec()
}

fn finish(
    method: Method,
    url: Url,
    mut headers: HeaderMap,
    body: Option<Vec<u8>>,
) -> Result<Outgoing> {
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
        if headers.remove(&name).is_some() {
            let what = format!("header {name} cannot be set");
            return Err(Error::new(Code::Usage, what).with_hint("leave it out: it is counted"));
        }
    }
    let expects = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let payload = match body.map(Bytes::from) {
        Some(body) if !body.is_empty() => Payload::Whole(body),
        None if !expects => Payload::None,
        _ => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            Payload::Empty
        }
    };
    Ok(Outgoing {
        method,
        url,
        headers,
        payload,
        chunked: false,
    })
}

fn header_lines(headers: BTreeMap<String, Value>) -> Result<Vec<HeaderLine>> {
    let mut lines = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        match value {
            Value::Null => lines.push(HeaderLine::Remove(header::name(&name)?)),
            Value::Array(values) => {
                for value in values {
                    lines.push(header_line(&name, &value)?);
                }
            }
            value => lines.push(header_line(&name, &value)?),
        }
    }
    Ok(lines)
}

fn header_line(name: &str, value: &Value) -> Result<HeaderLine> {
    match scalar(value) {
        Some(text) if text.is_empty() => header::empty(name),
        Some(text) => header::line(name, &text),
        None => {
            let name = printable(name, 80);
            Err(Error::new(Code::Usage, format!("header {name} is no text"))
                .with_hint("a string, a list of strings, or null to leave it out"))
        }
    }
}

fn check_id(id: &Option<Value>) -> Result<()> {
    match id {
        Some(id) if !is_id(id) => Err(Error::new(
            Code::Usage,
            "id is neither a string nor a number",
        )
        .with_hint("it is given back with the answer")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
