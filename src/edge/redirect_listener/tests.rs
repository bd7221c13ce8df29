//! With real sockets: what other programs and pages can do to the listener.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use super::{CONNECTIONS, DEADLINE, Loopback, internal, request, serve};
use crate::error::Code;
use crate::port::{BoundListener, ListenSpec, LoopbackHost, RedirectListener};

fn bind(host: LoopbackHost, port: Option<u16>) -> crate::error::Result<Box<dyn BoundListener>> {
    Loopback.bind(&ListenSpec { host, port })
}

/// Containers often have no `::1`.
fn has_v6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// A listener in use: answers every request with its own target and notes it.
struct Used {
    port: u16,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Vec<String>>,
}

impl Used {
    fn start(host: LoopbackHost) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut listener = bind(host, None).unwrap();
            tell.send(listener.port()).unwrap();
            let mut seen = Vec::new();
            crate::edge::clock::runtime().block_on(async {
                while let Either::Left((request, _)) = select(listener.next(), &mut stopped).await {
                    seen.push(answer(request.unwrap()));
                }
            });
            seen
        });
        Used {
            port: told.recv().unwrap(),
            stop,
            thread,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let patience = Some(Duration::from_secs(5));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    /// Sends bytes and returns all that comes back.
    fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The listener may have hung up before it took all.
        let _ = stream.write_all(bytes);
        read_all(stream)
    }

    fn seen(self) -> Vec<String> {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

fn answer(request: Box<dyn crate::port::RedirectRequest>) -> String {
    let told = format!(
        "{} {} {}",
        request.request().method(),
        request.request().uri(),
        String::from_utf8_lossy(request.request().body())
    );
    let response = http::Response::builder()
        .header("Content-Type", "text/plain")
        .body(told.clone().into_bytes())
        .unwrap();
    request.respond(response);
    told
}

fn read_all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}

#[test]
fn a_redirect_is_answered_and_the_connection_closed() {
    let used = Used::start(LoopbackHost::V4);
    let answer = used.exchange(&get("/cb?code=a%2Bb&state=c"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nGET /cb?code=a%2Bb&state=c "),
        "{answer}"
    );
    assert_eq!(used.seen(), ["GET /cb?code=a%2Bb&state=c "]);
}

#[test]
fn a_posted_form_of_the_largest_size_arrives_whole() {
    let used = Used::start(LoopbackHost::V4);
    for size in [0, 1, 1024, 1025, request::BODY] {
        let mut bytes =
            format!("POST /cb HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n").into_bytes();
        bytes.extend(vec![b'x'; size]);
        let answer = used.exchange(&bytes);
        assert!(
            answer.ends_with(&format!("POST /cb {}", "x".repeat(size))),
            "{size}"
        );
    }
    used.seen();
}

#[test]
fn malformed_requests_are_answered_inside() {
    let used = Used::start(LoopbackHost::V4);
    let long_line = [b"GET /".as_slice(), &vec![b'a'; 1 << 20]].concat();
    let many_fields = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    let endless = [
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
        &b"1\r\na\r\n".repeat(10_000),
    ]
    .concat();
    for (bytes, status) in [
        (long_line.as_slice(), "414"),
        (many_fields.as_bytes(), "431"),
        (&endless, "411"),
        (
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n",
            "413",
        ),
        (b"GET / HTTP/1.1\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
    ] {
        let answer = used.exchange(bytes);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{status}: {answer:?}"
        );
    }
    // Hung up on at once, not waited for until it sends more.
    let mut tls = used.connect();
    tls.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .unwrap();
    assert_eq!(tls.read(&mut [0]).unwrap(), 0);
    assert!(used.exchange(&get("/cb")).starts_with("HTTP/1.1 200"));
    assert_eq!(used.seen(), ["GET /cb "]);
}

#[test]
fn two_requests_in_one_packet_are_one_request() {
    let used = Used::start(LoopbackHost::V4);
    let answer = used.exchange(&[get("/first"), get("/second")].concat());
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(used.seen(), ["GET /first "]);
}

#[test]
fn a_request_split_byte_by_byte_arrives() {
    let used = Used::start(LoopbackHost::V4);
    let mut stream = used.connect();
    stream.set_nodelay(true).unwrap();
    for byte in get("/cb?code=a") {
        stream.write_all(&[byte]).unwrap();
    }
    assert!(read_all(stream).starts_with("HTTP/1.1 200"));
    assert_eq!(used.seen(), ["GET /cb?code=a "]);
}

#[test]
fn idle_and_slow_clients_do_not_delay_the_redirect() {
    let used = Used::start(LoopbackHost::V4);
    let idle: Vec<_> = (0..200).map(|_| used.connect()).collect();
    let mut slow = used.connect();
    slow.write_all(b"G").unwrap();
    let start = Instant::now();
    let answer = used.exchange(&get("/cb"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    // The oldest made room, the youngest are still there.
    let mut oldest = &idle[0];
    assert_eq!(oldest.read(&mut [0]).unwrap(), 0);
    let youngest = &idle[199];
    youngest.set_nonblocking(true).unwrap();
    let mut youngest = youngest;
    let waits = youngest.read(&mut [0]).unwrap_err();
    assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock);
    assert!(idle.len() > CONNECTIONS);
    used.seen();
}

/// must 31: a client that never finishes is told so and let go, long before a person gives up.
#[test]
fn a_client_that_does_not_finish_in_time_is_let_go() {
    assert!(DEADLINE <= Duration::from_secs(10));
    let outside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut slow = TcpStream::connect(outside.local_addr().unwrap()).unwrap();
    slow.write_all(b"GET /cb HTTP/1.1\r\nHost: h\r\n").unwrap();
    let reader = std::thread::spawn(move || read_all(slow));
    crate::edge::clock::runtime().block_on(async {
        let (accepted, _) = outside.accept().unwrap();
        accepted.set_nonblocking(true).unwrap();
        let accepted = tokio::net::TcpStream::from_std(accepted).unwrap();
        assert!(serve(accepted, Duration::from_millis(50)).await.is_none());
    });
    let answer = reader.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
}

#[test]
fn an_answer_may_wait_while_others_are_served() {
    let mut listener = bind(LoopbackHost::V4, None).unwrap();
    let address = (Ipv4Addr::LOCALHOST, listener.port());
    let mut first = TcpStream::connect(address).unwrap();
    first.write_all(&get("/cb")).unwrap();
    crate::edge::clock::runtime().block_on(async {
        let pending = listener.next().await.unwrap();
        let mut second = TcpStream::connect(address).unwrap();
        second.write_all(&get("/favicon.ico")).unwrap();
        answer(listener.next().await.unwrap());
        assert!(read_all(second).ends_with("GET /favicon.ico "));
        // The answer goes out although the listener is gone.
        drop(listener);
        answer(pending);
        assert!(read_all(first).ends_with("GET /cb "));
    });
}

#[test]
fn a_call_that_is_given_up_loses_nothing() {
    let mut listener = bind(LoopbackHost::V4, None).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, listener.port())).unwrap();
    stream.write_all(b"GET /cb HTTP/1.1\r\n").unwrap();
    crate::edge::clock::runtime().block_on(async {
        let early = tokio::time::timeout(Duration::from_millis(50), listener.next()).await;
        assert!(early.is_err());
        stream.write_all(b"Host: h\r\n\r\n").unwrap();
        assert_eq!(answer(listener.next().await.unwrap()), "GET /cb ");
    });
}

#[test]
fn the_port_is_loopbacks_alone_and_closed_on_drop() {
    for (host, v4, v6) in [
        (LoopbackHost::V4, true, false),
        (LoopbackHost::V6, false, true),
        (LoopbackHost::Localhost, true, true),
    ] {
        if v6 && !has_v6() {
            continue;
        }
        let listener = bind(host, None).unwrap();
        let port = listener.port();
        let reached = |ip: std::net::IpAddr| {
            TcpStream::connect_timeout(&SocketAddr::new(ip, port), Duration::from_secs(1)).is_ok()
        };
        assert_eq!(reached(Ipv4Addr::LOCALHOST.into()), v4, "{host:?}");
        assert_eq!(reached(Ipv6Addr::LOCALHOST.into()), v6, "{host:?}");
        // Bound to every address it would be taken here. (Other systems have no 127.0.0.2.)
        #[cfg(target_os = "linux")]
        assert!(TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).is_ok());
        drop(listener);
        assert!(!reached(Ipv4Addr::LOCALHOST.into()), "{host:?}");
        assert!(!reached(Ipv6Addr::LOCALHOST.into()), "{host:?}");
    }
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = squatter.local_addr().unwrap().port();
    for host in [LoopbackHost::V4, LoopbackHost::Localhost] {
        let error = bind(host, Some(port)).err().unwrap();
        assert_eq!(error.code(), Code::Unreachable);
        assert!(error.to_string().contains(&port.to_string()), "{error}");
        assert!(error.hint().unwrap().contains("--port"));
    }
}

/// must 20: with `SO_REUSEPORT` another program could bind beside us and get half the redirects.
#[cfg(target_os = "linux")]
#[test]
fn nobody_can_share_the_port() {
    use socket2::{Domain, Socket, Type};
    let listener = bind(LoopbackHost::V4, None).unwrap();
    for ip in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.set_reuse_address(true).unwrap();
        let taken = socket.bind(&SocketAddr::from((ip, listener.port())).into());
        assert!(taken.is_err(), "{ip} was shared");
    }
}

#[test]
fn a_squatter_on_the_other_family_of_localhost_is_noticed() {
    if !has_v6() {
        return;
    }
    let squatter = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    let port = squatter.local_addr().unwrap().port();
    let error = bind(LoopbackHost::Localhost, Some(port)).err().unwrap();
    assert!(error.to_string().contains("::1"), "{error}");
}

#[test]
fn a_client_that_leaves_disturbs_nobody() {
    let used = Used::start(LoopbackHost::V4);
    for target in ["/a", "/b"] {
        let mut stream = used.connect();
        stream.write_all(&get(target)).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    assert!(used.exchange(&get("/cb")).starts_with("HTTP/1.1 200"));
    used.seen();
}

#[test]
fn tiny_http_is_reached_through_a_port_where_there_is_no_socket_file() {
    let mut parser = super::Parser::start(internal::Door::open_port().unwrap()).unwrap();
    let outside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(outside.local_addr().unwrap()).unwrap();
    let (accepted, _) = outside.accept().unwrap();
    let (head, _) = request::judge(&get("/cb")).unwrap();
    let body = Vec::new();
    let parsed = parser
        .parse(accepted, request::Request { head, body })
        .unwrap();
    assert_eq!(answer(parsed), "GET /cb ");
    assert!(read_all(client).ends_with("GET /cb "));
}

#[cfg(target_os = "linux")]
#[test]
fn the_internal_socket_has_no_name() {
    let (_listener, door) = internal::Door::open().unwrap();
    let internal::Door::File(file) = &door else {
        panic!("a socket file can be made here");
    };
    assert!(file.path.starts_with("/proc/self/fd"), "{:?}", file.path);
    door.enter().unwrap();
}
