//! What gives passages their direction: the table of this program, or a sentence model that a person brings.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use docmill_infer::{Error as ModelError, SentenceModel, Table};
use docmill_model::{Code, Digest, Warning};
use docmill_store::Failure;

use crate::disposition;

/// Loaded when the first passage asks for it, and then shared by all workers.
static TABLE: LazyLock<Result<Table, ModelError>> = LazyLock::new(Table::load);

/// Name of the file beside a sentence model that holds its vocabulary.
const VOCABULARY: &str = "vocab.txt";
/// Digits of a digest that tell two models apart.
const DIGITS: usize = 16;

/// Why a sentence model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the sentence model {} cannot be read", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a sentence model of the form that is understood", .path.display())]
    Form {
        path: PathBuf,
        #[source]
        source: ModelError,
    },
}

/// What gives passages their direction.
#[derive(Default)]
pub enum Encoder {
    /// 256 numbers, at once.
    #[default]
    Table,
    /// As many as the model has, some milliseconds a passage.
    Sentence { model: Box<SentenceModel>, digest: String },
}

impl Encoder {
    /// Reads a model in ONNX, and its vocabulary in `vocab.txt` beside it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |path: &Path| std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source });
        let beside = path.with_file_name(VOCABULARY);
        let (weights, vocabulary) = (read(path)?, read(&beside)?);
        let vocabulary = String::from_utf8(vocabulary).map_err(|error| Error::Read {
            path: beside,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        })?;
        let mut digest = Digest::of_parts([weights.as_slice(), vocabulary.as_bytes()]).to_string();
        digest.truncate(DIGITS);
        let model =
            SentenceModel::read(weights, vocabulary).map_err(|source| Error::Form { path: path.to_owned(), source })?;
        Ok(Self::Sentence { model: Box::new(model), digest })
    }

    /// Another word for another model.
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Table => Table::DIGEST,
            Self::Sentence { digest, .. } => digest,
        }
    }

    /// The direction of a passage; `None` where it has no word that is known.
    pub(crate) fn vector(&self, text: &str) -> Result<Option<Vec<i8>>, Failure> {
        match self {
            Self::Table => TABLE.as_ref().map(|table| table.vector(text)).map_err(failure),
            Self::Sentence { model, .. } => model.vector(text).map_err(|error| failure(&error)),
        }
    }
}

/// A model that was loaded and cannot be run is the program's fault.
fn failure(error: &ModelError) -> Failure {
    Failure::new(Warning::new(Code::STAGE_BUG, "passages could not be given a direction"), disposition::chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_model_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, expected: &str| {
            let Err(error) = Encoder::open(&folder.path().join(name)) else { panic!("{name} is a model") };
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("none.onnx", "none.onnx cannot be read");
        std::fs::write(folder.path().join("bad.onnx"), b"no model").unwrap();
        check("bad.onnx", "vocab.txt cannot be read");
        std::fs::write(folder.path().join(VOCABULARY), b"[CLS]\n[SEP]\n\xff").unwrap();
        check("bad.onnx", "vocab.txt cannot be read");
        std::fs::write(folder.path().join(VOCABULARY), b"[CLS]\n[SEP]\nword").unwrap();
        check("bad.onnx", "bad.onnx is not a sentence model");
    }

    #[test]
    fn a_passage_without_words_has_no_direction() {
        let encoder = Encoder::default();
        assert_eq!(encoder.vector(" ").unwrap(), None);
        assert_eq!(encoder.vector("net rent").unwrap().map(|vector| vector.len()), Some(256));
    }
}
