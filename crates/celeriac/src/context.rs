//! What a running task sees: its request, its time limit, and a way to have effects applied.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use celeriac_wire::message::TimeLimits;
use celeriac_wire::{Headers, Message, Value};

use crate::broker::Outgoing;
use crate::task::{Failure, Stop};

/// The id of a task: chosen by the caller, the same for every retry and redelivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(Arc<str>);

impl TaskId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TaskId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for TaskId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<uuid::Uuid> for TaskId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string().into())
    }
}

/// One delivery inside one worker. A task that was delivered twice is two jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A request on its way to the place where it runs. The body is not decoded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub request: Arc<Request>,
    /// Those that hold for this run, whoever set them.
    pub limits: TimeLimits,
}

/// A task message as the task sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub message: Message,
    /// The queue that the message was taken from.
    pub queue: String,
    /// The name of the worker.
    pub hostname: String,
}

impl Request {
    pub fn headers(&self) -> &Headers {
        &self.message.headers
    }

    pub fn id(&self) -> TaskId {
        TaskId::from(self.headers().id.as_str())
    }

    pub fn task(&self) -> &str {
        &self.headers().task
    }

    /// How many runs came before this one at the task's own wish.
    pub fn retries(&self) -> u32 {
        self.headers().retries
    }

    /// Whether the message was delivered before and given back, or taken from a worker that fell silent.
    pub fn redelivered(&self) -> bool {
        self.message.properties.delivery_info.redelivered
    }
}

/// What a task does besides returning. The worker applies it, in order, before the outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Stores a state of the task's own, such as `PROGRESS`, with what it carries.
    State { status: String, meta: Value },
    /// Sends a message.
    Publish(Box<Outgoing>),
}

type Emit = dyn Fn(Effect) + Send + Sync;

/// Handed to a running task. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    request: Arc<Request>,
    soft: Option<(Instant, Duration)>,
    emit: Arc<Emit>,
}

impl Context {
    /// A context whose soft limit starts to run now.
    pub fn new(
        request: Arc<Request>,
        soft_limit: Option<Duration>,
        emit: impl Fn(Effect) + Send + Sync + 'static,
    ) -> Self {
        let now = Instant::now();
        // A limit past the end of the clock is none.
        let soft = soft_limit.and_then(|limit| Some((now.checked_add(limit)?, limit)));
        Self { request, soft, emit: Arc::new(emit) }
    }

    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Ends the task when its soft limit has passed. To be asked where stopping is safe.
    pub fn check(&self) -> Result<(), Stop> {
        match self.soft {
            Some((deadline, limit)) if Instant::now() >= deadline => {
                let message = format!("soft time limit of {} s exceeded", limit.as_secs());
                Err(Failure::in_module("billiard.exceptions", "SoftTimeLimitExceeded", message).into())
            }
            _ => Ok(()),
        }
    }

    /// Hands an effect to the worker. It is applied soon, and before the outcome of the task.
    pub fn emit(&self, effect: Effect) {
        (self.emit)(effect);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("request", &self.request).field("soft", &self.soft).finish_non_exhaustive()
    }
}
