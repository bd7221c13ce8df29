//! HTTPie's request items: `name=text`, `name:=json`, `query==value`, `Header:value`, …
//!
//! The first separator that is not behind a backslash decides, and of those that start at the
//! same place the longest.

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// What a separator makes of the two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `Header:value`; an empty value takes the header out.
    Header,
    /// `Header;`: sent with an empty value.
    EmptyHeader,
    /// `Header:@file`
    HeaderFromFile,
    /// `query==value`
    Query,
    /// `query==@file`
    QueryFromFile,
    /// `name=text`
    Text,
    /// `name=@file`
    TextFromFile,
    /// `name:=json`
    Json,
    /// `name:=@file`
    JsonFromFile,
    /// `field@file`, `field@file;type=mime/type`
    File,
}

impl Kind {
    /// Whether the item is part of the body.
    pub fn is_data(self) -> bool {
        matches!(
            self,
            Kind::Text | Kind::TextFromFile | Kind::Json | Kind::JsonFromFile | Kind::File
        )
    }
}

/// One item as typed, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Left of the separator, unescaped.
    pub key: String,
    /// The separator's meaning.
    pub kind: Kind,
    /// Right of the separator, unescaped.
    pub value: String,
}

/// Longest first among those that share a beginning.
const SEPARATORS: [(&str, Kind); 10] = [
    (":=@", Kind::JsonFromFile),
    ("==@", Kind::QueryFromFile),
    (":=", Kind::Json),
    (":@", Kind::HeaderFromFile),
    ("==", Kind::Query),
    ("=@", Kind::TextFromFile),
    (":", Kind::Header),
    (";", Kind::EmptyHeader),
    ("=", Kind::Text),
    ("@", Kind::File),
];

/// Takes one word apart; `None` where it holds no separator.
pub fn split(word: &str) -> Option<Item> {
    let (mut key, mut rest) = (String::new(), word);
    while let Some(c) = rest.chars().next() {
        if let Some((escaped, after)) = escape(rest) {
            key.push(escaped);
            rest = after;
        } else if let Some((separator, kind)) = SEPARATORS.iter().find(|(s, _)| rest.starts_with(s))
        {
            let value = unescape(&rest[separator.len()..]);
            return Some(Item {
                key,
                kind: *kind,
                value,
            });
        } else {
            key.push(c);
            rest = &rest[c.len_utf8()..];
            // A backslash that escapes nothing shields the next character all the same.
            if c == '\\'
                && let Some(next) = rest.chars().next()
            {
                key.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    None
}

/// [`split`], or an error that says what an item looks like.
pub fn parse(word: &str) -> Result<Item> {
    if is_json(word) {
        // It is not shown: bodies may hold secrets.
        let what = "a word that is JSON, and no request item";
        return Err(Error::new(Code::Usage, what).with_hint(
            "a whole body is --json 'JSON', or --json @FILE; items are name=text, name:=json",
        ));
    }
    let item = split(word).ok_or_else(|| not_an_item(word))?;
    if item.kind == Kind::EmptyHeader && !item.value.is_empty() {
        return Err(not_an_item(word).with_hint(
            "`Header;` sends an empty header; write `Header:value` for one with a value",
        ));
    }
    Ok(item)
}

/// A whole body, as one gives it to `-d`. `[0]=x` and `[]:=1` are items.
fn is_json(word: &str) -> bool {
    word.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(word).is_ok()
}

fn not_an_item(word: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("not a request item: {:?}", printable(word, 80)),
    )
    .with_hint("items are name=text, name:=json, query==value, Header:value, field@file")
}

/// A backslash before a character that separators are made of.
fn escape(text: &str) -> Option<(char, &str)> {
    let after = text.strip_prefix('\\')?;
    let c = after.chars().next()?;
    matches!(c, ':' | ';' | '=' | '@').then(|| (c, &after[c.len_utf8()..]))
}

fn unescape(mut text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    while let Some(c) = text.chars().next() {
        if let Some((escaped, after)) = escape(text) {
            out.push(escaped);
            text = after;
        } else {
            out.push(c);
            text = &text[c.len_utf8()..];
            if c == '\\'
                && let Some(next) = text.chars().next()
            {
                out.push(next);
                text = &text[next.len_utf8()..];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(word: &str) -> (String, Kind, String) {
        let item = parse(word).unwrap();
        (item.key, item.kind, item.value)
    }

    /// The expected halves are what HTTPie 3.2.4 makes of the same words.
    #[test]
    fn json_on_its_own_is_sent_to_the_flag_that_takes_it() {
        for word in [r#"{"a":"b=c"}"#, "[1,2]", "{}"] {
            let error = parse(word).unwrap_err();
            assert!(
                error.hint().is_some_and(|hint| hint.contains("--json")),
                "{word}"
            );
            assert!(!error.to_string().contains(word), "{error}");
        }
        for word in ["[]:=1", "[0]=x", "{a}=b", "a:={}"] {
            assert!(parse(word).is_ok(), "{word}");
        }
    }

    #[test]
    fn the_first_separator_decides_and_the_longest_of_those_there() {
        for (word, key, kind, value) in [
            ("name=John", "name", Kind::Text, "John"),
            ("name==John", "name", Kind::Query, "John"),
            ("name===John", "name", Kind::Query, "=John"),
            ("age:=29", "age", Kind::Json, "29"),
            ("X-API:abc", "X-API", Kind::Header, "abc"),
            ("X-API:", "X-API", Kind::Header, ""),
            ("X-API;", "X-API", Kind::EmptyHeader, ""),
            ("a=b:c", "a", Kind::Text, "b:c"),
            ("a:b=c", "a", Kind::Header, "b=c"),
            ("file@/tmp/x", "file", Kind::File, "/tmp/x"),
            (
                "essay=@Docs/e.txt",
                "essay",
                Kind::TextFromFile,
                "Docs/e.txt",
            ),
            ("o:=@f.json", "o", Kind::JsonFromFile, "f.json"),
            ("q==@f", "q", Kind::QueryFromFile, "f"),
            ("H:@f", "H", Kind::HeaderFromFile, "f"),
            ("=text", "", Kind::Text, "text"),
            ("[]:=1", "[]", Kind::Json, "1"),
            ("mail=a@b.example", "mail", Kind::Text, "a@b.example"),
            ("u=https://x/?a=b", "u", Kind::Text, "https://x/?a=b"),
        ] {
            assert_eq!(item(word), (key.into(), kind, value.into()), "{word}");
        }
    }

    #[test]
    fn a_backslash_takes_a_separators_meaning_away() {
        assert_eq!(
            item(r"field\=a:b"),
            ("field=a".into(), Kind::Header, "b".into())
        );
        assert_eq!(item(r"a\:b=c\:d"), ("a:b".into(), Kind::Text, "c:d".into()));
        assert_eq!(
            item(r"path=C:\Users\new"),
            ("path".into(), Kind::Text, r"C:\Users\new".into())
        );
        assert_eq!(
            item(r"foo\[bar\]=x"),
            (r"foo\[bar\]".into(), Kind::Text, "x".into())
        );
        assert_eq!(item(r"a\\=b"), (r"a\\".into(), Kind::Text, "b".into()));
    }

    #[test]
    fn words_without_a_separator_are_refused_by_name() {
        let error = parse("users").unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        assert!(error.to_string().contains("users"));
        assert!(parse("X-Y;z").is_err());
    }

    proptest! {
        /// No word makes it panic, and text without separators never turns into an item.
        #[test]
        fn any_word_is_split_or_refused(word in ".*") {
            if let Some(item) = split(&word) {
                prop_assert!(item.key.len() + item.value.len() < word.len());
            } else {
                prop_assert!(!word.replace('\\', "").contains(['=', ':', ';', '@'])
                    || word.contains('\\'));
            }
        }

        #[test]
        fn plain_halves_come_back_as_they_went_in(key in "[a-zA-Z0-9_-]{1,8}", value in "[^\\\\@=][^\\\\]{0,20}") {
            let split = split(&format!("{key}={value}")).unwrap();
            prop_assert_eq!((split.key, split.kind, split.value), (key, Kind::Text, value));
        }
    }
}
