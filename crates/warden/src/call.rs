//! One job in a child, seen from the parent.

use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::death::Death;
use crate::frame::{Decoder, Fault, Frame, Kind};
use crate::process::Process;
use crate::warden::Slot;

/// What a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the child's writable memory: heap, static data, stacks of its threads. Files mapped for reading
    /// do not count. A call only gets children that were started with this very limit. With less than about a MiB
    /// the program may fail before it can say why, which is then not told as [`Death::Memory`].
    pub memory: u64,
    /// Longest wait for the next frame. A frame that arrives starts it anew, what is written to stderr does not,
    /// and the time between two calls of `next` does not count.
    pub wall: Duration,
    /// Bytes of all frames of the call, 5 for each frame's head included.
    pub output: u64,
    /// Bytes of the largest single frame, below `u32::MAX`.
    pub frame: u64,
}

/// The frames of a job, in order: an iterator that blocks. It ends with `None` when the job is done, or with one
/// [`Death`]. Dropped before its end it kills the child.
#[derive(Debug)]
pub struct Call {
    pid: Pid,
    /// `None` once the call has ended.
    running: Option<Running>,
    wall: Duration,
    stderr: String,
}

/// The fields drop in this order: the child goes before its slot is free.
#[derive(Debug)]
struct Running {
    process: Process,
    slot: Slot,
    decoder: Decoder,
    /// The child died before it had the job.
    stillborn: Option<Death>,
}

impl Call {
    pub(crate) fn new(process: Process, slot: Slot, limits: &Limits, stillborn: Option<Death>) -> Self {
        let decoder = Decoder::new(limits.frame, limits.output);
        let pid = process.pid;
        let running = Running { process, slot, decoder, stillborn };
        Self { pid, running: Some(running), wall: limits.wall, stderr: String::new() }
    }

    /// The child's process id. It means nothing once the call has ended.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// The end of what the child wrote to its stderr, at most 4 KiB; complete once the call has ended. Written by
    /// whoever controls the child: fit for a report, not for decisions.
    pub fn stderr(&mut self) -> &str {
        if let Some(running) = &mut self.running {
            self.stderr = running.process.stderr();
        }
        &self.stderr
    }
}

impl Iterator for Call {
    type Item = Result<Vec<u8>, Death>;

    fn next(&mut self) -> Option<Self::Item> {
        let running = self.running.as_mut()?;
        let frame = running.frame(Instant::now().checked_add(self.wall));
        if let Ok(Some(body)) = frame {
            return Some(Ok(body));
        }
        let mut running = self.running.take()?;
        self.stderr = running.process.stderr();
        match frame {
            Err(death) => Some(Err(death)),
            Ok(_) => {
                running.slot.keep(running.process);
                None
            }
        }
    }
}

impl FusedIterator for Call {}

impl Running {
    /// The next frame; `None` at the end.
    fn frame(&mut self, deadline: Option<Instant>) -> Result<Option<Vec<u8>>, Death> {
        if let Some(death) = self.stillborn.take() {
            return Err(death);
        }
        let frame = loop {
            let mut bytes = self.process.unread();
            let before = bytes.len();
            let frame = self.decoder.feed(&mut bytes);
            let taken = before - bytes.len();
            self.process.consume(taken);
            match frame {
                Ok(None) => self.process.receive(deadline)?,
                frame => break frame,
            }
        };
        match frame {
            Ok(Some(Frame { kind: Kind::Data, body })) => Ok(Some(body)),
            Ok(Some(Frame { kind: Kind::End, body })) if body.is_empty() => Ok(None),
            Ok(Some(Frame { kind: Kind::End, .. })) => Err(Death::Protocol("an end with a body".to_owned())),
            Ok(_) => Err(Death::Protocol("a frame that only the parent sends".to_owned())),
            Err(Fault::UnknownKind(kind)) => Err(Death::Protocol(format!("a frame of unknown kind {kind}"))),
            Err(Fault::TooLarge) => Err(Death::Output),
        }
    }
}
