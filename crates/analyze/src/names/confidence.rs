//! How sure a name is.

use std::ops::Range;

use docmill_infer::Scores;

/// The model's own probability for a name, in thousandths: the least of its words' labels, and of the name not going
/// on behind them. `scores` are logarithms of probabilities.
pub(super) fn likelihood(scores: &[Scores], labels: &[usize], words: Range<usize>) -> u16 {
    let inside = labels[words.start] + 1;
    let ends = scores.get(words.end).map_or(1.0, |next| 1.0 - next[inside].exp());
    let least = words.map(|at| scores[at][labels[at]].exp()).fold(ends, f32::min);
    // Casting takes what is no number for 0.
    (least * 1000.0).round().clamp(0.0, 1000.0) as u16
}

/// The share of names with a likelihood that are right, both in thousandths: knots between which it is a line.
///
/// Fitted by `examples/fit_confidence.rs` on the even sentences of the development sets of UNER English-EWT and WNUT17.
/// Of the odd ones' names with a confidence from 850 to 949, 925 in a thousand are right where the words are given (of
/// 297), and 897 where they are found from the text (of 292).
#[rustfmt::skip]
const CALIBRATION: &[(u16, u16)] = &[
    (0, 0), (420, 230), (540, 400), (670, 470), (790, 630), (880, 820), (950, 865), (970, 910), (987, 950), (1000, 975),
];

/// The confidence in a name of this likelihood: how often such names were right.
pub(super) fn calibrated(likelihood: u16) -> u16 {
    let above = CALIBRATION.partition_point(|&(knot, _)| knot <= likelihood).clamp(1, CALIBRATION.len() - 1);
    let ((from, low), (to, high)) = (CALIBRATION[above - 1], CALIBRATION[above]);
    let (done, way) = (u32::from(likelihood.clamp(from, to) - from), u32::from(to - from));
    low + (u32::from(high - low) * done / way) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_likely_names_are_as_sure_or_surer() {
        assert!(CALIBRATION.windows(2).all(|knots| knots[0].0 < knots[1].0 && knots[0].1 <= knots[1].1));
        let all: Vec<u16> = (0..=1000).map(calibrated).collect();
        assert!(all.is_sorted() && all[1000] <= 1000);
        assert!(CALIBRATION.iter().all(|&(knot, share)| calibrated(knot) == share));
    }
}
