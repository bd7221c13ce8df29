//! Serves a pure request → response function on loopback: tiny_http in a thread of its own.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::error::{Code, Error, Result};

/// Bytes of body taken; more is refused.
const BODY_LIMIT: u64 = 1 << 20;

/// A bound loopback port; served once [`Bound::serve`] is called.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server that runs until it is dropped.
pub struct Running {
    server: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
}

impl Bound {
    /// Binds `127.0.0.1`, on this port or any free one.
    pub fn new(port: Option<u16>) -> Result<Bound> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let failed = |error| {
            Error::new(Code::Usage, format!("cannot listen on {wanted}"))
                .with_hint("give another --port, or none to take any free one")
                .with_source(error)
        };
        let listener = TcpListener::bind(wanted).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Bound { listener, address })
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers every request with `handler`, one after another.
    pub fn serve<H>(self, mut handler: H) -> Result<Running>
    where
        H: FnMut(&http::Request<Vec<u8>>) -> http::Response<Vec<u8>> + Send + 'static,
    {
        let server = tiny_http::Server::from_listener(self.listener, None).map_err(|error| {
            Error::new(Code::Internal, "the demo server cannot start").with_source(error)
        })?;
        let server = Arc::new(server);
        let address = self.address;
        let thread = std::thread::spawn({
            let server = server.clone();
            move || {
                for mut request in server.incoming_requests() {
                    let response = match read(&mut request, address) {
                        Ok(read) => handler(&read),
                        Err(status) => plain(status),
                    };
                    // The client may have gone; that is its own business.
                    let _ = request.respond(to_tiny(response));
                }
            }
        });
        Ok(Running {
            server,
            thread: Some(thread),
        })
    }
}

impl Running {
    /// Serves until the process is interrupted.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The whole request, or the status that refuses it.
fn read(
    request: &mut tiny_http::Request,
    address: SocketAddr,
) -> Result<http::Request<Vec<u8>>, u16> {
    let mut builder = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.url());
    for header in request.headers() {
        builder = builder.header(header.field.as_str().as_str(), header.value.as_str());
    }
    let mut body = Vec::new();
    let mut limited = request.as_reader().take(BODY_LIMIT + 1);
    limited.read_to_end(&mut body).map_err(|_| 400_u16)?;
    if body.len() as u64 > BODY_LIMIT {
        return Err(413);
    }
    let request = builder.body(body).map_err(|_| 400_u16)?;
    // A page of another site that got its own name to point here (DNS rebinding) shows its name.
    let host = request.headers().get(http::header::HOST);
    let ours = host.is_some_and(|host| {
        host.as_bytes() == address.to_string().as_bytes()
            || host.as_bytes() == format!("localhost:{}", address.port()).as_bytes()
    });
    if ours { Ok(request) } else { Err(421) }
}

fn plain(status: u16) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(Vec::new());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn to_tiny(response: http::Response<Vec<u8>>) -> tiny_http::Response<std::io::Cursor<Vec<u8>>> {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        tiny_http::Header::from_bytes(name.as_str().as_bytes(), value.as_bytes()).ok()
    });
    let length = body.len();
    tiny_http::Response::new(
        tiny_http::StatusCode(parts.status.as_u16()),
        headers.collect(),
        std::io::Cursor::new(body),
        Some(length),
        None,
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;

    use super::*;

    fn exchange(origin: &str, text: &str) -> String {
        let address = origin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn serves_its_own_host_only_and_frees_the_port_when_dropped() {
        let bound = Bound::new(None).unwrap();
        let origin = bound.origin();
        let host = origin.trim_start_matches("http://").to_owned();
        let running = bound
            .serve(|request| http::Response::new(request.body().clone()))
            .unwrap();
        let post = |host: &str| {
            exchange(
                &origin,
                &format!(
                    "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
                ),
            )
        };
        assert!(post(&host).ends_with("hi"));
        assert!(post("evil.example").starts_with("HTTP/1.1 421"));
        drop(running);
        // tiny_http's own accepting thread lets go a moment later.
        let start = std::time::Instant::now();
        while TcpListener::bind(&host).is_err() {
            assert!(start.elapsed().as_secs() < 10, "the port stays taken");
            std::thread::yield_now();
        }
    }
}
