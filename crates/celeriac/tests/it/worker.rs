//! The worker over memory: what reaches the broker and the backend, and when.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use celeriac::{
    AsyncTask, Broadcast, Broker, Consumer, ConsumerOptions, Context, Delivery, Epoch, Fanout, FanoutOptions,
    MemoryBroker, MemoryResults, Options, Outcome, Outgoing, Queue, Record, Registry, ResultBackend, Settle, Tag, Task,
    TaskId, TaskOptions, Turn, Watch, Worker, backend, broker,
};
use celeriac::{Map, Value, value};
use serde::Deserialize;
use tokio::sync::{Notify, oneshot};

/// Longer than any time limit here. Most tests run on paused time, where it costs nothing.
const LIMIT: Duration = Duration::from_secs(90);

#[derive(Deserialize)]
struct Nothing {}

/// Counts its runs; waits until it is let go.
#[derive(Clone, Default)]
struct Gate {
    runs: Arc<AtomicU32>,
    begun: Arc<Notify>,
    open: Arc<Notify>,
}

impl AsyncTask for Gate {
    const NAME: &'static str = "gate";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = u32;

    fn options(&self) -> TaskOptions {
        TaskOptions { acks_late: Some(true), hard_limit: Some(Duration::from_secs(60)), ..TaskOptions::default() }
    }

    async fn run(&self, _: Context, _: Nothing) -> Outcome<u32> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        self.begun.notify_one();
        self.open.notified().await;
        Ok(run)
    }
}

/// Works until its soft limit, which is over at once.
struct Tireless;

impl Task for Tireless {
    const NAME: &'static str = "tireless";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = ();

    fn options(&self) -> TaskOptions {
        TaskOptions { soft_limit: Some(Duration::ZERO), ..TaskOptions::default() }
    }

    fn run(&self, cx: &Context, _: Nothing) -> Outcome<()> {
        loop {
            cx.check()?;
        }
    }
}

/// Fails so many times before it stores.
struct Flaky {
    failures: AtomicU32,
    inner: MemoryResults,
}

#[async_trait]
impl ResultBackend for Flaky {
    async fn store(&self, records: &[Record]) -> Result<(), backend::Error> {
        let left = self.failures.load(Ordering::Relaxed);
        if left > 0 {
            self.failures.store(left - 1, Ordering::Relaxed);
            return Err(backend::Error { operation: "store results", source: "as planned".into() });
        }
        self.inner.store(records).await
    }

    async fn get(&self, id: &TaskId) -> Result<Option<Record>, backend::Error> {
        self.inner.get(id).await
    }

    async fn forget(&self, id: &TaskId) -> Result<(), backend::Error> {
        self.inner.forget(id).await
    }

    async fn watch(&self, ids: &[TaskId]) -> Result<Box<dyn Watch>, backend::Error> {
        self.inner.watch(ids).await
    }
}

struct Scene {
    broker: MemoryBroker,
    results: MemoryResults,
    gate: Gate,
}

impl Scene {
    fn new() -> Self {
        Self { broker: MemoryBroker::new(), results: MemoryResults::new(), gate: Gate::default() }
    }

    fn worker(&self, results: impl ResultBackend + 'static) -> Worker {
        let mut registry = Registry::new();
        registry.async_task(self.gate.clone()).task(Tireless);
        let options = Options { concurrency: 1, ..Options::default() };
        Worker::new(options, registry, Arc::new(self.broker.clone()), Arc::new(results))
    }

    async fn publish(&self, task: &str, ids: &[&str]) {
        let messages: Vec<Outgoing> = ids.iter().map(|id| Outgoing::new(task, *id, Map::new())).collect();
        self.broker.publish(&messages).await.unwrap();
    }

    async fn depth(&self) -> usize {
        self.broker.depth(&["celery".to_owned()]).await.unwrap()
    }

    async fn result(&self, id: &str) -> Option<(String, Value)> {
        let record = self.results.get(&TaskId::from(id)).await.unwrap();
        record.map(|record| (record.status, record.result))
    }

    /// Looks again each time the others have had a turn. Time is paused: an idle runtime moves it on.
    async fn until(&self, id: &str, status: &str) -> Value {
        let wait = async {
            loop {
                match self.result(id).await {
                    Some((found, result)) if found == status => return result,
                    _ => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        };
        tokio::time::timeout(LIMIT, wait).await.expect("the state comes about")
    }
}

/// Runs a worker beside `during`, then to its warm end.
async fn beside(worker: Worker, during: impl Future<Output = ()>) -> Result<(), celeriac::worker::Error> {
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(stopped.await) }));
    during.await;
    drop(stop);
    running.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acknowledged_only_when_its_result_is_stored() {
    let scene = Scene::new();
    scene.publish("gate", &["a"]).await;
    scene.gate.open.notify_one();
    let flaky = Flaky { failures: AtomicU32::new(3), inner: scene.results.clone() };
    beside(scene.worker(flaky), async {
        assert_eq!(scene.until("a", "SUCCESS").await, value!(1));
    })
    .await
    .unwrap();
    assert_eq!((scene.depth().await, scene.gate.runs.load(Ordering::Relaxed)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_cannot_store_its_last_result_ends_with_an_error_and_loses_no_message() {
    let scene = Scene::new();
    scene.publish("gate", &["a"]).await;
    scene.gate.open.notify_one();
    let broken = Flaky { failures: AtomicU32::new(u32::MAX), inner: scene.results.clone() };
    let ended = beside(scene.worker(broken), scene.gate.begun.notified()).await;
    assert!(matches!(ended, Err(celeriac::worker::Error::Results(_))), "{ended:?}");
    assert_eq!(scene.depth().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_warm_shutdown_finishes_what_runs_and_gives_back_the_rest() {
    let scene = Scene::new();
    scene.publish("gate", &["a", "b", "c", "d"]).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(scene.worker(scene.results.clone()).run(async { drop(stopped.await) }));
    scene.gate.begun.notified().await;
    drop(stop);
    let given_back = async {
        while scene.depth().await < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), given_back).await.expect("the rest is given back");
    assert!(!running.is_finished());
    scene.gate.open.notify_one();
    running.await.unwrap().unwrap();
    assert_eq!(scene.result("a").await, Some(("SUCCESS".into(), value!(1))));
    assert_eq!((scene.depth().await, scene.gate.runs.load(Ordering::Relaxed)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_too_long_is_dropped_where_it_waits() {
    let scene = Scene::new();
    scene.publish("gate", &["a"]).await;
    beside(scene.worker(scene.results.clone()), async {
        let result = scene.until("a", "FAILURE").await;
        assert_eq!((&result["exc_type"], &result["exc_message"]), (&value!("TimeLimitExceeded"), &value!([60])));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_task_that_asks_is_stopped_at_its_soft_limit() {
    let scene = Scene::new();
    scene.publish("tireless", &["a"]).await;
    beside(scene.worker(scene.results.clone()), async {
        assert_eq!(scene.until("a", "FAILURE").await["exc_type"], "SoftTimeLimitExceeded");
    })
    .await
    .unwrap();
}

/// Takes a message in the very call that is dropped, as a broker across a network may.
#[derive(Clone, Default)]
struct Late {
    settled: Arc<Mutex<Vec<(Tag, Settle)>>>,
    asked: Arc<Notify>,
}

#[async_trait]
impl Broker for Late {
    async fn publish(&self, _: &[Outgoing]) -> Result<(), broker::Error> {
        Ok(())
    }

    async fn consume(&self, _: ConsumerOptions) -> Result<Box<dyn Consumer>, broker::Error> {
        Ok(Box::new(self.clone()))
    }

    async fn fanout(&self, options: FanoutOptions) -> Result<Box<dyn Fanout>, broker::Error> {
        MemoryBroker::new().fanout(options).await
    }

    async fn broadcast(&self, _: &[Broadcast]) -> Result<(), broker::Error> {
        Ok(())
    }

    async fn reply(&self, _: &Broadcast) -> Result<(), broker::Error> {
        Ok(())
    }

    async fn purge(&self, _: &str) -> Result<usize, broker::Error> {
        Ok(0)
    }

    async fn epoch(&self) -> Result<Epoch, broker::Error> {
        Ok(Epoch("1".into()))
    }

    async fn depth(&self, _: &[String]) -> Result<usize, broker::Error> {
        Ok(0)
    }
}

#[async_trait]
impl Consumer for Late {
    async fn turn(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, broker::Error> {
        self.settled.lock().unwrap().extend_from_slice(turn.settle);
        if turn.take == 0 && turn.settle.is_empty() {
            let message = Outgoing::new("gate", "a", Map::new()).sealed();
            return Ok(vec![Delivery { tag: Tag("t".into()), queue: "celery".into(), message: Ok(message) }]);
        }
        Ok(Vec::new())
    }

    async fn ready(&mut self) -> Result<(), broker::Error> {
        self.asked.notify_one();
        std::future::pending().await
    }

    fn renewal(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn add_queue(&mut self, _: Queue) -> Result<(), broker::Error> {
        Ok(())
    }

    async fn cancel_queue(&mut self, _: &str) -> Result<(), broker::Error> {
        Ok(())
    }

    async fn renew(&mut self, _: &[Tag]) -> Result<(), broker::Error> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_call_had_taken_is_given_back_at_shutdown() {
    let late = Late::default();
    let mut registry = Registry::new();
    registry.async_task(Gate::default());
    let worker = Worker::new(Options::default(), registry, Arc::new(late.clone()), Arc::new(MemoryResults::new()));
    beside(worker, late.asked.notified()).await.unwrap();
    assert_eq!(*late.settled.lock().unwrap(), [(Tag("t".into()), Settle::Return)]);
}
