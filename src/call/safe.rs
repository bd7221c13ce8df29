//! Foreign bytes on their way to a terminal: nothing in them moves the cursor, changes the title
//! or reaches the clipboard (must 88).

use crate::secret::is_unprintable;

/// How characters that are shown instead of obeyed are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `\u{1b}`; line ends and tabs stay.
    Text,
    /// `\u001b`, for the inside of a JSON string; line ends and tabs are shown too.
    Json,
}

/// Shows bytes that arrive in any pieces; a character cut in two waits for its rest.
#[derive(Debug, Default)]
pub struct Safe {
    /// The beginning of a character, and of a line end.
    pending: Vec<u8>,
}

impl Safe {
    /// Adds what `bytes` show to `out`.
    pub fn push(&mut self, bytes: &[u8], style: Style, out: &mut Vec<u8>) {
        let joined;
        let mut rest = if self.pending.is_empty() {
            bytes
        } else {
            self.pending.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.pending);
            &joined
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    let cut = keep_return(text, style);
                    show(&text[..cut], style, out);
                    self.pending.extend_from_slice(&text.as_bytes()[cut..]);
                    return;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    show(std::str::from_utf8(good).unwrap_or_default(), style, out);
                    let Some(length) = error.error_len() else {
                        self.pending.extend_from_slice(bad);
                        return;
                    };
                    out.extend_from_slice("\u{fffd}".as_bytes());
                    rest = &bad[length..];
                }
            }
        }
    }

    /// Shows what still waits.
    pub fn finish(&mut self, style: Style, out: &mut Vec<u8>) {
        let rest = std::mem::take(&mut self.pending);
        if let Ok(text) = std::str::from_utf8(&rest) {
            show(text, style, out);
        } else {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// A carriage return at the very end may be half of a line end.
fn keep_return(text: &str, style: Style) -> usize {
    match style {
        Style::Text if text.ends_with('\r') => text.len() - 1,
        _ => text.len(),
    }
}

fn show(text: &str, style: Style, out: &mut Vec<u8>) {
    let mut plain_from = 0;
    let bytes = text.as_bytes();
    for (at, c) in text.char_indices() {
        // Most of what APIs send.
        if matches!(c, ' '..='~') || !is_unprintable(c) {
            continue;
        }
        if style == Style::Text && (matches!(c, '\n' | '\t') || text[at..].starts_with("\r\n")) {
            continue;
        }
        out.extend_from_slice(&bytes[plain_from..at]);
        match style {
            Style::Text => out.extend(c.escape_unicode().map(|c| c as u8)),
            Style::Json => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
        plain_from = at + c.len_utf8();
    }
    out.extend_from_slice(&bytes[plain_from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(pieces: &[&[u8]], style: Style) -> String {
        let (mut safe, mut out) = (Safe::default(), Vec::new());
        for piece in pieces {
            safe.push(piece, style, &mut out);
        }
        safe.finish(style, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// must 88
    #[test]
    fn escapes_are_shown_and_not_obeyed() {
        for (bytes, text) in [
            (&b"\x1b]52;c;aGk=\x07"[..], "\\u{1b}]52;c;aGk=\\u{7}"),
            (b"\x1b]0;title\x1b\\", "\\u{1b}]0;title\\u{1b}\\"),
            (b"\x1b[2J\x9b2J", "\\u{1b}[2J\u{fffd}2J"),
            ("\u{9b}2J\u{202e}x".as_bytes(), "\\u{9b}2J\\u{202e}x"),
            (b"over\rwritten", "over\\u{d}written"),
            (b"a\r\nb\n\tc", "a\r\nb\n\tc"),
        ] {
            assert_eq!(shown(&[bytes], Style::Text), text);
        }
        assert_eq!(shown(&[b"\x1b[2J\n"], Style::Json), "\\u001b[2J\\u000a");
        assert_eq!(
            shown(&["\u{e0041}".as_bytes()], Style::Json),
            "\\udb40\\udc41"
        );
    }

    #[test]
    fn characters_and_line_ends_may_arrive_in_halves() {
        let text = "é\r\n😀".as_bytes();
        for cut in 0..text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(shown(&[a, b], Style::Text).as_bytes(), text, "{cut}");
        }
        assert_eq!(shown(&[b"x\xf0\x9f"], Style::Text), "x\u{fffd}");
        assert_eq!(shown(&[b"x\r"], Style::Text), "x\\u{d}");
    }

    proptest! {
        /// However it is cut, the same is shown, and no control character comes out.
        #[test]
        fn nothing_unprintable_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..64), cut in 0usize..64) {
            let whole = shown(&[&bytes], Style::Text);
            let (a, b) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(&whole, &shown(&[a, b], Style::Text));
            let left = whole.replace("\r\n", "").replace(['\n', '\t'], "");
            prop_assert!(!left.chars().any(is_unprintable), "{:?}", left);
            prop_assert!(!shown(&[&bytes], Style::Json).chars().any(is_unprintable));
        }
    }
}
