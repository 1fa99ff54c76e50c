//! Counts, and precision, recall and F1 in thousandths.

use std::ops::AddAssign;

/// How many were found, how many should have been, and how many were both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub right: u64,
    pub found: u64,
    pub expected: u64,
}

impl Counts {
    pub fn precision(self) -> u32 {
        share(self.right, self.found)
    }

    pub fn recall(self) -> u32 {
        share(self.right, self.expected)
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(self) -> u32 {
        share(2 * self.right, self.found + self.expected)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.right += other.right;
        self.found += other.found;
        self.expected += other.expected;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

/// A part of a whole in thousandths, halves rounded up; of nothing it is 0.
pub fn share(part: u64, whole: u64) -> u32 {
    let whole = u128::from(whole);
    match whole {
        0 => 0,
        _ => u32::try_from((u128::from(part) * 2000 + whole) / (2 * whole)).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_thousandths() {
        let check = |part, whole, expected| assert_eq!(share(part, whole), expected, "{part} of {whole}");
        check(0, 0, 0);
        check(0, 7, 0);
        check(1, 2, 500);
        check(1, 3, 333);
        check(2, 3, 667);
        check(1, 2000, 1);
        check(999, 2001, 499);
        check(u64::MAX, u64::MAX, 1000);
    }

    #[test]
    fn precision_recall_and_f1_follow_from_the_counts() {
        let counts = Counts { right: 3, found: 4, expected: 6 };
        assert_eq!((counts.precision(), counts.recall(), counts.f1()), (750, 500, 600));
        assert_eq!([counts, counts].into_iter().sum::<Counts>(), Counts { right: 6, found: 8, expected: 12 });
    }
}
