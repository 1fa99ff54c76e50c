//! What a task is, and the ways in which it can end.

use std::future::Future;
use std::time::Duration;

use celeriac_wire::{Exception, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{App, Call};
use crate::context::Context;

/// A task that computes. It runs on a thread of its own and may block.
///
/// Delivery is at least once: running it twice with the same request must leave what running it once leaves.
pub trait Task: Send + Sync + 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// The names of all arguments in the order in which they may be given by position.
    const PARAMETERS: &'static [&'static str];
    /// A struct with one field per parameter; optional ones are `Option` or have a serde default.
    type Args: DeserializeOwned + Send;
    type Reply: Serialize + Send;

    fn options(&self) -> TaskOptions {
        TaskOptions::default()
    }

    fn run(&self, cx: &Context, args: Self::Args) -> Outcome<Self::Reply>;

    /// A call of this task by a client, with its queue and limits. Nothing is sent before it is awaited.
    fn delay(&self, app: &App, args: Self::Args) -> Call<Self::Reply>
    where
        Self: Sized,
        Self::Args: Serialize,
    {
        app.send_task(Self::NAME).options(&self.options()).kwargs(args).returning()
    }
}

/// A task that waits for others. It must not block; the duty of [`Task`] holds for it too.
pub trait AsyncTask: Send + Sync + 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// The names of all arguments in the order in which they may be given by position.
    const PARAMETERS: &'static [&'static str];
    /// A struct with one field per parameter; optional ones are `Option` or have a serde default.
    type Args: DeserializeOwned + Send;
    type Reply: Serialize + Send;

    fn options(&self) -> TaskOptions {
        TaskOptions::default()
    }

    fn run(&self, cx: Context, args: Self::Args) -> impl Future<Output = Outcome<Self::Reply>> + Send;

    /// A call of this task by a client, with its queue and limits. Nothing is sent before it is awaited.
    fn delay(&self, app: &App, args: Self::Args) -> Call<Self::Reply>
    where
        Self: Sized,
        Self::Args: Serialize,
    {
        app.send_task(Self::NAME).options(&self.options()).kwargs(args).returning()
    }
}

/// How a task's messages are treated. The defaults are Celery's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOptions {
    /// Where a client of this crate sends it. Workers take from the queues that they were told.
    pub queue: &'static str,
    /// How often it may be retried; `None` is without end.
    pub max_retries: Option<u32>,
    /// How long to wait before another run (`default_retry_delay`). The worker waits as long as [`Failure::retry`]
    /// says: this is for tasks that pass it on.
    pub retry_delay: Duration,
    /// Acknowledges the message after the task has run instead of before it starts.
    pub acks_late: bool,
    /// Stores no result, unless the message asks for it.
    pub ignore_result: bool,
    /// Stores the state `STARTED`.
    pub track_started: bool,
    /// Time after which [`Context::check`] ends the task with `SoftTimeLimitExceeded`.
    pub soft_limit: Option<Duration>,
    /// Time after which an [`AsyncTask`] is dropped where it waits and ends with `TimeLimitExceeded`. A thread cannot
    /// be stopped from outside: on a [`Task`] this limit acts as a second soft limit.
    pub hard_limit: Option<Duration>,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            queue: "celery",
            max_retries: Some(3),
            retry_delay: Duration::from_secs(180),
            acks_late: false,
            ignore_result: false,
            track_started: false,
            soft_limit: None,
            hard_limit: None,
        }
    }
}

/// The end of a run: a reply, or one of the reasons to stop.
pub type Outcome<T> = Result<T, Stop>;

/// Why a task ended without a reply. Only [`Stop::Failure`] is an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    Failure(Failure),
    Retry(Retry),
    /// Gives the message back. Without `requeue` it is dropped and the task has failed with `Reject`. A message that
    /// was acknowledged early cannot be given back: `requeue` needs `acks_late`.
    Reject {
        requeue: bool,
    },
    /// Stores nothing; the task has taken care of its state.
    Ignore,
}

/// An exception, by the name under which a Python client raises it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub exc_type: String,
    /// The Python module of the type. With `None` the client makes a class of that name on the spot.
    pub exc_module: Option<String>,
    /// The arguments of the exception.
    pub exc_message: Vec<Value>,
    pub traceback: Option<String>,
}

impl Failure {
    /// An exception of no module with one argument.
    pub fn new(exc_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            exc_type: exc_type.into(),
            exc_module: None,
            exc_message: vec![Value::String(message.into())],
            traceback: None,
        }
    }

    /// An exception that the client finds in a Python module, with one argument.
    pub fn in_module(exc_module: &str, exc_type: &str, message: impl Into<String>) -> Self {
        Self { exc_module: Some(exc_module.to_owned()), ..Self::new(exc_type, message) }
    }

    /// One of Python's own exceptions, such as `ValueError`.
    pub fn builtin(exc_type: &str, message: impl Into<String>) -> Self {
        Self::in_module("builtins", exc_type, message)
    }

    /// Asks for another run after `after`.
    pub fn retry(self, after: Duration) -> Stop {
        Stop::Retry(Retry { after, cause: self })
    }

    pub(crate) fn exception(&self) -> Exception {
        Exception {
            exc_type: self.exc_type.clone(),
            exc_message: self.exc_message.clone(),
            exc_module: self.exc_module.clone(),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A wish to run again. When the retries are used up, the task fails with `cause`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    pub after: Duration,
    pub cause: Failure,
}
