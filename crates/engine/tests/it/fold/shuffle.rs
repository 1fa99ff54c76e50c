//! Step by step, in any order and with anything in between, the fold comes to what it comes to from scratch.

use docmill_engine::{FoldReport, fold_all};
use docmill_model::{Action, Anchor, Decision, EntityId, Referent};

use super::memory::{Change, Memory};
use super::synthetic::{Document, PROJECT, Random, documents};

const DOCUMENTS: usize = 300;

/// How many orders are tried; `make soak` sets a thousand.
fn shuffles() -> u64 {
    std::env::var("DOCMILL_SHUFFLES").ok().and_then(|word| word.parse().ok()).unwrap_or(2)
}

/// What happens to a project, step by step, and what is left in the end.
pub struct Story {
    pub steps: Vec<Step>,
    pub left: Vec<Document>,
    pub decisions: Vec<Decision>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Change(Change),
    Fold,
    /// The next fold is interrupted by these.
    Interrupt(Vec<Change>),
}

fn anchor(document: &Document, referent: &Referent) -> Anchor {
    Anchor {
        document: document.id,
        kind: referent.kind,
        normal: referent.normal.clone(),
        quote: referent.forms[0].0.clone(),
    }
}

/// Some decisions, right and wrong ones, a few undone.
fn decisions(all: &[Document], random: &mut Random) -> Vec<Decision> {
    let mut out: Vec<Decision> = Vec::new();
    for at in 0..12 {
        let (one, other) = (&all[random.below(all.len())], &all[random.below(all.len())]);
        let a = &one.said[random.below(one.said.len())].referent;
        let same = |r: &&Referent| r.key() == a.key();
        let others =
            || all.iter().filter(|d| d.id != one.id).flat_map(|d| d.said.iter().map(move |s| (d, &s.referent)));
        let alike = others().find(|(_, r)| same(r));
        let any = (other, &other.said[random.below(other.said.len())].referent);
        let (action, b) = match at % 4 {
            0 => (Action::Same, Some(any)),
            1 | 2 => (Action::Different, Some(alike.unwrap_or(any))),
            _ => (Action::Rename { name: format!("Name {at}") }, None),
        };
        let b = b.into_iter().map(|(document, referent)| anchor(document, referent)).collect();
        let at_ms = random.below(6) as i64;
        out.push(Decision::new(PROJECT, action, vec![anchor(one, a)], b, "test", at_ms, None));
    }
    for at in [0, 1, 3] {
        let undo = Action::Undo { decision: out[at].id };
        out.push(Decision::new(PROJECT, undo, vec![], vec![], "test", 9, None));
    }
    out
}

pub fn story(all: &[Document], seed: u64) -> Story {
    let mut random = Random::new(seed);
    let mut order: Vec<Document> = all.to_vec();
    random.shuffle(&mut order);
    let decisions = decisions(all, &mut random);
    let mut taken = decisions.clone();
    random.shuffle(&mut taken);
    let mut steps = Vec::new();
    let mut sometimes = |steps: &mut Vec<Step>, random: &mut Random, one_in: usize| {
        if random.one_in(one_in) {
            steps.push(Step::Fold);
        }
        if random.one_in(20) {
            steps.extend(taken.pop().map(|decision| Step::Change(Change::Decide(decision))));
        }
    };
    for document in &order {
        steps.push(Step::Change(Change::Add(document.clone())));
        sometimes(&mut steps, &mut random, 25);
    }
    // Three of ten are forgotten and added again in another order; the last of those stay away.
    random.shuffle(&mut order);
    let mut away: Vec<Document> = order.drain(..all.len() * 3 / 10).collect();
    for document in &away {
        steps.push(Step::Change(Change::Forget(document.id)));
        sometimes(&mut steps, &mut random, 15);
    }
    steps.extend(taken.drain(..).map(|decision| Step::Change(Change::Decide(decision))));
    random.shuffle(&mut away);
    let back = away.split_off(4);
    let (during, before) = back.split_at(10);
    for document in before {
        steps.push(Step::Change(Change::Add(document.clone())));
        if random.one_in(15) {
            steps.push(Step::Fold);
        }
    }
    steps.push(Step::Interrupt(during.iter().map(|document| Change::Add(document.clone())).collect()));
    order.extend(back);
    Story { steps, left: order, decisions }
}

async fn fold(memory: &Memory) -> FoldReport {
    fold_all(memory).await.unwrap()
}

/// The outcome of a project that was never anything else.
async fn from_scratch(story: &Story) -> Vec<String> {
    let memory = Memory::new(usize::MAX);
    let mut documents = story.left.clone();
    documents.sort_by_key(|document| document.id);
    documents.into_iter().for_each(|document| memory.change(Change::Add(document)));
    story.decisions.iter().for_each(|decision| memory.change(Change::Decide(decision.clone())));
    fold(&memory).await;
    memory.outcome()
}

#[tokio::test]
async fn the_fold_of_each_step_comes_to_what_it_is_from_scratch() {
    let all = documents(DOCUMENTS);
    let mut parted = 0;
    for seed in 0..shuffles() {
        let story = story(&all, seed);
        let memory = Memory::new([1, 7, 50, 400][seed as usize % 4]);
        for step in &story.steps {
            match step {
                Step::Change(change) => memory.change(change.clone()),
                Step::Interrupt(changes) => memory.interrupt(changes.clone()),
                Step::Fold => drop(fold(&memory).await),
            }
        }
        fold(&memory).await;
        // What was left of the interruptions.
        while fold(&memory).await != FoldReport::default() {}
        let (found, expected) = (memory.outcome(), from_scratch(&story).await);
        parted += memory.parted();
        let differs = found.iter().zip(&expected).find(|(a, b)| a != b);
        assert!(found == expected, "seed {seed}: {} and {} lines, first {differs:#?}", found.len(), expected.len());
    }
    assert!(parted > 0, "no block became too large");
}

#[tokio::test]
async fn one_document_more_folds_the_components_that_it_speaks_of_and_no_others() {
    let all = documents(DOCUMENTS);
    let memory = Memory::new(400);
    let (last, others) = all.split_last().unwrap();
    others.iter().for_each(|document| memory.change(Change::Add(document.clone())));
    let whole = fold(&memory).await;
    assert!(whole.components > 200 && whole.profiles > whole.components, "{whole:?}");
    assert_eq!(fold(&memory).await, FoldReport::default(), "nothing has changed");
    memory.change(Change::Add(last.clone()));
    let one = fold(&memory).await;
    let said = last.said.len() as u64;
    assert!(one.documents == 1 && one.components >= said && one.components <= said + 4, "{one:?} of {said}");
    assert!(one.profiles < whole.profiles / 20 && one.pairs < whole.pairs / 20, "{one:?} of {whole:?}");
    let named: Vec<EntityId> = last.said.iter().filter_map(|said| memory.entity_of(said.referent.id)).collect();
    assert_eq!(named.len(), last.said.len());
}

#[tokio::test]
async fn who_is_one_becomes_one_entity_and_nobody_else() {
    let all = documents(DOCUMENTS);
    let memory = Memory::new(400);
    all.iter().for_each(|document| memory.change(Change::Add(document.clone())));
    fold(&memory).await;
    let said: Vec<_> = all.iter().flat_map(|document| &document.said).collect();
    let placed: Vec<_> = said.iter().map(|s| (memory.entity_of(s.referent.id).unwrap(), s.truth)).collect();
    let (mut right, mut wrong, mut missed) = (0_u64, 0_u64, 0_u64);
    for (at, (entity, truth)) in placed.iter().enumerate() {
        for (other, meant) in &placed[..at] {
            match (entity == other, truth == meant) {
                (true, true) => right += 1,
                (true, false) => wrong += 1,
                (false, true) => missed += 1,
                (false, false) => {}
            }
        }
    }
    assert_eq!(wrong, 0, "of {right} pairs");
    assert!(right > 4 * missed, "{missed} missed, {right} found");
}
