//! The worker as remote control sees it.

use std::time::{Duration, SystemTime};

use celeriac_wire::{Map, TimeLimits, Value};

use super::drive::Driver;
use super::round::Change;
use crate::broker::Queue;
use crate::control::{Autoscale, Held, Known, WorkerView};
use crate::machine::{Event, Shutdown};
use crate::metrics::Snapshot;
use crate::pool::{MAX_SIZE, PoolInfo};

/// What Celery's pool raises that has fewer idle processes than are to go.
const BUSY: &str = "ValueError(\"Can't shrink pool. All processes busy!\")";

impl WorkerView for Driver {
    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn totals(&self) -> Vec<(String, u64)> {
        self.machine.totals()
    }

    fn prefetch_count(&self) -> usize {
        self.machine.prefetch_count()
    }

    fn pool(&self) -> PoolInfo {
        self.pool.info()
    }

    fn autoscale(&self) -> Option<Autoscale> {
        self.machine.autoscale()
    }

    fn held(&self) -> Vec<Held> {
        self.machine.view()
    }

    fn tasks(&self) -> Vec<Known> {
        self.machine.known_tasks()
    }

    fn queues(&self) -> Vec<Queue> {
        self.queues.clone()
    }

    fn revoked(&self) -> Vec<String> {
        self.machine.revoked_ids()
    }

    fn revoked_stamps(&self) -> Map {
        self.machine.revoked_stamps()
    }

    fn pending_operations(&self) -> usize {
        self.pending.changes.len()
    }

    /// What lies ready in the pool comes back, so that it is looked at before it begins.
    fn revoke(&mut self, ids: &[String]) {
        self.machine.revoke(ids, SystemTime::now());
        self.pool.recall();
    }

    fn revoke_stamps(&mut self, header: &str, stamps: &[Value]) {
        self.machine.revoke_stamps(header, stamps);
        self.pool.recall();
    }

    fn terminate(&mut self, id: &str, signal: i32) {
        let mut actions = Vec::new();
        self.machine.terminate(id, signal, &mut actions);
        self.carry_out(actions);
    }

    fn set_rate_limit(&mut self, task: &str, limit: Option<&str>) -> bool {
        // The panel has looked at the text before.
        let known = self.machine.set_rate_limit(task, limit, SystemTime::now()).unwrap_or(false);
        self.on([Event::Tick]);
        known
    }

    fn set_time_limits(&mut self, task: &str, limits: TimeLimits) -> bool {
        self.machine.set_time_limits(task, limits)
    }

    fn resize(&mut self, by: i64) -> Result<(), String> {
        let size = self.machine.concurrency();
        let by = isize::try_from(by).unwrap_or(if by < 0 { isize::MIN } else { isize::MAX });
        if by < 0 && !self.pool.info().processes.is_empty() {
            // Celery's pool of processes gives up those that are idle, and says so when there were not enough.
            let idle = size.saturating_sub(self.machine.active());
            let gone = idle.min(by.unsigned_abs()).min(size.saturating_sub(1));
            if gone > 0 {
                self.resize_pool(size - gone);
            }
            return if gone < by.unsigned_abs() { Err(BUSY.to_owned()) } else { Ok(()) };
        }
        let Some(size) = size.checked_add_signed(by).filter(|size| *size > 0).or((by > 0).then_some(MAX_SIZE)) else {
            return Err(BUSY.to_owned());
        };
        self.resize_pool(size.min(MAX_SIZE));
        Ok(())
    }

    fn set_autoscale(&mut self, max: Option<usize>, min: Option<usize>) -> Option<(usize, usize)> {
        let cap = |size: Option<usize>| size.map(|size| size.min(MAX_SIZE));
        let bounds = self.machine.set_autoscale(cap(max), cap(min))?;
        let size = self.machine.concurrency();
        if size > bounds.max || size < bounds.min {
            self.resize_pool(size.min(bounds.max).max(bounds.min).max(1));
        }
        Some((bounds.max, bounds.min))
    }

    fn metrics(&self) -> Snapshot {
        Snapshot { pool: self.pool.info().size, reconnects: self.reconnects, ..self.machine.metrics() }
    }

    fn restart_pool(&mut self) {
        self.pool.restart();
    }

    fn add_queue(&mut self, queue: Queue) {
        if !self.queues.iter().any(|other| other.name == queue.name) {
            tracing::info!("Started consuming from {}", queue.name);
            self.queues.push(queue.clone());
            self.pending.changes.push(Change::Add(queue));
        }
    }

    fn cancel_queue(&mut self, name: &str) {
        tracing::info!("Canceling queue {name}");
        self.queues.retain(|queue| queue.name != name);
        self.pending.changes.push(Change::Cancel(name.to_owned()));
    }

    fn shut_down(&mut self) {
        self.shutdown(Shutdown::Warm);
    }
}
