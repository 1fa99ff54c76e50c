//! Waiting for a state instead of for a time.

use std::time::{Duration, Instant};

/// Looks every few milliseconds until `reached` holds, and fails the test when it has not within `limit`.
#[track_caller]
pub fn wait_until(limit: Duration, what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !reached() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
