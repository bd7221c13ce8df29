//! The request as it will go out, but for the credential.

use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::body::{self, Payload, Reader};
use super::header::{HeaderLine, apply, parse, value};
use super::options::{BodyPlan, Piece, Plan};
use super::url::add_query;
use crate::error::{Code, Error, Result};
use crate::port::{Body, Files, Random, Request, Source, target};
use crate::secret::printable;
use crate::service::Service;

/// A request that can be made as often as its body allows.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub payload: Payload,
    /// `Transfer-Encoding: chunked` was asked for.
    pub chunked: bool,
}

impl Outgoing {
    /// The body of one sending, its files opened.
    pub async fn body(&self, files: &dyn Files) -> Result<Body> {
        Ok(match self.payload.open(files).await? {
            Body::Whole(bytes) if self.chunked => Body::Stream {
                length: None,
                stream: Box::pin(futures_util::stream::iter([Ok(bytes)])),
            },
            Body::Stream { stream, .. } if self.chunked => Body::Stream {
                length: None,
                stream,
            },
            body => body,
        })
    }

    /// The request for one sending, with its [`Outgoing::body`].
    pub fn request(&self, body: Body) -> Result<Request> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        target::set(&mut request, &self.url).map_err(|error| {
            Error::new(Code::Usage, format!("the URL cannot be sent: {error}"))
                .with_hint("percent-encode what is unusual in it")
        })?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }
}

/// Makes the request that `plan` describes; `url` is the plan's, made whole.
pub fn prepare(
    plan: Plan,
    mut url: Url,
    service: &Service,
    reader: &Reader<'_>,
    random: &dyn Random,
) -> Result<Outgoing> {
    add_query(&mut url, &query(&plan.query, reader)?);
    name_upload(&mut url, &plan.body)?;
    let (payload, boundary) = body::payload(plan.body, reader, random)?;
    let mut headers = HeaderMap::with_capacity(plan.defaults.len() + plan.headers.len() + 2);
    for (name, value) in plan.defaults {
        headers.insert(HeaderName::from_static(name), ours(&value)?);
    }
    for (name, value) in &service.values.api_headers {
        let wrong = || {
            let shown = printable(name, 80);
            Error::new(
                Code::ConfigInvalid,
                format!("api_headers of {}: {shown:?} is not a header", service.name),
            )
            .with_hint("names are words, values one line")
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
        headers.insert(name, value);
    }
    if let Some(boundary) = &boundary {
        let value = format!("multipart/form-data; boundary={boundary}");
        headers.insert(header::CONTENT_TYPE, ours(&value)?);
    }
    apply(&mut headers, read_lines(plan.headers, reader)?);
    if let Some(boundary) = &boundary {
        add_boundary(&mut headers, boundary)?;
    }
    let chunked = frame(&mut headers, &payload)?;
    Ok(Outgoing {
        method: plan.method,
        url,
        headers,
        payload,
        chunked,
    })
}

fn query(pieces: &[Piece], reader: &Reader<'_>) -> Result<String> {
    String::from_utf8(reader.pieces(pieces)?).map_err(|_| {
        Error::new(Code::Usage, "the query of the URL would not be text")
            .with_hint("encode the content: --data-urlencode name@file")
    })
}

/// `-T dir/file https://…/` goes to `https://…/file`, as curl does.
fn name_upload(url: &mut Url, body: &BodyPlan) -> Result<()> {
    if let BodyPlan::Upload(Source::File(path)) = body
        && url.path().ends_with('/')
    {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
    }
    Ok(())
}

/// A value of our own making.
fn ours(value: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            Code::Internal,
            "a header of our own holds a control character",
        )
    })
}

/// Files among the header lines are read.
fn read_lines(lines: Vec<HeaderLine>, reader: &Reader<'_>) -> Result<Vec<HeaderLine>> {
    let mut read = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            HeaderLine::LinesFrom(source) => {
                for line in reader.text(&source)?.lines() {
                    // Comments and lines without a header are skipped, as in curl.
                    if !line.trim().is_empty() && !line.starts_with('#') {
                        read.push(parse(line)?);
                    }
                }
            }
            HeaderLine::ValueFrom(name, source) => {
                let content = reader.text(&source)?;
                let value = value(&name, content.trim_end_matches('\n').as_bytes())?;
                read.push(HeaderLine::Set(name, value));
            }
            line => read.push(line),
        }
    }
    Ok(read)
}

/// A multipart content type of the person's own needs our boundary.
fn add_boundary(headers: &mut HeaderMap, boundary: &str) -> Result<()> {
    let Some(typed) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let typed = String::from_utf8_lossy(typed.as_bytes()).into_owned();
    let lower = typed.to_ascii_lowercase();
    if lower.starts_with("multipart/") && !lower.contains("boundary=") {
        let whole = format!("{typed}; boundary={boundary}");
        headers.insert(header::CONTENT_TYPE, ours(&whole)?);
    }
    Ok(())
}

/// Content-Length is the body's own; the person's may only agree with it. Whether the body goes
/// out in chunks.
fn frame(headers: &mut HeaderMap, payload: &Payload) -> Result<bool> {
    let chunked = headers
        .remove(header::TRANSFER_ENCODING)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if let Some(typed) = headers.remove(header::CONTENT_LENGTH) {
        let typed = typed
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u64>().ok());
        if typed.is_none() || typed != payload.length() {
            return Err(
                Error::new(Code::Usage, "the Content-Length given is not the body's")
                    .with_hint("leave it out: it is counted"),
            );
        }
        if matches!(payload, Payload::None) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
    }
    if matches!(payload, Payload::Empty) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(chunked && !matches!(payload, Payload::None | Payload::Empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::options::{DataFlag, FormFlag, Typed, plan};
    use crate::port::fake::{FakeFiles, FakeRandom};

    fn prepared(typed: Typed, url: &str) -> Result<Outgoing> {
        let files = FakeFiles::default();
        files.put("h.txt", b"X-File: 1\n# comment\n\nX-Two: 2\r\n");
        files.put("v.txt", b"value\n");
        files.put("a b.bin", b"123");
        let mut service = Service {
            name: "x".into(),
            account: None,
            values: Default::default(),
            origins: Default::default(),
            variables: Default::default(),
        };
        let headers = &mut service.values.api_headers;
        headers.insert("X-Version".into(), "2026-01-01".into());
        let plan = plan(typed)?;
        prepare(
            plan,
            Url::parse(url).unwrap(),
            &service,
            &Reader::new(&files),
            &FakeRandom::default(),
        )
    }

    fn with_headers(lines: &[&str]) -> Typed {
        Typed {
            headers: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..Typed::default()
        }
    }

    fn lines(outgoing: &Outgoing) -> Vec<String> {
        let mut lines: Vec<_> = outgoing
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .filter(|line| !line.starts_with("user-agent"))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_services_headers_are_added_and_the_persons_win() {
        let out = prepared(with_headers(&[]), "https://a.example/").unwrap();
        assert_eq!(lines(&out), ["accept: */*", "x-version: 2026-01-01"]);
        let out = prepared(
            with_headers(&["X-Version: 3", "Accept:", "@h.txt", "User-Agent: me"]),
            "https://a.example/",
        );
        assert_eq!(
            lines(&out.unwrap()),
            ["x-file: 1", "x-two: 2", "x-version: 3"]
        );
        let typed = Typed {
            items: vec!["X-V:@v.txt".into(), "q==a b".into()],
            ..Typed::default()
        };
        let out = prepared(typed, "https://a.example/?z").unwrap();
        assert_eq!(out.url.as_str(), "https://a.example/?z&q=a+b");
        assert_eq!(out.headers["x-v"], "value");
    }

    #[test]
    fn an_upload_to_a_folder_takes_the_files_name() {
        let typed = Typed {
            upload: Some("a b.bin".into()),
            ..Typed::default()
        };
        let out = prepared(typed, "https://a.example/up/?k=v").unwrap();
        assert_eq!(out.url.as_str(), "https://a.example/up/a%20b.bin?k=v");
        assert_eq!(out.method, Method::PUT);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let data = |lines: &[&str], body: &str| Typed {
            data: vec![(DataFlag::Data, body.into())],
            ..with_headers(lines)
        };
        let url = "https://a.example/";
        assert!(prepared(data(&["Content-Length: 3"], "abcd"), url).is_err());
        let out = prepared(data(&["Content-Length: 4"], "abcd"), url).unwrap();
        assert!(!out.headers.contains_key(header::CONTENT_LENGTH));
        let out = prepared(data(&[], ""), url).unwrap();
        assert_eq!(out.headers[header::CONTENT_LENGTH], "0");
        let out = prepared(with_headers(&["Content-Length: 0"]), url).unwrap();
        assert_eq!(out.headers[header::CONTENT_LENGTH], "0");
        let out = prepared(data(&["Transfer-Encoding: chunked"], "abcd"), url).unwrap();
        assert!(out.chunked);
    }

    #[test]
    fn a_multipart_type_of_the_persons_gets_our_boundary() {
        let typed = Typed {
            form: vec![(FormFlag::Form, "a=1".into())],
            ..with_headers(&["Content-Type: multipart/form-data"])
        };
        let out = prepared(typed, "https://a.example/").unwrap();
        let content_type = out.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert!(content_type.starts_with("multipart/form-data; boundary=-----"));
    }
}
