//! Files as memory.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{FileType, fstat};

/// The bytes of a file as of [`map`]'s call. Stays valid after the descriptor is closed.
#[derive(Debug)]
pub struct Mapped {
    /// `None` for an empty file, which cannot be mapped.
    mapping: Option<Mmap>,
}

/// Maps a regular file, whole, private and for reading.
///
/// Pages are read when touched and count against no memory limit. A file that another process shortens or that
/// sits on a failing disk raises SIGBUS at the touch; inside a child that is a death by signal, and thereby a
/// value, so files from outside are mapped in children only.
///
/// # Errors
/// `InvalidInput` for what is no regular file (a pipe, a folder), and what the kernel says.
pub fn map(file: impl AsFd) -> io::Result<Mapped> {
    let file = file.as_fd();
    let status = fstat(file)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let length = usize::try_from(status.st_size)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "file too large to map"))?;
    if length == 0 {
        return Ok(Mapped { mapping: None });
    }
    // SAFETY: the mapping is private and read-only. Nothing can stop another process from changing the file under
    // it: callers parse it as untrusted bytes and never rely on reading the same value twice for memory safety
    // (no value of `u8` is invalid), and a shortened file ends the process by SIGBUS, as documented.
    let mapping = unsafe { MmapOptions::new().len(length).map_copy_read_only(file.as_raw_fd())? };
    Ok(Mapped { mapping: Some(mapping) })
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.mapping.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_mapping_has_the_bytes_of_the_file_and_outlives_it() {
        for bytes in [&b""[..], b"x", &[7; 10_000]] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            let mapped = map(&file).unwrap();
            drop(file);
            assert_eq!(mapped.as_ref(), bytes);
        }
    }

    #[test]
    fn only_regular_files_are_mapped() {
        let (pipe, _writer) = io::pipe().unwrap();
        assert_eq!(map(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let folder = std::fs::File::open(tempfile::tempdir().unwrap().path()).unwrap();
        assert_eq!(map(&folder).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_mapping_is_shared_between_threads() {
        fn check<T: Send + Sync + AsRef<[u8]>>() {}
        check::<Mapped>();
    }
}
