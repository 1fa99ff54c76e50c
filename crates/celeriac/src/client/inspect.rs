//! Questions to workers: what they run, hold and know.

use std::collections::BTreeMap;

use celeriac_wire::value::{Map, Value};
use serde::Deserialize;

use super::control::texts;
use super::{App, Ask, Pong};
use crate::context::TaskId;

/// How a message came to the worker.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeliveryInfo {
    /// Empty for the default exchange.
    pub exchange: String,
    /// The queue, for the default exchange.
    pub routing_key: String,
    /// 0 is the most urgent.
    pub priority: Option<i64>,
    /// Whether it was given back to its queue before.
    pub redelivered: Option<bool>,
}

/// A task that a worker holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TaskInfo {
    /// The task's id.
    pub id: String,
    /// The task's name.
    #[serde(default)]
    pub name: String,
    /// Positional arguments, or their Python text.
    #[serde(default)]
    pub args: Value,
    /// Arguments by name, or their Python text.
    #[serde(default)]
    pub kwargs: Value,
    /// The node that holds it.
    #[serde(default)]
    pub hostname: Option<String>,
    /// When it began to run, in seconds since 1970.
    #[serde(default)]
    pub time_start: Option<f64>,
    /// Whether its message was acknowledged.
    #[serde(default)]
    pub acknowledged: bool,
    /// How its message came.
    #[serde(default)]
    pub delivery_info: DeliveryInfo,
    /// The process in which it runs.
    #[serde(default)]
    pub worker_pid: Option<i64>,
}

/// A task that waits for its time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Scheduled {
    /// The time, in ISO 8601.
    pub eta: String,
    /// The urgency in the worker's own timer.
    pub priority: i64,
    /// The task.
    pub request: TaskInfo,
}

/// A queue that a worker takes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct QueueInfo {
    /// The name of the queue.
    pub name: String,
    /// The routing key of its binding.
    #[serde(default)]
    pub routing_key: Option<String>,
    /// The exchange that it is bound to, as kombu describes it.
    #[serde(default)]
    pub exchange: Value,
}

/// The pool of a worker.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct PoolInfo {
    /// What kind of pool, as in `celery.concurrency.prefork:TaskPool`.
    pub implementation: Option<String>,
    /// Places.
    pub max_concurrency: Option<i64>,
    /// The processes of its children.
    pub processes: Value,
    /// Runs after which a child is replaced, or a text that says there is no such limit.
    pub max_tasks_per_child: Value,
    /// Soft and hard limit, in seconds.
    pub timeouts: Value,
    /// How jobs were spread over children.
    pub writes: Value,
}

/// The figures of a worker.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Stats {
    /// Runs by task name.
    #[serde(default)]
    pub total: BTreeMap<String, u64>,
    /// The worker's process.
    pub pid: i64,
    /// Its logical clock.
    #[serde(default)]
    pub clock: Value,
    /// Seconds since it started.
    #[serde(default)]
    pub uptime: u64,
    /// Its pool.
    #[serde(default)]
    pub pool: PoolInfo,
    /// Its broker, without the password.
    #[serde(default)]
    pub broker: Map,
    /// Messages that it holds at most, ETA aside; 0 is without limit.
    #[serde(default)]
    pub prefetch_count: i64,
    /// `getrusage` of the worker.
    #[serde(default)]
    pub rusage: Value,
    /// Bounds and place of autoscaling, if it is on.
    #[serde(default)]
    pub autoscaler: Option<Map>,
}

/// A worker's logical clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Clock {
    /// Its time.
    pub clock: u64,
}

/// What workers can be asked. Each method makes an [`Ask`], which goes to all workers unless it says otherwise.
#[derive(Clone)]
pub struct Inspect {
    app: App,
}

impl Inspect {
    pub(super) fn new(app: App) -> Self {
        Self { app }
    }

    fn ask<T>(&self, method: &str, arguments: impl IntoIterator<Item = (&'static str, Value)>) -> Ask<T> {
        Ask::new(&self.app, method, arguments)
    }

    /// Who is there.
    pub fn ping(&self) -> Ask<Pong> {
        self.ask("ping", [])
    }

    /// Tasks that run.
    pub fn active(&self) -> Ask<Vec<TaskInfo>> {
        self.ask("active", [("safe", Value::Null)])
    }

    /// Tasks that were taken and do not run yet.
    pub fn reserved(&self) -> Ask<Vec<TaskInfo>> {
        self.ask("reserved", [])
    }

    /// Tasks that wait for their ETA.
    pub fn scheduled(&self) -> Ask<Vec<Scheduled>> {
        self.ask("scheduled", [])
    }

    /// Ids of revoked tasks.
    pub fn revoked(&self) -> Ask<Vec<String>> {
        self.ask("revoked", [])
    }

    /// Names of tasks that a worker knows, each followed by the attributes asked for (`rate_limit`).
    pub fn registered<A: Into<String>>(&self, attributes: impl IntoIterator<Item = A>) -> Ask<Vec<String>> {
        self.ask("registered", [("taskinfoitems", texts(attributes))])
    }

    /// Figures of the worker, its pool and its broker.
    pub fn stats(&self) -> Ask<Stats> {
        self.ask("stats", [])
    }

    /// Queues that a worker takes from.
    pub fn active_queues(&self) -> Ask<Vec<QueueInfo>> {
        self.ask("active_queues", [])
    }

    /// Where tasks are, of those that a worker holds: `active`, `reserved` or `ready`, by id.
    pub fn query_task(&self, ids: impl IntoIterator<Item = TaskId>) -> Ask<BTreeMap<String, (String, TaskInfo)>> {
        self.ask("query_task", [("ids", texts(ids.into_iter().map(|id| id.to_string())))])
    }

    /// The settings that differ from the defaults, or all of them. Passwords are hidden.
    pub fn conf(&self, with_defaults: bool) -> Ask<Map> {
        self.ask("conf", [("with_defaults", with_defaults.into())])
    }

    /// What a worker runs on, for a bug report.
    pub fn report(&self) -> Ask<String> {
        self.ask("report", [])
    }

    /// The logical clock.
    pub fn clock(&self) -> Ask<Clock> {
        self.ask("clock", [])
    }

    /// How much memory a worker takes, as in `61.9MB`.
    pub fn memsample(&self) -> Ask<Option<String>> {
        self.ask("memsample", [])
    }

    /// The samples of memory that were taken so far, and how many are to be shown.
    pub fn memdump(&self, samples: u32) -> Ask<Value> {
        self.ask("memdump", [("samples", samples.into())])
    }

    /// What a worker that starts says to the others: its name, and the ids that it knows to be revoked.
    pub fn hello(&self, from_node: &str, revoked: impl IntoIterator<Item = TaskId>) -> Ask<Value> {
        let revoked = texts(revoked.into_iter().map(|id| id.to_string()));
        self.ask("hello", [("from_node", from_node.into()), ("revoked", revoked)])
    }
}
