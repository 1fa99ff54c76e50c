//! The body of a task message: `[args, kwargs, embed]`.

use crate::{Map, Value, json, value};

/// What a task is called with, and what is to happen after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    pub args: Vec<Value>,
    pub kwargs: Map,
    pub embed: Embed,
}

/// The canvas around a task, each part as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Embed {
    pub callbacks: Value,
    pub errbacks: Value,
    /// The rest of the chain, last task first.
    pub chain: Value,
    pub chord: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the body is not json")]
    Json(#[source] json::Error),
    #[error("the body is not a list of args, kwargs and embed")]
    Shape,
}

impl Body {
    /// Reads a body. Each of its three parts may be null.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let Value::Array(parts) = json::read(bytes).map_err(Error::Json)? else { return Err(Error::Shape) };
        let [args, kwargs, embed] = <[Value; 3]>::try_from(parts).map_err(|_| Error::Shape)?;
        let args = match args {
            Value::Null => Vec::new(),
            Value::Array(list) => list,
            _ => return Err(Error::Shape),
        };
        let mut embed = object(embed)?;
        let mut take = |name| embed.shift_remove(name).unwrap_or_default();
        Ok(Self {
            args,
            kwargs: object(kwargs)?,
            embed: Embed {
                callbacks: take("callbacks"),
                errbacks: take("errbacks"),
                chain: take("chain"),
                chord: take("chord"),
            },
        })
    }

    /// Writes all three parts, none of them null.
    pub fn encode(&self) -> Vec<u8> {
        let Embed { callbacks, errbacks, chain, chord } = &self.embed;
        let embed = value!({"callbacks": callbacks, "errbacks": errbacks, "chain": chain, "chord": chord});
        json::write(&value!([&self.args, &self.kwargs, embed])).into_bytes()
    }
}

fn object(value: Value) -> Result<Map, Error> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        _ => Err(Error::Shape),
    }
}
