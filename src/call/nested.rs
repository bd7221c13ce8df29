//! HTTPie's nested keys (`a[b][]=c`) and the JSON document they build.
//!
//! Numbers keep the digits they were typed with, whatever their size.

use serde_json::value::RawValue;

use crate::error::{Code, Error, Result};
use crate::secret::printable;

/// A JSON document under construction.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Object(Vec<(String, Tree)>),
    Array(Vec<Tree>),
    Text(String),
    /// A number, `true`, `false` or `null`, as typed.
    Literal(String),
}

/// One step of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Append,
}

/// Depth at which a document or a key is refused.
const MAX_DEPTH: usize = 128;
/// An index beyond this would allocate for nothing.
const MAX_INDEX: usize = 1 << 16;

impl Tree {
    /// Parses JSON text.
    pub fn parse(text: &str) -> Result<Tree, serde_json::Error> {
        Tree::from_raw(serde_json::from_str(text)?, MAX_DEPTH)
    }

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Tree, serde_json::Error> {
        let text = raw.get();
        if depth == 0 {
            return Err(serde::de::Error::custom("nested too deeply"));
        }
        match text.as_bytes().first() {
            Some(b'{') => {
                let mut members = Vec::new();
                for (name, value) in serde_json::from_str::<Members>(text)?.0 {
                    put(&mut members, name, Tree::from_raw(value, depth - 1)?);
                }
                Ok(Tree::Object(members))
            }
            Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)?
                .into_iter()
                .map(|value| Tree::from_raw(value, depth - 1))
                .collect::<Result<_, _>>()
                .map(Tree::Array),
            Some(b'"') => serde_json::from_str(text).map(Tree::Text),
            _ => Ok(Tree::Literal(text.to_owned())),
        }
    }

    /// Writes the document as Python's `json.dumps` does, which is what HTTPie sends.
    pub fn write(&self, out: &mut String) {
        match self {
            Tree::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    write_text(name, out);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
            Tree::Array(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    value.write(out);
                }
                out.push(']');
            }
            Tree::Text(text) => write_text(text, out),
            Tree::Literal(literal) => out.push_str(literal),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Tree::Literal(literal) if literal == "null")
    }

    fn kind(&self) -> &'static str {
        match self {
            Tree::Object(_) => "an object",
            Tree::Array(_) => "an array",
            Tree::Text(_) => "a string",
            Tree::Literal(literal) if literal.starts_with(['t', 'f']) => "a boolean",
            Tree::Literal(_) => "a number",
        }
    }
}

/// The members of an object in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Builds one document out of `(key, value)` pairs.
pub fn build(pairs: Vec<(String, Tree)>) -> Result<Tree> {
    let mut root = None;
    for (key, value) in pairs {
        let steps = steps(&key)?;
        let mut cursor = root.get_or_insert_with(|| container(&steps[0]));
        for (index, step) in steps.iter().enumerate() {
            let fresh = match steps.get(index + 1) {
                Some(next) => container(next),
                None => value.clone(),
            };
            let last = index + 1 == steps.len();
            cursor = descend(cursor, step, fresh, last).map_err(|found| {
                Error::new(
                    Code::Usage,
                    format!(
                        "item key {:?} does not fit: {} is {found} there",
                        printable(&key, 80),
                        printable(&before(&steps, index), 80),
                    ),
                )
                .with_hint("a[b]=… needs an object at a, a[]=… and a[0]=… need an array")
            })?;
        }
    }
    Ok(root.unwrap_or(Tree::Object(Vec::new())))
}

/// Goes one step down, creating or replacing what is missing; the found kind where it cannot.
fn descend<'a>(
    cursor: &'a mut Tree,
    step: &Step,
    fresh: Tree,
    last: bool,
) -> Result<&'a mut Tree, &'static str> {
    let kind = cursor.kind();
    match (cursor, step) {
        (Tree::Object(members), Step::Key(name)) => {
            let at = match members.iter().position(|(n, _)| n == name) {
                Some(at) => {
                    if last || members[at].1.is_null() {
                        members[at].1 = fresh;
                    }
                    at
                }
                None => {
                    members.push((name.clone(), fresh));
                    members.len() - 1
                }
            };
            Ok(&mut members[at].1)
        }
        (Tree::Array(values), Step::Index(index)) => {
            while values.len() <= *index {
                values.push(Tree::Literal("null".into()));
            }
            if last || values[*index].is_null() {
                values[*index] = fresh;
            }
            Ok(&mut values[*index])
        }
        (Tree::Array(values), Step::Append) => {
            values.push(fresh);
            let at = values.len() - 1;
            Ok(&mut values[at])
        }
        _ => Err(kind),
    }
}

fn container(step: &Step) -> Tree {
    match step {
        Step::Key(_) => Tree::Object(Vec::new()),
        Step::Index(_) | Step::Append => Tree::Array(Vec::new()),
    }
}

fn put(members: &mut Vec<(String, Tree)>, name: String, value: Tree) {
    match members.iter_mut().find(|(n, _)| *n == name) {
        Some(member) => member.1 = value,
        None => members.push((name, value)),
    }
}

fn before(steps: &[Step], end: usize) -> String {
    let mut out = String::new();
    for (index, step) in steps[..end].iter().enumerate() {
        match step {
            Step::Key(name) if index == 0 => out.push_str(name),
            Step::Key(name) => out.push_str(&format!("[{name}]")),
            Step::Index(at) => out.push_str(&format!("[{at}]")),
            Step::Append => out.push_str("[]"),
        }
    }
    if out.is_empty() {
        out.push_str("the document");
    }
    out
}

/// What a key is made of.
enum Token {
    Open,
    Close,
    Name(String),
    Number(i64),
}

fn tokens(key: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut name, mut escaped) = (String::new(), false);
    let flush = |name: &mut String, escaped: &mut bool, tokens: &mut Vec<Token>| {
        let text = std::mem::take(name);
        let escaped = std::mem::take(escaped);
        if text.is_empty() {
            return;
        }
        tokens.push(match text.parse() {
            Ok(number) if !escaped => Token::Number(number),
            // `\1` is the name "1".
            _ => match text.strip_prefix('\\') {
                Some(digits) if !escaped && digits.parse::<i64>().is_ok() => {
                    Token::Name(digits.to_owned())
                }
                _ => Token::Name(text),
            },
        });
    };
    let mut characters = key.chars();
    while let Some(c) = characters.next() {
        match c {
            '[' | ']' => {
                flush(&mut name, &mut escaped, &mut tokens);
                tokens.push(if c == '[' { Token::Open } else { Token::Close });
            }
            '\\' => match characters.next() {
                Some(next @ ('[' | ']' | '\\')) => {
                    escaped = true;
                    name.push(next);
                }
                next => name.extend(['\\'].into_iter().chain(next)),
            },
            c => name.push(c),
        }
    }
    flush(&mut name, &mut escaped, &mut tokens);
    tokens
}

/// `name[key][0][]`; at the root also `[0]…` and `[]…`.
fn steps(key: &str) -> Result<Vec<Step>> {
    let wrong = |what: String| {
        Error::new(
            Code::Usage,
            format!("item key {:?}: {what}", printable(key, 80)),
        )
        .with_hint("nested keys look like a[b][]=c; write \\[ for a bracket in a name")
    };
    let mut tokens = tokens(key).into_iter().peekable();
    let mut steps = Vec::new();
    match tokens.peek() {
        None => return Ok(vec![Step::Key(String::new())]),
        Some(Token::Name(_) | Token::Number(_)) => match tokens.next() {
            Some(Token::Name(name)) => steps.push(Step::Key(name)),
            // At the root a number is a name like any other.
            Some(Token::Number(number)) => steps.push(Step::Key(number.to_string())),
            _ => {}
        },
        Some(_) => {}
    }
    while let Some(token) = tokens.next() {
        if !matches!(token, Token::Open) {
            return Err(wrong("expected [".into()));
        }
        let step = match tokens.next() {
            Some(Token::Close) => {
                steps.push(Step::Append);
                continue;
            }
            Some(Token::Name(_)) if steps.is_empty() => {
                return Err(wrong("a list needs a number or nothing in [ ]".into()));
            }
            Some(Token::Name(name)) => Step::Key(name),
            Some(Token::Number(number)) => match usize::try_from(number) {
                Ok(index) if index <= MAX_INDEX => Step::Index(index),
                _ => return Err(wrong(format!("index {number} is out of range"))),
            },
            _ => return Err(wrong("expected a name, a number or ]".into())),
        };
        if !matches!(tokens.next(), Some(Token::Close)) {
            return Err(wrong("expected ]".into()));
        }
        steps.push(step);
    }
    if steps.len() > MAX_DEPTH {
        return Err(wrong("nested too deeply".into()));
    }
    Ok(steps)
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
