//! One task as a message: where its options end up.

use std::time::{Duration, SystemTime};

use super::Error;
use super::apply::Step;
use super::freeze::Plan;
use super::signature::as_list;
use crate::compression::Compression;
use crate::message::{Properties, TimeLimits};
use crate::serializer::{self, Serializer};
use crate::{Body, Headers, Map, Message, Outgoing, Value, body, repr, time};

/// The task that runs while something is sent.
#[derive(Debug, Clone, Copy)]
pub struct Parent<'a> {
    /// Its id.
    pub id: &'a str,
    /// The id of the task that all of this began with; `None` is the task itself.
    pub root_id: Option<&'a str>,
    /// Its priority, where `task_inherit_parent_priority` is on.
    pub priority: Option<u8>,
}

/// Who sends, and what it knows of tasks and time.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The task that runs meanwhile; `None` in a program that is no worker.
    pub parent: Option<Parent<'a>>,
    /// `gen<pid>@<host>`, the name of the sending process.
    pub origin: &'a str,
    /// Where replies of the `rpc` kind would go: an id that the process keeps while it lives.
    pub reply_to: &'a str,
    /// `task_default_queue`.
    pub default_queue: &'a str,
    /// `task_allow_error_cb_on_chord_header`.
    pub errbacks_on_header: bool,
    /// What countdowns are counted from.
    pub now: SystemTime,
    /// The options that `task_routes` has for a task of this name, and `serializer` and `compression` if the sender's
    /// are not JSON and none; those of the call win.
    pub route: &'a (dyn Fn(&str) -> Map + Sync),
    /// The options that a task has of its own, `ignore_result` among them, if it is registered in this process. Those
    /// of the call win.
    pub defaults: &'a (dyn Fn(&str) -> Option<Map> + Sync),
    /// What a task that is registered in this process says to arguments that it does not take, in the words of
    /// Python's `TypeError`: Celery sends no such message.
    pub refuse: Refuse<'a>,
    /// A new id, never the same twice.
    pub new_id: &'a (dyn Fn() -> String + Sync),
}

/// What is wrong with the arguments of a task, by position and by name.
pub type Refuse<'a> = &'a (dyn Fn(&str, &[Value], &Map) -> Option<String> + Sync);

impl Default for Sender<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Sender<'_> {
    /// A sender outside of any task, that knows no task and no route.
    pub fn new() -> Self {
        Self {
            parent: None,
            origin: "",
            reply_to: "",
            default_queue: "celery",
            errbacks_on_header: false,
            now: SystemTime::now(),
            route: &|_| Map::new(),
            defaults: &|_| None,
            refuse: &|_, _, _| None,
            new_id: &|| uuid::Uuid::new_v4().to_string(),
        }
    }
}

/// What stays in the process that sends.
const LOCAL: [&str; 20] = [
    "producer",
    "publisher",
    "connection",
    "router",
    "result_cls",
    "task_type",
    "retry",
    "retry_policy",
    "declare",
    "exchange_type",
    "timeout",
    "confirm_timeout",
    "mandatory",
    "immediate",
    "now",
    "timezone",
    "argsrepr",
    "kwargsrepr",
    "create_sent_event",
    "delivery_mode",
];

impl Plan<'_> {
    /// Plans the message of one task and returns its result.
    pub(crate) fn send(&mut self, task: &str, args: Vec<Value>, kwargs: Map, options: Map) -> Result<usize, Error> {
        let sender = self.sender;
        if let Some(refusal) = (sender.refuse)(task, &args, &kwargs) {
            return Err(Error::Arguments(refusal));
        }
        let mut o = Options { task, map: options };
        if let Some(defaults) = (sender.defaults)(task) {
            for (name, value) in defaults {
                o.map.entry(name).or_insert(value);
            }
        }
        let id = o.text("task_id")?.unwrap_or_else(|| self.new_id());
        let add_to_parent = o.take("add_to_parent").and_then(|v| v.as_bool()).unwrap_or(true);
        let route_name = o.text("route_name")?;
        for (name, value) in (sender.route)(route_name.as_deref().unwrap_or(task)) {
            o.fill(&name, value);
        }
        let (mut root_id, mut parent_id) = (o.text("root_id")?, o.text("parent_id")?);
        if let (true, Some(parent)) = (root_id.is_none() || parent_id.is_none(), &sender.parent) {
            root_id.get_or_insert_with(|| parent.root_id.unwrap_or(parent.id).to_owned());
            parent_id.get_or_insert_with(|| parent.id.to_owned());
            if let Some(priority) = parent.priority {
                o.fill("priority", priority.into());
            }
        }
        let now = sender.now;
        let eta = match o.seconds("countdown")?.filter(|seconds| *seconds != 0.0) {
            Some(seconds) => Some(later(now, seconds)),
            None => o.text("eta")?.as_deref().and_then(time::parse),
        };
        o.take("eta");
        let expires = match o.take("expires") {
            Some(Value::String(text)) => time::parse(&text),
            Some(Value::Null) | None => None,
            Some(number) => Some(later(now, number.as_f64().ok_or(o.wrong("expires", "a time or seconds"))?)),
        };
        let timelimit = TimeLimits { hard: o.limit("time_limit")?, soft: o.limit("soft_time_limit")? };
        let stamped_headers = o.take("stamped_headers").unwrap_or_default();
        let stamps: Map = as_list(Some(&stamped_headers))
            .iter()
            .filter_map(Value::as_str)
            .map(|name| (name.to_owned(), o.take(name).unwrap_or_default()))
            .collect();
        let origin = o.map.get("origin").and_then(Value::as_str);
        let headers = Headers {
            shadow: o.map.get("shadow").and_then(Value::as_str).map(str::to_owned),
            eta: eta.map(time::format),
            expires: expires.map(time::format),
            argsrepr: o
                .map
                .get("argsrepr")
                .and_then(Value::as_str)
                .map_or_else(|| repr::tuple(&args), str::to_owned)
                .into(),
            kwargsrepr: o
                .map
                .get("kwargsrepr")
                .and_then(Value::as_str)
                .map_or_else(|| repr::dict(&kwargs), str::to_owned)
                .into(),
            origin: Some(origin.unwrap_or(sender.origin).to_owned()),
            root_id: Some(root_id.unwrap_or_else(|| id.clone())),
            parent_id,
            timelimit,
            stamped_headers,
            stamps: stamps.into(),
            group: o.text("group_id")?,
            group_index: o.integer("group_index")?,
            retries: o.count("retries")?,
            ignore_result: o.take("ignore_result").and_then(|v| v.as_bool()),
            replaced_task_nesting: o.count("replaced_task_nesting")?,
            extra: o
                .take("headers")
                .and_then(|v| if let Value::Object(map) = v { Some(map) } else { None })
                .unwrap_or_default(),
            ..Headers::new(task, &id)
        };
        let links = |value: Option<Value>| match value {
            None | Some(Value::Null) => Value::Null,
            list => as_list(list.as_ref()).into(),
        };
        let embed = body::Embed {
            callbacks: links(o.take("link")),
            errbacks: links(o.take("link_error")),
            chain: o.take("chain").unwrap_or_default(),
            chord: o.take("chord").unwrap_or_default(),
        };
        let reply_to = o.text("reply_to")?.unwrap_or_else(|| sender.reply_to.to_owned());
        let (exchange, routing_key) = (o.text("exchange")?, o.text("routing_key")?);
        let queue = o.text("queue")?.unwrap_or_else(|| sender.default_queue.to_owned());
        // Without both of them the default exchange takes it.
        let (exchange, routing_key) = match (exchange, routing_key) {
            (Some(exchange), Some(key)) if !exchange.is_empty() && !key.is_empty() => (exchange, key),
            _ => (String::new(), String::new()),
        };
        let priority = o.take("priority").and_then(|v| v.as_i64()).unwrap_or(0).clamp(0, 255);
        let priority = u8::try_from(priority).unwrap_or(0);
        let serializer = match o.text("serializer")? {
            Some(name) => Serializer::from_name(&name).map_err(|_| o.wrong("serializer", "one that is built in"))?,
            None => Serializer::Json,
        };
        let compression = o.text("compression")?.map(|name| Compression::from_name(&name)).transpose();
        let compression = compression.map_err(|_| o.wrong("compression", "one that is built in"))?;
        o.take("shadow");
        let mut extra = o.map;
        extra.retain(|name, value| !value.is_null() && !LOCAL.contains(&name.as_str()));
        if let Some(end) = expires {
            let left = end.duration_since(now).unwrap_or_default().as_millis();
            extra.insert("expiration".to_owned(), left.to_string().into());
        }
        let properties = Properties {
            correlation_id: Some(id.clone()),
            reply_to: Some(reply_to),
            priority,
            extra,
            ..Properties::default()
        };
        let mut message = Message {
            headers,
            properties,
            content_type: String::new(),
            content_encoding: String::new(),
            body: Vec::new(),
        };
        serializer::put_body(&mut message, &Body { args, kwargs, embed }, serializer, compression)
            .map_err(|error| Error::Unwritten { task: task.to_owned(), reason: error.to_string() })?;
        self.steps.push(Step::Publish(Box::new(Outgoing { queue, exchange, routing_key, ..Outgoing::of(message) })));
        if add_to_parent && sender.parent.is_some() {
            let trail = self.results.task(id.clone());
            self.children.push(trail);
        }
        Ok(self.results.task(id))
    }
}

/// A number of seconds from now, as far as there is such a time.
fn later(now: SystemTime, seconds: f64) -> SystemTime {
    let span = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(Duration::MAX);
    let time = if seconds < 0.0 { now.checked_sub(span) } else { now.checked_add(span) };
    time.unwrap_or(if seconds < 0.0 { SystemTime::UNIX_EPOCH } else { now + Duration::from_secs(u32::MAX.into()) })
}

struct Options<'t> {
    task: &'t str,
    map: Map,
}

impl Options<'_> {
    fn wrong(&self, option: &'static str, expected: &'static str) -> Error {
        Error::Option { task: self.task.to_owned(), option, expected }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.map.shift_remove(name)
    }

    /// Gives an option that has no value yet.
    fn fill(&mut self, name: &str, value: Value) {
        let held = self.map.entry(name.to_owned()).or_default();
        if held.is_null() {
            *held = value;
        }
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    fn seconds(&mut self, name: &'static str) -> Result<Option<f64>, Error> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| self.wrong(name, "a number of seconds")),
        }
    }

    fn limit(&mut self, name: &'static str) -> Result<Option<Duration>, Error> {
        let seconds = self.seconds(name)?;
        seconds.map(|s| Duration::try_from_secs_f64(s).map_err(|_| self.wrong(name, "a number of seconds"))).transpose()
    }

    fn integer(&mut self, name: &'static str) -> Result<Option<i64>, Error> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| self.wrong(name, "an integer")),
        }
    }

    fn count(&mut self, name: &'static str) -> Result<u32, Error> {
        let count = self.integer(name)?.unwrap_or(0);
        u32::try_from(count).map_err(|_| self.wrong(name, "a count"))
    }
}
