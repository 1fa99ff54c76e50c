//! From what serde can serialize to a [`Value`], and from a `Value` to what serde can serialize to.

use std::fmt;

use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Map, Value};
use crate::repr;

/// The name under which integers beyond 128 bits go through serde.
pub(super) const BIG_INT: &str = "$celeriac_wire::BigInt";

/// A value that serde cannot make, and why: the complaint of a type's own implementation, or an object's key that
/// JSON has no name for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub(super) String);

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// The value of anything that serde can serialize. Keys become strings as `json.dumps` of Python makes them; floats
/// that are not finite stay what they are.
pub fn to_value<T: Serialize + ?Sized>(source: &T) -> Result<Value, Error> {
    source.serialize(Writer)
}

/// The form for formats that do not tell types apart (postcard, between a worker and its children).
#[derive(serde::Serialize)]
#[serde(rename = "Value")]
enum Tagged<'a> {
    Null,
    Bool(bool),
    Int(i64),
    BigInt(&'a str),
    Float(f64),
    String(&'a str),
    #[serde(serialize_with = "as_bytes")]
    Bytes(&'a [u8]),
    Array(&'a [Value]),
    Object(&'a Map),
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            let tagged = match self {
                Self::Null => Tagged::Null,
                Self::Bool(b) => Tagged::Bool(*b),
                Self::Int(n) => Tagged::Int(*n),
                Self::BigInt(digits) => Tagged::BigInt(digits),
                Self::Float(x) => Tagged::Float(*x),
                Self::String(s) => Tagged::String(s),
                Self::Bytes(bytes) => Tagged::Bytes(bytes),
                Self::Array(items) => Tagged::Array(items),
                Self::Object(map) => Tagged::Object(map),
            };
            return tagged.serialize(serializer);
        }
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Int(n) => serializer.serialize_i64(*n),
            Self::BigInt(digits) => match (digits.parse(), digits.parse(), digits.parse()) {
                (Ok(n), _, _) => serializer.serialize_u64(n),
                (_, Ok(n), _) => serializer.serialize_i128(n),
                (_, _, Ok(n)) => serializer.serialize_u128(n),
                _ => serializer.serialize_newtype_struct(BIG_INT, digits),
            },
            Self::Float(x) => serializer.serialize_f64(*x),
            Self::String(s) => serializer.serialize_str(s),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(map) => serializer.collect_map(map),
        }
    }
}

struct Writer;

impl Serializer for Writer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, b: bool) -> Result<Value, Error> {
        Ok(b.into())
    }

    fn serialize_i8(self, n: i8) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_i16(self, n: i16) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_i32(self, n: i32) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_i64(self, n: i64) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_i128(self, n: i128) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_u8(self, n: u8) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_u16(self, n: u16) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_u32(self, n: u32) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_u64(self, n: u64) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_u128(self, n: u128) -> Result<Value, Error> {
        Ok(n.into())
    }

    fn serialize_f32(self, x: f32) -> Result<Value, Error> {
        Ok(x.into())
    }

    fn serialize_f64(self, x: f64) -> Result<Value, Error> {
        Ok(x.into())
    }

    fn serialize_char(self, c: char) -> Result<Value, Error> {
        Ok(Value::String(c.into()))
    }

    fn serialize_str(self, s: &str) -> Result<Value, Error> {
        Ok(s.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Error> {
        Ok(Value::Bytes(bytes.to_vec()))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Value, Error> {
        let inner = value.serialize(self)?;
        Ok(match inner {
            Value::String(digits) if name == BIG_INT => Value::BigInt(digits.into()),
            other => other,
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(super::object([(variant, value.serialize(self)?)]))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, Error> {
        Ok(Items { variant: None, items: Vec::with_capacity(len.unwrap_or(0).min(1024)) })
    }

    fn serialize_tuple(self, len: usize) -> Result<Items, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Items, Error> {
        Ok(Items { variant: Some(variant), items: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, Error> {
        Ok(Members { variant: None, map: Map::new(), key: String::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Error> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, Error> {
        Ok(Members { variant: Some(variant), map: Map::new(), key: String::new() })
    }
}

fn within(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => super::object([(name, value)]),
        None => value,
    }
}

struct Items {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

impl SerializeSeq for Items {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.items.push(item.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        Ok(within(self.variant, Value::Array(self.items)))
    }
}

macro_rules! as_items {
    ($($kind:ident :: $method:ident),*) => {
        $(impl ser::$kind for Items {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
                SerializeSeq::serialize_element(self, item)
            }

            fn end(self) -> Result<Value, Error> {
                SerializeSeq::end(self)
            }
        })*
    };
}

as_items!(
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

struct Members {
    variant: Option<&'static str>,
    map: Map,
    key: String,
}

impl SerializeMap for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = match key.serialize(Writer)? {
            Value::String(s) => s,
            Value::Null => "null".to_owned(),
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::BigInt(digits) => digits.into(),
            Value::Float(x) => repr::float(x),
            Value::Bytes(_) | Value::Array(_) | Value::Object(_) => {
                return Err(Error("a key has to be a string, a number, a boolean or null".to_owned()));
            }
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, member: &T) -> Result<(), Error> {
        self.map.insert(std::mem::take(&mut self.key), member.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        Ok(within(self.variant, Value::Object(self.map)))
    }
}

macro_rules! as_members {
    ($($kind:ident),*) => {
        $(impl ser::$kind for Members {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, member: &T) -> Result<(), Error> {
                self.map.insert(key.to_owned(), member.serialize(Writer)?);
                Ok(())
            }

            fn end(self) -> Result<Value, Error> {
                SerializeMap::end(self)
            }
        })*
    };
}

as_members!(SerializeStruct, SerializeStructVariant);
