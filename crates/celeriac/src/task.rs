//! What a task is, and the ways in which it can end.

use std::future::Future;
use std::panic::Location;
use std::time::{Duration, SystemTime};

use celeriac_wire::canvas::Signature;
use celeriac_wire::{Exception, Map, Value, repr};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{App, Call};
use crate::context::Context;
use crate::rate_limit::RateLimit;

/// A task that computes. It runs on a thread of its own and may block.
///
/// Delivery is at least once: running it twice with the same request must leave what running it once leaves.
pub trait Task: Send + Sync + 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// The names of all arguments in the order in which they may be given by position. `*rest` takes those by
    /// position that are left over, in a field named `rest`, and what stands after it is given by name alone;
    /// `**rest` takes those by name that are left over. A name that ends in `=` may be left out.
    const PARAMETERS: &'static [&'static str];
    /// A struct with one field per parameter; optional ones are `Option` or have a serde default.
    type Args: DeserializeOwned + Send;
    /// What the result is made of.
    type Reply: Serialize + Send;

    /// Queue, limits, retries and acknowledgement. Read by a worker when the task is registered, by a client with each call.
    fn options(&self) -> TaskOptions {
        TaskOptions::default()
    }

    /// Runs once.
    ///
    /// # Errors
    ///
    /// Whatever ends the run without a reply, a wish to run again included: see [`Stop`]. A panic is a failure too.
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
    /// The names of all arguments in the order in which they may be given by position. `*rest` takes those by
    /// position that are left over, in a field named `rest`, and what stands after it is given by name alone;
    /// `**rest` takes those by name that are left over. A name that ends in `=` may be left out.
    const PARAMETERS: &'static [&'static str];
    /// A struct with one field per parameter; optional ones are `Option` or have a serde default.
    type Args: DeserializeOwned + Send;
    /// What the result is made of.
    type Reply: Serialize + Send;

    /// Queue, limits, retries and acknowledgement. Read by a worker when the task is registered, by a client with each call.
    fn options(&self) -> TaskOptions {
        TaskOptions::default()
    }

    /// Runs once. The future is dropped where it waits when the hard limit comes or the task is terminated.
    ///
    /// # Errors
    ///
    /// Whatever ends the run without a reply, a wish to run again included: see [`Stop`]. A panic is a failure too.
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

/// How a task's messages are treated. The defaults are Celery's; what is `None` is left to the app's
/// [`Settings`](crate::Settings).
#[derive(Clone, Debug, PartialEq)]
pub struct TaskOptions {
    /// Where a client of this crate sends it. Workers take from the queues that they were told.
    pub queue: &'static str,
    /// How often it may be retried; `None` is without end.
    pub max_retries: Option<u32>,
    /// How long a retry waits that does not say it (`default_retry_delay`).
    pub retry_delay: Duration,
    /// Turns failures into retries.
    pub autoretry: Option<AutoRetry>,
    /// Exceptions that are an expected end (`throws`), by type: they fail the task and are no error in the log.
    pub throws: &'static [&'static str],
    /// Acknowledges the message after the task has run instead of before it starts.
    pub acks_late: Option<bool>,
    /// Acknowledges a late message whose task failed.
    pub acks_on_failure: Option<bool>,
    /// Acknowledges a late message whose task ran into its hard limit.
    pub acks_on_timeout: Option<bool>,
    /// Gives back a late message whose child died.
    pub reject_on_worker_lost: Option<bool>,
    /// Retries it when its child died.
    pub retry_on_worker_lost: Option<bool>,
    /// Stores no result, unless the message asks for it.
    pub ignore_result: Option<bool>,
    /// Stores failures although results are ignored.
    pub store_errors_even_if_ignored: Option<bool>,
    /// Stores the state `STARTED`.
    pub track_started: Option<bool>,
    /// Sends events, if the worker does.
    pub send_events: bool,
    /// Time after which [`Context::check`] ends the task with `SoftTimeLimitExceeded`.
    pub soft_limit: Option<Duration>,
    /// Time after which the task is stopped wherever it is and ends with `TimeLimitExceeded`. Inside the worker's own
    /// process only an [`AsyncTask`] can be stopped from outside: on a thread this limit acts as a second soft limit.
    pub hard_limit: Option<Duration>,
    /// How many begin in a while, on each worker.
    pub rate_limit: Option<RateLimit>,
    /// Messages that a client sends are not run after so long.
    pub expires: Option<Duration>,
    /// Priority of messages that a client sends.
    pub priority: Option<u8>,
    /// Serializer of messages that a client sends.
    pub serializer: Option<&'static str>,
    /// Compression of messages that a client sends.
    pub compression: Option<&'static str>,
    /// Characters of a result that events and logs show (`resultrepr_maxsize`).
    pub result_repr_max: usize,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            queue: "celery",
            max_retries: Some(3),
            retry_delay: Duration::from_secs(180),
            autoretry: None,
            throws: &[],
            acks_late: None,
            acks_on_failure: None,
            acks_on_timeout: None,
            reject_on_worker_lost: None,
            retry_on_worker_lost: None,
            ignore_result: None,
            store_errors_even_if_ignored: None,
            track_started: None,
            send_events: true,
            soft_limit: None,
            hard_limit: None,
            rate_limit: None,
            expires: None,
            priority: None,
            serializer: None,
            compression: None,
            result_repr_max: 1024,
        }
    }
}

/// Which failures become retries, and when the next run is (`autoretry_for` and what goes with it).
#[derive(Clone, Debug, PartialEq)]
pub struct AutoRetry {
    /// Exceptions by type; `Exception` stands for all of them.
    pub on: &'static [&'static str],
    /// Exceptions that fail at once all the same.
    pub except: &'static [&'static str],
    /// The first pause, doubled with each run; `None` waits [`TaskOptions::retry_delay`] each time.
    pub backoff: Option<Duration>,
    /// The longest pause.
    pub backoff_max: Duration,
    /// Draws each pause evenly between nothing and what it would be.
    pub jitter: bool,
    /// How often, in place of [`TaskOptions::max_retries`].
    pub max_retries: Option<u32>,
}

impl Default for AutoRetry {
    fn default() -> Self {
        Self {
            on: &["Exception"],
            except: &[],
            backoff: None,
            backoff_max: Duration::from_secs(600),
            jitter: true,
            max_retries: None,
        }
    }
}

impl AutoRetry {
    /// Whether a failure becomes a retry.
    pub fn covers(&self, failure: &Failure) -> bool {
        let named = |types: &[&str]| types.iter().any(|t| *t == failure.exc_type || *t == "Exception");
        named(self.on) && !named(self.except)
    }

    /// The pause before the run that follows `retries` earlier ones; `chance` in `0..1` is used with jitter. `None`
    /// leaves it to the task.
    pub fn pause(&self, retries: u32, chance: f64) -> Option<Duration> {
        let factor = self.backoff?.max(Duration::from_secs(1));
        let pause = factor.saturating_mul(2u32.saturating_pow(retries)).min(self.backoff_max);
        // Celery counts in whole seconds, the end included.
        let seconds = pause.as_secs();
        let drawn = (chance.clamp(0.0, 1.0) * (seconds + 1) as f64) as u64;
        Some(Duration::from_secs(if self.jitter { drawn.min(seconds) } else { seconds }))
    }
}

/// The end of a run: a reply, or one of the reasons to stop.
pub type Outcome<T> = Result<T, Stop>;

/// Why a task ended without a reply. Only [`Stop::Failure`] is an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The task has failed with an exception.
    Failure(Failure),
    /// The task is to run again.
    Retry(Box<Retry>),
    /// Gives the message back. Without `requeue` it is dropped and the task has failed with `Reject`. A message that
    /// was acknowledged early cannot be given back: `requeue` needs `acks_late`.
    Reject {
        /// What its log and its result say.
        reason: Option<String>,
        /// Whether it is to be delivered again.
        requeue: bool,
    },
    /// Stores nothing; the task has taken care of its state.
    Ignore,
    /// Runs this in the place of the task, under its id.
    Replace(Box<Signature>),
}

/// An exception, by the name under which a Python client raises it. Two are equal wherever they were made.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The name of the class.
    pub exc_type: String,
    /// The Python module of the type. With `None` the client makes a class of that name on the spot.
    pub exc_module: Option<String>,
    /// The arguments of the exception.
    pub exc_message: Vec<Value>,
    /// Where it was made, as the lines between the first and the last of a Python traceback.
    pub frames: Option<String>,
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.exception() == other.exception()
    }
}

impl Failure {
    /// An exception of no module with one argument, made at the caller's line.
    #[track_caller]
    pub fn new(exc_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            exc_type: exc_type.into(),
            exc_module: None,
            exc_message: vec![Value::String(message.into())],
            frames: Some(frame(Location::caller())),
        }
    }

    /// An exception that the client finds in a Python module, with one argument.
    #[track_caller]
    pub fn in_module(exc_module: &str, exc_type: &str, message: impl Into<String>) -> Self {
        Self { exc_module: Some(exc_module.to_owned()), ..Self::new(exc_type, message) }
    }

    /// One of Python's own exceptions, such as `ValueError`.
    #[track_caller]
    pub fn builtin(exc_type: &str, message: impl Into<String>) -> Self {
        Self::in_module("builtins", exc_type, message)
    }

    /// The same exception with these arguments.
    pub fn with_args(self, exc_message: Vec<Value>) -> Self {
        Self { exc_message, ..self }
    }

    /// Asks for another run after `after`.
    pub fn retry(self, after: Duration) -> Stop {
        Retry { after: Some(after), cause: Some(self), ..Retry::default() }.into()
    }

    /// The traceback that a Python client shows; `None` where nobody knows where the exception was made.
    pub fn traceback(&self) -> Option<String> {
        let frames = self.frames.as_deref()?;
        let shown = match &self.exc_message[..] {
            [Value::String(message)] => message.clone(),
            args => args.iter().map(repr::python).collect::<Vec<_>>().join(", "),
        };
        Some(format!("Traceback (most recent call last):\n{frames}\n{}: {shown}\n", self.exc_type))
    }

    pub(crate) fn exception(&self) -> Exception {
        Exception {
            exc_type: self.exc_type.clone(),
            exc_message: self.exc_message.clone(),
            exc_module: self.exc_module.clone(),
        }
    }
}

/// One line of a traceback.
pub(crate) fn frame(at: &Location<'_>) -> String {
    format!("  File \"{}\", line {}", at.file(), at.line())
}

impl From<Exception> for Failure {
    fn from(exception: Exception) -> Self {
        let Exception { exc_type, exc_message, exc_module } = exception;
        Self { exc_type, exc_module, exc_message, frames: None }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A wish to run again. When the retries are used up, the task fails with `cause`, or with `MaxRetriesExceededError`
/// where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retry {
    /// What went wrong, if anything did.
    pub cause: Option<Failure>,
    /// The pause before the next run; `None` is [`TaskOptions::retry_delay`].
    pub after: Option<Duration>,
    /// The time of the next run, in place of the pause.
    pub at: Option<SystemTime>,
    /// Arguments by position of the next run, in place of those of this one.
    pub args: Option<Vec<Value>>,
    /// Arguments by name of the next run, in place of those of this one.
    pub kwargs: Option<Map>,
    /// How often it may be retried, in place of [`TaskOptions::max_retries`].
    pub max_retries: Option<u32>,
    /// Options of `apply_async` for the next run, by Celery's names: `priority`, `expires`, `queue`, `headers` and
    /// others.
    pub options: Map,
}

impl From<Retry> for Stop {
    fn from(retry: Retry) -> Self {
        Self::Retry(Box::new(retry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_the_line_that_made_it_as_python_does() {
        let (failure, line) = (Failure::builtin("ValueError", "no such case"), line!());
        let traceback = format!(
            "Traceback (most recent call last):\n  File \"{}\", line {line}\nValueError: no such case\n",
            file!()
        );
        assert_eq!(failure.traceback(), Some(traceback));
        let failure = failure.with_args(vec!["a".into(), 5.into()]);
        assert!(failure.traceback().unwrap().ends_with("\nValueError: 'a', 5\n"));
        assert_eq!(Failure::from(failure.exception()).traceback(), None);
    }
}
