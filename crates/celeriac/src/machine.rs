//! The worker's core without input or output: an event goes in, actions come out.
//!
//! The machine decides what becomes of each message: when it may run, when it is acknowledged, what is stored, what
//! is sent. It asks for no time and waits for nothing, so that loss, order and time are tested as tables.
//!
//! A job goes `waiting` (its ETA is ahead) -> `ready` (prefetched) -> `submitted` (a place in the pool is free)
//! -> `running` (the pool has begun) -> gone. Its message is acknowledged when it begins to run, or with `acks_late`
//! when it has ended. Jobs that wait for their ETA take no credit from those that can run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::message::TimeLimits;
use celeriac_wire::{Record, Value, message, result, time, value};

use crate::broker::{Delivery, Outgoing, Settle, Tag};
use crate::context::{Effect, Job, JobId, Request};
use crate::registry::Registry;
use crate::task::{Failure, Outcome, Retry, Stop, TaskOptions};

/// Jobs that may be prefetched when the worker sets no limit: enough never to be felt, and a bound on memory.
const UNLIMITED_PREFETCH: usize = 10_000;

/// The longest delay of a retry, a century: far beyond use, and within every calendar.
const MAX_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Who the worker is, and how much it takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The worker's name among others.
    pub hostname: String,
    /// Process id, shown in the state `STARTED`.
    pub pid: u32,
    /// Jobs that run at a time.
    pub concurrency: usize,
    /// Messages held and not acknowledged, those with an ETA ahead aside; 0 is without limit.
    pub prefetch: usize,
    /// Messages held until their ETA; when there are so many, none are taken until one is due.
    pub eta_limit: usize,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    Delivered(Box<Delivery>),
    /// The pool has begun to run a job.
    Accepted(JobId),
    Effect(JobId, Effect),
    Finished(JobId, Outcome<Value>),
    /// A job died without an outcome; the text says how.
    Lost(JobId, String),
    /// Time has passed.
    Tick,
    /// No new work: what runs is to finish, what does not run is given back.
    Shutdown,
}

/// What is to be done. The order counts: a message is settled after what has to outlive it is stored and sent.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "most are records")]
pub enum Action {
    Submit(Job),
    Publish(Box<Outgoing>),
    Store(Record),
    Settle(Tag, Settle),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Ready,
    Submitted,
    Running,
}

/// A job from delivery to end.
struct Held {
    tag: Tag,
    request: Arc<Request>,
    options: TaskOptions,
    expires: Option<SystemTime>,
    phase: Phase,
    acked: bool,
    /// Result tuples of the tasks that this one has sent.
    children: Vec<Value>,
}

impl Held {
    fn ignores_result(&self) -> bool {
        self.request.headers().ignore_result.unwrap_or(self.options.ignore_result)
    }
}

/// The state of one worker: the messages that it holds, and what each is waiting for.
pub struct Machine {
    config: Config,
    tasks: BTreeMap<&'static str, TaskOptions>,
    jobs: BTreeMap<JobId, Held>,
    waiting: BinaryHeap<Reverse<(SystemTime, JobId)>>,
    ready: VecDeque<JobId>,
    /// Jobs in the pool, begun or not.
    pooled: usize,
    /// Jobs whose message is acknowledged.
    acked: usize,
    last: u64,
    closing: bool,
}

impl Machine {
    pub fn new(config: Config, registry: &Registry) -> Self {
        Self {
            config,
            tasks: registry.names().filter_map(|name| Some((name, registry.options(name)?.clone()))).collect(),
            jobs: BTreeMap::new(),
            waiting: BinaryHeap::new(),
            ready: VecDeque::new(),
            pooled: 0,
            acked: 0,
            last: 0,
            closing: false,
        }
    }

    /// How many more messages it takes.
    pub fn credit(&self) -> usize {
        if self.closing || self.waiting.len() >= self.config.eta_limit {
            return 0;
        }
        let limit = if self.config.prefetch == 0 { UNLIMITED_PREFETCH } else { self.config.prefetch };
        limit.saturating_sub(self.jobs.len() - self.waiting.len() - self.acked)
    }

    /// Whether it holds no job.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// When it wants an [`Event::Tick`]: the earliest ETA ahead.
    pub fn wake(&self) -> Option<SystemTime> {
        self.waiting.peek().map(|Reverse((at, _))| *at)
    }

    /// The tags of all messages that are delivered and not settled.
    pub fn held(&self) -> Vec<Tag> {
        self.jobs.values().filter(|held| !held.acked).map(|held| held.tag.clone()).collect()
    }

    /// Takes an event that happened at `now`, and says what is to be done about it, in this order. Events about jobs
    /// that are unknown or have ended change nothing.
    pub fn on(&mut self, event: Event, now: SystemTime) -> Vec<Action> {
        let mut out = Vec::new();
        match event {
            Event::Delivered(delivery) => self.delivered(*delivery, now, &mut out),
            Event::Accepted(id) => self.accepted(id, &mut out),
            Event::Effect(id, effect) => self.effect(id, effect, &mut out),
            Event::Finished(id, outcome) => self.finished(id, outcome, now, &mut out),
            Event::Lost(id, how) => {
                let lost = Failure::in_module("billiard.exceptions", "WorkerLostError", how);
                self.finished(id, Err(lost.into()), now, &mut out);
            }
            Event::Tick => {}
            Event::Shutdown => self.shutdown(&mut out),
        }
        self.pump(now, &mut out);
        out
    }

    fn delivered(&mut self, Delivery { tag, queue, message }: Delivery, now: SystemTime, out: &mut Vec<Action>) {
        if self.closing {
            return out.push(Action::Settle(tag, Settle::Return));
        }
        let message = match message {
            Ok(message) if message.content_type == message::JSON => message,
            Ok(message) => {
                let (task, id) = (&message.headers.task, &message.headers.id);
                tracing::error!(task, id, content_type = message.content_type, "refused content type");
                return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
            }
            Err(error) => {
                tracing::error!(queue, error = &error as &dyn std::error::Error, "not a task message");
                return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
            }
        };
        let request = Request { message, queue, hostname: self.config.hostname.clone() };
        let headers = request.headers();
        let Some(options) = self.tasks.get(request.task()).cloned() else {
            tracing::error!(task = request.task(), task_id = %request.id(), "unregistered task");
            let unknown = Failure::in_module("celery.exceptions", "NotRegistered", request.task());
            out.push(Action::Store(failure(&request, &unknown, Vec::new(), now)));
            return out.push(Action::Settle(tag, Settle::Ack));
        };
        let (Ok(eta), Ok(expires)) = (optional_time(&headers.eta), optional_time(&headers.expires)) else {
            tracing::error!(task = request.task(), task_id = %request.id(), "malformed eta or expires");
            let invalid = Failure::in_module("celery.exceptions", "InvalidTaskError", "malformed eta or expires");
            out.push(Action::Store(failure(&request, &invalid, Vec::new(), now)));
            return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
        };
        let request = Arc::new(request);
        let mut held = Held { tag, request, options, expires, phase: Phase::Ready, acked: false, children: Vec::new() };
        if expires.is_some_and(|at| at < now) {
            return expire(held, now, out);
        }
        self.last += 1;
        let id = JobId(self.last);
        match eta {
            Some(at) if at > now => {
                held.phase = Phase::Waiting;
                self.waiting.push(Reverse((at, id)));
            }
            _ => self.ready.push_back(id),
        }
        self.jobs.insert(id, held);
    }

    fn accepted(&mut self, id: JobId, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Submitted) else { return };
        held.phase = Phase::Running;
        if held.options.track_started && !held.ignores_result() {
            let meta = value!({"pid": self.config.pid, "hostname": &self.config.hostname});
            out.push(Action::Store(record(&held.request, result::STARTED, meta)));
        }
        if !held.options.acks_late {
            held.acked = true;
            self.acked += 1;
            out.push(Action::Settle(held.tag.clone(), Settle::Ack));
        }
    }

    fn effect(&mut self, id: JobId, effect: Effect, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id) else { return };
        match effect {
            Effect::State { .. } if held.ignores_result() => {}
            Effect::State { status, meta } => out.push(Action::Store(record(&held.request, &status, meta))),
            Effect::Publish(mut outgoing) => {
                let parent = held.request.headers();
                let child = &mut outgoing.message.headers;
                if child.parent_id.is_none() {
                    child.parent_id = Some(parent.id.clone());
                    child.root_id = Some(parent.root_id.as_ref().unwrap_or(&parent.id).clone());
                }
                held.children.push(value!([[&child.id, null], null]));
                out.push(Action::Publish(outgoing));
            }
        }
    }

    fn finished(&mut self, id: JobId, outcome: Outcome<Value>, now: SystemTime, out: &mut Vec<Action>) {
        // A job that is not in the pool cannot end: what reports so speaks of an earlier one.
        if !self.jobs.get(&id).is_some_and(|held| matches!(held.phase, Phase::Submitted | Phase::Running)) {
            return;
        }
        let Some(mut held) = self.jobs.remove(&id) else { return };
        self.pooled -= 1;
        self.acked -= usize::from(held.acked);
        let stores = !held.ignores_result();
        let children = std::mem::take(&mut held.children);
        let mut settle = Settle::Ack;
        let stored = match outcome {
            Ok(reply) => Some(done(record(&held.request, result::SUCCESS, reply), children, now)),
            Err(Stop::Retry(retry)) if held.options.max_retries.is_none_or(|max| held.request.retries() < max) => {
                let (outgoing, record) = again(&held.request, retry, children, now);
                out.push(Action::Publish(Box::new(outgoing)));
                Some(record)
            }
            Err(Stop::Failure(cause) | Stop::Retry(Retry { cause, .. })) => {
                Some(failure(&held.request, &cause, children, now))
            }
            Err(Stop::Reject { requeue }) => {
                settle = Settle::Reject { requeue };
                if requeue && held.acked {
                    tracing::error!(task = held.request.task(), task_id = %held.request.id(), "acknowledged before it was rejected");
                }
                (!requeue).then(|| {
                    let mut reject = Failure::in_module("celery.exceptions", "Reject", "");
                    reject.exc_message = vec![Value::Null, value!(false)];
                    failure(&held.request, &reject, children, now)
                })
            }
            Err(Stop::Ignore) => None,
        };
        out.extend(stored.filter(|_| stores).map(Action::Store));
        if !held.acked {
            out.push(Action::Settle(held.tag, settle));
        }
    }

    /// Gives back what does not run, the newest first, so that the queue is as it was.
    fn shutdown(&mut self, out: &mut Vec<Action>) {
        self.closing = true;
        self.waiting.clear();
        self.ready.clear();
        let idle: Vec<JobId> = self
            .jobs
            .iter()
            .rev()
            .filter(|(_, held)| matches!(held.phase, Phase::Waiting | Phase::Ready))
            .map(|(id, _)| *id)
            .collect();
        let given_back = idle.into_iter().filter_map(|id| self.jobs.remove(&id));
        out.extend(given_back.map(|held| Action::Settle(held.tag, Settle::Return)));
    }

    /// Moves on what is due and fills the pool.
    fn pump(&mut self, now: SystemTime, out: &mut Vec<Action>) {
        while let Some(Reverse((_, id))) = self.waiting.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.waiting.pop();
            if let Some(held) = self.jobs.get_mut(&id) {
                held.phase = Phase::Ready;
                self.ready.push_back(id);
            }
        }
        while self.pooled < self.config.concurrency
            && let Some(id) = self.ready.pop_front()
        {
            let Some(held) = self.jobs.get_mut(&id) else { continue };
            if held.expires.is_some_and(|at| at < now) {
                if let Some(held) = self.jobs.remove(&id) {
                    expire(held, now, out);
                }
                continue;
            }
            held.phase = Phase::Submitted;
            self.pooled += 1;
            let limits = limits(&held.request, &held.options);
            out.push(Action::Submit(Job { id, request: Arc::clone(&held.request), limits }));
        }
    }
}

/// Those of the message win over those of the task.
fn limits(request: &Request, options: &TaskOptions) -> TimeLimits {
    let TimeLimits { hard, soft } = request.headers().timelimit;
    TimeLimits { hard: hard.or(options.hard_limit), soft: soft.or(options.soft_limit) }
}

/// An absent time, a time, or an error if the text is none.
fn optional_time(text: &Option<String>) -> Result<Option<SystemTime>, ()> {
    text.as_deref().map(|text| time::parse(text).ok_or(())).transpose()
}

fn expire(held: Held, now: SystemTime, out: &mut Vec<Action>) {
    if !held.ignores_result() {
        let expired = Failure::in_module("celery.exceptions", "TaskRevokedError", "expired");
        let record = record(&held.request, result::REVOKED, expired.exception().to_json());
        out.push(Action::Store(done(record, Vec::new(), now)));
    }
    out.push(Action::Settle(held.tag, Settle::Ack));
}

fn record(request: &Request, status: &str, result: Value) -> Record {
    let headers = request.headers();
    let mut record = Record::new(&headers.id, status, result);
    record.group_id.clone_from(&headers.group);
    record.parent_id.clone_from(&headers.parent_id);
    record
}

fn done(record: Record, children: Vec<Value>, now: SystemTime) -> Record {
    Record { children, date_done: Some(now), ..record }
}

fn failure(request: &Request, failure: &Failure, children: Vec<Value>, now: SystemTime) -> Record {
    let record = record(request, result::FAILURE, failure.exception().to_json());
    done(Record { traceback: failure.traceback.clone(), ..record }, children, now)
}

/// The message of the next run, and the record that says so. The body goes out as it came in.
fn again(request: &Request, retry: Retry, mut children: Vec<Value>, now: SystemTime) -> (Outgoing, Record) {
    let mut message = request.message.clone();
    let headers = &mut message.headers;
    headers.retries = headers.retries.saturating_add(1);
    headers.root_id.get_or_insert_with(|| headers.id.clone());
    headers.parent_id = Some(headers.id.clone());
    headers.extra.shift_remove("redelivered");
    // Celery counts the next run among the children of this one.
    children.push(value!([[&headers.id, null], null]));
    let outgoing = Outgoing {
        queue: request.queue.clone(),
        eta: (!retry.after.is_zero()).then(|| now + retry.after.min(MAX_DELAY)),
        ..Outgoing::of(message)
    };
    let record = Record {
        traceback: retry.cause.traceback.clone(),
        children,
        ..record(request, result::RETRY, retry.cause.exception().to_json())
    };
    (outgoing, record)
}

#[cfg(test)]
mod tests;
