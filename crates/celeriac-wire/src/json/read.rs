//! The reader: values, or an object's members one by one for those who know what they want.

use std::borrow::Cow;

use super::{Error, MAX_DEPTH};
use crate::{Map, Value};

pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Always on a boundary of characters.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Utf8)?;
        Ok(Self { text, at: 0 })
    }

    /// Refuses anything but white space after what was read.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.syntax()) }
    }

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

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// The byte that the next value begins with.
    pub(crate) fn next(&mut self) -> Option<u8> {
        self.space();
        self.peek()
    }

    /// Whether the next value is null, which is taken then.
    pub(crate) fn null(&mut self) -> bool {
        self.next() == Some(b'n') && self.eat_word("null")
    }

    /// The next value, a string.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        if self.next() == Some(b'"') { self.string() } else { Err(self.syntax()) }
    }

    /// The next value, `depth` containers down.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, Error> {
        match self.next() {
            Some(b'{') => {
                let mut map = Map::new();
                self.members(depth, |reader, key, depth| {
                    map.insert(key.into_owned(), reader.value(depth)?);
                    Ok(())
                })?;
                Ok(Value::Object(map))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(depth, |reader, depth| {
                    items.push(reader.value(depth)?);
                    Ok(())
                })?;
                Ok(Value::Array(items))
            }
            Some(b'"') => Ok(Value::String(self.string()?.into_owned())),
            Some(b'0'..=b'9') => self.number(),
            Some(b'-') if !self.text.as_bytes()[self.at..].starts_with(b"-I") => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, Error> {
        let words = [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        if let Some((_, value)) = words.into_iter().find(|(word, _)| self.eat_word(word)) {
            return Ok(value);
        }
        let words = [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];
        let not_finite = words.into_iter().find(|(word, _)| self.eat_word(word));
        not_finite.map(|(_, float)| Value::Float(float)).ok_or_else(|| self.syntax())
    }

    /// Calls `each` before each item of the next value, an array. It has to read the item, which is as deep as it is
    /// told.
    pub(crate) fn items<E: From<Error>>(
        &mut self,
        depth: usize,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let depth = deeper(depth)?;
        self.space();
        if !self.eat(b'[') {
            return Err(self.syntax().into());
        }
        self.space();
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            each(self, depth)?;
            self.space();
            if self.eat(b']') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.syntax().into());
            }
        }
    }

    /// Calls `each` with the key of each member of the next value, an object. It has to read the member, which is as
    /// deep as it is told.
    pub(crate) fn members<E: From<Error>>(
        &mut self,
        depth: usize,
        mut each: impl FnMut(&mut Self, Cow<'a, str>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let depth = deeper(depth)?;
        self.space();
        if !self.eat(b'{') {
            return Err(self.syntax().into());
        }
        self.space();
        if self.eat(b'}') {
            return Ok(());
        }
        loop {
            let key = self.text()?;
            self.space();
            if !self.eat(b':') {
                return Err(self.syntax().into());
            }
            each(self, key, depth)?;
            self.space();
            if self.eat(b'}') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.syntax().into());
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
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut integer = true;
        if self.eat(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            integer = false;
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let token = &self.text[start..self.at];
        if integer {
            return Ok(token.parse().map_or_else(|_| Value::BigInt(token.into()), Value::Int));
        }
        token.parse().map(Value::Float).map_err(|_| self.syntax())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = special(rest.as_bytes()).ok_or_else(|| self.syntax())?;
            self.at += stop;
            match rest.as_bytes()[stop] {
                b'"' => {
                    self.at += 1;
                    if out.is_empty() {
                        return Ok(Cow::Borrowed(&rest[..stop]));
                    }
                    out.push_str(&rest[..stop]);
                    return Ok(Cow::Owned(out));
                }
                b'\\' => {
                    out.push_str(&rest[..stop]);
                    out.push(self.escape()?);
                }
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
            && self.eat_word("\\u")
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

/// Where the first quote, backslash or control character is. Eight bytes at a time, since most of a message is the
/// inside of strings.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The high bit of each byte that is zero, and perhaps of some above the first of them.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let stop = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))?;
    Some(at + stop)
}
