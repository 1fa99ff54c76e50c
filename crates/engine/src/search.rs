//! Passages as a face shows them: with the name of the document, the place, and the stretch that the query is about.

mod snippet;

use std::collections::BTreeMap;

use docmill_model::{ChunkId, DocumentId, Span, Text};
use docmill_store::{Error, Fit, Hit, Query, Store, Terms};

use crate::{Place, place_of};
pub use snippet::Snippet;
use snippet::{Wanted, snippet};

/// The passages that a query found, best first.
#[derive(Clone, Debug)]
pub struct Results {
    pub passages: Vec<Passage>,
    pub fit: Fit,
    /// More passages match than were weighed: there may be better ones.
    pub is_cut: bool,
}

/// A passage with what a person needs to find it.
#[derive(Clone, Debug)]
pub struct Passage {
    pub hit: Hit,
    /// Of the document.
    pub name: String,
    /// Of the first word that was found.
    pub place: Place,
    pub snippet: Snippet,
    /// Passages that say the same.
    pub copies: Vec<Twin>,
}

/// A passage that says the same as another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    pub document: DocumentId,
    pub name: String,
    pub chunk: ChunkId,
    /// Of its beginning.
    pub page: u32,
}

/// Asks the store and makes of its answer what is shown. Where the query has no words, `names` are marked.
pub async fn search(store: &dyn Store, query: &Query, names: &[String]) -> Result<Results, Error> {
    let found = store.search(query).await?;
    let mut wanted = Wanted::of(&Terms::parse(&query.words)?, found.fit);
    if wanted.is_empty() {
        names.iter().for_each(|name| wanted.add(name));
    }
    let mut called = Names { store, known: BTreeMap::new() };
    let mut passages = Vec::with_capacity(found.hits.len());
    for hit in found.hits {
        let snippet = snippet(&hit.text, &wanted);
        let place = place(store, &hit, &snippet).await?;
        let mut copies = Vec::with_capacity(hit.copies.len());
        for copy in &hit.copies {
            let name = called.of(copy.document).await?;
            copies.push(Twin { document: copy.document, name, chunk: copy.chunk, page: copy.first_page });
        }
        passages.push(Passage { name: called.of(hit.document).await?, place, snippet, copies, hit });
    }
    Ok(Results { passages, fit: found.fit, is_cut: found.is_cut })
}

/// The place of the first word that was found, not of the passage around it.
async fn place(store: &dyn Store, hit: &Hit, snippet: &Snippet) -> Result<Place, Error> {
    let at = snippet.hits.first().unwrap_or(&snippet.stretch).start;
    let start = hit.span.start + Text::from(hit.text.as_str()).char_of(at);
    let span = Span::new(start, start + 1);
    let map = store.clean_map(hit.document).await?;
    let (pages, blocks) = (store.page_rows(hit.document).await?, store.blocks(hit.document).await?);
    Ok(place_of(span, map.to_raw(span), &pages, &blocks))
}

/// The names of documents, each read once.
struct Names<'a> {
    store: &'a dyn Store,
    known: BTreeMap<DocumentId, String>,
}

impl Names<'_> {
    async fn of(&mut self, document: DocumentId) -> Result<String, Error> {
        if let Some(name) = self.known.get(&document) {
            return Ok(name.clone());
        }
        let name = self.store.document(document).await?.name().to_owned();
        self.known.insert(document, name.clone());
        Ok(name)
    }
}
