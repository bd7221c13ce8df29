//! What pages become together: arrays one array, documents one after another, or with `--slurp`
//! an array of pages.

/// Puts pages together as they come; a single page stays byte for byte what it was.
#[derive(Debug, Default)]
pub struct Join {
    slurp: bool,
    /// An array is open; what followed its bracket comes when it is closed.
    open: Option<Vec<u8>>,
    /// The open array has an element.
    filled: bool,
    /// The last byte given.
    last: Option<u8>,
}

impl Join {
    pub fn new(slurp: bool) -> Join {
        Join {
            slurp,
            ..Join::default()
        }
    }

    /// Adds a page that is one JSON array.
    pub fn array(&mut self, page: &[u8], out: &mut Vec<u8>) {
        if self.slurp {
            return self.element(page, out);
        }
        let (Some(start), Some(end)) = (
            page.iter().position(|byte| *byte == b'['),
            page.iter().rposition(|byte| *byte == b']'),
        ) else {
            return self.document(page, out);
        };
        let inside = &page[start + 1..end];
        let has_elements = !inside.trim_ascii().is_empty();
        if self.open.is_none() {
            self.line(out);
            self.give(&page[..=start], out);
            self.filled = false;
        } else if has_elements && self.filled {
            self.give(b",", out);
        }
        if has_elements || self.open.is_none() {
            self.give(inside, out);
        }
        self.filled |= has_elements;
        self.open = Some(page[end + 1..].to_vec());
    }

    /// Adds a page that is anything else; `json`: a whole JSON document.
    pub fn document(&mut self, page: &[u8], out: &mut Vec<u8>) {
        if self.slurp {
            return self.element(page, out);
        }
        self.close(out);
        self.line(out);
        self.give(page, out);
    }

    /// Closes what is open.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.slurp && self.open.is_none() && self.last.is_none() {
            self.give(b"[", out);
            self.open = Some(b"\n".to_vec());
        }
        self.close(out);
    }

    fn element(&mut self, page: &[u8], out: &mut Vec<u8>) {
        self.give(if self.open.is_some() { b"," } else { b"[" }, out);
        self.give(page.trim_ascii(), out);
        self.open = Some(b"\n".to_vec());
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(tail) = self.open.take() {
            self.give(b"]", out);
            self.give(&tail, out);
        }
    }

    /// Ends the line of the page before.
    fn line(&mut self, out: &mut Vec<u8>) {
        if self.last.is_some_and(|last| last != b'\n') {
            self.give(b"\n", out);
        }
    }

    fn give(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.last = bytes.last().copied().or(self.last);
        out.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(slurp: bool, pages: &[&str]) -> String {
        let mut join = Join::new(slurp);
        let mut out = Vec::new();
        for page in pages {
            match page.trim_start().starts_with('[') {
                true => join.array(page.as_bytes(), &mut out),
                false => join.document(page.as_bytes(), &mut out),
            }
        }
        join.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn arrays_become_one_array_and_documents_a_line_each() {
        for (pages, expected) in [
            (&["[1,2]", "[3]"][..], "[1,2,3]"),
            (&["[]", "[3]", "[]", "[4]"], "[3,4]"),
            (&["[]", "[]"], "[]"),
            (&["[ 1 ]\n", " [ ]\n", "\n[\n  2\n]\n"], "[ 1 ,\n  2\n]\n"),
            (
                &["{\"a\":1}", "{\"a\":2}\n", "{\"a\":3}"],
                "{\"a\":1}\n{\"a\":2}\n{\"a\":3}",
            ),
            (&["[1]", "{\"error\":1}", "[2]"], "[1]\n{\"error\":1}\n[2]"),
            (&["id,name\r\n", "1,a\r\n"], "id,name\r\n1,a\r\n"),
            (&[], ""),
        ] {
            assert_eq!(joined(false, pages), expected, "{pages:?}");
        }
    }

    #[test]
    fn slurped_pages_are_one_array_of_pages() {
        assert_eq!(joined(true, &["[1,2]\n", "[3]"]), "[[1,2],[3]]\n");
        assert_eq!(joined(true, &["{\"a\":1}\n"]), "[{\"a\":1}]\n");
        assert_eq!(joined(true, &[]), "[]\n");
    }

    proptest! {
        #[test]
        fn whatever_the_pages_hold_the_whole_is_json(
            pages in prop::collection::vec(prop::collection::vec("[a-z\\[\\],\" ]{0,3}", 0..4), 1..5),
            indented in any::<bool>(),
        ) {
            let write = |page: &Vec<String>| match indented {
                true => serde_json::to_string_pretty(page).unwrap() + "\n",
                false => serde_json::to_string(page).unwrap(),
            };
            let texts: Vec<String> = pages.iter().map(write).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let together: Vec<String> = serde_json::from_str(&joined(false, &texts)).unwrap();
            prop_assert_eq!(together, pages.concat());
            let slurped: Vec<Vec<String>> = serde_json::from_str(&joined(true, &texts)).unwrap();
            prop_assert_eq!(slurped, pages);
            prop_assert_eq!(joined(false, &texts[..1]), texts[0]);
        }
    }
}
