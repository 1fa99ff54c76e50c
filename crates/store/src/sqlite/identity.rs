//! Entities as people look at them: their profiles and members, doubtful pairs, ids that they had.

use std::ops::ControlFlow;

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
    Ok(EntityRow {
        project: r.get(1)?,
        entity: Entity {
            id: EntityId(row::uuid_at(r, 0)?),
            kind: mention_type(row::text(r, 2)?)?,
            name: r.get(3)?,
            aliases: row::json(row::text(r, 4)?)?,
            identifiers: row::json(row::text(r, 5)?)?,
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
fn own_reasons(normal: &str, identifiers: &[Identifier]) -> Vec<String> {
    let is_known = identifiers.iter().any(Identifier::is_own);
    // With a surname alone it is the case that makes one of them.
    let by_case = !is_known && !identifiers.is_empty() && !normal.contains(' ');
    let reasons = [("same_case", by_case), ("same_identifier", is_known), ("same_name", true)];
    reasons.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason.to_owned()).collect()
}

/// Goes through the entities in order and sorts the members of one at a time.
pub(super) fn merge_rows(c: &Connection, take: &mut (dyn FnMut(MergeRow) -> ControlFlow<()> + Send)) -> Result<()> {
    let mut entities = c.prepare_cached("SELECT uuid, least FROM entity ORDER BY uuid")?;
    let sql = "SELECT r.uuid, q.reasons, q.score, q.normal, q.identifiers
               FROM profile q JOIN referent r ON r.profile = q.id JOIN document d ON d.id = r.document
               WHERE q.entity = ? AND r.uuid <> ? AND d.counted = 1 ORDER BY r.uuid";
    let mut members = c.prepare_cached(sql)?;
    let mut entities = entities.query([])?;
    while let Some(r) = entities.next()? {
        let entity = EntityId(row::uuid_at(r, 0)?);
        let least = row::uuid_at(r, 1)?;
        let mut members = members.query([row::blob(&entity.0), row::blob(&least)])?;
        while let Some(r) = members.next()? {
            let reasons = words(row::text(r, 1)?);
            let (reasons, score) = match reasons.is_empty() {
                true => (own_reasons(row::text(r, 3)?, &row::json::<Vec<Identifier>>(row::text(r, 4)?)?), 1000),
                false => (reasons, r.get(2)?),
            };
            let member = ReferentId(row::uuid_at(r, 0)?);
            if take(MergeRow { entity, member, reasons, score }).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Pairs of an entity that are told at most, the most alike ones: more than a person would look through.
const MAX_POSSIBLE: usize = 100;

/// The pairs of an entity with others that may be the same, the most alike first. The two profiles that are most alike
/// stand for a pair. With `lesser` only the pairs of which the entity has the lesser id. A pair that a person has parted
/// is not doubtful any more.
fn possible(c: &Connection, id: EntityId, lesser: bool, limit: usize) -> Result<Vec<PossibleRow>> {
    // Of an aggregate with one `max` the other columns come from the row that has it; links of one score are told
    // apart by the ids of their profiles.
    let sql = "SELECT b.entity, l.score, l.reasons, l.veto, l.refused,
                      max(printf('%05d', l.score) || hex(max(a.uuid, b.uuid)) || hex(min(a.uuid, b.uuid)))
               FROM profile a CROSS JOIN profile_link l ON l.a = a.id CROSS JOIN profile b ON b.id = l.b
               WHERE a.entity = ?1 AND b.entity IS NOT NULL AND a.entity <> b.entity AND (?2 = 0 OR a.entity < b.entity)
               AND NOT EXISTS (
                   SELECT 1 FROM profile p CROSS JOIN anchor x ON x.profile = p.id
                   CROSS JOIN decision d ON d.id = x.decision AND d.action = '\"different\"'
                   CROSS JOIN anchor y ON y.decision = x.decision AND y.side <> x.side
                   CROSS JOIN profile q ON q.id = y.profile
                   WHERE p.entity = a.entity AND q.entity = b.entity
                   AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.uuid AND u.project = d.project))
               GROUP BY b.entity ORDER BY l.score DESC, b.entity LIMIT ?3";
    row::collect(&mut *c.prepare_cached(sql)?, params![row::blob(&id.0), lesser, limit as i64], |r| {
        let other = EntityId(row::uuid_at(r, 0)?);
        let (veto, refused): (Option<String>, Option<String>) = (r.get(3)?, r.get(4)?);
        Ok(PossibleRow {
            a: id.min(other),
            b: id.max(other),
            score: r.get(1)?,
            reasons: words(row::text(r, 2)?),
            refused: veto.or(refused).unwrap_or_else(|| "score".to_owned()),
        })
    })
}

pub(super) fn possible_rows(
    c: &Connection,
    after: Option<(EntityId, EntityId)>,
    limit: usize,
) -> Result<Vec<PossibleRow>> {
    let sql = "SELECT e.uuid FROM entity e WHERE e.uuid >= ? AND EXISTS (
                   SELECT 1 FROM profile a JOIN profile_link l ON l.a = a.id WHERE a.entity = e.uuid) ORDER BY e.uuid";
    let mut entities = c.prepare_cached(sql)?;
    let from = after.map_or_else(Vec::new, |(a, _)| a.0.as_bytes().to_vec());
    let mut entities = entities.query([from])?;
    let mut out = Vec::new();
    while let Some(r) = entities.next()? {
        let mut rows = possible(c, EntityId(row::uuid_at(r, 0)?), true, MAX_POSSIBLE)?;
        rows.sort_by_key(|row| row.b);
        out.extend(rows.into_iter().filter(|row| after.is_none_or(|after| (row.a, row.b) > after)));
        if out.len() >= limit {
            out.truncate(limit);
            break;
        }
    }
    Ok(out)
}

/// The most alike first.
pub(super) fn possible_of(c: &Connection, id: EntityId, limit: usize) -> Result<Vec<PossibleRow>> {
    possible(c, id, false, limit)
}
