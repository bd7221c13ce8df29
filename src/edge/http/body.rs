//! Bodies on their way out and in: piece by piece, never whole.

use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::failure::{self, Peer};
use crate::port::{Body, ByteStream, HttpError, Response};

/// Bytes read from a file at a time: with 4 KiB an upload took eight times as long as curl's, with
/// 256 KiB it was as fast (1 GiB on loopback).
const PIECE: usize = 256 * 1024;

/// A file as a body with its length, from byte `offset` on.
pub async fn file(path: &Path, offset: u64) -> std::io::Result<Body> {
    let mut file = tokio::fs::File::open(path).await?;
    let facts = file.metadata().await?;
    if facts.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    if offset > 0 {
        tokio::io::AsyncSeekExt::seek(&mut file, std::io::SeekFrom::Start(offset)).await?;
    }
    file.set_max_buf_size(PIECE);
    Ok(Body::Stream {
        // A pipe or device has no length that means anything.
        length: facts.is_file().then(|| facts.len().saturating_sub(offset)),
        stream: pieces(file),
    })
}

/// Standard input as a body of unknown length, as it arrives.
///
/// Read on a thread of its own: tokio's standard input holds the process back at its end.
pub fn standard_input() -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let piece = read_piece(&mut input);
            let last = !matches!(&piece, Ok(bytes) if !bytes.is_empty());
            if matches!(&piece, Ok(bytes) if bytes.is_empty())
                || sender.blocking_send(piece).is_err()
                || last
            {
                return;
            }
        }
    });
    Body::Stream {
        length: None,
        stream: Box::pin(stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((piece.map_err(unreadable), receiver))
        })),
    }
}

fn read_piece(input: &mut impl std::io::Read) -> std::io::Result<Bytes> {
    let mut piece = vec![0; PIECE];
    loop {
        match input.read(&mut piece) {
            Ok(read) => {
                piece.truncate(read);
                return Ok(piece.into());
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn pieces(reader: impl AsyncRead + Unpin + Send + Sync + 'static) -> ByteStream {
    Box::pin(stream::try_unfold(reader, |mut reader| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        match reader.read_buf(&mut piece).await {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some((piece.freeze(), reader))),
            Err(error) => Err(unreadable(error)),
        }
    }))
}

fn unreadable(error: std::io::Error) -> HttpError {
    HttpError::Ambiguous(format!("cannot read the body to send: {error}"))
}

/// Says how a stream is framed. hyper would leave out the body of a GET whose length it does not
/// know; over HTTP/2 it drops the header.
pub(super) fn frame(headers: &mut HeaderMap, length: Option<u64>) {
    match length {
        Some(length) => headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length)),
        None if headers.contains_key(CONTENT_LENGTH) => return,
        None => headers
            .entry(TRANSFER_ENCODING)
            .or_insert_with(|| HeaderValue::from_static("chunked")),
    };
}

/// Our body as reqwest's.
pub(super) fn outgoing(body: Body) -> Option<reqwest::Body> {
    match body {
        Body::Whole(bytes) if bytes.is_empty() => None,
        Body::Whole(bytes) => Some(bytes.into()),
        Body::Stream { stream, .. } => Some(reqwest::Body::wrap_stream(stream)),
    }
}

/// reqwest's answer as ours; the body keeps arriving.
pub(super) fn incoming(mut answer: reqwest::Response, peer: Peer) -> Response {
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status();
    *head.version_mut() = answer.version();
    *head.headers_mut() = std::mem::take(answer.headers_mut());
    let length = head
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let stream = answer
        .bytes_stream()
        .map(move |piece| piece.map_err(|error| failure::of_body(error, &peer)));
    head.map(|()| Body::Stream {
        length,
        stream: Box::pin(stream),
    })
}
