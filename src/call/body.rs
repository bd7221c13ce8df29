//! From what the body shall be to bytes: files and standard input are read here.

use std::cell::RefCell;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::nested::{self, Tree};
use super::options::{BodyPlan, Piece, Reading, Value};
use super::{encode, multipart};
use crate::error::{Code, Error, Result};
use crate::port::{Body, ByteStream, Files, Random, Source};
use crate::secret::printable;

/// Files from this size on are sent as they are read.
const STREAMED: u64 = 1 << 20;

/// A body ready to be sent, as often as its sources allow.
#[derive(Debug, Clone)]
pub enum Payload {
    None,
    /// Content-Length 0 is sent.
    Empty,
    Whole(Bytes),
    Segments(Vec<Segment>),
}

/// A stretch of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Bytes(Bytes),
    /// With its length where known.
    File(Source, Option<u64>),
}

impl Payload {
    /// Whether it can be sent a second time.
    pub fn can_repeat(&self) -> bool {
        match self {
            Payload::Segments(segments) => !segments.iter().any(|segment| {
                matches!(
                    segment,
                    Segment::File(Source::Stdin, _) | Segment::File(_, None)
                )
            }),
            _ => true,
        }
    }

    /// Bytes in all, where known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Payload::None | Payload::Empty => Some(0),
            Payload::Whole(bytes) => Some(bytes.len() as u64),
            Payload::Segments(segments) => segments.iter().try_fold(0, |sum, segment| {
                let length = match segment {
                    Segment::Bytes(bytes) => bytes.len() as u64,
                    Segment::File(_, length) => (*length)?,
                };
                Some(sum + length)
            }),
        }
    }

    /// The body for one sending.
    pub async fn open(&self, files: &dyn Files) -> Result<Body> {
        match self {
            Payload::None | Payload::Empty => Ok(Body::empty()),
            Payload::Whole(bytes) => Ok(Body::Whole(bytes.clone())),
            // Boxed: `batch` has room in memory for each of its requests, and seldom for files.
            Payload::Segments(segments) => Ok(Body::Stream {
                length: self.length(),
                stream: Box::pin(opened(segments, files)).await?,
            }),
        }
    }
}

async fn opened(segments: &[Segment], files: &dyn Files) -> Result<ByteStream> {
    let mut streams = Vec::with_capacity(segments.len());
    for segment in segments {
        streams.push(match segment {
            Segment::Bytes(bytes) => {
                let bytes = bytes.clone();
                Box::pin(stream::iter([Ok(bytes)])) as ByteStream
            }
            Segment::File(source, _) => match files.open(source, 0).await? {
                Body::Stream { stream, .. } => stream,
                Body::Whole(bytes) => Box::pin(stream::iter([Ok(bytes)])),
            },
        });
    }
    Ok(match streams.len() {
        1 => streams.remove(0),
        _ => Box::pin(stream::iter(streams).flatten()),
    })
}

/// Puts neighbouring bytes together.
pub fn merge(segments: Vec<Segment>) -> Vec<Segment> {
    let mut merged: Vec<Segment> = Vec::new();
    let mut bytes = Vec::new();
    for segment in segments {
        match segment {
            Segment::Bytes(more) => bytes.extend_from_slice(&more),
            file => {
                if !bytes.is_empty() {
                    merged.push(Segment::Bytes(std::mem::take(&mut bytes).into()));
                }
                merged.push(file);
            }
        }
    }
    if !bytes.is_empty() || merged.is_empty() {
        merged.push(Segment::Bytes(bytes.into()));
    }
    merged
}

/// Reads what the command line names; standard input once.
pub struct Reader<'a> {
    files: &'a dyn Files,
    stdin: RefCell<bool>,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        Reader {
            files,
            stdin: RefCell::new(false),
        }
    }

    /// All of it.
    pub fn bytes(&self, source: &Source) -> Result<Vec<u8>> {
        if *source == Source::Stdin && self.stdin.replace(true) {
            return Err(Error::new(Code::Usage, "standard input is named twice")
                .with_hint("- can be read once; put the content into a file"));
        }
        self.files.read(source)
    }

    /// A file that is sent as it is read.
    pub fn file(&self, source: &Source) -> Result<Segment> {
        Ok(Segment::File(source.clone(), self.files.length(source)?))
    }

    /// All of it, as text.
    pub fn text(&self, source: &Source) -> Result<String> {
        String::from_utf8(self.bytes(source)?).map_err(|_| {
            Error::new(Code::Usage, format!("{source} is not UTF-8 text"))
                .with_hint("send it as a file: field@file, or -F field=@file")
        })
    }

    /// A value in a JSON document.
    fn tree(&self, key: &str, value: Value) -> Result<Tree> {
        Ok(match value {
            Value::Text(text) => Tree::Text(text),
            Value::TextFrom(source) => Tree::Text(self.text(&source)?),
            Value::Json(tree) => tree,
            Value::JsonFrom(source) => self.json(key, &source)?,
        })
    }

    fn json(&self, key: &str, source: &Source) -> Result<Tree> {
        Tree::parse(&self.text(source)?).map_err(|error| {
            let key = printable(key, 40);
            Error::new(
                Code::Usage,
                format!("{key}:=@{source} is not JSON: {error}"),
            )
            .with_hint("key=@file sends the content as a string")
        })
    }

    /// A value in a form: what has no one way to be written there is refused.
    pub fn form_value(&self, key: &str, value: &Value) -> Result<Vec<u8>> {
        let parsed;
        let tree = match value {
            Value::Text(text) => return Ok(text.clone().into_bytes()),
            Value::TextFrom(source) => return self.bytes(source),
            Value::Json(tree) => tree,
            Value::JsonFrom(source) => {
                parsed = self.json(key, source)?;
                &parsed
            }
        };
        match tree {
            Tree::Text(text) => Ok(text.clone().into_bytes()),
            // HTTPie writes Python's names.
            Tree::Literal(literal) if literal == "true" => Ok(b"True".to_vec()),
            Tree::Literal(literal) if literal == "false" => Ok(b"False".to_vec()),
            Tree::Literal(literal) if literal != "null" => Ok(literal.clone().into_bytes()),
            _ => Err(Error::new(
                Code::Usage,
                format!(
                    "{}: a form has no way to hold null, a list or an object",
                    printable(key, 40)
                ),
            )
            .with_hint("send JSON, or the text itself with name=text")),
        }
    }

    /// Pieces in a row as one text (for a query) or bytes (for a body).
    pub fn pieces(&self, pieces: &[Piece]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Read(source, reading) => reading.add(&self.bytes(source)?, &mut out),
            }
        }
        Ok(out)
    }
}

impl Reading {
    fn add(&self, content: &[u8], out: &mut Vec<u8>) {
        let mut encoded = String::new();
        match self {
            Reading::AsIs => return out.extend_from_slice(content),
            Reading::WithoutLineEnds => {
                let kept = content.iter().filter(|b| !matches!(b, b'\r' | b'\n' | 0));
                return out.extend(kept);
            }
            Reading::UrlEncoded => encode::plus(content, &mut encoded),
            Reading::LineUrlEncoded => {
                let end = content
                    .iter()
                    .rposition(|b| *b != b'\n')
                    .map_or(0, |at| at + 1);
                encode::plus(&content[..end], &mut encoded);
            }
        }
        out.extend_from_slice(encoded.as_bytes());
    }
}

/// The payload of a plan, and the content type that only it can know.
pub fn payload(
    plan: BodyPlan,
    reader: &Reader<'_>,
    random: &dyn Random,
) -> Result<(Payload, Option<String>)> {
    let whole = |bytes: Vec<u8>| Ok((Payload::Whole(bytes.into()), None));
    match plan {
        BodyPlan::None => Ok((Payload::None, None)),
        BodyPlan::Empty => Ok((Payload::Empty, None)),
        BodyPlan::Data(pieces) => {
            if let [Piece::Read(source @ Source::File(_), Reading::AsIs)] = &pieces[..]
                && reader.files.length(source)?.is_some_and(|n| n >= STREAMED)
            {
                return Ok((Payload::Segments(vec![reader.file(source)?]), None));
            }
            match reader.pieces(&pieces)? {
                // `-d ''` is a POST with nothing in it, and says so.
                bytes if bytes.is_empty() => Ok((Payload::Empty, None)),
                bytes => whole(bytes),
            }
        }
        BodyPlan::Json(pairs) => {
            let mut trees = Vec::with_capacity(pairs.len());
            for (key, value) in pairs {
                let tree = reader.tree(&key, value)?;
                trees.push((key, tree));
            }
            let mut text = String::new();
            nested::build(trees)?.write(&mut text);
            whole(text.into_bytes())
        }
        BodyPlan::Form(pairs) => {
            let mut text = String::new();
            for (key, value) in pairs {
                text.push_str(if text.is_empty() { "" } else { "&" });
                encode::plus(key.as_bytes(), &mut text);
                text.push('=');
                encode::plus(&reader.form_value(&key, &value)?, &mut text);
            }
            whole(text.into_bytes())
        }
        BodyPlan::Multipart(parts) => {
            let boundary = multipart::boundary(random)?;
            let segments = multipart::segments(&parts, &boundary, random, reader)?;
            let payload = match &segments[..] {
                [Segment::Bytes(bytes)] => Payload::Whole(bytes.clone()),
                _ => Payload::Segments(segments),
            };
            Ok((payload, Some(boundary)))
        }
        BodyPlan::Upload(source) => {
            let segment = reader.file(&source)?;
            Ok((Payload::Segments(vec![segment]), None))
        }
    }
}

#[cfg(test)]
mod tests;
