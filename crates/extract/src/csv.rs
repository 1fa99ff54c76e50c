//! Tables as text: a record is a line, its cells are parted by tabs.
//!
//! Nothing is refused. A quote that never closes is an ordinary character, a record may have any number of cells,
//! and a line end or a tab inside a cell becomes a space, so that a record stays a line.

use std::borrow::Cow;

use docmill_model::{BlockKind, MediaType};

use crate::draft::{Draft, Gap, replaced};
use crate::{Bytes, Error, Options, Sink, Summary, text};

/// Cells past which a block is a record instead of a cell: a block costs more memory than a short cell.
const MAX_CELLS: usize = 50_000;

/// Bytes within which a quoted cell closes. One that does not is taken as unquoted, so that a stray quote costs
/// its own cell and not the rest of the file.
const MAX_QUOTED: usize = 1 << 16;

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    // Quotes and line ends are left out, so that there are fewer characters than were read; a factor of two is
    // more than a table of quoted numbers needs.
    let decoded = text::decode(bytes.as_ref().as_ref(), None, options.max_chars.saturating_mul(2));
    let delimiter = delimiter(&decoded.text);
    let cells = Cells::new(&decoded.text, delimiter);
    let by_cell = cells.clone().take(MAX_CELLS + 1).count() <= MAX_CELLS;
    let mut draft = Draft::new(options);
    if by_cell {
        write_cells(cells, &mut draft)
    } else {
        write_records(cells, &mut draft)
    }
    draft.mark_cut(decoded.cut);
    draft.deliver(MediaType::Csv, replaced(decoded.replaced).into_iter().collect(), options, sink)
}

fn write_cells(cells: Cells, draft: &mut Draft) {
    let (mut row, mut column) = (1_u32, 1_u32);
    // Row and column of the block that was written last.
    let mut last = (0, 1);
    for cell in cells {
        let value = on_one_line(&cell.value);
        if !value.trim().is_empty() {
            let gap = if last.0 == row { Gap::Tabs(column - last.1) } else { Gap::Row(column - 1) };
            draft.push(gap, BlockKind::Cell, format!("r{row}/c{column}"), &value);
            last = (row, column);
        }
        (row, column) = if cell.ends_record { (row + 1, 1) } else { (row, column + 1) };
        if draft.is_cut() {
            return;
        }
    }
}

fn write_records(cells: Cells, draft: &mut Draft) {
    let mut row = 1_u32;
    let mut line = String::new();
    for cell in cells {
        line.push_str(&on_one_line(&cell.value));
        if !cell.ends_record {
            line.push('\t');
            continue;
        }
        draft.push(Gap::Row(0), BlockKind::Cell, format!("r{row}"), &line);
        line.clear();
        row += 1;
        if draft.is_cut() {
            return;
        }
    }
}

fn on_one_line(value: &str) -> Cow<'_, str> {
    if value.contains(['\n', '\r', '\t']) {
        value.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ").into()
    } else {
        value.into()
    }
}

/// The delimiter that gives the most records of the same width in the first records; the comma when none does.
fn delimiter(text: &str) -> char {
    let score = |delimiter: char| {
        let widths = widths(text, delimiter);
        let wide = widths.iter().filter(|&&w| w > 1).count();
        let usual = widths.first().copied().unwrap_or(0);
        (widths.iter().filter(|&&w| w > 1 && w == usual).count(), wide)
    };
    // The first of equals wins.
    DELIMITERS.into_iter().rev().max_by_key(|&d| score(d)).unwrap_or(',')
}

/// Numbers of cells of the first records, blank ones left out.
fn widths(text: &str, delimiter: char) -> Vec<usize> {
    let mut widths = Vec::new();
    let (mut width, mut blank) = (0, true);
    // Cells that are looked at: a hundred records of a wide table.
    for cell in Cells::new(text, delimiter).take(20_000) {
        width += 1;
        blank &= cell.value.trim().is_empty();
        if cell.ends_record {
            if !blank || width > 1 {
                widths.push(width);
            }
            (width, blank) = (0, true);
            if widths.len() == 100 {
                break;
            }
        }
    }
    widths
}

/// Whether the text is a table with some delimiter: at least two records, nearly all of one width above one,
/// and not sentences that happen to have as many commas. `whole` is false when the text goes on behind its end.
pub(crate) fn is_table(text: &str, whole: bool) -> bool {
    let text = if whole { text } else { text.rfind('\n').map_or(text, |end| &text[..end]) };
    DELIMITERS.into_iter().any(|delimiter| is_table_by(text, delimiter))
}

fn is_table_by(text: &str, delimiter: char) -> bool {
    let widths = widths(text, delimiter);
    let usual = widths.iter().copied().max_by_key(|w| widths.iter().filter(|x| *x == w).count()).unwrap_or(0);
    let same = widths.iter().filter(|&&w| w == usual).count();
    let odd = widths.len() - same;
    // One record in ten may be a title or a sum, or one of a short table.
    if usual < 2 || same < 2 || (odd * 10 > widths.len() && (odd > 1 || same < 4)) {
        return false;
    }
    let (mut cells, mut firsts, mut lasts, mut sentences, mut words) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut spaces = 0_usize;
    let mut column = 0;
    for cell in Cells::new(text, delimiter).take(usual * widths.len()) {
        let value = cell.value.trim();
        cells += 1;
        column += 1;
        words += value.split_whitespace().count();
        spaces += usize::from(cell.value.starts_with(' '));
        if !cell.quoted {
            // `Dear Sir, thank you` and `a; b.` are prose or code.
            let spaced = cell.value.starts_with(' ') && value.split_whitespace().count() > 1;
            let ended = value.ends_with(['.', '!', '?', ':', '{', '}', ')', ']']) && value.contains(' ');
            sentences += usize::from(spaced || ended);
        }
        firsts += usize::from(column == 1 && !value.is_empty());
        if cell.ends_record {
            lasts += usize::from(!value.is_empty());
            column = 0;
        }
    }
    // Text after which a delimiter ends each line is a program; text before which one stands is indented.
    let ends_are_empty = usual == 2 && (lasts * 2 < widths.len() || firsts * 2 < widths.len());
    let prose = if delimiter == '\t' { words > cells * 20 } else { sentences * 4 > cells || words > cells * 8 };
    // Two lines with one comma each prove little: the cells must be single words without a space between them.
    let few = widths.len() < 3 && usual == 2 && delimiter == ',' && (words > cells || spaces > 0);
    !ends_are_empty && !prose && !few
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell<'a> {
    value: Cow<'a, str>,
    quoted: bool,
    ends_record: bool,
}

/// The cells of a table, one by one, so that a record of a million cells takes no memory.
#[derive(Clone)]
struct Cells<'a> {
    rest: &'a str,
    delimiter: char,
    /// A delimiter was read and its cell was not.
    pending: bool,
}

impl<'a> Cells<'a> {
    fn new(text: &'a str, delimiter: char) -> Self {
        Self { rest: text, delimiter, pending: false }
    }

    /// The value of a cell that begins with a quote, and what follows its closing quote.
    fn quoted(&self) -> Option<(Cow<'a, str>, &'a str)> {
        let body = self.rest.strip_prefix('"')?;
        let within = &body[..body.floor_char_boundary(MAX_QUOTED)];
        let mut from = 0;
        loop {
            let quote = from + within[from..].find('"')?;
            if !body[quote + 1..].starts_with('"') {
                let value = &body[..quote];
                let value = if from == 0 { value.into() } else { value.replace("\"\"", "\"").into() };
                return Some((value, &body[quote + 1..]));
            }
            from = quote + 2;
            if from > within.len() {
                return None;
            }
        }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        if self.rest.is_empty() && !self.pending {
            return None;
        }
        let (mut value, quoted) = match self.quoted() {
            Some((value, rest)) => {
                self.rest = rest;
                (value, true)
            }
            None => (Cow::Borrowed(""), false),
        };
        let end = self.rest.find(['\n', '\r', self.delimiter]).unwrap_or(self.rest.len());
        let (tail, rest) = self.rest.split_at(end);
        // What stands between a closing quote and the delimiter is kept.
        if value.is_empty() {
            value = tail.into();
        } else if !tail.trim().is_empty() {
            value.to_mut().push_str(tail);
        }
        self.pending = rest.starts_with(self.delimiter);
        self.rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..)).unwrap_or("");
        Some(Cell { value, quoted, ends_record: !self.pending })
    }
}

#[cfg(test)]
mod tests {
    use docmill_model::Code;

    use super::*;
    use crate::testing::{self, codes, extract_as, paths};

    #[track_caller]
    fn check(source: &str, expected: &str) {
        testing::check_text(extract, source, expected);
    }

    #[test]
    fn records_become_lines_and_cells_are_parted_by_tabs() {
        check("a,b\n1,2\n", "a\tb\n1\t2\n");
        check("a;b;c\r\n1,5;;3\r\n", "a\tb\tc\n1,5\t\t3\n");
        check("a\tb\n1\t2", "a\tb\n1\t2\n");
        check("x|y\n,1|2\n", "x\ty\n,1\t2\n");
        check("a,b\n\n,2\n", "a\tb\n\t2\n");
        check("a,b,c\n1\n1,2,3,4\n", "a\tb\tc\n1\n1\t2\t3\t4\n");
        check("a,b,", "a\tb\n");
    }

    #[test]
    fn quotes_may_hold_anything_or_be_broken() {
        check("a,\"x, \"\"y\"\"\nz\"\n1,2\n", "a\tx, \"y\" z\n1\t2\n");
        check("a,\"b\"tail\n1,2\n", "a\tbtail\n1\t2\n");
        check("a,\"b\n1,2\n", "a\t\"b\n1\t2\n");
        check("a,5\" pipe\n1,2\n", "a\t5\" pipe\n1\t2\n");
        check("\"\",\"\"\n\"x\",\"\"\"\"\n", "x\t\"\n");
    }

    #[test]
    fn each_cell_is_a_block_named_by_row_and_column() {
        let (page, _) = extract_as(extract, b"a,b\n,2\n", &Options::default());
        assert_eq!(paths(&page), ["r1/c1: a", "r1/c2: b", "r2/c2: 2"]);
    }

    #[test]
    fn a_table_of_many_cells_has_a_block_for_each_record() {
        let source = "a,b\n".repeat(MAX_CELLS / 2 + 1);
        let (page, _) = extract_as(extract, source.as_bytes(), &Options::default());
        assert_eq!(page.blocks.len(), MAX_CELLS / 2 + 1);
        assert_eq!(page.blocks[1].path, "r2");
        assert!(page.text.starts_with("a\tb\na\tb\n"));
    }

    #[test]
    fn a_table_past_the_limit_is_cut() {
        let options = Options { max_chars: 7, ..Options::default() };
        for (source, expected, cut) in [("aa,bb\ncc,dd", "aa\tbb\n", true), ("aaa,bb\n", "aaa\tbb\n", false)] {
            let (page, summary) = extract_as(extract, source.as_bytes(), &options);
            assert_eq!(page.text, expected);
            assert_eq!(codes(&summary).contains(&Code::TEXT_LIMIT), cut);
        }
    }

    #[test]
    fn tables_are_told_from_prose_and_programs() {
        for (source, expected) in [
            ("a,b\n1,2\n", true),
            ("name;age\nAnn Lee;3\nBob;4\n", true),
            ("a\tb c\n1\t2\n", true),
            ("Dear Sir, thank you.\nPlease, call back.\n", false),
            ("Hello, world\nGoodbye, moon\n", false),
            ("int a;\nint b;\nint c;\n", false),
            ("\tone\n\ttwo\n\tthree\n", false),
            ("1,2,3\na,b,c\na,b,c,d\na,b,c\na,b,c", true),
            ("one\ntwo\n", false),
            ("a,b\n", false),
        ] {
            assert_eq!(is_table(source, true), expected, "{source:?}");
        }
    }
}
