//! Header lines of the person's: `Name: value`, `Name;` (empty), `Name:` (take it out), `@file`.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Code, Error, Result};
use crate::port::Source;
use crate::secret::printable;

/// One header line, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum HeaderLine {
    Set(HeaderName, HeaderValue),
    Remove(HeaderName),
    /// `Header:@file`: the value is the file's content.
    ValueFrom(HeaderName, Source),
    /// `-H @file`: each line of the file is a header line.
    LinesFrom(Source),
}

/// A `-H` argument.
pub fn parse(text: &str) -> Result<HeaderLine> {
    if let Some(path) = text.strip_prefix('@') {
        return Ok(HeaderLine::LinesFrom(Source::of(path)));
    }
    match text.split_once(':') {
        Some((name, value)) => line(name, value),
        None => match text.trim_end().strip_suffix(';') {
            Some(name) => empty(name),
            None => Err(not_a_header(text).with_hint(
                "headers are 'Name: value'; 'Name;' sends an empty one, 'Name:' takes one out",
            )),
        },
    }
}

/// A header with its value; an empty value takes the header out.
pub fn line(name: &str, value: &str) -> Result<HeaderLine> {
    let name = self::name(name)?;
    let value = self::value(&name, value.as_bytes())?;
    Ok(if value.is_empty() {
        HeaderLine::Remove(name)
    } else {
        HeaderLine::Set(name, value)
    })
}

/// A header that is sent with an empty value.
pub fn empty(name: &str) -> Result<HeaderLine> {
    Ok(HeaderLine::Set(
        self::name(name)?,
        HeaderValue::from_static(""),
    ))
}

/// A header's name, unless it is one that only hallpass may write.
pub fn name(text: &str) -> Result<HeaderName> {
    let text = text.trim();
    let name = HeaderName::from_bytes(text.as_bytes()).map_err(|_| not_a_header(text))?;
    let why = match name.as_str() {
        "authorization" | "dpop" => "leave it out: hallpass adds the session's credential itself",
        // The credential is bound to an origin; another virtual host would be another origin.
        "host" => "leave it out: the host is the URL's",
        _ => return Ok(name),
    };
    Err(Error::new(Code::Usage, format!("header {text} cannot be set")).with_hint(why))
}

/// A header's value without the spaces around it; control characters are refused (must 89).
pub fn value(name: &HeaderName, bytes: &[u8]) -> Result<HeaderValue> {
    HeaderValue::from_bytes(bytes.trim_ascii()).map_err(|_| {
        Error::new(
            Code::Usage,
            format!("header {name} holds a line end or another control character"),
        )
        .with_hint("a header is one line; give several -H for several headers")
    })
}

/// Puts the person's headers over ours: the first of a name replaces, further ones add.
pub fn apply(headers: &mut HeaderMap, lines: Vec<HeaderLine>) {
    let mut replaced: Vec<HeaderName> = Vec::new();
    for line in lines {
        match line {
            HeaderLine::Set(name, value) => {
                if replaced.contains(&name) {
                    headers.append(name, value);
                } else {
                    headers.insert(name.clone(), value);
                    replaced.push(name);
                }
            }
            HeaderLine::Remove(name) => {
                if !replaced.contains(&name) {
                    headers.remove(&name);
                }
            }
            // Read and turned into the other two before.
            HeaderLine::ValueFrom(..) | HeaderLine::LinesFrom(_) => {}
        }
    }
}

fn not_a_header(text: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("not a header: {:?}", printable(text, 80)),
    )
    .with_hint("headers are 'Name: value'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn applied(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("*/*"));
        let lines = lines.iter().map(|line| parse(line).unwrap()).collect();
        apply(&mut headers, lines);
        let mut out: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        out.sort();
        out
    }

    #[test]
    fn header_lines_mean_what_curl_means() {
        assert_eq!(applied(&["Accept:"]), [""; 0]);
        assert_eq!(
            applied(&["Accept: a", "accept: b"]),
            ["accept: a", "accept: b"]
        );
        assert_eq!(
            applied(&["X-A;", "X-B:  sp  "]),
            ["accept: */*", "x-a: ", "x-b: sp"]
        );
        assert_eq!(applied(&["X-A: b: c"]), ["accept: */*", "x-a: b: c"]);
        assert_eq!(
            parse("@h.txt").unwrap(),
            HeaderLine::LinesFrom(Source::File("h.txt".into()))
        );
    }

    #[test]
    fn nothing_can_be_injected() {
        for text in [
            "a: b\r\nX: y",
            "a: b\nX: y",
            "a\r\nX: y",
            "a b: c",
            "nocolon",
            "a: \0",
        ] {
            assert_eq!(parse(text).unwrap_err().code(), Code::Usage, "{text:?}");
        }
    }

    #[test]
    fn the_credentials_own_headers_are_refused() {
        for text in [
            "Authorization: Bearer x",
            "authorization:",
            "DPoP: x",
            "Host: evil.example",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{text}");
            assert!(!error.to_string().contains("Bearer x"));
        }
    }

    proptest! {
        #[test]
        fn a_header_is_one_line_or_refused(text in "(?s).{0,40}") {
            if let Ok(HeaderLine::Set(_, value)) = parse(&text) {
                prop_assert!(!value.as_bytes().iter().any(|b| matches!(b, b'\r' | b'\n' | 0)));
            }
        }
    }
}
