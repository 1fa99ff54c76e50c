//! A worker with one task, to be called from Python:
//!
//! ```text
//! cargo run -p celeriac --features redis --example worker -- redis://localhost/0
//! celery -b redis://localhost/0 --result-backend redis://localhost/0 call tasks.add --args '[2, 3]'
//! ```
//!
//! Interrupt it once: it finishes what runs and gives back the rest.

use std::sync::Arc;

use celeriac::{Context, Options, Outcome, RedisBroker, RedisResults, Registry, Task, Worker};

#[derive(serde::Deserialize)]
struct Addends {
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
        Ok(x.saturating_add(y))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "redis://localhost/0".to_owned());
    let mut registry = Registry::new();
    registry.task(Add);
    let broker = Arc::new(RedisBroker::connect(&url).await?);
    let results = Arc::new(RedisResults::connect(&url).await?);
    let worker = Worker::new(Options::default(), registry, broker, results);
    worker.run(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
