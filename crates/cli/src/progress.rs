//! How far a run is: one line that changes on a terminal, plain lines in a log.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use docmill_engine::{Event, Observer};
use docmill_model::{Code, Stage, State};

use crate::format;
use crate::screen::line;

/// Fast enough to look alive, slow against the work.
const TICK: Duration = Duration::from_millis(100);
/// How often a log gets a line.
const LOG_TICK: Duration = Duration::from_secs(10);
/// Before this long a rate is chance.
const SETTLE: Duration = Duration::from_secs(1);

/// What has been counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files that were looked at.
    pub seen: u64,
    /// Documents that were open at the start or came in since.
    total: u64,
    begun: u64,
    done: u64,
    failed: BTreeMap<Code, u64>,
    pub stages: u64,
    intake_done: bool,
    folding: bool,
}

impl Counts {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Seen { new, .. } => {
                self.seen += 1;
                self.total += u64::from(*new);
            }
            Event::Unread { code, .. } => {
                self.seen += 1;
                *self.failed.entry(*code).or_default() += 1;
            }
            Event::IntakeDone => self.intake_done = true,
            Event::Folding => self.folding = true,
            Event::StageStarted { key, attempt } => {
                self.stages += 1;
                self.begun += u64::from(key.stage == Stage::ProcessOcr && *attempt == 1);
            }
            Event::StageEnded { key, state, code } => {
                let ended = matches!(state, State::Failed | State::Skipped);
                self.done += u64::from(ended || key.stage == Stage::BuildRelationships);
                if let (State::Failed, Some(code)) = (state, code) {
                    *self.failed.entry(*code).or_default() += 1;
                }
            }
            Event::ChildStarted { .. } | Event::PagesRead { .. } | Event::StageAgain { .. } => {}
        }
    }

    /// The line that is shown after `elapsed`.
    fn line(&self, elapsed: Duration) -> String {
        // Attachments are known only when they are begun.
        let total = self.total.max(self.begun).max(self.done);
        let more = if self.intake_done { "" } else { "+" };
        let files = if self.seen == 0 { String::new() } else { format!("{}, ", format::count(self.seen, "file")) };
        let mut out = format!("{files}{} of {}{more} documents", format::grouped(self.done), format::grouped(total));
        if elapsed >= SETTLE && self.done > 0 {
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
            let tenths = self.done.saturating_mul(10_000) / millis;
            out.push_str(&format!(", {}.{} a second", tenths / 10, tenths % 10));
            if self.intake_done && total > self.done {
                let left = millis.saturating_mul(total - self.done) / self.done;
                out.push_str(&format!(", about {} left", format::duration(Duration::from_millis(left.max(1000)))));
            }
        }
        if self.folding {
            out.push_str(", working out who is who");
        }
        let failed: Vec<String> = self.failed.iter().map(|(code, n)| format!("{n} {code}")).collect();
        if !failed.is_empty() {
            out.push_str(&format!(", failing: {}", failed.join(", ")));
        }
        out
    }
}

/// How progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Terminal,
    Log,
    /// A line for each event, and no others.
    Events,
}

/// What the thread that tells looks at.
struct Watched {
    counts: Counts,
    ended: bool,
}

struct Shared {
    watched: Mutex<Watched>,
    ended: Condvar,
    mode: Mode,
    started: Instant,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        // Counting does not panic, so that a poisoned lock still guards whole counts.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the events of a run.
struct Watch(Arc<Shared>);

impl Observer for Watch {
    fn on(&self, event: Event) {
        self.0.lock().counts.count(&event);
        if self.0.mode == Mode::Events {
            // One write, so that lines of several threads do not mix.
            let _ = io::stderr().write_all(format!("{}\n", log_line(&event)).as_bytes());
        }
    }
}

/// Progress while it lives; [`Progress::end`] clears the line.
pub struct Progress {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// `open` is how many documents are on their way already; `intake` is whether more may come in.
    pub fn start(open: u64, intake: bool, verbose: bool) -> Self {
        let mode = match (verbose, io::stderr().is_terminal()) {
            (true, _) => Mode::Events,
            (false, true) => Mode::Terminal,
            (false, false) => Mode::Log,
        };
        let counts = Counts { total: open, intake_done: !intake, ..Counts::default() };
        let shared = Arc::new(Shared {
            watched: Mutex::new(Watched { counts, ended: false }),
            ended: Condvar::new(),
            mode,
            started: Instant::now(),
        });
        let thread = (mode != Mode::Events).then(|| {
            let shared = shared.clone();
            std::thread::spawn(move || tell(&shared))
        });
        Self { shared, thread }
    }

    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(Watch(self.shared.clone()))
    }

    /// Stops telling; gives what was counted. `whole`: nothing is left to do, so that what ended without its last
    /// stage, because an early one gave what it gave before, has ended too.
    pub fn end(mut self, whole: bool) -> Counts {
        if whole {
            let counts = &mut self.shared.lock().counts;
            counts.done = counts.total.max(counts.begun).max(counts.done);
        }
        self.stop();
        self.shared.lock().counts.clone()
    }

    fn stop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

fn tell(shared: &Shared) {
    let (tick, log) = if shared.mode == Mode::Log { (LOG_TICK, true) } else { (TICK, false) };
    if log {
        let _ = io::stderr().write_all(b"started\n");
    }
    let mut watched = shared.lock();
    while !watched.ended {
        let waited = shared.ended.wait_timeout_while(watched, tick, |watched| !watched.ended);
        watched = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (text, ended) = (watched.counts.line(shared.started.elapsed()), watched.ended);
        drop(watched);
        // Nothing to say about a run that was over before it could be watched.
        let out = match (log, ended) {
            (true, false) => format!("{text}\n"),
            (true, true) => format!("{text}; ended\n"),
            (false, false) => format!("\r\x1b[2K{}", fitted(&text)),
            (false, true) => "\r\x1b[2K".to_owned(),
        };
        let _ = io::stderr().write_all(out.as_bytes());
        watched = shared.lock();
    }
}

/// Cut to the width of the terminal, as a line that wraps cannot be taken back.
fn fitted(text: &str) -> String {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok();
    // A terminal that does not know its width says 0.
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80);
    format::shortened(text, columns.saturating_sub(1))
}

/// The plain line of an event: what happened, then fields.
fn log_line(event: &Event) -> String {
    let code = |code: &Option<Code>| code.map_or("-", Code::as_str);
    match event {
        Event::Seen { bytes, new } => format!("file seen bytes={bytes} new={new}"),
        Event::Unread { shown, code, message } => {
            format!("file unread path={:?} code={code} error={:?}", line(shown), line(message))
        }
        Event::IntakeDone => "intake ended".to_owned(),
        Event::Folding => "fold started".to_owned(),
        Event::StageStarted { key, attempt } => {
            format!("stage started document={} stage={} attempt={attempt}", key.document, key.stage)
        }
        Event::ChildStarted { document, pid } => format!("child started document={document} pid={pid}"),
        Event::PagesRead { document, pages } => format!("pages saved document={document} pages={pages}"),
        Event::StageEnded { key, state, code: ended } => {
            format!("stage ended document={} stage={} state={state} code={}", key.document, key.stage, code(ended))
        }
        Event::StageAgain { key, code } => {
            format!("stage again document={} stage={} code={code}", key.document, key.stage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docmill_model::{Digest, DocumentId};
    use docmill_store::StageKey;

    fn key(stage: Stage) -> StageKey {
        StageKey { document: DocumentId::new("p", &Digest::of(b"x")), stage }
    }

    fn counts(events: &[Event]) -> Counts {
        let mut counts = Counts::default();
        events.iter().for_each(|event| counts.count(event));
        counts
    }

    #[test]
    fn the_line_tells_done_rate_time_left_and_failures() {
        let seen = Event::Seen { bytes: 1, new: true };
        let done = Event::StageEnded { key: key(Stage::BuildRelationships), state: State::Done, code: None };
        let failed = Event::StageEnded { key: key(Stage::ProcessOcr), state: State::Failed, code: Some(Code::DAMAGED) };
        let started = Event::StageStarted { key: key(Stage::ProcessOcr), attempt: 1 };
        let check = |events: &[&Event], seconds, expected: &str| {
            let events: Vec<Event> = events.iter().map(|e| (*e).clone()).collect();
            assert_eq!(counts(&events).line(Duration::from_secs(seconds)), expected);
        };
        check(&[], 0, "0 of 0+ documents");
        check(&[&seen, &seen], 5, "2 files, 0 of 2+ documents");
        check(&[&seen, &seen, &done], 2, "2 files, 1 of 2+ documents, 0.5 a second");
        check(&[&seen, &seen, &Event::IntakeDone, &done], 2, "2 files, 1 of 2 documents, 0.5 a second, about 2 s left");
        check(&[&seen, &Event::IntakeDone, &failed], 1, "1 file, 1 of 1 documents, 1.0 a second, failing: 1 damaged");
        check(&[&seen, &Event::IntakeDone, &started, &started], 0, "1 file, 0 of 2 documents");
        let folding = [&seen, &Event::IntakeDone, &done, &Event::Folding];
        check(&folding, 0, "1 file, 1 of 1 documents, working out who is who");
    }

    #[test]
    fn events_are_plain_lines_with_fields() {
        let id = key(Stage::ProcessOcr).document;
        let check = |event: Event, expected: String| assert_eq!(log_line(&event), expected);
        check(
            Event::StageStarted { key: key(Stage::ProcessOcr), attempt: 2 },
            format!("stage started document={id} stage=process_ocr attempt=2"),
        );
        check(Event::ChildStarted { document: id, pid: 7 }, format!("child started document={id} pid=7"));
        check(Event::PagesRead { document: id, pages: 3 }, format!("pages saved document={id} pages=3"));
        check(
            Event::StageEnded { key: key(Stage::ProcessChunking), state: State::Done, code: None },
            format!("stage ended document={id} stage=process_chunking state=done code=-"),
        );
        check(
            Event::Unread { shown: "a\nb".into(), code: Code::PERMISSION_DENIED, message: "no".into() },
            "file unread path=\"a b\" code=permission_denied error=\"no\"".to_owned(),
        );
    }
}
