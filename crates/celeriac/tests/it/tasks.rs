//! Tasks that end in each of the ways a task can, and workers that run them.

use std::sync::Arc;
use std::time::Duration;

use celeriac::value;
use celeriac::{
    AsyncTask, Context, Effect, Failure, Options, Outcome, RedisBroker, RedisResults, Registry, Task, TaskOptions,
    Worker,
};
use serde::Deserialize;
use tokio::sync::oneshot;

#[derive(Deserialize)]
pub struct Nothing {}

#[derive(Deserialize)]
pub struct Addends {
    x: i64,
    y: i64,
}

struct Add;

impl Task for Add {
    const NAME: &'static str = "tasks.add";
    const PARAMETERS: &'static [&'static str] = &["x", "y"];
    type Args = Addends;
    type Reply = i64;

    fn run(&self, _: &Context, Addends { x, y }: Addends) -> Outcome<i64> {
        Ok(x + y)
    }
}

struct Fail;

impl Task for Fail {
    const NAME: &'static str = "tasks.fail";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = ();

    fn run(&self, _: &Context, _: Nothing) -> Outcome<()> {
        Err(Failure::builtin("ValueError", "no good").into())
    }
}

struct Panic;

impl Task for Panic {
    const NAME: &'static str = "tasks.panic";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = ();

    fn run(&self, _: &Context, _: Nothing) -> Outcome<()> {
        panic!("as told")
    }
}

/// Wants to be run `times` times again, and replies how often it was.
struct Again;

#[derive(Deserialize)]
pub struct Times {
    times: u32,
}

impl AsyncTask for Again {
    const NAME: &'static str = "tasks.again";
    const PARAMETERS: &'static [&'static str] = &["times"];
    type Args = Times;
    type Reply = u32;

    async fn run(&self, cx: Context, Times { times }: Times) -> Outcome<u32> {
        match cx.request().retries() {
            retries if retries < times => Err(Failure::builtin("OSError", "not yet").retry(Duration::from_millis(20))),
            retries => Ok(retries),
        }
    }
}

/// Says that it runs, and runs until it is killed; when it is delivered again it replies.
struct Stuck;

impl AsyncTask for Stuck {
    const NAME: &'static str = "tasks.stuck";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = &'static str;

    fn options(&self) -> TaskOptions {
        TaskOptions { acks_late: Some(true), ..TaskOptions::default() }
    }

    async fn run(&self, cx: Context, _: Nothing) -> Outcome<&'static str> {
        if cx.request().redelivered() {
            return Ok("at last");
        }
        cx.emit(Effect::State { status: "PROGRESS".into(), meta: value!({"page": 1}) });
        std::future::pending().await
    }
}

pub async fn worker(url: &str) -> Worker {
    let mut registry = Registry::new();
    registry.task(Add).task(Fail).task(Panic).async_task(Again).async_task(Stuck);
    let broker = RedisBroker::connect(url).await.expect("the broker is there");
    let results = RedisResults::connect(url).await.expect("the backend is there");
    let options = Options { concurrency: 2, ..Options::default() };
    Worker::new(options, registry, Arc::new(broker), Arc::new(results))
}

/// Runs a worker while `during` runs, and then to its warm end.
pub fn with_worker<T>(url: &str, during: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = runtime.block_on(worker(url));
    let running = runtime.spawn(worker.run(async { drop(stopped.await) }));
    let result = during();
    drop(stop);
    runtime.block_on(running).expect("the worker does not panic").expect("the worker ends well");
    result
}
