//! The pieces that chunks are packed from. The units of a text tile it, and so do the parts of a unit.

use std::collections::VecDeque;

use docmill_model::{Block, BlockKind, Span, Text};

use crate::sentence::sentences;

/// What a unit is, and so how it may be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Heading,
    /// Between sentences.
    Block,
    /// A row of a table; between cells, and only when it is longer than a chunk may be.
    Row,
    /// A sentence or a cell; at white space, and only when it is longer than a chunk may be.
    Atom,
}

/// A stretch of text with the white space behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub level: Level,
    pub span: Span,
}

/// One unit for each block, and for each row of a table; what stands outside of blocks goes with the block before.
pub(super) fn units(text: &Text, blocks: &[Block]) -> VecDeque<Unit> {
    let end = text.chars();
    let mut out: VecDeque<Unit> = VecDeque::new();
    let mut row = None;
    if end > 0 && blocks.first().is_none_or(|b| b.span.start > 0) {
        out.push_back(Unit { level: Level::Block, span: Span::new(0, end) });
    }
    for block in blocks {
        let level = match block.kind {
            BlockKind::Heading => Level::Heading,
            BlockKind::Cell => Level::Row,
            _ => Level::Block,
        };
        let start = block.span.start;
        let this_row = (level == Level::Row).then(|| row_of(&block.path));
        let same_row = this_row.is_some() && row == this_row;
        row = this_row;
        if start >= end || same_row {
            continue;
        }
        if let Some(last) = out.back_mut() {
            if start <= last.span.start {
                continue;
            }
            last.span.end = start;
        }
        out.push_back(Unit { level, span: Span::new(start, end) });
    }
    out
}

/// The path of a cell's row: `table2/r1` of `table2/r1/c4`.
fn row_of(path: &str) -> &str {
    path.rsplit_once("/c").map_or(path, |(row, _)| row)
}

/// Takes a unit one level down: a block into its sentences, a row into its cells.
pub(super) fn parts(text: &Text, unit: Unit) -> Vec<Unit> {
    let slice = text.slice(unit.span);
    let starts: Vec<usize> = match unit.level {
        Level::Heading => return vec![Unit { level: Level::Block, ..unit }],
        Level::Atom => return vec![unit],
        Level::Block => sentences(slice).iter().skip(1).map(|s| s.start).collect(),
        Level::Row => slice.match_indices('\t').map(|(at, _)| at + 1).collect(),
    };
    let mut out = Vec::with_capacity(starts.len() + 1);
    let (mut byte, mut start) = (0, unit.span.start);
    for next in starts {
        let end = start + slice[byte..next].chars().count() as u32;
        out.push(Unit { level: Level::Atom, span: Span::new(start, end) });
        (byte, start) = (next, end);
    }
    if start < unit.span.end {
        out.push(Unit { level: Level::Atom, span: Span::new(start, unit.span.end) });
    }
    out
}

/// Cuts a unit in two: the first has at most `room` characters and ends behind white space if its second half
/// holds any. `room` is at least 1 and below the unit's length.
pub(super) fn cut(text: &Text, unit: Unit, room: u32) -> [Unit; 2] {
    let start = unit.span.start;
    let mut at = start + room;
    let head = text.slice(Span::new(start, at));
    if let Some(end) = head.char_indices().rev().find(|(_, c)| c.is_whitespace()).map(|(i, c)| i + c.len_utf8()) {
        let length = head[..end].chars().count() as u32;
        if length > room / 2 {
            at = start + length;
        }
    }
    [Span::new(start, at), Span::new(at, unit.span.end)].map(|span| Unit { level: Level::Atom, span })
}
