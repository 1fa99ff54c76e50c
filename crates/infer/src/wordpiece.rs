//! Words to pieces of a vocabulary, as BERT's uncased WordPiece does it.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a word above which it is unknown as a whole, as in BERT's tokenizer: bounds the time for a word.
const LONGEST_WORD: usize = 100;

/// A vocabulary: one piece a line, its id the number of the line from 0. Pieces inside a word begin with `##`.
pub(crate) struct WordPiece {
    heads: HashMap<&'static str, u32>,
    /// Without their `##`.
    tails: HashMap<&'static str, u32>,
    unknown: Option<u32>,
    /// Bytes of the longest piece.
    longest: usize,
}

impl WordPiece {
    pub(crate) fn new(vocabulary: &'static str) -> Self {
        let (mut heads, mut tails, mut longest) = (HashMap::new(), HashMap::new(), 0);
        for (id, line) in (0..).zip(vocabulary.lines()) {
            let (map, piece) = line.strip_prefix("##").map_or((&mut heads, line), |tail| (&mut tails, tail));
            longest = longest.max(piece.len());
            map.insert(piece, id);
        }
        let unknown = heads.get("[UNK]").copied();
        Self { heads, tails, unknown, longest }
    }

    /// The id of `[UNK]`.
    pub(crate) fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// Appends the ids of a text's pieces, at most `limit`: lower case, without accents, cut at white space and
    /// at every mark, each part the longest pieces from the left. A part that is not made of pieces is `[UNK]`,
    /// or nothing in a vocabulary without it. Linear time.
    pub(crate) fn pieces(&self, text: &str, limit: usize, out: &mut Vec<u32>) {
        let limit = out.len().saturating_add(limit);
        let plain: String = text
            .to_lowercase()
            .nfd()
            .filter(|&c| {
                !is_combining_mark(c) && (!c.is_control() || c.is_whitespace()) && c != char::REPLACEMENT_CHARACTER
            })
            .collect();
        let is_mark = |c: char| !c.is_alphanumeric();
        for part in plain.split_inclusive(is_mark) {
            if out.len() >= limit {
                break;
            }
            let mark = part.char_indices().next_back().filter(|&(_, c)| is_mark(c)).map_or(part.len(), |(at, _)| at);
            let (word, mark) = part.split_at(mark);
            self.word(word, out);
            self.word(mark.trim(), out);
        }
        out.truncate(limit);
    }

    fn word(&self, word: &str, out: &mut Vec<u32>) {
        if word.is_empty() {
            return;
        }
        let start = out.len();
        let mut rest = word;
        if word.chars().nth(LONGEST_WORD).is_some() {
            rest = "";
            out.extend(self.unknown);
        }
        while !rest.is_empty() {
            let map = if rest.len() == word.len() { &self.heads } else { &self.tails };
            let reach = rest.floor_char_boundary(self.longest);
            let ends = rest[..reach].char_indices().rev().map(|(at, c)| at + c.len_utf8());
            let Some((end, id)) = ends.filter_map(|end| Some((end, *map.get(&rest[..end])?))).next() else {
                out.truncate(start);
                out.extend(self.unknown);
                return;
            };
            out.push(id);
            rest = &rest[end..];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VOCABULARY: &str = "[PAD]\n[UNK]\nun\n##aff\n##able\nable\n##a\n-\n'\ncafe\nß\n##er";

    fn check(text: &str, limit: usize, expected: &[&str]) {
        let wordpiece = WordPiece::new(VOCABULARY);
        let mut found = Vec::new();
        wordpiece.pieces(text, limit, &mut found);
        let lines: Vec<&str> = VOCABULARY.lines().collect();
        let found: Vec<&str> = found.iter().map(|&id| lines[id as usize]).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn a_word_is_its_longest_pieces_from_the_left() {
        for (text, expected) in [
            ("unaffable", &["un", "##aff", "##able"][..]),
            ("Unable", &["un", "##able"]),
            ("CAFÉ-able", &["cafe", "-", "able"]),
            ("un able", &["un", "able"]),
            ("o'un", &["[UNK]", "'", "un"]),
            ("unzzz", &["[UNK]"]),
            ("", &[]),
            ("\u{301}\u{0}", &[]),
            ("…", &["[UNK]"]),
        ] {
            check(text, 8, expected);
        }
        check("un-un-un", 4, &["un", "-", "un", "-"]);
        check(&"una".repeat(50), 8, &["[UNK]"]);
    }

    #[test]
    fn a_vocabulary_without_the_unknown_word_gives_nothing_for_it() {
        let mut found = Vec::new();
        WordPiece::new("a\n##b").pieces("ab xyz ab", 8, &mut found);
        assert_eq!(found, [0, 1, 0, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_gives_ids_of_the_vocabulary_within_the_limit(text in "\\PC{0,60}", limit in 0usize..9) {
            let mut found = Vec::new();
            WordPiece::new(VOCABULARY).pieces(&text, limit, &mut found);
            prop_assert!(found.len() <= limit && found.iter().all(|&id| (id as usize) < VOCABULARY.lines().count()));
        }
    }
}
