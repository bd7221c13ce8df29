//! `--jq`: the jq language over JSON values.

use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Loader, lex, parse as syntax};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Ctx, RunPtr, ValR, Vars, compile, data, load};
use jaq_json::{Val, read, write};

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// Deeper documents are refused before a recursive parser meets them.
const MAX_DEPTH: usize = 512;

/// How deeply an expression's brackets are nested, and how many operators it has: its parser
/// recurses at each, and overflows the stack at some thousands.
const MAX_NESTING: usize = 64;
const MAX_OPERATORS: usize = 1000;

type Data = data::JustLut<Val>;

/// A compiled filter.
pub struct Filter(jaq_core::Filter<Data>);

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}

impl Filter {
    /// Compiles an expression; `Usage` says where it goes wrong.
    pub fn compile(expression: &str) -> Result<Filter> {
        let operators = expression
            .bytes()
            .filter(|byte| b"|,+-*/%=<>([{".contains(byte));
        let operators = operators.count() + expression.split_whitespace().count();
        if operators > MAX_OPERATORS {
            return Err(wrong(expression, "it has too many operators and words"));
        }
        if nesting(expression) > MAX_NESTING {
            let why = format!("its brackets are nested deeper than {MAX_NESTING} levels");
            return Err(wrong(expression, &why));
        }
        let arena = Arena::default();
        let program = File {
            code: expression,
            path: (),
        };
        let modules = Loader::new(definitions())
            .load(&arena, program)
            .map_err(|errors| wrong(expression, &loading(errors)))?;
        load::import(&modules, |_| Err(String::new()))
            .map_err(|errors| wrong(expression, &loading(errors)))?;
        let filter = jaq_core::Compiler::default()
            .with_funs(functions())
            .compile(modules)
            .map_err(|errors| wrong(expression, &compiling(errors)))?;
        Ok(Filter(filter))
    }

    /// Gives every output for one input; `false` from `give` ends it.
    pub fn run(&self, input: Val, give: &mut dyn FnMut(Val) -> Result<bool>) -> Result<bool> {
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, input)) {
            let output = match output.map_err(|exception| exception.get_err()) {
                Ok(output) => output,
                Err(Ok(error)) => return Err(failed(&error.to_string())),
                // `halt` would end the process with a code of its own.
                Err(Err(halted)) => {
                    return match halted.get_halt() {
                        Ok(0) => Ok(false),
                        _ => Err(failed("halt_error")),
                    };
                }
            };
            if !give(output)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// jq's own definitions, `fromjson` among them, and what is missing there. Each sees those before it.
fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let guarded = "def fromjson: not_too_deep | fromjson_of_any_depth;";
    let [guarded, missing] =
        [guarded, include_str!("filter.jq")].map(|text| load::parse(text, |parser| parser.defs()));
    jaq_core::defs()
        .chain(guarded.unwrap_or_default())
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(missing.unwrap_or_default())
}

/// jq's own functions. Text inside an answer is foreign too: `fromjson` looks at its depth first.
fn functions() -> impl Iterator<Item = Fun<Data>> {
    let all = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let guard: RunPtr<Data> = |(_, value)| bome(not_too_deep(value));
    all.map(|(name, arguments, function)| match name {
        "fromjson" => ("fromjson_of_any_depth", arguments, function),
        _ => (name, arguments, function),
    })
    .chain([run::<Data>(("not_too_deep", v(0), guard))])
}

fn not_too_deep(value: Val) -> ValR<Val> {
    match &value {
        Val::TStr(text) if depth(text) > MAX_DEPTH => {
            let why = format!("the text is nested deeper than {MAX_DEPTH} levels");
            Err(jaq_core::Error::new(Val::from(why)))
        }
        _ => Ok(value),
    }
}

fn failed(why: &str) -> Error {
    Error::new(Code::Usage, format!("--jq: {}", printable(why, 300)))
        .with_hint("look at the answer itself: leave out --jq")
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

/// How deeply an expression's brackets are nested; those in its texts count too, because `\\(` is
/// code.
fn nesting(expression: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in expression.bytes() {
        match byte {
            b'[' | b'{' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
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
            (
                r#"[1.5, "a \"b\", c", null, true, ""] | @csv"#,
                &[r#""1.5,\"a \"\"b\"\", c\",,true,\"\"""#],
            ),
            (
                r#"[.items[0].n, "a\tb\\\n\r", null] | @tsv"#,
                &[r#""1\ta\\tb\\\\\\n\\r\t""#],
            ),
            (r#"@csv "\(["a", 1])!""#, &[r#""\"a\",1!""#]),
            (".items[].n | IN(2, 3)", &["false", "true"]),
            ("IN(.items[].n; 2, 3)", &["true"]),
            (
                "INDEX(.items[]; .s) | map_values(.n)",
                &[r#"{"a":1,"b":2}"#],
            ),
            (".items[0] | [leaf_paths]", &[r#"[["n"],["s"]]"#]),
            ("1, [2] | toarray", &["[1]", "[2]"]),
            (r#""-a-" | trimstr("-")"#, &["\"a\""]),
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
        for rows in ["[[1]] | @csv", "[{}] | @tsv", "1 | @tsv", "{} | @csv"] {
            let error = outputs(rows, "null").unwrap_err().to_string();
            assert!(error.contains("row of"), "{rows}: {error}");
        }
        let error = outputs(".a.b", "{\"a\":1}").unwrap_err();
        assert!(error.to_string().starts_with("--jq: "), "{error}");
    }

    /// A text in the answer that unfolds into brackets overflowed the stack.
    #[test]
    fn json_inside_a_text_has_the_same_limit() {
        let deep = "[".repeat(100_000);
        let input = serde_json::json!({ "payload": deep, "ok": "{\"a\":[1]}" }).to_string();
        for expression in [".payload | fromjson", ".payload | tonumber"] {
            let error = outputs(expression, &input).unwrap_err();
            assert!(error.to_string().starts_with("--jq: "), "{error}");
        }
        assert_eq!(outputs(".ok | fromjson | .a[0]", &input).unwrap(), ["1"]);
        assert_eq!(outputs("\"1 2\" | [fromjson]", &input).unwrap(), ["[1,2]"]);
        assert_eq!(outputs("\"17\" | tonumber", &input).unwrap(), ["17"]);
    }

    #[test]
    fn an_expression_neither_ends_the_process_nor_reads_files_nor_overflows() {
        for expression in [
            "import \"/etc/passwd\" as $x; $x",
            "include \"x\"; .",
            &"[".repeat(20_000),
            &format!("{}.{}", "(".repeat(10_000), ")".repeat(10_000)),
            &".|".repeat(20_000),
            &"-".repeat(20_000),
            &"if . then ".repeat(20_000),
        ] {
            let error = Filter::compile(expression).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{error}");
        }
        assert_eq!(outputs("1, halt, 2", "{}").unwrap(), ["1"]);
        let error = outputs("halt_error(7)", "{}").unwrap_err();
        assert_eq!(error.to_string(), "--jq: halt_error");
        // What is just allowed does not overflow either.
        let pipes = format!("{}.", ".|".repeat(100));
        assert_eq!(outputs(&pipes, "1").unwrap(), ["1"]);
        let deep = format!("{}.{}", "[".repeat(MAX_NESTING), "]".repeat(MAX_NESTING));
        outputs(&deep, "1").unwrap();
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
