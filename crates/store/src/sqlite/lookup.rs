//! Finding documents by what they are called.

use docmill_model::DocumentId;
use rusqlite::{Connection, params};

use super::row;
use crate::Result;

/// By id, the beginning of an id, a whole path as shown or absolute, a name, or an external id; exact matches
/// hide the others.
pub(super) fn find_documents(c: &Connection, word: &str, limit: usize) -> Result<Vec<DocumentId>> {
    let id = |r: &rusqlite::Row<'_>| Ok(DocumentId(row::uuid_at(r, 0)?));
    let exact = "SELECT DISTINCT d.uuid FROM document d JOIN source s ON s.document = d.id
                 WHERE s.absolute = ?1 OR s.shown = ?2 OR s.member = ?2
                 UNION SELECT d.uuid FROM document d JOIN external_id x ON x.document = d.id WHERE x.value = ?2
                 ORDER BY 1 LIMIT ?3";
    let found = row::collect(&mut *c.prepare_cached(exact)?, params![word.as_bytes(), word, limit as i64], id)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let hex: String = word.chars().filter(|c| *c != '-').collect::<String>().to_ascii_uppercase();
    if hex.len() >= 4 && hex.len() <= 32 && hex.chars().all(|c| c.is_ascii_hexdigit()) {
        let sql = "SELECT uuid FROM document WHERE substr(hex(uuid), 1, length(?1)) = ?1 ORDER BY uuid LIMIT ?2";
        let found = row::collect(&mut *c.prepare_cached(sql)?, params![hex, limit as i64], id)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let sql = "SELECT DISTINCT d.uuid FROM document d JOIN source s ON s.document = d.id
               WHERE substr(s.shown, -length(?1)) = ?1 AND substr(s.shown, -length(?1) - 1, 1) = '/' ORDER BY d.uuid LIMIT ?2";
    row::collect(&mut *c.prepare_cached(sql)?, params![word, limit as i64], id)
}
