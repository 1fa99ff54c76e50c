//! What a job costs that does nothing, for different numbers of jobs handed ahead; and how long a child takes to start.
//!
//! `cargo bench -p celeriac --bench prefork` prints, for each number of children and of jobs ahead, microseconds of
//! processor time per job in the worker and in the children, and jobs a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use celeriac::pool::{self, PoolEvent};
use celeriac::{Context, Job, JobId, Outcome, PoolKind, PoolOptions, Registry, Request, Task};
use celeriac_wire::{Map, Message, TimeLimits};
use tokio::sync::mpsc::unbounded_channel;

const JOBS: u64 = 200_000;

#[derive(serde::Deserialize)]
struct Nothing {}

struct Noop;

impl Task for Noop {
    const NAME: &'static str = "bench.noop";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = ();

    fn run(&self, _: &Context, _: Nothing) -> Outcome<()> {
        Ok(())
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.task(Noop);
    registry
}

fn main() {
    if celeriac::is_child() {
        celeriac::serve_child(registry());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        println!("children ahead  worker us  children us  jobs/s  start ms");
        for size in [1, 2] {
            for ahead in [0, 1, 2, 4, 8, 16] {
                measure(size, ahead).await;
            }
        }
    });
}

async fn measure(size: usize, ahead: usize) {
    let (sender, mut events) = unbounded_channel();
    let options = PoolOptions { ahead, ..PoolOptions::new(PoolKind::Prefork, size) };
    let before = warden::usage();
    let begun = Instant::now();
    let mut pool = pool::start(&options, Arc::new(registry()), sender).expect("a pool");
    let message = Message::new("bench.noop", &"0123456789ab".repeat(3), Vec::new(), Map::new());
    let request = Arc::new(Request {
        message,
        queue: "celery".to_owned(),
        hostname: "celery@host".to_owned(),
        max_body: 1 << 20,
    });
    let job = |id| Job { id: JobId(id), request: Arc::clone(&request), limits: TimeLimits::default() };
    pool.submit(job(0));
    let mut submitted = 1;
    let mut done = 0;
    let mut started = (Duration::ZERO, begun);
    let mut batch = Vec::new();
    while done < JOBS {
        events.recv_many(&mut batch, 1024).await;
        let ended = batch.drain(..).filter(|event| matches!(event, PoolEvent::Finished { .. })).count() as u64;
        if done == 0 && ended > 0 {
            started = (begun.elapsed(), Instant::now());
        }
        done += ended;
        while submitted < JOBS && submitted - done < pool.capacity() as u64 {
            pool.submit(job(submitted));
            submitted += 1;
        }
    }
    let rate = JOBS as f64 / started.1.elapsed().as_secs_f64();
    pool.close().await;
    let after = warden::usage();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / JOBS as f64;
    let (own, children) = (each(after.own - before.own), each(after.children - before.children));
    let first = started.0.as_secs_f64() * 1e3;
    println!("{size:8} {ahead:5} {own:10.2} {children:12.2} {rate:7.0} {first:9.1}");
}
