//! What the referents of complete documents add up to in their profiles. A document is counted as a whole, once, by
//! the fold; it is counted out at the latest before its referents change.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::row;
use super::state::COMPLETE;
use crate::Result;

/// What changes in one profile.
#[derive(Default)]
struct Change {
    documents: i64,
    mentions: i64,
    forms: BTreeMap<String, i64>,
    /// The least referent that came.
    came: Option<Vec<u8>>,
    went: BTreeSet<Vec<u8>>,
}

/// Changes by the number of the profile.
type Changes = BTreeMap<i64, Change>;

/// Documents that one transaction counts at most: many have hardly any referents.
const MOST_DOCUMENTS: i64 = 1000;

/// Whether a document became complete, or is so no longer, since documents were counted last.
pub(super) fn is_something_uncounted(c: &Connection) -> Result<bool> {
    let sql = format!("SELECT 1 FROM document WHERE counted <> (state IN {COMPLETE})");
    Ok(c.prepare_cached(&sql)?.exists([])?)
}

/// Counts documents in that became complete and those out that are so no longer, until about `limit` referents are
/// seen. Returns how many documents there were.
pub(super) fn count_documents(c: &Connection, limit: usize) -> Result<u64> {
    let sql = format!("SELECT id, counted FROM document WHERE counted <> (state IN {COMPLETE}) LIMIT ?");
    let documents =
        row::collect(&mut *c.prepare_cached(&sql)?, [MOST_DOCUMENTS], |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))?;
    let mut changes = Changes::new();
    let (mut seen, mut count) = (0, 0);
    for (document, is_counted) in documents {
        seen += add(c, document, if is_counted { -1 } else { 1 }, &mut changes)?;
        set_counted(c, document, !is_counted)?;
        count += 1;
        if seen >= limit {
            break;
        }
    }
    apply(c, changes)?;
    Ok(count)
}

/// Counts a document out before its referents change. Their profiles are marked, as they may be left without a referent;
/// where the document is not counted only those that no other one has counted may be.
pub(super) fn count_out(c: &Connection, document: i64) -> Result<()> {
    let is_counted = "SELECT 1 FROM document WHERE id = ? AND counted = 1";
    if c.prepare_cached(is_counted)?.exists([document])? {
        let mut changes = Changes::new();
        add(c, document, -1, &mut changes)?;
        set_counted(c, document, false)?;
        return apply(c, changes);
    }
    let sql = "UPDATE profile SET revision = revision + 1, dirty = 1
               WHERE documents = 0 AND id IN (SELECT profile FROM referent WHERE document = ?)";
    c.prepare_cached(sql)?.execute([document])?;
    Ok(())
}

fn set_counted(c: &Connection, document: i64, counted: bool) -> Result<()> {
    c.prepare_cached("UPDATE document SET counted = ? WHERE id = ?")?.execute(params![counted, document])?;
    Ok(())
}

/// Adds what a document's referents change. Returns how many it has.
fn add(c: &Connection, document: i64, sign: i64, changes: &mut Changes) -> Result<usize> {
    let mut own = BTreeSet::new();
    let mut count = 0;
    let mut select = c.prepare_cached("SELECT profile, uuid, count, forms FROM referent WHERE document = ?")?;
    let mut rows = select.query([document])?;
    while let Some(r) = rows.next()? {
        let profile = r.get(0)?;
        let change: &mut Change = changes.entry(profile).or_default();
        if own.insert(profile) {
            change.documents += sign;
        }
        change.mentions += sign * r.get::<_, i64>(2)?;
        let forms: Vec<(String, u32)> = row::json(row::text(r, 3)?)?;
        for (form, count) in forms {
            *change.forms.entry(form).or_default() += sign * i64::from(count);
        }
        let uuid: Vec<u8> = r.get(1)?;
        if sign > 0 {
            change.came = change.came.take().into_iter().chain([uuid]).min();
        } else {
            change.went.insert(uuid);
        }
        count += 1;
    }
    Ok(count)
}

fn apply(c: &Connection, changes: Changes) -> Result<()> {
    let sql = "UPDATE profile SET documents = documents + ?2, mentions = mentions + ?3,
               least = min(coalesce(least, ?4), coalesce(?4, least)), revision = revision + 1, dirty = 1 WHERE id = ?1";
    let mut update = c.prepare_cached(sql)?;
    let mut least = c.prepare_cached("SELECT least FROM profile WHERE id = ?")?;
    let sql = "UPDATE profile SET least = (SELECT min(r.uuid) FROM referent r JOIN document d ON d.id = r.document
               WHERE r.profile = ?1 AND d.counted = 1) WHERE id = ?1";
    let mut search = c.prepare_cached(sql)?;
    let sql = "INSERT INTO profile_form (profile, form, count) VALUES (?, ?, ?)
               ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let mut form_up = c.prepare_cached(sql)?;
    let mut form_down =
        c.prepare_cached("UPDATE profile_form SET count = count + ?3 WHERE profile = ?1 AND form = ?2")?;
    let mut form_out = c.prepare_cached("DELETE FROM profile_form WHERE profile = ? AND form = ? AND count <= 0")?;
    for (profile, change) in changes {
        update.execute(params![profile, change.documents, change.mentions, change.came])?;
        // Only where the least one went do all others have to be looked at.
        if !change.went.is_empty() {
            let now: Option<Vec<u8>> = least.query_row([profile], |r| r.get(0))?;
            if now.is_some_and(|now| change.went.contains(&now)) {
                search.execute([profile])?;
            }
        }
        for (form, count) in change.forms {
            if count > 0 {
                form_up.execute(params![profile, form, count])?;
            } else if count < 0 {
                form_down.execute(params![profile, form, count])?;
                form_out.execute(params![profile, form])?;
            }
        }
    }
    Ok(())
}
