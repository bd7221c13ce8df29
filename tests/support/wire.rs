//! HTTP/1.1 by hand: one request, one answer, over any bytes a test wants to send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

/// How long any single read or write of a test may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// An answer, whole.
pub type Response = http::Response<Vec<u8>>;

/// Where `url` points.
pub fn address(url: &Url) -> SocketAddr {
    let host = url.host_str().expect("a URL with a host");
    let port = url.port_or_known_default().expect("a URL with a port");
    let host = host.trim_matches(['[', ']']);
    (host, port)
        .to_socket_addrs()
        .expect("a loopback name")
        .next()
        .expect("an address")
}

/// A connection with deadlines.
pub fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// Sends bytes, reads until the other side closes or falls silent.
pub fn send_raw(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address).expect("the server accepts");
    // A server that refuses early may reset while we still write: what it said is what counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..count]);
    }
    answer
}

/// `GET url`.
pub fn get(url: &Url) -> std::io::Result<Response> {
    request("GET", url, &[], b"")
}

/// `POST url` with a form-encoded body.
pub fn post_form(url: &Url, fields: &[(String, String)]) -> std::io::Result<Response> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let content_type = ("content-type", "application/x-www-form-urlencoded");
    request("POST", url, &[content_type], body.finish().as_bytes())
}

/// Any request; the connection is closed after it.
pub fn request(
    method: &str,
    url: &Url,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Response> {
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" || !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let mut stream = connect(address(url))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse_response(&bytes).ok_or_else(|| {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        std::io::Error::other(format!("not an HTTP response: {shown:?}"))
    })
}

/// Head and body of an answer after which the connection was closed.
pub fn parse_response(bytes: &[u8]) -> Option<Response> {
    let (head, body) = split_head(bytes)?;
    let mut lines = head.lines();
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut response = http::Response::builder().status(status);
    let mut chunked = false;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked";
        response = response.header(name.trim(), value);
    }
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    response.body(body).ok()
}

/// The head as text, and what follows it.
pub fn split_head(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    Some((head, &bytes[end + 4..]))
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

/// Parameters of a URL's query.
pub fn query(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

/// Fields of a form-encoded body.
pub fn form(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// The value of one of them.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(seen, _)| seen == name)?;
    Some(found.1.as_str())
}
