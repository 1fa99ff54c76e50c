//! A page as an extractor gives it: text, layout and blocks.

use serde::{Deserialize, Serialize};

use crate::{Span, Warning};

/// Width and height of the unrotated page in hundredths of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSize {
    pub width: i32,
    pub height: i32,
}

/// A page. Spans of words and blocks count characters of this page's `text`.
///
/// The document's raw text is the texts of its pages one behind the other; an extractor ends every text that
/// is not empty with a line feed, so that words of two pages never run together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// `None` for formats that flow; these have one page, number 1.
    pub size: Option<PageSize>,
    /// Clockwise turn for display: 0, 90, 180 or 270 degrees.
    pub rotation: u16,
    pub text: String,
    /// In the order of the text, without overlap; empty for formats that flow.
    pub words: Vec<Word>,
    /// In the order of the text, without overlap; every character that is not white space lies in one.
    pub blocks: Vec<Block>,
    pub warnings: Vec<Warning>,
}

/// A rectangle in hundredths of a point, from the top left of the unrotated page; `x0 <= x1`, `y0 <= y1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rect {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl Rect {
    pub fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }
}

/// The direction in which characters follow each other, on the unrotated page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Advance {
    Right,
    Left,
    Down,
    Up,
}

/// A run of characters without white space on one line, with its box and the cuts between its characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub span: Span,
    pub rect: Rect,
    pub advance: Advance,
    /// Coordinates along `advance` of the edges between characters, first and last edge included: one more
    /// than there are characters. They fall where `advance` is `Left` or `Up`.
    pub cuts: Vec<i32>,
    /// Number of the line on the page, from 0: words of one line and one direction share it.
    pub line: u32,
}

impl Word {
    /// The box of a part of the word; `span` counts characters of the page's text and is clipped to the word.
    /// `None` when they do not meet.
    pub fn rect_of(&self, span: Span) -> Option<Rect> {
        let start = span.start.max(self.span.start);
        let end = span.end.min(self.span.end);
        if start >= end {
            return None;
        }
        let a = self.cuts.get((start - self.span.start) as usize).copied();
        let b = self.cuts.get((end - self.span.start) as usize).copied();
        let (Some(a), Some(b)) = (a, b) else { return Some(self.rect) };
        let (low, high) = (a.min(b), a.max(b));
        Some(match self.advance {
            Advance::Right | Advance::Left => Rect { x0: low, x1: high, ..self.rect },
            Advance::Down | Advance::Up => Rect { y0: low, y1: high, ..self.rect },
        })
    }
}

/// What a block is. `MailHeader` is the first block of a mail's text: the lines From, To, Cc, Date and Subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Heading,
    Paragraph,
    ListItem,
    Cell,
    Header,
    Footer,
    Footnote,
    Comment,
    Caption,
    Code,
    MailHeader,
}

impl BlockKind {
    pub const ALL: [Self; 11] = [
        Self::Heading,
        Self::Paragraph,
        Self::ListItem,
        Self::Cell,
        Self::Header,
        Self::Footer,
        Self::Footnote,
        Self::Comment,
        Self::Caption,
        Self::Code,
        Self::MailHeader,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Heading => "heading",
            Self::Paragraph => "paragraph",
            Self::ListItem => "list_item",
            Self::Cell => "cell",
            Self::Header => "header",
            Self::Footer => "footer",
            Self::Footnote => "footnote",
            Self::Comment => "comment",
            Self::Caption => "caption",
            Self::Code => "code",
            Self::MailHeader => "mail_header",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// A piece of structure: a heading, a paragraph, a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    pub span: Span,
    /// Where the block stands in the file's own structure, such as `body/p3`, `table2/r1/c4`, `footnote1`.
    pub path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_word_has_the_box_between_its_cuts() {
        let rect = Rect { x0: 0, y0: 0, x1: 30, y1: 10 };
        let word = Word { span: Span::new(5, 8), rect, advance: Advance::Left, cuts: vec![30, 20, 10, 0], line: 0 };
        assert_eq!(word.rect_of(Span::new(6, 7)), Some(Rect { x0: 10, x1: 20, ..rect }));
        assert_eq!(word.rect_of(Span::new(0, 99)), Some(rect));
        assert_eq!(word.rect_of(Span::new(8, 9)), None);
    }
}
