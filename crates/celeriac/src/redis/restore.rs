//! Giving messages back to their queues: our own, and those whose consumer has fallen silent.

use std::collections::BTreeMap;

use celeriac_wire::{Value, envelope, json};

use super::key::Keys;
use super::link::{self, Link};
use super::resp::{Pipe, Reply};
use super::script::{DROP, RESTORE, UNLOCK};
use super::shared::refuse;
use super::{bind, unix_now};
use crate::broker::step;

/// Silent messages that are looked at in one round.
const LOOKED_AT_ONCE: usize = 100;
/// How long the lock of a sweep holds when its holder dies: a round takes milliseconds. kombu's holds five minutes.
const LOCK_MS: u64 = 30_000;

/// An entry of `unacked`, `[envelope, exchange, routing_key]`.
pub(super) struct Entry {
    pub(super) raw: Vec<u8>,
    pub(super) exchange: String,
    pub(super) routing_key: String,
    priority: u8,
}

impl Entry {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let Value::Array(parts) = json::read(bytes).ok()? else { return None };
        let [message, Value::String(exchange), Value::String(routing_key)] = <[Value; 3]>::try_from(parts).ok()? else {
            return None;
        };
        let priority = message.get("properties")?.get("priority").and_then(Value::as_i64).unwrap_or(0);
        let priority = u8::try_from(priority.max(0)).unwrap_or(u8::MAX);
        Some(Self { raw: json::write(&message).into_bytes(), exchange, routing_key, priority })
    }
}

/// Which end of its queue a message comes back to, and by when its consumer must have been silent.
#[derive(Clone, Copy)]
pub(super) struct Back {
    /// `RPUSH` is next, `LPUSH` is last.
    pub(super) side: &'static str,
    pub(super) before: f64,
}

/// Gives messages back. Those without an entry are left alone; gives the tags of those that have no queue.
pub(super) async fn give_back(
    link: &mut Link,
    keys: &Keys,
    tags: &[(String, Back)],
) -> Result<Vec<String>, link::Error> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let (unacked, index) = (keys.of("unacked"), keys.of("unacked_index"));
    let mut pipe = Pipe::default();
    drop(pipe.cmd("HMGET").arg(&unacked).args(tags.iter().map(|(tag, _)| tag)));
    let answers = link.call(&pipe).await?;
    refuse(&answers)?;
    let Some(Reply::List(found)) = answers.into_iter().next() else { return Err(link::Error::Unexpected) };
    let mut entries = Vec::new();
    let mut homeless = Vec::new();
    let mut pipe = Pipe::default();
    for ((tag, back), found) in tags.iter().zip(found) {
        match found.bytes() {
            Some(bytes) => match Entry::read(&bytes) {
                Some(entry) => entries.push((tag, back, entry)),
                None => homeless.push(tag.clone()),
            },
            None => {
                let command = pipe.cmd("EVALSHA").arg(&DROP.sha).num(2).arg(&unacked).arg(&index);
                drop(command.arg(tag).num(back.before));
            }
        }
    }
    let bindings = bindings(link, keys, &entries).await?;
    for (tag, back, entry) in entries {
        let queues = match bindings.get(&entry.exchange) {
            None => vec![entry.routing_key.clone()],
            Some(members) => bind::queues(members, &entry.routing_key),
        };
        if queues.is_empty() {
            homeless.push(tag.clone());
            continue;
        }
        let lists: Vec<String> = queues.iter().map(|queue| keys.list(queue, step(entry.priority))).collect();
        let command = pipe.cmd("EVALSHA").arg(&RESTORE.sha).num(2 + lists.len()).arg(&unacked).arg(&index).args(lists);
        drop(command.arg(tag).arg(envelope::redelivered(&entry.raw)).arg(back.side).num(back.before));
    }
    refuse(&link.call(&pipe).await?)?;
    Ok(homeless)
}

/// What the named exchanges of entries are bound to.
async fn bindings(
    link: &mut Link,
    keys: &Keys,
    entries: &[(&String, &Back, Entry)],
) -> Result<BTreeMap<String, Reply>, link::Error> {
    let mut exchanges: Vec<&String> = entries.iter().map(|(.., e)| &e.exchange).filter(|e| !e.is_empty()).collect();
    exchanges.sort();
    exchanges.dedup();
    let mut pipe = Pipe::default();
    exchanges.iter().for_each(|exchange| bind::look_up(&mut pipe, keys, exchange));
    let answers = link.call(&pipe).await?;
    refuse(&answers)?;
    Ok(exchanges.into_iter().cloned().zip(answers).collect())
}

/// Gives back messages that nobody has renewed since `bound`, and forgets marks without a message. One consumer at a time
/// does it, ours or Python's. `passed` is how many of the oldest to pass over, because the last round had to leave
/// them; gives how many the next one has to.
pub(super) async fn sweep(link: &mut Link, keys: &Keys, bound: f64, passed: usize) -> Result<usize, link::Error> {
    let (mutex, token) = (keys.of("unacked_mutex"), uuid::Uuid::new_v4().simple().to_string());
    let mut pipe = Pipe::default();
    drop(pipe.cmd("SET").arg(&mutex).arg(&token).arg("NX").arg("PX").num(LOCK_MS));
    let answers = link.call(&pipe).await?;
    refuse(&answers)?;
    if answers.first() == Some(&Reply::Nil) {
        return Ok(passed);
    }
    let swept = sweep_locked(link, keys, bound, passed).await;
    let mut pipe = Pipe::default();
    drop(pipe.cmd("EVALSHA").arg(&UNLOCK.sha).num(1).arg(&mutex).arg(&token));
    let unlocked = link.call(&pipe).await;
    let next = swept?;
    refuse(&unlocked?)?;
    Ok(next)
}

async fn sweep_locked(link: &mut Link, keys: &Keys, bound: f64, passed: usize) -> Result<usize, link::Error> {
    let mut pipe = Pipe::default();
    let look = pipe.cmd("ZRANGE").arg(keys.of("unacked_index")).arg("-inf").num(bound.min(unix_now())).arg("BYSCORE");
    drop(look.arg("LIMIT").num(passed).num(LOOKED_AT_ONCE));
    let answers = link.call(&pipe).await?;
    refuse(&answers)?;
    let Some(Reply::List(tags)) = answers.into_iter().next() else { return Err(link::Error::Unexpected) };
    let back = Back { side: "RPUSH", before: bound };
    let tags: Vec<(String, Back)> = tags.iter().filter_map(Reply::text).map(|tag| (tag.to_owned(), back)).collect();
    let homeless = give_back(link, keys, &tags).await?;
    for tag in &homeless {
        tracing::warn!(tag, "cannot restore a message without a queue");
    }
    Ok(if tags.len() < LOOKED_AT_ONCE { 0 } else { passed + homeless.len() })
}
