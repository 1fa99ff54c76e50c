//! Blocks of profiles and the links between those that are alike.

use std::collections::btree_map::{BTreeMap, Entry};

use docmill_model::{Link, ProfileBlock, ProfileId, ProfileKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::identity::{profile_key, words};
use super::row;
use crate::{Relink, Result, Unlinked};

pub(super) fn project_row(c: &Connection, name: &str) -> Result<i64> {
    Ok(c.prepare_cached("SELECT id FROM project WHERE name = ?")?.query_row([name], |r| r.get(0))?)
}

pub(super) fn profile_row(c: &Connection, project: i64, id: ProfileId) -> Result<Option<i64>> {
    let sql = "SELECT id FROM profile WHERE project = ? AND uuid = ?";
    Ok(c.prepare_cached(sql)?.query_row(params![project, row::blob(&id.0)], |r| r.get(0)).optional()?)
}

/// Marks a profile for the fold.
pub(super) fn touch(c: &Connection, profile: i64) -> Result<()> {
    c.prepare_cached("UPDATE profile SET revision = revision + 1, dirty = 1 WHERE id = ?")?.execute([profile])?;
    Ok(())
}

fn turn(c: &Connection) -> Result<i64> {
    let sql = "SELECT value FROM meta WHERE key = 'links'";
    Ok(c.prepare_cached(sql)?.query_row([], |r| r.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn unlinked(c: &Connection, limit: usize) -> Result<Option<Unlinked>> {
    let sql = "SELECT q.uuid, q.type, q.normal, q.identifiers, q.discriminator, q.documents > 0, p.name
               FROM profile q JOIN project p ON p.id = q.project
               WHERE q.linked <> (q.documents > 0)
               AND q.project = (SELECT min(project) FROM profile WHERE linked <> (documents > 0)) LIMIT ?";
    let mut found = Unlinked { turn: turn(c)?, ..Unlinked::default() };
    let rows = row::collect(&mut *c.prepare_cached(sql)?, [limit as i64], |r| {
        found.project = r.get(6)?;
        Ok((r.get::<_, bool>(5)?, (ProfileId(row::uuid_at(r, 0)?), profile_key(r, 1)?)))
    })?;
    for (is_there, profile) in rows {
        if is_there { found.come.push(profile) } else { found.gone.push(profile) }
    }
    Ok((!found.project.is_empty()).then_some(found))
}

pub(super) fn blocks(c: &Connection, wanted: &[(ProfileBlock, usize)]) -> Result<Vec<(ProfileBlock, Vec<ProfileId>)>> {
    let sql = "SELECT q.uuid FROM profile_block b JOIN profile q ON q.id = b.profile WHERE b.block = ? LIMIT ?";
    let mut select = c.prepare_cached(sql)?;
    let mut out = Vec::with_capacity(wanted.len());
    for (block, limit) in wanted {
        let members =
            row::collect(&mut select, params![block.0, *limit as i64], |r| Ok(ProfileId(row::uuid_at(r, 0)?)))?;
        out.push((*block, members));
    }
    Ok(out)
}

pub(super) fn profile_keys(c: &Connection, project: i64, ids: &[ProfileId]) -> Result<Vec<(ProfileId, ProfileKey)>> {
    let sql = "SELECT type, normal, identifiers, discriminator FROM profile WHERE project = ? AND uuid = ?";
    let mut select = c.prepare_cached(sql)?;
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        out.extend(row::collect(&mut select, params![project, row::blob(&id.0)], |r| Ok((*id, profile_key(r, 0)?)))?);
    }
    Ok(out)
}

/// A link from its columns `score`, `reasons`, `veto`, `refused`.
pub(super) fn link(r: &Row<'_>, at: usize, a: ProfileId, b: ProfileId) -> Result<Link> {
    Ok(Link {
        a: a.min(b),
        b: a.max(b),
        score: r.get(at)?,
        reasons: words(row::text(r, at + 1)?),
        veto: r.get(at + 2)?,
        refused: r.get(at + 3)?,
    })
}

pub(super) fn links(c: &Connection, project: i64, ids: &[ProfileId]) -> Result<Vec<Link>> {
    let sql = "SELECT b.uuid, l.score, l.reasons, l.veto, l.refused FROM profile_link l JOIN profile b ON b.id = l.b
               WHERE l.a = (SELECT id FROM profile WHERE project = ? AND uuid = ?)";
    let mut select = c.prepare_cached(sql)?;
    let mut found: BTreeMap<(ProfileId, ProfileId), Link> = BTreeMap::new();
    for id in ids {
        let links = row::collect(&mut select, params![project, row::blob(&id.0)], |r| {
            link(r, 1, *id, ProfileId(row::uuid_at(r, 0)?))
        })?;
        found.extend(links.into_iter().map(|link| ((link.a, link.b), link)));
    }
    Ok(found.into_values().collect())
}

pub(super) fn relink(c: &Connection, relink: &Relink) -> Result<bool> {
    if turn(c)? != relink.turn {
        return Ok(false);
    }
    let project = project_row(c, &relink.project)?;
    let mut rows: BTreeMap<ProfileId, i64> = BTreeMap::new();
    let ends = relink.new.iter().flat_map(|l| [l.a, l.b]).chain(relink.parted.iter().flat_map(|(a, b)| [*a, *b]));
    for id in relink.come.iter().chain(&relink.gone).map(|(id, _)| *id).chain(ends) {
        if let Entry::Vacant(entry) = rows.entry(id) {
            match profile_row(c, project, id)? {
                Some(row) => entry.insert(row),
                // Taken out meanwhile.
                None => return Ok(false),
            };
        }
    }
    for (id, blocks) in &relink.gone {
        take_out(c, rows[id], blocks)?;
    }
    put_in(c, &relink.come, &rows)?;
    let sql = "DELETE FROM profile_link WHERE a = ? AND b = ?";
    let mut delete = c.prepare_cached(sql)?;
    for (a, b) in &relink.parted {
        let (a, b) = (rows[a], rows[b]);
        delete.execute([a, b])?;
        delete.execute([b, a])?;
        touch(c, a)?;
        touch(c, b)?;
    }
    let sql = "INSERT OR REPLACE INTO profile_link (a, b, score, reasons, veto) VALUES (?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for l in &relink.new {
        let (a, b) = (rows[&l.a], rows[&l.b]);
        let reasons = l.reasons.join(" ");
        insert.execute(params![a, b, l.score, reasons, l.veto])?;
        insert.execute(params![b, a, l.score, reasons, l.veto])?;
        touch(c, a)?;
        touch(c, b)?;
    }
    let sql = "INSERT INTO meta (key, value) VALUES ('links', 1) ON CONFLICT DO UPDATE SET value = value + 1";
    c.prepare_cached(sql)?.execute([])?;
    Ok(true)
}

/// Takes a profile out of its blocks and from all that it was linked with.
fn take_out(c: &Connection, profile: i64, blocks: &[ProfileBlock]) -> Result<()> {
    let mut delete = c.prepare_cached("DELETE FROM profile_block WHERE block = ? AND profile = ?")?;
    for block in blocks {
        delete.execute([block.0, profile])?;
    }
    let sql = "SELECT b FROM profile_link WHERE a = ?";
    for other in row::collect(&mut *c.prepare_cached(sql)?, [profile], |r| Ok(r.get::<_, i64>(0)?))? {
        c.prepare_cached("DELETE FROM profile_link WHERE a = ? AND b = ?")?.execute([other, profile])?;
        touch(c, other)?;
    }
    c.prepare_cached("DELETE FROM profile_link WHERE a = ?")?.execute([profile])?;
    // Those that a decision joined with it are parted from it, too.
    let sql = "SELECT DISTINCT y.profile FROM anchor x JOIN anchor y ON y.decision = x.decision
               WHERE x.profile = ?1 AND y.profile <> ?1";
    for other in row::collect(&mut *c.prepare_cached(sql)?, [profile], |r| Ok(r.get::<_, i64>(0)?))? {
        touch(c, other)?;
    }
    set_linked(c, profile, false)
}

fn put_in(c: &Connection, come: &[(ProfileId, Vec<ProfileBlock>)], rows: &BTreeMap<ProfileId, i64>) -> Result<()> {
    let mut places: Vec<(i64, i64)> =
        come.iter().flat_map(|(id, blocks)| blocks.iter().map(|block| (block.0, rows[id]))).collect();
    // In the order of the table, so that each of its pages is visited once.
    places.sort_unstable();
    let mut insert = c.prepare_cached("INSERT OR IGNORE INTO profile_block (block, profile) VALUES (?, ?)")?;
    for (block, profile) in places {
        insert.execute([block, profile])?;
    }
    come.iter().try_for_each(|(id, _)| set_linked(c, rows[id], true))
}

fn set_linked(c: &Connection, profile: i64, linked: bool) -> Result<()> {
    let sql = "UPDATE profile SET linked = ?, revision = revision + 1, dirty = 1 WHERE id = ?";
    c.prepare_cached(sql)?.execute(params![linked, profile])?;
    Ok(())
}
