//! The worker's core without input or output: an event goes in, actions come out.
//!
//! The machine decides what becomes of each message: when it may run, when it is acknowledged, what is stored, what
//! is sent. It asks for no time and waits for nothing, so that loss, order and time are tested as tables.
//!
//! A job goes `waiting` (its ETA is ahead) -> `limited` (its rate limit) -> `ready` (prefetched) -> `submitted` (handed
//! to the pool) -> `running` (the pool has begun) -> gone. Its message is acknowledged when it begins to run, or with
//! `acks_late` when it has ended. Jobs that wait for their ETA take no credit from those that can run. A job with a
//! canvas around it is `finishing` after its run: what follows it is sent outside the machine, which then hears of it.
//!
//! The order of actions is a law: a message is settled after what has to outlive it is stored and sent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::canvas::{Signature, Step};
use celeriac_wire::serializer::Accept;
use celeriac_wire::{Record, Value};

use crate::broker::{Delivery, Settle, Tag};
use crate::context::{Effect, Job, JobId, Request, TaskId};
use crate::pool::Loss;
use crate::registry::Registry;
use crate::revoked::Revoked;
use crate::sending::Sending;
use crate::settings::Settings;
use crate::task::{Failure, Outcome};

mod autoscale;
mod delivery;
mod effect;
mod log;
mod outcome;
mod policy;
pub(crate) mod record;
mod retry;
mod revoke;
mod shutdown;
mod view;

pub use autoscale::Autoscale;
pub use policy::Policy;

/// Jobs that may be prefetched when the worker sets no limit: enough never to be felt, and a bound on memory.
const UNLIMITED_PREFETCH: usize = 10_000;
/// Messages held until their ETA unless the settings say otherwise. Each takes about a kilobyte.
const ETA_LIMIT: usize = 10_000;
/// Ids of late tasks that ended well, kept so that a second delivery is not run: Celery's `SUCCESSFUL_MAX` and
/// `SUCCESSFUL_EXPIRES`.
const SUCCESSFUL: (usize, Duration) = (1000, Duration::from_secs(10_800));

/// Who the worker is, and how much it takes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The worker's name among others.
    pub hostname: String,
    /// Process id, shown in the state `STARTED` where the pool does not tell one.
    pub pid: u32,
    /// Jobs that run at a time.
    pub concurrency: usize,
    /// The bounds of `--autoscale`.
    pub autoscale: Option<Autoscale>,
    /// The app's settings.
    pub settings: Settings,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A message has come.
    Delivered(Box<Delivery>),
    /// The pool has begun to run a job, in this process.
    Accepted {
        /// The job.
        id: JobId,
        /// The process.
        pid: u32,
        /// When it began.
        at: SystemTime,
    },
    /// A running task wishes something.
    Effect(JobId, Effect),
    /// A run has ended.
    Finished {
        /// The job.
        id: JobId,
        /// How it ended.
        outcome: Outcome<Value>,
        /// How long it ran.
        runtime: Duration,
    },
    /// The soft limit of a job has passed.
    SoftLimit(JobId),
    /// A job that had begun died without an outcome.
    Lost(JobId, Loss),
    /// A job that had not begun comes back from the pool.
    Returned(JobId),
    /// The pool runs so many jobs at a time, and takes so many before one has ended.
    Resized {
        /// Jobs at a time.
        size: usize,
        /// Jobs that are taken before one has ended.
        capacity: usize,
    },
    /// What follows a job is sent and its outcome stored; with a failure it could not be, and that was stored.
    Completed(JobId, Option<Box<Failure>>),
    /// The worker ends, and what follows a job could not be sent: its message is left to the lease.
    Abandoned(JobId),
    /// What the backend holds of a redelivered task.
    Known(JobId, Option<Box<Record>>),
    /// All that was to be settled when [`Machine::departs`] was called is settled.
    Settled,
    /// The connection to the broker was lost: what was delivered may be with others.
    Disconnected,
    /// Time has passed.
    Tick,
    /// Somebody wants the worker to end.
    Shutdown(Shutdown),
}

/// How a worker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shutdown {
    /// No new work: what runs is to finish, what does not run is given back.
    Warm,
    /// Warm for `worker_soft_shutdown_timeout`, cold then.
    Soft,
    /// What runs is stopped; what acknowledges late is given back.
    Cold,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hands a job to the pool.
    Submit(Job),
    /// Ends a job by force.
    Terminate(JobId, i32),
    /// Publishes a message, or does another part of a canvas.
    Step(Step),
    /// Stores a state or a result.
    Store(Box<Record>),
    /// Acknowledges or gives back a message. What must outlive it comes before.
    Settle(Tag, Settle),
    /// Tells whoever listens.
    Emit(Box<Notice>),
    /// Sends what follows a job and stores its outcome; [`Event::Completed`] is awaited.
    Finish(Box<Ended>),
    /// Asks the backend what it holds; [`Event::Known`] is awaited.
    Look(JobId, TaskId),
    /// Sets how many jobs the pool runs at a time.
    Resize(usize),
}

/// Something about a task that whoever listens to events is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The task.
    pub request: Arc<Request>,
    /// What has happened to it.
    pub what: What,
}

/// What [`Notice`]s tell of; each is one of Celery's `task-…` events.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `task-received`
    Received,
    /// `task-started`
    Started,
    /// The result as Python shows it, and how long the run took.
    Succeeded {
        /// As Python shows it.
        result: String,
        /// `None` where the run itself was not seen: its success was found stored.
        runtime: Option<Duration>,
    },
    /// `task-failed`
    Failed {
        /// As Python shows it.
        exception: String,
        /// As Python would print it.
        traceback: Option<String>,
    },
    /// `task-retried`
    Retried {
        /// As Python shows it.
        exception: String,
        /// As Python would print it.
        traceback: Option<String>,
    },
    /// `task-revoked`
    Revoked {
        /// Whether it was running.
        terminated: bool,
        /// The number of the signal that ended it.
        signal: Option<i32>,
        /// Whether nobody has asked and its time was over.
        expired: bool,
    },
    /// `task-rejected`
    Rejected {
        /// Whether it went back to its queue.
        requeue: bool,
    },
    /// `task-cancelled`: a run was given up, and there will be another.
    Cancelled,
    /// An event of the task's own.
    Custom {
        /// Its name: `task-progress`.
        kind: String,
        /// What it says besides the id of the task.
        fields: celeriac_wire::Map,
    },
}

/// A job whose canvas is to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The job.
    pub id: JobId,
    /// What was run.
    pub request: Arc<Request>,
    /// The outcome as it is to be stored.
    pub record: Record,
    /// Whether it is stored at all. What follows is sent in any case.
    pub stores: bool,
    /// Whether a failure of what follows is stored.
    pub stores_errors: bool,
    /// The failure, unless the task succeeded or was revoked.
    pub failure: Option<Failure>,
    /// What runs in the place of the task: nothing is stored of it then.
    pub replacement: Option<Box<Signature>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The backend is asked whether it has succeeded before.
    Checking,
    Waiting,
    Limited,
    Ready,
    Submitted,
    Running,
    Finishing,
}

/// A job from delivery to end.
struct Held {
    tag: Tag,
    request: Arc<Request>,
    received: SystemTime,
    /// Index of its task.
    task: usize,
    eta: Option<SystemTime>,
    expires: Option<SystemTime>,
    phase: Phase,
    acked: bool,
    pid: Option<u32>,
    started: Option<SystemTime>,
    /// Result tuples of the tasks that this one has sent.
    children: Vec<Value>,
    /// The task itself has stored that it succeeded.
    succeeded: bool,
    /// The signal that ends it as soon as it begins.
    doomed: Option<i32>,
    /// The pool was told to end it.
    stopping: Option<Stopping>,
    /// It is one of [`Late`].
    late: bool,
    /// What is done when its canvas is.
    end: Option<Box<outcome::End>>,
}

/// Why a job is ended by force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopping {
    /// It was revoked with `terminate`.
    Revoked,
    /// By a cold shutdown or a lost connection: the message is given back if it was not acknowledged.
    Cancelled,
}

/// The state of one worker: the messages that it holds, and what each is waiting for.
pub struct Machine {
    config: Config,
    tasks: Vec<Policy>,
    names: HashMap<String, usize>,
    jobs: BTreeMap<JobId, Held>,
    /// Times at which jobs are looked at again: ETAs, and the next token of a rate limit.
    timers: BinaryHeap<Reverse<(SystemTime, Timer)>>,
    /// Jobs in [`Phase::Waiting`].
    waiting: usize,
    ready: VecDeque<JobId>,
    /// Jobs in the pool, begun or not.
    pooled: usize,
    /// Jobs that the pool takes before one has ended.
    capacity: usize,
    /// Jobs whose message is acknowledged.
    acked: usize,
    late: Late,
    last: u64,
    closing: Option<Shutdown>,
    /// When a soft shutdown becomes cold.
    cold_at: Option<SystemTime>,
    revoked: Revoked,
    successful: Revoked,
    autoscale: autoscale::State,
    sending: Arc<Sending>,
    accept: Accept,
    /// Whether notices are wanted.
    events: bool,
    /// Runs that have begun.
    begun: u64,
    /// Messages that were no task of this worker's.
    refused: u64,
}

/// Jobs that acknowledge late and may run again if the worker dies now: in the pool, or ended while the broker does not
/// know it yet. There are no more of them than jobs run at a time, so that a kill doubles no more than that. Jobs that
/// acknowledge early are not counted: they are handed ahead, and settled while the next ones run.
#[derive(Default)]
struct Late {
    all: usize,
    /// Ended; their settlement leaves with the next round.
    ended: usize,
    /// Ended; their settlement is under way.
    leaving: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Eta(JobId),
    /// A token of this task's rate limit.
    Token(usize),
}

impl Machine {
    /// The machine of a worker that has taken nothing yet.
    pub fn new(config: Config, registry: &Registry) -> Self {
        let tasks: Vec<Policy> = registry
            .names()
            .filter_map(|name| Some(Policy::new(name, registry.options(name)?, &config.settings)))
            .collect();
        let names = tasks.iter().enumerate().map(|(index, task)| (task.name.clone(), index)).collect();
        Self {
            capacity: config.concurrency,
            events: config.settings.worker_send_task_events,
            autoscale: autoscale::State::new(config.autoscale),
            accept: accepted(&config.settings),
            sending: Arc::new(Sending::new(&config.settings, registry, &config.hostname)),
            config,
            tasks,
            names,
            jobs: BTreeMap::new(),
            timers: BinaryHeap::new(),
            waiting: 0,
            ready: VecDeque::new(),
            pooled: 0,
            acked: 0,
            late: Late::default(),
            last: 0,
            closing: None,
            cold_at: None,
            revoked: Revoked::default(),
            successful: Revoked::new(SUCCESSFUL.0, SUCCESSFUL.1),
            begun: 0,
            refused: 0,
        }
    }

    /// How many messages may be held and not acknowledged, those with an ETA ahead aside.
    fn prefetch(&self) -> usize {
        let settings = &self.config.settings;
        match (settings.worker_disable_prefetch, settings.worker_prefetch_multiplier) {
            (true, _) => self.config.concurrency,
            (false, 0) => UNLIMITED_PREFETCH,
            (false, multiplier) => self.config.concurrency.saturating_mul(multiplier).max(1),
        }
    }

    /// How many more messages it takes.
    pub fn credit(&self) -> usize {
        if self.closing.is_some() || self.waiting >= self.config.settings.worker_eta_task_limit.unwrap_or(ETA_LIMIT) {
            return 0;
        }
        let acked = if self.config.settings.worker_disable_prefetch { 0 } else { self.acked };
        self.prefetch().saturating_sub(self.jobs.len() - self.waiting - acked)
    }

    /// Whether the pool has jobs beyond those that it runs.
    pub fn has_ahead(&self) -> bool {
        self.pooled > self.config.concurrency
    }

    /// Whether it holds no job.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// When it wants an [`Event::Tick`].
    pub fn wake(&self) -> Option<SystemTime> {
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        [timer, self.cold_at, self.autoscale.wake()].into_iter().flatten().min()
    }

    /// The tags of all messages that are delivered and not settled.
    pub fn held(&self) -> Vec<Tag> {
        self.jobs.values().filter(|held| !held.acked).map(|held| held.tag.clone()).collect()
    }

    /// Whether notices are made of what happens to tasks.
    pub fn set_events(&mut self, on: bool) {
        self.events = on;
    }

    /// What was told to be settled until now is on its way: [`Event::Settled`] or [`Machine::returns`] is to follow.
    pub fn departs(&mut self) {
        self.late.leaving += std::mem::take(&mut self.late.ended);
    }

    /// What was on its way is still to be settled.
    pub fn returns(&mut self) {
        self.late.ended += std::mem::take(&mut self.late.leaving);
    }

    /// Whether jobs wait until the end of others is settled.
    pub fn is_settling(&self) -> bool {
        self.late.ended > 0
    }

    /// Takes an event that happened at `now`, and says what is to be done about it, in this order. Events about jobs
    /// that are unknown or have ended change nothing.
    pub fn on(&mut self, event: Event, now: SystemTime) -> Vec<Action> {
        let mut out = Vec::new();
        self.take(event, now, &mut out);
        self.pump(now, &mut out);
        out
    }

    /// [`Machine::on`] for many events of one moment, with the actions of all of them in one list.
    pub fn on_all(&mut self, events: impl IntoIterator<Item = Event>, now: SystemTime, out: &mut Vec<Action>) {
        for event in events {
            self.take(event, now, out);
        }
        self.pump(now, out);
    }

    fn take(&mut self, event: Event, now: SystemTime, out: &mut Vec<Action>) {
        match event {
            Event::Delivered(delivery) => self.delivered(*delivery, now, out),
            Event::Accepted { id, pid, at } => self.accepted(id, pid, at, out),
            Event::Effect(id, effect) => self.effect(id, effect, now, out),
            Event::Finished { id, outcome, runtime } => self.finished(id, outcome, runtime, now, out),
            Event::SoftLimit(id) => self.soft_limit(id),
            Event::Lost(id, loss) => self.lost(id, loss, now, out),
            Event::Returned(id) => self.returned(id, out),
            Event::Resized { size, capacity } => {
                self.config.concurrency = size;
                self.capacity = capacity;
            }
            Event::Completed(id, failure) => self.completed(id, failure.map(|f| *f), out),
            Event::Abandoned(id) => drop(self.remove(id)),
            Event::Known(id, record) => self.known(id, record.map(|r| *r), now, out),
            Event::Settled => self.late.all -= std::mem::take(&mut self.late.leaving),
            Event::Disconnected => self.disconnected(out),
            Event::Tick => self.tick(now, out),
            Event::Shutdown(how) => self.shutdown(how, now, out),
        }
    }

    fn tick(&mut self, now: SystemTime, out: &mut Vec<Action>) {
        if self.cold_at.is_some_and(|at| at <= now) {
            self.shutdown(Shutdown::Cold, now, out);
        }
        if let Some(size) = self.autoscale.size(self.config.concurrency, self.reserved(), now) {
            out.push(Action::Resize(size));
        }
    }

    /// Jobs that are reserved or active.
    fn reserved(&self) -> usize {
        self.jobs.len() - self.waiting
    }

    /// Moves on what is due and fills the pool.
    fn pump(&mut self, now: SystemTime, out: &mut Vec<Action>) {
        while let Some(Reverse((_, timer))) = self.timers.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.timers.pop();
            match timer {
                Timer::Eta(id) => self.due(id, now),
                Timer::Token(task) => self.drain(task, now),
            }
        }
        while self.pooled < self.capacity
            && let Some(id) = self.ready.pop_front()
        {
            let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Ready) else { continue };
            let late = self.tasks[held.task].acks_late && !held.acked;
            // Nobody looks at the time of what lies ready in the pool: it could expire there and run all the same.
            let expires = held.expires.is_some() && self.pooled >= self.config.concurrency;
            if expires || late && self.late.all >= self.config.concurrency {
                self.ready.push_front(id);
                break;
            }
            if held.expires.is_some() || !self.revoked.is_empty() {
                let discarded = self.discarded(id, now);
                if let Some(reason) = discarded {
                    self.discard(id, reason, now, out);
                    continue;
                }
            }
            let Some(held) = self.jobs.get_mut(&id) else { continue };
            held.phase = Phase::Submitted;
            held.late = late;
            self.late.all += usize::from(late);
            self.pooled += 1;
            let limits = self.tasks[held.task].limits(&held.request);
            out.push(Action::Submit(Job { id, request: Arc::clone(&held.request), limits }));
        }
    }

    /// The ETA of a job has come.
    fn due(&mut self, id: JobId, now: SystemTime) {
        let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Waiting) else { return };
        let task = held.task;
        self.waiting -= 1;
        self.queue(id, task, now);
    }

    /// Makes a job ready, or lets it wait for its task's rate limit.
    fn queue(&mut self, id: JobId, task: usize, now: SystemTime) {
        let limited = self.tasks[task].bucket.is_some() && !self.config.settings.worker_disable_rate_limits;
        let Some(held) = self.jobs.get_mut(&id) else { return };
        if limited {
            held.phase = Phase::Limited;
            self.tasks[task].queued.push_back(id);
            self.drain(task, now);
        } else {
            held.phase = Phase::Ready;
            self.ready.push_back(id);
        }
    }

    /// Makes ready what the rate limit of a task lets through.
    fn drain(&mut self, task: usize, now: SystemTime) {
        let policy = &mut self.tasks[task];
        while let Some(&id) = policy.queued.front() {
            let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Limited) else {
                policy.queued.pop_front();
                continue;
            };
            if let Some(bucket) = &mut policy.bucket
                && let Err(next) = bucket.take(now)
            {
                if policy.timer != Some(next) {
                    policy.timer = Some(next);
                    self.timers.push(Reverse((next, Timer::Token(task))));
                }
                return;
            }
            policy.queued.pop_front();
            held.phase = Phase::Ready;
            self.ready.push_back(id);
        }
    }

    /// Takes a job out, with its part in the counts.
    fn remove(&mut self, id: JobId) -> Option<Held> {
        let held = self.jobs.remove(&id)?;
        self.acked -= usize::from(held.acked);
        self.waiting -= usize::from(held.phase == Phase::Waiting);
        self.pooled -= usize::from(matches!(held.phase, Phase::Submitted | Phase::Running));
        self.late.ended += usize::from(held.late);
        Some(held)
    }

    fn notify(&self, held_task: usize, request: &Arc<Request>, what: impl FnOnce() -> What, out: &mut Vec<Action>) {
        if self.events && self.tasks[held_task].options.send_events {
            out.push(Action::Emit(Box::new(Notice { request: Arc::clone(request), what: what() })));
        }
    }
}

/// The serializers that the settings accept; those that cannot be read are said and left out.
fn accepted(settings: &Settings) -> Accept {
    let names = settings.accept_content.iter().map(String::as_str).filter(|name| match Accept::new([*name]) {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "accept_content: {name} is left out");
            false
        }
    });
    Accept::new(names).unwrap_or_default()
}

#[cfg(test)]
mod tests;
