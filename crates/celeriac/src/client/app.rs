//! The client's side of one broker and one result backend.

use std::sync::Arc;
use std::time::Duration;

use celeriac_wire::canvas::Signature;
use celeriac_wire::control::Clock;

use super::control::Control;
use super::inspect::Inspect;
use super::{AsyncResult, Call, Error, Events, GroupResult, ResultTree, Routes};
use crate::backend::ResultBackend;
use crate::broker::{self, Broadcast, Broker};
use crate::context::TaskId;
use crate::settings::Settings;

/// How often and how long sending is tried again when the broker fails (Celery's `task_publish_retry_policy`, whose
/// values are the defaults).
#[derive(Clone, Debug, PartialEq)]
pub struct PublishRetry {
    /// Attempts after the first.
    pub max_retries: u32,
    /// The wait before the second attempt.
    pub interval_start: Duration,
    /// What each further wait is longer.
    pub interval_step: Duration,
    /// The longest wait.
    pub interval_max: Duration,
}

impl Default for PublishRetry {
    fn default() -> Self {
        Self {
            max_retries: 3,
            interval_start: Duration::ZERO,
            interval_step: Duration::from_millis(200),
            interval_max: Duration::from_millis(200),
        }
    }
}

/// What the clones of an app share.
pub(super) struct Shared {
    pub(super) broker: Arc<dyn Broker>,
    pub(super) results: Arc<dyn ResultBackend>,
    pub(super) settings: Settings,
    pub(super) routes: Routes,
    pub(super) publish_retry: PublishRetry,
    /// Who sends, as in `gen4711@host`.
    pub(super) origin: String,
    /// What replies over the broker would be addressed to; each client has its own.
    pub(super) oid: String,
    pub(super) clock: Clock,
}

/// A client of one broker and one result backend. Clones are cheap and share their connections.
///
/// ```no_run
/// # async fn sum() -> Result<(), celeriac::client::Error> {
/// use std::time::Duration;
///
/// let app = celeriac::App::connect("redis://localhost/0", "redis://localhost/0").await?;
/// let sum = app.send_task("tasks.add").args((2, 3)).returning::<i64>().await?;
/// assert_eq!(sum.get(Duration::from_secs(10)).await?, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    pub(super) shared: Arc<Shared>,
}

impl App {
    /// A client with Celery's settings over a broker and a backend that are there already.
    pub fn new(broker: Arc<dyn Broker>, results: Arc<dyn ResultBackend>) -> Self {
        let settings = Settings::default();
        Self {
            shared: Arc::new(Shared {
                broker,
                results,
                settings,
                routes: Routes::new(),
                publish_retry: PublishRetry::default(),
                origin: origin(),
                oid: uuid::Uuid::new_v4().to_string(),
                clock: Clock::default(),
            }),
        }
    }

    /// Connects to a broker and a result backend on Redis, as in `redis://:password@host:6379/0`.
    ///
    /// # Errors
    ///
    /// [`Error::Broker`] and [`Error::Backend`] for a URL that cannot be read and a server that cannot be reached.
    #[cfg(feature = "redis")]
    pub async fn connect(broker: &str, results: &str) -> Result<Self, Error> {
        let broker = crate::RedisBroker::connect(broker).await?;
        let results = crate::RedisResults::connect(results).await?;
        Ok(Self::new(Arc::new(broker), Arc::new(results)))
    }

    /// Takes other settings than Celery's defaults. To be called before the app is shared; clones made earlier keep
    /// theirs.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        self.changed(|shared| shared.settings = settings)
    }

    /// Sends tasks to queues by their names.
    #[must_use]
    pub fn routes(self, routes: Routes) -> Self {
        self.changed(|shared| shared.routes = routes)
    }

    /// Tries again otherwise when the broker fails.
    #[must_use]
    pub fn publish_retry(self, policy: PublishRetry) -> Self {
        self.changed(|shared| shared.publish_retry = policy)
    }

    fn changed(self, change: impl FnOnce(&mut Shared)) -> Self {
        let old = &*self.shared;
        let mut shared = Shared {
            broker: Arc::clone(&old.broker),
            results: Arc::clone(&old.results),
            settings: old.settings.clone(),
            routes: old.routes.clone(),
            publish_retry: old.publish_retry.clone(),
            origin: old.origin.clone(),
            oid: old.oid.clone(),
            clock: old.clock.clone(),
        };
        change(&mut shared);
        Self { shared: Arc::new(shared) }
    }

    /// A call of a task by its name, wherever it is written. Nothing is sent before the call is awaited.
    pub fn send_task(&self, name: &str) -> Call {
        Call::new(self.clone(), Signature::new(name))
    }

    /// The result of a task that was sent before, by whomever. An unknown id is a task that has not begun.
    pub fn result(&self, id: impl Into<TaskId>) -> AsyncResult {
        AsyncResult::new(self.clone(), id.into(), None)
    }

    /// The results of a group that was saved with [`GroupResult::save`]; `None` for one that is not known.
    pub async fn restore_group(&self, id: &str) -> Result<Option<GroupResult>, Error> {
        let Some(tuple) = self.shared.results.group(id).await? else { return Ok(None) };
        match ResultTree::from_tuple(self, &tuple) {
            Some(ResultTree::Group(group)) => Ok(Some(group)),
            _ => Err(Error::Group { id: id.to_owned() }),
        }
    }

    /// Commands to workers.
    pub fn control(&self) -> Control {
        Control::new(self.clone())
    }

    /// Questions to workers.
    pub fn inspect(&self) -> Inspect {
        Inspect::new(self.clone())
    }

    /// What workers and clients tell of tasks and of themselves, from now on.
    pub async fn events(&self) -> Result<Events, Error> {
        Events::listen(self).await
    }

    /// Drops the messages that wait in a queue and says how many there were.
    pub async fn purge(&self, queue: &str) -> Result<usize, Error> {
        Ok(self.shared.broker.purge(queue).await?)
    }

    /// How many messages wait in a queue; those that a worker holds are not counted.
    pub async fn depth(&self, queue: &str) -> Result<usize, Error> {
        Ok(self.shared.broker.depth(&[queue.to_owned()]).await?)
    }

    /// A message to all who listen at an exchange.
    pub(super) async fn broadcast(&self, message: Broadcast) -> Result<(), broker::Error> {
        self.shared.broker.broadcast(&[message]).await
    }
}

/// What a client calls itself: `gen<pid>@<host>`, as Celery's do.
fn origin() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!("gen{}@{}", std::process::id(), if host.is_empty() { "localhost" } else { host })
}
