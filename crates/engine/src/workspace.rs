//! The folder that holds the store and the blobs of one pile.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use docmill_model::Code;
use docmill_store::{Sqlite, Store};

use crate::blob::Blobs;
use crate::disposition;
use crate::encoder::Encoder;
use crate::stage;

/// Name of the folder that is looked for upward from the current one.
const FOLDER: &str = ".docmill";

/// Why the engine cannot do what it was asked for. What concerns one document is no error but its state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no workspace here: {}", .0.display())]
    Missing(PathBuf),
    #[error("{} is not a workspace and not an empty folder", .0.display())]
    NotAWorkspace(PathBuf),
    #[error("another command is changing the workspace {}", .0.display())]
    Busy(PathBuf),
    #[error("cannot {what} {}", .path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Store(#[from] docmill_store::Error),
    /// The store failed in a way that no later message can mend.
    #[error(transparent)]
    Fatal(Arc<docmill_store::Error>),
    #[error("no process could be started to read documents: {0}")]
    NoProcess(String),
    /// The worker ended in the middle of a run.
    #[error("the worker ended before its work did")]
    Worker(#[source] Option<celeriac::worker::Error>),
    #[error("{shown} cannot be read")]
    Source {
        shown: String,
        #[source]
        source: io::Error,
    },
    #[error("{0}")]
    Argument(String),
}

impl Error {
    /// The word under which a person finds the error explained.
    pub fn code(&self) -> Code {
        match self {
            Self::Missing(_) => Code::NOT_FOUND,
            Self::NotAWorkspace(_) | Self::Argument(_) => Code::BAD_ARGUMENT,
            Self::Busy(_) => Code::WORKSPACE_BUSY,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::READ_ONLY,
                io::ErrorKind::StorageFull => Code::DISK_FULL,
                _ => Code::READ_ERROR,
            },
            Self::Source { source, .. } => disposition::io_code(source),
            Self::Store(error) => error.code(),
            Self::Fatal(error) => error.code(),
            Self::NoProcess(_) => Code::NO_PROCESS,
            Self::Worker(_) => Code::STAGE_BUG,
        }
    }
}

/// An open workspace. Several may be open at once; one at a time may hold the lock and change it.
#[derive(Clone)]
pub struct Workspace {
    folder: PathBuf,
    store: Arc<Sqlite>,
    encoder: Arc<Encoder>,
}

impl Workspace {
    /// Where the workspace is: `explicit`, or the nearest `.docmill` upward from `from`, or a new one in `from`.
    pub fn locate(explicit: Option<&Path>, from: &Path) -> PathBuf {
        match explicit {
            Some(folder) => folder.to_owned(),
            None => from.ancestors().map(|f| f.join(FOLDER)).find(|f| f.is_dir()).unwrap_or_else(|| from.join(FOLDER)),
        }
    }

    /// Opens a workspace, and makes it where there is none.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        Self::create_with(folder, Encoder::default())
    }

    /// The same, with another encoder than the program's own.
    pub fn create_with(folder: &Path, encoder: Encoder) -> Result<Self, Error> {
        // It holds the texts of everything that is read: for its owner alone.
        let mut private = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(private.recursive(true), 0o700);
        private.create(folder).map_err(|source| Error::Io {
            what: "make the workspace",
            path: folder.to_owned(),
            source,
        })?;
        if !Self::store_path(folder).exists() {
            let foreign = std::fs::read_dir(folder)
                .map_err(|source| Error::Io { what: "read", path: folder.to_owned(), source })?
                .filter_map(Result::ok)
                .any(|entry| !Self::is_ours(&entry.file_name()));
            if foreign {
                return Err(Error::NotAWorkspace(folder.to_owned()));
            }
        }
        Self::open_store(folder, encoder)
    }

    /// Opens a workspace that is there.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_with(folder, Encoder::default())
    }

    /// The same, with another encoder than the program's own.
    pub fn open_with(folder: &Path, encoder: Encoder) -> Result<Self, Error> {
        if !Self::store_path(folder).exists() {
            return Err(Error::Missing(folder.to_owned()));
        }
        Self::open_store(folder, encoder)
    }

    fn open_store(folder: &Path, encoder: Encoder) -> Result<Self, Error> {
        let folder = std::fs::canonicalize(folder).map_err(|source| Error::Io {
            what: "open the workspace",
            path: folder.to_owned(),
            source,
        })?;
        let store = Sqlite::open(&Self::store_path(&folder), stage::versions(&encoder))?;
        Ok(Self { folder, store: Arc::new(store), encoder: Arc::new(encoder) })
    }

    fn store_path(folder: &Path) -> PathBuf {
        folder.join("docmill.sqlite")
    }

    /// Files that a workspace may hold before its store does.
    fn is_ours(name: &std::ffi::OsStr) -> bool {
        let name = name.to_string_lossy();
        name == "lock" || name == "blobs" || name == "docmill.toml" || name.starts_with("docmill.sqlite")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn encoder(&self) -> Arc<Encoder> {
        self.encoder.clone()
    }

    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// The layout of the store's tables.
    pub fn layout(&self) -> i64 {
        self.store.layout()
    }

    /// Looks whether the store is sound. Returns what is wrong with it; empty when nothing is.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        Ok(self.store.check()?)
    }

    pub fn blobs(&self) -> Blobs {
        Blobs::new(self.folder.join("blobs"))
    }

    /// Takes the right to change the workspace. It ends with the value, and with the process however that ends;
    /// children never hold it.
    pub fn lock(&self) -> Result<warden::Lock, Error> {
        let path = self.folder.join("lock");
        match warden::lock_file(&path) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(Error::Busy(self.folder.clone())),
            Err(source) => Err(Error::Io { what: "lock", path, source }),
        }
    }

    /// Removes blobs that no document needs and what was left of unfinished ones. Returns how many bytes that freed.
    /// Called with the lock held, so that nobody is about to name one of them.
    pub async fn collect_blobs(&self) -> Result<u64, Error> {
        let blobs = self.blobs();
        let fail = |source| Error::Io { what: "read the blobs of", path: self.folder.clone(), source };
        let mut freed = 0;
        for (digest, path) in blobs.all().map_err(fail)? {
            let Ok(metadata) = path.metadata() else { continue };
            let needed = match digest {
                Some(digest) => self.store.is_needed(digest).await?,
                None => false,
            };
            if !needed && std::fs::remove_file(&path).is_ok() {
                freed += metadata.len();
            }
        }
        Ok(freed)
    }
}
