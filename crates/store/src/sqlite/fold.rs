//! Components of profiles: read for the fold, and its result put in their place.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{DecisionId, Entity, Folded, Profile, ProfileId, ReferentId, Ruling};
use rusqlite::{Connection, OptionalExtension, params};

use super::identity::profile_key;
use super::link::{link, profile_row, project_row};
use super::row;
use crate::{Error, FoldedComponent, Neighbourhood, Result, Stop, Unfolded};

/// Whether all profiles were folded by this version.
pub(super) fn is_folded_by(c: &Connection, version: &str) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM meta WHERE key = 'fold' AND value = ?")?.exists([version])?)
}

/// Drops what another version made of the profiles: links and blocks at once, entities as their profiles are folded
/// anew. What profiles count stays.
pub(super) fn use_fold(c: &Connection, version: &str) -> Result<()> {
    for sql in [
        "DELETE FROM profile_block",
        "DELETE FROM profile_link",
        "UPDATE profile SET revision = revision + 1, dirty = 1, linked = 0, level = 0
         WHERE linked = 1 OR entity IS NOT NULL",
        "INSERT INTO meta (key, value) VALUES ('links', 1) ON CONFLICT DO UPDATE SET value = value + 1",
    ] {
        c.prepare_cached(sql)?.execute([])?;
    }
    c.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('fold', ?)")?.execute([version])?;
    Ok(())
}

pub(super) fn unfolded(c: &Connection, limit: usize) -> Result<Option<Unfolded>> {
    let sql = "SELECT q.uuid, q.documents > 0, q.revision, p.name FROM profile q JOIN project p ON p.id = q.project
               WHERE q.dirty = 1 AND q.project = (SELECT project FROM profile WHERE dirty = 1 LIMIT 1) LIMIT ?";
    let mut found = Unfolded::default();
    let rows = row::collect(&mut *c.prepare_cached(sql)?, [limit as i64], |r| {
        found.project = r.get(3)?;
        Ok((ProfileId(row::uuid_at(r, 0)?), r.get::<_, bool>(1)?, r.get::<_, i64>(2)?))
    })?;
    for (id, is_there, revision) in rows {
        if is_there { found.profiles.push(id) } else { found.gone.push((id, revision)) }
    }
    Ok((!found.project.is_empty()).then_some(found))
}

pub(super) fn neighbourhood(c: &Connection, project: &str, ids: &[ProfileId], least: u16) -> Result<Neighbourhood> {
    let project = project_row(c, project)?;
    let mut found = Neighbourhood::default();
    let mut links = BTreeMap::new();
    let mut decisions = BTreeSet::new();
    let sql = "SELECT id, revision, level, dirty FROM profile WHERE project = ? AND uuid = ? AND documents > 0";
    let mut select = c.prepare_cached(sql)?;
    let sql = "SELECT b.uuid, l.score, l.reasons, l.veto, l.refused FROM profile_link l JOIN profile b ON b.id = l.b
               WHERE l.a = ? AND l.score >= ? AND l.veto IS NULL AND b.documents > 0";
    let mut select_links = c.prepare_cached(sql)?;
    let mut anchored = c.prepare_cached("SELECT decision FROM anchor WHERE profile = ?")?;
    for &id in ids {
        let node = row::collect(&mut select, params![project, row::blob(&id.0)], |r| {
            Ok((r.get::<_, i64>(0)?, Stop { id, revision: r.get(1)?, level: r.get(2)?, dirty: r.get(3)? }))
        })?;
        let Some(&(profile, node)) = node.first() else { continue };
        found.stops.push(node);
        let own = row::collect(&mut select_links, params![profile, least], |r| {
            link(r, 1, id, ProfileId(row::uuid_at(r, 0)?))
        })?;
        links.extend(own.into_iter().map(|link| ((link.a, link.b), link)));
        decisions.extend(row::collect(&mut anchored, [profile], |r| Ok(r.get::<_, i64>(0)?))?);
    }
    found.links = links.into_values().collect();
    for decision in decisions {
        found.rulings.extend(ruling(c, decision)?);
    }
    Ok(found)
}

/// A decision with the living profiles that it is about; `None` when another one undoes it.
fn ruling(c: &Connection, decision: i64) -> Result<Option<Ruling>> {
    let sql = "SELECT uuid, at_ms, action FROM decision d
               WHERE id = ? AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.uuid AND u.project = d.project)";
    let found = row::collect(&mut *c.prepare_cached(sql)?, [decision], |r| {
        let decision = DecisionId(row::uuid_at(r, 0)?);
        let (a, b) = (Vec::new(), Vec::new());
        Ok(Ruling { decision, at_ms: r.get(1)?, action: row::json(row::text(r, 2)?)?, a, b })
    })?;
    let Some(mut ruling) = found.into_iter().next() else { return Ok(None) };
    let sql = "SELECT DISTINCT x.side, q.uuid FROM anchor x JOIN profile q ON q.id = x.profile
               WHERE x.decision = ? AND q.documents > 0 ORDER BY x.side, q.uuid";
    for (side, id) in row::collect(&mut *c.prepare_cached(sql)?, [decision], |r| {
        Ok((r.get::<_, i64>(0)?, ProfileId(row::uuid_at(r, 1)?)))
    })? {
        if side == 0 { ruling.a.push(id) } else { ruling.b.push(id) }
    }
    Ok(Some(ruling))
}

pub(super) fn profiles(c: &Connection, project: &str, ids: &[ProfileId]) -> Result<Vec<Profile>> {
    let project = project_row(c, project)?;
    let sql = "SELECT id, type, normal, identifiers, discriminator, documents, mentions, least FROM profile
               WHERE project = ? AND uuid = ? AND documents > 0";
    let mut select = c.prepare_cached(sql)?;
    let sql =
        "SELECT form, count FROM profile_form WHERE profile = ? ORDER BY count DESC, length(form) DESC, form LIMIT ?";
    let mut forms = c.prepare_cached(sql)?;
    let mut out = Vec::with_capacity(ids.len());
    for &id in ids {
        out.extend(row::collect(&mut select, params![project, row::blob(&id.0)], |r| {
            let row: i64 = r.get(0)?;
            let limit = params![row, Profile::MAX_FORMS as i64];
            Ok(Profile {
                id,
                key: profile_key(r, 1)?,
                documents: r.get(5)?,
                mentions: r.get(6)?,
                forms: row::collect(&mut forms, limit, |r| Ok((r.get(0)?, r.get(1)?)))?,
                least: ReferentId(row::uuid_at(r, 7)?),
            })
        })?);
    }
    Ok(out)
}

/// How many documents have one of the profiles. Those of the largest profile are known by their count; each document of
/// the others counts where neither the largest has it nor it was seen before.
pub(super) fn documents_of(c: &Connection, project: &str, group: &[ProfileId]) -> Result<u32> {
    let project = project_row(c, project)?;
    let mut rows: Vec<(i64, i64)> = Vec::with_capacity(group.len());
    let sql = "SELECT documents, id FROM profile WHERE project = ? AND uuid = ?";
    let mut select = c.prepare_cached(sql)?;
    for id in group {
        rows.extend(row::collect(&mut select, params![project, row::blob(&id.0)], |r| Ok((r.get(0)?, r.get(1)?)))?);
    }
    rows.sort_unstable_by(|a, b| b.cmp(a));
    let Some((&(mut total, largest), others)) = rows.split_first() else { return Ok(0) };
    let sql = "SELECT DISTINCT r.document FROM referent r JOIN document d ON d.id = r.document
               WHERE r.profile = ? AND d.counted = 1";
    let mut documents = c.prepare_cached(sql)?;
    let mut is_known = c.prepare_cached("SELECT 1 FROM referent WHERE profile = ? AND document = ?")?;
    let mut seen: BTreeSet<i64> = BTreeSet::new();
    for &(_, profile) in others {
        for document in row::collect(&mut documents, [profile], |r| Ok(r.get::<_, i64>(0)?))? {
            if seen.insert(document) && !is_known.exists([largest, document])? {
                total += 1;
            }
        }
    }
    u32::try_from(total).map_err(|_| Error::Corrupt("a profile is in too many documents".into()))
}

pub(super) fn put_fold(
    c: &Connection,
    project: &str,
    components: &[FoldedComponent],
    gone: &[(ProfileId, i64)],
) -> Result<()> {
    let project = project_row(c, project)?;
    let mut left = Left::default();
    for component in components {
        put_component(c, project, component, &mut left)?;
    }
    for (id, revision) in gone {
        take_out(c, project, *id, *revision, &mut left)?;
    }
    left.settle(c)
}

/// Entities that profiles were part of before, each with the largest of those profiles: its count of documents and its
/// number. `None` where all of them left the graph.
#[derive(Default)]
struct Left(BTreeMap<Vec<u8>, Option<(i64, i64)>>);

impl Left {
    fn note(&mut self, entity: Vec<u8>, profile: Option<(i64, i64)>) {
        let leads = self.0.entry(entity).or_default();
        *leads = (*leads).max(profile);
    }

    /// Takes out the entities that no profile is any more. One may have become another profile's meanwhile: the
    /// referent after which it is named can move. What it was leads on to what its largest profile is now.
    fn settle(self, c: &Connection) -> Result<()> {
        for (entity, leads) in self.0 {
            if c.prepare_cached("SELECT 1 FROM profile WHERE entity = ?")?.exists([&entity])? {
                continue;
            }
            c.prepare_cached("DELETE FROM entity WHERE uuid = ?")?.execute([&entity])?;
            if let Some((_, profile)) = leads {
                let sql = "INSERT OR REPLACE INTO entity_alias (uuid, profile) VALUES (?, ?)";
                c.prepare_cached(sql)?.execute(params![entity, profile])?;
            }
        }
        Ok(())
    }
}

fn put_component(c: &Connection, project: i64, component: &FoldedComponent, left: &mut Left) -> Result<()> {
    let sql = "SELECT id, revision, entity, documents FROM profile WHERE project = ? AND uuid = ?";
    let mut select = c.prepare_cached(sql)?;
    let mut rows: BTreeMap<ProfileId, (i64, Option<Vec<u8>>, i64)> = BTreeMap::new();
    for (id, revision) in &component.seen {
        let found = select
            .query_row(params![project, row::blob(&id.0)], |r| {
                Ok((r.get::<_, i64>(1)?, (r.get(0)?, r.get(2)?, r.get(3)?)))
            })
            .optional()?;
        match found {
            Some((now, row)) if now == *revision => rows.insert(*id, row),
            // It is marked, or gone and its neighbours are: folded again in any case.
            _ => return Ok(()),
        };
    }
    let sql = "UPDATE profile SET entity = ?2, reasons = ?3, score = ?4, level = ?5, dirty = 0 WHERE id = ?1";
    let mut update = c.prepare_cached(sql)?;
    for Folded { entity, least, members } in &component.fold.entities {
        let uuid = row::blob(&entity.id.0);
        put_entity(c, project, entity, *least)?;
        for member in members {
            let Some((row, before, documents)) = rows.remove(&member.profile) else { continue };
            let reasons = member.reasons.join(" ");
            update.execute(params![row, uuid, reasons, member.score, component.level])?;
            if let Some(before) = before.filter(|before| before != uuid) {
                left.note(before, Some((documents, row)));
            }
        }
    }
    let sql = "UPDATE profile_link SET refused = ?3 WHERE a = ?1 AND b = ?2";
    let mut update = c.prepare_cached(sql)?;
    for refusal in &component.fold.refusals {
        let ends = (profile_row(c, project, refusal.a)?, profile_row(c, project, refusal.b)?);
        if let (Some(a), Some(b)) = ends {
            update.execute(params![a, b, refusal.why])?;
            update.execute(params![b, a, refusal.why])?;
        }
    }
    Ok(())
}

fn put_entity(c: &Connection, project: i64, e: &Entity, least: ReferentId) -> Result<()> {
    let sql =
        "INSERT OR REPLACE INTO entity (uuid, project, type, name, aliases, identifiers, documents, mentions, least)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    c.prepare_cached(sql)?.execute(params![
        row::blob(&e.id.0),
        project,
        e.kind.as_str(),
        e.name,
        row::to_json(&e.aliases),
        row::to_json(&e.identifiers),
        e.documents,
        e.mentions,
        row::blob(&least.0)
    ])?;
    c.prepare_cached("DELETE FROM entity_alias WHERE uuid = ?")?.execute([row::blob(&e.id.0)])?;
    Ok(())
}

/// Takes a profile out of the graph that no complete document has, and altogether when no document has it.
fn take_out(c: &Connection, project: i64, id: ProfileId, revision: i64, left: &mut Left) -> Result<()> {
    let sql = "SELECT id, entity FROM profile WHERE project = ? AND uuid = ? AND revision = ? AND linked = 0";
    let found: Option<(i64, Option<Vec<u8>>)> = c
        .prepare_cached(sql)?
        .query_row(params![project, row::blob(&id.0), revision], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((profile, before)) = found else { return Ok(()) };
    if let Some(before) = before {
        left.note(before, None);
    }
    let sql = "UPDATE profile SET entity = NULL, reasons = '', score = 0, level = 0, dirty = 0 WHERE id = ?";
    c.prepare_cached(sql)?.execute([profile])?;
    c.prepare_cached("DELETE FROM profile_form WHERE profile = ?")?.execute([profile])?;
    if !c.prepare_cached("SELECT 1 FROM referent WHERE profile = ?")?.exists([profile])? {
        c.prepare_cached("DELETE FROM entity_alias WHERE profile = ?")?.execute([profile])?;
        c.prepare_cached("DELETE FROM profile WHERE id = ?")?.execute([profile])?;
    }
    Ok(())
}
