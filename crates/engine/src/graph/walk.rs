//! The way through the store, in an order in which each link comes behind both of its ends.

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;

use docmill_model::{Chunk, ChunkId, CleanMap, DocumentId, MediaType, Origin, Span, State, Text};
use docmill_store::{DocumentRow, EntityRow, MentionRow, PossibleRow, RelationQuery, Store};

use crate::export::{Error, known};
use crate::relations::{self, EntityRelation};

/// Rows read at a time: bounds memory, whatever the size of the store.
const PAGE: usize = 1000;
/// Places of a relation that are handed out; how many there are is told beside them.
const EVIDENCE: usize = 8;

/// What comes by on the way.
pub(super) enum Item<'a> {
    Entity(&'a EntityRow),
    Project(&'a str),
    /// `paths` are where it lies, as they are shown, `parents` the documents that it is a member of; both sorted,
    /// each once.
    Document {
        row: &'a DocumentRow,
        paths: &'a [String],
        parents: &'a [(DocumentId, MediaType)],
    },
    /// `before` is the chunk before it. Chunks and mentions are those of the last document.
    Chunk {
        document: DocumentId,
        chunk: &'a Chunk,
        before: Option<ChunkId>,
        text: Option<&'a str>,
    },
    Mention {
        row: &'a MentionRow,
        page: u32,
    },
    /// Nothing more of the last document.
    DocumentEnd,
    Relation(&'a EntityRelation),
    Possible(&'a PossibleRow),
}

pub(super) trait Sink: Send {
    fn take(&mut self, item: &Item<'_>) -> io::Result<()>;
    /// Called once, behind all items.
    fn end(&mut self) -> io::Result<()>;
}

/// Hands everything to the sink. `with_text`: chunks come with their text.
pub(super) async fn walk(store: &dyn Store, sink: &mut dyn Sink, with_text: bool) -> Result<(), Error> {
    entities(store, sink).await?;
    documents(store, sink, with_text).await?;
    let mut written = Ok(());
    let mut take = |relation: EntityRelation| {
        written = sink.take(&Item::Relation(&relation));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    relations::each(store, RelationQuery::default(), EVIDENCE, &mut take).await?;
    written?;
    possible(store, sink).await?;
    Ok(sink.end()?)
}

async fn possible(store: &dyn Store, sink: &mut dyn Sink) -> Result<(), Error> {
    let mut after = None;
    loop {
        let rows = store.possible_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.a, last.b));
        for row in &rows {
            sink.take(&Item::Possible(row))?;
        }
    }
}

async fn entities(store: &dyn Store, sink: &mut dyn Sink) -> Result<(), Error> {
    let mut after = None;
    loop {
        let rows = store.entity_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.entity.id);
        for row in &rows {
            sink.take(&Item::Entity(row))?;
        }
    }
}

async fn documents(store: &dyn Store, sink: &mut dyn Sink, with_text: bool) -> Result<(), Error> {
    let mut projects = BTreeSet::new();
    let mut after = None;
    loop {
        let ids = store.document_ids(after, PAGE).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = Some(*last);
        for id in ids {
            let Some(row) = known(store.document(id).await.map(Some))? else { continue };
            if !projects.contains(&row.project) {
                sink.take(&Item::Project(&row.project))?;
                projects.insert(row.project.clone());
            }
            let parents = parents(store, &row).await?;
            sink.take(&Item::Document { row: &row, paths: &paths(&row), parents: &parents })?;
            if matches!(row.state, State::Done | State::Partial) {
                facts(store, id, sink, with_text).await?;
            }
            sink.take(&Item::DocumentEnd)?;
        }
    }
}

fn paths(row: &DocumentRow) -> Vec<String> {
    let shown = |origin: &Origin| match origin {
        Origin::Path { shown, .. } => shown.clone(),
        Origin::Member { parent, member } => format!("{parent}/{member}"),
    };
    let paths: BTreeSet<String> = row.sources.iter().map(shown).collect();
    paths.into_iter().collect()
}

/// Those that are known still, each once, by id: a logo may be attached to all mails of a pile.
async fn parents(store: &dyn Store, row: &DocumentRow) -> Result<Vec<(DocumentId, MediaType)>, Error> {
    let parent = |origin: &Origin| match origin {
        Origin::Member { parent, .. } => Some(*parent),
        Origin::Path { .. } => None,
    };
    let ids: BTreeSet<DocumentId> = row.sources.iter().filter_map(parent).collect();
    let mut parents = Vec::new();
    for id in ids {
        let parent = known(store.document(id).await.map(Some))?;
        parents.extend(parent.and_then(|parent| parent.media_type).map(|media_type| (id, media_type)));
    }
    Ok(parents)
}

async fn facts(store: &dyn Store, id: DocumentId, sink: &mut dyn Sink, with_text: bool) -> Result<(), Error> {
    let chunks = known(store.chunks(id).await)?;
    let text = match with_text {
        true => Some(Text::new(known(store.clean(id).await)?.0)),
        false => None,
    };
    let mut before = None;
    for chunk in &chunks {
        let text = text.as_ref().map(|text| text.slice(chunk.span));
        sink.take(&Item::Chunk { document: id, chunk, before, text })?;
        before = Some(chunk.id);
    }
    let mentions = known(store.mention_rows(id).await)?;
    if mentions.is_empty() {
        return Ok(());
    }
    let (map, pages) = (known(store.clean_map(id).await)?, known(store.page_spans(id).await)?);
    for row in &mentions {
        sink.take(&Item::Mention { row, page: page_of(row.mention.span, &map, &pages) })?;
    }
    Ok(())
}

/// The page on which a range of the cleaned text starts.
fn page_of(clean: Span, map: &CleanMap, pages: &[(u32, Span)]) -> u32 {
    let start = map.to_raw(clean).start;
    let index = pages.partition_point(|(_, span)| span.end <= start).min(pages.len().saturating_sub(1));
    pages.get(index).map_or(1, |(number, _)| *number)
}
