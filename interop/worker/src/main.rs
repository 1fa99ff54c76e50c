//! A worker with the tasks of Celery's integration suite, of the benchmarks and of the mixed fleet: what our worker is
//! compared by with Python's. Its command line is `celery worker`'s.

mod arithmetic;
mod bench;
mod fleet;
mod store;
mod suite;
mod wait;

use std::process::ExitCode;
use std::time::Duration;

use celeriac::{Registry, Settings, cli};

fn registry() -> Registry {
    let mut registry = Registry::new();
    bench::register(&mut registry);
    fleet::register(&mut registry);
    suite::register(&mut registry);
    registry
}

/// What the Python apps beside it are set to, by the same variables.
fn settings() -> Settings {
    let late = variable("BENCH_ACKS_LATE").is_some_and(|late| late == "1");
    let mut settings = Settings {
        result_extended: variable("BENCH_REDIS").is_none(),
        task_acks_late: late,
        task_reject_on_worker_lost: late,
        ..Settings::default()
    };
    let visibility = variable("BENCH_VT").and_then(|seconds| seconds.parse().ok());
    if let Some(visibility) = visibility.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        settings.broker_transport_options.visibility_timeout = visibility;
        settings.broker_transport_options.unacked_restore_interval = Duration::from_secs(1);
    }
    settings
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn main() -> ExitCode {
    cli::Program::new(registry()).settings(settings()).commands(suite::commands()).main()
}
