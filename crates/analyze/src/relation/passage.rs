//! The stretches in which relations are looked for: sentences, as words and marks with the names between them.

use docmill_model::{Block, BlockKind, ByteSpan, Mention, MentionType, Text};

use crate::sentence;

/// Bytes that are cut into sentences at a time: bounds what is held for one block that is a whole book.
const LONGEST: usize = 256 << 10;
/// Bytes of a word at most that is looked up in a list.
const WORD: usize = 40;

/// A mention with its place and the number of its referent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub mention: &'a Mention,
    pub bytes: ByteSpan,
    pub referent: usize,
    /// Whether it is a word that stands for a name; the mention is then the nearest one of what it stands for.
    pub is_term: bool,
}

impl Named<'_> {
    /// Whether it is the name of a person, an organisation or a place: what relations hold between.
    pub fn is_thing(&self) -> bool {
        !self.is_term && matches!(self.mention.kind, MentionType::Person | MentionType::Org | MentionType::Location)
    }
}

/// A sentence, or what stands alone like one: a heading, a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub bytes: ByteSpan,
    /// Its mentions, as numbers.
    pub first: usize,
    pub end: usize,
    /// The row of a table that it is a cell of, by a number that no other row of the document has.
    pub row: Option<usize>,
}

/// The sentences with at least one mention. One that would end inside a mention goes on. A mail's header is left out:
/// its names are a list, not a sentence.
pub(super) fn sentences(text: &Text, blocks: &[Block], named: &[Named<'_>]) -> Vec<Sentence> {
    let mut out: Vec<Sentence> = Vec::new();
    let mut next = 0;
    let mut rows = Rows::default();
    let mut at = 0;
    let header = |b: &Block| b.kind == BlockKind::MailHeader;
    for block in blocks {
        let bytes = text.bytes_of(block.span);
        let start = bytes.start.max(at);
        cut(text.as_str(), at..start, named, &mut next, None, &mut out);
        let row = rows.number(block);
        at = bytes.end.max(start);
        if header(block) {
            while named.get(next).is_some_and(|n| n.bytes.start < at) {
                next += 1;
            }
        } else {
            cut(text.as_str(), start..at, named, &mut next, row, &mut out);
        }
    }
    cut(text.as_str(), at..text.as_str().len(), named, &mut next, None, &mut out);
    out
}

/// Numbers the rows of tables: cells whose paths differ in nothing but the column.
#[derive(Default)]
struct Rows<'a> {
    path: &'a str,
    number: usize,
}

impl<'a> Rows<'a> {
    fn number(&mut self, block: &'a Block) -> Option<usize> {
        if block.kind != BlockKind::Cell {
            return None;
        }
        // `table2/r1/c4` is in the row `table2/r1`.
        let path = block.path.rsplit_once('/').map_or("", |(row, _)| row);
        if path.is_empty() {
            return None;
        }
        if path != self.path {
            self.path = path;
            self.number += 1;
        }
        Some(self.number)
    }
}

fn cut(
    text: &str,
    range: std::ops::Range<usize>,
    named: &[Named<'_>],
    next: &mut usize,
    row: Option<usize>,
    out: &mut Vec<Sentence>,
) {
    let mut start = range.start;
    while start < range.end {
        let mut end = range.end;
        if end - start > LONGEST {
            end = text.floor_char_boundary(start + LONGEST);
            end = text[start..end].rfind(char::is_whitespace).map_or(end, |at| start + at + 1);
        }
        if named.get(*next).is_some_and(|n| n.bytes.start < end) {
            let mut spans = sentence::sentences(&text[start..end]).into_iter().peekable();
            while let Some(span) = spans.next() {
                let mut bytes = ByteSpan::new(start + span.start, start + span.end);
                let first = *next;
                while let Some(name) = named.get(*next).filter(|n| n.bytes.start < bytes.end) {
                    *next += 1;
                    while let Some(more) = spans.next_if(|s| start + s.start < name.bytes.end) {
                        bytes.end = start + more.end;
                    }
                    bytes.end = bytes.end.max(name.bytes.end);
                }
                if first < *next {
                    out.push(Sentence { bytes, first, end: *next, row });
                }
            }
        }
        start = end;
    }
}

/// What a sentence is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// Letters and digits, with points, hyphens, slashes and apostrophes between them.
    Word(&'a str),
    /// Any other character that is not white space.
    Mark(char),
    /// `'s` behind a name or word.
    Possessive,
    /// A mention, by its number.
    Name(usize),
}

/// Splits a stretch of text with the mentions that lie in it.
pub(super) fn items<'a>(text: &'a str, bytes: ByteSpan, named: &[Named<'_>], first: usize) -> Vec<Item<'a>> {
    let mut out = Vec::new();
    let mut at = bytes.start;
    for (number, name) in named.iter().enumerate().skip(first).take_while(|(_, n)| n.bytes.end <= bytes.end) {
        if name.bytes.start < at {
            continue;
        }
        words(&text[at..name.bytes.start], &mut out);
        out.push(Item::Name(number));
        at = name.bytes.end;
    }
    words(&text[at..bytes.end], &mut out);
    out
}

fn words<'a>(text: &'a str, out: &mut Vec<Item<'a>>) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
        } else if let Some(tail) = possessive(rest) {
            out.push(Item::Possessive);
            rest = tail;
        } else if c.is_alphanumeric() {
            let (word, tail) = rest.split_at(word_end(rest));
            out.push(Item::Word(word));
            rest = tail;
        } else {
            out.push(Item::Mark(c));
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// What stands behind an `'s` that is not the beginning of a quoted word.
fn possessive(text: &str) -> Option<&str> {
    let tail = text.strip_prefix(['\'', '’'])?.strip_prefix(['s', 'S'])?;
    (!tail.starts_with(char::is_alphanumeric)).then_some(tail)
}

fn word_end(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = match c {
            '.' | '-' | '/' | '\'' | '’' | '\u{ad}' | '\u{2010}' | '\u{2011}' => {
                possessive(&text[at..]).is_none() && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric())
            }
            c => c.is_alphanumeric(),
        };
        if !joins {
            return at;
        }
    }
    text.len()
}

/// A position in a sentence, from which a pattern is read. Each step gives the position behind what it has read.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'s, 'a> {
    pub items: &'s [Item<'a>],
    pub at: usize,
    pub named: &'s [Named<'a>],
}

impl<'s, 'a> At<'s, 'a> {
    pub fn item(self) -> Option<Item<'a>> {
        self.items.get(self.at).copied()
    }

    pub fn back(self, by: usize) -> Option<Item<'a>> {
        self.at.checked_sub(by).and_then(|at| self.items.get(at)).copied()
    }

    pub fn step(self) -> Self {
        Self { at: self.at + 1, ..self }
    }

    /// The word here, if it is not too long for any list.
    pub fn any_word(self) -> Option<(&'a str, Self)> {
        match self.item() {
            Some(Item::Word(word)) if word.len() <= WORD => Some((word, self.step())),
            _ => None,
        }
    }

    /// One of these words, in any case.
    pub fn word(self, words: &[&str]) -> Option<Self> {
        let (word, next) = self.any_word()?;
        words.iter().any(|w| w.eq_ignore_ascii_case(word)).then_some(next)
    }

    /// These words in a row.
    pub fn words(self, words: &[&str]) -> Option<Self> {
        words.iter().try_fold(self, |at, word| at.word(&[word]))
    }

    pub fn mark(self, marks: &[char]) -> Option<Self> {
        matches!(self.item(), Some(Item::Mark(c)) if marks.contains(&c)).then(|| self.step())
    }

    pub fn possessive(self) -> Option<Self> {
        if self.item() == Some(Item::Possessive) {
            return Some(self.step());
        }
        // `the Whitcombes' lawyer`.
        self.mark(&['\'', '’'])
    }

    /// A mention of one of these types.
    pub fn name(self, kinds: &[MentionType]) -> Option<(usize, Self)> {
        match self.item() {
            Some(Item::Name(number)) if kinds.contains(&self.named.get(number)?.mention.kind) => {
                Some((number, self.step()))
            }
            _ => None,
        }
    }

    /// Reads what may be there, or stays.
    pub fn maybe(self, read: impl Fn(Self) -> Option<Self>) -> Self {
        read(self).unwrap_or(self)
    }

    /// Reads what may be there up to so many times.
    pub fn up_to(self, times: usize, read: impl Fn(Self) -> Option<Self>) -> Self {
        let mut at = self;
        for _ in 0..times {
            match read(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    pub fn article(self) -> Self {
        self.maybe(|at| at.word(&["the", "a", "an", "its", "their", "our", "his", "her"]))
    }

    pub fn quote(self) -> Self {
        self.maybe(|at| at.mark(&['"', '“', '”', '\'', '‘', '’', '„', '«', '»']))
    }

    /// Whether nothing more is said here: the sentence or a part of it ends.
    pub fn is_closed(self) -> bool {
        match self.item() {
            None => true,
            Some(Item::Mark(c)) => {
                matches!(c, ',' | '.' | ';' | ':' | ')' | ']' | '?' | '!' | '-' | '–' | '—' | '"' | '”')
            }
            Some(_) => false,
        }
    }
}
