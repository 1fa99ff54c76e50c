//! The export: one JSON object a line, the same bytes for the same documents on every machine.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;

use docmill_model::{Chunk, DocumentId, EntityId, Origin, Rect, Span, State, Text};
use docmill_store::{BlockRow, DocumentRow, MergeRow, PageRow, PageWords, RelationQuery, Store};
use serde_json::{Value, json};

use crate::fold;
use crate::relations::{self, EntityRelation, RelationPlace};

/// Rows read at a time: bounds memory, whatever the size of the store.
const PAGE: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] docmill_store::Error),
    #[error("cannot write the export")]
    Write(#[from] io::Error),
}

/// Folds what is not folded yet and writes everything. Documents that are still on their way have their
/// `document` line only.
///
/// Lines come by kind in the order document, page, block, chunk, mention, entity, merge, possibly_same_as, relation,
/// text; within a kind by document id and then by place, or by their own id. Of one document no more is held at a time
/// than its text and its mentions; of the words of its pages only a window.
pub async fn export(store: &dyn Store, out: &mut (dyn Write + Send), with_text: bool) -> Result<(), Error> {
    fold::fold_all(store).await?;
    let complete = document_lines(store, out).await?;
    for &id in &complete {
        for page in known(store.page_rows(id).await)? {
            write(out, &page_line(&page))?;
        }
    }
    for &id in &complete {
        for block in known(store.blocks(id).await)? {
            write(out, &block_line(id, &block))?;
        }
    }
    for &id in &complete {
        for chunk in known(store.chunks(id).await)? {
            write(out, &chunk_line(id, &chunk))?;
        }
    }
    for &id in &complete {
        mention_lines(store, id, out).await?;
    }
    entity_lines(store, out).await?;
    merge_lines(store, out).await?;
    possible_lines(store, out).await?;
    relation_lines(store, out).await?;
    if with_text {
        for &id in &complete {
            text_line(store, id, out).await?;
        }
    }
    Ok(out.flush()?)
}

/// A document that was taken out since it was listed has nothing more to tell.
pub(crate) fn known<T: Default>(read: Result<T, docmill_store::Error>) -> Result<T, docmill_store::Error> {
    match read {
        Err(docmill_store::Error::UnknownDocument(_)) => Ok(T::default()),
        read => read,
    }
}

/// Writes all documents. Returns those whose facts are complete.
async fn document_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<Vec<DocumentId>, Error> {
    let mut complete = Vec::new();
    let mut after = None;
    loop {
        let ids = store.document_ids(after, PAGE).await?;
        let Some(last) = ids.last() else { return Ok(complete) };
        after = Some(*last);
        for id in ids {
            let Some(row) = known(store.document(id).await.map(Some))? else { continue };
            write(out, &document_line(&row))?;
            if matches!(row.state, State::Done | State::Partial) {
                complete.push(id);
            }
        }
    }
}

fn write(out: &mut (dyn Write + Send), line: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn document_line(row: &DocumentRow) -> Value {
    let source = |origin: &Origin| match origin {
        Origin::Path { shown, .. } => json!({ "path": shown }),
        Origin::Member { parent, member } => json!({ "parent": parent, "member": member }),
    };
    let mut sources: Vec<Value> = row.sources.iter().map(source).collect();
    // By what is shown: absolute paths are not in the export and must not order it.
    sources.sort_by_cached_key(Value::to_string);
    sources.dedup();
    let warnings: Vec<Value> =
        row.warnings.iter().map(|w| json!({ "code": w.code, "message": w.message, "page": w.page })).collect();
    let stages: BTreeMap<&str, &str> = row.stages.iter().map(|(s, v)| (s.as_str(), v.as_str())).collect();
    json!({
        "kind": "document", "id": row.id, "project": row.project, "sha256": row.sha256.to_string(), "name": row.name(),
        "sources": sources, "media_type": row.media_type.map(|m| m.mime()), "bytes": row.bytes,
        "language": row.language.as_ref().map(|l| l.as_str()), "category": row.category.as_str(),
        "state": row.state.as_str(), "pages": row.pages, "warnings": warnings, "stages": stages,
    })
}

/// Hundredths of a point as points: a whole number, or one with at most two digits behind the point.
fn points(hundredths: i32) -> Value {
    if hundredths % 100 == 0 { json!(hundredths / 100) } else { json!(f64::from(hundredths) / 100.0) }
}

fn page_line(page: &PageRow) -> Value {
    json!({
        "kind": "page", "document": page.document, "number": page.number, "width": page.size.map(|s| points(s.0)),
        "height": page.size.map(|s| points(s.1)), "rotation": page.rotation, "start": page.span.start,
        "end": page.span.end,
    })
}

fn block_line(document: DocumentId, block: &BlockRow) -> Value {
    json!({
        "kind": "block", "document": document, "index": block.index, "type": block.kind.as_str(),
        "start": block.span.start, "end": block.span.end, "page": block.page, "path": block.path,
    })
}

fn chunk_line(document: DocumentId, chunk: &Chunk) -> Value {
    json!({
        "kind": "chunk", "id": chunk.id, "document": document, "index": chunk.index, "start": chunk.span.start,
        "end": chunk.span.end, "first_page": chunk.first_page, "last_page": chunk.last_page, "section": chunk.section,
    })
}

async fn mention_lines(store: &dyn Store, id: DocumentId, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mentions = known(store.mention_rows(id).await)?;
    if mentions.is_empty() {
        return Ok(());
    }
    let (text, map) = known(store.clean(id).await)?;
    let text = Text::new(text);
    let blocks = known(store.blocks(id).await)?;
    let mut window = Window::new(id, known(store.page_rows(id).await)?);
    for row in &mentions {
        let m = &row.mention;
        let raw = map.to_raw(m.span);
        let place = place_of(m.span, raw, &window.pages, &blocks);
        let boxes: Vec<Value> = boxes_of(raw, window.over(store, raw).await?)
            .into_iter()
            .map(|(page, r)| json!({ "page": page, "x0": points(r.x0), "y0": points(r.y0), "x1": points(r.x1), "y1": points(r.y1) }))
            .collect();
        let line = json!({
            "kind": "mention", "id": m.id, "document": id, "chunk": row.chunk, "start": m.span.start, "end": m.span.end,
            "text": text.slice(m.span), "type": m.kind.as_str(), "confidence": m.confidence, "extractor": m.extractor,
            "page": place.page, "block": place.block, "boxes": boxes, "entity": row.entity,
        });
        write(out, &line)?;
    }
    Ok(())
}

/// The words of a few pages at a time, moving on with the text.
struct Window {
    document: DocumentId,
    pages: Vec<PageRow>,
    words: Vec<PageWords>,
}

impl Window {
    /// Pages read at once: few enough that the densest ones take a few megabytes.
    const PAGES: u32 = 32;

    fn new(document: DocumentId, pages: Vec<PageRow>) -> Self {
        Self { document, pages, words: Vec::new() }
    }

    /// The words of the pages that a raw range lies on, and perhaps of some others.
    async fn over(&mut self, store: &dyn Store, raw: Span) -> Result<&[PageWords], docmill_store::Error> {
        let first = self.pages.partition_point(|p| p.span.end <= raw.start);
        let last = self.pages.partition_point(|p| p.span.start < raw.end);
        // A format that flows has no boxes, and an empty range none either.
        let Some(pages) = self.pages.get(first..last) else { return Ok(&[]) };
        let (Some(first), Some(last)) = (pages.first(), pages.last()) else { return Ok(&[]) };
        if first.size.is_none() {
            return Ok(&[]);
        }
        let held = |number| self.words.iter().any(|w| w.number == number);
        if !(held(first.number) && held(last.number)) {
            let end = last.number.max(first.number.saturating_add(Self::PAGES - 1));
            self.words = known(store.page_words(self.document, first.number, end).await)?;
        }
        Ok(&self.words)
    }
}

/// Where a range of the cleaned text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub page: u32,
    /// Index of the block in which it starts.
    pub block: Option<u32>,
    /// Whether the format has pages; if not, people are shown the paragraph.
    pub paged: bool,
}

impl Place {
    /// As people are shown it: `page 3`, or `¶ 12` where there are no pages.
    pub fn label(&self) -> String {
        match (self.paged, self.block) {
            (false, Some(block)) => format!("¶ {}", block + 1),
            (false, None) => "¶ 1".to_owned(),
            (true, _) => format!("page {}", self.page),
        }
    }
}

/// Finds the place of a range, given in the cleaned and in the raw text.
pub fn place_of(clean: Span, raw: Span, pages: &[PageRow], blocks: &[BlockRow]) -> Place {
    let page = pages.partition_point(|p| p.span.end <= raw.start).min(pages.len().saturating_sub(1));
    let block = blocks.partition_point(|b| b.span.end <= clean.start);
    let block = blocks.get(block).filter(|b| b.span.start <= clean.start).map(|b| b.index);
    let page = pages.get(page);
    Place { page: page.map_or(1, |p| p.number), block, paged: page.is_some_and(|p| p.size.is_some()) }
}

/// One box for each line that a raw range touches, with its page: the union of what it covers of the words there.
fn boxes_of(raw: Span, pages: &[PageWords]) -> Vec<(u32, Rect)> {
    let mut boxes: Vec<(u32, u32, Rect)> = Vec::new();
    for page in pages {
        let word = page.words.partition_point(|w| w.span.end <= raw.start);
        for word in page.words[word..].iter().take_while(|w| w.span.start < raw.end) {
            let Some(rect) = word.rect_of(raw) else { continue };
            match boxes.last_mut() {
                Some((number, line, last)) if (*number, *line) == (page.number, word.line) => *last = last.union(rect),
                _ => boxes.push((page.number, word.line, rect)),
            }
        }
    }
    boxes.into_iter().map(|(page, _, rect)| (page, rect)).collect()
}

async fn entity_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mut after: Option<EntityId> = None;
    loop {
        let rows = store.entity_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.entity.id);
        for row in &rows {
            let e = &row.entity;
            let identifiers: Vec<Value> =
                e.identifiers.iter().map(|i| json!({ "scheme": i.scheme, "value": i.value })).collect();
            write(
                out,
                &json!({
                    "kind": "entity", "id": e.id, "type": e.kind.as_str(), "name": e.name, "aliases": e.aliases,
                    "identifiers": identifiers, "documents": e.documents, "mentions": e.mentions,
                }),
            )?;
        }
    }
}

async fn merge_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mut written = Ok(());
    let mut take = |row: MergeRow| {
        let line = json!({
            "kind": "merge", "entity": row.entity, "member": row.member, "reasons": row.reasons, "score": row.score,
        });
        written = write(out, &line);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    store.merge_rows(&mut take).await?;
    Ok(written?)
}

async fn possible_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mut after = None;
    loop {
        let rows = store.possible_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.a, last.b));
        for row in &rows {
            let line = json!({
                "kind": "possibly_same_as", "a": row.a, "b": row.b, "score": row.score, "reasons": row.reasons,
                "refused": row.refused,
            });
            write(out, &line)?;
        }
    }
}

/// Equal relations of different documents are one line with all their evidence.
async fn relation_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mut written = Ok(());
    let mut take = |relation: EntityRelation| {
        written = write(out, &relation_line(&relation));
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    relations::each(store, RelationQuery::default(), usize::MAX, &mut take).await?;
    Ok(written?)
}

fn relation_line(relation: &EntityRelation) -> Value {
    let place = |place: &RelationPlace| {
        json!({
            "document": place.document, "page": place.page, "start": place.span.start, "end": place.span.end,
            "mentions": place.mentions, "confidence": place.confidence, "extractor": place.extractor,
            "attributes": place.attributes,
        })
    };
    let evidence: Vec<Value> = relation.evidence.iter().map(place).collect();
    json!({
        "kind": "relation", "id": relation.id, "from": relation.from, "to": relation.to,
        "type": relation.kind.as_str(), "confidence": relation.confidence, "extractor": relation.extractor,
        "attributes": relation.attributes, "documents": relation.documents, "places": relation.places,
        "strength": relation.strength, "evidence": evidence,
    })
}

async fn text_line(store: &dyn Store, id: DocumentId, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let (raw, _, _) = known(store.raw(id).await)?;
    if raw.is_empty() {
        return Ok(());
    }
    let (clean, _) = known(store.clean(id).await)?;
    Ok(write(out, &json!({ "kind": "text", "document": id, "raw": raw, "clean": clean }))?)
}
