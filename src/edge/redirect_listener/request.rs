//! One request within limits: what a browser sends passes, everything else is answered here.
//!
//! The checks are those of framing and form (RFC 9112). Whether the request is *the* redirect is
//! judged by whoever takes it.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of request line and headers.
pub(super) const HEAD: usize = 16 * 1024;
/// Bytes of body.
pub const BODY: usize = 64 * 1024;
/// Header fields.
const FIELDS: usize = 100;

/// Why a request does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not HTTP at all: closed without a word.
    NotHttp,
    /// Answered with this status.
    Status(u16),
}

/// A request in a form of ours: no transfer encoding, the connection closed after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Request line and headers, without the empty line.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// Reads one request. What follows it on the connection is left alone, so a second, pipelined one
/// is never seen.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Request, Refusal> {
    let mut bytes = Vec::with_capacity(2048);
    // Looked through already; a byte at a time must not cost a search of everything each.
    let mut searched = 0;
    let end = loop {
        if let Some(end) = end_of_head(&bytes[searched..]) {
            break searched + end;
        }
        searched = bytes.len().saturating_sub(3);
        if bytes.len() >= HEAD {
            let line_ends = bytes.windows(2).any(|pair| pair == b"\r\n");
            return Err(Refusal::Status(if line_ends { 431 } else { 414 }));
        }
        more(stream, &mut bytes, HEAD).await?;
        looks_like_http(&bytes)?;
    };
    let (head, length) = judge(&bytes[..end])?;
    let mut body = bytes.split_off(end);
    while body.len() < length {
        more(stream, &mut body, length).await?;
    }
    body.truncate(length);
    Ok(Request { head, body })
}

async fn more(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Refusal> {
    let room = limit.saturating_sub(bytes.len()) as u64;
    match stream.take(room).read_buf(bytes).await {
        Ok(read) if read > 0 => Ok(()),
        _ => Err(Refusal::NotHttp),
    }
}

/// A method is letters; a TLS handshake begins with 0x16.
fn looks_like_http(bytes: &[u8]) -> Result<(), Refusal> {
    match bytes.first() {
        Some(byte) if byte.is_ascii_alphabetic() => Ok(()),
        _ => Err(Refusal::NotHttp),
    }
}

/// Where the head ends, its empty line included.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|start| start + 4)
}

/// The head in our form, and the length of the body that belongs to it.
pub fn judge(head: &[u8]) -> Result<(Vec<u8>, usize), Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    match parsed.parse(head) {
        // Ends earlier where lines end in a bare line feed.
        Ok(httparse::Status::Complete(end)) if end == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::Status(431)),
        _ => return Err(Refusal::Status(400)),
    }
    let (Some(method), Some(target), Some(1)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(Refusal::Status(400));
    };
    // Absolute-form is for proxies, which this is not; `//host` would be read as one.
    if !target.starts_with('/') || target.starts_with("//") || !target.is_ascii() {
        return Err(Refusal::Status(400));
    }
    let length = framing(parsed.headers)?;
    let mut out = format!("{method} {target} HTTP/1.1").into_bytes();
    for field in parsed
        .headers
        .iter()
        .filter(|field| !is_dropped(field.name))
    {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend(field.value.iter().map(|byte| match byte {
            // tiny_http hangs up on these.
            0x80.. => b'?',
            byte => *byte,
        }));
    }
    if length > 0 {
        out.extend_from_slice(format!("\r\nContent-Length: {length}").as_bytes());
    }
    out.extend_from_slice(b"\r\nConnection: close");
    Ok((out, length))
}

/// One `Host`; at most one, plain, bounded `Content-Length`; no other framing.
fn framing(fields: &[httparse::Header<'_>]) -> Result<usize, Refusal> {
    let all = |name: &str| -> Vec<&[u8]> {
        fields
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
            .collect()
    };
    if all("host").len() != 1 {
        return Err(Refusal::Status(400));
    }
    if !all("transfer-encoding").is_empty() {
        return Err(Refusal::Status(411));
    }
    if !all("expect").is_empty() {
        return Err(Refusal::Status(417));
    }
    let length = match all("content-length")[..] {
        [] => return Ok(0),
        [length] => length,
        _ => return Err(Refusal::Status(400)),
    };
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Status(400));
    }
    match str::from_utf8(length)
        .ok()
        .and_then(|text| text.parse().ok())
    {
        Some(length) if length <= BODY => Ok(length),
        _ => Err(Refusal::Status(413)),
    }
}

/// Hop-by-hop fields, and those that are nobody's business here: a browser sends a loopback
/// address the cookies of everything else that ever ran on it.
fn is_dropped(name: &str) -> bool {
    const DROPPED: &[&str] = &[
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "te",
        "trailer",
        "content-length",
        "cookie",
        "authorization",
        "proxy-authorization",
        super::hand_over::TAG,
    ];
    DROPPED
        .iter()
        .any(|dropped| name.eq_ignore_ascii_case(dropped))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: &[u8]) -> Result<Request, Refusal> {
        let mut input = bytes;
        crate::edge::clock::runtime().block_on(read(&mut input))
    }

    fn status(bytes: &[u8]) -> u16 {
        match read_all(bytes) {
            Err(Refusal::Status(status)) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_browsers_request_passes_without_its_cookies() {
        let request = read_all(
            b"GET /cb?code=a%00b+c%2B HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: keep-alive\r\n\
              Cookie: other=app\r\nsec-fetch-mode: navigate\r\nX: \xff\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(request.head).unwrap(),
            "GET /cb?code=a%00b+c%2B HTTP/1.1\r\nHost: 127.0.0.1:1\r\nsec-fetch-mode: navigate\r\nX: ?\r\nConnection: close"
        );
        assert!(request.body.is_empty());
    }

    #[test]
    fn a_posted_form_passes_with_exactly_its_body() {
        let request = read_all(
            b"POST /cb HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\ncode=aGET /second HTTP/1.1\r\n",
        )
        .unwrap();
        assert_eq!(request.body, b"code=a");
    }

    #[test]
    fn other_forms_are_refused() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.0\r\nHost: h\r\n\r\n"[..], 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
            (b"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            (b"GET //evil.example/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            (b"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400),
            (b"GET / HTTP/1.1\nHost: h\n\nGET / HTTP/1.1\r\n\r\n", 400),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
                411,
            ),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
                417,
            ),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n",
                413,
            ),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
                413,
            ),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
                400,
            ),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                400,
            ),
        ] {
            assert_eq!(
                status(bytes),
                expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        assert_eq!(
            read_all(b"\x16\x03\x01\x02\x00\x01").unwrap_err(),
            Refusal::NotHttp
        );
        assert_eq!(read_all(b"GET / HT").unwrap_err(), Refusal::NotHttp);
    }

    #[test]
    fn size_is_bounded() {
        let line = [b"GET /".to_vec(), vec![b'a'; HEAD]].concat();
        assert_eq!(status(&line), 414);
        let mut head = b"GET / HTTP/1.1\r\nHost: h\r\n".to_vec();
        let one_too_many = head.clone();
        for number in 0..FIELDS {
            head.extend_from_slice(format!("X-{number}: y\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        assert_eq!(status(&head), 431);
        let long = [one_too_many, b"X: ".to_vec(), vec![b'a'; HEAD]].concat();
        assert_eq!(status(&long), 431);
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_refused_or_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            if let Ok(request) = read_all(&bytes) {
                prop_assert!(request.head.len() <= 2 * HEAD && request.body.len() <= BODY);
            }
        }

        #[test]
        fn what_passes_has_one_host_and_one_end(
            target in "/[!-~]{0,40}",
            fields in proptest::collection::vec(("[A-Za-z-]{1,12}", "[ -~]{0,20}"), 0..8),
        ) {
            let mut head = format!("GET {target} HTTP/1.1\r\nHost: h\r\n");
            for (name, value) in &fields {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            if let Ok((out, _)) = judge(head.as_bytes()) {
                let out = String::from_utf8(out).unwrap();
                prop_assert!(out.is_ascii() && !out.contains("\r\n\r\n"));
                let hosts = out.split("\r\n").filter(|line| line.to_ascii_lowercase().starts_with("host:"));
                prop_assert_eq!(hosts.count(), 1);
            }
        }
    }
}
