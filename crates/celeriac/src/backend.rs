//! The port to a result backend.

use async_trait::async_trait;
use celeriac_wire::Record;

use crate::context::TaskId;

/// An operation on a result backend that failed. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct Error {
    pub operation: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where states and results are kept for whoever asks.
#[async_trait]
pub trait ResultBackend: Send + Sync {
    /// Stores records in order. A stored `SUCCESS` is never overwritten.
    async fn store(&self, records: &[Record]) -> Result<(), Error>;

    /// The record that was stored last; `None` for a task that is unknown, not begun, or long ago.
    async fn get(&self, id: &TaskId) -> Result<Option<Record>, Error>;

    /// Drops what is stored of a task, its success included. Nothing is stored for an unknown one, and that is as good.
    async fn forget(&self, id: &TaskId) -> Result<(), Error>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoResults;

#[async_trait]
impl ResultBackend for NoResults {
    async fn store(&self, _: &[Record]) -> Result<(), Error> {
        Ok(())
    }

    async fn get(&self, _: &TaskId) -> Result<Option<Record>, Error> {
        Ok(None)
    }

    async fn forget(&self, _: &TaskId) -> Result<(), Error> {
        Ok(())
    }
}
