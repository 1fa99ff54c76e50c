use docmill_model::{Code, DocumentId, Stage};

/// What a store can refuse.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no room left on the disk of the workspace")]
    Full(#[source] rusqlite::Error),
    #[error("the workspace may not be written")]
    ReadOnly(#[source] rusqlite::Error),
    #[error("another process holds the workspace's store")]
    Busy(#[source] rusqlite::Error),
    #[error("the workspace has version {found} and this program knows up to {known}")]
    Newer { found: i64, known: i64 },
    #[error("the workspace's store is damaged")]
    Damaged(#[source] rusqlite::Error),
    /// Another claim of the same stage has a newer token: what this one made is dropped.
    #[error("the lease on {stage} of document {document} was lost")]
    Fenced { document: DocumentId, stage: Stage },
    #[error("document {0} is not in the store")]
    UnknownDocument(DocumentId),
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    #[error("the query is not understood: {0}")]
    Query(String),
    #[error("the store's operation failed")]
    Sqlite(#[source] rusqlite::Error),
    /// A file beside the store, such as an attachment's.
    #[error("a file of the workspace cannot be written")]
    File(#[source] std::io::Error),
    #[error("the store's writer has stopped")]
    Stopped,
}

impl Error {
    /// The word under which a person finds the error explained.
    pub fn code(&self) -> Code {
        match self {
            Self::Full(_) => Code::DISK_FULL,
            Self::ReadOnly(_) => Code::READ_ONLY,
            Self::Busy(_) => Code::WORKSPACE_BUSY,
            Self::Newer { .. } => Code::WORKSPACE_NEWER,
            Self::Damaged(_) | Self::Corrupt(_) => Code::WORKSPACE_DAMAGED,
            Self::UnknownDocument(_) => Code::NOT_FOUND,
            Self::File(error) => match error.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Code::DISK_FULL,
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => Code::READ_ONLY,
                _ => Code::STORE_ERROR,
            },
            Self::Query(_) => Code::BAD_QUERY,
            Self::Fenced { .. } | Self::Sqlite(_) | Self::Stopped => Code::STORE_ERROR,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error as R, ErrorCode as E, ffi};
        // A value of another type than the one that was stored, a row that its table's index promised, or a table or
        // column that every store has: the texts of all statements are constants, and each is tested.
        if matches!(
            error,
            R::FromSqlConversionFailure(..)
                | R::IntegralValueOutOfRange(..)
                | R::InvalidColumnType(..)
                | R::Utf8Error(..)
                | R::QueryReturnedNoRows
                | R::SqlInputError { .. }
        ) {
            return Self::Damaged(error);
        }
        match error.sqlite_error_code() {
            Some(E::DiskFull) => Self::Full(error),
            // The log's index cannot grow: a full disk under another name.
            _ if error.sqlite_error().is_some_and(|e| e.extended_code == ffi::SQLITE_IOERR_SHMSIZE) => {
                Self::Full(error)
            }
            Some(E::DatabaseBusy | E::DatabaseLocked) => Self::Busy(error),
            Some(E::ReadOnly | E::CannotOpen | E::PermissionDenied) => Self::ReadOnly(error),
            // A statement that a sound store understands was not understood: the text of its tables is broken.
            _ if error.sqlite_error().is_some_and(|e| e.extended_code == ffi::SQLITE_ERROR) => Self::Damaged(error),
            // Nothing that is written here comes near SQLite's longest value: a length that does is damage.
            Some(E::DatabaseCorrupt | E::NotADatabase | E::TooBig) => Self::Damaged(error),
            _ => Self::Sqlite(error),
        }
    }
}
