//! Tables: where their cells stand.

use crate::draft::Gap;

/// Characters of a cell past which, at the end of a paragraph in it, the cell is taken as part of a layout:
/// cells of data are shorter, and a column of an old page holds all of its text.
pub(super) const MAX_CELL: usize = 500;

#[derive(Default)]
pub(super) struct Table {
    pub(super) number: u32,
    row: u32,
    column: u32,
    /// Row and column of the cell that was written last.
    written: Option<(u32, u32)>,
    /// The open cell holds headings, lists or tables: its text is not one cell but many blocks.
    pub(super) layout: bool,
}

impl Table {
    pub(super) fn new(number: u32) -> Self {
        Self { number, ..Self::default() }
    }

    pub(super) fn start_row(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    pub(super) fn start_cell(&mut self) {
        // A cell outside of any row begins the first.
        self.row = self.row.max(1);
        self.column += 1;
        self.layout = false;
    }

    pub(super) fn path(&self) -> String {
        format!("table{}/r{}/c{}", self.number, self.row, self.column)
    }

    /// What stands before the open cell, which is written now.
    pub(super) fn write(&mut self) -> Gap {
        match self.written.replace((self.row, self.column)) {
            Some((row, column)) if row == self.row => Gap::Tabs((self.column - column).max(1)),
            Some(_) => Gap::Row(self.column - 1),
            None => Gap::Blank,
        }
    }

    /// Something else was written since the last cell.
    pub(super) fn interrupt(&mut self) {
        self.written = None;
    }
}
