//! A document's own state: that of its worst stage. It also says whether its referents count in the graph.

use docmill_model::State;
use rusqlite::{Connection, OptionalExtension, params};

use super::row;
use crate::Result;

/// States in which a document's facts are complete, so that they stand in the export and in the graph.
pub(super) const COMPLETE: &str = "('done', 'partial')";

/// Notes that a stage has begun. The document had one that was pending, so it was not complete.
pub(super) fn running(c: &Connection, document: i64) -> Result<()> {
    c.prepare_cached("UPDATE document SET state = 'running' WHERE id = ?")?.execute([document])?;
    Ok(())
}

/// Works out the state anew after stages changed. A document that becomes complete, or is so no longer, is found by the
/// fold through what is counted of it.
pub(super) fn refresh(c: &Connection, document: i64) -> Result<()> {
    let sql = "SELECT state FROM document WHERE id = ?";
    let before: Option<String> = c.prepare_cached(sql)?.query_row([document], |r| r.get(0)).optional()?;
    let Some(before) = before.as_deref().map(row::state).transpose()? else { return Ok(()) };
    let sql = "SELECT state FROM stage_run WHERE document = ?";
    let states = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        row::state(r.get_ref(0)?.as_str().unwrap_or_default())
    })?;
    let worst = states.into_iter().max().unwrap_or(State::Pending);
    if worst != before {
        c.prepare_cached("UPDATE document SET state = ? WHERE id = ?")?.execute(params![worst.as_str(), document])?;
    }
    Ok(())
}
