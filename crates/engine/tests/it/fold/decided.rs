//! A wrong merge is taken apart, through the whole pipeline.

use std::sync::Arc;

use docmill_engine::{Direct, RunOptions, Silent, Workspace, fold_all, run};
use docmill_model::{Action, Anchor, Decision, EntityId, MentionType, Stage};
use docmill_store::{MentionRow, Store};

use crate::pile::{self, MAIL, Pile};

/// The mention of the sender in each mail, by the file's name.
async fn senders(store: &dyn Store) -> Vec<(String, MentionRow)> {
    let mut out = Vec::new();
    for id in store.document_ids(None, 99).await.unwrap() {
        let name = store.document(id).await.unwrap().name().to_owned();
        let rows = store.mention_rows(id).await.unwrap();
        let sender = rows.into_iter().find(|row| row.mention.kind == MentionType::Person && row.mention.role.is_some());
        out.extend(sender.map(|row| (name, row)));
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

async fn entities(store: &dyn Store) -> Vec<EntityId> {
    fold_all(store).await.unwrap();
    senders(store).await.into_iter().map(|(_, row)| row.entity.expect("the fold has run")).collect()
}

fn anchor(row: &MentionRow) -> Anchor {
    Anchor {
        document: row.document,
        kind: row.mention.kind,
        normal: row.mention.normal.clone(),
        quote: row.mention.name.clone(),
    }
}

async fn run_again(workspace: &Workspace) {
    let _lock = workspace.lock().unwrap();
    let options = RunOptions { intake: None, workers: 2 };
    run(workspace, options, Arc::new(Direct), Arc::new(Silent), std::future::pending()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_merge_is_taken_apart_stays_apart_when_reprocessed_and_comes_back_when_undone() {
    // Two who share a name and an address, such as father and daughter: nothing in the mails tells them apart.
    let pile = Pile::new(&[
        ("a.eml", MAIL),
        ("b.eml", &MAIL.replace("$500", "$700")),
        ("c.eml", &MAIL.replace("$500", "$900")),
    ]);
    let workspace = pile.workspace();
    pile::run_all(&workspace, &pile.documents()).await;
    let store = workspace.store();
    let whole = pile::export(&workspace).await;
    let mails = senders(store.as_ref()).await;
    let [a, b, c] = entities(store.as_ref()).await[..] else { panic!("three mails") };
    assert!(a == b && b == c);

    let sides = (vec![anchor(&mails[0].1)], vec![anchor(&mails[1].1)]);
    let different = Decision::new("test", Action::Different, sides.0, sides.1, "me", 1, Some("two persons".into()));
    store.decide(vec![different.clone()]).await.unwrap();
    let apart = async || {
        let [a, b, c] = entities(store.as_ref()).await[..] else { panic!("three mails") };
        a != b && a == c
    };
    assert!(apart().await);
    let parted = pile::export(&workspace).await;
    assert!(!parted.lines().any(|line| line.contains("possibly_same_as") && line.contains(&a.to_string())));

    for stage in [Stage::ProcessOcr, Stage::ResolveEntities] {
        store.reprocess(Some(stage)).await.unwrap();
        run_again(&workspace).await;
        assert!(apart().await, "after {stage} again");
    }
    assert_eq!(pile::export(&workspace).await, parted);

    // The mail that is held apart goes and comes back.
    store.forget(vec![mails[1].1.document]).await.unwrap();
    assert_eq!(entities(store.as_ref()).await.len(), 2);
    pile::run_all(&workspace, &pile.documents()).await;
    assert!(apart().await);
    assert_eq!(pile::export(&workspace).await, parted);

    let undo = Action::Undo { decision: different.id };
    store.decide(vec![Decision::new("test", undo, vec![], vec![], "me", 2, None)]).await.unwrap();
    let [a, b, c] = entities(store.as_ref()).await[..] else { panic!("three mails") };
    assert!(a == b && b == c);
    assert_eq!(pile::export(&workspace).await, whole);
}
