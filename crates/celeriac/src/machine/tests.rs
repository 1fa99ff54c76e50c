//! The machine as tables: a script of events, and the text of everything it decided.

use std::fmt::Write as _;
use std::time::UNIX_EPOCH;

use celeriac_wire::{Map, Message, envelope, time, value};
use serde::Deserialize;

use super::*;
use crate::broker::Outgoing;
use crate::context::Context;
use crate::task::{Stop, Task, TaskOptions};

#[derive(Deserialize)]
struct Nothing {}

macro_rules! task {
    ($name:ident, $wire:literal, $options:expr) => {
        struct $name;

        impl Task for $name {
            const NAME: &'static str = $wire;
            const PARAMETERS: &'static [&'static str] = &[];
            type Args = Nothing;
            type Reply = ();

            fn options(&self) -> TaskOptions {
                $options
            }

            fn run(&self, _: &Context, _: Nothing) -> Outcome<()> {
                Ok(())
            }
        }
    };
}

task!(Early, "early", TaskOptions::default());
task!(
    Late,
    "late",
    TaskOptions { acks_late: Some(true), track_started: Some(true), max_retries: Some(1), ..TaskOptions::default() }
);
task!(Quiet, "quiet", TaskOptions { ignore_result: Some(true), ..TaskOptions::default() });

/// A machine at a time of its own, and the record of what it did.
struct Scene {
    machine: Machine,
    now: SystemTime,
    log: String,
}

fn epoch() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

impl Scene {
    fn new(concurrency: usize, prefetch: usize) -> Self {
        let mut registry = Registry::new();
        registry.task(Early).task(Late).task(Quiet);
        let settings = Settings {
            worker_prefetch_multiplier: prefetch / concurrency,
            worker_eta_task_limit: Some(3),
            ..Settings::default()
        };
        let config = Config { hostname: "w@h".into(), pid: 7, concurrency, autoscale: None, settings };
        Self { machine: Machine::new(config, &registry), now: epoch(), log: String::new() }
    }

    fn on(&mut self, event: Event) -> &mut Self {
        for action in self.machine.on(event, self.now) {
            let line = match action {
                Action::Submit(job) => format!("submit {}", job.id.0),
                Action::Settle(tag, settle) => format!("{settle:?} {tag}"),
                Action::Store(record) => {
                    let end = if record.date_done.is_some() { " (end)" } else { "" };
                    format!("store {} {} {}{end}", record.task_id, record.status, record.result)
                }
                Action::Step(Step::Publish(out)) => {
                    let eta = out.eta.map(|at| at.duration_since(epoch()).unwrap().as_secs());
                    let headers = &out.message.headers;
                    let (id, retries) = (&headers.id, headers.retries);
                    format!("publish {id} to {} retries {retries} priority {} eta {eta:?}", out.queue, out.priority)
                }
                Action::Emit(notice) => format!("tell {} {:?}", notice.request.id(), notice.what),
                Action::Finish(ended) => {
                    let Ended { id, record, stores, failure, replacement, .. } = *ended;
                    let failed = if failure.is_some() { " failed" } else { "" };
                    let replaced = if replacement.is_some() { " replaced" } else { "" };
                    format!("finish {} {} stores {stores}{failed}{replaced}", id.0, record.status)
                }
                Action::Look(job, id) => format!("look {} {id}", job.0),
                Action::Terminate(job, signal) => format!("terminate {} {signal}", job.0),
                Action::Resize(size) => format!("resize {size}"),
                Action::Step(step) => format!("{step:?}"),
            };
            writeln!(self.log, "{line}").unwrap();
        }
        self
    }

    /// All that was to be settled is.
    fn settles(&mut self) -> &mut Self {
        self.machine.departs();
        self.on(Event::Settled)
    }

    /// Delivers a message whose tag is its id in capitals.
    fn deliver(&mut self, task: &str, id: &str) -> &mut Self {
        self.deliver_with(task, id, |_| {})
    }

    fn deliver_with(&mut self, task: &str, id: &str, change: impl FnOnce(&mut Message)) -> &mut Self {
        let mut message = Message::new(task, id, Vec::new(), Map::new());
        change(&mut message);
        let delivery = Delivery { tag: Tag(id.to_uppercase()), queue: "q".into(), message: Ok(message) };
        self.on(Event::Delivered(Box::new(delivery)))
    }

    fn ends(&mut self, job: u64, outcome: Outcome<Value>) -> &mut Self {
        self.on(Event::Finished { id: JobId(job), outcome, runtime: Duration::from_secs(1) })
    }

    fn begins(&mut self, job: u64) -> &mut Self {
        let at = self.now;
        self.on(Event::Accepted { id: JobId(job), pid: 7, at })
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self.on(Event::Tick)
    }

    /// Writes the whole state into the log.
    fn state(&mut self) -> &mut Self {
        let machine = &self.machine;
        let wake = machine.wake().map(|at| at.duration_since(epoch()).unwrap().as_secs());
        let mut text = format!("= credit {} wake {wake:?}", machine.credit());
        for (id, held) in &machine.jobs {
            let acked = if held.acked { " acked" } else { "" };
            write!(text, ", {} {} {:?}{acked}", id.0, held.tag, held.phase).unwrap();
        }
        writeln!(self.log, "{text}").unwrap();
        self
    }

    #[track_caller]
    fn check(&mut self, expected: &str) {
        let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let found: Vec<&str> = self.log.lines().collect();
        assert_eq!(found, expected, "\n{}", self.log);
        self.log.clear();
    }
}

fn at(seconds: u64) -> Option<String> {
    Some(time::format(epoch() + Duration::from_secs(seconds)))
}

fn bad() -> Failure {
    Failure::builtin("ValueError", "bad")
}

const BAD: &str = r#"{"exc_type": "ValueError", "exc_message": ["bad"], "exc_module": "builtins"}"#;

#[test]
fn jobs_beyond_those_that_run_are_ahead() {
    let mut scene = Scene::new(1, 4);
    scene.on(Event::Resized { size: 1, capacity: 3 });
    scene.deliver("early", "a");
    assert!(!scene.machine.has_ahead());
    scene.deliver("early", "b");
    assert!(scene.machine.has_ahead());
}

#[test]
fn an_early_ack_comes_when_the_task_begins_and_frees_its_credit() {
    let mut scene = Scene::new(1, 2);
    scene.deliver("early", "a").deliver("early", "b").state();
    scene.check("submit 1\n= credit 0 wake None, 1 A Submitted, 2 B Ready");
    scene.begins(1).state();
    scene.check("Ack A\n= credit 1 wake None, 1 A Running acked, 2 B Ready");
    scene.ends(1, Ok(value!(5))).state();
    scene.check("store a SUCCESS 5 (end)\nsubmit 2\n= credit 1 wake None, 2 B Submitted");
}

#[test]
fn a_late_ack_comes_after_the_result_is_stored() {
    let mut scene = Scene::new(1, 2);
    scene.deliver("late", "a").begins(1).state();
    scene.check("submit 1\nstore a STARTED {\"pid\": 7, \"hostname\": \"w@h\"}\n= credit 1 wake None, 1 A Running");
    scene.ends(1, Ok(value!(null))).state();
    scene.check("store a SUCCESS null (end)\nAck A\n= credit 2 wake None");
}

#[test]
fn each_outcome_has_its_state_and_its_settlement() {
    #[track_caller]
    fn check(task: &str, retries: u32, outcome: Outcome<Value>, expected: &str) {
        let mut scene = Scene::new(1, 1);
        scene.deliver_with(task, "a", |message| message.headers.retries = retries).begins(1);
        scene.log.clear();
        scene.ends(1, outcome);
        assert!(scene.machine.is_idle());
        scene.check(expected);
    }
    let retry = || bad().retry(Duration::from_secs(30));
    check("late", 0, Err(bad().into()), &format!("store a FAILURE {BAD} (end)\nAck A"));
    check("early", 0, Err(bad().into()), &format!("store a FAILURE {BAD} (end)"));
    check("quiet", 0, Err(bad().into()), "");
    check("quiet", 0, Ok(value!(1)), "");
    check(
        "late",
        0,
        Err(retry()),
        &format!("publish a to q retries 1 priority 0 eta Some(30)\nstore a RETRY {BAD}\nAck A"),
    );
    check(
        "late",
        0,
        Err(bad().retry(Duration::ZERO)),
        &format!("publish a to q retries 1 priority 0 eta None\nstore a RETRY {BAD}\nAck A"),
    );
    check("late", 1, Err(retry()), &format!("store a FAILURE {BAD} (end)\nAck A"));
    check("quiet", 2, Err(retry()), "publish a to q retries 3 priority 0 eta Some(30)");
    check("late", 0, Err(Stop::Reject { reason: None, requeue: true }), "Reject { requeue: true } A");
    check(
        "late",
        0,
        Err(Stop::Reject { reason: None, requeue: false }),
        r#"store a FAILURE {"exc_type": "Reject", "exc_message": [null, false], "exc_module": "celery.exceptions"} (end)
           Reject { requeue: false } A"#,
    );
    check("early", 0, Err(Stop::Reject { reason: None, requeue: true }), "");
    check("late", 0, Err(Stop::Ignore), "Ack A");
}

#[test]
fn a_retry_keeps_the_body_the_priority_and_the_headers() {
    let mut scene = Scene::new(1, 1);
    scene.deliver_with("late", "a", |message| {
        message.body = b"[[NaN], {}, {}]".to_vec();
        message.properties.priority = 6;
        message.headers.extra.insert("mine".into(), value!(1));
        message.headers.extra.insert("redelivered".into(), value!(true));
    });
    let actions = scene.machine.on(
        Event::Finished { id: JobId(1), outcome: Err(bad().retry(Duration::MAX)), runtime: Duration::ZERO },
        scene.now,
    );
    let [Action::Step(Step::Publish(outgoing)), Action::Store(record), Action::Settle(..)] = &actions[..] else {
        panic!("{actions:?}")
    };
    let headers = &outgoing.message.headers;
    assert_eq!(outgoing.message.body, b"[[NaN], {}, {}]");
    assert_eq!((outgoing.priority, outgoing.eta), (6, Some(scene.now + Duration::from_secs(100 * 365 * 24 * 3600))));
    assert_eq!(headers.extra, Map::from_iter([("mine".to_owned(), value!(1))]));
    assert_eq!((headers.root_id.as_deref(), headers.parent_id.as_deref()), (Some("a"), Some("a")));
    assert_eq!(record.children, [value!([["a", null], null])]);
}

#[test]
fn a_task_with_an_eta_waits_without_taking_credit() {
    let mut scene = Scene::new(1, 1);
    scene.deliver_with("early", "a", |m| m.headers.eta = at(20)).deliver_with("early", "b", |m| m.headers.eta = at(10));
    scene.deliver_with("early", "c", |m| m.headers.eta = at(0)).state();
    scene.check("submit 3\n= credit 0 wake Some(10), 1 A Waiting, 2 B Waiting, 3 C Submitted");
    scene.begins(3).ends(3, Ok(value!(0))).after(9).state();
    scene.check("Ack C\nstore c SUCCESS 0 (end)\n= credit 1 wake Some(10), 1 A Waiting, 2 B Waiting");
    scene.after(1).state();
    scene.check("submit 2\n= credit 0 wake Some(20), 1 A Waiting, 2 B Submitted");
    scene.after(60).begins(2).ends(2, Ok(value!(0))).state();
    scene.check("Ack B\nstore b SUCCESS 0 (end)\nsubmit 1\n= credit 0 wake None, 1 A Submitted");
}

#[test]
fn no_more_is_taken_while_too_many_wait_for_their_eta() {
    let mut scene = Scene::new(1, 5);
    for id in ["a", "b", "c"] {
        scene.deliver_with("early", id, |m| m.headers.eta = at(10));
    }
    assert_eq!(scene.machine.credit(), 0);
    scene.after(10);
    assert_eq!(scene.machine.credit(), 2);
}

#[test]
fn an_expired_task_is_revoked_at_receipt_and_before_it_runs() {
    let revoked = r#"REVOKED {"exc_type": "TaskRevokedError", "exc_message": ["expired"], "exc_module": "celery.exceptions"} (end)"#;
    let mut scene = Scene::new(1, 3);
    scene.now += Duration::from_secs(5);
    scene.deliver_with("early", "a", |m| m.headers.expires = at(4));
    scene.deliver_with("quiet", "b", |m| m.headers.expires = at(4));
    scene.check(&format!("store a {revoked}\nAck A\nAck B"));
    scene.deliver("late", "c").deliver_with("early", "d", |m| m.headers.expires = at(6)).after(5);
    scene.check("submit 3");
    scene.ends(3, Err(Stop::Ignore)).state();
    scene.check(&format!("Ack C\nstore d {revoked}\nAck D\n= credit 3 wake None"));
}

#[test]
fn what_cannot_be_run_is_settled_at_once() {
    let mut scene = Scene::new(1, 3);
    scene.deliver("nowhere", "a");
    scene.check(
        r#"store a FAILURE {"exc_type": "NotRegistered", "exc_message": ["nowhere"], "exc_module": "celery.exceptions"} (end)
           Reject { requeue: false } A"#,
    );
    scene.deliver_with("early", "b", |m| m.content_type = "application/x-python-serialize".into());
    scene.check("Reject { requeue: false } B");
    scene.deliver_with("early", "c", |m| m.headers.eta = Some("soon".into()));
    scene.check(
        r#"store c FAILURE {"exc_type": "InvalidTaskError", "exc_message": ["malformed eta or expires"], "exc_module": "celery.exceptions"} (end)
           Reject { requeue: false } C"#,
    );
    let junk = Delivery { tag: Tag("D".into()), queue: "q".into(), message: envelope::decode(b"junk") };
    scene.on(Event::Delivered(Box::new(junk))).state();
    scene.check("Reject { requeue: false } D\n= credit 3 wake None");
}

#[test]
fn a_lost_task_fails_and_frees_its_place() {
    let mut scene = Scene::new(1, 2);
    scene.deliver("late", "a").deliver("late", "b").on(Event::Lost(JobId(1), Loss::Died("signal 9".into())));
    scene.check(
        r#"submit 1
           store a FAILURE {"exc_type": "WorkerLostError", "exc_message": ["signal 9"], "exc_module": "billiard.exceptions"} (end)
           Ack A"#,
    );
    scene.settles();
    scene.check("submit 2");
}

#[test]
fn no_more_that_acknowledge_late_are_begun_than_a_kill_may_double() {
    let mut scene = Scene::new(2, 4);
    for id in ["a", "b", "c", "d"] {
        scene.deliver("late", id);
    }
    scene.on(Event::Resized { size: 2, capacity: 8 }).begins(1).ends(1, Err(Stop::Ignore));
    scene.log.clear();
    // The round fails: the message of the first may be delivered again.
    scene.machine.departs();
    scene.machine.returns();
    scene.on(Event::Settled);
    scene.check("");
    scene.settles();
    scene.check("submit 3");
    // What comes back from the pool has not begun.
    scene.on(Event::Returned(JobId(2)));
    scene.check("submit 2");
}

#[test]
fn shutdown_gives_back_what_does_not_run_newest_first_and_lets_the_rest_end() {
    let mut scene = Scene::new(1, 3);
    scene.deliver("late", "a").deliver("late", "b").deliver_with("late", "c", |m| m.headers.eta = at(10));
    scene.deliver("late", "d");
    scene.log.clear();
    scene.on(Event::Shutdown(Shutdown::Warm)).state();
    scene.check("Return D\nReturn C\nReturn B\n= credit 0 wake None, 1 A Submitted");
    scene.deliver("late", "e").begins(1).ends(1, Err(bad().retry(Duration::ZERO)));
    assert!(scene.machine.is_idle());
    scene.check(&format!(
        "Return E\nstore a STARTED {{\"pid\": 7, \"hostname\": \"w@h\"}}\npublish a to q retries 1 priority 0 eta None\nstore a RETRY {BAD}\nAck A"
    ));
}

#[test]
fn effects_come_before_the_outcome_and_children_are_kept_with_it() {
    let mut scene = Scene::new(1, 1);
    scene.deliver_with("late", "a", |m| m.headers.root_id = Some("r".into()));
    let child = Box::new(Outgoing::new("early", "b", Map::new()));
    let actions = scene.machine.on(Event::Effect(JobId(1), Effect::Publish(child)), scene.now);
    let [Action::Step(Step::Publish(sent))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(sent.message.headers.root_id.as_deref(), Some("r"));
    assert_eq!(sent.message.headers.parent_id.as_deref(), Some("a"));
    let state = Effect::State { status: "PROGRESS".into(), meta: value!(3) };
    let actions = scene.machine.on(Event::Effect(JobId(1), state), scene.now);
    assert!(matches!(&actions[..], [Action::Store(record)] if record.status == "PROGRESS" && record.result == 3));
    let actions =
        scene.machine.on(Event::Finished { id: JobId(1), outcome: Ok(value!(0)), runtime: Duration::ZERO }, scene.now);
    assert!(matches!(&actions[0], Action::Store(record) if record.children == [value!([["b", null], null])]));
}

#[test]
fn the_message_decides_whether_the_result_is_ignored() {
    let mut scene = Scene::new(2, 2);
    scene.deliver_with("early", "a", |m| m.headers.ignore_result = Some(true)).ends(1, Ok(value!(1)));
    scene.deliver_with("quiet", "b", |m| m.headers.ignore_result = Some(false)).ends(2, Ok(value!(2)));
    scene.check("submit 1\nAck A\nsubmit 2\nstore b SUCCESS 2 (end)\nAck B");
}

#[test]
fn events_about_unknown_or_ended_jobs_change_nothing() {
    let mut scene = Scene::new(1, 1);
    scene.begins(9).ends(9, Ok(value!(1))).on(Event::Lost(JobId(9), Loss::Died("gone".into())));
    scene.deliver("late", "a").ends(1, Ok(value!(1))).ends(1, Ok(value!(2))).begins(1).state();
    scene.check("submit 1\nstore a SUCCESS 1 (end)\nAck A\n= credit 1 wake None");
    scene.deliver_with("late", "b", |m| m.headers.eta = at(10)).ends(2, Ok(value!(1))).state();
    scene.check("= credit 1 wake Some(10), 2 B Waiting");
}

#[test]
fn only_messages_that_are_not_acknowledged_are_held() {
    let mut scene = Scene::new(1, 0);
    scene.deliver("early", "a").begins(1).deliver("late", "b").deliver_with("late", "c", |m| m.headers.eta = at(10));
    assert_eq!(scene.machine.held(), [Tag("B".into()), Tag("C".into())]);
    assert_eq!(scene.machine.credit(), UNLIMITED_PREFETCH - 1);
}

mod ways;
