//! Walks the table of message and stage state: the production driver on a real SQLite store, a broker that
//! repeats and loses messages, and a crash at each edge of each stage.
//!
//! The oracle is exact: whatever happened on the way, the export is byte for byte that of an undisturbed run, no
//! stage was committed more often than it was asked for, and no stage is left open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use celeriac::{Broker, ConsumerOptions, MemoryBroker};
use docmill_engine::{Direct, Driver, Edge, Feeder, Hook, Outcome, Parts, Silent, Workspace, handle};
use docmill_model::{DocumentId, Stage, State};
use docmill_store::{Epoch, StageKey};

use crate::pile::{LETTER, MAIL, Pile, export, intake, run_all, take_in};

/// Ends the process at the `nth` passing of an edge of a stage.
struct CrashAt {
    edge: Edge,
    stage: Stage,
    left: Mutex<u32>,
}

impl Hook for CrashAt {
    fn survives(&self, edge: Edge, key: StageKey) -> bool {
        if (edge, key.stage) != (self.edge, self.stage) {
            return true;
        }
        let mut left = self.left.lock().unwrap();
        *left = left.saturating_sub(1);
        *left != 0
    }
}

/// What the broker does to messages besides delivering them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mischief {
    None,
    /// Each message arrives twice.
    Twice,
    /// Everything is lost once, when half of the work is done.
    Flush,
}

/// One life of a process: from its start to its crash or to the end of the work. `true` at the end.
async fn live(
    workspace: &Workspace,
    hook: Option<Arc<dyn Hook>>,
    mischief: Mischief,
    runs: &Mutex<BTreeMap<StageKey, u32>>,
) -> bool {
    let store = workspace.store();
    store.recover().await.unwrap();
    let mut lives = 0;
    loop {
        let broker = MemoryBroker::new();
        let epoch = Epoch(broker.epoch().await.unwrap().0);
        let driver = Driver::new(Parts {
            store: store.clone(),
            broker: Arc::new(broker.clone()),
            epoch,
            reader: Arc::new(Direct),
            blobs: workspace.blobs(),
            observer: Arc::new(Silent),
            encoder: workspace.encoder(),
            permits: 2,
            hook: hook.clone(),
        });
        let feeder = Feeder::new(driver.clone());
        feeder.intake_is_done();
        let queues = ["ocr", "text", "entity", "graph"].map(String::from).to_vec();
        let mut consumer = broker
            .consume(ConsumerOptions { queues: queues.iter().map(|queue| queue.as_str().into()).collect() })
            .await
            .unwrap();
        let mut handled = 0;
        let flushed = loop {
            feeder.feed().await.unwrap();
            if broker.depth(&queues).await.unwrap() == 0 {
                break false;
            }
            if mischief == Mischief::Flush && lives == 0 && handled == 7 {
                break true;
            }
            for delivery in consumer.turn(celeriac::Turn { take: 1, ..Default::default() }).await.unwrap() {
                let message = delivery.message.unwrap();
                let times = if mischief == Mischief::Twice { 2 } else { 1 };
                for _ in 0..times {
                    let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
                    let document = DocumentId(body[1]["document_uuid"].as_str().unwrap().parse().unwrap());
                    let id = message.headers.id.parse().unwrap();
                    match handle(&driver, &message.headers.task, document, id).await.unwrap().unwrap() {
                        Outcome::Crashed => return false,
                        Outcome::Reply(_) | Outcome::Dropped | Outcome::Unknown => {}
                    }
                }
                handled += 1;
                let settle = &[(delivery.tag, celeriac::Settle::Ack)];
                consumer.turn(celeriac::Turn { settle, ..Default::default() }).await.unwrap();
            }
        };
        lives += 1;
        if !flushed {
            break;
        }
    }
    for id in store.document_ids(None, 100).await.unwrap() {
        for attempt in store.history(id).await.unwrap() {
            if attempt.state != State::Failed {
                let key = StageKey { document: id, stage: attempt.stage };
                *runs.lock().unwrap().entry(key).or_default() += 1;
            }
        }
    }
    true
}

fn pile() -> Pile {
    Pile::new(&[("a.txt", LETTER), ("b.eml", MAIL), ("empty.txt", "")])
}

async fn check(edge: Option<(Edge, Stage, u32)>, mischief: Mischief, expected: &str) {
    let context = format!("{edge:?} {mischief:?}");
    let pile = pile();
    let workspace = pile.workspace();
    take_in(intake(&pile.documents()), &workspace).await;
    let runs = Mutex::new(BTreeMap::new());
    let mut hook: Option<Arc<dyn Hook>> =
        edge.map(|(edge, stage, nth)| -> Arc<dyn Hook> { Arc::new(CrashAt { edge, stage, left: Mutex::new(nth) }) });
    let mut deaths = 0;
    while !live(&workspace, hook.take(), mischief, &runs).await {
        deaths += 1;
        assert!(deaths < 3, "{context}: it does not come to an end");
    }
    assert_eq!(deaths, u32::from(edge.is_some()), "{context}: the edge was not reached");
    assert_eq!(workspace.store().unfinished(10).await.unwrap(), 0, "{context}: stages are left open");
    assert_eq!(export(&workspace).await, expected, "{context}");
    for (key, count) in runs.into_inner().unwrap() {
        assert_eq!(count, 1, "{context}: {key:?} was committed {count} times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_each_edge_of_each_stage_leaves_what_no_crash_leaves() {
    let undisturbed = pile();
    let workspace = undisturbed.workspace();
    run_all(&workspace, &undisturbed.documents()).await;
    let expected = export(&workspace).await;
    for mischief in [Mischief::None, Mischief::Twice, Mischief::Flush] {
        check(None, mischief, &expected).await;
    }
    for stage in Stage::ALL {
        for edge in Edge::ALL {
            for mischief in [Mischief::None, Mischief::Twice] {
                check(Some((edge, stage, 1)), mischief, &expected).await;
            }
            check(Some((edge, stage, 2)), Mischief::None, &expected).await;
        }
    }
}

/// A lease that was taken over must not commit: the slow worker wakes up after a restart has claimed its stage.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    use docmill_store::{Claimed, Output};
    let pile = pile();
    let workspace = pile.workspace();
    take_in(intake(&pile.documents()), &workspace).await;
    let store = workspace.store();
    let id = store.find_documents("a.txt", 1).await.unwrap()[0];
    let key = StageKey { document: id, stage: Stage::ProcessOcr };
    let Claimed::Run(slow) = store.claim(key, uuid::Uuid::nil()).await.unwrap() else { panic!("the stage is pending") };
    store.recover().await.unwrap();
    let Claimed::Run(fast) = store.claim(key, uuid::Uuid::nil()).await.unwrap() else { panic!("it was given back") };
    let ocr = |text: &str| {
        let page = docmill_model::Page { number: 1, text: text.into(), ..Default::default() };
        Output::Ocr(docmill_store::Ocr {
            media_type: docmill_model::MediaType::Text,
            pages: vec![page],
            members: vec![],
        })
    };
    let late = store.commit(slow.done(ocr("stale\n"), vec![], serde_json::Value::Null)).await;
    assert!(matches!(late, Err(docmill_store::Error::Fenced { .. })), "{late:?}");
    store.commit(fast.done(ocr("fresh\n"), vec![], serde_json::Value::Null)).await.unwrap();
    assert_eq!(store.raw(id).await.unwrap().0, "fresh\n");
}
