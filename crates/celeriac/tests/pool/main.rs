//! Pools, seen from the worker: each job that goes in ends once, whatever it does.

mod inside;
mod prefork;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use celeriac::pool::{self, ChildProgram, Loss, Pool, PoolEvent};
use celeriac::{Effect, Job, JobId, Outcome, PoolKind, PoolOptions, Registry, Request};
use celeriac_wire::{Map, Message, TimeLimits, Value, value};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Far more than any test needs, so that a slow machine passes and a hang still ends.
const PATIENCE: Duration = Duration::from_secs(60);

const NO_LIMITS: TimeLimits = TimeLimits { hard: None, soft: None };

fn options(size: usize) -> PoolOptions {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_celeriac-test-child"));
    let child = ChildProgram { program, args: Vec::new(), ..ChildProgram::default() };
    PoolOptions { child: Some(child), start_patience: PATIENCE, ..PoolOptions::new(PoolKind::Prefork, size) }
}

/// A pool, and what it has told.
struct Scene {
    pool: Box<dyn Pool>,
    events: UnboundedReceiver<PoolEvent>,
    last: u64,
    /// Jobs that have not ended, and what ended the others.
    open: BTreeMap<JobId, bool>,
    ends: BTreeMap<JobId, End>,
    effects: Vec<(JobId, Effect)>,
    pids: BTreeMap<JobId, u32>,
    soft: Vec<JobId>,
}

#[derive(Clone, Debug, PartialEq)]
enum End {
    Finished(Outcome<Value>),
    Lost(Loss),
    Returned,
}

impl Scene {
    fn new(options: &PoolOptions) -> Self {
        Self::with(options, Registry::new())
    }

    fn with(options: &PoolOptions, registry: Registry) -> Self {
        let (sender, events) = unbounded_channel();
        let pool = pool::start(options, Arc::new(registry), sender).unwrap();
        Self {
            pool,
            events,
            last: 0,
            open: BTreeMap::new(),
            ends: BTreeMap::new(),
            effects: Vec::new(),
            pids: BTreeMap::new(),
            soft: Vec::new(),
        }
    }

    fn submit(&mut self, verb: &str, number: u64) -> JobId {
        self.submit_within(verb, number, NO_LIMITS)
    }

    fn submit_within(&mut self, verb: &str, number: u64, limits: TimeLimits) -> JobId {
        self.send(Message::new("do", "id", vec![value!(verb), value!(number)], Map::new()), limits)
    }

    fn send(&mut self, message: Message, limits: TimeLimits) -> JobId {
        self.last += 1;
        let id = JobId(self.last);
        let request = Request { message, queue: "celery".to_owned(), hostname: "w@h".to_owned(), max_body: 1 << 20 };
        self.pool.submit(Job { id, request: Arc::new(request), limits });
        self.open.insert(id, false);
        id
    }

    /// Takes in the next event, and checks that it may come.
    async fn next(&mut self) {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event").expect("a pool");
        match event {
            PoolEvent::Accepted { id, pid, .. } => {
                let begun = self.open.get_mut(&id).expect("what begins has not ended");
                assert!(!std::mem::replace(begun, true), "{id:?} begins twice");
                self.pids.insert(id, pid);
            }
            PoolEvent::Effect(id, effect) => {
                assert_eq!(self.open.get(&id), Some(&true), "an effect comes between begin and end");
                self.effects.push((id, effect));
            }
            PoolEvent::SoftLimit(id) => self.soft.push(id),
            PoolEvent::Finished { id, outcome, .. } => self.end(id, End::Finished(outcome)),
            PoolEvent::Lost(id, loss) => self.end(id, End::Lost(loss)),
            PoolEvent::Returned(id) => {
                assert_eq!(self.open.get(&id), Some(&false), "what comes back has not begun");
                self.end(id, End::Returned);
            }
            PoolEvent::Resized => {}
        }
    }

    fn end(&mut self, id: JobId, end: End) {
        self.open.remove(&id).unwrap_or_else(|| panic!("{id:?} has ended twice: {end:?}"));
        self.ends.insert(id, end);
    }

    async fn until(&mut self, id: JobId) -> End {
        while !self.ends.contains_key(&id) {
            self.next().await;
        }
        self.ends[&id].clone()
    }

    async fn begun(&mut self, id: JobId) -> u32 {
        while !self.pids.contains_key(&id) {
            self.next().await;
        }
        self.pids[&id]
    }

    async fn all(&mut self) {
        while !self.open.is_empty() {
            self.next().await;
        }
    }

    /// What a job replies.
    async fn reply(&mut self, verb: &str, number: u64) -> Value {
        let id = self.submit(verb, number);
        match self.until(id).await {
            End::Finished(Ok(reply)) => reply,
            other => panic!("{verb} {number}: {other:?}"),
        }
    }
}
