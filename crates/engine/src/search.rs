//! Passages as a face shows them: with the name of the document, the place, and the stretch that the query is about.

mod snippet;

use std::collections::BTreeMap;

use docmill_model::{ChunkId, DocumentId, Span};
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
    /// The name of the document.
    pub name: String,
    /// Where the first word that was found stands.
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
    /// On which it begins.
    pub page: u32,
}

/// Asks the store, and completes its answer by what a person is shown. Where the query has no words, the words of
/// `names` are marked instead: those of the entities that the filter asks for.
pub async fn search(store: &dyn Store, query: &Query, names: &[String]) -> Result<Results, Error> {
    let found = store.search(query).await?;
    let mut wanted = Wanted::of(&Terms::parse(&query.words)?, found.fit);
    if wanted.is_empty() {
        names.iter().for_each(|name| wanted.add(name));
    }
    let snippets: Vec<Snippet> = found.hits.iter().map(|hit| snippet(&hit.text, &wanted)).collect();
    let places = places(store, &found.hits, &snippets).await?;
    let mut called = Names { store, known: BTreeMap::new() };
    let mut passages = Vec::with_capacity(found.hits.len());
    for ((hit, snippet), place) in found.hits.into_iter().zip(snippets).zip(places) {
        let mut copies = Vec::with_capacity(hit.copies.len());
        for copy in &hit.copies {
            let name = called.of(copy.document).await?;
            copies.push(Twin { document: copy.document, name, chunk: copy.chunk, page: copy.first_page });
        }
        passages.push(Passage { name: called.of(hit.document).await?, place, snippet, copies, hit });
    }
    Ok(Results { passages, fit: found.fit, is_cut: found.is_cut })
}

/// For each passage the place of the first word that was found in it, not of the passage around that. The layout of a
/// document is read once, however many of its passages there are, and one is held at a time.
async fn places(store: &dyn Store, hits: &[Hit], snippets: &[Snippet]) -> Result<Vec<Place>, Error> {
    let mut starts: BTreeMap<DocumentId, Vec<(usize, u32)>> = BTreeMap::new();
    for (index, (hit, snippet)) in hits.iter().zip(snippets).enumerate() {
        let at = snippet.hits.first().unwrap_or(&snippet.stretch).start;
        let start = hit.span.start + hit.text[..at].chars().count() as u32;
        starts.entry(hit.document).or_default().push((index, start));
    }
    let mut places = BTreeMap::new();
    for (document, starts) in starts {
        let map = store.clean_map(document).await?;
        let (pages, blocks) = (store.page_rows(document).await?, store.blocks(document).await?);
        for (index, start) in starts {
            let span = Span::new(start, start + 1);
            places.insert(index, place_of(span, map.to_raw(span), &pages, &blocks));
        }
    }
    Ok(places.into_values().collect())
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
