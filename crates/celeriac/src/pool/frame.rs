//! What worker and child say to each other: frames of a length, a kind and a body, several to a write.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use celeriac_wire::{TimeLimits, Value};

use super::codec::{Input, Malformed, Wire};
use crate::context::{Effect, Request};
use crate::task::Outcome;

/// Bytes before the body: its length (u32, little endian) and the kind.
const HEAD: usize = 5;

/// Bytes of the largest body: eight times what a message may have (`worker_max_body_bytes`).
pub(super) const LARGEST: usize = 1 << 30;

/// Bytes taken off a socket at a time.
pub(super) const CHUNK: usize = 64 << 10;

/// What a worker says to a child.
#[derive(Debug)]
pub(super) enum Order {
    /// Jobs of one child are numbered from 1 on.
    Run { number: u64, request: Arc<Request>, limits: TimeLimits },
    /// There will be no more.
    Leave,
}

/// What a child says.
#[derive(Debug)]
pub(super) enum Report {
    /// It waits for jobs.
    Ready,
    Started {
        number: u64,
        at: SystemTime,
    },
    Effect {
        number: u64,
        effect: Effect,
    },
    /// With `full` it has taken more memory than it may, and begins no other.
    Finished {
        number: u64,
        outcome: Outcome<Value>,
        runtime: Duration,
        full: bool,
    },
}

/// Writes a frame behind what is there. The result is false, and nothing is written, for one that is too large.
#[must_use]
fn put(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, kind]);
    body(out);
    let length = out.len() - start - HEAD;
    match u32::try_from(length) {
        Ok(short) if length <= LARGEST => {
            out[start..start + 4].copy_from_slice(&short.to_le_bytes());
            true
        }
        _ => {
            out.truncate(start);
            false
        }
    }
}

#[must_use]
pub(super) fn put_run(out: &mut Vec<u8>, number: u64, request: &Request, limits: TimeLimits) -> bool {
    put(out, 1, |out| {
        number.put(out);
        request.put(out);
        limits.put(out);
    })
}

pub(super) fn put_leave(out: &mut Vec<u8>) {
    let _ = put(out, 2, |_| {});
}

pub(super) fn put_ready(out: &mut Vec<u8>) {
    let _ = put(out, 3, |_| {});
}

pub(super) fn put_started(out: &mut Vec<u8>, number: u64, at: SystemTime) {
    let _ = put(out, 4, |out| {
        number.put(out);
        at.put(out);
    });
}

#[must_use]
pub(super) fn put_effect(out: &mut Vec<u8>, number: u64, effect: &Effect) -> bool {
    put(out, 5, |out| {
        number.put(out);
        effect.put(out);
    })
}

#[must_use]
pub(super) fn put_finished(
    out: &mut Vec<u8>,
    number: u64,
    outcome: &Outcome<Value>,
    runtime: Duration,
    full: bool,
) -> bool {
    put(out, 6, |out| {
        number.put(out);
        outcome.put(out);
        runtime.put(out);
        full.put(out);
    })
}

/// What one side can be told.
pub(super) trait Said: Sized {
    const KINDS: RangeInclusive<u8>;

    fn read(kind: u8, body: &mut Input<'_>) -> Result<Self, Malformed>;
}

impl Said for Order {
    const KINDS: RangeInclusive<u8> = 1..=2;

    fn read(kind: u8, body: &mut Input<'_>) -> Result<Self, Malformed> {
        match kind {
            1 => Ok(Self::Run { number: Wire::take(body)?, request: Wire::take(body)?, limits: Wire::take(body)? }),
            2 => Ok(Self::Leave),
            _ => Err(Malformed),
        }
    }
}

impl Said for Report {
    const KINDS: RangeInclusive<u8> = 3..=6;

    fn read(kind: u8, body: &mut Input<'_>) -> Result<Self, Malformed> {
        match kind {
            3 => Ok(Self::Ready),
            4 => Ok(Self::Started { number: Wire::take(body)?, at: Wire::take(body)? }),
            5 => Ok(Self::Effect { number: Wire::take(body)?, effect: Wire::take(body)? }),
            6 => Ok(Self::Finished {
                number: Wire::take(body)?,
                outcome: Wire::take(body)?,
                runtime: Wire::take(body)?,
                full: Wire::take(body)?,
            }),
            _ => Err(Malformed),
        }
    }
}

/// What has arrived and was not read.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    read: usize,
    filled: usize,
}

impl Inbox {
    /// Where the next bytes go: a chunk, however much a frame claims to have.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.read == self.filled {
            (self.read, self.filled) = (0, 0);
            // A large frame has come; the next ones are small again.
            if self.bytes.len() > 16 * CHUNK {
                self.bytes = Vec::new();
            }
        } else if self.read > self.bytes.len() / 2 {
            self.bytes.copy_within(self.read..self.filled, 0);
            (self.read, self.filled) = (0, self.filled - self.read);
        }
        if self.bytes.len() - self.filled < CHUNK / 2 {
            // Doubles with what has arrived.
            let size = (2 * self.filled).max(CHUNK);
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// So many bytes have been put into the space.
    pub(super) fn arrived(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes.len());
    }

    /// The next frame; `None` when more has to arrive.
    pub(super) fn next<T: Said>(&mut self) -> Result<Option<T>, Malformed> {
        let unread = &self.bytes[self.read..self.filled];
        let Some(([a, b, c, d, kind], rest)) = unread.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if length > LARGEST || !T::KINDS.contains(kind) {
            return Err(Malformed);
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let mut input = Input::new(body);
        let said = T::read(*kind, &mut input)?;
        input.end()?;
        self.read += HEAD + length;
        Ok(Some(said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed<T: Said>(inbox: &mut Inbox, mut bytes: &[u8], step: usize) -> Result<Vec<T>, Malformed> {
        let mut said = Vec::new();
        while !bytes.is_empty() {
            let space = inbox.space();
            let count = step.min(space.len()).min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            inbox.arrived(count);
            bytes = &bytes[count..];
            while let Some(next) = inbox.next()? {
                said.push(next);
            }
        }
        Ok(said)
    }

    #[test]
    fn frames_come_back_however_they_are_cut() {
        let reply = |size| Ok(Value::String("x".repeat(size)));
        for step in [1, 7, 4096, usize::MAX] {
            let mut out = Vec::new();
            put_ready(&mut out);
            for (number, size) in [(1, 0), (2, 3 * CHUNK), (3, 5)] {
                put_started(&mut out, number, SystemTime::UNIX_EPOCH);
                assert!(put_finished(&mut out, number, &reply(size), Duration::from_nanos(5), false));
            }
            let said = feed::<Report>(&mut Inbox::default(), &out, step).unwrap();
            let finished: Vec<usize> = said
                .iter()
                .filter_map(|report| match report {
                    Report::Finished { outcome: Ok(Value::String(text)), .. } => Some(text.len()),
                    _ => None,
                })
                .collect();
            assert_eq!((said.len(), finished), (7, vec![0, 3 * CHUNK, 5]), "step {step}");
        }
    }

    #[test]
    fn what_is_no_frame_is_refused_and_takes_no_memory() {
        let check = |bytes: &[u8]| assert!(feed::<Report>(&mut Inbox::default(), bytes, 3).is_err(), "{bytes:?}");
        check(b"GET / HTTP/1.1");
        check(&[0, 0, 0, 0, 1]);
        check(&[1, 0, 0, 0, 3, 0]);
        check(&[255, 255, 255, 255, 6]);
        let mut inbox = Inbox::default();
        assert!(feed::<Report>(&mut inbox, &[0, 0, 0, 64, 6, 1, 2], 7).unwrap().is_empty());
        assert!(inbox.bytes.len() <= CHUNK);
    }

    #[test]
    fn a_large_frame_does_not_keep_its_memory() {
        let mut out = Vec::new();
        assert!(put_finished(&mut out, 1, &Ok(Value::Bytes(vec![0; 40 * CHUNK])), Duration::ZERO, false));
        let mut inbox = Inbox::default();
        feed::<Report>(&mut inbox, &out, usize::MAX).unwrap();
        inbox.space();
        assert_eq!(inbox.bytes.len(), CHUNK);
    }
}
