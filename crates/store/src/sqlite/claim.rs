//! Stages on their way: enqueued, claimed, held, given back.

use std::collections::BTreeSet;

use docmill_model::{Code, Digest, DocumentId, Stage, State};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{document_row, now_ms, row, state};
use crate::{
    Claim, Claimed, Epoch, Error, Lease, Message, OutboxId, Result, Selection, StageKey, Versions, dependencies,
    input_digest, task_id,
};

/// What a stage would read now: the input digest, or `None` while an output that it reads is not there.
pub(super) fn input(c: &Connection, versions: &Versions, document: i64, stage: Stage) -> Result<Option<Digest>> {
    let mut reads = Vec::new();
    if stage == Stage::ProcessOcr {
        let mut statement = c.prepare_cached("SELECT sha256 FROM document WHERE id = ?")?;
        reads.push(statement.query_row([document], |r| Ok(row::digest_at(r, 0)))??);
    }
    for &read in dependencies(stage) {
        let sql = "SELECT output FROM stage_run WHERE document = ? AND stage = ? AND state IN ('done', 'partial')";
        let output: Option<Vec<u8>> =
            c.prepare_cached(sql)?.query_row(params![document, read as i64], |r| r.get(0)).optional()?.flatten();
        match output {
            Some(output) => reads.push(Digest::try_from(&*output).map_err(|e| Error::Corrupt(e.to_string()))?),
            None => return Ok(None),
        }
    }
    Ok(Some(input_digest(stage, version(versions, stage), &reads)))
}

pub(super) fn version(versions: &Versions, stage: Stage) -> &str {
    versions.get(&stage).map_or("", String::as_str)
}

/// Makes a stage pending and puts its message into the outbox. A message that is there already counts as not
/// published any more: it may have been answered while the stage could not run yet.
pub(super) fn enqueue(
    c: &Connection,
    versions: &Versions,
    document: i64,
    id: DocumentId,
    stage: Stage,
    alone: bool,
) -> Result<Option<Message>> {
    let Some(input) = input(c, versions, document, stage)? else { return Ok(None) };
    // No RETURNING here and in a claim: it makes SQLite open and close a table in memory each time, which costs more
    // than the statement that reads the value back.
    let sql = "INSERT INTO stage_run (document, stage, state, version, alone) VALUES (?1, ?2, 'pending', ?3, ?4)
               ON CONFLICT DO UPDATE SET state = 'pending', version = ?3, alone = ?4, token = NULL";
    c.prepare_cached(sql)?.execute(params![document, stage as i64, version(versions, stage), alone])?;
    let sql = "SELECT generation FROM stage_run WHERE document = ? AND stage = ?";
    let generation: u32 = c.prepare_cached(sql)?.query_row([document, stage as i64], |r| r.get(0))?;
    let key = StageKey { document: id, stage };
    let task = task_id(key, &input, generation);
    let sql = "INSERT INTO outbox (document, stage, task_id, alone) VALUES (?, ?, ?, ?)
               ON CONFLICT (document, stage) DO UPDATE
               SET task_id = excluded.task_id, alone = excluded.alone, epoch = NULL";
    c.prepare_cached(sql)?.execute(params![document, stage as i64, task.as_bytes().as_slice(), alone])?;
    let sql = "SELECT id FROM outbox WHERE document = ? AND stage = ?";
    let id = c.prepare_cached(sql)?.query_row([document, stage as i64], |r| r.get(0))?;
    Ok(Some(Message { id, key, task_id: task, alone }))
}

pub(super) fn claim(c: &Connection, versions: &Versions, key: StageKey, task: Uuid) -> Result<Claimed> {
    let Some(document) = document_row(c, key.document)? else { return Ok(Claimed::Unknown) };
    let sql =
        "SELECT state, input, attempt, deaths, alone, task_id, reply FROM stage_run WHERE document = ? AND stage = ?";
    let found = c
        .prepare_cached(sql)?
        .query_row(params![document, key.stage as i64], |r| {
            Ok((
                r.get::<_, String>(0)?,
                r.get::<_, Option<Vec<u8>>>(1)?,
                r.get::<_, u32>(2)?,
                r.get::<_, u32>(3)?,
                r.get::<_, bool>(4)?,
                r.get::<_, Option<Vec<u8>>>(5)?,
                r.get::<_, Option<String>>(6)?,
            ))
        })
        .optional()?;
    let Some((state, last_input, attempt, deaths, alone, holder, reply)) = found else { return Ok(Claimed::NotReady) };
    let Some(input) = input(c, versions, document, key.stage)? else { return Ok(Claimed::NotReady) };
    let same_input = last_input.as_deref() == Some(input.as_bytes().as_slice());
    match row::state(&state)? {
        State::Running => {
            let holder = holder.as_deref().map_or(Ok(Uuid::nil()), row::uuid)?;
            return Ok(Claimed::Held(holder));
        }
        // A message for what is finished: an old one, or a second delivery. Only the outbox asks for a new run.
        State::Done | State::Partial | State::Failed | State::Skipped => {
            return Ok(Claimed::Done(reply.as_deref().map_or(Ok(serde_json::Value::Null), row::json)?));
        }
        State::Paused | State::Waiting => return Ok(Claimed::NotReady),
        State::Pending => {}
    }
    c.prepare_cached("UPDATE meta SET value = value + 1 WHERE key = 'token'")?.execute([])?;
    let sql = "SELECT value FROM meta WHERE key = 'token'";
    let token: i64 = c.prepare_cached(sql)?.query_row([], |r| r.get(0))?;
    let started_ms = now_ms();
    let (attempt, deaths) = if same_input { (attempt + 1, deaths) } else { (1, 0) };
    let sql = "UPDATE stage_run SET state = 'running', input = ?, attempt = ?, deaths = ?, token = ?, task_id = ?,
               started_ms = ?, version = ? WHERE document = ? AND stage = ?";
    c.prepare_cached(sql)?.execute(params![
        input.as_bytes().as_slice(),
        attempt,
        deaths,
        token,
        task.as_bytes().as_slice(),
        started_ms,
        version(versions, key.stage),
        document,
        key.stage as i64
    ])?;
    c.prepare_cached("DELETE FROM outbox WHERE document = ? AND stage = ?")?.execute([document, key.stage as i64])?;
    state::running(c, document)?;
    let saved_pages = if key.stage == Stage::ProcessOcr { saved_pages(c, document, same_input)? } else { 0 };
    Ok(Claimed::Run(Claim { lease: Lease { key, token }, input, attempt, deaths, saved_pages, alone, started_ms }))
}

/// Pages of an earlier attempt with the same input are kept; others make room.
fn saved_pages(c: &Connection, document: i64, same_input: bool) -> Result<u32> {
    if !same_input {
        c.prepare_cached("DELETE FROM page WHERE document = ?")?.execute([document])?;
        c.prepare_cached("DELETE FROM text WHERE document = ? AND layer = 0")?.execute([document])?;
        return Ok(0);
    }
    let sql = "SELECT count(*) FROM page WHERE document = ?";
    Ok(c.prepare_cached(sql)?.query_row([document], |r| r.get(0))?)
}

/// Row number of the lease's document; `Fenced` when a newer token was drawn or the document was taken out.
pub(super) fn hold(c: &Connection, lease: Lease) -> Result<i64> {
    let fenced = Error::Fenced { document: lease.key.document, stage: lease.key.stage };
    let Some(document) = document_row(c, lease.key.document)? else { return Err(fenced) };
    let sql = "SELECT 1 FROM stage_run WHERE document = ? AND stage = ? AND token = ? AND state = 'running'";
    let held = c.prepare_cached(sql)?.exists(params![document, lease.key.stage as i64, lease.token])?;
    if held { Ok(document) } else { Err(fenced) }
}

pub(super) fn published(c: &Connection, ids: &[OutboxId], epoch: &Epoch) -> Result<()> {
    let mut statement = c.prepare_cached("UPDATE outbox SET epoch = ? WHERE id = ?")?;
    for id in ids {
        statement.execute(params![epoch.0, id])?;
    }
    Ok(())
}

pub(super) fn unpublished(c: &Connection, epoch: &Epoch, limit: usize) -> Result<Vec<Message>> {
    // Later stages first, so that documents are finished rather than begun; what runs alone comes last, except
    // that what was cut off with its process has a negative number (see `recover`) and comes before all others.
    let sql = "SELECT o.id, d.uuid, o.stage, o.task_id, o.alone FROM outbox o JOIN document d ON d.id = o.document
               WHERE o.epoch IS NOT ?1 ORDER BY o.id >= 0, o.alone, o.stage DESC, o.id LIMIT ?2";
    row::collect(&mut *c.prepare_cached(sql)?, params![epoch.0, limit as i64], |r| {
        Ok(Message {
            id: r.get(0)?,
            key: StageKey { document: DocumentId(row::uuid_at(r, 1)?), stage: row::stage(r.get(2)?)? },
            task_id: row::uuid_at(r, 3)?,
            alone: r.get(4)?,
        })
    })
}

pub(super) fn recover(c: &Connection) -> Result<u64> {
    // Numbered downwards, so the document that was begun last comes first; the second condition is the index's own.
    let sql = "SELECT document, stage, task_id FROM stage_run
               WHERE state = 'running' AND state IN ('pending', 'running', 'waiting', 'paused') ORDER BY document, stage";
    let cut_off = row::collect(&mut *c.prepare_cached(sql)?, [], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, row::uuid_at(r, 2)?))
    })?;
    for (document, stage, task) in &cut_off {
        let sql = "UPDATE stage_run SET state = 'pending', token = NULL, alone = 1 WHERE document = ? AND stage = ?";
        c.prepare_cached(sql)?.execute([document, stage])?;
        let sql = "INSERT INTO outbox (id, document, stage, task_id, alone)
                   VALUES ((SELECT min(0, coalesce(min(id), 0)) - 1 FROM outbox), ?, ?, ?, 1) ON CONFLICT DO NOTHING";
        c.prepare_cached(sql)?.execute(params![document, stage, task.as_bytes().as_slice()])?;
        state::refresh(c, *document)?;
    }
    Ok(cut_off.len() as u64)
}

/// Puts a stage back to pending as a new generation, so that it runs whatever its input.
pub(super) fn reset(c: &Connection, versions: &Versions, document: i64, stage: Stage) -> Result<()> {
    let id = DocumentId(
        c.prepare_cached("SELECT uuid FROM document WHERE id = ?")?
            .query_row([document], |r| Ok(row::uuid_at(r, 0)))??,
    );
    let sql = "UPDATE stage_run SET generation = generation + 1, input = NULL, deaths = 0, code = NULL, chain = NULL
               WHERE document = ? AND stage = ?";
    c.prepare_cached(sql)?.execute(params![document, stage as i64])?;
    c.prepare_cached("DELETE FROM outbox WHERE document = ? AND stage = ?")?.execute([document, stage as i64])?;
    enqueue(c, versions, document, id, stage, false)?;
    state::refresh(c, document)
}

pub(super) fn retry(c: &Connection, versions: &Versions, which: &Selection) -> Result<u64> {
    let states = if which.documents.is_empty() && which.code.is_none() {
        "('failed')"
    } else {
        "('failed', 'partial', 'skipped')"
    };
    let sql = format!(
        "SELECT r.document, r.stage, d.uuid FROM stage_run r JOIN document d ON d.id = r.document
         WHERE r.state IN {states} AND (?1 IS NULL OR r.stage = ?1)
         AND (?2 IS NULL OR r.code = ?2 OR EXISTS (SELECT 1 FROM warning w WHERE w.document = r.document AND w.stage = r.stage AND w.code = ?2))
         ORDER BY r.document, r.stage"
    );
    let parameters = params![which.stage.map(|s| s as i64), which.code.map(Code::as_str)];
    let found = row::collect(&mut *c.prepare_cached(&sql)?, parameters, |r| {
        Ok((r.get::<_, i64>(0)?, row::stage(r.get(1)?)?, DocumentId(row::uuid_at(r, 2)?)))
    })?;
    let named: BTreeSet<DocumentId> = which.documents.iter().copied().collect();
    let mut last = None;
    let mut count = 0;
    for (document, stage, id) in found {
        let wanted = named.is_empty() || named.contains(&id);
        // The earliest stage of a document is enough: what follows is asked for by its commit.
        if wanted && last != Some(document) {
            reset(c, versions, document, stage)?;
            last = Some(document);
            count += 1;
        }
    }
    Ok(count)
}

/// (document, stage) of the stages to run again: `from` where it is finished, else the earliest outdated one.
fn candidates(c: &Connection, versions: &Versions, from: Option<Stage>) -> Result<Vec<(i64, Stage)>> {
    let mut out: Vec<(i64, Stage)> = Vec::new();
    let sql = "SELECT document, stage, version FROM stage_run
               WHERE state IN ('done', 'partial', 'failed', 'skipped') AND document NOT IN
               (SELECT document FROM stage_run WHERE state IN ('pending', 'running', 'waiting', 'paused'))
               ORDER BY document, stage";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let (document, stage) = (r.get::<_, i64>(0)?, row::stage(r.get(1)?)?);
        let wanted = match from {
            Some(from) => stage == from,
            None => r.get_ref(2)?.as_str().unwrap_or_default() != version(versions, stage),
        };
        if wanted && out.last().is_none_or(|last| last.0 != document) {
            out.push((document, stage));
        }
    }
    Ok(out)
}

pub(super) fn reprocess(c: &Connection, versions: &Versions, from: Option<Stage>) -> Result<u64> {
    let candidates = candidates(c, versions, from)?;
    for &(document, stage) in &candidates {
        reset(c, versions, document, stage)?;
    }
    Ok(candidates.len() as u64)
}

pub(super) fn outdated(c: &Connection, versions: &Versions) -> Result<u64> {
    Ok(candidates(c, versions, None)?.len() as u64)
}
