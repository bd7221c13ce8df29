//! `--jq`: the jq language over JSON values.

use jaq_core::load::{Arena, File, Loader, lex, parse as syntax};
use jaq_core::{Ctx, Vars, compile, data, load, unwrap_valr};
use jaq_json::{Val, read, write};

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Deeper documents are refused before a recursive parser meets them.
const MAX_DEPTH: usize = 512;

/// A compiled filter.
pub struct Filter(jaq_core::Filter<data::JustLut<Val>>);

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}

impl Filter {
    /// Compiles an expression; `Usage` says where it goes wrong.
    pub fn compile(expression: &str) -> Result<Filter> {
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let funs = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let program = File {
            code: expression,
            path: (),
        };
        let modules = Loader::new(defs)
            .load(&arena, program)
            .map_err(|errors| wrong(expression, &loading(errors)))?;
        let filter = jaq_core::Compiler::default()
            .with_funs(funs)
            .compile(modules)
            .map_err(|errors| wrong(expression, &compiling(errors)))?;
        Ok(Filter(filter))
    }

    /// Gives every output for one input; `false` from `give` ends it.
    pub fn run(&self, input: Val, give: &mut dyn FnMut(Val) -> Result<bool>) -> Result<bool> {
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, input)).map(unwrap_valr) {
            let output = output.map_err(|error| {
                let text = printable(&error.to_string(), 300);
                Error::new(Code::Usage, format!("--jq: {text}"))
                    .with_hint("look at the answer itself: leave out --jq")
            })?;
            if !give(output)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Parses one JSON document.
pub fn parse(bytes: &[u8]) -> Result<Val> {
    let invalid = |why: String| {
        Error::new(
            Code::ResponseInvalid,
            format!("the answer is not JSON: {why}"),
        )
        .with_hint("look at it as it is: leave out --jq and --format")
    };
    if depth(bytes) > MAX_DEPTH {
        return Err(invalid(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    read::parse_single(bytes).map_err(|error| invalid(printable(&error.to_string(), 200)))
}

/// How deeply brackets are nested, whatever else the text is.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The value as compact JSON.
pub fn compact(value: &Val, out: &mut Vec<u8>) {
    // Writing into memory cannot fail.
    let _ = write::write(out, &write::Pp::default(), 0, value);
}

fn wrong(expression: &str, why: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("--jq {:?}: {why}", printable(expression, 120)),
    )
    .with_hint("the language is jq's: .items[] | .name")
}

fn loading(errors: load::Errors<&str, ()>) -> String {
    let mut texts = errors.into_iter().map(|(_, error)| match error {
        load::Error::Io(_) => "modules cannot be loaded".to_owned(),
        load::Error::Lex(errors) => first(errors.into_iter().map(lexing)),
        load::Error::Parse(errors) => first(errors.into_iter().map(parsing)),
    });
    texts.next().unwrap_or_default()
}

fn lexing((expected, found): lex::Error<&str>) -> String {
    at(expected.as_str(), found)
}

fn parsing((expected, found): syntax::Error<&str>) -> String {
    at(expected.as_str(), found)
}

fn at(expected: &str, found: &str) -> String {
    match found {
        "" => format!("expected {expected} at the end"),
        found => format!("expected {expected} at {:?}", printable(found, 40)),
    }
}

fn compiling(errors: compile::Errors<&str, ()>) -> String {
    let all = errors.into_iter().flat_map(|(_, errors)| errors);
    first(all.map(|(name, kind)| format!("no such {}: {}", kind.as_str(), printable(name, 40))))
}

fn first(mut texts: impl Iterator<Item = String>) -> String {
    texts.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(expression: &str, input: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        Filter::compile(expression)?.run(parse(input.as_bytes())?, &mut |value| {
            let mut out = Vec::new();
            compact(&value, &mut out);
            found.push(String::from_utf8(out).unwrap());
            Ok(true)
        })?;
        Ok(found)
    }

    #[test]
    fn filters_are_jqs() {
        let input = r#"{"items":[{"n":1,"s":"a"},{"n":2,"s":"b"}],"big":12345678901234567890123}"#;
        for (expression, expected) in [
            (".items[].n", &["1", "2"][..]),
            (".items | map(select(.n > 1)) | .[0].s", &["\"b\""]),
            ("[.items[] | {(.s): .n}] | add", &[r#"{"a":1,"b":2}"#]),
            (".big", &["12345678901234567890123"]),
            (".items | length", &["2"]),
            ("empty", &[]),
            ("\"2015-03-05T23:51:47Z\" | fromdate", &["1425599507"]),
            (".items[0].s | test(\"^A$\"; \"i\")", &["true"]),
            (
                ".items[0] | @json, @base64 \"x\\(.s)\"",
                &[r#""{\"n\":1,\"s\":\"a\"}""#, "\"xYQ==\""],
            ),
        ] {
            assert_eq!(
                outputs(expression, input).unwrap(),
                expected,
                "{expression}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (expression, text) in [
            (".a[", "closing bracket"),
            ("if . then 1", "else or end"),
            ("nosuch(.)", "no such filter: nosuch"),
            ("$x", "no such variable"),
        ] {
            let error = Filter::compile(expression).unwrap_err();
            assert_eq!(error.code(), Code::Usage);
            assert!(error.to_string().contains(text), "{expression}: {error}");
        }
        let error = outputs(".a.b", "{\"a\":1}").unwrap_err();
        assert!(error.to_string().starts_with("--jq: "), "{error}");
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in ["", "{", "<html>", "{} {}"] {
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().code(),
                Code::ResponseInvalid
            );
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(deep.as_bytes()).is_err());
        assert!(parse(br#"{"a":"[[[[\"[[["}"#).is_ok());
    }
}
