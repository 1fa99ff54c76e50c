//! Events: what workers and clients tell whoever listens (`celery events`, Flower).
//!
//! Task events of a worker travel in batches, a JSON list under the routing key `task.multi`; all others alone, under
//! their name with a dot for the dash.

use std::time::SystemTime;

use crate::value::{Map, Value};

/// How many task events Celery's dispatcher puts into one message at most.
pub const BATCH: usize = 24;

/// Something that happened. Texts in `args`, `kwargs`, `result` and `exception` are Python reprs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A client has sent a task.
    TaskSent(Box<Sent>),
    /// A worker has taken the message.
    TaskReceived(Box<Received>),
    /// A run begins.
    TaskStarted {
        /// The task's id.
        uuid: String,
    },
    /// The task has returned.
    TaskSucceeded {
        /// The task's id.
        uuid: String,
        /// What it has returned.
        result: String,
        /// Seconds; `None` where the run itself was not seen (its success was found stored).
        runtime: Option<f64>,
    },
    /// The task has failed for good.
    TaskFailed {
        /// The task's id.
        uuid: String,
        /// What it has raised.
        exception: String,
        /// As Python would print it.
        traceback: Option<String>,
    },
    /// The task has failed, or wished it, and runs again.
    TaskRetried {
        /// The task's id.
        uuid: String,
        /// Why it is to run again.
        exception: String,
        /// As Python would print it.
        traceback: Option<String>,
    },
    /// The task does not run, or runs no more, as somebody has asked for.
    TaskRevoked {
        /// The task's id.
        uuid: String,
        /// Whether it was running.
        terminated: bool,
        /// The number of the signal that ended it.
        signum: Option<i32>,
        /// Whether nobody has asked and its time was over.
        expired: bool,
    },
    /// The message was rejected, by the task or by its worker.
    TaskRejected {
        /// The task's id.
        uuid: String,
        /// Whether it went back to its queue.
        requeue: bool,
    },
    /// A run was given up because the connection or the worker went away; it will run again.
    TaskCancelled {
        /// The task's id.
        uuid: String,
    },
    /// A worker comes, lives or goes.
    Worker(WorkerEvent, Box<Load>),
    /// Of the program's own, or of a later Celery.
    Custom {
        /// Group and name with a dash between: `task-progress`.
        kind: String,
        /// What it says besides. What all events have comes from its [`Stamp`].
        fields: Map,
    },
}

/// The task message that a client has sent, and where to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sent {
    /// The message, as its receiver would tell of it.
    pub received: Received,
    /// The queue, where one was named.
    pub queue: Option<String>,
    /// The exchange; empty is the default one.
    pub exchange: String,
    /// What the exchange routes by.
    pub routing_key: String,
}

/// What a task event tells of the message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// The task's id.
    pub uuid: String,
    /// The task's name.
    pub name: String,
    /// The positional arguments.
    pub args: Option<String>,
    /// The arguments by name.
    pub kwargs: Option<String>,
    /// The task that all of this began with.
    pub root_id: Option<String>,
    /// The task that sent this one.
    pub parent_id: Option<String>,
    /// Runs that came before at the task's own wish.
    pub retries: u32,
    /// ISO 8601.
    pub eta: Option<String>,
    /// ISO 8601.
    pub expires: Option<String>,
}

/// What a worker says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerEvent {
    /// It has begun to consume.
    Online,
    /// It is alive, which it says every few seconds.
    Heartbeat,
    /// It ends in order.
    Offline,
}

impl WorkerEvent {
    fn kind(self) -> &'static str {
        match self {
            Self::Online => "worker-online",
            Self::Heartbeat => "worker-heartbeat",
            Self::Offline => "worker-offline",
        }
    }
}

/// How a worker is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Seconds until the next heartbeat. Monitors give a worker up after twice as long.
    pub freq: f64,
    /// Tasks that run.
    pub active: u64,
    /// Runs that have begun since the start.
    pub processed: u64,
    /// The load average of its machine over 1, 5 and 15 minutes.
    pub loadavg: [f64; 3],
    /// The name of the worker's program.
    pub sw_ident: String,
    /// The version of the worker's program.
    pub sw_ver: String,
    /// The operating system.
    pub sw_sys: String,
}

/// Who tells of an event, and when: the fields that all events have.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamp {
    /// The node: `celery@host`.
    pub hostname: String,
    /// Hours by which local time is behind UTC: positive in America.
    pub utcoffset: i32,
    /// The process.
    pub pid: u32,
    /// Lamport's, see [`crate::control::Clock`].
    pub clock: u64,
    /// Seconds since 1970.
    pub timestamp: f64,
}

/// Seconds since 1970, as events count time.
pub fn timestamp(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// The part of a kind that decides who gets to hear of it: `task` or `worker`, mostly.
pub fn group(kind: &str) -> &str {
    kind.split_once('-').map_or(kind, |(group, _)| group)
}

/// The routing key under which an event travels alone.
pub fn routing_key(kind: &str) -> String {
    kind.replace('-', ".")
}

impl Event {
    /// The name: `task-received`.
    pub fn kind(&self) -> &str {
        match self {
            Self::TaskSent(_) => "task-sent",
            Self::TaskReceived(_) => "task-received",
            Self::TaskStarted { .. } => "task-started",
            Self::TaskSucceeded { .. } => "task-succeeded",
            Self::TaskFailed { .. } => "task-failed",
            Self::TaskRetried { .. } => "task-retried",
            Self::TaskRevoked { .. } => "task-revoked",
            Self::TaskRejected { .. } => "task-rejected",
            Self::TaskCancelled { .. } => "task-cancelled",
            Self::Worker(event, _) => event.kind(),
            Self::Custom { kind, .. } => kind,
        }
    }

    /// The id of the task that a task event is about.
    pub fn uuid(&self) -> Option<&str> {
        match self {
            Self::TaskSent(sent) => Some(&sent.received.uuid),
            Self::TaskReceived(received) => Some(&received.uuid),
            Self::TaskStarted { uuid }
            | Self::TaskSucceeded { uuid, .. }
            | Self::TaskFailed { uuid, .. }
            | Self::TaskRetried { uuid, .. }
            | Self::TaskRevoked { uuid, .. }
            | Self::TaskRejected { uuid, .. }
            | Self::TaskCancelled { uuid } => Some(uuid),
            Self::Worker(..) => None,
            Self::Custom { fields, .. } => fields.get("uuid").and_then(Value::as_str),
        }
    }

    /// The document that travels.
    pub fn to_value(&self, stamp: &Stamp) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| {
            map.insert(name.to_owned(), value);
        };
        put("hostname", Value::from(&stamp.hostname));
        put("utcoffset", Value::from(stamp.utcoffset));
        put("pid", Value::from(stamp.pid));
        put("clock", Value::from(stamp.clock));
        match self {
            Self::TaskSent(sent) => {
                received_to(&sent.received, &mut put);
                put("queue", sent.queue.as_deref().into());
                put("exchange", Value::from(&sent.exchange));
                put("routing_key", Value::from(&sent.routing_key));
            }
            Self::TaskReceived(received) => received_to(received, &mut put),
            Self::TaskStarted { uuid } | Self::TaskCancelled { uuid } => put("uuid", Value::from(uuid)),
            Self::TaskSucceeded { uuid, result, runtime } => {
                put("uuid", Value::from(uuid));
                put("result", Value::from(result));
                put("runtime", Value::from(*runtime));
            }
            Self::TaskFailed { uuid, exception, traceback } | Self::TaskRetried { uuid, exception, traceback } => {
                put("uuid", Value::from(uuid));
                put("exception", Value::from(exception));
                if let Some(traceback) = traceback {
                    put("traceback", Value::from(traceback));
                }
            }
            Self::TaskRevoked { uuid, terminated, signum, expired } => {
                put("uuid", Value::from(uuid));
                put("terminated", Value::from(*terminated));
                put("signum", Value::from(*signum));
                put("expired", Value::from(*expired));
            }
            Self::TaskRejected { uuid, requeue } => {
                put("uuid", Value::from(uuid));
                put("requeue", Value::from(*requeue));
            }
            Self::Worker(_, load) => {
                put("freq", Value::from(load.freq));
                put("active", Value::from(load.active));
                put("processed", Value::from(load.processed));
                put("loadavg", Value::Array(load.loadavg.map(Value::from).to_vec()));
                put("sw_ident", Value::from(&load.sw_ident));
                put("sw_ver", Value::from(&load.sw_ver));
                put("sw_sys", Value::from(&load.sw_sys));
            }
            Self::Custom { fields, .. } => map.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone()))),
        }
        // A program's own event may bring its time along.
        map.entry("timestamp".to_owned()).or_insert(Value::Float(stamp.timestamp));
        map.insert("type".to_owned(), Value::from(self.kind()));
        Value::Object(map)
    }

    /// Reads a document. A field of a wrong type is as one that is missing; an event with a field missing without
    /// which it says nothing is [`Event::Custom`]. `None` for what is no event: no object, or one without a `type`.
    pub fn from_value(value: Value) -> Option<(Self, Stamp)> {
        let Value::Object(mut map) = value else { return None };
        let Some(Value::String(kind)) = map.shift_remove("type") else { return None };
        let number = |name: &str| map.get(name).and_then(Value::as_i64);
        let stamp = Stamp {
            hostname: text(&map, "hostname").unwrap_or_default(),
            utcoffset: number("utcoffset").and_then(|n| i32::try_from(n).ok()).unwrap_or(0),
            pid: number("pid").and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            clock: number("clock").and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
            timestamp: map.get("timestamp").and_then(Value::as_f64).unwrap_or(0.0),
        };
        for name in ["hostname", "utcoffset", "pid", "clock", "timestamp"] {
            map.shift_remove(name);
        }
        let event = Self::known(&kind, &map).unwrap_or(Self::Custom { kind, fields: map });
        Some((event, stamp))
    }

    fn known(kind: &str, map: &Map) -> Option<Self> {
        let uuid = || text(map, "uuid");
        let flag = |name: &str| map.get(name).and_then(Value::as_bool).unwrap_or(false);
        Some(match kind {
            "task-sent" => Self::TaskSent(Box::new(Sent {
                received: received_from(map)?,
                queue: text(map, "queue"),
                exchange: text(map, "exchange").unwrap_or_default(),
                routing_key: text(map, "routing_key").unwrap_or_default(),
            })),
            "task-received" => Self::TaskReceived(Box::new(received_from(map)?)),
            "task-started" => Self::TaskStarted { uuid: uuid()? },
            "task-cancelled" => Self::TaskCancelled { uuid: uuid()? },
            "task-succeeded" => Self::TaskSucceeded {
                uuid: uuid()?,
                result: text(map, "result")?,
                runtime: map.get("runtime").and_then(Value::as_f64),
            },
            "task-failed" => Self::TaskFailed {
                uuid: uuid()?,
                exception: text(map, "exception")?,
                traceback: text(map, "traceback"),
            },
            "task-retried" => Self::TaskRetried {
                uuid: uuid()?,
                exception: text(map, "exception")?,
                traceback: text(map, "traceback"),
            },
            "task-revoked" => Self::TaskRevoked {
                uuid: uuid()?,
                terminated: flag("terminated"),
                signum: map.get("signum").and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok()),
                expired: flag("expired"),
            },
            "task-rejected" => Self::TaskRejected { uuid: uuid()?, requeue: flag("requeue") },
            "worker-online" => Self::Worker(WorkerEvent::Online, Box::new(load_from(map))),
            "worker-heartbeat" => Self::Worker(WorkerEvent::Heartbeat, Box::new(load_from(map))),
            "worker-offline" => Self::Worker(WorkerEvent::Offline, Box::new(load_from(map))),
            _ => return None,
        })
    }
}

fn text(map: &Map, name: &str) -> Option<String> {
    map.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn received_to(received: &Received, put: &mut impl FnMut(&str, Value)) {
    put("uuid", Value::from(&received.uuid));
    put("name", Value::from(&received.name));
    put("args", received.args.as_deref().into());
    put("kwargs", received.kwargs.as_deref().into());
    put("root_id", received.root_id.as_deref().into());
    put("parent_id", received.parent_id.as_deref().into());
    put("retries", Value::from(received.retries));
    put("eta", received.eta.as_deref().into());
    put("expires", received.expires.as_deref().into());
}

fn received_from(map: &Map) -> Option<Received> {
    Some(Received {
        uuid: text(map, "uuid")?,
        name: text(map, "name")?,
        args: text(map, "args"),
        kwargs: text(map, "kwargs"),
        root_id: text(map, "root_id"),
        parent_id: text(map, "parent_id"),
        retries: map.get("retries").and_then(Value::as_i64).and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        eta: text(map, "eta"),
        expires: text(map, "expires"),
    })
}

fn load_from(map: &Map) -> Load {
    let count = |name: &str| map.get(name).and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let loadavg = map.get("loadavg").and_then(Value::as_array).unwrap_or_default();
    Load {
        freq: map.get("freq").and_then(Value::as_f64).unwrap_or(0.0),
        active: count("active"),
        processed: count("processed"),
        loadavg: std::array::from_fn(|i| loadavg.get(i).and_then(Value::as_f64).unwrap_or(0.0)),
        sw_ident: text(map, "sw_ident").unwrap_or_default(),
        sw_ver: text(map, "sw_ver").unwrap_or_default(),
        sw_sys: text(map, "sw_sys").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp { hostname: "w1@host".to_owned(), utcoffset: -2, pid: 7, clock: 12, timestamp: 1.5 }
    }

    fn all() -> Vec<Event> {
        let uuid = || "an-id".to_owned();
        let received =
            Received { uuid: uuid(), name: "tasks.add".into(), args: Some("(2, 3)".into()), ..Default::default() };
        vec![
            Event::TaskSent(Box::new(Sent {
                received: received.clone(),
                queue: Some("q".into()),
                ..Default::default()
            })),
            Event::TaskReceived(Box::new(received)),
            Event::TaskStarted { uuid: uuid() },
            Event::TaskSucceeded { uuid: uuid(), result: "5".into(), runtime: Some(0.25) },
            Event::TaskSucceeded { uuid: uuid(), result: "5".into(), runtime: None },
            Event::TaskFailed { uuid: uuid(), exception: "ValueError('x')".into(), traceback: Some("tb".into()) },
            Event::TaskRetried { uuid: uuid(), exception: "ValueError('x')".into(), traceback: None },
            Event::TaskRevoked { uuid: uuid(), terminated: true, signum: Some(15), expired: false },
            Event::TaskRejected { uuid: uuid(), requeue: true },
            Event::TaskCancelled { uuid: uuid() },
            Event::Worker(WorkerEvent::Heartbeat, Box::new(Load { freq: 2.0, active: 1, ..Default::default() })),
            Event::Custom { kind: "task-progress".into(), fields: Map::from([("done".to_owned(), Value::Int(3))]) },
        ]
    }

    #[test]
    fn what_is_told_is_understood() {
        for event in all() {
            assert_eq!(Event::from_value(event.to_value(&stamp())), Some((event, stamp())));
        }
    }

    #[test]
    fn events_have_the_fields_of_celery_in_its_order() {
        #[track_caller]
        fn check(event: &Event, fields: &str) {
            let Value::Object(map) = event.to_value(&stamp()) else { panic!("an object") };
            assert_eq!(map.keys().map(String::as_str).collect::<Vec<_>>().join(" "), fields);
        }
        let events = all();
        let head = "hostname utcoffset pid clock";
        let task = "uuid name args kwargs root_id parent_id retries eta expires";
        check(&events[0], &format!("{head} {task} queue exchange routing_key timestamp type"));
        check(&events[1], &format!("{head} {task} timestamp type"));
        check(&events[3], &format!("{head} uuid result runtime timestamp type"));
        check(&events[7], &format!("{head} uuid terminated signum expired timestamp type"));
        check(&events[10], &format!("{head} freq active processed loadavg sw_ident sw_ver sw_sys timestamp type"));
    }

    #[test]
    fn what_is_no_event_is_none_and_a_broken_one_is_kept() {
        assert_eq!(Event::from_value(Value::Null), None);
        assert_eq!(Event::from_value(Value::Object(Map::from([("type".into(), Value::Int(1))]))), None);
        let broken = Value::Object(Map::from([
            ("type".to_owned(), Value::from("task-started")),
            ("uuid".to_owned(), Value::Int(3)),
            ("clock".to_owned(), Value::Int(-1)),
        ]));
        let (event, stamp) = Event::from_value(broken).unwrap();
        let fields = Map::from([("uuid".to_owned(), Value::Int(3))]);
        assert_eq!(event, Event::Custom { kind: "task-started".into(), fields });
        assert_eq!(stamp.clock, 0);
    }

    #[test]
    fn names_become_groups_and_keys() {
        assert_eq!(group("task-received"), "task");
        assert_eq!(group("odd"), "odd");
        assert_eq!(routing_key("worker-elect-ack"), "worker.elect.ack");
    }
}
