//! Against real servers on loopback, written by hand so that they can misbehave.

mod connection;
mod proxies;
mod server;
mod tls;

use bytes::Bytes;
use futures_util::StreamExt;

use super::{Client, HttpOptions};
use crate::port::{Body, Http, HttpError, Request};

/// A client that sees no environment.
fn client(options: HttpOptions) -> Client {
    Client::with_environment(options, |_| None)
}

fn get(url: &str) -> Request {
    request(url, Body::empty())
}

fn request(url: &str, body: Body) -> Request {
    http::Request::builder().uri(url).body(body).unwrap()
}

/// Sends, and reads the whole answer.
fn fetch(client: &Client, request: Request) -> Result<http::Response<Vec<u8>>, HttpError> {
    crate::edge::clock::runtime().block_on(async {
        let answer = client.send(request).await?;
        let (head, body) = answer.into_parts();
        let Body::Stream { mut stream, .. } = body else {
            panic!("answers stream");
        };
        let mut whole = Vec::new();
        while let Some(piece) = stream.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(http::Response::from_parts(head, whole))
    })
}

fn stream_of(length: Option<u64>, pieces: &[&'static str]) -> Body {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
        .collect();
    Body::Stream {
        length,
        stream: Box::pin(futures_util::stream::iter(pieces)),
    }
}
