//! Where jobs run: the port that the worker speaks to, and the pools behind it.
//!
//! A pool takes jobs and tells of them by events. Every job that was submitted ends in exactly one of
//! [`PoolEvent::Finished`], [`PoolEvent::Lost`] and [`PoolEvent::Returned`]; what else is told of it comes before.

use std::any::Any;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use celeriac_wire::{Value, value};
use tokio::sync::mpsc::UnboundedSender;

use crate::context::{Effect, Job, JobId};
use crate::registry::Registry;
use crate::task::{Failure, Outcome, Stop};

mod codec;
mod concurrent;
mod frame;
mod prefork;
mod run;
mod threads;

pub use prefork::{ChildProgram, is_child, serve_child};

/// The most jobs that a pool runs at a time: `pool_grow` by a billion is a typing error or malice.
pub const MAX_SIZE: usize = 1024;

/// With two children a job that does nothing costs worker and children 12.6 and 13.9 µs with none ahead, 3.8 and 5.5
/// with 2, 2.8 and 4.7 with 4, 2.2 and 3.8 with 8, and 1.8 and 3.5 with 16 (`benches/prefork.rs`).
const AHEAD: usize = 8;

/// SIGTERM, by which [`Pool::close`] ends what runs.
const TERMINATE: i32 = 15;

/// The kind of a pool, by Celery's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PoolKind {
    /// Tasks run in children of this program, one at a time in each: see [`serve_child`]. Celery's default.
    Prefork,
    /// Tasks run on threads of the worker. A task that computes cannot be ended: its limits are kept where it asks.
    Threads,
    /// One task at a time, on one thread, so that the worker keeps what it holds.
    Solo,
    /// Tasks that wait run as tasks of tokio, computing ones on threads. Also called `gevent` and `eventlet`, as it
    /// is what those are used for: hundreds of tasks that wait.
    #[default]
    Async,
}

/// A name that is no pool's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pool is called {0:?}")]
pub struct UnknownPool(pub String);

impl FromStr for PoolKind {
    type Err = UnknownPool;

    fn from_str(name: &str) -> Result<Self, UnknownPool> {
        match name {
            "prefork" | "processes" => Ok(Self::Prefork),
            "threads" => Ok(Self::Threads),
            "solo" => Ok(Self::Solo),
            "async" | "gevent" | "eventlet" => Ok(Self::Async),
            _ => Err(UnknownPool(name.to_owned())),
        }
    }
}

impl fmt::Display for PoolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefork => "prefork",
            Self::Threads => "threads",
            Self::Solo => "solo",
            Self::Async => "async",
        })
    }
}

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Where jobs run.
    pub kind: PoolKind,
    /// Jobs that run at a time, 1 to 1,024.
    pub size: usize,
    /// Jobs handed to a child beyond the one that it runs, so that it need not wait for the worker between quick ones.
    /// They are taken away again when that one turns out to take longer than a millisecond.
    pub ahead: usize,
    /// Jobs after which a child is replaced; 0 is never.
    pub max_tasks_per_child: Option<u32>,
    /// Bytes: a child that has held so much at a time is replaced when its present job has ended; 0 is without limit.
    pub max_memory_per_child: Option<u64>,
    /// How long a child may take to start (`worker_proc_alive_timeout`).
    pub start_patience: Duration,
    /// What children run, where it is not this program.
    pub child: Option<ChildProgram>,
}

impl PoolOptions {
    /// A pool without limits, with Celery's patience.
    pub fn new(kind: PoolKind, size: usize) -> Self {
        Self {
            kind,
            size,
            ahead: AHEAD,
            max_tasks_per_child: None,
            max_memory_per_child: None,
            start_patience: Duration::from_secs(4),
            child: None,
        }
    }
}

/// A place where jobs run. It starts its workers when it is made and drops them when it is dropped.
#[async_trait]
pub trait Pool: Send {
    /// Takes a job. It begins as soon as there is a place, in the order of submission as far as places go.
    fn submit(&mut self, job: Job);

    /// How many jobs it takes before any of them has ended. More are taken and wait, but cannot be told from those
    /// that begin soon. Changes with [`Pool::resize`] and while no worker can be started; [`PoolEvent::Resized`] tells.
    fn capacity(&self) -> usize;

    /// Ends one job by force, with the signal where the pool has processes. One that has not begun is `Returned`, one
    /// that runs is `Lost` when it is gone; a signal that does not end it changes nothing, and so does asking for the
    /// end of what cannot be ended, a computing task inside this process.
    fn terminate(&mut self, id: JobId, signal: i32);

    /// Calls back what has not begun: each is `Returned`.
    fn recall(&mut self);

    /// Sets how many jobs run at a time, within 1 and [`MAX_SIZE`]; the result is what was set. Nothing that runs is
    /// interrupted. The solo pool stays as it is, and there are no more children than the limit on open descriptors
    /// allows.
    fn resize(&mut self, size: usize) -> usize;

    /// Replaces all workers by new ones, each when what it runs has ended. Nothing where workers are not processes.
    fn restart(&mut self);

    /// What it looks like now.
    fn info(&self) -> PoolInfo;

    /// Calls back what has not begun, ends what runs by force (`Lost`), and waits until all is gone. To be called
    /// when nothing runs any more, or when what runs is to stop. A computing task inside this process goes on, and
    /// nobody hears of it any more.
    async fn close(&mut self);
}

/// Makes a pool whose events go to `events`. Must be called inside a tokio runtime.
///
/// # Errors
///
/// When there are no threads to be had.
pub fn start(
    options: &PoolOptions,
    registry: Arc<Registry>,
    events: UnboundedSender<PoolEvent>,
) -> io::Result<Box<dyn Pool>> {
    let size = options.size.clamp(1, MAX_SIZE);
    Ok(match options.kind {
        PoolKind::Prefork => Box::new(prefork::Prefork::new(options, events)?),
        PoolKind::Threads => Box::new(threads::Threads::new(size, false, registry, events)?),
        PoolKind::Solo => Box::new(threads::Threads::new(1, true, registry, events)?),
        PoolKind::Async => Box::new(concurrent::Concurrent::new(size, registry, events)),
    })
}

/// What a pool tells of its jobs.
#[derive(Debug)]
pub enum PoolEvent {
    /// The job has begun, in this process.
    Accepted {
        /// The job.
        id: JobId,
        /// The process.
        pid: u32,
        /// When it began.
        at: SystemTime,
    },
    /// The running task wishes something.
    Effect(JobId, Effect),
    /// The job's soft limit has passed; it goes on until it asks.
    SoftLimit(JobId),
    /// The run has ended.
    Finished {
        /// The job.
        id: JobId,
        /// How it ended.
        outcome: Outcome<Value>,
        /// How long it ran.
        runtime: Duration,
    },
    /// The job had begun and has no outcome.
    Lost(JobId, Loss),
    /// The job had not begun and will not.
    Returned(JobId),
    /// [`Pool::capacity`] has changed.
    Resized,
}

/// Why a job that had begun has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// What ran it is gone; the text says how, in Celery's words.
    Died(String),
    /// It ran past its hard limit.
    HardLimit(Duration),
    /// [`Pool::terminate`] or [`Pool::close`] ended it with this signal.
    Terminated(i32),
}

impl Loss {
    /// The exception that Celery raises in the place of the missing outcome.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Died(how) => Failure::in_module("billiard.exceptions", "WorkerLostError", how),
            Self::HardLimit(limit) => {
                let mut exceeded = Failure::in_module("billiard.exceptions", "TimeLimitExceeded", "");
                exceeded.exc_message = vec![match limit.subsec_nanos() {
                    0 => value!(limit.as_secs()),
                    _ => value!(limit.as_secs_f64()),
                }];
                exceeded
            }
            Self::Terminated(signal) => Failure::in_module("billiard.exceptions", "Terminated", signal.to_string()),
        }
    }
}

/// What `stats` shows of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolInfo {
    /// The class that a Python worker with such a pool names.
    /// The class that Celery's `stats` would name, which Flower shows.
    pub implementation: &'static str,
    /// Jobs that run at a time.
    pub size: usize,
    /// Process ids of those that run jobs.
    pub processes: Vec<u32>,
    /// Jobs after which a process is replaced; `None` is never, and where there are no processes.
    pub max_tasks_per_child: Option<u32>,
    /// Jobs handed to each of `processes`, in the same order.
    pub writes: Vec<u64>,
    /// Jobs that run now.
    pub busy: usize,
}

/// What a panic of a task is told as: the exception of Python that says as little about the cause.
fn panicked(panic: &(dyn Any + Send)) -> Stop {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message");
    Failure::builtin("RuntimeError", format!("panicked: {text}")).into()
}
