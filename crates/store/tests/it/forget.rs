//! Taking documents out.

use docmill_model::{Digest, ExternalId, Stage};
use docmill_store::Overview;

use crate::world::{World, absolute, member};

pub async fn nothing_is_left_of_a_forgotten_document(w: &World<'_>) {
    let id = w.add("a.txt", "Anna met Ben").await;
    w.fold().await;
    let name = ExternalId { scheme: "s".into(), value: "v".into(), document: id };
    w.store.name_document(name).await.unwrap();
    assert_eq!(w.store.forget(vec![id]).await.unwrap(), [id]);
    assert_eq!(w.store.forget(vec![id]).await.unwrap(), []);
    w.fold().await;
    assert_eq!(w.store.overview().await.unwrap(), Overview::default());
    assert!(w.search("met", 9).await.is_empty());
    assert!(w.store.find_documents("v", 9).await.unwrap().is_empty());
    assert!(w.store.source_at(crate::world::PROJECT, absolute("a.txt")).await.unwrap().is_none());
    assert!(w.is_folded().await);
}

/// `outer` holds `middle` and `shared`, `middle` holds `deep`, `other` holds `shared` too.
async fn nested(w: &World<'_>) {
    let outer = w.submit("outer", "outer").await.document();
    w.finish_with(outer, "", vec![member("middle", "middle"), member("shared", "shared")]).await;
    let middle = w.store.children(outer).await.unwrap()[0].1;
    w.finish_with(middle, "", vec![member("deep", "deep")]).await;
    let other = w.submit("other", "other").await.document();
    w.finish_with(other, "", vec![member("shared", "shared")]).await;
    w.finish(w.store.children(other).await.unwrap()[0].1, "Anna").await;
}

async fn names(w: &World<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for id in w.store.document_ids(None, 99).await.unwrap() {
        names.push(w.store.document(id).await.unwrap().name().to_owned());
    }
    names.sort();
    names
}

pub async fn children_go_with_their_last_container(w: &World<'_>) {
    nested(w).await;
    assert_eq!(names(w).await, ["deep", "middle", "other", "outer", "shared"]);
    let outer = w.store.find_documents("outer", 9).await.unwrap();
    // A child whose container is forgotten while it runs: its end changes nothing.
    let deep = w.store.find_documents("deep", 9).await.unwrap()[0];
    let claim = w.claim(deep, Stage::ProcessOcr).await;
    assert_eq!(w.store.forget(outer).await.unwrap().len(), 3);
    let late = w.store.commit(claim.failed(crate::world::failure(docmill_model::Code::DAMAGED))).await;
    assert!(matches!(late, Err(docmill_store::Error::Fenced { .. })), "{late:?}");
    assert_eq!(names(w).await, ["other", "shared"]);
    assert!(w.waiting().await.is_empty());
    let other = w.store.find_documents("other", 9).await.unwrap();
    assert_eq!(w.store.forget(other).await.unwrap().len(), 2);
    assert!(names(w).await.is_empty());
}

pub async fn a_member_that_is_also_a_file_stays(w: &World<'_>) {
    let file = w.submit("file.txt", "shared").await.document();
    nested(w).await;
    let both = w.store.find_documents("other", 1).await.unwrap();
    w.store.forget(both).await.unwrap();
    let outer = w.store.find_documents("outer", 1).await.unwrap();
    w.store.forget(outer).await.unwrap();
    assert_eq!(names(w).await, ["file.txt"]);
    assert_eq!(w.store.forget_sources(vec![absolute("file.txt")]).await.unwrap(), [file]);

    // And the other way round: without its file it stays a member.
    let file = w.submit("file.txt", "shared").await.document();
    nested(w).await;
    assert_eq!(w.store.forget_sources(vec![absolute("file.txt")]).await.unwrap(), []);
    assert_eq!(w.store.document(file).await.unwrap().name(), "shared");
    // Asked for by itself it leaves, whatever holds it.
    assert_eq!(w.store.forget(vec![file]).await.unwrap(), [file]);
    assert_eq!(names(w).await, ["deep", "middle", "other", "outer"]);
}

pub async fn sources_that_are_gone_take_their_documents_along(w: &World<'_>) {
    let id = w.add("a.txt", "Anna").await;
    w.submit("b.txt", "Anna").await;
    w.submit_into("second", "a.txt", "Anna").await;
    let gone = w.store.forget_sources(vec![absolute("a.txt"), absolute("unknown")]).await.unwrap();
    assert_eq!(gone.len(), 1, "the other project's");
    assert_eq!(w.store.document_ids(None, 9).await.unwrap(), [id]);
    assert_eq!(w.store.forget_sources(vec![absolute("b.txt")]).await.unwrap(), [id]);
}

pub async fn a_document_forgotten_and_added_again_is_as_at_first(w: &World<'_>) {
    let one = w.add("a.txt", "Anna met Ben").await;
    w.add("b.txt", "Ben met Carl").await;
    w.fold().await;
    let rows = async || {
        (
            w.store.entity_rows(None, 99).await.unwrap(),
            w.merges().await,
            w.relations(Default::default()).await,
            w.store.mention_rows(one).await.unwrap(),
        )
    };
    let before = rows().await;
    w.store.forget(vec![one]).await.unwrap();
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Ben", "Carl"]);
    assert!(w.merges().await.is_empty());
    w.add("a.txt", "Anna met Ben").await;
    w.fold().await;
    assert_eq!(rows().await, before);
}

pub async fn bytes_are_needed_as_long_as_a_document_has_them(w: &World<'_>) {
    let id = w.submit("a", "bytes").await.document();
    assert!(w.store.is_needed(Digest::of(b"bytes")).await.unwrap());
    w.store.forget(vec![id]).await.unwrap();
    assert!(!w.store.is_needed(Digest::of(b"bytes")).await.unwrap());
}
