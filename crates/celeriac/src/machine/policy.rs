//! How the messages of one task are treated: its own options over the app's settings.

use std::collections::VecDeque;
use std::time::SystemTime;

use celeriac_wire::TimeLimits;

use crate::context::{JobId, Request};
use crate::metrics::Counts;
use crate::rate_limit::{Bucket, RateLimit};
use crate::settings::Settings;
use crate::task::TaskOptions;

/// One task of the worker, with what holds for it now.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name of the task.
    pub name: String,
    /// Its own options.
    pub options: TaskOptions,
    /// Limits of messages that bring none, as remote control may have set them.
    pub limits: TimeLimits,
    pub(super) acks_late: bool,
    pub(super) acks_on_failure: bool,
    pub(super) acks_on_timeout: bool,
    pub(super) reject_on_worker_lost: bool,
    pub(super) retry_on_worker_lost: bool,
    pub(super) ignore_result: bool,
    pub(super) store_errors_even_if_ignored: bool,
    pub(super) track_started: bool,
    pub(super) deduplicates: bool,
    /// The rate limit and its state.
    pub(super) bucket: Option<Bucket>,
    /// Jobs that wait for the rate limit, the first in front.
    pub(super) queued: VecDeque<JobId>,
    /// When a look at `queued` is planned.
    pub(super) timer: Option<SystemTime>,
    /// Runs that have begun.
    pub(super) begun: u64,
    /// The place of its first run among those of all tasks.
    pub(super) first: u64,
    pub(super) counts: Counts,
}

impl Policy {
    pub(super) fn new(name: &str, options: &TaskOptions, settings: &Settings) -> Self {
        let default_rate = || {
            let text = settings.task_default_rate_limit.as_deref()?;
            RateLimit::parse(text).unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "task_default_rate_limit is ignored");
                None
            })
        };
        let acks_late = options.acks_late.unwrap_or(settings.task_acks_late);
        Self {
            name: name.to_owned(),
            limits: TimeLimits {
                hard: options.hard_limit.or(settings.task_time_limit),
                soft: options.soft_limit.or(settings.task_soft_time_limit),
            },
            acks_late,
            acks_on_failure: options.acks_on_failure.unwrap_or(settings.acks_on_failure()),
            acks_on_timeout: options.acks_on_timeout.unwrap_or(settings.acks_on_timeout()),
            reject_on_worker_lost: options.reject_on_worker_lost.unwrap_or(settings.task_reject_on_worker_lost),
            retry_on_worker_lost: options.retry_on_worker_lost.unwrap_or(settings.task_retry_on_worker_lost),
            ignore_result: options.ignore_result.unwrap_or(settings.task_ignore_result),
            store_errors_even_if_ignored: options
                .store_errors_even_if_ignored
                .unwrap_or(settings.task_store_errors_even_if_ignored),
            track_started: options.track_started.unwrap_or(settings.task_track_started),
            deduplicates: acks_late && settings.worker_deduplicate_successful_tasks,
            bucket: options.rate_limit.clone().or_else(default_rate).map(Bucket::new),
            options: options.clone(),
            queued: VecDeque::new(),
            timer: None,
            begun: 0,
            first: 0,
            counts: Counts::default(),
        }
    }

    /// The rate limit that holds now.
    pub fn rate_limit(&self) -> Option<&RateLimit> {
        self.bucket.as_ref().map(Bucket::limit)
    }

    /// The limits of one run: those of the message win.
    pub(super) fn limits(&self, request: &Request) -> TimeLimits {
        let TimeLimits { hard, soft } = request.headers().timelimit;
        TimeLimits { hard: hard.or(self.limits.hard), soft: soft.or(self.limits.soft) }
    }

    pub(super) fn ignores_result(&self, request: &Request) -> bool {
        request.headers().ignore_result.unwrap_or(self.ignore_result)
    }

    pub(super) fn stores_errors(&self, request: &Request) -> bool {
        !self.ignores_result(request) || self.store_errors_even_if_ignored
    }
}
