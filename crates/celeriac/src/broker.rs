//! The port to a broker: publishing, consuming, settling.

use std::fmt;

use async_trait::async_trait;
pub use celeriac_wire::Outgoing;
use celeriac_wire::{Message, envelope};

/// An operation on a broker that failed. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct Error {
    pub operation: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What names a delivered message until it is settled. Belongs to the consumer that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub String);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message that was taken from a queue and is not settled yet.
#[derive(Debug)]
pub struct Delivery {
    pub tag: Tag,
    pub queue: String,
    /// A message that cannot be read is delivered too, so that it can be settled and told of.
    pub message: Result<Message, envelope::Error>,
}

/// What becomes of a delivered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settle {
    /// Done with.
    Ack,
    /// Refused. With `requeue` it goes to the back of its queue, without it is dropped.
    Reject { requeue: bool },
    /// Handed back untouched, to be the next that is delivered.
    Return,
}

/// A mark that lives as long as the broker's data. When it changes, what was published before may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(pub String);

/// What a consumer takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// Queues that take turns; one that nobody has published to is empty.
    pub queues: Vec<String>,
}

/// Where messages go.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Sends all messages, or fails; after a failure some may have been sent.
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), Error>;

    /// A consumer of its own, with nothing taken yet.
    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, Error>;

    /// The present mark of the broker's data, made if there is none.
    async fn epoch(&self) -> Result<Epoch, Error>;

    /// How many messages wait in the queues; those that a consumer holds are not counted.
    async fn depth(&self, queues: &[String]) -> Result<usize, Error>;
}

/// Takes messages from some queues and keeps them reserved until they are settled.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for messages and gives up to `credit` of them, the most urgent first. Cancel safe: what a dropped call
    /// had taken comes with the next. With a credit of 0 it gives only that, and does not wait for more.
    async fn next(&mut self, credit: usize) -> Result<Vec<Delivery>, Error>;

    /// Settles messages. Settling one twice, or one that was lost to another consumer, does nothing. After a failure,
    /// or when the call is dropped, some may be settled: the same call again settles the rest.
    async fn settle(&mut self, settled: &[(Tag, Settle)]) -> Result<(), Error>;

    /// Keeps messages reserved for longer.
    async fn renew(&mut self, held: &[Tag]) -> Result<(), Error>;
}

/// The priorities that a queue tells apart, most urgent first (kombu's `priority_steps`).
pub const PRIORITY_STEPS: [u8; 4] = [0, 3, 6, 9];

/// The index in [`PRIORITY_STEPS`] of the queue that serves `priority`.
pub(crate) fn step(priority: u8) -> usize {
    PRIORITY_STEPS.iter().rposition(|step| *step <= priority).unwrap_or(0)
}
