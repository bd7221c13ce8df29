//! One JSON document after another out of a body: the whole of it, a line each (NDJSON), or the
//! data of each server-sent event (WHATWG HTML §9.2).

use bytes::{Bytes, BytesMut};

use crate::error::{Code, Error, Result};

/// One document at most: it is held in memory whole, and what unpacks to it may be small.
const LONGEST: usize = 256 << 20;

/// Where a document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Lines,
    Events,
}

/// Collects pieces into documents.
#[derive(Debug)]
pub struct Documents {
    kind: Kind,
    rest: BytesMut,
    /// Data lines of the event so far.
    data: Vec<u8>,
}

impl Documents {
    /// Decides by the content type.
    pub fn of(content_type: Option<&str>) -> Documents {
        let essence = content_type.unwrap_or_default().split(';').next();
        let kind = match essence
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-seq"
            | "application/stream+json" => Kind::Lines,
            "text/event-stream" => Kind::Events,
            _ => Kind::Whole,
        };
        Documents {
            kind,
            rest: BytesMut::new(),
            data: Vec::new(),
        }
    }

    /// Adds a piece; gives every document that is whole now.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Bytes>> {
        let searched = self.rest.len();
        if searched + self.data.len() + piece.len() > LONGEST {
            let most = LONGEST >> 20;
            return Err(Error::new(
                Code::ResponseInvalid,
                format!("the answer has a document larger than {most} MiB"),
            )
            .with_hint("take it as it is, in constant memory: leave out --jq and --format"));
        }
        self.rest.extend_from_slice(piece);
        if self.kind == Kind::Whole {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut from = searched;
        while let Some(end) = self.rest[from..].iter().position(|b| *b == b'\n') {
            let line = self.rest.split_to(from + end + 1).freeze();
            from = 0;
            self.line(trimmed(&line), &mut found);
        }
        Ok(found)
    }

    /// The body has ended.
    pub fn finish(mut self) -> Option<Bytes> {
        let rest = std::mem::take(&mut self.rest).freeze();
        let mut found = Vec::new();
        match self.kind {
            Kind::Whole => found.push(rest),
            Kind::Lines => self.line(trimmed(&rest), &mut found),
            Kind::Events => {
                self.line(trimmed(&rest), &mut found);
                // An event that was cut off is no event, but its data may be worth more than that.
                self.line(b"", &mut found);
            }
        }
        found
            .into_iter()
            .find(|document| !document.trim_ascii().is_empty())
    }

    fn line(&mut self, line: &[u8], found: &mut Vec<Bytes>) {
        if self.kind == Kind::Lines {
            // RFC 7464 puts a record separator before each.
            let line = line.strip_prefix(b"\x1e").unwrap_or(line).trim_ascii();
            if !line.is_empty() {
                found.push(Bytes::copy_from_slice(line));
            }
            return;
        }
        if let Some(data) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        } else if line.is_empty() && !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            // The usual last word of streams that are otherwise JSON.
            if data.trim_ascii() != b"[DONE]" {
                found.push(data.into());
            }
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn documents(content_type: &str, pieces: &[&[u8]]) -> Vec<String> {
        let mut documents = Documents::of(Some(content_type));
        let mut found: Vec<_> = pieces
            .iter()
            .flat_map(|piece| documents.push(piece).unwrap())
            .collect();
        found.extend(documents.finish());
        found
            .iter()
            .map(|d| String::from_utf8_lossy(d).into_owned())
            .collect()
    }

    #[test]
    fn documents_are_found_as_they_end() {
        assert_eq!(
            documents("application/json", &[b"{\"a\":", b"1}\n"]),
            ["{\"a\":1}\n"]
        );
        assert_eq!(
            documents("application/x-ndjson", &[b"1\r\n2", b"\n\n\x1e3"]),
            ["1", "2", "3"]
        );
        let mut lines = Documents::of(Some("application/jsonl; charset=utf-8"));
        assert_eq!(
            lines.push(b"1\n2").unwrap(),
            ["1"],
            "before the next one has arrived"
        );
        assert_eq!(documents("application/json", &[]), [""; 0]);
    }

    #[test]
    fn events_give_their_data() {
        let stream = b": hi\nevent: x\ndata: {\"a\":\ndata: 1}\n\nid: 7\n\ndata:2\r\n\r\ndata: [DONE]\n\ndata: 3";
        assert_eq!(
            documents("text/event-stream", &[stream]),
            ["{\"a\":\n1}", "2", "3"]
        );
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_documents_are_the_same(text in "[0-9\\n\\r:data ]{0,60}", cut in 0usize..60) {
            for kind in ["application/x-ndjson", "text/event-stream"] {
                let whole = documents(kind, &[text.as_bytes()]);
                let (a, b) = text.as_bytes().split_at(cut.min(text.len()));
                prop_assert_eq!(whole, documents(kind, &[a, b]));
            }
        }
    }
}
