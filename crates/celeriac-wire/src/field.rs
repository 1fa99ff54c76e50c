//! Typed fields taken out of a JSON object one by one, so that what remains are the foreign ones.

use crate::{Map, Value};

/// A field that has another type than the protocol gives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {name} is not {expected}")]
pub struct Mistyped {
    pub name: &'static str,
    pub expected: &'static str,
}

/// Removes known fields from an object. Absent and null are the same, as they are for Celery.
pub(crate) struct Fields(pub(crate) Map);

impl Fields {
    pub(crate) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.0.shift_remove(name).filter(|v| !v.is_null())
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Mistyped> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s)),
            Some(_) => Err(Mistyped { name, expected: "a string" }),
        }
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Mistyped> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(b)),
            Some(_) => Err(Mistyped { name, expected: "a boolean" }),
        }
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, Mistyped> {
        let wrong = Mistyped { name, expected: "an integer" };
        self.value(name).map(|v| v.as_i64().ok_or(wrong)).transpose()
    }

    pub(crate) fn count(&mut self, name: &'static str) -> Result<Option<u32>, Mistyped> {
        let wrong = Mistyped { name, expected: "a count" };
        self.integer(name)?.map(|n| u32::try_from(n).map_err(|_| wrong)).transpose()
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Result<Map, Mistyped> {
        match self.value(name) {
            None => Ok(Map::new()),
            Some(Value::Object(o)) => Ok(o),
            Some(_) => Err(Mistyped { name, expected: "an object" }),
        }
    }
}
