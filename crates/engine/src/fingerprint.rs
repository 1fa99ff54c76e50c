//! What tells whether a file is there, and whether it is still the one that was registered.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use docmill_model::Digest;
use docmill_store::Stamp;
use sha2::Digest as _;

/// The path that the store keeps as bytes.
pub(crate) fn path_of(absolute: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(absolute))
}

/// Whether nothing is at a path any more; what only cannot be looked at may still be there.
pub(crate) fn is_gone(path: &Path) -> bool {
    // A folder that became a file takes what was in it along.
    let gone = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    path.symlink_metadata().is_err_and(|error| gone.contains(&error.kind()))
}

/// What the file system tells of an open file, read now.
pub(crate) fn stamp(file: &File) -> io::Result<Stamp> {
    Ok(stamp_of(&file.metadata()?))
}

/// The stamp of metadata that was read just now.
pub(crate) fn stamp_of(m: &Metadata) -> Stamp {
    const SECOND: i64 = 1_000_000_000;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp {
        size: m.size(),
        mtime_ns: m.mtime().saturating_mul(SECOND).saturating_add(m.mtime_nsec()),
        ctime_ns: m.ctime().saturating_mul(SECOND).saturating_add(m.ctime_nsec()),
        inode: m.ino(),
        read_ns: i64::try_from(now.as_nanos()).unwrap_or(i64::MAX),
    }
}

/// Whether the file looks as it did when it was opened.
pub(crate) fn is_unchanged(file: &File, before: &Stamp) -> bool {
    stamp(file).is_ok_and(|now| Stamp { read_ns: before.read_ns, ..now } == *before)
}

/// The digest of a whole file and the number of its bytes, wherever it stands.
pub(crate) fn digest(file: &File) -> io::Result<(Digest, u64)> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match file.read_at(&mut buffer, bytes) {
            Ok(0) => return Ok((Digest(hasher.finalize().into()), bytes)),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the file has these bytes; what cannot be read has not.
pub(crate) fn has_digest(file: &File, sha256: &Digest) -> bool {
    digest(file).is_ok_and(|(found, _)| found == *sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_told_from_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "a").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        for (name, gone) in [("a", false), ("link", false), ("b", true), ("a/b", true), ("b/c", true)] {
            assert_eq!(is_gone(&folder.path().join(name)), gone, "{name}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_bytes_wherever_it_stands() {
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(digest(&file).unwrap(), (Digest::of(b"abc"), 3));
        assert!(has_digest(&file, &Digest::of(b"abc")) && !has_digest(&file, &Digest::of(b"abd")));
        let before = stamp(&file).unwrap();
        assert!(is_unchanged(&file, &before));
        file.set_len(2).unwrap();
        assert!(!is_unchanged(&file, &before));
    }
}
