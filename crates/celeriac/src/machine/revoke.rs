//! Tasks that are not to run: revoked by id or stamp, or expired.

use std::time::SystemTime;

use celeriac_wire::{Value, result};

use super::outcome::End;
use super::{Action, Machine, Phase, Stopping, What, log};
use crate::broker::Settle;
use crate::context::JobId;
use crate::task::Failure;

/// Why a job is not run.
#[derive(Debug)]
pub(super) enum Reason {
    Expired,
    Revoked,
    Stamp(String, Value),
}

impl Machine {
    /// Whether a job that has not begun is expired or revoked.
    pub(super) fn discarded(&mut self, id: JobId, now: SystemTime) -> Option<Reason> {
        let held = self.jobs.get(&id)?;
        let headers = held.request.headers();
        if held.expires.is_some_and(|at| at < now) {
            self.revoked.insert(&headers.id, now);
            return Some(Reason::Expired);
        }
        if self.revoked.contains(&headers.id) {
            return Some(Reason::Revoked);
        }
        self.revoked.stamp(headers).map(|(header, value)| Reason::Stamp(header, value))
    }

    pub(super) fn discard(&mut self, id: JobId, reason: Reason, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        log::discarded(&held.request, &reason);
        let expired = matches!(reason, Reason::Expired);
        let told = What::Revoked { terminated: false, signal: None, expired };
        self.revoke_held(id, if expired { "expired" } else { "revoked" }, told, now, out);
    }

    /// Ends a held job as revoked.
    pub(super) fn revoke_held(&mut self, id: JobId, reason: &str, told: What, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let stores = self.tasks[held.task].stores_errors(&held.request);
        let revoked = Failure::in_module("celery.exceptions", "TaskRevokedError", reason).exception().to_json();
        let record = self.final_record(id, result::REVOKED, revoked, None, now);
        self.end(id, record, stores, None, End::new(Settle::Ack, vec![told]), out);
    }

    /// Adds to the revoked ids.
    pub fn revoke(&mut self, ids: &[String], now: SystemTime) {
        for id in ids {
            self.revoked.insert(id, now);
        }
    }

    /// Adds stamps to those by which tasks are revoked.
    pub fn revoke_stamps(&mut self, header: &str, stamps: &[Value]) {
        self.revoked.insert_stamps(header, stamps);
    }

    /// Ends a task that is held: one that runs by force, one that does not as soon as it would begin. The same id may
    /// have been delivered more than once.
    pub fn terminate(&mut self, task_id: &str, signal: i32, out: &mut Vec<Action>) {
        let named = |held: &super::Held| held.request.headers().id == task_id;
        let ids: Vec<JobId> = self.jobs.iter().filter(|(_, held)| named(held)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(held) = self.jobs.get_mut(&id) else { continue };
            match held.phase {
                Phase::Running => self.end_by_force(id, signal, Stopping::Revoked, out),
                Phase::Submitted => {
                    held.doomed = Some(signal);
                    out.push(Action::Terminate(id, signal));
                }
                Phase::Finishing => {}
                _ => held.doomed = Some(signal),
            }
        }
    }

    pub(super) fn end_by_force(&mut self, id: JobId, signal: i32, why: Stopping, out: &mut Vec<Action>) {
        if let Some(held) = self.jobs.get_mut(&id) {
            held.stopping = Some(why);
            out.push(Action::Terminate(id, signal));
        }
    }
}
