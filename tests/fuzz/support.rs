//! What the targets share: HTTP messages cut out of fuzzed bytes, and what holds of every error.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

/// First line, header lines, an empty line, the rest: bytes as a fuzzer can grow them.
pub struct Message<'a> {
    pub first: &'a str,
    pub headers: HeaderMap,
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// `None` where the `http` crate would refuse it anyway.
    pub fn cut(bytes: &'a [u8]) -> Option<Message<'a>> {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let (head, body) = match end {
            Some(end) => (&bytes[..end], &bytes[end + 2..]),
            None => (bytes, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = std::str::from_utf8(lines.next()?).ok()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':')?;
            headers.append(
                HeaderName::from_bytes(&line[..colon]).ok()?,
                HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?,
            );
        }
        Some(Message {
            first,
            headers,
            body,
        })
    }

    /// `METHOD target` as first line.
    pub fn request(self) -> Option<Request<Vec<u8>>> {
        let (method, target) = self.first.split_once(' ')?;
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .body(self.body.to_vec())
            .ok()?;
        *request.headers_mut() = self.headers;
        Some(request)
    }

    /// A status as first line.
    pub fn response(self) -> Option<Response<Vec<u8>>> {
        let status: u16 = self.first.parse().ok()?;
        let mut response = Response::builder()
            .status(status)
            .body(self.body.to_vec())
            .ok()?;
        *response.headers_mut() = self.headers;
        Some(response)
    }
}

/// An error's words are safe on a terminal and of a size to be read.
pub fn check_error(error: &hallpass::error::Error) {
    let message = error.to_string();
    check_text(&message);
    assert!(!message.is_empty(), "an error without words");
    if let Some(hint) = error.hint() {
        check_text(hint);
    }
    if let Some(oauth) = error.oauth() {
        check_oauth(oauth);
    }
}

/// The same of a server's own error.
pub fn check_oauth(error: &hallpass::error::OAuthError) {
    check_text(&error.error);
    for text in [&error.error_description, &error.error_uri]
        .into_iter()
        .flatten()
    {
        check_text(text);
    }
}

/// No control or bidirectional character; no endless text.
pub fn check_text(text: &str) {
    for c in text.chars() {
        let bidirectional = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!c.is_control() && !bidirectional, "{c:?} in {text:?}");
    }
    assert!(text.len() < 8192, "{} bytes of error text", text.len());
}
