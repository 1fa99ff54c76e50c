//! The tasks that each Celery worker has: what canvas falls back on, and what very old clients send.

use std::collections::BTreeMap;
use std::sync::Arc;

use celeriac_wire::canvas::{self, Signature, builtin};
use celeriac_wire::{Body, Map, Value};

use super::{Handler, Registry};
use crate::context::Context;
use crate::task::{Failure, Outcome};

/// The tasks that run another one of this process.
pub(super) const RUNNING_OTHERS: [&str; 2] = [builtin::MAP, builtin::STARMAP];

pub(super) fn add_to(registry: &mut Registry) {
    registry
        .function(builtin::ACCUMULATE, &["*args", "**kwargs"], |_, (args, kwargs): (Vec<Value>, Map)| {
            let missing = || Failure::builtin("IndexError", "list index out of range");
            Ok(builtin::accumulate(args, &kwargs).ok_or_else(missing)?)
        })
        .function(builtin::BACKEND_CLEANUP, &[], |_, (): ()| Ok(()))
        .function(builtin::CHUNKS, &["task", "it", "n"], |cx, (task, items, size): (Value, Vec<Vec<Value>>, usize)| {
            Ok(cx.apply(canvas::chunks(&signature(&task)?, items, size))?)
        })
        .function(
            builtin::GROUP,
            &["tasks", "result=", "group_id", "partial_args=", "add_to_parent="],
            |cx, (tasks, _, group, partial, _): (Vec<Value>, Value, String, Option<Vec<Value>>, Value)| {
                for task in &tasks {
                    let task = before(signature(task)?, partial.as_deref().unwrap_or_default());
                    cx.apply(task.set("group_id", group.as_str()))?;
                }
                Ok(group)
            },
        )
        .function(
            builtin::CHORD,
            &["header", "body", "partial_args=", "**others"],
            |cx, (header, body, partial, _): (Value, Value, Option<Vec<Value>>, Map)| {
                let partial = partial.unwrap_or_default();
                let header = match header {
                    Value::Array(tasks) => tasks,
                    group => group
                        .get("kwargs")
                        .and_then(|kwargs| kwargs.get("tasks")?.as_array())
                        .map_or_else(|| vec![group.clone()], <[Value]>::to_vec),
                };
                let tasks: Result<Vec<_>, Failure> =
                    header.iter().map(|task| Ok(before(signature(task)?, &partial))).collect();
                Ok(cx.apply(canvas::chord(tasks?, signature(&body)?))?)
            },
        );
    for name in RUNNING_OTHERS {
        // What runs in their place is made when they are asked for: they need all the tasks there are.
        registry.function(name, &["task", "it"], |_, _: (Value, Value)| -> Outcome<()> {
            Err(Failure::builtin("NotImplementedError", "no task runs here").into())
        });
    }
    for (name, text) in [
        (builtin::CHAIN, "chain is not a real task"),
        (builtin::CHORD_UNLOCK, "the backend counts the parts of a chord itself"),
    ] {
        registry.function(name, &["*args", "**kwargs"], move |_, _: (Vec<Value>, Map)| -> Outcome<()> {
            Err(Failure::builtin("NotImplementedError", text).into())
        });
    }
}

/// `celery.map` and `celery.starmap`: runs another task for each item, one after the other.
pub(super) fn running(name: &str, tasks: BTreeMap<String, Handler>) -> Handler {
    let spread = name == builtin::STARMAP;
    Handler::Sync(Arc::new(move |cx| {
        let body = cx.request().body().unwrap_or_default();
        let given = |name: &str, place: usize| body.kwargs.get(name).or_else(|| body.args.get(place));
        let task = signature(given("task", 0).unwrap_or(&Value::Null))?;
        let unknown = || Failure::in_module("celery.exceptions", "NotRegistered", &*task.task);
        let Handler::Sync(run) = tasks.get(&task.task).ok_or_else(unknown)? else {
            let text = format!("{} waits for others and cannot be mapped", task.task);
            return Err(Failure::builtin("NotImplementedError", text).into());
        };
        let items = given("it", 1).and_then(Value::as_array).unwrap_or_default();
        let replies = items.iter().map(|item| {
            cx.check()?;
            let args = match item {
                Value::Array(items) if spread => items.clone(),
                item => vec![item.clone()],
            };
            run(&with_arguments(cx, args))
        });
        replies.collect::<Outcome<Vec<Value>>>().map(Value::Array)
    }))
}

/// The same request with other arguments.
fn with_arguments(cx: &Context, args: Vec<Value>) -> Context {
    let mut request = cx.request().clone();
    request.message.body = Body { args, ..Body::default() }.encode();
    request.message.content_type = celeriac_wire::message::JSON.to_owned();
    request.message.headers.extra.shift_remove("compression");
    cx.with_request(Arc::new(request))
}

fn signature(value: &Value) -> Result<Signature, Failure> {
    Signature::from_value(value).map_err(|error| Failure::builtin("TypeError", error.to_string()))
}

fn before(mut signature: Signature, partial: &[Value]) -> Signature {
    if !signature.immutable {
        signature.args.splice(0..0, partial.iter().cloned());
    }
    signature
}
