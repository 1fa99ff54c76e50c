//! The child: takes jobs off its socket, runs one at a time, and tells.

use std::cell::RefCell;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use celeriac_wire::{TimeLimits, Value};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use warden::Claims;

use crate::context::{Context, Request};
use crate::pool::codec::is_shallow;
use crate::pool::frame::{self as wire, Inbox, Order};
use crate::pool::run::Runner;
use crate::pool::{Loss, panicked};
use crate::registry::Registry;
use crate::task::{Failure, Outcome, Stop, frame};

/// The environment variable that tells a child how many bytes of memory it may have taken at a time.
pub(super) const MAX_MEMORY: &str = "CELERIAC_CHILD_MEMORY";

/// Whether this process is a child of a worker with the prefork pool. See [`serve_child`].
pub fn is_child() -> bool {
    warden::child::is_line()
}

/// Runs the tasks of `registry` for the worker that has started this process, until it says that there are no more
/// or is gone. Never returns.
///
/// A program whose worker uses the prefork pool starts itself again for each child, so its `main` begins with
///
/// ```no_run
/// # fn registry() -> celeriac::Registry { celeriac::Registry::new() }
/// fn main() {
///     if celeriac::is_child() {
///         celeriac::serve_child(registry());
///     }
///     // The worker.
/// }
/// ```
///
/// before it starts threads. Arguments, environment, folder, stdout and stderr are those of the worker, stdin is null.
/// Logging is to be set up as for the worker. SIGUSR1 says that the soft limit of the task has passed: it interrupts
/// system calls, and [`Context::check`] tells.
pub fn serve_child(registry: Registry) -> ! {
    let (socket, claims) = match warden::child::line() {
        Ok(line) => line,
        Err(error) => {
            let _ = writeln!(io::stderr(), "not a child of a worker: {error}");
            exit(1)
        }
    };
    let limit = std::env::var(MAX_MEMORY).ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(u64::MAX);
    remember_panics();
    let mut child = Child {
        claims,
        inbox: Inbox::default(),
        voice: Arc::new(Voice { socket, unsent: Mutex::default() }),
        runner: Runner::new(Arc::new(registry)),
        limit,
    };
    child.voice.say(true, wire::put_ready);
    loop {
        let (number, request, limits) = child.next();
        if child.claims.begin(number) {
            child.run(number, request, limits);
        }
    }
}

/// The way to the worker.
struct Voice {
    socket: UnixStream,
    unsent: Mutex<Vec<u8>>,
}

impl Voice {
    /// Puts frames behind those that are not sent yet, and with `now` sends them all. Where the worker is gone the
    /// process ends.
    fn say<T>(&self, now: bool, frames: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        let value = frames(&mut unsent);
        if now && !unsent.is_empty() {
            if (&self.socket).write_all(&unsent).is_err() {
                exit(0);
            }
            unsent.clear();
            unsent.shrink_to(wire::CHUNK);
        }
        value
    }
}

struct Child {
    claims: Claims,
    inbox: Inbox,
    voice: Arc<Voice>,
    runner: Runner,
    /// Bytes.
    limit: u64,
}

impl Child {
    /// The next job. Before it waits it sends what is not sent yet.
    fn next(&mut self) -> (u64, Arc<Request>, TimeLimits) {
        // What the worker has sent meanwhile is there: then the end of the last job and the begin of the next go out
        // in one write.
        let mut flags = RecvFlags::DONTWAIT;
        loop {
            match self.inbox.next() {
                Ok(Some(Order::Run { number, request, limits })) => return (number, request, limits),
                Ok(None) => {}
                Ok(Some(Order::Leave)) => exit(0),
                Err(error) => {
                    let _ = writeln!(io::stderr(), "the worker is not understood: {error}");
                    exit(1)
                }
            }
            match recv(&self.voice.socket, self.inbox.space(), flags) {
                Ok((_, 0)) => exit(0),
                Ok((_, count)) => self.inbox.arrived(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.voice.say(true, |_| {});
                    flags = RecvFlags::empty();
                }
                Err(_) => exit(0),
            }
        }
    }

    fn run(&mut self, number: u64, request: Arc<Request>, limits: TimeLimits) {
        let voice = Arc::clone(&self.voice);
        let emit = move |effect| {
            let sent = voice.say(true, |out| wire::put_effect(out, number, &effect));
            if !sent {
                tracing::error!("an effect is too large and was dropped");
            }
        };
        let begun = Instant::now();
        // Made first, so that no signal is missed that is meant for this job.
        let context = Context::new(request, limits.soft, emit);
        self.voice.say(true, |out| wire::put_started(out, number, SystemTime::now()));
        PANIC.with_borrow_mut(|panic| *panic = None);
        // The worker keeps the hard limit, by force.
        let outcome = match panic::catch_unwind(AssertUnwindSafe(|| self.runner.run(context, None))) {
            Ok(Ok(outcome)) => readable(outcome),
            Ok(Err(limit)) => Err(Loss::HardLimit(limit).failure().into()),
            Err(panic) => Err(told(panicked(&*panic))),
        };
        let runtime = begun.elapsed();
        let full = self.limit < u64::MAX && warden::peak_memory() > self.limit;
        self.voice.say(full, |out| {
            if !wire::put_finished(out, number, &outcome, runtime, full) {
                let _ = wire::put_finished(out, number, &unfit("too large"), runtime, full);
            }
        });
        if full {
            self.await_end();
        }
    }

    /// Begins nothing any more: what was handed over is called back by the worker, which then closes the socket.
    fn await_end(&mut self) -> ! {
        loop {
            if let Ok(Some(Order::Leave)) | Err(_) = self.inbox.next() {
                exit(0);
            }
            match recv(&self.voice.socket, self.inbox.space(), RecvFlags::empty()) {
                Ok((_, 0)) => exit(0),
                Ok((_, count)) => self.inbox.arrived(count),
                Err(Errno::INTR) => {}
                Err(_) => exit(0),
            }
        }
    }
}

/// A reply that the worker can read, or a failure.
fn readable(outcome: Outcome<Value>) -> Outcome<Value> {
    match outcome {
        Ok(reply) if !is_shallow(&reply) => unfit("nested too deep"),
        outcome => outcome,
    }
}

fn unfit(how: &str) -> Outcome<Value> {
    Err(Failure::in_module("kombu.exceptions", "EncodeError", format!("the result is {how}")).into())
}

thread_local! {
    /// Where the last panic of this thread was.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the place of a panic for the traceback of the failure; what is printed stays as it is.
fn remember_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(frame);
        PANIC.with_borrow_mut(|panic| *panic = place);
        print(info);
    }));
}

/// The failure with the place of the panic instead of that where it was caught.
fn told(panic: Stop) -> Stop {
    match panic {
        Stop::Failure(failure) => Failure { frames: PANIC.with_borrow_mut(Option::take), ..failure }.into(),
        other => other,
    }
}

/// The limits that a child is started with.
pub(super) fn environment(max_memory: Option<u64>) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    max_memory.map(|bytes| (MAX_MEMORY.into(), bytes.to_string().into())).into_iter().collect()
}
