//! What happens to a message when it comes.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::SystemTime;

use celeriac_wire::{Record, result, time};

use super::{Action, Event, Held, Machine, Notice, Phase, Timer, What, log, record};
use crate::broker::{Delivery, Settle, Tag};
use crate::context::{JobId, Request};
use crate::metrics::State;
use crate::task::Failure;

impl Machine {
    pub(super) fn delivered(&mut self, delivery: Delivery, now: SystemTime, out: &mut Vec<Action>) {
        let Delivery { tag, queue, message } = delivery;
        if self.closing.is_some() {
            return out.push(Action::Settle(tag, Settle::Return));
        }
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                self.refused += 1;
                tracing::error!(queue, error = &error as &dyn std::error::Error, "not a task message");
                return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
            }
        };
        if let Err(error) = self.accept.check(&message.content_type) {
            self.refused += 1;
            let (task, id) = (&message.headers.task, &message.headers.id);
            tracing::error!(task, task_id = id, error = &error as &dyn std::error::Error, "refused content type");
            return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
        }
        let (hostname, max_body) = (self.config.hostname.clone(), self.config.settings.worker_max_body_bytes);
        let request = Arc::new(Request { message, queue, hostname, max_body });
        let Some(&task) = self.names.get(request.task()) else {
            self.refused += 1;
            return self.unknown(tag, &request, now, out);
        };
        let headers = request.headers();
        let (Ok(eta), Ok(expires)) = (optional_time(&headers.eta), optional_time(&headers.expires)) else {
            self.refused += 1;
            tracing::error!(task = request.task(), task_id = %request.id(), "malformed eta or expires");
            let invalid = Failure::in_module("celery.exceptions", "InvalidTaskError", "malformed eta or expires");
            out.push(Action::Store(Box::new(record::failure(&request, &invalid, Vec::new(), now))));
            return out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
        };
        log::received(&request);
        self.last += 1;
        let id = JobId(self.last);
        let held = Held {
            tag,
            request: Arc::clone(&request),
            received: now,
            task,
            eta,
            expires,
            phase: Phase::Checking,
            acked: false,
            pid: None,
            started: None,
            children: Vec::new(),
            succeeded: false,
            doomed: None,
            stopping: None,
            late: false,
            end: None,
        };
        self.jobs.insert(id, held);
        self.tasks[task].counts.add(State::Received);
        if (expires.is_some() || !self.revoked.is_empty())
            && let Some(reason) = self.discarded(id, now)
        {
            return self.discard(id, reason, now, out);
        }
        self.notify(task, &request, || What::Received, out);
        self.autoscale.received(now);
        if self.tasks[task].deduplicates && request.redelivered() {
            return out.push(Action::Look(id, request.id()));
        }
        self.arrange(id, now);
    }

    /// A task that the worker does not know has failed.
    fn unknown(&mut self, tag: Tag, request: &Arc<Request>, now: SystemTime, out: &mut Vec<Action>) {
        tracing::error!(task = request.task(), task_id = %request.id(), "received unregistered task");
        let unknown = Failure::in_module("celery.exceptions", "NotRegistered", request.task());
        out.push(Action::Store(Box::new(record::failure(request, &unknown, Vec::new(), now))));
        out.push(Action::Settle(tag, Settle::Reject { requeue: false }));
        if self.events {
            let what = What::Failed { exception: log::exception(&unknown), traceback: None };
            out.push(Action::Emit(Box::new(Notice { request: Arc::clone(request), what })));
        }
    }

    /// Lets a job wait for its ETA, for its rate limit, or for a place in the pool.
    fn arrange(&mut self, id: JobId, now: SystemTime) {
        let Some(held) = self.jobs.get_mut(&id) else { return };
        let task = held.task;
        match held.eta {
            Some(at) if at > now => {
                held.phase = Phase::Waiting;
                self.waiting += 1;
                self.timers.push(Reverse((at, Timer::Eta(id))));
            }
            _ => self.queue(id, task, now),
        }
    }

    /// What the backend holds of a redelivered task: one that has succeeded does not run again.
    pub(super) fn known(&mut self, id: JobId, record: Option<Record>, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id).filter(|held| held.phase == Phase::Checking) else { return };
        let done = self.successful.contains(&held.request.headers().id);
        match record.filter(|record| record.status == result::SUCCESS) {
            Some(record) if !done => self.succeeded_before(id, record, out),
            Some(_) => {
                if let Some(held) = self.remove(id) {
                    out.push(Action::Settle(held.tag, Settle::Ack));
                }
            }
            None if self.closing.is_some() => {
                if let Some(held) = self.remove(id) {
                    out.push(Action::Settle(held.tag, Settle::Return));
                }
            }
            None => self.arrange(id, now),
        }
    }

    pub(super) fn accepted(&mut self, id: JobId, pid: u32, at: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Submitted) else { return };
        held.phase = Phase::Running;
        held.pid = Some(pid);
        held.started = Some(at);
        let policy = &mut self.tasks[held.task];
        self.begun += 1;
        policy.begun += 1;
        policy.counts.add(State::Started);
        let due = held.eta.map_or(held.received, |eta| eta.max(held.received));
        policy.counts.queued.observe(at.duration_since(due).unwrap_or_default());
        if policy.begun == 1 {
            policy.first = self.begun;
        }
        if policy.track_started && !policy.ignores_result(&held.request) {
            let meta = celeriac_wire::value!({"pid": pid, "hostname": &self.config.hostname});
            let started = record::state(&held.request, result::STARTED, meta, self.config.settings.result_extended);
            out.push(Action::Store(Box::new(started)));
        }
        if !policy.acks_late && !held.acked {
            held.acked = true;
            self.acked += 1;
            out.push(Action::Settle(held.tag.clone(), Settle::Ack));
        }
        let (task, request, doomed) = (held.task, Arc::clone(&held.request), held.doomed);
        self.notify(task, &request, || What::Started, out);
        log::accepted(&request, pid);
        if let Some(signal) = doomed {
            self.end_by_force(id, signal, super::Stopping::Revoked, out);
        }
    }

    /// A job that had not begun comes back: it is the next that is handed out.
    pub(super) fn returned(&mut self, id: JobId, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id).filter(|held| held.phase == Phase::Submitted) else { return };
        self.pooled -= 1;
        self.late.all -= usize::from(std::mem::take(&mut held.late));
        held.phase = Phase::Ready;
        if held.stopping.is_some() || self.closing.is_some() {
            if let Some(held) = self.remove(id)
                && !held.acked
            {
                out.push(Action::Settle(held.tag, Settle::Return));
            }
        } else {
            // What comes back together keeps its order: the jobs in front are older.
            let place = self.ready.iter().position(|other| *other > id).unwrap_or(self.ready.len());
            self.ready.insert(place, id);
        }
    }
}

/// An absent time, a time, or an error if the text is none.
fn optional_time(text: &Option<String>) -> Result<Option<SystemTime>, ()> {
    text.as_deref().map(|text| time::parse(text).ok_or(())).transpose()
}

impl From<Delivery> for Event {
    fn from(delivery: Delivery) -> Self {
        Self::Delivered(Box::new(delivery))
    }
}
