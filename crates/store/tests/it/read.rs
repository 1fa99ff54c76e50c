//! Rows for people and for the export.

use docmill_model::{Code, Digest, DocumentId, MentionType, Stage, State};
use docmill_store::Error;

use crate::world::{PROJECT, World, failure};

pub async fn words_are_read_page_by_page(w: &World<'_>) {
    let id = w.add("a.pdf", "one two \u{c}\u{c}three \u{c}four").await;
    let all = w.store.page_words(id, 1, 99).await.unwrap();
    assert_eq!(all.iter().map(|p| (p.number, p.words.len())).collect::<Vec<_>>(), [(1, 2), (2, 0), (3, 1), (4, 1)]);
    let (raw, _, _) = w.store.raw(id).await.unwrap();
    let raw = docmill_model::Text::new(raw);
    let words: Vec<_> = all.iter().flat_map(|p| &p.words).map(|word| raw.slice(word.span)).collect();
    assert_eq!(words, ["one", "two", "three", "four"]);
    for (first, last) in [(1, 1), (2, 3), (4, 4), (5, 9), (3, 2)] {
        let expected: Vec<_> = all.iter().filter(|p| (first..=last).contains(&p.number)).cloned().collect();
        assert_eq!(w.store.page_words(id, first, last).await.unwrap(), expected, "{first} to {last}");
    }
}

pub async fn the_overview_counts_what_is_there(w: &World<'_>) {
    w.add("a.pdf", "Anna met Ben \u{c}twice").await;
    w.fold().await;
    for (path, code) in [("b", Code::DAMAGED), ("c", Code::DAMAGED), ("d", Code::STAGE_BUG)] {
        let id = w.submit(path, path).await.document();
        let claim = w.claim(id, Stage::ProcessOcr).await;
        w.store.commit(claim.failed(failure(code))).await.unwrap();
    }
    w.submit("e", "e").await;
    let seen = w.store.overview().await.unwrap();
    assert_eq!(seen.documents, [(State::Done, 1), (State::Failed, 3), (State::Pending, 1)].into());
    assert_eq!(seen.stages[&(Stage::ProcessOcr, State::Failed)], 3);
    assert_eq!((seen.pages, seen.chunks, seen.mentions, seen.entities, seen.relations), (2, 2, 2, 2, 1));
    assert_eq!(seen.mentions_by_type, [(MentionType::Person, 2)].into());
    let errors: Vec<_> = seen.errors.iter().map(|e| (e.code, e.state, e.documents)).collect();
    assert_eq!(errors, [(Code::DAMAGED, State::Failed, 2), (Code::STAGE_BUG, State::Failed, 1)]);
    assert!(["b", "c"].contains(&seen.errors[0].example.as_str()));
}

pub async fn ids_come_in_order_page_by_page(w: &World<'_>) {
    for index in 0..7 {
        w.submit(&index.to_string(), &index.to_string()).await;
    }
    let all = w.store.document_ids(None, 99).await.unwrap();
    assert!(all.len() == 7 && all.is_sorted());
    let rest = w.store.document_ids(Some(all[2]), 3).await.unwrap();
    assert_eq!(rest, all[3..6]);
}

pub async fn a_document_that_is_not_there_is_not_found(w: &World<'_>) {
    let id = DocumentId::new(PROJECT, &Digest::of(b"nowhere"));
    let check = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::UnknownDocument(unknown) if unknown == id), "{error:?}");
        assert_eq!(error.code(), Code::NOT_FOUND);
    };
    check(w.store.document(id).await.map(drop));
    check(w.store.media_type(id).await.map(drop));
    check(w.store.raw(id).await.map(drop));
    check(w.store.clean(id).await.map(drop));
    check(w.store.clean_map(id).await.map(drop));
    check(w.store.page_spans(id).await.map(drop));
    check(w.store.page_rows(id).await.map(drop));
    check(w.store.page_words(id, 1, 1).await.map(drop));
    check(w.store.blocks(id).await.map(drop));
    check(w.store.chunks(id).await.map(drop));
    check(w.store.mentions(id).await.map(drop));
    check(w.store.mention_rows(id).await.map(drop));
    check(w.store.referents(id).await.map(drop));
    check(w.store.children(id).await.map(drop));
    check(w.store.external_ids(id).await.map(drop));
    check(w.store.stage_rows(id).await.map(drop));
    check(w.store.history(id).await.map(drop));
}
