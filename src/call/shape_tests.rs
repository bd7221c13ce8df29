//! Answers as JSON, NDJSON, tables and CSV.

use super::*;

fn shaped(jq: Option<&str>, format: Option<Format>, terminal: bool, documents: &[&str]) -> String {
    let filter = jq.map(|expression| Filter::compile(expression).unwrap());
    let mut shaper = Shaper::new(filter, format, (terminal, false), None);
    let mut out = Vec::new();
    for document in documents {
        shaper.document(document.as_bytes(), &mut out).unwrap();
    }
    shaper.finish(&mut out);
    String::from_utf8(out).unwrap()
}

const LIST: &str = r#"{"next":null,"items":[{"id":1,"name":"Ada","tags":["x"]},{"id":2,"name":"a, \"b\"","extra":true}]}"#;

#[test]
fn jq_writes_strings_bare() {
    assert_eq!(
        shaped(Some(".items[].name"), None, false, &[LIST]),
        "Ada\na, \"b\"\n"
    );
    assert_eq!(
        shaped(Some(".items[0]"), None, false, &[LIST]),
        "{\"id\":1,\"name\":\"Ada\",\"tags\":[\"x\"]}\n"
    );
    assert_eq!(
        shaped(Some("{a: 1}"), None, true, &["0"]),
        "{\n  \"a\": 1\n}\n"
    );
    assert_eq!(
        shaped(Some(".items[0].name"), Some(Format::Json), false, &[LIST]),
        "\"Ada\"\n"
    );
}

#[test]
fn at_a_terminal_bare_strings_are_shown_safely() {
    let text = shaped(Some("."), None, true, &["\"\\u001b[2J\""]);
    assert_eq!(text, "\\u{1b}[2J\n");
    assert!(
        !shaped(
            None,
            Some(Format::Table),
            true,
            &["[{\"a\":\"\\u001b[2J\"}]"]
        )
        .contains('\u{1b}')
    );
    assert!(
        !shaped(None, Some(Format::Csv), true, &["[{\"a\":\"\\u001b[2J\"}]"]).contains('\u{1b}')
    );
}

#[test]
fn items_are_found_where_lists_commonly_are() {
    let lines = "{\"id\":1,\"name\":\"Ada\",\"tags\":[\"x\"]}\n{\"id\":2,\"name\":\"a, \\\"b\\\"\",\"extra\":true}\n";
    assert_eq!(shaped(None, Some(Format::Ndjson), false, &[LIST]), lines);
    for document in [
        "[{\"a\":1}]",
        "{\"_embedded\":{\"orders\":[{\"a\":1}]},\"_links\":{}}",
        "{\"meta\":{},\"widgets\":[{\"a\":1}]}",
        "{\"a\":1}",
        "{\"@odata.context\":\"x\",\"value\":[{\"a\":1}]}",
    ] {
        assert_eq!(
            shaped(None, Some(Format::Ndjson), false, &[document]),
            "{\"a\":1}\n",
            "{document}"
        );
    }
    let one = "{\"id\":1,\"tags\":[\"x\",\"y\"]}";
    assert_eq!(
        shaped(None, Some(Format::Ndjson), false, &[one]),
        format!("{one}\n"),
        "a list of words is no list of items"
    );
}

#[test]
fn tables_and_csv_have_a_column_for_each_member() {
    assert_eq!(
        shaped(None, Some(Format::Table), false, &[LIST]),
        "ID  NAME    TAGS   EXTRA\n1   Ada     [\"x\"]\n2   a, \"b\"         true\n"
    );
    assert_eq!(
        shaped(None, Some(Format::Csv), false, &[LIST]),
        "id,name,tags,extra\r\n1,Ada,\"[\"\"x\"\"]\",\r\n2,\"a, \"\"b\"\"\",,true\r\n"
    );
    assert_eq!(
        shaped(None, Some(Format::Csv), false, &["[1,\"x\"]"]),
        "value\r\n1\r\nx\r\n"
    );
    assert_eq!(shaped(None, Some(Format::Table), false, &["[]"]), "");
}

#[test]
fn paths_reach_into_documents() {
    let value = filter::parse(br#"{"a":{"b":1},"@odata.nextLink":"u","x":{"y.z":2}}"#).unwrap();
    for (path, found) in [
        (".a.b", true),
        ("a.b", true),
        (".@odata.nextLink", true),
        (".x[\"y.z\"]", true),
        (".x.y.z", true),
        (".a.c", false),
    ] {
        assert_eq!(at(&value, path).is_some(), found, "{path}");
    }
}
