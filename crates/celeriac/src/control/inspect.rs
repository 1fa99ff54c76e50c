//! Commands that only look.

use std::time::SystemTime;

use celeriac_wire::{Body, Map, Value, event, repr, value};

use super::argument::truth;
use super::exception::{Raised, shown, type_name};
use super::panel::Call;
use super::{Held, Known, Phase, conf, memory, queue, report, stats};

pub(super) type Reply = Result<Value, Raised>;

pub(super) fn ping(_: &mut Call<'_>) -> Reply {
    Ok(value!({"ok": "pong"}))
}

pub(super) fn clock(call: &mut Call<'_>) -> Reply {
    Ok(value!({"clock": call.clock().value()}))
}

pub(super) fn stats(call: &mut Call<'_>) -> Reply {
    Ok(stats::stats(call))
}

pub(super) fn report(call: &mut Call<'_>) -> Reply {
    Ok(value!({"ok": report::text(call.settings())}))
}

pub(super) fn conf(call: &mut Call<'_>) -> Reply {
    Ok(Value::Object(conf::table(call.settings(), call.arguments.is_true("with_defaults"))))
}

pub(super) fn memsample(call: &mut Call<'_>) -> Reply {
    Ok(call.sample().map_or(Value::Null, Value::from))
}

pub(super) fn memdump(call: &mut Call<'_>) -> Reply {
    let most = match call.arguments.get("samples") {
        None => 10,
        Some(Value::Int(n)) => usize::try_from(*n).unwrap_or(0),
        Some(other) => {
            let kind = type_name(other);
            return Err(Raised::type_error(format!("'<=' not supported between instances of 'int' and '{kind}'")));
        }
    };
    Ok(Value::from(memory::dump(&call.take_samples(), most)))
}

/// What is held in a phase, each as `active` and its kin show it.
fn in_phase(call: &Call<'_>, phase: Phase, safe: bool) -> Value {
    let held = call.view.held().into_iter().filter(|held| held.phase == phase);
    Value::Array(held.map(|held| info(&held, safe)).collect())
}

pub(super) fn active(call: &mut Call<'_>) -> Reply {
    let safe = call.arguments.is_true("safe");
    Ok(in_phase(call, Phase::Active, safe))
}

pub(super) fn reserved(call: &mut Call<'_>) -> Reply {
    Ok(in_phase(call, Phase::Reserved, false))
}

pub(super) fn scheduled(call: &mut Call<'_>) -> Reply {
    let mut held: Vec<_> = call.view.held().into_iter().filter(|held| held.phase == Phase::Scheduled).collect();
    held.sort_by_key(|held| held.eta);
    let entry = |held: &Held| {
        // The priority of Celery's timer for tasks; that of the message is inside.
        value!({"eta": held.eta.map(isoformat), "priority": 6, "request": info(held, false)})
    };
    Ok(Value::Array(held.iter().map(entry).collect()))
}

pub(super) fn revoked(call: &mut Call<'_>) -> Reply {
    Ok(Value::Array(call.view.revoked().into_iter().map(Value::from).collect()))
}

pub(super) fn active_queues(call: &mut Call<'_>) -> Reply {
    Ok(Value::Array(call.view.queues().iter().map(queue::shown).collect()))
}

pub(super) fn query_task(call: &mut Call<'_>) -> Reply {
    if call.arguments.get("ids").is_none() {
        return Err(Raised::type_error("'NoneType' object is not iterable"));
    }
    let mut found = Map::new();
    for id in call.arguments.list("ids") {
        let id = match id {
            Value::String(id) => id,
            Value::Array(_) | Value::Object(_) => return Err(unhashable(&id)),
            // No id, so nobody's.
            _ => continue,
        };
        if let Some(held) = call.view.find(&id) {
            let phase = match held.phase {
                Phase::Active => "active",
                Phase::Reserved => "reserved",
                Phase::Scheduled => "scheduled",
            };
            found.insert(id, value!([phase, info(&held, false)]));
        }
    }
    Ok(Value::Object(found))
}

pub(super) fn unhashable(value: &Value) -> Raised {
    Raised::type_error(format!("unhashable type: '{}'", type_name(value)))
}

pub(super) fn registered(call: &mut Call<'_>) -> Reply {
    let items = match call.arguments.get("taskinfoitems").filter(|items| truth(items)) {
        None => ["exchange", "routing_key", "rate_limit"].map(str::to_owned).to_vec(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => text.chars().map(String::from).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(other) => return Err(Raised::type_error(format!("'{}' object is not iterable", type_name(other)))),
    };
    let builtins = call.arguments.is_true("builtins");
    let mut tasks: Vec<_> = call.view.tasks();
    tasks.retain(|task| builtins || !task.name.starts_with("celery."));
    tasks.sort_by(|a, b| a.name.cmp(&b.name));
    let line = |task: &Known| {
        let attributes = items.iter().filter(|item| !item.starts_with('_'));
        let facts: Vec<_> = attributes.filter_map(|item| Some(format!("{item}={}", attribute(task, item)?))).collect();
        Value::from(if facts.is_empty() { task.name.clone() } else { format!("{} [{}]", task.name, facts.join(" ")) })
    };
    Ok(Value::Array(tasks.iter().map(line).collect()))
}

/// An attribute of a task as Python's `str` shows it; `None` for one that it has not.
fn attribute(task: &Known, name: &str) -> Option<String> {
    let seconds = |limit: Option<std::time::Duration>| limit.map(|limit| shown(&conf::seconds(limit)));
    let flag = |flag: Option<bool>| Some(if flag.unwrap_or(false) { "True" } else { "False" }.to_owned());
    match name {
        "name" => Some(task.name.clone()),
        "rate_limit" => task.rate_limit.clone(),
        "time_limit" => seconds(task.limits.hard),
        "soft_time_limit" => seconds(task.limits.soft),
        "max_retries" => task.options.max_retries.map(|n| n.to_string()),
        "default_retry_delay" => Some(task.options.retry_delay.as_secs().to_string()),
        "acks_late" => flag(task.options.acks_late),
        "ignore_result" => flag(task.options.ignore_result),
        "track_started" => flag(task.options.track_started),
        _ => None,
    }
}

/// What other workers ask when they start. Nobody answers himself.
pub(super) fn hello(call: &mut Call<'_>) -> Reply {
    if call.arguments.get("from_node").and_then(Value::as_str) == Some(call.hostname()) {
        return Ok(Value::Null);
    }
    tracing::info!(node = ?call.arguments.get("from_node"), "sync with another worker");
    let theirs: Vec<_> = match call.arguments.get("revoked") {
        // Before 5.7 the ids came with the times at which they were revoked, by clocks of their own.
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => call.arguments.list("revoked").into_iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
    };
    if !theirs.is_empty() {
        call.view.revoke(&theirs);
    }
    let revoked = Value::Array(call.view.revoked().into_iter().map(Value::from).collect());
    Ok(value!({"revoked": revoked, "clock": call.clock().forward()}))
}

/// A message that is held, as inspection shows it. A `safe` one comes with the reprs of its arguments that it brought
/// along, others with the arguments themselves.
fn info(held: &Held, safe: bool) -> Value {
    let headers = held.request.headers();
    let properties = &held.request.message.properties;
    let (args, kwargs) = if safe {
        (headers.argsrepr.as_deref().into(), headers.kwargsrepr.as_deref().into())
    } else {
        match Body::decode(&held.request.message.body) {
            Ok(body) => (Value::Array(body.args), Value::Object(body.kwargs)),
            // It will fail when it runs; until then it is shown without them.
            Err(_) => (Value::Null, Value::Null),
        }
    };
    let name = headers.shadow.as_deref().filter(|shadow| !shadow.is_empty()).unwrap_or(&headers.task);
    let delivery_info = value!({
        "exchange": properties.delivery_info.exchange.clone(),
        "routing_key": properties.delivery_info.routing_key.clone(),
        "priority": properties.priority,
        "redelivered": held.request.redelivered(),
    });
    value!({
        "id": headers.id.clone(),
        "name": name,
        "args": args,
        "kwargs": kwargs,
        "type": headers.task.clone(),
        "hostname": held.request.hostname.clone(),
        "time_start": held.started.map(event::timestamp),
        "acknowledged": held.acknowledged,
        "delivery_info": delivery_info,
        "worker_pid": held.pid,
    })
}

/// A time as Python's `isoformat` shows it: without a fraction when there is none.
fn isoformat(time: SystemTime) -> String {
    celeriac_wire::time::format(time).replace(".000000+", "+")
}

/// A list of texts as Python shows a set of them.
pub(super) fn shown_set(items: &[String]) -> String {
    if items.is_empty() {
        return "set()".to_owned();
    }
    let items: Vec<_> = items.iter().map(|item| shown(&Value::from(item))).collect();
    format!("{{{}}}", items.join(", "))
}

/// An object as Python shows it, texts in Python's quotes.
pub(super) fn shown_dict(map: &Map) -> String {
    repr::dict(map)
}
