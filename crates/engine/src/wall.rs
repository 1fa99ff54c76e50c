//! The wall: documents are parsed in children, which send back pages as they are read.

#[cfg(feature = "mock")]
mod mock;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use docmill_extract::{self as extract, Bytes, Flow, Member, Sink, Summary};
use docmill_model::Page;
use serde::{Deserialize, Serialize};
use warden::{Death, Warden};

/// What a reader may use. None of these shapes a result: a document that needs more fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of one child, files that it maps not counted.
    pub memory: u64,
    /// How long a child may be silent.
    pub time: Duration,
    /// Bytes that a child may send for one document.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Measured over 578 real documents: the hungriest needs a third of this memory, the slowest page a
        // hundredth of this time.
        Self { memory: 512 << 20, time: Duration::from_secs(120), output: 4 << 30 }
    }
}

/// A part of a document, as it arrives.
pub enum Part<'a> {
    Page(Page),
    /// A member begins.
    Member(Member),
    /// Bytes of the member that began last.
    Bytes(&'a [u8]),
}

/// What a reading ended in, if nothing died.
pub type Read = Result<Summary, extract::Error>;

/// Why a reading has no end.
#[derive(Debug)]
pub enum Broken {
    Death {
        death: Death,
        stderr: String,
    },
    /// The taker of the parts wanted no more.
    Stopped,
}

/// Reads documents somewhere.
pub trait Reader: Send + Sync + 'static {
    /// Reads a file and hands over its parts in order until `take` says stop. `started` is told the process that
    /// reads.
    fn read(
        &self,
        file: &File,
        options: &extract::Options,
        started: &mut dyn FnMut(u32),
        take: &mut dyn FnMut(Part<'_>) -> Flow,
    ) -> Result<Read, Broken>;
}

/// Bytes of a member in one frame: small against a child's memory, large against a frame's cost.
const PIECE: usize = 1 << 20;
/// The largest page that fits: the text limit in four-byte characters, with blocks and words.
const FRAME: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
enum Frame {
    Page(Page),
    Member(Member),
    End(Read),
}

/// Frames of bytes are told from encoded ones by their first byte, so that they are not copied into a value.
const BYTES: u8 = 0xFF;

/// Reads in children behind limits.
pub struct Walled {
    warden: Warden,
    limits: Limits,
}

impl Walled {
    /// `children` is how many read at the same time.
    pub fn new(children: usize, limits: Limits) -> Self {
        let options = warden::Options { size: children, ..warden::Options::default() };
        Self { warden: Warden::new(options), limits }
    }
}

impl Reader for Walled {
    fn read(
        &self,
        file: &File,
        options: &extract::Options,
        started: &mut dyn FnMut(u32),
        take: &mut dyn FnMut(Part<'_>) -> Flow,
    ) -> Result<Read, Broken> {
        let died = |death, stderr: &str| Broken::Death { death, stderr: stderr.to_owned() };
        let job = postcard::to_stdvec(options).expect("numbers always encode");
        let limits = warden::Limits {
            memory: self.limits.memory,
            wall: self.limits.time,
            output: self.limits.output,
            frame: FRAME,
        };
        let mut call = self.warden.call(&job, Some(file.as_fd()), &limits).map_err(|d| died(d, ""))?;
        started(call.pid());
        let mut end = None;
        while let Some(frame) = call.next() {
            let frame = match frame {
                Ok(frame) => frame,
                Err(death) => return Err(died(death, call.stderr())),
            };
            let flow = match frame.split_first() {
                Some((&BYTES, bytes)) => take(Part::Bytes(bytes)),
                _ => match postcard::from_bytes(&frame) {
                    Ok(Frame::Page(page)) => take(Part::Page(page)),
                    Ok(Frame::Member(member)) => take(Part::Member(member)),
                    Ok(Frame::End(read)) => {
                        end = Some(read);
                        Flow::Continue
                    }
                    Err(error) => return Err(died(Death::Protocol(error.to_string()), call.stderr())),
                },
            };
            if flow == Flow::Stop {
                return Err(Broken::Stopped);
            }
        }
        end.ok_or_else(|| died(Death::Protocol("no end".into()), call.stderr()))
    }
}

/// The inside of a child; never returns. The binary's `main` calls it first when it is one.
pub fn serve_child() -> ! {
    warden::child::serve(|job, input, reply| {
        let Ok(options) = postcard::from_bytes::<extract::Options>(job) else { return };
        let Some(bytes) = input.and_then(|fd| map(fd).ok()) else { return };
        let mut sink = ChildSink { reply };
        #[cfg(feature = "mock")]
        if mock::reads(bytes.as_ref().as_ref(), &options, &mut sink) {
            return;
        }
        let end = extract::extract(&bytes, &options, &mut sink);
        sink.send(&Frame::End(end));
    })
}

fn map(fd: OwnedFd) -> std::io::Result<Bytes> {
    Ok(Arc::new(warden::map(fd.as_fd())?))
}

struct ChildSink<'a> {
    reply: &'a mut warden::child::Reply,
}

impl ChildSink<'_> {
    fn send(&mut self, frame: &Frame) {
        self.reply.send(&postcard::to_stdvec(frame).expect("pages and members always encode"));
    }
}

impl Sink for ChildSink<'_> {
    fn page(&mut self, page: Page) -> Flow {
        self.send(&Frame::Page(page));
        Flow::Continue
    }

    fn member(&mut self, member: Member, bytes: &[u8]) -> Flow {
        self.send(&Frame::Member(member));
        let mut frame = Vec::with_capacity(bytes.len().min(PIECE) + 1);
        for piece in bytes.chunks(PIECE) {
            frame.clear();
            frame.push(BYTES);
            frame.extend_from_slice(piece);
            self.reply.send(&frame);
        }
        Flow::Continue
    }
}

/// Reads in this process, without a wall: for the simulator, and to measure what the wall costs.
pub struct Direct;

impl Reader for Direct {
    fn read(
        &self,
        file: &File,
        options: &extract::Options,
        started: &mut dyn FnMut(u32),
        take: &mut dyn FnMut(Part<'_>) -> Flow,
    ) -> Result<Read, Broken> {
        struct Taking<'a>(&'a mut dyn FnMut(Part<'_>) -> Flow, bool);
        impl Taking<'_> {
            fn take(&mut self, part: Part<'_>) -> Flow {
                let flow = (self.0)(part);
                self.1 |= flow == Flow::Stop;
                flow
            }
        }
        impl Sink for Taking<'_> {
            fn page(&mut self, page: Page) -> Flow {
                self.take(Part::Page(page))
            }
            fn member(&mut self, member: Member, bytes: &[u8]) -> Flow {
                match self.take(Part::Member(member)) {
                    Flow::Continue => self.take(Part::Bytes(bytes)),
                    Flow::Stop => Flow::Stop,
                }
            }
        }
        started(std::process::id());
        let fd = file.try_clone().and_then(|f| map(f.into()));
        let bytes = fd.map_err(|e| Broken::Death { death: Death::Spawn(e.to_string()), stderr: String::new() })?;
        let mut sink = Taking(take, false);
        let read = extract::extract(&bytes, options, &mut sink);
        if sink.1 { Err(Broken::Stopped) } else { Ok(read) }
    }
}
