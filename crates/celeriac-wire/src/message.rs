//! The task message, protocol 2: headers say what to run, properties how it travels, the body holds the arguments.

use std::time::Duration;

use crate::body::Body;
use crate::field::{Fields, Mistyped};
use crate::{Map, Value, repr};

/// The content type of every body this crate can decode, and the only one that Celery accepts by default.
pub const JSON: &str = "application/json";

/// A task message as a broker carries it. The body is not decoded: whoever only forwards a message (a retry, a
/// pool, a broker in memory) hands on the bytes that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What to run and how.
    pub headers: Headers,
    /// How the message travels.
    pub properties: Properties,
    /// The serializer of the body, and of what is compressed under it.
    pub content_type: String,
    /// `utf-8` for text, `binary` else.
    pub content_encoding: String,
    /// Arguments and canvas as they came: serialised, perhaps compressed.
    pub body: Vec<u8>,
}

impl Message {
    /// A message for `task` under `id`, with the headers that `apply_async` would set.
    pub fn new(task: &str, id: &str, args: Vec<Value>, kwargs: Map) -> Self {
        let headers = Headers {
            root_id: Some(id.to_owned()),
            argsrepr: Some(repr::tuple(&args)),
            kwargsrepr: Some(repr::dict(&kwargs)),
            ..Headers::new(task, id)
        };
        Self {
            headers,
            properties: Properties { correlation_id: Some(id.to_owned()), ..Properties::default() },
            content_type: JSON.to_owned(),
            content_encoding: "utf-8".to_owned(),
            body: Body { args, kwargs, ..Body::default() }.encode(),
        }
    }
}

/// Headers that RabbitMQ adds to a dead letter and that no copy of the message may carry, as Celery has it; and kombu's mark
/// of a message that was put back.
const DELIVERY_HEADERS: [&str; 8] = [
    "x-death",
    "x-first-death-exchange",
    "x-first-death-queue",
    "x-first-death-reason",
    "x-last-death-exchange",
    "x-last-death-queue",
    "x-last-death-reason",
    "redelivered",
];

/// Hard and soft time limit of one message; they win over those of the task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeLimits {
    /// The run is ended then.
    pub hard: Option<Duration>,
    /// The run is asked to end then.
    pub soft: Option<Duration>,
}

/// What to run and how. `eta` and `expires` are ISO 8601 texts, see [`crate::time`].
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    /// The language of who sent it: `py`, or `rs`. Nobody decides anything by it.
    pub lang: String,
    /// The name that the task is registered under.
    pub task: String,
    /// The id of the task, and of its result.
    pub id: String,
    /// The name to show instead of `task`.
    pub shadow: Option<String>,
    /// Not to be run before.
    pub eta: Option<String>,
    /// Not to be run after.
    pub expires: Option<String>,
    /// The group that it is a member of.
    pub group: Option<String>,
    /// Its place in the group.
    pub group_index: Option<i64>,
    /// Runs that came before this one at the task's own wish.
    pub retries: u32,
    /// Null for what the task's own say.
    pub timelimit: TimeLimits,
    /// The task that all of this began with, which may be itself.
    pub root_id: Option<String>,
    /// The task that sent this one.
    pub parent_id: Option<String>,
    /// The positional arguments as people see them.
    pub argsrepr: Option<String>,
    /// The arguments by name as people see them.
    pub kwargsrepr: Option<String>,
    /// Who sent it: `gen4711@host`.
    pub origin: Option<String>,
    /// `None` leaves it to the task.
    pub ignore_result: Option<bool>,
    /// How many tasks have put one in their place before this one.
    pub replaced_task_nesting: u32,
    /// Kept as it came: a list of names, or null.
    pub stamped_headers: Value,
    /// Kept as it came: an object, or null.
    pub stamps: Value,
    /// Headers that the protocol does not name: the user's own, `compression`, `redelivered`.
    pub extra: Map,
}

impl Headers {
    /// Headers that say what to run and leave all else unsaid, a root task's own `root_id` included.
    pub fn new(task: &str, id: &str) -> Self {
        Self {
            lang: "rs".to_owned(),
            task: task.to_owned(),
            id: id.to_owned(),
            shadow: None,
            eta: None,
            expires: None,
            group: None,
            group_index: None,
            retries: 0,
            timelimit: TimeLimits::default(),
            root_id: None,
            parent_id: None,
            argsrepr: None,
            kwargsrepr: None,
            origin: None,
            ignore_result: None,
            replaced_task_nesting: 0,
            stamped_headers: Value::Null,
            stamps: Value::Object(Map::new()),
            extra: Map::new(),
        }
    }

    /// Takes away what the delivery before this one has left: a message that is sent again starts anew.
    pub fn strip(&mut self) {
        if !self.extra.is_empty() {
            self.extra.retain(|name, _| !DELIVERY_HEADERS.contains(&name.as_str()));
        }
    }

    /// Reads headers.
    ///
    /// # Errors
    ///
    /// The first field that has another type than the protocol gives it, or `task` or `id` where it is missing:
    /// without them it is not a task of protocol 2.
    pub fn from_json(headers: Map) -> Result<Self, Mistyped> {
        let mut f = Fields(headers);
        let task = f.text("task")?.ok_or(Mistyped { name: "task", expected: "the name of a task" })?;
        let id = f.text("id")?.ok_or(Mistyped { name: "id", expected: "the id of a task" })?;
        Ok(Self {
            lang: f.text("lang")?.unwrap_or_default(),
            task,
            id,
            shadow: f.text("shadow")?,
            eta: f.text("eta")?,
            expires: f.text("expires")?,
            group: f.text("group")?,
            group_index: f.integer("group_index")?,
            retries: f.count("retries")?.unwrap_or(0),
            timelimit: limits_from(f.value("timelimit"))?,
            root_id: f.text("root_id")?,
            parent_id: f.text("parent_id")?,
            argsrepr: f.text("argsrepr")?,
            kwargsrepr: f.text("kwargsrepr")?,
            origin: f.text("origin")?,
            ignore_result: f.boolean("ignore_result")?,
            replaced_task_nesting: f.count("replaced_task_nesting")?.unwrap_or(0),
            stamped_headers: f.value("stamped_headers").unwrap_or_default(),
            stamps: f.value("stamps").unwrap_or_default(),
            extra: f.0,
        })
    }
}

/// `timelimit` is `[hard, soft]` in seconds, either of them null or a number with a fraction. Its page in Celery's
/// manual has the two the other way round; the code sends this.
fn limits_from(value: Option<Value>) -> Result<TimeLimits, Mistyped> {
    let wrong = Mistyped { name: "timelimit", expected: "a pair of seconds" };
    let second = |v: &Value| match v {
        Value::Null => Ok(None),
        v => {
            let seconds = v.as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok());
            seconds.map(Some).ok_or_else(|| wrong.clone())
        }
    };
    match value {
        None => Ok(TimeLimits::default()),
        Some(Value::Array(pair)) if pair.len() == 2 => {
            Ok(TimeLimits { hard: second(&pair[0])?, soft: second(&pair[1])? })
        }
        Some(_) => Err(wrong),
    }
}

pub(crate) fn seconds_to(limit: Option<Duration>) -> Value {
    match limit {
        None => Value::Null,
        Some(d) if d.subsec_nanos() == 0 => Value::from(d.as_secs()),
        Some(d) => Value::from(d.as_secs_f64()),
    }
}

/// Where a message was sent. The default exchange (an empty name) routes by queue name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryInfo {
    /// The exchange; empty is the default one.
    pub exchange: String,
    /// What the exchange routed by, the name of a queue mostly.
    pub routing_key: String,
    /// Set when a message went back to its queue after it had been delivered once.
    pub redelivered: bool,
}

/// How a message travels.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    /// The task's id again.
    pub correlation_id: Option<String>,
    /// The queue of who waits for the result by RPC. Results in Redis do without.
    pub reply_to: Option<String>,
    /// 2 is durable, 1 is not.
    pub delivery_mode: u8,
    /// The way that it took.
    pub delivery_info: DeliveryInfo,
    /// On Redis 0 is the most urgent and 9 the least.
    pub priority: u8,
    /// Made by the publisher; the key under which a message that was delivered and not settled is kept.
    pub delivery_tag: String,
    /// Properties that kombu does not name: `expiration`, `app_id` and whatever `apply_async` was given.
    pub extra: Map,
}

impl Default for Properties {
    fn default() -> Self {
        Self {
            correlation_id: None,
            reply_to: None,
            delivery_mode: 2,
            delivery_info: DeliveryInfo::default(),
            priority: 0,
            delivery_tag: String::new(),
            extra: Map::new(),
        }
    }
}

impl Properties {
    /// Reads properties. `body_encoding` belongs to the envelope and has to be taken out before.
    pub fn from_json(properties: Map) -> Result<Self, Mistyped> {
        let mut f = Fields(properties);
        let mut info = Fields(f.object("delivery_info")?);
        // A number out of range is taken as the nearest one: no reason to refuse a message.
        let small = |n: i64| u8::try_from(n.max(0)).unwrap_or(u8::MAX);
        Ok(Self {
            correlation_id: f.text("correlation_id")?,
            reply_to: f.text("reply_to")?,
            delivery_mode: f.integer("delivery_mode")?.map_or(2, small),
            delivery_info: DeliveryInfo {
                exchange: info.text("exchange")?.unwrap_or_default(),
                routing_key: info.text("routing_key")?.unwrap_or_default(),
                redelivered: info.boolean("redelivered")?.unwrap_or(false),
            },
            priority: f.integer("priority")?.map_or(0, small),
            delivery_tag: f.text("delivery_tag")?.unwrap_or_default(),
            extra: f.0,
        })
    }
}
