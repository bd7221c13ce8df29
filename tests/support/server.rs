//! A loopback HTTP/1.1 server for tests: a thread a connection, keep-alive, and any misbehaviour
//! below HTTP that a test asks for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::wire::{self, DEADLINE, Response};

/// A request as it arrived.
pub type Request = http::Request<Vec<u8>>;

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers as HTTP wants it.
    Whole(Response),
    /// Sends exactly these bytes and closes.
    Raw(Vec<u8>),
    /// Sends these bytes, then resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes, then nothing more until the test ends.
    Stall(Vec<u8>),
    /// Writes what it wants when it wants, then closes.
    Live(Live),
}

/// See [`Answer::Live`].
#[derive(Clone)]
pub struct Live(Arc<Writer>);

type Writer = dyn Fn(&mut dyn Write) + Send + Sync;

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Answer {
    /// An answer of any type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer::with_headers(status, &[("content-type", content_type)], body)
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Answer {
        Answer::new(status, "application/json", body.to_string())
    }

    /// An answer that is written while it is read.
    pub fn live(write: impl Fn(&mut dyn Write) + Send + Sync + 'static) -> Answer {
        Answer::Live(Live(Arc::new(write)))
    }

    /// An answer with these headers.
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Answer::Whole(response.body(body.into()).expect("a valid response"))
    }
}

/// Decides the answer; runs in the connection's thread.
pub type Handler = dyn Fn(Request) -> Answer + Send + Sync;

/// A server that ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    handler: Box<Handler>,
    connections: AtomicUsize,
    closing: AtomicBool,
    ended: Mutex<bool>,
    end: Condvar,
    /// Connections that were accepted and not yet closed.
    open: Mutex<usize>,
    closed: Condvar,
}

/// One connection, for as long as it is served.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Open {
        *shared.open.lock().expect("not poisoned") += 1;
        Open(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let open = self.0.open.lock();
        *open.unwrap_or_else(|poisoned| poisoned.into_inner()) -= 1;
        self.0.closed.notify_all();
    }
}

impl Server {
    /// Binds first, so that the handler may know the origin.
    pub fn start<H>(make: impl FnOnce(&str) -> H) -> Server
    where
        H: Fn(Request) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            handler: Box::new(make(&format!("http://{address}"))),
            connections: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            ended: Mutex::new(false),
            end: Condvar::new(),
            open: Mutex::default(),
            closed: Condvar::new(),
        });
        let thread = std::thread::spawn({
            let shared = shared.clone();
            move || {
                for stream in listener.incoming().flatten() {
                    if shared.closing.load(Ordering::SeqCst) {
                        break;
                    }
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    let open = Open::new(&shared);
                    std::thread::spawn(move || serve(stream, &open.0));
                }
            }
        });
        Server {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made to it so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until everything that was sent to it so far is done with: what a client that died
    /// left in a socket is a request all the same.
    pub fn settle(&self) {
        // Connections are accepted in order, so everything before this one has been.
        let url = url::Url::parse(&self.origin()).expect("a URL");
        wire::get(&url).expect("an answer");
        let open = self.shared.open.lock().expect("not poisoned");
        let waited = self
            .shared
            .closed
            .wait_timeout_while(open, DEADLINE, |open| *open > 0);
        assert!(!waited.expect("not poisoned").1.timed_out(), "never closed");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        *self.shared.ended.lock().expect("not poisoned") = true;
        self.shared.end.notify_all();
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(DEADLINE));
    let _ = stream.set_write_timeout(Some(DEADLINE));
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(&stream);
    while let Some(request) = read(&mut reader, &stream) {
        let head_only = request.method() == http::Method::HEAD;
        let close = wants_close(&request);
        match (shared.handler)(request) {
            Answer::Whole(response) => {
                let bytes = to_bytes(&response, head_only);
                if (&stream).write_all(&bytes).is_err() || close {
                    return;
                }
            }
            Answer::Raw(bytes) => {
                let _ = (&stream).write_all(&bytes);
                return;
            }
            Answer::Reset(bytes) => {
                let _ = (&stream).write_all(&bytes);
                reset(stream);
                return;
            }
            Answer::Live(live) => return (live.0)(&mut &stream),
            Answer::Stall(bytes) => {
                let _ = (&stream).write_all(&bytes);
                let ended = shared.ended.lock().expect("not poisoned");
                let _wait = shared.end.wait_timeout_while(ended, DEADLINE * 6, |e| !*e);
                return;
            }
        }
    }
}

/// Closing with unread input makes the system send a reset instead of an end.
fn reset(stream: TcpStream) {
    let socket = socket2::Socket::from(stream);
    let _ = socket.set_linger(Some(std::time::Duration::ZERO));
}

fn wants_close(request: &Request) -> bool {
    let connection = request.headers().get(http::header::CONNECTION);
    connection.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn read(reader: &mut BufReader<&TcpStream>, stream: &TcpStream) -> Option<Request> {
    let line = read_line(reader)?;
    let mut parts = line.split(' ');
    let mut builder = http::Request::builder()
        .method(parts.next()?)
        .uri(parts.next()?);
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "expect" => {
                let mut stream = stream;
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
            }
            _ => {}
        }
        builder = builder.header(name, value);
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let size = usize::from_str_radix(read_line(reader)?.trim(), 16).ok()?;
            let start = body.len();
            body.resize(start + size, 0);
            reader.read_exact(&mut body[start..]).ok()?;
            read_line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else {
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
    }
    builder.body(body).ok()
}

fn read_line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = reader.read_line(&mut line).ok()?;
    (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The response on the wire.
pub fn to_bytes(response: &Response, head_only: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        head.push_str(&format!(
            "{name}: {}\r\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    if !response
        .headers()
        .contains_key(http::header::CONTENT_LENGTH)
    {
        head.push_str(&format!("content-length: {}\r\n", response.body().len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if !head_only {
        bytes.extend_from_slice(response.body());
    }
    bytes
}
