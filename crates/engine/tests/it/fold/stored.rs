//! The same projects in a real store.

use std::sync::Arc;

use docmill_engine::fold_all;
use docmill_model::{Category, CleanMap, DocumentId, EntityId, MediaType, Membership, Origin, Stage, Text};
use docmill_store::{Chunked, Claimed, Node, Ocr, Output, Sqlite, StageKey, Stamp, Store, Submission, Versions};
use serde_json::json;
use uuid::Uuid;

use super::memory::{Change, Memory, member_line, possible_line};
use super::shuffle::{Step, Story, story};
use super::synthetic::{Document, PROJECT, documents};

struct Stored {
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

impl Stored {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let versions: Versions = Stage::ALL.into_iter().map(|stage| (stage, "1".to_owned())).collect();
        let store = Sqlite::open(&folder.path().join("store.sqlite"), versions).unwrap();
        Self { store: Arc::new(store), _folder: folder }
    }

    async fn change(&self, change: Change) {
        match change {
            Change::Add(document) => self.add(&document).await,
            Change::Forget(id) => drop(self.store.forget(vec![id]).await.unwrap()),
            Change::Decide(decision) => drop(self.store.decide(vec![decision]).await.unwrap()),
        }
    }

    async fn add(&self, document: &Document) {
        let submission = Submission {
            project: PROJECT.into(),
            sha256: document.sha256,
            bytes: 1,
            origin: Origin::Path { absolute: document.sha256.as_bytes().to_vec(), shown: document.sha256.to_string() },
            stamp: Stamp::default(),
        };
        self.store.submit(vec![submission]).await.unwrap();
        for stage in Stage::ALL {
            let key = StageKey { document: document.id, stage };
            let Claimed::Run(claim) = self.store.claim(key, Uuid::nil()).await.unwrap() else {
                panic!("{stage} is to be run")
            };
            self.store.commit(claim.done(output(document, stage), vec![], json!({}))).await.unwrap();
        }
    }

    /// The same lines as those of a project in memory.
    async fn outcome(&self) -> Vec<String> {
        let rows = self.store.entity_rows(None, usize::MAX >> 1).await.unwrap();
        let mut lines: Vec<String> = rows.iter().map(|row| format!("{:?}", row.entity)).collect();
        let mut members = Vec::new();
        for row in &rows {
            for profile in self.store.profile_rows(row.entity.id).await.unwrap() {
                let membership = Membership { profile: profile.id, reasons: profile.reasons, score: profile.score };
                members.push((profile.id, member_line(row.entity.id, &membership)));
            }
        }
        members.sort();
        lines.extend(members.into_iter().map(|(_, line)| line));
        let possible = self.store.possible_rows(None, usize::MAX >> 1).await.unwrap();
        lines.extend(possible.iter().map(possible_line));
        lines
    }

    /// Each member of an entity but the least has a row that says why it belongs there.
    async fn check_merges(&self) {
        let mut expected: Vec<(EntityId, docmill_model::ReferentId)> = Vec::new();
        for row in self.store.entity_rows(None, usize::MAX >> 1).await.unwrap() {
            let members = self.store.member_rows(row.entity.id, None, usize::MAX >> 1).await.unwrap();
            let mut referents: Vec<_> = members.iter().map(|member| member.referent).collect();
            referents.sort();
            let documents: std::collections::BTreeSet<DocumentId> = members.iter().map(|m| m.document).collect();
            assert_eq!(row.entity.documents as usize, documents.len(), "{}", row.entity.name);
            expected.extend(referents.into_iter().skip(1).map(|referent| (row.entity.id, referent)));
        }
        let mut merges: Vec<docmill_store::MergeRow> = Vec::new();
        let mut take = |row| {
            merges.push(row);
            std::ops::ControlFlow::Continue(())
        };
        self.store.merge_rows(&mut take).await.unwrap();
        assert!(merges.iter().all(|merge| !merge.reasons.is_empty()));
        assert_eq!(merges.into_iter().map(|merge| (merge.entity, merge.member)).collect::<Vec<_>>(), expected);
    }
}

fn output(document: &Document, stage: Stage) -> Output {
    match stage {
        Stage::ProcessOcr => Output::Ocr(Ocr { media_type: MediaType::Text, pages: vec![], members: vec![] }),
        Stage::CreateDocumentNode => Output::Node(Node {
            text: Text::new(String::new()),
            map: CleanMap::default(),
            blocks: vec![],
            language: None,
            category: Category::Document,
        }),
        Stage::ProcessChunking => Output::Chunks(Chunked::default()),
        Stage::ExtractEntities => Output::Mentions(vec![]),
        Stage::ResolveEntities => Output::Referents(document.said.iter().map(|said| said.referent.clone()).collect()),
        Stage::BuildRelationships => Output::Relations(vec![]),
    }
}

/// What a story comes to in memory, folded once.
async fn in_memory(story: &Story) -> Vec<String> {
    let memory = Memory::new(usize::MAX);
    story.left.iter().for_each(|document| memory.change(Change::Add(document.clone())));
    story.decisions.iter().for_each(|decision| memory.change(Change::Decide(decision.clone())));
    fold_all(&memory).await.unwrap();
    memory.outcome()
}

#[tokio::test]
async fn a_store_that_was_changed_and_folded_step_by_step_holds_what_a_project_in_memory_comes_to() {
    let all = documents(300);
    let shuffles: u64 = std::env::var("DOCMILL_SHUFFLES").ok().and_then(|word| word.parse().ok()).unwrap_or(1);
    // A tenth of what is tried in memory: a store takes longer.
    for seed in 0..shuffles.div_ceil(10) {
        let story = story(&all, 1000 + seed);
        let stored = Stored::new();
        for step in &story.steps {
            match step {
                Step::Change(change) => stored.change(change.clone()).await,
                Step::Fold => drop(fold_all(stored.store.as_ref()).await.unwrap()),
                Step::Interrupt(changes) => {
                    for change in changes {
                        stored.change(change.clone()).await;
                    }
                }
            }
        }
        fold_all(stored.store.as_ref()).await.unwrap();
        let (found, expected) = (stored.outcome().await, in_memory(&story).await);
        let differs = found.iter().zip(&expected).find(|(a, b)| a != b);
        assert!(found == expected, "seed {seed}: {} and {} lines, first {differs:#?}", found.len(), expected.len());
        stored.check_merges().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_folds_beside_each_other_and_beside_changes_come_to_the_same() {
    let all = documents(120);
    let stored = Stored::new();
    for document in &all[..60] {
        stored.add(document).await;
    }
    let (one, other, last) = (stored.store.clone(), stored.store.clone(), &all[60..]);
    let fold = |store: Arc<dyn Store>| tokio::spawn(async move { fold_all(store.as_ref()).await.unwrap() });
    let (one, other) = (fold(one), fold(other));
    for document in last {
        stored.add(document).await;
    }
    one.await.unwrap();
    other.await.unwrap();
    fold_all(stored.store.as_ref()).await.unwrap();
    let story = Story { steps: vec![], left: all, decisions: vec![] };
    assert_eq!(stored.outcome().await, in_memory(&story).await);
}
