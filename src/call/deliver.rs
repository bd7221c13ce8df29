//! The answer on its way out: raw bytes into a pipe or file, something to read at a terminal.

use futures_util::StreamExt;
use http::header::{self, HeaderMap};
use http::{StatusCode, Version};

use super::answer::Answer;
use super::decode::Decoder;
use super::documents::Documents;
use super::kind::{Kind, kind};
use super::pretty::Pretty;
use super::resume::{self, Answered, Start};
use super::safe::{Safe, Style};
use super::shape::Shaper;
use crate::error::{Code, Error, Result};
use crate::port::{Body, ByteStream, Download, Files, Output, Progress, Transfer};
use crate::secret::printable;

/// How an answer is shown.
#[derive(Debug, Clone, Default)]
pub struct Show {
    /// `-i`: status and headers first.
    pub include: bool,
    /// `-I`: status and headers only.
    pub head: bool,
    /// `-f`: nothing of the body of an error.
    pub fail: bool,
    /// `-o`, `-O`; standard output otherwise.
    pub file: Option<String>,
    /// `-C`
    pub resume: Start,
    /// The URL that was asked for; the answer may have come from elsewhere.
    pub asked: String,
    /// `--compressed`
    pub unpack: bool,
    /// `-s`
    pub quiet: bool,
}

/// Where an answer may go.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    pub files: &'a dyn Files,
    pub output: &'a dyn Output,
    pub progress: &'a dyn Progress,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Bytes of body that arrived.
    pub bytes: u64,
    /// Nobody reads standard output any more.
    pub closed: bool,
    /// A binary body was not shown.
    pub hidden: bool,
    /// The file was whole already (416).
    pub whole: bool,
}

/// Writes the answer out as it arrives.
///
/// `shaper`: what documents become; an error's body stays as it is.
pub async fn deliver(
    answer: &mut Answer,
    show: &Show,
    shaper: Option<Shaper>,
    places: Places<'_>,
) -> Result<Delivered> {
    let status = answer.head.status;
    let failed = status.is_client_error() || status.is_server_error();
    let body = std::mem::replace(&mut answer.body, Body::empty());
    let decoder = match show.unpack && show.resume.from == 0 {
        true => Decoder::of(&answer.head.headers)?,
        false => None,
    };
    let packed = decoder.is_some();
    let mut done = Delivered::default();
    let mut sink = match &show.file {
        Some(path) if show.head => Sink::File {
            download: places
                .files
                .download(path, crate::port::files::Mode::Fresh, &[])?,
            bar: None,
        },
        Some(path) if !failed || show.resume.from > 0 || discards(path) => {
            match show.resume.answered(status, &answer.head.headers)? {
                Answered::Whole => {
                    let mode = crate::port::files::Mode::Continue;
                    places.files.download(path, mode, &[])?.finish()?;
                    done.whole = true;
                    return Ok(done);
                }
                Answered::Write(_) if failed && !discards(path) => Sink::Aside(Safe::default()),
                Answered::Write(mode) => {
                    let facts = resume::facts(&show.asked, &answer.head.headers, packed);
                    let from = match mode {
                        crate::port::files::Mode::Continue => show.resume.from,
                        crate::port::files::Mode::Fresh => 0,
                    };
                    let download = places.files.download(path, mode, &facts)?;
                    let bar = (!show.quiet).then(|| {
                        let total = length(&body).map(|length| length + from);
                        places.progress.transfer(&printable(path, 40), from, total)
                    });
                    Sink::File { download, bar }
                }
            }
        }
        Some(_) => Sink::Aside(Safe::default()),
        None => Sink::stdout(places, &answer.head.headers),
    };
    if let Some(shaper) = shaper.filter(|_| !failed && !show.head) {
        let content_type = content_type(&answer.head.headers);
        sink = Sink::Shaped {
            documents: Documents::of(content_type.as_deref()),
            shaper: Box::new(shaper),
            inner: Box::new(match sink {
                Sink::File { download, bar } => Sink::File { download, bar },
                _ => Sink::Raw,
            }),
        };
    }
    if show.include || show.head {
        let head = head(answer, &sink, places.output);
        if !sink.raw(&head, places)? {
            done.closed = true;
            return Ok(done);
        }
    }
    if show.head {
        sink.finish(places)?;
        return Ok(done);
    }
    if show.fail && failed {
        return Ok(done);
    }
    match pump(body, decoder, &mut sink, places, &mut done).await {
        Ok(()) => sink.finish(places)?,
        Err(error) => return Err(sink.told(error)),
    }
    Ok(done)
}

/// What was there is not lost to an error's body, which is not wanted either.
fn discards(path: &str) -> bool {
    path == "/dev/null" || cfg!(windows) && path.eq_ignore_ascii_case("nul")
}

fn length(body: &Body) -> Option<u64> {
    match body {
        Body::Whole(bytes) => Some(bytes.len() as u64),
        Body::Stream { length, .. } => *length,
    }
}

/// Moves the body piece by piece; nothing is kept.
async fn pump(
    body: Body,
    mut decoder: Option<Decoder>,
    sink: &mut Sink,
    places: Places<'_>,
    done: &mut Delivered,
) -> Result<()> {
    let mut stream: ByteStream = match body {
        Body::Whole(bytes) if bytes.is_empty() => return Ok(()),
        Body::Whole(bytes) => Box::pin(futures_util::stream::iter([Ok(bytes)])),
        Body::Stream { stream, .. } => stream,
    };
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        done.bytes += piece.len() as u64;
        let goes_on = match &mut decoder {
            Some(decoder) => decoder.push(&piece, &mut |bytes| sink.push(bytes, places))?,
            None => sink.push(&piece, places)?,
        };
        if !goes_on {
            done.closed = true;
            return Ok(());
        }
        if matches!(sink, Sink::Hidden) {
            done.hidden = true;
            return Ok(());
        }
    }
    if let Some(decoder) = decoder {
        let rest = decoder.finish()?;
        if !rest.is_empty() && !sink.push(&rest, places)? {
            done.closed = true;
        }
    }
    Ok(())
}

/// Status line and headers as HTTP/1 writes them, those of redirects on the way first, as curl
/// does; at a terminal nothing in them is obeyed.
pub(super) fn head(answer: &Answer, sink: &Sink, output: &dyn Output) -> Vec<u8> {
    let screen = !matches!(sink, Sink::File { .. }) && output.is_terminal();
    let mut out = Vec::new();
    for passed in &answer.passed {
        write_head(
            &mut out,
            passed.version,
            passed.status,
            &passed.headers,
            screen,
        );
    }
    let last = &answer.head;
    write_head(&mut out, last.version, last.status, &last.headers, screen);
    out
}

fn write_head(
    out: &mut Vec<u8>,
    version: Version,
    status: StatusCode,
    headers: &HeaderMap,
    screen: bool,
) {
    let line = match version {
        Version::HTTP_2 => format!("HTTP/2 {} \r\n", status.as_u16()),
        version => {
            let reason = status.canonical_reason().unwrap_or_default();
            format!("{version:?} {} {reason}\r\n", status.as_u16())
        }
    };
    out.extend_from_slice(line.as_bytes());
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        if screen {
            let text = String::from_utf8_lossy(value.as_bytes());
            out.extend_from_slice(printable(&text, 1 << 16).as_bytes());
        } else {
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Where the bytes go and what is made of them on the way.
pub(super) enum Sink {
    /// As they are.
    Raw,
    /// A terminal, before the first byte decides.
    Undecided(Option<String>),
    Json(Pretty),
    Text {
        safe: Safe,
        line_open: bool,
    },
    /// Binary at a terminal.
    Hidden,
    File {
        download: Box<dyn Download>,
        bar: Option<Box<dyn Transfer>>,
    },
    /// An error's body while a file was asked for.
    Aside(Safe),
    /// Documents become something else first.
    Shaped {
        documents: Documents,
        shaper: Box<Shaper>,
        inner: Box<Sink>,
    },
}

impl Sink {
    pub(super) fn stdout(places: Places<'_>, headers: &HeaderMap) -> Sink {
        if !places.output.is_terminal() {
            return Sink::Raw;
        }
        Sink::Undecided(content_type(headers))
    }

    /// Bytes of our own making; `false`: nobody reads any more.
    pub(super) fn raw(&mut self, bytes: &[u8], places: Places<'_>) -> Result<bool> {
        match self {
            Sink::File { download, .. } => download.write(bytes).map(|()| true),
            Sink::Shaped { inner, .. } => inner.raw(bytes, places),
            Sink::Aside(_) => {
                places.output.write_aside(bytes);
                Ok(true)
            }
            _ => places.output.write(bytes),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], places: Places<'_>) -> Result<bool> {
        if let Sink::Undecided(content_type) = self {
            *self = match kind(content_type.as_deref(), bytes) {
                Kind::Json => Sink::Json(Pretty::new(places.output.colour())),
                Kind::Text => Sink::Text {
                    safe: Safe::default(),
                    line_open: false,
                },
                Kind::Binary => Sink::Hidden,
            };
        }
        let mut shown = Vec::new();
        match self {
            Sink::Raw => return places.output.write(bytes),
            Sink::File { download, bar } => {
                download.write(bytes)?;
                if let Some(bar) = bar {
                    bar.advance(bytes.len() as u64);
                }
                return Ok(true);
            }
            Sink::Aside(safe) => {
                safe.push(bytes, Style::Text, &mut shown);
                places.output.write_aside(&shown);
                return Ok(true);
            }
            Sink::Json(pretty) => pretty.push(bytes, &mut shown),
            Sink::Text { safe, line_open } => {
                safe.push(bytes, Style::Text, &mut shown);
                *line_open = shown.last().is_some_and(|last| *last != b'\n');
            }
            Sink::Shaped {
                documents,
                shaper,
                inner,
            } => {
                for document in documents.push(bytes)? {
                    shaper.document(&document, &mut shown)?;
                }
                return Ok(shown.is_empty() || inner.push(&shown, places)?);
            }
            Sink::Hidden | Sink::Undecided(_) => return Ok(true),
        }
        places.output.write(&shown)
    }

    /// The body is whole.
    pub(super) fn finish(self, places: Places<'_>) -> Result<()> {
        let mut shown = Vec::new();
        match self {
            Sink::File { download, bar } => {
                drop(bar);
                return download.finish();
            }
            Sink::Json(mut pretty) => pretty.finish(&mut shown),
            Sink::Text {
                mut safe,
                line_open,
            } => {
                safe.finish(Style::Text, &mut shown);
                if line_open || !shown.is_empty() {
                    shown.push(b'\n');
                }
            }
            Sink::Aside(mut safe) => {
                safe.finish(Style::Text, &mut shown);
                places.output.write_aside(&shown);
                return Ok(());
            }
            Sink::Shaped {
                documents,
                mut shaper,
                mut inner,
            } => {
                if let Some(document) = documents.finish() {
                    shaper.document(&document, &mut shown)?;
                }
                shaper.finish(&mut shown);
                if !shown.is_empty() {
                    inner.push(&shown, places)?;
                }
                if let Some(note) = shaper.note() {
                    places.output.write_aside(format!("{note}\n").as_bytes());
                }
                return match *inner {
                    // Another layer of sinks there is not.
                    Sink::File { download, bar } => {
                        drop(bar);
                        download.finish()
                    }
                    _ => Ok(()),
                };
            }
            Sink::Raw | Sink::Hidden | Sink::Undecided(_) => {}
        }
        if !shown.is_empty() {
            places.output.write(&shown)?;
        }
        Ok(())
    }

    /// Says where the beginning of a broken download is.
    fn told(self, error: Error) -> Error {
        match self {
            Sink::File { download, .. } if error.code() != Code::OutputFailed => {
                let name = printable(download.partial(), 200);
                error.with_hint(format!(
                    "the beginning is in {name}; -C - goes on from there"
                ))
            }
            _ => error,
        }
    }
}

pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
}
