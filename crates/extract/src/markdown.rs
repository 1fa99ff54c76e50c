//! Markdown (CommonMark with tables, footnotes and task lists): the text as it is shown, without the marks.
//!
//! The number of an item in an ordered list is text, because people cite it. The target of a link stands behind its
//! text in angle brackets when it says something else. HTML in between is read as in `html.rs`.

use docmill_model::{BlockKind, MediaType, Warning};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::draft::{Draft, Gap, replaced};
use crate::{Bytes, Error, Options, Sink, Summary, html, text};

/// Bytes of a source past which it is read as plain text, marks and all. The parser keeps a tree of some fifty bytes
/// for each byte of a dense source, and nobody writes so long a file by hand.
const MAX_SOURCE: usize = 4 << 20;

/// The limit of characters holds for the source as well as for the text.
pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let bytes = bytes.as_ref().as_ref();
    if bytes.len() > MAX_SOURCE {
        return text::extract_as(MediaType::Markdown, bytes, options, sink);
    }
    let decoded = text::decode(bytes, None, options.max_chars);
    let mut draft = Draft::new(options);
    let mut writer = Writer::new(&mut draft, options);
    for event in Parser::new_ext(&decoded.text, dialect()) {
        writer.event(event);
        if writer.draft.is_cut() {
            break;
        }
    }
    writer.flush();
    let warnings = writer.deep.take().into_iter().chain(replaced(decoded.replaced)).collect();
    draft.mark_cut(decoded.cut);
    draft.deliver(MediaType::Markdown, warnings, options, sink)
}

fn dialect() -> pulldown_cmark::Options {
    use pulldown_cmark::Options as O;
    O::ENABLE_TABLES
        | O::ENABLE_FOOTNOTES
        | O::ENABLE_STRIKETHROUGH
        | O::ENABLE_TASKLISTS
        | O::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

struct List {
    number: u32,
    item: u32,
    /// Blocks of the open item.
    blocks: u32,
    /// The number that stands before the next item.
    shown: Option<u64>,
}

/// What the text of the next block belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Text,
    Heading,
    Code,
    Html,
    Cell,
    /// The properties at the top of a file.
    Front,
}

#[derive(Default)]
struct Counts {
    headings: u32,
    paragraphs: u32,
    lists: u32,
    tables: u32,
    codes: u32,
    pieces: u32,
    footnotes: u32,
}

struct Writer<'d> {
    draft: &'d mut Draft,
    options: &'d Options,
    leaf: Leaf,
    lists: Vec<List>,
    /// Open footnote: its number and how many blocks it has.
    footnote: Option<(u32, u32)>,
    row: u32,
    column: u32,
    /// Column of the cell that was written last in this row.
    written: u32,
    /// Links that are open: target, and where the text begins in the line.
    links: Vec<(String, usize)>,
    /// Pictures that are open: the targets of links in their text are left out.
    images: u32,
    counts: Counts,
    /// Number of an item or label of a footnote, which stands before the text that comes next.
    mark: Option<String>,
    line: String,
    /// The finding that a piece of HTML nests too deep.
    deep: Option<Warning>,
}

impl<'d> Writer<'d> {
    fn new(draft: &'d mut Draft, options: &'d Options) -> Self {
        Self {
            draft,
            options,
            leaf: Leaf::Text,
            lists: Vec::new(),
            footnote: None,
            row: 0,
            column: 0,
            written: 0,
            links: Vec::new(),
            images: 0,
            counts: Counts::default(),
            mark: None,
            line: String::new(),
            deep: None,
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.line.push_str(&text);
            }
            Event::Html(text) => self.line.push_str(&text),
            Event::InlineHtml(tag) => {
                if tag.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("<br")) {
                    self.break_line();
                }
            }
            Event::FootnoteReference(label) => {
                self.line.push_str("[^");
                self.line.push_str(&label);
                self.line.push(']');
            }
            Event::SoftBreak | Event::HardBreak => self.break_line(),
            Event::Rule => self.flush(),
            Event::TaskListMarker(done) => self.line.push_str(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn break_line(&mut self) {
        self.line.push(if self.leaf == Leaf::Cell { ' ' } else { '\n' });
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Link { dest_url, .. } => return self.links.push((dest_url.into_string(), self.line.len())),
            Tag::Image { .. } => return self.images += 1,
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Superscript | Tag::Subscript => return,
            _ => self.flush(),
        }
        match tag {
            Tag::Heading { .. } => self.leaf = Leaf::Heading,
            Tag::CodeBlock(_) => self.leaf = Leaf::Code,
            Tag::HtmlBlock => self.leaf = Leaf::Html,
            Tag::MetadataBlock(_) => self.leaf = Leaf::Front,
            Tag::List(shown) => {
                self.counts.lists += 1;
                self.lists.push(List { number: self.counts.lists, item: 0, blocks: 0, shown });
            }
            Tag::Item => {
                if let Some(list) = self.lists.last_mut() {
                    list.item += 1;
                    list.blocks = 0;
                    if let Some(shown) = &mut list.shown {
                        self.mark = Some(format!("{shown}. "));
                        *shown = shown.saturating_add(1);
                    }
                }
            }
            Tag::FootnoteDefinition(label) => {
                self.counts.footnotes += 1;
                self.footnote = Some((self.counts.footnotes, 0));
                self.mark = Some(format!("[^{label}] "));
            }
            Tag::Table(_) => {
                self.counts.tables += 1;
                self.row = 0;
            }
            Tag::TableHead | Tag::TableRow => {
                self.row += 1;
                (self.column, self.written) = (0, 0);
            }
            Tag::TableCell => {
                self.column += 1;
                self.leaf = Leaf::Cell;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link => {
                let Some((target, from)) = self.links.pop() else { return };
                let text = self.line.get(from..).unwrap_or("");
                if self.images == 0 && says_more(text, &target) {
                    self.line.push_str(&format!(" <{target}>"));
                }
                return;
            }
            TagEnd::Image => return self.images = self.images.saturating_sub(1),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript => {
                return;
            }
            _ => self.flush(),
        }
        match tag {
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item => self.mark = None,
            TagEnd::FootnoteDefinition => (self.footnote, self.mark) = (None, None),
            _ => {}
        }
        self.leaf = Leaf::Text;
    }

    /// Writes the block that was read.
    fn flush(&mut self) {
        if self.line.trim().is_empty() {
            return self.line.clear();
        }
        if matches!(self.leaf, Leaf::Text | Leaf::Heading)
            && let Some(mark) = self.mark.take()
        {
            self.line.insert_str(0, &mark);
        }
        let line = std::mem::take(&mut self.line);
        if self.leaf == Leaf::Html {
            self.counts.pieces += 1;
            let deep = html::write(&line, &format!("html{}/", self.counts.pieces), self.options, self.draft);
            self.deep = self.deep.take().or(deep);
            return;
        }
        let (kind, path, gap) = self.place();
        self.draft.push(gap, kind, path, &line);
    }

    /// Kind and path of the block, and what stands before it.
    fn place(&mut self) -> (BlockKind, String, Gap) {
        let next = |count: &mut u32| {
            *count += 1;
            *count
        };
        let (kind, path) = match self.leaf {
            Leaf::Heading => (BlockKind::Heading, format!("h{}", next(&mut self.counts.headings))),
            Leaf::Code => (BlockKind::Code, format!("code{}", next(&mut self.counts.codes))),
            Leaf::Front => (BlockKind::Code, "front".to_owned()),
            Leaf::Cell => return self.place_cell(),
            Leaf::Text | Leaf::Html => match (self.lists.last_mut(), &mut self.footnote) {
                (Some(list), _) => {
                    let more = if next(&mut list.blocks) > 1 { format!("/p{}", list.blocks) } else { String::new() };
                    (BlockKind::ListItem, format!("list{}/i{}{more}", list.number, list.item))
                }
                (None, Some((number, blocks))) => (BlockKind::Footnote, format!("footnote{number}/p{}", next(blocks))),
                (None, None) => (BlockKind::Paragraph, format!("p{}", next(&mut self.counts.paragraphs))),
            },
        };
        (kind, path, Gap::Blank)
    }

    fn place_cell(&mut self) -> (BlockKind, String, Gap) {
        let gap = match (self.row, self.written) {
            (_, written) if written > 0 => Gap::Tabs(self.column - written),
            (1, _) => Gap::Blank,
            _ => Gap::Row(self.column - 1),
        };
        self.written = self.column;
        let path = format!("table{}/r{}/c{}", self.counts.tables, self.row, self.column);
        (BlockKind::Cell, path, gap)
    }
}

/// Whether a target says what the text does not; a place in the same file is no news.
fn says_more(text: &str, target: &str) -> bool {
    let text = text.trim();
    let is_web = ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme));
    if is_web {
        return html::is_worth_showing(text, target);
    }
    !text.is_empty() && !target.is_empty() && !target.starts_with('#') && target != text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, codes, extract_as};
    use docmill_model::Code;

    #[track_caller]
    fn check(source: &str, blocks: &[&str]) {
        testing::check_blocks(extract, source, blocks);
    }

    #[track_caller]
    fn check_text(source: &str, expected: &str) {
        testing::check_text(extract, source, expected);
    }

    #[test]
    fn marks_are_taken_away() {
        check(
            "# A *b*\n\none\n**two** `x<y` &amp;\n\n> quoted\n\n---\n\nSetext\n===\n",
            &["h1: A b", "p1: one\ntwo x<y &", "p2: quoted", "h2: Setext"],
        );
        check("```rust\n  fn a() {}\n\n```\n\n    indented\n", &["code1:   fn a() {}", "code2: indented"]);
        check("---\ntitle: x\n---\n\ntext", &["front: title: x", "p1: text"]);
        check_text("![a cat](cat.png) ~~gone~~", "a cat gone\n");
    }

    #[test]
    fn items_are_named_by_list_and_number() {
        check(
            "- a\n- b\n  1. x\n  2. y\n\n  more\n- [x] c\n",
            &["list1/i1: a", "list1/i2: b", "list2/i1: 1. x", "list2/i2: 2. y", "list1/i2/p2: more", "list1/i3: [x] c"],
        );
        check("7. seven\n8. eight\n", &["list1/i1: 7. seven", "list1/i2: 8. eight"]);
        check("1.\n\ntext", &["p1: text"]);
    }

    #[test]
    fn cells_are_parted_by_tabs_and_rows_by_line_feeds() {
        check_text("a\n\n|x|y|z|\n|-|-|-|\n|1||3|\n||2|\n\nb", "a\n\nx\ty\tz\n1\t\t3\n\t2\n\nb\n");
        check("|x|y|\n|-|-|\n|1|2|", &["table1/r1/c1: x", "table1/r1/c2: y", "table1/r2/c1: 1", "table1/r2/c2: 2"]);
    }

    #[test]
    fn targets_of_links_stand_behind_their_text() {
        check_text("[the page](https://x.org/a) and <https://x.org>", "the page <https://x.org/a> and https://x.org\n");
        check_text("[up](#top) [file](b.md) [r]\n\n[r]: https://r.org", "up file <b.md> r <https://r.org>\n");
        check_text("[![alt](a.png)](https://x.org)", "alt <https://x.org>\n");
    }

    #[test]
    fn footnotes_and_html_are_read() {
        check("a[^n]\n\n[^n]: note\n", &["p1: a[^n]", "footnote1/p1: [^n] note"]);
        check("<div>\n<p>x <b>y</b></p>\n</div>\n\na<br>b <i>c</i>", &["html1/p1: x y", "p1: a\nb c"]);
    }

    #[test]
    fn html_that_nests_too_deep_is_told_once() {
        let piece = "<div>".repeat(300);
        let source = format!("{piece}a\n\nb\n\n{piece}c\n");
        let (page, summary) = extract_as(extract, source.as_bytes(), &Options::default());
        assert_eq!((page.text.as_str(), codes(&summary)), ("a\n\nb\n\nc\n", vec![Code::PART_LIMIT]));
    }

    #[test]
    fn text_past_the_limit_is_cut() {
        let options = Options { max_chars: 8, ..Options::default() };
        let (page, summary) = extract_as(extract, b"# one\n\ntwo three", &options);
        assert_eq!((page.text.as_str(), codes(&summary)), ("one\n\nt\n", vec![Code::TEXT_LIMIT]));
    }

    #[test]
    fn a_very_long_source_is_read_as_plain_text() {
        let source = format!("# one\n\n{}", "*two* ".repeat(MAX_SOURCE / 6));
        let (page, summary) = extract_as(extract, source.as_bytes(), &Options::default());
        assert_eq!((page.blocks.len(), summary.media_type), (2, MediaType::Markdown));
        assert!(page.text.starts_with("# one\n\n*two* *two*"));
    }

    #[test]
    fn deep_nesting_ends() {
        for (open, close) in
            [(">", ""), ("- ", ""), ("[", ""), ("[", "](x)"), ("*a ", ""), ("**", "x"), ("<b>", ""), ("1. ", "")]
        {
            let source = format!("{}text{}", open.repeat(20_000), close.repeat(20_000));
            let (page, _) = extract_as(extract, source.as_bytes(), &Options::default());
            assert!(page.text.contains("text"), "{open}");
        }
    }
}
