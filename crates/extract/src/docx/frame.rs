//! What is open while a part is read: paragraphs in cells in tables in text boxes in paragraphs.

use docmill_model::BlockKind;

use super::style::Properties;
use crate::draft::Gap;

/// A place where blocks follow each other: the body, a header, a note, a text box.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    pub path: String,
    pub paragraphs: u32,
    pub tables: u32,
    /// Text that stands before that of the first paragraph.
    pub lead: String,
    /// Text of paragraphs whose end was deleted: the next one goes on with it.
    pub carried: String,
    /// Text outside of paragraphs.
    pub loose: String,
}

#[derive(Debug, Default)]
pub(super) struct Paragraph {
    pub path: String,
    pub text: String,
    pub style: Option<String>,
    pub properties: Properties,
    pub is_end_deleted: bool,
    pub boxes: u32,
    /// Blocks of text boxes, which follow the paragraph that holds them.
    pub later: Vec<Found>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub path: String,
    /// Row and cell being read, from 1.
    pub row: u32,
    pub cell: u32,
    /// Row and cell of the last cell that says something.
    pub last: Option<(u32, u32)>,
}

impl Table {
    /// What stands before the present cell, which is taken note of.
    pub(super) fn gap(&mut self) -> Gap {
        let gap = match self.last {
            None => Gap::Blank,
            Some((row, cell)) if row == self.row => Gap::Tabs(self.cell.saturating_sub(cell)),
            Some(_) => Gap::Row(self.cell.saturating_sub(1)),
        };
        self.last = Some((self.row, self.cell));
        gap
    }
}

#[derive(Debug)]
pub(super) enum Frame {
    Sequence(Sequence),
    Paragraph(Paragraph),
    Table(Table),
    /// The text of a cell.
    Cell(String),
}

/// A block that is ready.
#[derive(Debug)]
pub(super) struct Found {
    pub gap: Gap,
    pub kind: BlockKind,
    pub path: String,
    pub text: String,
}
