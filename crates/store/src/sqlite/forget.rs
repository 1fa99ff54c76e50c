//! Taking documents out. What is left is as if they had never been there; the fold follows from dirty profiles.

use docmill_model::DocumentId;
use rusqlite::{Connection, OptionalExtension, params};

use super::{document_row, facts, passage, row};
use crate::Result;

pub(super) fn forget(c: &Connection, ids: &[DocumentId]) -> Result<Vec<DocumentId>> {
    let mut gone = Vec::new();
    for &id in ids {
        if let Some(document) = document_row(c, id)? {
            c.prepare_cached("DELETE FROM source WHERE document = ?")?.execute([document])?;
            gone.extend(if_orphan(c, document)?);
        }
    }
    Ok(gone)
}

pub(super) fn forget_sources(c: &Connection, absolute: &[Vec<u8>]) -> Result<Vec<DocumentId>> {
    let mut gone = Vec::new();
    for path in absolute {
        let sql = "DELETE FROM source WHERE absolute = ? RETURNING document";
        let documents = row::collect(&mut *c.prepare_cached(sql)?, [path], |r| Ok(r.get::<_, i64>(0)?))?;
        for document in documents {
            gone.extend(if_orphan(c, document)?);
        }
        super::submit::clear_unread(c, path)?;
    }
    Ok(gone)
}

/// Takes one member of a container out, and its document if that was the last source.
pub(super) fn forget_member(c: &Connection, parent: i64, member: &str) -> Result<()> {
    let sql = "DELETE FROM source WHERE parent = ? AND member = ? RETURNING document";
    let document: Option<i64> = c.prepare_cached(sql)?.query_row(params![parent, member], |r| r.get(0)).optional()?;
    document.map_or(Ok(()), |document| if_orphan(c, document).map(drop))
}

/// Takes a document without a source out, and then its children that have no other one: a loop, because mails in
/// mails nest as deep as someone likes.
pub(super) fn if_orphan(c: &Connection, document: i64) -> Result<Vec<DocumentId>> {
    let mut gone = Vec::new();
    let mut queue = vec![document];
    while let Some(document) = queue.pop() {
        if c.prepare_cached("SELECT 1 FROM source WHERE document = ?")?.exists([document])? {
            passage::rename(c, document)?;
            continue;
        }
        let sql = "SELECT uuid FROM document WHERE id = ?";
        let found = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| row::uuid_at(r, 0))?;
        let Some(&uuid) = found.first() else { continue };
        let sql = "DELETE FROM source WHERE parent = ? RETURNING document";
        queue.extend(row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok(r.get::<_, i64>(0)?))?);
        passage::clear(c, document)?;
        facts::put_referents(c, document, &[])?;
        for table in [
            "relation",
            "mention",
            "block",
            "text_map",
            "text",
            "page",
            "warning",
            "outbox",
            "history",
            "stage_run",
            "external_id",
        ] {
            c.prepare_cached(&format!("DELETE FROM {table} WHERE document = ?"))?.execute([document])?;
        }
        c.prepare_cached("DELETE FROM document WHERE id = ?")?.execute([document])?;
        gone.push(DocumentId(uuid));
    }
    Ok(gone)
}
