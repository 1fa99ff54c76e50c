//! The client against an unmodified Python worker.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use celeriac::client::{App, AsyncResult, Error, Refusal, ResultTree, Routes};
use celeriac::{Settings, TaskId};
use celeriac_wire::canvas::{Signature, chain, chord, group};
use celeriac_wire::value::object;
use celeriac_wire::{Value, json};
use docmill_testkit::{Process, Redis, interop, python, service};

/// How long anything may take on a machine under load.
const LIMIT: Duration = Duration::from_secs(20);
const NODE: &str = "peer@here";

struct Scene {
    app: App,
    _worker: Process,
    _redis: Redis,
}

impl Scene {
    /// A server, a Python worker that answers, and a client.
    async fn start() -> Option<Self> {
        let redis = service(Redis::start())?;
        let mut command = Process::command(service(python())?);
        command.current_dir(interop()).args(["-m", "celery", "-A", "peer_worker", "-b", &redis.url()]);
        command.args([
            "--result-backend",
            &redis.url(),
            "worker",
            "-P",
            "threads",
            "-c",
            "4",
            "-n",
            NODE,
            "-l",
            "ERROR",
        ]);
        command.args(["--without-gossip", "--without-mingle"]).stdout(std::process::Stdio::null());
        let worker = Process::start(command).unwrap();
        let app = App::connect(&redis.url(), &redis.url()).await.unwrap();
        // It waits in the queue until the worker is there.
        app.send_task("peer.add").args((1, 1)).await.unwrap().get(LIMIT).await.expect("the python worker works");
        Some(Self { app, _worker: worker, _redis: redis })
    }

    /// The one worker's answer.
    async fn asked<T: serde::de::DeserializeOwned + 'static>(
        &self,
        ask: celeriac::client::Ask<T>,
    ) -> Result<T, Refusal> {
        ask.destination([NODE]).timeout(LIMIT).await.unwrap().remove(NODE).expect("the worker answers")
    }
}

fn value(json: &str) -> Value {
    json::read(json.as_bytes()).unwrap()
}

fn add(x: i64) -> Signature {
    Signature::new("peer.add").args([Value::from(x)])
}

#[tokio::test]
async fn a_rust_client_gets_what_a_python_task_returns_or_raises() {
    let Some(scene) = Scene::start().await else { return };
    let app = &scene.app;
    let sum = app.send_task("peer.add").args((2, 3)).returning::<i64>().await.unwrap();
    assert_eq!(sum.get(LIMIT).await.unwrap(), 5);
    assert_eq!(sum.state().await.unwrap(), "SUCCESS");
    assert!(sum.ready().await.unwrap() && sum.successful().await.unwrap() && !sum.failed().await.unwrap());
    // It is there already: no notification comes.
    assert_eq!(app.result(sum.id().clone()).get(LIMIT).await.unwrap(), Value::Int(5));

    let echo = app.send_task("peer.echo").args(("é", f64::NAN, u128::MAX)).kwarg("k", [1, 2]).await.unwrap();
    let echoed = echo.get(LIMIT).await.unwrap();
    assert_eq!(json::write(&echoed), r#"[["\u00e9", NaN, 340282366920938463463374607431768211455], {"k": [1, 2]}]"#);

    let failed = app.send_task("peer.fail").args(("KeyError", "k", 1)).await.unwrap();
    let Err(Error::Task(error)) = failed.get(LIMIT).await else { panic!("it fails") };
    assert!(error.is("KeyError"), "{error}");
    assert_eq!(error.exception.exc_module.as_deref(), Some("builtins"));
    assert_eq!(error.exception.exc_message, [Value::from("k"), Value::from(1)]);
    assert!(error.traceback.as_deref().unwrap().contains("KeyError"));
    assert!(error.to_string().contains("raised KeyError('k', 1)"), "{error}");
    assert!(failed.failed().await.unwrap() && failed.traceback().await.unwrap().is_some());

    let unknown = app.send_task("peer.nowhere").await.unwrap();
    // A Python worker drops it without a word when it does not know the task.
    let Err(Error::Task(error)) = unknown.get(LIMIT).await else { panic!("it fails") };
    assert!(error.is("NotRegistered"), "{error}");

    let wrong = app.send_task("peer.add").args((2, 3)).returning::<String>().await.unwrap();
    assert!(matches!(wrong.get(LIMIT).await, Err(Error::Reply { .. })));
    wrong.forget().await.unwrap();
    assert_eq!(wrong.state().await.unwrap(), "PENDING");
    assert!(matches!(wrong.get(Duration::from_millis(20)).await, Err(Error::Timeout { .. })));
}

#[tokio::test]
async fn options_of_a_call_arrive_at_the_task() {
    let Some(scene) = Scene::start().await else { return };
    let app = &scene.app;
    let call = app.send_task("peer.request").task_id("my-id").priority(6).expires(Duration::from_secs(60));
    let call = call.time_limit(Duration::from_secs(9)).soft_time_limit(Duration::from_secs(8)).shadow("shown");
    let sent = call.countdown(Duration::from_millis(50)).header("colour", "red").option("app_id", "12").await.unwrap();
    let request = sent.get(LIMIT).await.unwrap();
    let at = |name: &str| request.get(name).cloned().unwrap_or_default();
    assert_eq!((at("id"), at("root_id"), at("shadow")), ("my-id".into(), "my-id".into(), "shown".into()));
    assert_eq!((at("priority"), at("queue"), at("argsrepr")), (6.into(), "celery".into(), "()".into()));
    assert_eq!(at("timelimit"), value("[9, 8]"));
    assert_eq!(at("headers").get("colour"), Some(&"red".into()));
    assert_eq!(at("properties").get("app_id"), Some(&"12".into()));
    assert!(at("origin").as_str().unwrap().starts_with("gen"), "{request:?}");
    assert!(at("expires").as_str().is_some() && at("eta").as_str().is_some(), "{request:?}");
    assert!(at("reply_to").as_str().is_some(), "{request:?}");

    let late = app.send_task("peer.add").args((1, 1)).expires_at(SystemTime::UNIX_EPOCH).await.unwrap();
    let Err(Error::Task(error)) = late.get(LIMIT).await else { panic!("it has expired") };
    assert_eq!((error.state.as_str(), error.is("TaskRevokedError")), ("REVOKED", true));

    let bad = app.send_task("peer.add").args(7);
    assert!(matches!(bad.await, Err(Error::ArgumentShape { .. })));
}

#[tokio::test]
async fn tasks_go_where_the_routes_say() {
    let Some(scene) = Scene::start().await else { return };
    let app = &scene.app;
    let app = app.clone().routes(Routes::new().to("elsewhere.*", "far"));
    let sent = app.send_task("elsewhere.add").args((1, 2)).await.unwrap();
    assert_eq!((app.depth("far").await.unwrap(), app.purge("far").await.unwrap()), (1, 1));
    assert_eq!(app.depth("far").await.unwrap(), 0);
    assert_eq!(sent.state().await.unwrap(), "PENDING");
    app.send_task("peer.add").queue("far").await.unwrap();
    assert_eq!(app.purge("far").await.unwrap(), 1);
}

#[tokio::test]
async fn states_on_the_way_and_children_are_seen() {
    let Some(scene) = Scene::start().await else { return };
    let app = &scene.app;
    let progress = app.send_task("peer.progress").args((0.3,)).await.unwrap();
    let seen = tokio::time::timeout(LIMIT, async {
        while progress.state().await.unwrap() != "PROGRESS" {}
        progress.info().await.unwrap()
    });
    assert_eq!(seen.await.expect("it tells of its progress"), object([("done", 0.5.into())]));
    assert_eq!(progress.get(LIMIT).await.unwrap(), "done");

    let spread = app.send_task("peer.spread").args((3,)).await.unwrap();
    assert_eq!(spread.get(LIMIT).await.unwrap(), Value::Int(3));
    let [ResultTree::Task(_), ResultTree::Group(_)] = spread.children().await.unwrap().as_slice() else {
        panic!("it sent a task and a group")
    };
    let all: Vec<i64> = spread.collect(LIMIT).await.unwrap().into_iter().filter_map(|(_, v)| v.as_i64()).collect();
    assert_eq!(all, [3, 4, 3, 4, 5]);
}

#[tokio::test]
async fn canvases_are_run_by_python() {
    let Some(scene) = Scene::start().await else { return };
    let app = &scene.app;
    let tail: AsyncResult = app.apply(chain([add(1).arg(1), add(10), add(100)])).await.unwrap().into_task().unwrap();
    assert_eq!(tail.get(LIMIT).await.unwrap(), Value::Int(112));
    assert_eq!(tail.parent().unwrap().get(LIMIT).await.unwrap(), Value::Int(12));

    let four = group((0..4).map(|n| add(n).arg(n)));
    let members = app.apply(four.clone()).await.unwrap().into_group().unwrap();
    assert_eq!(members.join::<i64>(LIMIT).await.unwrap(), [0, 2, 4, 6]);
    assert_eq!(members.completed_count().await.unwrap(), 4);
    assert!(members.ready().await.unwrap() && members.successful().await.unwrap() && !members.failed().await.unwrap());
    members.save().await.unwrap();
    let again = app.restore_group(members.id()).await.unwrap().unwrap();
    assert_eq!(again.join::<i64>(LIMIT).await.unwrap(), [0, 2, 4, 6]);
    members.delete().await.unwrap();
    assert!(app.restore_group(members.id()).await.unwrap().is_none());
    members.forget().await.unwrap();
    assert_eq!(members.completed_count().await.unwrap(), 0);

    let total = app.apply(chord([add(1).arg(1), add(2).arg(2)], Signature::new("peer.total"))).await.unwrap();
    assert_eq!(total.get(LIMIT).await.unwrap(), Value::Int(6));
    assert_eq!(total.into_task().unwrap().parent().unwrap().get(LIMIT).await.unwrap(), value("[2, 4]"));

    // The second never runs: what ends the wait is the first.
    let failing = app.apply(chain([Signature::new("peer.fail"), add(1)])).await.unwrap();
    assert!(matches!(failing.get(LIMIT).await, Err(Error::Task(_))));
    let one_fails = app.apply(group([add(1).arg(1), Signature::new("peer.fail")])).await.unwrap().into_group().unwrap();
    assert!(matches!(one_fails.join::<Value>(LIMIT).await, Err(Error::Task(_))));
}

#[tokio::test]
async fn a_worker_tells_what_it_does_and_does_what_it_is_told() {
    let Some(scene) = Scene::start().await else { return };
    let (app, inspect, control) = (&scene.app, scene.app.inspect(), scene.app.control());
    let slow = app.send_task("peer.sleep").args((1.5,)).await.unwrap();
    let far = app.send_task("peer.add").args((1, 1)).countdown(Duration::from_secs(600)).await.unwrap();
    let active = tokio::time::timeout(LIMIT, async {
        loop {
            let active = scene.asked(inspect.active()).await.unwrap();
            let scheduled = scene.asked(inspect.scheduled()).await.unwrap();
            if let ([active], [scheduled]) = (active.as_slice(), scheduled.as_slice()) {
                break (active.clone(), scheduled.clone());
            }
        }
    });
    let (active, scheduled) = active.await.expect("one runs and one waits");
    assert_eq!((active.id.as_str(), active.name.as_str()), (slow.id().as_str(), "peer.sleep"));
    assert_eq!(active.delivery_info.routing_key, "celery");
    assert_eq!((scheduled.request.id.as_str(), scheduled.priority), (far.id().as_str(), 6));
    let found = scene.asked(inspect.query_task([slow.id().clone(), far.id().clone()])).await.unwrap();
    assert_eq!(found[slow.id().as_str()].0, "active");

    assert_eq!(scene.asked(far.revoke()).await.unwrap(), format!("tasks {{'{}'}} flagged as revoked", far.id()));
    assert_eq!(scene.asked(inspect.revoked()).await.unwrap(), [far.id().as_str()]);
    let Err(Error::Task(error)) = far.get(LIMIT).await else { panic!("it was revoked") };
    assert!(error.is("TaskRevokedError"));

    let stats = scene.asked(inspect.stats()).await.unwrap();
    // Four times four, and one more for the task that waits.
    assert_eq!(stats.prefetch_count, 17);
    assert_eq!(stats.pool.max_concurrency, Some(4));
    assert!(stats.total.contains_key("peer.sleep"));
    let registered = scene.asked(inspect.registered(["rate_limit"])).await.unwrap();
    assert!(registered.contains(&"peer.add [rate_limit=600/m]".to_owned()), "{registered:?}");
    assert_eq!(scene.asked(inspect.reserved()).await.unwrap(), []);
    assert!(scene.asked(inspect.conf(false)).await.unwrap().contains_key("task_track_started"));
    assert!(scene.asked(inspect.report()).await.unwrap().contains("celery:5.7"));
    assert!(scene.asked(inspect.clock()).await.unwrap().clock > 0);
    scene.asked(inspect.memsample()).await.unwrap();
    scene.asked(inspect.hello("rust@here", [TaskId::from("gone")])).await.unwrap();
    assert!(scene.asked(inspect.revoked()).await.unwrap().contains(&"gone".to_owned()));

    let done = |text: &str| Ok(text.to_owned());
    let refused = |text: &str| Err(Refusal(text.to_owned()));
    assert_eq!(scene.asked(control.rate_limit("peer.add", "10/m")).await, done("new rate limit set successfully"));
    assert_eq!(scene.asked(control.rate_limit("nosuch", "10/m")).await, refused("unknown task"));
    let limits = control.time_limit("peer.add", Some(LIMIT), None);
    assert_eq!(scene.asked(limits).await, done("time limits set successfully"));
    assert_eq!(scene.asked(control.add_consumer("other")).await, done("add consumer other"));
    let queues: BTreeSet<String> =
        scene.asked(inspect.active_queues()).await.unwrap().into_iter().map(|queue| queue.name).collect();
    assert_eq!(queues, ["celery", "other"].map(str::to_owned).into());
    assert_eq!(scene.asked(control.cancel_consumer("other")).await, done("no longer consuming from other"));
    assert_eq!(scene.asked(control.enable_events()).await, done("task events enabled"));
    assert_eq!(scene.asked(control.heartbeat()).await, Ok(None));
    assert_eq!(scene.asked(control.autoscale(4, 1)).await, refused("ValueError('Autoscale not enabled')"));
    assert_eq!(scene.asked(control.command("nosuch")).await, Err(Refusal("KeyError('nosuch')".to_owned())));
    let stamped = control.revoke_by_stamped_headers("colour", ["red"], false);
    assert!(scene.asked(stamped).await.unwrap().contains("colour"));

    assert_eq!(inspect.ping().glob("peer@*").limit(1).await.unwrap().len(), 1);
    assert_eq!(inspect.ping().regex("pe+r").limit(1).await.unwrap().len(), 1);
    let nobody = inspect.ping().glob("other@*").timeout(Duration::from_millis(200));
    assert!(nobody.await.unwrap().is_empty());
    assert_eq!(slow.get(LIMIT).await.unwrap(), Value::Float(1.5));
    control.shutdown().destination([NODE]).cast().await.unwrap();
}

#[tokio::test]
async fn events_tell_of_a_task_from_sending_to_success() {
    let Some(scene) = Scene::start().await else { return };
    let app = scene.app.clone().settings(Settings { task_send_sent_event: true, ..Settings::default() });
    scene.asked(app.control().enable_events()).await.unwrap();
    let mut events = app.events().await.unwrap();
    let sum = app.send_task("peer.add").args((2, 3)).await.unwrap();
    let mut kinds = Vec::new();
    let heard = tokio::time::timeout(LIMIT, async {
        while kinds.last().is_none_or(|kind| kind != "task-succeeded") {
            let (event, _) = events.next().await.unwrap();
            if event.uuid() == Some(sum.id().as_str()) {
                kinds.push(event.kind().to_owned());
            }
        }
    });
    heard.await.expect("the worker tells of the task");
    assert_eq!(kinds, ["task-sent", "task-received", "task-started", "task-succeeded"]);
    events.close().await.unwrap();
}
