//! Registering bytes and the places where they lie.

use docmill_model::{DocumentId, ExternalId, Origin, Stage};
use rusqlite::{Connection, OptionalExtension, params};

use super::{claim, document_row, forget, known_row, passage, row};
use crate::{Result, SourceRow, Stamp, Submission, Submitted, Unread, Versions};

/// Codes of failures that were the file's being away or the disk's being full, not its content: seen again, it is
/// tried again.
const WANTING: &str = "('source_gone', 'source_changed', 'permission_denied', 'read_error', 'disk_full')";

pub(super) fn submit(c: &Connection, versions: &Versions, s: &Submission) -> Result<Submitted> {
    let id = DocumentId::new(&s.project, &s.sha256);
    let (row, known) = match document_row(c, id)? {
        Some(row) => (row, true),
        None => (insert_document(c, versions, s, id)?, false),
    };
    put_source(c, row, &s.origin, &s.stamp)?;
    if let Origin::Path { absolute, .. } = &s.origin {
        clear_unread(c, absolute)?;
    }
    if !known {
        return Ok(Submitted::New(id));
    }
    passage::rename(c, row)?;
    if is_wanting(c, row)? {
        claim::reset(c, versions, row, Stage::ProcessOcr)?;
        return Ok(Submitted::Again(id));
    }
    Ok(Submitted::Known(id))
}

fn insert_document(c: &Connection, versions: &Versions, s: &Submission, id: DocumentId) -> Result<i64> {
    c.prepare_cached("INSERT INTO project (name) VALUES (?) ON CONFLICT DO NOTHING")?.execute([&s.project])?;
    let sql = "INSERT INTO document (uuid, project, sha256, bytes, state)
               VALUES (?, (SELECT id FROM project WHERE name = ?), ?, ?, 'pending')";
    c.prepare_cached(sql)?.execute(params![
        id.0.as_bytes().as_slice(),
        s.project,
        s.sha256.as_bytes().as_slice(),
        s.bytes as i64
    ])?;
    let row = c.last_insert_rowid();
    claim::enqueue(c, versions, row, id, Stage::ProcessOcr, false)?;
    Ok(row)
}

/// Puts a source in place. Only the same path (or the same member of the same parent) is taken over: the
/// document that had it leaves when that was its last one.
pub(super) fn put_source(c: &Connection, document: i64, origin: &Origin, stamp: &Stamp) -> Result<()> {
    let before: Option<(i64, i64)> = match origin {
        Origin::Path { absolute, .. } => c
            .prepare_cached(
                "SELECT id, document FROM source WHERE absolute = ?1
                 AND project = (SELECT project FROM document WHERE id = ?2)",
            )?
            .query_row(params![absolute, document], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?,
        Origin::Member { parent, member } => c
            .prepare_cached(
                "SELECT s.id, s.document FROM source s JOIN document d ON d.id = s.parent WHERE d.uuid = ? AND s.member = ?",
            )?
            .query_row(params![parent.0.as_bytes().as_slice(), member], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?,
    };
    match (before, origin) {
        (Some((source, _)), Origin::Path { shown, .. }) => {
            let sql = "UPDATE source SET document = ?, shown = ?, size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?,
                       read_ns = ? WHERE id = ?";
            let s = stamp;
            c.prepare_cached(sql)?.execute(params![
                document,
                shown,
                s.size as i64,
                s.mtime_ns,
                s.ctime_ns,
                s.inode as i64,
                s.read_ns,
                source
            ])?;
        }
        (Some((source, _)), Origin::Member { .. }) => {
            c.prepare_cached("UPDATE source SET document = ? WHERE id = ?")?.execute([document, source])?;
        }
        (None, Origin::Path { absolute, shown }) => {
            let sql =
                "INSERT INTO source (document, absolute, shown, size, mtime_ns, ctime_ns, inode, read_ns, project)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT project FROM document WHERE id = ?1))";
            let s = stamp;
            c.prepare_cached(sql)?.execute(params![
                document,
                absolute,
                shown,
                s.size as i64,
                s.mtime_ns,
                s.ctime_ns,
                s.inode as i64,
                s.read_ns
            ])?;
        }
        (None, Origin::Member { parent, member }) => {
            let parent = known_row(c, *parent)?;
            c.prepare_cached(
                "INSERT INTO source (document, parent, member, project)
                 VALUES (?1, ?2, ?3, (SELECT project FROM document WHERE id = ?1))",
            )?
            .execute(params![document, parent, member])?;
        }
    }
    match before {
        Some((_, old)) if old != document => forget::if_orphan(c, old).map(drop),
        _ => Ok(()),
    }
}

fn is_wanting(c: &Connection, document: i64) -> Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM stage_run WHERE document = ? AND stage = 0 AND state = 'failed' AND code IN {WANTING})"
    );
    Ok(c.prepare_cached(&sql)?.query_row([document], |r| r.get(0))?)
}

const SOURCE_COLUMNS: &str = "d.uuid, s.absolute, s.shown, s.size, s.mtime_ns, s.ctime_ns, s.inode, s.read_ns,
    EXISTS (SELECT 1 FROM stage_run r WHERE r.document = d.id AND r.stage = 0 AND r.state = 'failed' AND r.code IN";

fn source_row(r: &rusqlite::Row<'_>) -> Result<SourceRow> {
    Ok(SourceRow {
        document: DocumentId(row::uuid_at(r, 0)?),
        absolute: r.get(1)?,
        shown: r.get(2)?,
        stamp: Stamp {
            size: r.get::<_, i64>(3)? as u64,
            mtime_ns: r.get(4)?,
            ctime_ns: r.get(5)?,
            inode: r.get::<_, i64>(6)? as u64,
            read_ns: r.get(7)?,
        },
        wanting: r.get(8)?,
    })
}

pub(super) fn source_at(c: &Connection, project: &str, absolute: &[u8]) -> Result<Option<SourceRow>> {
    let sql = format!(
        "SELECT {SOURCE_COLUMNS} {WANTING}) FROM source s JOIN document d ON d.id = s.document
         WHERE s.absolute = ?1 AND s.project = (SELECT id FROM project WHERE name = ?2)"
    );
    Ok(row::collect(&mut *c.prepare_cached(&sql)?, params![absolute, project], source_row)?.pop())
}

pub(super) fn sources_below(c: &Connection, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<SourceRow>> {
    let sql = format!(
        "SELECT {SOURCE_COLUMNS} {WANTING}) FROM source s JOIN document d ON d.id = s.document
         WHERE s.absolute > ?1 AND s.absolute >= ?2 AND s.absolute < ?3 ORDER BY s.absolute LIMIT ?4"
    );
    row::collect(&mut *c.prepare_cached(&sql)?, params![after, prefix, successor(prefix), limit as i64], source_row)
}

/// The least byte string above all that start with `prefix`.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // No prefix, or one of 0xFF only: longer than any path that a file system takes.
    vec![u8::MAX; 1 << 16]
}

pub(super) fn note_unread(c: &Connection, file: &Unread) -> Result<()> {
    let sql = "INSERT INTO unread (absolute, shown, code, message) VALUES (?, ?, ?, ?)
               ON CONFLICT (absolute) DO UPDATE SET shown = excluded.shown, code = excluded.code, message = excluded.message";
    c.prepare_cached(sql)?.execute(params![file.absolute, file.shown, file.code.as_str(), file.message])?;
    Ok(())
}

pub(super) fn clear_unread(c: &Connection, absolute: &[u8]) -> Result<()> {
    c.prepare_cached("DELETE FROM unread WHERE absolute = ?")?.execute([absolute])?;
    Ok(())
}

pub(super) fn unread(c: &Connection) -> Result<Vec<Unread>> {
    row::collect(
        &mut *c.prepare_cached("SELECT absolute, shown, code, message FROM unread ORDER BY absolute")?,
        [],
        |r| {
            Ok(Unread {
                absolute: r.get(0)?,
                shown: r.get(1)?,
                code: row::code(r.get_ref(2)?.as_str().unwrap_or_default())?,
                message: r.get(3)?,
            })
        },
    )
}

pub(super) fn name_document(c: &Connection, id: &ExternalId) -> Result<()> {
    let document = known_row(c, id.document)?;
    let sql = "INSERT INTO external_id (scheme, value, document) VALUES (?, ?, ?)
               ON CONFLICT (scheme, value) DO UPDATE SET document = excluded.document";
    c.prepare_cached(sql)?.execute(params![id.scheme, id.value, document])?;
    Ok(())
}
