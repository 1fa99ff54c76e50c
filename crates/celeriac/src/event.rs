//! Tells whoever listens what happens: stamps events, batches those of tasks, and hands them to the worker's turns.

use std::time::{Duration, SystemTime};

use celeriac_wire::control::Clock;
use celeriac_wire::event::{BATCH, Event, Load, Received, Sent, Stamp, WorkerEvent, group, routing_key, timestamp};
use celeriac_wire::{Map, Outgoing, Value, time};

use crate::broker::Broadcast;

/// How often a worker says that it is alive. Monitors wait for twice as long.
pub const HEARTBEAT: Duration = Duration::from_secs(2);

/// Events kept while the broker is away: some megabytes. What is older is of no use to a monitor.
const MAX_KEPT: usize = 10_000;

/// Which groups of events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Groups {
    /// Those of workers only: tasks are told of when somebody asks for it.
    Worker,
    /// Those of tasks too, since somebody has asked.
    Asked,
    /// All, by the worker's own settings. Nobody can switch that off.
    All,
}

/// Collects events until a turn of the worker takes them along.
#[derive(Debug)]
pub struct Dispatcher {
    exchange: String,
    stamp: Stamp,
    clock: Clock,
    /// What it says of how often it says that it is alive.
    beat: Duration,
    groups: Groups,
    /// Documents of tasks, to travel in batches.
    tasks: Vec<Value>,
    /// Whatever travels alone.
    others: Vec<Broadcast>,
    dropped: u64,
}

impl Dispatcher {
    /// A dispatcher for the worker `hostname`. With `all` it sends events of tasks, and of the program's own groups,
    /// from the start (`-E`); without, when it is told to.
    pub fn new(hostname: &str, clock: Clock, exchange: &str, all: bool) -> Self {
        Self {
            exchange: exchange.to_owned(),
            stamp: Stamp {
                hostname: hostname.to_owned(),
                utcoffset: utcoffset(),
                pid: std::process::id(),
                clock: 0,
                timestamp: 0.0,
            },
            clock,
            beat: HEARTBEAT,
            groups: if all { Groups::All } else { Groups::Worker },
            tasks: Vec::new(),
            others: Vec::new(),
            dropped: 0,
        }
    }

    /// Says that the worker tells of itself so often: monitors give it up after twice that time.
    pub fn beats_every(self, beat: Duration) -> Self {
        Self { beat, ..self }
    }

    /// Whether events of tasks are sent: without, nobody has to make any.
    pub fn wants_tasks(&self) -> bool {
        self.groups != Groups::Worker
    }

    /// Switches events of tasks on or off; false if that changes nothing.
    pub fn set_task_events(&mut self, on: bool) -> bool {
        let (from, to) = if on { (Groups::Worker, Groups::Asked) } else { (Groups::Asked, Groups::Worker) };
        let changes = self.groups == from;
        if changes {
            self.groups = to;
        }
        changes
    }

    /// Takes an event, to be sent with the next turn. One of a group that is not sent is dropped.
    pub fn emit(&mut self, event: &Event, now: SystemTime) {
        let group = group(event.kind());
        let wanted = match group {
            "worker" => true,
            "task" => self.wants_tasks(),
            _ => self.groups == Groups::All,
        };
        if !wanted {
            return;
        }
        self.stamp.clock = self.clock.forward();
        self.stamp.timestamp = timestamp(now);
        let document = event.to_value(&self.stamp);
        if group != "task" {
            let message = self.message(routing_key(event.kind()), document);
            self.others.push(message);
        } else if self.tasks.len() < MAX_KEPT {
            self.tasks.push(document);
        } else {
            self.dropped += 1;
        }
    }

    /// Tells how the worker is.
    pub fn worker(&mut self, event: WorkerEvent, active: u64, processed: u64, now: SystemTime) {
        // The offset changes twice a year in many places.
        self.stamp.utcoffset = utcoffset();
        let load = Load {
            freq: self.beat.as_secs_f64(),
            active,
            processed,
            loadavg: loadavg(),
            sw_ident: "celeriac".to_owned(),
            sw_ver: env!("CARGO_PKG_VERSION").to_owned(),
            sw_sys: if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS }.to_owned(),
        };
        self.emit(&Event::Worker(event, Box::new(load)), now);
    }

    /// Tells of a message that a task has sent, in the name of the process that did: whoever sends has a name of its own
    /// in Celery, and no switch but `task_send_sent_event`.
    pub fn sent(&mut self, outgoing: &Outgoing, origin: &str, now: SystemTime) {
        if self.others.len() >= MAX_KEPT {
            self.dropped += 1;
            return;
        }
        let stamp = Stamp {
            hostname: origin.to_owned(),
            clock: self.clock.forward(),
            timestamp: timestamp(now),
            ..self.stamp.clone()
        };
        self.others.push(sent(outgoing, &stamp, &self.exchange));
    }

    /// Whether nothing has been collected since it was handed over last.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.others.is_empty()
    }

    /// Hands over what has been collected, in messages.
    pub fn take(&mut self) -> Vec<Broadcast> {
        if self.dropped > 0 {
            tracing::warn!(events = self.dropped, "events were dropped: the broker did not take them");
            self.dropped = 0;
        }
        let mut messages = std::mem::take(&mut self.others);
        let mut tasks = std::mem::take(&mut self.tasks).into_iter();
        loop {
            let batch: Vec<Value> = tasks.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return messages;
            }
            messages.push(self.message("task.multi".to_owned(), Value::Array(batch)));
        }
    }

    fn message(&self, routing_key: String, body: Value) -> Broadcast {
        message(&self.exchange, &self.stamp.hostname, routing_key, body)
    }
}

fn message(exchange: &str, hostname: &str, routing_key: String, body: Value) -> Broadcast {
    let headers = Map::from([("hostname".to_owned(), Value::from(hostname))]);
    Broadcast { exchange: exchange.to_owned(), routing_key, headers, body }
}

/// `task-sent` for a message.
pub(crate) fn sent(outgoing: &Outgoing, stamp: &Stamp, event_exchange: &str) -> Broadcast {
    let headers = &outgoing.message.headers;
    let (exchange, key) = match outgoing.exchange.as_str() {
        "" => ("", &outgoing.queue),
        exchange => (exchange, &outgoing.routing_key),
    };
    let sent = Event::TaskSent(Box::new(Sent {
        received: Received {
            uuid: headers.id.clone(),
            name: headers.task.clone(),
            args: headers.argsrepr.clone(),
            kwargs: headers.kwargsrepr.clone(),
            root_id: headers.root_id.clone(),
            parent_id: headers.parent_id.clone(),
            retries: headers.retries,
            eta: outgoing.eta.map(time::format),
            expires: outgoing.expires.map(time::format).or_else(|| headers.expires.clone()),
        },
        queue: Some(outgoing.queue.clone()),
        exchange: exchange.to_owned(),
        routing_key: key.clone(),
    }));
    message(event_exchange, &stamp.hostname, routing_key(sent.kind()), sent.to_value(stamp))
}

/// Hours by which local time is behind UTC, as Python counts them: positive in America, rounded towards the east.
pub(crate) fn utcoffset() -> i32 {
    (-chrono::Local::now().offset().local_minus_utc()).div_euclid(3600)
}

/// The load of the machine over 1, 5 and 15 minutes; zeros where the system does not say.
fn loadavg() -> [f64; 3] {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut loads = text.split_whitespace().map(|load| load.parse().unwrap_or(0.0));
    std::array::from_fn(|_| loads.next().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use celeriac_wire::Message;

    fn started(n: usize) -> Event {
        Event::TaskStarted { uuid: n.to_string() }
    }

    fn dispatcher(all: bool) -> Dispatcher {
        Dispatcher::new("w1@host", Clock::default(), "celeryev", all)
    }

    #[test]
    fn task_events_travel_in_batches_in_their_order() {
        let mut events = dispatcher(true);
        for n in 0..50 {
            events.emit(&started(n), SystemTime::now());
        }
        let messages = events.take();
        assert!(events.is_empty());
        let sizes: Vec<_> = messages.iter().map(|message| message.body.as_array().unwrap().len()).collect();
        assert_eq!(sizes, [24, 24, 2]);
        assert!(messages.iter().all(|message| message.routing_key == "task.multi" && message.exchange == "celeryev"));
        let first = &messages[0].body.as_array().unwrap()[1];
        assert_eq!((first.get("uuid"), first.get("clock")), (Some(&Value::from("1")), Some(&Value::Int(2))));
        assert_eq!(messages[0].headers["hostname"], Value::from("w1@host"));
    }

    #[test]
    fn workers_are_told_of_alone_and_always() {
        let mut events = dispatcher(false).beats_every(Duration::from_millis(500));
        events.worker(WorkerEvent::Online, 1, 2, SystemTime::now());
        let messages = events.take();
        assert_eq!(messages[0].routing_key, "worker.online");
        assert_eq!(messages[0].body.get("processed"), Some(&Value::Int(2)));
        assert_eq!(messages[0].body.get("freq"), Some(&Value::Float(0.5)));
    }

    #[test]
    fn tasks_are_told_of_when_somebody_asks() {
        let mut events = dispatcher(false);
        events.emit(&started(1), SystemTime::now());
        assert!(events.is_empty());
        assert!(events.set_task_events(true));
        assert!(!events.set_task_events(true));
        events.emit(&started(1), SystemTime::now());
        assert_eq!(events.take().len(), 1);
        assert!(events.set_task_events(false));
        events.emit(&started(1), SystemTime::now());
        assert!(events.is_empty());
    }

    #[test]
    fn a_sent_task_is_told_of_by_who_sent_it() {
        let mut events = dispatcher(false);
        let message = Message::new("tasks.add", "an-id", vec![Value::Int(1)], Map::new());
        let outgoing = Outgoing { queue: "letters".to_owned(), ..Outgoing::of(message) };
        events.sent(&outgoing, "gen7@host", SystemTime::now());
        let message = events.take().pop().unwrap();
        assert_eq!((message.routing_key.as_str(), message.exchange.as_str()), ("task.sent", "celeryev"));
        let told = |name: &str| message.body.get(name).cloned().unwrap();
        for (name, value) in
            [("uuid", "an-id"), ("name", "tasks.add"), ("queue", "letters"), ("routing_key", "letters")]
        {
            assert_eq!(told(name), Value::from(value), "{name}");
        }
        assert_eq!((told("hostname"), told("exchange")), (Value::from("gen7@host"), Value::from("")));
        assert_eq!((told("retries"), told("eta"), told("clock")), (Value::Int(0), Value::Null, Value::Int(1)));
    }

    #[test]
    fn what_the_settings_switch_on_nobody_switches_off() {
        let mut events = dispatcher(true);
        assert!(!events.set_task_events(true));
        assert!(!events.set_task_events(false));
        assert!(events.wants_tasks());
    }

    #[test]
    fn no_more_events_are_kept_than_a_monitor_could_use() {
        let mut events = dispatcher(true);
        for n in 0..MAX_KEPT + 1 {
            events.emit(&started(n), SystemTime::now());
        }
        let kept: usize = events.take().iter().map(|message| message.body.as_array().unwrap().len()).sum();
        assert_eq!(kept, MAX_KEPT);
    }
}
