//! The export: one JSON object a line, the same bytes for the same documents on every machine.

use std::collections::BTreeMap;
use std::io::{self, Write};

use docmill_model::{DocumentId, EntityId, Origin, Rect, RelationId, Span, State};
use docmill_store::{BlockRow, DocumentRow, MentionRow, PageRow, RelationRow, Store};
use serde_json::{Value, json};

use crate::fold;

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
/// Lines come by kind in the order document, page, block, chunk, mention, entity, merge, relation, text; within a
/// kind by document id and then by place, or by their own id.
pub async fn export(store: &dyn Store, out: &mut (dyn Write + Send), with_text: bool) -> Result<(), Error> {
    fold::fold_all(store).await?;
    each_document(store, async |row| Ok(vec![document_line(&row)]), out).await?;
    each_facts(store, out, async |store, id| Ok(store.page_rows(id).await?.iter().map(page_line).collect())).await?;
    each_facts(store, out, async |store, id| Ok(store.blocks(id).await?.iter().map(|b| block_line(id, b)).collect()))
        .await?;
    each_facts(store, out, async |store, id| {
        let chunk = |c: docmill_model::Chunk| {
            json!({ "kind": "chunk", "id": c.id, "document": id, "index": c.index, "start": c.span.start, "end": c.span.end,
                    "first_page": c.first_page, "last_page": c.last_page, "section": c.section })
        };
        Ok(store.chunks(id).await?.into_iter().map(chunk).collect())
    })
    .await?;
    each_facts(store, out, mention_lines).await?;
    entity_lines(store, out).await?;
    merge_lines(store, out).await?;
    relation_lines(store, out).await?;
    if with_text {
        each_facts(store, out, text_lines).await?;
    }
    Ok(out.flush()?)
}

async fn each_document(
    store: &dyn Store,
    lines: impl AsyncFn(DocumentRow) -> Result<Vec<Value>, docmill_store::Error>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let ids = store.document_ids(after, PAGE).await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = Some(*last);
        for id in ids {
            for line in lines(store.document(id).await?).await? {
                write(out, &line)?;
            }
        }
    }
}

/// Lines of the documents whose facts are complete.
async fn each_facts(
    store: &dyn Store,
    out: &mut (dyn Write + Send),
    lines: impl AsyncFn(&dyn Store, DocumentId) -> Result<Vec<Value>, docmill_store::Error>,
) -> Result<(), Error> {
    let of_finished = async |row: DocumentRow| match row.state {
        State::Done | State::Partial => lines(store, row.id).await,
        _ => Ok(Vec::new()),
    };
    each_document(store, of_finished, out).await
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

async fn mention_lines(store: &dyn Store, id: DocumentId) -> Result<Vec<Value>, docmill_store::Error> {
    let mentions = store.mention_rows(id).await?;
    let (text, map) = store.clean(id).await?;
    let text = docmill_model::Text::new(text);
    let pages = store.page_rows(id).await?;
    let blocks = store.blocks(id).await?;
    let line = |row: &MentionRow| {
        let m = &row.mention;
        let place = place_of(m.span, map.to_raw(m.span), &pages, &blocks);
        let boxes: Vec<Value> = boxes_of(map.to_raw(m.span), &pages)
            .into_iter()
            .map(|(page, r)| json!({ "page": page, "x0": points(r.x0), "y0": points(r.y0), "x1": points(r.x1), "y1": points(r.y1) }))
            .collect();
        json!({
            "kind": "mention", "id": m.id, "document": id, "chunk": row.chunk, "start": m.span.start, "end": m.span.end,
            "text": text.slice(m.span), "type": m.kind.as_str(), "confidence": m.confidence, "extractor": m.extractor,
            "page": place.page, "block": place.block, "boxes": boxes, "entity": row.entity,
        })
    };
    Ok(mentions.iter().map(line).collect())
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
pub fn boxes_of(raw: Span, pages: &[PageRow]) -> Vec<(u32, Rect)> {
    let mut boxes: Vec<(u32, u32, Rect)> = Vec::new();
    let first = pages.partition_point(|p| p.span.end <= raw.start);
    for page in pages[first..].iter().take_while(|p| p.span.start < raw.end) {
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
    let mut after = None;
    loop {
        let rows = store.merge_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some((last.entity, last.member));
        for row in &rows {
            let line = json!({
                "kind": "merge", "entity": row.entity, "member": row.member, "reasons": row.reasons, "score": row.score,
            });
            write(out, &line)?;
        }
    }
}

/// Equal relations of different documents are one line with all their evidence.
async fn relation_lines(store: &dyn Store, out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let mut offset = 0;
    let mut group: Vec<RelationRow> = Vec::new();
    loop {
        let rows = store.relation_rows(offset, PAGE).await?;
        offset += rows.len();
        let end = rows.is_empty();
        for row in rows {
            let same = group.first().is_some_and(|g| (g.from, g.to, g.kind) == (row.from, row.to, row.kind));
            if !same {
                write_relation(store, &group, out).await?;
                group.clear();
            }
            group.push(row);
        }
        if end {
            return write_relation(store, &group, out).await;
        }
    }
}

async fn write_relation(store: &dyn Store, group: &[RelationRow], out: &mut (dyn Write + Send)) -> Result<(), Error> {
    let Some(first) = group.first() else { return Ok(()) };
    let mut evidence = Vec::new();
    for row in group {
        let (_, map) = store.clean(row.document).await?;
        let page = place_of(row.span, map.to_raw(row.span), &store.page_rows(row.document).await?, &[]).page;
        evidence.push(json!({
            "document": row.document, "page": page, "start": row.span.start, "end": row.span.end, "mentions": row.mentions,
        }));
    }
    let best = group.iter().max_by(|a, b| a.confidence.cmp(&b.confidence).then(b.extractor.cmp(&a.extractor)));
    let best = best.unwrap_or(first);
    let line = json!({
        "kind": "relation", "id": RelationId::new(first.from, first.to, first.kind), "from": first.from, "to": first.to,
        "type": first.kind.as_str(), "confidence": best.confidence, "extractor": best.extractor, "evidence": evidence,
    });
    Ok(write(out, &line)?)
}

async fn text_lines(store: &dyn Store, id: DocumentId) -> Result<Vec<Value>, docmill_store::Error> {
    let (raw, _, _) = store.raw(id).await?;
    if raw.is_empty() {
        return Ok(Vec::new());
    }
    let (clean, _) = store.clean(id).await?;
    Ok(vec![json!({ "kind": "text", "document": id, "raw": raw, "clean": clean })])
}
