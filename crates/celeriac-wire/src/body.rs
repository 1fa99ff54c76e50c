//! The body of a task message: `[args, kwargs, embed]`.

use crate::{Map, Value, json, value};

/// What a task is called with, and what is to happen after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// The positional arguments.
    pub args: Vec<Value>,
    /// The arguments by name.
    pub kwargs: Map,
    /// What is to happen after the task.
    pub embed: Embed,
}

/// The canvas around a task, each part as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Embed {
    /// A list of signatures to be sent with the result, or null.
    pub callbacks: Value,
    /// A list of signatures to be called with the failure, or null.
    pub errbacks: Value,
    /// The rest of the chain, last task first.
    pub chain: Value,
    /// The signature that is called with the results of the group that the task is a part of, or null.
    pub chord: Value,
}

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON, or nests too deep.
    #[error("the body is not json")]
    Json(#[from] json::Error),
    /// It is JSON of another shape.
    #[error("the body is not a list of args, kwargs and embed")]
    Shape,
}

impl Body {
    /// Reads a body. Each of its three parts may be null.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = json::Reader::new(bytes).map_err(Error::Json)?;
        if reader.next() != Some(b'[') {
            // Says what is wrong with it, if it is no JSON at all.
            return json::read(bytes).map_err(Error::Json).and(Err(Error::Shape));
        }
        let mut body = Self::default();
        let mut part = 0;
        reader.items(0, |reader, depth| {
            match part {
                0 => body.args = list(reader.value(depth)?)?,
                1 => body.kwargs = object(reader.value(depth)?)?,
                2 => body.embed = Embed::read(reader, depth)?,
                _ => return Err(Error::Shape),
            }
            part += 1;
            Ok(())
        })?;
        reader.end()?;
        if part == 3 { Ok(body) } else { Err(Error::Shape) }
    }

    /// The body of a value that another serializer than JSON has read.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        let Value::Array(parts) = value else { return Err(Error::Shape) };
        let [args, kwargs, embed] = <[Value; 3]>::try_from(parts).map_err(|_| Error::Shape)?;
        let mut embed = object(embed)?;
        let mut take = |name| embed.shift_remove(name).unwrap_or_default();
        Ok(Self {
            args: list(args)?,
            kwargs: object(kwargs)?,
            embed: Embed {
                callbacks: take("callbacks"),
                errbacks: take("errbacks"),
                chain: take("chain"),
                chord: take("chord"),
            },
        })
    }

    /// The body as a value, for another serializer than JSON.
    pub fn to_value(&self) -> Value {
        let Embed { callbacks, errbacks, chain, chord } = &self.embed;
        let embed = value!({"callbacks": callbacks, "errbacks": errbacks, "chain": chain, "chord": chord});
        value!([&self.args, &self.kwargs, embed])
    }

    /// Writes all three parts, none of them null.
    pub fn encode(&self) -> Vec<u8> {
        let Embed { callbacks, errbacks, chain, chord } = &self.embed;
        let mut out = String::from("[");
        json::write_items(&mut out, &self.args);
        out.push_str(", ");
        json::write_members(&mut out, &self.kwargs);
        for (name, part) in [
            (", {\"callbacks\": ", callbacks),
            (", \"errbacks\": ", errbacks),
            (", \"chain\": ", chain),
            (", \"chord\": ", chord),
        ] {
            out.push_str(name);
            json::write_to(&mut out, part);
        }
        out.push_str("}]");
        out.into_bytes()
    }
}

fn object(value: Value) -> Result<Map, Error> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        _ => Err(Error::Shape),
    }
}

fn list(value: Value) -> Result<Vec<Value>, Error> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items),
        _ => Err(Error::Shape),
    }
}

impl Embed {
    fn read(reader: &mut json::Reader<'_>, depth: usize) -> Result<Self, Error> {
        let mut embed = Self::default();
        match reader.next() {
            Some(b'{') => {}
            _ if reader.null() => return Ok(embed),
            _ => return reader.value(depth).map_err(Error::Json).and(Err(Error::Shape)),
        }
        reader.members(depth, |reader, key, depth| {
            let member = reader.value(depth)?;
            match &*key {
                "callbacks" => embed.callbacks = member,
                "errbacks" => embed.errbacks = member,
                "chain" => embed.chain = member,
                "chord" => embed.chord = member,
                _ => {}
            }
            Ok::<(), Error>(())
        })?;
        Ok(embed)
    }
}
