//! The ways in which a job leaves its usual path: revoked, limited, lost, stopped, linked.

use celeriac_wire::json;

use super::*;
use crate::task::Retry;

task!(Lost, "lost", TaskOptions { acks_late: Some(true), reject_on_worker_lost: Some(true), ..TaskOptions::default() });
task!(
    Again,
    "again",
    TaskOptions { acks_late: Some(true), retry_on_worker_lost: Some(true), ..TaskOptions::default() }
);
task!(Slow, "slow", TaskOptions { acks_late: Some(true), acks_on_timeout: Some(false), ..TaskOptions::default() });
task!(Limited, "limited", TaskOptions { rate_limit: "1/s".parse().ok(), ..TaskOptions::default() });
task!(
    Loud,
    "loud",
    TaskOptions { ignore_result: Some(true), store_errors_even_if_ignored: Some(true), ..TaskOptions::default() }
);

fn scene_with(settings: Settings, autoscale: Option<Autoscale>) -> Scene {
    let mut registry = Registry::new();
    registry.task(Early).task(Late).task(Lost).task(Again).task(Slow).task(Limited).task(Loud);
    let config = Config { hostname: "w@h".into(), pid: 7, concurrency: 1, autoscale, settings };
    Scene { machine: Machine::new(config, &registry), now: epoch(), log: String::new() }
}

fn scene() -> Scene {
    scene_with(Settings::default(), None)
}

/// A body that links what `embed` says.
fn linked(embed: &str) -> Vec<u8> {
    format!("[[], {{}}, {embed}]").into_bytes()
}

fn revoked(id: &str, reason: &str) -> String {
    format!(
        r#"store {id} REVOKED {{"exc_type": "TaskRevokedError", "exc_message": ["{reason}"], "exc_module": "celery.exceptions"}} (end)"#
    )
}

const TERMINATED: Loss = Loss::Terminated(15);

#[test]
fn a_revoked_id_is_discarded_at_receipt_and_before_it_runs() {
    let mut scene = scene();
    scene.machine.revoke(&["a".into(), "c".into()], scene.now);
    scene.deliver("early", "a").deliver("late", "b").deliver("early", "d");
    scene.machine.revoke(&["d".into()], scene.now);
    scene.begins(2).ends(2, Err(Stop::Ignore)).state();
    let (a, d) = (revoked("a", "revoked"), revoked("d", "revoked"));
    scene.check(&format!(
        "{a}\nAck A\nsubmit 2\nstore b STARTED {{\"pid\": 7, \"hostname\": \"w@h\"}}\nAck B\n{d}\nAck D\n= credit 4 wake None"
    ));
}

#[test]
fn a_stamp_revokes_whatever_carries_it() {
    let mut scene = scene();
    scene.machine.revoke_stamps("tenant", &[value!("x")]);
    let stamped = |stamp: Value| {
        move |message: &mut Message| {
            message.headers.stamped_headers = value!(["tenant"]);
            message.headers.stamps = value!({"tenant": stamp});
        }
    };
    scene.deliver_with("early", "a", stamped(value!(["y", "x"]))).deliver_with("early", "b", stamped(value!("z")));
    scene.check(&format!("{}\nAck A\nsubmit 2", revoked("a", "revoked")));
}

#[test]
fn a_task_that_is_terminated_ends_as_revoked_when_it_is_gone() {
    let mut scene = scene();
    scene.machine.set_events(true);
    scene.deliver("late", "a").begins(1);
    scene.log.clear();
    let mut actions = Vec::new();
    scene.machine.terminate("a", 15, &mut actions);
    assert_eq!(actions, [Action::Terminate(JobId(1), 15)]);
    scene.on(Event::Lost(JobId(1), TERMINATED));
    let told = "tell a Revoked { terminated: true, signal: Some(15), expired: false }";
    scene.check(&format!("{}\nAck A\n{told}", revoked("a", "terminated")));
    assert!(scene.machine.is_idle());
}

#[test]
fn a_task_that_ends_before_its_signal_has_its_own_outcome() {
    let mut scene = scene();
    scene.deliver("early", "a").begins(1);
    scene.machine.terminate("a", 15, &mut Vec::new());
    scene.ends(1, Ok(value!(1)));
    scene.check("submit 1\nAck A\nstore a SUCCESS 1 (end)");
}

#[test]
fn a_rate_limit_lets_one_task_through_at_a_time_and_others_past() {
    let mut scene = scene();
    scene.deliver("limited", "a").deliver("limited", "b").deliver("early", "c").state();
    scene.check("submit 1\n= credit 1 wake Some(1), 1 A Submitted, 2 B Limited, 3 C Ready");
    scene.begins(1).ends(1, Err(Stop::Ignore)).begins(3).ends(3, Err(Stop::Ignore)).after(1).state();
    scene.check("Ack A\nsubmit 3\nAck C\nsubmit 2\n= credit 3 wake None, 2 B Submitted");
    scene.begins(2).ends(2, Err(Stop::Ignore)).deliver("limited", "d");
    assert_eq!(scene.machine.set_rate_limit("limited", None, scene.now), Ok(true));
    scene.on(Event::Tick);
    scene.check("Ack B\nsubmit 4");
    assert!(scene.machine.set_rate_limit("limited", Some("often"), scene.now).is_err());
    assert_eq!(scene.machine.set_rate_limit("nowhere", None, scene.now), Ok(false));
}

#[test]
fn what_becomes_of_a_lost_task_is_up_to_its_options() {
    #[track_caller]
    fn check(task: &str, retries: u32, loss: Loss, expected: &str) {
        let mut scene = scene();
        scene.deliver_with(task, "a", |m| m.headers.retries = retries).begins(1);
        scene.log.clear();
        scene.on(Event::Lost(JobId(1), loss));
        assert!(scene.machine.is_idle());
        scene.check(expected);
    }
    let died = || Loss::Died("gone".into());
    let failure = |kind: &str, said: &str| {
        format!(
            r#"store a FAILURE {{"exc_type": "{kind}", "exc_message": [{said}], "exc_module": "billiard.exceptions"}} (end)"#
        )
    };
    let lost = failure("WorkerLostError", "\"gone\"");
    check("early", 0, died(), &lost);
    check("late", 0, died(), &format!("{lost}\nAck A"));
    check("lost", 0, died(), "Reject { requeue: true } A");
    check(
        "again",
        0,
        died(),
        "publish a to q retries 1 priority 0 eta Some(180)\nstore a RETRY {\"exc_type\": \"WorkerLostError\", \"exc_message\": [\"gone\"], \"exc_module\": \"billiard.exceptions\"}\nAck A",
    );
    check("again", 3, died(), &format!("{lost}\nAck A"));
    let limit = || Loss::HardLimit(Duration::from_secs(3));
    let exceeded = failure("TimeLimitExceeded", "3");
    check("late", 0, limit(), &format!("{exceeded}\nAck A"));
    check("slow", 0, limit(), &format!("{exceeded}\nReject {{ requeue: true }} A"));
}

#[test]
fn a_task_that_stored_its_success_and_died_has_succeeded() {
    let mut scene = scene();
    scene.deliver("lost", "a").begins(1);
    scene.on(Event::Effect(JobId(1), Effect::State { status: "SUCCESS".into(), meta: value!(1) }));
    scene.on(Event::Lost(JobId(1), Loss::Died("gone".into())));
    scene.check("submit 1\nstore a SUCCESS 1 (end)\nAck A");
}

#[test]
fn a_cold_shutdown_stops_what_runs_and_gives_back_what_is_late() {
    let mut scene = scene();
    scene.machine.on(Event::Resized { size: 2, capacity: 2 }, epoch());
    scene.deliver("lost", "a").begins(1).deliver("early", "b").begins(2).deliver("lost", "c");
    scene.log.clear();
    scene.on(Event::Shutdown(Shutdown::Cold)).state();
    scene.check("terminate 1 15\nterminate 2 15\nReturn C\n= credit 0 wake None, 1 A Running, 2 B Running acked");
    scene.on(Event::Lost(JobId(1), TERMINATED)).on(Event::Lost(JobId(2), TERMINATED));
    scene.check(
        r#"Return A
           store b RETRY {"exc_type": "Retry", "exc_message": ["cancelled by Celery"], "exc_module": "celery.exceptions"}"#,
    );
    assert!(scene.machine.is_idle());
}

#[test]
fn a_soft_shutdown_becomes_cold_when_its_time_is_up() {
    let settings = Settings { worker_soft_shutdown_timeout: Duration::from_secs(5), ..Settings::default() };
    let mut scene = scene_with(settings, None);
    scene.deliver("lost", "a").begins(1).on(Event::Shutdown(Shutdown::Soft)).after(4);
    scene.on(Event::Shutdown(Shutdown::Warm)).state();
    scene.check("submit 1\n= credit 0 wake Some(5), 1 A Running");
    scene.after(1);
    scene.check("terminate 1 15");
}

#[test]
fn a_late_task_that_succeeded_before_is_not_run_again() {
    let settings = Settings { worker_deduplicate_successful_tasks: true, ..Settings::default() };
    let mut scene = scene_with(settings, None);
    let again = |message: &mut Message| message.properties.delivery_info.redelivered = true;
    scene.deliver_with("late", "a", again).deliver_with("late", "b", again).deliver_with("early", "c", again);
    scene.check("look 1 a\nlook 2 b\nsubmit 3");
    scene.on(Event::Known(JobId(1), Some(Box::new(Record::new("a", "SUCCESS", value!(1))))));
    scene.on(Event::Known(JobId(2), None)).state();
    scene.check("Ack A\n= credit 2 wake None, 2 B Ready, 3 C Submitted");
}

#[test]
fn a_linked_task_is_settled_when_what_follows_it_is_sent() {
    let mut scene = scene();
    let embed = r#"{"callbacks": [{"task": "next"}], "errbacks": null, "chain": null, "chord": null}"#;
    scene.deliver_with("lost", "a", |m| m.body = linked(embed)).begins(1).ends(1, Ok(value!(1))).deliver("lost", "b");
    scene.state();
    scene.check("submit 1\nfinish 1 SUCCESS stores true\n= credit 2 wake None, 1 A Finishing, 2 B Ready");
    scene.on(Event::Completed(JobId(1), None)).on(Event::Completed(JobId(1), None)).settles().state();
    scene.check("Ack A\nsubmit 2\n= credit 3 wake None, 2 B Submitted");
}

#[test]
fn a_task_whose_message_was_left_to_its_lease_holds_nothing() {
    let mut scene = scene();
    let embed = r#"{"callbacks": [{"task": "next"}]}"#;
    scene.deliver_with("lost", "a", |m| m.body = linked(embed)).begins(1).ends(1, Ok(value!(1)));
    scene.on(Event::Abandoned(JobId(1)));
    scene.check("submit 1\nfinish 1 SUCCESS stores true");
    assert!(scene.machine.is_idle());
}

#[test]
fn a_replaced_task_stores_nothing_of_its_own() {
    let mut scene = scene();
    let signature = Box::new(Signature::new("next"));
    scene.deliver("lost", "a").begins(1).ends(1, Err(Stop::Replace(signature)));
    scene.on(Event::Completed(JobId(1), None));
    scene.check("submit 1\nfinish 1 SUCCESS stores false replaced\nAck A");
}

#[test]
fn failures_of_an_ignored_task_are_stored_where_it_wants_so() {
    let mut scene = scene();
    scene.deliver("loud", "a").begins(1).ends(1, Ok(value!(1)));
    scene.deliver("loud", "b").begins(2).ends(2, Err(bad().into()));
    scene.check(&format!("submit 1\nAck A\nsubmit 2\nAck B\nstore b FAILURE {BAD} (end)"));
}

#[test]
fn a_retry_may_change_the_arguments_and_where_it_goes() {
    let mut scene = scene();
    scene.deliver("late", "a").begins(1);
    let retry = Retry {
        after: Some(Duration::ZERO),
        args: Some(vec![value!(2)]),
        options: Map::from([("priority".into(), value!(9)), ("queue".into(), value!("other"))]),
        ..Retry::default()
    };
    let ended = Event::Finished { id: JobId(1), outcome: Err(retry.into()), runtime: Duration::ZERO };
    let actions = scene.machine.on(ended, scene.now);
    let Some(Action::Step(Step::Publish(sent))) = actions.first() else { panic!("{actions:?}") };
    assert_eq!((sent.queue.as_str(), sent.priority), ("other", 9));
    assert_eq!(json::read(&sent.message.body).unwrap().as_array().unwrap()[0], value!([2]));
    assert_eq!(sent.message.headers.argsrepr.as_deref(), Some("(2,)"));
}

#[test]
fn a_retry_without_a_cause_fails_in_the_end_with_the_exception_of_that_name() {
    let mut scene = scene();
    scene.deliver_with("late", "a", |m| m.headers.retries = 1).begins(1);
    scene.log.clear();
    scene.ends(1, Err(Retry::default().into()));
    assert!(scene.log.contains("MaxRetriesExceededError"), "{}", scene.log);
    assert!(scene.log.contains("Can't retry late[a] args:() kwargs:{}"), "{}", scene.log);
}

#[test]
fn what_comes_back_from_the_pool_is_the_next_to_go_there() {
    let mut scene = scene();
    scene.machine.on(Event::Resized { size: 2, capacity: 2 }, epoch());
    scene.deliver("early", "a").deliver("early", "b").deliver("early", "c");
    scene.check("submit 1\nsubmit 2");
    scene.on(Event::Resized { size: 1, capacity: 1 });
    scene.on(Event::Returned(JobId(2))).begins(1).ends(1, Err(Stop::Ignore));
    scene.check("Ack A\nsubmit 2");
}

#[test]
fn what_may_expire_does_not_lie_ready_in_the_pool() {
    let mut scene = scene();
    scene.machine.on(Event::Resized { size: 1, capacity: 3 }, epoch());
    scene.deliver("early", "a").deliver_with("early", "b", |m| m.headers.expires = at(9)).deliver("early", "c");
    scene.check("submit 1");
    scene.begins(1).after(10).ends(1, Err(Stop::Ignore));
    scene.check(&format!("Ack A\n{}\nAck B\nsubmit 3", revoked("b", "expired")));
}

#[test]
fn the_pool_grows_with_the_work_up_to_its_bound() {
    let mut scene = scene_with(Settings::default(), Some(Autoscale { max: 3, min: 1 }));
    for id in ["a", "b", "c", "d"] {
        scene.deliver("early", id);
    }
    scene.on(Event::Tick);
    scene.check("submit 1\nresize 3");
}

#[test]
fn a_clock_that_is_set_back_delays_no_eta_for_ever() {
    let mut scene = scene();
    scene.deliver_with("early", "a", |m| m.headers.eta = at(10));
    scene.now -= Duration::from_secs(1_000);
    scene.on(Event::Tick);
    scene.now += Duration::from_secs(1_010);
    scene.on(Event::Tick);
    scene.check("submit 1");
}

#[test]
fn listeners_are_told_of_each_step() {
    let mut scene = scene();
    scene.machine.set_events(true);
    scene.deliver("early", "a").begins(1).ends(1, Ok(value!("ok")));
    scene.check(
        r#"tell a Received
           submit 1
           Ack A
           tell a Started
           store a SUCCESS "ok" (end)
           tell a Succeeded { result: "'ok'", runtime: Some(1s) }"#,
    );
}
