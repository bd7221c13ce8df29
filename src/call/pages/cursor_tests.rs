//! See `cursor.rs`.

use super::*;
use proptest::prelude::*;

fn json(body: &str, path: &str, cursor: Cursor) -> String {
    String::from_utf8(set_json(body.as_bytes(), path, &cursor).unwrap()).unwrap()
}

fn value(text: &str) -> Val {
    filter::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_query_parameter_is_replaced_where_it_stands() {
    for (url, name, value, expected) in [
        (
            "https://a.example/x",
            "page",
            "2",
            "https://a.example/x?page=2",
        ),
        (
            "https://a.example/x?a=%41&page=1&b",
            "page",
            "2",
            "https://a.example/x?a=%41&page=2&b",
        ),
        (
            "https://a.example/x?page=1&page=9",
            "page",
            "2",
            "https://a.example/x?page=2",
        ),
        (
            "https://a.example/x?page%5Bafter%5D=1",
            "page[after]",
            "a&b=c#",
            "https://a.example/x?page%5Bafter%5D=a%26b%3Dc%23",
        ),
        (
            "https://a.example/x?%24skip=1",
            "$skip",
            "2",
            "https://a.example/x?%24skip=2",
        ),
    ] {
        let mut url = Url::parse(url).unwrap();
        set_query(&mut url, name, value);
        assert_eq!(url.as_str(), expected);
    }
}

#[test]
fn a_member_of_a_body_is_set_and_the_rest_stays() {
    let text = |text: &str| Cursor::Text(text.into());
    assert_eq!(
        json(
            "{\"n\": 1.10, \"big\": 12345678901234567890123}",
            "start_cursor",
            text("x\"y")
        ),
        "{\"n\":1.10,\"big\":12345678901234567890123,\"start_cursor\":\"x\\\"y\"}"
    );
    assert_eq!(json("", "a.b", text("x")), "{\"a\":{\"b\":\"x\"}}");
    assert_eq!(
        json(
            "{\"query\":\"q\",\"variables\":null}",
            "variables.endCursor",
            text("c")
        ),
        "{\"query\":\"q\",\"variables\":{\"endCursor\":\"c\"}}"
    );
    assert_eq!(
        json("{\"a.b\":1}", "a.b", Cursor::Number("2".into())),
        "{\"a.b\":2}"
    );
    assert!(set_json(b"[1]", "a", &text("x")).is_err());
    assert!(set_json(b"{\"a\":1}", "a.b", &text("x")).is_err());
    assert!(set_json(b"no", "a", &text("x")).is_err());
}

#[test]
fn what_says_nothing_is_no_cursor() {
    for nothing in [
        "null", "\"\"", "false", "true", "[]", "{}", "NaN", "Infinity",
    ] {
        assert_eq!(Cursor::of(&value(nothing)), None, "{nothing}");
    }
    assert_eq!(Cursor::of(&value("12")), Some(Cursor::Number("12".into())));
    assert_eq!(
        Cursor::of(&value("\"12\"")),
        Some(Cursor::Text("12".into()))
    );
}

#[test]
fn parameters_are_where_the_request_has_them() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (method, headers, payload, place) in [
        (Method::GET, &[][..], Payload::None, Place::Query),
        (
            Method::POST,
            &form,
            Payload::Whole("a=1".into()),
            Place::Form,
        ),
        (
            Method::POST,
            &form,
            Payload::Whole(" {\"a\":1}".into()),
            Place::Json,
        ),
        (Method::POST, &[], Payload::Empty, Place::Json),
        (
            Method::POST,
            &[],
            Payload::Whole("<a/>".into()),
            Place::Query,
        ),
    ] {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(Place::of(&method, &headers, &payload), place, "{payload:?}");
    }
}

proptest! {
    #[test]
    fn exactly_one_parameter_changes(
        pairs in prop::collection::vec(("[a-z\\[\\]$é &=]{1,4}", "[ -~é]{0,6}"), 0..6),
        name in "[a-z\\[\\]$é &=]{1,4}",
        cursor in "\\PC{0,12}",
    ) {
        let mut url = Url::parse("https://a.example/x").unwrap();
        url.query_pairs_mut().extend_pairs(&pairs);
        set_query(&mut url, &name, &cursor);
        let read: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let own: Vec<_> = read.iter().filter(|(found, _)| *found == name).collect();
        prop_assert_eq!(own.len(), 1);
        prop_assert_eq!(&own[0].1, &cursor);
        let rest: Vec<_> = read.into_iter().filter(|(found, _)| *found != name).collect();
        let expected: Vec<_> = pairs.into_iter().filter(|(found, _)| *found != name).collect();
        prop_assert_eq!(rest, expected);
        prop_assert_eq!(url.origin().ascii_serialization(), "https://a.example");
        prop_assert_eq!(url.path(), "/x");
    }

    #[test]
    fn a_cursor_comes_back_from_a_body_as_it_was(
        cursor in prop_oneof!["\\PC{0,12}".prop_map(Cursor::Text), "-?[1-9][0-9]{0,24}".prop_map(Cursor::Number)],
        name in "[a-z]{1,4}",
    ) {
        let body = set_json(br#"{"other":[1,{"a":null}]}"#, &format!("deep.{name}"), &cursor).unwrap();
        let document = filter::parse(&body).unwrap();
        let found = crate::call::lists::at(&document, &format!("deep.{name}")).and_then(Cursor::of);
        prop_assert_eq!(found, Some(cursor.clone()).filter(|cursor| !cursor.bare().is_empty()));
        prop_assert!(crate::call::lists::at(&document, "other").is_some());
    }

    #[test]
    fn what_is_printed_is_read_back(
        cursor in prop_oneof![
            "\\PC{0,12}".prop_map(Cursor::Text),
            "-?[0-9]{1,3}(\\.[0-9])?".prop_map(Cursor::Text),
            "-?[1-9][0-9]{0,24}".prop_map(Cursor::Number),
        ],
    ) {
        prop_assert_eq!(Cursor::read(&cursor.written()), cursor);
    }
}
