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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn service() -> Service {
        let mut service = Service {
            name: "x".into(),
            account: None,
            values: Default::default(),
            origins: Default::default(),
            variables: Default::default(),
        };
        service.values.api_base_url = Some("https://a.example/v1/".into());
        service
    }

    fn made(template: Option<&str>, line: &str) -> Option<Made> {
        let (service, captured) = (service(), BTreeMap::new());
        let template = template.map(|text| Template::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("*/*"));
        let maker = Maker::new(&service, &captured, None, headers, template).unwrap();
        maker.make(line.as_bytes())
    }

    fn request(line: &str) -> (String, Vec<String>, Vec<u8>) {
        let out = made(None, line).unwrap().outgoing.unwrap();
        let headers = out.headers.iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let body = match out.payload {
            Payload::Whole(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        (
            format!("{} {}", out.method, out.url),
            headers.collect(),
            body,
        )
    }

    #[test]
    fn an_object_describes_a_request() {
        let (line, headers, _) = request(r#"{"url":"things?a=1"}"#);
        assert_eq!(line, "GET https://a.example/v1/things?a=1");
        assert_eq!(headers, ["accept: */*"]);
        let (line, headers, body) = request(
            r#"{"id":7,"method":"patch","url":"/t/1","headers":{"X-A":"1","Accept":null},"json":{"b": 1.0}}"#,
        );
        assert_eq!(line, "PATCH https://a.example/v1/t/1");
        assert_eq!(headers, ["content-type: application/json", "x-a: 1"]);
        assert_eq!(body, br#"{"b": 1.0}"#);
        let (line, _, body) = request(r#"{"url":"https://b.example/","body":"a=1\u00e9"}"#);
        assert_eq!(line, "POST https://b.example/");
        assert_eq!(body, "a=1é".as_bytes());
        assert_eq!(request(r#"{"url":"x","body_base64":"/w=="}"#).2, b"\xff");
        assert_eq!(request(r#"{"url":"x","body":[1]}"#).2, b"[1]");
        let (_, headers, _) = request(r#"{"url":"x","method":"POST"}"#);
        assert!(headers.contains(&"content-length: 0".to_owned()));
        let (_, headers, _) = request(r#"{"url":"x","headers":{"X":["a","b"]}}"#);
        assert_eq!(headers[1..], ["x: a", "x: b"]);
    }

    #[test]
    fn lines_that_are_no_request_say_why_and_keep_their_id() {
        for line in [
            "{",
            "7",
            "[]",
            r#"{"method":"GET"}"#,
            r#"{"url":"x","data":1}"#,
            r#"{"url":"x","json":1,"body":"x"}"#,
            r#"{"url":"x","method":"GE T"}"#,
            r#"{"url":"x","headers":{"A":"b\nc: d"}}"#,
            r#"{"url":"x","headers":{"Authorization":"Bearer x"}}"#,
            r#"{"url":"x","headers":{"Content-Length":"3"}}"#,
            r#"{"url":"x","headers":{"A":{}}}"#,
            r#"{"url":"x","body_base64":"*"}"#,
            r#"{"url":"ftp://a.example/"}"#,
            r#"{"url":"x","id":[]}"#,
        ] {
            let error = made(None, line).unwrap().outgoing.unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{line}");
        }
        let made = made(None, r#"{"id":"a","urll":"x"}"#).unwrap();
        assert_eq!(made.id, Some("a".into()));
        let error = made.outgoing.unwrap_err().to_string();
        assert!(
            error.contains("urll") && !error.contains("line 1"),
            "{error}"
        );
        assert!(self::made(None, " \t").is_none());
    }

    #[test]
    fn lines_fill_a_template() {
        let url = |template, line: &str| {
            let made = made(Some(template), line).unwrap();
            made.outgoing.map(|out| out.url.to_string())
        };
        let base = "https://a.example/v1";
        for (template, line, path) in [
            ("users/{id}", "a b", "/users/a%20b"),
            ("users/{id}", "\"a/b\"", "/users/a%2Fb"),
            ("users/{id}", "\"a", "/users/%22a"),
            (
                "{o}/{id}?q={q}",
                r#"{"o":"x","id":7,"q":true,"n":[]}"#,
                "/x/7?q=true",
            ),
        ] {
            assert_eq!(url(template, line).unwrap(), format!("{base}{path}"));
        }
        for (template, line) in [
            ("users/{id}", ".."),
            ("users/{id}", r#"{"uid":7}"#),
            ("users/{id}", r#"{"id":null}"#),
            ("users/{id}", "{7"),
            ("{o}/{id}", "7"),
            ("users", "7"),
        ] {
            assert_eq!(
                url(template, line).unwrap_err().code(),
                Code::Usage,
                "{line}"
            );
        }
        let plain = made(Some("users/{id}"), "7").unwrap();
        assert_eq!((plain.id, plain.id_given), (Some("7".into()), false));
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in "\\PC{0,40}", object in "[{}\":,a-z0-9\\[\\]]{0,24}") {
            for line in [line, object] {
                let _ = made(None, &line);
                let _ = made(Some("a/{id}"), &line);
            }
        }
    }
}
