//! Scores of words to names.

use docmill_infer::{LABELS, Scores};
use docmill_model::MentionType;

use super::{MODEL, confidence};

/// A name in a sentence: a range of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    /// Person, organisation, location or other.
    pub kind: MentionType,
    /// The model's own probability, in thousandths; 0 if it gave none.
    pub likelihood: u16,
    /// In thousandths: how often such names are right.
    pub confidence: u16,
    pub extractor: &'static str,
}

/// The kinds of the labels, two labels each behind the first one.
const KINDS: [MentionType; 4] = [MentionType::Person, MentionType::Org, MentionType::Location, MentionType::Other];

/// The names of the best sequence of labels in which a name is continued only by its own kind, in order.
pub fn decode(scores: &[Scores]) -> Vec<Span> {
    let scores: Vec<Scores> = scores.iter().map(log_softmax).collect();
    let labels = viterbi(&scores);
    let mut out = Vec::new();
    let mut start = 0;
    while start < labels.len() {
        let label = labels[start];
        let mut end = start + 1;
        if label != 0 {
            while end < labels.len() && labels[end] == label + 1 {
                end += 1;
            }
            let kind = KINDS[(label - 1) / 2];
            let likelihood = confidence::likelihood(&scores, &labels, start..end);
            let confidence = confidence::calibrated(likelihood);
            out.push(Span { start, end, kind, likelihood, confidence, extractor: MODEL });
        }
        start = end;
    }
    out
}

fn log_softmax(scores: &Scores) -> Scores {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let total = most + scores.iter().map(|s| (s - most).exp()).sum::<f32>().ln();
    scores.map(|s| s - total)
}

fn begins(label: usize) -> bool {
    label % 2 == 1
}

/// The most likely sequence of labels in which an inside label follows only its own begin or inside.
fn viterbi(scores: &[Scores]) -> Vec<usize> {
    let follows = |before: usize, label: usize| label == 0 || begins(label) || before == label || before + 1 == label;
    let mut best = [0.0; LABELS.len()];
    let mut back = Vec::with_capacity(scores.len());
    for (at, word) in scores.iter().enumerate() {
        let mut next = [f32::NEG_INFINITY; LABELS.len()];
        let mut from = [0; LABELS.len()];
        for label in 0..LABELS.len() {
            // In front of the first word stands the label for no name.
            let before = if at == 0 { 0..1 } else { 0..LABELS.len() };
            for before in before.filter(|&before| follows(before, label)) {
                if best[before] > next[label] {
                    (next[label], from[label]) = (best[before], before);
                }
            }
            next[label] += word[label];
        }
        best = next;
        back.push(from);
    }
    let Some(mut label) = (0..LABELS.len()).max_by(|&a, &b| best[a].total_cmp(&best[b]).then(b.cmp(&a))) else {
        return Vec::new();
    };
    let mut labels = vec![0; scores.len()];
    for (at, from) in back.iter().enumerate().rev() {
        labels[at] = label;
        label = from[label];
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores that favour one label each.
    fn scores(labels: &[(usize, f32)]) -> Vec<Scores> {
        let word = |&(label, weight): &(usize, f32)| std::array::from_fn(|l| if l == label { weight } else { 0.0 });
        labels.iter().map(word).collect()
    }

    fn check(labels: &[(usize, f32)], expected: &[(usize, usize, MentionType)]) {
        let found: Vec<_> = decode(&scores(labels)).iter().map(|s| (s.start, s.end, s.kind)).collect();
        assert_eq!(found, expected, "{labels:?}");
    }

    #[test]
    fn names_are_runs_of_one_kind() {
        use MentionType::{Location, Org, Other, Person};
        check(&[], &[]);
        check(&[(0, 9.0), (1, 9.0), (2, 9.0), (0, 9.0), (3, 9.0)], &[(1, 3, Person), (4, 5, Org)]);
        check(&[(5, 9.0), (5, 9.0), (6, 9.0)], &[(0, 1, Location), (1, 3, Location)]);
        check(&[(7, 9.0), (8, 9.0)], &[(0, 2, Other)]);
        // An inside without a begin: the stronger neighbour decides what it becomes.
        check(&[(2, 9.0), (2, 9.0)], &[(0, 2, Person)]);
        check(&[(0, 9.0), (2, 1.0)], &[]);
        check(&[(1, 9.0), (4, 1.0)], &[(0, 1, Person)]);
    }

    #[test]
    fn no_scores_are_too_strange() {
        for strange in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
            for names in [decode(&[[strange; 9]; 3]), decode(&scores(&[(1, strange), (2, strange), (0, strange)]))] {
                assert!(names.iter().all(|name| name.end <= 3 && name.confidence <= 1000));
            }
        }
    }
}
