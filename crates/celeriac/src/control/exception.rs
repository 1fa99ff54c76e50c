//! Exceptions in the words in which a Python worker replies with them.

use std::fmt;

use celeriac_wire::{Value, repr};

/// What a command ends with when it cannot be done. The asker gets `{"error": …}` with this text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Raised(String);

impl Raised {
    /// An exception with one argument, as Python shows it: `ValueError('Autoscale not enabled')`.
    pub fn new(kind: &str, message: impl AsRef<str>) -> Self {
        Self(format!("{kind}({})", Quoted(message.as_ref())))
    }

    /// An exception that is in words already.
    pub fn shown(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn type_error(message: impl AsRef<str>) -> Self {
        Self::new("TypeError", message)
    }
}

/// A string in the quotes that Python's `repr` gives it: apostrophes unless they alone are inside.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        write!(f, "{quote}")?;
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\\' => f.write_str("\\\\")?,
                c if c == quote => write!(f, "\\{c}")?,
                c if c.is_ascii_control() => write!(f, "\\x{:02x}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        write!(f, "{quote}")
    }
}

/// A value as Python shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => Quoted(text).to_string(),
        other => repr::value(other),
    }
}

/// What Python calls the type of a value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::String(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_shown_as_python_shows_them() {
        assert_eq!(Raised::new("KeyError", "nosuch").to_string(), "KeyError('nosuch')");
        assert_eq!(Raised::new("E", "can't").to_string(), r#"E("can't")"#);
        assert_eq!(Raised::new("E", "'\"\n\\\u{1}é").to_string(), "E('\\'\"\\n\\\\\\x01é')");
    }
}
