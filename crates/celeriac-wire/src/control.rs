//! Remote control (kombu's pidbox): requests, replies, and the logical clock that both carry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lamport's logical clock. Clones are the same clock: one process has one.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

/// Past this no peer's clock is followed: the clocks of some peers are doubles, which count no further.
const LAST: u64 = 1 << 53;

impl Clock {
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts an event of this process and gives its time.
    pub fn forward(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts the receipt of a message that was sent at `other`: the clock is past both afterwards.
    pub fn adjust(&self, other: u64) -> u64 {
        let other = if other < LAST { other } else { 0 };
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |own| Some(own.max(other) + 1));
        before.unwrap_or_else(|own| own).max(other) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_what_it_has_heard_of() {
        let clock = Clock::default();
        assert_eq!(clock.forward(), 1);
        assert_eq!(clock.adjust(10), 11);
        assert_eq!(clock.adjust(3), 12);
        assert_eq!(clock.clone().forward(), 13);
        assert_eq!(clock.adjust(u64::MAX), 14);
        assert_eq!(clock.value(), 14);
    }
}
