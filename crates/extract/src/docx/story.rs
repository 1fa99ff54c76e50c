//! A part with text: the body, a header, notes, comments. The walk over its elements becomes blocks.

use std::collections::BTreeSet;

use docmill_model::BlockKind;

use super::frame::{Found, Frame, Paragraph, Sequence, Table};
use super::package::Relations;
use super::style::Styles;
use super::symbol;
use super::xml::{Element, Enter, Visitor};
use crate::draft::{Draft, Gap};
use crate::html::is_worth_showing;
use crate::member::one_line;

/// Complex fields that may stand in each other; Word stops at 20.
const MAX_FIELDS: usize = 64;

/// What a part is read as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// Start of the paths: `body`, `header1`; of items without their number: `footnote`.
    pub path: &'a str,
    /// The kind of all blocks, where the part decides it.
    pub kind: Option<BlockKind>,
    /// The element that holds one note or comment; `None` for a part that is one sequence.
    pub item: Option<&'a str>,
}

/// What the end of an open element means.
#[derive(Debug)]
enum Mark {
    Nothing,
    /// The frame that the element opened ends.
    Frame,
    Properties,
    Text,
    Value,
    Cache,
    /// The text of a link began at that byte of the paragraph.
    Link(usize, String),
    /// One of several ways to say the same; whether one was read.
    Alternatives(bool),
    /// The reading aid of East Asian text began at that byte of the paragraph.
    Ruby(usize),
    RubyBase,
}

pub(super) struct Story<'a> {
    reading: Reading<'a>,
    draft: &'a mut Draft,
    styles: &'a Styles,
    relations: &'a Relations,
    frames: Vec<Frame>,
    marks: Vec<Mark>,
    items: u32,
    /// Open elements `t`, property elements and chart caches.
    texts: u32,
    properties: u32,
    caches: u32,
    /// Open complex fields; whether their instruction is still being read.
    fields: Vec<bool>,
    ruby: String,
    /// Names of series and categories of a chart, which repeats the categories for each series.
    values: BTreeSet<String>,
    written: u64,
    max_written: u64,
    /// Ids of charts and diagrams in the order of the text.
    pub drawings: Vec<String>,
    /// Ids of files that Word shows as if they were part of the text.
    pub alt_chunks: Vec<String>,
    /// Characters that were replaced.
    pub replaced: u64,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        reading: Reading<'a>,
        draft: &'a mut Draft,
        styles: &'a Styles,
        relations: &'a Relations,
        max_chars: u32,
    ) -> Self {
        let sequence = Sequence { path: reading.path.to_owned(), ..Sequence::default() };
        Self {
            reading,
            draft,
            styles,
            relations,
            frames: vec![Frame::Sequence(sequence)],
            marks: Vec::new(),
            items: 0,
            texts: 0,
            properties: 0,
            caches: 0,
            fields: Vec::new(),
            ruby: String::new(),
            values: BTreeSet::new(),
            written: 0,
            max_written: u64::from(max_chars),
            drawings: Vec::new(),
            alt_chunks: Vec::new(),
            replaced: 0,
        }
    }

    /// Whether the rest was not read because there is more text than is kept.
    pub(super) fn is_cut(&self) -> bool {
        self.written > self.max_written
    }

    /// Ends what is still open: nothing, unless the part was cut or is damaged.
    pub(super) fn finish(&mut self) {
        while !self.frames.is_empty() {
            self.close_frame();
        }
    }

    /// Opens what `name` means inside of properties, which say nothing themselves.
    fn open_property(&mut self, element: &Element<'_>) -> Option<Mark> {
        let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut() else { return Some(Mark::Nothing) };
        match element.name() {
            "pStyle" => paragraph.style = element.attribute("val").map(|v| v.into_owned()),
            // The mark at the end of the paragraph was deleted or moved away.
            "del" | "moveFrom" => paragraph.is_end_deleted = true,
            "pPrChange" | "rPrChange" | "sectPr" => return None,
            _ => paragraph.properties.read(element),
        }
        Some(Mark::Nothing)
    }

    /// What an element means; `None` when its content is left out.
    fn open_content(&mut self, element: &Element<'_>) -> Option<Mark> {
        let name = element.name();
        if self.reading.item == Some(name) {
            return self.open_item(element);
        }
        Some(match name {
            "pPr" => {
                self.properties += 1;
                Mark::Properties
            }
            "rPr" | "tblPr" | "tblPrEx" | "trPr" | "tcPr" | "sdtPr" | "sdtEndPr" | "sectPr" | "tblGrid" => return None,
            "del" | "moveFrom" | "instrText" | "delText" | "delInstrText" => return None,
            "p" => {
                self.open_paragraph();
                Mark::Frame
            }
            "tbl" => {
                self.open_table();
                Mark::Frame
            }
            "tr" => {
                if let Some(Frame::Table(table)) = self.frames.last_mut() {
                    table.row += 1;
                    table.cell = 0;
                }
                Mark::Nothing
            }
            "tc" => match self.frames.last_mut() {
                Some(Frame::Table(table)) => {
                    table.cell += 1;
                    self.frames.push(Frame::Cell(String::new()));
                    Mark::Frame
                }
                _ => Mark::Nothing,
            },
            "txbxContent" => {
                let path = match self.frames.last_mut() {
                    Some(Frame::Paragraph(paragraph)) => {
                        paragraph.boxes += 1;
                        format!("{}/box{}", paragraph.path, paragraph.boxes)
                    }
                    _ => format!("{}/box", self.reading.path),
                };
                self.frames.push(Frame::Sequence(Sequence { path, ..Sequence::default() }));
                Mark::Frame
            }
            "t" => {
                self.texts += 1;
                Mark::Text
            }
            "strCache" | "strLit" => {
                self.caches += 1;
                Mark::Cache
            }
            "v" if self.caches > 0 => {
                self.open_paragraph();
                self.texts += 1;
                Mark::Value
            }
            "hyperlink" => self.open_link(element),
            "AlternateContent" => Mark::Alternatives(false),
            "Choice" | "Fallback" => match self.marks.last_mut() {
                Some(Mark::Alternatives(true)) => return None,
                Some(Mark::Alternatives(is_read)) => {
                    *is_read = true;
                    Mark::Nothing
                }
                _ => Mark::Nothing,
            },
            "ruby" => Mark::RubyBase,
            "rt" => match self.frames.last() {
                Some(Frame::Paragraph(paragraph)) => Mark::Ruby(paragraph.text.len()),
                _ => Mark::Nothing,
            },
            "fldChar" => {
                self.field_character(element.attribute("fldCharType").as_deref());
                Mark::Nothing
            }
            "relIds" => self.note_drawing(element, "dm"),
            "chart" => self.note_drawing(element, "id"),
            "altChunk" => {
                self.alt_chunks.extend(element.attribute("id").map(|id| id.into_owned()));
                Mark::Nothing
            }
            _ => {
                self.write_special(element);
                Mark::Nothing
            }
        })
    }

    /// Elements that stand for a character.
    fn write_special(&mut self, element: &Element<'_>) {
        match element.name() {
            "tab" | "ptab" => self.write("\t"),
            "br" | "cr" => self.write("\n"),
            "noBreakHyphen" => self.write("\u{2011}"),
            "sym" => {
                let font = element.attribute("font").unwrap_or_default();
                let code = element.attribute("char").unwrap_or_default();
                if let Some(c) = symbol::character(&font, &code) {
                    self.write(c.encode_utf8(&mut [0; 4]));
                }
            }
            _ => {}
        }
    }

    /// A note or a comment. The lines that separate notes from the text are notes of a type of their own.
    fn open_item(&mut self, element: &Element<'_>) -> Option<Mark> {
        if element.attribute("type").is_some_and(|t| t != "normal") {
            return None;
        }
        self.items += 1;
        let author = element.attribute("author").map(|a| one_line(&a)).filter(|a| !a.is_empty());
        let sequence = Sequence {
            path: format!("{}{}", self.reading.path, self.items),
            lead: author.map_or(String::new(), |author| format!("{author}: ")),
            ..Sequence::default()
        };
        self.frames.push(Frame::Sequence(sequence));
        Some(Mark::Frame)
    }

    fn open_paragraph(&mut self) {
        self.end_loose_text();
        let mut paragraph = Paragraph::default();
        match self.frames.last_mut() {
            Some(Frame::Sequence(sequence)) => {
                sequence.paragraphs += 1;
                paragraph.path = format!("{}/p{}", sequence.path, sequence.paragraphs);
                paragraph.text = std::mem::take(&mut sequence.carried);
            }
            // Not what the schema allows, such as a paragraph of a drawing inside a paragraph.
            Some(Frame::Paragraph(outer)) => {
                outer.boxes += 1;
                paragraph.path = format!("{}/p{}", outer.path, outer.boxes);
            }
            _ => paragraph.path = format!("{}/p", self.reading.path),
        }
        self.frames.push(Frame::Paragraph(paragraph));
    }

    fn open_table(&mut self) {
        self.end_loose_text();
        let path = match self.frames.last_mut() {
            Some(Frame::Sequence(sequence)) => {
                sequence.tables += 1;
                format!("{}/table{}", sequence.path, sequence.tables)
            }
            Some(Frame::Paragraph(outer)) => {
                outer.boxes += 1;
                format!("{}/table{}", outer.path, outer.boxes)
            }
            _ => format!("{}/table", self.reading.path),
        };
        self.frames.push(Frame::Table(Table { path, ..Table::default() }));
    }

    fn open_link(&mut self, element: &Element<'_>) -> Mark {
        let target = element.attribute("id").and_then(|id| self.relations.get(&id)).filter(|r| r.is_external);
        match (self.frames.last(), target) {
            (Some(Frame::Paragraph(paragraph)), Some(relation)) => {
                Mark::Link(paragraph.text.len(), one_line(&relation.target))
            }
            _ => Mark::Nothing,
        }
    }

    /// A complex field is an instruction and its result, with characters that begin, separate and end.
    fn field_character(&mut self, kind: Option<&str>) {
        match kind {
            Some("begin") if self.fields.len() < MAX_FIELDS => self.fields.push(true),
            Some("separate") => {
                if let Some(is_instruction) = self.fields.last_mut() {
                    *is_instruction = false;
                }
            }
            Some("end") => drop(self.fields.pop()),
            _ => {}
        }
    }

    fn note_drawing(&mut self, element: &Element<'_>, attribute: &str) -> Mark {
        self.drawings.extend(element.attribute(attribute).map(|id| id.into_owned()));
        Mark::Nothing
    }

    fn write(&mut self, text: &str) {
        if self.fields.contains(&true) {
            return;
        }
        let out = match self.frames.last_mut() {
            Some(Frame::Paragraph(paragraph)) => &mut paragraph.text,
            Some(Frame::Sequence(sequence)) if self.reading.item.is_none() => &mut sequence.loose,
            Some(Frame::Cell(cell)) => cell,
            _ => return,
        };
        for c in text.chars() {
            let is_zero = c == '\0';
            self.replaced += u64::from(is_zero);
            out.push(if is_zero { char::REPLACEMENT_CHARACTER } else { c });
            self.written += 1;
        }
    }

    /// Ends the innermost frame and says what it holds.
    fn close_frame(&mut self) {
        self.end_loose_text();
        match self.frames.pop() {
            Some(Frame::Paragraph(paragraph)) => self.close_paragraph(paragraph),
            Some(Frame::Cell(text)) => self.close_cell(text),
            Some(Frame::Sequence(sequence)) if !sequence.carried.trim().is_empty() => {
                let kind = self.reading.kind.unwrap_or(BlockKind::Paragraph);
                let path = format!("{}/p{}", sequence.path, sequence.paragraphs.max(1));
                self.found(Found { gap: Gap::Blank, kind, path, text: sequence.carried });
            }
            Some(Frame::Sequence(_) | Frame::Table(_)) | None => {}
        }
    }

    fn close_paragraph(&mut self, mut paragraph: Paragraph) {
        // An instruction does not go past its paragraph, or a missing character would swallow the rest.
        self.fields.iter_mut().for_each(|is_instruction| *is_instruction = false);
        let later = std::mem::take(&mut paragraph.later);
        match self.frames.last_mut() {
            Some(Frame::Sequence(sequence)) if paragraph.is_end_deleted => {
                sequence.carried = paragraph.text;
            }
            _ => self.say_paragraph(paragraph),
        }
        for found in later {
            self.found(found);
        }
    }

    fn say_paragraph(&mut self, mut paragraph: Paragraph) {
        if paragraph.text.trim().is_empty() {
            return;
        }
        if let Some(Frame::Sequence(sequence)) = self.frames.last_mut()
            && !sequence.lead.is_empty()
        {
            let lead = std::mem::take(&mut sequence.lead);
            paragraph.text.insert_str(0, &lead);
        }
        let own = || self.styles.kind(paragraph.style.as_deref(), paragraph.properties);
        let kind = self.reading.kind.unwrap_or_else(own);
        self.found(Found { gap: Gap::Blank, kind, path: paragraph.path, text: paragraph.text });
    }

    /// A tab would look like the next cell, so it becomes a space.
    fn close_cell(&mut self, text: String) {
        let text = text.trim();
        let Some(Frame::Table(table)) = self.frames.last_mut() else { return };
        if text.is_empty() {
            return;
        }
        let gap = table.gap();
        let path = format!("{}/r{}/c{}", table.path, table.row, table.cell);
        let kind = self.reading.kind.unwrap_or(BlockKind::Cell);
        self.found(Found { gap, kind, path, text: text.replace('\t', " ") });
    }

    fn end_loose_text(&mut self) {
        if let Some(Frame::Sequence(sequence)) = self.frames.last_mut()
            && !sequence.loose.is_empty()
        {
            let text = std::mem::take(&mut sequence.loose);
            let path = format!("{}/p{}", sequence.path, sequence.paragraphs.max(1));
            let kind = self.reading.kind.unwrap_or(BlockKind::Paragraph);
            self.found(Found { gap: Gap::Blank, kind, path, text });
        }
    }

    /// Gives a block to where it belongs: into the cell around it, behind the paragraph around it, or out.
    fn found(&mut self, found: Found) {
        let around = self.frames.iter_mut().rev().find(|f| matches!(f, Frame::Cell(_) | Frame::Paragraph(_)));
        match around {
            Some(Frame::Cell(cell)) => {
                if !cell.is_empty() {
                    cell.push_str(match found.gap {
                        Gap::Tabs(_) => " ",
                        Gap::Blank | Gap::Row(_) => "\n",
                    });
                }
                cell.push_str(found.text.trim());
            }
            Some(Frame::Paragraph(paragraph)) => paragraph.later.push(found),
            _ => self.draft.push(found.gap, found.kind, found.path, &found.text),
        }
    }

    /// The bytes from `start` of the open paragraph.
    fn text_from(&self, start: usize) -> Option<&str> {
        match self.frames.last() {
            Some(Frame::Paragraph(paragraph)) => paragraph.text.get(start..),
            _ => None,
        }
    }
}

impl Visitor for Story<'_> {
    fn open(&mut self, element: &Element<'_>) -> Enter {
        let mark = if self.properties > 0 { self.open_property(element) } else { self.open_content(element) };
        match mark {
            Some(mark) => {
                self.marks.push(mark);
                Enter::Yes
            }
            None => Enter::No,
        }
    }

    fn close(&mut self) {
        match self.marks.pop() {
            Some(Mark::Frame) => self.close_frame(),
            Some(Mark::Properties) => self.properties -= 1,
            Some(Mark::Text) => self.texts -= 1,
            Some(Mark::Cache) => self.caches -= 1,
            Some(Mark::Value) => {
                self.texts -= 1;
                if let Some(Frame::Paragraph(value)) = self.frames.last_mut()
                    && !self.values.insert(value.text.clone())
                {
                    value.text.clear();
                }
                self.close_frame();
            }
            Some(Mark::Link(start, target)) => {
                if self.text_from(start).is_some_and(|text| is_worth_showing(text, &target)) {
                    self.write(&format!(" <{target}>"));
                }
            }
            Some(Mark::Ruby(start)) => {
                if let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut()
                    && paragraph.text.is_char_boundary(start)
                {
                    self.ruby = paragraph.text.split_off(start);
                }
            }
            Some(Mark::RubyBase) => {
                let ruby = std::mem::take(&mut self.ruby);
                if !ruby.trim().is_empty() {
                    self.write(&format!("({ruby})"));
                }
            }
            Some(Mark::Nothing | Mark::Alternatives(_)) | None => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.texts > 0 {
            self.write(text);
        }
    }

    fn is_full(&self) -> bool {
        self.is_cut() || self.draft.is_cut()
    }
}
