//! The Python peer: real Celery, pinned, in a virtual environment.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Unavailable;

/// The folder `interop` of the repository.
pub fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop")
}

/// The interpreter that has Celery. The first call on a machine installs it, which takes a minute and the network.
pub fn python() -> Result<PathBuf, Unavailable> {
    let make = || -> io::Result<PathBuf> {
        // Test processes run side by side; the others wait for the one that installs.
        let folder = File::open(interop())?;
        folder.lock()?;
        let made = Command::new("sh").arg(interop().join("venv.sh")).output()?;
        if made.status.success() {
            Ok(interop().join(".venv/bin/python"))
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()))
        }
    };
    make().map_err(|source| Unavailable { service: "python with celery", source })
}
