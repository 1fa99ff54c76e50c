//! The pipeline's own tasks over Celery's wire: real Redis, an unmodified Python client, our worker.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use celeriac::{Broker, RedisBroker, RedisResults, Worker};
use docmill_engine::{Direct, Driver, Parts, Silent, TASKS, registry};
use docmill_store::Epoch;
use docmill_testkit::{Redis, interop, python, service};

use crate::pile::{LETTER, Pile, export, intake, run_all, take_in};

/// Asks the Python client once; it has a deadline of its own.
fn ask(python: &std::path::Path, url: &str, request: &serde_json::Value) -> serde_json::Value {
    let mut client = Command::new(python)
        .arg(interop().join("client.py"))
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(client.stdin.take().unwrap(), "{request}").unwrap();
    serde_json::from_slice(&client.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_runs_the_pipeline_and_gets_its_results() {
    let Some(redis) = service(Redis::start()) else { return };
    let Some(python) = service(python()) else { return };
    let pile = Pile::new(&[("letter.txt", LETTER)]);
    let workspace = pile.workspace();
    take_in(intake(&pile.documents()), &workspace).await;
    let store = workspace.store();
    let document = store.find_documents("letter.txt", 1).await.unwrap()[0];

    let broker = RedisBroker::connect(&redis.url()).await.unwrap();
    let epoch = Epoch(broker.epoch().await.unwrap().0);
    let broker: Arc<dyn Broker> = Arc::new(broker);
    let driver = Driver::new(Parts {
        store: store.clone(),
        broker: broker.clone(),
        epoch,
        reader: Arc::new(Direct),
        blobs: workspace.blobs(),
        observer: Arc::new(Silent),
        encoder: workspace.encoder(),
        permits: 2,
        hook: None,
    });
    let mut queues: Vec<String> = TASKS.iter().map(|t| t.queue.to_owned()).collect();
    queues.dedup();
    let options = celeriac::Options { queues, concurrency: 2, ..Default::default() };
    let results = Arc::new(RedisResults::connect(&redis.url()).await.unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(Worker::new(options, registry(&driver), broker, results).run(async move {
        let _ = stopped.await;
    }));

    // As a producer of the original sends it.
    let request = serde_json::json!({
        "task": TASKS[0].name,
        "kwargs": {
            "document_uuid": document.to_string(), "source_doc_sql_id": 1, "file_path": "letter.txt",
            "file_name": "letter.txt", "detected_file_type": ".txt", "project_sql_id": 1,
        },
        "options": { "queue": "ocr" },
    });
    let url = redis.url();
    let client = python.clone();
    let answer = tokio::task::spawn_blocking(move || ask(&client, &url, &request)).await.unwrap();
    assert_eq!(answer["result"]["status"], "success", "{answer}");
    assert_eq!(answer["result"]["document_uuid"], document.to_string());

    // The stages after it went through Redis by themselves.
    let finished = async {
        while store.unfinished(1).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), finished).await.expect("all stages ran");

    // Sent again, a finished stage gives its reply and changes nothing.
    let again = serde_json::json!({
        "task": TASKS[5].name, "args": [document.to_string(), 1, {}, "project"], "options": { "queue": "graph" },
    });
    let url = redis.url();
    let answer = tokio::task::spawn_blocking(move || ask(&python, &url, &again)).await.unwrap();
    assert_eq!(answer["result"]["status"], "success", "{answer}");
    stop.send(()).unwrap();
    worker.await.unwrap().unwrap();

    let embedded = Pile::new(&[("letter.txt", LETTER)]);
    let other = embedded.workspace();
    run_all(&other, &embedded.documents()).await;
    assert_eq!(export(&workspace).await, export(&other).await);
}
