//! The inside of a child: confine itself, then take jobs until the parent is gone.

use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Resource, Signal, set_parent_process_death_signal, setrlimit};

use crate::death::UNCONFINED;
use crate::frame::{Decoder, HEAD, Kind, head};
use crate::page::Claims;
use crate::spawner::lowered;

/// The environment variable by which a process knows that it is a child.
pub(crate) const MARKER: &str = "WARDEN_CHILD";

/// What it says to the child of a [`Line`](crate::Line).
pub(crate) const LINE: &str = "line";

/// The first number behind the standard three. The socket, which comes as stdin, moves there.
const FIRST_FREE: RawFd = 3;

/// Bytes of the main thread's stack: Linux' usual default, whatever the parent's shell has set.
const STACK: u64 = 8 << 20;

/// Whether this process was started by a [`Warden`](crate::Warden). The program's `main` asks first, and calls
/// [`serve`] if so.
pub fn is_child() -> bool {
    std::env::var_os(MARKER).is_some_and(|kind| kind != LINE)
}

/// Whether this process is the child of a [`Line`](crate::Line). The program's `main` asks first, and calls [`line`]
/// if so.
pub fn is_line() -> bool {
    std::env::var_os(MARKER).is_some_and(|kind| kind == LINE)
}

/// Makes this process the child of a line: the socket to the parent, blocking, and the page that both share. The
/// kernel kills it when the parent dies.
///
/// Comes first in `main`, before there is a second thread. Standard input is null from then on; SIGUSR1 interrupts
/// what waits inside the kernel and is counted by [`interrupts`].
///
/// # Errors
/// Where the process was started by somebody else.
pub fn line() -> io::Result<(UnixStream, Claims)> {
    // SAFETY: there is no other thread, as documented. What this process starts is no child of the line.
    unsafe { std::env::remove_var(MARKER) };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let socket = take_socket()?;
    let page = greeting(&socket)?;
    let claims = Claims::of(&page)?;
    interruptible()?;
    Ok((socket.into(), claims))
}

/// The descriptor that comes with the first byte.
fn greeting(socket: &OwnedFd) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    recvmsg(socket, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let page = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    page.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a greeting without a page"))
}

/// How often this process was sent SIGUSR1 since it became the child of a line.
static INTERRUPTS: AtomicU64 = AtomicU64::new(0);

/// How often this process was sent SIGUSR1 since it became the child of a line; 0 in every other process.
pub fn interrupts() -> u64 {
    INTERRUPTS.load(Ordering::Relaxed)
}

extern "C" fn interrupted(_: libc::c_int) {
    INTERRUPTS.fetch_add(1, Ordering::Relaxed);
}

/// Has SIGUSR1 interrupt system calls: without `SA_RESTART`, and not ignored.
fn interruptible() -> io::Result<()> {
    // SAFETY: all zeroes are a valid `sigaction` (no flags, an empty mask), and the handler does nothing but an atomic
    // addition.
    let set = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = interrupted as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut())
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Moves the socket away from the standard input, which is null from then on.
fn take_socket() -> io::Result<OwnedFd> {
    let socket = rustix::io::fcntl_dupfd_cloexec(io::stdin(), FIRST_FREE)?;
    rustix::net::sockopt::socket_type(&socket)?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// Runs jobs until the parent is gone; never returns. `handler` gets a job's bytes and its input and sends
/// frames; its return ends the job. A panic in it ends the child.
///
/// Comes first in `main`: it closes every descriptor but the standard three and its socket. The handler must not
/// rely on stdin and stdout, which are null; what it writes to stderr reaches the parent as
/// [`Call::stderr`](crate::Call::stderr).
pub fn serve(mut handler: impl FnMut(&[u8], Option<OwnedFd>, &mut Reply)) -> ! {
    crate::alloc::enter_child();
    let socket = confine().unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "the child could not confine itself: {error}");
        exit(UNCONFINED)
    });
    // Larger jobs come in several pieces.
    let mut inbox = vec![0; 64 << 10];
    let mut reply = Reply { socket };
    while let Some((job, input)) = next_job(&reply.socket, &mut inbox) {
        handler(&job, input, &mut reply);
        reply.write(Kind::End, &[]);
    }
    exit(0)
}

/// Where a handler sends its frames.
#[derive(Debug)]
pub struct Reply {
    socket: OwnedFd,
}

impl Reply {
    /// Sends one frame, without copying it, and waits while the parent is slow to read. Where the parent is gone
    /// the process ends quietly. A frame past a limit is the end of the child.
    pub fn send(&mut self, frame: &[u8]) {
        self.write(Kind::Data, frame);
    }

    fn write(&mut self, kind: Kind, body: &[u8]) {
        // No limit admits u32::MAX: the parent ends the call over the head of a frame that has no length.
        let head = head(kind, u32::try_from(body.len()).unwrap_or(u32::MAX));
        let mut sent = 0;
        while sent < HEAD + body.len() {
            let parts = [IoSlice::new(&head[sent.min(HEAD)..]), IoSlice::new(&body[sent.saturating_sub(HEAD)..])];
            match sendmsg(&self.socket, &parts, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                // The parent is gone, or has closed this call.
                Err(_) => exit(0),
            }
        }
    }
}

/// Reads a job and its descriptor; `None` when the parent is gone or makes no sense.
fn next_job(socket: &OwnedFd, inbox: &mut [u8]) -> Option<(Vec<u8>, Option<OwnedFd>)> {
    let mut decoder = Decoder::new(u64::MAX, u64::MAX);
    let mut input = None;
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let count = match recvmsg(socket, &mut [IoSliceMut::new(inbox)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(message) => message.bytes,
            Err(Errno::INTR) => continue,
            Err(_) => return None,
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                input = descriptors.last().or(input);
            }
        }
        let mut arrived = inbox.get(..count).filter(|arrived| !arrived.is_empty())?;
        let Some(frame) = decoder.feed(&mut arrived).ok()? else { continue };
        return match frame.kind {
            Kind::Job => Some((frame.body, None)),
            Kind::JobWithInput => Some((frame.body, Some(input?))),
            Kind::Data | Kind::End => None,
        };
    }
}

/// What only the process itself can do to itself. The parent has set the limits on resources.
///
/// A parent that dies before the death signal is set closes its end of the socket, which ends the child as well.
fn confine() -> io::Result<OwnedFd> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    // Not set from outside, as the end of an exec puts the stack limit of its beginning back, and the parent does
    // not see that end. The stack is not part of the data: under `ulimit -s unlimited` recursion would be free.
    setrlimit(Resource::Stack, lowered(Resource::Stack, STACK))?;
    // Of all processes a child goes first when memory runs out: its death is a value. Not allowed everywhere.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    close_leaked()?;
    take_socket()
}

/// Closes all but the standard three: what the parent, or whoever started it, left open without close-on-exec.
fn close_leaked() -> io::Result<()> {
    let leaked: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= FIRST_FREE)
        .collect();
    for fd in leaked {
        // SAFETY: `serve` runs before the program has opened a descriptor, so that nobody relies on this one. For
        // the folder just read, which is closed already, the call fails.
        unsafe { libc::close(fd) };
    }
    Ok(())
}
