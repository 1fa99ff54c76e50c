//! The command line of a worker, with the flags of `celery worker` in Celery's spelling, so that the command lines in
//! people's runbooks work.
//!
//! ```no_run
//! use celeriac::{Registry, cli};
//!
//! fn main() -> std::process::ExitCode {
//!     // Register tasks here.
//!     cli::main(Registry::new())
//! }
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::backend::{NoResults, ResultBackend};
use crate::broker::Broker;
use crate::control::Commands;
use crate::machine::Autoscale;
use crate::pool::PoolKind;
use crate::redis::{RedisBroker, RedisResults};
use crate::registry::Registry;
use crate::remote::{self, Remote};
use crate::settings::Settings;
use crate::worker::{Options, Worker, pace};
use crate::{log, metrics, node, pool};

mod banner;
mod flag;
mod pidfile;
mod signal;

use flag::{Celery, Flags, Verb};

/// Celery's exit codes.
const OK: u8 = 0;
const FAILURE: u8 = 1;
const USAGE: u8 = 2;

/// A program whose command line is that of `celery worker`.
pub struct Program {
    registry: Registry,
    settings: Settings,
    commands: Commands,
}

/// Runs a worker with these tasks as the command line says, and gives its exit code. To be called first thing in `main`:
/// the children of the pool `prefork` come by here too, and stay.
pub fn main(registry: Registry) -> ExitCode {
    Program::new(registry).main()
}

impl Program {
    /// A program with these tasks, and Celery's settings.
    pub fn new(registry: Registry) -> Self {
        Self { registry, settings: Settings::default(), commands: Commands::default() }
    }

    /// Settings of the program. Flags and the environment win over them.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Commands of remote control that are the program's own.
    pub fn commands(self, commands: Commands) -> Self {
        Self { commands, ..self }
    }

    /// Runs as the command line says.
    pub fn main(self) -> ExitCode {
        if pool::is_child() {
            child_log();
            pool::serve_child(self.registry);
        }
        let Celery { verb: Verb::Worker(flags) } = Celery::parse_from(flag::verb_first(std::env::args_os()));
        ExitCode::from(match self.worker(*flags) {
            Ok(code) => code,
            Err(problem) => {
                eprintln!("Error: {problem}");
                problem.code()
            }
        })
    }

    fn worker(self, flags: Flags) -> Result<u8, Problem> {
        let notices = flags.refuse()?;
        let hostname = node::name(flags.hostname.as_deref());
        let logfile = flags.logfile.as_deref().map(|file| node::file(file, &hostname));
        if let Some(folder) = &flags.workdir {
            std::env::set_current_dir(folder).map_err(|e| Problem::new(format!("could not go to {folder}"), e))?;
        }
        log::set_up(flags.loglevel, logfile.as_deref().map(Path::new), "MainProcess")
            .map_err(|e| Problem::new("could not set up the log", e))?;
        for notice in notices {
            tracing::warn!("{notice}");
        }
        let settings = flags.settings(self.settings, &hostname);
        let pidfile = flags.pidfile.as_deref().map(|file| node::file(file, &hostname));
        let _pidfile =
            pidfile.map(|file| pidfile::Pidfile::create(file.into())).transpose().map_err(Problem::Running)?;
        let runtime = runtime(flags.pool(&settings)?).map_err(|e| Problem::new("could not start", e))?;
        let program = Self { settings, ..self };
        let code = runtime.block_on(program.run(&flags, hostname))?;
        if signal::restart_asked() {
            return Err(signal::restart());
        }
        Ok(code)
    }

    async fn run(self, flags: &Flags, hostname: String) -> Result<u8, Problem> {
        let mut signals = signal::Signals::listen().map_err(|e| Problem::new("could not listen to signals", e))?;
        let Self { registry, settings, commands } = self;
        let (broker, results) = tokio::select! {
            connected = connect(&settings, &hostname) => connected?,
            () = signals.end() => return Ok(OK),
        };
        let queues = flags.queues(&settings, &hostname);
        if flags.purge {
            let mut erased = 0;
            for queue in &queues {
                erased += broker.purge(queue).await.map_err(|e| Problem::new("could not purge", e))?;
            }
            if erased > 0 {
                println!("purge: Erased {erased} message{} from the queue.\n", if erased == 1 { "" } else { "s" });
            }
        }
        let kind = flags.pool(&settings)?;
        let concurrency = flags.concurrency(&settings, kind);
        let autoscale = flags.autoscale.map(|(max, min)| Autoscale { max, min });
        let options = Options {
            queues: queues.clone(),
            concurrency,
            prefetch_multiplier: settings.worker_prefetch_multiplier,
            hostname: hostname.clone(),
            pool: kind,
            autoscale,
            settings: settings.clone(),
        };
        if !flags.quiet {
            banner::print(&options, &registry, flags.loglevel);
        }
        let metrics = match flags.metrics {
            Some(address) => Some(
                metrics::Server::bind(address)
                    .await
                    .map_err(|e| Problem::new(format!("could not serve metrics on {address}"), e))?,
            ),
            None => None,
        };
        let deals = remote::Options {
            commands,
            mingle: !flags.without_mingle && settings.worker_enable_remote_control,
            gossip: !flags.without_gossip,
            heartbeat: (!flags.without_heartbeat).then_some(flags.heartbeat_interval),
        };
        let mut remote = Remote::new(&hostname, settings.clone(), deals, Arc::clone(&broker), Arc::clone(&results))
            .map_err(|e| Problem::new("could not take up the state of the last run", e))?;
        let revoked = remote.revoked().await;
        let depths = Arc::clone(&broker);
        let worker = Worker::new(options, registry, broker, results).dispatch(remote.dispatch()).revoked(revoked);
        let handle = worker.handle();
        let served = metrics.map(|server| tokio::spawn(server.run(handle.clone(), depths)));
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        let beside = tokio::spawn(remote.run(handle.clone(), async { drop(end.await) }));
        let soft = !settings.worker_soft_shutdown_timeout.is_zero();
        let told = tokio::spawn(async move { signals.carry_out(&handle, soft).await });
        // As a task of its own: one that is waited for from outside of the runtime is woken with a look at all sockets.
        let ran = match tokio::spawn(worker.run(std::future::pending())).await {
            Ok(ran) => ran,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        told.abort();
        if let Some(served) = served {
            served.abort();
        }
        drop(ended);
        // The good-byes are told, or not: the worker has ended.
        drop(tokio::time::timeout(Duration::from_secs(5), beside).await);
        ran.map_err(|e| Problem::new("the worker has failed", e))?;
        Ok(signal::exit_code())
    }
}

/// The worker's loop, its connections and its pool hand every task to one another: on one thread that is a move, on
/// several it is a wake-up each, which costs more than all that is done with the task. Tasks that run on the runtime
/// itself get threads, so that one that computes does not hold up the worker.
fn runtime(pool: PoolKind) -> std::io::Result<Runtime> {
    let mut builder = if pool == PoolKind::Async { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if pool != PoolKind::Async {
        builder.on_thread_park(pace::before_wait);
    }
    builder.enable_all().build()
}

/// Addresses that can be served, and those that stand for no results.
const SCHEMES: &[&str] = &["redis", "rediss", "redis+socket", "unix"];
const NONE: &[&str] = &["", "disabled", "disabled://"];

/// Connects to broker and backend. One that is away is waited for, as `broker_connection_retry_on_startup` says.
async fn connect(settings: &Settings, hostname: &str) -> Result<(Arc<dyn Broker>, Arc<dyn ResultBackend>), Problem> {
    let broker_url = settings.broker_url.as_deref().unwrap_or("redis://localhost:6379/0");
    for url in
        [Some(broker_url), settings.result_backend.as_deref().filter(|url| !NONE.contains(url))].into_iter().flatten()
    {
        let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
        if !SCHEMES.contains(&scheme) {
            let url = crate::control::masked(url);
            return Err(Problem::Usage(format!(
                "{url} is not the address of a Redis server, as in redis://localhost:6379/0"
            )));
        }
    }
    let options = &settings.broker_transport_options;
    let broker = insist(settings, "the broker", broker_url, || RedisBroker::connect_with(broker_url, options.clone()));
    let broker = broker.await?;
    let results: Arc<dyn ResultBackend> = match settings.result_backend.as_deref() {
        None => Arc::new(NoResults),
        Some(none) if NONE.contains(&none) => Arc::new(NoResults),
        Some(url) => {
            let connect = || RedisResults::connect_with(url, settings.result_options());
            Arc::new(insist(settings, "the result backend", url, connect).await?)
        }
    };
    tracing::info!("Connected to {}", crate::control::masked(broker_url));
    tracing::debug!("{hostname} has its connections");
    Ok((Arc::new(broker), results))
}

/// Tries to connect as often as the settings say, with pauses as long as Celery's.
async fn insist<T, E: std::error::Error + 'static, F: Future<Output = Result<T, E>>>(
    settings: &Settings,
    what: &str,
    url: &str,
    connect: impl Fn() -> F,
) -> Result<T, Problem> {
    let most = settings.attempts_on_startup();
    let mut attempt = 0;
    loop {
        let error = match connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        if most.is_some_and(|most| attempt >= most) {
            return Err(Problem::new(format!("could not connect to {what}"), error));
        }
        attempt += 1;
        let pause = (attempt * 2).min(32);
        let url = crate::control::masked(url);
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "consumer: Cannot connect to {url}. Trying again in {pause}.00 seconds...");
        tokio::time::sleep(Duration::from_secs(pause.into())).await;
    }
}

/// A child of the pool logs where its worker does.
fn child_log() {
    // A child has the command line of its worker.
    let (level, file) = match Celery::try_parse_from(flag::verb_first(std::env::args_os())) {
        Ok(Celery { verb: Verb::Worker(flags) }) => {
            let hostname = node::name(flags.hostname.as_deref());
            (flags.loglevel, flags.logfile.map(|file| node::file(&file, &hostname)))
        }
        Err(_) => (log::Level::default(), None),
    };
    let process = format!("ForkPoolWorker-{}", std::process::id());
    if let Err(error) = log::set_up(level, file.as_deref().map(Path::new), &process) {
        eprintln!("{process}: {error}");
    }
}

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The command line asks for what there is not; the text says what to do.
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Running(pidfile::Error),
    #[error("{0}")]
    Failed(String),
}

impl Problem {
    fn new(what: impl Into<String>, error: impl std::error::Error) -> Self {
        let mut text = format!("{}: {error}", what.into());
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self::Failed(text)
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Running(error) => error.code(),
            Self::Failed(_) => FAILURE,
        }
    }
}
