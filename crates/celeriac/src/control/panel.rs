//! From a message on `celery.pidbox` to a reply.

use std::collections::BTreeMap;
use std::sync::Arc;

use celeriac_wire::control::{Clock, Error, Request};
use celeriac_wire::{Map, Value};

use super::argument::{Arguments, Signature};
use super::exception::{Raised, shown};
use super::{Handled, WorkerView, command, inspect, memory};
use crate::broker::Broadcast;
use crate::event::Dispatcher;
use crate::settings::Settings;

type Run = fn(&mut Call<'_>) -> inspect::Reply;

/// One of Celery's commands.
struct Command {
    name: &'static str,
    alias: Option<&'static str>,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// Whether unknown arguments are ignored. Celery's commands are not of one mind.
    open: bool,
    run: Run,
}

macro_rules! commands {
    ($($name:literal $(/ $alias:literal)? ($($required:literal),* ; $($optional:literal),*) $open:literal => $run:expr;)*) => {
        &[$(Command {
            name: $name,
            alias: commands!(@alias $($alias)?),
            required: &[$($required),*],
            optional: &[$($optional),*],
            open: $open,
            run: $run,
        }),*]
    };
    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };
}

/// Celery's commands: name and older name, arguments that must and that may be given, whether others are ignored.
/// `objgraph` is missing: it draws Python's objects.
const COMMANDS: &[Command] = commands! {
    "active" / "dump_active" (; "safe") true => inspect::active;
    "active_queues" (;) false => inspect::active_queues;
    "add_consumer" ("queue"; "exchange", "exchange_type", "routing_key") true => command::add_consumer;
    "autoscale" (; "max", "min") false => command::autoscale;
    "cancel_consumer" ("queue";) true => command::cancel_consumer;
    "clock" (;) true => inspect::clock;
    "conf" / "dump_conf" (; "with_defaults") true => inspect::conf;
    "disable_events" (;) false => command::disable_events;
    "election" ("id", "topic"; "action") true => command::election;
    "enable_events" (;) false => command::enable_events;
    "heartbeat" (;) false => command::heartbeat;
    "hello" ("from_node"; "revoked") true => inspect::hello;
    "memdump" (; "samples") true => inspect::memdump;
    "memsample" / "memory" (;) true => inspect::memsample;
    "ping" (;) true => inspect::ping;
    "pool_grow" (; "n") true => command::pool_grow;
    "pool_restart" (; "modules", "reload", "reloader") true => command::pool_restart;
    "pool_shrink" (; "n") true => command::pool_shrink;
    "query_task" ("ids";) true => inspect::query_task;
    "rate_limit" ("task_name", "rate_limit";) true => command::rate_limit;
    "registered" / "dump_tasks" (; "taskinfoitems", "builtins") true => inspect::registered;
    "report" (;) false => inspect::report;
    "reserved" / "dump_reserved" (;) true => inspect::reserved;
    "revoke" ("task_id"; "terminate", "signal") true => command::revoke;
    "revoke_by_stamped_headers" ("headers"; "terminate", "signal") true => command::revoke_by_stamped_headers;
    "revoked" / "dump_revoked" (;) true => inspect::revoked;
    "scheduled" / "dump_schedule" (;) true => inspect::scheduled;
    "shutdown" (; "msg") true => command::shutdown;
    "stats" (;) true => inspect::stats;
    "terminate" ("signal", "task_id";) true => command::terminate;
    "time_limit" (; "task_name", "hard", "soft") true => command::time_limit;
};

/// A command of the program's own.
type Own = dyn Fn(&mut Call<'_>, Map) -> Result<Value, Raised> + Send + Sync;

/// Commands of the program's own, by name. They win over Celery's.
#[derive(Clone, Default)]
pub struct Commands(BTreeMap<String, Arc<Own>>);

impl Commands {
    /// No commands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command. It runs inside the worker's loop and has to be quick; its arguments are what the asker gave, of
    /// whatever types.
    pub fn add(
        &mut self,
        name: &str,
        run: impl Fn(&mut Call<'_>, Map) -> Result<Value, Raised> + Send + Sync + 'static,
    ) -> &mut Self {
        self.0.insert(name.to_owned(), Arc::new(run));
        self
    }
}

impl std::fmt::Debug for Commands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A call of a command.
pub struct Call<'a> {
    /// The worker.
    pub view: &'a mut dyn WorkerView,
    /// What it tells of its tasks.
    pub events: &'a mut Dispatcher,
    pub(super) arguments: Arguments,
    panel: &'a mut Panel,
    handled: Handled,
    silent: bool,
}

impl Call<'_> {
    /// The worker's name.
    pub fn hostname(&self) -> &str {
        &self.panel.hostname
    }

    /// The settings of the worker.
    pub fn settings(&self) -> &Settings {
        &self.panel.settings
    }

    /// The logical clock of this process.
    pub fn clock(&self) -> &Clock {
        &self.panel.clock
    }

    /// Runs another command, one of Celery's too, as a part of this one.
    ///
    /// # Errors
    ///
    /// What that command ends with.
    pub fn run(&mut self, method: &str, arguments: Map) -> Result<Value, Raised> {
        if let Some(own) = self.panel.own.0.get(method).cloned() {
            return own(self, arguments);
        }
        let found = COMMANDS.iter().find(|command| command.name == method || command.alias == Some(method));
        let Some(command) = found else { return Err(Raised::new("KeyError", method)) };
        let signature = Signature { required: command.required, optional: command.optional, open: command.open };
        let arguments = signature.bind(command.name, arguments)?;
        let before = std::mem::replace(&mut self.arguments, arguments);
        let reply = (command.run)(self);
        self.arguments = before;
        reply
    }

    pub(super) fn mark_revoked(&mut self, ids: &[String]) {
        self.handled.revoked.extend_from_slice(ids);
    }

    pub(super) fn ask_heartbeat(&mut self) {
        self.handled.heartbeat = true;
    }

    pub(super) fn no_reply(&mut self) {
        self.silent = true;
    }

    /// Takes a sample of the memory in use, and keeps it for `memdump`.
    pub(super) fn sample(&mut self) -> Option<String> {
        let sample = memory::shown(memory::resident()?);
        if self.panel.samples.len() < MAX_SAMPLES {
            self.panel.samples.push(sample.clone());
        }
        Some(sample)
    }

    pub(super) fn take_samples(&mut self) -> Vec<String> {
        std::mem::take(&mut self.panel.samples)
    }
}

/// Samples of memory kept for `memdump`; it shows ten unless it is asked for more.
const MAX_SAMPLES: usize = 1000;

/// Answers remote control for one worker.
pub struct Panel {
    hostname: String,
    settings: Arc<Settings>,
    clock: Clock,
    own: Commands,
    samples: Vec<String>,
}

impl Panel {
    /// Remote control of the worker of that name, with commands of the program's own.
    pub fn new(hostname: &str, settings: Arc<Settings>, clock: Clock, own: Commands) -> Self {
        Self { hostname: hostname.to_owned(), settings, clock, own, samples: Vec::new() }
    }

    /// Carries out a request that came on the exchange of remote control, if it is for this worker. What is wrong with
    /// it is said in the log, and to the asker if he can be told.
    pub fn on(&mut self, request: Broadcast, view: &mut dyn WorkerView, events: &mut Dispatcher) -> Handled {
        self.clock.forward();
        let theirs = request.headers.get("clock").and_then(Value::as_i64).and_then(|clock| u64::try_from(clock).ok());
        self.clock.adjust(theirs.unwrap_or(0));
        let mine = Request::from_value(request.body).and_then(|request| {
            let mine = request.is_for(&self.hostname)?;
            Ok::<_, Error>(mine.then_some(request))
        });
        match mine {
            Ok(Some(request)) => self.carry_out(request, view, events),
            Ok(None) => Handled::default(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "Control command error");
                Handled::default()
            }
        }
    }

    fn carry_out(&mut self, request: Request, view: &mut dyn WorkerView, events: &mut Dispatcher) -> Handled {
        let Request { method, arguments, ticket, reply_to, .. } = request;
        tracing::debug!("pidbox received method {method}(**{}) [ticket:{ticket:?}]", shown(&arguments));
        let hostname = self.hostname.clone();
        let clock = self.clock.clone();
        let mut call = Call {
            view,
            events,
            arguments: Arguments::default(),
            panel: self,
            handled: Handled::default(),
            silent: false,
        };
        let reply = match arguments {
            Value::Object(arguments) => call.run(&method, arguments),
            // Not a word about what was given: it may be long.
            _ => Err(Raised::type_error(format!("{method}() argument after ** must be a mapping"))),
        };
        let reply = reply.unwrap_or_else(|raised| {
            tracing::error!("pidbox command error: {raised}");
            celeriac_wire::value!({"error": raised.to_string()})
        });
        let Call { mut handled, silent, .. } = call;
        if let Some(to) = reply_to
            && !silent
        {
            handled.reply = Some(Broadcast {
                exchange: to.exchange,
                routing_key: to.routing_key,
                headers: Map::from([
                    ("ticket".to_owned(), ticket.into()),
                    ("clock".to_owned(), Value::from(clock.forward())),
                ]),
                body: Value::Object(Map::from([(hostname, reply)])),
            });
        }
        handled
    }
}
