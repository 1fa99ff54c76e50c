//! How a job ends: what is stored, what is told, and what becomes of its message.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::canvas::Signature;
use celeriac_wire::{Record, Value, result};

use super::{Action, Ended, Machine, Phase, Stopping, What, log, record};
use crate::broker::Settle;
use crate::context::JobId;
use crate::metrics::State;
use crate::pool::Loss;
use crate::task::{Failure, Outcome, Stop};

/// What is done with a job when its outcome is stored.
#[derive(Debug)]
pub(super) struct End {
    settle: Settle,
    told: Vec<What>,
    successful: bool,
}

impl End {
    pub(super) fn new(settle: Settle, told: Vec<What>) -> Self {
        Self { settle, told, successful: false }
    }

    /// The state in which it is counted.
    fn state(&self) -> State {
        match self.told.first() {
            _ if self.successful => State::Succeeded,
            Some(What::Failed { .. }) => State::Failed,
            Some(What::Retried { .. }) => State::Retried,
            Some(What::Revoked { .. }) => State::Revoked,
            _ if matches!(self.settle, Settle::Reject { .. } | Settle::Return) => State::Rejected,
            _ => State::Ignored,
        }
    }
}

impl Machine {
    pub(super) fn finished(
        &mut self,
        id: JobId,
        outcome: Outcome<Value>,
        runtime: Duration,
        now: SystemTime,
        out: &mut Vec<Action>,
    ) {
        // A job that is not in the pool cannot end: what reports so speaks of an earlier one.
        let Some(held) = self.jobs.get(&id).filter(|held| matches!(held.phase, Phase::Submitted | Phase::Running))
        else {
            return;
        };
        self.tasks[held.task].counts.runtime.observe(runtime);
        match outcome {
            Ok(reply) => {
                let policy = &self.tasks[held.task];
                let tells = self.events && policy.options.send_events;
                let shown =
                    (tells || log::shows_results()).then(|| log::result(&reply, policy.options.result_repr_max));
                log::succeeded(&held.request, runtime, shown.as_deref());
                let told = match shown {
                    Some(result) if tells => vec![What::Succeeded { result, runtime: Some(runtime) }],
                    _ => Vec::new(),
                };
                let stores = !policy.ignores_result(&held.request);
                let record = self.final_record(id, result::SUCCESS, reply, None, now);
                let end = End { settle: Settle::Ack, told, successful: true };
                self.end(id, record, stores, None, end, out);
            }
            Err(Stop::Failure(failure)) => self.failed(id, failure, now, out),
            Err(Stop::Retry(retry)) => self.retry(id, *retry, now, out),
            Err(Stop::Reject { reason, requeue }) => self.rejected(id, reason, requeue, now, out),
            Err(Stop::Replace(signature)) => self.replaced(id, signature, now, out),
            Err(Stop::Ignore) => {
                log::ignored(&held.request);
                self.close(id, End::new(Settle::Ack, Vec::new()), out);
            }
        }
    }

    /// The task ran and failed.
    pub(super) fn failed(&mut self, id: JobId, failure: Failure, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let policy = &self.tasks[held.task];
        log::failed(&held.request, &failure, policy.options.throws);
        let settle = if policy.acks_on_failure { Settle::Ack } else { Settle::Reject { requeue: false } };
        self.fail(id, failure, settle, now, out);
    }

    /// Stores and tells a failure, whatever it came from.
    fn fail(&mut self, id: JobId, failure: Failure, settle: Settle, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let stores = self.tasks[held.task].stores_errors(&held.request);
        let told = What::Failed { exception: log::exception(&failure), traceback: failure.traceback() };
        let (value, traceback) = (failure.exception().to_json(), failure.traceback());
        let record = self.final_record(id, result::FAILURE, value, traceback, now);
        self.end(id, record, stores, Some(failure), End::new(settle, vec![told]), out);
    }

    fn rejected(&mut self, id: JobId, reason: Option<String>, requeue: bool, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        log::rejected(&held.request, reason.as_deref(), requeue);
        if requeue {
            if held.acked {
                let (task, task_id) = (held.request.task(), held.request.id());
                tracing::error!(task, %task_id, "acknowledged before it was rejected");
            }
            return self.close(id, End::new(Settle::Reject { requeue }, Vec::new()), out);
        }
        let reject = Failure::in_module("celery.exceptions", "Reject", "")
            .with_args(vec![Value::from(reason), Value::Bool(false)]);
        self.fail(id, reject, Settle::Reject { requeue: false }, now, out);
    }

    /// A job that had begun has no outcome.
    pub(super) fn lost(&mut self, id: JobId, loss: Loss, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id).filter(|held| matches!(held.phase, Phase::Submitted | Phase::Running))
        else {
            return;
        };
        let policy = &self.tasks[held.task];
        match (&loss, held.stopping) {
            (Loss::Terminated(signal), Some(Stopping::Revoked)) => {
                let told = What::Revoked { terminated: true, signal: Some(*signal), expired: false };
                return self.revoke_held(id, "terminated", told, now, out);
            }
            (Loss::Terminated(_), Some(Stopping::Cancelled)) => return self.cancelled(id, out),
            _ => {}
        }
        if held.succeeded {
            log::succeeded_before_loss(&held.request);
            return self.close(id, End { settle: Settle::Ack, told: Vec::new(), successful: true }, out);
        }
        let failure = loss.failure();
        let died = matches!(loss, Loss::Died(_) | Loss::Terminated(_));
        if died
            && policy.retry_on_worker_lost
            && policy.options.max_retries.is_none_or(|max| held.request.retries() < max)
        {
            return self.again(id, crate::task::Retry { cause: Some(failure), ..Default::default() }, now, out);
        }
        let exhausted = died && policy.retry_on_worker_lost;
        let late = policy.acks_late && !held.acked;
        log::lost(&held.request, &loss);
        let settle = match loss {
            Loss::HardLimit(_) if policy.acks_on_timeout => Settle::Ack,
            // Told and stored as a failure, and yet run again: so does Celery.
            Loss::HardLimit(_) => Settle::Reject { requeue: true },
            _ if late && policy.reject_on_worker_lost && !exhausted => {
                return self.close(id, End::new(Settle::Reject { requeue: true }, Vec::new()), out);
            }
            _ if policy.acks_on_failure => Settle::Ack,
            _ => Settle::Reject { requeue: false },
        };
        self.fail(id, failure, settle, now, out);
    }

    /// The record of an end, with the children that the task has sent itself.
    pub(super) fn final_record(
        &mut self,
        id: JobId,
        status: &str,
        value: Value,
        traceback: Option<String>,
        now: SystemTime,
    ) -> Option<Record> {
        let extended = self.config.settings.result_extended;
        let held = self.jobs.get_mut(&id)?;
        let record = record::state(&held.request, status, value, extended);
        let children = std::mem::take(&mut held.children);
        Some(Record { traceback, children, date_done: Some(now), ..record })
    }

    /// Ends a job: at once, or where there is a canvas around it, when what follows is sent.
    pub(super) fn end(
        &mut self,
        id: JobId,
        record: Option<Record>,
        stores: bool,
        failure: Option<Failure>,
        end: End,
        out: &mut Vec<Action>,
    ) {
        let (Some(record), Some(held)) = (record, self.jobs.get_mut(&id)) else { return };
        if !held.request.has_canvas() {
            if stores {
                out.push(Action::Store(Box::new(record)));
            }
            return self.close(id, end, out);
        }
        match held.phase {
            Phase::Submitted | Phase::Running => self.pooled -= 1,
            Phase::Waiting => self.waiting -= 1,
            _ => {}
        }
        held.phase = Phase::Finishing;
        held.end = Some(Box::new(end));
        let request = Arc::clone(&held.request);
        let stores_errors = self.tasks[held.task].stores_errors(&request);
        out.push(Action::Finish(Box::new(Ended {
            id,
            request,
            record,
            stores,
            stores_errors,
            failure,
            replacement: None,
        })));
    }

    /// What follows a job is sent, and its outcome is stored.
    pub(super) fn completed(&mut self, id: JobId, failure: Option<Failure>, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Finishing) else { return };
        let Some(mut end) = held.end.take() else { return };
        if let Some(failure) = failure {
            let policy = &self.tasks[held.task];
            log::failed(&held.request, &failure, policy.options.throws);
            end.told = vec![What::Failed { exception: log::exception(&failure), traceback: failure.traceback() }];
            end.successful = false;
            end.settle = if policy.acks_on_failure { Settle::Ack } else { Settle::Reject { requeue: false } };
        }
        self.close(id, *end, out);
    }

    /// Another signature runs in the place of the task: nothing is stored of this one.
    fn replaced(&mut self, id: JobId, signature: Box<Signature>, now: SystemTime, out: &mut Vec<Action>) {
        let Some(record) = self.final_record(id, result::SUCCESS, Value::Null, None, now) else { return };
        let Some(held) = self.jobs.get_mut(&id) else { return };
        log::ignored(&held.request);
        self.pooled -= 1;
        held.phase = Phase::Finishing;
        held.end = Some(Box::new(End::new(Settle::Ack, Vec::new())));
        let request = Arc::clone(&held.request);
        let stores_errors = self.tasks[held.task].stores_errors(&request);
        let replacement = Some(signature);
        let ended = Ended { id, request, record, stores: false, stores_errors, failure: None, replacement };
        out.push(Action::Finish(Box::new(ended)));
    }

    /// Takes a job out, settles its message and tells of it.
    pub(super) fn close(&mut self, id: JobId, end: End, out: &mut Vec<Action>) {
        let Some(held) = self.remove(id) else { return };
        self.tasks[held.task].counts.add(end.state());
        if end.successful && self.tasks[held.task].deduplicates {
            let now = held.started.unwrap_or(SystemTime::UNIX_EPOCH);
            self.successful.insert(&held.request.headers().id, now);
        }
        if !held.acked {
            out.push(Action::Settle(held.tag, end.settle));
        }
        for what in end.told {
            self.notify(held.task, &held.request, || what, out);
        }
        if let Settle::Reject { requeue } = end.settle
            && !held.acked
        {
            self.notify(held.task, &held.request, || What::Rejected { requeue }, out);
        }
    }

    /// A redelivered task has succeeded in an earlier run: what should have followed it is sent if it was not.
    pub(super) fn succeeded_before(&mut self, id: JobId, stored: Record, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        log::succeeded_before(&held.request);
        let sent = !stored.children.is_empty();
        let end = End { settle: Settle::Ack, told: Vec::new(), successful: true };
        if sent { self.close(id, end, out) } else { self.end(id, Some(stored), false, None, end, out) }
    }

    pub(super) fn soft_limit(&mut self, id: JobId) {
        if let Some(held) = self.jobs.get(&id) {
            log::soft_limit(&held.request, self.tasks[held.task].limits(&held.request).soft);
        }
    }
}
