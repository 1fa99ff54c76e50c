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

use crate::{Map, Value};

mod write;

pub use self::write::{write, write_to};

/// How deep arrays and objects may nest. Python's own limit is near a thousand; this one leaves room on the stack of
/// a thread of two megabytes, in a debug build too.
const MAX_DEPTH: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not utf-8")]
    Utf8,
    #[error("nested deeper than {MAX_DEPTH}")]
    Depth,
    #[error("unexpected text at byte {at}")]
    Syntax { at: usize },
}

/// Reads one value that fills `bytes`, white space aside.
pub fn read(bytes: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Utf8)?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { Err(reader.syntax()) }
}

struct Reader<'a> {
    text: &'a str,
    /// Always on a boundary of characters.
    at: usize,
}

impl Reader<'_> {
    fn syntax(&self) -> Error {
        Error::Syntax { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') if !self.text[self.at..].starts_with("-I") => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, Error> {
        let words = [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        if let Some((_, value)) = words.into_iter().find(|(word, _)| self.eat(word)) {
            return Ok(value);
        }
        let words = [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];
        let not_finite = words.into_iter().find(|(word, _)| self.eat(word));
        not_finite.map(|(_, float)| Value::Float(float)).ok_or_else(|| self.syntax())
    }

    fn array(&mut self, depth: usize) -> Result<Value, Error> {
        let depth = deeper(depth)?;
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.eat("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.eat("]") {
                return Ok(Value::Array(items));
            }
            if !self.eat(",") {
                return Err(self.syntax());
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let depth = deeper(depth)?;
        let mut map = Map::new();
        self.at += 1;
        self.space();
        if self.eat("}") {
            return Ok(Value::Object(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.syntax());
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err(self.syntax());
            }
            map.insert(key, self.value(depth)?);
            self.space();
            if self.eat("}") {
                return Ok(Value::Object(map));
            }
            if !self.eat(",") {
                return Err(self.syntax());
            }
        }
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.syntax()) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        self.eat("-");
        if !self.eat("0") {
            self.digits()?;
        }
        let mut integer = true;
        if self.eat(".") {
            integer = false;
            self.digits()?;
        }
        if self.eat("e") || self.eat("E") {
            integer = false;
            let _sign = self.eat("+") || self.eat("-");
            self.digits()?;
        }
        let token = &self.text[start..self.at];
        if integer {
            return Ok(token.parse().map_or_else(|_| Value::BigInt(token.into()), Value::Int));
        }
        token.parse().map(Value::Float).map_err(|_| self.syntax())
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).ok_or_else(|| self.syntax())?;
            out.push_str(&rest[..stop]);
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.syntax()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        self.at += 1;
        let letter = self.peek().ok_or_else(|| self.syntax())?;
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unit().map(|unit| self.join(unit));
            }
            _ => return Err(self.syntax()),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Error> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or_else(|| self.syntax())?;
        let unit = digits.iter().try_fold(0, |unit, b| Some(unit * 16 + char::from(*b).to_digit(16)?));
        let unit = unit.ok_or_else(|| self.syntax())?;
        self.at += 4;
        Ok(unit)
    }

    /// The character of a UTF-16 unit and, if it is the first of a pair, of the unit that follows.
    fn join(&mut self, first: u32) -> char {
        let before = self.at;
        if (0xd800..0xdc00).contains(&first)
            && self.eat("\\u")
            && let Ok(second @ 0xdc00..0xe000) = self.unit()
        {
            let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        self.at = before;
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

fn deeper(depth: usize) -> Result<usize, Error> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Error::Depth) }
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
