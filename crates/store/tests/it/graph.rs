//! The fold, and what it leaves.

use docmill_model::{Code, Stage, State};
use docmill_store::Output;
use serde_json::json;

use crate::fold::folded;
use crate::world::{PROJECT, World, failure, output, referents};

pub async fn documents_that_are_not_complete_are_not_in_the_graph(w: &World<'_>) {
    let done = w.add("a.txt", "Anna met Ben").await;
    let begun = w.submit("b.txt", "Ben met Carl").await.document();
    for stage in &Stage::ALL[..5] {
        w.run(begun, *stage, output(begun, *stage, "Ben met Carl")).await;
    }
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna", "Ben"]);
    assert!(w.merges().await.is_empty());
    w.run(begun, Stage::BuildRelationships, output(begun, Stage::BuildRelationships, "Ben met Carl")).await;
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna", "Ben", "Carl"]);
    assert_eq!(w.merges().await.len(), 1);
    assert_eq!(w.relations(Default::default()).await.len(), 2);

    w.store.reprocess(Some(Stage::BuildRelationships)).await.unwrap();
    w.finish(done, "Anna met Ben").await;
    let claim = w.claim(begun, Stage::BuildRelationships).await;
    w.store.commit(claim.failed(failure(Code::STAGE_BUG))).await.unwrap();
    assert_eq!(w.state(begun).await, State::Failed);
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna", "Ben"]);
}

pub async fn another_version_of_the_fold_folds_everything_anew(w: &World<'_>) {
    w.add("a.txt", "Anna met Ben").await;
    w.store.use_fold("1").await.unwrap();
    w.fold().await;
    w.store.use_fold("1").await.unwrap();
    assert!(w.is_folded().await);
    w.store.use_fold("2").await.unwrap();
    assert_eq!(w.unfolded().await.len(), 2);
    w.fold().await;
    assert_eq!(w.entity_names().await, ["Anna", "Ben"]);
    w.store.settle().await.unwrap();
}

pub async fn a_profile_that_changes_during_the_fold_is_folded_again(w: &World<'_>) {
    w.add("a.txt", "Anna").await;
    while w.store.count_documents(9).await.unwrap() > 0 {}
    let seen = w.unfolded().await;
    assert_eq!((seen.len(), seen[0].1.documents), (1, 1));
    w.add("b.txt", "Anna again").await;
    while w.store.count_documents(9).await.unwrap() > 0 {}
    w.store.put_fold(PROJECT, vec![folded(PROJECT, &seen)], vec![]).await.unwrap();
    assert!(w.entity_names().await.is_empty(), "what was seen is not what is there");
    assert_eq!(w.unfolded().await[0].1.documents, 2);
    w.fold().await;
    assert!(w.is_folded().await);
    assert_eq!(w.entity_names().await, ["Anna"]);

    // One that left meanwhile is not brought back.
    let all = w.store.document_ids(None, 9).await.unwrap();
    w.store.forget(all).await.unwrap();
    w.fold().await;
    w.store.put_fold(PROJECT, vec![folded(PROJECT, &seen)], vec![]).await.unwrap();
    assert!(w.entity_names().await.is_empty());
}

pub async fn an_entity_leaves_with_its_last_referent(w: &World<'_>) {
    let one = w.add("a.txt", "Anna").await;
    let two = w.add("b.txt", "Anna !").await;
    w.fold().await;
    for (id, entities) in [(one, 1), (two, 0)] {
        w.store.forget(vec![id]).await.unwrap();
        w.fold().await;
        assert_eq!(w.store.entity_rows(None, 9).await.unwrap().len(), entities);
        assert!(w.merges().await.is_empty());
    }
    assert!(w.is_folded().await);
}

/// An entity is named after its least referent. When a new version reads that referent differently, it moves to
/// another profile, and its entity's id with it, in whatever order the two profiles are folded.
pub async fn a_referent_that_changes_its_profile_takes_its_entity_along(w: &World<'_>) {
    let id = w.add("a.txt", "Anna").await;
    w.add("b.txt", "Berta").await;
    w.fold().await;
    for name in ["Berta", "Anna", "Zoe", "Anna"] {
        w.store.reprocess(Some(Stage::ResolveEntities)).await.unwrap();
        for document in w.store.document_ids(None, 9).await.unwrap() {
            let mut found = referents(document, if document == id { "Anna" } else { "Berta" });
            if document == id {
                found[0].normal = name.to_lowercase();
                found[0].forms[0].0 = name.into();
            }
            let claim = w.claim(document, Stage::ResolveEntities).await;
            w.store.commit(claim.done(Output::Referents(found), vec![], json!({}))).await.unwrap();
            w.finish(document, "").await;
        }
        while w.store.count_documents(99).await.unwrap() > 0 {}
        // One profile at a time, the last first, so that the order is not that of their making.
        for part in w.unfolded().await.into_iter().rev() {
            w.store.put_fold(PROJECT, vec![folded(PROJECT, &[part])], vec![]).await.unwrap();
        }
        w.fold().await;
        let expected: std::collections::BTreeSet<_> = [name, "Berta"].into();
        assert_eq!(w.entity_names().await, expected.into_iter().collect::<Vec<_>>());
        assert_eq!(w.merges().await.len(), usize::from(name == "Berta"));
    }
}

pub async fn rows_come_in_the_same_order_page_by_page(w: &World<'_>) {
    let names = ["Anna", "Ben", "Carl", "Dora"];
    for from in names {
        for to in names.iter().filter(|to| **to != from) {
            w.add(&format!("{from}{to}"), &format!("{from} wrote {to} and Emil")).await;
        }
    }
    w.fold().await;
    let entities = w.store.entity_rows(None, 99).await.unwrap();
    assert!(entities.is_sorted_by_key(|row| row.entity.id) && entities.len() == 5);
    let merges = w.merges().await;
    assert!(merges.is_sorted_by_key(|row| (row.entity, row.member)) && merges.len() == 36 - 5);
    let relations = w.relations(Default::default()).await;
    let key = |r: &docmill_store::RelationRow| (r.from, r.to, r.kind, r.document, r.span);
    assert!(relations.is_sorted_by_key(key) && relations.len() == 24);
    for limit in [1, 2, 7] {
        let mut paged = Vec::new();
        loop {
            let after = paged.last().map(|row: &docmill_store::EntityRow| row.entity.id);
            let page = w.store.entity_rows(after, limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, entities, "{limit} at a time");
    }
}
