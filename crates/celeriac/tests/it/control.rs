//! Remote control answers as a Python worker does: the recorded requests, put to a worker that is in the recorded state.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac::control::{Autoscale, Commands, Handled, Held, Known, Panel, Phase, Raised, WorkerView};
use celeriac::event::Dispatcher;
use celeriac::pool::PoolInfo;
use celeriac::{Broadcast, Map, Queue, Request, Settings, TaskOptions, Value, value};
use celeriac_wire::control::Clock;
use celeriac_wire::{Message, TimeLimits, json};

const NODE: &str = "w1@host";

/// A worker that runs `running` and holds `reserved` and `later`, and does what it is told.
struct Puppet {
    held: Vec<Held>,
    revoked: Vec<String>,
    stamps: Map,
    rate_limit: Option<String>,
    queues: Vec<Queue>,
    size: i64,
    autoscale: Option<Autoscale>,
    stopping: bool,
}

impl Puppet {
    fn new(autoscale: bool) -> Self {
        let held = |phase, id: &str, task: &str, args: Vec<Value>| {
            let mut message = Message::new(task, id, args, Map::new());
            message.properties.delivery_info.routing_key = "celery".to_owned();
            let active = phase == Phase::Active;
            Held {
                phase,
                request: Arc::new(Request {
                    message,
                    queue: "celery".to_owned(),
                    hostname: NODE.to_owned(),
                    max_body: 1 << 20,
                }),
                eta: (phase == Phase::Scheduled).then(|| SystemTime::now() + Duration::from_secs(3600)),
                started: active.then(SystemTime::now),
                acknowledged: active,
                pid: active.then_some(7),
            }
        };
        let mut running = held(Phase::Active, "running", "bench.sleep", vec![Value::Int(600)]);
        let request = Arc::get_mut(&mut running.request).expect("nobody else has it");
        request.message.headers.stamps = value!({"mark": "mine"});
        let others = [
            held(Phase::Reserved, "reserved", "bench.sleep", vec![Value::Int(600)]),
            held(Phase::Scheduled, "later", "bench.add", vec![Value::Int(2), Value::Int(3)]),
        ];
        Self {
            held: [running].into_iter().chain(others).collect(),
            revoked: vec!["gone".to_owned()],
            stamps: Map::new(),
            rate_limit: Some("10/m".to_owned()),
            queues: vec![Queue::from("celery")],
            size: 1,
            autoscale: autoscale.then_some(Autoscale { max: 4, min: 1, current: 4, wanted: 6 }),
            stopping: false,
        }
    }
}

impl WorkerView for Puppet {
    fn uptime(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn totals(&self) -> Vec<(String, u64)> {
        vec![("bench.sleep".to_owned(), 1)]
    }

    fn prefetch_count(&self) -> usize {
        16
    }

    fn pool(&self) -> PoolInfo {
        PoolInfo {
            implementation: "celery.concurrency.prefork:TaskPool",
            size: 1,
            processes: vec![7],
            writes: vec![1],
            ..PoolInfo::default()
        }
    }

    fn autoscale(&self) -> Option<Autoscale> {
        self.autoscale
    }

    fn held(&self) -> Vec<Held> {
        self.held.clone()
    }

    fn tasks(&self) -> Vec<Known> {
        let builtin = [
            "celery.accumulate",
            "celery.backend_cleanup",
            "celery.chain",
            "celery.chord",
            "celery.chord_unlock",
            "celery.chunks",
            "celery.group",
            "celery.map",
            "celery.starmap",
        ];
        let known = |name: &str, rate_limit: Option<String>| Known {
            name: name.to_owned(),
            options: TaskOptions::default(),
            rate_limit,
            limits: TimeLimits::default(),
        };
        let own = [known("bench.sleep", None), known("bench.add", self.rate_limit.clone())];
        own.into_iter().chain(builtin.map(|name| known(name, None))).collect()
    }

    fn queues(&self) -> Vec<Queue> {
        self.queues.clone()
    }

    fn revoked(&self) -> Vec<String> {
        self.revoked.clone()
    }

    fn revoked_stamps(&self) -> Map {
        self.stamps.clone()
    }

    fn revoke(&mut self, ids: &[String]) {
        for id in ids {
            if !self.revoked.contains(id) {
                self.revoked.push(id.clone());
            }
        }
    }

    fn revoke_stamps(&mut self, header: &str, stamps: &[Value]) {
        self.stamps.insert(header.to_owned(), Value::Array(stamps.to_vec()));
    }

    fn terminate(&mut self, id: &str, _: i32) {
        self.held.retain(|held| held.request.headers().id != id);
    }

    fn set_rate_limit(&mut self, task: &str, limit: Option<&str>) -> bool {
        self.rate_limit = limit.map(str::to_owned);
        task == "bench.add"
    }

    fn set_time_limits(&mut self, task: &str, _: TimeLimits) -> bool {
        task == "bench.add"
    }

    fn resize(&mut self, by: i64) -> Result<(), String> {
        if by < 0 {
            return Err("ValueError(\"Can't shrink pool. All processes busy!\")".to_owned());
        }
        self.size += by;
        Ok(())
    }

    fn set_autoscale(&mut self, max: Option<usize>, min: Option<usize>) -> Option<(usize, usize)> {
        let autoscale = self.autoscale.as_mut()?;
        autoscale.max = max.unwrap_or(autoscale.max);
        autoscale.min = min.unwrap_or(autoscale.min);
        Some((autoscale.max, autoscale.min))
    }

    fn restart_pool(&mut self) {}

    fn add_queue(&mut self, queue: Queue) {
        if !self.queues.contains(&queue) {
            self.queues.push(queue);
        }
    }

    fn cancel_queue(&mut self, name: &str) {
        self.queues.retain(|queue| queue.name != name);
    }

    fn shut_down(&mut self) {
        self.stopping = true;
    }
}

/// A worker with its panel.
struct Node {
    puppet: Puppet,
    panel: Panel,
    events: Dispatcher,
}

impl Node {
    fn new(autoscale: bool, own: Commands) -> Self {
        let clock = Clock::default();
        let settings = Settings {
            broker_url: Some("redis://127.0.0.1:6379/0".to_owned()),
            result_backend: Some("redis://127.0.0.1:6379/0".to_owned()),
            ..Settings::default()
        };
        Self {
            puppet: Puppet::new(autoscale),
            panel: Panel::new(NODE, Arc::new(settings), clock.clone(), own),
            events: Dispatcher::new(NODE, clock, "celeryev", true),
        }
    }

    fn on(&mut self, body: Value) -> Handled {
        let headers = Map::from([("clock".to_owned(), Value::Int(3))]);
        let request = Broadcast { exchange: "celery.pidbox".to_owned(), headers, body, ..Broadcast::default() };
        self.panel.on(request, &mut self.puppet, &mut self.events)
    }

    /// The reply to a command; `None` when there is none.
    fn ask(&mut self, command: &str, arguments: &Value) -> Option<Value> {
        let handled = self.on(value!({
            "method": command,
            "arguments": arguments.clone(),
            "destination": [NODE],
            "pattern": null,
            "matcher": null,
            "ticket": "a-ticket",
            "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "an-oid"},
        }));
        let reply = handled.reply?;
        assert_eq!((reply.exchange.as_str(), reply.routing_key.as_str()), ("reply.celery.pidbox", "an-oid"));
        assert_eq!(reply.headers["ticket"], Value::from("a-ticket"));
        assert!(reply.headers["clock"].as_i64() > Some(3));
        Some(reply.body.get(NODE).expect("the reply is under the node's name").clone())
    }
}

/// What is wrong with a reply that should be as a recorded one: objects have at least its keys, lists are of its kind,
/// numbers are numbers, texts are texts.
fn unlike(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => theirs.iter().find_map(|(key, value)| match ours.get(key) {
            None => Some(format!("{at} lacks {key}")),
            Some(own) => unlike(own, value, &format!("{at}.{key}")),
        }),
        (Value::Array(ours), Value::Array(theirs)) => match (ours.as_slice(), theirs.as_slice()) {
            (_, []) => None,
            ([], _) => Some(format!("{at} is empty")),
            // What is a state and a message, and what is a list of the same.
            ([state, held], [Value::String(_), Value::Object(_)]) => {
                unlike(state, &theirs[0], at).or(unlike(held, &theirs[1], at))
            }
            (ours, [first, ..]) => ours.iter().find_map(|own| unlike(own, first, &format!("{at}[]"))),
        },
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => None,
        _ => Some(format!("{at} is {} and not like {}", json::write(ours), json::write(theirs))),
    }
}

/// Replies whose words depend on the machine, the moment or the settings.
const VARIES: &[&str] = &["report", "memsample", "memdump", "conf", "dump_conf", "stats", "clock"];
/// Garbage that Python does not look at in the states that were recorded.
const GARBAGE: &[(&str, &str)] = &[("pool_shrink", r#"{"n": "x"}"#)];

fn check(part: &str, node: &mut Node) {
    let golden = json::read(include_bytes!("../golden/control.json")).expect("the golden is json");
    let cases = golden.get(part).and_then(Value::as_array).expect("a list of cases");
    let mut wrong = Vec::new();
    for case in cases {
        let command = case.get("command").and_then(Value::as_str).expect("a command");
        let (arguments, theirs) = (case.get("arguments").expect("arguments"), case.get("reply").expect("a reply"));
        let words = json::write(arguments);
        if GARBAGE.contains(&(command, words.as_str())) || (command == "objgraph") {
            continue;
        }
        let ours = node.ask(command, arguments);
        let Some(ours) = ours else {
            assert_eq!(theirs, &Value::from("no reply"), "{command}");
            continue;
        };
        // With the defaults Python shows what is for its other backends, too; what both have is alike, but
        // for a time that is set in days there and in seconds here.
        let theirs = match (&ours, theirs) {
            (Value::Object(own), Value::Object(map)) if words.contains("with_defaults") => Value::Object(
                map.iter()
                    .filter(|(k, v)| {
                        *k != "result_expires" && own.contains_key(*k) && !v.is_null() && !own[*k].is_null()
                    })
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            ),
            (_, theirs) => theirs.clone(),
        };
        let theirs = &theirs;
        let said = theirs.get("ok").or(theirs.get("error")).is_some() && !VARIES.contains(&command);
        let problem = if said {
            (&ours != theirs).then(|| format!("{} instead of {}", json::write(&ours), json::write(theirs)))
        } else {
            unlike(&ours, theirs, command)
        };
        wrong.extend(problem.map(|problem| format!("{command} {words}: {problem}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_is_answered_as_a_python_worker_answers_it() {
    let mut node = Node::new(false, Commands::new());
    check("busy", &mut node);
    assert_eq!(node.puppet.size, 4);
    assert_eq!(node.puppet.queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["celery", "q3"]);
}

#[test]
fn every_command_is_answered_as_a_python_worker_that_scales_answers_it() {
    let mut node = Node::new(true, Commands::new());
    check("autoscale", &mut node);
    assert!(node.puppet.stopping);
}

#[test]
fn revoked_tasks_are_to_be_stored_before_the_reply_leaves() {
    let mut node = Node::new(false, Commands::new());
    let body = value!({"method": "revoke", "arguments": {"task_id": ["a", "b", "a"]}});
    let handled = node.on(body);
    assert_eq!(handled.revoked, ["a", "b"]);
    assert_eq!(handled.reply, None);
    assert_eq!(node.puppet.revoked, ["gone", "a", "b"]);
}

#[test]
fn a_heartbeat_is_asked_for() {
    let mut node = Node::new(false, Commands::new());
    assert!(node.on(value!({"method": "heartbeat"})).heartbeat);
}

#[test]
fn commands_of_the_program_are_answered_and_may_use_celerys() {
    let mut own = Commands::new();
    own.add("add_then_cancel", |call, arguments| {
        call.run("add_consumer", arguments.clone())?;
        call.run("cancel_consumer", arguments)?;
        Ok(Value::from(call.view.pending_operations()))
    });
    own.add("fails", |_, _| Err(Raised::new("RuntimeError", "on purpose")));
    let mut node = Node::new(false, own);
    assert_eq!(node.ask("add_then_cancel", &value!({"queue": "q9"})), Some(Value::Int(0)));
    assert_eq!(node.ask("fails", &value!({})), Some(value!({"error": "RuntimeError('on purpose')"})));
    assert_eq!(node.ask("ping", &value!({})), Some(value!({"ok": "pong"})));
    assert_eq!(node.puppet.queues.len(), 1);
}

#[test]
fn a_request_that_makes_no_sense_is_survived() {
    let mut node = Node::new(false, Commands::new());
    let bodies = [
        value!(null),
        value!([]),
        value!("ping"),
        value!({}),
        value!({"method": null}),
        value!({"method": ["ping"]}),
        value!({"method": "ping", "destination": 3}),
        value!({"method": "ping", "destination": [3, null]}),
        value!({"method": "ping", "pattern": "(", "matcher": "pcre"}),
        value!({"method": "ping", "pattern": "*", "matcher": "nosuch"}),
        value!({"method": "ping", "reply_to": "me"}),
        value!({"method": "ping", "reply_to": {"exchange": 1, "routing_key": 2}}),
    ];
    for body in bodies {
        assert_eq!(node.on(body.clone()), Handled::default(), "{}", json::write(&body));
    }
    let odd = [value!(null), value!([1]), value!("x"), value!(3), value!({"": [[[]]], "n": {"x": f64::INFINITY}})];
    for command in ["ping", "revoke", "rate_limit", "time_limit", "autoscale", "pool_grow", "hello", "registered"] {
        for arguments in &odd {
            assert!(node.ask(command, arguments).is_some(), "{command} {}", json::write(arguments));
        }
        for name in ["task_id", "ids", "n", "max", "soft", "task_name", "rate_limit", "from_node", "taskinfoitems"] {
            for argument in &odd {
                let arguments = Value::Object(Map::from([(name.to_owned(), argument.clone())]));
                assert!(node.ask(command, &arguments).is_some(), "{command} {}", json::write(&arguments));
            }
        }
    }
}

#[test]
fn the_pool_is_not_asked_for_more_than_it_could_count() {
    let mut node = Node::new(false, Commands::new());
    assert_eq!(node.ask("pool_grow", &value!({"n": -5})), Some(value!({"ok": "pool will grow"})));
    assert_eq!(node.puppet.size, 1);
}
