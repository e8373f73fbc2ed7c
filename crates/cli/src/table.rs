//! Tables that fit the terminal: what is too long is shortened in its middle.
//!
//! Promise: on a terminal of 80 columns or more no line of a table is wider than the terminal.
//! Where there is no terminal, nothing is shortened.

use comfy_table::{ContentArrangement, presets};
use console::{Term, measure_text_width};

/// Columns that are never narrower than this.
const NARROWEST: usize = 8;
/// Between two columns, and around them.
const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Its texts are shown whole.
    Whole(&'static str),
    /// Its texts may be shortened. They must have no colour.
    Short(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Whole(title) | Self::Short(title) => title,
        }
    }
}

/// The width of the terminal, if standard output is one.
#[must_use]
pub fn terminal_width() -> Option<usize> {
    let terminal = Term::stdout();
    let size = terminal.is_term().then(|| terminal.size_checked()).flatten();
    size.map(|(_, columns)| usize::from(columns))
}

/// A table of these rows, `width` columns wide at most.
#[must_use]
pub fn table<const N: usize>(
    columns: [Column; N],
    rows: &[[String; N]],
    width: Option<usize>,
) -> comfy_table::Table {
    let widths = widths(columns, rows, width.unwrap_or(usize::MAX));
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.map(Column::title));
    for row in rows {
        table.add_row(row.iter().zip(widths).map(|(text, width)| middle(text, width)));
    }
    table
}

fn widths<const N: usize>(columns: [Column; N], rows: &[[String; N]], width: usize) -> [usize; N] {
    let mut widths = columns.map(|column| column.title().len());
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = measure_text_width(text).max(*width);
        }
    }
    let mut over = (widths.iter().sum::<usize>() + GAP * N).saturating_sub(width);
    while over > 0 {
        let short = widths.iter_mut().zip(columns);
        let short = short.filter(|(_, column)| matches!(column, Column::Short(_)));
        let Some((widest, _)) = short.max_by_key(|(width, _)| **width) else { break };
        if *widest <= NARROWEST {
            break;
        }
        *widest -= 1;
        over -= 1;
    }
    widths
}

/// `text`, `width` columns wide at most: its beginning, `…`, and its end.
#[must_use]
pub fn middle(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let start = fitting(text.chars(), kept.div_ceil(2));
    let mut end = fitting(text.chars().rev(), kept / 2);
    end.reverse();
    let (start, end): (String, String) = (start.iter().collect(), end.iter().collect());
    format!("{start}…{end}")
}

/// The first characters that fit.
fn fitting(characters: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut left = width;
    let fits = |character: &char| {
        let wide = measure_text_width(character.encode_utf8(&mut [0; 4]));
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    characters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 3] =
        [Column::Whole("PHASE"), Column::Short("NAME"), Column::Short("STATUS")];

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(middle("train-2026-11-02-17-30-00", 12), "train-…30-00");
        assert_eq!(middle("short", 12), "short");
        assert_eq!(middle("日本語日本語", 8), "日本…語");
    }

    #[test]
    fn without_a_terminal_nothing_is_shortened() {
        let row = ["failed".to_owned(), "n".repeat(300), "s".repeat(300)];
        let shown = table(COLUMNS, &[row], None).to_string();
        assert!(shown.contains(&"n".repeat(300)) && shown.contains(&"s".repeat(300)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(
            rows in prop::collection::vec(("[a-z_]{1,9}", "\\PC{0,90}", "[a-zA-Z ]{0,90}"), 0..6),
            width in 80_usize..200,
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(a, b, c)| {
                let name: String = b.chars().filter(|c| !sagebell_monitor::inert::acts(*c)).collect();
                [a, name, c]
            }).collect();
            let shown = table(COLUMNS, &rows, Some(width)).to_string();
            for line in shown.lines() {
                prop_assert!(measure_text_width(line) <= width, "{line:?}");
            }
        }
    }
}
