//! A file with the id of the process, which keeps a second worker from starting.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Celery's code for a pid file that cannot be made: `EX_CANTCREAT`.
const CANT_CREATE: u8 = 73;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("pid file ({0}) already exists; a worker seems to be running already (pid: {1})")]
    Running(PathBuf, u32),
    #[error("pid file ({0}) already exists and holds no process id; remove it if no worker runs")]
    Unclear(PathBuf),
    #[error("could not write the pid file {0}: {1}")]
    Write(PathBuf, io::Error),
}

impl Error {
    pub(crate) fn code(&self) -> u8 {
        CANT_CREATE
    }
}

/// The file; it goes with the value.
#[derive(Debug)]
pub(crate) struct Pidfile(PathBuf);

impl Pidfile {
    /// Makes the file. One that a process has left behind that is gone is taken over.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Error> {
        match write(&path) {
            Ok(()) => return Ok(Self(path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Error::Write(path, e)),
        }
        let text = fs::read_to_string(&path).map_err(|e| Error::Write(path.clone(), e))?;
        let Ok(pid) = text.trim().parse::<u32>() else { return Err(Error::Unclear(path)) };
        if pid != std::process::id() && Path::new("/proc").join(pid.to_string()).exists() {
            return Err(Error::Running(path, pid));
        }
        tracing::warn!(pid, "Stale pidfile exists - Removing it.");
        let made = fs::remove_file(&path).and_then(|()| write(&path));
        made.map_err(|e| Error::Write(path.clone(), e))?;
        Ok(Self(path))
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    writeln!(file, "{}", std::process::id())
}

impl Drop for Pidfile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_running_process_is_respected_and_a_stale_one_taken_over() {
        let path = std::env::temp_dir().join(format!("celeriac-pid-{}", uuid::Uuid::new_v4()));
        // The first process of the machine always runs.
        fs::write(&path, "1\n").unwrap();
        assert!(matches!(Pidfile::create(path.clone()), Err(Error::Running(_, 1))));
        fs::write(&path, "nonsense").unwrap();
        assert!(matches!(Pidfile::create(path.clone()), Err(Error::Unclear(_))));
        fs::write(&path, "4294967295").unwrap();
        let file = Pidfile::create(path.clone()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        drop(file);
        assert!(!path.exists());
    }
}
