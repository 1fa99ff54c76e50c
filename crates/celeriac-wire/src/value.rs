//! The value that a message carries: what Python's JSON, msgpack and YAML can say, in the order in which it was said.
//!
//! [`serde_json::Value`] has no `NaN`, no integer beyond 64 bits, no bytes, and forgets the order of keys; a Python
//! peer notices each of them.

use std::fmt;
use std::ops::{Index, IndexMut};

use indexmap::IndexMap;

mod de;
mod ser;

pub use self::de::from_value;
pub use self::ser::{Error, to_value};

/// An object in the order of its keys. Two objects are equal whatever their order.
pub type Map = IndexMap<String, Value>;

/// Equality is that of data: `NaN` equals itself, the order of keys does not count, and `1` is not `1.0`.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Python's `None`.
    #[default]
    Null,
    /// Python's `bool`.
    Bool(bool),
    /// Python's `int` where it fits.
    Int(i64),
    /// The decimal digits, with a sign if negative, of an integer that is no `i64`.
    BigInt(Box<str>),
    /// Not always finite.
    Float(f64),
    /// Python's `str`.
    String(String),
    /// Only msgpack and YAML have them. JSON writes `{"__type__": "bytes", "__value__": base64}`, as kombu does.
    Bytes(Vec<u8>),
    /// Python's `list`; a tuple too, which JSON does not tell apart.
    Array(Vec<Value>),
    /// Python's `dict`.
    Object(Map),
}

impl Value {
    /// Whether it is Python's `None`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A boolean; `None` for other values, numbers too.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    /// An integer that fits; `None` for other values, floats too.
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

    /// A text; `None` for other values.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(s) = self { Some(s) } else { None }
    }

    /// The items of an array; `None` for other values.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members of an object; `None` for other values.
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }

    /// The items of an array, to be changed.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members of an object, to be changed.
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
    i8 => |n| Self::Int(n.into()),
    i16 => |n| Self::Int(n.into()),
    f32 => |x| Self::Float(x.into()),
    u128 => |n| i64::try_from(n).map_or_else(|_| Self::BigInt(n.to_string().into()), Self::Int),
    i128 => |n| i64::try_from(n).map_or_else(|_| Self::BigInt(n.to_string().into()), Self::Int),
    &Value => |value| value.clone(),
    &Map => |map| Self::Object(map.clone()),
    Map => |map| Self::Object(map),
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Value>> From<&Vec<T>> for Value {
    fn from(items: &Vec<T>) -> Self {
        Self::from(items.as_slice())
    }
}

impl<T: Clone + Into<Value>> From<&[T]> for Value {
    fn from(items: &[T]) -> Self {
        Self::Array(items.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Value>> From<&Option<T>> for Value {
    fn from(value: &Option<T>) -> Self {
        value.clone().map_or(Self::Null, Into::into)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

/// JSON, as [`crate::json::write`] has it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::json::write(self))
    }
}

static NULL: Value = Value::Null;

/// A member of an object; null where there is none.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

/// An item of an array; null where there is none.
impl Index<usize> for Value {
    type Output = Value;

    fn index(&self, at: usize) -> &Value {
        self.as_array().and_then(|items| items.get(at)).unwrap_or(&NULL)
    }
}

/// A member of an object, made if there is none. What is no object becomes one.
impl IndexMut<&str> for Value {
    fn index_mut(&mut self, key: &str) -> &mut Value {
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Map::new());
        }
        match self {
            Self::Object(map) => map.entry(key.to_owned()).or_default(),
            other => other,
        }
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl PartialEq<i64> for Value {
    fn eq(&self, other: &i64) -> bool {
        self.as_i64() == Some(*other)
    }
}

impl PartialEq<bool> for Value {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}

/// The value written as JSON is, with expressions in it that become values by `From`.
///
/// ```
/// use celeriac_wire::{json, value};
///
/// let id = String::from("a1");
/// let tuple = value!([[id, null], null]);
/// assert_eq!(json::write(&tuple), r#"[["a1", null], null]"#);
/// ```
#[macro_export]
macro_rules! value {
    (@items $items:ident) => {};
    (@items $items:ident null $(, $($rest:tt)*)?) => {
        $items.push($crate::Value::Null);
        $($crate::value!(@items $items $($rest)*);)?
    };
    (@items $items:ident [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $items.push($crate::value!([ $($inner)* ]));
        $($crate::value!(@items $items $($rest)*);)?
    };
    (@items $items:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $items.push($crate::value!({ $($inner)* }));
        $($crate::value!(@items $items $($rest)*);)?
    };
    (@items $items:ident $item:expr $(, $($rest:tt)*)?) => {
        $items.push($crate::Value::from($item));
        $($crate::value!(@items $items $($rest)*);)?
    };
    (@members $map:ident) => {};
    (@members $map:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $map.insert(String::from($key), $crate::Value::Null);
        $($crate::value!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $map.insert(String::from($key), $crate::value!([ $($inner)* ]));
        $($crate::value!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $map.insert(String::from($key), $crate::value!({ $($inner)* }));
        $($crate::value!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : $member:expr $(, $($rest:tt)*)?) => {
        $map.insert(String::from($key), $crate::Value::from($member));
        $($crate::value!(@members $map $($rest)*);)?
    };
    (null) => { $crate::Value::Null };
    ([]) => { $crate::Value::Array(Vec::new()) };
    ([ $($inner:tt)+ ]) => {{
        #[allow(clippy::vec_init_then_push)]
        let items = {
            let mut items = Vec::new();
            $crate::value!(@items items $($inner)+);
            items
        };
        $crate::Value::Array(items)
    }};
    ({}) => { $crate::Value::Object($crate::Map::new()) };
    ({ $($inner:tt)+ }) => {{
        let mut map = $crate::Map::new();
        $crate::value!(@members map $($inner)+);
        $crate::Value::Object(map)
    }};
    ($value:expr) => { $crate::Value::from($value) };
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
