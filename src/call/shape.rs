//! `--jq` and `--format`: what documents become on their way out.

use jaq_json::Val;
use unicode_width::UnicodeWidthStr;

use super::filter::{self, Filter};
use super::lists::{items, text};
use super::pretty::Pretty;
use crate::error::{Code, Error, Result};
use crate::secret::{is_unprintable, printable};

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// JSON, one document for each
    #[default]
    Json,
    /// One line for each item
    Ndjson,
    /// Columns for people
    Table,
    /// Comma-separated values (RFC 4180)
    Csv,
}

/// Rows that decide how wide columns are; later ones follow.
const MEASURED: usize = 200;
/// No column is wider.
const MAX_WIDTH: usize = 60;

/// Turns documents into text.
#[derive(Debug)]
pub struct Shaper {
    filter: Option<Filter>,
    /// `None`: as jq writes: strings bare.
    format: Option<Format>,
    /// Indent JSON, colour it, obey nothing in it.
    terminal: bool,
    colour: bool,
    /// Where the items are, where a preset or flag says so.
    items: Option<String>,
    columns: Vec<String>,
    widths: Vec<usize>,
    waiting: Vec<Vec<String>>,
    begun: bool,
}

impl Shaper {
    pub fn new(
        filter: Option<Filter>,
        format: Option<Format>,
        screen: (bool, bool),
        items: Option<String>,
    ) -> Shaper {
        // What a filter gives is no document of the API's any more.
        let items = items.filter(|_| filter.is_none());
        Shaper {
            filter,
            format,
            terminal: screen.0,
            colour: screen.1,
            items,
            columns: Vec::new(),
            widths: Vec::new(),
            waiting: Vec::new(),
            begun: false,
        }
    }

    /// There is a `--jq`.
    pub fn filters(&self) -> bool {
        self.filter.is_some()
    }

    /// It is `--format json`.
    pub fn writes_documents(&self) -> bool {
        self.format == Some(Format::Json)
    }

    /// Adds the text of one document to `out`.
    pub fn document(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let value = filter::parse(bytes)?;
        self.value(value, out)
    }

    /// The same for a document that is parsed already.
    pub fn value(&mut self, value: Val, out: &mut Vec<u8>) -> Result<()> {
        let Some(filter) = self.filter.take() else {
            return self.shaped(value, out);
        };
        let done = filter.run(value, &mut |value| {
            self.shaped(value, out)?;
            Ok(true)
        });
        self.filter = Some(filter);
        done.map(drop)
    }

    /// Writes what waits for its columns.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.rows(out);
    }

    fn shaped(&mut self, value: Val, out: &mut Vec<u8>) -> Result<()> {
        match self.format {
            None => {
                match text(&value) {
                    Some(text) if self.terminal => self.safe_text(&text, out),
                    Some(text) => out.extend_from_slice(text.as_bytes()),
                    None => return self.json(&value, out),
                }
                out.push(b'\n');
                Ok(())
            }
            Some(Format::Json) => self.json(&value, out),
            Some(Format::Ndjson) => {
                for item in self.items_of(value) {
                    filter::compact(&item, out);
                    out.push(b'\n');
                }
                Ok(())
            }
            Some(Format::Table | Format::Csv) => {
                let items = self.items_of(value);
                for item in &items {
                    self.row(item)?;
                }
                if self.waiting.len() >= MEASURED || self.begun {
                    self.rows(out);
                }
                Ok(())
            }
        }
    }

    fn json(&self, value: &Val, out: &mut Vec<u8>) -> Result<()> {
        if self.terminal {
            let mut compact = Vec::new();
            filter::compact(value, &mut compact);
            let mut pretty = Pretty::new(self.colour);
            pretty.push(&compact, out);
            pretty.finish(out);
        } else {
            filter::compact(value, out);
            out.push(b'\n');
        }
        Ok(())
    }

    fn safe_text(&self, text: &str, out: &mut Vec<u8>) {
        let mut safe = super::safe::Safe::default();
        safe.push(text.as_bytes(), super::safe::Style::Text, out);
        safe.finish(super::safe::Style::Text, out);
    }

    fn items_of(&self, value: Val) -> Vec<Val> {
        items(value, self.items.as_deref())
    }

    /// Keeps one item as a row; new members add columns until the first rows are out.
    fn row(&mut self, item: &Val) -> Result<()> {
        let Val::Obj(members) = item else {
            if self.columns.is_empty() {
                self.columns.push("value".into());
            }
            let mut row = vec![String::new(); self.columns.len()];
            row[0] = cell(item);
            self.waiting.push(row);
            return Ok(());
        };
        let mut row = vec![String::new(); self.columns.len()];
        for (name, value) in members.iter() {
            let name = text(name).unwrap_or_default();
            let at = match self.columns.iter().position(|column| *column == name) {
                Some(at) => at,
                None if self.begun => {
                    return Err(Error::new(
                        Code::ResponseInvalid,
                        format!(
                            "a later item has a column of its own: {}",
                            printable(&name, 60)
                        ),
                    )
                    .with_hint("choose the columns: --jq '.[] | {id, name}'"));
                }
                None => {
                    self.columns.push(name);
                    row.push(String::new());
                    self.columns.len() - 1
                }
            };
            row[at] = cell(value);
        }
        self.waiting.push(row);
        Ok(())
    }

    fn rows(&mut self, out: &mut Vec<u8>) {
        if self.columns.is_empty() {
            return;
        }
        let mut rows = std::mem::take(&mut self.waiting);
        for row in &mut rows {
            row.resize(self.columns.len(), String::new());
        }
        let csv = self.format == Some(Format::Csv);
        if !self.begun {
            self.begun = true;
            let heads: Vec<String> = match csv {
                true => self.columns.clone(),
                false => self
                    .columns
                    .iter()
                    .map(|name| name.to_uppercase())
                    .collect(),
            };
            let shown = |text: &String| printable(text, MAX_WIDTH).width();
            self.widths = (0..heads.len())
                .map(|at| {
                    let cells = rows.iter().map(|row| shown(&row[at]));
                    cells.chain([shown(&heads[at])]).max().unwrap_or(0)
                })
                .collect();
            rows.insert(0, heads);
        }
        for row in &rows {
            if csv {
                self.csv(row, out)
            } else {
                self.table(row, out)
            }
        }
    }

    fn csv(&self, row: &[String], out: &mut Vec<u8>) {
        for (at, text) in row.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let shown: String = match self.terminal {
                true => text
                    .chars()
                    .filter(|c| !is_unprintable(*c) || *c == '\n')
                    .collect(),
                false => text.clone(),
            };
            if shown.contains(['"', ',', '\n', '\r'])
                || shown.starts_with(' ')
                || shown.ends_with(' ')
            {
                out.push(b'"');
                out.extend_from_slice(shown.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            } else {
                out.extend_from_slice(shown.as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn table(&self, row: &[String], out: &mut Vec<u8>) {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&self.widths) {
            let text = printable(text, MAX_WIDTH);
            let fill = width.saturating_sub(text.width());
            line.push_str(&text);
            line.push_str(&" ".repeat(fill + 2));
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

fn cell(value: &Val) -> String {
    match value {
        Val::Null => String::new(),
        value => text(value).unwrap_or_else(|| {
            let mut out = Vec::new();
            filter::compact(value, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(
        jq: Option<&str>,
        format: Option<Format>,
        terminal: bool,
        documents: &[&str],
    ) -> String {
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
            !shaped(None, Some(Format::Csv), true, &["[{\"a\":\"\\u001b[2J\"}]"])
                .contains('\u{1b}')
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
}
