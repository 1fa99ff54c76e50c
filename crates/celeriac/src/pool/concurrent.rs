//! Runs jobs inside this process: waiting tasks on tokio, computing ones on its blocking threads.

use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use celeriac_wire::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::{Loss, MAX_SIZE, Pool, PoolEvent, PoolInfo, TERMINATE};
use crate::context::{Context, Job, JobId};
use crate::registry::{Handler, Registry};
use crate::task::{Failure, Outcome, Stop};

/// Waiting tasks run on the runtime of the worker; computing ones on blocking threads, which share the places of the
/// pool with them. A computing task cannot be ended: its limits make it stop at [`Context::check`] only.
pub(super) struct Concurrent {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Arc<Registry>,
    events: UnboundedSender<PoolEvent>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    size: usize,
    queue: VecDeque<Job>,
    /// `None` for a job that cannot be ended.
    running: BTreeMap<JobId, Option<AbortHandle>>,
}

impl Concurrent {
    pub(super) fn new(size: usize, registry: Arc<Registry>, events: UnboundedSender<PoolEvent>) -> Self {
        let state = Mutex::new(State { size, ..State::default() });
        Self { shared: Arc::new(Shared { registry, events, state }) }
    }
}

#[async_trait]
impl Pool for Concurrent {
    fn submit(&mut self, job: Job) {
        let mut state = self.shared.state();
        state.queue.push_back(job);
        self.shared.fill(&mut state);
    }

    fn capacity(&self) -> usize {
        self.shared.state().size
    }

    fn terminate(&mut self, id: JobId, signal: i32) {
        let mut state = self.shared.state();
        if let Some(index) = state.queue.iter().position(|job| job.id == id) {
            state.queue.remove(index);
            self.shared.tell(PoolEvent::Returned(id));
        } else if let Some(Some(handle)) = state.running.get(&id) {
            handle.abort();
            self.shared.end(&mut state, id, PoolEvent::Lost(id, Loss::Terminated(signal)));
        }
    }

    fn recall(&mut self) {
        let queue = std::mem::take(&mut self.shared.state().queue);
        queue.into_iter().for_each(|job| self.shared.tell(PoolEvent::Returned(job.id)));
    }

    fn resize(&mut self, size: usize) -> usize {
        let size = size.clamp(1, MAX_SIZE);
        let mut state = self.shared.state();
        state.size = size;
        self.shared.fill(&mut state);
        self.shared.tell(PoolEvent::Resized);
        size
    }

    fn restart(&mut self) {}

    fn info(&self) -> PoolInfo {
        let state = self.shared.state();
        PoolInfo {
            implementation: "celery.concurrency.gevent:TaskPool",
            size: state.size,
            busy: state.running.len(),
            ..PoolInfo::default()
        }
    }

    async fn close(&mut self) {
        self.recall();
        let mut state = self.shared.state();
        for (id, handle) in std::mem::take(&mut state.running) {
            handle.inspect(AbortHandle::abort);
            self.shared.tell(PoolEvent::Lost(id, Loss::Terminated(TERMINATE)));
        }
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

    fn fill(self: &Arc<Self>, state: &mut State) {
        while state.running.len() < state.size
            && let Some(job) = state.queue.pop_front()
        {
            let id = job.id;
            let handle = self.begin(job);
            state.running.insert(id, handle);
        }
    }

    /// Tells the end of a job, once, and gives its place to the next.
    fn end(self: &Arc<Self>, state: &mut State, id: JobId, event: PoolEvent) {
        if state.running.remove(&id).is_some() {
            self.tell(event);
            self.fill(state);
        }
    }

    /// Starts a job; its end waits for the lock that the caller holds.
    fn begin(self: &Arc<Self>, Job { id, request, limits }: Job) -> Option<AbortHandle> {
        let shared = Arc::clone(self);
        let emit = {
            let shared = Arc::clone(self);
            move |effect| shared.tell(PoolEvent::Effect(id, effect))
        };
        match self.registry.handler(request.task()) {
            Some(Handler::Async(run)) => {
                let running = tokio::spawn(async move {
                    let begun = shared.accepted(id);
                    let running = limited(limits.hard, async { run(Context::new(request, limits.soft, emit)).await });
                    let end = match caught(running).await {
                        Ok(Ok(outcome)) => PoolEvent::Finished { id, outcome, runtime: begun.elapsed() },
                        Ok(Err(limit)) => PoolEvent::Lost(id, Loss::HardLimit(limit)),
                        Err(panic) => PoolEvent::Finished { id, outcome: Err(panic), runtime: begun.elapsed() },
                    };
                    shared.end(&mut shared.state(), id, end);
                });
                Some(running.abort_handle())
            }
            Some(Handler::Sync(run)) => {
                let soft = [limits.soft, limits.hard].into_iter().flatten().min();
                tokio::task::spawn_blocking(move || {
                    let begun = shared.accepted(id);
                    let running = AssertUnwindSafe(|| run(&Context::new(request, soft, emit)));
                    let outcome = catch_unwind(running).unwrap_or_else(|panic| Err(super::panicked(&*panic)));
                    let end = PoolEvent::Finished { id, outcome, runtime: begun.elapsed() };
                    shared.end(&mut shared.state(), id, end);
                });
                None
            }
            None => {
                let unknown = Failure::in_module("celery.exceptions", "NotRegistered", request.task());
                tokio::spawn(async move {
                    let end = PoolEvent::Finished { id, outcome: Err(unknown.into()), runtime: Duration::ZERO };
                    shared.end(&mut shared.state(), id, end);
                });
                None
            }
        }
    }

    fn accepted(&self, id: JobId) -> Instant {
        self.tell(PoolEvent::Accepted { id, pid: std::process::id(), at: SystemTime::now() });
        Instant::now()
    }
}

/// The outcome, or the limit that came before it.
async fn limited(
    hard: Option<Duration>,
    run: impl Future<Output = Outcome<Value>>,
) -> Result<Outcome<Value>, Duration> {
    let Some(limit) = hard else { return Ok(run.await) };
    tokio::time::timeout(limit, run).await.map_err(|_| limit)
}

/// What a future comes to, or what its panic is told as.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Stop> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(super::panicked(&*panic))),
    })
    .await
}
