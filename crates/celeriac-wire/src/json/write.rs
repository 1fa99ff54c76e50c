//! JSON as Python's `json.dumps` writes it: a space after each comma and colon, ASCII only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Map, Value, repr};

/// The text of a value. Bytes become the object that kombu makes of them.
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    write_to(&mut out, value);
    out
}

/// Appends the text of a value.
pub fn write_to(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(n) => integer(out, *n),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(x) if x.is_nan() => out.push_str("NaN"),
        Value::Float(x) if x.is_infinite() => out.push_str(if *x > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Float(x) => out.push_str(&repr::float(*x)),
        Value::String(s) => string(out, s),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => typed(out, "bytes", text),
            Err(_) => typed(out, "base64", &STANDARD.encode(bytes)),
        },
        Value::Array(list) => items(out, list),
        Value::Object(map) => members(out, map),
    }
}

/// Appends an array.
pub(crate) fn items(out: &mut String, items: &[Value]) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_to(out, item);
    }
    out.push(']');
}

/// Appends an object.
pub(crate) fn members(out: &mut String, map: &Map) {
    out.push('{');
    for (i, (key, member)) in map.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        string(out, key);
        out.push_str(": ");
        write_to(out, member);
    }
    out.push('}');
}

fn typed(out: &mut String, name: &str, text: &str) {
    out.push_str("{\"__type__\": \"");
    out.push_str(name);
    out.push_str("\", \"__value__\": ");
    string(out, text);
    out.push('}');
}

pub(crate) fn integer(out: &mut String, n: i64) {
    // The longest is i64::MIN.
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = n.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// Appends a string in its quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(stop) = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f | 0x7f..)) {
        out.push_str(&rest[..stop]);
        let mut chars = rest[stop..].chars();
        if let Some(c) = chars.next() {
            escape(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(char::from(b"0123456789abcdef"[usize::from(*unit >> shift & 15)]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn values_are_written_as_python_writes_them() {
        #[track_caller]
        fn check(value: Value, expected: &str) {
            assert_eq!(write(&value), expected);
        }
        check(value!({"b": [1, null, true], "a": {}}), r#"{"b": [1, null, true], "a": {}}"#);
        check(value!([]), "[]");
        check(value!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), "[NaN, Infinity, -Infinity]");
        check(
            value!([0.0, -0.0, 1.0, 0.1, 1e16, 1.5e-5, 123_456_789.5]),
            "[0.0, -0.0, 1.0, 0.1, 1e+16, 1.5e-05, 123456789.5]",
        );
        check(value!([i64::MIN, i64::MAX, 0]), "[-9223372036854775808, 9223372036854775807, 0]");
        check(Value::BigInt("123456789012345678901234567890".into()), "123456789012345678901234567890");
        check(value!("é😀\"\\/\n\u{1}\u{7f}"), r#""\u00e9\ud83d\ude00\"\\/\n\u0001\u007f""#);
        check(Value::Bytes(b"ab".to_vec()), r#"{"__type__": "bytes", "__value__": "ab"}"#);
        check(Value::Bytes(vec![0xff]), r#"{"__type__": "base64", "__value__": "/w=="}"#);
    }
}
