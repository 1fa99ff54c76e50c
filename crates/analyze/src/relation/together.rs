//! What is named together in one sentence or one row of a table.

use std::collections::BTreeMap;

use super::passage::{Named, Sentence};

pub(super) const SENTENCE: &str = "rule/same_sentence@1";
pub(super) const ROW: &str = "rule/same_row@1";

/// Pairs of one sentence at most: all of ten names. Of more, those that stand nearest count; a list tells of its
/// members little more than that it is a list.
const PAIRS: usize = 45;
/// Places that are kept of one pair in one document: what one document repeats on each page is no stronger for it.
pub(super) const PLACES: u8 = 3;

/// Two mentions that stand together, by their numbers, the first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub first: usize,
    pub second: usize,
    /// The sentence; `None` for a row.
    pub sentence: Option<Sentence>,
}

/// Pairs of persons, organisations and places; other things (languages, works, prizes) stand beside everything and
/// would join what has nothing to do with each other. A referent counts with its first mention of the sentence.
pub(super) fn pairs(sentences: &[Sentence], named: &[Named<'_>]) -> Vec<Pair> {
    let mut out = Vec::new();
    let mut kept: BTreeMap<(usize, usize), u8> = BTreeMap::new();
    for group in sentences.chunk_by(|a, b| a.row.is_some() && a.row == b.row) {
        let mut seen = BTreeMap::new();
        for sentence in group {
            for (number, name) in named.iter().enumerate().take(sentence.end).skip(sentence.first) {
                if name.is_thing() {
                    seen.entry(name.referent).or_insert(number);
                }
            }
        }
        let mut names: Vec<usize> = seen.into_values().collect();
        names.sort_unstable();
        let sentence = group.first().copied().filter(|s| s.row.is_none() || group.len() == 1);
        let near = (1..names.len()).flat_map(|by| names.iter().copied().zip(names.iter().copied().skip(by)));
        for (first, second) in near.take(PAIRS) {
            let (a, b) = (named[first].referent, named[second].referent);
            let count = kept.entry((a.min(b), a.max(b))).or_default();
            if *count < PLACES {
                *count += 1;
                out.push(Pair { first, second, sentence });
            }
        }
    }
    out
}
