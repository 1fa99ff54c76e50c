//! From the order in which glyphs stand on a line to the order in which they are read.

use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// What stands on a line, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// An index of [`Ink::glyphs`](super::ink::Ink).
    Glyph(u32),
    Space,
}

/// A run of glyphs in the order of reading that go one way and hold no white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub glyphs: Vec<u32>,
    /// Whether they go from right to left.
    pub leftward: bool,
    /// Whether white space is before it.
    pub spaced: bool,
}

/// How many characters of a text are written to the right and to the left.
pub(super) fn strength(text: &str) -> (usize, usize) {
    if !may_turn(text) {
        return (text.bytes().filter(u8::is_ascii_alphabetic).count(), 0);
    }
    text.chars().fold((0, 0), |(right, left), c| match bidi_class(c) {
        BidiClass::L => (right + 1, left),
        BidiClass::R | BidiClass::AL => (right, left + 1),
        _ => (right, left),
    })
}

/// Whether a text may hold characters that are written to the left: Hebrew is the first such script.
fn may_turn(text: &str) -> bool {
    text.chars().any(|c| c >= '\u{590}')
}

/// Puts a line into the order of reading. `text` gives the characters of a glyph.
pub(super) fn runs<'a>(cells: &[Cell], text: impl Fn(u32) -> &'a str) -> Vec<Run> {
    let (right, left) = cells.iter().fold((0, 0), |sum, cell| match cell {
        Cell::Glyph(glyph) => {
            let (right, left) = strength(text(*glyph));
            (sum.0 + right, sum.1 + left)
        }
        Cell::Space => sum,
    });
    if left == 0 {
        return split(cells.iter().map(|&cell| (cell, false)));
    }
    // The line is walked in the direction in which its sentence goes, so that numbers see the letters before them.
    // What the algorithm then finds to go the other way stands in reverse.
    let leftward = left > right;
    let walk: Vec<Cell> = if leftward { cells.iter().rev().copied().collect() } else { cells.to_vec() };
    let line: String = walk
        .iter()
        .map(|cell| match cell {
            Cell::Glyph(glyph) => text(*glyph).chars().next().filter(|c| !c.is_control()).unwrap_or(' '),
            Cell::Space => ' ',
        })
        .collect();
    let base = if leftward { Level::rtl() } else { Level::ltr() };
    let levels = BidiInfo::new(&line, Some(base)).levels;
    let mut cells: Vec<(Cell, u8)> = walk
        .into_iter()
        .zip(line.char_indices())
        .map(|(cell, (offset, _))| (cell, levels.get(offset).map_or(base.number(), Level::number)))
        .collect();
    let deepest = cells.iter().map(|cell| cell.1).max().unwrap_or(0);
    for level in (base.number() + 1..=deepest).rev() {
        for run in cells.chunk_by_mut(|a, b| (a.1 >= level) == (b.1 >= level)) {
            if run[0].1 >= level {
                run.reverse();
            }
        }
    }
    split(cells.into_iter().map(|(cell, level)| (cell, level % 2 == 1)))
}

fn split(cells: impl Iterator<Item = (Cell, bool)>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut spaced = false;
    for (cell, leftward) in cells {
        match cell {
            Cell::Space => spaced = true,
            Cell::Glyph(glyph) => match runs.last_mut() {
                Some(run) if !spaced && run.leftward == leftward => run.glyphs.push(glyph),
                _ => runs.push(Run { glyphs: vec![glyph], leftward, spaced: std::mem::take(&mut spaced) }),
            },
        }
    }
    runs
}
