//! Commands that change something.

use celeriac_wire::{Map, TimeLimits, Value, value};

use super::argument::{listed, truth};
use super::exception::{Raised, shown, type_name};
use super::inspect::{Reply, shown_dict, shown_set, unhashable};
use super::panel::Call;
use super::{Phase, queue, signal};

fn ok(text: impl Into<String>) -> Reply {
    Ok(value!({"ok": text.into()}))
}

fn nok(text: impl Into<String>) -> Reply {
    Ok(value!({"error": text.into()}))
}

pub(super) fn revoke(call: &mut Call<'_>) -> Reply {
    let mut ids: Vec<String> = Vec::new();
    let mut foreign = None;
    for id in call.arguments.list("task_id") {
        match id {
            Value::String(id) => {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            Value::Array(_) | Value::Object(_) => return Err(unhashable(&id)),
            other => foreign = Some(other),
        }
    }
    call.view.revoke(&ids);
    call.mark_revoked(&ids);
    if call.arguments.is_true("terminate") {
        let signal = signal::number(call.arguments.get("signal"))?;
        let held: Vec<_> = ids.into_iter().filter(|id| call.view.find(id).is_some()).collect();
        for id in &held {
            tracing::info!(task_id = %id, signal, "Terminating {id} ({signal})");
            call.view.terminate(id, signal);
        }
        return if held.is_empty() {
            ok("terminate: tasks unknown")
        } else {
            ok(format!("terminate: {}", held.join(", ")))
        };
    }
    if let Some(id) = foreign {
        let kind = type_name(&id);
        return Err(Raised::type_error(format!("sequence item 0: expected str instance, {kind} found")));
    }
    tracing::info!("Tasks flagged as revoked: {}", ids.join(", "));
    ok(format!("tasks {} flagged as revoked", shown_set(&ids)))
}

pub(super) fn terminate(call: &mut Call<'_>) -> Reply {
    call.arguments.set("terminate", Value::Bool(true));
    revoke(call)
}

pub(super) fn revoke_by_stamped_headers(call: &mut Call<'_>) -> Reply {
    let signal = signal::number(call.arguments.get("signal"))?;
    let headers = match call.arguments.get("headers") {
        Some(Value::Object(headers)) => headers.clone(),
        Some(Value::Array(pairs)) => pairs.iter().map(stamp).collect::<Result<Map, _>>()?,
        other => {
            let kind = other.map_or("NoneType", type_name);
            return Err(Raised::new("AttributeError", format!("'{kind}' object has no attribute 'items'")));
        }
    };
    for (header, stamps) in &headers {
        call.view.revoke_stamps(header, &listed(stamps));
    }
    if !call.arguments.is_true("terminate") {
        return ok(format!("headers {} flagged as revoked, but not terminated", shown_dict(&headers)));
    }
    let mut ended = Map::new();
    for held in call.view.held().into_iter().filter(|held| held.phase == Phase::Active) {
        for (header, wanted) in &headers {
            let Some(actual) = held.request.headers().stamps.get(header).filter(|actual| !actual.is_null()) else {
                continue;
            };
            let wanted = listed(wanted);
            let both: Vec<_> = listed(actual).into_iter().filter(|stamp| wanted.contains(stamp)).collect();
            if !both.is_empty() {
                let known = ended.entry(header.clone()).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(known) = known {
                    known.extend(both.into_iter().filter(|stamp| !known.contains(stamp)).collect::<Vec<_>>());
                }
                call.view.terminate(&held.request.headers().id, signal);
            }
        }
    }
    if ended.is_empty() {
        return ok(format!("headers {} were not terminated", shown_dict(&headers)));
    }
    // Python replies with the collection that it counted in.
    let sets: Vec<_> = ended
        .iter()
        .map(|(header, stamps)| {
            let stamps: Vec<_> = listed(stamps).iter().map(shown).collect();
            format!("{}: {{{}}}", shown(&Value::from(header)), stamps.join(", "))
        })
        .collect();
    ok(format!("headers defaultdict(<class 'set'>, {{{}}}) revoked", sets.join(", ")))
}

/// `name=value` from the command line.
fn stamp(pair: &Value) -> Result<(String, Value), Raised> {
    let Value::String(pair) = pair else {
        let kind = type_name(pair);
        return Err(Raised::new("AttributeError", format!("'{kind}' object has no attribute 'split'")));
    };
    let mut parts = pair.split('=');
    match (parts.next(), parts.next()) {
        (Some(name), Some(value)) => Ok((name.to_owned(), Value::from(value))),
        _ => Err(Raised::new("IndexError", "list index out of range")),
    }
}

pub(super) fn rate_limit(call: &mut Call<'_>) -> Reply {
    let limit = call.arguments.get("rate_limit").cloned().unwrap_or_default();
    let limit = match &limit {
        unset if !truth(unset) => None,
        Value::String(text) => {
            if let Err(problem) = rate(text)? {
                return nok(format!("Invalid rate limit string: {problem}"));
            }
            Some(text.clone())
        }
        number @ (Value::Int(_) | Value::Float(_)) => Some(shown(number)),
        other => {
            let kind = type_name(other);
            let problem = format!("float() argument must be a string or a real number, not '{kind}'");
            return Err(Raised::type_error(problem));
        }
    };
    let Some(task) = known(call, "Rate limit attempt for unknown task")? else { return nok("unknown task") };
    call.view.set_rate_limit(&task, limit.as_deref());
    match limit {
        None => {
            tracing::info!("Rate limits disabled for tasks of type {task}");
            ok("rate limit disabled successfully")
        }
        Some(limit) => {
            tracing::info!("New rate limit for tasks of type {task}: {limit}.");
            ok("new rate limit set successfully")
        }
    }
}

/// Whether a text is a rate that a token bucket can be filled at. A wrong unit is an error of its own.
fn rate(text: &str) -> Result<Result<(), Raised>, Raised> {
    let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
    if !["", "s", "m", "h"].contains(&unit) {
        return Err(Raised::new("KeyError", unit));
    }
    match count.trim().parse::<f64>() {
        Ok(count) if count.is_finite() && count >= 0.0 => Ok(Ok(())),
        _ => {
            let count = shown(&Value::from(count));
            Ok(Err(Raised::new("ValueError", format!("could not convert string to float: {count}"))))
        }
    }
}

/// The task that a command is about; `None`, and a line in the log, for one that is not known.
fn known(call: &Call<'_>, complaint: &str) -> Result<Option<String>, Raised> {
    let name = match call.arguments.get("task_name") {
        Some(Value::String(name)) => name.clone(),
        Some(value @ (Value::Array(_) | Value::Object(_))) => return Err(unhashable(value)),
        other => other.map(shown).unwrap_or_default(),
    };
    let known = call.view.tasks().iter().any(|task| task.name == name);
    if !known {
        tracing::error!("{complaint} {name}");
    }
    Ok(known.then_some(name))
}

pub(super) fn time_limit(call: &mut Call<'_>) -> Reply {
    let Some(task) = known(call, "Change time limit attempt for unknown task")? else { return nok("unknown task") };
    let limit = |name: &str| match call.arguments.get(name) {
        None => Ok(None),
        Some(value) => {
            let limit = value.as_f64().and_then(|s| std::time::Duration::try_from_secs_f64(s).ok());
            let kind = type_name(value);
            limit.map(Some).ok_or_else(|| Raised::type_error(format!("{name} must be a number of seconds, not {kind}")))
        }
    };
    let limits = TimeLimits { hard: limit("hard")?, soft: limit("soft")? };
    call.view.set_time_limits(&task, limits);
    tracing::info!(soft = ?limits.soft, hard = ?limits.hard, "New time limits for tasks of type {task}");
    ok("time limits set successfully")
}

pub(super) fn pool_grow(call: &mut Call<'_>) -> Reply {
    resize(call, "grow", 1)
}

pub(super) fn pool_shrink(call: &mut Call<'_>) -> Reply {
    resize(call, "shrink", -1)
}

fn resize(call: &mut Call<'_>, verb: &str, sign: i64) -> Reply {
    if call.view.autoscale().is_some() {
        return nok(format!("pool_{verb} is not supported with autoscale. Adjust autoscale range instead."));
    }
    let by = match call.arguments.given("n") {
        None => 1,
        Some(Value::Int(n)) => *n,
        Some(Value::Bool(b)) => i64::from(*b),
        // Of such a wish the most is granted anyway.
        Some(Value::BigInt(digits)) => {
            if digits.starts_with('-') {
                0
            } else {
                i64::MAX
            }
        }
        Some(other) => {
            let kind = type_name(other);
            return Err(Raised::type_error(format!("'{kind}' object cannot be interpreted as an integer")));
        }
    };
    call.view.resize(by.max(0).saturating_mul(sign)).map_err(Raised::shown)?;
    ok(format!("pool will {verb}"))
}

pub(super) fn pool_restart(call: &mut Call<'_>) -> Reply {
    if !call.settings().worker_pool_restarts {
        return Err(Raised::new("ValueError", "Pool restarts not enabled"));
    }
    call.view.restart_pool();
    ok("reload started")
}

pub(super) fn autoscale(call: &mut Call<'_>) -> Reply {
    if call.view.autoscale().is_none() {
        return Err(Raised::new("ValueError", "Autoscale not enabled"));
    }
    let bound = |name: &str| match call.arguments.get(name) {
        None => Ok(None),
        Some(Value::Int(n)) => Ok(Some(usize::try_from(*n).unwrap_or(0))),
        Some(other) => {
            let kind = type_name(other);
            Err(Raised::type_error(format!("'<' not supported between instances of '{kind}' and 'int'")))
        }
    };
    let (max, min) = (bound("max")?, bound("min")?);
    match call.view.set_autoscale(max, min) {
        Some((max, min)) => ok(format!("autoscale now max={max} min={min}")),
        None => Err(Raised::new("ValueError", "Autoscale not enabled")),
    }
}

pub(super) fn add_consumer(call: &mut Call<'_>) -> Reply {
    let name = queue_name(call)?;
    let text = |name: &str| call.arguments.text(name).map(|text| text.filter(|text| !text.is_empty()));
    let queue = queue::described(&name, text("exchange")?, text("exchange_type")?, text("routing_key")?)?;
    call.view.add_queue(queue);
    ok(format!("add consumer {name}"))
}

pub(super) fn cancel_consumer(call: &mut Call<'_>) -> Reply {
    let name = queue_name(call)?;
    call.view.cancel_queue(&name);
    ok(format!("no longer consuming from {name}"))
}

fn queue_name(call: &Call<'_>) -> Result<String, Raised> {
    match call.arguments.text("queue")? {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(Raised::new("ValueError", "a queue has a name")),
    }
}

pub(super) fn enable_events(call: &mut Call<'_>) -> Reply {
    if call.events.set_task_events(true) {
        tracing::info!("Events of group {{task}} enabled by remote.");
        return ok("task events enabled");
    }
    ok("task events already enabled")
}

pub(super) fn disable_events(call: &mut Call<'_>) -> Reply {
    if call.events.set_task_events(false) {
        tracing::info!("Events of group {{task}} disabled by remote.");
        return ok("task events disabled");
    }
    ok("task events already disabled")
}

pub(super) fn heartbeat(call: &mut Call<'_>) -> Reply {
    tracing::debug!("Heartbeat requested by remote.");
    call.ask_heartbeat();
    Ok(Value::Null)
}

/// Elections are held by workers that gossip in both directions; this one only listens, and says no more than one
/// that does not gossip at all.
pub(super) fn election(_: &mut Call<'_>) -> Reply {
    Ok(Value::Null)
}

pub(super) fn shutdown(call: &mut Call<'_>) -> Reply {
    let message = call.arguments.get("msg").and_then(Value::as_str).unwrap_or("Got shutdown from remote");
    tracing::warn!("{message}");
    call.view.shut_down();
    call.no_reply();
    Ok(Value::Null)
}
