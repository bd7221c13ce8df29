//! See `next.rs`.

use super::*;
use crate::call::filter;
use crate::call::pages::rule::Source;
use proptest::prelude::*;

fn rule(style: Style, next: Option<&str>) -> Rule {
    Rule {
        style,
        next: next.map(str::to_owned),
        parameter: None,
        source: Source::Service,
    }
}

fn led(rule: &Rule, body: &str, items: Option<u64>, position: Option<u64>) -> Result<Next> {
    let document = filter::parse(body.as_bytes()).ok();
    let headers = HeaderMap::new();
    next(
        rule,
        Page {
            headers: &headers,
            document: document.as_ref(),
            items,
            position,
            base: u64::from(position != Some(0)),
        },
    )
}

fn to(url: &str) -> Next {
    Next::Url(url.into())
}

fn with(cursor: &str) -> Next {
    Next::Cursor(Cursor::Text(cursor.into()))
}

#[test]
fn every_style_with_a_url_is_followed_to_its_end() {
    for (style, path, body, expected) in [
        (Style::NextUrl, Some(".next"), r#"{"next":"/b"}"#, to("/b")),
        (
            Style::NextUrl,
            Some(".paging.next"),
            r#"{"paging":{"next":"https://a.example/"}}"#,
            to("https://a.example/"),
        ),
        (Style::NextUrl, Some(".next"), r#"{"next":null}"#, Next::End),
        (Style::NextUrl, Some(".next"), r#"{"next":""}"#, Next::End),
        (
            Style::NextUrl,
            Some(".next"),
            r#"{"next":false}"#,
            Next::End,
        ),
        (
            Style::Hal,
            None,
            r#"{"_links":{"next":{"href":"?p=2"}}}"#,
            to("?p=2"),
        ),
        (
            Style::Hal,
            None,
            r#"{"_links":{"self":{"href":"?p=2"}}}"#,
            Next::End,
        ),
        (Style::JsonApi, None, r#"{"links":{"next":"/b"}}"#, to("/b")),
        (
            Style::JsonApi,
            None,
            r#"{"links":{"next":{"href":"/b","meta":{}}}}"#,
            to("/b"),
        ),
        (
            Style::JsonApi,
            None,
            r#"{"links":{"next":null}}"#,
            Next::End,
        ),
        (
            Style::Odata,
            None,
            r#"{"@odata.nextLink":"/b","value":[]}"#,
            to("/b"),
        ),
        (Style::Odata, None, r#"{"odata.nextLink":"/b"}"#, to("/b")),
        (Style::Odata, None, r#"{"d":{"__next":"/b"}}"#, to("/b")),
        (Style::Odata, None, r#"{"value":[]}"#, Next::End),
    ] {
        assert_eq!(
            led(&rule(style, path), body, None, None).unwrap(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn a_number_where_a_url_should_be_is_told() {
    let error = led(
        &rule(Style::NextUrl, Some(".next")),
        r#"{"next":7}"#,
        None,
        None,
    )
    .unwrap_err();
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("--page-param"))
    );
}

#[test]
fn a_cursor_ends_where_it_is_empty_or_the_page_says_so() {
    let rule = rule(Style::Cursor, Some(".c"));
    for (body, expected) in [
        (r#"{"c":"x"}"#, with("x")),
        (r#"{"c":12}"#, Next::Cursor(Cursor::Number("12".into()))),
        (r#"{"c":"x","has_more":true}"#, with("x")),
        (r#"{"c":"x","has_more":false}"#, Next::End),
        (r#"{"c":"x","meta":{"hasNext":false}}"#, Next::End),
        (r#"{"c":""}"#, Next::End),
        (r#"{"c":null}"#, Next::End),
        (r#"{}"#, Next::End),
        ("no json", Next::End),
    ] {
        assert_eq!(led(&rule, body, None, None).unwrap(), expected, "{body}");
    }
    let last = Rule {
        next: Some(".data[-1].id".into()),
        ..rule
    };
    let body = r#"{"has_more":true,"data":[{"id":"a"},{"id":"b"}]}"#;
    assert_eq!(led(&last, body, None, None).unwrap(), with("b"));
    assert_eq!(led(&last, r#"{"data":[]}"#, None, None).unwrap(), Next::End);
    let long = format!(r#"{{"c":"{}"}}"#, "x".repeat(cursor::MAX + 1));
    let rule = self::rule(Style::Cursor, Some(".c"));
    assert_eq!(
        led(&rule, &long, None, None).unwrap_err().code(),
        Code::ResponseInvalid
    );
}

#[test]
fn offsets_and_numbers_count_on_until_a_page_is_empty_or_all_is_there() {
    let offset = rule(Style::Offset, None);
    for (body, items, position, expected) in [
        ("[1,2]", Some(2), None, Next::Position(2)),
        ("[1,2]", Some(2), Some(2), Next::Position(4)),
        (r#"{"total":4,"items":[]}"#, Some(2), Some(2), Next::End),
        (
            r#"{"meta":{"total_count":5}}"#,
            Some(2),
            Some(2),
            Next::Position(4),
        ),
        (
            r#"{"startAt":10,"total":99}"#,
            Some(10),
            None,
            Next::Position(20),
        ),
        ("[]", Some(0), Some(2), Next::End),
        (r#"{"id":1}"#, None, None, Next::End),
    ] {
        assert_eq!(
            led(&offset, body, items, position).unwrap(),
            expected,
            "{body}"
        );
    }
    let page = rule(Style::Page, None);
    for (body, items, position, expected) in [
        ("[1]", Some(1), None, Next::Position(2)),
        ("[1]", Some(1), Some(7), Next::Position(8)),
        ("[1]", Some(1), Some(0), Next::Position(1)),
        (
            r#"{"page":3,"total_pages":4}"#,
            Some(1),
            None,
            Next::Position(4),
        ),
        (r#"{"page":4,"total_pages":4}"#, Some(1), None, Next::End),
        (
            r#"{"meta":{"current_page":1,"last_page":2}}"#,
            Some(1),
            None,
            Next::Position(2),
        ),
        (
            r#"{"number":0,"totalPages":1}"#,
            Some(1),
            Some(0),
            Next::End,
        ),
        (r#"{"id":1}"#, None, None, Next::End),
        ("[]", Some(0), Some(3), Next::End),
    ] {
        assert_eq!(
            led(&page, body, items, position).unwrap(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn graphql_is_followed_by_its_page_info() {
    let rule = rule(Style::Graphql, None);
    let body = |more: bool| {
        format!(
            r#"{{"data":{{"v":{{"repos":{{"nodes":[1],"pageInfo":{{"hasNextPage":{more},"endCursor":"c"}}}}}}}}}}"#
        )
    };
    assert_eq!(led(&rule, &body(true), None, None).unwrap(), with("c"));
    assert_eq!(led(&rule, &body(false), None, None).unwrap(), Next::End);
    let errors = r#"{"data":null,"errors":[{"message":"no"}]}"#;
    assert_eq!(led(&rule, errors, None, None).unwrap(), Next::End);
    let named = Rule {
        next: Some(".data.v.repos.pageInfo".into()),
        ..rule
    };
    assert_eq!(led(&named, &body(true), None, None).unwrap(), with("c"));
}

proptest! {
    #[test]
    fn counting_always_gets_on(position in any::<u64>(), items in 1u64..1000, style in 0..2) {
        let rule = rule(if style == 0 { Style::Offset } else { Style::Page }, None);
        match led(&rule, "[1]", Some(items), Some(position)).unwrap() {
            Next::Position(then) => prop_assert!(then > position || then == u64::MAX),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
