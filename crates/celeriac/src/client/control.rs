//! Commands to workers, and how their answers come back.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use celeriac_wire::control::{Pattern, ReplyTo, Request};
use celeriac_wire::value::{self, Map, Value, object};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{App, Error};
use crate::broker::{self, Broadcast, Fanout, FanoutOptions, Subscription};
use crate::context::TaskId;

/// How long answers are waited for unless something else is said; Celery's.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Why a worker did not do as it was told, in its own words, or that its answer has another shape than the command's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// The answers by node name.
pub type Replies<T> = BTreeMap<String, Result<T, Refusal>>;

/// The answer to a ping.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Pong(
    /// `pong`.
    pub String,
);

/// A command or a question on its way. Awaited, it is sent and its answers are collected; see [`Ask::cast`] for
/// sending alone.
#[must_use = "nothing is sent before it is awaited"]
pub struct Ask<T> {
    app: App,
    method: String,
    arguments: Map,
    destination: Option<Vec<String>>,
    pattern: Option<Pattern>,
    timeout: Duration,
    limit: Option<usize>,
    reply: PhantomData<fn() -> T>,
}

impl<T> Ask<T> {
    pub(super) fn new(app: &App, method: &str, arguments: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self {
            app: app.clone(),
            method: method.to_owned(),
            arguments: arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            destination: None,
            pattern: None,
            timeout: TIMEOUT,
            limit: None,
            reply: PhantomData,
        }
    }

    /// Asks these nodes alone, and waits no longer than they all have answered.
    pub fn destination<N: Into<String>>(mut self, nodes: impl IntoIterator<Item = N>) -> Self {
        self.destination = Some(nodes.into_iter().map(Into::into).collect());
        self
    }

    /// Asks the nodes whose names fit a pattern of a shell (`ocr@*`).
    pub fn glob(mut self, pattern: &str) -> Self {
        self.pattern = Some(Pattern { pattern: pattern.to_owned(), matcher: "glob".to_owned() });
        self
    }

    /// Asks the nodes whose names begin with what fits a regular expression.
    pub fn regex(mut self, pattern: &str) -> Self {
        self.pattern = Some(Pattern { pattern: pattern.to_owned(), matcher: "pcre".to_owned() });
        self
    }

    /// Waits so long for the next answer; a second unless it is said. Nobody knows how many workers there are, so
    /// without a limit or a destination this is how long an ask takes at least.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Waits for so many answers at most.
    pub fn limit(mut self, answers: usize) -> Self {
        self.limit = Some(answers);
        self
    }

    /// An argument that the method of this crate does not know, for workers with commands of their own.
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name.to_owned(), value.into());
        self
    }

    fn message(&self, request: &Request) -> Broadcast {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Broadcast {
            exchange: format!("{}.pidbox", self.app.shared.settings.control_exchange),
            routing_key: String::new(),
            headers: Map::from_iter([
                ("clock".to_owned(), Value::from(self.app.shared.clock.forward())),
                ("expires".to_owned(), Value::Float((now + self.timeout).as_secs_f64())),
            ]),
            body: request.to_value(),
        }
    }

    /// Asking none of the nodes is not asking all.
    fn asks_nobody(&self) -> bool {
        self.limit == Some(0) || self.destination.as_ref().is_some_and(Vec::is_empty)
    }

    fn request(&self) -> Request {
        Request {
            destination: self.destination.clone().unwrap_or_default(),
            pattern: self.pattern.clone(),
            ..Request::new(&self.method, self.arguments.clone())
        }
    }

    /// Sends without asking for answers.
    pub async fn cast(self) -> Result<(), Error> {
        if self.destination.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        Ok(self.app.broadcast(self.message(&self.request())).await?)
    }

    /// Sends, and gives the answers as they are, in the order in which they came.
    pub async fn raw(self) -> Result<Vec<(String, Value)>, Error> {
        if self.asks_nobody() {
            return Ok(Vec::new());
        }
        let settings = &self.app.shared.settings;
        let exchange = format!("reply.{}.pidbox", settings.control_exchange);
        let (oid, ticket) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
        let inbox = Subscription {
            exchange: exchange.clone(),
            routing_key: oid.clone(),
            queue: format!("{oid}.{exchange}"),
            expires: settings.control_queue_expires,
        };
        let options = FanoutOptions { inbox: Some(inbox), ..FanoutOptions::default() };
        let mut inbox = self.app.shared.broker.fanout(options).await?;
        let request =
            Request { ticket: Some(ticket), reply_to: Some(ReplyTo { exchange, routing_key: oid }), ..self.request() };
        let answers = self.exchange(&mut *inbox, request).await;
        // An inbox that could not be taken away runs out by itself.
        let closed = inbox.close().await;
        let answers = answers?;
        closed.map(|()| answers).map_err(Error::from)
    }

    async fn exchange(&self, inbox: &mut dyn Fanout, request: Request) -> Result<Vec<(String, Value)>, broker::Error> {
        self.app.broadcast(self.message(&request)).await?;
        let limit = self.limit.or(self.destination.as_ref().map(Vec::len)).unwrap_or(usize::MAX);
        let mut answers = Vec::new();
        while answers.len() < limit {
            let Ok(answer) = tokio::time::timeout(self.timeout, inbox.next()).await else { break };
            let Broadcast { headers, body, .. } = answer?;
            if let Some(clock) = headers.get("clock").and_then(Value::as_i64) {
                self.app.shared.clock.adjust(u64::try_from(clock).unwrap_or(0));
            }
            // What cannot be read, or answers something else, is not for this asker.
            if headers.get("ticket").and_then(Value::as_str) == request.ticket.as_deref()
                && let Value::Object(nodes) = body
            {
                answers.extend(nodes);
            }
        }
        Ok(answers)
    }
}

impl<T: DeserializeOwned> Ask<T> {
    async fn replies(self) -> Result<Replies<T>, Error> {
        Ok(self.raw().await?.into_iter().map(|(node, reply)| (node, read(reply))).collect())
    }
}

/// Takes a worker's `{"ok": …}` and `{"error": …}` apart; some commands answer with neither.
fn read<T: DeserializeOwned>(reply: Value) -> Result<T, Refusal> {
    let reply = match reply {
        Value::Object(mut members) if members.len() == 1 => match members.swap_remove("ok") {
            Some(done) => done,
            None => match members.get("error") {
                Some(Value::String(text)) => return Err(Refusal(text.clone())),
                _ => Value::Object(members),
            },
        },
        reply => reply,
    };
    value::from_value(reply).map_err(|e| Refusal(format!("the answer has another shape: {e}")))
}

impl<T: DeserializeOwned + 'static> IntoFuture for Ask<T> {
    type Output = Result<Replies<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.replies())
    }
}

/// What workers can be told. Each method makes an [`Ask`], which goes to all workers unless it says otherwise.
#[derive(Clone)]
pub struct Control {
    app: App,
}

impl Control {
    pub(super) fn new(app: App) -> Self {
        Self { app }
    }

    fn ask<T>(&self, method: &str, arguments: impl IntoIterator<Item = (&'static str, Value)>) -> Ask<T> {
        Ask::new(&self.app, method, arguments)
    }

    /// A command by its name, for what workers know and this crate does not.
    pub fn command(&self, method: &str) -> Ask<Value> {
        self.ask(method, [])
    }

    /// Asks who is there.
    pub fn ping(&self) -> Ask<Pong> {
        self.ask("ping", [])
    }

    /// Tells workers not to run tasks. They remember it for three hours; tasks that run already go on.
    pub fn revoke(&self, ids: impl IntoIterator<Item = TaskId>) -> Ask<String> {
        let ids = texts(ids.into_iter().map(|id| id.to_string()));
        self.ask("revoke", [("task_id", ids), ("terminate", false.into()), ("signal", "SIGTERM".into())])
    }

    /// The same, and ends the children in which the tasks run with a signal such as `SIGTERM` or `KILL`.
    pub fn terminate(&self, ids: impl IntoIterator<Item = TaskId>, signal: &str) -> Ask<String> {
        let ids = texts(ids.into_iter().map(|id| id.to_string()));
        self.ask("revoke", [("task_id", ids), ("terminate", true.into()), ("signal", signal.into())])
    }

    /// Tells workers not to run tasks that carry one of some stamps under a header.
    pub fn revoke_by_stamped_headers(
        &self,
        header: &str,
        stamps: impl IntoIterator<Item = impl Into<String>>,
        terminate: bool,
    ) -> Ask<String> {
        let headers = object([(header, texts(stamps))]);
        let arguments = [("headers", headers), ("terminate", terminate.into()), ("signal", "SIGTERM".into())];
        self.ask("revoke_by_stamped_headers", arguments)
    }

    /// Sets how often a worker begins a task: `10/m`, `0.5/s`, `100/h`; `0` lifts the limit.
    pub fn rate_limit(&self, task: &str, limit: &str) -> Ask<String> {
        self.ask("rate_limit", [("task_name", task.into()), ("rate_limit", limit.into())])
    }

    /// Sets the time limits of a task; `None` lifts one.
    pub fn time_limit(&self, task: &str, hard: Option<Duration>, soft: Option<Duration>) -> Ask<String> {
        let seconds = |limit: Option<Duration>| limit.map_or(Value::Null, |limit| Value::Float(limit.as_secs_f64()));
        let limits = [("task_name", task.into()), ("hard", seconds(hard)), ("soft", seconds(soft))];
        self.ask("time_limit", limits)
    }

    /// Adds places to the pool.
    pub fn pool_grow(&self, by: u32) -> Ask<String> {
        self.ask("pool_grow", [("n", by.into())])
    }

    /// Takes places from the pool.
    pub fn pool_shrink(&self, by: u32) -> Ask<String> {
        self.ask("pool_shrink", [("n", by.into())])
    }

    /// Starts the pool anew, where the settings allow it.
    pub fn pool_restart(&self) -> Ask<String> {
        self.ask("pool_restart", [("modules", Value::Null), ("reload", false.into()), ("reloader", Value::Null)])
    }

    /// Sets between how few and how many places a worker that scales itself may have.
    pub fn autoscale(&self, max: u32, min: u32) -> Ask<String> {
        self.ask("autoscale", [("max", max.into()), ("min", min.into())])
    }

    /// Makes workers take from one more queue.
    pub fn add_consumer(&self, queue: &str) -> Ask<String> {
        let arguments = [
            ("queue", queue.into()),
            ("exchange", Value::Null),
            ("exchange_type", "direct".into()),
            ("routing_key", Value::Null),
        ];
        self.ask("add_consumer", arguments)
    }

    /// Makes workers take no more from a queue.
    pub fn cancel_consumer(&self, queue: &str) -> Ask<String> {
        self.ask("cancel_consumer", [("queue", queue.into())])
    }

    /// Makes workers tell of their tasks.
    pub fn enable_events(&self) -> Ask<String> {
        self.ask("enable_events", [])
    }

    /// Makes workers tell of their tasks no longer.
    pub fn disable_events(&self) -> Ask<String> {
        self.ask("disable_events", [])
    }

    /// Makes workers tell at once that they live. There is nothing in the answer.
    pub fn heartbeat(&self) -> Ask<Option<Value>> {
        self.ask("heartbeat", [])
    }

    /// Ends workers once they have finished what runs. They do not answer: to be sent with [`Ask::cast`].
    pub fn shutdown(&self) -> Ask<Value> {
        self.ask("shutdown", [])
    }

    /// Has workers elect one that carries out an action.
    pub fn election(&self, id: &str, topic: &str, action: Value) -> Ask<Value> {
        self.ask("election", [("id", id.into()), ("topic", topic.into()), ("action", action)])
    }
}

pub(super) fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Value {
    texts.into_iter().map(|text| Value::String(text.into())).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_was_done_or_why_not() {
        #[track_caller]
        fn check<T: DeserializeOwned + PartialEq + std::fmt::Debug>(reply: Value, expected: Result<T, &str>) {
            assert_eq!(read::<T>(reply), expected.map_err(|text| Refusal(text.to_owned())));
        }
        check(object([("ok", "pong".into())]), Ok("pong".to_owned()));
        check::<String>(object([("error", "unknown task".into())]), Err("unknown task"));
        check(Value::from(vec![Value::from("a")]), Ok(vec!["a".to_owned()]));
        check(object([("error", Value::Int(1))]), Ok(object([("error", Value::Int(1))])));
        check::<Option<Value>>(Value::Null, Ok(None));
        assert!(read::<Vec<String>>(Value::Int(1)).is_err());
    }
}
