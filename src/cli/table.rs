//! Rows under headings, columns as wide as they need.

/// Renders rows; the last column is not padded. An empty table is its heading.
pub fn render<const N: usize>(headings: [&str; N], rows: Vec<[String; N]>) -> String {
    let headings = headings.map(str::to_owned);
    let lines: Vec<&[String; N]> = std::iter::once(&headings).chain(&rows).collect();
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line.iter()) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for (width, cell) in widths.iter().zip(line.iter()) {
            let pad = width.saturating_sub(cell.chars().count());
            text.push_str(cell);
            text.push_str(&" ".repeat(pad + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let rows = vec![["a", "long cell"], ["länger", ""]].into_iter();
        let rows = rows.map(|row| row.map(str::to_owned)).collect();
        assert_eq!(
            render(["X", "Y"], rows),
            "X       Y\na       long cell\nlänger\n"
        );
    }
}
