//! Ink of a page -> its text, words and blocks.

use docmill_model::{Advance, Block, Page, Rect, Span, Word};
use hayro_interpret::kurbo::Point;

use super::fragment::{Group, group};
use super::ink::{Glyph, Ink};
use super::line::{Line, lines, words};
use super::logical::{Cell, Run, runs, strength};
use super::{block, order};

/// Fills text, words and blocks of `page`. Returns `false` when the text was cut at `max_chars` characters.
pub(super) fn compose(ink: &Ink, page: &mut Page, max_chars: u32) -> bool {
    let groups = group(ink, page.rotation);
    let (right, left) = strength(&ink.text);
    let mut writer = Writer { ink, page, chars: 0, max_chars, line: 0, apart: false };
    let body = body_size(ink, &groups);
    groups.iter().all(|group| writer.group(group, left > right, body))
}

/// The font size in which most characters of the page are set.
fn body_size(ink: &Ink, groups: &[Group]) -> f64 {
    let mut sizes: Vec<(f64, usize)> = groups
        .iter()
        .flat_map(|group| &group.fragments)
        .map(|fragment| (fragment.size, fragment.glyphs.len()))
        .collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut rest = ink.glyphs.len() / 2;
    let middle = sizes.iter().find(|(_, glyphs)| {
        let found = rest < *glyphs;
        rest = rest.saturating_sub(*glyphs);
        found
    });
    middle.or(sizes.last()).map_or(0.0, |s| s.0)
}

struct Writer<'a> {
    ink: &'a Ink,
    page: &'a mut Page,
    chars: u32,
    max_chars: u32,
    line: u32,
    /// Whether a blank line is due before the next word.
    apart: bool,
}

impl Writer<'_> {
    fn group(&mut self, group: &Group, leftward: bool, body: f64) -> bool {
        order::regions(&group.fragments, leftward).into_iter().all(|region| self.region(group, region, body))
    }

    fn region(&mut self, group: &Group, members: Vec<u32>, body: f64) -> bool {
        let lines = lines(&group.fragments, members);
        let composed: Vec<Vec<Run>> = lines.iter().map(|line| self.read(group, line)).collect();
        let facts: Vec<block::Facts> = composed.iter().map(|runs| self.facts(runs)).collect();
        block::split(&lines, &facts).into_iter().all(|range| {
            let kind = block::kind(&lines[range.clone()], &facts[range.clone()], body);
            self.block(kind, &composed[range], group.quadrant)
        })
    }

    fn text_of(&self, glyph: u32) -> &str {
        self.ink.text_of(&self.ink.glyphs[glyph as usize])
    }

    fn read(&self, group: &Group, line: &Line) -> Vec<Run> {
        let mut cells = Vec::new();
        for word in words(&group.fragments, line) {
            if !cells.is_empty() {
                cells.push(Cell::Space);
            }
            for &fragment in word {
                let glyphs = group.fragments[fragment as usize].glyphs.clone();
                let glyphs = &group.order[glyphs.start as usize..glyphs.end as usize];
                cells.extend(glyphs.iter().map(|&glyph| Cell::Glyph(glyph)));
            }
        }
        runs(&cells, |glyph| self.text_of(glyph))
    }

    fn facts(&self, runs: &[Run]) -> block::Facts {
        // The marker and one word behind it are enough to tell.
        let start: Vec<String> = runs
            .iter()
            .take(2)
            .map(|run| run.glyphs.iter().take(8).map(|&glyph| self.text_of(glyph)).collect())
            .collect();
        let chars = runs.iter().map(|run| run.glyphs.len() as u32 + 1).sum();
        block::Facts { marked: block::is_marked(start.iter().map(String::as_str)), chars }
    }

    fn block(&mut self, kind: docmill_model::BlockKind, lines: &[Vec<Run>], quadrant: u8) -> bool {
        self.apart = !self.page.text.is_empty();
        let start = self.chars + u32::from(self.apart);
        let whole = lines.iter().all(|line| self.line(line, quadrant));
        let end = self.chars;
        if end > start {
            // The line feed behind the last line belongs to no block.
            let path = format!("page{}/b{}", self.page.number, self.page.blocks.len() + 1);
            self.page.blocks.push(Block { kind, span: Span::new(start, end - 1), path });
        }
        whole
    }

    fn line(&mut self, runs: &[Run], quadrant: u8) -> bool {
        let start = self.chars + u32::from(self.apart);
        let mut whole = true;
        for run in runs {
            let chars: usize = run.glyphs.iter().map(|&glyph| self.text_of(glyph).chars().count()).sum();
            // Room for a blank line or a space before the word and the line feed behind it.
            if u64::from(self.chars) + chars as u64 + 2 > u64::from(self.max_chars) {
                whole = false;
                break;
            }
            if std::mem::take(&mut self.apart) {
                self.put('\n');
            } else if run.spaced && self.chars > start {
                self.put(' ');
            }
            self.word(run, quadrant);
        }
        if self.chars > start {
            self.put('\n');
            self.line += 1;
        }
        whole
    }

    fn put(&mut self, c: char) {
        self.page.text.push(c);
        self.chars += 1;
    }

    fn word(&mut self, run: &Run, quadrant: u8) {
        let start = self.chars;
        let glyphs: Vec<&Glyph> = run.glyphs.iter().map(|&glyph| &self.ink.glyphs[glyph as usize]).collect();
        let mut lengths = Vec::with_capacity(glyphs.len());
        for glyph in &glyphs {
            let before = self.chars;
            for c in self.ink.text_of(glyph).chars() {
                self.put(c);
            }
            lengths.push(self.chars - before);
        }
        let advance = match (quadrant + if run.leftward { 2 } else { 0 }) % 4 {
            0 => Advance::Right,
            1 => Advance::Down,
            2 => Advance::Left,
            _ => Advance::Up,
        };
        let cuts = cuts(&glyphs, &lengths, advance);
        let rect = rect(&glyphs, &cuts, advance);
        self.page.words.push(Word { span: Span::new(start, self.chars), rect, advance, cuts, line: self.line });
    }
}

/// Points as the model stores them, in hundredths.
pub(super) fn hundredths(points: f64) -> i32 {
    (points * 100.0).round() as i32
}

/// The edges between characters along `advance`: between two glyphs halfway from the end of one to the start of the
/// next, but never beyond their centres; inside a glyph of several characters in equal parts.
fn cuts(glyphs: &[&Glyph], lengths: &[u32], advance: Advance) -> Vec<i32> {
    let sign = if matches!(advance, Advance::Left | Advance::Up) { -1.0 } else { 1.0 };
    let extent = |glyph: &Glyph| {
        let (a, b) = match advance {
            Advance::Right | Advance::Left => (glyph.start.x, glyph.end.x),
            Advance::Down | Advance::Up => (glyph.start.y, glyph.end.y),
        };
        ((a * sign).min(b * sign), (a * sign).max(b * sign))
    };
    let extents: Vec<(f64, f64)> = glyphs.iter().map(|g| extent(g)).collect();
    let mut edges = Vec::with_capacity(glyphs.len() + 1);
    edges.push(extents[0].0);
    for pair in extents.windows(2) {
        let centre = |e: (f64, f64)| (e.0 + e.1) / 2.0;
        let (low, high) = (centre(pair[0]), centre(pair[1]));
        let edge = (pair[0].1 + pair[1].0) / 2.0;
        let edge = if low <= high { edge.clamp(low, high) } else { low };
        edges.push(edge.max(edges[edges.len() - 1]));
    }
    edges.push(extents[extents.len() - 1].1.max(edges[edges.len() - 1]));
    let mut cuts = vec![hundredths(edges[0] * sign)];
    for (edge, &length) in edges.windows(2).zip(lengths) {
        for part in 1..=length {
            let at = edge[0] + (edge[1] - edge[0]) * f64::from(part) / f64::from(length);
            cuts.push(hundredths(at * sign));
        }
    }
    cuts
}

/// The box around a word: the boxes of its glyphs, and at least from the first cut to the last.
fn rect(glyphs: &[&Glyph], cuts: &[i32], advance: Advance) -> Rect {
    let corners = glyphs.iter().flat_map(|glyph| glyph.corners());
    let (mut least, mut most) = (Point::new(f64::INFINITY, f64::INFINITY), Point::new(-f64::INFINITY, -f64::INFINITY));
    for corner in corners {
        least = Point::new(least.x.min(corner.x), least.y.min(corner.y));
        most = Point::new(most.x.max(corner.x), most.y.max(corner.y));
    }
    // Rounding keeps the order, so the ends are enough.
    let around =
        Rect { x0: hundredths(least.x), y0: hundredths(least.y), x1: hundredths(most.x), y1: hundredths(most.y) };
    let (first, last) = (cuts[0], cuts[cuts.len() - 1]);
    let (low, high) = (first.min(last), first.max(last));
    around.union(match advance {
        Advance::Right | Advance::Left => Rect { x0: low, x1: high, ..around },
        Advance::Down | Advance::Up => Rect { y0: low, y1: high, ..around },
    })
}
