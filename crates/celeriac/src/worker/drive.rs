//! The worker's loop.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;

use super::backoff::Backoff;
#[cfg(feature = "cli")]
use super::pace;
use super::round::{Done, Link, Pending, round};
use super::{Command, Dispatch, Error, MAX_SLEEP};
use crate::broker::{self, Queue};
use crate::finish::Finisher;
use crate::machine::{Action, Event, Machine, Shutdown};
use crate::pool::{Pool, PoolEvent};
use crate::registry::Registry;

/// How often a worker that has nothing left to run tries to hand on its last results: 22.7 s in all.
const LAST_ATTEMPTS: u32 = 8;
/// Events that are looked at in one go, so that none of the sources starves another.
const AT_ONCE: usize = 1024;

type Round = Pin<Box<dyn Future<Output = Done> + Send>>;

pub(super) struct Driver {
    pub(super) machine: Machine,
    pub(super) pool: Box<dyn Pool>,
    pub(super) pending: Pending,
    pub(super) queues: Vec<Queue>,
    pub(super) started: Instant,
    /// How often the broker or the backend was lost and came back.
    pub(super) reconnects: u64,
    /// At rest between rounds.
    link: Option<Link>,
    dispatch: Option<Box<dyn Dispatch>>,
    finisher: Arc<Finisher>,
    /// What the finisher reports.
    reports: UnboundedReceiver<Event>,
    backoff: Backoff,
    renewed: Instant,
    renewal: Duration,
    /// Whether the last look may have left messages behind.
    hungry: bool,
    actions: Vec<Action>,
}

enum Step {
    Pool,
    Report(Event),
    Command(Command),
    Round(Box<Done>),
    Ready(Result<(), broker::Error>),
    Shutdown,
    Due,
}

impl Driver {
    pub(super) fn new(
        machine: Machine,
        pool: Box<dyn Pool>,
        link: Link,
        registry: Arc<Registry>,
        queues: Vec<Queue>,
        dispatch: Option<Box<dyn Dispatch>>,
    ) -> Self {
        let (report, reports) = mpsc::unbounded_channel();
        let settings = machine.settings().clone();
        let (broker, results) = (Arc::clone(&link.broker), Arc::clone(&link.results));
        let finisher =
            Arc::new(Finisher::new(broker, results, registry, settings, machine.sending(), link.sent.clone(), report));
        Self {
            machine,
            pool,
            pending: Pending::default(),
            queues,
            started: Instant::now(),
            reconnects: 0,
            renewal: link.consumer.renewal(),
            link: Some(link),
            dispatch,
            finisher,
            reports,
            backoff: Backoff::default(),
            renewed: Instant::now(),
            hungry: true,
            actions: Vec::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut pool_events: UnboundedReceiver<PoolEvent>,
        mut commands: UnboundedReceiver<Command>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Error> {
        let mut flying: Option<Round> = None;
        let mut heard = Vec::new();
        let mut told = false;
        self.resized();
        loop {
            if flying.is_none() {
                if self.is_done() {
                    break;
                }
                flying = self.depart();
            }
            #[cfg(feature = "cli")]
            pace::set_ahead(self.machine.has_ahead());
            let sleep = self.sleep();
            let waits = self.link.is_some() && !self.hungry && self.machine.credit() > 0 && self.backoff.ready();
            let (link, reports) = (&mut self.link, &mut self.reports);
            let step = tokio::select! {
                () = shutdown.as_mut(), if !told => Step::Shutdown,
                Some(command) = commands.recv() => Step::Command(command),
                _ = pool_events.recv_many(&mut heard, AT_ONCE) => Step::Pool,
                Some(event) = reports.recv() => Step::Report(event),
                done = landed(&mut flying), if flying.is_some() => Step::Round(Box::new(done)),
                ready = ready(link), if waits => Step::Ready(ready),
                () = tokio::time::sleep(sleep) => Step::Due,
            };
            match step {
                Step::Shutdown => {
                    told = true;
                    self.shutdown(Shutdown::Warm);
                }
                Step::Command(command) => self.command(command),
                Step::Pool => self.heard(&mut heard),
                Step::Report(event) => {
                    let more: Vec<Event> = std::iter::from_fn(|| self.reports.try_recv().ok()).take(AT_ONCE).collect();
                    self.on(std::iter::once(event).chain(more));
                }
                Step::Round(done) => {
                    flying = None;
                    if let Some(error) = self.landed(*done) {
                        return Err(error);
                    }
                }
                Step::Ready(Ok(())) => self.hungry = true,
                Step::Ready(Err(error)) => self.failed(&Error::Broker(error)),
                Step::Due => self.on([Event::Tick]),
            }
        }
        self.look_back().await;
        self.pool.close().await;
        Ok(())
    }

    /// Whether all is run, handed on and given back.
    fn is_done(&self) -> bool {
        self.machine.is_closing() && self.machine.is_idle() && self.pending.is_empty()
    }

    /// Gives back what a failed round had taken. When this fails too, the lease gives it back.
    async fn look_back(&mut self) {
        let Some(link) = self.link.take() else { return };
        let done = round(link, Pending::default(), None, 0).await;
        let deliveries = done.taken.unwrap_or_default();
        if !deliveries.is_empty() {
            self.on(deliveries.into_iter().map(Event::from));
            let done = round(done.link, std::mem::take(&mut self.pending), None, 0).await;
            if let Err(error) = done.taken {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not give everything back");
            }
        }
    }

    pub(super) fn shutdown(&mut self, how: Shutdown) {
        self.finisher.close();
        self.on([Event::Shutdown(how)]);
        self.pool.recall();
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Shutdown(how) => self.shutdown(how),
            Command::Look(look) => look(self),
            Command::Events(on) => self.machine.set_events(on),
            Command::Broadcast(messages) => self.pending.broadcast.extend(messages),
        }
    }

    fn heard(&mut self, events: &mut Vec<PoolEvent>) {
        let now = SystemTime::now();
        let mut resized = false;
        let mut actions = std::mem::take(&mut self.actions);
        let events = events.drain(..).filter_map(|event| match event {
            PoolEvent::Accepted { id, pid, at } => Some(Event::Accepted { id, pid, at }),
            PoolEvent::Effect(id, effect) => Some(Event::Effect(id, effect)),
            PoolEvent::SoftLimit(id) => Some(Event::SoftLimit(id)),
            PoolEvent::Finished { id, outcome, runtime } => Some(Event::Finished { id, outcome, runtime }),
            PoolEvent::Lost(id, loss) => Some(Event::Lost(id, loss)),
            PoolEvent::Returned(id) => Some(Event::Returned(id)),
            PoolEvent::Resized => {
                resized = true;
                None
            }
        });
        self.machine.on_all(events, now, &mut actions);
        self.carry_out_all(&mut actions);
        self.actions = actions;
        if resized {
            self.resized();
        }
    }

    fn resized(&mut self) {
        let (size, capacity) = (self.pool.info().size, self.pool.capacity());
        self.on([Event::Resized { size, capacity }]);
    }

    pub(super) fn resize_pool(&mut self, size: usize) {
        let set = self.pool.resize(size);
        tracing::info!(size = set, "pool resized");
        self.resized();
    }

    pub(super) fn on(&mut self, events: impl IntoIterator<Item = Event>) {
        let mut actions = std::mem::take(&mut self.actions);
        self.machine.on_all(events, SystemTime::now(), &mut actions);
        self.carry_out_all(&mut actions);
        self.actions = actions;
    }

    pub(super) fn carry_out(&mut self, mut actions: Vec<Action>) {
        self.carry_out_all(&mut actions);
    }

    fn carry_out_all(&mut self, actions: &mut Vec<Action>) {
        let mut size = None;
        for action in actions.drain(..) {
            match action {
                Action::Submit(job) => self.pool.submit(job),
                Action::Terminate(id, signal) => self.pool.terminate(id, signal),
                Action::Step(step) => self.pending.steps.push_back(step),
                Action::Store(record) => self.pending.store.push(*record),
                Action::Settle(tag, settle) => self.pending.settle.push((tag, settle)),
                Action::Emit(notice) => {
                    if let Some(dispatch) = &mut self.dispatch {
                        dispatch.notice(&notice);
                    }
                }
                Action::Finish(ended) => self.pending.finish.push(*ended),
                Action::Look(job, id) => self.finisher.look(job, id),
                Action::Resize(to) => size = Some(to),
            }
        }
        if let Some(size) = size {
            self.resize_pool(size);
        }
    }

    /// Begins a round if there is something to hand on, to renew or to take.
    fn depart(&mut self) -> Option<Round> {
        if !self.backoff.ready() {
            return None;
        }
        if let Some(dispatch) = &mut self.dispatch {
            self.pending.broadcast.extend(dispatch.take());
        }
        let renews = self.renewed.elapsed() >= self.renewal;
        let take = if self.hungry { self.machine.credit() } else { 0 };
        if self.pending.is_empty() && take == 0 && !renews && !self.machine.is_settling() {
            return None;
        }
        let link = self.link.take()?;
        let held = renews.then(|| self.machine.held());
        self.machine.departs();
        Some(Box::pin(round(link, std::mem::take(&mut self.pending), held, take)))
    }

    /// A round is over. The error is one that ends the worker.
    fn landed(&mut self, done: Done) -> Option<Error> {
        let Done { link, left, take, renewed, finish, taken } = done;
        self.link = Some(link);
        self.pending = left.followed_by(std::mem::take(&mut self.pending));
        if renewed {
            self.renewed = Instant::now();
        }
        for ended in finish {
            self.finisher.finish(ended);
        }
        match taken {
            Ok(deliveries) => {
                self.reconnects += u64::from(self.backoff.attempts > 0);
                self.backoff.succeeded();
                if take > 0 {
                    self.hungry = deliveries.len() >= take;
                }
                self.on(std::iter::once(Event::Settled).chain(deliveries.into_iter().map(Event::from)));
                None
            }
            Err(error) => {
                self.machine.returns();
                self.failed(&error);
                let over = self.machine.is_closing() && self.machine.is_idle();
                (over && self.backoff.attempts >= LAST_ATTEMPTS).then_some(error)
            }
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.backoff.attempts == 0 {
            self.on([Event::Disconnected]);
        }
        // What the failed round had taken comes with the next.
        self.hungry = true;
        self.backoff.failed(error);
    }

    /// Time until something is due by itself: an ETA, a renewal, or another attempt.
    fn sleep(&self) -> Duration {
        let timer = self.machine.wake().map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
        let renewal = self.renewal.saturating_sub(self.renewed.elapsed());
        let pause = self.backoff.left();
        // During a pause nothing can be renewed.
        let renewal = if pause.is_some() || self.link.is_none() { MAX_SLEEP } else { renewal };
        [timer, pause].into_iter().flatten().fold(MAX_SLEEP.min(renewal), Duration::min)
    }
}

async fn landed(flying: &mut Option<Round>) -> Done {
    match flying {
        Some(round) => round.await,
        None => std::future::pending().await,
    }
}

async fn ready(link: &mut Option<Link>) -> Result<(), broker::Error> {
    match link {
        Some(link) => link.consumer.ready().await,
        None => std::future::pending().await,
    }
}
