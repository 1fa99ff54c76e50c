//! Ids of revoked tasks in a file, so that they outlive the worker (`--statedb`).
//!
//! The file is our own: Python's is a database of its `shelve`, and no two workers share one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use celeriac_wire::{Value, json, value};

/// What outlives a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The oldest first.
    pub revoked: Vec<String>,
    /// The logical clock.
    pub clock: u64,
}

/// The file could not be used. It stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is there and cannot be read.
    #[error("could not read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// It cannot be written, or not put in its place.
    #[error("could not write {0}")]
    Write(PathBuf, #[source] io::Error),
    /// It was written by another program, Python's `shelve` for one, or is damaged.
    #[error("{0} is not a state file of this program; name another one, or move it away")]
    Foreign(PathBuf),
}

/// Says whose file it is, and in which form.
const FORMAT: &str = "celeriac state 1";
/// The most that is read: 50,000 ids take some three megabytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads the state; a file that is not there yet holds none.
///
/// # Errors
///
/// A file that cannot be read, or that another program has written.
pub fn load(path: &Path) -> Result<State, Error> {
    let foreign = || Error::Foreign(path.to_owned());
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Ok(metadata) if metadata.len() > MAX_BYTES => return Err(foreign()),
        _ => {}
    }
    let bytes = fs::read(path).map_err(|e| Error::Read(path.to_owned(), e))?;
    let document = json::read(&bytes).map_err(|_| foreign())?;
    if document.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(foreign());
    }
    let ids = document.get("revoked").and_then(Value::as_array).ok_or_else(foreign)?;
    Ok(State {
        revoked: ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        clock: document.get("clock").and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
    })
}

/// Writes the state. The file is the old one or the new one, whatever happens meanwhile.
///
/// # Errors
///
/// When the folder cannot be written to.
pub fn save(path: &Path, state: &State) -> Result<(), Error> {
    let failed = |e| Error::Write(path.to_owned(), e);
    let document = value!({
        "format": FORMAT,
        "revoked": Value::Array(state.revoked.iter().map(Value::from).collect()),
        "clock": state.clock,
    });
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new).map_err(failed)?;
    file.write_all(json::write(&document).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&new, path).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> PathBuf {
        std::env::temp_dir().join(format!("celeriac-state-{}", uuid::Uuid::new_v4()))
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let path = path();
        assert_eq!(load(&path).unwrap(), State::default());
        let state = State { revoked: vec!["a".to_owned(), "é".to_owned()], clock: 7 };
        save(&path, &state).unwrap();
        save(&path, &state).unwrap();
        assert_eq!(load(&path).unwrap(), state);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_of_another_program_is_refused_and_stays() {
        for bytes in [&b"\x1a\x57\x04"[..], b"", b"{}", b"{\"format\": \"celeriac state 1\"}", b"[1"] {
            let path = path();
            fs::write(&path, bytes).unwrap();
            assert!(matches!(load(&path), Err(Error::Foreign(_))));
            assert_eq!(fs::read(&path).unwrap(), bytes);
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = save(Path::new("/nonexistent/folder/state"), &State::default()).unwrap_err();
        assert_eq!(error.to_string(), "could not write /nonexistent/folder/state");
    }
}
