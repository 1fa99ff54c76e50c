//! YAML as PyYAML's `safe_load` reads it and in a form that it reads back: plain data, with the rules of YAML 1.1 for
//! what an unquoted word means.
//!
//! What an alias stands for counts each time it is used, and all of it is bounded: nine lines can otherwise make a
//! billion values. Timestamps stay the text they are.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::Error;
use crate::json::MAX_DEPTH;
use crate::{Map, Value, repr};

/// What each value counts besides its text.
const NODE: usize = size_of::<Value>();

fn broken(problem: impl Into<String>) -> Error {
    Error::Broken { serializer: "yaml", problem: problem.into() }
}

pub(super) fn read(bytes: &[u8], max: usize) -> Result<Value, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| broken("not utf-8"))?;
    let mut loader = Loader { open: Vec::new(), root: None, anchors: BTreeMap::new(), left: max, max };
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| broken(e.to_string()))?;
        loader.event(event)?;
    }
    Ok(loader.root.unwrap_or_default())
}

/// A container that is not closed yet.
struct Open {
    value: Value,
    anchor: usize,
    /// The key whose member comes next.
    key: Option<Key>,
    /// Of what it holds so far.
    size: usize,
    height: usize,
}

enum Key {
    Name(String),
    /// `<<`: what comes is merged in.
    Merge,
}

/// A value that an alias can name.
struct Anchored {
    value: Value,
    size: usize,
    height: usize,
}

struct Loader {
    open: Vec<Open>,
    root: Option<Value>,
    anchors: BTreeMap<usize, Anchored>,
    /// What copies may still take.
    left: usize,
    max: usize,
}

impl Loader {
    fn event(&mut self, event: Event<'_>) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let size = NODE + text.len();
                let merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
                if merge
                    && let Some(open) =
                        self.open.last_mut().filter(|o| o.key.is_none() && o.value.as_object().is_some())
                {
                    open.key = Some(Key::Merge);
                    return Ok(());
                }
                self.place(scalar(&text, style, tag.as_deref())?, anchor, size, 0)
            }
            Event::SequenceStart(anchor, tag) => self.start(Value::Array(Vec::new()), anchor, tag.as_deref()),
            Event::MappingStart(anchor, tag) => self.start(Value::Object(Map::new()), anchor, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Err(broken("an end without a start")) };
                self.place(open.value, open.anchor, open.size, open.height + 1)
            }
            Event::Alias(anchor) => {
                let Some(Anchored { value, size, height }) = self.anchors.get(&anchor) else {
                    return Err(broken("an alias of what is not there, or of what holds it"));
                };
                let (size, height) = (*size, *height);
                let value = {
                    self.left = self.left.checked_sub(size).ok_or(Error::TooLarge { max: self.max })?;
                    value.clone()
                };
                self.place(value, 0, size, height)
            }
            Event::DocumentStart(_) if self.root.is_some() => Err(broken("more than one document")),
            Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {
                Ok(())
            }
        }
    }

    fn spend(&mut self, size: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(size).ok_or(Error::TooLarge { max: self.max })?;
        Ok(())
    }

    fn start(&mut self, value: Value, anchor: usize, tag: Option<&Tag>) -> Result<(), Error> {
        if let Some(tag) = tag {
            let plain = matches!((core(tag), &value), (Some("seq"), Value::Array(_)) | (Some("map"), Value::Object(_)));
            if !plain {
                return Err(broken(format!("the tag {tag}")));
            }
        }
        self.open.push(Open { value, anchor, key: None, size: NODE, height: 0 });
        if self.open.len() > MAX_DEPTH { Err(broken("nested too deep")) } else { Ok(()) }
    }

    fn place(&mut self, value: Value, anchor: usize, size: usize, height: usize) -> Result<(), Error> {
        if self.open.len() + height > MAX_DEPTH {
            return Err(broken("nested too deep"));
        }
        if anchor > 0 {
            self.spend(size)?;
            self.anchors.insert(anchor, Anchored { value: value.clone(), size, height });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        open.size = open.size.saturating_add(size);
        open.height = open.height.max(height);
        match (&mut open.value, open.key.take()) {
            (Value::Array(items), _) => items.push(value),
            (Value::Object(_), None) => open.key = Some(Key::Name(key(value)?)),
            (Value::Object(map), Some(Key::Name(name))) => drop(map.insert(name, value)),
            (Value::Object(map), Some(Key::Merge)) => merge(map, value)?,
            _ => return Err(broken("a value in a scalar")),
        }
        Ok(())
    }
}

/// Members that the map has not: its own win, before and after.
fn merge(map: &mut Map, value: Value) -> Result<(), Error> {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                map.entry(key).or_insert(member);
            }
            Ok(())
        }
        Value::Array(maps) => maps.into_iter().try_for_each(|members| merge(map, members)),
        _ => Err(broken("<< of what is no mapping")),
    }
}

/// Keys are text here, as in JSON.
fn key(value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        Value::Array(_) | Value::Object(_) | Value::Bytes(_) => Err(broken("a key that is no scalar")),
        other => Ok(other.to_string()),
    }
}

/// The name of a tag of YAML itself: `!!str` and its kin.
fn core(tag: &Tag) -> Option<&str> {
    (tag.handle == "tag:yaml.org,2002:").then_some(&tag.suffix)
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, Error> {
    use base64::Engine as _;

    let Some(tag) = tag else {
        let plain = style == ScalarStyle::Plain;
        return Ok(if plain { resolve(text) } else { Value::from(text) });
    };
    let resolved = resolve(text);
    let fits = match core(tag) {
        Some("str") => return Ok(Value::from(text)),
        Some("binary") => {
            let joined: String = text.split_whitespace().collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(joined);
            return bytes.map(Value::Bytes).map_err(|_| broken("!!binary that is not base64"));
        }
        Some("null") => resolved.is_null(),
        Some("bool") => matches!(resolved, Value::Bool(_)),
        Some("int") => matches!(resolved, Value::Int(_) | Value::BigInt(_)),
        Some("float") => match resolved {
            Value::Int(n) => return Ok(Value::Float(n as f64)),
            ref other => matches!(other, Value::Float(_)),
        },
        _ => false,
    };
    if fits { Ok(resolved) } else { Err(broken(format!("the tag {tag}"))) }
}

/// What an unquoted word means in YAML 1.1.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::from(text))
}

fn number(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        b'0'..=b'9' | b'.' => (false, text),
        _ => return None,
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits: String = unsigned.chars().filter(|c| *c != '_').collect();
    let sign = if negative { "-" } else { "" };
    let radix = |digits: &str, radix| {
        i64::from_str_radix(&format!("{sign}{digits}"), radix)
            .ok()
            .filter(|_| !digits.starts_with(['+', '-']))
            .map(Value::Int)
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        return radix(hex, 16);
    }
    if let Some(binary) = digits.strip_prefix("0b") {
        return radix(binary, 2);
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        if digits.len() > 1 && digits.starts_with('0') {
            return radix(&digits, 8);
        }
        let signed = format!("{sign}{digits}");
        return Some(signed.parse().map_or_else(|_| Value::BigInt(signed.into()), Value::Int));
    }
    // A float has a point, and a sign in its exponent: `1e5` is a word.
    let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((&*digits, None), |(m, e)| (m, Some(e)));
    let mantissa_fits = mantissa.contains('.')
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && mantissa.bytes().any(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| {
        e.strip_prefix(['+', '-']).is_some_and(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit()))
    });
    if !(mantissa_fits && exponent_fits) {
        return None;
    }
    format!("{sign}{digits}").parse().ok().map(Value::Float)
}

/// Flow style with every text quoted: longer than a person would write it, and never misread.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out.push('\n');
    out
}

fn put(out: &mut String, value: &Value) {
    use base64::Engine as _;

    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(x) if x.is_nan() => out.push_str(".nan"),
        Value::Float(x) if x.is_infinite() => out.push_str(if *x > 0.0 { ".inf" } else { "-.inf" }),
        Value::Float(x) => {
            let text = repr::float(*x);
            match text.split_once('e') {
                Some((mantissa, exponent)) if !mantissa.contains('.') => {
                    out.push_str(&format!("{mantissa}.0e{exponent}"));
                }
                _ => out.push_str(&text),
            }
        }
        Value::String(text) => quoted(out, text),
        Value::Bytes(bytes) => {
            out.push_str("!!binary ");
            quoted(out, &base64::engine::general_purpose::STANDARD.encode(bytes));
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                put(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, member)) in map.iter().enumerate() {
                // An explicit key may be longer than the 1,024 characters of an implicit one.
                out.push_str(if i > 0 { ", ? " } else { "? " });
                quoted(out, key);
                out.push_str(" : ");
                put(out, member);
            }
            out.push('}');
        }
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value;

    #[test]
    fn words_mean_what_pyyaml_takes_them_for() {
        #[track_caller]
        fn check(text: &str, expected: Value) {
            assert_eq!(read(text.as_bytes(), 10_000).unwrap(), expected, "{text}");
        }
        check(
            "[yes, No, on, OFF, true, ~, null, '', \"yes\"]",
            value!([true, false, true, false, true, null, null, "", "yes"]),
        );
        check("[1, -2, 010, 0x1F, 0b11, 1_000, +5]", value!([1, -2, 8, 31, 3, 1000, 5]));
        check(
            "[1.5, -.5, 1.0e+3, 1e3, .inf, -.INF]",
            value!([1.5, -0.5, 1000.0, "1e3", f64::INFINITY, f64::NEG_INFINITY]),
        );
        check("123456789012345678901234567890", Value::BigInt("123456789012345678901234567890".into()));
        check("- - []\n  - {}\n  - []\n- key: |\n    text\n", value!([[[], {}, []], {"key": "text\n"}]));
        check("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}", value!({"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}));
        check("{1: a, true: b, ~: c}", value!({"1": "a", "true": "b", "null": "c"}));
        check("!!binary aGk=", Value::Bytes(b"hi".to_vec()));
        check("[!!str 5, !!float 5]", value!(["5", 5.0]));
        check("", Value::Null);
    }

    #[test]
    fn what_is_more_than_data_is_refused() {
        for text in [
            "!!python/object:os.system {}",
            "!mine 5",
            "{[1]: 2}",
            "a: b: c",
            "[",
            "*x",
            "&x [*x]",
            "--- 1\n--- 2",
            "!!int x",
        ] {
            assert!(read(text.as_bytes(), 10_000).is_err(), "{text}");
        }
        assert!(read("[".repeat(100_000).as_bytes(), 1_000_000).is_err());
        assert!(read("- ".repeat(100_000).as_bytes(), 1_000_000).is_err());
    }

    #[test]
    fn aliases_make_no_more_than_the_bound() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let inner = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
        }
        assert!(matches!(read(bomb.as_bytes(), 100_000), Err(Error::TooLarge { .. })));
        let mut deep = String::from("a0: &a0 [x]\n");
        for i in 1..400 {
            deep.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
        }
        assert!(read(deep.as_bytes(), 100_000_000).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(3, 20, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read_back(value in any_value()) {
            prop_assert_eq!(read(write(&value).as_bytes(), 1_000_000).unwrap(), value);
        }

        #[test]
        fn garbage_never_panics(text in "[-?:,{}&*!|>'\" \n#%@a0.~<\\[\\]]{0,60}") {
            let _ = read(text.as_bytes(), 10_000);
        }
    }
}
