//! Claims, leases and saved pages.

use docmill_model::{Code, Digest, DocumentId, Stage, State};
use docmill_store::{Claimed, Error, Ocr, Output, StageKey};
use serde_json::json;
use uuid::Uuid;

use crate::world::{PROJECT, TASK, World, failure, output, pages, versions_with};

const FIRST: Stage = Stage::ProcessOcr;

pub async fn a_claim_is_answered_by_the_state_of_the_stage(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let unknown = DocumentId::new(PROJECT, &Digest::of(b"nowhere"));
    assert!(matches!(w.claimed(unknown, FIRST).await, Claimed::Unknown));
    assert!(matches!(w.claimed(id, Stage::ProcessChunking).await, Claimed::NotReady));
    let claim = w.claim(id, FIRST).await;
    assert_eq!((claim.attempt, claim.deaths, claim.saved_pages, claim.alone), (1, 0, 0, false));
    let other = w.store.claim(StageKey { document: id, stage: FIRST }, Uuid::from_u128(8)).await.unwrap();
    assert!(matches!(other, Claimed::Held(holder) if holder == TASK));
    w.store.commit(claim.done(output(id, FIRST, "Anna"), vec![], json!({ "pages": 1 }))).await.unwrap();
    assert!(matches!(w.claimed(id, FIRST).await, Claimed::Done(reply) if reply == json!({ "pages": 1 })));
    let claim = w.claim(id, Stage::CreateDocumentNode).await;
    w.store.commit(claim.failed(failure(Code::STAGE_BUG))).await.unwrap();
    let Claimed::Done(reply) = w.claimed(id, Stage::CreateDocumentNode).await else { panic!("it has ended") };
    assert_eq!((&reply["status"], &reply["error"]["code"]), (&json!("failed"), &json!("stage_bug")));
}

pub async fn attempts_and_deaths_are_counted_as_long_as_the_input_is_the_same(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    for (attempt, deaths, counts) in [(1, 0, true), (2, 1, false), (3, 1, true)] {
        let claim = w.claim(id, FIRST).await;
        assert_eq!((claim.attempt, claim.deaths, claim.alone), (attempt, deaths, attempt > 1));
        let messages = w.store.commit(claim.again(failure(Code::CHILD_MEMORY), counts)).await.unwrap();
        assert_eq!(messages.iter().map(|m| m.alone).collect::<Vec<_>>(), [true]);
        assert_eq!(w.state(id).await, State::Pending);
    }
    let newer = World { store: w.backend.open(versions_with(FIRST, "2")), backend: w.backend };
    let claim = newer.claim(id, FIRST).await;
    assert_eq!((claim.attempt, claim.deaths), (1, 0), "another version is another input");
}

pub async fn pages_outlive_a_death_and_go_when_the_input_changes(w: &World<'_>) {
    let (text, id) = ("one \u{c}two \u{c}three", w.submit("a.pdf", "pdf").await.document());
    let all = pages(text);
    let claim = w.claim(id, FIRST).await;
    w.store.checkpoint(claim.lease(), all[..1].to_vec()).await.unwrap();
    w.store.checkpoint(claim.lease(), all[1..2].to_vec()).await.unwrap();
    w.store.commit(claim.again(failure(Code::CHILD_CRASH), false)).await.unwrap();
    assert_eq!(w.claim(id, FIRST).await.saved_pages, 2);
    w.store.recover().await.unwrap();

    let claim = w.claim(id, FIRST).await;
    assert_eq!(claim.saved_pages, 2);
    let Output::Ocr(ocr) = output(id, FIRST, text) else { unreachable!() };
    let rest = Output::Ocr(Ocr { pages: all[2..].to_vec(), ..ocr.clone() });
    w.store.commit(claim.done(rest, vec![], json!({}))).await.unwrap();
    assert_eq!(w.store.raw(id).await.unwrap().0, "one two three");
    let resumed = w.waiting().await;

    let newer = World { store: w.backend.open(versions_with(FIRST, "2")), backend: w.backend };
    newer.store.reprocess(Some(FIRST)).await.unwrap();
    w.finish(id, text).await;
    newer.store.reprocess(Some(FIRST)).await.unwrap();
    let claim = newer.claim(id, FIRST).await;
    assert_eq!(claim.saved_pages, 0, "pages of another version are not kept");
    assert!(newer.store.page_rows(id).await.unwrap().is_empty());

    // A document that was read in one go asks for the next stage with the same input as one that was resumed.
    w.store.forget(vec![id]).await.unwrap();
    w.submit("a.pdf", "pdf").await;
    w.run(id, FIRST, Output::Ocr(ocr)).await;
    assert_eq!(w.waiting().await[0].task_id, resumed[0].task_id);
}

pub async fn a_newer_claim_fences_the_older_one_off(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let slow = w.claim(id, FIRST).await;
    let lease = slow.lease();
    w.store.renew(lease).await.unwrap();
    w.store.recover().await.unwrap();
    let fenced = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Fenced { .. })), "{result:?}");
    fenced(w.store.renew(lease).await);
    let fast = w.claim(id, FIRST).await;
    fenced(w.store.renew(lease).await);
    fenced(w.store.checkpoint(lease, pages("stale")).await);
    fenced(w.store.commit(slow.done(output(id, FIRST, "stale"), vec![], json!({}))).await.map(drop));
    assert!(w.store.page_rows(id).await.unwrap().is_empty());
    w.store.commit(fast.done(output(id, FIRST, "fresh"), vec![], json!({}))).await.unwrap();
    assert_eq!(w.store.raw(id).await.unwrap().0, "fresh");
    fenced(w.store.checkpoint(lease, pages("stale")).await);
}

pub async fn a_lease_does_not_outlive_its_document(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let claim = w.claim(id, FIRST).await;
    w.store.forget(vec![id]).await.unwrap();
    assert!(matches!(w.store.renew(claim.lease()).await, Err(Error::Fenced { .. })));
    assert_eq!(w.submit("a.txt", "Anna").await.document(), id);
    w.claim(id, FIRST).await;
    let late = w.store.commit(claim.done(output(id, FIRST, "Anna"), vec![], json!({}))).await;
    assert!(matches!(late, Err(Error::Fenced { .. })), "the token of a document that was there before: {late:?}");
}

pub async fn a_document_is_as_its_worst_stage(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    assert_eq!(w.state(id).await, State::Pending);
    w.claim(id, FIRST).await;
    assert_eq!(w.state(id).await, State::Running);
    w.store.recover().await.unwrap();
    assert_eq!(w.state(id).await, State::Pending);
    let claim = w.claim(id, FIRST).await;
    let loss = vec![docmill_model::Warning::new(Code::NEEDS_OCR, "a page has no text")];
    w.store.commit(claim.done(output(id, FIRST, "Anna"), loss, json!({}))).await.unwrap();
    assert_eq!(w.state(id).await, State::Pending, "the next stage is");
    w.finish(id, "Anna").await;
    assert_eq!(w.state(id).await, State::Partial, "the first stage is");
    let done = w.add("b.txt", "Ben").await;
    assert_eq!(w.state(done).await, State::Done);
    for (path, state) in [("c.txt", State::Skipped), ("d.txt", State::Failed)] {
        let id = w.submit(path, path).await.document();
        let claim = w.claim(id, FIRST).await;
        let ended = if state == State::Skipped {
            claim.skipped(failure(Code::UNSUPPORTED))
        } else {
            claim.failed(failure(Code::DAMAGED))
        };
        w.store.commit(ended).await.unwrap();
        assert_eq!(w.state(id).await, state);
    }
}
