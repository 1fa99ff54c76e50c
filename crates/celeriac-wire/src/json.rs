//! The JSON that Python reads and writes, which is more than JSON.
//!
//! Python's `json.dumps` writes `NaN`, `Infinity` and `-Infinity` bare, integers of any size, and lone surrogates.
//! [`Value`] holds them all but the last:
//!
//! | on the wire | read as |
//! |---|---|
//! | `NaN`, `Infinity`, `-Infinity` | a float |
//! | an integer outside of `i64` | [`Value::BigInt`], its digits |
//! | a number too large for a double, as `1e400` | infinity, which Python reads it as |
//! | an unpaired surrogate `\ud800` | U+FFFD |
//!
//! Of equal keys the last counts, in the place of the first, as in a `dict`.

use crate::Value;

mod read;
mod write;

pub(crate) use self::read::Reader;
pub(crate) use self::write::{
    integer as write_integer, items as write_items, members as write_members, string as write_string,
};
pub use self::write::{write, write_to};

/// How deep arrays and objects may nest. Python's own limit is near a thousand; this one leaves room on the stack of
/// a thread of two megabytes, in a debug build too.
pub(crate) const MAX_DEPTH: usize = 256;

/// Why bytes are not what Python would have written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They are not UTF-8.
    #[error("not utf-8")]
    Utf8,
    /// Arrays and objects nest deeper than a stack of ours holds.
    #[error("nested deeper than {MAX_DEPTH}")]
    Depth,
    /// They are no JSON, by Python's standards.
    #[error("unexpected text at byte {at}")]
    Syntax {
        /// The first byte that does not belong there, counted from 0.
        at: usize,
    },
}

/// Reads one value that fills `bytes`, white space aside.
pub fn read(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader::new(bytes)?;
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value;

    #[test]
    fn what_only_python_writes_is_read_as_documented() {
        #[track_caller]
        fn check(text: &str, expected: Value) {
            assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
        }
        check("[Infinity, -Infinity]", value!([f64::INFINITY, f64::NEG_INFINITY]));
        assert!(matches!(read(b"NaN"), Ok(Value::Float(x)) if x.is_nan()));
        check("18446744073709551616", Value::BigInt("18446744073709551616".into()));
        check("-9223372036854775809", Value::BigInt("-9223372036854775809".into()));
        check("18446744073709551615", value!(u64::MAX));
        check("-9223372036854775808", value!(i64::MIN));
        check("[1e400, -1E+400, 1e-400]", value!([f64::INFINITY, f64::NEG_INFINITY, 0.0]));
        check(r#""\ud83d\ude00 \ud800 \ud800\u0041 \udc00""#, value!("😀 \u{fffd} \u{fffd}A \u{fffd}"));
        check(r#"{"a": 1, "a": -0.5}"#, value!({"a": -0.5}));
    }

    #[test]
    fn keys_keep_their_order_and_of_equal_ones_the_last_counts() {
        let read = read(br#"{"z": 1, "a": 2, "z": 3}"#).unwrap();
        assert_eq!(write(&read), r#"{"z": 3, "a": 2}"#);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        #[track_caller]
        fn check(text: &[u8]) {
            assert!(read(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
        for text in ["", " ", "{", "[1,]", "{\"a\":1,}", "[1 2]", "01", "1.", "1e", "-", "+1", ".5", "nul", "Nan"] {
            check(text.as_bytes());
        }
        for text in ["\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\\u00é0\"", "{1:2}", "[] []"] {
            check(text.as_bytes());
        }
        check(b"\"\xff\"");
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(Error::Depth));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read("[".repeat(1_000_000).as_bytes()), Err(Error::Depth));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_text_that_serde_json_reads_is_read_alike(text in r#"[\[\]{}":, \\a-fnu0-9.eE+-]{0,12}"#) {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(read(text.as_bytes()), Ok(value.into()));
            }
        }

        #[test]
        fn every_string_survives(text: String) {
            let written = value!({ (text.as_str()): [text.as_str()] });
            prop_assert_eq!(read(write(&written).as_bytes()), Ok(written));
        }
    }
}
