//! Decisions and what they are about.

use docmill_model::{Action, Anchor, Decision, DocumentId, MentionType};

use crate::world::{PROJECT, World};

fn anchor(document: DocumentId, name: &str) -> Anchor {
    Anchor { document, kind: MentionType::Person, normal: name.to_lowercase(), quote: name.into() }
}

fn decision(action: Action, a: Vec<Anchor>, b: Vec<Anchor>, at_ms: i64) -> Decision {
    Decision::new(PROJECT, action, a, b, "me", at_ms, None)
}

/// The normal forms of the profiles that each decision is about, side by side, as the fold sees them.
async fn rulings(w: &World<'_>) -> Vec<(Action, Vec<String>, Vec<String>)> {
    w.fold().await;
    let mut ids = Vec::new();
    for row in w.store.entity_rows(None, 99).await.unwrap() {
        ids.extend(w.store.profile_rows(row.entity.id).await.unwrap().into_iter().map(|p| (p.id, p.key.normal)));
    }
    let name = |id| ids.iter().find(|(other, _)| *other == id).unwrap().1.clone();
    let all = ids.iter().map(|(id, _)| *id).collect();
    let found = w.store.neighbourhood(PROJECT, all, 0).await.unwrap().rulings;
    let side = |ids: Vec<_>| ids.into_iter().map(name).collect();
    found.into_iter().map(|r| (r.action, side(r.a), side(r.b))).collect()
}

pub async fn a_decision_is_kept_once_and_comes_back_in_order(w: &World<'_>) {
    let id = w.add("a.txt", "Anna met Ben").await;
    let same = decision(Action::Same, vec![anchor(id, "Anna")], vec![anchor(id, "Ben")], 7);
    let rename = decision(Action::Rename { name: "Änne".into() }, vec![anchor(id, "Anna")], vec![], 5);
    let undo = decision(Action::Undo { decision: same.id }, vec![], vec![], 6);
    let report = w.store.decide(vec![same.clone(), rename.clone(), same.clone()]).await.unwrap();
    assert_eq!((report.new, report.known), (2, 1));
    let told = async || -> Vec<_> {
        let rows = w.store.decisions(PROJECT).await.unwrap();
        rows.into_iter().map(|row| (row.decision, row.undone, row.asleep)).collect()
    };
    assert_eq!(told().await, [(rename.clone(), false, false), (same.clone(), false, false)]);
    assert_eq!(rulings(w).await.len(), 2);
    w.store.decide(vec![undo.clone()]).await.unwrap();
    assert_eq!(told().await, [(rename, false, false), (undo, false, false), (same, true, false)]);
    assert_eq!(rulings(w).await.len(), 1);
    assert!(w.store.decisions("other").await.unwrap().is_empty());
}

pub async fn an_anchor_finds_its_referent_by_normal_form_and_else_by_quote(w: &World<'_>) {
    let id = w.add("a.txt", "Anna met Ben and Carl").await;
    let quoted = Anchor { normal: "benjamin".into(), ..anchor(id, "Ben") };
    let kind = Anchor { kind: MentionType::Org, ..anchor(id, "Anna") };
    let both = Anchor { quote: "Carl".into(), ..anchor(id, "Anna") };
    w.store.decide(vec![decision(Action::Same, vec![both, kind], vec![quoted], 1)]).await.unwrap();
    assert_eq!(rulings(w).await, [(Action::Same, vec!["anna".to_owned()], vec!["ben".to_owned()])]);
}

pub async fn a_decision_sleeps_while_its_document_is_away(w: &World<'_>) {
    let one = w.add("a.txt", "Anna").await;
    let two = w.add("b.txt", "Ben").await;
    let same = decision(Action::Same, vec![anchor(one, "Anna")], vec![anchor(two, "Ben")], 1);
    // Taken before and after its documents are there.
    w.store.forget(vec![two]).await.unwrap();
    w.store.decide(vec![same]).await.unwrap();
    let asleep = async || w.store.decisions(PROJECT).await.unwrap()[0].asleep;
    for _ in 0..2 {
        assert!(asleep().await);
        assert_eq!(rulings(w).await, [(Action::Same, vec!["anna".to_owned()], vec![])]);
        w.add("b.txt", "Ben").await;
        assert!(!asleep().await);
        assert_eq!(rulings(w).await, [(Action::Same, vec!["anna".to_owned()], vec!["ben".to_owned()])]);
        w.store.forget(vec![two]).await.unwrap();
    }
}

/// Discriminators of the profiles with a name, in the order of the documents.
async fn discriminators(w: &World<'_>, documents: &[DocumentId]) -> Vec<String> {
    w.fold().await;
    let mut out = Vec::new();
    for id in documents {
        out.extend(w.store.referents(*id).await.unwrap().into_iter().map(|r| r.discriminator));
    }
    out
}

pub async fn what_is_one_profile_is_held_apart_until_it_is_undone(w: &World<'_>) {
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(w.add(name, &format!("Anna {name}")).await);
    }
    let different = decision(Action::Different, vec![anchor(ids[0], "Anna")], vec![anchor(ids[1], "Anna")], 5);
    let apart = different.id.0.simple().to_string();
    w.store.decide(vec![different.clone()]).await.unwrap();
    let expected = ["", &apart, "", ""];
    assert_eq!(discriminators(w, &ids).await, expected);
    assert_eq!(w.entity_names().await, ["Anna", "Anna"]);
    assert!(w.is_folded().await);

    // An older one about the same document takes its place; undone, it gives it back.
    let older = decision(Action::Different, vec![anchor(ids[2], "Anna")], vec![anchor(ids[1], "Anna")], 4);
    w.store.decide(vec![older.clone()]).await.unwrap();
    assert_eq!(discriminators(w, &ids).await[1], older.id.0.simple().to_string());
    let undo = decision(Action::Undo { decision: older.id }, vec![], vec![], 6);
    w.store.decide(vec![undo]).await.unwrap();
    assert_eq!(discriminators(w, &ids).await, expected);

    // Reprocessing keeps it; forgetting either side lets it sleep.
    w.store.reprocess(Some(docmill_model::Stage::ProcessOcr)).await.unwrap();
    for (id, name) in ids.iter().zip(["a", "b", "c", "d"]) {
        w.finish(*id, &format!("Anna {name}!")).await;
    }
    assert_eq!(discriminators(w, &ids).await, expected);
    w.store.forget(vec![ids[0]]).await.unwrap();
    assert_eq!(discriminators(w, &ids[1..2]).await, [""]);
    assert_eq!(w.entity_names().await, ["Anna"]);
    w.add("a", "Anna a").await;
    assert_eq!(discriminators(w, &ids).await, expected);

    let undo = decision(Action::Undo { decision: different.id }, vec![], vec![], 7);
    w.store.decide(vec![undo]).await.unwrap();
    assert_eq!(discriminators(w, &ids).await, [""; 4]);
    assert_eq!(w.entity_names().await, ["Anna"]);
    assert!(w.is_folded().await);
}

/// Its document is still there, so that the decision does not sleep; but it is not complete.
pub async fn whom_a_decision_joined_is_folded_again_when_the_other_leaves_the_graph(w: &World<'_>) {
    let one = w.add("a.txt", "Anna").await;
    let two = w.add("b.txt", "Ben").await;
    w.store.decide(vec![decision(Action::Same, vec![anchor(one, "Anna")], vec![anchor(two, "Ben")], 1)]).await.unwrap();
    w.fold().await;
    w.store.reprocess(Some(docmill_model::Stage::BuildRelationships)).await.unwrap();
    w.finish(one, "Anna").await;
    let mut folded = Vec::new();
    w.fold_with(9, |component| folded.extend(component.fold.entities.iter().map(|e| e.entity.name.clone()))).await;
    assert_eq!(folded, ["Anna"]);
    assert_eq!(w.entity_names().await, ["Anna"]);
}

/// A stage may know a name in its document alone: that is not undone by a decision about the document.
pub async fn what_its_stage_keeps_apart_stays_apart(w: &World<'_>) {
    let id = w.add("a.txt", "Anna").await;
    let other = w.submit("b.txt", "Anna met Ben").await.document();
    for stage in docmill_model::Stage::ALL {
        let output = match crate::world::output(other, stage, "Anna met Ben") {
            docmill_store::Output::Referents(mut referents) => {
                referents[0].discriminator = "here alone".into();
                docmill_store::Output::Referents(referents)
            }
            output => output,
        };
        w.run(other, stage, output).await;
    }
    let documents = [id, other];
    assert_eq!(discriminators(w, &documents).await, ["", "here alone", ""]);
    let different = decision(Action::Different, vec![anchor(id, "Anna")], vec![anchor(other, "Anna")], 1);
    let same = decision(Action::Same, vec![anchor(id, "Anna")], vec![anchor(other, "Ben")], 2);
    w.store.decide(vec![different, same]).await.unwrap();
    assert_eq!(discriminators(w, &documents).await, ["", "here alone", ""]);
}

pub async fn a_decision_of_another_project_has_no_effect(w: &World<'_>) {
    let id = w.add("a.txt", "Anna met Ben").await;
    let same = Decision::new("other", Action::Same, vec![anchor(id, "Anna")], vec![anchor(id, "Ben")], "me", 1, None);
    w.store.decide(vec![same]).await.unwrap();
    assert!(rulings(w).await.is_empty());
    assert!(w.store.decisions("other").await.unwrap()[0].asleep);

    let same = decision(Action::Same, vec![anchor(id, "Anna")], vec![anchor(id, "Ben")], 1);
    let undo = Decision::new("other", Action::Undo { decision: same.id }, vec![], vec![], "me", 2, None);
    w.store.decide(vec![same, undo]).await.unwrap();
    assert!(!w.store.decisions(PROJECT).await.unwrap()[0].undone);
    assert_eq!(rulings(w).await.len(), 1);
}
