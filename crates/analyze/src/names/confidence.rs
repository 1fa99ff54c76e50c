//! How sure a name is.

use std::ops::Range;

use docmill_infer::Scores;
use docmill_model::MentionType;

/// The confidence of a name in thousandths: the least probability among its words' labels.
pub(super) fn of(_kind: MentionType, scores: &[Scores], labels: &[usize], words: Range<usize>) -> u16 {
    let least = words.map(|at| scores[at][labels[at]]).fold(0.0, f32::min);
    let p = least.exp();
    (p * 1000.0).round() as u16
}
