//! Decisions: kept as they were taken, with what each anchor finds in the store now.

use docmill_model::{Action, Anchor, Decision, DecisionId};
use rusqlite::{Connection, params};

use super::row;
use crate::{DecideReport, DecisionRow, Result};

pub(super) fn decide(c: &Connection, decisions: &[Decision]) -> Result<DecideReport> {
    let mut report = DecideReport::default();
    for decision in decisions {
        let known = c.prepare_cached("SELECT 1 FROM decision WHERE uuid = ?")?.exists([row::blob(&decision.id.0)])?;
        if known {
            report.known += 1;
            continue;
        }
        report.new += 1;
        insert(c, decision)?;
    }
    Ok(report)
}

fn insert(c: &Connection, decision: &Decision) -> Result<()> {
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
    Ok(())
}

pub(super) fn decisions(c: &Connection, project: &str) -> Result<Vec<DecisionRow>> {
    let sql = "SELECT d.uuid, d.project, d.action, d.a, d.b, d.\"by\", d.at_ms, d.why,
                      EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.uuid),
                      EXISTS (SELECT 1 FROM anchor x WHERE x.decision = d.id AND x.profile IS NULL)
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
