//! Doubling pauses between attempts.

use std::time::Duration;

use tokio::time::Instant;

/// Pauses after a failure: short enough for a server that restarts, and no load on one that stays away.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(crate) struct Backoff {
    pub(crate) attempts: u32,
    until: Option<Instant>,
    /// What was said last.
    said: String,
}

impl Backoff {
    /// Says that an attempt failed: once for each cause, however long it lasts.
    pub(crate) fn failed(&mut self, error: &(dyn std::error::Error + 'static)) {
        let pause = FIRST.saturating_mul(1 << self.attempts.min(16)).min(LAST);
        self.attempts = self.attempts.saturating_add(1);
        self.until = Some(Instant::now() + pause);
        let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
        let text = causes.collect::<Vec<_>>().join(": ");
        if text == self.said {
            tracing::debug!(error, attempts = self.attempts, pause_ms = pause.as_millis(), "will try again");
        } else {
            tracing::warn!(error, attempts = self.attempts, pause_ms = pause.as_millis(), "will try again");
            self.said = text;
        }
    }

    /// An attempt went well.
    pub(crate) fn succeeded(&mut self) {
        if self.attempts > 0 {
            tracing::info!(attempts = self.attempts, "went well again");
            *self = Self::default();
        }
    }

    /// What is left of the pause; `None` when it is over.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    pub(crate) fn ready(&self) -> bool {
        self.left().is_none()
    }
}
