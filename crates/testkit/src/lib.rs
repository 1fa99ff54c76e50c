//! Development only: real services, bounded waits, oracles.
//!
//! Owns: starting real servers and the Python peer for a test, each private to it and gone with it. Must not know: any
//! crate of ours.
//!
//! Invariants: nothing started here outlives the test process, even when that is killed; a service that is missing
//! is an error in CI and a loud skip elsewhere; a wait has an end and looks at a state.
//!
//! Read `process.rs` first.

pub mod corpus;
pub mod pdf;
mod process;
mod proxy;
mod python;
mod redis;
mod wait;

pub use process::Process;
pub use proxy::Proxy;
pub use python::{graph_python, interop, python};
pub use redis::{Redis, RedisOptions};
pub use wait::wait_until;

/// A service that a test needs cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{service} is not available")]
pub struct Unavailable {
    pub service: &'static str,
    #[source]
    pub source: std::io::Error,
}

/// The service, or `None` when the test has to be skipped, which is said on standard error.
///
/// # Panics
///
/// When the service is missing and `CI` is `true`: there nothing may be skipped.
#[track_caller]
pub fn service<T>(found: Result<T, Unavailable>) -> Option<T> {
    match found {
        Ok(service) => Some(service),
        Err(Unavailable { service, source }) => {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "{service} is not available: {source}");
            eprintln!("SKIPPED: {service} is not available: {source}");
            None
        }
    }
}
