//! What Python literals are read as, and what is wrong with others.

use super::*;

fn value(text: &str) -> Parsed<Literal> {
    Parser::new(text, 1).value()
}

fn text(value: &str) -> Literal {
    Literal::Text(value.into())
}

#[test]
fn literals() {
    for (source, expected) in [
        ("'a'", text("a")),
        ("\"a\" 'b'\n  \"c\"", text("abc")),
        ("('a'\n 'b')", text("ab")),
        ("r'\\d'", text("\\d")),
        ("'\\x41\\u00e9\\n'", text("Aé\n")),
        ("\"\"\"a\n\"b\" \"\"\"", text("a\n\"b\" ")),
        ("''", text("")),
        ("-1.5", Literal::Number("-1.5".into())),
        ("True", Literal::Bool(true)),
        ("null", Literal::None),
        ("['a', 'b',]", Literal::List(vec![text("a"), text("b")])),
        ("('a',)", Literal::List(vec![text("a")])),
        (
            "{'a': {'b': 1}}",
            Literal::Dict(vec![(
                "a".into(),
                Literal::Dict(vec![("b".into(), Literal::Number("1".into()))]),
            )]),
        ),
        ("os.getenv('X')", Literal::Environment("X".into())),
        (
            "os.environ.get(\"X\", 'y')",
            Literal::Environment("X".into()),
        ),
        ("os.environ['X']", Literal::Environment("X".into())),
        ("f'{x}'", Literal::Code),
        ("settings.X", Literal::Code),
        ("'a' + b(1, ')')", Literal::Code),
        ("lambda: {}", Literal::Code),
    ] {
        assert_eq!(value(source), Ok(expected), "{source}");
    }
}

#[test]
fn what_is_wrong_has_its_line() {
    for (source, line, what) in [
        ("'a", 1, "a string does not end"),
        ("'a\nb'", 2, "a string does not end"),
        ("[1,\n 2", 2, "a comma is missing"),
        ("{'a' 1}", 1, "a dict lacks a colon"),
        ("{'a': 1, 'a': 2}", 1, "a key is given twice"),
        ("", 1, "the text ends where a value is expected"),
        ("foo(", 1, "a bracket does not close"),
    ] {
        assert_eq!(value(source), Err(Wrong { line, what }), "{source}");
    }
    assert!(value(&"[".repeat(100_000)).is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(source in "([\\[\\](){}'\"\\\\,:=#*a-c. \n0-9]|os.getenv|f'){0,40}") {
        let _ = value(&source);
        let _ = Parser::new(&source, 1).arguments(true);
        let _ = Parser::new(&source, 1).arguments(false);
    }

    #[test]
    fn json_strings_come_back(text in "\\PC{0,30}") {
        let source = serde_json::to_string(&text).unwrap();
        proptest::prop_assert_eq!(value(&source), Ok(Literal::Text(text)));
    }
}
