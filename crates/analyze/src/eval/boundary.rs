//! Boundaries in a text: sentence ends by place, topics by Pk and WindowDiff.

use std::collections::BTreeSet;

use super::figures::{Counts, share};

/// Counts of equal places.
pub fn places(marked: &BTreeSet<u32>, found: &BTreeSet<u32>) -> Counts {
    Counts {
        right: marked.intersection(found).count() as u64,
        found: found.len() as u64,
        expected: marked.len() as u64,
    }
}

/// How a window that slides over a text sees two segmentations differ; lower is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    windows: u64,
    /// Windows whose ends lie in one segment for one side only.
    split: u64,
    /// Windows with another number of boundaries in them.
    differ: u64,
}

impl Windows {
    /// Compares boundaries in a text of `length` units. A boundary lies before the unit that it names. The window is
    /// half the mean length of the marked segments, as in Beeferman, Berger and Lafferty 1999.
    pub fn of(marked: &BTreeSet<u32>, found: &BTreeSet<u32>, length: u32) -> Self {
        let inner = |boundaries: &BTreeSet<u32>| -> Vec<u32> {
            boundaries.iter().copied().filter(|b| (1..length).contains(b)).collect()
        };
        let (marked, found) = (inner(marked), inner(found));
        let window = (length / (2 * (marked.len() as u32 + 1))).max(1);
        let mut out = Self::default();
        // Boundaries in `at + 1..=at + window`, counted as the window moves.
        let (mut m, mut f) = (Sliding::new(&marked), Sliding::new(&found));
        for at in 0..length.saturating_sub(window) {
            let (a, b) = (m.count(at + 1, at + window), f.count(at + 1, at + window));
            out.windows += 1;
            out.split += u64::from((a == 0) != (b == 0));
            out.differ += u64::from(a != b);
        }
        out
    }

    /// In thousandths.
    pub fn pk(&self) -> u32 {
        share(self.split, self.windows)
    }

    /// In thousandths (Pevzner and Hearst 2002).
    pub fn window_diff(&self) -> u32 {
        share(self.differ, self.windows)
    }
}

impl std::ops::AddAssign for Windows {
    fn add_assign(&mut self, other: Self) {
        self.windows += other.windows;
        self.split += other.split;
        self.differ += other.differ;
    }
}

/// Counts boundaries in ranges whose ends never go back.
struct Sliding<'a> {
    boundaries: &'a [u32],
    low: usize,
    high: usize,
}

impl<'a> Sliding<'a> {
    fn new(boundaries: &'a [u32]) -> Self {
        Self { boundaries, low: 0, high: 0 }
    }

    fn count(&mut self, first: u32, last: u32) -> usize {
        while self.boundaries.get(self.low).is_some_and(|b| *b < first) {
            self.low += 1;
        }
        while self.boundaries.get(self.high).is_some_and(|b| *b <= last) {
            self.high += 1;
        }
        self.high.saturating_sub(self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marked: &[u32], found: &[u32], length: u32, pk: u32, window_diff: u32) {
        let set = |places: &[u32]| places.iter().copied().collect();
        let windows = Windows::of(&set(marked), &set(found), length);
        assert_eq!((windows.pk(), windows.window_diff()), (pk, window_diff), "{marked:?} {found:?}");
    }

    #[test]
    fn a_window_sees_segments_differ() {
        check(&[4], &[4], 8, 0, 0);
        // Six windows of two; those that begin at 2 and 3 hold the boundary.
        check(&[4], &[], 8, 333, 333);
        check(&[4], &[5], 8, 333, 333);
        check(&[4], &[1, 2, 3, 4, 5, 6, 7], 8, 667, 1000);
        check(&[], &[], 8, 0, 0);
        check(&[0, 8, 99], &[], 8, 0, 0);
        check(&[], &[], 0, 0, 0);
    }

    #[test]
    fn places_count_where_they_are_equal() {
        let counts = places(&[3, 9].into(), &[3, 5, 7].into());
        assert_eq!(counts, Counts { right: 1, found: 3, expected: 2 });
    }
}
