//! The bytes between a worker and its children: what a job is, what a child tells.
//!
//! Both ends are the same program, so there is no version and nothing is skipped: fields follow one another in the
//! order of their declaration, lengths and numbers are little endian. Reading is still checked, since a task may
//! write anything anywhere.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use celeriac_wire::canvas::Signature;
use celeriac_wire::{DeliveryInfo, Headers, Map, Message, Outgoing, Properties, TimeLimits, Value};

use crate::context::{Effect, Request};
use crate::task::{Failure, Outcome, Retry, Stop};

/// Values nested deeper are refused: twice what the reader of JSON allows, and far from the end of any stack.
pub(super) const MAX_DEPTH: usize = 512;

/// Bytes that mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what a child says makes no sense")]
pub(super) struct Malformed;

/// What is left to be read.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    depth: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, depth: 0 }
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// A number of items of at least a byte each, so that a claim takes no memory.
    fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(u32::take(self)?).map_err(|_| Malformed)?;
        if count <= self.bytes.len() { Ok(count) } else { Err(Malformed) }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Malformed>) -> Result<T, Malformed> {
        if self.depth == MAX_DEPTH {
            return Err(Malformed);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// The end, where there is nothing left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.bytes.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Whether a value can be read again: within [`MAX_DEPTH`].
pub(super) fn is_shallow(value: &Value) -> bool {
    fn within(value: &Value, left: usize) -> bool {
        match value {
            Value::Array(items) => left > 0 && items.iter().all(|item| within(item, left - 1)),
            Value::Object(map) => left > 0 && map.values().all(|item| within(item, left - 1)),
            _ => true,
        }
    }
    within(value, MAX_DEPTH)
}

/// What crosses the socket.
pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(input: &mut Input<'_>) -> Result<Self, Malformed>;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
                input.array().map(<$number>::from_le_bytes)
            }
        })*
    };
}

numbers!(u8, u32, u64, u128, i64, f64);

impl Wire for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Self::try_from(u64::take(input)?).map_err(|_| Malformed)
    }
}

/// Structs of which each field crosses. A new field is an error of the compiler here.
macro_rules! records {
    ($($record:ident { $($field:ident),* $(,)? })*) => {
        $(impl Wire for $record {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }

            fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: Wire::take(input)?),* })
            }
        })*
    };
}

records! {
    TimeLimits { hard, soft }
    Headers {
        lang, task, id, shadow, eta, expires, group, group_index, retries, timelimit, root_id, parent_id, argsrepr,
        kwargsrepr, origin, ignore_result, replaced_task_nesting, stamped_headers, stamps, extra,
    }
    DeliveryInfo { exchange, routing_key, redelivered }
    Properties { correlation_id, reply_to, delivery_mode, delivery_info, priority, delivery_tag, extra }
    Message { headers, properties, content_type, content_encoding, body }
    Outgoing { queue, exchange, routing_key, priority, eta, expires, message }
    Request { message, queue, hostname, max_body }
    Failure { exc_type, exc_module, exc_message, frames }
    Retry { cause, after, at, args, kwargs, max_retries, options }
}

/// The index of each variant is its place here.
macro_rules! variants {
    ($choice:ident $input:ident { $($tag:literal => $shape:pat => [$($field:ident),*] => $make:expr,)* }) => {
        impl Wire for $choice {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $($shape => {
                        out.push($tag);
                        $($field.put(out);)*
                    })*
                }
            }

            fn take($input: &mut Input<'_>) -> Result<Self, Malformed> {
                match u8::take($input)? {
                    $($tag => {
                        $(let $field = Wire::take($input)?;)*
                        Ok($make)
                    })*
                    _ => Err(Malformed),
                }
            }
        }
    };
}

variants! { Stop input {
    0 => Self::Failure(failure) => [failure] => Self::Failure(failure),
    1 => Self::Retry(retry) => [retry] => Self::Retry(retry),
    2 => Self::Reject { reason, requeue } => [reason, requeue] => Self::Reject { reason, requeue },
    3 => Self::Ignore => [] => Self::Ignore,
    4 => Self::Replace(signature) => [signature] => Self::Replace(signature),
} }

variants! { Effect input {
    0 => Self::State { status, meta } => [status, meta] => Self::State { status, meta },
    1 => Self::Publish(outgoing) => [outgoing] => Self::Publish(outgoing),
    2 => Self::Event { kind, fields } => [kind, fields] => Self::Event { kind, fields },
    3 => Self::Apply { signature, seed } => [signature, seed] => Self::Apply { signature, seed },
    4 => Self::AddToChord { signature, seed } => [signature, seed] => Self::AddToChord { signature, seed },
} }

/// A signature crosses as it travels in a message.
impl Wire for Signature {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_value().put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Self::from_value(&Value::take(input)?).map_err(|_| Malformed)
    }
}

impl Wire for Outcome<Value> {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Ok(reply) => {
                out.push(0);
                reply.put(out);
            }
            Err(stop) => {
                out.push(1);
                stop.put(out);
            }
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        match u8::take(input)? {
            0 => Value::take(input).map(Ok),
            1 => Stop::take(input).map(Err),
            _ => Err(Malformed),
        }
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        T::take(input).map(Self::new)
    }
}

impl<T: Wire> Wire for Arc<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        T::take(input).map(Self::new)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        self.iter().for_each(|value| value.put(out));
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        if bool::take(input)? { T::take(input).map(Some) } else { Ok(None) }
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        match u8::take(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

/// The length of a piece. What has more than 4 GiB does not fit into a frame either, which is refused as a whole.
fn put_count(count: usize, out: &mut Vec<u8>) {
    u32::try_from(count).unwrap_or(u32::MAX).put(out);
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        std::str::from_utf8(input.bytes(count)?).map(str::to_owned).map_err(|_| Malformed)
    }
}

impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        out.extend_from_slice(self);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        input.bytes(count).map(<[u8]>::to_vec)
    }
}

impl Wire for Vec<Value> {
    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        input.nested(|input| (0..count).map(|_| Value::take(input)).collect())
    }
}

impl Wire for Map {
    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        for (key, value) in self {
            put_text(key, out);
            value.put(out);
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        input.nested(|input| (0..count).map(|_| Ok((String::take(input)?, Value::take(input)?))).collect())
    }
}

impl Wire for Value {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0),
            Self::Bool(false) => out.push(1),
            Self::Bool(true) => out.push(2),
            Self::Int(number) => {
                out.push(3);
                number.put(out);
            }
            Self::BigInt(digits) => {
                out.push(4);
                put_text(digits, out);
            }
            Self::Float(number) => {
                out.push(5);
                number.put(out);
            }
            Self::String(text) => {
                out.push(6);
                text.put(out);
            }
            Self::Bytes(bytes) => {
                out.push(7);
                bytes.put(out);
            }
            Self::Array(items) => {
                out.push(8);
                items.put(out);
            }
            Self::Object(map) => {
                out.push(9);
                map.put(out);
            }
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(match u8::take(input)? {
            0 => Self::Null,
            1 => Self::Bool(false),
            2 => Self::Bool(true),
            3 => Self::Int(Wire::take(input)?),
            4 => Self::BigInt(String::take(input)?.into()),
            5 => Self::Float(Wire::take(input)?),
            6 => Self::String(Wire::take(input)?),
            7 => Self::Bytes(Wire::take(input)?),
            8 => Self::Array(Wire::take(input)?),
            9 => Self::Object(Wire::take(input)?),
            _ => return Err(Malformed),
        })
    }
}

impl Wire for Duration {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_secs().put(out);
        self.subsec_nanos().put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let (seconds, nanos) = (Wire::take(input)?, Wire::take(input)?);
        // A carry would overflow, and panic.
        if nanos < 1_000_000_000 { Ok(Self::new(seconds, nanos)) } else { Err(Malformed) }
    }
}

/// Times before 1970 cross as 1970: they are all over.
impl Wire for SystemTime {
    fn put(&self, out: &mut Vec<u8>) {
        self.duration_since(UNIX_EPOCH).unwrap_or_default().put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        UNIX_EPOCH.checked_add(Wire::take(input)?).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use celeriac_wire::value;

    use super::*;

    fn bytes(value: &impl Wire) -> Vec<u8> {
        let mut out = Vec::new();
        value.put(&mut out);
        out
    }

    fn read<T: Wire>(bytes: &[u8]) -> Result<T, Malformed> {
        let mut input = Input::new(bytes);
        let value = T::take(&mut input)?;
        input.end().map(|()| value)
    }

    #[track_caller]
    fn check<T: Wire + PartialEq + std::fmt::Debug>(value: T) {
        let bytes = bytes(&value);
        assert_eq!(read::<T>(&bytes), Ok(value));
        for cut in 0..bytes.len() {
            assert!(read::<T>(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    fn message() -> Message {
        let mut message = Message::new("tasks.add", "id", vec![value!(1)], Map::new());
        message.headers.timelimit = TimeLimits { hard: Some(Duration::from_millis(1500)), soft: None };
        message.headers.group_index = Some(-1);
        message.headers.stamps = value!({"a": [1, null], "b": true});
        message.headers.extra.insert("mine".to_owned(), Value::Bytes(vec![0, 255]));
        message.properties.reply_to = Some("é\u{0}".to_owned());
        message
    }

    #[test]
    fn what_crosses_comes_back_and_what_is_cut_does_not() {
        check(Request { message: message(), queue: "q".to_owned(), hostname: "w@h".to_owned(), max_body: 9 });
        let values = [
            Value::Null,
            value!(false),
            value!(i64::MIN),
            Value::BigInt("99999999999999999999".into()),
            Value::Float(f64::NEG_INFINITY),
            value!([[], {}, {"z": {"a": "b"}}]),
        ];
        values.into_iter().for_each(check);
        let failure = Failure { frames: Some("here".to_owned()), ..Failure::builtin("ValueError", "no") };
        check::<Outcome<Value>>(Ok(value!("done")));
        for stop in [
            Stop::Failure(failure.clone()),
            failure.retry(Duration::MAX),
            Stop::Reject { reason: None, requeue: true },
            Stop::Ignore,
        ] {
            check::<Outcome<Value>>(Err(stop));
        }
        check(Effect::State { status: "PROGRESS".to_owned(), meta: value!({"done": 0.5}) });
        let at = UNIX_EPOCH + Duration::new(1, 2);
        check(Effect::Publish(Box::new(Outgoing { eta: Some(at), ..Outgoing::of(message()) })));
    }

    #[test]
    fn a_claimed_length_or_depth_is_refused_before_it_costs_anything() {
        assert_eq!(read::<Value>(&[8, 255, 255, 255, 255]), Err(Malformed));
        assert_eq!(read::<String>(&[255, 255, 255, 127, b'a']), Err(Malformed));
        assert_eq!(read::<Value>(&[8, 1, 0, 0, 0].repeat(100_000)), Err(Malformed));
        assert_eq!(read::<Duration>(&[255; 12]), Err(Malformed));
        assert_eq!(read::<Outcome<Value>>(&[2]), Err(Malformed));
    }

    #[test]
    fn depth_is_known_before_it_is_written() {
        let nested = |depth| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(is_shallow(&nested(MAX_DEPTH)) && read::<Value>(&bytes(&nested(MAX_DEPTH))).is_ok());
        assert!(!is_shallow(&nested(MAX_DEPTH + 1)));
    }

    #[test]
    fn noise_is_refused_or_read_and_never_a_panic() {
        use proptest::prelude::*;
        proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) },
            |(bytes in proptest::collection::vec(prop_oneof![0..10_u8, any::<u8>()], 0..200))| {
                let _ = read::<Value>(&bytes);
                let _ = read::<Outcome<Value>>(&bytes);
                let _ = read::<Effect>(&bytes);
                let _ = read::<Request>(&bytes);
            }
        );
    }
}
