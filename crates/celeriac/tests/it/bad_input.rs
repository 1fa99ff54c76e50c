//! A worker over Redis is given what no client of Celery's sends: it lives, and what can be answered is answered.

use std::sync::Arc;
use std::time::Duration;

use celeriac::{Options, RedisBroker, RedisResults, Registry, ResultBackend, Settings, TaskId, Worker};
use celeriac_wire::compression::Compression;
use celeriac_wire::{Map, Message, envelope};
use docmill_testkit::{Redis, service};
use tokio::sync::oneshot;

const LIMIT: Duration = Duration::from_secs(20);
/// What a body may unfold to here.
const MAX_BODY: usize = 2_000;

fn message(id: &str, change: impl FnOnce(&mut Message)) -> String {
    let mut message = Message::new("echo", id, Vec::new(), Map::new());
    change(&mut message);
    envelope::encode(&message)
}

/// A body whose aliases unfold to a billion times what it holds.
fn aliases() -> Vec<u8> {
    let mut text = String::from("- &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let one = format!("*a{}", level - 1);
        text.push_str(&format!("- &a{level} [{}]\n", [one.as_str(); 9].join(", ")));
    }
    text.into_bytes()
}

#[tokio::test]
async fn what_is_no_task_is_said_and_dropped_and_what_has_an_id_fails() {
    let Some(redis) = service(Redis::start()) else { return };
    let mut registry = Registry::new();
    registry.function("echo", &[], |_, (): ()| Ok(7));
    let broker = Arc::new(RedisBroker::connect(&redis.url()).await.unwrap());
    let results = RedisResults::connect(&redis.url()).await.unwrap();
    let settings = Settings {
        worker_max_body_bytes: MAX_BODY,
        accept_content: vec!["json".into(), "yaml".into()],
        ..Settings::default()
    };
    let options = Options { concurrency: 2, settings, ..Options::default() };
    let worker = Worker::new(options, registry, broker, Arc::new(results.clone()));
    let (stop, stopped) = oneshot::channel::<()>();
    let mut worker = tokio::spawn(worker.run(async { drop(stopped.await) }));

    let large = format!("[[\"{}\"], {{}}, {{}}]", "x".repeat(MAX_BODY)).into_bytes();
    let deep = format!("[{}", "[".repeat(200_000)).into_bytes();
    let packed = Compression::Zlib.compress(&vec![b' '; 10_000_000]).unwrap();
    let good = message("good", |_| {});
    let sent = [
        "junk".to_owned(),
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        good[..good.len() / 2].to_owned(),
        good.replace("\"good\"", "5"),
        good.replace("\"good\"", "null"),
        message("pickled", |m| m.content_type = "application/x-python-serialize".into()),
        message("serializer", |m| m.content_type = "application/x-nobody".into()),
        message("unknown", |m| m.headers.task = "nowhere".into()),
        message("large", |m| m.body.clone_from(&large)),
        message("deep", |m| m.body.clone_from(&deep)),
        message("packed", |m| {
            m.headers.extra.insert("compression".into(), "application/x-gzip".into());
            m.body.clone_from(&packed);
        }),
        message("aliases", |m| {
            m.content_type = "application/x-yaml".into();
            m.body = aliases();
        }),
        good.clone(),
    ];
    for text in &sent {
        redis.ask(&["LPUSH", "celery", text]).unwrap();
    }
    for id in ["unknown", "large", "deep", "packed", "aliases", "good"] {
        let record = tokio::time::timeout(LIMIT, results.wait(&TaskId::from(id))).await;
        let record = record.unwrap_or_else(|_| panic!("no result of {id}")).unwrap();
        let expected = if id == "good" { "SUCCESS" } else { "FAILURE" };
        assert_eq!(record.status, expected, "{id}: {:?}", record.result);
    }
    let empty = async {
        while redis.ask(&["HLEN", "unacked"]).unwrap() != ":0\r\n" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, empty).await.expect("all is acknowledged");
    assert!(!worker.is_finished());
    drop(stop);
    tokio::time::timeout(LIMIT, &mut worker).await.unwrap().unwrap().unwrap();
}
