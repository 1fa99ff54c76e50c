//! Tasks that tell of their own request.

use std::time::Duration;

use celeriac::{Context, Outcome, Registry, TaskOptions};
use celeriac_wire::{Map, Value, value};

use super::named;

pub fn register(registry: &mut Registry) {
    let (hard, soft) = (Some(Duration::from_secs(60)), Some(Duration::from_secs(45)));
    let declared = TaskOptions { hard_limit: hard, soft_limit: soft, ..TaskOptions::default() };
    registry
        .function(named!("ids"), &["i"], |cx, (i,): (Value,)| Ok(ids(cx, &i)))
        .function(named!("collect_ids"), &["res", "i"], |cx, (res, i): (Value, Value)| Ok((res, ids(cx, &i))))
        .function(named!("return_priority"), &["*_args"], |cx, _: (Value,)| {
            Ok(format!("Priority: {}", cx.request().message.properties.priority))
        })
        .function(named!("return_request_eta"), &[], |cx, (): ()| Ok(cx.request().headers().eta.clone()))
        .function(named!("return_properties"), &[], |cx, (): ()| Ok(properties(cx)))
        .function(named!("return_request_time_limits"), &[], |cx, (): ()| time_limits(cx, None, None))
        .function_with(named!("task_with_declared_time_limits"), &[], declared, move |cx, (): ()| {
            time_limits(cx, hard, soft)
        });
}

fn ids(cx: &Context, i: &Value) -> Value {
    let headers = cx.request().headers();
    value!([headers.root_id.clone(), headers.parent_id.clone(), i.clone()])
}

fn properties(cx: &Context) -> Map {
    let properties = &cx.request().message.properties;
    let mut map = properties.extra.clone();
    map.insert("correlation_id".to_owned(), properties.correlation_id.clone().into());
    map.insert("reply_to".to_owned(), properties.reply_to.clone().into());
    map.insert("priority".to_owned(), properties.priority.into());
    map
}

/// The limits of the message, and where it has none those of the task.
fn time_limits(cx: &Context, hard: Option<Duration>, soft: Option<Duration>) -> Outcome<Value> {
    let limits = cx.request().headers().timelimit;
    let seconds = |limit: Option<Duration>| limit.map(|limit| limit.as_secs_f64());
    Ok(value!({"time_limit": seconds(limits.hard.or(hard)), "soft_time_limit": seconds(limits.soft.or(soft))}))
}
