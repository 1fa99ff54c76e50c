//! Plain tables: columns as wide as their widest cell.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use crate::screen::{DIM, Screen, line};

/// The side on which the cells of a column are flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Left(&'static str),
    Right(&'static str),
}

impl Column {
    fn head(self) -> &'static str {
        match self {
            Self::Left(head) | Self::Right(head) => head,
        }
    }
}

/// A cell: one line of text and how it is painted.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub fn painted(text: impl AsRef<str>, style: Style) -> Self {
        Self { text: line(text.as_ref()), style }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Style::new())
    }
}

#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lines with two spaces before them, the heads first; nothing when there are no rows.
    pub fn render(&self, screen: &Screen) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let heads: Vec<Cell> = self.columns.iter().map(|c| Cell::painted(c.head(), DIM)).collect();
        let rows: Vec<&Vec<Cell>> = std::iter::once(&heads).chain(&self.rows).collect();
        let width = |index: usize| rows.iter().filter_map(|r| r.get(index)).map(|c| c.text.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut out = String::new();
        for row in rows {
            let mut text = String::new();
            for ((cell, column), width) in row.iter().zip(&self.columns).zip(&widths) {
                let gap = " ".repeat(width.saturating_sub(cell.text.width()));
                let painted = screen.paint(cell.style, &cell.text);
                text.push_str("  ");
                match column {
                    Column::Left(_) => text.extend([painted, gap]),
                    Column::Right(_) => text.extend([gap, painted]),
                }
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_and_not_by_bytes() {
        let mut table = Table::new(&[Column::Left("name"), Column::Right("n")]);
        table.row(["größe.txt".into(), "7".into()]);
        table.row(["漢字".into(), "1200".into()]);
        let expected = "  name          n\n  größe.txt     7\n  漢字       1200\n";
        assert_eq!(table.render(&Screen::plain()), expected);
        assert_eq!(Table::new(&[Column::Left("a")]).render(&Screen::plain()), "");
    }
}
