//! What the fold reads and makes: dirty profiles, entities, merges.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{DocumentId, EntityId, Fold, Profile, ProfileId, ProfileKey, ProfileMember, ReferentId};
use rusqlite::{Connection, OptionalExtension, params};

use super::facts::mention_type;
use super::row;
use super::state::COMPLETE;
use crate::{DirtyProfiles, MergeRow, Result};

/// Members of the profiles of one batch, past which no further profile is added: bounds memory where a date or a
/// name stands in every document.
const MEMBERS: usize = 10_000;

/// Dirty profiles of one project, each with all its members from documents that are complete.
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
    let sql = format!(
        "SELECT r.uuid, d.uuid, r.forms, r.count FROM referent r JOIN document d ON d.id = r.document
         WHERE r.profile = ? AND d.state IN {COMPLETE} ORDER BY r.uuid"
    );
    let mut select = c.prepare_cached(&sql)?;
    let mut total = 0;
    for (id, uuid, key, revision) in found {
        let members = row::collect(&mut select, [id], |r| {
            Ok(ProfileMember {
                referent: ReferentId(row::uuid_at(r, 0)?),
                document: DocumentId(row::uuid_at(r, 1)?),
                forms: row::json(r.get_ref(2)?.as_str().unwrap_or_default())?,
                mentions: r.get(3)?,
            })
        })?;
        total += members.len();
        dirty.profiles.push(Profile { id: uuid, key, members });
        dirty.revisions.push((uuid, revision));
        if total > MEMBERS {
            break;
        }
    }
    Ok(Some(dirty))
}

pub(super) fn fold(c: &Connection, dirty: &DirtyProfiles, fold: &Fold) -> Result<()> {
    let sql = "SELECT id FROM project WHERE name = ?";
    let project: i64 = c.prepare_cached(sql)?.query_row([&dirty.project], |r| r.get(0))?;
    let entity_of: BTreeMap<ProfileId, EntityId> = fold.profiles.iter().copied().collect();
    let mut placed = BTreeSet::new();
    for &(profile, revision) in &dirty.revisions {
        let entity = entity_of.get(&profile).copied();
        if place(c, project, profile, revision, entity)? {
            placed.extend(entity);
        }
    }
    let sql = "INSERT OR REPLACE INTO entity (uuid, project, type, name, aliases, identifiers, documents, mentions)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for e in fold.entities.iter().filter(|e| placed.contains(&e.id)) {
        c.prepare_cached("DELETE FROM merge WHERE entity = ?")?.execute([e.id.0.as_bytes().as_slice()])?;
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
    for m in fold.merges.iter().filter(|m| placed.contains(&m.entity)) {
        insert.execute(params![
            m.entity.0.as_bytes().as_slice(),
            m.member.0.as_bytes().as_slice(),
            row::to_json(&m.reasons),
            m.score
        ])?;
    }
    Ok(())
}

/// Gives a profile its entity and takes the one before out, unless another profile has become that one since: the
/// referent after which an entity is named can move from one profile to another. `false` for a profile that has
/// left.
fn place(c: &Connection, project: i64, profile: ProfileId, revision: i64, entity: Option<EntityId>) -> Result<bool> {
    let uuid = profile.0.as_bytes().as_slice();
    let entity = entity.map(|e| e.0.as_bytes().to_vec());
    let sql = "SELECT id, entity FROM profile WHERE project = ? AND uuid = ?";
    let found: Option<(i64, Option<Vec<u8>>)> =
        c.prepare_cached(sql)?.query_row(params![project, uuid], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    let Some((row, before)) = found else { return Ok(false) };
    let sql = "UPDATE profile SET entity = ?, dirty = revision <> ? WHERE id = ?";
    c.prepare_cached(sql)?.execute(params![entity, revision, row])?;
    if entity.is_none() {
        let sql = "DELETE FROM profile WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM referent WHERE profile = ?1)";
        c.prepare_cached(sql)?.execute([row])?;
    }
    let Some(before) = before.filter(|before| entity.as_ref() != Some(before)) else { return Ok(true) };
    if !c.prepare_cached("SELECT 1 FROM profile WHERE entity = ?")?.exists([&before])? {
        c.prepare_cached("DELETE FROM merge WHERE entity = ?")?.execute([&before])?;
        c.prepare_cached("DELETE FROM entity WHERE uuid = ?")?.execute([&before])?;
    }
    Ok(true)
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

/// Whether all profiles that are not dirty were folded by this version.
pub(super) fn is_folded_by(c: &Connection, version: &str) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM meta WHERE key = 'fold' AND value = ?")?.exists([version])?)
}

pub(super) fn use_fold(c: &Connection, version: &str) -> Result<()> {
    c.prepare_cached("UPDATE profile SET revision = revision + 1, dirty = 1 WHERE dirty = 0")?.execute([])?;
    c.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('fold', ?)")?.execute([version])?;
    Ok(())
}
