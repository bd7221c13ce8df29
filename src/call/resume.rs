//! `-C`: going on where a download broke off, only if it is still the same file
//! (RFC 9110 §13.1.5, §14).

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{Code, Error, Result};
use crate::port::files::{Mode, Unfinished};
use crate::secret::printable;
use crate::transport::retry::http_date;

/// `-C -` or `-C N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// Behind what is there.
    Found,
    At(u64),
}

impl Offset {
    /// Reads the flag's value.
    pub fn parse(text: &str) -> Result<Offset> {
        match text {
            "-" => Ok(Offset::Found),
            number => number.parse().map(Offset::At).map_err(|_| {
                Error::new(
                    Code::Usage,
                    format!("-C {:?} is no offset", printable(text, 40)),
                )
                .with_hint("-C - goes on where the file ends; -C 1000 begins at byte 1000")
            }),
        }
    }
}

/// What is remembered beside a file that is not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Facts {
    /// A digest, because a URL may hold a secret.
    url_sha256: String,
    /// A strong ETag, else Last-Modified.
    validator: Option<String>,
    total: Option<u64>,
}

/// What to keep beside the file while it is on its way; `url` as it was asked for. `packed`: the
/// file is unpacked on its way, so that the answer's length is not its own.
pub fn facts(url: &str, headers: &HeaderMap, packed: bool) -> Vec<u8> {
    let total = text(headers, header::CONTENT_LENGTH).filter(|_| !packed);
    let facts = Facts {
        url_sha256: digest(url),
        validator: validator(headers),
        total: total.and_then(|text| text.parse().ok()),
    };
    serde_json::to_vec(&facts).unwrap_or_default()
}

/// What tells this version of the file from every other (RFC 9110 §8.8.1, §13.1.5): a strong ETag,
/// or a Last-Modified that lies so far back that the file cannot change once more within its second.
fn validator(headers: &HeaderMap) -> Option<String> {
    let strong = text(headers, header::ETAG).filter(|etag| !etag.starts_with("W/"));
    strong.or_else(|| {
        let modified = text(headers, header::LAST_MODIFIED)?;
        let now = http_date(&text(headers, header::DATE)?)?;
        (now > http_date(&modified)?).then_some(modified)
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn digest(url: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, url.as_bytes());
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// How to ask for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// Bytes that are there; 0 asks for everything.
    pub from: u64,
    if_range: Option<String>,
    total: Option<u64>,
    /// Nobody remembers what the bytes belong to.
    unchecked: bool,
    /// The offset was named, so the person knows.
    named: bool,
    /// Why it begins anew although bytes are there.
    pub anew: Option<&'static str>,
}

impl Start {
    /// Decides from what was found beside or under the file's name.
    pub fn new(offset: Offset, found: Option<Unfinished>, url: &Url) -> Result<Start> {
        let have = found.as_ref().map_or(0, |found| found.have);
        if let Offset::At(at) = offset
            && at != have
        {
            return Err(Error::new(
                Code::Usage,
                format!("-C {at} does not fit: the file has {have} bytes"),
            )
            .with_hint("-C - goes on where the file ends"));
        }
        if have == 0 {
            return Ok(Start::default());
        }
        let Some(facts) = found.and_then(|found| found.facts) else {
            return Ok(Start {
                from: have,
                unchecked: true,
                named: offset == Offset::At(have),
                ..Start::default()
            });
        };
        let facts: Facts = serde_json::from_slice(&facts).unwrap_or_default();
        let anew = |why| {
            Ok(Start {
                anew: Some(why),
                ..Start::default()
            })
        };
        if facts.url_sha256 != digest(url.as_str()) {
            return anew("what is there came from another URL");
        }
        if facts.validator.is_none() {
            return anew("the server gave nothing to recognise the file by");
        }
        Ok(Start {
            from: have,
            if_range: facts.validator,
            total: facts.total,
            ..Start::default()
        })
    }

    /// Bytes are taken as they are because the person says so.
    pub fn on_trust(&self) -> bool {
        self.unchecked && self.named
    }

    /// Adds `Range` and `If-Range`.
    pub fn ask(&self, headers: &mut HeaderMap) {
        if self.from == 0 {
            return;
        }
        if let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.from)) {
            headers.insert(header::RANGE, range);
        }
        if let Some(validator) = &self.if_range
            && let Ok(value) = HeaderValue::from_str(validator)
        {
            headers.insert(header::IF_RANGE, value);
        }
    }

    /// What the answer means for the bytes that are there.
    pub fn answered(&self, status: StatusCode, headers: &HeaderMap) -> Result<Answered> {
        if self.from == 0 {
            return Ok(Answered::Write(Mode::Fresh));
        }
        let range = headers
            .get(header::CONTENT_RANGE)
            .and_then(|v| v.to_str().ok());
        let (first, total) = range.map_or((None, None), content_range);
        match status {
            StatusCode::PARTIAL_CONTENT => {
                if self.unchecked && !self.named {
                    let from = self.from;
                    return Err(Error::new(
                        Code::ResponseInvalid,
                        format!("the server has more than the {from} bytes that are here, and nothing tells whether they are the beginning of the same file"),
                    )
                    .with_hint(format!("-C {from} appends to them all the same; leave out -C to begin anew")));
                }
                if first == Some(self.from) && !self.changed(total, headers) {
                    Ok(Answered::Write(Mode::Continue))
                } else {
                    Err(Error::new(
                        Code::ResponseInvalid,
                        format!(
                            "asked for the bytes from {} on, the server sent others",
                            self.from
                        ),
                    )
                    .with_hint("leave out -C to begin anew"))
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE
                if total == Some(self.from) && !self.changed(total, headers) =>
            {
                Ok(Answered::Whole)
            }
            StatusCode::RANGE_NOT_SATISFIABLE => Err(Error::new(
                Code::ResponseInvalid,
                format!("the file at the server has no byte {}", self.from),
            )
            .with_hint("it has changed: leave out -C to begin anew")),
            _ => Ok(Answered::Write(Mode::Fresh)),
        }
    }

    /// Whether the answer itself shows that it is of another version: not every server that knows
    /// ranges knows `If-Range`.
    fn changed(&self, total: Option<u64>, headers: &HeaderMap) -> bool {
        let name = match &self.if_range {
            Some(validator) if validator.starts_with('"') => header::ETAG,
            _ => header::LAST_MODIFIED,
        };
        let now = text(headers, name);
        let sizes = self.total.zip(total);
        let validators = self.if_range.as_ref().zip(now.as_ref());
        sizes.is_some_and(|(then, now)| then != now)
            || validators.is_some_and(|(then, now)| then != now)
    }
}

/// See [`Start::answered`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Write(Mode),
    /// Everything was there already.
    Whole,
}

/// First byte and total of `bytes 5-9/10` or `bytes */10`.
fn content_range(text: &str) -> (Option<u64>, Option<u64>) {
    let Some(rest) = text.trim().strip_prefix("bytes") else {
        return (None, None);
    };
    let (range, total) = rest.trim().split_once('/').unwrap_or((rest, ""));
    let first = range
        .split('-')
        .next()
        .and_then(|first| first.trim().parse().ok());
    (first, total.trim().parse().ok())
}

#[cfg(test)]
mod tests;
