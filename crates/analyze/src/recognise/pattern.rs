//! The machine under the tables: a family of patterns is searched in the parts of a text that can hold it.
//!
//! A pattern is a regular expression of bounded length with a function that reads a match, so that a match that
//! is thrown away costs a bounded number of steps and the whole search is linear. In the sources `~` stands for
//! white space that may break a line, `\d` and `\b` are ASCII.

use docmill_model::{ByteSpan, Identifier, MentionType};
use regex::{Captures, Regex, RegexSet, RegexSetBuilder};

use super::Found;

/// How far a mention may reach in front of its first digit and behind its last one, in bytes. The longest in
/// the tables are court and act names around a number.
const REACH: usize = 120;

/// Bytes that the lazy automaton of one family may use. The default of 2 MiB is too near to what dense legal
/// text needs of it.
const SET_CACHE: usize = 8 << 20;

/// What a match means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub span: ByteSpan,
    pub normal: String,
    pub identifiers: Vec<Identifier>,
    /// In thousandths.
    pub confidence: u16,
}

impl Reading {
    pub fn new(span: ByteSpan, normal: impl Into<String>, confidence: u16) -> Self {
        Self { span, normal: normal.into(), identifiers: Vec::new(), confidence }
    }

    /// A reading whose normal form is scheme and value, and that carries them as an identifier.
    pub fn identifier(span: ByteSpan, scheme: &str, value: impl Into<String>, confidence: u16) -> Self {
        let value = value.into();
        let normal = format!("{scheme} {value}");
        Self { span, normal, identifiers: vec![Identifier { scheme: scheme.to_owned(), value }], confidence }
    }
}

/// A match of a pattern together with the text around it.
pub struct Candidate<'t> {
    pub text: &'t str,
    captures: Captures<'t>,
}

impl<'t> Candidate<'t> {
    pub fn span(&self) -> ByteSpan {
        // Group 0 takes part in every match.
        self.captures.get(0).map_or(ByteSpan::new(0, 0), |m| m.range().into())
    }

    /// The text of a group; empty when it took no part.
    pub fn group(&self, name: &str) -> &'t str {
        self.captures.name(name).map_or("", |m| m.as_str())
    }

    pub fn group_span(&self, name: &str) -> Option<ByteSpan> {
        self.captures.name(name).map(|m| m.range().into())
    }

    /// A group of decimal digits as a number.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.group(name).parse().ok()
    }

    /// At most so many bytes in front of the match, back to the last blank line.
    pub fn before(&self, bytes: usize) -> &'t str {
        before(self.text, self.span().start, bytes)
    }

    /// At most so many bytes behind the match, up to the next blank line.
    pub fn after(&self, bytes: usize) -> &'t str {
        after(self.text, self.span().end, bytes)
    }
}

/// At most so many bytes in front of a position, back to the last blank line.
pub fn before(text: &str, at: usize, bytes: usize) -> &str {
    let slice = &text[text.ceil_char_boundary(at.saturating_sub(bytes))..at];
    slice.rfind("\n\n").map_or(slice, |gap| &slice[gap + 2..])
}

/// At most so many bytes behind a position, up to the next blank line.
pub fn after(text: &str, at: usize, bytes: usize) -> &str {
    let slice = &text[at..text.floor_char_boundary(at.saturating_add(bytes).min(text.len()))];
    slice.find("\n\n").map_or(slice, |gap| &slice[..gap])
}

/// How a match is read: to one mention, or to one for each item of a list (`§§ 280, 281 BGB`).
#[derive(Clone, Copy)]
pub enum Reader {
    One(fn(&Candidate) -> Option<Reading>),
    Many(fn(&Candidate) -> Vec<Reading>),
}

/// A row of a family's table: the source of a pattern and how its matches are read.
pub struct Row(String, Reader);

impl Row {
    pub fn one(source: impl Into<String>, read: fn(&Candidate) -> Option<Reading>) -> Self {
        Self(source.into(), Reader::One(read))
    }

    pub fn many(source: impl Into<String>, read: fn(&Candidate) -> Vec<Reading>) -> Self {
        Self(source.into(), Reader::Many(read))
    }
}

/// Where a family is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Around digits: every mention of the family has one.
    Digits,
    Everywhere,
}

/// A table of patterns that give the same type of mention.
pub struct Family {
    kind: MentionType,
    extractor: &'static str,
    pub scope: Scope,
    /// Tells in one pass which patterns are worth a search of their own.
    set: RegexSet,
    patterns: Vec<(Regex, Reader)>,
}

impl Family {
    pub fn new(kind: MentionType, extractor: &'static str, scope: Scope, rows: Vec<Row>) -> Self {
        let sources: Vec<_> = rows.iter().map(|row| expand(&row.0)).collect();
        let set = RegexSetBuilder::new(&sources).dfa_size_limit(SET_CACHE).build();
        let patterns = rows.iter().map(|row| (compile(&row.0), row.1)).collect();
        Self { kind, extractor, scope, set: set.expect("each source compiles by itself"), patterns }
    }

    /// Searches a part of a text and adds what it finds, in no particular order and with overlaps.
    pub fn find(&self, text: &str, part: ByteSpan, found: &mut Vec<Found>) {
        for index in self.set.matches(&text[part.start..part.end]) {
            let (regex, reader) = &self.patterns[index];
            let mut at = part.start;
            while let Some(captures) = regex.captures_at(&text[..part.end], at) {
                let candidate = Candidate { text, captures };
                let span = candidate.span();
                let readings = match reader {
                    Reader::One(read) => read(&candidate).into_iter().collect(),
                    Reader::Many(read) => read(&candidate),
                };
                let mut next = span.start;
                for reading in readings {
                    if is_whole(text, reading.span) {
                        next = next.max(reading.span.end);
                        found.push(self.mention(text, reading));
                    }
                }
                // A match that was thrown away may hide another one that starts behind its first character.
                at = text.ceil_char_boundary(next.max(span.start + 1));
                if at > part.end {
                    break;
                }
            }
        }
    }

    fn mention(&self, text: &str, reading: Reading) -> Found {
        Found::new(text, self.kind, self.extractor, reading)
    }
}

/// Whether a span does not begin or end inside a word and does not cross a blank line.
fn is_whole(text: &str, span: ByteSpan) -> bool {
    let inside = &text[span.start..span.end];
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let cut_front = word(inside.chars().next()) && word(text[..span.start].chars().next_back());
    let cut_back = word(inside.chars().next_back()) && word(text[span.end..].chars().next());
    !inside.is_empty() && !cut_front && !cut_back && !inside.contains("\n\n")
}

/// The parts of a text that lie around digits, in order and without overlap.
pub fn around_digits(text: &str) -> impl Iterator<Item = ByteSpan> {
    let bytes = text.as_bytes();
    let digit_from = move |at: usize| bytes[at..].iter().position(u8::is_ascii_digit).map(|offset| at + offset);
    let mut next = digit_from(0);
    std::iter::from_fn(move || {
        let first = next?;
        let mut last = first;
        next = None;
        while let Some(digit) = digit_from(last + 1) {
            if digit - last > 2 * REACH {
                next = Some(digit);
                break;
            }
            last = digit;
        }
        let start = text.ceil_char_boundary(first.saturating_sub(REACH));
        Some(ByteSpan::new(start, text.floor_char_boundary((last + 1 + REACH).min(text.len()))))
    })
}

/// Compiles a source of this crate's tables.
pub fn compile(source: &str) -> Regex {
    Regex::new(&expand(source)).expect("the sources are constants, and a test compiles them all")
}

/// Panics on a `~` inside a class of characters, where it cannot stand for several.
fn expand(source: &str) -> String {
    let mut classes = source.split('[').skip(1).filter_map(|rest| rest.split(']').next());
    assert!(classes.all(|class| !class.contains('~')), "white space in a class of {source}");
    source.replace('~', r"(?:[ \x{a0}\x{2009}\x{202f}\n]{1,2})").replace(r"\d", "[0-9]").replace(r"\b", r"(?-u:\b)")
}

/// Whether a character is white space inside a line, with the kinds that keep numbers together.
pub fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_digit_in_order_without_overlap() {
        let text = format!("1{}2é{}3{}", "é".repeat(REACH - 1), "x".repeat(3 * REACH), "ü".repeat(REACH));
        let windows: Vec<_> = around_digits(&text).collect();
        assert_eq!(windows.len(), 2);
        assert!(windows[0].end <= windows[1].start);
        for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
            assert!(windows.iter().any(|w| w.start <= at && at < w.end));
        }
        assert_eq!(around_digits("no digit").count(), 0);
        assert_eq!(around_digits("").count(), 0);
    }

    #[test]
    fn context_ends_at_blank_lines_and_characters() {
        assert_eq!(before("ab\n\ncd12", 6, 80), "cd");
        assert_eq!(before("äb1", 3, 2), "b");
        assert_eq!(after("12 ab\n\ncd", 2, 80), " ab");
        assert_eq!(after("1äb", 1, 1), "");
    }
}
