//! The stretch of a passage that a query is about.

use std::ops::Range;

use docmill_store::{Fit, Form, Terms};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Characters of a snippet: two to three lines of a terminal.
const LENGTH: usize = 240;
/// Characters before the first hit that give it a context.
const LEAD: usize = 60;

/// Hits that are weighed in one stretch: as many short words as it can hold, and a bound on the work where a text says
/// the same word over and over.
const WEIGHED: usize = 64;

/// A stretch of a text with the hits in it, all as byte ranges of the text; the hits in order, inside the stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    pub stretch: Range<usize>,
    pub hits: Vec<Range<usize>>,
}

/// The words of a text with their byte ranges: runs of letters, digits and marks on them, as the index cuts them.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let is_part = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((start..end, folded(&text[start..end])))
    })
}

/// A word without case and marks, as the index compares it.
fn folded(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// What is marked in a text: words, and beginnings of words.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    words: Vec<(String, bool)>,
}

impl Wanted {
    /// The words of a query, those of its phrases too, and their other forms where the passages have these.
    pub fn of(terms: &Terms, fit: Fit) -> Self {
        let mut wanted = Self::default();
        for term in &terms.wanted {
            let forms = if fit == Fit::Whole { vec![term.text.clone()] } else { term.forms() };
            forms.iter().for_each(|form| wanted.add(form));
            if let (Form::Stem, Some((_, begins))) = (term.form, wanted.words.last_mut()) {
                *begins = true;
            }
        }
        wanted
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All words of a name.
    pub fn add(&mut self, name: &str) {
        self.words.extend(words(name).map(|(_, word)| (word, false)));
    }

    fn position(&self, word: &str) -> Option<usize> {
        self.words.iter().position(|(wanted, begins)| wanted == word || *begins && word.starts_with(wanted))
    }
}

/// The stretch of a text with the most different words that are wanted, and the first of these.
pub fn snippet(text: &str, wanted: &Wanted) -> Snippet {
    let hits: Vec<(Range<usize>, usize)> =
        words(text).filter_map(|(range, word)| Some((range, wanted.position(&word)?))).collect();
    let first = (0..hits.len()).max_by_key(|index| {
        let end = forward(text, hits[*index].0.start, LENGTH - LEAD);
        let mut seen = vec![false; wanted.words.len()];
        hits[*index..]
            .iter()
            .take_while(|(range, _)| range.end <= end)
            .take(WEIGHED)
            .for_each(|(_, w)| seen[*w] = true);
        (seen.iter().filter(|s| **s).count(), std::cmp::Reverse(*index))
    });
    let from = first.map_or(0, |index| hits[index].0.start);
    let start = word_edge(text, back(text, from, LEAD), from);
    let end = forward(text, start, LENGTH);
    let hits = hits.into_iter().map(|(range, _)| range).filter(|r| r.start >= start && r.end <= end).collect();
    Snippet { stretch: start..end, hits }
}

/// The position some characters before another, or the start.
fn back(text: &str, from: usize, count: usize) -> usize {
    text[..from].char_indices().rev().take(count).last().map_or(from, |(at, _)| at)
}

/// The position some characters behind another, or the end.
fn forward(text: &str, from: usize, count: usize) -> usize {
    text[from..].char_indices().nth(count).map_or(text.len(), |(at, _)| from + at)
}

/// The first start of a word from a position on, but not past `limit`.
fn word_edge(text: &str, from: usize, limit: usize) -> usize {
    if from == 0 {
        return 0;
    }
    text[from..limit].find(char::is_whitespace).map_or(from, |at| {
        let space = from + at;
        space + text[space..limit].chars().take_while(|c| c.is_whitespace()).map(char::len_utf8).sum::<usize>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(query: &str) -> Wanted {
        Wanted::of(&Terms::parse(query).unwrap(), Fit::Whole)
    }

    #[test]
    fn the_snippet_holds_the_words_of_the_query() {
        let check = |text: &str, query: &str, expected: &[&str]| {
            let found = snippet(text, &wanted(query));
            let hits: Vec<&str> = found.hits.iter().map(|r| &text[r.clone()]).collect();
            assert_eq!(hits, expected, "{query}");
        };
        check("The net rent is due.", "rent", &["rent"]);
        check("The Net RENT is due.", "\"net rent\"", &["Net", "RENT"]);
        check("Größe und Café", "grosse grOße cafe", &["Größe", "Café"]);
        check("rental", "rent", &[]);
        check("Rental, rents and réntless", "rent*", &["Rental", "rents", "réntless"]);
        check("the rent, not the flat", "rent -flat", &["rent"]);
        check("", "rent", &[]);
        let far = format!("rent {}net rent", "filler ".repeat(100));
        check(&far, "net rent", &["net", "rent"]);
    }

    #[test]
    fn a_long_text_is_cut_before_a_word() {
        let text = format!("{}the rent{}", "word ".repeat(100), " tail".repeat(100));
        let found = snippet(&text, &wanted("rent"));
        assert!(text[found.stretch.clone()].starts_with("word "), "{}", &text[found.stretch.clone()]);
        assert_eq!(text[found.stretch].chars().count(), LENGTH);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn ranges_lie_on_characters(text in "[a-cäß ́ ]{0,600}", query in "[a-cäß]{1,2} [a-c]") {
            let found = snippet(&text, &wanted(&query));
            prop_assert!(text.get(found.stretch.clone()).is_some());
            for hit in found.hits {
                prop_assert!(text.get(hit.clone()).is_some());
                prop_assert!(hit.start >= found.stretch.start && hit.end <= found.stretch.end);
            }
        }
    }
}
