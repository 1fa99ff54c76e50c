//! A page's blocks as Markdown.

use std::collections::BTreeMap;

use docmill_model::{Block, BlockKind, Page, Text};

/// Writes a page. Pages of paged formats begin with a comment that names them.
pub fn page(page: &Page, first: bool) -> String {
    let text = Text::from(page.text.as_str());
    let mut out = if first { String::new() } else { "\n".to_owned() };
    if page.size.is_some() {
        out.push_str(&format!("<!-- page {} -->\n\n", page.number));
    }
    let mut blocks = page.blocks.as_slice();
    let mut before = None;
    while let Some(block) = blocks.first() {
        let (body, taken) = match block.kind {
            BlockKind::Cell => table(&text, blocks),
            _ => (single(block, text.slice(block.span)), 1),
        };
        let tight = block.kind == BlockKind::ListItem && before == Some(BlockKind::ListItem);
        if before.is_some() && !tight {
            out.push('\n');
        }
        out.push_str(&body);
        before = Some(block.kind);
        blocks = &blocks[taken..];
    }
    out
}

/// One block, ended with a line feed.
fn single(block: &Block, text: &str) -> String {
    let text = text.trim_matches('\n');
    let one_line = || escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    match block.kind {
        BlockKind::Heading => format!("## {}\n", one_line()),
        BlockKind::ListItem => format!("- {}\n", paragraph(text).replace('\n', "\n  ")),
        BlockKind::Footnote => format!("[^{}]: {}\n", label(&block.path), paragraph(text).replace('\n', "\n    ")),
        BlockKind::Comment => format!("> {}\n", paragraph(text).replace('\n', "\n> ")),
        BlockKind::Caption => format!("*{}*\n", one_line()),
        BlockKind::Code => {
            let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
            format!("{fence}\n{text}\n{fence}\n")
        }
        // A backslash at the end of a line keeps the line.
        BlockKind::MailHeader => format!("{}\n", paragraph(text).replace('\n', "\\\n")),
        BlockKind::Paragraph | BlockKind::Header | BlockKind::Footer => format!("{}\n", paragraph(text)),
        BlockKind::Cell => format!("{}\n", cell(text)),
    }
}

/// Lines that Markdown reads as text.
fn paragraph(text: &str) -> String {
    text.lines().map(|line| escaped(line.trim())).collect::<Vec<_>>().join("\n")
}

/// The name of a footnote from its path: a word without what a reference cannot hold.
fn label(path: &str) -> String {
    path.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Puts a backslash before what Markdown would take for its own.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = line.chars();
    for (at, c) in line.char_indices() {
        rest.next();
        let anywhere = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<');
        let at_start = at == 0 && matches!(c, '#' | '>' | '-' | '+' | '=' | '~');
        let after_number = digits > 0 && at == digits && matches!(c, '.' | ')');
        // `&lt;` in a text is no sign for `<`.
        let entity = c == '&' && rest.clone().next().is_some_and(|next| next == '#' || next.is_ascii_alphabetic());
        if anywhere || at_start || after_number || entity {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn cell(text: &str) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" ")).replace('|', "\\|")
}

/// Cells past this column are joined into the last: a table that wide is no table for people, and a cell that
/// claims to stand far to the right must not cost the columns before it.
const MAX_COLUMN: usize = 256;

/// Where a cell stands: the path of its table, its row and its column, from `table2/r1/c4`. Cells of a line that
/// was not cut into columns have the first.
fn position(path: &str) -> Option<(&str, u32, usize)> {
    let (rest, last) = path.rsplit_once('/').unwrap_or(("", path));
    match last.strip_prefix('c') {
        Some(column) => {
            let (table, row) = rest.rsplit_once('/').unwrap_or(("", rest));
            Some((table, row.strip_prefix('r')?.parse().ok()?, column.parse().ok()?))
        }
        None => Some((rest, last.strip_prefix('r')?.parse().ok()?, 1)),
    }
}

/// The table that begins with the first block, and how many blocks it has. Its first row is the head, as Markdown
/// has no table without one.
fn table(text: &Text, blocks: &[Block]) -> (String, usize) {
    let Some((name, ..)) = blocks.first().and_then(|b| position(&b.path)) else {
        return (single(&blocks[0], text.slice(blocks[0].span)), 1);
    };
    // Only the cells that are there: a row may be nothing but a last column.
    let mut rows: Vec<(u32, BTreeMap<usize, String>)> = Vec::new();
    let mut taken = 0;
    for block in blocks.iter().take_while(|b| b.kind == BlockKind::Cell) {
        let Some((_, row, column)) = position(&block.path).filter(|(table, ..)| *table == name) else { break };
        if rows.last().is_none_or(|(number, _)| *number != row) {
            rows.push((row, BTreeMap::new()));
        }
        if let Some((_, cells)) = rows.last_mut() {
            let value = cell(text.slice(block.span));
            let place = cells.entry(column.clamp(1, MAX_COLUMN)).or_default();
            if !place.is_empty() {
                place.push(' ');
            }
            place.push_str(&value);
        }
        taken += 1;
    }
    let last = |cells: &BTreeMap<usize, String>| cells.last_key_value().map_or(1, |(column, _)| *column);
    let width = rows.iter().map(|(_, cells)| last(cells)).max().unwrap_or(1);
    let mut out = String::new();
    for (index, (_, cells)) in rows.iter().enumerate() {
        // Shorter rows are filled up by whoever reads them; the head says how many columns there are.
        let columns = if index == 0 { width } else { last(cells) };
        out.push('|');
        for column in 1..=columns {
            out.push_str(&format!(" {} |", cells.get(&column).map_or("", String::as_str)));
        }
        out.push('\n');
        if index == 0 {
            out.push_str(&format!("|{}\n", " --- |".repeat(width)));
        }
    }
    (out, taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_model::{PageSize, Span};

    /// A page of blocks, each `(kind, path, text)`.
    fn check(blocks: &[(BlockKind, &str, &str)], expected: &str) {
        let mut made = Page { number: 1, ..Page::default() };
        for (kind, path, text) in blocks {
            let start = made.text.chars().count() as u32;
            made.text.push_str(text);
            let span = Span::new(start, made.text.chars().count() as u32);
            made.blocks.push(Block { kind: *kind, span, path: (*path).to_owned() });
            made.text.push('\n');
        }
        assert_eq!(page(&made, true), expected);
    }

    #[test]
    fn blocks_become_markdown() {
        use BlockKind as K;
        check(&[(K::Heading, "h1", "The\nrent"), (K::Paragraph, "p1", "One.\nTwo.")], "## The rent\n\nOne.\nTwo.\n");
        check(
            &[(K::ListItem, "l1", "a"), (K::ListItem, "l2", "b\nc"), (K::Paragraph, "p", "d")],
            "- a\n- b\n  c\n\nd\n",
        );
        check(&[(K::Code, "c", "a ``` b")], "````\na ``` b\n````\n");
        check(&[(K::Footnote, "footnote1", "see")], "[^footnote1]: see\n");
        check(&[(K::Caption, "x", "Figure 1")], "*Figure 1*\n");
        check(&[(K::MailHeader, "x", "From: a@b.org\nTo: c@d.org")], "From: a@b.org\\\nTo: c@d.org\n");
        check(&[(K::Comment, "x", "no\nyes")], "> no\n> yes\n");
        check(&[], "");
    }

    #[test]
    fn text_stays_text() {
        use BlockKind::Paragraph as P;
        check(&[(P, "p", "# no heading")], "\\# no heading\n");
        check(&[(P, "p", "1. no list\n2) nor this")], "1\\. no list\n2\\) nor this\n");
        check(&[(P, "p", "a *b* <c> [d](e) f_g `h`")], "a \\*b\\* \\<c> \\[d\\](e) f\\_g \\`h\\`\n");
        check(&[(P, "p", "1.5 and 3")], "1\\.5 and 3\n");
        check(&[(P, "p", "A & B, AT&T, &lt;&#60;&")], "A & B, AT\\&T, \\&lt;\\&#60;&\n");
    }

    #[test]
    fn cells_become_tables() {
        use BlockKind::Cell as C;
        check(
            &[(C, "table1/r1/c1", "a"), (C, "table1/r1/c2", "b|c"), (C, "table1/r2/c2", "d"), (C, "table2/r1/c1", "e")],
            "| a | b\\|c |\n| --- | --- |\n|  | d |\n\n| e |\n| --- |\n",
        );
        check(&[(C, "r1/c1", "a"), (C, "r2", "b c")], "| a |\n| --- |\n| b c |\n");
        check(&[(C, "strange", "a")], "a\n");
        check(&[(C, "t/r1/c0", "a"), (C, "t/r1/c99999999999999999999", "b")], "| a |\n| --- |\n\nb\n");
        check(&[(C, "r1/c1", "a"), (C, "r2/c3", "b")], "| a |  |  |\n| --- | --- | --- |\n|  |  | b |\n");
        check(
            &[(C, "r1/c1", "a"), (C, "r1/c300", "b"), (C, "r1/c301", "c")],
            &format!("| a |{} b c |\n|{}\n", "  |".repeat(254), " --- |".repeat(256)),
        );
    }

    #[test]
    fn pages_are_named() {
        let made = Page { number: 3, size: Some(PageSize { width: 1, height: 1 }), ..Page::default() };
        assert_eq!(page(&made, false), "\n<!-- page 3 -->\n\n");
    }
}
