//! What remote control is told of the machine, and what it may set.

use std::sync::Arc;
use std::time::SystemTime;

use celeriac_wire::{Map, TimeLimits, Value};

use super::{Autoscale, Machine, Phase};
use crate::control::{self, Held, Known};
use crate::metrics::Snapshot;
use crate::rate_limit::{Bucket, Malformed, RateLimit};
use crate::sending::Sending;

impl Machine {
    /// How many runs of each task have begun, in the order of their first.
    pub fn totals(&self) -> Vec<(String, u64)> {
        let mut begun: Vec<_> = self.tasks.iter().filter(|task| task.begun > 0).collect();
        begun.sort_by_key(|task| task.first);
        begun.into_iter().map(|task| (task.name.clone(), task.begun)).collect()
    }

    /// Runs that have begun, of all tasks.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Jobs that run.
    pub fn active(&self) -> usize {
        self.jobs.values().filter(|held| held.phase == Phase::Running).count()
    }

    /// What is counted, for metrics.
    pub fn metrics(&self) -> Snapshot {
        let tasks = self.tasks.iter().filter(|task| task.counts.any());
        let mut snapshot = Snapshot {
            tasks: tasks.map(|task| (task.name.clone(), task.counts.clone())).collect(),
            prefetch: self.prefetch_count(),
            refused: self.refused,
            ..Snapshot::default()
        };
        for held in self.jobs.values() {
            match held.phase {
                Phase::Waiting => snapshot.scheduled += 1,
                Phase::Running | Phase::Finishing => snapshot.active += 1,
                _ => snapshot.reserved += 1,
            }
            snapshot.unacknowledged += usize::from(!held.acked);
        }
        snapshot
    }

    /// How many messages may be held, ETA aside; 0 is without limit.
    pub fn prefetch_count(&self) -> usize {
        match self.config.settings.worker_prefetch_multiplier {
            0 => 0,
            _ => self.prefetch(),
        }
    }

    /// All that is held, in the order of delivery.
    pub fn view(&self) -> Vec<Held> {
        self.jobs
            .values()
            .map(|held| Held {
                phase: match held.phase {
                    Phase::Waiting => control::Phase::Scheduled,
                    Phase::Running | Phase::Finishing => control::Phase::Active,
                    _ => control::Phase::Reserved,
                },
                request: held.request.clone(),
                eta: held.eta,
                started: held.started,
                acknowledged: held.acked,
                pid: held.pid,
            })
            .collect()
    }

    /// The tasks of the registry, with what remote control has set.
    pub fn known_tasks(&self) -> Vec<Known> {
        self.tasks
            .iter()
            .map(|task| Known {
                name: task.name.clone(),
                options: task.options.clone(),
                rate_limit: task.rate_limit().map(ToString::to_string),
                limits: task.limits,
            })
            .collect()
    }

    /// Ids of revoked tasks, the oldest first.
    pub fn revoked_ids(&self) -> Vec<String> {
        self.revoked.ids().map(str::to_owned).collect()
    }

    /// Stamps by which tasks are revoked: each header with its values.
    pub fn revoked_stamps(&self) -> Map {
        self.revoked.stamps().map(|(header, values)| (header.to_owned(), Value::Array(values.to_vec()))).collect()
    }

    /// Sets or lifts the rate limit of a task; false for one that is not known.
    ///
    /// # Errors
    ///
    /// A text that is no rate.
    pub fn set_rate_limit(&mut self, task: &str, limit: Option<&str>, now: SystemTime) -> Result<bool, Malformed> {
        let limit = limit.map(RateLimit::parse).transpose()?.flatten();
        let Some(&task) = self.names.get(task) else { return Ok(false) };
        self.tasks[task].bucket = limit.map(Bucket::new);
        // What waited for the old limit waits for the new one.
        self.drain(task, now);
        Ok(true)
    }

    /// Sets the time limits of a task; false for one that is not known.
    pub fn set_time_limits(&mut self, task: &str, limits: TimeLimits) -> bool {
        let Some(&task) = self.names.get(task) else { return false };
        self.tasks[task].limits = limits;
        true
    }

    /// The bounds of `--autoscale`, the places of the pool and the jobs that want one.
    pub fn autoscale(&self) -> Option<control::Autoscale> {
        let Autoscale { max, min } = self.autoscale.bounds?;
        Some(control::Autoscale { max, min, current: self.config.concurrency, wanted: self.reserved() })
    }

    /// Sets the bounds of `--autoscale`; `None` if it is off.
    pub fn set_autoscale(&mut self, max: Option<usize>, min: Option<usize>) -> Option<Autoscale> {
        let bounds = self.autoscale.bounds.as_mut()?;
        bounds.max = max.unwrap_or(bounds.max);
        bounds.min = min.unwrap_or(bounds.min);
        Some(*bounds)
    }

    pub(crate) fn sending(&self) -> Arc<Sending> {
        Arc::clone(&self.sending)
    }

    /// The app's settings.
    pub fn settings(&self) -> &crate::settings::Settings {
        &self.config.settings
    }

    /// How many jobs the pool runs at a time.
    pub fn concurrency(&self) -> usize {
        self.config.concurrency
    }
}
