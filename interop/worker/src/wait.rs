//! Tasks that only wait, and end at their soft limit.

use std::time::{Duration, Instant};

use celeriac::{Context, Outcome};

/// How long a task waits before it looks at its soft limit again.
const STEP: Duration = Duration::from_millis(20);

/// A length of time out of a message; none where it is no such.
fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Waits on the task's thread.
pub fn pause(cx: &Context, seconds: f64) -> Outcome<()> {
    let begun = Instant::now();
    while let Some(left) = length(seconds).checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::sleep(left.min(STEP));
        cx.check()?;
    }
    Ok(())
}

/// Waits and leaves the thread to others.
pub async fn doze(cx: &Context, seconds: f64) -> Outcome<()> {
    let begun = Instant::now();
    while let Some(left) = length(seconds).checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(left.min(STEP)).await;
        cx.check()?;
    }
    Ok(())
}
