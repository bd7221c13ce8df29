//! Rows under headings, columns as wide as they need and a terminal has.

use unicode_width::UnicodeWidthStr;

use crate::call::columns;

/// Renders rows; the last column is not padded. An empty table is its heading. In a terminal of
/// `line` columns cells are cut.
pub fn render<const N: usize>(
    headings: [&str; N],
    rows: Vec<[String; N]>,
    line: Option<u16>,
) -> String {
    let headings = headings.map(str::to_owned);
    let lines: Vec<&[String; N]> = std::iter::once(&headings).chain(&rows).collect();
    let natural = std::array::from_fn::<usize, N, _>(|at| {
        let cells = lines.iter().map(|line| line[at].width());
        cells.max().unwrap_or(0)
    });
    let widths = match line {
        Some(line) => fitted(&natural, line.into()),
        None => natural.to_vec(),
    };
    let mut out = String::new();
    for cells in lines {
        let cells = cells.iter().map(String::as_str);
        columns::line(cells, &widths, line.is_some(), &mut out);
    }
    out
}

/// The first column is what one types: it is the last to be cut.
fn fitted(natural: &[usize], line: usize) -> Vec<usize> {
    let [first, rest @ ..] = natural else {
        return Vec::new();
    };
    let first = match rest {
        [] => *first.min(&line),
        _ => *first.min(&(line / 2)),
    };
    let rest = columns::share(rest, line.saturating_sub(first + columns::GAP));
    std::iter::once(first).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let rows = vec![["a", "long cell"], ["länger", ""]].into_iter();
        let rows = rows.map(|row| row.map(str::to_owned)).collect();
        assert_eq!(
            render(["X", "Y"], rows, None),
            "X       Y\na       long cell\nlänger\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let rows = vec![["work", "https://login.example.com/a/long/path"].map(str::to_owned)];
        assert_eq!(
            render(["NAME", "SERVER"], rows, Some(20)),
            "NAME  SERVER\nwork  https://login…\n"
        );
        let rows = vec![["work@ada", "valid", "a b c d e f g", "x"].map(str::to_owned)];
        assert_eq!(
            render(["NAME", "TOKEN", "SCOPE", ""], rows, Some(29)),
            "NAME      TOKEN  SCOPE\nwork@ada  valid  a b c d …  x\n"
        );
    }
}
