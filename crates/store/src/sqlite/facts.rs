//! Chunks, mentions, referents, relations, and what the fold makes of them.

use docmill_model::{
    Chunk, ChunkId, DocumentId, Entity, EntityId, Fold, Identifier, Mention, MentionId, MentionType, Profile,
    ProfileId, ProfileKey, ProfileMember, Referent, ReferentId, Relation, RelationType,
};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

use super::{known_row, read, row};
use crate::{DirtyProfiles, EntityRow, Error, MentionRow, MergeRow, RelationRow, Result, pack};

pub(super) fn put_chunks(c: &Connection, document: i64, chunks: &[Chunk]) -> Result<()> {
    let sql = "DELETE FROM chunk_text WHERE rowid IN (SELECT id FROM chunk WHERE document = ?)";
    c.prepare_cached(sql)?.execute([document])?;
    c.prepare_cached("DELETE FROM chunk WHERE document = ?")?.execute([document])?;
    if chunks.is_empty() {
        return Ok(());
    }
    let text = docmill_model::Text::new(read::text(c, document, 1)?);
    let sql = "INSERT INTO chunk (uuid, document, seq, start, \"end\", first_page, last_page, section) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    let mut index = c.prepare_cached("INSERT INTO chunk_text (rowid, body) VALUES (?, ?)")?;
    for chunk in chunks {
        insert.execute(params![
            chunk.id.0.as_bytes().as_slice(),
            document,
            chunk.index,
            chunk.span.start,
            chunk.span.end,
            chunk.first_page,
            chunk.last_page,
            chunk.section
        ])?;
        index.execute(params![c.last_insert_rowid(), text.slice(chunk.span)])?;
    }
    Ok(())
}

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

fn mention_type(word: &str) -> Result<MentionType> {
    MentionType::parse(word).ok_or_else(|| Error::Corrupt(format!("there is no mention type {word:?}")))
}

pub(super) fn put_referents(c: &Connection, document: i64, referents: &[Referent]) -> Result<()> {
    let touch = "UPDATE profile SET revision = revision + 1, dirty = 1
                 WHERE id IN (SELECT profile FROM referent WHERE document = ?)";
    c.prepare_cached(touch)?.execute([document])?;
    c.prepare_cached("DELETE FROM referent WHERE document = ?")?.execute([document])?;
    let profile = "INSERT INTO profile (uuid, project, type, normal, identifiers, discriminator)
                   VALUES (?, (SELECT project FROM document WHERE id = ?), ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET revision = revision + 1, dirty = 1 RETURNING id";
    let mut profile = c.prepare_cached(profile)?;
    let insert =
        "INSERT INTO referent (uuid, document, seq, profile, forms, mentions, count) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(insert)?;
    for (seq, referent) in referents.iter().enumerate() {
        let id = ProfileId::new(&referent.profile_key());
        let parameters = params![
            id.0.as_bytes().as_slice(),
            document,
            referent.kind.as_str(),
            referent.normal,
            row::to_json(&referent.identifiers),
            referent.discriminator
        ];
        let profile: i64 = profile.query_row(parameters, |r| r.get(0))?;
        insert.execute(params![
            referent.id.0.as_bytes().as_slice(),
            document,
            seq as i64,
            profile,
            row::to_json(&referent.forms),
            pack::encode(&referent.mentions),
            referent.mentions.len() as i64
        ])?;
    }
    Ok(())
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

pub(super) fn put_relations(c: &Connection, document: i64, relations: &[Relation]) -> Result<()> {
    c.prepare_cached("DELETE FROM relation WHERE document = ?")?.execute([document])?;
    let sql = "INSERT INTO relation (document, seq, \"from\", \"to\", type, confidence, extractor, start, \"end\", from_mention, to_mention)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (seq, relation) in relations.iter().enumerate() {
        insert.execute(params![
            document,
            seq as i64,
            relation.from.0.as_bytes().as_slice(),
            relation.to.0.as_bytes().as_slice(),
            relation.kind.as_str(),
            relation.confidence,
            relation.extractor,
            relation.evidence.span.start,
            relation.evidence.span.end,
            relation.evidence.mentions[0].0.as_bytes().as_slice(),
            relation.evidence.mentions[1].0.as_bytes().as_slice()
        ])?;
    }
    Ok(())
}

/// Dirty profiles of one project. Each is given with all its members, so `limit` counts profiles.
pub(super) fn dirty(c: &Connection, limit: usize) -> Result<Option<DirtyProfiles>> {
    let sql = "SELECT q.id, q.uuid, q.type, q.normal, q.identifiers, q.discriminator, q.revision, p.name FROM profile q
               JOIN project p ON p.id = q.project
               WHERE q.dirty = 1 AND q.project = (SELECT project FROM profile WHERE dirty = 1 LIMIT 1) LIMIT ?";
    let mut dirty = DirtyProfiles::default();
    let found = row::collect(&mut *c.prepare_cached(sql)?, [limit as i64], |r| {
        dirty.project = r.get(7)?;
        let key = ProfileKey {
            kind: mention_type(r.get_ref(2)?.as_str().unwrap_or_default())?,
            normal: r.get(3)?,
            identifiers: row::json(r.get_ref(4)?.as_str().unwrap_or_default())?,
            discriminator: r.get(5)?,
        };
        Ok((r.get::<_, i64>(0)?, ProfileId(row::uuid_at(r, 1)?), key, r.get::<_, i64>(6)?))
    })?;
    if found.is_empty() {
        return Ok(None);
    }
    let sql = "SELECT r.uuid, d.uuid, r.forms, r.count FROM referent r JOIN document d ON d.id = r.document
               WHERE r.profile = ? ORDER BY r.uuid";
    let mut members = c.prepare_cached(sql)?;
    for (id, uuid, key, revision) in found {
        let members = row::collect(&mut members, [id], |r| {
            Ok(ProfileMember {
                referent: ReferentId(row::uuid_at(r, 0)?),
                document: DocumentId(row::uuid_at(r, 1)?),
                forms: row::json(r.get_ref(2)?.as_str().unwrap_or_default())?,
                mentions: r.get(3)?,
            })
        })?;
        dirty.profiles.push(Profile { id: uuid, key, members });
        dirty.revisions.push((uuid, revision));
    }
    Ok(Some(dirty))
}

pub(super) fn fold(c: &Connection, dirty: &DirtyProfiles, fold: &Fold) -> Result<()> {
    let sql = "SELECT id FROM project WHERE name = ?";
    let project: i64 = c.prepare_cached(sql)?.query_row([&dirty.project], |r| r.get(0))?;
    let entity_of: BTreeMap<ProfileId, EntityId> = fold.profiles.iter().copied().collect();
    for (profile, revision) in &dirty.revisions {
        let uuid = profile.0.as_bytes().as_slice();
        for sql in [
            "DELETE FROM merge WHERE entity = (SELECT entity FROM profile WHERE project = ? AND uuid = ?)",
            "DELETE FROM entity WHERE uuid = (SELECT entity FROM profile WHERE project = ? AND uuid = ?)",
        ] {
            c.prepare_cached(sql)?.execute(params![project, uuid])?;
        }
        let entity = entity_of.get(profile).map(|e| e.0.as_bytes().as_slice());
        let sql = "UPDATE profile SET entity = ?, dirty = revision <> ? WHERE project = ? AND uuid = ?";
        c.prepare_cached(sql)?.execute(params![entity, revision, project, uuid])?;
        if entity.is_none() {
            let sql = "DELETE FROM profile WHERE project = ? AND uuid = ? AND NOT EXISTS
                       (SELECT 1 FROM referent WHERE profile = profile.id)";
            c.prepare_cached(sql)?.execute(params![project, uuid])?;
        }
    }
    let sql = "INSERT OR REPLACE INTO entity (uuid, project, type, name, aliases, identifiers, documents, mentions)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for e in &fold.entities {
        insert.execute(params![
            e.id.0.as_bytes().as_slice(),
            project,
            e.kind.as_str(),
            e.name,
            row::to_json(&e.aliases),
            row::to_json(&e.identifiers),
            e.documents,
            e.mentions
        ])?;
    }
    let mut insert =
        c.prepare_cached("INSERT OR REPLACE INTO merge (entity, member, reasons, score) VALUES (?, ?, ?, ?)")?;
    for m in &fold.merges {
        insert.execute(params![
            m.entity.0.as_bytes().as_slice(),
            m.member.0.as_bytes().as_slice(),
            row::to_json(&m.reasons),
            m.score
        ])?;
    }
    Ok(())
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

pub(super) fn entity_rows(c: &Connection, after: Option<EntityId>, limit: usize) -> Result<Vec<EntityRow>> {
    let sql = "SELECT e.uuid, p.name, e.type, e.name, e.aliases, e.identifiers, e.documents, e.mentions
               FROM entity e JOIN project p ON p.id = e.project WHERE e.uuid > ? ORDER BY e.uuid LIMIT ?";
    let after: Vec<u8> = after.map_or_else(Vec::new, |e| e.0.as_bytes().to_vec());
    row::collect(&mut *c.prepare_cached(sql)?, params![after, limit as i64], |r| {
        let identifiers: Vec<Identifier> = row::json(r.get_ref(5)?.as_str().unwrap_or_default())?;
        Ok(EntityRow {
            project: r.get(1)?,
            entity: Entity {
                id: EntityId(row::uuid_at(r, 0)?),
                kind: mention_type(r.get_ref(2)?.as_str().unwrap_or_default())?,
                name: r.get(3)?,
                aliases: row::json(r.get_ref(4)?.as_str().unwrap_or_default())?,
                identifiers,
                documents: r.get(6)?,
                mentions: r.get(7)?,
            },
        })
    })
}

pub(super) fn merge_rows(c: &Connection, after: Option<(EntityId, ReferentId)>, limit: usize) -> Result<Vec<MergeRow>> {
    let sql = "SELECT entity, member, reasons, score FROM merge WHERE (entity, member) > (?, ?) ORDER BY entity, member LIMIT ?";
    let (entity, member) =
        after.map_or_else(Default::default, |(e, m)| (e.0.as_bytes().to_vec(), m.0.as_bytes().to_vec()));
    row::collect(&mut *c.prepare_cached(sql)?, params![entity, member, limit as i64], |r| {
        Ok(MergeRow {
            entity: EntityId(row::uuid_at(r, 0)?),
            member: ReferentId(row::uuid_at(r, 1)?),
            reasons: row::json(r.get_ref(2)?.as_str().unwrap_or_default())?,
            score: r.get(3)?,
        })
    })
}

pub(super) fn relation_rows(c: &Connection, offset: usize, limit: usize) -> Result<Vec<RelationRow>> {
    let sql = "SELECT fp.entity, tp.entity, r.type, r.confidence, r.extractor, d.uuid, r.start, r.\"end\", r.from_mention, r.to_mention
               FROM relation r JOIN document d ON d.id = r.document
               JOIN referent f ON f.uuid = r.\"from\" JOIN profile fp ON fp.id = f.profile
               JOIN referent t ON t.uuid = r.\"to\" JOIN profile tp ON tp.id = t.profile
               WHERE fp.entity IS NOT NULL AND tp.entity IS NOT NULL AND d.state IN ('done', 'partial')
               ORDER BY fp.entity, tp.entity, r.type, d.uuid, r.start, r.\"end\", r.from_mention, r.to_mention LIMIT ? OFFSET ?";
    row::collect(&mut *c.prepare_cached(sql)?, params![limit as i64, offset as i64], |r| {
        let kind: String = r.get(2)?;
        Ok(RelationRow {
            from: EntityId(row::uuid_at(r, 0)?),
            to: EntityId(row::uuid_at(r, 1)?),
            kind: RelationType::parse(&kind)
                .ok_or_else(|| Error::Corrupt(format!("there is no relation type {kind:?}")))?,
            confidence: r.get(3)?,
            extractor: r.get(4)?,
            document: DocumentId(row::uuid_at(r, 5)?),
            span: row::span(r.get(6)?, r.get(7)?)?,
            mentions: [row::uuid_at(r, 8)?, row::uuid_at(r, 9)?],
        })
    })
}
