//! msgpack as kombu uses it: text and bytes apart, keys are text, no extension types.

use super::Error;
use crate::json::MAX_DEPTH;
use crate::{Map, Value};

fn broken(problem: &str) -> Error {
    Error::Broken { serializer: "msgpack", problem: problem.to_owned() }
}

pub(super) fn read(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(broken("something follows the value")) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| broken("cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, bytes: usize) -> Result<u64, Error> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, Error> {
        usize::try_from(self.unsigned(bytes)?).map_err(|_| broken("a length beyond memory"))
    }

    fn signed(&mut self, bytes: u32) -> Result<Value, Error> {
        let number = self.unsigned(bytes as usize)?;
        let spare = 64 - 8 * bytes;
        Ok(Value::Int((number << spare) as i64 >> spare))
    }

    fn text(&mut self, length: usize) -> Result<String, Error> {
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| broken("text is not utf-8"))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let head = self.take(1)?[0];
        Ok(match head {
            0x00..=0x7f => Value::Int(head.into()),
            0x80..=0x8f => self.map(usize::from(head & 15), depth)?,
            0x90..=0x9f => self.array(usize::from(head & 15), depth)?,
            0xa0..=0xbf => Value::String(self.text(usize::from(head & 31))?),
            0xc0 => Value::Null,
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4..=0xc6 => {
                let length = self.length(1 << (head - 0xc4))?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            0xca => {
                let bits = self.unsigned(4)? as u32;
                Value::Float(f32::from_bits(bits).into())
            }
            0xcb => Value::Float(f64::from_bits(self.unsigned(8)?)),
            0xcc..=0xcf => Value::from(self.unsigned(1 << (head - 0xcc))?),
            0xd0..=0xd3 => self.signed(1 << (head - 0xd0))?,
            0xd9..=0xdb => {
                let length = self.length(1 << (head - 0xd9))?;
                Value::String(self.text(length)?)
            }
            0xdc | 0xdd => {
                let length = self.length(2 << (head - 0xdc))?;
                self.array(length, depth)?
            }
            0xde | 0xdf => {
                let length = self.length(2 << (head - 0xde))?;
                self.map(length, depth)?
            }
            0xe0..=0xff => Value::Int((head as i8).into()),
            0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8 => return Err(broken("an extension type")),
        })
    }

    /// Room for as many as are announced, unless there cannot be as many.
    fn room(&self, length: usize, depth: usize) -> Result<usize, Error> {
        if depth >= MAX_DEPTH {
            return Err(broken("nested too deep"));
        }
        if length > self.rest.len() { Err(broken("cut short")) } else { Ok(length) }
    }

    fn array(&mut self, length: usize, depth: usize) -> Result<Value, Error> {
        let room = self.room(length, depth)?;
        (0..room).map(|_| self.value(depth + 1)).collect::<Result<Vec<Value>, _>>().map(Value::Array)
    }

    fn map(&mut self, length: usize, depth: usize) -> Result<Value, Error> {
        let mut map = Map::new();
        for _ in 0..self.room(length, depth)? {
            let Value::String(key) = self.value(depth + 1)? else { return Err(broken("a key is not text")) };
            map.insert(key, self.value(depth + 1)?);
        }
        Ok(Value::Object(map))
    }
}

pub(super) fn write(value: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    put(&mut out, value)?;
    Ok(out)
}

fn unserializable(problem: &str) -> Error {
    Error::Unserializable { serializer: "msgpack", problem: problem.to_owned() }
}

fn put(out: &mut Vec<u8>, value: &Value) -> Result<(), Error> {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(b) => out.push(0xc2 + u8::from(*b)),
        Value::Int(n @ -32..=127) => out.push(*n as u8),
        Value::Int(n) => {
            out.push(0xd3);
            out.extend(n.to_be_bytes());
        }
        Value::BigInt(digits) => {
            let n: u64 = digits.parse().map_err(|_| unserializable("an integer beyond 64 bits"))?;
            out.push(0xcf);
            out.extend(n.to_be_bytes());
        }
        Value::Float(x) => {
            out.push(0xcb);
            out.extend(x.to_be_bytes());
        }
        Value::String(s) => text(out, s)?,
        Value::Bytes(bytes) => {
            length(out, bytes.len(), [Some(0xc4), Some(0xc5), Some(0xc6)])?;
            out.extend(bytes);
        }
        Value::Array(items) => {
            match u8::try_from(items.len()) {
                Ok(few @ 0..16) => out.push(0x90 | few),
                _ => length(out, items.len(), [None, Some(0xdc), Some(0xdd)])?,
            }
            items.iter().try_for_each(|item| put(out, item))?;
        }
        Value::Object(map) => {
            match u8::try_from(map.len()) {
                Ok(few @ 0..16) => out.push(0x80 | few),
                _ => length(out, map.len(), [None, Some(0xde), Some(0xdf)])?,
            }
            for (key, member) in map {
                text(out, key)?;
                put(out, member)?;
            }
        }
    }
    Ok(())
}

fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    match u8::try_from(text.len()) {
        Ok(few @ 0..32) => out.push(0xa0 | few),
        _ => length(out, text.len(), [Some(0xd9), Some(0xda), Some(0xdb)])?,
    }
    out.extend(text.as_bytes());
    Ok(())
}

/// A length in one, two or four bytes, behind the head of the first that there is and that holds it.
fn length(out: &mut Vec<u8>, length: usize, heads: [Option<u8>; 3]) -> Result<(), Error> {
    let length = u32::try_from(length).map_err(|_| unserializable("more than 4 GiB"))?;
    match (heads, length) {
        ([Some(head), ..], 0..=0xff) => out.extend([head, length as u8]),
        ([_, Some(head), _], 0..=0xffff) => {
            out.push(head);
            out.extend((length as u16).to_be_bytes());
        }
        ([_, _, Some(head)], _) => {
            out.push(head);
            out.extend(length.to_be_bytes());
        }
        _ => return Err(unserializable("too long")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value;

    #[test]
    fn values_are_written_and_read_as_the_format_says() {
        #[track_caller]
        fn check(value: Value, expected: &[u8]) {
            assert_eq!(write(&value).unwrap(), expected);
            assert_eq!(read(expected).unwrap(), value);
        }
        check(value!([null, true, false]), b"\x93\xc0\xc3\xc2");
        check(value!([0, 127, -32]), b"\x93\x00\x7f\xe0");
        check(value!(-33), b"\xd3\xff\xff\xff\xff\xff\xff\xff\xdf");
        check(value!(u64::MAX), b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
        check(value!(1.5), b"\xcb\x3f\xf8\0\0\0\0\0\0");
        check(value!({"a": "é"}), b"\x81\xa1a\xa2\xc3\xa9");
        check(Value::Bytes(vec![1, 2]), b"\xc4\x02\x01\x02");
    }

    #[test]
    fn other_writers_integers_and_lengths_are_read() {
        #[track_caller]
        fn check(bytes: &[u8], expected: Value) {
            assert_eq!(read(bytes).unwrap(), expected);
        }
        check(b"\xcc\xff", value!(255));
        check(b"\xcd\x01\x00", value!(256));
        check(b"\xd0\x80", value!(-128));
        check(b"\xd1\xff\x7f", value!(-129));
        check(b"\xca\x3f\xc0\0\0", value!(1.5));
        check(b"\xdc\x00\x01\x05", value!([5]));
        check(b"\xda\x00\x01a", value!("a"));
        for size in [15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let value = value!(["x".repeat(size), vec![1; size]]);
            assert_eq!(read(&write(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn what_is_broken_is_an_error() {
        let cases: [&[u8]; 9] = [
            b"",
            b"\x91",
            b"\xa5abc",
            b"\xc1",
            b"\xd4\x01\x01",
            b"\x81\x01\x01",
            b"\xa1\xff",
            b"\x01\x01",
            b"\xdd\xff\xff\xff\xff",
        ];
        for bytes in cases {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        assert!(read(&[0x91; 100_000]).is_err());
        assert!(write(&Value::BigInt("18446744073709551616".into())).is_err());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = read(&bytes) {
                prop_assert_eq!(read(&write(&value).unwrap()).unwrap(), value);
            }
        }
    }
}
