//! Python's types that JSON has not, in the form in which kombu sends them: `{"__type__": name, "__value__": …}`.
//!
//! A task takes and returns them like any other argument; where the plain form comes instead (a text for a date), that
//! is taken too.
//!
//! ```
//! use celeriac_wire::typed::Decimal;
//! use celeriac_wire::value::{from_value, to_value};
//! use celeriac_wire::value;
//!
//! let price = Decimal("9.90".into());
//! let sent = to_value(&price)?;
//! assert_eq!(sent, value!({"__type__": "decimal", "__value__": "9.90"}));
//! assert_eq!(from_value::<Decimal>(sent)?, price);
//! # Ok::<(), celeriac_wire::value::Error>(())
//! ```

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Value, time, value};

/// `datetime.datetime`, a point in time. One without an offset is taken as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub SystemTime);

/// `datetime.date`: `2026-11-24`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub String);

/// `datetime.time`: `10:15:00.250000`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub String);

/// `decimal.Decimal`, its digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

/// `uuid.UUID`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub uuid::Uuid);

/// `bytes`. msgpack and YAML have them as such; in JSON they are the text they are, or base64.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// Name and value of the typed form; no name for a plain value.
fn split(value: Value) -> (Option<String>, Value) {
    match value {
        Value::Object(mut map) if map.len() == 2 && map.contains_key("__type__") && map.contains_key("__value__") => {
            let inner = map.shift_remove("__value__").unwrap_or_default();
            (map.get("__type__").and_then(Value::as_str).map(str::to_owned), inner)
        }
        plain => (None, plain),
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D, name: &str) -> Result<String, D::Error> {
    match split(Value::deserialize(deserializer)?) {
        (None, Value::String(text)) => Ok(text),
        (Some(found), Value::String(text)) if found == name => Ok(text),
        (found, _) => {
            Err(D::Error::custom(format!("expected a {name}, found {}", found.as_deref().unwrap_or("something else"))))
        }
    }
}

fn typed<S: Serializer>(serializer: S, name: &str, inner: Value) -> Result<S::Ok, S::Error> {
    value!({"__type__": name, "__value__": inner}).serialize(serializer)
}

macro_rules! texts {
    ($($kind:ident => $name:literal),*) => {
        $(impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                typed(serializer, $name, Value::from(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer, $name).map(Self)
            }
        })*
    };
}

texts!(Date => "date", Time => "time", Decimal => "decimal");

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        typed(serializer, "datetime", time::format(self.0).into())
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer, "datetime")?;
        time::parse(&text).map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is no datetime")))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        typed(serializer, "uuid", value!({"hex": self.0.simple().to_string()}))
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, inner) = split(Value::deserialize(deserializer)?);
        let hex = match (name.as_deref(), &inner) {
            (Some("uuid"), inner) => inner["hex"].as_str(),
            (None, inner) => inner.as_str(),
            _ => None,
        };
        let uuid = hex.and_then(|hex| uuid::Uuid::try_parse(hex).ok());
        uuid.map(Self).ok_or_else(|| D::Error::custom("expected a uuid"))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match split(Value::deserialize(deserializer)?) {
            (None, Value::Bytes(bytes)) => Some(bytes),
            (None, Value::String(text)) => Some(text.into_bytes()),
            (Some(name), Value::String(text)) if name == "bytes" => Some(text.into_bytes()),
            (Some(name), Value::String(text)) if name == "base64" => STANDARD.decode(text).ok(),
            _ => None,
        };
        bytes.map(Self).ok_or_else(|| D::Error::custom("expected bytes"))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::json;
    use crate::value::{from_value, to_value};

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(typed: T, wire: &str, plain: Value) {
        assert_eq!(to_value(&typed).unwrap().to_string(), wire);
        assert_eq!(from_value::<T>(json::read(wire.as_bytes()).unwrap()).unwrap(), typed);
        assert_eq!(from_value::<T>(plain).unwrap(), typed);
        assert!(from_value::<T>(value!({"__type__": "complex", "__value__": "1"})).is_err());
        assert!(from_value::<T>(value!([1])).is_err());
    }

    #[test]
    fn each_type_has_the_form_that_kombu_gives_it() {
        let noon = DateTime(time::parse("2026-11-24T12:00:00Z").unwrap());
        let wire = r#"{"__type__": "datetime", "__value__": "2026-11-24T12:00:00.000000+00:00"}"#;
        check(noon, wire, value!("2026-11-24T12:00:00"));
        check(Date("2026-11-24".into()), r#"{"__type__": "date", "__value__": "2026-11-24"}"#, value!("2026-11-24"));
        check(Time("10:15:00".into()), r#"{"__type__": "time", "__value__": "10:15:00"}"#, value!("10:15:00"));
        check(Decimal("9.90".into()), r#"{"__type__": "decimal", "__value__": "9.90"}"#, value!("9.90"));
        let uuid = "0b1b0f8e5a5b4a1e9b431a2b3c4d5e6f";
        let wire = format!(r#"{{"__type__": "uuid", "__value__": {{"hex": "{uuid}"}}}}"#);
        check(Uuid(uuid::Uuid::try_parse(uuid).unwrap()), &wire, value!("0b1b0f8e-5a5b-4a1e-9b43-1a2b3c4d5e6f"));
        check(Bytes(b"ab".to_vec()), r#"{"__type__": "bytes", "__value__": "ab"}"#, Value::Bytes(b"ab".to_vec()));
        check(Bytes(vec![0xff]), r#"{"__type__": "base64", "__value__": "/w=="}"#, Value::Bytes(vec![0xff]));
    }
}
