//! Files named by their hash: the bytes of attachments.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use docmill_model::Digest;
use sha2::Digest as _;

/// What names of blobs begin with while these are written.
const UNFINISHED: &str = ".new-";

/// A folder of files named by their SHA-256. Writing the same bytes twice leaves one file.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn path(&self, sha256: &Digest) -> PathBuf {
        let name = sha256.to_string();
        self.root.join(&name[..2]).join(name)
    }

    pub(crate) fn writer(&self) -> io::Result<BlobWriter> {
        fs::create_dir_all(&self.root)?;
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.root)?;
        Ok(BlobWriter { file, hasher: sha2::Sha256::new(), bytes: 0 })
    }

    /// Every blob, and what was left of one by a process that died while it wrote, without a digest. For the
    /// collector; sorted.
    pub(crate) fn all(&self) -> io::Result<Vec<(Option<Digest>, PathBuf)>> {
        let mut out = Vec::new();
        let folders = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(out),
            folders => folders?,
        };
        for folder in folders {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                if folder.file_name().to_string_lossy().starts_with(UNFINISHED) {
                    out.push((None, folder.path()));
                }
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                if let Some(digest) = file.file_name().to_str().and_then(Digest::from_hex) {
                    out.push((Some(digest), file.path()));
                }
            }
        }
        out.sort();
        Ok(out)
    }
}

/// Bytes on their way to becoming a blob; dropped before [`Self::finish`] they leave nothing.
pub(crate) struct BlobWriter {
    file: tempfile::NamedTempFile,
    hasher: sha2::Sha256,
    bytes: u64,
}

impl BlobWriter {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Puts the file in place: it and its folder are on the disk before any row names it.
    pub(crate) fn finish(self, blobs: &Blobs) -> io::Result<(Digest, u64)> {
        let digest = Digest(self.hasher.finalize().into());
        let path = blobs.path(&digest);
        if !path.exists() {
            let folder = path.parent().unwrap_or(Path::new("."));
            if !folder.is_dir() {
                fs::create_dir_all(folder)?;
                File::open(&blobs.root)?.sync_all()?;
            }
            self.file.as_file().sync_all()?;
            self.file.persist(&path).map_err(|e| e.error)?;
            File::open(folder)?.sync_all()?;
        }
        Ok((digest, self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().join("blobs"));
        let put = || {
            let mut writer = blobs.writer().unwrap();
            writer.write(b"ab").unwrap();
            writer.write(b"c").unwrap();
            writer.finish(&blobs).unwrap()
        };
        assert_eq!(put(), (Digest::of(b"abc"), 3));
        assert_eq!(put(), (Digest::of(b"abc"), 3));
        let blob = (Some(Digest::of(b"abc")), blobs.path(&Digest::of(b"abc")));
        assert_eq!(blobs.all().unwrap(), std::slice::from_ref(&blob));
        drop(blobs.writer().unwrap());
        assert_eq!(fs::read_dir(folder.path().join("blobs")).unwrap().count(), 1);
        // As after a death of the process: nothing removes it but the collector.
        let (_, left) = blobs.writer().unwrap().file.keep().unwrap();
        assert_eq!(blobs.all().unwrap(), [(None, left), blob]);
    }
}
