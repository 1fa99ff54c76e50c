//! Entities as people look at them: their profiles and members, doubtful pairs, ids that they had.

use docmill_model::{
    DocumentId, Entity, EntityId, Identifier, MentionId, MentionType, ProfileId, ProfileKey, ReferentId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::facts::mention_type;
use super::{facts, row};
use crate::{EntityRow, MemberRow, MentionRow, MergeRow, PossibleRow, ProfileRow, Result, pack};

const ENTITY: &str = "SELECT e.uuid, p.name, e.type, e.name, e.aliases, e.identifiers, e.documents, e.mentions
                      FROM entity e JOIN project p ON p.id = e.project";

fn entity(r: &Row<'_>) -> Result<EntityRow> {
    let identifiers: Vec<Identifier> = row::json(row::text(r, 5)?)?;
    Ok(EntityRow {
        project: r.get(1)?,
        entity: Entity {
            id: EntityId(row::uuid_at(r, 0)?),
            kind: mention_type(row::text(r, 2)?)?,
            name: r.get(3)?,
            aliases: row::json(row::text(r, 4)?)?,
            identifiers,
            documents: r.get(6)?,
            mentions: r.get(7)?,
        },
    })
}

pub(super) fn entity_rows(c: &Connection, after: Option<EntityId>, limit: usize) -> Result<Vec<EntityRow>> {
    let sql = format!("{ENTITY} WHERE e.uuid > ? ORDER BY e.uuid LIMIT ?");
    let after: Vec<u8> = after.map_or_else(Vec::new, |e| e.0.as_bytes().to_vec());
    row::collect(&mut *c.prepare_cached(&sql)?, params![after, limit as i64], entity)
}

pub(super) fn main_entities(c: &Connection, kind: MentionType, limit: usize) -> Result<Vec<EntityRow>> {
    let sql = format!("{ENTITY} WHERE e.type = ? ORDER BY e.documents DESC, e.mentions DESC, e.uuid LIMIT ?");
    row::collect(&mut *c.prepare_cached(&sql)?, params![kind.as_str(), limit as i64], entity)
}

pub(super) fn count_named(c: &Connection, name: &str) -> Result<u64> {
    let sql = "SELECT count(*) FROM entity WHERE name = ?";
    Ok(c.prepare_cached(sql)?.query_row([name], |r| r.get::<_, i64>(0))?.unsigned_abs())
}

/// The entity of an id, or the one that an id of earlier leads to.
pub(super) fn entity_row(c: &Connection, id: EntityId) -> Result<Option<EntityRow>> {
    let sql = format!("{ENTITY} WHERE e.uuid = ?");
    let found = row::collect(&mut *c.prepare_cached(&sql)?, [row::blob(&id.0)], entity)?.pop();
    if found.is_some() {
        return Ok(found);
    }
    let led = "SELECT q.entity FROM entity_alias a JOIN profile q ON q.id = a.profile WHERE a.uuid = ?";
    let led: Option<Vec<u8>> = c.prepare_cached(led)?.query_row([row::blob(&id.0)], |r| r.get(0)).optional()?.flatten();
    let Some(led) = led else { return Ok(None) };
    Ok(row::collect(&mut *c.prepare_cached(&sql)?, [led], entity)?.pop())
}

pub(super) fn profile_key(r: &Row<'_>, at: usize) -> Result<ProfileKey> {
    Ok(ProfileKey {
        kind: mention_type(row::text(r, at)?)?,
        normal: r.get(at + 1)?,
        identifiers: row::json(row::text(r, at + 2)?)?,
        discriminator: r.get(at + 3)?,
    })
}

/// Words between spaces.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn profile_rows(c: &Connection, id: EntityId) -> Result<Vec<ProfileRow>> {
    let sql = "SELECT uuid, type, normal, identifiers, discriminator, documents, mentions, reasons, score FROM profile
               WHERE entity = ? ORDER BY documents DESC, uuid";
    row::collect(&mut *c.prepare_cached(sql)?, [row::blob(&id.0)], |r| {
        Ok(ProfileRow {
            id: ProfileId(row::uuid_at(r, 0)?),
            key: profile_key(r, 1)?,
            documents: r.get(5)?,
            mentions: r.get(6)?,
            reasons: words(row::text(r, 7)?),
            score: r.get(8)?,
        })
    })
}

pub(super) fn member_rows(
    c: &Connection,
    id: EntityId,
    after: Option<(DocumentId, ReferentId)>,
    limit: usize,
) -> Result<Vec<MemberRow>> {
    let sql = "SELECT d.uuid, r.uuid, q.uuid, q.type, q.normal, q.identifiers, r.forms, r.mentions
               FROM profile q JOIN referent r ON r.profile = q.id JOIN document d ON d.id = r.document
               WHERE q.entity = ? AND d.counted = 1 AND (d.uuid, r.uuid) > (?, ?) ORDER BY d.uuid, r.uuid LIMIT ?";
    let (document, referent) =
        after.map_or_else(Default::default, |(d, r)| (d.0.as_bytes().to_vec(), r.0.as_bytes().to_vec()));
    let parameters = params![row::blob(&id.0), document, referent, limit as i64];
    row::collect(&mut *c.prepare_cached(sql)?, parameters, |r| {
        Ok(MemberRow {
            document: DocumentId(row::uuid_at(r, 0)?),
            referent: ReferentId(row::uuid_at(r, 1)?),
            profile: ProfileId(row::uuid_at(r, 2)?),
            kind: mention_type(row::text(r, 3)?)?,
            normal: r.get(4)?,
            identifiers: row::json(row::text(r, 5)?)?,
            forms: row::json(row::text(r, 6)?)?,
            mentions: pack::decode(r.get_ref(7)?.as_blob().unwrap_or_default())?,
        })
    })
}

/// A mention by its id: looks through all of them, because nothing else asks so.
pub(super) fn find_mention(c: &Connection, id: MentionId) -> Result<Option<MentionRow>> {
    let sql = "SELECT d.uuid FROM mention m JOIN document d ON d.id = m.document WHERE m.uuid = ?";
    let found = row::collect(&mut *c.prepare_cached(sql)?, [row::blob(&id.0)], |r| row::uuid_at(r, 0))?;
    let Some(document) = found.first() else { return Ok(None) };
    Ok(facts::mention_rows(c, DocumentId(*document))?.into_iter().find(|row| row.mention.id == id))
}

/// Why the referents of one profile are one thing.
fn own_reasons(identifiers: &str) -> Vec<String> {
    let identifier = (identifiers != "[]").then_some("same_identifier");
    identifier.into_iter().chain(["same_name"]).map(str::to_owned).collect()
}

/// Goes through the entities in order and sorts the members of one at a time.
pub(super) fn merge_rows(c: &Connection, after: Option<(EntityId, ReferentId)>, limit: usize) -> Result<Vec<MergeRow>> {
    let sql = "SELECT q.entity, r.uuid, q.reasons, q.score, q.identifiers
               FROM entity e CROSS JOIN profile q ON q.entity = e.uuid CROSS JOIN referent r ON r.profile = q.id
               CROSS JOIN document d ON d.id = r.document
               WHERE e.uuid >= ?1 AND (q.entity, r.uuid) > (?1, ?2) AND r.uuid <> e.least AND d.counted = 1
               ORDER BY e.uuid, r.uuid LIMIT ?3";
    let (entity, member) =
        after.map_or_else(Default::default, |(e, m)| (e.0.as_bytes().to_vec(), m.0.as_bytes().to_vec()));
    row::collect(&mut *c.prepare_cached(sql)?, params![entity, member, limit as i64], |r| {
        let reasons = words(row::text(r, 2)?);
        let (reasons, score) = match reasons.is_empty() {
            true => (own_reasons(row::text(r, 4)?), 1000),
            false => (reasons, r.get(3)?),
        };
        Ok(MergeRow { entity: EntityId(row::uuid_at(r, 0)?), member: ReferentId(row::uuid_at(r, 1)?), reasons, score })
    })
}

/// For each entity of the first side those that may be the same, the most alike pair of profiles standing for both.
/// A pair that a person has decided on is not doubtful any more.
fn possible(
    c: &Connection,
    condition: &str,
    order: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<PossibleRow>> {
    // Of an aggregate with one `max` the other columns come from the row that has it; links of one score are told
    // apart by the ids of their profiles.
    let sql = format!(
        "SELECT min(a.entity, b.entity), max(a.entity, b.entity), l.score, l.reasons, l.veto, l.refused,
                max(printf('%05d', l.score) || hex(max(a.uuid, b.uuid)) || hex(min(a.uuid, b.uuid))) AS best
         FROM entity e CROSS JOIN profile a ON a.entity = e.uuid CROSS JOIN profile_link l ON l.a = a.id
         CROSS JOIN profile b ON b.id = l.b
         WHERE {condition} AND b.entity IS NOT NULL AND a.entity <> b.entity
         AND NOT EXISTS (
             SELECT 1 FROM profile p CROSS JOIN anchor x ON x.profile = p.id
             CROSS JOIN decision d ON d.id = x.decision AND d.action = '\"different\"'
             CROSS JOIN anchor y ON y.decision = x.decision AND y.side <> x.side
             CROSS JOIN profile q ON q.id = y.profile
             WHERE p.entity = a.entity AND q.entity = b.entity
             AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.uuid))
         GROUP BY a.entity, b.entity ORDER BY {order}"
    );
    row::collect(&mut *c.prepare_cached(&sql)?, parameters, |r| {
        let refused: Option<String> = r.get(5)?;
        let veto: Option<String> = r.get(4)?;
        Ok(PossibleRow {
            a: EntityId(row::uuid_at(r, 0)?),
            b: EntityId(row::uuid_at(r, 1)?),
            score: r.get(2)?,
            reasons: words(row::text(r, 3)?),
            refused: veto.or(refused).unwrap_or_else(|| "score".to_owned()),
        })
    })
}

/// Pairs that one entity is the lesser id of come behind it.
pub(super) fn possible_rows(
    c: &Connection,
    after: Option<(EntityId, EntityId)>,
    limit: usize,
) -> Result<Vec<PossibleRow>> {
    let (a, b) = after.map_or_else(Default::default, |(a, b)| (a.0.as_bytes().to_vec(), b.0.as_bytes().to_vec()));
    let condition = "e.uuid >= ?1 AND a.entity < b.entity AND (a.entity, b.entity) > (?1, ?2)";
    let order = "a.entity, b.entity LIMIT ?3";
    possible(c, condition, order, params![a, b, limit as i64])
}

/// The most alike first.
pub(super) fn possible_of(c: &Connection, id: EntityId, limit: usize) -> Result<Vec<PossibleRow>> {
    let order = "l.score DESC, b.entity LIMIT ?2";
    possible(c, "e.uuid = ?1", order, params![row::blob(&id.0), limit as i64])
}
