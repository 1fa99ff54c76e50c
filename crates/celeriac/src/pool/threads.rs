//! Runs jobs on threads of this process.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use tokio::sync::mpsc::UnboundedSender;

use super::run::Runner;
use super::{Loss, MAX_SIZE, Pool, PoolEvent, PoolInfo, TERMINATE, panicked};
use crate::context::{Context, Job, JobId};
use crate::registry::Registry;

/// Threads that take jobs from one queue. They end when the pool is closed or dropped, each after its present job.
pub(super) struct Threads {
    shared: Arc<Shared>,
    /// One thread, whatever is asked for.
    solo: bool,
}

struct Shared {
    registry: Arc<Registry>,
    events: UnboundedSender<PoolEvent>,
    state: Mutex<State>,
    /// There is a job, or a thread too many.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many threads there ought to be.
    size: usize,
    threads: usize,
    queue: VecDeque<Job>,
    running: BTreeSet<JobId>,
}

impl Threads {
    pub(super) fn new(
        size: usize,
        solo: bool,
        registry: Arc<Registry>,
        events: UnboundedSender<PoolEvent>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { registry, events, state: Mutex::default(), changed: Condvar::new() });
        let mut pool = Self { shared, solo };
        pool.staff(size)?;
        Ok(pool)
    }

    /// Makes threads until there are as many as there ought to be.
    fn staff(&mut self, size: usize) -> io::Result<()> {
        let mut state = self.shared.state();
        state.size = size;
        self.shared.changed.notify_all();
        while state.threads < size {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("celeriac-pool".to_owned()).spawn(move || shared.attend())?;
            state.threads += 1;
        }
        Ok(())
    }
}

#[async_trait]
impl Pool for Threads {
    fn submit(&mut self, job: Job) {
        let mut state = self.shared.state();
        if state.size == 0 {
            return self.shared.tell(PoolEvent::Returned(job.id));
        }
        state.queue.push_back(job);
        self.shared.changed.notify_one();
    }

    fn capacity(&self) -> usize {
        self.shared.state().size
    }

    fn terminate(&mut self, id: JobId, _: i32) {
        let mut state = self.shared.state();
        if let Some(index) = state.queue.iter().position(|job| job.id == id) {
            state.queue.remove(index);
            self.shared.tell(PoolEvent::Returned(id));
        }
    }

    fn recall(&mut self) {
        let queue = std::mem::take(&mut self.shared.state().queue);
        queue.into_iter().for_each(|job| self.shared.tell(PoolEvent::Returned(job.id)));
    }

    fn resize(&mut self, size: usize) -> usize {
        if self.solo {
            return 1;
        }
        let size = size.clamp(1, MAX_SIZE);
        if let Err(error) = self.staff(size) {
            tracing::error!(error = error.to_string(), "a thread could not be started");
            let mut state = self.shared.state();
            state.size = state.threads.max(1);
        }
        self.shared.tell(PoolEvent::Resized);
        self.capacity()
    }

    fn restart(&mut self) {}

    fn info(&self) -> PoolInfo {
        let state = self.shared.state();
        let implementation =
            if self.solo { "celery.concurrency.solo:TaskPool" } else { "celery.concurrency.thread:TaskPool" };
        let processes = if self.solo { vec![std::process::id()] } else { Vec::new() };
        PoolInfo { implementation, size: state.size, processes, busy: state.running.len(), ..PoolInfo::default() }
    }

    async fn close(&mut self) {
        self.recall();
        let mut state = self.shared.state();
        state.size = 0;
        self.shared.changed.notify_all();
        for id in std::mem::take(&mut state.running) {
            self.shared.tell(PoolEvent::Lost(id, Loss::Terminated(TERMINATE)));
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.size = 0;
        state.queue.clear();
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// No code that can panic leaves the state half changed, so a poisoned lock is as good as another.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: PoolEvent) {
        // Fails only when the worker is gone, and with it everyone who would care.
        let _ = self.events.send(event);
    }

    /// The life of one thread.
    fn attend(self: Arc<Self>) {
        let mut runner = Runner::new(Arc::clone(&self.registry));
        while let Some(job) = self.next() {
            self.run(&mut runner, job);
        }
    }

    /// Waits for a job; `None` when there is one thread too many, and this is it.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.threads > state.size {
                state.threads -= 1;
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                state.running.insert(job.id);
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(self: &Arc<Self>, runner: &mut Runner, Job { id, request, limits }: Job) {
        self.tell(PoolEvent::Accepted { id, pid: std::process::id(), at: SystemTime::now() });
        let begun = Instant::now();
        let emit = {
            let shared = Arc::clone(self);
            move |effect| shared.tell(PoolEvent::Effect(id, effect))
        };
        // A computing task is asked to stop where it can be; one that waits is dropped at its hard limit.
        let soft = [limits.soft, limits.hard].into_iter().flatten().min();
        let context = Context::new(request, soft, emit);
        let end = match catch_unwind(AssertUnwindSafe(|| runner.run(context, limits.hard))) {
            Ok(Ok(outcome)) => PoolEvent::Finished { id, outcome, runtime: begun.elapsed() },
            Ok(Err(limit)) => PoolEvent::Lost(id, Loss::HardLimit(limit)),
            Err(panic) => PoolEvent::Finished { id, outcome: Err(panicked(&*panic)), runtime: begun.elapsed() },
        };
        if self.state().running.remove(&id) {
            self.tell(end);
        }
    }
}
