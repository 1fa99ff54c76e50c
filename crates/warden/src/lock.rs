//! One process at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// An exclusive lock on a file, held until dropped or until the process ends, whatever ends it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is just being started has a copy of the descriptor until its exec.
        let _ = self.file.unlock();
    }
}

/// Locks the file, creating it where it is missing; `None` when another holder has it. Never blocks.
///
/// The lock belongs to the open file (`flock`): a second call in the same process finds it held too. Children do
/// not inherit it. The file's content is left alone and the file stays behind, as removing it would let two
/// holders lock two files of one name.
///
/// # Errors
/// Those of opening the file, and of file systems without locks.
pub fn lock_file(path: impl AsRef<Path>) -> io::Result<Option<Lock>> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_until_dropped_and_keeps_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "kept").unwrap();
        let lock = lock_file(&path).unwrap().expect("nobody holds it");
        assert!(lock_file(&path).unwrap().is_none());
        drop(lock);
        assert!(lock_file(&path).unwrap().is_some());
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    }

    #[test]
    fn a_missing_folder_is_an_error_and_not_a_held_lock() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(lock_file(folder.path().join("no/lock")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
