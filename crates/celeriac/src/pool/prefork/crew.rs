//! Who runs what: hands jobs to children, keeps their limits, replaces those that are gone.
//!
//! All that happens comes in as [`News`]; a turn takes in all that there is, then hands out jobs, then sends.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use warden::{Death, Line, Lines};

use super::hand::{GRACE, Hand, QUICK, Standing};
use super::{Rules, Shared, link};
use crate::context::{Job, JobId};
use crate::pool::frame::Report;
use crate::pool::{Loss, PoolEvent, TERMINATE};
use crate::task::Failure;

/// What has happened, to whichever child.
pub(super) enum News {
    Submitted(Job),
    Terminate(JobId, i32),
    Recall,
    Resize(usize),
    Restart,
    Close(oneshot::Sender<()>),
    /// The pool was dropped.
    Abandoned,
    Born(io::Result<(Line, UnixStream)>),
    Heard(u64, Vec<Report>),
    /// A child has closed its socket.
    HungUp(u64),
    /// A child says what is no report.
    Nonsense(u64),
    /// A child has ended, and all that it said was told.
    Ended(u64),
}

/// Pauses between attempts to start children that die before they are ready.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// So many children in a row that are none are no accident: jobs are given back until there is one.
const HOPELESS: u32 = 3;

/// News that are taken in before jobs are handed out again.
const TURN: usize = 1024;

pub(super) struct Crew {
    rules: Rules,
    lines: Lines,
    events: UnboundedSender<PoolEvent>,
    news: UnboundedSender<News>,
    shared: Shared,
    queue: VecDeque<Job>,
    hands: BTreeMap<u64, Hand>,
    last_hand: u64,
    /// Children that were asked for and are not there yet.
    expected: usize,
    /// Children in a row that were none.
    stillborn: u32,
    next_birth: Option<Instant>,
    closing: Option<oneshot::Sender<()>>,
    closed: bool,
}

impl Crew {
    pub(super) fn new(
        rules: Rules,
        lines: Lines,
        events: UnboundedSender<PoolEvent>,
        news: UnboundedSender<News>,
        shared: Shared,
    ) -> Self {
        let mut crew = Self {
            rules,
            lines,
            events,
            news,
            shared,
            queue: VecDeque::new(),
            hands: BTreeMap::new(),
            last_hand: 0,
            expected: 0,
            stillborn: 0,
            next_birth: None,
            closing: None,
            closed: false,
        };
        crew.staff(Instant::now());
        crew.post();
        crew
    }

    pub(super) async fn run(mut self, mut inbox: UnboundedReceiver<News>) {
        let mut turn = Vec::new();
        while !self.closed {
            let wake = self.wake();
            let sleep = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = inbox.recv_many(&mut turn, TURN) => {}
                () = sleep => {}
            }
            let now = Instant::now();
            turn.drain(..).for_each(|news| self.on(news, now));
            self.keep_limits(now);
            self.staff(now);
            self.hand_out(now);
            self.hands.values_mut().for_each(Hand::flush);
            self.post();
        }
        inbox.close();
        while let Ok(news) = inbox.try_recv() {
            if let News::Submitted(job) = news {
                self.tell(PoolEvent::Returned(job.id));
            }
        }
    }

    fn tell(&self, event: PoolEvent) {
        // Fails only when the worker is gone, and with it everyone who would care.
        let _ = self.events.send(event);
    }

    fn on(&mut self, news: News, now: Instant) {
        match news {
            News::Submitted(job) if self.closing.is_some() || self.is_helpless() => {
                self.tell(PoolEvent::Returned(job.id));
            }
            News::Submitted(job) => self.queue.push_back(job),
            News::Terminate(id, signal) => self.terminate(id, signal),
            News::Recall => self.recall(),
            News::Resize(size) => self.resize(size, now),
            News::Restart => self.dismiss(self.hands.len(), true, now),
            News::Close(done) => {
                self.recall();
                self.rules.size = 0;
                self.closing = Some(done);
                self.dismiss(self.hands.len(), false, now);
                self.hands.values_mut().filter(|hand| hand.standing != Standing::Leaving).for_each(|hand| {
                    hand.sentence = Some(TERMINATE);
                    hand.end(now);
                });
            }
            News::Abandoned => self.closed = true,
            News::Born(born) => self.born(born, now),
            News::Heard(child, reports) => reports.into_iter().for_each(|report| self.heard(child, report, now)),
            News::HungUp(child) => {
                // One that dies has closed its socket before its end is told.
                if let Some(hand) = self.hands.get_mut(&child).filter(|hand| hand.standing != Standing::Leaving) {
                    if hand.standing != Standing::Starting {
                        hand.standing = Standing::Last(true);
                    }
                    hand.kill_at = Some(now + GRACE);
                }
            }
            News::Nonsense(child) => {
                if let Some(hand) = self.hands.get_mut(&child) {
                    tracing::error!(pid = hand.line.pid(), "a child is not understood and is killed");
                    hand.standing = Standing::Leaving;
                    hand.line.kill();
                }
            }
            News::Ended(child) => self.ended(child, now),
        }
    }

    fn born(&mut self, born: io::Result<(Line, UnixStream)>, now: Instant) {
        self.expected = self.expected.saturating_sub(1);
        let attended = born.and_then(|(line, socket)| {
            #[expect(
                deprecated,
                reason = "an owned descriptor stays the same; the new name is unsafe for types that may change it"
            )]
            let ended = AsyncFd::with_interest(line.ended()?, Interest::READABLE)?;
            let socket = tokio::net::UnixStream::from_std(socket)?;
            self.last_hand += 1;
            let link = link::attend(self.last_hand, socket, ended, self.news.clone());
            Ok(Hand::new(line, link, now, self.rules.patience))
        });
        match attended {
            Ok(mut hand) => {
                if self.closing.is_some() {
                    hand.leave(now);
                }
                self.hands.insert(self.last_hand, hand);
            }
            Err(error) => self.miscarried(&error.to_string(), now),
        }
    }

    /// A child could not be started, or did not get so far as to be ready.
    fn miscarried(&mut self, how: &str, now: Instant) {
        if self.stillborn == 0 {
            tracing::error!(error = how, "a child could not be started; it is tried again");
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.stillborn.min(16)).min(LAST_PAUSE);
        self.stillborn = self.stillborn.saturating_add(1);
        self.next_birth = Some(now + pause);
        self.despair();
    }

    /// Whether there is no child to run a job, and none that is likely to come.
    fn is_helpless(&self) -> bool {
        let of_use = |hand: &Hand| !matches!(hand.standing, Standing::Starting | Standing::Leaving);
        self.stillborn >= HOPELESS && !self.hands.values().any(of_use)
    }

    fn heard(&mut self, child: u64, report: Report, now: Instant) {
        let Some(hand) = self.hands.get_mut(&child) else { return };
        match report {
            Report::Ready if hand.standing == Standing::Starting => {
                hand.standing = Standing::Ready;
                hand.kill_at = None;
                let recovered = std::mem::take(&mut self.stillborn) > 0;
                self.next_birth = None;
                if recovered {
                    tracing::info!("children start again");
                    self.tell_size();
                }
            }
            Report::Ready => {}
            Report::Started { number, at } => {
                let pid = hand.line.pid();
                if let Some(running) = hand.started(number, now) {
                    let id = running.handed.job.id;
                    self.tell(PoolEvent::Accepted { id, pid, at });
                }
            }
            Report::Effect { number, effect } => {
                if let Some(running) = &hand.running
                    && running.handed.number == number
                    && !running.told
                {
                    let id = running.handed.job.id;
                    self.tell(PoolEvent::Effect(id, effect));
                }
            }
            Report::Finished { number, outcome, runtime, full } => {
                let Some(running) = hand.running.take_if(|running| running.handed.number == number) else { return };
                hand.sentence = None;
                hand.since = now;
                let spent = self.rules.max_tasks.is_some_and(|max| hand.given >= max);
                if hand.standing == Standing::Ready && full {
                    hand.standing = Standing::Last(true);
                }
                let back = if full { hand.recall_all() } else { Vec::new() };
                let last = spent || matches!(hand.standing, Standing::Last(_));
                if last && hand.load() == 0 {
                    hand.leave(now);
                }
                if !running.told {
                    let id = running.handed.job.id;
                    // The task has looked at the clock before this process did.
                    if running.soft.is_some() && running.handed.job.limits.soft.is_some_and(|soft| soft <= runtime) {
                        self.tell(PoolEvent::SoftLimit(id));
                    }
                    self.tell(PoolEvent::Finished { id, outcome, runtime });
                }
                back.into_iter().rev().for_each(|job| self.queue.push_front(job));
            }
        }
    }

    fn ended(&mut self, child: u64, now: Instant) {
        let Some(mut hand) = self.hands.remove(&child) else { return };
        let death = hand.line.end();
        let (how, expected) = match &death {
            Ok(Some(death)) => (status(death), *death == Death::Exit(0)),
            Ok(None) => ("already ended".to_owned(), false),
            Err(error) => (error.to_string(), false),
        };
        let pid = hand.line.pid();
        for job in hand.recall_all().into_iter().rev() {
            self.queue.push_front(job);
        }
        match hand.standing {
            Standing::Starting => self.miscarried(&format!("ended with {how} before it was ready"), now),
            Standing::Leaving if expected || hand.sentence.is_some() => {}
            _ => tracing::warn!(pid, status = how, "a child is gone"),
        }
        let lost = hand.lost(&how);
        if lost.is_empty() && hand.given == 0 && !matches!(hand.standing, Standing::Starting | Standing::Leaving) {
            // Nothing was lost by it, so nothing but the clock keeps its like from doing the same for ever.
            self.next_birth = Some(now + FIRST_PAUSE);
        }
        for (id, loss) in lost {
            self.tell(PoolEvent::Lost(id, loss));
        }
        if self.closing.is_some() {
            self.recall();
        }
        self.despair();
    }

    /// Gives all jobs back where there is nobody to run them.
    fn despair(&mut self) {
        if self.is_helpless() {
            // Before the jobs are back, so that they do not come again.
            self.tell_size();
            self.recall();
        }
    }

    /// Calls back all that has not begun.
    fn recall(&mut self) {
        let mut back: Vec<Job> = self.hands.values_mut().flat_map(Hand::recall_all).collect();
        back.extend(self.queue.drain(..));
        back.into_iter().for_each(|job| self.tell(PoolEvent::Returned(job.id)));
    }

    fn terminate(&mut self, id: JobId, signal: i32) {
        if let Some(index) = self.queue.iter().position(|job| job.id == id) {
            self.queue.remove(index);
            return self.tell(PoolEvent::Returned(id));
        }
        for hand in self.hands.values_mut() {
            let handed = hand.ahead.iter().find(|handed| handed.job.id == id).map(|handed| handed.number);
            let runs = hand.running.as_ref().is_some_and(|running| running.handed.job.id == id);
            if handed.is_none() && !runs {
                continue;
            }
            if handed.is_some_and(|number| hand.recall(number).is_some()) {
                return self.tell(PoolEvent::Returned(id));
            }
            let back = hand.recall_all();
            // A job that stays has begun; if another one than this has, this one is over.
            if hand.ahead.iter().all(|handed| handed.job.id == id) {
                hand.sentence = Some(signal);
                if let Err(error) = hand.line.signal(signal) {
                    hand.sentence = None;
                    tracing::warn!(signal, error = error.to_string(), "a task could not be terminated");
                }
            }
            back.into_iter().rev().for_each(|job| self.queue.push_front(job));
            return;
        }
    }

    fn resize(&mut self, size: usize, now: Instant) {
        if self.closing.is_some() {
            return;
        }
        self.rules.size = size;
        self.dismiss(self.staying().saturating_sub(size), false, now);
        self.tell_size();
    }

    /// How many children hold a place, those that come included.
    fn staying(&self) -> usize {
        self.hands.values().filter(|hand| hand.is_staying()).count() + self.expected
    }

    /// Has so many children leave as soon as they are idle, the idle ones first; others take their places or not.
    fn dismiss(&mut self, count: usize, replaced: bool, now: Instant) {
        let mut staying: Vec<(usize, u64)> = self
            .hands
            .iter()
            .filter(|(_, hand)| hand.is_staying())
            .map(|(child, hand)| (hand.load(), *child))
            .collect();
        staying.sort_unstable();
        for (_, child) in staying.into_iter().take(count) {
            let Some(hand) = self.hands.get_mut(&child) else { continue };
            let back = hand.recall_all();
            if hand.load() == 0 {
                hand.leave(now);
            } else {
                hand.standing = Standing::Last(replaced);
            }
            back.into_iter().rev().for_each(|job| self.queue.push_front(job));
        }
    }

    /// Asks for as many children as are missing.
    fn staff(&mut self, now: Instant) {
        if self.next_birth.is_some_and(|at| at > now) {
            return;
        }
        self.next_birth = None;
        let mut missing = self.rules.size.saturating_sub(self.staying());
        if self.stillborn > 0 {
            // One at a time shows whether it works again.
            let trying = self.expected > 0 || self.hands.values().any(|hand| hand.standing == Standing::Starting);
            missing = missing.min(usize::from(!trying));
        }
        for _ in 0..missing {
            self.expected += 1;
            let news = self.news.clone();
            self.lines.start(move |born| drop(news.send(News::Born(born))));
        }
    }

    fn keep_limits(&mut self, now: Instant) {
        let mut events = Vec::new();
        for hand in self.hands.values_mut() {
            if let Some(running) = hand.running.as_mut().filter(|running| !running.told) {
                let id = running.handed.job.id;
                let soft = running.soft.take_if(|at| *at <= now).is_some();
                let hard = running.hard.take_if(|at| *at <= now).is_some();
                let limit = running.handed.job.limits.hard.unwrap_or_default();
                if soft || hard {
                    hand.recall_all().into_iter().rev().for_each(|job| self.queue.push_front(job));
                }
                // What stays has begun: then this one is over, and says so soon.
                let over = !hand.ahead.is_empty();
                if soft && !over {
                    // Fails when it has just ended.
                    let _ = hand.line.signal(INTERRUPT);
                    events.push(PoolEvent::SoftLimit(id));
                }
                if hard && !over {
                    hand.end(now);
                    hand.running.iter_mut().for_each(|running| running.told = true);
                    events.push(PoolEvent::Lost(id, Loss::HardLimit(limit)));
                }
            }
            if hand.kill_at.take_if(|at| *at <= now).is_some() {
                hand.line.kill();
            }
        }
        events.into_iter().for_each(|event| self.tell(event));
        if self.closing.is_some()
            && self.hands.is_empty()
            && self.expected == 0
            && let Some(done) = self.closing.take()
        {
            self.closed = true;
            // Fails when nobody waits for it any more.
            let _ = done.send(());
        }
    }

    /// Gives what waits to the children that are idle, and a little more to those that have just begun.
    fn hand_out(&mut self, now: Instant) {
        let Rules { max_tasks, ahead, .. } = self.rules;
        while let Some(job) = self.queue.pop_front() {
            let free = self.hands.iter_mut().filter(|(_, hand)| hand.takes(now, ahead, max_tasks));
            let Some((_, hand)) = free.min_by_key(|(_, hand)| hand.load()) else {
                self.queue.push_front(job);
                return;
            };
            if let Err(job) = hand.hand(job, now) {
                let failure = Failure::in_module("kombu.exceptions", "EncodeError", "the message is too large");
                let outcome = Err(failure.into());
                self.tell(PoolEvent::Finished { id: job.id, outcome, runtime: Duration::ZERO });
            }
        }
        self.share(now);
    }

    /// Takes jobs from behind those that turn out to take long, and gives them to children that are idle.
    fn share(&mut self, now: Instant) {
        let max_tasks = self.rules.max_tasks;
        loop {
            let Some(idle) = self.hands.iter().find(|(_, hand)| hand.takes(now, 0, max_tasks) && hand.load() == 0)
            else {
                return;
            };
            let idle = *idle.0;
            let slow = |hand: &&mut Hand| {
                hand.load() > 1 && !hand.ahead.is_empty() && now.saturating_duration_since(hand.since) >= QUICK
            };
            let Some(hand) = self.hands.values_mut().find(slow) else { return };
            let running = usize::from(hand.running.is_none());
            let Some(number) = hand.ahead.get(running).map(|handed| handed.number) else { return };
            let Some(job) = hand.recall(number) else { return };
            let Some(idle) = self.hands.get_mut(&idle) else { return };
            if let Err(job) = idle.hand(job, now) {
                return self.queue.push_front(job);
            }
        }
    }

    fn wake(&self) -> Option<Instant> {
        let mut wake = self.next_birth;
        let mut behind: Option<Instant> = None;
        let mut idle = false;
        for hand in self.hands.values() {
            wake = [wake, hand.wake()].into_iter().flatten().min();
            idle |= hand.standing == Standing::Ready && hand.load() == 0;
            if hand.load() > 1 {
                behind = [behind, hand.since.checked_add(QUICK)].into_iter().flatten().min();
            }
        }
        [wake, behind.filter(|_| idle)].into_iter().flatten().min()
    }

    /// Says that there is another capacity, once it can be seen.
    fn tell_size(&self) {
        self.post();
        self.tell(PoolEvent::Resized);
    }

    /// Shows what is now.
    fn post(&self) {
        let mut board = self.shared.board();
        let info = &mut board.info;
        info.implementation = "celery.concurrency.prefork:TaskPool";
        info.size = self.rules.size;
        info.max_tasks_per_child = self.rules.max_tasks;
        info.processes.clear();
        info.writes.clear();
        for hand in self.hands.values() {
            info.processes.push(hand.line.pid());
            info.writes.push(hand.given.into());
        }
        info.busy = self.hands.values().filter(|hand| hand.running.is_some()).count();
        board.capacity = if self.is_helpless() { 0 } else { self.rules.capacity() };
    }
}

/// SIGUSR1, which interrupts what waits inside the kernel.
const INTERRUPT: i32 = 10;

/// How a child has ended, in the words of Python's multiprocessing.
fn status(death: &Death) -> String {
    match death {
        Death::Signal(signal) => match signal_name(*signal) {
            Some(name) => format!("signal {signal} ({name})"),
            None => format!("signal {signal}"),
        },
        Death::Cpu => "signal 24 (SIGXCPU)".to_owned(),
        Death::Memory => "exitcode 86".to_owned(),
        Death::Exit(code) => format!("exitcode {code}"),
        other => other.to_string(),
    }
}

/// The signals of Linus' first machine, which are those of most.
fn signal_name(signal: i32) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    NAMES.get(usize::try_from(signal).ok()?.checked_sub(1)?).copied()
}
