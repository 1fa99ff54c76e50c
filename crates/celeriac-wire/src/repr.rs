//! Python reprs of JSON values, cut as Celery's `saferepr` cuts them: for `argsrepr`, `kwargsrepr` and events.
//!
//! It is not Python's own `repr`: strings are quoted with apostrophes and only apostrophes are escaped.

use crate::{Map, Value};

mod python;

pub use self::python::{exception, python};

/// How many characters an argument list may take (`Task.resultrepr_maxsize` and its kin).
const MAX_CHARS: usize = 1024;
/// How deep containers are shown; deeper ones are `[...]` and `{...}`.
const MAX_LEVELS: usize = 3;

/// Positional arguments as a tuple: `(2, 3)`, `(2,)`, `()`.
pub fn tuple(items: &[Value]) -> String {
    let mut writer = Writer::new();
    writer.sequence("(", items, if items.len() == 1 { ",)" } else { ")" }, 0);
    writer.out
}

/// Keyword arguments: `{'x': 2}`. Keys stand in the order of the map, which is not always the sender's.
pub fn dict(map: &Map) -> String {
    let mut writer = Writer::new();
    writer.mapping(map, 0);
    writer.out
}

/// Any value, as in the event `task-succeeded`.
pub fn value(value: &Value) -> String {
    let mut writer = Writer::new();
    writer.value(value, 0);
    writer.out
}

/// Writes tokens until `left` characters are used up. The token that crosses the line is the last but for the
/// closing brackets of what was opened.
struct Writer {
    out: String,
    left: usize,
    cut: bool,
}

impl Writer {
    fn new() -> Self {
        Self { out: String::new(), left: MAX_CHARS, cut: false }
    }

    /// Whether tokens may still come; says so with an ellipsis once, when they may not.
    fn open(&mut self) -> bool {
        if self.left == 0 && !self.cut {
            self.cut = true;
            self.out.push_str(", ...");
        }
        !self.cut
    }

    fn token(&mut self, text: &str) {
        if self.open() {
            self.out.push_str(text);
            self.left = self.left.saturating_sub(text.chars().count());
        }
    }

    fn close(&mut self, text: &str) {
        self.out.push_str(text);
        self.left = self.left.saturating_sub(text.chars().count());
    }

    fn scalar(&mut self, text: &str) {
        if self.open() {
            self.token(&truncated(text, self.left));
        }
    }

    fn string(&mut self, text: &str) {
        if self.open() {
            let quoted = format!("'{}'", truncated(text, self.left).replace('\'', "\\'"));
            self.token(&quoted);
        }
    }

    /// Bytes are shown as the text they are, unescaped, or in hexadecimal digits.
    fn bytes(&mut self, bytes: &[u8]) {
        if self.open() {
            let shown = &bytes[..bytes.len().min(self.left)];
            let ellipsis = if shown.len() < bytes.len() { "..." } else { "" };
            let text = match std::str::from_utf8(shown) {
                Ok(text) => text.to_owned(),
                Err(_) => shown.iter().map(|byte| format!("{byte:02x}")).collect(),
            };
            self.token(&format!("b'{text}{ellipsis}'"));
        }
    }

    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null => self.scalar("None"),
            Value::Bool(true) => self.scalar("True"),
            Value::Bool(false) => self.scalar("False"),
            Value::Int(n) => self.scalar(&n.to_string()),
            Value::BigInt(digits) => self.scalar(digits),
            Value::Float(x) => self.scalar(&float(*x)),
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::Array(_) if level == MAX_LEVELS => self.token("[...]"),
            Value::Object(_) if level == MAX_LEVELS => self.token("{...}"),
            Value::Array(items) => self.sequence("[", items, "]", level),
            Value::Object(map) => self.mapping(map, level),
        }
    }

    fn sequence(&mut self, start: &str, items: &[Value], end: &str, level: usize) {
        if !self.open() {
            return;
        }
        self.token(start);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.token(", ");
            }
            self.value(item, level + 1);
            if self.cut {
                break;
            }
        }
        self.close(end);
    }

    fn mapping(&mut self, map: &Map, level: usize) {
        if !self.open() {
            return;
        }
        self.token("{");
        for (i, (key, item)) in map.iter().enumerate() {
            if i > 0 {
                self.token(", ");
            }
            self.string(key);
            self.token(": ");
            self.value(item, level + 1);
            if self.cut {
                break;
            }
        }
        self.close("}");
    }
}

/// The first `max` characters up to the last space among them, with an ellipsis, if there are that many or more.
fn truncated(text: &str, max: usize) -> String {
    if text.chars().count() < max {
        return text.to_owned();
    }
    let head: String = text.chars().take(max).collect();
    format!("{}...", head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words))
}

/// The shortest digits that read back as the same number, with an exponent from 1e16 and below 1e-4, as Python has it.
pub(crate) fn float(float: f64) -> String {
    if !float.is_finite() {
        return if float.is_nan() {
            "nan".to_owned()
        } else if float > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(n) if !(-4..16).contains(&n) && float != 0.0 => {
            let sign = if n < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", n.unsigned_abs())
        }
        _ => format!("{float:?}"),
    }
}
