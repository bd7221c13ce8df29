//! URL templates, `users/{id}?q={name}`: the simple expansion of RFC 6570 §3.2.2, with the promise
//! that no value leaves its path segment or its query value.

use crate::call::encode;
use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// A URL with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable { name: String, in_query: bool },
}

impl Template {
    /// Reads a template; a variable may stand in the path and in the query.
    pub fn parse(text: &str) -> Result<Template> {
        let wrong = |why: &str| {
            let shown = printable(text, 200);
            Error::new(Code::Usage, format!("not a URL template: {shown:?}: {why}"))
                .with_hint("for example 'users/{id}' or 'search?q={text}'")
        };
        let (mut pieces, mut rest, mut in_query) = (Vec::new(), text, false);
        loop {
            let (literal, after) = match rest.split_once('{') {
                Some((literal, after)) => (literal, Some(after)),
                None => (rest, None),
            };
            if literal.contains(['}', '#']) {
                return Err(wrong("it holds a } without {, or a #"));
            }
            if !whole_escapes(literal) {
                return Err(wrong("a % in it does not begin an escape such as %20"));
            }
            in_query |= literal.contains('?');
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let Some(after) = after else { break };
            let Some((name, after)) = after.split_once('}') else {
                return Err(wrong("a { is never closed"));
            };
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(wrong("a variable's name is letters, digits, _, - and ."));
            }
            let name = name.to_owned();
            pieces.push(Piece::Variable { name, in_query });
            rest = after;
        }
        if let Some((_, after)) = text.split_once("://") {
            let authority = after.split(['/', '\\', '?']).next().unwrap_or_default();
            if authority.contains('{') || text[..text.len() - after.len()].contains('{') {
                return Err(wrong("a value cannot choose the host"));
            }
        }
        Ok(Template { pieces })
    }

    /// Names of the variables, each once.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for piece in &self.pieces {
            if let Piece::Variable { name, .. } = piece
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        }
        names
    }

    /// Puts the values in.
    pub fn expand<'v>(&self, value_of: impl Fn(&str) -> Option<&'v str>) -> Result<String> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Variable { name, in_query } => {
                    let Some(value) = value_of(name) else {
                        return Err(refused(name, "has no value"));
                    };
                    // `users/` is another resource than any of `users/{id}`.
                    if value.is_empty() && !in_query {
                        return Err(refused(name, "is empty, which would name another resource"));
                    }
                    encode::percent(value.as_bytes(), &mut out);
                }
            }
        }
        let path = out.split('?').next().unwrap_or_default();
        // Dots cannot be encoded: URL parsers read %2e as a dot too.
        if path.split(['/', '\\']).any(is_dots) {
            let what = "the path would hold a . or .. that leads to another resource";
            return Err(Error::new(Code::Usage, what)
                .with_hint("such a value cannot stand in a path; leave the line out"));
        }
        Ok(out)
    }
}

fn refused(name: &str, why: &str) -> Error {
    let name = printable(name, 40);
    Error::new(Code::Usage, format!("the template's {{{name}}} {why}"))
        .with_hint("give it a value on every line")
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// Every `%` begins two hex digits, so that no value can complete one.
fn whole_escapes(literal: &str) -> bool {
    literal.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2);
        let mut hex = || digits.next().is_some_and(|b| b.is_ascii_hexdigit());
        hex() && hex()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::url::append;
    use proptest::prelude::*;
    use url::Url;

    fn expanded(template: &str, value: &str) -> Result<String> {
        Template::parse(template)?.expand(|_| Some(value))
    }

    #[test]
    fn values_are_encoded_into_their_place() {
        for (template, value, url) in [
            ("users/{id}", "7", "users/7"),
            ("users/{id}/x", "a/b", "users/a%2Fb/x"),
            ("users/{id}", "ada lovelace@x", "users/ada%20lovelace%40x"),
            ("s?q={q}&n=1", "a&n=2#x+y", "s?q=a%26n%3D2%23x%2By&n=1"),
            ("f/{id}.json", "é%2e", "f/%C3%A9%252e.json"),
            ("f/v{id}", "..", "f/v.."),
            ("s?q={q}", "", "s?q="),
            ("s?q={q}", "..", "s?q=.."),
            (
                "https://a.example/{id}",
                "//evil",
                "https://a.example/%2F%2Fevil",
            ),
            ("{id}", "https://evil.example", "https%3A%2F%2Fevil.example"),
        ] {
            assert_eq!(expanded(template, value).unwrap(), url);
        }
    }

    #[test]
    fn values_that_would_name_another_resource_are_refused() {
        for (template, value) in [
            ("users/{id}", ""),
            ("users/{id}", "."),
            ("users/{id}/keys", ".."),
            ("users/.{id}", "."),
            ("users/%2e{id}", "."),
            ("users\\{id}", ".."),
        ] {
            let error = expanded(template, value).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{template} {value}");
        }
    }

    #[test]
    fn templates_that_promise_nothing_are_refused() {
        for template in [
            "users/{id",
            "users/id}",
            "users/{}",
            "users/{a b}",
            "https://{host}/x",
            "https://api.{tenant}.example/x",
            "{scheme}://a.example/",
            "https://{user}@a.example/",
            "users/%{id}",
            "users/%2{id}",
            "users/{id}#x",
        ] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
        let names = Template::parse("a/{x}/{y}?z={x}").unwrap();
        assert_eq!(names.variables(), ["x", "y"]);
    }

    proptest! {
        /// Whatever the value, it is one segment and one query value, and comes out as it went in.
        #[test]
        fn no_value_leaves_its_place(value in prop_oneof!["\\PC{0,12}", "[./\\\\%2eE?&#=+ ]{0,8}", any::<String>()]) {
            let base = Url::parse("https://a.example/v1").unwrap();
            if let Ok(text) = expanded("users/{id}/keys?q={id}&n=1", &value) {
                let url = append(&base, &text).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4, "{}", url);
                prop_assert_eq!((segments[0], segments[1], segments[3]), ("v1", "users", "keys"));
                let pairs: Vec<_> = url.query_pairs().into_owned().collect();
                let expected = vec![("q".to_owned(), value.clone()), ("n".to_owned(), "1".to_owned())];
                prop_assert_eq!(pairs, expected);
                prop_assert_eq!(url.host_str(), Some("a.example"));
                prop_assert_eq!(url.fragment(), None);
            } else {
                prop_assert!(matches!(&*value, "" | "." | ".."), "{:?}", value);
            }
        }

        #[test]
        fn any_template_is_read_without_panic(text in "[a-z{}/?%#:.\\\\]{0,20}") {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.expand(|_| Some(".."));
            }
        }
    }
}
