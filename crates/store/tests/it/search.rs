//! Finding chunks by words, documents by name.

use docmill_model::{Category, DocumentId, EntityId, MentionType, Sketch, Stage};
use docmill_store::{Chunked, Error, Filter, Fit, Found, Output, Query};

use crate::world::{World, absolute, chunks, member, output};

/// Submits a file and runs all stages over it, with a title and one sketch for all its chunks.
async fn add_titled(w: &World<'_>, path: &str, text: &str, title: &str, sketch: Option<Sketch>) -> DocumentId {
    let id = w.submit(path, &format!("{path} {text}")).await.document();
    for stage in Stage::ALL {
        let output = match stage {
            Stage::ProcessChunking => {
                let mut chunked = Chunked { title: Some(title.into()), ..chunks(id, text).into() };
                chunked.passages.iter_mut().for_each(|p| p.sketch = sketch);
                Output::Chunks(chunked)
            }
            _ => output(id, stage, text),
        };
        w.run(id, stage, output).await;
    }
    id
}

fn documents(found: &Found) -> Vec<DocumentId> {
    found.hits.iter().map(|hit| hit.document).collect()
}

fn sorted(mut ids: Vec<DocumentId>) -> Vec<DocumentId> {
    ids.sort();
    ids
}

pub async fn a_query_is_words_and_phrases_without_operators(w: &World<'_>) {
    let rent = w.add("1", "The net rent of the flat").await;
    let lease = w.add("2", "Net of everything, rent is due NOT later").await;
    let menu = w.add("3", "Crème brûlée à la carte AND more").await;
    let check = async |query: &str, expected: &[DocumentId], fit: Fit| {
        let found = w.store.search(&Query::new(query, 9)).await.unwrap();
        assert_eq!(sorted(documents(&found)), sorted(expected.to_vec()), "{query}");
        assert_eq!(found.fit, fit, "{query}");
    };
    check("rent", &[rent, lease], Fit::Whole).await;
    check("RENT net", &[rent, lease], Fit::Whole).await;
    check("\"net rent\"", &[rent], Fit::Whole).await;
    check("creme BRULEE", &[menu], Fit::Whole).await;
    check("NOT later", &[lease], Fit::Whole).await;
    check("AND", &[menu], Fit::Whole).await;
    check("OR", &[], Fit::Whole).await;
    check("fla*", &[rent], Fit::Whole).await;
    check("fl*", &[], Fit::Whole).await;
    check("rent -later", &[rent], Fit::Whole).await;
    check("rent -\"net rent\"", &[lease], Fit::Whole).await;
    check("rent -the -net", &[], Fit::Whole).await;
    check("rent \0 flat", &[rent], Fit::Whole).await;
    check("ⅷ", &[], Fit::Whole).await;
    check("flats \"net rent\" of", &[rent], Fit::Forms).await;
    check("rents -flats", &[rent, lease], Fit::Forms).await;
    check("\"flats\"", &[], Fit::Whole).await;
    // Not all of it stands in one passage: what has some of it, and always the phrase.
    check("rent NOT flat", &[rent, lease], Fit::Some).await;
    check("rent OR", &[rent, lease], Fit::Some).await;
    check("carte \"net rent\"", &[rent], Fit::Some).await;
    check("carte more \"net rents\"", &[], Fit::Some).await;
    check("body:rent", &[], Fit::Whole).await;
    check("NEAR(net rent)", &[rent, lease], Fit::Some).await;
    check("\"unclosed rent", &[], Fit::Whole).await;
    check("brulee later -more", &[lease], Fit::Some).await;
    for query in ["", "  ", "*", "\"\"", "- ( ) :", "-rent"] {
        assert!(matches!(w.store.search(&Query::new(query, 9)).await, Err(Error::Query(_))), "{query:?}");
    }
    assert_eq!(w.search("rent", 1).await.len(), 1);
    let hits = w.search("rent", 9).await;
    assert!(hits.is_sorted_by_key(|hit| std::cmp::Reverse(hit.score)));
    assert!(w.search("flat", 9).await[0].score > 0);
}

pub async fn passages_are_found_by_their_section_and_by_what_their_document_is_called(w: &World<'_>) {
    let lease = add_titled(w, "old/flat_lease.pdf", "the rent\u{c}the deposit", "Contract with Ada", None).await;
    w.add("other.pdf", "rent").await;
    let check = async |words: &str, expected: &[(DocumentId, u32)]| {
        let found: Vec<_> = w.search(words, 9).await.iter().map(|hit| (hit.document, hit.first_page)).collect();
        assert_eq!(found, expected, "{words}");
    };
    check("section 2 deposit", &[(lease, 2)]).await;
    check("lease rent", &[(lease, 1)]).await;
    check("\"contract with ada\" deposit", &[(lease, 2)]).await;
    check("flat_lease.pdf the", &[(lease, 1), (lease, 2)]).await;
    check("old rent -section", &[]).await;
    // The least path names the document.
    let moved = w.submit("new/z/agreement.pdf", "old/flat_lease.pdf the rent\u{c}the deposit").await.document();
    assert_eq!(moved, lease);
    check("agreement rent", &[(lease, 1)]).await;
    check("\"flat_lease\" rent", &[]).await;
    w.store.forget_sources(vec![absolute("new/z/agreement.pdf")]).await.unwrap();
    check("\"flat_lease\" rent", &[(lease, 1)]).await;
    check("agreement", &[]).await;
}

pub async fn what_says_the_same_stands_behind_the_best_that_says_it(w: &World<'_>) {
    let sketch = |numbers| Some(Sketch { bins: [1; Sketch::BINS], numbers });
    // A word that stands everywhere weighs nothing.
    for path in ["v", "w", "x", "y", "z"] {
        w.add(path, &format!("other {path}")).await;
    }
    let first = add_titled(w, "a", "rent rent rent", "", sketch(1)).await;
    let copy = add_titled(w, "b", "rent rent but", "", sketch(1)).await;
    let amount = add_titled(w, "c", "rent but not", "", sketch(2)).await;
    let plain = w.add("d", "rent is not the same as others of the name").await;
    let found = w.store.search(&Query::new("rent", 2)).await.unwrap();
    assert_eq!(documents(&found), [first, amount]);
    assert_eq!(found.hits[0].copies.iter().map(|c| c.document).collect::<Vec<_>>(), [copy]);
    let found = w.store.search(&Query::new("rent", 1)).await.unwrap();
    assert_eq!((documents(&found), found.hits[0].copies.len()), (vec![first], 1));
    assert_eq!(documents(&w.store.search(&Query::new("rent", 9)).await.unwrap()), [first, amount, plain]);
}

pub async fn a_filter_holds_for_the_passage(w: &World<'_>) {
    let both = w.add("1", "Ada met Bea for rent \u{c}Ada paid rent \u{c}no one paid rent").await;
    let one = w.add("2", "Bea paid rent").await;
    let elsewhere = w.submit_into("elsewhere", "3", "Ada paid rent too").await.document();
    w.finish(elsewhere, "Ada paid rent too").await;
    w.fold().await;
    let rows = w.store.entity_rows(None, 9).await.unwrap();
    let id = |name: &str| -> Vec<EntityId> {
        rows.iter().filter(|row| row.entity.name == name).map(|row| row.entity.id).collect()
    };
    let check = async |filter: Filter, expected: &[(DocumentId, u32)]| {
        for words in ["rent", ""] {
            let query = Query { words: words.into(), filter: filter.clone(), limit: 9 };
            let found = w.store.search(&query).await.unwrap();
            let mut places: Vec<_> = found.hits.iter().map(|hit| (hit.document, hit.first_page)).collect();
            places.sort();
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(places, expected, "{query:?}");
        }
    };
    let types = |types: &[MentionType]| Filter { types: types.to_vec(), ..Filter::default() };
    check(types(&[MentionType::Person]), &[(both, 1), (both, 2), (one, 1), (elsewhere, 1)]).await;
    check(types(&[MentionType::Person, MentionType::Person, MentionType::Org]), &[]).await;
    let entities = |names: &[&str]| Filter { entities: names.iter().map(|n| id(n)).collect(), ..Filter::default() };
    check(entities(&["Ada"]), &[(both, 1), (both, 2), (elsewhere, 1)]).await;
    check(entities(&["Ada", "Bea"]), &[(both, 1)]).await;
    check(entities(&["Nobody"]), &[]).await;
    let either = Filter { entities: vec![[id("Ada"), id("Bea")].concat()], ..Filter::default() };
    check(either, &[(both, 1), (both, 2), (one, 1), (elsewhere, 1)]).await;
    let project = |name: &str| Filter { project: Some(name.into()), ..types(&[MentionType::Person]) };
    check(project("elsewhere"), &[(elsewhere, 1)]).await;
    check(project("none"), &[]).await;
    let category = |category| Filter { category: Some(category), ..project("elsewhere") };
    check(category(Category::Contract), &[(elsewhere, 1)]).await;
    check(category(Category::Exhibit), &[]).await;
    let language = |word: &str| Filter { language: Some(word.into()), ..project("elsewhere") };
    check(language("de"), &[(elsewhere, 1)]).await;
    check(language("en"), &[]).await;
    let many = Filter { entities: vec![id("Ada"); 65], ..Filter::default() };
    for words in ["rent", "absent"] {
        let query = Query { words: words.into(), filter: many.clone(), limit: 9 };
        assert!(matches!(w.store.search(&query).await, Err(Error::Query(_))), "{words}");
    }
}

pub async fn a_date_counts_that_lies_wholly_between_the_days(w: &World<'_>) {
    let dated = async |path: &str, normals: &[&str], header: bool| {
        let text = format!("{} \u{c}rent", vec!["Xx"; normals.len()].join(" "));
        let id = w.submit(path, &format!("{path} {text}")).await.document();
        for stage in Stage::ALL {
            let mut output = output(id, stage, &text);
            match &mut output {
                Output::Mentions(mentions) => mentions.iter_mut().zip(normals).for_each(|(mention, normal)| {
                    mention.kind = MentionType::Date;
                    mention.normal = (*normal).into();
                }),
                Output::Node(node) if header => {
                    let span = chunks(id, &text)[0].span;
                    node.blocks[0] = docmill_model::Block {
                        kind: docmill_model::BlockKind::MailHeader,
                        span,
                        ..node.blocks[0].clone()
                    };
                }
                _ => {}
            }
            w.run(id, stage, output).await;
        }
        id
    };
    let day = dated("1", &["2024-03-04"], false).await;
    let month = dated("2", &["1999", "2024-03"], false).await;
    let either = dated("3", &["2024-03-02|2024-02-03"], false).await;
    let mail = dated("4", &["2024-03-05"], true).await;
    dated("5", &["2024", "no date", "2024-03-04/2025"], false).await;
    let check = async |days: std::ops::RangeInclusive<u32>, expected: &[(DocumentId, u32)]| {
        let filter = Filter { days: Some(days), ..Filter::default() };
        let found = w.store.search(&Query { words: String::new(), filter, limit: 99 }).await.unwrap();
        let mut places: Vec<_> = found.hits.iter().map(|hit| (hit.document, hit.first_page)).collect();
        places.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(places, expected);
    };
    check(20240301..=20240331, &[(day, 1), (month, 1), (either, 1), (mail, 1), (mail, 2)]).await;
    check(20240304..=20240304, &[(day, 1)]).await;
    check(20240201..=20240210, &[(either, 1)]).await;
    check(20250101..=20251231, &[]).await;
}

pub async fn hits_show_their_own_chunk(w: &World<'_>) {
    let id = w.add("a.pdf", "äöü first \u{c}€uro second \u{c}third 😀 end").await;
    for (query, page, text) in [("first", 1, "äöü first "), ("second", 2, "€uro second "), ("end", 3, "third 😀 end")]
    {
        let hit = w.search(query, 9).await.remove(0);
        assert_eq!((hit.document, hit.first_page, hit.text.as_str()), (id, page, text));
        assert_eq!(hit.section, Some(format!("section {page}")));
        let (clean, _) = w.store.clean(id).await.unwrap();
        assert_eq!(docmill_model::Text::new(clean).slice(hit.span), text);
    }
}

pub async fn documents_are_found_by_path_name_and_id(w: &World<'_>) {
    let one = w.submit("mail/rent.eml", "one").await.document();
    let two = w.submit("old/rent.eml", "two").await.document();
    let root = w.submit("lease.pdf", "three").await.document();
    w.finish_with(one, "", vec![member("note.txt", "four")]).await;
    let note = w.store.children(one).await.unwrap()[0].1;
    let whole = String::from_utf8(absolute("old/rent.eml")).unwrap();
    let hex = root.to_string();
    let mut both = vec![one, two];
    both.sort();
    for (word, expected) in [
        ("mail/rent.eml", vec![one]),
        (whole.as_str(), vec![two]),
        ("rent.eml", both),
        ("lease.pdf", vec![root]),
        ("note.txt", vec![note]),
        (hex.as_str(), vec![root]),
        (&hex[..8], vec![root]),
        (&hex[..13], vec![root]),
        ("ent.eml", vec![]),
        ("zzzz", vec![]),
        ("%", vec![]),
        ("_ease.pdf", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(w.store.find_documents(word, 9).await.unwrap(), expected, "{word:?}");
    }
    assert_eq!(w.store.find_documents(&hex.to_uppercase(), 9).await.unwrap(), [root]);
    assert_eq!(w.store.find_documents("rent.eml", 1).await.unwrap().len(), 1);
}
