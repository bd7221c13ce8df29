//! Answers against doubles of terminal, pipe and files.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue};

use super::answer::Answer;
use super::deliver::{Delivered, Places, Show, deliver};
use super::resume::{Offset, Start, facts};
use crate::error::{Code, Result};
use crate::port::fake::{FakeFiles, FakeOutput, FakeProgress, block_on};
use crate::port::files::Unfinished;
use crate::port::{Body, HttpError};

#[derive(Default)]
struct Stage {
    files: FakeFiles,
    output: FakeOutput,
    progress: FakeProgress,
}

type Pieces<'a> = &'a [&'a [u8]];

fn answer(
    status: u16,
    headers: &[(&'static str, &str)],
    pieces: Pieces<'_>,
    broken: bool,
) -> Answer {
    let mut response = http::Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    let mut items: Vec<Result<Bytes, HttpError>> = pieces
        .iter()
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    if broken {
        items.push(Err(HttpError::Ambiguous("connection reset".into())));
    }
    Answer {
        head: response.into_parts().0,
        body: Body::Stream {
            length: None,
            stream: Box::pin(stream::iter(items)),
        },
        method: http::Method::GET,
        url: url::Url::parse("https://a.example/f").unwrap(),
        redirects: 0,
        passed: Vec::new(),
        retries: 0,
        renewed: false,
        times: Default::default(),
        trusted: true,
        trouble: None,
    }
}

impl Stage {
    fn terminal() -> Stage {
        let stage = Stage::default();
        stage.output.terminal.set(true);
        stage
    }

    fn run(&self, mut answer: Answer, show: &Show) -> Result<Delivered> {
        let places = Places {
            files: &self.files,
            output: &self.output,
            progress: &self.progress,
        };
        block_on(deliver(&mut answer, show, None, places))
    }

    fn shown(&self, headers: &[(&'static str, &str)], pieces: Pieces<'_>) -> String {
        self.run(answer(200, headers, pieces, false), &Show::default())
            .unwrap();
        self.output.text()
    }
}

fn to_file() -> Show {
    Show {
        file: Some("f".into()),
        asked: "https://a.example/f".into(),
        ..Show::default()
    }
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

#[test]
fn into_a_pipe_bytes_go_unchanged_as_they_arrive() {
    let stage = Stage::default();
    let bytes: &[u8] = b"{\"a\":\"\x1b[2J\xff\0\"}";
    let done = stage.run(
        answer(200, &[JSON], &[bytes, b"tail"], false),
        &Show::default(),
    );
    assert_eq!(done.unwrap().bytes, bytes.len() as u64 + 4);
    assert_eq!(
        *stage.output.writes.borrow(),
        [bytes.to_vec(), b"tail".to_vec()]
    );
}

/// must 88, S10
#[test]
fn at_a_terminal_nothing_in_the_body_is_obeyed() {
    for (headers, bytes) in [
        (&[JSON][..], &b"{\"a\":\"\x1b]52;c;eA==\x07\"}"[..]),
        (&[("content-type", "text/plain")], b"x\x1b[2J\x1b]0;t\x07"),
        (
            &[("content-type", "text/event-stream")],
            b"data: \x1b[2J\n\n",
        ),
        (&[], b"\x1b]0;t\x07 no type"),
    ] {
        let shown = Stage::terminal().shown(headers, &[bytes]);
        assert!(
            !shown.contains('\x1b') && !shown.contains('\x07'),
            "{shown:?}"
        );
        assert!(
            shown.contains("u001b") || shown.contains("u{1b}"),
            "{shown:?}"
        );
    }
}

#[test]
fn json_is_indented_at_a_terminal() {
    assert_eq!(
        Stage::terminal().shown(&[JSON], &[b"{\"a\"", b":1}"]),
        "{\n  \"a\": 1\n}\n"
    );
    assert_eq!(Stage::terminal().shown(&[], &[b"[1]"]), "[\n  1\n]\n");
    assert_eq!(
        Stage::terminal().shown(&[("content-type", "text/html")], &[b"<p>"]),
        "<p>\n"
    );
}

#[test]
fn events_are_shown_as_they_arrive() {
    let stage = Stage::terminal();
    let pieces: Pieces<'_> = &[b"data: 1\n\n", b"data: 2\n\n"];
    stage.shown(&[("content-type", "text/event-stream")], pieces);
    assert_eq!(stage.output.writes.borrow().len(), 2);
    let stage = Stage::terminal();
    stage.shown(
        &[("content-type", "application/x-ndjson")],
        &[b"{\"a\":1}\n", b"{\"a\":2}\n"],
    );
    assert!(
        stage.output.writes.borrow()[0].ends_with(b"}\n"),
        "the first document is whole"
    );
}

#[test]
fn binary_is_not_sprayed_on_a_terminal() {
    for (headers, bytes) in [
        (&[("content-type", "image/png")][..], &b"\x89PNG"[..]),
        (&[("content-type", "application/octet-stream")], b"abc"),
        (&[], b"a\0b"),
    ] {
        let stage = Stage::terminal();
        let done = stage
            .run(answer(200, headers, &[bytes], false), &Show::default())
            .unwrap();
        assert!(done.hidden && stage.output.text().is_empty(), "{headers:?}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let stage = Stage::default();
    stage.output.broken_after.set(Some(1));
    let done = stage
        .run(
            answer(200, &[], &[b"a", b"b", b"c"], false),
            &Show::default(),
        )
        .unwrap();
    assert!(done.closed);
    assert_eq!(stage.output.text(), "a");
}

#[test]
fn headers_come_first_when_asked_for() {
    let stage = Stage::default();
    let show = Show {
        include: true,
        ..Show::default()
    };
    stage
        .run(answer(404, &[("x-a", "b")], &[b"body"], false), &show)
        .unwrap();
    assert_eq!(
        stage.output.text(),
        "HTTP/1.1 404 Not Found\r\nx-a: b\r\n\r\nbody"
    );
    let stage = Stage::terminal();
    let show = Show {
        head: true,
        ..Show::default()
    };
    stage
        .run(
            answer(200, &[("x-a", "\u{9b}2J")], &[b"body"], false),
            &show,
        )
        .unwrap();
    assert_eq!(
        stage.output.text(),
        "HTTP/1.1 200 OK\r\nx-a: \\u{9b}2J\r\n\r\n"
    );
}

#[test]
fn a_file_is_left_alone_when_the_api_refuses() {
    let stage = Stage::default();
    stage
        .run(answer(404, &[], &[b"no \x1b[2J"], false), &to_file())
        .unwrap();
    assert!(stage.files.written.borrow().is_empty());
    assert_eq!(*stage.output.aside.borrow(), b"no \\u{1b}[2J");
    assert_eq!(stage.output.text(), "");
    let stage = Stage::default();
    let show = Show {
        fail: true,
        ..Show::default()
    };
    stage.run(answer(500, &[], &[b"no"], false), &show).unwrap();
    assert_eq!(stage.output.text(), "");
}

#[test]
fn a_broken_download_is_never_a_wrong_whole_file() {
    let stage = Stage::default();
    let error = stage
        .run(answer(200, &[], &[b"abc"], true), &to_file())
        .unwrap_err();
    assert_eq!(error.code(), Code::TransportFailed);
    assert!(error.hint().unwrap().contains("-C -"));
    let written = stage.files.written.borrow();
    assert_eq!(
        (&written["f"].content[..], written["f"].finished),
        (&b"abc"[..], false)
    );
}

#[test]
fn a_download_goes_on_where_it_broke_off() {
    let stage = Stage::default();
    let etag = [("etag", "\"e\"")];
    stage
        .run(answer(200, &etag, &[b"abc"], true), &to_file())
        .unwrap_err();
    let found = stage.files.written.borrow()["f"].clone();
    let url = url::Url::parse("https://a.example/f").unwrap();
    let found = Unfinished {
        have: found.content.len() as u64,
        facts: Some(found.facts),
    };
    let resume = Start::new(Offset::Found, Some(found), &url).unwrap();
    assert_eq!(resume.from, 3);
    let show = Show {
        resume,
        ..to_file()
    };
    let rest = answer(206, &[("content-range", "bytes 3-5/6")], &[b"def"], false);
    stage.run(rest, &show).unwrap();
    let written = stage.files.written.borrow()["f"].clone();
    assert_eq!(
        (&written.content[..], written.finished),
        (&b"abcdef"[..], true)
    );
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_whole() {
    let stage = Stage::default();
    stage
        .run(
            answer(200, &[("etag", "\"e\"")], &[b"abc"], true),
            &to_file(),
        )
        .unwrap_err();
    let url = url::Url::parse("https://a.example/f").unwrap();
    let headers = [(http::header::ETAG, HeaderValue::from_static("\"e\""))];
    let found = Unfinished {
        have: 3,
        facts: Some(facts(url.as_str(), &headers.into_iter().collect(), false)),
    };
    let resume = Start::new(Offset::Found, Some(found), &url).unwrap();
    let show = Show {
        resume,
        ..to_file()
    };
    stage
        .run(answer(200, &[], &[b"other!"], false), &show)
        .unwrap();
    assert_eq!(stage.files.written.borrow()["f"].content, b"other!");
}
