//! The lines of an export, one by one.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::context::shown;

/// Bytes of the longest line that is read: a document's texts are held to a tenth of it.
const LONGEST: u64 = 4 << 30;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be read", shown(.0))]
    Read(PathBuf, #[source] io::Error),
    #[error("{} is not a file", shown(.0))]
    NotAFile(PathBuf),
    #[error("{} is no export of facts: line {line} {what}", shown(.path))]
    Foreign { path: PathBuf, line: u64, what: String },
    #[error("{} is cut off in line {line}", shown(.path))]
    CutOff { path: PathBuf, line: u64 },
}

/// What a line is about, in the order in which an export has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Document,
    Page,
    Block,
    Chunk,
    Mention,
    Entity,
    Merge,
    PossiblySameAs,
    Relation,
    Text,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Document,
        Self::Page,
        Self::Block,
        Self::Chunk,
        Self::Mention,
        Self::Entity,
        Self::Merge,
        Self::PossiblySameAs,
        Self::Relation,
        Self::Text,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Page => "page",
            Self::Block => "block",
            Self::Chunk => "chunk",
            Self::Mention => "mention",
            Self::Entity => "entity",
            Self::Merge => "merge",
            Self::PossiblySameAs => "possibly_same_as",
            Self::Relation => "relation",
            Self::Text => "text",
        }
    }
}

/// By which a line of one export finds its counterpart in another; ordered as the lines are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub kind: Kind,
    first: String,
    place: (u64, u64),
    second: String,
    word: String,
}

impl Key {
    /// The id of a document or an entity.
    pub(super) fn id(&self) -> &str {
        &self.first
    }
}

/// The fields of which keys are made; the others are passed over.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    document: Option<Cow<'a, str>>,
    number: Option<u64>,
    index: Option<u64>,
    start: Option<u64>,
    end: Option<u64>,
    #[serde(borrow, rename = "type")]
    word: Option<Cow<'a, str>>,
    #[serde(borrow)]
    entity: Option<Cow<'a, str>>,
    #[serde(borrow)]
    member: Option<Cow<'a, str>>,
    #[serde(borrow)]
    a: Option<Cow<'a, str>>,
    #[serde(borrow)]
    b: Option<Cow<'a, str>>,
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    to: Option<Cow<'a, str>>,
}

fn key(json: &[u8]) -> Result<Key, String> {
    let fields: Fields<'_> = serde_json::from_slice(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("is not as a line of an export: {error}"),
        _ => format!("is no JSON: {error}"),
    })?;
    let kind = Kind::ALL.into_iter().find(|k| k.as_str() == fields.kind);
    let kind = kind.ok_or_else(|| format!("has a kind that is not known here: {:?}", fields.kind))?;
    let text = |field: Option<Cow<'_, str>>, name: &str| {
        field.map(Cow::into_owned).ok_or_else(|| format!("is a {} without {name:?}", kind.as_str()))
    };
    let number =
        |field: Option<u64>, name: &str| field.ok_or_else(|| format!("is a {} without {name:?}", kind.as_str()));
    let none = String::new;
    let key = |first, place, second, word| Key { kind, first, place, second, word };
    Ok(match kind {
        Kind::Document | Kind::Entity => key(text(fields.id, "id")?, (0, 0), none(), none()),
        Kind::Page => key(text(fields.document, "document")?, (number(fields.number, "number")?, 0), none(), none()),
        Kind::Block | Kind::Chunk => {
            key(text(fields.document, "document")?, (number(fields.index, "index")?, 0), none(), none())
        }
        // Not by its id, into which the version of its recogniser goes: the same range named the same is the same.
        Kind::Mention => {
            let place = (number(fields.start, "start")?, number(fields.end, "end")?);
            key(text(fields.document, "document")?, place, none(), text(fields.word, "type")?)
        }
        Kind::Merge => key(text(fields.entity, "entity")?, (0, 0), text(fields.member, "member")?, none()),
        Kind::PossiblySameAs => key(text(fields.a, "a")?, (0, 0), text(fields.b, "b")?, none()),
        Kind::Relation => key(text(fields.from, "from")?, (0, 0), text(fields.to, "to")?, text(fields.word, "type")?),
        Kind::Text => key(text(fields.document, "document")?, (0, 0), none(), none()),
    })
}

/// An export that is being read.
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    number: u64,
    last: Option<Key>,
    /// The bytes of the last line, without its end.
    pub bytes: Vec<u8>,
}

impl Lines {
    /// Only of a file, which can be read twice.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let fail = |error| Error::Read(path.to_owned(), error);
        let file = File::open(path).map_err(fail)?;
        if !file.metadata().map_err(fail)?.is_file() {
            return Err(Error::NotAFile(path.to_owned()));
        }
        let file = BufReader::with_capacity(1 << 20, file);
        Ok(Self { path: path.to_owned(), file, number: 0, last: None, bytes: Vec::new() })
    }

    fn foreign(&self, what: impl Into<String>) -> Error {
        Error::Foreign { path: self.path.clone(), line: self.number, what: what.into() }
    }

    /// Reads the next line. Returns its key; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Key>, Error> {
        self.bytes.clear();
        self.number += 1;
        let fail = |error| Error::Read(self.path.clone(), error);
        // A file of something else is told by its first byte, before a line of it that never ends is read.
        match self.file.fill_buf().map_err(fail)?.first() {
            None => return Ok(None),
            Some(b'{') => {}
            Some(_) => return Err(self.foreign("is no JSON object")),
        }
        (&mut self.file).take(LONGEST).read_until(b'\n', &mut self.bytes).map_err(fail)?;
        if self.bytes.pop_if(|byte| *byte == b'\n').is_none() {
            return Err(Error::CutOff { path: self.path.clone(), line: self.number });
        }
        let key = key(&self.bytes).map_err(|what| self.foreign(what))?;
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(self.foreign("is not behind the one before it in the order of an export"));
        }
        self.last = Some(key.clone());
        Ok(Some(key))
    }

    /// The last line as a value.
    pub(super) fn value(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.bytes).map_err(|error| self.foreign(format!("is no JSON: {error}")))
    }
}
