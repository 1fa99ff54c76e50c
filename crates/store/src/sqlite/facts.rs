//! Mentions and referents: what hangs on one document.

use docmill_model::{
    ChunkId, DocumentId, EntityId, Mention, MentionId, MentionType, ProfileId, ProfileKey, Referent, ReferentId,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

use super::{count, decision, known_row, read, row};
use crate::{Error, MentionRow, Result, pack};

pub(super) fn put_mentions(c: &Connection, document: i64, mentions: &[Mention]) -> Result<()> {
    c.prepare_cached("DELETE FROM mention WHERE document = ?")?.execute([document])?;
    let sql = "INSERT INTO mention (document, seq, uuid, chunk, start, \"end\", type, normal, name, identifiers, role, confidence, extractor)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (seq, m) in mentions.iter().enumerate() {
        insert.execute(params![
            document,
            seq as i64,
            m.id.0.as_bytes().as_slice(),
            m.chunk,
            m.span.start,
            m.span.end,
            m.kind.as_str(),
            m.normal,
            m.name,
            row::to_json(&m.identifiers),
            m.role.map(|r| row::to_json(&r)),
            m.confidence,
            m.extractor
        ])?;
    }
    Ok(())
}

pub(super) fn mention(r: &rusqlite::Row<'_>) -> Result<Mention> {
    let kind: String = r.get(4)?;
    let role: Option<String> = r.get(8)?;
    Ok(Mention {
        id: MentionId(row::uuid_at(r, 0)?),
        chunk: r.get(1)?,
        span: row::span(r.get(2)?, r.get(3)?)?,
        kind: mention_type(&kind)?,
        normal: r.get(5)?,
        name: r.get(6)?,
        identifiers: row::json(r.get_ref(7)?.as_str().unwrap_or_default())?,
        role: role.as_deref().map(row::json).transpose()?,
        confidence: r.get(9)?,
        extractor: r.get(10)?,
    })
}

pub(super) fn mention_type(word: &str) -> Result<MentionType> {
    MentionType::parse(word).ok_or_else(|| Error::Corrupt(format!("there is no mention type {word:?}")))
}

/// The new referents are counted by the fold once the document is complete; the old ones are counted out here, because
/// afterwards nothing leads to their profiles. Decisions about the document find what it says now.
pub(super) fn put_referents(c: &Connection, document: i64, referents: &[Referent]) -> Result<()> {
    count::count_out(c, document)?;
    c.prepare_cached("DELETE FROM referent WHERE document = ?")?.execute([document])?;
    let project = c.prepare_cached("SELECT project FROM document WHERE id = ?")?.query_row([document], |r| r.get(0))?;
    let insert = "INSERT INTO referent (uuid, document, seq, profile, forms, mentions, count, discriminator)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(insert)?;
    for (seq, referent) in referents.iter().enumerate() {
        let row = profile_of(c, project, &referent.key())?;
        insert.execute(params![
            referent.id.0.as_bytes().as_slice(),
            document,
            seq as i64,
            row,
            row::to_json(&referent.forms),
            pack::encode(&referent.mentions),
            referent.mentions.len() as i64,
            referent.discriminator
        ])?;
    }
    decision::wake(c, document)
}

/// The row of a profile, made where there is none.
pub(super) fn profile_of(c: &Connection, project: i64, key: &ProfileKey) -> Result<i64> {
    let uuid = ProfileId::new(&key.digest());
    let sql = "SELECT id FROM profile WHERE project = ? AND uuid = ?";
    let found = c.prepare_cached(sql)?.query_row(params![project, row::blob(&uuid.0)], |r| r.get(0)).optional()?;
    if let Some(row) = found {
        return Ok(row);
    }
    let sql = "INSERT INTO profile (project, uuid, type, normal, identifiers, discriminator) VALUES (?, ?, ?, ?, ?, ?)";
    c.prepare_cached(sql)?.execute(params![
        project,
        row::blob(&uuid.0),
        key.kind.as_str(),
        key.normal,
        row::to_json(&key.identifiers),
        key.discriminator
    ])?;
    Ok(c.last_insert_rowid())
}

pub(super) fn referents(c: &Connection, document: i64) -> Result<Vec<(Referent, Option<EntityId>)>> {
    let sql = "SELECT r.uuid, p.type, p.normal, p.identifiers, r.forms, r.mentions, p.discriminator, p.entity
               FROM referent r JOIN profile p ON p.id = r.profile WHERE r.document = ? ORDER BY r.seq";
    row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let entity: Option<Vec<u8>> = r.get(7)?;
        let referent = Referent {
            id: ReferentId(row::uuid_at(r, 0)?),
            kind: mention_type(r.get_ref(1)?.as_str().unwrap_or_default())?,
            normal: r.get(2)?,
            identifiers: row::json(r.get_ref(3)?.as_str().unwrap_or_default())?,
            forms: row::json(r.get_ref(4)?.as_str().unwrap_or_default())?,
            mentions: pack::decode(r.get_ref(5)?.as_blob().unwrap_or_default())?,
            discriminator: r.get(6)?,
        };
        Ok((referent, entity.as_deref().map(row::uuid).transpose()?.map(EntityId)))
    })
}

pub(super) fn mention_rows(c: &Connection, id: DocumentId) -> Result<Vec<MentionRow>> {
    let document = known_row(c, id)?;
    let mut owner = BTreeMap::new();
    for (referent, entity) in referents(c, document)? {
        for mention in &referent.mentions {
            owner.insert(*mention, (referent.id, entity));
        }
    }
    let chunks: Vec<ChunkId> = read::chunks(c, id)?.into_iter().map(|chunk| chunk.id).collect();
    let mut rows = Vec::new();
    for mention in read::mentions(c, id)? {
        // Between two stages a mention has no referent yet.
        let Some(&(referent, entity)) = owner.get(&mention.id) else { continue };
        let chunk = *chunks
            .get(mention.chunk as usize)
            .ok_or_else(|| Error::Corrupt(format!("mention {} lies in no chunk", mention.id)))?;
        rows.push(MentionRow { document: id, mention, chunk, referent, entity });
    }
    Ok(rows)
}
