//! The client without a server: what it makes of answers, results and failures, odd ones included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use celeriac::canvas::{Signature, chain, group};
use celeriac::client::{App, Error, PublishRetry, Refusal};
use celeriac::value::object;
use celeriac::{
    AsyncTask, Broadcast, Broker, Consumer, ConsumerOptions, Context, Epoch, Fanout, FanoutOptions, MemoryBroker,
    MemoryResults, NoResults, Options, Outcome, Outgoing, Record, Registry, ResultBackend, Settings, Subscription,
    Task, TaskOptions, Value, Worker, broker,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

const LIMIT: Duration = Duration::from_secs(20);
/// For what is expected not to come, on paused time.
const LONG: Duration = Duration::from_secs(3600);

#[derive(Serialize, Deserialize)]
struct Addends {
    x: i64,
    y: i64,
}

struct Add;

impl Task for Add {
    const NAME: &'static str = "tasks.add";
    const PARAMETERS: &'static [&'static str] = &["x", "y"];
    type Args = Addends;
    type Reply = i64;

    fn run(&self, _: &Context, Addends { x, y }: Addends) -> Outcome<i64> {
        Ok(x + y)
    }
}

struct AddElsewhere;

impl AsyncTask for AddElsewhere {
    const NAME: &'static str = "tasks.add";
    const PARAMETERS: &'static [&'static str] = &["x", "y"];
    type Args = Addends;
    type Reply = i64;

    fn options(&self) -> TaskOptions {
        TaskOptions {
            queue: "elsewhere",
            hard_limit: Some(Duration::from_secs(9)),
            ignore_result: Some(true),
            ..TaskOptions::default()
        }
    }

    async fn run(&self, _: Context, Addends { x, y }: Addends) -> Outcome<i64> {
        Ok(x + y)
    }
}

fn scene() -> (App, MemoryBroker, MemoryResults) {
    let (broker, results) = (MemoryBroker::new(), MemoryResults::new());
    (App::new(Arc::new(broker.clone()), Arc::new(results.clone())), broker, results)
}

fn record(id: &str, status: &str, result: impl Into<Value>) -> Record {
    Record::new(id, status, result.into())
}

fn failure(id: &str) -> Record {
    record(id, "FAILURE", object([("exc_type", "ValueError".into()), ("exc_message", Value::from(vec!["no"]))]))
}

#[tokio::test]
async fn a_typed_call_is_run_by_a_worker_in_the_same_process() {
    let (app, broker, results) = scene();
    let mut registry = Registry::new();
    registry.task(Add);
    let worker = Worker::new(Options::default(), registry, Arc::new(broker), Arc::new(results));
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(stopped.await) }));
    let sum = Add.delay(&app, Addends { x: 2, y: 3 }).await.unwrap();
    assert_eq!(sum.get(LIMIT).await.unwrap(), 5);
    drop(stop);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn options_of_a_task_travel_with_a_typed_call() {
    let (app, broker, _) = scene();
    AddElsewhere.delay(&app, Addends { x: 2, y: 3 }).await.unwrap();
    let mut consumer = broker.consume(ConsumerOptions { queues: vec!["elsewhere".into()] }).await.unwrap();
    let taken = consumer.turn(celeriac::Turn { take: 1, ..Default::default() }).await.unwrap();
    let headers = &taken[0].message.as_ref().unwrap().headers;
    assert_eq!((headers.timelimit.hard, headers.ignore_result), (Some(Duration::from_secs(9)), Some(true)));
    assert_eq!(headers.kwargsrepr.as_deref(), Some("{'x': 2, 'y': 3}"));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_result_the_failure_or_the_time() {
    let (app, _, results) = scene();
    let task = app.result("a");
    assert!(matches!(task.get(LONG).await, Err(Error::Timeout { after: LONG, .. })));
    assert_eq!((task.state().await.unwrap().as_str(), task.info().await.unwrap()), ("PENDING", Value::Null));
    // It is not over while it is retried, whatever is stored meanwhile.
    let (got, ()) = tokio::join!(task.get(LONG), async {
        for (status, result) in [("STARTED", Value::Null), ("RETRY", failure("a").result), ("SUCCESS", 5.into())] {
            results.store(&[record("a", status, result)]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(got.unwrap(), 5);
    results
        .store(&[failure("b"), record("c", "FAILURE", "garbage"), record("d", "REVOKED", Value::Null)])
        .await
        .unwrap();
    let mut said = Vec::new();
    for id in ["b", "c", "d"] {
        let Err(Error::Task(error)) = app.result(id).get(LONG).await else { panic!("{id} has failed") };
        said.push((error.state.clone(), error.to_string()));
    }
    let expected = [
        ("FAILURE", "task b raised ValueError: no"),
        ("FAILURE", "task c raised Exception: garbage"),
        ("REVOKED", "task d raised Exception(None,)"),
    ];
    assert_eq!(said, expected.map(|(state, text)| (state.to_owned(), text.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_broke_before_its_last_task_ends_the_wait() {
    let (app, _, results) = scene();
    let task = |id: &str| Signature::new("t").set("task_id", id);
    let last = app.apply(chain([task("a"), task("b"), task("c")])).await.unwrap().into_task().unwrap();
    assert_eq!(last.id().as_str(), "c");
    results.store(&[record("a", "SUCCESS", 1), failure("b")]).await.unwrap();
    let Err(Error::Task(error)) = last.get(LONG).await else { panic!("it never runs") };
    assert_eq!(error.id.as_str(), "b");
}

#[tokio::test(start_paused = true)]
async fn groups_within_groups_are_joined_in_their_shape() {
    let (app, _, results) = scene();
    let task = |id: &str| Signature::new("t").set("task_id", id);
    let nested = group([task("a"), group([task("b"), task("c")]), chain([task("d"), task("e")])]);
    let group = app.apply(nested).await.unwrap().into_group().unwrap();
    let ids: Vec<&str> = group.tasks().iter().map(|task| task.id().as_str()).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(group.waiting().await.unwrap());
    assert!(matches!(group.join::<Value>(LONG).await, Err(Error::Timeout { .. })));
    let (joined, ()) = tokio::join!(group.join::<Value>(LONG), async {
        for (place, id) in ids.iter().enumerate().rev() {
            results.store(&[record(id, "SUCCESS", place)]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    // Celery takes groups within groups for one.
    assert_eq!(joined.unwrap(), [0, 1, 2, 3].map(Value::Int));
    group.save().await.unwrap();
    let again = app.restore_group(group.id()).await.unwrap().unwrap();
    assert_eq!(again.join::<i64>(None).await.unwrap(), [0, 1, 2, 3]);
    let tuple = |id: &str, members: Value| Value::from(vec![Value::from(vec![id.into(), Value::Null]), members]);
    let inner = tuple("inner", vec![tuple("b", Value::Null), tuple("e", Value::Null)].into());
    results.save_group("outer", &tuple("outer", vec![tuple("a", Value::Null), inner].into())).await.unwrap();
    let outer = app.restore_group("outer").await.unwrap().unwrap();
    let shape = outer.join::<Value>(None).await.unwrap();
    assert_eq!(shape, [Value::Int(0), vec![Value::Int(1), Value::Int(3)].into()]);
    assert!(matches!(group.join::<String>(None).await, Err(Error::Reply { .. })));
    results.save_group("odd", &Value::Int(1)).await.unwrap();
    assert!(matches!(app.restore_group("odd").await, Err(Error::Group { .. })));
    assert!(app.restore_group("nosuch").await.unwrap().is_none());
    assert!(
        matches!(app.apply(celeriac::canvas::group([])).await.unwrap().get(LONG).await.unwrap(), Value::Array(all) if all.is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn results_that_name_each_other_in_a_circle_are_collected_once() {
    let (app, _, results) = scene();
    let child = |id: &str| Value::from(vec![Value::from(vec![Value::from(id), Value::Null]), Value::Null]);
    let with = |id: &str, children: Vec<Value>| Record { children, ..record(id, "SUCCESS", id) };
    let odd = vec![child("a"), Value::Int(1), Value::Array(Vec::new())];
    results.store(&[with("a", vec![child("b")]), with("b", odd)]).await.unwrap();
    let all = app.result("a").collect(LONG).await.unwrap();
    assert_eq!(all.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn without_a_backend_a_wait_runs_out() {
    let app = App::new(Arc::new(MemoryBroker::new()), Arc::new(NoResults));
    let sent = app.send_task("t").await.unwrap();
    assert!(matches!(sent.get(Duration::from_millis(1)).await, Err(Error::Timeout { .. })));
}

#[tokio::test]
async fn what_cannot_be_written_is_not_sent() {
    let (app, ..) = scene();
    let odd = std::collections::BTreeMap::from([(vec![1], 2)]);
    assert!(matches!(app.send_task("t").args((odd,)).await, Err(Error::Arguments { .. })));
    assert!(matches!(app.send_task("t").args("text").await, Err(Error::ArgumentShape { .. })));
    assert!(matches!(app.send_task("t").kwargs((1, 2)).await, Err(Error::ArgumentShape { .. })));
    assert!(matches!(app.send_task("t").option("countdown", "soon").await, Err(Error::Canvas { .. })));
    assert_eq!(app.depth("celery").await.unwrap(), 0);
}

/// Workers, as far as a client can tell: each request is answered with what it is told to answer.
async fn answering(broker: &MemoryBroker, answers: Vec<Value>) -> tokio::task::JoinHandle<Broadcast> {
    let pidbox = Subscription {
        exchange: "celery.pidbox".to_owned(),
        routing_key: String::new(),
        queue: "node.celery.pidbox".to_owned(),
        expires: LIMIT,
    };
    let options = FanoutOptions { subscriptions: vec![pidbox], inbox: None };
    let (broker, mut requests) = (broker.clone(), broker.fanout(options).await.unwrap());
    tokio::spawn(async move {
        let request = requests.next().await.unwrap();
        let at = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reply_to = request.body.get("reply_to").cloned().unwrap_or_default();
        for body in answers {
            let headers = [("ticket", request.body.get("ticket").cloned().unwrap_or_default()), ("clock", 70.into())];
            let reply = Broadcast {
                exchange: at(&reply_to, "exchange"),
                routing_key: at(&reply_to, "routing_key"),
                headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body,
            };
            broker.reply(&reply).await.unwrap();
        }
        request
    })
}

fn node(name: &str, reply: Value) -> Value {
    object([(name, reply)])
}

#[tokio::test(start_paused = true)]
async fn answers_are_gathered_by_node_until_no_more_come() {
    let (app, broker, _) = scene();
    let answers = vec![
        node("a", object([("ok", "pong".into())])),
        Value::Int(7),
        node("b", object([("error", "ValueError('x')".into())])),
        node("c", Value::Int(1)),
    ];
    let workers = answering(&broker, answers).await;
    let replies = app.control().ping().await.unwrap();
    assert_eq!(replies["a"].as_ref().unwrap().0, "pong");
    assert_eq!(replies["b"], Err(Refusal("ValueError('x')".to_owned())));
    assert!(replies["c"].as_ref().unwrap_err().0.contains("shape"));
    let request = workers.await.unwrap();
    let said = |name: &str| request.body.get(name).cloned();
    assert_eq!((said("method"), said("destination")), (Some("ping".into()), Some(Value::Null)));
    assert!(request.headers.contains_key("expires") && request.headers.contains_key("clock"));
}

#[tokio::test(start_paused = true)]
async fn a_limit_or_a_destination_ends_the_wait_early() {
    let (app, broker, _) = scene();
    let pong = || object([("ok", "pong".into())]);
    let workers = answering(&broker, vec![node("a", pong()), node("b", pong())]).await;
    let before = tokio::time::Instant::now();
    let replies = app.control().ping().destination(["a", "b"]).timeout(LONG).await.unwrap();
    assert_eq!(replies.len(), 2);
    workers.await.unwrap();
    let workers = answering(&broker, vec![node("a", pong()), node("b", pong())]).await;
    assert_eq!(app.control().ping().limit(1).timeout(LONG).await.unwrap().len(), 1);
    workers.await.unwrap();
    let nobody: [&str; 0] = [];
    assert!(app.control().ping().destination(nobody).timeout(LONG).await.unwrap().is_empty());
    assert!(before.elapsed() < LONG);
}

#[tokio::test(start_paused = true)]
async fn a_cast_asks_for_no_answer() {
    let (app, broker, _) = scene();
    let workers = answering(&broker, Vec::new()).await;
    app.control().revoke(["x".into()]).glob("w@*").argument("extra", 1).cast().await.unwrap();
    let body = workers.await.unwrap().body;
    assert_eq!(body.get("reply_to"), None);
    assert_eq!(body.get("matcher"), Some(&"glob".into()));
    let arguments = body.get("arguments").unwrap();
    assert_eq!(arguments.get("task_id"), Some(&Value::from(vec!["x"])));
    assert_eq!((arguments.get("terminate"), arguments.get("extra")), (Some(&false.into()), Some(&1.into())));
}

#[tokio::test]
async fn events_come_one_by_one_out_of_batches_and_without_the_odd_ones() {
    let (app, broker, _) = scene();
    let mut events = app.events().await.unwrap();
    let started = |id: &str| {
        object([("type", "task-started".into()), ("uuid", id.into()), ("hostname", "w@h".into()), ("clock", 9.into())])
    };
    let tell = |key: &str, body: Value| Broadcast {
        exchange: "celeryev".to_owned(),
        routing_key: key.to_owned(),
        body,
        ..Broadcast::default()
    };
    let batch = vec![started("a"), Value::Int(1), object([("no", "type".into())]), started("b")];
    let said = [tell("task.multi", batch.into()), tell("x", Value::Null), tell("task.started", started("c"))];
    broker.broadcast(&said).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (event, stamp) = events.next().await.unwrap();
        assert_eq!((event.kind(), stamp.hostname.as_str()), ("task-started", "w@h"));
        ids.extend(event.uuid().map(str::to_owned));
    }
    assert_eq!(ids, ["a", "b", "c"]);
    let app = app.settings(Settings { task_send_sent_event: true, ..Settings::default() });
    app.send_task("t").task_id("d").queue("q").await.unwrap();
    let (celeriac_wire::event::Event::TaskSent(sent), _) = events.next().await.unwrap() else { panic!("it was sent") };
    assert_eq!((sent.received.uuid.as_str(), sent.queue.as_deref(), sent.routing_key.as_str()), ("d", Some("q"), "q"));
    events.close().await.unwrap();
}

/// Fails so many times before it publishes.
struct Flaky {
    failures: AtomicU32,
    inner: MemoryBroker,
}

#[async_trait]
impl Broker for Flaky {
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), broker::Error> {
        if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            return Err(broker::Error { operation: "publish", source: "as told".into() });
        }
        self.inner.publish(messages).await
    }

    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, broker::Error> {
        self.inner.consume(options).await
    }

    async fn fanout(&self, options: FanoutOptions) -> Result<Box<dyn Fanout>, broker::Error> {
        self.inner.fanout(options).await
    }

    async fn broadcast(&self, messages: &[Broadcast]) -> Result<(), broker::Error> {
        self.inner.broadcast(messages).await
    }

    async fn reply(&self, message: &Broadcast) -> Result<(), broker::Error> {
        self.inner.reply(message).await
    }

    async fn epoch(&self) -> Result<Epoch, broker::Error> {
        self.inner.epoch().await
    }

    async fn depth(&self, queues: &[String]) -> Result<usize, broker::Error> {
        self.inner.depth(queues).await
    }

    async fn purge(&self, queue: &str) -> Result<usize, broker::Error> {
        self.inner.purge(queue).await
    }
}

#[tokio::test(start_paused = true)]
async fn publishing_is_tried_again_as_often_as_the_policy_says() {
    let flaky = |failures: u32| {
        let broker = Flaky { failures: AtomicU32::new(failures), inner: MemoryBroker::new() };
        App::new(Arc::new(broker), Arc::new(NoResults))
    };
    let app = flaky(3);
    app.send_task("t").await.unwrap();
    assert_eq!(app.depth("celery").await.unwrap(), 1);
    assert!(matches!(flaky(4).send_task("t").await, Err(Error::Broker(_))));
    let once = Settings { task_publish_retry: false, ..Settings::default() };
    assert!(matches!(flaky(1).settings(once).send_task("t").await, Err(Error::Broker(_))));
    let patient = flaky(9).publish_retry(PublishRetry { max_retries: 9, ..PublishRetry::default() });
    patient.send_task("t").await.unwrap();
    // A retried message is not counted twice by whoever asks.
    assert_eq!(patient.purge("celery").await.unwrap(), 1);
}
