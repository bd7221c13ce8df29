//! The loopback listener: a bounded acceptor in front, tiny_http to parse and answer.
//!
//! Browsers open connections that they never use, and any page or program on this machine may
//! open more. So connections are served side by side, each for a short time, and nothing but a
//! whole request within limits gets past this room.

mod bind;
mod hand_over;
mod internal;
pub mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::error::{Code, Error, Result};
use crate::port::{BoundListener, BoxFuture, ListenSpec, RedirectListener, RedirectRequest};
use hand_over::Parser;
use request::{Refusal, Request};

/// Connections at a time; one more ends the oldest of those that have not asked anything yet.
/// Well below the 256 descriptors that macOS gives a process.
const CONNECTIONS: usize = 128;

/// Connections taken in one go before those that are there get their turn.
const AT_ONCE: usize = 32;

/// For a client to send its whole request.
const DEADLINE: Duration = Duration::from_secs(10);

/// For a client that was refused to take the answer and stop sending.
const FAREWELL: Duration = Duration::from_secs(1);

/// Wait after an accept failed for want of descriptors.
const BREATHER: Duration = Duration::from_millis(20);

/// Binds loopback addresses only.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loopback;

impl RedirectListener for Loopback {
    fn bind(&self, spec: &ListenSpec) -> Result<Box<dyn BoundListener>> {
        let (port, sockets) = bind::sockets(spec)?;
        let parser = internal::Door::open()
            .and_then(Parser::start)
            .map_err(|error| {
                Error::new(Code::Internal, "cannot start the redirect listener").with_source(error)
            })?;
        Ok(Box::new(Bound {
            port,
            sockets,
            listeners: Vec::new(),
            connections: Connections::default(),
            breather: None,
            parser,
        }))
    }
}

/// Bound sockets and the connections on them. Owns everything, so dropping it closes all at once.
struct Bound {
    port: u16,
    /// Bound, and not yet known to the runtime, which may start later.
    sockets: Vec<std::net::TcpListener>,
    listeners: Vec<TcpListener>,
    connections: Connections,
    breather: Option<Pin<Box<tokio::time::Sleep>>>,
    parser: Parser,
}

impl BoundListener for Bound {
    fn port(&self) -> u16 {
        self.port
    }

    fn next<'a>(&'a mut self) -> BoxFuture<'a, Result<Box<dyn RedirectRequest>>> {
        Box::pin(async move {
            for socket in self.sockets.drain(..) {
                let listener = TcpListener::from_std(socket).map_err(|error| {
                    Error::new(Code::Internal, "cannot wait for the redirect").with_source(error)
                })?;
                self.listeners.push(listener);
            }
            // Everything lives in `self`: a call that is given up loses nothing.
            Ok(poll_fn(|cx| self.poll_next(cx)).await)
        })
    }
}

impl Bound {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Box<dyn RedirectRequest>> {
        self.poll_accept(cx);
        while let Poll::Ready((client, request)) = self.connections.poll_request(cx) {
            let Ok(client) = client.into_std() else {
                continue;
            };
            // A request that tiny_http refuses after all is hung up on.
            if let Ok(request) = self.parser.parse(client, request) {
                return Poll::Ready(request);
            }
        }
        Poll::Pending
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) {
        if let Some(breather) = &mut self.breather {
            if breather.as_mut().poll(cx).is_pending() {
                return;
            }
            self.breather = None;
        }
        let mut taken = 0;
        for listener in &self.listeners {
            while taken < AT_ONCE {
                match listener.poll_accept(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Ok((stream, _))) => {
                        taken += 1;
                        self.connections.add(stream);
                    }
                    Poll::Ready(Err(_)) => {
                        self.connections.end_oldest();
                        let mut breather = Box::pin(tokio::time::sleep(BREATHER));
                        let _ = breather.as_mut().poll(cx);
                        self.breather = Some(breather);
                        return;
                    }
                }
            }
        }
        if taken >= AT_ONCE {
            cx.waker().wake_by_ref();
        }
    }
}

type Served = Pin<Box<dyn Future<Output = (u64, Option<(TcpStream, Request)>)>>>;

/// Connections whose request is not whole yet.
#[derive(Default)]
struct Connections {
    served: FuturesUnordered<Abortable<Served>>,
    /// By age.
    handles: BTreeMap<u64, AbortHandle>,
    count: u64,
}

impl Connections {
    fn add(&mut self, stream: TcpStream) {
        if self.handles.len() >= CONNECTIONS {
            self.end_oldest();
        }
        self.count += 1;
        let number = self.count;
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(number, handle);
        let served: Served = Box::pin(async move { (number, serve(stream, DEADLINE).await) });
        self.served.push(Abortable::new(served, registration));
    }

    fn end_oldest(&mut self) {
        if let Some((_, handle)) = self.handles.pop_first() {
            handle.abort();
        }
    }

    fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<(TcpStream, Request)> {
        while let Poll::Ready(Some(ended)) = self.served.poll_next_unpin(cx) {
            if let Ok((number, request)) = ended {
                self.handles.remove(&number);
                if let Some(request) = request {
                    return Poll::Ready(request);
                }
            }
        }
        Poll::Pending
    }
}

/// One connection up to a whole request, or to its end.
async fn serve(mut stream: TcpStream, deadline: Duration) -> Option<(TcpStream, Request)> {
    let read = tokio::time::timeout(deadline, request::read(&mut stream)).await;
    let refusal = match read {
        Ok(Ok(request)) => return Some((stream, request)),
        Ok(Err(refusal)) => refusal,
        Err(_) => Refusal::Status(408),
    };
    if let Refusal::Status(status) = refusal {
        let _ = tokio::time::timeout(FAREWELL, refuse(stream, status)).await;
    }
    None
}

async fn refuse(mut stream: TcpStream, status: u16) -> std::io::Result<()> {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // What is still being sent is swallowed: closing on it would reset the connection and take
    // the answer with it.
    let mut unread = vec![0; 16 * 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}
