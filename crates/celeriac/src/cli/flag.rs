//! The flags of `celery worker`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use super::Problem;
use crate::broker::Queue;
use crate::control::direct_queue;
use crate::log::Level;
use crate::pool::PoolKind;
use crate::settings::Settings;

/// What `celery` takes.
#[derive(Parser)]
#[command(version, about = "Runs tasks that Celery clients send.", disable_help_subcommand = true)]
pub(super) struct Celery {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Start a worker.
    Worker(Box<Flags>),
}

/// Flags in Celery's spelling. Those of `celery` itself are taken behind `worker` too.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Accepted and ignored: the tasks are part of this program.
    #[arg(short = 'A', long, global = true)]
    pub(super) app: Option<String>,
    /// The broker, as in redis://localhost:6379/0.
    #[arg(short, long, env = "CELERY_BROKER_URL", global = true)]
    pub(super) broker: Option<String>,
    /// Where results are kept, as in redis://localhost:6379/0.
    #[arg(long, env = "CELERY_RESULT_BACKEND", global = true)]
    pub(super) result_backend: Option<String>,
    /// Accepted and ignored, as --app is.
    #[arg(long, global = true)]
    pub(super) loader: Option<String>,
    /// Accepted and ignored: settings are part of this program.
    #[arg(long, global = true)]
    pub(super) config: Option<String>,
    /// Folder to work in.
    #[arg(long, global = true)]
    pub(super) workdir: Option<String>,
    /// Accepted: the log has no colours.
    #[arg(short = 'C', long, global = true)]
    pub(super) no_color: bool,
    /// Says nothing at the start.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Accepted and ignored.
    #[arg(long, global = true)]
    pub(super) skip_checks: bool,

    /// Name of the node, as in 'w1@%h'. Expands %h (host), %n (name) and %d (domain).
    #[arg(short = 'n', long, help_heading = "Worker Options")]
    pub(super) hostname: Option<String>,
    /// Refused: leave it to systemd or another supervisor.
    #[arg(short = 'D', long, help_heading = "Worker Options")]
    pub(super) detach: bool,
    /// File in which revoked tasks outlive the worker.
    #[arg(short = 'S', long, help_heading = "Worker Options")]
    pub(super) statedb: Option<String>,
    /// DEBUG, INFO, WARNING, ERROR, CRITICAL or FATAL.
    #[arg(short, long, default_value = "WARNING", help_heading = "Worker Options")]
    pub(super) loglevel: Level,
    /// Accepted: jobs are always given to whoever is free.
    #[arg(short = 'O', long, value_parser = ["default", "fair"], help_heading = "Worker Options")]
    pub(super) optimization: Option<String>,
    /// Messages held per running task; 0 is without limit.
    #[arg(long, help_heading = "Worker Options")]
    pub(super) prefetch_multiplier: Option<usize>,
    /// Takes a message only when a place to run it is free.
    #[arg(long, help_heading = "Worker Options")]
    pub(super) disable_prefetch: bool,

    /// Tasks that run at a time; 'auto' and nothing are one per processor that may be used.
    #[arg(short, long, value_parser = concurrency, help_heading = "Pool Options")]
    pub(super) concurrency: Option<Concurrency>,
    /// prefork (processes), threads, solo, or async (gevent, eventlet).
    #[arg(short = 'P', long, help_heading = "Pool Options")]
    pub(super) pool: Option<String>,
    /// Sends events of tasks, for monitors.
    #[arg(short = 'E', long, visible_alias = "events", help_heading = "Pool Options")]
    pub(super) task_events: bool,
    /// Seconds after which a task is killed.
    #[arg(long, value_parser = seconds, help_heading = "Pool Options")]
    pub(super) time_limit: Option<Duration>,
    /// Seconds after which a task is asked to end.
    #[arg(long, value_parser = seconds, help_heading = "Pool Options")]
    pub(super) soft_time_limit: Option<Duration>,
    /// Tasks after which a child is replaced.
    #[arg(long, help_heading = "Pool Options")]
    pub(super) max_tasks_per_child: Option<u64>,
    /// Accepted: children are always started afresh.
    #[arg(long, value_parser = ["fork", "spawn"], help_heading = "Pool Options")]
    pub(super) pool_start_method: Option<String>,
    /// Kilobytes of memory after which a child is replaced.
    #[arg(long, help_heading = "Pool Options")]
    pub(super) max_memory_per_child: Option<u64>,

    /// Empties the queues at the start.
    #[arg(long, visible_alias = "discard", help_heading = "Queue Options")]
    pub(super) purge: bool,
    /// Queues to take from, with commas between.
    #[arg(short = 'Q', long, value_delimiter = ',', help_heading = "Queue Options")]
    pub(super) queues: Vec<String>,
    /// Queues not to take from.
    #[arg(short = 'X', long, value_delimiter = ',', help_heading = "Queue Options")]
    pub(super) exclude_queues: Vec<String>,
    /// Accepted and ignored, as --app is.
    #[arg(short = 'I', long, value_delimiter = ',', help_heading = "Queue Options")]
    pub(super) include: Vec<String>,

    /// Does not listen to other workers.
    #[arg(long, help_heading = "Features")]
    pub(super) without_gossip: bool,
    /// Does not ask other workers at the start.
    #[arg(long, help_heading = "Features")]
    pub(super) without_mingle: bool,
    /// Does not say that it is alive.
    #[arg(long, help_heading = "Features")]
    pub(super) without_heartbeat: bool,
    /// Seconds between two signs of life.
    #[arg(long, default_value = "2", value_parser = seconds, help_heading = "Features")]
    pub(super) heartbeat_interval: Duration,
    /// Loopback address on which metrics are served in Prometheus' text format, as in 127.0.0.1:9808. Not in Celery.
    #[arg(long, value_name = "ADDR", value_parser = loopback, help_heading = "Features")]
    pub(super) metrics: Option<SocketAddr>,
    /// Most and fewest tasks that run at a time, as in 10,3.
    #[arg(long, value_parser = autoscale, help_heading = "Features")]
    pub(super) autoscale: Option<(usize, usize)>,

    /// Refused: run `celery beat` beside it.
    #[arg(short = 'B', long, help_heading = "Embedded Beat Options")]
    pub(super) beat: bool,
    /// Refused, as --beat is.
    #[arg(short = 's', long, visible_alias = "schedule", help_heading = "Embedded Beat Options")]
    pub(super) schedule_filename: Option<String>,
    /// Refused, as --beat is.
    #[arg(long, help_heading = "Embedded Beat Options")]
    pub(super) scheduler: Option<String>,

    /// File to log to; standard error if none.
    #[arg(short = 'f', long, help_heading = "Daemonization Options")]
    pub(super) logfile: Option<String>,
    /// File for the id of the process.
    #[arg(long, help_heading = "Daemonization Options")]
    pub(super) pidfile: Option<String>,
    /// Refused: start it as that user.
    #[arg(long, help_heading = "Daemonization Options")]
    pub(super) uid: Option<String>,
    /// Refused: start it with that group.
    #[arg(long, help_heading = "Daemonization Options")]
    pub(super) gid: Option<String>,
    /// Refused: set it before the start.
    #[arg(long, help_heading = "Daemonization Options")]
    pub(super) umask: Option<String>,
    /// Accepted and ignored: there is no interpreter.
    #[arg(long, help_heading = "Daemonization Options")]
    pub(super) executable: Option<String>,
}

/// Flags that `celery` takes before its verb and that have a value.
const BEFORE: [&str; 8] = ["-A", "--app", "-b", "--broker", "--result-backend", "--loader", "--config", "--workdir"];

/// The arguments with the verb in front: `celery -A proj worker` is the usual way to write it.
pub(super) fn verb_first(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let is_value = |at: usize| BEFORE.iter().any(|flag| args[at - 1] == *flag);
    if let Some(at) = (1..args.len()).find(|at| args[*at] == "worker" && !is_value(*at)) {
        args[1..=at].rotate_right(1);
    }
    args
}

/// What `-c` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concurrency {
    Auto,
    Fixed(usize),
}

fn concurrency(text: &str) -> Result<Concurrency, String> {
    if text.trim().eq_ignore_ascii_case("auto") {
        return Ok(Concurrency::Auto);
    }
    let number = text.trim().parse().map_err(|_| format!("must be a non-negative integer or 'auto', got {text:?}"))?;
    Ok(Concurrency::Fixed(number))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(|| format!("must be a number of seconds, got {text:?}"))
}

/// Nobody is asked who he is there, so it is not for others than this machine.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = text.trim().replacen("localhost:", "127.0.0.1:", 1).parse::<SocketAddr>().ok();
    let loopback = address.filter(|address| address.ip().is_loopback());
    loopback.ok_or_else(|| format!("must be an address and port of this machine, as in 127.0.0.1:9808, got {text:?}"))
}

fn autoscale(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("must be two integers with a comma between, or one, got {text:?}");
    let bounds: Result<Vec<usize>, _> = text.split(',').map(|bound| bound.trim().parse()).collect();
    match bounds.map_err(|_| wrong())?.as_slice() {
        [max] => Ok((*max, 0)),
        [one, other] => Ok((*one.max(other), *one.min(other))),
        _ => Err(wrong()),
    }
}

impl Flags {
    /// Refuses what there is not, with the way out, and gives a notice of each flag that is ignored.
    pub(super) fn refuse(&self) -> Result<Vec<String>, Problem> {
        let refused = [
            (self.detach, "--detach is not supported: run the worker under systemd or another supervisor"),
            (self.beat, "--beat is not supported: run `celery beat` as a process of its own"),
            (self.schedule_filename.is_some(), "--schedule-filename belongs to --beat: run `celery beat` by itself"),
            (self.scheduler.is_some(), "--scheduler belongs to --beat: run `celery beat` by itself"),
            (self.uid.is_some(), "--uid is not supported: start the worker as that user"),
            (self.gid.is_some(), "--gid is not supported: start the worker with that group"),
            (self.umask.is_some(), "--umask is not supported: set the umask before the worker starts"),
        ];
        if let Some((_, problem)) = refused.into_iter().find(|(given, _)| *given) {
            return Err(Problem::Usage(problem.to_owned()));
        }
        let built_in = "the tasks are part of this program";
        let ignored = [
            (self.app.is_some(), "--app", built_in),
            (self.loader.is_some(), "--loader", built_in),
            (self.config.is_some(), "--config", "settings are part of this program"),
            (!self.include.is_empty(), "--include", built_in),
            (self.executable.is_some(), "--executable", "there is no interpreter"),
            (self.pool_start_method.as_deref() == Some("fork"), "--pool-start-method", "children are started afresh"),
        ];
        let notices = ignored.into_iter().filter(|(given, ..)| *given);
        Ok(notices.map(|(_, flag, why)| format!("{flag} is ignored: {why}")).collect())
    }

    /// The settings with what the flags say.
    pub(super) fn settings(&self, settings: Settings, hostname: &str) -> Settings {
        let mut s = settings;
        let set = |setting: &mut Option<String>, flag: &Option<String>| {
            if flag.is_some() {
                setting.clone_from(flag);
            }
        };
        set(&mut s.broker_url, &self.broker);
        set(&mut s.result_backend, &self.result_backend);
        set(&mut s.worker_state_db, &self.statedb.as_deref().map(|file| crate::node::file(file, hostname)));
        s.worker_prefetch_multiplier = self.prefetch_multiplier.unwrap_or(s.worker_prefetch_multiplier);
        s.worker_disable_prefetch |= self.disable_prefetch;
        s.worker_send_task_events |= self.task_events;
        s.task_time_limit = self.time_limit.or(s.task_time_limit);
        s.task_soft_time_limit = self.soft_time_limit.or(s.task_soft_time_limit);
        s.worker_max_tasks_per_child = self.max_tasks_per_child.or(s.worker_max_tasks_per_child);
        s.worker_max_memory_per_child = self.max_memory_per_child.or(s.worker_max_memory_per_child);
        if let Some(pool) = &self.pool {
            s.worker_pool.clone_from(pool);
        }
        s
    }

    /// The queues to take from.
    pub(super) fn queues(&self, settings: &Settings, hostname: &str) -> Vec<String> {
        let mut queues: Vec<String> = Vec::new();
        let named = self.queues.iter().map(|queue| queue.trim().to_owned()).filter(|queue| !queue.is_empty());
        for queue in named {
            if !queues.contains(&queue) {
                queues.push(queue);
            }
        }
        if queues.is_empty() {
            queues.push(settings.task_default_queue.clone());
        }
        queues.retain(|queue| !self.exclude_queues.iter().any(|excluded| excluded.trim() == queue));
        if settings.worker_direct {
            let Queue { name, .. } = direct_queue(hostname);
            queues.push(name);
        }
        queues
    }

    pub(super) fn pool(&self, settings: &Settings) -> Result<PoolKind, Problem> {
        settings.worker_pool.parse().map_err(|_| {
            let name = &settings.worker_pool;
            Problem::Usage(format!("there is no pool {name:?}: prefork, threads, solo, async, gevent and eventlet are"))
        })
    }

    pub(super) fn concurrency(&self, settings: &Settings, kind: PoolKind) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        match self.concurrency {
            Some(Concurrency::Auto) => {
                tracing::info!("worker_concurrency='auto' resolved to {processors} (pool={kind})");
                processors
            }
            Some(Concurrency::Fixed(number)) if number > 0 => number,
            _ => settings.worker_concurrency.filter(|number| *number > 0).unwrap_or(processors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Flags, clap::Error> {
        let Celery { verb: Verb::Worker(flags) } = Celery::try_parse_from(verb_first(
            std::iter::once("celery").chain(line.split_whitespace()).map(OsString::from),
        ))?;
        Ok(*flags)
    }

    #[test]
    fn command_lines_of_runbooks_are_understood() {
        let flags = parsed("worker -A proj -l info -Q hipri,lopri -n ocr@%h -c 4 --pool=gevent -E -Ofair").unwrap();
        assert_eq!(flags.loglevel, Level::Info);
        assert_eq!(flags.queues, ["hipri", "lopri"]);
        assert_eq!(flags.concurrency, Some(Concurrency::Fixed(4)));
        assert!(flags.task_events);
        assert_eq!(flags.refuse().unwrap(), ["--app is ignored: the tasks are part of this program"]);
        let flags =
            parsed("worker --loglevel=DEBUG --autoscale=3,10 --max-tasks-per-child=50 --time-limit 1.5").unwrap();
        assert_eq!(flags.autoscale, Some((10, 3)));
        let settings = flags.settings(Settings::default(), "w@h");
        assert_eq!(settings.task_time_limit, Some(Duration::from_millis(1500)));
        assert_eq!(settings.worker_max_tasks_per_child, Some(50));
        let flags = parsed("-A worker --broker redis://h/3 -q worker -l INFO").unwrap();
        assert_eq!((flags.app.as_deref(), flags.broker.as_deref()), (Some("worker"), Some("redis://h/3")));
        assert_eq!((flags.quiet, flags.loglevel), (true, Level::Info));
        assert_eq!(parsed("worker -c auto --events").unwrap().concurrency, Some(Concurrency::Auto));
        let flags = parsed("worker -b redis://h/1 --result-backend redis://h/2 --prefetch-multiplier 64").unwrap();
        let settings = flags.settings(Settings::default(), "w@h");
        assert_eq!(settings.broker_url.as_deref(), Some("redis://h/1"));
        assert_eq!(settings.worker_prefetch_multiplier, 64);
    }

    #[test]
    fn what_there_is_not_is_refused_with_the_way_out() {
        for (line, way) in [("-D", "systemd"), ("-B", "celery beat"), ("--uid me", "as that user")] {
            let problem = parsed(&format!("worker {line}")).unwrap().refuse().unwrap_err();
            assert!(problem.to_string().contains(way), "{line}");
            assert_eq!(problem.code(), 2);
        }
        for line in ["--nonsense", "-c -1", "-c many", "--autoscale x", "--time-limit -1", "-l loud", "-O best"] {
            assert!(parsed(&format!("worker {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn queues_are_named_excluded_and_defaulted() {
        #[track_caller]
        fn check(line: &str, direct: bool, expected: &[&str]) {
            let settings = Settings { worker_direct: direct, ..Settings::default() };
            assert_eq!(parsed(&format!("worker {line}")).unwrap().queues(&settings, "w1@h"), expected);
        }
        check("", false, &["celery"]);
        check("", true, &["celery", "w1@h.dq2"]);
        check("-Q a,b,a", false, &["a", "b"]);
        check("-Q a,b -X b", false, &["a"]);
        check("-X celery", false, &[]);
    }
}
