//! What `--jq` and `--format` make of documents.

use super::filter::Filter;
use super::shape::*;

fn shaped(jq: Option<&str>, format: Option<Format>, terminal: bool, documents: &[&str]) -> String {
    let filter = jq.map(|expression| Filter::compile(expression).unwrap());
    let sight = Sight {
        columns: terminal.then_some(40),
        ..Sight::default()
    };
    let mut shaper = Shaper::new(filter, format, sight, None);
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
fn a_table_fits_its_terminal_and_is_whole_in_a_pipe() {
    let wide =
        r#"[{"id":7,"name":"名前名前名前名前名前","about":"a long description that goes on"}]"#;
    assert_eq!(
        shaped(None, Some(Format::Table), true, &[wide]),
        "ID  NAME               ABOUT\n7   名前名前名前名前…  a long descripti…\n"
    );
    let long = format!("[{{\"a\":\"{0}\",\"b\":\"{0}\"}}]", "x".repeat(300));
    let piped = shaped(None, Some(Format::Table), false, &[&long]);
    assert!(piped.lines().all(|line| !line.contains('…')), "{piped}");
    assert_eq!(piped.lines().last().map(str::len), Some(602));
}

#[test]
fn later_rows_of_a_table_use_the_room_there_is() {
    let first = "[{\"a\":1,\"b\":2}]";
    let many: Vec<&str> = std::iter::repeat_n(first, MEASURED + 1).collect();
    let long = format!("[{{\"a\":\"{}\",\"b\":3}}]", "x".repeat(99));
    let documents: Vec<&str> = many.into_iter().chain([&*long]).collect();
    let text = shaped(None, Some(Format::Table), true, &documents);
    assert_eq!(
        text.lines().last(),
        Some(&*format!("{}…  3", "x".repeat(36)))
    );
}

#[test]
fn columns_that_do_not_fit_are_told_of() {
    let members: Vec<String> = (0..40).map(|n| format!("\"column{n}\":{n}")).collect();
    let sight = Sight {
        columns: Some(40),
        ..Sight::default()
    };
    let mut shaper = Shaper::new(None, Some(Format::Table), sight, None);
    let mut out = Vec::new();
    let document = format!("[{{{}}}]", members.join(","));
    shaper.document(document.as_bytes(), &mut out).unwrap();
    shaper.finish(&mut out);
    let note = shaper.note().unwrap_or_default();
    assert!(note.starts_with("7 of 40 columns fit here"), "{note}");
}
