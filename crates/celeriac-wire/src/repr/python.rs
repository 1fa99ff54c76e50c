//! Python's own `repr`, for exceptions in events and log lines.

use super::float;
use crate::{Exception, Value};

/// What `repr` of Python makes of a value. Nothing is cut: what comes from a message is bounded by the message.
pub fn python(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

/// What `repr` of Python makes of an exception: `ValueError('no good', 3)`.
pub fn exception(exception: &Exception) -> String {
    let mut out = exception.exc_type.clone();
    out.push('(');
    list(&mut out, &exception.exc_message);
    out.push(')');
    out
}

fn list(out: &mut String, items: &[Value]) {
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        put(out, item);
    }
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(x) => out.push_str(&float(*x)),
        Value::String(text) => string(out, text),
        Value::Bytes(bytes) => self::bytes(out, bytes),
        Value::Array(items) => {
            out.push('[');
            list(out, items);
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, member)) in map.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                string(out, key);
                out.push_str(": ");
                put(out, member);
            }
            out.push('}');
        }
    }
}

/// Apostrophes, unless there are some inside and no quotes.
fn quote(apostrophes: bool, quotes: bool) -> char {
    if apostrophes && !quotes { '"' } else { '\'' }
}

fn string(out: &mut String, text: &str) {
    let quote = quote(text.contains('\''), text.contains('"'));
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if printable(c) => out.push(c),
            c => out.push_str(&match u32::from(c) {
                n @ 0..=0xff => format!("\\x{n:02x}"),
                n @ 0x100..=0xffff => format!("\\u{n:04x}"),
                n => format!("\\U{n:08x}"),
            }),
        }
    }
    out.push(quote);
}

/// Whether a character is shown as it is. Rust's debug output escapes the same categories as Python: separators but
/// for the space, and all that is "other"; behind a letter it leaves marks that combine with one.
fn printable(c: char) -> bool {
    ['a', c].iter().collect::<String>().escape_debug().eq(['a', c])
}

fn bytes(out: &mut String, bytes: &[u8]) {
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(*byte) == quote => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn an_exception_shows_its_type_and_arguments() {
        #[track_caller]
        fn check(exc_message: Vec<Value>, expected: &str) {
            let shown = exception(&Exception { exc_type: "ValueError".into(), exc_message, exc_module: None });
            assert_eq!(shown, expected);
        }
        check(vec![], "ValueError()");
        check(vec![value!("it's")], "ValueError(\"it's\")");
        check(vec![value!("no good"), value!(3), value!(null)], "ValueError('no good', 3, None)");
    }
}
