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
mod tests {
    use super::*;

    const URL: &str = "https://a.example/f?sig=secret";
    const MODIFIED: &str = "Mon, 02 Jan 2023 10:00:00 GMT";
    const LATER: &str = "Mon, 02 Jan 2023 10:00:01 GMT";

    fn url() -> Url {
        Url::parse(URL).unwrap()
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
            facts: Some(facts(URL, &headers(lines), false)),
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

    fn begun(lines: &[(&'static str, &str)]) -> Start {
        Start::new(Offset::Found, left(5, lines), &url()).unwrap()
    }

    #[test]
    fn the_rest_is_asked_for_with_a_check() {
        let dates = [("last-modified", MODIFIED), ("date", LATER)];
        let start = begun(&[&[("etag", "\"e\"")][..], &dates].concat());
        assert_eq!(asked(&start), ["if-range: \"e\"", "range: bytes=5-"]);
        let start = begun(&[&[("etag", "W/\"e\"")][..], &dates].concat());
        let if_range = format!("if-range: {MODIFIED}");
        assert_eq!(asked(&start), [&if_range, "range: bytes=5-"]);
        assert_eq!(
            asked(&Start::new(Offset::Found, None, &url()).unwrap()),
            [""; 0]
        );
    }

    #[test]
    fn what_cannot_be_recognised_begins_anew() {
        for lines in [
            &[][..],
            // The same length is not the same file.
            &[("content-length", "9")],
            &[("etag", "W/\"e\"")],
            // It may have changed once more within that second.
            &[("last-modified", MODIFIED), ("date", MODIFIED)],
            &[("last-modified", MODIFIED)],
            &[("last-modified", "yesterday"), ("date", LATER)],
        ] {
            let start = begun(lines);
            assert!(
                start.anew.is_some() && asked(&start).is_empty(),
                "{lines:?}"
            );
        }
        let other = Url::parse("https://a.example/g").unwrap();
        let found = left(5, &[("etag", "\"e\"")]);
        let start = Start::new(Offset::Found, found, &other).unwrap();
        assert!(start.anew.is_some());
    }

    #[test]
    fn bytes_of_another_program_are_added_to_only_where_the_offset_is_named() {
        let foreign = || {
            Some(Unfinished {
                have: 5,
                facts: None,
            })
        };
        let part = headers(&[("content-range", "bytes 5-8/9")]);
        let whole = headers(&[("content-range", "bytes */5")]);
        let range = StatusCode::RANGE_NOT_SATISFIABLE;
        let start = Start::new(Offset::Found, foreign(), &url()).unwrap();
        assert_eq!((start.from, start.on_trust()), (5, false));
        let error = start
            .answered(StatusCode::PARTIAL_CONTENT, &part)
            .unwrap_err();
        assert!(error.hint().unwrap().contains("-C 5"));
        assert_eq!(start.answered(range, &whole).unwrap(), Answered::Whole);
        let start = Start::new(Offset::At(5), foreign(), &url()).unwrap();
        assert!(start.on_trust());
        assert_eq!(
            start.answered(StatusCode::PARTIAL_CONTENT, &part).unwrap(),
            Answered::Write(Mode::Continue)
        );
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
        let start = begun(&[("etag", "\"e\""), ("content-length", "9")]);
        let answered = |status: u16, range: &str, etag: &str| {
            start.answered(
                StatusCode::from_u16(status).unwrap(),
                &headers(&[("content-range", range), ("etag", etag)]),
            )
        };
        let same = "\"e\"";
        assert_eq!(
            answered(206, "bytes 5-8/9", same).unwrap(),
            Answered::Write(Mode::Continue)
        );
        assert_eq!(
            answered(200, "", "\"f\"").unwrap(),
            Answered::Write(Mode::Fresh)
        );
        for (status, range, etag) in [
            (206, "bytes 4-8/9", same),
            (206, "bytes 5-9/10", same),
            (206, "x", same),
            // Servers that know ranges and not If-Range.
            (206, "bytes 5-8/9", "\"f\""),
            (416, "bytes */4", same),
            (416, "bytes */5", same),
        ] {
            assert_eq!(
                answered(status, range, etag).unwrap_err().code(),
                Code::ResponseInvalid,
                "{range} {etag}"
            );
        }
        let dated = begun(&[("last-modified", MODIFIED), ("date", LATER)]);
        let part = |modified| {
            let lines = [
                ("content-range", "bytes 5-8/9"),
                ("last-modified", modified),
            ];
            dated.answered(StatusCode::PARTIAL_CONTENT, &headers(&lines))
        };
        assert!(part(MODIFIED).is_ok() && part(LATER).is_err());
        let all = begun(&[("etag", same), ("content-length", "5")]);
        let whole = headers(&[("content-range", "bytes */5")]);
        assert_eq!(
            all.answered(StatusCode::RANGE_NOT_SATISFIABLE, &whole)
                .unwrap(),
            Answered::Whole
        );
    }

    #[test]
    fn the_url_itself_is_not_kept_nor_a_length_that_is_not_the_files() {
        let kept = |packed| {
            let lines = headers(&[("content-length", "77")]);
            String::from_utf8(facts(URL, &lines, packed)).unwrap()
        };
        assert!(!kept(false).contains("secret") && kept(false).contains("77"));
        assert!(!kept(true).contains("77"));
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
