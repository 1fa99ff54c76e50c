//! The value that a message carries: what Python's JSON, msgpack and YAML can say, in the order in which it was said.
//!
//! [`serde_json::Value`] has no `NaN`, no integer beyond 64 bits, no bytes, and forgets the order of keys; a Python
//! peer notices each of them.

use indexmap::IndexMap;

/// An object in the order of its keys. Two objects are equal whatever their order.
pub type Map = IndexMap<String, Value>;

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// The decimal digits, with a sign if negative, of an integer that is no `i64`.
    BigInt(Box<str>),
    /// Not always finite.
    Float(f64),
    String(String),
    /// Only msgpack and YAML have them. JSON writes `{"__type__": "bytes", "__value__": base64}`, as kombu does.
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Object(Map),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }

    /// A number as a double, an integer too.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Float(x) => Some(*x),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(s) = self { Some(s) } else { None }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }

    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }

    /// A member of an object; `None` for other values too.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }
}

/// An object of the given members.
pub fn object<K: Into<String>, const N: usize>(members: [(K, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

macro_rules! from {
    ($($source:ty => |$value:ident| $target:expr),* $(,)?) => {
        $(impl From<$source> for Value {
            fn from($value: $source) -> Self {
                $target
            }
        })*
    };
}

from! {
    bool => |b| Self::Bool(b),
    i32 => |n| Self::Int(n.into()),
    i64 => |n| Self::Int(n),
    u8 => |n| Self::Int(n.into()),
    u16 => |n| Self::Int(n.into()),
    u32 => |n| Self::Int(n.into()),
    u64 => |n| i64::try_from(n).map_or_else(|_| Self::BigInt(n.to_string().into()), Self::Int),
    usize => |n| Self::from(n as u64),
    f64 => |x| Self::Float(x),
    &str => |s| Self::String(s.to_owned()),
    String => |s| Self::String(s),
    &String => |s| Self::String(s.clone()),
    Vec<Value> => |items| Self::Array(items),
    Map => |map| Self::Object(map),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(int) => Self::Int(int),
                None if n.is_u64() => Self::BigInt(n.to_string().into()),
                None => Self::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(s) => Self::String(s),
            serde_json::Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => Self::Object(map.into_iter().map(|(k, v)| (k, Self::from(v))).collect()),
        }
    }
}
