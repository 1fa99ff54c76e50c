//! Cleaning: white space and characters without a shape, with an exact map back to the raw text.
//!
//! Letters, digits, punctuation and normal forms stay as they are, so that what is shown of a document is what
//! stands in it. Cleaning a cleaned text changes nothing.

mod character;

use character::{Class, class, joins};
use docmill_model::{Block, ByteSpan, CleanMap, Rewrite, Segment, Span, Text};

/// The end mark of a model's turn, which services leave in texts that they transcribed.
const TURN_END: &str = "<|im_end|>";

/// A cleaned text and where each stretch of it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    pub text: Text,
    pub map: CleanMap,
}

/// Cleans a text, in one pass and linear time.
///
/// * A run of white space becomes one space, or the tab if it holds one (tabs separate cells), or one line
///   feed, or two where the run ends two lines or more. None is left at the ends of the text.
/// * Control and format characters are left out; joiners stay between characters that they shape.
/// * A hyphen, soft or not, between a letter and the end of a line goes together with the line end when the next
///   line starts with a lower-case letter.
pub fn clean(raw: &str) -> Cleaned {
    let mut cleaner = Cleaner { text: String::with_capacity(raw.len()), ..Cleaner::default() };
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let plain = plain_ascii(rest.as_bytes());
        if plain > 0 {
            cleaner.plain(&rest[..plain], plain as u32);
            rest = &rest[plain..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match class(c) {
            Class::Plain => cleaner.plain(c.encode_utf8(&mut [0; 4]), 1),
            Class::Blank => cleaner.space(1, 0, c),
            Class::Break(_) if c == '\r' && rest.starts_with('\n') => {
                rest = &rest[1..];
                cleaner.space(2, 1, c);
            }
            Class::Break(lines) => cleaner.space(1, lines, c),
            Class::Control => cleaner.control(c),
            Class::Joiner => cleaner.joiner(c),
        }
    }
    cleaner.finish()
}

/// Length of the longest start that stays as it is: visible ASCII with single spaces between. It ends behind a
/// `>`, where a mark may be complete.
fn plain_ascii(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'>' => return end + 1,
            0x21..=0x7E => end += 1,
            b' ' if end > 0 && bytes[end - 1] != b' ' && bytes.get(end + 1).is_some_and(u8::is_ascii_graphic) => {
                end += 1;
            }
            _ => break,
        }
    }
    end
}

/// A run of white space whose form is decided when the next character that stays is known.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Raw characters, those left out between included.
    raw: u32,
    lines: u32,
    tab: bool,
    /// Only spaces, tabs and line feeds so far.
    common: bool,
    /// Only CR and LF so far.
    line_ends: bool,
}

/// A joiner whose right neighbour is not known yet, and how many characters were left out behind it.
struct Joiner {
    joiner: char,
    control: u32,
}

#[derive(Default)]
struct Cleaner {
    text: String,
    segments: Vec<Segment>,
    run: Option<Run>,
    joiner: Option<Joiner>,
    /// A soft hyphen was left out directly before this point.
    soft_hyphen: bool,
}

impl Cleaner {
    /// Takes `count` characters that stay.
    fn plain(&mut self, piece: &str, count: u32) {
        let first = piece.chars().next().unwrap_or_default();
        if let Some(run) = self.run.take() {
            self.settle(run, first);
        }
        if let Some(held) = self.joiner.take() {
            if joins(first) {
                self.keep(held.joiner.encode_utf8(&mut [0; 4]), 1);
                self.push(Rewrite::Control, held.control, 0);
            } else {
                self.push(Rewrite::Control, 1 + held.control, 0);
            }
        }
        self.keep(piece, count);
        self.soft_hyphen = false;
        if piece.ends_with('>') && self.text.ends_with(TURN_END) {
            self.drop_mark();
        }
    }

    fn space(&mut self, raw: u32, lines: u32, c: char) {
        self.drop_joiner();
        let run = self.run.get_or_insert(Run { common: true, line_ends: true, ..Run::default() });
        run.raw += raw;
        run.lines = run.lines.saturating_add(lines);
        run.tab |= c == '\t';
        run.common &= matches!(c, ' ' | '\t' | '\n');
        run.line_ends &= matches!(c, '\r' | '\n');
    }

    fn control(&mut self, c: char) {
        if let Some(run) = &mut self.run {
            run.raw += 1;
            (run.common, run.line_ends) = (false, false);
        } else if let Some(held) = &mut self.joiner {
            held.control += 1;
        } else {
            self.push(Rewrite::Control, 1, 0);
            self.soft_hyphen |= c == '\u{AD}';
        }
    }

    fn joiner(&mut self, joiner: char) {
        let shapes = self.run.is_none() && self.joiner.is_none() && self.text.chars().next_back().is_some_and(joins);
        if shapes {
            self.joiner = Some(Joiner { joiner, control: 0 });
        } else {
            self.control(joiner);
        }
    }

    fn finish(mut self) -> Cleaned {
        self.drop_joiner();
        if let Some(run) = self.run.take() {
            self.push(Rewrite::Trim, run.raw, 0);
        }
        Cleaned { text: Text::new(self.text), map: CleanMap::from(self.segments) }
    }

    fn drop_joiner(&mut self) {
        if let Some(held) = self.joiner.take() {
            self.push(Rewrite::Control, 1 + held.control, 0);
        }
    }

    /// Writes what a run of white space becomes before `next`.
    fn settle(&mut self, run: Run, next: char) {
        if self.text.is_empty() {
            return self.push(Rewrite::Trim, run.raw, 0);
        }
        if run.lines == 1 && next.is_lowercase() {
            if let Some(hyphen) = self.hyphen() {
                let raw = self.take_back(hyphen) + run.raw;
                return self.push(Rewrite::Hyphen, raw, 0);
            }
            if self.soft_hyphen && self.text.chars().next_back().is_some_and(char::is_alphabetic) {
                return self.push(Rewrite::Hyphen, run.raw, 0);
            }
        }
        let form = match (run.lines, run.tab) {
            (0, false) => " ",
            (0, true) => "\t",
            (1, _) => "\n",
            _ => "\n\n",
        };
        let rewrite = match () {
            () if run.common && run.raw as usize == form.len() => Rewrite::Equal,
            () if run.line_ends && run.lines <= 2 => Rewrite::LineEnd,
            () => Rewrite::Space,
        };
        self.text.push_str(form);
        self.push(rewrite, run.raw, form.len() as u32);
    }

    /// Bytes of the hyphen that ends the text so far, when a letter stands before it.
    fn hyphen(&self) -> Option<usize> {
        let mut back = self.text.chars().rev();
        let hyphen = back.next().filter(|c| matches!(c, '-' | '\u{2010}'))?;
        back.next().filter(|c| c.is_alphabetic()).map(|_| hyphen.len_utf8())
    }

    /// Leaves out the mark that ends the text so far. White space before it becomes pending again, because it
    /// may now meet more of it.
    fn drop_mark(&mut self) {
        let mark = self.take_back(TURN_END.len());
        let space = self.text.len() - self.text.trim_end_matches([' ', '\t', '\n']).len();
        if space == 0 {
            return self.push(Rewrite::Control, mark, 0);
        }
        let tail = &self.text[self.text.len() - space..];
        let lines = tail.matches('\n').count() as u32;
        let tab = tail.contains('\t');
        let raw = self.take_back(space) + mark;
        self.run = Some(Run { raw, lines, tab, common: false, line_ends: false });
    }

    /// Takes the last `bytes` off the text, with the raw characters they came from; returns how many those are.
    fn take_back(&mut self, bytes: usize) -> u32 {
        let cut = self.text.len() - bytes;
        let mut left = self.text[cut..].chars().count() as u32;
        let mut raw = 0;
        while left > 0 {
            let last = self.segments.last_mut().expect("every character of the text lies in a segment");
            let taken = left.min(last.clean);
            left -= taken;
            last.clean -= taken;
            let from = if last.rewrite == Rewrite::Equal { taken } else { last.raw };
            raw += from;
            last.raw -= from;
            if last.raw == 0 {
                self.segments.pop();
            }
        }
        self.text.truncate(cut);
        raw
    }

    fn keep(&mut self, piece: &str, count: u32) {
        self.text.push_str(piece);
        self.push(Rewrite::Equal, count, count);
    }

    fn push(&mut self, rewrite: Rewrite, raw: u32, clean: u32) {
        if raw == 0 {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.rewrite == rewrite => {
                last.raw += raw;
                last.clean += clean;
            }
            _ => self.segments.push(Segment { rewrite, raw, clean }),
        }
    }
}

/// Carries blocks over from the raw text to the cleaned one: without the white space at their ends, without
/// those that became empty, in the same order. Spans count characters of the whole document.
pub fn map_blocks(blocks: &[Block], map: &CleanMap, text: &Text) -> Vec<Block> {
    let mut floor = 0;
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        let span = map.to_clean(block.span);
        let start = span.start.max(floor).min(text.chars());
        let bytes = text.bytes_of(Span::new(start, span.end.clamp(start, text.chars())));
        let slice = &text.as_str()[bytes.start..bytes.end];
        let head = slice.len() - slice.trim_start().len();
        let trimmed = slice.trim();
        if trimmed.is_empty() {
            continue;
        }
        let start = bytes.start + head;
        let span = text.span_of(ByteSpan::new(start, start + trimmed.len()));
        floor = span.end;
        out.push(Block { kind: block.kind, span, path: block.path.clone() });
    }
    out
}

#[cfg(test)]
mod tests {
    use docmill_model::BlockKind;
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str, expected: &str) {
        let cleaned = clean(raw);
        assert_eq!(cleaned.text.as_str(), expected, "cleaning {raw:?}");
        check_map(raw, &cleaned);
    }

    /// The map tiles both texts, `Equal` means equal, neighbours differ, and cleaning again changes nothing.
    fn check_map(raw: &str, cleaned: &Cleaned) {
        let raw: Vec<char> = raw.chars().collect();
        let text: Vec<char> = cleaned.text.as_str().chars().collect();
        assert_eq!(cleaned.map.lengths(), (raw.len() as u32, text.len() as u32));
        let (mut r, mut c) = (0, 0);
        for segment in cleaned.map.segments() {
            let (raw_len, clean_len) = (segment.raw as usize, segment.clean as usize);
            assert!(raw_len > 0, "a segment without raw characters");
            let piece = &text[c..c + clean_len];
            match segment.rewrite {
                Rewrite::Equal => assert_eq!(&raw[r..r + raw_len], piece),
                Rewrite::Space => assert!([" ", "\t", "\n", "\n\n"].contains(&&*piece.iter().collect::<String>())),
                Rewrite::LineEnd => assert!(piece.iter().all(|&c| c == '\n') && clean_len > 0),
                Rewrite::Control | Rewrite::Hyphen | Rewrite::Trim => assert_eq!(clean_len, 0),
            }
            (r, c) = (r + raw_len, c + clean_len);
        }
        for pair in cleaned.map.segments().windows(2) {
            assert_ne!(pair[0].rewrite, pair[1].rewrite);
        }
        let again = clean(cleaned.text.as_str());
        assert_eq!(again.text, cleaned.text);
        let equal = Segment { rewrite: Rewrite::Equal, raw: text.len() as u32, clean: text.len() as u32 };
        assert_eq!(again.map.segments(), if text.is_empty() { &[][..] } else { std::slice::from_ref(&equal) });
    }

    #[test]
    fn white_space_is_folded_and_nothing_else() {
        for (raw, expected) in [
            ("", ""),
            (" \n\t ", ""),
            ("a b", "a b"),
            ("a  b\u{A0}c\u{3000}\u{2009}d", "a b c d"),
            ("a\tb \t c\t\td", "a\tb\tc\td"),
            ("a \r\n  b\rc\n\rd", "a\nb\nc\n\nd"),
            ("a\n \n\t\n\n b", "a\n\nb"),
            ("a\u{C}b\u{2029}c\u{2028}d\u{85}e\u{B}f", "a\n\nb\n\nc\nd\ne\nf"),
            ("\u{FEFF}  Straße ﬁn 1.234,50 € \u{0301}", "Straße ﬁn 1.234,50 € \u{0301}"),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn characters_without_a_shape_are_left_out() {
        for (raw, expected) in [
            ("a\u{0}b\u{7F}c\u{9F}d", "abcd"),
            ("pay\u{202E}load\u{202C} \u{2066}x\u{2069}", "payload x"),
            ("zero\u{200B}width\u{200D}s", "zerowidths"),
            ("a \u{200B} b", "a b"),
            ("\u{0645}\u{06CC}\u{200C}\u{062E}\u{0648}", "\u{0645}\u{06CC}\u{200C}\u{062E}\u{0648}"),
            ("\u{0915}\u{094D}\u{200D}\u{200B}\u{0937}", "\u{0915}\u{094D}\u{200D}\u{0937}"),
            ("\u{0915}\u{094D}\u{200D} x", "\u{0915}\u{094D} x"),
            ("\u{1F468}\u{200D}\u{1F469}", "\u{1F468}\u{200D}\u{1F469}"),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn end_marks_are_left_out_even_when_nested_or_between_spaces() {
        for (raw, expected) in [
            ("a<|im_end|>b", "ab"),
            ("a <|im_end|> b", "a b"),
            ("a\n<|im_end|>\n\nb", "a\n\nb"),
            ("<|im_end|> a<|im_<|im_end|>end|>", "a"),
            ("<|im\u{200B}_end|>a<|im_end>", "a<|im_end>"),
            ("<|im_en-\nd|>", ""),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn words_hyphenated_at_a_line_end_are_joined() {
        for (raw, expected) in [
            ("agree-\nment", "agreement"),
            ("agree- \r\n  ment", "agreement"),
            ("über\u{2010}\näußern", "überäußern"),
            ("exam\u{AD}\nple", "example"),
            ("agree-\n\nment", "agree-\n\nment"),
            ("Jean-\nLuc", "Jean-\nLuc"),
            ("12-\nfold a--\nb", "12-\nfold a--\nb"),
            ("agree-<|im_end|>\nment", "agreement"),
        ] {
            check(raw, expected);
        }
    }

    #[test]
    fn each_rewrite_is_named_in_the_map() {
        let map = |raw: &str| -> Vec<_> {
            clean(raw).map.segments().iter().map(|s| (s.rewrite, s.raw, s.clean)).collect::<Vec<_>>()
        };
        use Rewrite::*;
        assert_eq!(
            map(" ab\r\nc  d\u{0}e-\nf\n"),
            [
                (Trim, 1, 0),
                (Equal, 2, 2),
                (LineEnd, 2, 1),
                (Equal, 1, 1),
                (Space, 2, 1),
                (Equal, 1, 1),
                (Control, 1, 0),
                (Equal, 1, 1),
                (Hyphen, 2, 0),
                (Equal, 1, 1),
                (Trim, 1, 0)
            ]
        );
    }

    #[test]
    fn blocks_follow_their_text() {
        let raw = "  Title \r\n\r\n\u{200B}\n\nfirst  para-\ngraph\tcell";
        let cleaned = clean(raw);
        let block = |start, end, path: &str| Block {
            kind: BlockKind::Paragraph,
            span: Span::new(start, end),
            path: path.to_owned(),
        };
        let raw_blocks = [block(0, 9, "a"), block(12, 14, "gone"), block(13, 38, "b"), block(30, 99, "c")];
        let blocks = map_blocks(&raw_blocks, &cleaned.map, &cleaned.text);
        let found: Vec<_> = blocks.iter().map(|b| (b.path.as_str(), cleaned.text.slice(b.span))).collect();
        assert_eq!(found, [("a", "Title"), ("b", "first paragraph\tcell")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_tiled_exactly_and_cleaning_twice_is_cleaning_once(
            raw in "([ \t\n\r\u{A0}\u{C}]|-|\u{AD}|[a-cA-B]|é|\u{915}|\u{200D}|\u{200B}|<\\|im_|end\\|>|<\\|im_end\\|>|\\PC|\\p{Cf}){0,60}"
        ) {
            check_map(&raw, &clean(&raw));
        }

        #[test]
        fn blocks_of_any_kind_stay_in_order_and_lie_in_the_text(
            raw in "([ \t\r\n]|-|[ab]|é|\u{200B}){0,60}",
            ranges in prop::collection::vec((0u32..70, 0u32..70), 0..8),
        ) {
            let cleaned = clean(&raw);
            let blocks: Vec<_> = ranges
                .iter()
                .map(|&(start, length)| Block {
                    kind: BlockKind::Paragraph,
                    span: Span::new(start, start + length),
                    path: String::new(),
                })
                .collect();
            let mut end = 0;
            for block in map_blocks(&blocks, &cleaned.map, &cleaned.text) {
                prop_assert!(end <= block.span.start && block.span.end <= cleaned.text.chars());
                let slice = cleaned.text.slice(block.span);
                prop_assert!(!slice.is_empty() && slice == slice.trim());
                end = block.span.end;
            }
        }
    }
}
