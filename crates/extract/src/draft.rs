//! The one page of a format that flows, while it is being written.

use docmill_model::{Block, BlockKind, Code, MediaType, Page, Span, Warning};

use crate::{Error, Flow, Options, Sink, Summary};

/// Blocks of one page. Text past the last of them is kept and belongs to that block: structure gets coarser
/// and memory stays bounded (a block takes some 70 bytes), whatever a file of short paragraphs may hold.
const MAX_BLOCKS: usize = 100_000;

/// What stands between a block and the one before it. Nothing stands before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// A blank line.
    Blank,
    /// A new row of a table, its first cells being empty: a line feed and so many tabs.
    Row(u32),
    /// The same row of a table, so many cells further.
    Tabs(u32),
}

/// Text and blocks, kept within a limit of characters. The line feed that ends the text counts as one of them.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) blocks: Vec<Block>,
    chars: u32,
    limit: u32,
    cut: bool,
}

impl Draft {
    pub(crate) fn new(options: &Options) -> Self {
        Self { text: String::new(), blocks: Vec::new(), chars: 0, limit: options.max_chars, cut: false }
    }

    /// Takes a text as it is, without its own line feed at the end, and splits it into paragraphs at blank lines.
    pub(crate) fn of_paragraphs(text: String, options: &Options, cut: bool) -> Self {
        let mut draft = Self { text, cut, ..Self::new(options) };
        // The block being read: its start, and the end of what is not white in it so far.
        let mut open: Option<Span> = None;
        let mut breaks = 0;
        let mut rest = draft.text.chars().peekable();
        while let Some(c) = rest.next() {
            let at = draft.chars;
            draft.chars += 1;
            match c {
                '\r' if rest.peek() == Some(&'\n') => {}
                '\n' | '\r' | '\u{85}' | '\u{2028}' => breaks += 1,
                '\u{2029}' => breaks += 2,
                c if c.is_whitespace() => {}
                _ => {
                    let full = draft.blocks.len() + 1 >= MAX_BLOCKS;
                    match &mut open {
                        Some(span) if breaks < 2 || full => span.end = at + 1,
                        _ => {
                            draft.blocks.extend(open.map(|span| paragraph(span, draft.blocks.len())));
                            open = Some(Span::new(at, at + 1));
                        }
                    }
                    breaks = 0;
                }
            }
        }
        draft.blocks.extend(open.map(|span| paragraph(span, draft.blocks.len())));
        draft
    }

    /// Writes a block without the white space around it (a block of code keeps the indent of its first line).
    /// What is blank is left out, and so is everything past the limit.
    pub(crate) fn push(&mut self, gap: Gap, kind: BlockKind, path: String, body: &str) {
        let mut body = body.trim_end();
        if kind == BlockKind::Code {
            let ink = body.find(|c: char| !c.is_whitespace()).unwrap_or(body.len());
            body = body[..ink].rfind('\n').map_or(body, |end| &body[end + 1..]);
        } else {
            body = body.trim_start();
        }
        if body.is_empty() || self.cut {
            return;
        }
        let before = (self.text.len(), self.chars);
        if !self.blocks.is_empty() {
            self.write_gap(gap);
        }
        let room = self.limit.saturating_sub(self.chars).saturating_sub(1) as usize;
        if let Some((end, _)) = body.char_indices().nth(room) {
            self.cut = true;
            body = body[..end].trim_end();
        }
        if body.is_empty() {
            self.text.truncate(before.0);
            self.chars = before.1;
            return;
        }
        let start = self.chars;
        self.text.push_str(body);
        self.chars += body.chars().count() as u32;
        let full = self.blocks.len() >= MAX_BLOCKS;
        match self.blocks.last_mut() {
            Some(last) if full => last.span.end = self.chars,
            _ => self.blocks.push(Block { kind, span: Span::new(start, self.chars), path }),
        }
    }

    fn write_gap(&mut self, gap: Gap) {
        let (text, tabs) = match gap {
            Gap::Blank => ("\n\n", 0),
            Gap::Row(tabs) => ("\n", tabs),
            Gap::Tabs(tabs) => ("", tabs),
        };
        self.text.push_str(text);
        let tabs = tabs.min(self.room());
        self.text.extend(std::iter::repeat_n('\t', tabs as usize));
        self.chars += text.len() as u32 + tabs;
    }

    /// Characters that may still be written.
    pub(crate) fn room(&self) -> u32 {
        if self.cut { 0 } else { self.limit.saturating_sub(self.chars) }
    }

    /// Whether text was left out because of the limit.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Notes that text was left out before it came here.
    pub(crate) fn mark_cut(&mut self, cut: bool) {
        self.cut |= cut;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Gives the page to the sink, unless an earlier attempt did, and sums up. `warnings` are those of the
    /// extractor; text limit and missing text are added here.
    pub(crate) fn deliver(
        mut self,
        media_type: MediaType,
        mut warnings: Vec<Warning>,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<Summary, Error> {
        if self.cut {
            warnings.push(text_limit(options));
        }
        if self.blocks.is_empty() {
            self.text.clear();
            if !self.cut {
                warnings.push(Warning::new(Code::NO_TEXT, "the document holds no text"));
            }
        } else if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let page = Page { number: 1, text: self.text, blocks: self.blocks, ..Page::default() };
        if options.max_pages == 0 {
            warnings.push(Warning::new(Code::PAGE_LIMIT, "no page may be read"));
        } else if options.first_page <= 1 && sink.page(page) == Flow::Stop {
            return Err(Error::Stopped);
        }
        Ok(Summary { media_type, pages: 1, warnings })
    }
}

fn paragraph(span: Span, before: usize) -> Block {
    Block { kind: BlockKind::Paragraph, span, path: format!("p{}", before + 1) }
}

/// The finding that there is more text than is kept.
pub(crate) fn text_limit(options: &Options) -> Warning {
    Warning::new(Code::TEXT_LIMIT, format!("text past the first {} characters was left out", options.max_chars))
}

/// The finding that so many characters of the text stand for bytes that are none; nothing when there are none.
pub(crate) fn replaced(count: u64) -> Option<Warning> {
    let what = match count {
        0 => return None,
        1 => "1 character".to_owned(),
        n => format!("{n} characters"),
    };
    Some(Warning::new(Code::REPLACED_CHARACTERS, format!("{what} could not be decoded")))
}
