//! Pairs of names with a score against what people say of them.

use super::figures::Counts;

/// A pair that was scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// In thousandths; 0 for a pair that can never be one thing.
    pub score: u16,
    /// Whether it is one thing.
    pub same: bool,
}

/// Counts of the pairs whose score is at least `threshold`.
pub fn at(pairs: impl IntoIterator<Item = Scored>, threshold: u16) -> Counts {
    let mut counts = Counts::default();
    for pair in pairs {
        let found = pair.score >= threshold && pair.score > 0;
        counts += Counts { right: (found && pair.same).into(), found: found.into(), expected: pair.same.into() };
    }
    counts
}

/// Counts with thresholds that the pairs did not choose themselves: the best one of the even pairs is applied to the
/// odd ones, and the other way round. Tried are 400, 410 to 990, the lowest of equally good ones.
pub fn cross_chosen(pairs: &[Scored]) -> (Counts, [u16; 2]) {
    let half = |odd: usize| pairs.iter().copied().skip(odd).step_by(2);
    let best = |odd: usize| {
        let f1 = |threshold: u16| {
            let counts = at(half(odd), threshold);
            // Exact, where F1 in thousandths has ties.
            (u128::from(counts.right) << 64) / u128::from((counts.found + counts.expected).max(1))
        };
        // `max_by_key` gives the last of equals, so that the highest is tried first.
        (400..1000).step_by(10).rev().max_by_key(|t| f1(*t)).unwrap_or(400)
    };
    let thresholds = [best(0), best(1)];
    let mut counts = at(half(1), thresholds[0]);
    counts += at(half(0), thresholds[1]);
    (counts, thresholds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(pairs: &[(u16, bool)]) -> Vec<Scored> {
        pairs.iter().map(|&(score, same)| Scored { score, same }).collect()
    }

    #[test]
    fn a_threshold_parts_the_pairs() {
        let pairs = scored(&[(900, true), (800, false), (700, true), (0, true), (0, false)]);
        let check = |threshold, right, found| {
            assert_eq!(at(pairs.iter().copied(), threshold), Counts { right, found, expected: 3 }, "{threshold}");
        };
        check(901, 0, 0);
        check(900, 1, 1);
        check(800, 1, 2);
        check(700, 2, 3);
        check(0, 2, 3);
    }

    #[test]
    fn a_threshold_is_chosen_on_one_half_and_used_on_the_other() {
        let pairs = scored(&[(900, true), (500, true), (600, false), (450, false)]);
        // The even pairs want more than 600, which finds nothing among the odd ones; those want at most 500.
        let (counts, thresholds) = cross_chosen(&pairs);
        assert_eq!(thresholds, [610, 460]);
        assert_eq!(counts, Counts { right: 1, found: 2, expected: 2 });
        assert_eq!(cross_chosen(&[]).0, Counts::default());
    }
}
