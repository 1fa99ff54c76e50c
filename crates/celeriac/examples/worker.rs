//! A worker with one task and Celery's command line, to be called from Python:
//!
//! ```text
//! cargo run -p celeriac --features cli --example worker -- worker -b redis://localhost/0 --result-backend redis://localhost/0
//! celery -b redis://localhost/0 --result-backend redis://localhost/0 call tasks.add --args '[2, 3]'
//! ```
//!
//! Interrupt it once: it finishes what runs and gives back the rest.

use celeriac::{Context, Outcome, Registry, Task, cli};

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

fn main() -> std::process::ExitCode {
    let mut registry = Registry::new();
    registry.task(Add);
    cli::Program::new(registry).main()
}
