//! What a Python client sees of our worker.

use std::time::Duration;

use celeriac::{Broker, RedisBroker, RedisResults, ResultBackend, TaskId};
use docmill_testkit::{Process, wait_until};
use serde_json::{Value, json};

use crate::peer::redis_and_python;
use crate::tasks::{with_worker, worker};

/// How long a state may take to come about on a machine under load.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn a_python_client_gets_what_a_rust_task_returns_or_raises() {
    let Some((redis, mut python)) = redis_and_python() else { return };
    let mut check = |request: Value, expected: Value| assert_eq!(python.ask(&request), expected, "{request}");
    with_worker(&redis.url(), || {
        check(json!({"task": "tasks.add", "args": [2, 3]}), json!({"result": 5}));
        check(json!({"task": "tasks.add", "args": [2], "kwargs": {"y": 40}}), json!({"result": 42}));
        for priority in [0, 5, 9] {
            let options = json!({"priority": priority});
            check(json!({"task": "tasks.add", "args": [1, 1], "options": options}), json!({"result": 2}));
        }
        check(json!({"task": "tasks.add", "args": [2, 3], "options": {"countdown": 0.2}}), json!({"result": 5}));
        check(json!({"task": "tasks.fail"}), json!({"raised": "builtins.ValueError", "args": ["no good"]}));
        check(
            json!({"task": "tasks.add", "args": [1, 2, 3]}),
            json!({"raised": "builtins.TypeError", "args": ["add() takes 2 positional arguments but 3 were given"]}),
        );
        check(json!({"task": "tasks.again", "args": [2]}), json!({"result": 2}));
        check(json!({"task": "tasks.again", "args": [4]}), json!({"raised": "builtins.OSError", "args": ["not yet"]}));
        check(
            json!({"task": "tasks.nowhere"}),
            json!({"raised": "celery.exceptions.NotRegistered", "args": ["tasks.nowhere"]}),
        );
        check(
            json!({"task": "tasks.panic"}),
            json!({"raised": "builtins.RuntimeError", "args": ["panicked: as told"]}),
        );
        check(
            json!({"task": "tasks.add", "args": [2, 3], "options": {"expires": -1}}),
            json!({"raised": "celery.exceptions.TaskRevokedError", "args": ["expired"]}),
        );
    });
}

#[test]
fn a_body_that_is_not_json_to_rust_fails_its_own_task_only() {
    let Some((redis, mut python)) = redis_and_python() else { return };
    // Python reads the bare word and writes it again.
    let nan = r#"{"task": "tasks.add", "args": ["@", 1]}"#;
    with_worker(&redis.url(), || {
        let answer = python.ask_raw(&nan.replace("\"@\"", "NaN"));
        assert_eq!(answer["raised"], "builtins.TypeError", "{answer}");
        assert_eq!(python.ask(&json!({"task": "tasks.add", "args": [2, 3]})), json!({"result": 5}));
    });
}

/// The worker of the next test, in a process of its own that can be killed.
#[test]
#[ignore = "started by a_killed_worker_leaves_its_message_in_unacked"]
fn worker_process() {
    let Ok(url) = std::env::var("CELERIAC_TEST_URL") else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async { worker(&url).await.run(std::future::pending()).await }).expect("the worker runs");
}

#[test]
fn a_killed_worker_leaves_its_message_in_unacked() {
    let Some((redis, mut python)) = redis_and_python() else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let results = runtime.block_on(RedisResults::connect(&redis.url())).expect("the backend is there");
    let broker = runtime.block_on(RedisBroker::connect(&redis.url())).expect("the broker is there");
    let mut command = Process::command(std::env::current_exe().expect("a test has a path"));
    command.args(["--exact", "wire::worker_process", "--ignored"]).env("CELERIAC_TEST_URL", redis.url());
    let process = Process::start(command).expect("the worker starts");

    let sent = python.ask(&json!({"send": "tasks.stuck"}));
    let id = TaskId::from(sent["id"].as_str().expect("an id is text"));
    wait_until(LIMIT, "the task runs", || {
        let record = runtime.block_on(results.get(&id)).expect("the backend answers");
        record.is_some_and(|record| record.status == "PROGRESS" && record.result == celeriac::value!({"page": 1}))
    });
    process.kill();
    let depth = || runtime.block_on(broker.depth(&["celery".to_owned()])).expect("the broker answers");
    assert_eq!(depth(), 0, "the message is in no queue");
    assert_eq!(python.ask(&json!({"restore": true})), json!({"unacked": 0}), "kombu gives back what it finds");
    assert_eq!(depth(), 1, "the message is back");
    with_worker(&redis.url(), || {
        assert_eq!(python.ask(&json!({"wait": id.as_str()})), json!({"result": "at last"}));
    });
}
