//! What is kept of a passage to tell whether another one says the same.

/// Bins of a sketch. With 64 the likeness of two passages is off by 5 hundredths on average where it matters.
const BINS: usize = 64;
/// Thousandths of likeness from which two passages are like: about one word in 27 is another one, which is a changed
/// name or form of address in a letter, or a few misread words of a scan.
const LIKE: u16 = 800;

/// A MinHash of one permutation over the runs of three words of a passage (Li, Owen and Zhang, 2012), with a hash of
/// the numbers in it.
///
/// Numbers stand apart because they are what letters of one form differ in: a passage with another amount or another
/// date is another fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Eight bits of the least hash that fell into each bin; 0 where none did.
    pub bins: [u8; BINS],
    /// Equal for passages with the same numbers, each as often.
    pub numbers: u64,
}

impl Sketch {
    pub const BINS: usize = BINS;
    pub const BYTES: usize = BINS + 8;

    /// The share of runs of three words that both passages have, estimated, in thousandths; 0 where either is empty.
    pub fn likeness(&self, other: &Self) -> u16 {
        let pairs = || self.bins.iter().zip(&other.bins).filter(|(a, b)| **a != 0 || **b != 0);
        let equal = pairs().filter(|(a, b)| a == b).count();
        (equal * 1000).checked_div(pairs().count()).unwrap_or(0) as u16
    }

    /// Whether the two passages say the same but for a few words.
    pub fn is_like(&self, other: &Self) -> bool {
        self.numbers == other.numbers && self.likeness(other) >= LIKE
    }

    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..BINS].copy_from_slice(&self.bins);
        out[BINS..].copy_from_slice(&self.numbers.to_le_bytes());
        out
    }

    /// `None` for bytes that no sketch gave.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (bins, numbers) = bytes.split_at_checked(BINS)?;
        Some(Self { bins: bins.try_into().ok()?, numbers: u64::from_le_bytes(numbers.try_into().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(equal: usize, numbers: u64) -> Sketch {
        let mut bins = [1; BINS];
        bins[equal..].fill(2);
        Sketch { bins, numbers }
    }

    #[test]
    fn what_has_another_number_or_too_few_words_in_common_is_not_like() {
        let whole = sketch(BINS, 7);
        let check = |other: Sketch, likeness: u16, is_like: bool| {
            assert_eq!((whole.likeness(&other), whole.is_like(&other)), (likeness, is_like), "{other:?}");
        };
        check(whole, 1000, true);
        check(sketch(52, 7), 812, true);
        check(sketch(51, 7), 796, false);
        check(sketch(BINS, 8), 1000, false);
        check(Sketch { bins: [0; BINS], numbers: 7 }, 0, false);
    }

    #[test]
    fn what_is_empty_is_like_nothing() {
        let empty = Sketch { bins: [0; BINS], numbers: 0 };
        assert!(!empty.is_like(&empty));
    }

    #[test]
    fn a_sketch_is_read_as_it_was_written() {
        let sketch = sketch(9, u64::MAX - 5);
        assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        for length in [0, 1, BINS, Sketch::BYTES - 1, Sketch::BYTES + 1] {
            assert_eq!(Sketch::from_bytes(&vec![1; length]), None, "{length}");
        }
    }
}
