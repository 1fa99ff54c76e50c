//! Decisions: kept as they were taken, with what each anchor finds in the store now.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Action, Anchor, Decision, DecisionId, ProfileKey};
use rusqlite::{Connection, params};

use super::identity::profile_key;
use super::link::touch;
use super::{count, facts, row};
use crate::{DecideReport, DecisionRow, Result};

pub(super) fn decide(c: &Connection, decisions: &[Decision]) -> Result<DecideReport> {
    let mut report = DecideReport::default();
    let mut changed = BTreeSet::new();
    for decision in decisions {
        let known = c.prepare_cached("SELECT 1 FROM decision WHERE uuid = ?")?.exists([row::blob(&decision.id.0)])?;
        if known {
            report.known += 1;
            continue;
        }
        report.new += 1;
        changed.insert(insert(c, decision)?);
        if let Action::Undo { decision } = &decision.action {
            let sql = "SELECT id FROM decision WHERE uuid = ?";
            let undone =
                row::collect(&mut *c.prepare_cached(sql)?, [row::blob(&decision.0)], |r| Ok(r.get::<_, i64>(0)?))?;
            changed.extend(undone);
        }
    }
    take_effect(c, &changed)?;
    Ok(report)
}

/// Returns the number of the new row.
fn insert(c: &Connection, decision: &Decision) -> Result<i64> {
    let undoes = match &decision.action {
        Action::Undo { decision } => Some(row::blob(&decision.0)),
        _ => None,
    };
    let sql = "INSERT INTO decision (uuid, project, action, a, b, \"by\", at_ms, why, undoes)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    c.prepare_cached(sql)?.execute(params![
        row::blob(&decision.id.0),
        decision.project,
        row::to_json(&decision.action),
        row::to_json(&decision.a),
        row::to_json(&decision.b),
        decision.by,
        decision.at_ms,
        decision.why,
        undoes
    ])?;
    let id = c.last_insert_rowid();
    let sql = "INSERT INTO anchor (decision, side, seq, document, type, normal, quote) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (side, anchors) in [(0, &decision.a), (1, &decision.b)] {
        for (seq, anchor) in anchors.iter().enumerate() {
            insert.execute(params![
                id,
                side,
                seq as i64,
                row::blob(&anchor.document.0),
                anchor.kind.as_str(),
                anchor.normal,
                anchor.quote
            ])?;
        }
    }
    Ok(id)
}

pub(super) fn projects(c: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT name FROM project UNION SELECT project FROM decision ORDER BY 1";
    row::collect(&mut *c.prepare_cached(sql)?, [], |r| Ok(r.get(0)?))
}

pub(super) fn decisions(c: &Connection, project: &str) -> Result<Vec<DecisionRow>> {
    let sql = "SELECT d.uuid, d.project, d.action, d.a, d.b, d.\"by\", d.at_ms, d.why,
                      EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.uuid AND u.project = d.project),
                      EXISTS (SELECT 1 FROM anchor x WHERE x.decision = d.id GROUP BY x.side HAVING count(x.profile) = 0)
               FROM decision d WHERE d.project = ? ORDER BY d.at_ms, d.uuid";
    row::collect(&mut *c.prepare_cached(sql)?, [project], |r| {
        let side = |at| -> Result<Vec<Anchor>> { row::json(row::text(r, at)?) };
        Ok(DecisionRow {
            decision: Decision {
                id: DecisionId(row::uuid_at(r, 0)?),
                project: r.get(1)?,
                action: row::json(row::text(r, 2)?)?,
                a: side(3)?,
                b: side(4)?,
                by: r.get(5)?,
                at_ms: r.get(6)?,
                why: r.get(7)?,
            },
            undone: r.get(8)?,
            asleep: r.get(9)?,
        })
    })
}

/// Finds anew what the anchors of a document name, after its referents changed, and lets the decisions about it take
/// effect on all documents that they are about.
pub(super) fn wake(c: &Connection, document: i64) -> Result<()> {
    let sql = "SELECT DISTINCT x.decision FROM document d JOIN anchor x ON x.document = d.uuid WHERE d.id = ?";
    let decisions = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| Ok(r.get::<_, i64>(0)?))?;
    take_effect(c, &decisions.into_iter().collect())
}

/// Three steps over all documents that some decisions are about: anchors find their referents; referents that a decision
/// parts from their profile get one of their own; anchors find the profiles. What they name is marked for the fold.
fn take_effect(c: &Connection, decisions: &BTreeSet<i64>) -> Result<()> {
    let mut documents: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut select = c.prepare_cached("SELECT DISTINCT document FROM anchor WHERE decision = ?")?;
    for decision in decisions {
        documents.extend(row::collect(&mut select, [decision], |r| Ok(r.get::<_, Vec<u8>>(0)?))?);
    }
    for document in &documents {
        find_referents(c, document)?;
    }
    for document in &documents {
        hold_apart(c, document)?;
    }
    for document in &documents {
        find_profiles(c, document)?;
    }
    let mut anchored = c.prepare_cached("SELECT profile FROM anchor WHERE decision = ? AND profile IS NOT NULL")?;
    for decision in decisions {
        for profile in row::collect(&mut anchored, [decision], |r| Ok(r.get::<_, i64>(0)?))? {
            touch(c, profile)?;
        }
    }
    Ok(())
}

/// The first referent of a document with some type and name: by normal form and shown form, by either alone.
#[derive(Default)]
struct Said {
    exact: BTreeMap<(String, String, String), i64>,
    normal: BTreeMap<(String, String), i64>,
    quote: BTreeMap<(String, String), i64>,
}

impl Said {
    fn read(c: &Connection, document: &[u8]) -> Result<Self> {
        let mut said = Self::default();
        let sql = "SELECT r.seq, p.type, p.normal, r.forms FROM document d JOIN referent r ON r.document = d.id
                   JOIN profile p ON p.id = r.profile WHERE d.uuid = ? ORDER BY r.seq";
        let mut select = c.prepare_cached(sql)?;
        let mut rows = select.query([document])?;
        while let Some(r) = rows.next()? {
            let (seq, kind, normal): (i64, String, String) = (r.get(0)?, r.get(1)?, r.get(2)?);
            let forms: Vec<(String, u32)> = row::json(row::text(r, 3)?)?;
            for (form, _) in forms {
                said.exact.entry((kind.clone(), normal.clone(), form.clone())).or_insert(seq);
                said.quote.entry((kind.clone(), form)).or_insert(seq);
            }
            said.normal.entry((kind, normal)).or_insert(seq);
        }
        Ok(said)
    }

    /// By normal form and quote, else by normal form, else by quote.
    fn find(&self, kind: String, normal: String, quote: String) -> Option<i64> {
        let exact = self.exact.get(&(kind.clone(), normal.clone(), quote.clone()));
        let normal = || self.normal.get(&(kind.clone(), normal.clone()));
        exact.or_else(normal).or_else(|| self.quote.get(&(kind.clone(), quote.clone()))).copied()
    }
}

fn find_referents(c: &Connection, document: &[u8]) -> Result<()> {
    let said = Said::read(c, document)?;
    // An anchor of another project's decision finds nothing: identity does not cross projects.
    let sql = "SELECT x.decision, x.side, x.seq, x.type, x.normal, x.quote,
                      EXISTS (SELECT 1 FROM document d JOIN project p ON p.id = d.project
                              WHERE d.uuid = x.document AND p.name = k.project)
               FROM anchor x JOIN decision k ON k.id = x.decision WHERE x.document = ?";
    let anchors = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let referent = if r.get(6)? { said.find(r.get(3)?, r.get(4)?, r.get(5)?) } else { None };
        Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, i64>(2)?, referent))
    })?;
    let sql = "UPDATE anchor SET referent = ?4 WHERE decision = ?1 AND side = ?2 AND seq = ?3 AND referent IS NOT ?4";
    let mut update = c.prepare_cached(sql)?;
    for (decision, side, seq, referent) in anchors {
        update.execute(params![decision, side, seq, referent])?;
    }
    Ok(())
}

/// Gives the referents of a document that a decision keeps apart from others of the very same profile a profile of
/// their own, with the id of the first such decision behind its discriminator; and takes it from those that no decision
/// keeps apart any more.
fn hold_apart(c: &Connection, document: &[u8]) -> Result<()> {
    let sql = "SELECT DISTINCT y.referent, hex(k.uuid)
               FROM anchor y JOIN decision k ON k.id = y.decision AND k.action = '\"different\"'
               JOIN document dy ON dy.uuid = y.document
               JOIN referent ry ON ry.document = dy.id AND ry.seq = y.referent JOIN profile py ON py.id = ry.profile
               JOIN anchor x ON x.decision = y.decision AND x.side = 0
               JOIN document dx ON dx.uuid = x.document
               JOIN referent rx ON rx.document = dx.id AND rx.seq = x.referent JOIN profile px ON px.id = rx.profile
               WHERE y.document = ? AND y.side = 1 AND (dx.id, rx.seq) <> (dy.id, ry.seq)
               AND (px.project, px.type, px.normal, px.identifiers, rx.discriminator)
                   = (py.project, py.type, py.normal, py.identifiers, ry.discriminator)
               AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = k.uuid AND u.project = k.project)
               ORDER BY k.at_ms DESC, k.uuid DESC";
    let apart = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?.to_ascii_lowercase()))
    })?;
    // Of several decisions the first one comes last and stays.
    let apart: BTreeMap<i64, String> = apart.into_iter().collect();
    let sql = "SELECT r.seq, p.id, p.project, d.id, p.type, p.normal, p.identifiers, p.discriminator, r.discriminator
               FROM document d JOIN referent r ON r.document = d.id JOIN profile p ON p.id = r.profile WHERE d.uuid = ?";
    let referents = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let seq: i64 = r.get(0)?;
        let mut discriminator: String = r.get(8)?;
        discriminator.extend(apart.get(&seq).map(String::as_str));
        Ok((seq, [r.get::<_, i64>(1)?, r.get(2)?, r.get(3)?], profile_key(r, 4)?, discriminator))
    })?;
    for (seq, [profile, project, document], key, discriminator) in referents {
        if key.discriminator == discriminator {
            continue;
        }
        count::count_out(c, document)?;
        let other = facts::profile_of(c, project, &ProfileKey { discriminator, ..key })?;
        let sql = "UPDATE referent SET profile = ? WHERE document = ? AND seq = ?";
        c.prepare_cached(sql)?.execute([other, document, seq])?;
        // It may be left without a referent.
        touch(c, profile)?;
    }
    Ok(())
}

fn find_profiles(c: &Connection, document: &[u8]) -> Result<()> {
    let sql = "SELECT x.decision, x.side, x.seq, x.profile, r.profile
               FROM anchor x LEFT JOIN document d ON d.uuid = x.document
               LEFT JOIN referent r ON r.document = d.id AND r.seq = x.referent
               WHERE x.document = ? AND x.profile IS NOT r.profile";
    let moved = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        let key: (i64, i64, i64) = (r.get(0)?, r.get(1)?, r.get(2)?);
        Ok((key, [r.get::<_, Option<i64>>(3)?, r.get(4)?]))
    })?;
    let sql = "UPDATE anchor SET profile = ? WHERE decision = ? AND side = ? AND seq = ?";
    let mut update = c.prepare_cached(sql)?;
    for ((decision, side, seq), [before, now]) in moved {
        update.execute(params![now, decision, side, seq])?;
        for profile in [before, now].into_iter().flatten() {
            touch(c, profile)?;
        }
    }
    Ok(())
}
