//! Reading columns back into the model's types. A value that cannot be read is a damaged store, never a panic.

use docmill_model::{Code, Digest, Span, Stage, State};
use rusqlite::Row;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Error, Result};

pub(super) fn uuid(bytes: &[u8]) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|e| Error::Corrupt(e.to_string()))
}

pub(super) fn uuid_at(row: &Row<'_>, column: usize) -> Result<Uuid> {
    uuid(row.get_ref(column)?.as_blob().map_err(|e| Error::Corrupt(e.to_string()))?)
}

pub(super) fn blob(uuid: &Uuid) -> &[u8] {
    uuid.as_bytes().as_slice()
}

/// A column of text; empty where it holds something else.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str> {
    Ok(row.get_ref(column)?.as_str().unwrap_or_default())
}

pub(super) fn digest_at(row: &Row<'_>, column: usize) -> Result<Digest> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|e| Error::Corrupt(e.to_string()))?;
    Digest::try_from(bytes).map_err(|e| Error::Corrupt(e.to_string()))
}

pub(super) fn stage(number: i64) -> Result<Stage> {
    usize::try_from(number)
        .ok()
        .and_then(|n| Stage::ALL.get(n).copied())
        .ok_or_else(|| Error::Corrupt(format!("there is no stage {number}")))
}

pub(super) fn state(word: &str) -> Result<State> {
    State::parse(word).ok_or_else(|| Error::Corrupt(format!("there is no state {word:?}")))
}

pub(super) fn code(word: &str) -> Result<Code> {
    Code::parse(word).ok_or_else(|| Error::Corrupt(format!("there is no code {word:?}")))
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::Corrupt(e.to_string()))
}

pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data with string keys always encodes")
}

pub(super) fn span(start: i64, end: i64) -> Result<Span> {
    match (u32::try_from(start), u32::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end => Ok(Span { start, end }),
        _ => Err(Error::Corrupt(format!("there is no span {start}..{end}"))),
    }
}

/// Runs a query and collects rows through a function that may find damage.
pub(super) fn collect<T>(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl rusqlite::Params,
    mut map: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = statement.query(parameters)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(map(row)?);
    }
    Ok(out)
}
