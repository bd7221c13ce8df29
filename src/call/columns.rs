//! Columns of a table in a terminal: how a line's width is shared out, and cells cut to it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
pub const GAP: usize = 2;
/// Nothing narrower is worth a column, where its cells are wider.
const LEAST: usize = 4;

/// The widths that columns of these `natural` widths get in a line of `line`; fewer than there
/// are where not even narrow ones all fit.
///
/// Narrow columns keep what they need, and wide ones share the rest evenly.
pub fn share(natural: &[usize], line: usize) -> Vec<usize> {
    let least = |width: &usize| (*width).min(LEAST);
    let mut count = natural.len();
    let mut narrow = natural.iter().map(least).sum::<usize>() + GAP * count.saturating_sub(1);
    while count > 1 && narrow > line {
        count -= 1;
        narrow -= least(&natural[count]) + GAP;
    }
    let natural = &natural[..count];
    let mut room = line.saturating_sub(GAP * count.saturating_sub(1));
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|at| natural[*at]);
    let mut widths = vec![0; count];
    for (done, at) in order.into_iter().enumerate() {
        widths[at] = natural[at].min(room / (count - done));
        room -= widths[at];
    }
    widths
}

/// `text` in at most `width` columns of the screen, with `…` where it was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else {
        return String::new();
    };
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or_default();
        used <= room
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    // A sequence may be wider than its characters one by one.
    while kept.width() > room {
        kept.pop();
    }
    kept.push('…');
    kept
}

/// Adds a line of cells to `out`, cut to their `widths` where `cuts`; cells without a width are
/// left out.
pub fn line<'a>(
    cells: impl IntoIterator<Item = &'a str>,
    widths: &[usize],
    cuts: bool,
    out: &mut String,
) {
    let begun = out.len();
    for (cell, width) in cells.into_iter().zip(widths) {
        let cell = match cuts {
            true => std::borrow::Cow::Owned(cut(cell, *width)),
            false => cell.into(),
        };
        out.push_str(&cell);
        out.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
    }
    out.truncate(begun + out[begun..].trim_end().len());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_columns_keep_their_width_and_wide_ones_share_the_rest() {
        assert_eq!(share(&[2, 10, 4], 80), [2, 10, 4], "all fit");
        assert_eq!(share(&[2, 100, 4, 50], 80), [2, 34, 4, 34]);
        assert_eq!(share(&[2, 100, 4, 20], 80), [2, 48, 4, 20]);
        assert_eq!(share(&[500], 80), [80]);
        assert_eq!(share(&[], 80), [0; 0]);
    }

    #[test]
    fn no_line_is_wider_than_the_screen() {
        for line in 1..200 {
            for columns in 1..60 {
                let natural: Vec<usize> = (0..columns).map(|at| at * 37 % 53).collect();
                let widths = share(&natural, line);
                let all = widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
                assert!(all <= line, "{line} {columns}: {widths:?}");
                let room = line - all;
                let cut = widths.iter().zip(&natural).any(|(got, want)| got < want);
                assert!(!cut || room == 0, "{room} unused of {line}: {widths:?}");
            }
        }
    }

    #[test]
    fn columns_that_would_be_too_narrow_are_left_out() {
        assert_eq!(share(&[9; 40], 80).len(), 13);
        assert_eq!(
            share(&[1; 40], 80).len(),
            27,
            "these are narrow by themselves"
        );
    }

    #[test]
    fn cells_are_cut_by_what_they_take_on_the_screen() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("名前名前", 8), "名前名前");
        assert_eq!(cut("名前名前", 7), "名前名…");
        assert_eq!(cut("名前名前", 6), "名前…");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
        for width in 0..12 {
            let text = cut("☺\u{fe0f}☺\u{fe0f}☺\u{fe0f}e\u{301}e\u{301}👩👩👩", width);
            assert!(text.width() <= width, "{width}: {text}");
        }
    }

    #[test]
    fn cells_line_up_whatever_their_characters() {
        let mut out = String::new();
        line(["名前名前", "x"], &[5, 3], true, &mut out);
        line(["abc", "long", "left out"], &[5, 3], true, &mut out);
        line(["abcdef", "long"], &[5, 3], false, &mut out);
        assert_eq!(out, "名前…  x\nabc    lo…\nabcdef  long\n");
    }
}
