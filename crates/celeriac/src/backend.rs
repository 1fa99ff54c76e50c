//! The port to a result backend.

use std::time::Duration;

use async_trait::async_trait;
use celeriac_wire::result::{self, Exception};
use celeriac_wire::{Record, Value};

use crate::context::TaskId;

/// An operation on a result backend that failed. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct Error {
    /// What was tried, in the infinitive: `store a result`.
    pub operation: &'static str,
    /// What the backend says.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Whether a task in this state has ended.
pub(crate) fn is_ready(status: &str) -> bool {
    [result::SUCCESS, result::FAILURE, result::REVOKED].contains(&status)
}

/// One task of a chord's header that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The chord's group.
    pub group: String,
    /// Its place in the header; a part without one comes last.
    pub group_index: Option<i64>,
    /// The task that has ended.
    pub task_id: TaskId,
    /// How: one of Celery's final states.
    pub state: String,
    /// What is stored as the task's result: a value, or the document of an exception.
    pub result: Value,
}

/// How far a chord has come with a part.
#[derive(Clone, Debug, PartialEq)]
pub enum ChordState {
    /// Parts are missing, or it is not known yet how many there are.
    Pending,
    /// Nothing is left to do: another has begun the body, or it was done long ago.
    Taken,
    /// This was the last part, and the body is the caller's to begin: [`ResultBackend::chord_renew`], publish,
    /// [`ResultBackend::chord_done`].
    Complete {
        /// The results of the parts, in the order of the header.
        results: Vec<Value>,
        /// To be renewed while the body is begun, and handed back.
        claim: Claim,
    },
    /// This was the last part, and the body cannot begin. To be ended by [`ResultBackend::chord_failed`].
    Failed {
        /// What the body fails with.
        failure: ChordFailure,
        /// To be handed back.
        claim: Claim,
    },
}

/// Why the body of a chord cannot begin.
#[derive(Clone, Debug, PartialEq)]
pub struct ChordFailure {
    /// What the `ChordError` says.
    pub message: String,
    /// The exception of the part that failed: what the tasks of a body that is a group fail with. There is none where
    /// the results could not be collected.
    pub cause: Option<Exception>,
}

impl From<String> for ChordFailure {
    fn from(message: String) -> Self {
        Self { message, cause: None }
    }
}

/// The right to begin the body of a chord. It runs out, so that another may begin it when its holder dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The chord's group.
    pub group: String,
    /// What tells this claim from a later one.
    pub token: String,
}

fn no_groups() -> Error {
    Error { operation: "keep a group", source: "the result backend keeps none".into() }
}

/// Where states and results are kept for whoever asks. A backend that says nothing else keeps no groups and no chords.
#[async_trait]
pub trait ResultBackend: Send + Sync {
    /// Stores records in order. A stored `SUCCESS` is never overwritten.
    async fn store(&self, records: &[Record]) -> Result<(), Error>;

    /// The record that was stored last; `None` for a task that is unknown, not begun, or long ago.
    async fn get(&self, id: &TaskId) -> Result<Option<Record>, Error>;

    /// The records that were stored last, in the order of the ids.
    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<Record>>, Error> {
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            records.push(self.get(id).await?);
        }
        Ok(records)
    }

    /// Drops what is stored of a task, its success included. Nothing is stored for an unknown one, and that is as good.
    async fn forget(&self, id: &TaskId) -> Result<(), Error>;

    /// The records of some tasks as they are stored: those that are there, then each that comes.
    async fn watch(&self, ids: &[TaskId]) -> Result<Box<dyn Watch>, Error>;

    /// Waits until a task has ended, and gives its record. Cancel safe; there is no limit to the wait.
    async fn wait(&self, id: &TaskId) -> Result<Record, Error> {
        let mut watch = self.watch(std::slice::from_ref(id)).await?;
        loop {
            let record = watch.next().await?;
            if is_ready(&record.status) {
                return Ok(record);
            }
        }
    }

    /// Keeps the result tuple of a group, `[[id, parent], [children…]]`.
    async fn save_group(&self, _: &str, _: &Value) -> Result<(), Error> {
        Err(no_groups())
    }

    /// The result tuple of a group that was saved.
    async fn group(&self, _: &str) -> Result<Option<Value>, Error> {
        Err(no_groups())
    }

    /// Drops the result tuple of a group. That of an unknown one is not there, and that is as good.
    async fn forget_group(&self, _: &str) -> Result<(), Error> {
        Err(no_groups())
    }

    /// Says how many parts the header of a chord has. A chord that was done before under this id begins anew.
    async fn chord_size(&self, _: &str, _: usize) -> Result<(), Error> {
        Err(no_groups())
    }

    /// Adds parts to a chord whose header has been sent.
    async fn chord_extend(&self, _: &str, _: usize) -> Result<(), Error> {
        Err(no_groups())
    }

    /// Keeps the structure of a header whose parts are groups themselves: the results are handed to the body in its
    /// shape. It lives as long as the chord.
    async fn chord_header(&self, _: &str, _: &Value) -> Result<(), Error> {
        Err(no_groups())
    }

    /// Counts a part that has ended, once for each task and place. The last one gets the results of all.
    async fn chord_part(&self, _: &Part) -> Result<ChordState, Error> {
        Err(no_groups())
    }

    /// Makes a claim last for some time more; `false` when another has it.
    async fn chord_renew(&self, _: &Claim, _: Duration) -> Result<bool, Error> {
        Err(no_groups())
    }

    /// Drops the parts of a chord whose body has been published, unless the claim was lost. Late parts count no more.
    async fn chord_done(&self, _: &Claim) -> Result<(), Error> {
        Err(no_groups())
    }

    /// Ends a chord without its body: parts that come later do not complete it again.
    async fn chord_failed(&self, _: &Claim) -> Result<(), Error> {
        Err(no_groups())
    }
}

/// Records of some tasks as they are stored.
#[async_trait]
pub trait Watch: Send {
    /// The next record of any of the tasks. Some may be left out when the next is already there, and the same may come
    /// twice. Cancel safe.
    async fn next(&mut self) -> Result<Record, Error>;
}

/// Keeps nothing. A chord is never complete.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoResults;

struct NoWatch;

#[async_trait]
impl Watch for NoWatch {
    async fn next(&mut self) -> Result<Record, Error> {
        std::future::pending().await
    }
}

#[async_trait]
impl ResultBackend for NoResults {
    async fn store(&self, _: &[Record]) -> Result<(), Error> {
        Ok(())
    }

    async fn get(&self, _: &TaskId) -> Result<Option<Record>, Error> {
        Ok(None)
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<Record>>, Error> {
        Ok(vec![None; ids.len()])
    }

    async fn forget(&self, _: &TaskId) -> Result<(), Error> {
        Ok(())
    }

    async fn watch(&self, _: &[TaskId]) -> Result<Box<dyn Watch>, Error> {
        Ok(Box::new(NoWatch))
    }

    async fn save_group(&self, _: &str, _: &Value) -> Result<(), Error> {
        Ok(())
    }

    async fn group(&self, _: &str) -> Result<Option<Value>, Error> {
        Ok(None)
    }

    async fn forget_group(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn chord_size(&self, _: &str, _: usize) -> Result<(), Error> {
        Ok(())
    }

    async fn chord_extend(&self, _: &str, _: usize) -> Result<(), Error> {
        Ok(())
    }

    async fn chord_header(&self, _: &str, _: &Value) -> Result<(), Error> {
        Ok(())
    }

    async fn chord_part(&self, _: &Part) -> Result<ChordState, Error> {
        Ok(ChordState::Pending)
    }

    async fn chord_renew(&self, _: &Claim, _: Duration) -> Result<bool, Error> {
        Ok(false)
    }

    async fn chord_done(&self, _: &Claim) -> Result<(), Error> {
        Ok(())
    }

    async fn chord_failed(&self, _: &Claim) -> Result<(), Error> {
        Ok(())
    }
}
