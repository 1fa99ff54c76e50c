//! At which place of a ranking what was looked for stands.

use super::figures::share;

/// Depths at which success is told.
pub const DEPTHS: [u32; 3] = [1, 5, 10];

/// Ranks, from 1, of the first hit that is relevant; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranks(pub Vec<Option<u32>>);

impl Ranks {
    /// The share of queries, in thousandths, with a relevant hit among the first `depth`.
    pub fn success(&self, depth: u32) -> u32 {
        let hits = self.0.iter().flatten().filter(|rank| **rank <= depth).count();
        share(hits as u64, self.0.len() as u64)
    }

    /// The mean of one divided by the rank, in thousandths.
    pub fn mean_reciprocal(&self) -> u32 {
        const UNIT: u64 = 1_000_000;
        let sum: u64 = self.0.iter().flatten().map(|rank| UNIT / u64::from(*rank).max(1)).sum();
        share(sum, (self.0.len() as u64).saturating_mul(UNIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_give_success_and_mean_reciprocal() {
        let ranks = Ranks(vec![Some(1), Some(2), Some(10), None]);
        assert_eq!(DEPTHS.map(|depth| ranks.success(depth)), [250, 500, 750]);
        assert_eq!(ranks.mean_reciprocal(), 400);
        assert_eq!((Ranks::default().success(1), Ranks::default().mean_reciprocal()), (0, 0));
    }
}
