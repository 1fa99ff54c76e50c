//! Arguments of commands: bound to names with Python's complaints, and read with its idea of types.

use celeriac_wire::{Map, Value};

use super::exception::{Quoted, Raised, type_name};

/// Which arguments a command takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// Those that must be given.
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    /// Whether others are ignored instead of refused.
    pub(super) open: bool,
}

impl Signature {
    /// The arguments of `command`, by name.
    pub(super) fn bind(&self, command: &str, map: Map) -> Result<Arguments, Raised> {
        let known = |name: &str| self.required.contains(&name) || self.optional.contains(&name);
        if !self.open
            && let Some(name) = map.keys().find(|name| !known(name))
        {
            return Err(Raised::type_error(format!("{command}() got an unexpected keyword argument {}", Quoted(name))));
        }
        let missing: Vec<_> = self.required.iter().filter(|name| !map.contains_key(**name)).collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let names: Vec<_> = missing.iter().map(|name| Quoted(name).to_string()).collect();
            let names = match names.as_slice() {
                [one] => one.clone(),
                [one, other] => format!("{one} and {other}"),
                [first @ .., last] => format!("{}, and {last}", first.join(", ")),
                [] => String::new(),
            };
            let count = missing.len();
            return Err(Raised::type_error(format!(
                "{command}() missing {count} required positional argument{plural}: {names}"
            )));
        }
        Ok(Arguments(map))
    }
}

/// The arguments of one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments(Map);

impl Arguments {
    /// An argument; `None` when it was left out or is null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// An argument, null too; `None` when it was left out.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets an argument, as a command does that is another one with an argument fixed.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Whether Python takes the argument for true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(truth)
    }

    /// An argument that is text in all sane requests.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Raised> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Raised::type_error(format!("{name} must be str, not {}", type_name(other)))),
        }
    }

    /// A list that may stand for itself, or one value that stands for a list of one.
    pub(super) fn list(&self, name: &str) -> Vec<Value> {
        match self.get(name) {
            None => Vec::new(),
            Some(value) => listed(value),
        }
    }
}

/// What Python takes for true.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::BigInt(_) => true,
        Value::Float(x) => *x != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// A list, or one value as a list of one.
pub(super) fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}
