//! Who sends: what canvas has to know of the app to plan messages.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use celeriac_wire::canvas::{Parent, Sender};
use celeriac_wire::{Map, Value};

use crate::context::Request;
use crate::registry::{Parameters, Registry};
use crate::settings::Settings;

type Defaults = dyn Fn(&str) -> Option<Map> + Send + Sync;
type Route = dyn Fn(&str) -> Map + Send + Sync;
type Refuse = dyn Fn(&str, &[Value], &Map) -> Option<String> + Send + Sync;

/// A process that sends tasks, inside a worker or as a client.
pub(crate) struct Sending {
    origin: String,
    reply_to: String,
    default_queue: String,
    errbacks_on_header: bool,
    inherits_priority: bool,
    defaults: Box<Defaults>,
    route: Box<Route>,
    refuse: Box<Refuse>,
}

impl Sending {
    pub(crate) fn new(settings: &Settings, registry: &Registry, hostname: &str) -> Self {
        let queue = settings.task_default_queue.clone();
        let defaults: HashMap<String, Map> = registry
            .names()
            .filter_map(|name| Some((name.to_owned(), options(registry.options(name)?, settings, &queue))))
            .collect();
        let app: Map = [
            ("priority", settings.task_default_priority.map(Value::from)),
            ("serializer", (settings.task_serializer != "json").then(|| Value::from(&settings.task_serializer))),
            ("compression", settings.task_compression.as_ref().map(Value::from)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        let parameters: HashMap<String, Arc<Parameters>> =
            registry.parameters().map(|(name, of)| (name.to_owned(), Arc::clone(of))).collect();
        Self {
            origin: origin(hostname),
            reply_to: uuid::Uuid::new_v4().to_string(),
            default_queue: queue,
            errbacks_on_header: settings.task_allow_error_cb_on_chord_header,
            inherits_priority: settings.task_inherit_parent_priority,
            defaults: Box::new(move |name| defaults.get(name).cloned()),
            route: Box::new(move |_| app.clone()),
            refuse: Box::new(move |name, args, kwargs| parameters.get(name)?.refuse(args, kwargs)),
        }
    }

    /// The sender of what a task sends.
    pub(crate) fn sender<'a>(
        &'a self,
        parent: &'a Request,
        now: SystemTime,
        new_id: &'a (dyn Fn() -> String + Sync),
    ) -> Sender<'a> {
        let headers = parent.headers();
        let priority = self.inherits_priority.then_some(parent.message.properties.priority);
        Sender {
            parent: Some(Parent { id: &headers.id, root_id: headers.root_id.as_deref(), priority }),
            origin: &self.origin,
            reply_to: &self.reply_to,
            default_queue: &self.default_queue,
            errbacks_on_header: self.errbacks_on_header,
            now,
            route: &*self.route,
            defaults: &*self.defaults,
            refuse: &*self.refuse,
            new_id,
        }
    }
}

/// The name in which the process of a worker sends, which is not that of the worker: `gen<pid>@<host>`.
pub(crate) fn origin(hostname: &str) -> String {
    let host = hostname.rsplit('@').next().unwrap_or(hostname);
    format!("gen{}@{host}", std::process::id())
}

/// What a task's own options say of the messages that are sent to it.
fn options(options: &crate::task::TaskOptions, settings: &Settings, default_queue: &str) -> Map {
    let seconds = |limit: Option<std::time::Duration>| limit.map(|limit| Value::from(limit.as_secs_f64()));
    let ignores = options.ignore_result.unwrap_or(settings.task_ignore_result);
    let queue = (options.queue != "celery" && options.queue != default_queue).then(|| Value::from(options.queue));
    [
        ("queue", queue),
        ("priority", options.priority.map(Value::from)),
        ("expires", seconds(options.expires)),
        ("time_limit", seconds(options.hard_limit)),
        ("soft_time_limit", seconds(options.soft_limit)),
        ("ignore_result", Some(Value::Bool(ignores))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

/// A new id each time, always the same ones for one seed: a task that sends knows the ids of what the worker will
/// send for it.
pub(crate) fn seeded(seed: u128) -> impl Fn() -> String + Sync {
    let count = std::sync::atomic::AtomicU64::new(0);
    move || {
        let place = u128::from(count.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        // An odd factor: no two places give one id. Its halves are those of the golden ratio, so that all bits move.
        let id = seed.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        uuid::Builder::from_random_bytes(id.to_be_bytes()).into_uuid().to_string()
    }
}
