//! Python peers in virtual environments, pinned: real Celery, and what reads graphs.

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
    installed(".", "python with celery")
}

/// The interpreter that has followthemoney and networkx. Like [`python`], but it cannot be had on every machine: a
/// part of it has to be compiled against ICU.
pub fn graph_python() -> Result<PathBuf, Unavailable> {
    installed("graph", "python with followthemoney and networkx")
}

fn installed(folder: &str, service: &'static str) -> Result<PathBuf, Unavailable> {
    let make = || -> io::Result<PathBuf> {
        // Test processes run side by side; the others wait for the one that installs.
        let lock = File::open(interop().join(folder))?;
        lock.lock()?;
        let made = Command::new("sh").arg(interop().join("venv.sh")).arg(folder).output()?;
        if made.status.success() {
            Ok(interop().join(folder).join(".venv/bin/python"))
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()))
        }
    };
    make().map_err(|source| Unavailable { service, source })
}
