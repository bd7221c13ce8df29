//! Python literals and keyword arguments, read without running anything; JSON is read alike.

use std::iter::Peekable;
use std::str::Chars;

/// Nesting beyond this is no registration.
const DEPTH: usize = 32;

/// A value as it stands in the source.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    /// A number, as written.
    Number(String),
    Bool(bool),
    None,
    List(Vec<Literal>),
    Dict(Vec<(String, Literal)>),
    /// `os.getenv("NAME")`, `os.environ["NAME"]`.
    Environment(String),
    /// Anything else: a name, a call, an f-string. Never run, never repeated.
    Code,
}

/// Arguments of a call: by position, then by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arguments {
    pub positional: Vec<Literal>,
    pub named: Vec<(String, Literal)>,
}

/// What is wrong and at which line; never holds what stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub what: &'static str,
}

/// Reads one text.
pub struct Parser<'t> {
    chars: Peekable<Chars<'t>>,
    line: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Wrong>;

impl<'t> Parser<'t> {
    /// Starts at the beginning of `text`, which is line `line` of its file.
    pub fn new(text: &'t str, line: usize) -> Self {
        Parser {
            chars: text.chars().peekable(),
            line,
            depth: 0,
        }
    }

    /// Arguments up to and with the closing parenthesis, or to the end of the text.
    pub fn arguments(&mut self, closed: bool) -> Parsed<Arguments> {
        let mut arguments = Arguments::default();
        loop {
            match self.next_token() {
                Some(')') if closed => {
                    self.bump();
                    return Ok(arguments);
                }
                None if !closed => return Ok(arguments),
                None => return self.wrong("the call does not end"),
                Some('*') => self.skip_code()?,
                Some(_) => self.argument(&mut arguments)?,
            }
            self.comma(if closed { Some(')') } else { None })?;
        }
    }

    fn argument(&mut self, arguments: &mut Arguments) -> Parsed<()> {
        // A name may be followed by `=`, or begin an expression.
        let before = (self.chars.clone(), self.line);
        if let Some(name) = self.word()
            && self.next_token() == Some('=')
        {
            self.bump();
            if arguments.named.iter().any(|(known, _)| *known == name) {
                return self.wrong("an argument is given twice");
            }
            let value = self.value()?;
            arguments.named.push((name, value));
            return Ok(());
        }
        (self.chars, self.line) = before;
        arguments.positional.push(self.value()?);
        Ok(())
    }

    /// One value, with all that belongs to its expression.
    pub fn value(&mut self) -> Parsed<Literal> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.wrong("it is nested too deeply");
        }
        let value = match self.next_token() {
            Some('"' | '\'') => self.text(false)?,
            Some('{') => self.dict()?,
            Some('[') => self.list(']')?,
            Some('(') => self.parenthesis()?,
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.name()?,
            Some(_) => return self.wrong("there is no value"),
            None => return self.wrong("the text ends where a value is expected"),
        };
        self.depth -= 1;
        // An operator or an index after it makes it code.
        match self.next_token() {
            None | Some(',' | ')' | ']' | '}' | ':') => Ok(value),
            Some(_) => {
                self.skip_code()?;
                Ok(Literal::Code)
            }
        }
    }

    fn list(&mut self, close: char) -> Parsed<Literal> {
        self.bump();
        let mut items = Vec::new();
        loop {
            if self.next_token() == Some(close) {
                self.bump();
                return Ok(Literal::List(items));
            }
            items.push(self.value()?);
            self.comma(Some(close))?;
        }
    }

    /// `("a" "b")` is a string, `("a", "b")` a tuple.
    fn parenthesis(&mut self) -> Parsed<Literal> {
        self.bump();
        let mut items = Vec::new();
        let mut tuple = false;
        loop {
            if self.next_token() == Some(')') {
                self.bump();
                return Ok(match items.pop() {
                    Some(only) if !tuple => only,
                    last => Literal::List(items.into_iter().chain(last).collect()),
                });
            }
            items.push(self.value()?);
            tuple |= self.next_token() == Some(',');
            self.comma(Some(')'))?;
        }
    }

    fn dict(&mut self) -> Parsed<Literal> {
        self.bump();
        let mut entries: Vec<(String, Literal)> = Vec::new();
        loop {
            match self.next_token() {
                Some('}') => {
                    self.bump();
                    return Ok(Literal::Dict(entries));
                }
                Some('*') => self.skip_code()?,
                _ => {
                    let key = self.value()?;
                    if self.next_token() != Some(':') {
                        return self.wrong("a dict lacks a colon");
                    }
                    self.bump();
                    let value = self.value()?;
                    if let Literal::Text(key) = key {
                        if entries.iter().any(|(known, _)| *known == key) {
                            return self.wrong("a key is given twice");
                        }
                        entries.push((key, value));
                    }
                }
            }
            self.comma(Some('}'))?;
        }
    }

    fn number(&mut self) -> Literal {
        let mut text = String::new();
        while let Some(c) = self.chars.peek().copied()
            && (c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'))
        {
            text.push(c);
            self.bump();
        }
        Literal::Number(text.replace('_', ""))
    }

    /// A constant, a string's prefix, an environment variable, or code.
    fn name(&mut self) -> Parsed<Literal> {
        let mut name = self.word().unwrap_or_default();
        if let Some('"' | '\'') = self.chars.peek() {
            let prefix = name.to_ascii_lowercase();
            return match prefix.as_str() {
                "r" | "rb" | "br" => self.text(true),
                "u" | "b" => self.text(false),
                _ => {
                    self.text(true)?;
                    Ok(Literal::Code)
                }
            };
        }
        while self.chars.peek() == Some(&'.') {
            self.bump();
            name.push('.');
            name.push_str(&self.word().unwrap_or_default());
        }
        Ok(match name.as_str() {
            "True" | "true" => Literal::Bool(true),
            "False" | "false" => Literal::Bool(false),
            "None" | "null" => Literal::None,
            "os.getenv" | "getenv" | "os.environ.get" | "environ.get" => self.variable('(', ')')?,
            "os.environ" | "environ" => self.variable('[', ']')?,
            _ => {
                self.skip_code()?;
                Literal::Code
            }
        })
    }

    fn variable(&mut self, open: char, close: char) -> Parsed<Literal> {
        if self.next_token() != Some(open) {
            return Ok(Literal::Code);
        }
        Ok(match self.list(close)? {
            Literal::List(items) => match items.into_iter().next() {
                Some(Literal::Text(name)) => Literal::Environment(name),
                _ => Literal::Code,
            },
            _ => Literal::Code,
        })
    }

    /// A string, with those that follow it directly.
    fn text(&mut self, raw: bool) -> Parsed<Literal> {
        let mut text = String::new();
        self.quoted(&mut text, raw)?;
        while let Some('"' | '\'') = self.next_token() {
            self.quoted(&mut text, false)?;
        }
        Ok(Literal::Text(text))
    }

    fn quoted(&mut self, out: &mut String, raw: bool) -> Parsed<()> {
        let quote = self.bump().unwrap_or('"');
        let triple = self.starts_with([quote, quote]);
        if triple {
            self.bump();
            self.bump();
        }
        loop {
            match self.bump() {
                None => return self.wrong("a string does not end"),
                Some('\n') if !triple => return self.wrong("a string does not end"),
                Some('\\') if !raw => self.escape(out)?,
                Some(c) if c == quote && !triple => return Ok(()),
                Some(c) if c == quote && self.starts_with([quote, quote]) => {
                    self.bump();
                    self.bump();
                    return Ok(());
                }
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Parsed<()> {
        let digits = match self.bump() {
            None => return self.wrong("a string does not end"),
            Some('\n') => return Ok(()),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(c) => {
                match c {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '\\' | '\'' | '"' | '/' => out.push(c),
                    _ => out.extend(['\\', c]),
                }
                return Ok(());
            }
        };
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.bump().and_then(|c| c.to_digit(16));
            let Some(digit) = digit else {
                return self.wrong("an escape in a string lacks digits");
            };
            value = value * 16 + digit;
        }
        // Half a surrogate pair, as JSON may have it, is no character.
        out.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    /// Skips the rest of an expression: up to a comma or a closing bracket that is not its own.
    fn skip_code(&mut self) -> Parsed<()> {
        let mut open = Vec::new();
        loop {
            match self.next_token() {
                None if open.is_empty() => return Ok(()),
                None => return self.wrong("a bracket does not close"),
                Some(',') if open.is_empty() => return Ok(()),
                Some(')' | ']' | '}') if open.is_empty() => return Ok(()),
                Some('"' | '\'') => self.quoted(&mut String::new(), false)?,
                Some(c @ ('(' | '[' | '{')) => {
                    open.push(c);
                    self.bump();
                }
                Some(')' | ']' | '}') => {
                    open.pop();
                    self.bump();
                }
                Some(_) => {
                    self.bump();
                }
            }
        }
    }

    fn comma(&mut self, close: Option<char>) -> Parsed<()> {
        match self.next_token() {
            Some(',') => {
                self.bump();
                Ok(())
            }
            end if end == close => Ok(()),
            _ => self.wrong("a comma is missing"),
        }
    }

    fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(c) = self.chars.peek().copied()
            && (c.is_alphanumeric() || c == '_')
        {
            word.push(c);
            self.bump();
        }
        (!word.is_empty()).then_some(word)
    }

    /// The next character that is neither blank nor comment nor a continued line.
    fn next_token(&mut self) -> Option<char> {
        loop {
            match self.chars.peek().copied() {
                Some('#') => {
                    while self.chars.peek().is_some_and(|c| *c != '\n') {
                        self.bump();
                    }
                }
                Some(c) if c.is_whitespace() || c == '\\' => {
                    self.bump();
                }
                other => return other,
            }
        }
    }

    fn starts_with<const N: usize>(&self, expected: [char; N]) -> bool {
        self.chars.clone().take(N).eq(expected)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.chars.next();
        if c == Some('\n') {
            self.line += 1;
        }
        c
    }

    fn wrong<T>(&self, what: &'static str) -> Parsed<T> {
        Err(Wrong {
            line: self.line,
            what,
        })
    }
}

#[cfg(test)]
#[path = "literal_tests.rs"]
mod tests;
