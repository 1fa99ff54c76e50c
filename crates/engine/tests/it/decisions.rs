//! Entities found and looked at, and decisions about them.

use docmill_engine::decide::{self, Decided, Error, Note, Side, Verdict};
use docmill_engine::entity::{self, Extent, Fit};
use docmill_engine::{Intake, Workspace};
use docmill_model::{DocumentId, Stage};
use docmill_store::{EntityRow, Store};

use crate::pile::{Pile, export, field, intake, run_all};

const ANNA: &str = "Anna Schmidt <anna@example.org>";
const OTHER: &str = "Anna Schmidt <anna.schmidt@example.com>";

/// Mails to one Ben, from the senders of a list.
fn pile(senders: &[&str]) -> Pile {
    let pile = Pile::new(&[]);
    for (number, from) in senders.iter().enumerate() {
        let day = number + 1;
        let head =
            format!("From: {from}\r\nTo: Ben Carter <ben@example.net>\r\nDate: Tue, {day} Mar 2024 10:22:33 +0100");
        pile.put(&format!("{number}.eml"), format!("{head}\r\nSubject: no\r\n\r\nno\r\n").as_bytes());
    }
    pile
}

fn note(at_ms: i64) -> Note {
    Note { by: "Cleo".into(), why: None, at_ms }
}

async fn document(store: &dyn Store, number: usize) -> DocumentId {
    store.find_documents(&format!("{number}.eml"), 2).await.unwrap()[0]
}

/// What a mail means by a name.
async fn part(store: &dyn Store, name: &str, number: usize) -> Side {
    let mut found = decide::in_document(store, document(store, number).await, name).await.unwrap();
    assert_eq!(found.len(), 1, "{name} in {number}");
    found.remove(0).1
}

async fn whole(store: &dyn Store, name: &str) -> EntityRow {
    entity::find(store, name, 9).await.unwrap().only().unwrap_or_else(|| panic!("one {name}")).clone()
}

/// In how many documents each Anna is, sorted.
async fn annas(store: &dyn Store) -> Vec<u32> {
    docmill_engine::fold_all(store).await.unwrap();
    let found = entity::find(store, "anna schmidt", 99).await.unwrap();
    let mut documents: Vec<u32> = found.entities.iter().map(|row| row.entity.documents).collect();
    documents.sort();
    documents
}

async fn different(store: &dyn Store, a: Side, b: Vec<Side>, at_ms: i64) -> Decided {
    decide::relate(store, Verdict::Different, a, b, note(at_ms)).await.unwrap()
}

async fn reprocess(workspace: &Workspace, pile: &Pile, stage: Stage) {
    workspace.store().reprocess(Some(stage)).await.unwrap();
    run_all(workspace, &pile.documents()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_taken_out_of_an_entity_whichever_side_is_named_first() {
    for part_first in [false, true] {
        let pile = pile(&[ANNA, ANNA, ANNA, ANNA]);
        let workspace = pile.workspace();
        run_all(&workspace, &pile.documents()).await;
        let store = workspace.store();
        let before = export(&workspace).await;
        let all = Side::Entity(whole(store.as_ref(), "Anna Schmidt").await);
        let decided = match part_first {
            false => {
                let parts = vec![part(store.as_ref(), "Anna Schmidt", 1).await, part(store.as_ref(), "Anna", 3).await];
                different(store.as_ref(), all, parts, 1).await
            }
            true => different(store.as_ref(), part(store.as_ref(), "Anna Schmidt", 1).await, vec![all], 1).await,
        };
        let expected: &[u32] = if part_first { &[1, 3] } else { &[2, 2] };
        assert_eq!(annas(store.as_ref()).await, expected);
        assert!(!decided.is_one() && decided.a.len() == 1 && decided.b.len() == 1, "{decided:?}");
        for stage in Stage::ALL {
            reprocess(&workspace, &pile, stage).await;
            assert_eq!(annas(store.as_ref()).await, expected, "after {stage}");
        }
        let undone = decide::undo(store.as_ref(), None, note(2)).await.unwrap();
        assert!(undone.is_one());
        assert_eq!(export(&workspace).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_taken_out_of_its_entity_where_others_are_named_beside_the_entity() {
    let pile = pile(&[ANNA, ANNA, ANNA, ANNA, ANNA, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    assert_eq!(annas(store.as_ref()).await, [1, 5]);
    let first = part(store.as_ref(), "Anna Schmidt", 0).await;
    let found = entity::find(store.as_ref(), "Anna Schmidt", 9).await.unwrap();
    let decided = different(store.as_ref(), first, found.entities.into_iter().map(Side::Entity).collect(), 1).await;
    assert_eq!(annas(store.as_ref()).await, [1, 1, 4]);
    assert!(!decided.is_one(), "{decided:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_holds_while_one_of_its_documents_is_there_and_sleeps_without_any() {
    let pile = pile(&[ANNA, ANNA, OTHER, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    assert_eq!(annas(store.as_ref()).await, [2, 2]);
    let (a, b) = (part(store.as_ref(), "Anna Schmidt", 0).await, part(store.as_ref(), "Anna Schmidt", 2).await);
    let of = |side: &Side| match side {
        Side::Name { entity, .. } => entity.expect("the fold has run"),
        Side::Entity(row) => row.entity.id,
    };
    let entities = [store.entity_row(of(&a)).await.unwrap().unwrap(), store.entity_row(of(&b)).await.unwrap().unwrap()];
    let [a, b] = entities.map(Side::Entity);
    let decided = decide::relate(store.as_ref(), Verdict::Same, a, vec![b], note(1)).await.unwrap();
    assert!(decided.is_one());
    assert_eq!(annas(store.as_ref()).await, [4]);
    let asleep = async || decide::all(store.as_ref()).await.unwrap()[0].asleep;
    store.forget(vec![document(store.as_ref(), 2).await]).await.unwrap();
    assert_eq!((annas(store.as_ref()).await, asleep().await), (vec![3], false));
    store.forget(vec![document(store.as_ref(), 3).await]).await.unwrap();
    assert_eq!((annas(store.as_ref()).await, asleep().await), (vec![2], true));
    run_all(&workspace, &pile.documents()).await;
    assert_eq!((annas(store.as_ref()).await, asleep().await), (vec![4], false));
}

/// Anna and Carla, each with an address in a mail and twice without one.
fn pile_of_two() -> Pile {
    let pile = pile(&["Anna Schmidt <anna@example.org>", "Carla Weber <carla@example.org>"]);
    for (number, name) in ["Anna Schmidt", "Anna Schmidt", "Carla Weber", "Carla Weber"].iter().enumerate() {
        pile.put(
            &format!("{number}.txt"),
            format!("{name} signed the agreement on {} May 2024.", number + 1).as_bytes(),
        );
    }
    pile
}

#[tokio::test(flavor = "multi_thread")]
async fn two_whole_entities_become_one_though_parts_of_them_contradict_each_other() {
    let pile = pile_of_two();
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let (anna, carla) = (whole(store.as_ref(), "Anna Schmidt").await, whole(store.as_ref(), "Carla Weber").await);
    assert_eq!((anna.entity.documents, carla.entity.documents), (3, 3));
    let sides = (Side::Entity(anna), vec![Side::Entity(carla)]);
    let decided = decide::relate(store.as_ref(), Verdict::Same, sides.0, sides.1, note(1)).await.unwrap();
    assert!(decided.is_one() && decided.a == decided.b, "{decided:?}");
    assert_eq!((decided.a[0].entity.documents, decided.a[0].entity.identifiers.len()), (6, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_names_becomes_somebody_else_with_its_whole_entity() {
    let pile = pile_of_two();
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let before = export(&workspace).await;
    for (name, number, other) in [("Anna Schmidt", 0, "Carla Weber"), ("Carla Weber", 1, "Anna Schmidt")] {
        let place = part(store.as_ref(), name, number).await;
        let other = Side::Entity(whole(store.as_ref(), other).await);
        for (a, b) in [(place.clone(), other.clone()), (other, place)] {
            let decided = decide::relate(store.as_ref(), Verdict::Same, a, vec![b], note(1)).await.unwrap();
            assert!(decided.is_one() && decided.a == decided.b, "{decided:?}");
            assert_eq!((decided.a.len(), decided.a[0].entity.documents), (1, 6), "{name}");
            decide::undo(store.as_ref(), None, note(2)).await.unwrap();
            assert_eq!(export(&workspace).await, before, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_a_place_holds_while_the_place_is_there() {
    let pile = pile(&[ANNA, ANNA, ANNA, ANNA, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    assert_eq!(annas(store.as_ref()).await, [1, 4]);
    let mut numbered = Vec::new();
    for number in 0..4 {
        numbered.push((document(store.as_ref(), number).await, number));
    }
    numbered.sort();
    // Not among the first places, which alone would stand for the entity.
    let (_, last) = numbered.pop().unwrap();
    let place = part(store.as_ref(), "Anna Schmidt", last).await;
    let other = part(store.as_ref(), "Anna Schmidt", 4).await;
    decide::relate(store.as_ref(), Verdict::Same, place, vec![other], note(1)).await.unwrap();
    assert_eq!(annas(store.as_ref()).await, [5]);
    store.forget(numbered.into_iter().map(|(id, _)| id).collect()).await.unwrap();
    assert_eq!(annas(store.as_ref()).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_not_related_to_the_only_place_that_it_has() {
    let pile = pile(&[ANNA]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    docmill_engine::fold_all(store.as_ref()).await.unwrap();
    let all = Side::Entity(whole(store.as_ref(), "Anna Schmidt").await);
    let place = part(store.as_ref(), "Anna Schmidt", 0).await;
    for verdict in [Verdict::Same, Verdict::Different] {
        let refused = decide::relate(store.as_ref(), verdict, all.clone(), vec![place.clone()], note(1)).await;
        assert!(matches!(refused, Err(Error::SameName(_))), "{refused:?}");
    }
    assert!(decide::all(store.as_ref()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decided_is_refused_and_changes_nothing() {
    let pile = pile(&[ANNA, ANNA, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    run_all_as(&workspace, &pile, "second").await;
    let store = workspace.store();
    docmill_engine::fold_all(store.as_ref()).await.unwrap();
    let before = export(&workspace).await;
    let of = |project: &str, rows: &[EntityRow]| {
        rows.iter().find(|row| row.project == project).cloned().map(Side::Entity).expect("one in each project")
    };
    let bens = entity::find(store.as_ref(), "Ben Carter", 9).await.unwrap().entities;
    let (ben, other_ben) = (of("test", &bens), of("second", &bens));
    let address = of("test", &entity::find(store.as_ref(), "ben@example.net", 9).await.unwrap().entities);
    let check = async |a: &Side, b: &Side, expected: fn(&Error) -> bool| {
        let error = decide::relate(store.as_ref(), Verdict::Different, a.clone(), vec![b.clone()], note(1)).await;
        assert!(expected(error.as_ref().unwrap_err()), "{error:?}");
    };
    check(&ben, &address, |error| matches!(error, Error::Types(..))).await;
    check(&ben, &other_ben, |error| matches!(error, Error::Projects(..))).await;
    check(&ben, &ben, |error| matches!(error, Error::SameEntity(_))).await;
    let renamed = decide::rename(store.as_ref(), ben.clone(), "\n", note(1)).await;
    assert!(matches!(renamed, Err(Error::Text { .. })));
    let nobody = Note { by: " ".into(), ..note(1) };
    assert!(matches!(decide::rename(store.as_ref(), ben, "Benny", nobody).await, Err(Error::Text { .. })));
    assert!(matches!(decide::undo(store.as_ref(), None, note(1)).await, Err(Error::NoDecision)));
    assert!(matches!(decide::undo(store.as_ref(), Some("0000"), note(1)).await, Err(Error::UnknownDecision(_))));
    assert_eq!(export(&workspace).await, before);
}

async fn run_all_as(workspace: &Workspace, pile: &Pile, project: &str) {
    use docmill_engine::{Direct, RunOptions, Silent, run};
    use std::sync::Arc;
    let _lock = workspace.lock().unwrap();
    let intake = Intake { project: project.into(), ..intake(&pile.documents()) };
    let options = RunOptions { intake: Some(intake), workers: 2 };
    run(workspace, options, Arc::new(Direct), Arc::new(Silent), std::future::pending()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_outranks_one_that_a_fast_clock_dated_later() {
    let pile = pile(&[ANNA, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let sides = async || [part(store.as_ref(), "Anna Schmidt", 0).await, part(store.as_ref(), "Anna Schmidt", 1).await];
    for (verdict, at_ms, expected) in
        [(Verdict::Different, 9_000, &[1, 1][..]), (Verdict::Same, 1_000, &[2]), (Verdict::Different, 2_000, &[1, 1])]
    {
        let [a, b] = sides().await;
        let decided = decide::relate(store.as_ref(), verdict, a, vec![b], note(at_ms)).await.unwrap();
        assert_eq!(annas(store.as_ref()).await, expected, "{verdict:?}");
        decide::check(&decided.decision).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_found_by_what_fits_best_and_told_with_all_that_is_known() {
    let pile = pile(&[ANNA, ANNA, OTHER]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let ben = whole(store.as_ref(), "Ben Carter").await;
    for (word, fit) in [("Ben Carter", Fit::Name), ("BEN CARTER", Fit::Folded), ("carter", Fit::Words)] {
        let found = entity::find(store.as_ref(), word, 1).await.unwrap();
        assert_eq!((found.fit, found.only()), (Some(fit), Some(&ben)), "{word}");
    }
    let id = ben.entity.id.to_string();
    for word in [&id, &id[..9], &id.to_uppercase().replace('-', "")] {
        let found = entity::find(store.as_ref(), word, 1).await.unwrap();
        assert_eq!((found.fit, found.only()), (Some(Fit::Id), Some(&ben)), "{word}");
    }
    let found = entity::find(store.as_ref(), "Anna Schmidt", 1).await.unwrap();
    assert_eq!((found.total, found.only(), found.entities[0].entity.documents), (2, None, 2));

    let extent = Extent { documents: 2, facts: 1, company: 0, evidence: 1, doubts: 9 };
    let told = entity::account(store.as_ref(), ben, extent).await.unwrap();
    assert_eq!((told.documents.len(), told.facts.len(), told.all_facts, told.doubts.len()), (2, 1, 2, 0));
    assert!(!told.facts[0].leads_out && told.facts[0].other.entity.documents == 2, "the one most often said");
    assert_eq!((told.documents[0].quote.text.as_str(), told.documents[0].mentions.len()), ("Ben Carter", 1));
    let anna = entity::find(store.as_ref(), "anna@example.org", 1).await.unwrap();
    assert_eq!(anna.fit, Some(Fit::Name), "the address is an entity by itself");
    let doubts = entity::doubtful(store.as_ref(), 9).await.unwrap();
    assert_eq!(doubts.len(), 1);
    let asked = entity::question(store.as_ref(), doubts[0].clone(), 1).await.unwrap().expect("both are there");
    assert_eq!((asked.a.documents.len(), asked.b.documents.len()), (1, 1));
    assert_eq!(field(&export(&workspace).await, "possibly_same_as", "score").len(), 1);
}
