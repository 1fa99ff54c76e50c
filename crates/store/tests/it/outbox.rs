//! Messages on their way to the broker.

use docmill_model::{Code, Stage, Warning};
use docmill_store::Claimed;
use serde_json::json;

use crate::world::{TASK, World, epoch, failure, output};

const FIRST: Stage = Stage::ProcessOcr;

pub async fn a_message_stays_until_its_stage_is_claimed(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let waiting = w.store.unpublished(epoch("one"), 9).await.unwrap();
    w.store.published(vec![waiting[0].id], epoch("one")).await.unwrap();
    assert!(w.store.unpublished(epoch("one"), 9).await.unwrap().is_empty());
    assert_eq!(w.store.unpublished(epoch("two"), 9).await.unwrap(), waiting);
    let claim = w.claim(id, FIRST).await;
    assert!(w.waiting().await.is_empty());
    w.store.published(vec![waiting[0].id], epoch("two")).await.unwrap();
    let next = w.store.commit(claim.done(output(id, FIRST, "Anna"), vec![], json!({}))).await.unwrap();
    assert_eq!(next, w.waiting().await);
    assert_eq!(next[0].key.stage, Stage::CreateDocumentNode);
}

pub async fn a_new_life_of_the_broker_gets_everything_again(w: &World<'_>) {
    for name in ["a", "b", "c"] {
        w.submit(name, name).await;
    }
    let ids: Vec<_> = w.waiting().await.iter().map(|m| m.id).collect();
    w.store.published(ids[..2].to_vec(), epoch("one")).await.unwrap();
    assert_eq!(w.store.unpublished(epoch("one"), 9).await.unwrap().len(), 1);
    assert_eq!(w.store.unpublished(epoch("two"), 2).await.unwrap().len(), 2, "no more than asked for");
    assert_eq!(w.store.unpublished(epoch("two"), 9).await.unwrap().len(), 3);
}

pub async fn what_was_cut_off_comes_first_and_what_runs_alone_last(w: &World<'_>) {
    let ids = ["plain", "begun", "dead", "cut off", "cut off later"].map(|name| (name, w.submit(name, name)));
    let mut documents = Vec::new();
    for (name, submitted) in ids {
        documents.push((submitted.await.document(), name));
    }
    let of = |wanted: &str| documents.iter().find(|(_, name)| *name == wanted).unwrap().0;
    w.run(of("begun"), FIRST, output(of("begun"), FIRST, "text")).await;
    let claim = w.claim(of("dead"), FIRST).await;
    w.store.commit(claim.again(failure(Code::CHILD_CRASH), true)).await.unwrap();
    w.claim(of("cut off"), FIRST).await;
    w.run(of("cut off later"), FIRST, output(of("cut off later"), FIRST, "text")).await;
    w.claim(of("cut off later"), Stage::CreateDocumentNode).await;
    assert_eq!(w.store.recover().await.unwrap(), 2);
    let waiting = w.waiting().await;
    let order: Vec<_> =
        waiting.iter().map(|m| documents.iter().find(|(id, _)| *id == m.key.document).unwrap().1).collect();
    assert_eq!(order, ["cut off later", "cut off", "begun", "plain", "dead"]);
    assert_eq!(waiting.iter().map(|m| m.alone).collect::<Vec<_>>(), [true, true, false, false, true]);
    assert_eq!(waiting.iter().map(|m| m.is_cut_off()).collect::<Vec<_>>(), [true, true, false, false, false]);
}

/// A run is stopped between two stages, an earlier stage is retried, and the message of the later one arrives first.
pub async fn a_message_that_came_too_early_is_sent_again_in_time(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let claim = w.claim(id, FIRST).await;
    let loss = vec![Warning::new(Code::NEEDS_OCR, "a page has no text")];
    w.store.commit(claim.done(output(id, FIRST, "Anna"), loss, json!({}))).await.unwrap();
    w.run(id, Stage::CreateDocumentNode, output(id, Stage::CreateDocumentNode, "Anna")).await;
    let selection = docmill_store::Selection { code: Some(Code::NEEDS_OCR), ..Default::default() };
    assert_eq!(w.store.retry(selection).await.unwrap(), 1);
    let sent = w.store.unpublished(epoch("one"), 9).await.unwrap();
    w.store.published(sent.iter().map(|m| m.id).collect(), epoch("one")).await.unwrap();
    assert!(matches!(w.claimed(id, Stage::ProcessChunking).await, Claimed::NotReady));
    let next = w.run(id, FIRST, output(id, FIRST, "Anna")).await;
    assert_eq!(next.iter().map(|m| m.key.stage).collect::<Vec<_>>(), [Stage::ProcessChunking]);
    assert_eq!(w.store.unpublished(epoch("one"), 9).await.unwrap(), next);
    assert_eq!(w.finish(id, "Anna").await, &Stage::ALL[2..]);
}

pub async fn a_stage_cut_off_runs_again_first_and_alone(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    w.claim(id, FIRST).await;
    assert!(w.waiting().await.is_empty());
    assert_eq!((w.store.recover().await.unwrap(), w.store.recover().await.unwrap()), (1, 0));
    let message = w.waiting().await.remove(0);
    assert_eq!((message.task_id, message.alone, message.is_cut_off()), (TASK, true, true));
    let claim = w.claim(id, FIRST).await;
    assert_eq!((claim.attempt, claim.deaths, claim.alone), (2, 0, true), "only a child's death counts");
    let next = w.store.commit(claim.done(output(id, FIRST, "Anna"), vec![], json!({}))).await.unwrap();
    assert_eq!(next.iter().map(|m| (m.alone, m.is_cut_off())).collect::<Vec<_>>(), [(false, false)]);
}

pub async fn what_runs_alone_waits_for_all_others(w: &World<'_>) {
    assert!(w.store.only_alone_left().await.unwrap());
    let dead = w.submit("dead", "dead").await.document();
    let other = w.submit("other", "other").await.document();
    assert!(!w.store.only_alone_left().await.unwrap());
    let claim = w.claim(dead, FIRST).await;
    w.store.commit(claim.again(failure(Code::CHILD_CRASH), true)).await.unwrap();
    assert!(!w.store.only_alone_left().await.unwrap(), "the other one is pending");
    let claim = w.claim(other, FIRST).await;
    assert!(!w.store.only_alone_left().await.unwrap(), "the other one is running");
    assert_eq!((w.store.unfinished(9).await.unwrap(), w.store.unfinished(1).await.unwrap()), (2, 1));
    w.store.commit(claim.failed(failure(Code::DAMAGED))).await.unwrap();
    assert!(w.store.only_alone_left().await.unwrap());
    w.finish(dead, "text").await;
    assert_eq!(w.store.unfinished(9).await.unwrap(), 0);
}
