//! Finding chunks by words and documents by name.

use docmill_model::{ChunkId, DocumentId};
use rusqlite::{Connection, params};

use super::{read, row};
use crate::{Error, Hit, Result};

/// A person's query as an FTS5 expression: words (all must be there) and phrases between double quotes. Every
/// word is quoted, so that no character of it is an operator.
fn expression(query: &str) -> Result<String> {
    let mut terms = Vec::new();
    for (index, part) in query.split('"').enumerate() {
        let phrase = index % 2 == 1;
        let pieces: Vec<&str> = if phrase { vec![part] } else { part.split_whitespace().collect() };
        for piece in pieces {
            if piece.chars().any(char::is_alphanumeric) {
                terms.push(format!("\"{}\"", piece.replace('\0', " ")));
            }
        }
    }
    if terms.is_empty() {
        return Err(Error::Query("it has no word".into()));
    }
    // Bounds what one query can cost; nobody types more.
    if terms.len() > 64 {
        return Err(Error::Query("it has more than 64 words".into()));
    }
    Ok(terms.join(" "))
}

pub(super) fn search(c: &Connection, query: &str, limit: usize) -> Result<Vec<Hit>> {
    let sql = "SELECT d.uuid, d.id, k.uuid, k.start, k.\"end\", k.first_page, k.section, bm25(chunk_text),
                      k.first_byte, k.end_byte
               FROM chunk_text JOIN chunk k ON k.id = chunk_text.rowid JOIN document d ON d.id = k.document
               WHERE chunk_text MATCH ? ORDER BY bm25(chunk_text), d.uuid, k.seq LIMIT ?";
    let found = row::collect(&mut *c.prepare_cached(sql)?, params![expression(query)?, limit as i64], |r| {
        let hit = Hit {
            document: DocumentId(row::uuid_at(r, 0)?),
            chunk: ChunkId(row::uuid_at(r, 2)?),
            span: row::span(r.get(3)?, r.get(4)?)?,
            first_page: r.get(5)?,
            section: r.get(6)?,
            score: (-r.get::<_, f64>(7)? * 1000.0).round() as i64,
            text: String::new(),
        };
        let bytes = r.get::<_, u32>(8)? as usize..r.get::<_, u32>(9)? as usize;
        Ok((r.get::<_, i64>(1)?, bytes, hit))
    })?;
    let mut hits = Vec::with_capacity(found.len());
    for (document, bytes, mut hit) in found {
        hit.text = read::clean_slice(c, document, bytes)?;
        hits.push(hit);
    }
    Ok(hits)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_words_and_phrases() {
        let check = |query: &str, expected: &str| assert_eq!(expression(query).unwrap(), expected);
        check("lease contract", "\"lease\" \"contract\"");
        check("\"net rent\" 2024", "\"net rent\" \"2024\"");
        check("a AND NOT b*", "\"a\" \"AND\" \"NOT\" \"b*\"");
        check("un\"closed", "\"un\" \"closed\"");
        assert!(expression(" * \" ").is_err());
        assert!(expression(&"w ".repeat(65)).is_err());
    }
}
