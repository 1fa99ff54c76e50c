//! The one thread that starts children.
//!
//! The kernel's parent-death signal fires when the *thread* that started a child ends, so children are started
//! by a thread that lives as long as anyone can hold one of them.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, getrlimit, pidfd_open, prlimit};

use crate::child::MARKER;
use crate::death::Death;
use crate::process::{Process, reap};

/// How children are started.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub program: PathBuf,
    pub args: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
}

pub(crate) enum Order {
    Start {
        memory: u64,
        reply: mpsc::SyncSender<io::Result<Process>>,
        orders: mpsc::Sender<Order>,
    },
    /// Reap this killed child when it has ended.
    Bury(OwnedFd),
}

/// A handle on the thread, which ends when the last handle and the last child are gone.
#[derive(Clone, Debug)]
pub(crate) struct Spawner {
    orders: mpsc::Sender<Order>,
}

impl Spawner {
    pub fn new(recipe: Recipe) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        thread::Builder::new().name("warden".to_owned()).spawn(move || attend(&recipe, &inbox))?;
        Ok(Self { orders })
    }

    /// Starts a child whose data segment is limited to `memory` bytes.
    pub fn start(&self, memory: u64) -> Result<Process, Death> {
        let (reply, started) = mpsc::sync_channel(1);
        // Where the spawner has stopped the order is dropped with its reply, and nothing is received.
        let _ = self.orders.send(Order::Start { memory, reply, orders: self.orders.clone() });
        match started.recv() {
            Ok(started) => started.map_err(|error| Death::Spawn(error.to_string())),
            Err(mpsc::RecvError) => Err(Death::Spawn("the spawner has stopped".to_owned())),
        }
    }
}

fn attend(recipe: &Recipe, inbox: &mpsc::Receiver<Order>) {
    let mut graves: Vec<OwnedFd> = Vec::new();
    for order in inbox {
        graves.retain(|pidfd| matches!(reap(pidfd.as_fd()), Ok(None)));
        match order {
            Order::Start { memory, reply, orders } => {
                // Nobody waits for it any more: dropping the answer ends the child.
                let _ = reply.send(start(recipe, memory, orders));
            }
            Order::Bury(pidfd) => graves.push(pidfd),
        }
    }
}

/// Starts a child without `fork`: nothing runs between the two programs, so that std takes `posix_spawn`, whose
/// cost does not grow with the memory of this process. What only the child can do to itself it does first thing
/// in [`child::serve`](crate::child::serve); the limits are set from here, before it gets a job.
fn start(recipe: &Recipe, memory: u64, orders: mpsc::Sender<Order>) -> io::Result<Process> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let mut child = Command::new(&recipe.program)
        .args(&recipe.args)
        .env_clear()
        .envs(recipe.env.iter().map(|(name, value)| (name, value)))
        .env(MARKER, "1")
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Away from the terminal: its Ctrl-C is for the parent, which decides what becomes of running jobs.
        .process_group(0)
        .spawn()?;
    let pid = Pid::from_child(&child);
    let stderr = child.stderr.take().map(OwnedFd::from);
    let prepare = || -> io::Result<OwnedFd> {
        if let Some(stderr) = &stderr {
            rustix::io::ioctl_fionbio(stderr, true)?;
        }
        confine(pid, memory)?;
        Ok(pidfd_open(pid, PidfdFlags::empty())?)
    };
    match prepare() {
        Ok(pidfd) => Ok(Process::new(pid, memory, pidfd, ours, stderr, orders)),
        Err(error) => {
            // It is ours and not reaped, so it is there to be killed.
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

/// Sets the limits that hold whether or not the child cooperates.
fn confine(pid: Pid, memory: u64) -> io::Result<()> {
    let limits = [
        (Resource::Data, memory),
        // 1 is below any core file and is also what keeps a core handler behind a pipe from being run; 0 is not.
        (Resource::Core, 1),
        // Four that are always open, the input, and some for what a library opens meanwhile.
        (Resource::Nofile, 64),
        (Resource::Fsize, 0),
    ];
    for (resource, value) in limits {
        prlimit(Some(pid), resource, lowered(resource, value))?;
    }
    Ok(())
}

/// The limit of `value`, or the one that this process has itself where that is lower: raising needs a privilege.
pub(crate) fn lowered(resource: Resource, value: u64) -> Rlimit {
    let value = getrlimit(resource).maximum.map_or(value, |inherited| inherited.min(value));
    Rlimit { current: Some(value), maximum: Some(value) }
}
