//! The tasks of Celery's integration suite, under their names and with the same behaviour.
//!
//! What each has to do is said by the suite's `t/integration/tasks.py` and by the tests that look at it.

mod building;
mod control;
mod failing;
mod noting;
mod numbers;
mod replacing;
mod request;
mod retrying;

use std::sync::Arc;

use celeriac::{Registry, TaskOptions};
use celeriac_wire::canvas::Signature;

use crate::store::Store;

pub use control::commands;

pub fn register(registry: &mut Registry) {
    let host = std::env::var("REDIS_HOST").unwrap_or_else(|_| "localhost".to_owned());
    let port = std::env::var("REDIS_PORT").unwrap_or_else(|_| "6379".to_owned());
    let store = Arc::new(Store::new(Some(format!("redis://{host}:{port}/0"))));
    numbers::register(registry, &store);
    noting::register(registry, &store);
    replacing::register(registry, &store);
    retrying::register(registry);
    failing::register(registry);
    request::register(registry);
    building::register(registry);
}

/// The name of a task of the suite.
macro_rules! named {
    ($name:literal) => {
        concat!("t.integration.tasks.", $name)
    };
}
pub(crate) use named;

/// A signature of a task of the suite.
fn task(name: &str) -> Signature {
    Signature::new(format!("t.integration.tasks.{name}"))
}

/// The options of a task that is retried so often.
fn retried(max_retries: u32) -> TaskOptions {
    TaskOptions { max_retries: Some(max_retries), ..TaskOptions::default() }
}
