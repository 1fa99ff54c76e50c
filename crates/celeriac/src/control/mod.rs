//! Remote control: what `celery inspect`, `celery control` and Flower ask of a worker.
//!
//! The commands are written against [`WorkerView`], which the worker's loop implements. They do no input or output:
//! what is left to do for one (states to store) comes back with the reply.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::{Map, TimeLimits, Value};

use crate::broker::{Broadcast, Queue};
use crate::context::Request;
use crate::metrics::Snapshot;
use crate::pool::PoolInfo;
use crate::task::TaskOptions;

mod argument;
mod command;
mod conf;
mod exception;
mod inspect;
mod memory;
mod panel;
mod queue;
mod report;
mod signal;
mod stats;

pub use conf::masked;
pub use exception::Raised;
pub use panel::{Call, Commands, Panel};
pub use queue::direct as direct_queue;
pub use report::CELERY;

/// Where a message that the worker holds is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its ETA is ahead.
    Scheduled,
    /// Prefetched, or handed to the pool and not begun.
    Reserved,
    /// Running.
    Active,
}

/// A message that the worker holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// How far it has come.
    pub phase: Phase,
    /// The message.
    pub request: Arc<Request>,
    /// Not to be run before.
    pub eta: Option<SystemTime>,
    /// When it began to run.
    pub started: Option<SystemTime>,
    /// Whether the broker has forgotten it already.
    pub acknowledged: bool,
    /// The process in which it runs.
    pub pid: Option<u32>,
}

/// A task that the worker knows, with the limits as they are now.
#[derive(Clone, Debug)]
pub struct Known {
    /// The name.
    pub name: String,
    /// Its options, as it was registered.
    pub options: TaskOptions,
    /// As it was given: `10/m`.
    pub rate_limit: Option<String>,
    /// Those that hold for messages that bring none.
    pub limits: TimeLimits,
}

/// The state of `--autoscale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscale {
    /// The most places.
    pub max: usize,
    /// The fewest places.
    pub min: usize,
    /// Places that the pool has now.
    pub current: usize,
    /// Messages that are reserved or active.
    pub wanted: usize,
}

/// What remote control sees of a worker and can do to it. Everything is answered from memory, at once.
pub trait WorkerView {
    /// How long the worker runs.
    fn uptime(&self) -> Duration;
    /// How many runs of each task have begun, in the order of their first.
    fn totals(&self) -> Vec<(String, u64)>;
    /// How many messages may be held, ETA aside; 0 is without limit.
    fn prefetch_count(&self) -> usize;
    /// The pool as it is now.
    fn pool(&self) -> PoolInfo;
    /// What `--autoscale` does; `None` if it is off.
    fn autoscale(&self) -> Option<Autoscale>;
    /// All that is held, in the order of delivery.
    fn held(&self) -> Vec<Held>;
    /// A message that is held, by the id of its task.
    fn find(&self, id: &str) -> Option<Held> {
        self.held().into_iter().find(|held| held.request.headers().id == id)
    }
    /// All tasks that can be run.
    fn tasks(&self) -> Vec<Known>;
    /// The queues that are consumed.
    fn queues(&self) -> Vec<Queue>;
    /// Ids of revoked tasks, the oldest first.
    fn revoked(&self) -> Vec<String>;
    /// Stamps that are revoked: the name of each header with its values.
    fn revoked_stamps(&self) -> Map;

    /// Queues that are to be added or cancelled and are not yet.
    fn pending_operations(&self) -> usize {
        0
    }

    /// What is counted, for metrics.
    fn metrics(&self) -> Snapshot {
        Snapshot::default()
    }

    /// Adds to the revoked ids. Their states are stored by whoever carries out [`Handled::revoked`].
    fn revoke(&mut self, ids: &[String]);
    /// Adds stamps to the revoked ones of a header.
    fn revoke_stamps(&mut self, header: &str, stamps: &[Value]);
    /// Ends a task that is held with a signal to its process; one that does not run yet ends as soon as it would.
    fn terminate(&mut self, id: &str, signal: i32);
    /// False for a task that is not known. The text is a rate limit; `None` lifts it.
    fn set_rate_limit(&mut self, task: &str, limit: Option<&str>) -> bool;
    /// False for a task that is not known.
    fn set_time_limits(&mut self, task: &str, limits: TimeLimits) -> bool;
    /// Adds places to the pool or takes some away, with their share of the prefetched messages.
    ///
    /// # Errors
    ///
    /// The exception that Celery's pool would raise, as Python shows it: `ValueError("…")`.
    fn resize(&mut self, by: i64) -> Result<(), String>;
    /// Sets the bounds of `--autoscale` and gives the new ones, max and min; `None` if it is off.
    fn set_autoscale(&mut self, max: Option<usize>, min: Option<usize>) -> Option<(usize, usize)>;
    /// Replaces the children of the pool, each when its task has ended.
    fn restart_pool(&mut self);
    /// Consumes one more queue, from the next round on.
    fn add_queue(&mut self, queue: Queue);
    /// Consumes a queue no more. What was taken from it stays.
    fn cancel_queue(&mut self, name: &str);
    /// Begins a warm shutdown.
    fn shut_down(&mut self);
}

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handled {
    /// Tasks to be stored as `REVOKED`, before the reply leaves, unless they run here, have ended, or were started by
    /// another worker (the stored state is none of PENDING, RECEIVED, RETRY, REJECTED).
    pub revoked: Vec<String>,
    /// To the asker, on the direct exchange `reply.celery.pidbox`.
    pub reply: Option<Broadcast>,
    /// A heartbeat is asked for, now: whoever drives the worker knows its load.
    pub heartbeat: bool,
}
