//! Asking for stages again.

use docmill_model::{Code, DocumentId, Stage, State, Warning};
use docmill_store::Selection;
use serde_json::json;

use crate::world::{World, failure, output, versions_with};

const FIRST: Stage = Stage::ProcessOcr;

/// One document for each way to end.
async fn ended(w: &World<'_>) -> Vec<(&'static str, DocumentId)> {
    let mut documents = vec![("done", w.add("done", "Anna").await)];
    for name in ["partial", "skipped", "failed", "failed late"] {
        let id = w.submit(name, name).await.document();
        if name == "failed late" {
            w.run(id, FIRST, output(id, FIRST, "Anna")).await;
            let claim = w.claim(id, Stage::CreateDocumentNode).await;
            w.store.commit(claim.failed(failure(Code::STAGE_BUG))).await.unwrap();
        } else {
            let claim = w.claim(id, FIRST).await;
            let loss = vec![Warning::new(Code::NO_TEXT, "none"), Warning::new(Code::NEEDS_OCR, "a page has no text")];
            let commit = match name {
                "partial" => claim.done(output(id, FIRST, "Anna"), loss, json!({})),
                "skipped" => claim.skipped(failure(Code::NEEDS_PASSWORD)),
                _ => claim.failed(failure(Code::DAMAGED)),
            };
            w.store.commit(commit).await.unwrap();
            w.finish(id, "Anna").await;
        }
        documents.push((name, id));
    }
    documents
}

pub async fn a_selection_names_documents_codes_and_stages(w: &World<'_>) {
    let documents = ended(w).await;
    let of = |name: &str| documents.iter().find(|d| d.0 == name).unwrap().1;
    let check = async |selection: Selection, expected: &[&str]| {
        w.store.forget(documents.iter().map(|d| d.1).collect()).await.unwrap();
        assert_eq!(ended(w).await, documents, "ids follow from the content");
        let count = w.store.retry(selection.clone()).await.unwrap();
        let mut pending = Vec::new();
        for &(name, id) in &documents {
            if w.state(id).await == State::Pending {
                pending.push(name);
            }
        }
        assert_eq!((pending.as_slice(), count), (expected, expected.len() as u64), "{selection:?}");
        assert_eq!(w.waiting().await.len(), expected.len(), "a message each: {selection:?}");
    };
    check(Selection::default(), &["failed", "failed late"]).await;
    let stage = Some(Stage::CreateDocumentNode);
    check(Selection { stage, ..Default::default() }, &["failed late"]).await;
    for (code, expected) in [
        (Code::NEEDS_OCR, &["partial"][..]),
        (Code::NEEDS_PASSWORD, &["skipped"]),
        (Code::DAMAGED, &["failed"]),
        (Code::STAGE_BUG, &["failed late"]),
        (Code::EMPTY_FILE, &[]),
    ] {
        check(Selection { code: Some(code), ..Default::default() }, expected).await;
    }
    let named = vec![of("skipped"), of("partial"), of("done")];
    check(Selection { documents: named, ..Default::default() }, &["partial", "skipped"]).await;
    let both = Selection { documents: vec![of("failed")], code: Some(Code::NEEDS_OCR), stage: None };
    check(both, &[]).await;
}

pub async fn a_retried_stage_is_a_new_task_and_its_document_leaves_the_graph_meanwhile(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let first = w.waiting().await[0].task_id;
    let claim = w.claim(id, FIRST).await;
    let loss = vec![Warning::new(Code::NEEDS_OCR, "a page has no text")];
    w.store.commit(claim.done(output(id, FIRST, "Anna"), loss, json!({}))).await.unwrap();
    w.finish(id, "Anna").await;
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna"]);
    w.store.retry(Selection { documents: vec![id], ..Default::default() }).await.unwrap();
    assert_ne!(w.waiting().await[0].task_id, first);
    assert_eq!(w.state(id).await, State::Pending);
    w.fold().await;
    assert!(w.entity_names().await.is_empty());
    assert_eq!(w.finish(id, "Anna").await, [FIRST]);
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna"]);
    assert_eq!(w.state(id).await, State::Done);
    assert!(w.store.document(id).await.unwrap().warnings.is_empty());
}

pub async fn another_version_is_found_outdated_and_reprocessed_from_there(w: &World<'_>) {
    let id = w.add("a.txt", "Anna").await;
    w.submit("b.txt", "not begun").await;
    assert_eq!((w.store.outdated().await.unwrap(), w.store.reprocess(None).await.unwrap()), (0, 0));
    let newer = World { store: w.backend.open(versions_with(Stage::ExtractEntities, "2")), backend: w.backend };
    assert_eq!((newer.store.outdated().await.unwrap(), newer.state(id).await), (1, State::Done));
    assert_eq!(newer.store.reprocess(None).await.unwrap(), 1);
    assert_eq!(newer.store.outdated().await.unwrap(), 0, "what is on its way is not counted");
    assert_eq!(newer.finish(id, "Anna").await, [Stage::ExtractEntities]);
    assert_eq!((newer.store.outdated().await.unwrap(), w.store.outdated().await.unwrap()), (0, 1));
}

pub async fn reprocessing_from_a_stage_leaves_unfinished_documents_alone(w: &World<'_>) {
    let done = w.add("a.txt", "Anna").await;
    let begun = w.submit("b.txt", "Ben").await.document();
    w.run(begun, FIRST, output(begun, FIRST, "Ben")).await;
    assert_eq!(w.store.reprocess(Some(FIRST)).await.unwrap(), 1);
    let waiting: Vec<_> = w.waiting().await.into_iter().map(|m| (m.key.document, m.key.stage)).collect();
    assert_eq!(waiting, [(begun, Stage::CreateDocumentNode), (done, FIRST)]);
}
