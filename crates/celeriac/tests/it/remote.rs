//! What a worker tells others of itself: its events, and its metrics.

use std::sync::Arc;
use std::time::Duration;

use celeriac::client::App;
use celeriac::metrics::Server;
use celeriac::remote::{self, Remote};
use celeriac::worker::Handle;
use celeriac::{Context, MemoryBroker, MemoryResults, Options, Outcome, Registry, Settings, Value, Worker};
use celeriac_wire::canvas::Signature;
use celeriac_wire::event::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(30);

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .function("add", &["x", "y"], |_, (x, y): (i64, i64)| Ok(x + y))
        .function("parent", &[], |cx: &Context, (): ()| {
            cx.apply(Signature::new("add").args([Value::Int(1), Value::Int(2)]))?;
            Ok(())
        })
        .function("again", &[], |cx: &Context, (): ()| -> Outcome<()> {
            match cx.request().retries() {
                0 => Err(celeriac::Stop::Retry(Box::new(celeriac::Retry {
                    after: Some(Duration::ZERO),
                    ..celeriac::Retry::default()
                }))),
                _ => Ok(()),
            }
        });
    registry
}

/// A worker with its dealings, over memory.
struct Scene {
    app: App,
    broker: MemoryBroker,
    handle: Handle,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Scene {
    fn new(settings: Settings) -> Self {
        let (broker, results) = (Arc::new(MemoryBroker::new()), Arc::new(MemoryResults::new()));
        let app = App::new(broker.clone(), results.clone());
        let deals = remote::Options { mingle: false, ..remote::Options::default() };
        let remote = Remote::new("w1@host", settings.clone(), deals, broker.clone(), results.clone()).unwrap();
        let options = Options { hostname: "w1@host".to_owned(), settings, ..Options::default() };
        let worker = Worker::new(options, registry(), broker.clone(), results).dispatch(remote.dispatch());
        let handle = worker.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let beside = handle.clone();
        let running = tokio::spawn(async move {
            let (ended, end) = oneshot::channel::<()>();
            let remote = tokio::spawn(remote.run(beside, async { drop(end.await) }));
            worker.run(async { drop(stopped.await) }).await.unwrap();
            drop(ended);
            remote.await.unwrap();
        });
        Self { app, broker: MemoryBroker::clone(&broker), handle, stop, running }
    }

    async fn end(self) {
        drop(self.stop);
        self.running.await.unwrap();
    }
}

#[tokio::test]
async fn what_tasks_send_is_told_of_when_the_settings_say_so() {
    let scene = Scene::new(Settings { task_send_sent_event: true, ..Settings::default() });
    let mut events = scene.app.events().await.unwrap();
    let call = scene.app.send_task("parent").task_id("p");
    call.link(Signature::new("add").args([Value::Int(5), Value::Int(6)]).immutable()).await.unwrap();
    scene.app.send_task("again").task_id("a").await.unwrap();
    // The child, the callback and the next run; the client of this test tells of none of its own.
    let mut told = Vec::new();
    // Heartbeats never stop: the wait is bounded as a whole.
    let deadline = tokio::time::Instant::now() + LIMIT;
    while told.len() < 3 {
        let (event, stamp) = tokio::time::timeout_at(deadline, events.next()).await.unwrap().unwrap();
        if let Event::TaskSent(sent) = event {
            assert_eq!(stamp.hostname, format!("gen{}@host", std::process::id()));
            assert_eq!((sent.queue.as_deref(), sent.routing_key.as_str()), (Some("celery"), "celery"));
            let received = &sent.received;
            let parent = received.parent_id.clone().unwrap();
            told.push(format!("{} {} {} of {parent}", received.name, received.args.clone().unwrap(), received.retries));
        }
    }
    told.sort();
    assert_eq!(told, ["add (1, 2) 0 of p", "add (5, 6) 0 of p", "again () 1 of a"]);
    events.close().await.unwrap();
    scene.end().await;
}

/// What a server says to some bytes; all there is to a connection.
async fn say(to: std::net::SocketAddr, said: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(said).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(LIMIT, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn metrics_count_what_became_of_tasks() {
    let scene = Scene::new(Settings::default());
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address().unwrap();
    let served = tokio::spawn(server.run(scene.handle.clone(), Arc::new(scene.broker.clone())));
    for _ in 0..3 {
        let sum = scene.app.send_task("add").args((1, 2)).returning::<i64>().await.unwrap();
        assert_eq!(sum.get(LIMIT).await.unwrap(), 3);
    }
    let wrong = scene.app.send_task("add").args(("x", "y")).returning::<i64>().await.unwrap();
    wrong.get(LIMIT).await.unwrap_err();
    scene.app.send_task("again").await.unwrap().get(LIMIT).await.unwrap();
    scene.app.send_task("unknown").await.unwrap().get(LIMIT).await.unwrap_err();
    scene.app.send_task("add").queue("elsewhere").await.unwrap();
    // A request that goes on and on, and one that never ends, keep nobody else from an answer.
    let endless = TcpStream::connect(address).await.unwrap();
    let long = [b"GET /metrics HTTP/1.1\r\nX: ".as_slice(), &[b'x'; 8192 - 26]].concat();
    assert!(say(address, &long).await.starts_with("HTTP/1.1 431 "));
    assert!(say(address, b"GET /else HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 "));
    let page = say(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    drop(endless);
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{head}");
    for line in [
        r#"celeriac_tasks_total{task="add",state="received"} 4"#,
        r#"celeriac_tasks_total{task="add",state="succeeded"} 3"#,
        r#"celeriac_tasks_total{task="add",state="failed"} 1"#,
        r#"celeriac_tasks_total{task="again",state="retried"} 1"#,
        r#"celeriac_tasks_total{task="again",state="succeeded"} 1"#,
        r#"celeriac_task_runtime_seconds_count{task="add"} 4"#,
        r#"celeriac_task_wait_seconds_count{task="add"} 4"#,
        r#"celeriac_held_messages{phase="active"} 0"#,
        "celeriac_unacknowledged_messages 0",
        "celeriac_refused_messages_total 1",
        "celeriac_broker_reconnects_total 0",
        r#"celeriac_queue_messages{queue="celery"} 0"#,
    ] {
        assert!(body.lines().any(|own| own == line), "{line} is not in\n{body}");
    }
    assert!(!body.contains("celery.chord"), "tasks that were not seen have no series");
    scene.end().await;
    assert!(say(address, b"GET /metrics HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 503 "));
    served.abort();
}
