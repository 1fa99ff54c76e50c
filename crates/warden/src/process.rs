//! A running child as its parent holds it: socket, stderr, pidfd, and its end.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv, sendmsg};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use crate::death::Death;
use crate::frame::{HEAD, Kind, head};
use crate::spawner::Order;

/// Bytes taken off the socket at once; a child writes about three times as many before it has to wait.
const CHUNK: usize = 64 << 10;

/// Bytes of stderr kept: the message of a panic and some context, bounded as the child decides how much it writes.
const TAIL: usize = 4 << 10;

/// How long a child may take from the close of its socket, or from a SIGKILL, to its end. Only misbehaviour, a
/// starved machine and hanging disks come near it.
const GRACE: Duration = Duration::from_secs(2);

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// The socket can be used, or reports its end when used.
    Socket,
    /// The child is dead, and nothing is left to read.
    Gone,
    /// The deadline has passed.
    Late,
}

/// Owns a child of this process, which is killed and reaped on drop.
#[derive(Debug)]
pub(crate) struct Process {
    pub pid: Pid,
    /// The memory limit that it was started with.
    pub memory: u64,
    /// Jobs sent so far.
    pub jobs: u32,
    pidfd: OwnedFd,
    socket: OwnedFd,
    stderr: Option<OwnedFd>,
    tail: Vec<u8>,
    chunk: Box<[u8]>,
    /// The part of `chunk` that has arrived and was not consumed.
    unread: Range<usize>,
    reaped: bool,
    /// Where a child goes that does not die in time.
    orders: mpsc::Sender<Order>,
}

impl Process {
    /// `stderr` has to be non-blocking.
    pub fn new(
        pid: Pid,
        memory: u64,
        pidfd: OwnedFd,
        socket: OwnedFd,
        stderr: Option<OwnedFd>,
        orders: mpsc::Sender<Order>,
    ) -> Self {
        Self {
            pid,
            memory,
            jobs: 0,
            pidfd,
            socket,
            stderr,
            tail: Vec::new(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            unread: 0..0,
            reaped: false,
            orders,
        }
    }

    /// Whether the child waits for a job: alive, and with nothing said that belongs to no job.
    pub fn is_idle(&mut self) -> bool {
        let silent = matches!(self.wait(PollFlags::IN, Some(Instant::now())), Ok(Ready::Late));
        self.tail.clear();
        silent && self.unread.is_empty()
    }

    /// Sends a job whole. The descriptor is duplicated into the child, its file position is shared with it.
    pub fn send(&mut self, job: &[u8], input: Option<BorrowedFd<'_>>, deadline: Option<Instant>) -> Result<(), Death> {
        let length = u32::try_from(job.len()).map_err(|_| Death::Protocol(format!("a job of {} bytes", job.len())))?;
        self.jobs = self.jobs.saturating_add(1);
        let head = head(if input.is_some() { Kind::JobWithInput } else { Kind::Job }, length);
        let mut sent = 0;
        while sent < HEAD + job.len() {
            let parts = [IoSlice::new(&head[sent.min(HEAD)..]), IoSlice::new(&job[sent.saturating_sub(HEAD)..])];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            let attached = input.filter(|_| sent == 0);
            if let Some(input) = &attached {
                control.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(input)));
            }
            match sendmsg(&self.socket, &parts, &mut control, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match self.wait(PollFlags::OUT, deadline)? {
                    Ready::Socket => {}
                    Ready::Gone => return Err(self.fate()),
                    Ready::Late => return Err(Death::Wall),
                },
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(self.fate()),
                Err(error) => return Err(Death::Spawn(format!("the job could not be sent: {error}"))),
            }
        }
        Ok(())
    }

    /// What has arrived and was not consumed.
    pub fn unread(&self) -> &[u8] {
        &self.chunk[self.unread.clone()]
    }

    /// Takes `count` bytes, at most all, off the front of what is unread.
    pub fn consume(&mut self, count: usize) {
        self.unread.start = self.unread.end.min(self.unread.start + count);
    }

    /// Waits until more bytes are there to read. What was unread is dropped.
    pub fn receive(&mut self, deadline: Option<Instant>) -> Result<(), Death> {
        loop {
            match self.wait(PollFlags::IN, deadline)? {
                Ready::Socket => {}
                Ready::Gone => return Err(self.fate()),
                Ready::Late => return Err(Death::Wall),
            }
            match recv(&self.socket, &mut *self.chunk, RecvFlags::DONTWAIT) {
                Ok((_, 0)) | Err(Errno::CONNRESET) => return Err(self.fate()),
                Ok((_, count)) => {
                    self.unread = 0..count;
                    return Ok(());
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(Death::Protocol(format!("the socket cannot be read: {error}"))),
            }
        }
    }

    /// The end of what the child wrote to its stderr since it was last idle.
    pub fn stderr(&mut self) -> String {
        // A pipe holds 16 chunks; more can only come from a process that the child left behind.
        for _ in 0..32 {
            if !self.drain() {
                break;
            }
        }
        String::from_utf8_lossy(&self.tail).into_owned()
    }

    /// Waits for the socket, keeping stderr empty meanwhile, so that a talkative child does not block on it.
    fn wait(&mut self, wanted: PollFlags, deadline: Option<Instant>) -> Result<Ready, Death> {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let (socket, gone, talks) = {
                // Without a stderr the pidfd stands in, which is ready only when nothing matters any more.
                let stderr = self.stderr.as_ref().unwrap_or(&self.pidfd);
                let mut ready = [
                    PollFd::new(&self.socket, wanted),
                    PollFd::new(&self.pidfd, PollFlags::IN),
                    PollFd::new(stderr, PollFlags::IN),
                ];
                match poll(&mut ready, timeout.as_ref()) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(Death::Protocol(format!("the child cannot be watched: {error}"))),
                }
                let [socket, gone, talks] = ready.map(|fd| !fd.revents().is_empty());
                (socket, gone, talks)
            };
            if talks {
                self.drain();
            }
            if socket {
                return Ok(Ready::Socket);
            }
            if gone {
                return Ok(Ready::Gone);
            }
            // Talk is no progress.
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Ready::Late);
            }
        }
    }

    /// Takes what stderr holds, at most a chunk; whether there was any.
    fn drain(&mut self) -> bool {
        let Some(stderr) = &self.stderr else { return false };
        let mut bytes = [0; TAIL];
        match rustix::io::read(stderr, &mut bytes) {
            Ok(0) => self.stderr = None,
            Ok(count) => {
                self.tail.extend_from_slice(&bytes[..count]);
                self.tail.drain(..self.tail.len().saturating_sub(TAIL));
                return true;
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.stderr = None,
        }
        false
    }

    /// Why the child left.
    fn fate(&mut self) -> Death {
        match self.reap(GRACE) {
            Ok(Some(status)) => Death::from_status(&status),
            Ok(None) => Death::Protocol("closed its socket and went on".to_owned()),
            Err(error) => Death::Protocol(format!("its status was lost: {error}")),
        }
    }

    /// Waits for the end and takes the status; `None` while the child lives. What it left behind dies with it.
    fn reap(&mut self, patience: Duration) -> io::Result<Option<WaitIdStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).ok();
            match poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], timeout.as_ref()) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(0) => return Ok(None),
                Ok(_) => break,
            }
        }
        self.kill();
        let status = reap(self.pidfd.as_fd());
        self.reaped = !matches!(status, Ok(None));
        status
    }

    /// Kills the child and what else is in its process group. The child is not reaped yet, so the number is its own.
    fn kill(&self) {
        // Fails only where nobody is left to kill.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.kill();
        if let Ok(None) = self.reap(GRACE)
            && let Ok(pidfd) = self.pidfd.try_clone()
        {
            // Stuck inside the kernel. Without a spawner this process is about to end, and init reaps.
            let _ = self.orders.send(Order::Bury(pidfd));
        }
    }
}

/// Takes the status of a child that has ended; `None` while it lives.
pub(crate) fn reap(pidfd: BorrowedFd<'_>) -> io::Result<Option<WaitIdStatus>> {
    Ok(waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED | WaitIdOptions::NOHANG)?)
}
