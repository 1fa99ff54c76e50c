//! Counting the parts of a chord, under the keys of Celery 5.5 to 5.7.
//!
//! The last part claims the right to begin the body, so that two workers never both do. Celery 5.5 and 5.6 know no claim:
//! they share the count with us, and whoever counts the last part begins.

use std::collections::HashMap;
use std::time::Duration;

use celeriac_wire::{Record, Value, json};

use super::link;
use super::resp::{Pipe, Reply};
use super::results::{RedisResults, document, failed, seconds};
use super::script::{CLAIM, DONE, PART};
use crate::backend::{ChordFailure, ChordState, Claim, Error, Part, ResultBackend as _, is_ready};
use crate::chord;
use crate::context::TaskId;

/// Seconds that a claim lives at the least: Celery's, which are twice the patience of the join otherwise.
const SHORTEST_CLAIM: u64 = 5;
/// Seconds for which a chord that is done keeps its mark: Celery's.
const DONE_FOR: u64 = 300;

pub(super) async fn part(results: &RedisResults, part: &Part) -> Result<ChordState, Error> {
    let failed = failed("count a part of a chord");
    let Part { group, group_index, task_id, state, result } = part;
    let key = |suffix: &str| results.group_key(group, suffix);
    let entry = Value::Array(vec![Value::Int(1), task_id.as_str().into(), Value::from(state.as_str()), result.clone()]);
    let claim = Claim { group: group.clone(), token: uuid::Uuid::new_v4().simple().to_string() };
    let expires = results.chord_expires();
    // A saved header is read by others too: it lives as long as the longer of the two, for ever if one does.
    let header_expires = match (expires, results.options.result_expires) {
        (Some(chord), Some(result)) => seconds(Some(chord.max(result))),
        _ => 0,
    };
    let mut pipe = Pipe::default();
    let command = pipe.cmd("EVALSHA").arg(&PART.sha).num(6);
    let command = command.args([key(".j"), key(".t"), key(".s"), key(".d"), key(""), key(".c")]);
    let command =
        command.arg(task_id.as_str()).arg(json::write(&entry)).num(u8::from(results.options.result_chord_ordered));
    let command = match group_index {
        Some(index) => command.num(index),
        None => command.arg("+inf"),
    };
    drop(command.num(seconds(expires)).num(header_expires).num(claim_life(results)).arg(&claim.token));
    let answer = results.shared.call(pipe).await.map_err(&failed)?.pop();
    let Some(Reply::List(counted)) = answer else { return Err(failed(link::Error::Unexpected)) };
    let [count, _, size, mine] = counted.as_slice() else { return Err(failed(link::Error::Unexpected)) };
    if count.int() == Some(-1) {
        return Ok(ChordState::Taken);
    }
    if mine.int() != Some(1) {
        if let Reply::Text(text) = size
            && size.int().is_none()
        {
            tracing::warn!(group, size = %String::from_utf8_lossy(text), "the size of a chord is no number");
        }
        return Ok(ChordState::Pending);
    }
    Ok(match collect(results, group).await? {
        Ok(results) => ChordState::Complete { results, claim },
        Err(failure) => ChordState::Failed { failure, claim },
    })
}

fn claim_life(results: &RedisResults) -> u64 {
    let join = results.options.result_chord_join_timeout;
    let join = if join.is_zero() { Duration::from_secs(5) } else { join };
    (2 * join.as_secs()).max(SHORTEST_CLAIM)
}

/// The results of all parts, or why the body cannot begin.
async fn collect(results: &RedisResults, group: &str) -> Result<Result<Vec<Value>, ChordFailure>, Error> {
    let failed = failed("read the parts of a chord");
    let header = match results.group(group).await {
        Ok(header) => header,
        Err(Error { source, .. }) if !source.is::<link::Error>() => {
            let message = format!("Join error: ValueError('the saved group cannot be read: {source}')");
            return Ok(Err(message.into()));
        }
        Err(error) => return Err(error),
    };
    if let Some(header) = header {
        return Ok(join(results, &header).await?.map_err(ChordFailure::from));
    }
    let parts = results.group_key(group, ".j");
    let mut pipe = Pipe::default();
    let command = if results.options.result_chord_ordered { "ZRANGE" } else { "LRANGE" };
    drop(pipe.cmd(command).arg(parts).num(0).num(-1));
    let answer = results.shared.call(pipe).await.map_err(&failed)?.pop();
    let Some(Reply::List(parts)) = answer else { return Err(failed(link::Error::Unexpected)) };
    Ok(parts.into_iter().map(unpack).collect())
}

/// The value of an entry `[1, task, state, value]`.
fn unpack(entry: Reply) -> Result<Value, ChordFailure> {
    let wrong = || ChordFailure::from("Join error: ValueError('a part of the header cannot be read')".to_owned());
    let entry = entry.bytes().and_then(|raw| document(raw).ok());
    let entry = entry.and_then(|raw| json::read(&raw).ok()).ok_or_else(wrong)?;
    let Value::Array(entry) = entry else { return Err(wrong()) };
    match <[Value; 4]>::try_from(entry) {
        Ok([_, Value::String(task), Value::String(state), value]) => chord::value(&task, &state, value),
        _ => Err(wrong()),
    }
}

/// Joins a saved header. Results are stored before their part is counted, but a part that a peer counted may be stored on a
/// server that lags: missing ones are waited for, as long as the join may take.
async fn join(results: &RedisResults, header: &Value) -> Result<Result<Vec<Value>, String>, Error> {
    let tasks = match chord::tasks(header) {
        Ok(tasks) => tasks,
        Err(message) => return Ok(Err(message)),
    };
    let ids: Vec<TaskId> = tasks.iter().map(|id| TaskId::from(id.as_str())).collect();
    let mut found: HashMap<String, Record> = HashMap::new();
    let mut keep = |record: Record| {
        if is_ready(&record.status) {
            found.insert(record.task_id.clone(), record);
        }
        found.len()
    };
    let mut count = 0;
    for record in results.get_many(&ids).await?.into_iter().flatten() {
        count = keep(record);
    }
    if count < ids.len() {
        let patience = results.options.result_chord_join_timeout;
        let mut watch = results.watch(&ids).await?;
        let waited = tokio::time::timeout(patience, async {
            while count < ids.len() {
                count = keep(watch.next().await?);
            }
            Ok(())
        });
        if let Ok(Err(error)) = waited.await {
            return Err(error);
        }
    }
    Ok(chord::join(header, &|id| found.get(id).cloned()))
}

pub(super) async fn renew(results: &RedisResults, claim: &Claim, time: Duration) -> Result<bool, link::Error> {
    let mut pipe = Pipe::default();
    let command = pipe.cmd("EVALSHA").arg(&CLAIM.sha).num(2).arg(results.group_key(&claim.group, ".c"));
    let command = command.arg(results.group_key(&claim.group, ".s")).arg(&claim.token);
    drop(command.num(time.as_secs().max(claim_life(results))));
    Ok(results.shared.call(pipe).await?.first().and_then(Reply::int) == Some(1))
}

pub(super) async fn done(results: &RedisResults, claim: &Claim) -> Result<(), link::Error> {
    let key = |suffix: &str| results.group_key(&claim.group, suffix);
    let mut pipe = Pipe::default();
    let command = pipe.cmd("EVALSHA").arg(&DONE.sha).num(5);
    let command = command.args([key(".c"), key(".j"), key(".t"), key(".s"), key(".d")]);
    drop(command.arg(&claim.token).num(DONE_FOR.max(2 * claim_life(results))));
    let answers = results.shared.call(pipe).await?;
    if answers.first().and_then(Reply::int) != Some(1) {
        tracing::warn!(group = claim.group, "the claim of a chord was lost before its end");
    }
    Ok(())
}
