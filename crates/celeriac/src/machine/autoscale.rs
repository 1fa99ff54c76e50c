//! `--autoscale`: as many places in the pool as there is work for, within bounds.

use std::time::{Duration, SystemTime};

/// The bounds of `--autoscale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscale {
    /// The most places.
    pub max: usize,
    /// The fewest places.
    pub min: usize,
}

/// How long the pool keeps its size after it grew or a task came (`AUTOSCALE_KEEPALIVE`).
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How often the size is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) bounds: Option<Autoscale>,
    active: Option<SystemTime>,
    next: Option<SystemTime>,
}

impl State {
    pub(super) fn new(bounds: Option<Autoscale>) -> Self {
        Self { bounds, active: None, next: None }
    }

    /// When the size wants to be looked at again.
    pub(super) fn wake(&self) -> Option<SystemTime> {
        self.bounds.and(self.next)
    }

    /// A task has come.
    pub(super) fn received(&mut self, now: SystemTime) {
        if self.bounds.is_some() {
            self.active = Some(now);
            // A clock that was set back must not put off the next look.
            let soon = now + INTERVAL;
            self.next = Some(self.next.map_or(now, |next| next.min(soon)));
        }
    }

    /// The size that the pool should have, if it is another than it has: `wanted` is how many jobs there are to run.
    pub(super) fn size(&mut self, current: usize, wanted: usize, now: SystemTime) -> Option<usize> {
        let Autoscale { max, min } = self.bounds?;
        if self.next.is_some_and(|next| now < next && next <= now + INTERVAL) {
            return None;
        }
        self.next = (current > min || wanted > 0).then_some(now + INTERVAL);
        let up = wanted.min(max);
        if up > current {
            self.active = Some(now);
            return Some(up);
        }
        let down = wanted.max(min);
        let rested = self.active.is_none_or(|at| now.duration_since(at).is_ok_and(|since| since > KEEPALIVE));
        (down < current && rested).then_some(down)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn the_pool_grows_at_once_and_shrinks_after_a_rest() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut state = State::new(Some(Autoscale { max: 4, min: 1 }));
        assert_eq!(state.size(1, 0, at(0)), None);
        state.received(at(1));
        assert_eq!(state.size(1, 9, at(1)), Some(4));
        assert_eq!(state.size(4, 0, at(3)), None);
        assert_eq!(state.size(4, 0, at(32)), Some(1));
        assert_eq!(state.size(1, 0, at(40)), None);
        assert_eq!(state.wake(), None);
    }
}
