//! Signals, as a Celery worker takes them: TERM and INT end it warm, a second INT and QUIT soft or cold, HUP starts it
//! anew, USR1 shows what it does.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{FAILURE, OK, Problem};
use crate::machine::Shutdown;
use crate::worker::Handle;

/// The code with which the program ends. A worker that is interrupted or stopped cold has failed.
static CODE: AtomicU8 = AtomicU8::new(OK);
/// Whether the program is to start anew when it has ended.
static RESTART: AtomicBool = AtomicBool::new(false);

pub(super) fn exit_code() -> u8 {
    CODE.load(Ordering::Relaxed)
}

pub(super) fn restart_asked() -> bool {
    RESTART.load(Ordering::Relaxed)
}

/// Runs this program again in its own place. Returns only with a problem.
pub(super) fn restart() -> Problem {
    let mut arguments = std::env::args_os();
    // Where the file was replaced by a newer one, that is started.
    let own = std::env::current_exe().ok().map(|own| own.to_string_lossy().trim_end_matches(" (deleted)").to_owned());
    let program = own.map(Into::into).or_else(|| arguments.next());
    let Some(program) = program else { return Problem::Failed("this program has no name to be started by".to_owned()) };
    let error = Command::new(program).args(std::env::args_os().skip(1)).exec();
    Problem::new("could not start anew", error)
}

pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user: Signal,
}

impl Signals {
    /// Takes the signals over from here on.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits until the program is told to end, in whatever way. Cancel safe.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }

    /// Does what the signals say, for as long as the worker runs. With `soft` there is a soft phase before a cold end.
    pub(super) async fn carry_out(&mut self, handle: &Handle, soft: bool) {
        let remapped = std::env::var("REMAP_SIGTERM").is_ok_and(|signal| signal == "SIGQUIT");
        // How far the shutdown is: nothing yet, warm, soft, cold.
        let mut stage = 0;
        loop {
            let (hastens, code) = tokio::select! {
                _ = self.terminate.recv() => (remapped, if remapped { FAILURE } else { OK }),
                _ = self.interrupt.recv() => (stage > 0, FAILURE),
                _ = self.quit.recv() => (true, FAILURE),
                _ = self.hangup.recv() => {
                    println!("Restarting celery worker ({})", std::env::args().collect::<Vec<_>>().join(" "));
                    RESTART.store(true, Ordering::Relaxed);
                    (false, OK)
                }
                _ = self.user.recv() => {
                    show(handle).await;
                    continue;
                }
            };
            stage = match (hastens, stage) {
                (false, 0) => {
                    println!("worker: Warm shutdown (MainProcess)");
                    if code == FAILURE {
                        println!(
                            "worker: Hitting Ctrl+C again will initiate cold shutdown, terminating all running tasks!"
                        );
                    }
                    handle.shutdown(Shutdown::Warm);
                    1
                }
                // A second TERM changes nothing.
                (false, stage) => stage,
                (true, 0 | 1) if soft => {
                    println!("worker: Cold shutdown (MainProcess)");
                    println!("worker: Hitting Ctrl+C again will terminate all running tasks!");
                    handle.shutdown(Shutdown::Soft);
                    2
                }
                (true, 0..=2) => {
                    println!("worker: Cold shutdown (MainProcess)");
                    handle.shutdown(Shutdown::Cold);
                    3
                }
                // It has been asked for in all other ways.
                (true, _) => std::process::exit(i32::from(FAILURE)),
            };
            if stage == 1 || hastens {
                CODE.store(code, Ordering::Relaxed);
            }
        }
    }
}

/// Shows on standard error what the worker holds.
async fn show(handle: &Handle) {
    let held = handle.look(|view| view.held());
    for held in held.await.unwrap_or_default() {
        let headers = held.request.headers();
        eprintln!("{:?} {}[{}] pid:{:?}", held.phase, headers.task, headers.id, held.pid);
    }
}
