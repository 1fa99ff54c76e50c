//! How a worker lets go of what it holds.

use std::time::SystemTime;

use celeriac_wire::result;

use super::outcome::End;
use super::{Action, Machine, Phase, Shutdown, Stopping, What, record};
use crate::broker::Settle;
use crate::context::JobId;
use crate::task::Failure;

/// What ends a running task in a cold shutdown.
const SIGTERM: i32 = 15;

impl Machine {
    /// Whether it takes no more work.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Gives back what does not run, the newest first, so that the queue is as it was. A shutdown is never taken
    /// back, only hastened.
    pub(super) fn shutdown(&mut self, how: Shutdown, now: SystemTime, out: &mut Vec<Action>) {
        if self.closing >= Some(how) {
            return;
        }
        self.closing = Some(how);
        let settings = &self.config.settings;
        match how {
            Shutdown::Warm => {}
            Shutdown::Soft => {
                let patience = settings.worker_soft_shutdown_timeout;
                let waits = !patience.is_zero()
                    && (settings.worker_enable_soft_shutdown_on_idle
                        || self.jobs.values().any(|h| h.phase == Phase::Running));
                if !waits {
                    return self.shutdown(Shutdown::Cold, now, out);
                }
                tracing::warn!("Initiating Soft Shutdown, terminating in {} seconds", patience.as_secs_f64());
                self.cold_at = Some(now + patience);
            }
            Shutdown::Cold => {
                self.cold_at = None;
                self.cancel_running(|_| true, out);
            }
        }
        self.ready.clear();
        self.timers.clear();
        let idle: Vec<JobId> = self
            .jobs
            .iter()
            .rev()
            .filter(|(_, held)| matches!(held.phase, Phase::Checking | Phase::Waiting | Phase::Limited | Phase::Ready))
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            if let Some(held) = self.remove(id)
                && !held.acked
            {
                out.push(Action::Settle(held.tag, Settle::Return));
            }
        }
    }

    /// Jobs that the pool has and has not begun: they are to be called back in a shutdown.
    pub fn has_submitted(&self) -> bool {
        self.jobs.values().any(|held| held.phase == Phase::Submitted)
    }

    fn cancel_running(&mut self, which: impl Fn(&super::Held) -> bool, out: &mut Vec<Action>) {
        let running: Vec<JobId> = self
            .jobs
            .iter()
            .filter(|(_, held)| held.phase == Phase::Running && held.stopping.is_none() && which(held))
            .map(|(id, _)| *id)
            .collect();
        for id in running {
            self.end_by_force(id, SIGTERM, Stopping::Cancelled, out);
        }
    }

    /// A job was stopped by a shutdown. Its message is given back; where it was acknowledged early, the state says
    /// that the task did not end.
    pub(super) fn cancelled(&mut self, id: JobId, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get(&id) else { return };
        let policy = &self.tasks[held.task];
        if held.acked && policy.stores_errors(&held.request) {
            let retry = Failure::in_module("celery.exceptions", "Retry", "cancelled by Celery");
            let value = retry.exception().to_json();
            let extended = self.config.settings.result_extended;
            out.push(Action::Store(Box::new(record::state(&held.request, result::RETRY, value, extended))));
        }
        self.close(id, End::new(Settle::Return, vec![What::Cancelled]), out);
    }

    /// The connection was lost: others may be given what is not acknowledged.
    pub(super) fn disconnected(&mut self, out: &mut Vec<Action>) {
        if self.config.settings.worker_cancel_long_running_tasks_on_connection_loss {
            self.cancel_running(|held| !held.acked, out);
        }
    }
}
