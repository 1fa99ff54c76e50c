//! Projects made to hurt: the fold's work stays in proportion, and nothing grows into one.

use docmill_engine::{FoldReport, fold_all};
use docmill_model::{Identifier, Link, MentionType, ProfileId, ProfileKey};

use super::memory::{Change, Memory};
use super::synthetic::{Document, Random};

async fn fold(memory: &Memory) -> FoldReport {
    fold_all(memory).await.unwrap()
}

/// A document that names one link of the chain.
fn chained(number: usize) -> Document {
    let mut document = Document::new(&format!("chained {number}"));
    document.say(MentionType::Law, normal(number), &normal(number), None, 1, number);
    document
}

fn normal(number: usize) -> String {
    format!("law {number:05}")
}

/// Each is linked with the next; of ten links in a row one or two are weak.
fn chain(length: usize) -> Vec<Link> {
    let id = |number| {
        let key = ProfileKey {
            kind: MentionType::Law,
            normal: normal(number),
            identifiers: vec![],
            discriminator: String::new(),
        };
        ProfileId::new(&key.digest())
    };
    let link = |number: usize| {
        let (a, b) = (id(number), id(number + 1));
        let score = if number.is_multiple_of(7) { 800 } else { 950 };
        Link { a: a.min(b), b: a.max(b), score, reasons: vec!["spelling".into()], veto: None, refused: None }
    };
    (0..length - 1).map(link).collect()
}

#[tokio::test]
async fn a_chain_of_near_names_is_cut_where_it_is_weak_whatever_the_order() {
    const LENGTH: usize = 1200;
    let memory = Memory::with_links(100, chain(LENGTH));
    let mut random = Random::new(5);
    let mut order: Vec<usize> = (0..LENGTH).collect();
    random.shuffle(&mut order);
    for (at, number) in order.iter().enumerate() {
        memory.change(Change::Add(chained(*number)));
        if at % 150 == 0 {
            fold(&memory).await;
        }
    }
    fold(&memory).await;
    let whole = memory.outcome();
    assert!(whole.iter().any(|line| line.contains("\"size\"")), "the chain is too long for one component");

    // A link in the middle goes: two chains of 600 are too long as well. One more, and a part is small enough.
    for (gone, most) in [(600, 60), (300, 1200)] {
        memory.change(Change::Forget(chained(gone).id));
        let report = fold(&memory).await;
        assert!(report.profiles <= most, "{report:?}");
    }
    let parted = memory.outcome();
    assert!(parted != whole);
    let scratch = Memory::with_links(usize::MAX, chain(LENGTH));
    (0..LENGTH).filter(|n| ![600, 300].contains(n)).for_each(|n| scratch.change(Change::Add(chained(n))));
    fold(&scratch).await;
    assert!(parted == scratch.outcome());
    for back in [300, 600] {
        memory.change(Change::Add(chained(back)));
        fold(&memory).await;
    }
    assert!(memory.outcome() == whole);
}

#[tokio::test]
async fn many_of_one_name_with_an_address_each_are_not_compared_with_each_other() {
    const MANY: usize = 2000;
    let document = |number: usize| {
        let mut document = Document::new(&format!("many {number}"));
        document.person("Anna Brandstetter", Some(&format!("anna{number}@example.org")), 1, number);
        document
    };
    for batch in [1, 400] {
        let memory = Memory::new(batch);
        (0..MANY).for_each(|number| memory.change(Change::Add(document(number))));
        let report = fold(&memory).await;
        assert!(report.pairs < 10 * MANY as u64 && report.profiles < 4 * MANY as u64, "{report:?}");
        memory.change(Change::Add(document(MANY)));
        let report = fold(&memory).await;
        assert_eq!((report.pairs, report.profiles), (0, 1));
    }
}

#[tokio::test]
async fn a_judge_of_hundreds_of_cases_is_one_person() {
    let document = |number: usize| {
        let mut document = Document::new(&format!("case {number}"));
        document.person("Anna Brandstetter", None, 1, 0);
        let value = format!("2:24-cv-{number:05}");
        document.said[0].referent.identifiers.push(Identifier { scheme: Identifier::DOCKET.into(), value });
        document
    };
    let memory = Memory::new(50);
    (0..200).for_each(|number| memory.change(Change::Add(document(number))));
    let report = fold(&memory).await;
    assert_eq!((report.components > 0, memory.outcome().iter().filter(|l| l.starts_with("Entity")).count()), (true, 1));
    memory.change(Change::Add(document(200)));
    let report = fold(&memory).await;
    assert_eq!((report.pairs, report.profiles), (200, 201));
}

#[tokio::test]
async fn a_name_in_thousands_of_documents_is_one_profile_to_fold() {
    let memory = Memory::new(usize::MAX);
    let document = |number: usize| {
        let mut document = Document::new(&format!("equal {number}"));
        document.person("Anna Brandstetter", None, 1, 0);
        document
    };
    (0..3000).for_each(|number| memory.change(Change::Add(document(number))));
    let report = fold(&memory).await;
    assert_eq!((report.documents, report.pairs, report.profiles), (3000, 0, 1));
}
