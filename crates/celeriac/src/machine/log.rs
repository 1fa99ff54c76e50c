//! Log lines about tasks, in the shapes that people parse.

use std::time::{Duration, SystemTime};

use celeriac_wire::{Value, repr};

use super::revoke::Reason;
use crate::context::Request;
use crate::pool::Loss;
use crate::task::Failure;

/// The name that is shown: a message may give another than that of its task.
fn name(request: &Request) -> &str {
    request.headers().shadow.as_deref().filter(|shadow| !shadow.is_empty()).unwrap_or(request.task())
}

/// Whether results are logged, so that they have to be put into words.
pub(super) fn shows_results() -> bool {
    tracing::enabled!(tracing::Level::INFO)
}

/// A value as Python shows it, cut to a length.
pub(super) fn result(value: &Value, max: usize) -> String {
    repr::value(value).chars().take(max).collect()
}

/// An exception as Python shows it.
pub(super) fn exception(failure: &Failure) -> String {
    let args = repr::tuple(&failure.exc_message);
    match failure.exc_message.len() {
        1 => format!("{}{})", failure.exc_type, args.trim_end_matches(')').trim_end_matches(',')),
        _ => format!("{}{args}", failure.exc_type),
    }
}

pub(super) fn received(request: &Request) {
    tracing::info!(task_id = %request.headers().id, "Task {}[{}] received", name(request), request.headers().id);
}

pub(super) fn accepted(request: &Request, pid: u32) {
    tracing::debug!("Task accepted: {}[{}] pid:{pid}", name(request), request.headers().id);
}

pub(super) fn succeeded(request: &Request, runtime: Duration, shown: Option<&str>) {
    let Some(shown) = shown else { return };
    let id = &request.headers().id;
    tracing::info!(task_id = %id, "Task {}[{id}] succeeded in {:?}s: {shown}", name(request), runtime.as_secs_f64());
}

pub(super) fn failed(request: &Request, failure: &Failure, throws: &[&str]) {
    let (name, id, exception) = (name(request), &request.headers().id, exception(failure));
    if throws.contains(&failure.exc_type.as_str()) {
        return tracing::info!(task_id = %id, "Task {name}[{id}] raised expected: {exception}");
    }
    match failure.traceback() {
        Some(traceback) => {
            tracing::error!(task_id = %id, "Task {name}[{id}] raised unexpected: {exception}\n{traceback}")
        }
        None => tracing::error!(task_id = %id, "Task {name}[{id}] raised unexpected: {exception}"),
    }
}

pub(super) fn retried(request: &Request, after: Duration, at: Option<SystemTime>, cause: Option<&Failure>) {
    if !shows_results() {
        return;
    }
    let when = match at {
        Some(at) => format!("at {}", celeriac_wire::time::format(at)),
        None => format!("in {}s", after.as_secs_f64()),
    };
    let (name, id) = (name(request), &request.headers().id);
    match cause.map(exception) {
        Some(cause) => tracing::info!(task_id = %id, "Task {name}[{id}] retry: Retry {when}: {cause}"),
        None => tracing::info!(task_id = %id, "Task {name}[{id}] retry: Retry {when}"),
    }
}

pub(super) fn ignored(request: &Request) {
    let id = &request.headers().id;
    tracing::info!(task_id = %id, "Task {}[{id}] ignored", name(request));
}

pub(super) fn rejected(request: &Request, reason: Option<&str>, requeue: bool) {
    let (id, reason) = (&request.headers().id, Value::from(reason.map(str::to_owned)));
    let requeue = if requeue { "True" } else { "False" };
    let reason = repr::value(&reason);
    tracing::warn!(task_id = %id, "Task {}[{id}] reject requeue={requeue}: {reason}", name(request));
}

pub(super) fn lost(request: &Request, loss: &Loss) {
    let (name, id) = (name(request), &request.headers().id);
    match loss {
        Loss::HardLimit(limit) => {
            tracing::error!(task_id = %id, "Hard time limit ({}s) exceeded for {name}[{id}]", limit.as_secs_f64());
        }
        loss => tracing::error!(task_id = %id, "Task handler raised error: {}", exception(&loss.failure())),
    }
}

pub(super) fn soft_limit(request: &Request, limit: Option<Duration>) {
    let (name, id) = (name(request), &request.headers().id);
    let seconds = limit.unwrap_or_default().as_secs_f64();
    tracing::warn!(task_id = %id, "Soft time limit ({seconds}s) exceeded for {name}[{id}]");
}

pub(super) fn discarded(request: &Request, reason: &Reason) {
    let (name, id) = (name(request), &request.headers().id);
    match reason {
        Reason::Stamp(header, value) => {
            let value = repr::value(value);
            tracing::info!(task_id = %id, "Discarding revoked task: {name}[{id}] (revoked by header: {{'{header}': {value}}})");
        }
        Reason::Expired | Reason::Revoked => tracing::info!(task_id = %id, "Discarding revoked task: {name}[{id}]"),
    }
}

pub(super) fn succeeded_before(request: &Request) {
    let id = &request.headers().id;
    tracing::info!(task_id = %id, "Task {}[{id}] Task already completed successfully.", name(request));
}

pub(super) fn succeeded_before_loss(request: &Request) {
    let id = &request.headers().id;
    tracing::warn!(task_id = %id, "Task {}[{id}] succeeded before the worker was lost", name(request));
}
