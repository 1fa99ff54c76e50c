//! Children that misbehave, seen from their parent.

mod confinement;
mod death;
mod line;
mod pool;

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use warden::{Death, Limits, Options, Warden};

/// Far more than any test needs, so that a slow machine passes and a hang still ends.
const PATIENCE: Duration = Duration::from_secs(60);

const LIMITS: Limits = Limits { memory: 64 << 20, wall: PATIENCE, output: 64 << 20, frame: 32 << 20 };

fn options() -> Options {
    Options { program: PathBuf::from(env!("CARGO_BIN_EXE_warden-test-child")), ..Options::default() }
}

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    frames: Vec<Vec<u8>>,
    death: Option<Death>,
    pid: u32,
    stderr: String,
}

impl Outcome {
    fn text(&self) -> String {
        assert_eq!(self.death, None, "{}", self.stderr);
        String::from_utf8(self.frames.concat()).unwrap()
    }
}

fn run_with(warden: &Warden, job: &str, input: Option<BorrowedFd<'_>>, limits: &Limits) -> Outcome {
    let mut call = warden.call(job.as_bytes(), input, limits).unwrap();
    let (mut frames, mut death) = (Vec::new(), None);
    for frame in &mut call {
        match frame {
            Ok(frame) => frames.push(frame),
            Err(fatal) => death = Some(fatal),
        }
    }
    Outcome { frames, death, pid: call.pid(), stderr: call.stderr().to_owned() }
}

fn run(warden: &Warden, job: &str) -> Outcome {
    run_with(warden, job, None, &LIMITS)
}

/// Whether no process, not even a zombie, has the number.
fn is_reaped(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits for the end of a process that need not be a child of this one.
fn await_end(pid: u32) {
    let Ok(pidfd) = pidfd_open(Pid::from_raw(pid as i32).unwrap(), PidfdFlags::empty()) else {
        return;
    };
    let timeout = Timespec::try_from(PATIENCE).unwrap();
    let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timeout)).unwrap();
    assert_eq!(ended, 1, "process {pid} lives on");
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
}
