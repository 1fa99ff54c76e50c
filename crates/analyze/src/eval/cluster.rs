//! Clusters of mentions against those that were marked: B³ (Bagga and Baldwin 1998) and links between two mentions.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::figures::{Counts, share};

/// One mention's share of a score: sums of fractions are kept in these parts, so that no order matters.
const UNIT: u64 = 1_000_000_000;

/// Scores of clusters; those of several documents are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    pub mentions: u64,
    /// Sums over the mentions, in parts of [`UNIT`].
    precision: u64,
    recall: u64,
    /// Pairs of mentions that are in one cluster.
    pub links: Counts,
}

impl Clusters {
    /// Compares two clusterings: `pairs` gives for each mention the cluster that was marked and the one that was found.
    pub fn of<M: Ord, F: Ord>(pairs: &[(M, F)]) -> Self {
        let (mut marked, mut found, mut both) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (m, f) in pairs {
            *marked.entry(m).or_insert(0u64) += 1;
            *found.entry(f).or_insert(0u64) += 1;
            *both.entry((m, f)).or_insert(0u64) += 1;
        }
        let links = |sizes: &mut dyn Iterator<Item = &u64>| sizes.map(|n| n * (n - 1) / 2).sum::<u64>();
        let part = |n: u64, of: u64| (u128::from(n) * u128::from(n) * u128::from(UNIT) / u128::from(of)) as u64;
        Self {
            mentions: pairs.len() as u64,
            precision: both.iter().map(|((_, f), n)| part(*n, found[f])).sum(),
            recall: both.iter().map(|((m, _), n)| part(*n, marked[m])).sum(),
            links: Counts {
                right: links(&mut both.values()),
                found: links(&mut found.values()),
                expected: links(&mut marked.values()),
            },
        }
    }

    /// B³ precision in thousandths: the mean share of a mention's found cluster that belongs there.
    pub fn precision(&self) -> u32 {
        share(self.precision, self.mentions.saturating_mul(UNIT))
    }

    /// B³ recall in thousandths: the mean share of a mention's marked cluster that was found with it.
    pub fn recall(&self) -> u32 {
        share(self.recall, self.mentions.saturating_mul(UNIT))
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> u32 {
        // 2PR/(P+R) of the sums is that of the means times the number of mentions.
        let (p, r) = (u128::from(self.precision), u128::from(self.recall));
        let mean = (2 * p * r).checked_div(p + r).unwrap_or_default() as u64;
        share(mean, self.mentions.saturating_mul(UNIT))
    }
}

impl AddAssign for Clusters {
    fn add_assign(&mut self, other: Self) {
        self.mentions += other.mentions;
        self.precision += other.precision;
        self.recall += other.recall;
        self.links += other.links;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Marked and found clusters as words of letters, one a mention; B³ and links as precision, recall, F1.
    fn check(marked: &str, found: &str, b3: (u32, u32, u32), links: (u32, u32, u32)) {
        let pairs: Vec<(char, char)> = marked.chars().zip(found.chars()).collect();
        let score = Clusters::of(&pairs);
        assert_eq!((score.precision(), score.recall(), score.f1()), b3, "{marked} {found}");
        let l = score.links;
        assert_eq!((l.precision(), l.recall(), l.f1()), links, "{marked} {found}");
    }

    #[test]
    fn hand_made_clusterings_have_their_scores() {
        check("aabb", "xxyy", (1000, 1000, 1000), (1000, 1000, 1000));
        check("aabb", "xxxx", (500, 1000, 667), (333, 1000, 500));
        check("aabb", "wxyz", (1000, 500, 667), (0, 0, 0));
        // The example of the article: 1-5, 6-7, 8-12 against 1-5, 6-12.
        check("aaaaabbccccc", "xxxxxyyyyyyy", (762, 1000, 865), (677, 1000, 808));
        check("", "", (0, 0, 0), (0, 0, 0));
    }

    #[test]
    fn documents_add_up() {
        let mut sum = Clusters::of(&[('a', 1), ('a', 1)]);
        sum += Clusters::of(&[('a', 1), ('b', 1)]);
        assert_eq!((sum.mentions, sum.precision(), sum.recall()), (4, 750, 1000));
        assert_eq!(sum.links, Counts { right: 1, found: 2, expected: 1 });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn swapping_the_sides_swaps_precision_and_recall(pairs in prop::collection::vec((0u8..4, 0u8..4), 0..30)) {
            let there = Clusters::of(&pairs);
            let back: Vec<(u8, u8)> = pairs.iter().map(|&(a, b)| (b, a)).collect();
            let back = Clusters::of(&back);
            prop_assert_eq!((there.precision(), there.recall(), there.f1()), (back.recall(), back.precision(), back.f1()));
            prop_assert_eq!(there.links.right, back.links.right);
        }
    }
}
