//! A run: recover, take in, work until nothing is left, fold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use celeriac::{Broker, MemoryBroker, NoResults, Worker};
use docmill_store::{Epoch, Store};
use tokio::sync::oneshot;

use crate::driver::{Driver, Fatal, Parts};
use crate::event::{Event, Observer};
use crate::feeder::Feeder;
use crate::intake::{Intake, IntakeReport, joined};
use crate::wall::Reader;
use crate::workspace::{Error, Workspace};
use crate::{fold, task};

/// How often the store is asked what is left: seldom against the work of a stage, often against a person's eye.
const PACE: Duration = Duration::from_millis(20);

/// What a run takes in, and how wide it works.
pub struct RunOptions {
    /// `None` only goes on with what is stored.
    pub intake: Option<Intake>,
    /// Stages that run at the same time.
    pub workers: usize,
}

/// What a run came to; how the documents ended is in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    pub intake: IntakeReport,
    /// Stages that an earlier process was running when it died.
    pub recovered: u64,
    /// Whether it was stopped before everything was done.
    pub interrupted: bool,
}

/// Runs until every document is in a final state, or until `stop`. The caller holds the workspace's lock.
pub async fn run(
    workspace: &Workspace,
    options: RunOptions,
    reader: Arc<dyn Reader>,
    observer: Arc<dyn Observer>,
    stop: impl Future<Output = ()> + Send,
) -> Result<RunReport, Error> {
    let store = workspace.store();
    let recovered = store.recover().await?;
    let broker = MemoryBroker::new();
    let epoch = broker.epoch().await.map_or_else(|_| Epoch(String::new()), |e| Epoch(e.0));
    let workers = options.workers.max(1);
    let driver = Driver::new(Parts {
        store: store.clone(),
        broker: Arc::new(broker.clone()),
        epoch,
        reader,
        blobs: workspace.blobs(),
        observer: observer.clone(),
        encoder: workspace.encoder(),
        permits: workers as u32,
        hook: None,
    });
    let feeder = Feeder::new(driver.clone());
    let (end_worker, worker_ended) = oneshot::channel::<()>();
    let worker_options = celeriac::Options {
        queues: task::queues(),
        // One more than compute at a time, so that a claim and a commit overlap with the work of others.
        concurrency: workers + 1,
        prefetch_multiplier: 1,
        hostname: "docmill@localhost".into(),
        ..celeriac::Options::default()
    };
    let worker = Worker::new(worker_options, task::registry(&driver), Arc::new(broker), Arc::new(NoResults));
    let mut worker = tokio::spawn(worker.run(async move {
        let _ = worker_ended.await;
    }));
    let intake_stop = Arc::new(AtomicBool::new(false));
    let work = work(&store, &feeder, options.intake, observer.clone(), intake_stop.clone());
    let mut fatal = driver.fatal();
    let ended = tokio::select! {
        report = work => report.map(Some),
        _ = fatal.wait_for(Option::is_some) => Ok(None),
        () = stop => Ok(None),
        // It ends when it is told to; without it nothing would ever finish.
        died = &mut worker => Err(lost(died)),
    };
    intake_stop.store(true, Ordering::Relaxed);
    let finished = matches!(ended, Ok(Some(_)));
    if finished {
        let _ = end_worker.send(());
        let _ = worker.await;
        observer.on(Event::Folding);
        fold::fold_all(store.as_ref()).await?;
        store.settle().await?;
    } else {
        // What is running is dropped as a crash would drop it: the next run takes it up.
        worker.abort();
    }
    if let Some(error) = driver.fatal().borrow().as_ref() {
        return Err(match error.clone() {
            Fatal::Store(error) => Error::Fatal(error),
            Fatal::NoProcess(why) => Error::NoProcess(why),
        });
    }
    let intake = ended?.unwrap_or_default();
    Ok(RunReport { intake, recovered, interrupted: !finished })
}

/// Why a worker ended that was not told to. A panic goes on here: it is a fault of ours.
fn lost(died: Result<Result<(), celeriac::worker::Error>, tokio::task::JoinError>) -> Error {
    match died.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(Ok(())) => Error::Worker(None),
        Ok(Err(error)) => Error::Worker(Some(error)),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => Error::Worker(None),
    }
}

/// Takes in and feeds until nothing is left.
async fn work(
    store: &Arc<dyn Store>,
    feeder: &Feeder,
    intake: Option<Intake>,
    observer: Arc<dyn Observer>,
    stop: Arc<AtomicBool>,
) -> Result<IntakeReport, Error> {
    let mut taking = intake.map(|intake| {
        let (store, observer, runtime) = (store.clone(), observer.clone(), tokio::runtime::Handle::current());
        tokio::task::spawn_blocking(move || intake.run(&store, observer.as_ref(), &runtime, &stop))
    });
    let mut report = taking.is_none().then(IntakeReport::default);
    if report.is_some() {
        feeder.intake_is_done();
    }
    loop {
        if report.is_none() && taking.as_ref().is_some_and(tokio::task::JoinHandle::is_finished) {
            if let Some(task) = taking.take() {
                report = Some(joined(task).await?);
            }
            observer.on(Event::IntakeDone);
            feeder.intake_is_done();
        }
        if feeder.feed().await? == 0 {
            if let Some(report) = &report
                && store.unfinished(1).await? == 0
            {
                return Ok(report.clone());
            }
            tokio::time::sleep(PACE).await;
        }
    }
}
