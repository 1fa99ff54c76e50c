//! Fragments of a region -> lines -> words.

use std::collections::BTreeSet;

use super::fragment::{Fragment, WORD_GAP};

/// A line: fragments from left to right, in the frame of their group.
pub(super) struct Line {
    pub fragments: Vec<u32>,
    pub x0: f64,
    pub x1: f64,
    pub base: f64,
    /// The largest font size on it.
    pub size: f64,
}

/// Lines above and below that a fragment is compared with: where more of them are this close, nothing can be read.
const NEIGHBOURS: usize = 4;

/// Groups fragments into lines from top to bottom.
///
/// A fragment joins the line whose end is nearest to its own base, so that lines of a page that was scanned askew
/// stay together. Text painted over other text makes a line of its own.
pub(super) fn lines(all: &[Fragment], mut members: Vec<u32>) -> Vec<Line> {
    members.sort_by(|&a, &b| {
        let (f, g) = (&all[a as usize], &all[b as usize]);
        f.x0.total_cmp(&g.x0).then(f.base.total_cmp(&g.base)).then(a.cmp(&b))
    });
    let mut lines: Vec<Line> = Vec::new();
    // Of each line the base at its right end, in thousandths of a point, and its index.
    let mut ends: BTreeSet<(i64, u32)> = BTreeSet::new();
    let key = |base: f64| (base * 1000.0) as i64;
    for member in members {
        let fragment = &all[member as usize];
        let reach = key(0.6 * fragment.size.min(1e6)).max(1);
        let at = key(fragment.base);
        let above = ends.range((at.saturating_sub(reach), 0)..(at, 0)).rev().take(NEIGHBOURS);
        let below = ends.range((at, 0)..=(at.saturating_add(reach), u32::MAX)).take(NEIGHBOURS);
        let nearest = above
            .chain(below)
            .map(|&(end, line)| ((end - at).abs(), line, end))
            .filter(|&(_, line, end)| joins(&lines[line as usize], end as f64 / 1000.0, fragment))
            .min();
        match nearest {
            Some((_, index, end)) => {
                let line = &mut lines[index as usize];
                line.fragments.push(member);
                line.x1 = line.x1.max(fragment.x1);
                // A raised or lowered small glyph does not move the line.
                if fragment.size >= 0.85 * line.size {
                    ends.remove(&(end, index));
                    ends.insert((at, index));
                    line.base = line.base.max(fragment.base);
                    line.size = line.size.max(fragment.size);
                }
            }
            None => {
                ends.insert((at, lines.len() as u32));
                lines.push(Line {
                    fragments: vec![member],
                    x0: fragment.x0,
                    x1: fragment.x1,
                    base: fragment.base,
                    size: fragment.size,
                });
            }
        }
    }
    lines.sort_by(|a, b| a.base.total_cmp(&b.base).then(a.x0.total_cmp(&b.x0)));
    lines
}

fn joins(line: &Line, end: f64, fragment: &Fragment) -> bool {
    let (small, large) = (line.size.min(fragment.size), line.size.max(fragment.size));
    let overlap = line.x1 - fragment.x0;
    if overlap > 0.5 * small && overlap > 0.75 * (fragment.x1 - fragment.x0) {
        return false;
    }
    let shift = (end - fragment.base).abs();
    // Raised figures are half as large as their line at least; an initial over several lines is larger than that.
    shift <= 0.45 * small || shift <= 0.5 * large && small >= 0.45 * large && small <= 0.85 * large
}

/// Splits a line into words: lists of fragments from left to right.
pub(super) fn words<'a>(all: &[Fragment], line: &'a Line) -> Vec<&'a [u32]> {
    let threshold = WORD_GAP + letter_spacing(all, line);
    line.fragments
        .chunk_by(|&a, &b| {
            let (a, b) = (&all[a as usize], &all[b as usize]);
            let gap = b.x0 - a.x1;
            let size = a.size.min(b.size);
            let space = (a.space_right || b.space_left) && gap > -0.1 * size;
            // Words painted over each other; a single glyph may be an accent on its letter.
            let crossed = gap < -0.35 * size && a.glyphs.len() > 1 && b.glyphs.len() > 1;
            !space && !crossed && gap <= threshold * size
        })
        .collect()
}

/// By how many em the letters of a line are set apart. A line that has gaps between almost all its glyphs is spaced
/// out; its words are told apart by what goes beyond.
fn letter_spacing(all: &[Fragment], line: &Line) -> f64 {
    let single = |f: &Fragment| f.glyphs.len() == 1;
    let mut gaps: Vec<f64> = line
        .fragments
        .windows(2)
        .map(|pair| (&all[pair[0] as usize], &all[pair[1] as usize]))
        .filter(|(a, b)| single(a) && single(b) && !a.space_right && !b.space_left && !(a.digits && b.digits))
        .map(|(a, b)| (b.x0 - a.x1) / a.size.min(b.size))
        .collect();
    // Four letters, because a row of a table may hold three marks.
    if gaps.len() < 3 || gaps.len() * 2 < line.fragments.len() {
        return 0.0;
    }
    let quarter = gaps.len() / 4;
    let low = *gaps.select_nth_unstable_by(quarter, f64::total_cmp).1;
    // Letters further apart than a wide space are not one word any more.
    if (WORD_GAP..0.3).contains(&low) { low * 1.3 } else { 0.0 }
}
