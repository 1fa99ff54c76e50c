//! Sentences to rows to batches, and back to one score a word.

use docmill_infer::Scores;

use super::{Error, Names, Token};

/// Tokens of a row that words may take: the model reads 254 with the mark in front of them, and a row that is longer
/// would lose its last words.
pub(super) const ROW: usize = 253;

/// Tokens that two neighbouring rows of one long sentence share. The first half of the shared words is taken from the row
/// before and the second half from the row behind, so that each word is read with about half of this on both sides.
const OVERLAP: usize = 64;

/// Tokens of a batch, its padding counted. The model reads most words a second at about this size (`infer/benches`).
const BATCH: usize = 512;

/// Part of a sentence that goes through the model at once.
struct Row {
    sentence: usize,
    start: usize,
    end: usize,
    /// The first word whose scores are taken from this row; those of the words before it come from the row before.
    own: usize,
    tokens: usize,
}

/// Scores each word of each sentence. Linear time.
pub(super) fn score(names: &dyn Names, sentences: &[Vec<Token<'_>>]) -> Result<Vec<Vec<Scores>>, Error> {
    let mut rows = Vec::new();
    for (sentence, words) in sentences.iter().enumerate() {
        let costs: Vec<usize> = words.iter().map(|word| names.pieces(word.text)).collect();
        cut(sentence, &costs, &mut rows);
    }
    rows.sort_by_key(|row| row.tokens);
    // Scores of rows, by sentence and place.
    let mut scored: Vec<(Row, Vec<Scores>)> = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.next() {
        let mut batch = vec![first];
        while let Some(row) = rows.next_if(|row| (batch.len() + 1) * row.tokens <= BATCH) {
            batch.push(row);
        }
        let words: Vec<&[Token<'_>]> = batch.iter().map(|r| &sentences[r.sentence][r.start..r.end]).collect();
        let scores = names.scores(&words)?;
        scored.extend(batch.into_iter().zip(scores));
    }
    scored.sort_by_key(|(row, _)| (row.sentence, row.start));
    let mut out: Vec<Vec<Scores>> = sentences.iter().map(|words| Vec::with_capacity(words.len())).collect();
    for (row, scores) in scored {
        let sentence = &mut out[row.sentence];
        sentence.truncate(row.own);
        sentence.extend(scores.into_iter().skip(row.own - row.start));
    }
    Ok(out)
}

/// Cuts a sentence of words with these costs into rows that overlap.
fn cut(sentence: usize, costs: &[usize], rows: &mut Vec<Row>) {
    let (mut start, mut own) = (0, 0);
    while start < costs.len() {
        let mut tokens = 0;
        let fits = |cost: &&usize| {
            tokens += **cost;
            tokens <= ROW
        };
        // A word that is longer than a row, which no model of ours has, would be a row of its own.
        let end = start + costs[start..].iter().take_while(fits).count().max(1);
        let tokens = costs[start..end].iter().sum();
        rows.push(Row { sentence, start, end, own, tokens });
        if end == costs.len() {
            break;
        }
        // Back from the end by half of the overlap, and by half of it again, but always forward.
        let back = |from: usize, least: usize| {
            let mut shared = 0;
            let mut at = from;
            while at > least && shared + costs[at - 1] <= OVERLAP / 2 {
                at -= 1;
                shared += costs[at];
            }
            at
        };
        own = back(end, start + 1);
        start = back(own, start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::tokens;

    /// Scores a word by its first letter and the length of its row: shows what was read with what.
    struct Fake;

    impl Names for Fake {
        fn pieces(&self, word: &str) -> usize {
            word.len()
        }

        fn scores(&self, batch: &[&[Token<'_>]]) -> Result<Vec<Vec<Scores>>, Error> {
            let length = |row: &[Token<'_>]| row.iter().map(|t| t.text.len()).sum::<usize>();
            assert!(batch.iter().map(|row| length(row)).max().unwrap() * batch.len() <= BATCH);
            let score = |row: &[Token<'_>], at: usize| {
                let mut scores = [0.0; 9];
                scores[0] = row[at].at as f32;
                // Words around it in its row, the lesser side.
                scores[1] = at.min(row.len() - 1 - at) as f32;
                scores
            };
            Ok(batch.iter().map(|row| (0..row.len()).map(|at| score(row, at)).collect()).collect())
        }
    }

    #[test]
    fn each_word_is_scored_once_and_in_a_long_sentence_with_words_on_both_sides() {
        let texts: Vec<String> = [0, 1, 3, 253, 254, 300, 5000].iter().map(|&n| "x ".repeat(n)).collect();
        let sentences: Vec<_> = texts.iter().map(|text| tokens(text, 0)).collect();
        let scores = score(&Fake, &sentences).unwrap();
        for (words, scores) in sentences.iter().zip(&scores) {
            assert_eq!(words.len(), scores.len());
            for (at, (word, score)) in words.iter().zip(scores).enumerate() {
                assert_eq!(score[0], word.at as f32);
                let around = at.min(words.len() - 1 - at).min(OVERLAP / 2 - 1);
                assert!(score[1] >= around as f32, "word {at} of {}", words.len());
            }
        }
    }

    #[test]
    fn words_of_any_cost_are_cut_into_rows_that_go_forward() {
        for costs in [vec![ROW; 5], vec![ROW + 9; 3], vec![1, ROW, 1, ROW], vec![40; 100], vec![]] {
            let mut rows = Vec::new();
            cut(0, &costs, &mut rows);
            assert!(rows.windows(2).all(|r| r[0].start < r[1].start && r[1].start <= r[1].own && r[1].own <= r[0].end));
            assert!(rows.len() <= costs.len() && rows.last().map_or(0, |row| row.end) == costs.len());
        }
    }
}
