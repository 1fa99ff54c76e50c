//! Chunks, and the index by whose words they are found.
//!
//! A row of the index holds the words of a chunk, of its section's heading, and of what its document is called: the
//! name of its file and its title.

use docmill_model::Text;
use rusqlite::{Connection, params};

use super::{read, row};
use crate::{Chunked, Result};

pub(super) fn put(c: &Connection, document: i64, chunked: &Chunked) -> Result<()> {
    clear(c, document)?;
    let sql = "UPDATE document SET title = ?, name = ? WHERE id = ?";
    c.prepare_cached(sql)?.execute(params![chunked.title, name(c, document)?, document])?;
    if chunked.passages.is_empty() {
        return Ok(());
    }
    let text = Text::new(read::text(c, document, 1)?);
    let sql =
        "INSERT INTO chunk (uuid, document, seq, start, \"end\", first_byte, end_byte, first_page, last_page, section,
                                  sketch, embedding)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for passage in &chunked.passages {
        let chunk = &passage.chunk;
        let bytes = text.bytes_of(chunk.span);
        insert.execute(params![
            chunk.id.0.as_bytes().as_slice(),
            document,
            chunk.index,
            chunk.span.start,
            chunk.span.end,
            bytes.start as i64,
            bytes.end as i64,
            chunk.first_page,
            chunk.last_page,
            chunk.section,
            passage.sketch.map(|sketch| sketch.to_bytes()),
            passage.embedding.as_ref().map(|vector| vector.iter().map(|v| v.to_ne_bytes()[0]).collect::<Vec<u8>>()),
        ])?;
    }
    index(c, document, text.as_str())
}

pub(super) fn clear(c: &Connection, document: i64) -> Result<()> {
    unindex(c, document)?;
    c.prepare_cached("DELETE FROM chunk WHERE document = ?")?.execute([document])?;
    c.prepare_cached("UPDATE document SET title = NULL, name = NULL WHERE id = ?")?.execute([document])?;
    Ok(())
}

/// To be called when a source of a document came or went: its passages are found by its present name.
pub(super) fn rename(c: &Connection, document: i64) -> Result<()> {
    let name = name(c, document)?;
    let sql = "UPDATE document SET name = ?1 WHERE id = ?2 AND name IS NOT NULL AND name <> ?1";
    if c.prepare_cached(sql)?.execute(params![name, document])? > 0 {
        unindex(c, document)?;
        index(c, document, &read::text(c, document, 1)?)?;
    }
    Ok(())
}

/// Fills the index of all documents, which is empty. For a store whose layout changed.
pub(super) fn index_all(c: &Connection) -> Result<()> {
    let sql = "SELECT DISTINCT document FROM chunk ORDER BY document";
    for document in row::collect(&mut c.prepare(sql)?, [], |r| Ok(r.get::<_, i64>(0)?))? {
        let sql = "UPDATE document SET name = ? WHERE id = ?";
        c.prepare_cached(sql)?.execute(params![name(c, document)?, document])?;
        index(c, document, &read::text(c, document, 1)?)?;
    }
    Ok(())
}

/// The last part of the least path, or of the least member's name.
fn name(c: &Connection, document: i64) -> Result<String> {
    let sql = "SELECT coalesce(min(shown), min(member), '') FROM source WHERE document = ?";
    let whole: String = c.prepare_cached(sql)?.query_row([document], |r| r.get(0))?;
    Ok(whole.rsplit('/').next().unwrap_or_default().to_owned())
}

fn unindex(c: &Connection, document: i64) -> Result<()> {
    let sql = "DELETE FROM chunk_text WHERE rowid IN (SELECT id FROM chunk WHERE document = ?)";
    c.prepare_cached(sql)?.execute([document])?;
    Ok(())
}

fn index(c: &Connection, document: i64, text: &str) -> Result<()> {
    let called = "SELECT name || ' ' || coalesce(title, '') FROM document WHERE id = ?";
    let called: String = c.prepare_cached(called)?.query_row([document], |r| r.get(0))?;
    let mut insert = c.prepare_cached("INSERT INTO chunk_text (rowid, body, section, title) VALUES (?, ?, ?, ?)")?;
    let sql = "SELECT id, first_byte, end_byte, section FROM chunk WHERE document = ? ORDER BY seq";
    let mut select = c.prepare_cached(sql)?;
    let mut rows = select.query([document])?;
    while let Some(r) = rows.next()? {
        let bytes = r.get::<_, u32>(1)? as usize..r.get::<_, u32>(2)? as usize;
        let body = text.get(bytes).ok_or_else(|| crate::Error::Corrupt("a chunk does not fit its text".into()))?;
        insert.execute(params![r.get::<_, i64>(0)?, body, r.get::<_, Option<String>>(3)?, called])?;
    }
    Ok(())
}
