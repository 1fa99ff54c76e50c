//! The next run of a task that asks for one.

use std::time::{Duration, SystemTime};

use celeriac_wire::canvas::Step;
use celeriac_wire::{Map, Record, Value, repr, result, time};

use super::outcome::End;
use super::{Action, Machine, What, log, record};
use crate::broker::{Outgoing, Settle};
use crate::context::{JobId, Request};
use crate::task::{Failure, Retry};

/// The longest delay of a retry, a century: far beyond use, and within every calendar.
const MAX_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Machine {
    /// The task asks for another run: it gets one, or fails where it has had all of them.
    pub(super) fn retry(&mut self, id: JobId, retry: Retry, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let max = retry.max_retries.or(self.tasks[held.task].options.max_retries);
        if max.is_none_or(|max| held.request.retries() < max) {
            return self.again(id, retry, now, out);
        }
        let failure = retry.cause.clone().unwrap_or_else(|| exhausted(&held.request, &retry));
        self.failed(id, failure, now, out);
    }

    /// Sends the next run and ends this one.
    pub(super) fn again(&mut self, id: JobId, retry: Retry, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let policy = &self.tasks[held.task];
        let after = retry.after.unwrap_or(policy.options.retry_delay).min(MAX_DELAY);
        let outgoing = next_run(&held.request, &retry, after, now);
        let exception = retry.cause.as_ref().map_or_else(|| "None".to_owned(), log::exception);
        log::retried(&held.request, after, retry.at, retry.cause.as_ref());
        out.push(Action::Step(Step::Publish(Box::new(outgoing))));
        let (stores, extended) = (policy.stores_errors(&held.request), self.config.settings.result_extended);
        let traceback = retry.cause.as_ref().and_then(Failure::traceback);
        if stores && let Some(held) = self.jobs.get_mut(&id) {
            let mut children = std::mem::take(&mut held.children);
            // Celery counts the next run among the children of this one.
            children.push(celeriac_wire::value!([[&held.request.headers().id, null], null]));
            let result = retry.cause.as_ref().map_or(Value::Null, |cause| cause.exception().to_json());
            let state = record::state(&held.request, result::RETRY, result, extended);
            out.push(Action::Store(Box::new(Record { traceback: traceback.clone(), children, ..state })));
        }
        self.close(id, End::new(Settle::Ack, vec![What::Retried { exception, traceback }]), out);
    }
}

/// What a task fails with that has no retry left and gave no cause.
fn exhausted(request: &Request, retry: &Retry) -> Failure {
    let body = request.body().unwrap_or_default();
    let args = retry.args.as_ref().unwrap_or(&body.args);
    let kwargs = retry.kwargs.as_ref().unwrap_or(&body.kwargs);
    let text = format!(
        "Can't retry {}[{}] args:{} kwargs:{}",
        request.task(),
        request.id(),
        repr::tuple(args),
        repr::dict(kwargs)
    );
    Failure::in_module("celery.exceptions", "MaxRetriesExceededError", text)
}

/// The message of the next run. It keeps all that came with this one and goes to where this one came from; the body
/// goes out as it came in unless the arguments are new.
fn next_run(request: &Request, retry: &Retry, after: Duration, now: SystemTime) -> Outgoing {
    let mut message = request.message.clone();
    if (retry.args.is_some() || retry.kwargs.is_some())
        && let Ok(mut body) = request.body()
    {
        if let Some(args) = &retry.args {
            body.args.clone_from(args);
        }
        if let Some(kwargs) = &retry.kwargs {
            body.kwargs.clone_from(kwargs);
        }
        message.headers.argsrepr = Some(repr::tuple(&body.args));
        message.headers.kwargsrepr = Some(repr::dict(&body.kwargs));
        message.body = body.encode();
        message.content_type = celeriac_wire::message::JSON.to_owned();
        message.content_encoding = "utf-8".to_owned();
        message.headers.extra.shift_remove("compression");
    }
    let headers = &mut message.headers;
    headers.retries = headers.retries.saturating_add(1);
    headers.root_id.get_or_insert_with(|| headers.id.clone());
    headers.parent_id = Some(headers.id.clone());
    headers.extra.shift_remove("redelivered");
    headers.extra.retain(|name, _| !name.starts_with("x-death") && !name.starts_with("x-first-death"));
    let at = retry.at.or_else(|| (!after.is_zero()).then(|| now + after));
    let info = message.properties.delivery_info.clone();
    let mut outgoing = Outgoing {
        queue: request.queue.clone(),
        exchange: info.exchange,
        routing_key: info.routing_key,
        eta: at,
        ..Outgoing::of(message)
    };
    change(&mut outgoing, &retry.options, now);
    outgoing
}

/// Lays options of `apply_async` over a message.
fn change(outgoing: &mut Outgoing, options: &Map, now: SystemTime) {
    let text = |name: &str| options.get(name).and_then(Value::as_str);
    if let Some(priority) = options.get("priority").and_then(Value::as_i64) {
        outgoing.priority = u8::try_from(priority.max(0)).unwrap_or(u8::MAX);
    }
    if let Some(queue) = text("queue").or(text("routing_key")) {
        outgoing.queue = queue.to_owned();
        outgoing.exchange.clear();
    }
    let headers = &mut outgoing.message.headers;
    match options.get("expires") {
        Some(Value::String(at)) => outgoing.expires = time::parse(at),
        Some(seconds) => {
            let after = seconds.as_f64().and_then(|s| Duration::try_from_secs_f64(s).ok());
            outgoing.expires = after.map(|after| now + after.min(MAX_DELAY)).or(outgoing.expires);
        }
        None => {}
    }
    let limit =
        |name: &str| options.get(name).and_then(Value::as_f64).and_then(|s| Duration::try_from_secs_f64(s).ok());
    headers.timelimit.hard = limit("time_limit").or(headers.timelimit.hard);
    headers.timelimit.soft = limit("soft_time_limit").or(headers.timelimit.soft);
    if let Some(more) = options.get("headers").and_then(Value::as_object) {
        headers.extra.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    if let Some(shadow) = text("shadow") {
        headers.shadow = Some(shadow.to_owned());
    }
}
