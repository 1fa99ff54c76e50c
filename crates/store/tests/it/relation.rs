//! Relations as they are read between entities.

use std::ops::ControlFlow;

use docmill_model::{EntityId, RelationType, Stage};
use docmill_store::{Output, RelationQuery, RelationRow};
use serde_json::json;

use crate::world::{World, output, relations};

/// Adds a document whose relations are of a kind, turned round if wanted.
async fn add(w: &World<'_>, path: &str, text: &str, kind: RelationType, turned: bool) {
    let document = w.submit(path, text).await.document();
    for stage in &Stage::ALL[..5] {
        w.run(document, *stage, output(document, *stage, text)).await;
    }
    let mut given = relations(document, text);
    for relation in &mut given {
        relation.kind = kind;
        relation.attributes = [("role".to_owned(), path.to_owned())].into();
        if turned {
            std::mem::swap(&mut relation.from, &mut relation.to);
            relation.evidence.mentions.reverse();
        }
    }
    let claim = w.claim(document, Stage::BuildRelationships).await;
    w.store.commit(claim.done(Output::Relations(given), vec![], json!({}))).await.unwrap();
}

async fn entity(w: &World<'_>, name: &str) -> EntityId {
    let rows = w.store.entity_rows(None, 99).await.unwrap();
    rows.into_iter().find(|row| row.entity.name == name).expect("an entity of that name").entity.id
}

pub async fn one_without_a_direction_runs_from_the_lesser_entity_however_it_was_told(w: &World<'_>) {
    add(w, "a.txt", "Anna met Ben", RelationType::CoMentioned, false).await;
    w.fold().await;
    let (anna, ben) = (entity(w, "Anna").await, entity(w, "Ben").await);
    for (turned, places) in [(false, 2), (true, 2)] {
        add(w, "b.txt", &format!("Anna met Ben {turned}"), RelationType::CoMentioned, turned).await;
        w.fold().await;
        let rows = w.relations(RelationQuery::default()).await;
        assert_eq!(rows.len(), places, "another text at a path takes the place of the one before");
        for row in &rows {
            let (from, to) = (anna.min(ben), anna.max(ben));
            assert_eq!((row.from, row.to, row.kind, row.page), (from, to, RelationType::CoMentioned, 1));
            assert_eq!(row.attributes.keys().collect::<Vec<_>>(), ["role"]);
        }
        for one in [anna, ben] {
            let mut of = w.relations(RelationQuery { of: Some(one), typed: false }).await;
            of.sort_by_key(|row| (row.document, row.span));
            let mut all = rows.clone();
            all.sort_by_key(|row| (row.document, row.span));
            assert_eq!(of, all);
        }
    }
    assert!(w.relations(RelationQuery { of: None, typed: true }).await.is_empty());
    assert!(w.relations(RelationQuery { of: Some(anna), typed: true }).await.is_empty());
    assert_eq!(w.store.name_mentions().await.unwrap().into_values().collect::<Vec<_>>(), [4]);
}

pub async fn one_with_a_direction_keeps_it_on_either_side(w: &World<'_>) {
    add(w, "a.txt", "Anna met Ben", RelationType::WorksFor, true).await;
    w.fold().await;
    let (anna, ben) = (entity(w, "Anna").await, entity(w, "Ben").await);
    for of in [None, Some(anna), Some(ben)] {
        for typed in [false, true] {
            let rows = w.relations(RelationQuery { of, typed }).await;
            let ends: Vec<_> = rows.iter().map(|row| (row.from, row.to)).collect();
            assert_eq!(ends, [(ben, anna)], "{of:?} {typed}");
        }
    }
}

pub async fn reading_ends_when_enough_was_read(w: &World<'_>) {
    w.add("a.txt", "Anna met Ben and Carl and Dora").await;
    w.fold().await;
    let mut seen = Vec::new();
    let mut take = |row: RelationRow| {
        seen.push(row);
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    w.store.relation_rows(RelationQuery::default(), &mut take).await.unwrap();
    assert_eq!(seen, w.relations(RelationQuery::default()).await[..2]);
}
