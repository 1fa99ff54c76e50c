//! Texts, the two kinds of span, chunks, and the exact map from cleaned to raw text.
//!
//! Inside a pure function text is addressed in bytes ([`ByteSpan`]), because that is what `str` and regular
//! expressions count; at every edge (store, wire, export) it is addressed in Unicode scalar values ([`Span`]).
//! [`Text`] converts between the two.

use serde::{Deserialize, Serialize};

use crate::ChunkId;

/// Half-open range of Unicode scalar values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Panics when `start > end`: a span is made from positions that are already ordered.
    pub fn new(start: u32, end: u32) -> Self {
        assert!(start <= end, "span {start}..{end} runs backwards");
        Self { start, end }
    }

    pub fn len(self) -> u32 {
        self.end - self.start
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn contains(self, position: u32) -> bool {
        self.start <= position && position < self.end
    }

    pub fn shift(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// A fixed form for digests and ids.
    pub fn to_bytes(self) -> [u8; 8] {
        let mut out = [0; 8];
        out[..4].copy_from_slice(&self.start.to_le_bytes());
        out[4..].copy_from_slice(&self.end.to_le_bytes());
        out
    }
}

/// Half-open range of bytes of a `str`, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteSpan {
    pub start: usize,
    pub end: usize,
}

impl ByteSpan {
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<std::ops::Range<usize>> for ByteSpan {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// Characters between two checkpoints of a [`Text`]: a conversion scans at most this many.
const STRIDE: u32 = 1024;

/// A text that converts between byte and character positions in near constant time.
#[derive(Clone, Debug, Default)]
pub struct Text {
    text: String,
    chars: u32,
    /// Byte offset of every [`STRIDE`]th character; empty when the text is ASCII.
    checkpoints: Vec<u32>,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text {}

impl Text {
    /// The most that one row of a store holds of a text, in bytes: longer ones are cut at a character into
    /// several segments, so that no row is unbounded.
    pub const SEGMENT: usize = 1 << 20;

    /// Panics on texts of 4 GiB or more; extraction stops far below (`text_limit`).
    pub fn new(text: String) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "a text of {} bytes passed the text limit", text.len());
        if text.is_ascii() {
            return Self { chars: text.len() as u32, text, checkpoints: Vec::new() };
        }
        let mut chars = 0;
        let mut checkpoints = Vec::with_capacity(text.len() / STRIDE as usize + 1);
        for (offset, _) in text.char_indices() {
            if chars % STRIDE == 0 {
                checkpoints.push(offset as u32);
            }
            chars += 1;
        }
        Self { text, chars, checkpoints }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn into_string(self) -> String {
        self.text
    }

    /// Length in Unicode scalar values.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// Byte offset of a character position; positions past the end give the length.
    pub fn byte_of(&self, position: u32) -> usize {
        if position >= self.chars {
            return self.text.len();
        }
        if self.checkpoints.is_empty() {
            return position as usize;
        }
        let base = self.checkpoints[(position / STRIDE) as usize] as usize;
        let rest = (position % STRIDE) as usize;
        self.text[base..].char_indices().nth(rest).map_or(self.text.len(), |(offset, _)| base + offset)
    }

    /// Character position of a byte offset, which must lie on a character boundary.
    pub fn char_of(&self, offset: usize) -> u32 {
        if self.checkpoints.is_empty() {
            return offset as u32;
        }
        let index = self.checkpoints.partition_point(|&c| c as usize <= offset) - 1;
        let base = self.checkpoints[index] as usize;
        index as u32 * STRIDE + self.text[base..offset].chars().count() as u32
    }

    pub fn span_of(&self, bytes: ByteSpan) -> Span {
        Span::new(self.char_of(bytes.start), self.char_of(bytes.end))
    }

    pub fn bytes_of(&self, span: Span) -> ByteSpan {
        ByteSpan::new(self.byte_of(span.start), self.byte_of(span.end))
    }

    /// The characters of a span, clipped to the text.
    pub fn slice(&self, span: Span) -> &str {
        let bytes = self.bytes_of(span);
        &self.text[bytes.start..bytes.end]
    }

    /// Pieces of at most [`Self::SEGMENT`] bytes, cut at characters, that joined give the text.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (head, tail) = rest.split_at(rest.floor_char_boundary(Self::SEGMENT));
            rest = tail;
            Some(head)
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

/// How a stretch of cleaned text came from the raw text: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rewrite {
    /// The same characters.
    Equal,
    /// White space became one space, one line feed, or a blank line.
    Space,
    /// CR LF or CR became a line feed.
    LineEnd,
    /// Control, format or bidi characters were left out.
    Control,
    /// A word that was hyphenated at the end of a line was joined.
    Hyphen,
    /// White space at the ends of the text was left out.
    Trim,
}

/// One piece of a [`CleanMap`], in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub rewrite: Rewrite,
    pub raw: u32,
    pub clean: u32,
}

/// The exact map between cleaned and raw text: segments that tile both. In an `Equal` segment both lengths are
/// the same and so are the characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Segment>", into = "Vec<Segment>")]
pub struct CleanMap {
    segments: Vec<Segment>,
    /// (raw, clean) position at which each segment starts.
    starts: Vec<(u32, u32)>,
}

impl From<Vec<Segment>> for CleanMap {
    fn from(segments: Vec<Segment>) -> Self {
        let mut at = (0, 0);
        let starts = segments
            .iter()
            .map(|s| {
                let start = at;
                at = (at.0 + s.raw, at.1 + s.clean);
                start
            })
            .collect();
        Self { segments, starts }
    }
}

impl From<CleanMap> for Vec<Segment> {
    fn from(map: CleanMap) -> Self {
        map.segments
    }
}

impl CleanMap {
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Lengths of the raw and the cleaned text.
    pub fn lengths(&self) -> (u32, u32) {
        match (self.starts.last(), self.segments.last()) {
            (Some(start), Some(segment)) => (start.0 + segment.raw, start.1 + segment.clean),
            _ => (0, 0),
        }
    }

    /// The raw range that a cleaned range came from. A range that is not empty keeps to what its own
    /// characters came from: a rewrite before its first or behind its last character is not included.
    pub fn to_raw(&self, clean: Span) -> Span {
        if self.segments.is_empty() {
            return Span::default();
        }
        if clean.is_empty() {
            let at = self.raw_start(clean.start);
            return Span::new(at, at);
        }
        let start = self.raw_start(clean.start);
        let end = self.raw_end(clean.end);
        Span::new(start, end.max(start))
    }

    /// The cleaned range that a raw range became; a raw character that was left out falls to the position
    /// where it stood.
    pub fn to_clean(&self, raw: Span) -> Span {
        let start = self.clean_at(raw.start);
        Span::new(start, self.clean_at(raw.end).max(start))
    }

    fn raw_start(&self, position: u32) -> u32 {
        let index = self.starts.partition_point(|s| s.1 <= position).saturating_sub(1);
        let (raw, clean) = self.starts[index];
        let segment = self.segments[index];
        match segment.rewrite {
            Rewrite::Equal => raw + (position - clean).min(segment.raw),
            _ if position - clean >= segment.clean => raw + segment.raw,
            _ => raw,
        }
    }

    fn raw_end(&self, position: u32) -> u32 {
        let index = self.starts.partition_point(|s| s.1 < position).saturating_sub(1);
        let (raw, clean) = self.starts[index];
        let segment = self.segments[index];
        match segment.rewrite {
            Rewrite::Equal => raw + (position - clean).min(segment.raw),
            _ => raw + segment.raw,
        }
    }

    fn clean_at(&self, raw: u32) -> u32 {
        let index = self.starts.partition_point(|s| s.0 <= raw).saturating_sub(1);
        let Some(&(start_raw, start_clean)) = self.starts.get(index) else { return 0 };
        let segment = self.segments[index];
        match segment.rewrite {
            Rewrite::Equal => start_clean + (raw - start_raw).min(segment.clean),
            _ if raw - start_raw >= segment.raw => start_clean + segment.clean,
            _ => start_clean,
        }
    }
}

/// A piece of the cleaned text. The chunks of a document run from 0 to its length without gap or overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    pub id: ChunkId,
    pub index: u32,
    pub span: Span,
    pub first_page: u32,
    pub last_page: u32,
    /// The nearest heading above, if there is one.
    pub section: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn positions_convert_both_ways(
            text in prop::collection::vec(prop::sample::select(vec!['a', 'é', '€', '\u{1F600}']), 0..3 * STRIDE as usize)
        ) {
            let text: String = text.into_iter().collect();
            let t = Text::new(text.clone());
            prop_assert_eq!(t.chars() as usize, text.chars().count());
            for (i, (offset, _)) in text.char_indices().enumerate().step_by(97) {
                prop_assert_eq!(t.byte_of(i as u32), offset);
                prop_assert_eq!(t.char_of(offset), i as u32);
            }
            prop_assert_eq!(t.char_of(text.len()), t.chars());
            prop_assert_eq!(t.segments().collect::<String>(), text);
        }
    }

    #[test]
    fn ranges_go_through_rewrites_and_back() {
        // raw "ab \r\n  cd-\nef", clean "ab\ncdef"
        let map = CleanMap::from(vec![
            Segment { rewrite: Rewrite::Equal, raw: 2, clean: 2 },
            Segment { rewrite: Rewrite::Space, raw: 5, clean: 1 },
            Segment { rewrite: Rewrite::Equal, raw: 2, clean: 2 },
            Segment { rewrite: Rewrite::Hyphen, raw: 2, clean: 0 },
            Segment { rewrite: Rewrite::Equal, raw: 2, clean: 2 },
        ]);
        assert_eq!(map.lengths(), (13, 7));
        assert_eq!(map.to_raw(Span::new(0, 2)), Span::new(0, 2));
        assert_eq!(map.to_raw(Span::new(3, 7)), Span::new(7, 13));
        assert_eq!(map.to_raw(Span::new(3, 5)), Span::new(7, 9));
        assert_eq!(map.to_raw(Span::new(5, 7)), Span::new(11, 13));
        assert_eq!(map.to_raw(Span::new(2, 3)), Span::new(2, 7));
        assert_eq!(map.to_clean(Span::new(7, 13)), Span::new(3, 7));
        assert_eq!(map.to_clean(Span::new(9, 11)), Span::new(5, 5));
        assert_eq!(map.to_raw(Span::new(7, 7)), Span::new(13, 13));
    }

    #[test]
    fn an_empty_map_maps_to_nothing() {
        let map = CleanMap::default();
        assert_eq!(map.to_raw(Span::new(0, 0)), Span::default());
        assert_eq!(map.to_clean(Span::new(0, 0)), Span::default());
    }
}
