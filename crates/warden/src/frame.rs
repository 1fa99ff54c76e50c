//! The wire between parent and child: frames of a length (u32, little endian), a kind (u8) and a body.
//!
//! parent -> child: one `Job` or `JobWithInput`, its descriptor attached to the first byte; then silence.
//! child -> parent: any number of `Data`, one `End` without body; then silence until the next job.

/// Bytes of a frame before its body.
pub(crate) const HEAD: usize = 5;

/// The most bytes that a body takes memory for ahead of their arrival.
const AHEAD: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Job = 1,
    JobWithInput = 2,
    Data = 3,
    End = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Job, Self::JobWithInput, Self::Data, Self::End].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// The bytes in front of a body of `length` bytes.
pub(crate) fn head(kind: Kind, length: u32) -> [u8; HEAD] {
    let [a, b, c, d] = length.to_le_bytes();
    [a, b, c, d, kind as u8]
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub kind: Kind,
    pub body: Vec<u8>,
}

/// Why bytes are refused. The stream has no meaning from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    UnknownKind(u8),
    /// The announced length passes a limit; none of the body was taken.
    TooLarge,
}

/// Turns bytes into frames, in pieces of any size. After a [`Fault`] it is spent.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Bytes that a body may have, below `u32::MAX`.
    largest: u64,
    /// Bytes, heads included, that may still follow.
    budget: u64,
    head: [u8; HEAD],
    head_filled: usize,
    open: Option<Open>,
}

/// A frame whose head has been read.
#[derive(Debug)]
struct Open {
    kind: Kind,
    length: usize,
    body: Vec<u8>,
}

impl Decoder {
    /// `largest` bounds one body, `total` everything together, heads included, so that empty frames without end
    /// meet a limit too.
    pub fn new(largest: u64, total: u64) -> Self {
        // A length of u32::MAX stands for "longer than a frame can be" and is never admitted.
        let largest = largest.min(u64::from(u32::MAX) - 1);
        Self { largest, budget: total, head: [0; HEAD], head_filled: 0, open: None }
    }

    /// Takes bytes off the front of `input` up to the end of a frame, and returns the frame. `None` means that
    /// all of `input` was taken and more is needed.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Fault> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let taken = take(input, HEAD - self.head_filled);
                self.head[self.head_filled..self.head_filled + taken.len()].copy_from_slice(taken);
                self.head_filled += taken.len();
                if self.head_filled < HEAD {
                    return Ok(None);
                }
                self.head_filled = 0;
                self.admit()?
            }
        };
        let missing = open.length - open.body.len();
        let taken = take(input, missing);
        if open.body.capacity() - open.body.len() < taken.len() {
            // Doubles with what arrived, never with what was claimed.
            open.body.reserve_exact(missing.min(open.body.len().max(AHEAD)));
        }
        open.body.extend_from_slice(taken);
        if open.body.len() == open.length {
            return Ok(Some(Frame { kind: open.kind, body: open.body }));
        }
        self.open = Some(open);
        Ok(None)
    }

    fn admit(&mut self) -> Result<Open, Fault> {
        let [a, b, c, d, kind] = self.head;
        let kind = Kind::from_byte(kind).ok_or(Fault::UnknownKind(kind))?;
        let length = u32::from_le_bytes([a, b, c, d]);
        let cost = u64::from(length) + HEAD as u64;
        if u64::from(length) > self.largest || cost > self.budget {
            return Err(Fault::TooLarge);
        }
        self.budget -= cost;
        let length = usize::try_from(length).map_err(|_| Fault::TooLarge)?;
        Ok(Open { kind, length, body: Vec::new() })
    }
}

/// Splits at most `most` bytes off the front of `input`.
fn take<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(frames: &[Frame]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.extend(head(frame.kind, u32::try_from(frame.body.len()).unwrap()));
            bytes.extend(&frame.body);
        }
        bytes
    }

    /// Feeds `bytes` in pieces whose sizes repeat `sizes`.
    fn decode(mut decoder: Decoder, mut bytes: &[u8], sizes: &[usize]) -> (Vec<Frame>, Option<Fault>) {
        let mut frames = Vec::new();
        for size in sizes.iter().cycle() {
            let mut piece = take(&mut bytes, *size);
            loop {
                match decoder.feed(&mut piece) {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(fault) => return (frames, Some(fault)),
                }
            }
            assert!(piece.is_empty(), "a piece is taken whole");
            if let Some(open) = &decoder.open {
                assert!(open.body.capacity() <= 2 * open.body.len().max(AHEAD), "memory follows what arrived");
            }
            if bytes.is_empty() {
                break;
            }
        }
        (frames, None)
    }

    fn data(body: &[u8]) -> Frame {
        Frame { kind: Kind::Data, body: body.to_vec() }
    }

    #[test]
    fn limits_are_met_exactly_and_not_passed() {
        let check = |largest, total, bytes: &[u8], bodies: usize, fault| {
            let (frames, found) = decode(Decoder::new(largest, total), bytes, &[3]);
            assert_eq!((frames.len(), found), (bodies, fault), "{largest} {total} {bytes:?}");
        };
        let two = encode(&[data(b"abc"), data(b"de")]);
        check(3, 15, &two, 2, None);
        check(2, 15, &two, 0, Some(Fault::TooLarge));
        check(3, 14, &two, 1, Some(Fault::TooLarge));
        check(3, 0, &two, 0, Some(Fault::TooLarge));
        check(0, 10, &encode(&[data(b""), data(b""), data(b"")]), 2, Some(Fault::TooLarge));
        check(u64::MAX, u64::MAX, &[0xff, 0xff, 0xff, 0xff, 3], 0, Some(Fault::TooLarge));
        check(u64::MAX, u64::MAX, &[0xfe, 0xff, 0xff, 0xff, 3, 1], 0, None);
        check(9, 99, &[0, 0, 0, 0, 0], 0, Some(Fault::UnknownKind(0)));
        check(9, 99, &[0xff, 0xff, 0xff, 0xff, 77], 0, Some(Fault::UnknownKind(77)));
        check(9, 99, &[1, 0, 0], 0, None);
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let mut decoder = Decoder::new(u64::MAX, u64::MAX);
        assert_eq!(decoder.feed(&mut &[0xfe, 0xff, 0xff, 0xff, 3][..]), Ok(None));
        assert_eq!(decoder.feed(&mut &[7][..]), Ok(None));
        assert!(decoder.open.unwrap().body.capacity() <= AHEAD);
    }

    fn frames() -> impl Strategy<Value = Vec<Frame>> {
        let kind = prop_oneof![Just(Kind::Job), Just(Kind::JobWithInput), Just(Kind::Data), Just(Kind::End)];
        let length = prop_oneof![0..40_usize, Just(AHEAD - 1), Just(AHEAD), Just(2 * AHEAD + 1)];
        let frame = (kind, length, any::<u8>()).prop_map(|(kind, n, fill)| Frame { kind, body: vec![fill; n] });
        proptest::collection::vec(frame, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn frames_come_back_however_the_bytes_are_cut(
            frames in frames(),
            sizes in proptest::collection::vec(prop_oneof![1..9_usize, 1000..100_000_usize], 1..5),
        ) {
            let (found, fault) = decode(Decoder::new(u64::MAX, u64::MAX), &encode(&frames), &sizes);
            prop_assert_eq!(found, frames);
            prop_assert_eq!(fault, None);
        }

        #[test]
        fn bytes_of_any_kind_end_alike_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..300),
            sizes in proptest::collection::vec(1..20_usize, 1..5),
        ) {
            let whole = decode(Decoder::new(64, 200), &bytes, &[bytes.len().max(1)]);
            let taken: usize = whole.0.iter().map(|frame| frame.body.len() + HEAD).sum();
            prop_assert!(taken <= 200 && whole.0.iter().all(|frame| frame.body.len() <= 64));
            prop_assert_eq!(decode(Decoder::new(64, 200), &bytes, &sizes), whole);
        }
    }
}
