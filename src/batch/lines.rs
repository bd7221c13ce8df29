//! Bytes as they arrive, cut into lines of bounded length.

use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;

use crate::error::Result;
use crate::port::ByteStream;

/// Longest line; what is longer is skipped and told.
pub const LONGEST: usize = 8 << 20;

/// A line without its end, and its number from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    /// `None`: longer than [`LONGEST`].
    pub text: Option<Bytes>,
}

/// See the module.
pub struct Lines {
    stream: ByteStream,
    /// Arrived and not looked at.
    piece: Bytes,
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
    too_long: bool,
    number: u64,
    ended: bool,
}

impl Lines {
    pub fn new(stream: ByteStream) -> Self {
        Lines {
            stream,
            piece: Bytes::new(),
            begun: Vec::new(),
            too_long: false,
            number: 0,
            ended: false,
        }
    }

    /// The next line; `None` at the end.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Line>>> {
        loop {
            if let Some(end) = self.piece.iter().position(|byte| *byte == b'\n') {
                let last = self.piece.split_to(end);
                self.piece.advance(1);
                return Poll::Ready(Some(Ok(self.line(last))));
            }
            let rest = std::mem::take(&mut self.piece);
            self.keep(&rest);
            if self.ended {
                let is_line = self.too_long || !self.begun.is_empty();
                return Poll::Ready(is_line.then(|| Ok(self.line(Bytes::new()))));
            }
            match ready!(self.stream.poll_next_unpin(context)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => self.ended = true,
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.begun.len() + bytes.len() > LONGEST;
        if self.too_long {
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn line(&mut self, last: Bytes) -> Line {
        self.number += 1;
        let mut text = last;
        if self.too_long || !self.begun.is_empty() || text.len() > LONGEST {
            self.keep(&text);
            text = std::mem::take(&mut self.begun).into();
        }
        if text.last() == Some(&b'\r') {
            text.truncate(text.len() - 1);
        }
        // A byte order mark, as some editors put it.
        if self.number == 1 && text.starts_with(b"\xef\xbb\xbf") {
            text.advance(3);
        }
        let too_long = std::mem::take(&mut self.too_long);
        Line {
            number: self.number,
            text: (!too_long).then_some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::fake::block_on;
    use futures_util::stream;
    use proptest::prelude::*;

    fn lines(pieces: Vec<Vec<u8>>) -> Vec<Option<Vec<u8>>> {
        let pieces: Vec<_> = pieces.into_iter().map(|p| Ok(Bytes::from(p))).collect();
        let mut lines = Lines::new(Box::pin(stream::iter(pieces)));
        let mut out = Vec::new();
        block_on(async {
            while let Some(line) = std::future::poll_fn(|cx| lines.poll_next(cx)).await {
                let line = line.unwrap();
                out.push(line.text.map(|text| text.to_vec()));
                assert_eq!(line.number, out.len() as u64);
            }
        });
        out
    }

    #[test]
    fn a_line_too_long_is_skipped_without_being_kept() {
        let mut pieces = vec![b"a\n".to_vec()];
        pieces.extend(std::iter::repeat_n(vec![b'x'; 1 << 20], 9));
        pieces.push(b"x\nb".to_vec());
        let out = lines(pieces);
        assert_eq!(out, [Some(b"a".to_vec()), None, Some(b"b".to_vec())]);
    }

    #[test]
    fn line_ends_of_windows_and_a_mark_are_no_part_of_a_line() {
        let out = lines(vec![b"\xef\xbb\xbfa\r\n\r\nb".to_vec()]);
        let texts: Vec<_> = out.into_iter().map(Option::unwrap).collect();
        assert_eq!(texts, [b"a".to_vec(), b"".to_vec(), b"b".to_vec()]);
    }

    proptest! {
        /// However it arrives, the lines are the same.
        #[test]
        fn pieces_do_not_matter(text in "[ab\n]{0,24}", cuts in proptest::collection::vec(0usize..24, 0..4)) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let mut from = 0;
            let pieces = cuts.into_iter().map(|cut| {
                let piece = text.as_bytes()[from..cut].to_vec();
                from = cut;
                piece
            });
            let expected: Vec<_> = text.lines().map(|line| Some(line.as_bytes().to_vec())).collect();
            prop_assert_eq!(lines(pieces.collect()), expected);
        }
    }
}
