//! Servers of a few lines: a listener on a free loopback port and a thread that does as told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A running server; what its thread returns is what it saw.
pub(super) struct Server<T> {
    pub(super) address: SocketAddr,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Server<T> {
    /// Runs `work` with the listener.
    pub(super) fn run(work: impl FnOnce(TcpListener) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || work(listener));
        Server { address, thread }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the server saw.
    pub(super) fn saw(self) -> T {
        self.thread.join().unwrap()
    }
}

/// Answers each of `answers` on a connection of its own and returns the requests.
pub(super) fn answering(answers: &[&'static str]) -> Server<Vec<String>> {
    let answers = answers.to_vec();
    Server::run(move |listener| {
        let mut seen = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            seen.push(read_request(&mut stream));
            stream.write_all(answer.as_bytes()).unwrap();
        }
        seen
    })
}

/// Reads one request: head, and the body that its framing announces.
pub(super) fn read_request(stream: &mut impl Read) -> String {
    let head = read_until(stream, "\r\n\r\n");
    let lower = head.to_ascii_lowercase();
    if lower.contains("transfer-encoding: chunked") {
        return head + &read_until(stream, "0\r\n\r\n");
    }
    let length = lower
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

pub(super) fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(end.as_bytes()) {
        if stream.read(&mut byte).unwrap() == 0 {
            break;
        }
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Copies both ways until either end closes.
pub(super) fn splice(left: TcpStream, right: TcpStream) {
    let (mut left_in, mut right_out) = (left.try_clone().unwrap(), right.try_clone().unwrap());
    let there = std::thread::spawn(move || {
        let _ = std::io::copy(&mut left_in, &mut right_out);
        let _ = right_out.shutdown(std::net::Shutdown::Write);
    });
    let (mut right_in, mut left_out) = (right, left);
    let _ = std::io::copy(&mut right_in, &mut left_out);
    let _ = left_out.shutdown(std::net::Shutdown::Write);
    there.join().unwrap();
}
