//! Finding chunks by words, documents by name.

use docmill_store::Error;

use crate::world::{World, absolute, member};

pub async fn a_query_is_words_and_phrases_without_operators(w: &World<'_>) {
    let rent = w.add("rent", "The net rent of the flat").await;
    let lease = w.add("lease", "Net of everything, rent is due NOT later").await;
    let menu = w.add("menu", "Crème brûlée à la carte AND more").await;
    let check = async |query: &str, expected: &[docmill_model::DocumentId]| {
        let mut found: Vec<_> = w.store.search(query, 9).await.unwrap().into_iter().map(|h| h.document).collect();
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected, "{query}");
    };
    check("rent", &[rent, lease]).await;
    check("RENT net", &[rent, lease]).await;
    check("\"net rent\"", &[rent]).await;
    check("creme BRULEE", &[menu]).await;
    check("rent NOT flat", &[]).await;
    check("NOT later", &[lease]).await;
    check("AND", &[menu]).await;
    check("rent OR", &[]).await;
    check("fla*", &[]).await;
    check("body:rent", &[]).await;
    check("NEAR(net rent)", &[]).await;
    check("\"unclosed rent", &[]).await;
    check("rent \0 flat", &[rent]).await;
    check("ⅷ", &[]).await;
    for query in ["", "  ", "*", "\"\"", "- ( ) :"] {
        assert!(matches!(w.store.search(query, 9).await, Err(Error::Query(_))), "{query:?}");
    }
    assert_eq!(w.store.search("rent", 1).await.unwrap().len(), 1);
    let hits = w.store.search("rent", 9).await.unwrap();
    assert!(hits.is_sorted_by_key(|hit| std::cmp::Reverse(hit.score)));
    assert!(w.store.search("flat", 9).await.unwrap()[0].score > 0);
}

pub async fn hits_show_their_own_chunk(w: &World<'_>) {
    let id = w.add("a.pdf", "äöü first \u{c}€uro second \u{c}third 😀 end").await;
    for (query, page, text) in [("first", 1, "äöü first "), ("second", 2, "€uro second "), ("end", 3, "third 😀 end")]
    {
        let hit = w.store.search(query, 9).await.unwrap().remove(0);
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
