//! Reading documents: what stages load and what people are shown.

use docmill_model::{
    Block, BlockKind, Category, Chunk, ChunkId, CleanMap, DocumentId, Language, MediaType, Mention, MentionType,
    Origin, Referent, Span, State, Warning,
};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{facts, known_row, row};
use crate::{
    Attempt, BlockRow, DocumentRow, Error, ErrorClass, ExternalRow, Overview, PageRow, PageWords, Result, StageRow,
    pack,
};

pub(super) fn document(c: &Connection, id: DocumentId) -> Result<DocumentRow> {
    let document = known_row(c, id)?;
    let sql = "SELECT p.name, d.sha256, d.bytes, d.media_type, d.language, d.category, d.state, d.pages
               FROM document d JOIN project p ON p.id = d.project WHERE d.id = ?";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = row::collect(&mut statement, [document], |r| {
        let media_type: Option<Vec<u8>> = r.get(3)?;
        let language: Option<String> = r.get(4)?;
        let category: Option<String> = r.get(5)?;
        Ok(DocumentRow {
            id,
            project: r.get(0)?,
            sha256: row::digest_at(r, 1)?,
            bytes: r.get::<_, i64>(2)? as u64,
            media_type: media_type.as_deref().map(pack::decode).transpose()?,
            language: language.as_deref().and_then(Language::parse),
            category: category.as_deref().and_then(Category::parse).unwrap_or_default(),
            state: row::state(r.get_ref(6)?.as_str().unwrap_or_default())?,
            pages: r.get(7)?,
            sources: Vec::new(),
            warnings: Vec::new(),
            stages: Default::default(),
        })
    })?;
    let mut out = rows.pop().ok_or(Error::UnknownDocument(id))?;
    out.sources = sources(c, document)?;
    out.warnings = warnings(c, document)?;
    let sql =
        "SELECT stage, version FROM stage_run WHERE document = ? AND state IN ('done', 'partial', 'failed', 'skipped')";
    out.stages = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok((row::stage(r.get(0)?)?, r.get(1)?)))?
        .into_iter()
        .collect();
    Ok(out)
}

fn sources(c: &Connection, document: i64) -> Result<Vec<Origin>> {
    let sql = "SELECT s.absolute, s.shown, p.uuid, s.member FROM source s LEFT JOIN document p ON p.id = s.parent WHERE s.document = ?";
    let mut sources = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok(match r.get::<_, Option<Vec<u8>>>(0)? {
            Some(absolute) => Origin::Path { absolute, shown: r.get(1)? },
            None => Origin::Member { parent: DocumentId(row::uuid_at(r, 2)?), member: r.get(3)? },
        })
    })?;
    sources.sort();
    Ok(sources)
}

pub(super) fn warnings(c: &Connection, document: i64) -> Result<Vec<Warning>> {
    let sql = "SELECT code, message, page FROM warning WHERE document = ? ORDER BY stage, seq";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok(Warning {
            code: row::code(r.get_ref(0)?.as_str().unwrap_or_default())?,
            message: r.get(1)?,
            page: r.get(2)?,
        })
    })
}

pub(super) fn media_type(c: &Connection, id: DocumentId) -> Result<MediaType> {
    let document = known_row(c, id)?;
    let sql = "SELECT media_type FROM document WHERE id = ?";
    let packed: Option<Vec<u8>> = c.prepare_cached(sql)?.query_row([document], |r| r.get(0))?;
    pack::decode(&packed.ok_or_else(|| Error::Corrupt(format!("document {id} has no media type")))?)
}

/// A whole text: layer 0 is the raw one, layer 1 the cleaned one.
pub(super) fn text(c: &Connection, document: i64, layer: i64) -> Result<String> {
    let mut statement =
        c.prepare_cached("SELECT body FROM text WHERE document = ? AND layer = ? ORDER BY page, seq")?;
    let mut rows = statement.query(params![document, layer])?;
    let mut out = String::new();
    while let Some(r) = rows.next()? {
        out.push_str(r.get_ref(0)?.as_str().map_err(|e| Error::Corrupt(e.to_string()))?);
    }
    Ok(out)
}

/// (number, span in the raw text) of each page.
pub(super) fn page_spans(c: &Connection, document: i64) -> Result<Vec<(u32, Span)>> {
    let mut at = 0;
    row::collect(
        &mut *c.prepare_cached("SELECT number, chars FROM page WHERE document = ? ORDER BY number")?,
        [document],
        |r| Ok((r.get(0)?, next_span(&mut at, r.get(1)?)?)),
    )
}

/// The range of a page of so many characters behind the one before.
fn next_span(at: &mut u32, chars: u32) -> Result<Span> {
    let start = *at;
    *at = start.checked_add(chars).ok_or_else(|| Error::Corrupt("the pages are longer than any text".into()))?;
    Ok(Span { start, end: *at })
}

/// The page that a raw position lies on; the last one for the end of the text.
pub(super) fn page_at(pages: &[(u32, Span)], position: u32) -> u32 {
    let index = pages.partition_point(|(_, span)| span.end <= position).min(pages.len().saturating_sub(1));
    pages.get(index).map_or(1, |(number, _)| *number)
}

pub(super) fn raw(c: &Connection, id: DocumentId) -> Result<(String, Vec<PageRow>, Vec<Block>)> {
    let document = known_row(c, id)?;
    let pages = page_rows(c, id)?;
    let mut at = 0;
    let sql = "SELECT chars, blocks FROM page WHERE document = ? ORDER BY number";
    let blocks = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let page = next_span(&mut at, r.get(0)?)?;
        let mut blocks: Vec<Block> = pack::decode(r.get_ref(1)?.as_blob().unwrap_or_default())?;
        if blocks.iter().any(|b| b.span.start > b.span.end || b.span.end > page.len()) {
            return Err(Error::Corrupt("a block lies outside its page".into()));
        }
        blocks.iter_mut().for_each(|b| b.span = b.span.shift(page.start));
        Ok(blocks)
    })?;
    Ok((text(c, document, 0)?, pages, blocks.concat()))
}

pub(super) fn clean(c: &Connection, id: DocumentId) -> Result<(String, CleanMap)> {
    let document = known_row(c, id)?;
    Ok((text(c, document, 1)?, clean_map(c, document)?))
}

pub(super) fn clean_map(c: &Connection, document: i64) -> Result<CleanMap> {
    let mut statement = c.prepare_cached("SELECT map FROM text_map WHERE document = ?")?;
    let map =
        row::collect(&mut statement, [document], |r| pack::decode_map(r.get_ref(0)?.as_blob().unwrap_or_default()))?;
    Ok(map.into_iter().next().unwrap_or_default())
}

/// A range of bytes of the cleaned text, from the segments that hold it and no others.
pub(super) fn clean_slice(c: &Connection, document: i64, bytes: std::ops::Range<usize>) -> Result<String> {
    let sql = "SELECT seq, octet_length(body) FROM text WHERE document = ? AND layer = 1 ORDER BY page, seq";
    let lengths =
        row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)))?;
    let sql = "SELECT body FROM text WHERE document = ? AND layer = 1 AND page = 0 AND seq = ?";
    let mut select = c.prepare_cached(sql)?;
    let (mut out, mut at) = (String::new(), 0);
    for (seq, length) in lengths {
        let segment = at..at + usize::try_from(length).unwrap_or(0);
        at = segment.end;
        let part = bytes.start.max(segment.start)..bytes.end.min(segment.end);
        if !part.is_empty() {
            let found = row::collect(&mut select, params![document, seq], |r| {
                let body = r.get_ref(0)?.as_str().map_err(|e| Error::Corrupt(e.to_string()))?;
                let part = body.get(part.start - segment.start..part.end - segment.start);
                part.map(str::to_owned).ok_or_else(|| Error::Corrupt("a chunk does not fit its text".into()))
            })?;
            found.iter().for_each(|part| out.push_str(part));
        }
    }
    Ok(out)
}

pub(super) fn page_rows(c: &Connection, id: DocumentId) -> Result<Vec<PageRow>> {
    let document = known_row(c, id)?;
    let mut at = 0;
    let sql = "SELECT number, width, height, rotation, chars FROM page WHERE document = ? ORDER BY number";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok(PageRow {
            document: id,
            number: r.get(0)?,
            size: r.get::<_, Option<i32>>(1)?.zip(r.get::<_, Option<i32>>(2)?),
            rotation: r.get(3)?,
            span: next_span(&mut at, r.get(4)?)?,
        })
    })
}

pub(super) fn page_words(c: &Connection, id: DocumentId, first: u32, last: u32) -> Result<Vec<PageWords>> {
    let document = known_row(c, id)?;
    let sql = "SELECT coalesce(sum(chars), 0) FROM page WHERE document = ? AND number < ?";
    let mut at: u32 = c.prepare_cached(sql)?.query_row(params![document, first], |r| r.get(0))?;
    let sql = "SELECT number, chars, words FROM page WHERE document = ? AND number BETWEEN ? AND ? ORDER BY number";
    row::collect(&mut *c.prepare_cached(sql)?, params![document, first, last], |r| {
        let page = next_span(&mut at, r.get(1)?)?;
        let mut words = pack::decode_words(r.get_ref(2)?.as_blob().unwrap_or_default())?;
        if words.iter().any(|w| w.span.end > page.len()) {
            return Err(Error::Corrupt("a word lies outside its page".into()));
        }
        words.iter_mut().for_each(|w| w.span = w.span.shift(page.start));
        Ok(PageWords { number: r.get(0)?, words })
    })
}

pub(super) fn blocks(c: &Connection, id: DocumentId) -> Result<Vec<BlockRow>> {
    let document = known_row(c, id)?;
    let sql = "SELECT seq, kind, start, \"end\", page, path FROM block WHERE document = ? ORDER BY seq";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let kind: String = r.get(1)?;
        Ok(BlockRow {
            index: r.get(0)?,
            kind: BlockKind::parse(&kind).ok_or_else(|| Error::Corrupt(format!("there is no block kind {kind:?}")))?,
            span: row::span(r.get(2)?, r.get(3)?)?,
            page: r.get(4)?,
            path: r.get(5)?,
        })
    })
}

pub(super) fn chunks(c: &Connection, id: DocumentId) -> Result<Vec<Chunk>> {
    let document = known_row(c, id)?;
    let sql =
        "SELECT uuid, seq, start, \"end\", first_page, last_page, section FROM chunk WHERE document = ? ORDER BY seq";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok(Chunk {
            id: ChunkId(row::uuid_at(r, 0)?),
            index: r.get(1)?,
            span: row::span(r.get(2)?, r.get(3)?)?,
            first_page: r.get(4)?,
            last_page: r.get(5)?,
            section: r.get(6)?,
        })
    })
}

pub(super) fn mentions(c: &Connection, id: DocumentId) -> Result<Vec<Mention>> {
    let document = known_row(c, id)?;
    let sql = "SELECT uuid, chunk, start, \"end\", type, normal, name, identifiers, role, confidence, extractor
               FROM mention WHERE document = ? ORDER BY seq";
    row::collect(&mut *c.prepare_cached(sql)?, [document], facts::mention)
}

pub(super) fn referents(c: &Connection, id: DocumentId) -> Result<Vec<Referent>> {
    let document = known_row(c, id)?;
    Ok(facts::referents(c, document)?.into_iter().map(|(referent, _)| referent).collect())
}

pub(super) fn external_ids(c: &Connection, id: DocumentId) -> Result<Vec<ExternalRow>> {
    let document = known_row(c, id)?;
    let sql = "SELECT scheme, value FROM external_id WHERE document = ? ORDER BY scheme, value";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok(ExternalRow { scheme: r.get(0)?, value: r.get(1)?, document: id })
    })
}

pub(super) fn children(c: &Connection, id: DocumentId) -> Result<Vec<(String, DocumentId)>> {
    let document = known_row(c, id)?;
    let sql = "SELECT s.member, d.uuid FROM source s JOIN document d ON d.id = s.document
               WHERE s.parent = ? ORDER BY s.member";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok((r.get(0)?, DocumentId(row::uuid_at(r, 1)?))))
}

pub(super) fn document_ids(c: &Connection, after: Option<DocumentId>, limit: usize) -> Result<Vec<DocumentId>> {
    let after: Vec<u8> = after.map_or_else(Vec::new, |d| d.0.as_bytes().to_vec());
    let sql = "SELECT uuid FROM document WHERE uuid > ? ORDER BY uuid LIMIT ?";
    row::collect(&mut *c.prepare_cached(sql)?, params![after, limit as i64], |r| Ok(DocumentId(row::uuid_at(r, 0)?)))
}

pub(super) fn stage_rows(c: &Connection, id: DocumentId) -> Result<Vec<StageRow>> {
    let document = known_row(c, id)?;
    let sql =
        "SELECT stage, state, version, attempt, task_id, code, chain FROM stage_run WHERE document = ? ORDER BY stage";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let task: Option<Vec<u8>> = r.get(4)?;
        let code: Option<String> = r.get(5)?;
        let chain: Option<String> = r.get(6)?;
        Ok(StageRow {
            stage: row::stage(r.get(0)?)?,
            state: row::state(r.get_ref(1)?.as_str().unwrap_or_default())?,
            version: r.get(2)?,
            attempt: r.get(3)?,
            task_id: task.as_deref().map_or(Ok(Uuid::nil()), row::uuid)?,
            code: code.as_deref().map(row::code).transpose()?,
            chain: chain.as_deref().map_or(Ok(Vec::new()), row::json)?,
        })
    })
}

pub(super) fn history(c: &Connection, id: DocumentId) -> Result<Vec<Attempt>> {
    let document = known_row(c, id)?;
    let sql = "SELECT stage, attempt, state, code, chain, started_ms, ended_ms FROM history WHERE document = ? ORDER BY rowid";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let code: Option<String> = r.get(3)?;
        let chain: Option<String> = r.get(4)?;
        Ok(Attempt {
            stage: row::stage(r.get(0)?)?,
            attempt: r.get(1)?,
            state: row::state(r.get_ref(2)?.as_str().unwrap_or_default())?,
            code: code.as_deref().map(row::code).transpose()?,
            chain: chain.as_deref().map_or(Ok(Vec::new()), row::json)?,
            started_ms: r.get(5)?,
            ended_ms: r.get(6)?,
        })
    })
}

pub(super) fn overview(c: &Connection) -> Result<Overview> {
    let count = |sql: &str| -> Result<u64> { Ok(c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0))? as u64) };
    let mut out = Overview {
        unread: count("SELECT count(*) FROM unread")?,
        pages: count("SELECT coalesce(sum(pages), 0) FROM document")?,
        chunks: count("SELECT count(*) FROM chunk")?,
        entities: count("SELECT count(*) FROM entity")?,
        // As they are shown: between entities, where equal ones add up. Those of one sentence are not counted: they
        // are many, and each would be looked at.
        relations: count(
            "SELECT count(*) FROM (SELECT DISTINCT fp.entity, tp.entity, r.type FROM relation r
             JOIN referent f ON f.document = r.document AND f.seq = r.\"from\" JOIN profile fp ON fp.id = f.profile
             JOIN referent t ON t.document = r.document AND t.seq = r.\"to\" JOIN profile tp ON tp.id = t.profile
             WHERE r.type <> 'CO_MENTIONED')",
        )?,
        ..Overview::default()
    };
    let state = |r: &rusqlite::Row<'_>, column| row::state(r.get_ref(column)?.as_str().unwrap_or_default());
    let sql = "SELECT state, count(*) FROM document GROUP BY state";
    out.documents = row::collect(&mut *c.prepare_cached(sql)?, [], |r| Ok((state(r, 0)?, r.get::<_, i64>(1)? as u64)))?
        .into_iter()
        .collect();
    let sql = "SELECT type, count(*) FROM mention GROUP BY type";
    let by_type = row::collect(&mut *c.prepare_cached(sql)?, [], |r| {
        let word: String = r.get(0)?;
        let kind = MentionType::parse(&word).ok_or_else(|| Error::Corrupt(format!("there is no type {word:?}")))?;
        Ok((kind, r.get::<_, i64>(1)? as u64))
    })?;
    out.mentions = by_type.iter().map(|(_, count)| count).sum();
    out.mentions_by_type = by_type.into_iter().collect();
    let sql = "SELECT stage, state, count(*) FROM stage_run GROUP BY stage, state";
    out.stages = row::collect(&mut *c.prepare_cached(sql)?, [], |r| {
        Ok(((row::stage(r.get(0)?)?, state(r, 1)?), r.get::<_, i64>(2)? as u64))
    })?
    .into_iter()
    .collect();
    let sql = "SELECT w.code, d.state, count(DISTINCT w.document), min(d.uuid) FROM warning w JOIN document d ON d.id = w.document
               WHERE d.state IN ('failed', 'partial', 'skipped') GROUP BY w.code, d.state ORDER BY 3 DESC, 1";
    let classes = row::collect(&mut *c.prepare_cached(sql)?, [], |r| {
        let code = row::code(r.get_ref(0)?.as_str().unwrap_or_default())?;
        Ok((code, state(r, 1)?, r.get::<_, i64>(2)? as u64, DocumentId(row::uuid_at(r, 3)?)))
    })?;
    for (code, state, documents, example) in classes {
        let example = document(c, example)?.name().to_owned();
        if state == State::Partial && !code.is_loss() {
            continue;
        }
        out.errors.push(ErrorClass { code, state, documents, example });
    }
    Ok(out)
}
