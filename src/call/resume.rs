//! `-C`: going on where a download broke off, only if it is still the same file
//! (RFC 9110 §13.1.5, §14).

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{Code, Error, Result};
use crate::port::files::{Mode, Unfinished};
use crate::secret::printable;

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

/// What to keep beside the file while it is on its way.
pub fn facts(url: &Url, headers: &HeaderMap) -> Vec<u8> {
    let text = |name| {
        let value: &HeaderValue = headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let strong = text(header::ETAG).filter(|etag| !etag.starts_with("W/"));
    let facts = Facts {
        url_sha256: digest(url),
        validator: strong.or_else(|| text(header::LAST_MODIFIED)),
        total: text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
    };
    serde_json::to_vec(&facts).unwrap_or_default()
}

fn digest(url: &Url) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, url.as_str().as_bytes());
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
    pub unchecked: bool,
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
            let unchecked = true;
            return Ok(Start {
                from: have,
                unchecked,
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
        if facts.url_sha256 != digest(url) {
            return anew("what is there came from another URL");
        }
        if facts.validator.is_none() && facts.total.is_none() {
            return anew("the server gave nothing to recognise the file by");
        }
        Ok(Start {
            from: have,
            if_range: facts.validator,
            total: facts.total,
            ..Start::default()
        })
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
                let same_size = match (self.total, total, &self.if_range) {
                    // The validator decided.
                    (_, _, Some(_)) => true,
                    (Some(then), Some(now), None) => then == now,
                    (Some(_), None, None) => false,
                    (None, _, None) => true,
                };
                if first == Some(self.from) && same_size {
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
            StatusCode::RANGE_NOT_SATISFIABLE if total == Some(self.from) => Ok(Answered::Whole),
            StatusCode::RANGE_NOT_SATISFIABLE => Err(Error::new(
                Code::ResponseInvalid,
                format!("the file at the server has no byte {}", self.from),
            )
            .with_hint("it has changed: leave out -C to begin anew")),
            _ => Ok(Answered::Write(Mode::Fresh)),
        }
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
mod tests {
    use super::*;
    use http::HeaderName;

    fn url() -> Url {
        Url::parse("https://a.example/f?sig=secret").unwrap()
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        });
        lines.collect()
    }

    fn left(have: u64, lines: &[(&'static str, &str)]) -> Option<Unfinished> {
        Some(Unfinished {
            have,
            facts: Some(facts(&url(), &headers(lines))),
        })
    }

    fn asked(start: &Start) -> Vec<String> {
        let mut headers = HeaderMap::new();
        start.ask(&mut headers);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_rest_is_asked_for_with_a_check() {
        let found = left(
            5,
            &[
                ("etag", "\"e\""),
                ("last-modified", "Mon"),
                ("content-length", "9"),
            ],
        );
        let start = Start::new(Offset::Found, found, &url()).unwrap();
        assert_eq!(asked(&start), ["if-range: \"e\"", "range: bytes=5-"]);
        let weak = left(5, &[("etag", "W/\"e\""), ("last-modified", "Mon")]);
        let start = Start::new(Offset::Found, weak, &url()).unwrap();
        assert_eq!(asked(&start), ["if-range: Mon", "range: bytes=5-"]);
        assert_eq!(
            asked(&Start::new(Offset::Found, None, &url()).unwrap()),
            [""; 0]
        );
    }

    #[test]
    fn what_cannot_be_recognised_begins_anew() {
        let start = Start::new(Offset::Found, left(5, &[]), &url()).unwrap();
        assert!(start.anew.is_some() && asked(&start).is_empty());
        let other = Url::parse("https://a.example/g").unwrap();
        let found = left(5, &[("etag", "\"e\"")]);
        assert!(
            Start::new(Offset::Found, found, &other)
                .unwrap()
                .anew
                .is_some()
        );
        let foreign = Some(Unfinished {
            have: 5,
            facts: None,
        });
        let start = Start::new(Offset::Found, foreign, &url()).unwrap();
        assert!(start.unchecked && start.from == 5);
    }

    #[test]
    fn an_offset_must_be_where_the_file_ends() {
        let found = || left(5, &[("etag", "\"e\"")]);
        assert_eq!(Start::new(Offset::At(5), found(), &url()).unwrap().from, 5);
        let error = Start::new(Offset::At(4), found(), &url()).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        assert!(Offset::parse("x").is_err());
    }

    #[test]
    fn only_the_bytes_asked_for_are_appended() {
        let start = Start::new(Offset::Found, left(5, &[("content-length", "9")]), &url()).unwrap();
        let answered = |status: u16, range: &str| {
            start.answered(
                StatusCode::from_u16(status).unwrap(),
                &headers(&[("content-range", range)]),
            )
        };
        assert_eq!(
            answered(206, "bytes 5-8/9").unwrap(),
            Answered::Write(Mode::Continue)
        );
        assert_eq!(answered(200, "").unwrap(), Answered::Write(Mode::Fresh));
        assert_eq!(answered(416, "bytes */5").unwrap(), Answered::Whole);
        for (status, range) in [
            (206, "bytes 4-8/9"),
            (206, "bytes 5-9/10"),
            (206, "x"),
            (416, "bytes */4"),
        ] {
            assert_eq!(
                answered(status, range).unwrap_err().code(),
                Code::ResponseInvalid,
                "{range}"
            );
        }
    }

    #[test]
    fn the_url_itself_is_not_kept() {
        let facts = String::from_utf8(facts(&url(), &HeaderMap::new())).unwrap();
        assert!(!facts.contains("secret"), "{facts}");
    }

    proptest::proptest! {
        /// Bytes of another file are never put behind those that are there.
        #[test]
        fn any_range_goes_on_at_the_right_byte_or_is_refused(
            range in "bytes [0-9]{0,3}-[0-9]{0,3}/([0-9]{0,4}|\\*)|[ -~]{0,20}", remembered in "\\PC{0,30}",
        ) {
            let found = Unfinished { have: 5, facts: Some(remembered.into_bytes()) };
            if let Ok(start) = Start::new(Offset::At(5), Some(found), &url()) {
                let answer = headers(&[("content-range", range.as_str())]);
                let answered = start.answered(StatusCode::PARTIAL_CONTENT, &answer);
                if matches!(answered, Ok(Answered::Write(Mode::Continue))) {
                    proptest::prop_assert!(range.starts_with("bytes 5-"), "{}", range);
                }
            }
        }
    }
}
