//! Lines of a region -> blocks: paragraphs, list items and headings.

use std::ops::Range;

use docmill_model::BlockKind;

use super::line::Line;

/// What a block has to know of a line besides its place.
pub(super) struct Facts {
    /// Whether it begins with a bullet or a number with a stop behind it.
    pub marked: bool,
    pub chars: u32,
}

/// Splits the lines of a region where a paragraph ends.
pub(super) fn split(lines: &[Line], facts: &[Facts]) -> Vec<Range<usize>> {
    let usual = usual_spacing(lines);
    let mut blocks = Vec::new();
    let mut start = 0;
    for at in 1..lines.len() {
        if starts_block(lines, facts, start, at, usual) {
            blocks.push(start..at);
            start = at;
        }
    }
    if start < lines.len() {
        blocks.push(start..lines.len());
    }
    blocks
}

/// The median distance between the bases of lines of about the same size, in em; `None` with fewer than two lines.
fn usual_spacing(lines: &[Line]) -> Option<f64> {
    let mut spacings: Vec<f64> = lines
        .windows(2)
        .filter(|pair| same_size(&pair[0], &pair[1]))
        .map(|pair| (pair[1].base - pair[0].base) / pair[1].size)
        .filter(|spacing| *spacing > 0.5)
        .collect();
    let middle = spacings.len() / 2;
    (!spacings.is_empty()).then(|| *spacings.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn same_size(a: &Line, b: &Line) -> bool {
    a.size.max(b.size) <= 1.15 * a.size.min(b.size)
}

fn starts_block(lines: &[Line], facts: &[Facts], start: usize, at: usize, usual: Option<f64>) -> bool {
    let (before, line) = (&lines[at - 1], &lines[at]);
    if !same_size(before, line) {
        return true;
    }
    let em = line.size;
    let spacing = (line.base - before.base) / em;
    // Two lines alone tell no usual distance; 1.5 is the widest leading that is set without meaning a break.
    let usual = usual.filter(|_| lines.len() > 2).unwrap_or(1.2).clamp(1.0, 3.0);
    if spacing > 1.3 * usual {
        return true;
    }
    if spacing < 0.5 {
        // Parts of one row.
        return false;
    }
    if facts[at].marked {
        return true;
    }
    let indent = (line.x0 - before.x0) / em;
    // The first line of a paragraph is set in, against the line before and the line behind.
    let next_back = lines.get(at + 1).is_some_and(|next| line.x0 - next.x0 >= 0.8 * em);
    if (0.8..6.0).contains(&indent) && next_back && lines[start].x0 - before.x0 > -0.8 * em {
        return true;
    }
    // A hanging paragraph ends where a line comes back to the left.
    at - start >= 2 && indent <= -0.8 && lines[start].x0 <= line.x0 + 0.5 * em
}

/// Lines and characters that a heading has at most.
const HEADING_LINES: usize = 3;
const HEADING_CHARS: u32 = 200;

/// What a block is. `body` is the font size of most of the page's text.
pub(super) fn kind(lines: &[Line], facts: &[Facts], body: f64) -> BlockKind {
    let chars: u32 = facts.iter().map(|f| f.chars).sum();
    let size = lines.iter().map(|l| l.size).fold(0.0, f64::max);
    if size >= 1.15 * body && lines.len() <= HEADING_LINES && chars <= HEADING_CHARS {
        BlockKind::Heading
    } else if facts.first().is_some_and(|f| f.marked) {
        BlockKind::ListItem
    } else {
        BlockKind::Paragraph
    }
}

/// Whether a line begins like an item of a list: `•`, `–`, `3.`, `(iv)`, `b)`; `words` are its words. A wrapped
/// line may begin with the `v.` of a case's name or with the area code of a telephone, `(207)`: these are none.
pub(super) fn is_marked<'a>(mut words: impl Iterator<Item = &'a str>) -> bool {
    let (Some(first), Some(_)) = (words.next(), words.next()) else { return false };
    if matches!(first, "•" | "◦" | "▪" | "■" | "●" | "○" | "‣" | "·" | "–" | "—" | "-" | "*" | "\u{F0B7}")
    {
        return true;
    }
    let Some(inner) = first.strip_suffix(['.', ')']) else { return false };
    if first == "v." {
        return false;
    }
    let digits = if inner.starts_with('(') { 2 } else { 3 };
    let inner = inner.strip_prefix('(').unwrap_or(inner);
    let number = inner.len() <= digits && inner.bytes().all(|b| b.is_ascii_digit());
    let roman = inner.len() <= 5 && inner.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    let letter = inner.len() == 1 && inner.bytes().all(|b| b.is_ascii_alphabetic()) && first.ends_with(')');
    !inner.is_empty() && (number || roman || letter)
}

#[cfg(test)]
mod tests {
    use super::is_marked;

    #[test]
    fn items_of_lists_are_told_from_wrapped_lines() {
        let check = |line: &str, marked: bool| assert_eq!(is_marked(line.split(' ')), marked, "{line}");
        check("• one", true);
        check("3. three", true);
        check("(iv) four", true);
        check("b) two", true);
        check("v) five", true);
        check("v. Gibson, 355 U.S. 41", false);
        check("(207) 555-0100", false);
        check("(12) twelve", true);
        check("1983. Then", false);
        check("3.", false);
    }
}
