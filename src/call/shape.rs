//! `--jq` and `--format`: what documents become on their way out.

use jaq_json::Val;
use unicode_width::UnicodeWidthStr;

use super::columns;
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
pub(super) const MEASURED: usize = 200;

/// Who looks at what comes out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sight {
    /// Columns of a terminal: JSON is indented there, tables fit, nothing foreign is obeyed.
    pub columns: Option<u16>,
    pub colour: bool,
    /// `-s`
    pub quiet: bool,
}

/// Turns documents into text.
#[derive(Debug)]
pub struct Shaper {
    filter: Option<Filter>,
    /// `None`: as jq writes: strings bare.
    format: Option<Format>,
    sight: Sight,
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
        sight: Sight,
        items: Option<String>,
    ) -> Shaper {
        // What a filter gives is no document of the API's any more.
        let items = items.filter(|_| filter.is_none());
        Shaper {
            filter,
            format,
            sight,
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

    /// What a person should know who has seen it all.
    pub fn note(&self) -> Option<String> {
        let (shown, all) = (self.widths.len(), self.columns.len());
        let tells = self.begun && self.format == Some(Format::Table) && !self.sight.quiet;
        (tells && shown < all).then(|| {
            format!(
                "{shown} of {all} columns fit here; --jq '.[] | {{id, name}}' chooses, --format csv has all"
            )
        })
    }

    fn shaped(&mut self, value: Val, out: &mut Vec<u8>) -> Result<()> {
        match self.format {
            None => {
                match text(&value) {
                    Some(text) if self.sight.columns.is_some() => self.safe_text(&text, out),
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
        if self.sight.columns.is_some() {
            let mut compact = Vec::new();
            filter::compact(value, &mut compact);
            let mut pretty = Pretty::new(self.sight.colour);
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
        let measured = !self.begun;
        if measured {
            self.begun = true;
            let heads: Vec<String> = match csv {
                true => self.columns.clone(),
                false => self
                    .columns
                    .iter()
                    .map(|name| name.to_uppercase())
                    .collect(),
            };
            rows.insert(0, heads);
            if !csv {
                let shown = |row: &Vec<String>, at: usize| shown(&row[at]).width();
                let natural: Vec<usize> = (0..self.columns.len())
                    .map(|at| rows.iter().map(|row| shown(row, at)).max().unwrap_or(0))
                    .collect();
                self.widths = match self.sight.columns {
                    Some(line) => columns::share(&natural, line.into()),
                    None => natural,
                };
            }
        }
        for row in &rows {
            if csv {
                self.csv(row, out)
            } else {
                self.table(row, measured, out)
            }
        }
    }

    fn csv(&self, row: &[String], out: &mut Vec<u8>) {
        for (at, text) in row.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let shown: String = match self.sight.columns.is_some() {
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

    fn table(&self, row: &[String], measured: bool, out: &mut Vec<u8>) {
        let mut line = String::new();
        let cells: Vec<String> = row.iter().map(|cell| shown(cell)).collect();
        let mut widths = self.widths.clone();
        if let Some(all) = self.sight.columns.filter(|_| !measured) {
            // What room there is: better out of line than cut.
            let wanted = widths.iter().zip(&cells);
            let wanted: Vec<usize> = wanted.map(|(w, cell)| cell.width().max(*w)).collect();
            let own = columns::share(&wanted, all.into());
            if own.len() == widths.len() {
                widths = own;
            }
        }
        let cuts = self.sight.columns.is_some();
        columns::line(cells.iter().map(String::as_str), &widths, cuts, &mut line);
        out.extend_from_slice(line.as_bytes());
    }
}

/// One line of a cell, nothing in it obeyed.
fn shown(cell: &str) -> String {
    printable(cell, cell.len())
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
