//! How a child ends when it should not.

use rustix::process::WaitIdStatus;

/// The exit code of a child whose allocation failed, set by [`Alloc`](crate::Alloc). A program keeps it free.
pub(crate) const EXHAUSTED: i32 = 86;

/// The exit code of a child that could not set up its own confinement. A program keeps it free.
pub(crate) const UNCONFINED: i32 = 87;

/// Why a call has no further frames although its end was not reached.
///
/// Equal causes compare equal, so that a death can be stored and asserted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Death {
    /// An allocation failed under the limit. Known only where the program installs [`Alloc`](crate::Alloc);
    /// without it the child aborts, which is `Signal(6)`.
    #[error("out of memory")]
    Memory,
    /// No frame was completed within the limit between two frames.
    #[error("no progress within the time limit")]
    Wall,
    /// A frame, or all frames together, passed the limit.
    #[error("more output than allowed")]
    Output,
    /// The kernel's CPU limit, inherited from whoever started the parent (`ulimit -t`).
    #[error("out of processor time")]
    Cpu,
    /// A signal that this crate did not send. 9 is often the kernel's out-of-memory killer, but cannot be told
    /// from any other sender. An overflown stack is 6: the Rust runtime says so on stderr and aborts.
    #[error("killed by signal {0}")]
    Signal(i32),
    /// The child left in the middle of a job; 101 is a panic.
    #[error("exited with code {0}")]
    Exit(i32),
    /// The child sent what is no frame, or closed its socket and went on.
    #[error("broken protocol: {0}")]
    Protocol(String),
    /// No child could be started. Says nothing about the job.
    #[error("no child could be started: {0}")]
    Spawn(String),
}

impl Death {
    /// What an exit that nobody asked for says.
    pub(crate) fn from_status(status: &WaitIdStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(EXHAUSTED), _) => Self::Memory,
            (Some(UNCONFINED), _) => Self::Spawn("the child could not confine itself".to_owned()),
            (Some(code), _) => Self::Exit(code),
            (None, Some(libc::SIGXCPU)) => Self::Cpu,
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Protocol("ended without a status".to_owned()),
        }
    }
}
