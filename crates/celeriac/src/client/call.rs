//! One call on its way: what is run, when, where and within which limits.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use celeriac_wire::canvas::Signature;
use celeriac_wire::{Value, time, value};
use serde::Serialize;

use super::{App, AsyncResult, Error, ResultTree};
use crate::task::TaskOptions;

/// A task that is to be sent. Awaited, it is sent and gives the result to wait for.
#[must_use = "nothing is sent before it is awaited"]
pub struct Call<R = Value> {
    app: App,
    signature: Signature,
    /// The first argument that could not be written; told of when the call is awaited.
    wrong: Option<Error>,
    reply: PhantomData<fn() -> R>,
}

impl<R> Call<R> {
    pub(super) fn new(app: App, signature: Signature) -> Self {
        Self { app, signature, wrong: None, reply: PhantomData }
    }

    /// The type of the result, which is checked when it arrives.
    pub fn returning<T>(self) -> Call<T> {
        Call { app: self.app, signature: self.signature, wrong: self.wrong, reply: PhantomData }
    }

    fn written(&mut self, argument: impl Serialize) -> Value {
        value::to_value(&argument).unwrap_or_else(|source| {
            let task = self.signature.task.clone();
            self.wrong.get_or_insert(Error::Arguments { task, source });
            Value::Null
        })
    }

    fn misshapen(&mut self, expected: &'static str) {
        let task = self.signature.task.clone();
        self.wrong.get_or_insert(Error::ArgumentShape { task, expected });
    }

    /// The arguments by position: a tuple or a list. They come after those that the signature has.
    pub fn args(mut self, args: impl Serialize) -> Self {
        match self.written(args) {
            Value::Array(args) => self.signature.args.extend(args),
            Value::Null => {}
            _ => self.misshapen("a tuple or a list"),
        }
        self
    }

    /// The arguments by name: a struct or a map.
    pub fn kwargs(mut self, kwargs: impl Serialize) -> Self {
        match self.written(kwargs) {
            Value::Object(kwargs) => self.signature.kwargs.extend(kwargs),
            Value::Null => {}
            _ => self.misshapen("a struct or a map"),
        }
        self
    }

    /// One argument by name.
    pub fn kwarg(mut self, name: &str, argument: impl Serialize) -> Self {
        let argument = self.written(argument);
        self.signature.kwargs.insert(name.to_owned(), argument);
        self
    }

    /// An option of Celery's `apply_async` by its name, one that this crate does not know included: it travels in the
    /// message's properties.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.signature.options.insert(name.to_owned(), value.into());
        self
    }

    /// What the task's own options say, where they differ from the defaults.
    pub(crate) fn options(mut self, options: &TaskOptions) -> Self {
        let default = TaskOptions::default();
        if options.queue != default.queue {
            self = self.queue(options.queue);
        }
        if let Some(limit) = options.hard_limit {
            self = self.time_limit(limit);
        }
        if let Some(limit) = options.soft_limit {
            self = self.soft_time_limit(limit);
        }
        if options.ignore_result == Some(true) {
            self = self.ignore_result(true);
        }
        self
    }

    /// The id; a random one unless it is said. Results of a task of the same id are overwritten, except its success.
    pub fn task_id(self, id: &str) -> Self {
        self.option("task_id", id)
    }

    /// The queue; by the app's routes unless it is said.
    pub fn queue(self, queue: &str) -> Self {
        self.option("queue", queue)
    }

    /// The exchange, with [`Call::routing_key`], where queues are bound otherwise than by their names.
    pub fn exchange(self, exchange: &str) -> Self {
        self.option("exchange", exchange)
    }

    /// The key by which the exchange finds the queues.
    pub fn routing_key(self, key: &str) -> Self {
        self.option("routing_key", key)
    }

    /// 0 to 9. On Redis 0 is the most urgent, and 0, 3, 6 and 9 are told apart.
    pub fn priority(self, priority: u8) -> Self {
        self.option("priority", priority)
    }

    /// Not to be run before so long from now.
    pub fn countdown(self, after: Duration) -> Self {
        self.option("countdown", after.as_secs_f64())
    }

    /// Not to be run before.
    pub fn eta(self, eta: SystemTime) -> Self {
        self.option("eta", time::format(eta))
    }

    /// Not to be run later than so long from now: then it ends as `REVOKED`.
    pub fn expires(self, after: Duration) -> Self {
        self.option("expires", after.as_secs_f64())
    }

    /// Not to be run later.
    pub fn expires_at(self, expires: SystemTime) -> Self {
        self.option("expires", time::format(expires))
    }

    /// Time after which the child that runs it is killed.
    pub fn time_limit(self, limit: Duration) -> Self {
        self.option("time_limit", limit.as_secs_f64())
    }

    /// Time after which the task is asked to end.
    pub fn soft_time_limit(self, limit: Duration) -> Self {
        self.option("soft_time_limit", limit.as_secs_f64())
    }

    /// Stores no result.
    pub fn ignore_result(self, ignore: bool) -> Self {
        self.option("ignore_result", ignore)
    }

    /// The name to show in place of the task's.
    pub fn shadow(self, name: &str) -> Self {
        self.option("shadow", name)
    }

    /// A header of the user's own, which the task finds in its request.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        let headers = self.signature.options.entry("headers".to_owned()).or_default();
        if let Value::Object(headers) = headers {
            headers.insert(name.to_owned(), value.into());
        } else {
            *headers = celeriac_wire::value::object([(name, value.into())]);
        }
        self
    }

    /// What is run with the result when the task has succeeded.
    pub fn link(self, callback: impl Into<Signature>) -> Self {
        self.linked("link", &callback.into())
    }

    /// What is run when the task has failed.
    pub fn link_error(self, errback: impl Into<Signature>) -> Self {
        self.linked("link_error", &errback.into())
    }

    fn linked(mut self, option: &str, signature: &Signature) -> Self {
        let links = self.signature.options.entry(option.to_owned()).or_default();
        match links {
            Value::Array(links) => links.push(signature.to_value()),
            _ => *links = Value::Array(vec![signature.to_value()]),
        }
        self
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// [`Error::Arguments`], [`Error::ArgumentShape`] and [`Error::Canvas`] for what cannot be sent, [`Error::Broker`]
    /// and [`Error::Backend`] when some of it may have been.
    pub async fn send(self) -> Result<AsyncResult<R>, Error> {
        let Self { app, signature, wrong, .. } = self;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        match app.apply(signature).await? {
            ResultTree::Task(task) => Ok(task.returning()),
            ResultTree::Group(group) => Err(Error::Group { id: group.id().to_owned() }),
        }
    }

    /// What would be sent, as a part of a canvas.
    ///
    /// # Errors
    ///
    /// [`Error::Arguments`] and [`Error::ArgumentShape`] for what cannot be sent.
    pub fn signature(self) -> Result<Signature, Error> {
        self.wrong.map_or(Ok(self.signature), Err)
    }
}

impl<R: 'static> IntoFuture for Call<R> {
    type Output = Result<AsyncResult<R>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// [`Call::send`].
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
