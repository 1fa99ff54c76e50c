//! Drives the machine: takes messages, runs jobs, and carries out what the machine decides.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::Record;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use crate::backend::{self, ResultBackend};
use crate::broker::{self, Broker, Consumer, ConsumerOptions, Outgoing, Settle, Tag, Turn};
use crate::machine::{Action, Config, Event, Machine};
use crate::pool::{self, Pool, PoolEvent, PoolKind, PoolOptions};
use crate::registry::Registry;

/// What a worker takes, and how much at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The queues that it takes from, in turn.
    pub queues: Vec<String>,
    /// Jobs that run at a time.
    pub concurrency: usize,
    /// Messages held per running job; 0 is without limit.
    pub prefetch_multiplier: usize,
    /// The worker's name among others, `celery@host` by custom.
    pub hostname: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queues: vec!["celery".to_owned()],
            concurrency: std::thread::available_parallelism().map_or(1, usize::from),
            prefetch_multiplier: 4,
            hostname: format!("celeriac@{}", std::process::id()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the broker failed")]
    Broker(#[from] broker::Error),
    #[error("the result backend failed")]
    Results(#[from] backend::Error),
    #[error("the pool could not be started")]
    Pool(#[from] std::io::Error),
}

/// Messages held until their ETA. Each takes about a kilobyte; more than these wait in the broker.
const ETA_LIMIT: usize = 10_000;
/// How often held messages are renewed: a third of a minute, so that a peer may take a message for lost after one.
const RENEWAL: Duration = Duration::from_secs(20);
/// The longest sleep towards an ETA, so that a clock that was set is noticed.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// Pauses after a failure: short enough for a server that restarts, and no load on one that stays away.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(10);
/// How often a worker that has nothing left to run tries to hand on its last results: 22.7 s in all.
const LAST_ATTEMPTS: u32 = 8;

/// A worker: options in, [`Worker::run`] until told to stop.
pub struct Worker {
    options: Options,
    registry: Registry,
    broker: Arc<dyn Broker>,
    results: Arc<dyn ResultBackend>,
}

impl Worker {
    pub fn new(options: Options, registry: Registry, broker: Arc<dyn Broker>, results: Arc<dyn ResultBackend>) -> Self {
        Self { options, registry, broker, results }
    }

    /// Runs until `shutdown` is ready, then finishes what runs and gives back what does not. A broker or backend that
    /// is away is waited for; it is an error at the start, and at the end when there is something left to hand on.
    ///
    /// Dropping the future is a crash, not a shutdown: messages that are not settled are delivered again, by Redis
    /// after the visibility timeout, while tasks that run go on and their outcomes are lost.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let Options { queues, concurrency, prefetch_multiplier, hostname } = self.options;
        let concurrency = concurrency.max(1);
        let config = Config {
            hostname,
            pid: std::process::id(),
            concurrency,
            prefetch: concurrency.saturating_mul(prefetch_multiplier),
            eta_limit: ETA_LIMIT,
        };
        let (sender, mut events) = mpsc::unbounded_channel();
        let machine = Machine::new(config, &self.registry);
        let mut driver = Driver {
            machine,
            pool: pool::start(&PoolOptions::new(PoolKind::Async, concurrency), Arc::new(self.registry), sender)?,
            consumer: self
                .broker
                .consume(ConsumerOptions { queues: queues.into_iter().map(Into::into).collect() })
                .await?,
            broker: self.broker,
            results: self.results,
            pending: Pending::default(),
            flush: Backoff::default(),
            fetch: Backoff::default(),
        };
        let mut shutdown = pin!(shutdown);
        let mut closing = false;
        let mut renewal = tokio::time::interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !closing || !driver.machine.is_idle() || !driver.pending.is_empty() {
            let credit = if driver.pending.is_empty() { driver.machine.credit() } else { 0 };
            let sleep = driver.sleep();
            let step = tokio::select! {
                () = &mut shutdown, if !closing => Step::Shutdown,
                Some(event) = events.recv() => Step::Events(heard(event).into_iter().collect()),
                ready = driver.consumer.ready(), if credit > 0 && driver.fetch.ready() => Step::Ready(ready),
                _ = renewal.tick() => Step::Renew,
                () = tokio::time::sleep(sleep) => Step::Events(vec![Event::Tick]),
            };
            match step {
                Step::Ready(ready) => {
                    let fetched = match ready {
                        Ok(()) => driver.consumer.turn(Turn { take: credit, ..Turn::default() }).await,
                        Err(error) => Err(error),
                    };
                    match fetched {
                        Ok(deliveries) => {
                            driver.fetch = Backoff::default();
                            driver.on(deliveries.into_iter().map(|delivery| Event::Delivered(Box::new(delivery))));
                        }
                        Err(error) => driver.fetch.failed(&error),
                    }
                }
                Step::Shutdown => {
                    closing = true;
                    driver.on([Event::Shutdown]);
                    // What a dropped call had taken is given back too.
                    match driver.consumer.turn(Turn::default()).await {
                        Ok(deliveries) => {
                            driver.on(deliveries.into_iter().map(|delivery| Event::Delivered(Box::new(delivery))))
                        }
                        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "could not look back"),
                    }
                }
                Step::Renew => {
                    let held = driver.machine.held();
                    if let Err(error) = driver.consumer.renew(&held).await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "could not renew");
                    }
                }
                Step::Events(mut batch) => {
                    // What has happened meanwhile leaves together.
                    batch.extend(std::iter::from_fn(|| events.try_recv().ok()).filter_map(heard));
                    driver.on(batch);
                }
            }
            if let Err(error) = driver.flush().await {
                if closing && driver.machine.is_idle() && driver.flush.attempts >= LAST_ATTEMPTS {
                    return Err(error);
                }
                driver.flush.failed(&error);
            }
        }
        Ok(())
    }
}

/// What a pool's event is to the machine.
fn heard(event: PoolEvent) -> Option<Event> {
    match event {
        PoolEvent::Accepted { id, .. } => Some(Event::Accepted(id)),
        PoolEvent::Effect(id, effect) => Some(Event::Effect(id, effect)),
        PoolEvent::Finished { id, outcome, .. } => Some(Event::Finished(id, outcome)),
        PoolEvent::Lost(id, loss) => Some(Event::Finished(id, Err(loss.failure().into()))),
        PoolEvent::SoftLimit(_) | PoolEvent::Returned(_) | PoolEvent::Resized => None,
    }
}

enum Step {
    Events(Vec<Event>),
    Ready(Result<(), broker::Error>),
    Renew,
    Shutdown,
}

struct Driver {
    machine: Machine,
    pool: Box<dyn Pool>,
    consumer: Box<dyn Consumer>,
    broker: Arc<dyn Broker>,
    results: Arc<dyn ResultBackend>,
    pending: Pending,
    flush: Backoff,
    fetch: Backoff,
}

impl Driver {
    fn on(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            for action in self.machine.on(event, SystemTime::now()) {
                match action {
                    Action::Submit(job) => self.pool.submit(job),
                    Action::Publish(outgoing) => self.pending.publish.push(*outgoing),
                    Action::Store(record) => self.pending.store.push(record),
                    Action::Settle(tag, settle) => self.pending.settle.push((tag, settle)),
                }
            }
        }
    }

    /// Time until something is due by itself: an ETA, or another attempt.
    fn sleep(&self) -> Duration {
        let eta = self.machine.wake().map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
        let retries = [&self.flush, &self.fetch].map(Backoff::left);
        eta.into_iter().chain(retries.into_iter().flatten()).fold(MAX_SLEEP, Duration::min)
    }

    /// Hands on what is pending: first what must outlive the messages, then the messages. What fails stays pending.
    async fn flush(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() || !self.flush.ready() {
            return Ok(());
        }
        if !self.pending.publish.is_empty() {
            self.broker.publish(&self.pending.publish).await?;
            self.pending.publish.clear();
        }
        if !self.pending.store.is_empty() {
            self.results.store(&self.pending.store).await?;
            self.pending.store.clear();
        }
        if !self.pending.settle.is_empty() {
            let turn = Turn { settle: &self.pending.settle, ..Turn::default() };
            let given = self.consumer.turn(turn).await?;
            self.pending.settle.clear();
            self.on(given.into_iter().map(|delivery| Event::Delivered(Box::new(delivery))));
        }
        self.flush = Backoff::default();
        Ok(())
    }
}

/// What the machine has decided and nobody has taken yet.
#[derive(Default)]
struct Pending {
    publish: Vec<Outgoing>,
    store: Vec<Record>,
    settle: Vec<(Tag, Settle)>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.publish.is_empty() && self.store.is_empty() && self.settle.is_empty()
    }
}

/// Doubling pauses between attempts.
#[derive(Default)]
struct Backoff {
    attempts: u32,
    until: Option<Instant>,
}

impl Backoff {
    fn failed(&mut self, error: &(dyn std::error::Error + 'static)) {
        let pause = FIRST_BACKOFF.saturating_mul(1 << self.attempts.min(16)).min(LAST_BACKOFF);
        self.attempts = self.attempts.saturating_add(1);
        self.until = Some(Instant::now() + pause);
        tracing::warn!(error, pause_ms = pause.as_millis(), "will try again");
    }

    /// What is left of the pause; `None` when it is over.
    fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    fn ready(&self) -> bool {
        self.left().is_none()
    }
}
