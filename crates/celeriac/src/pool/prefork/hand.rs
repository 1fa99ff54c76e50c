//! A child as the worker sees it: what it has been handed, what it runs, and since when.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use warden::Line;

use super::link::Link;
use crate::context::{Job, JobId};
use crate::pool::{Loss, TERMINATE, frame};

/// What runs for longer is no quick job: nothing is left waiting behind it. It is about what a job costs that is
/// handed over twice, many times.
pub(super) const QUICK: Duration = Duration::from_millis(1);

/// How long a child may take from a request to leave, or from a first signal, to its end.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// How a child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has not said that it is ready.
    Starting,
    Ready,
    /// It gets no more jobs and leaves after the present one; with `true` another one takes its place.
    Last(bool),
    /// It was told to leave, or to die.
    Leaving,
}

/// A job in the hands of a child.
#[derive(Debug)]
pub(super) struct Handed {
    pub number: u64,
    pub job: Job,
}

/// The job that has begun.
#[derive(Debug)]
pub(super) struct Running {
    pub handed: Handed,
    pub soft: Option<Instant>,
    pub hard: Option<Instant>,
    /// Its end was told; what the child still says of it is dropped.
    pub told: bool,
}

pub(super) struct Hand {
    pub line: Line,
    link: Arc<Link>,
    pub standing: Standing,
    pub running: Option<Running>,
    /// Handed and, as far as the worker has heard, not begun.
    pub ahead: VecDeque<Handed>,
    /// When its present job began, or was handed to it while it was idle.
    pub since: Instant,
    /// Jobs handed to it and not called back.
    pub given: u32,
    /// The signal that was sent to end its running job.
    pub sentence: Option<i32>,
    /// When it is killed.
    pub kill_at: Option<Instant>,
    last_number: u64,
    unsent: Vec<u8>,
}

impl Hand {
    pub(super) fn new(line: Line, link: Arc<Link>, now: Instant, patience: Duration) -> Self {
        Self {
            line,
            link,
            standing: Standing::Starting,
            running: None,
            ahead: VecDeque::new(),
            since: now,
            given: 0,
            sentence: None,
            kill_at: now.checked_add(patience),
            last_number: 0,
            unsent: Vec::new(),
        }
    }

    pub(super) fn load(&self) -> usize {
        self.ahead.len() + usize::from(self.running.is_some())
    }

    /// Whether it holds a place of the pool.
    pub(super) fn is_staying(&self) -> bool {
        !matches!(self.standing, Standing::Last(false) | Standing::Leaving)
    }

    /// Whether a job may be handed to it of which it has `ahead` at most behind the present one.
    pub(super) fn takes(&self, now: Instant, ahead: usize, max_tasks: Option<u32>) -> bool {
        let load = self.load();
        self.standing == Standing::Ready
            && (load == 0 || load <= ahead && now.saturating_duration_since(self.since) < QUICK)
            && max_tasks.is_none_or(|max| self.given < max)
    }

    /// Hands a job over with the next [`Hand::flush`]. A job that is too large comes back.
    pub(super) fn hand(&mut self, job: Job, now: Instant) -> Result<(), Job> {
        let number = self.last_number + 1;
        if !frame::put_run(&mut self.unsent, number, &job.request, job.limits) {
            return Err(job);
        }
        if self.load() == 0 {
            self.since = now;
        }
        self.line.claims().hand(number);
        self.last_number = number;
        self.given += 1;
        self.ahead.push_back(Handed { number, job });
        Ok(())
    }

    pub(super) fn flush(&mut self) {
        if !self.unsent.is_empty() {
            self.link.send(&mut self.unsent);
        }
    }

    /// The child has begun a job. What was handed before it was called back.
    pub(super) fn started(&mut self, number: u64, now: Instant) -> Option<&Running> {
        let index = self.ahead.iter().position(|handed| handed.number == number)?;
        let handed = self.ahead.remove(index)?;
        let limits = handed.job.limits;
        let after = |limit: Option<Duration>| limit.and_then(|limit| now.checked_add(limit));
        self.since = now;
        let running = Running { soft: after(limits.soft), hard: after(limits.hard), told: false, handed };
        Some(self.running.insert(running))
    }

    /// Calls back one job; `None` when it has begun, or is not here.
    pub(super) fn recall(&mut self, number: u64) -> Option<Job> {
        let index = self.ahead.iter().position(|handed| handed.number == number)?;
        if !self.line.claims().recall(number) {
            return None;
        }
        self.given -= 1;
        self.ahead.remove(index).map(|handed| handed.job)
    }

    /// Calls back all that has not begun, in order.
    pub(super) fn recall_all(&mut self) -> Vec<Job> {
        let numbers: Vec<u64> = self.ahead.iter().map(|handed| handed.number).collect();
        numbers.into_iter().filter_map(|number| self.recall(number)).collect()
    }

    /// Asks it to leave. It is idle.
    pub(super) fn leave(&mut self, now: Instant) {
        self.standing = Standing::Leaving;
        frame::put_leave(&mut self.unsent);
        self.flush();
        self.kill_at = now.checked_add(GRACE);
    }

    /// Ends it, at first in a way that it can hear of. What it has not begun was called back before.
    pub(super) fn end(&mut self, now: Instant) {
        self.standing = Standing::Leaving;
        // Fails when it has just ended.
        let _ = self.line.signal(TERMINATE);
        self.kill_at = now.checked_add(GRACE);
    }

    /// Now that it is gone: how its jobs have ended whose end was not told. Two of them if the one had just ended and
    /// the next had begun when it died.
    pub(super) fn lost(&mut self, how: &str) -> Vec<(JobId, Loss)> {
        let loss = |id: JobId| match self.sentence {
            Some(signal) => Loss::Terminated(signal),
            None => Loss::Died(format!("Worker exited prematurely: {how} Job: {}.", id.0)),
        };
        let running = self.running.take().filter(|running| !running.told).map(|running| running.handed);
        let lost: Vec<_> = running.into_iter().chain(self.ahead.drain(..)).collect();
        lost.into_iter().map(|handed| (handed.job.id, loss(handed.job.id))).collect()
    }

    /// When it needs attention by itself.
    pub(super) fn wake(&self) -> Option<Instant> {
        let running = self.running.as_ref().filter(|running| !running.told);
        let limits = running.map_or([None, None], |running| [running.soft, running.hard]);
        limits.into_iter().chain([self.kill_at]).flatten().min()
    }
}
