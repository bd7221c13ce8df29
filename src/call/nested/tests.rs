//! Nested keys as HTTPie reads them, and what is refused.

use super::*;
use proptest::prelude::*;

fn built(pairs: &[(&str, &str)]) -> Result<String> {
    let pairs = pairs
        .iter()
        .map(|(key, json)| ((*key).to_owned(), Tree::parse(json).unwrap()))
        .collect();
    let mut out = String::new();
    build(pairs)?.write(&mut out);
    Ok(out)
}

/// The expected documents are what HTTPie 3.2.4 sends for the same items.
#[test]
fn nested_keys_build_what_httpie_builds() {
    for (pairs, document) in [
        (
            &[("name", "\"J\""), ("age", "29")][..],
            r#"{"name": "J", "age": 29}"#,
        ),
        (
            &[("a[b]", "1"), ("a[c][]", "2"), ("a[c][]", "3")],
            r#"{"a": {"b": 1, "c": [2, 3]}}"#,
        ),
        (&[("a[2]", "1")], r#"{"a": [null, null, 1]}"#),
        (&[("[]", "1"), ("[]", "2")], "[1, 2]"),
        (&[("[1][x]", "true")], r#"[null, {"x": true}]"#),
        (&[("", "1")], r#"{"": 1}"#),
        (&[("5", "1")], r#"{"5": 1}"#),
        (&[(r"a[\1]", "1")], r#"{"a": {"1": 1}}"#),
        (&[(r"a\[b\]", "1")], r#"{"a[b]": 1}"#),
        (
            &[("a", "{\"b\":1}"), ("a[c]", "2")],
            r#"{"a": {"b": 1, "c": 2}}"#,
        ),
        (&[("a", "1"), ("a", "2")], r#"{"a": 2}"#),
        (
            &[("n", "123456789012345678901234567890")],
            r#"{"n": 123456789012345678901234567890}"#,
        ),
        (&[("e", "\"é😀\"")], r#"{"e": "\u00e9\ud83d\ude00"}"#),
    ] {
        assert_eq!(built(pairs).unwrap(), document, "{pairs:?}");
    }
}

#[test]
fn keys_that_fit_nothing_are_refused_by_name() {
    for pairs in [
        &[("a[", "1")][..],
        &[("a]b", "1")],
        &[("a[b", "1")],
        &[("a[-1]", "1")],
        &[("a[9999999999]", "1")],
        &[("[b]", "1")],
        &[("a", "1"), ("a[b]", "2")],
        &[("a[b]", "1"), ("a[]", "2")],
    ] {
        let error = built(pairs).unwrap_err();
        assert_eq!(error.code(), Code::Usage, "{pairs:?}");
        assert!(error.to_string().contains(pairs.last().unwrap().0));
    }
}

#[test]
fn deep_documents_are_refused_before_the_stack_is() {
    assert!(Tree::parse(&"[".repeat(100_000)).is_err());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Tree::parse(&deep).is_err());
}

proptest! {
    #[test]
    fn any_key_is_understood_or_refused(key in "[a\\[\\]\\\\0-9x-]{0,12}", second in "[a\\[\\]0-9]{0,8}") {
        let _ = build(vec![(key, Tree::Text("v".into())), (second, Tree::Text("w".into()))]);
    }

    /// What is written is JSON, and means what went in.
    #[test]
    fn texts_survive(text in ".*") {
        let mut out = String::new();
        Tree::Text(text.clone()).write(&mut out);
        prop_assert!(out.is_ascii());
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
