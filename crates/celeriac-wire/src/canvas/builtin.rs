//! The tasks that each Celery worker has, and what they do.
//!
//! `celery.map` and `celery.starmap` run another task of the same worker for each item, which is the worker's part;
//! `celery.backend_cleanup` has nothing to do where results expire by themselves; `celery.chain` is no task and fails
//! with `NotImplementedError`; `celery.chord_unlock` is sent by backends that cannot count the parts of a chord, which
//! Redis can.

use super::apply::{Applied, apply};
use super::freeze::Plan;
use super::send::Sender;
use super::signature::{Kind, Signature};
use super::{Error, chord, chunks as chunks_of};
use crate::{Map, Value};

/// Gives back its arguments: [`accumulate`].
pub const ACCUMULATE: &str = "celery.accumulate";
/// Removes old results.
pub const BACKEND_CLEANUP: &str = "celery.backend_cleanup";
/// A name without a task.
pub const CHAIN: &str = "celery.chain";
/// Sends a chord: [`run_chord`].
pub const CHORD: &str = "celery.chord";
/// Polls the header of a chord.
pub const CHORD_UNLOCK: &str = "celery.chord_unlock";
/// Sends a group of starmaps: [`chunks`].
pub const CHUNKS: &str = "celery.chunks";
/// Sends a group: [`group`].
pub const GROUP: &str = "celery.group";
/// Runs a task for each item.
pub const MAP: &str = "celery.map";
/// Runs a task with the elements of each item.
pub const STARMAP: &str = "celery.starmap";

/// `celery.accumulate`: its arguments, or the one that `index` names, from the end if it is negative. `None` if there
/// is no such one, for which Python raises `IndexError`.
pub fn accumulate(args: Vec<Value>, kwargs: &Map) -> Option<Value> {
    match kwargs.get("index") {
        None | Some(Value::Null) => Some(args.into()),
        Some(index) => {
            let index = index.as_i64()?;
            let count = i64::try_from(args.len()).ok()?;
            let at = usize::try_from(if index < 0 { index.checked_add(count)? } else { index }).ok()?;
            args.into_iter().nth(at)
        }
    }
}

/// `celery.chunks`: sends `task` as a group of `celery.starmap`, each over at most `n` of the items.
///
/// # Errors
///
/// A `task` that is no signature, or items that are not lists.
pub fn chunks(task: &Value, items: &Value, n: &Value, sender: &Sender<'_>) -> Result<Applied, Error> {
    let task = Signature::from_value(task)?;
    let wrong = |option, expected| Error::Option { task: CHUNKS.to_owned(), option, expected };
    let lists: Option<Vec<Vec<Value>>> =
        items.as_array().and_then(|items| items.iter().map(|item| Some(item.as_array()?.to_vec())).collect());
    let size = n.as_i64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let size = size.ok_or_else(|| wrong("n", "a count above 0"))?;
    let group = chunks_of(&task, lists.ok_or_else(|| wrong("it", "a list of lists"))?, size);
    let options = Map::from_iter([("route_name".to_owned(), task.task.into())]);
    apply(&group, Vec::new(), Map::new(), options, sender)
}

/// `celery.group`, which very old clients send: the tasks with the given arguments before their own, in a group that
/// has its id already.
///
/// # Errors
///
/// Tasks that are no signatures.
pub fn group(tasks: &Value, group_id: &str, args: &[Value], sender: &Sender<'_>) -> Result<Applied, Error> {
    let mut plan = Plan::new(sender);
    let mut results = Vec::new();
    for task in tasks.as_array().unwrap_or_default() {
        let task = Signature::from_value(task)?.cloned_with(args, &Map::new(), &Map::new());
        let options = Map::from_iter([
            ("group_id".to_owned(), Value::from(group_id)),
            ("add_to_parent".to_owned(), Value::from(false)),
        ]);
        results.extend(plan.apply(&task, &[], &Map::new(), options)?);
    }
    let result = plan.results.group(group_id.to_owned(), results);
    if sender.parent.is_some() {
        plan.children.push(result);
    }
    Ok(Applied::of(plan, Some(result)))
}

/// `celery.chord`, which old clients send.
///
/// # Errors
///
/// A header or body that is no signature.
pub fn run_chord(header: &Value, body: &Value, args: Vec<Value>, sender: &Sender<'_>) -> Result<Applied, Error> {
    let tasks = match header {
        Value::Array(tasks) => tasks.iter().map(Signature::from_value).collect::<Result<Vec<_>, _>>()?,
        one => match Signature::from_value(one)? {
            Signature { kind: Kind::Group(tasks), .. } => tasks,
            task => vec![task],
        },
    };
    apply(&chord(tasks, Signature::from_value(body)?), args, Map::new(), Map::new(), sender)
}
