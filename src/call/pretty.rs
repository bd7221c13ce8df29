//! JSON for a person to read, as it arrives: indented and coloured, in memory that does not grow
//! with the document. Nothing is checked or changed but white space.

use anstyle::{AnsiColor, Style as Ansi};

use super::safe::{Safe, Style};

const NAME: Ansi = AnsiColor::Blue.on_default().bold();
const STRING: Ansi = AnsiColor::Green.on_default();
const NUMBER: Ansi = AnsiColor::Cyan.on_default();
const WORD: Ansi = AnsiColor::Yellow.on_default();
const NOTHING: Ansi = Ansi::new().dimmed();

/// Deeper levels are not indented further; nobody could read them.
const MAX_INDENT: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Text { escaped: bool },
    Bare,
}

/// Where in a document the bytes so far have led.
#[derive(Debug)]
pub struct Pretty {
    colour: bool,
    state: State,
    /// Open brackets.
    open: Vec<u8>,
    /// A bracket was opened and nothing written into it yet.
    fresh: bool,
    /// The next string is a name.
    name: bool,
    /// Something of the current document was written.
    begun: bool,
    safe: Safe,
}

impl Pretty {
    pub fn new(colour: bool) -> Self {
        Pretty {
            colour,
            state: State::Between,
            open: Vec::new(),
            fresh: false,
            name: false,
            begun: false,
            safe: Safe::default(),
        }
    }

    /// Adds what `bytes` look like to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            rest = match self.state {
                State::Text { escaped } => self.text(rest, escaped, out),
                State::Bare => self.bare(rest, out),
                State::Between => {
                    self.between(byte, out);
                    // Strings and bare words begin with this byte.
                    if self.state == State::Bare {
                        rest
                    } else {
                        &rest[1..]
                    }
                }
            };
        }
    }

    /// Ends the last line, whatever was open.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.safe.finish(Style::Json, out);
        if self.state != State::Between {
            self.uncolour(out);
            self.state = State::Between;
            self.begun = true;
        }
        if self.begun {
            out.push(b'\n');
            self.begun = false;
        }
    }

    fn between(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => {}
            b'{' | b'[' => {
                self.value(out);
                out.push(byte);
                self.open.push(byte);
                self.fresh = true;
                self.name = byte == b'{';
            }
            b'}' | b']' => {
                self.open.pop();
                if !std::mem::take(&mut self.fresh) {
                    self.line(out);
                }
                out.push(byte);
                self.name = false;
                self.ended(out);
            }
            b',' => {
                out.push(b',');
                self.line(out);
                self.name = self.open.last() == Some(&b'{');
            }
            b':' => {
                out.extend_from_slice(b": ");
                self.name = false;
            }
            b'"' => {
                self.value(out);
                self.colour(if self.name { NAME } else { STRING }, out);
                out.push(b'"');
                self.state = State::Text { escaped: false };
            }
            byte => {
                self.value(out);
                self.colour(
                    match byte {
                        b'-' | b'0'..=b'9' => NUMBER,
                        b'n' => NOTHING,
                        _ => WORD,
                    },
                    out,
                );
                self.state = State::Bare;
            }
        }
    }

    fn text<'a>(&mut self, rest: &'a [u8], escaped: bool, out: &mut Vec<u8>) -> &'a [u8] {
        if escaped {
            self.state = State::Text { escaped: false };
            self.safe.push(&rest[..1], Style::Json, out);
            return &rest[1..];
        }
        let end = rest.iter().position(|b| matches!(b, b'"' | b'\\'));
        let (run, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.safe.push(run, Style::Json, out);
        match rest.first() {
            Some(b'\\') => {
                self.safe.push(b"\\", Style::Json, out);
                self.state = State::Text { escaped: true };
                &rest[1..]
            }
            Some(_) => {
                self.safe.finish(Style::Json, out);
                out.push(b'"');
                self.uncolour(out);
                self.state = State::Between;
                if !self.name {
                    self.ended(out);
                }
                &rest[1..]
            }
            None => rest,
        }
    }

    fn bare<'a>(&mut self, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let ends = |b: &u8| b.is_ascii_whitespace() || b"{}[],:\"".contains(b);
        let end = rest.iter().position(ends);
        let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
        self.safe.push(run, Style::Json, out);
        if end.is_some() {
            self.safe.finish(Style::Json, out);
            self.uncolour(out);
            self.state = State::Between;
            self.ended(out);
        }
        after
    }

    /// Before a value or a name: it opens its bracket's first line.
    fn value(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.fresh) {
            self.line(out);
        }
        self.begun = true;
    }

    /// After a value: at the top it ends a document, as in NDJSON.
    fn ended(&mut self, out: &mut Vec<u8>) {
        if self.open.is_empty() && self.begun {
            out.push(b'\n');
            self.begun = false;
        }
    }

    fn line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        let indent = self.open.len().min(MAX_INDENT) * 2;
        out.resize(out.len() + indent, b' ');
    }

    fn colour(&self, style: Ansi, out: &mut Vec<u8>) {
        if self.colour {
            out.extend_from_slice(style.render().to_string().as_bytes());
        }
    }

    fn uncolour(&self, out: &mut Vec<u8>) {
        if self.colour {
            out.extend_from_slice(b"\x1b[0m");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pretty(pieces: &[&[u8]], colour: bool) -> String {
        let (mut pretty, mut out) = (Pretty::new(colour), Vec::new());
        for piece in pieces {
            pretty.push(piece, &mut out);
        }
        pretty.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn documents_are_indented() {
        let text = pretty(
            &[br#"{"a":1,"b":[],"c":{},"d":[true,{"e":"x\"y"}],"f":-1.5e3}"#],
            false,
        );
        assert_eq!(
            text,
            "{\n  \"a\": 1,\n  \"b\": [],\n  \"c\": {},\n  \"d\": [\n    true,\n    {\n      \
             \"e\": \"x\\\"y\"\n    }\n  ],\n  \"f\": -1.5e3\n}\n"
        );
        assert_eq!(pretty(&[b" {\n } "], false), "{}\n");
        assert_eq!(
            pretty(&[b"{\"a\":1}\n{\"a\":2}\n"], false),
            "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"
        );
        assert_eq!(pretty(&[b"null"], false), "null\n");
        assert_eq!(pretty(&[b"\"x\""], false), "\"x\"\n");
        assert_eq!(pretty(&[b"1 2"], false), "1\n2\n");
    }

    #[test]
    fn names_and_values_are_coloured() {
        let text = pretty(&[b"{\"a\":\"b\",\"c\":[1,null]}"], true);
        assert!(
            text.contains("\x1b[1m\x1b[34m\"a\"\x1b[0m: \x1b[32m\"b\"\x1b[0m"),
            "{text:?}"
        );
        assert!(text.contains("\x1b[36m1\x1b[0m"), "{text:?}");
        assert!(text.contains("\x1b[2mnull\x1b[0m"), "{text:?}");
    }

    /// must 88, S10
    #[test]
    fn escapes_in_strings_are_shown() {
        let text = pretty(&[b"{\"a\":\"\x1b]0;x\x07\\u001b[2J\"}\x1b[2J"], false);
        assert!(!text.contains('\x1b'), "{text:?}");
        assert!(text.contains("\\u001b]0;x\\u0007\\u001b[2J"), "{text:?}");
    }

    #[test]
    fn a_document_cut_off_still_ends_its_line() {
        assert_eq!(pretty(&[b"{\"a\": \"x"], false), "{\n  \"a\": \"x\n");
        assert_eq!(pretty(&[b"[1,"], false), "[\n  1,\n  \n");
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::hash_map("[a-z]{0,3}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        /// What is shown means what came, however it was cut.
        #[test]
        fn the_document_stays_the_same(value in json(), cut in 0usize..200) {
            let text = value.to_string();
            let whole = pretty(&[text.as_bytes()], false);
            let (a, b) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(&whole, &pretty(&[a, b], false));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&whole).unwrap(), value);
        }

        #[test]
        fn any_bytes_are_shown_safely(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let text = pretty(&[&bytes], false).replace('\n', "");
            prop_assert!(!text.chars().any(crate::secret::is_unprintable));
        }
    }
}
