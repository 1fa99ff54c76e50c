//! Serializers by kombu's names, and which of them are accepted.
//!
//! ```
//! use celeriac_wire::serializer::{Accept, Serializer};
//! use celeriac_wire::value;
//!
//! let bytes = Serializer::Msgpack.encode(&value!({"x": [1, 2]}))?;
//! assert_eq!(Serializer::Msgpack.decode(&bytes, 1024)?, value!({"x": [1, 2]}));
//! assert!(Accept::default().check("application/x-python-serialize").is_err());
//! # Ok::<(), celeriac_wire::serializer::Error>(())
//! ```

use crate::compression::{self, Compression};
use crate::{Body, Message, Value, body, json};

mod msgpack;
#[cfg(feature = "yaml")]
mod yaml;

/// Celery's names of the serializers that are no data alone, and where kombu has them in content types.
const REFUSED: [(&str, &str); 2] = [("pickle", "application/x-python-serialize"), ("auth", "application/data")];

/// How a value becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serializer {
    /// Python's, see [`json`].
    Json,
    /// MessagePack.
    Msgpack,
    /// YAML 1.1, as PyYAML's safe loader reads it. Takes the feature `yaml`.
    Yaml,
}

/// Why a value was not read or written. Nothing here is the fault of the reader: it is what the sender sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not in `accept_content`. kombu raises `ContentDisallowed` with the same words.
    #[error("Refusing to deserialize untrusted content of type {name} ({content_type})")]
    ContentDisallowed {
        /// kombu's name of the serializer, or the content type where it has none.
        name: String,
        /// What the message says.
        content_type: String,
    },
    /// No serializer has that name, or its feature is not built in.
    #[error("serializer {0:?} is unknown or not built in")]
    Unknown(String),
    /// The bytes are not what the serializer writes.
    #[error("not {serializer}: {problem}")]
    Broken {
        /// The serializer's name.
        serializer: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
    /// The value is not of the kind that the serializer writes: an integer of more than 64 bits in MessagePack.
    #[error("a value that {serializer} cannot hold: {problem}")]
    Unserializable {
        /// The serializer's name.
        serializer: &'static str,
        /// What it cannot hold.
        problem: String,
    },
    /// It is more than was allowed, or would be when it is unfolded.
    #[error("larger than {max} bytes")]
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
    /// It was compressed, and cannot be decompressed within the bound.
    #[error("could not decompress")]
    Compression(#[source] compression::Error),
    /// It could be read, and is no body of a task.
    #[error("malformed body")]
    Body(#[source] body::Error),
}

impl Serializer {
    const ALL: [Self; 3] = [Self::Json, Self::Msgpack, Self::Yaml];

    /// The serializer of a name or a content type.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|s| {
            let yaml = *s == Self::Yaml && name == "application/yaml";
            s.name() == name || s.content_type() == name || yaml
        });
        found.ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    /// Celery's name, as in `task_serializer`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Msgpack => "msgpack",
            Self::Yaml => "yaml",
        }
    }

    /// What messages say.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Msgpack => "application/x-msgpack",
            Self::Yaml => "application/x-yaml",
        }
    }

    /// `utf-8` for text, `binary` else.
    pub fn content_encoding(self) -> &'static str {
        match self {
            Self::Json | Self::Yaml => "utf-8",
            Self::Msgpack => "binary",
        }
    }

    /// Writes a value.
    ///
    /// # Errors
    ///
    /// What the serializer cannot hold: an integer of more than 64 bits in MessagePack. YAML where it is not built in.
    pub fn encode(self, value: &Value) -> Result<Vec<u8>, Error> {
        match self {
            Self::Json => Ok(json::write(value).into_bytes()),
            Self::Msgpack => msgpack::write(value),
            #[cfg(feature = "yaml")]
            Self::Yaml => Ok(yaml::write(value).into_bytes()),
            #[cfg(not(feature = "yaml"))]
            Self::Yaml => Err(Error::Unknown(self.name().to_owned())),
        }
    }

    /// Reads a value. The aliases of YAML may make more of a text than it holds: `max` is what they may make, in
    /// bytes.
    pub fn decode(self, bytes: &[u8], max: usize) -> Result<Value, Error> {
        if bytes.len() > max {
            return Err(Error::TooLarge { max });
        }
        match self {
            Self::Json => {
                let broken = |e: json::Error| Error::Broken { serializer: "json", problem: e.to_string() };
                json::read(bytes).map_err(broken)
            }
            Self::Msgpack => msgpack::read(bytes),
            #[cfg(feature = "yaml")]
            Self::Yaml => yaml::read(bytes, max),
            #[cfg(not(feature = "yaml"))]
            Self::Yaml => Err(Error::Unknown(self.name().to_owned())),
        }
    }
}

/// The content types that a worker takes (`accept_content`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept(Vec<Serializer>);

impl Default for Accept {
    /// JSON alone, as in Celery.
    fn default() -> Self {
        Self(vec![Serializer::Json])
    }
}

impl Accept {
    /// The serializers of these names or content types.
    ///
    /// # Errors
    ///
    /// A name that is unknown or that this crate cannot read, `pickle` above all: a worker that was told to accept it
    /// and does not is to say so at its start.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        names.into_iter().map(Serializer::from_name).collect::<Result<_, _>>().map(Self)
    }

    /// The serializer of a content type that is accepted.
    pub fn check(&self, content_type: &str) -> Result<Serializer, Error> {
        let known = Serializer::from_name(content_type).ok();
        known.filter(|serializer| self.0.contains(serializer)).ok_or_else(|| {
            let refused = REFUSED.into_iter().find(|(_, refused)| *refused == content_type).map(|(name, _)| name);
            let name = known.map(Serializer::name).or(refused).unwrap_or("untrusted");
            Error::ContentDisallowed { name: name.to_owned(), content_type: content_type.to_owned() }
        })
    }
}

/// The body of a message: decompressed, to at most `max` bytes, and decoded.
pub fn body(message: &Message, accept: &Accept, max: usize) -> Result<Body, Error> {
    let serializer = accept.check(&message.content_type)?;
    let compression = message.headers.extra.get("compression").and_then(Value::as_str);
    let unpacked = match compression {
        Some(name) => {
            let unpacked = Compression::from_name(name).and_then(|method| method.decompress(&message.body, max));
            Some(unpacked.map_err(|e| match e {
                compression::Error::TooLarge { max } => Error::TooLarge { max },
                other => Error::Compression(other),
            })?)
        }
        None => None,
    };
    let bytes = unpacked.as_deref().unwrap_or(&message.body);
    if bytes.len() > max {
        return Err(Error::TooLarge { max });
    }
    match serializer {
        Serializer::Json => Body::decode(bytes).map_err(Error::Body),
        other => Body::from_value(other.decode(bytes, max)?).map_err(Error::Body),
    }
}

/// Puts a body into a message: encoded, and compressed if a method is given.
pub fn put_body(
    message: &mut Message,
    body: &Body,
    serializer: Serializer,
    compression: Option<Compression>,
) -> Result<(), Error> {
    let bytes = match serializer {
        Serializer::Json => body.encode(),
        other => other.encode(&body.to_value())?,
    };
    message.content_type = serializer.content_type().to_owned();
    message.content_encoding = serializer.content_encoding().to_owned();
    message.headers.extra.shift_remove("compression");
    message.body = match compression {
        Some(method) => {
            message.headers.extra.insert("compression".to_owned(), method.content_type().into());
            method.compress(&bytes).map_err(Error::Compression)?
        }
        None => bytes,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Map, envelope, value};

    #[test]
    fn a_body_survives_each_serializer_and_compression() {
        let kwargs = Map::from_iter([("text".to_owned(), value!("é".repeat(1000)))]);
        let body = Body { args: vec![value!([1, null, -2.5, [true]])], kwargs, ..Body::default() };
        for serializer in Serializer::ALL {
            for compression in ["zlib", "bzip2", "brotli", "xz", "zstd", ""] {
                let mut message = Message::new("t", "i", Vec::new(), Map::new());
                let method = Compression::from_name(compression).ok();
                match put_body(&mut message, &body, serializer, method) {
                    Err(Error::Unknown(_)) if !cfg!(feature = "yaml") => continue,
                    Err(Error::Compression(compression::Error::NotBuiltIn(_))) if !cfg!(feature = "xz") => continue,
                    other => other.unwrap(),
                }
                let message = envelope::decode(envelope::encode(&message).as_bytes()).unwrap();
                let accept = Accept::new(["json", "msgpack", "yaml"]).unwrap();
                assert_eq!(self::body(&message, &accept, 100_000).unwrap(), body, "{serializer:?} {compression}");
                let error = self::body(&message, &accept, 1000).unwrap_err();
                assert!(matches!(error, Error::TooLarge { max: 1000 }), "{serializer:?} {compression}: {error:?}");
            }
        }
    }

    #[test]
    fn what_is_not_accepted_is_refused_by_name() {
        #[track_caller]
        fn check(content_type: &str, expected: &str) {
            let error = Accept::default().check(content_type).unwrap_err();
            let text = format!("Refusing to deserialize untrusted content of type {expected} ({content_type})");
            assert_eq!(error.to_string(), text);
        }
        check("application/x-python-serialize", "pickle");
        check("application/data", "auth");
        check("application/x-msgpack", "msgpack");
        check("text/html", "untrusted");
        check("", "untrusted");
        assert!(Accept::new(["json", "pickle"]).is_err());
        assert_eq!(
            Accept::new(["application/x-msgpack"]).unwrap().check("application/x-msgpack").unwrap(),
            Serializer::Msgpack
        );
    }
}
