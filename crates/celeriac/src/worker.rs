//! Drives the machine: takes messages, runs jobs, and carries out what the machine decides.
//!
//! One loop owns the machine and the pool and waits for nothing but the next event. All traffic with the broker and
//! the backend is done in rounds beside it, one at a time: what the machine decides meanwhile leaves with the next.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};

use crate::backend::{self, ResultBackend};
use crate::broker::{self, Broadcast, Broker, Outgoing};
use crate::control::{self, WorkerView};
use crate::machine::{Autoscale, Config, Machine, Notice, Shutdown};
use crate::pool::{self, PoolKind, PoolOptions};
use crate::registry::Registry;
use crate::settings::Settings;

pub(crate) mod backoff;
mod drive;
#[cfg(feature = "cli")]
pub(crate) mod pace;
mod round;
mod view;

use backoff::Backoff;
use drive::Driver;

/// What a worker takes, and how much at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The queues that it takes from, in turn.
    pub queues: Vec<String>,
    /// Jobs that run at a time.
    pub concurrency: usize,
    /// Messages held per running job; 0 is without limit.
    pub prefetch_multiplier: usize,
    /// The worker's name among others, `celery@host` by custom.
    pub hostname: String,
    /// Where jobs run.
    pub pool: PoolKind,
    /// Grows and shrinks the pool with the work, between these bounds; it begins with the lower one.
    pub autoscale: Option<Autoscale>,
    /// The app's settings. `worker_prefetch_multiplier` and `worker_concurrency` are those above.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queues: vec!["celery".to_owned()],
            concurrency: std::thread::available_parallelism().map_or(1, usize::from),
            prefetch_multiplier: 4,
            hostname: format!("celeriac@{}", std::process::id()),
            pool: PoolKind::default(),
            autoscale: None,
            settings: Settings::default(),
        }
    }
}

/// Why a worker has ended that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queues could not be consumed when it began, or there was something to hand on when it ended.
    #[error("the broker failed")]
    Broker(#[from] broker::Error),
    /// Results could not be handed on when it ended.
    #[error("the result backend failed")]
    Results(#[from] backend::Error),
    /// There are no threads or processes to be had.
    #[error("the pool could not be started")]
    Pool(#[from] std::io::Error),
}

/// Is told of messages that were sent. It must not block.
pub type Sent = Arc<dyn Fn(&[Outgoing]) + Send + Sync>;

/// Makes events of what happens to tasks, and says when they leave. Called on the worker's loop: it must not block.
pub trait Dispatch: Send {
    /// Something has happened to a task.
    fn notice(&mut self, notice: &Notice);

    /// What leaves with the next round.
    fn take(&mut self) -> Vec<Broadcast>;

    /// What is to be told of messages that tasks have sent, once the broker has them; `None` if nothing is.
    fn sent(&self) -> Option<Sent> {
        None
    }
}

type Look = dyn FnOnce(&mut dyn WorkerView) + Send;

pub(crate) enum Command {
    Shutdown(Shutdown),
    Look(Box<Look>),
    Events(bool),
    Broadcast(Vec<Broadcast>),
}

/// Speaks to a running worker from outside its loop. Cheap to clone; it does not keep the worker alive.
#[derive(Clone)]
pub struct Handle {
    commands: mpsc::UnboundedSender<Command>,
}

impl Handle {
    /// Begins a shutdown, or hastens the one that has begun.
    pub fn shutdown(&self, how: Shutdown) {
        // A send fails when the worker has ended, and then there is nothing left to do.
        drop(self.commands.send(Command::Shutdown(how)));
    }

    /// Shows the worker to a closure, which runs on its loop and must not block. `None` when the worker has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut dyn WorkerView) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let look = Box::new(move |view: &mut dyn WorkerView| drop(answer.send(look(view))));
        self.commands.send(Command::Look(look)).ok()?;
        answered.await.ok()
    }

    /// Turns notices of what happens to tasks on or off.
    pub fn set_events(&self, on: bool) {
        drop(self.commands.send(Command::Events(on)));
    }

    /// Lets messages leave with the next round.
    pub fn broadcast(&self, messages: Vec<Broadcast>) {
        drop(self.commands.send(Command::Broadcast(messages)));
    }
}

/// A worker: options in, [`Worker::run`] until told to stop.
pub struct Worker {
    options: Options,
    registry: Registry,
    broker: Arc<dyn Broker>,
    results: Arc<dyn ResultBackend>,
    dispatch: Option<Box<dyn Dispatch>>,
    revoked: Vec<String>,
    sender: mpsc::UnboundedSender<Command>,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl Worker {
    /// A worker that has not begun. Nothing is taken before [`Worker::run`].
    pub fn new(options: Options, registry: Registry, broker: Arc<dyn Broker>, results: Arc<dyn ResultBackend>) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        Self { options, registry, broker, results, dispatch: None, revoked: Vec::new(), sender, commands }
    }

    /// Tells this of all that happens to tasks.
    pub fn dispatch(self, dispatch: Box<dyn Dispatch>) -> Self {
        Self { dispatch: Some(dispatch), ..self }
    }

    /// Revokes tasks before any message is taken: those of the last run, and those that other workers know of.
    pub fn revoked(self, revoked: Vec<String>) -> Self {
        Self { revoked, ..self }
    }

    /// What speaks to the worker while it runs.
    pub fn handle(&self) -> Handle {
        Handle { commands: self.sender.clone() }
    }

    /// Runs until `shutdown` is ready, then finishes what runs and gives back what does not. A broker or backend that
    /// is away is waited for: at the start as often as the settings say, and at the end for some seconds when there is
    /// something left to hand on. After that it is an error.
    ///
    /// Dropping the future is a crash, not a shutdown: messages that are not settled are delivered again, by Redis
    /// after the visibility timeout, while tasks that run go on and their outcomes are lost.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let Options { queues, concurrency, prefetch_multiplier, hostname, pool, autoscale, settings } = self.options;
        let concurrency = autoscale.map_or(concurrency, |bounds| bounds.min).clamp(1, pool::MAX_SIZE);
        let settings = Settings { worker_prefetch_multiplier: prefetch_multiplier, ..settings };
        let options = PoolOptions {
            max_tasks_per_child: settings.worker_max_tasks_per_child.and_then(|tasks| u32::try_from(tasks).ok()),
            max_memory_per_child: settings.worker_max_memory_per_child.map(|kilobytes| kilobytes.saturating_mul(1024)),
            ..PoolOptions::new(pool, concurrency)
        };
        let config = Config { hostname, pid: std::process::id(), concurrency, autoscale, settings };
        let registry = Arc::new(self.registry);
        let (heard, pool_events) = mpsc::unbounded_channel();
        let direct = control::direct_queue(&config.hostname);
        let declared = |name: String| if name == direct.name { direct.clone() } else { name.into() };
        let queues: Vec<broker::Queue> = queues.into_iter().map(declared).collect();
        let mut shutdown = pin!(shutdown);
        let mut commands = self.commands;
        let attempts = config.settings.attempts_on_startup();
        let consumer = tokio::select! {
            consumer = consume(&*self.broker, &queues, attempts) => consumer?,
            () = shutdown.as_mut() => return Ok(()),
            () = told_to_end(&mut commands, &self.sender) => return Ok(()),
        };
        let sent = self.dispatch.as_ref().and_then(|dispatch| dispatch.sent());
        let mut machine = Machine::new(config, &registry);
        machine.revoke(&self.revoked, SystemTime::now());
        let driver = Driver::new(
            machine,
            pool::start(&options, Arc::clone(&registry), heard)?,
            round::Link { consumer, broker: self.broker, results: self.results, sent },
            registry,
            queues,
            self.dispatch,
        );
        driver.run(pool_events, commands, shutdown).await
    }
}

/// Begins to consume. A broker that is away is tried again so often, or without end.
async fn consume(
    broker: &dyn Broker,
    queues: &[broker::Queue],
    attempts: Option<u32>,
) -> Result<Box<dyn broker::Consumer>, Error> {
    let mut backoff = Backoff::default();
    loop {
        match broker.consume(broker::ConsumerOptions { queues: queues.to_vec() }).await {
            Ok(consumer) => return Ok(consumer),
            Err(error) if attempts.is_some_and(|most| backoff.attempts >= most) => return Err(error.into()),
            Err(error) => backoff.failed(&error),
        }
        tokio::time::sleep(backoff.left().unwrap_or_default()).await;
    }
}

/// Waits for a shutdown before the worker has begun. Everything else waits for the worker.
async fn told_to_end(commands: &mut mpsc::UnboundedReceiver<Command>, sender: &mpsc::UnboundedSender<Command>) {
    let mut others = Others { held: Vec::new(), sender };
    while let Some(command) = commands.recv().await {
        if let Command::Shutdown(_) = command {
            return;
        }
        others.held.push(command);
    }
}

/// What has been said to a worker that has not begun; it is said again when the wait is over or given up.
struct Others<'a> {
    held: Vec<Command>,
    sender: &'a mpsc::UnboundedSender<Command>,
}

impl Drop for Others<'_> {
    fn drop(&mut self) {
        for command in self.held.drain(..) {
            // Fails when the worker has ended.
            drop(self.sender.send(command));
        }
    }
}

/// The longest sleep towards an ETA, so that a clock that was set is noticed.
const MAX_SLEEP: Duration = Duration::from_secs(30);
