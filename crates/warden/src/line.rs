//! Children for trusted code: no limits, and a socket that stays open for as long as they live.
//!
//! What travels on the socket is for both sides to agree on. The descriptor of the shared page comes with the first
//! byte.

use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg, socketpair,
};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitIdStatus, getrlimit, kill_process_group, pidfd_open,
    pidfd_send_signal, setrlimit,
};

use crate::child::{LINE, MARKER};
use crate::death::Death;
use crate::page::Claims;
use crate::process::reap;

/// How long a killed child may take to its end. Only a child that is stuck inside the kernel comes near it.
const GRACE: Duration = Duration::from_secs(2);

/// Descriptors that a line takes in this process: socket, pidfd, a copy of it, and one while it starts.
const DESCRIPTORS: u64 = 4;

/// Descriptors that are left to the rest of the program.
const RESERVE: u64 = 128;

/// How many lines this process can hold at a time. Raises its limit on open descriptors as far as it may for that;
/// children inherit the limit.
pub fn most_lines() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // It fails where the hard limit is out of bounds, and then the soft one stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(open.saturating_sub(RESERVE) / DESCRIPTORS).unwrap_or(usize::MAX).max(1)
}

/// How children are started.
#[derive(Clone, Debug)]
pub struct LineOptions {
    /// The program that children run. By default this very binary, also after its file was replaced.
    pub program: PathBuf,
    /// The name by which `ps` shows it.
    pub name: OsString,
    /// Its arguments, without the name.
    pub args: Vec<OsString>,
    /// What is added to this process' environment.
    pub env: Vec<(OsString, OsString)>,
}

impl Default for LineOptions {
    fn default() -> Self {
        let mut args = std::env::args_os();
        Self {
            program: PathBuf::from("/proc/self/exe"),
            name: args.next().unwrap_or_default(),
            args: args.collect(),
            env: Vec::new(),
        }
    }
}

type Answer = Box<dyn FnOnce(io::Result<(Line, UnixStream)>) + Send>;

enum Order {
    Start {
        answer: Answer,
        orders: mpsc::Sender<Order>,
    },
    /// Reap this killed child when it has ended.
    Bury(OwnedFd),
}

/// Starts children, one after the other, on a thread of its own: the kernel ends a child when the thread that
/// started it ends. The thread stays until the last child is gone.
#[derive(Clone, Debug)]
pub struct Lines {
    orders: mpsc::Sender<Order>,
}

impl Lines {
    /// # Errors
    /// When no thread can be started.
    pub fn new(options: LineOptions) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        thread::Builder::new().name("warden-lines".to_owned()).spawn(move || attend(&options, &inbox))?;
        Ok(Self { orders })
    }

    /// Starts a child and hands it to `answer` on the thread that starts children, which must not be kept. The socket
    /// is non-blocking. The child may turn out to be another program than expected: it is one of ours when it has
    /// said so on the socket.
    pub fn start(&self, answer: impl FnOnce(io::Result<(Line, UnixStream)>) + Send + 'static) {
        let order = Order::Start { answer: Box::new(answer), orders: self.orders.clone() };
        // The thread lives as long as this sender, and it does not panic.
        let _ = self.orders.send(order);
    }
}

fn attend(options: &LineOptions, inbox: &mpsc::Receiver<Order>) {
    let mut graves: Vec<OwnedFd> = Vec::new();
    for order in inbox {
        graves.retain(|pidfd| matches!(reap(pidfd.as_fd()), Ok(None)));
        match order {
            Order::Start { answer, orders } => answer(start(options, orders)),
            Order::Bury(pidfd) => graves.push(pidfd),
        }
    }
}

/// As there is nothing to run between the two programs, std takes `posix_spawn`, whose cost does not grow with the
/// memory of this process.
fn start(options: &LineOptions, orders: mpsc::Sender<Order>) -> io::Result<(Line, UnixStream)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let (claims, page) = Claims::new()?;
    greet(&ours, &page)?;
    let mut child = Command::new(&options.program)
        .arg0(&options.name)
        .args(&options.args)
        .envs(options.env.iter().map(|(name, value)| (name, value)))
        .env(MARKER, LINE)
        .stdin(Stdio::from(theirs))
        // Away from the terminal: its Ctrl-C is for the parent, which decides what becomes of running jobs.
        .process_group(0)
        .spawn()?;
    let pid = Pid::from_child(&child);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => {
            let socket = UnixStream::from(ours);
            let line = Line { pid, pidfd, claims, reaped: false, orders };
            socket.set_nonblocking(true)?;
            Ok((line, socket))
        }
        Err(error) => {
            // It is ours and not reaped, so it is there to be killed.
            let _ = child.kill();
            let _ = child.wait();
            Err(error.into())
        }
    }
}

/// Puts the page into the socket before anybody reads there.
fn greet(socket: &OwnedFd, page: &OwnedFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let page = [page.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&page));
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A child. It is killed and reaped on drop, with what it has started and not moved elsewhere.
#[derive(Debug)]
pub struct Line {
    pid: Pid,
    pidfd: OwnedFd,
    claims: Claims,
    reaped: bool,
    /// Where a child goes that does not die in time; also what keeps the starting thread.
    orders: mpsc::Sender<Order>,
}

impl Line {
    /// The child's process id. It may be another's once the child has ended.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// The page that the child has too.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// A descriptor that is ready for reading when the child has ended.
    pub fn ended(&self) -> io::Result<OwnedFd> {
        self.pidfd.try_clone()
    }

    /// Sends a signal to the child, and to no other process that might get its number.
    ///
    /// # Errors
    /// `InvalidInput` for what is no signal, and `ESRCH` where the child has ended.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        let signal = Signal::from_named_raw(signal)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no such signal"))?;
        Ok(pidfd_send_signal(&self.pidfd, signal)?)
    }

    /// Kills the child and what it has started and not moved to another process group.
    pub fn kill(&self) {
        if !self.reaped {
            // It is not reaped, so the number is its own. Fails only where nobody is left to kill.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }

    /// How the child has ended; `None` while it lives, and after it was told once.
    ///
    /// # Errors
    /// When somebody else has reaped it.
    pub fn end(&mut self) -> io::Result<Option<Death>> {
        if self.reaped {
            return Ok(None);
        }
        let status: Option<WaitIdStatus> = reap(self.pidfd.as_fd()).inspect_err(|_| self.reaped = true)?;
        self.reaped |= status.is_some();
        Ok(status.map(|status| Death::from_status(&status)))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.kill();
        let deadline = Instant::now() + GRACE;
        loop {
            let timeout = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
            match poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], timeout.as_ref()) {
                Err(Errno::INTR) => {}
                Ok(1..) => break drop(self.end()),
                Ok(0) | Err(_) => {
                    if let Ok(pidfd) = self.pidfd.try_clone() {
                        // The thread lives as long as this sender.
                        let _ = self.orders.send(Order::Bury(pidfd));
                    }
                    break;
                }
            }
        }
    }
}
