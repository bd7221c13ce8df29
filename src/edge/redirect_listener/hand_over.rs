//! From the bounded acceptor to tiny_http and back.
//!
//! tiny_http reads without limits, so it never meets the network: it listens on a socket inside
//! the house, and gets there only requests that are whole, small and in our own form. It parses
//! them and writes the answers, which are carried out to the client.

use std::io::{self, Cursor, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::internal::{Door, Internal};
use super::request::Request;
use crate::edge::clock::SystemClock;
use crate::port::{Clock, RedirectRequest, UnixTime};

/// Marks a forwarded request, so that an answer never goes to another one's client.
pub(super) const TAG: &str = "hallpass-forwarded";

/// Time for one step inside the process, or for a client to take an answer; each takes well under
/// a millisecond.
const STEP: Duration = Duration::from_secs(2);

/// tiny_http behind its internal door.
pub(super) struct Parser {
    /// Always there, until it is dropped.
    server: Option<tiny_http::Server>,
    door: Door,
    count: u64,
}

impl Drop for Parser {
    fn drop(&mut self) {
        drop(self.server.take());
        // Its thread waits at the door and looks at the order to end only when somebody comes in.
        let _ = self.door.enter();
    }
}

impl Parser {
    pub(super) fn start((listener, door): (tiny_http::Listener, Door)) -> io::Result<Self> {
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        Ok(Parser {
            server: Some(server),
            door,
            count: 0,
        })
    }

    /// Has the request parsed. The client waits for its answer.
    pub(super) fn parse(
        &mut self,
        client: TcpStream,
        request: Request,
    ) -> io::Result<Box<dyn RedirectRequest>> {
        self.count += 1;
        let tag = self.count.to_string();
        let mut internal = self.door.enter()?;
        internal.set_timeouts(STEP)?;
        let writer = forward(internal.try_clone()?, request, &tag)?;
        let Some(mut parsed) = self.receive(&tag, &mut internal)? else {
            let _ = internal.shutdown();
            return Err(io::ErrorKind::InvalidData.into());
        };
        let mut body = Vec::new();
        parsed
            .as_reader()
            .take(super::request::BODY as u64)
            .read_to_end(&mut body)?;
        let _ = writer.join();
        client.set_nonblocking(false)?;
        client.set_write_timeout(Some(STEP))?;
        Ok(Box::new(Pending {
            request: as_http(&parsed, body)?,
            parsed,
            internal,
            client,
        }))
    }

    /// The request with this tag; `None` where tiny_http refused it or did not get to it.
    fn receive(
        &self,
        tag: &str,
        internal: &mut Internal,
    ) -> io::Result<Option<tiny_http::Request>> {
        let start = Instant::now();
        while let Some(server) = &self.server
            && start.elapsed() < STEP
        {
            let Some(parsed) = server.recv_timeout(Duration::from_millis(50))? else {
                if internal.is_answered() {
                    break;
                }
                continue;
            };
            let mut fields = parsed.headers().iter();
            if fields.any(|field| field.field.equiv(TAG) && field.value == tag) {
                return Ok(Some(parsed));
            }
        }
        Ok(None)
    }
}

/// Writes the request on a thread: a body may be larger than what the socket takes before
/// tiny_http reads it.
fn forward(mut internal: Internal, request: Request, tag: &str) -> io::Result<JoinHandle<()>> {
    let mut bytes = request.head;
    bytes.extend_from_slice(format!("\r\n{TAG}: {tag}\r\n\r\n").as_bytes());
    bytes.extend_from_slice(&request.body);
    std::thread::Builder::new().spawn(move || {
        let _ = internal.write_all(&bytes);
    })
}

fn as_http(parsed: &tiny_http::Request, body: Vec<u8>) -> io::Result<http::Request<Vec<u8>>> {
    let mut request = http::Request::builder()
        .method(parsed.method().as_str())
        .uri(parsed.url());
    for field in parsed.headers() {
        let name = field.field.as_str().as_str();
        let ours = name.eq_ignore_ascii_case(TAG) || name.eq_ignore_ascii_case("connection");
        if !ours {
            request = request.header(name, field.value.as_str());
        }
    }
    request.body(body).map_err(io::Error::other)
}

/// A client that waits for its answer; hung up on if it gets none.
struct Pending {
    request: http::Request<Vec<u8>>,
    parsed: tiny_http::Request,
    internal: Internal,
    client: TcpStream,
}

impl RedirectRequest for Pending {
    fn request(&self) -> &http::Request<Vec<u8>> {
        &self.request
    }

    fn respond(self: Box<Self>, response: http::Response<Vec<u8>>) {
        let Pending {
            parsed,
            mut internal,
            client,
            ..
        } = *self;
        // A client that went away cannot be told anything.
        let writer = std::thread::Builder::new().spawn(move || {
            let _ = parsed.respond(as_tiny(response));
        });
        let mut bytes = Vec::with_capacity(16 * 1024);
        if internal.read_to_end(&mut bytes).is_ok() {
            let _ = deliver(client, &bytes);
        }
        if let Ok(writer) = writer {
            let _ = writer.join();
        }
    }
}

fn as_tiny(response: http::Response<Vec<u8>>) -> tiny_http::Response<Cursor<Vec<u8>>> {
    let (parts, body) = response.into_parts();
    let fields = parts
        .headers
        .iter()
        .filter_map(|(name, value)| {
            tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()).ok()
        })
        .chain(date(SystemClock.now()))
        .collect();
    let length = body.len();
    tiny_http::Response::new(
        tiny_http::StatusCode(parts.status.as_u16()),
        fields,
        Cursor::new(body),
        Some(length),
        None,
    )
    .with_chunked_threshold(usize::MAX)
}

/// tiny_http writes the date itself, and panics where the clock stands before 1970.
fn date(now: UnixTime) -> Option<tiny_http::Header> {
    let epoch = "Thu, 01 Jan 1970 00:00:00 GMT";
    let header = tiny_http::Header::from_bytes("Date", epoch).ok();
    header.filter(|_| now < 0)
}

/// Hands the answer to the system, which delivers it even if the process ends right away.
fn deliver(mut client: TcpStream, answer: &[u8]) -> io::Result<()> {
    // tiny_http does not say that the connection closes.
    let (status, rest) = match answer.iter().position(|byte| *byte == b'\n') {
        Some(end) => answer.split_at(end + 1),
        None => return Ok(()),
    };
    client.write_all(&[status, b"Connection: close\r\n", rest].concat())?;
    client.shutdown(Shutdown::Write)?;
    // Bytes left unread would turn the close into a reset, which takes the answer with it.
    client.set_nonblocking(true)?;
    let mut unread = [0; 4096];
    for _ in 0..64 {
        if !client.read(&mut unread).is_ok_and(|read| read > 0) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_is_no_date_to_compute() {
        assert!(date(-1).is_some_and(|header| header.field.equiv("date")));
        assert!(date(0).is_none());
    }
}
