//! The one row on stderr that progress shares. It is written over with spaces and carriage
//! returns alone, which every terminal understands.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use unicode_width::UnicodeWidthStr;

use super::Screen;
use crate::secret::printable;

static ROW: Mutex<Row> = Mutex::new(Row {
    texts: Vec::new(),
    drawn: 0,
});
static NEXT: AtomicU64 = AtomicU64::new(1);

struct Row {
    /// What is shown, by place, in the order it came.
    texts: Vec<(u64, String)>,
    /// Columns that are written on now.
    drawn: usize,
}

fn row() -> MutexGuard<'static, Row> {
    ROW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `write`, which writes to stderr, with the row out of its way.
pub fn beside(write: impl FnOnce()) {
    let mut row = row();
    row.put("");
    write();
    if !row.texts.is_empty() {
        row.draw();
    }
}

/// Someone's part of the row; gone when dropped.
pub struct Place(u64);

impl Default for Place {
    fn default() -> Self {
        Place(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Place {
    pub fn show(&self, text: String) {
        let mut row = row();
        match row.texts.iter_mut().find(|(id, _)| *id == self.0) {
            Some((_, shown)) => *shown = text,
            None => row.texts.push((self.0, text)),
        }
        row.draw();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut row = row();
        let before = row.texts.len();
        row.texts.retain(|(id, _)| *id != self.0);
        if row.texts.len() < before {
            row.draw();
        }
    }
}

impl Row {
    fn draw(&mut self) {
        let text = joined(&self.texts, columns());
        self.put(&text);
    }

    fn put(&mut self, text: &str) {
        if self.drawn == 0 && text.is_empty() {
            return;
        }
        let (bytes, drawn) = over(text, self.drawn);
        self.drawn = drawn;
        // That stderr is gone can be told to nobody.
        let _ = std::io::stderr().lock().write_all(bytes.as_bytes());
    }
}

/// Columns that may be written on: one less than there are, so that nothing wraps.
pub fn columns() -> usize {
    let all = Screen::stderr().width.map_or(80, usize::from);
    all.saturating_sub(1)
}

/// What fits into `columns`.
fn joined(texts: &[(u64, String)], columns: usize) -> String {
    let all: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let mut text = printable(&all.join(" | "), 1000);
    while text.width() > columns {
        text.pop();
    }
    text
}

/// `text` over `before` columns of another, and how many columns it takes itself.
fn over(text: &str, before: usize) -> (String, usize) {
    let columns = text.width();
    let rest = before.saturating_sub(columns);
    // Back to the end of the text, so that a cursor is where one expects it.
    let back = if rest == 0 {
        String::new()
    } else {
        format!("{}\r{text}", " ".repeat(rest))
    };
    (format!("\r{text}{back}"), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_text_leaves_nothing_of_the_longer_one() {
        assert_eq!(over("abc", 0), ("\rabc".to_owned(), 3));
        assert_eq!(over("a", 3), ("\ra  \ra".to_owned(), 1));
        assert_eq!(over("", 2), ("\r  \r".to_owned(), 0));
    }

    #[test]
    fn a_row_never_wraps() {
        let texts = [(1, "long".repeat(10)), (2, "漢字".repeat(9))];
        let text = joined(&texts, 50);
        assert!(text.starts_with("longlong") && text.contains(" | 漢字"));
        assert!(text.width() <= 50);
    }

    #[test]
    fn what_is_foreign_cannot_move_the_cursor() {
        let text = joined(&[(1, "a\r\u{1b}[2Jb\n".to_owned())], 80);
        assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
    }
}
