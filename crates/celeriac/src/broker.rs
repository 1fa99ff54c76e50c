//! The port to a broker: publishing, consuming, settling.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
pub use celeriac_wire::Outgoing;
use celeriac_wire::{Map, Message, Value, envelope};

/// An operation on a broker that failed. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("could not {operation}")]
pub struct Error {
    /// What was tried, in the infinitive: `take messages`.
    pub operation: &'static str,
    /// What the broker says.
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
    /// By which it is settled.
    pub tag: Tag,
    /// The queue that it was taken from.
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
    Reject {
        /// Whether it is to be delivered again.
        requeue: bool,
    },
    /// Handed back untouched, to be the next that is delivered.
    Return,
}

/// A mark that lives as long as the broker's data. When it changes, what was published before may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(pub String);

/// How an exchange finds the queues of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The routing key is that of the binding.
    #[default]
    Direct,
    /// The binding's routing key is a pattern of words: `*` is one of them, `#` any number.
    Topic,
}

/// A queue, and the binding by which an exchange finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The name, which is its key in Redis.
    pub name: String,
    /// Empty for the default exchange, which needs no binding.
    pub exchange: String,
    /// How the exchange compares routing keys.
    pub kind: ExchangeKind,
    /// The key of the binding.
    pub routing_key: String,
    /// The queue goes when nobody has used it for so long (`x-expires`).
    pub expires: Option<Duration>,
}

impl From<&str> for Queue {
    /// As Celery declares a queue of which only the name is known: bound to a direct exchange of its own name.
    fn from(name: &str) -> Self {
        let [exchange, routing_key] = [name.to_owned(), name.to_owned()];
        Self { name: name.to_owned(), exchange, kind: ExchangeKind::Direct, routing_key, expires: None }
    }
}

impl From<String> for Queue {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

/// What a consumer takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// Queues that take turns; one that nobody has published to is empty.
    pub queues: Vec<Queue>,
}

/// One round of a consumer: all of it leaves together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn<'a> {
    /// Messages that are settled.
    pub settle: &'a [(Tag, Settle)],
    /// What is told to whoever listens.
    pub broadcast: &'a [Broadcast],
    /// How many messages are taken at most.
    pub take: usize,
}

/// A message that is not a task: an event, a control request, the reply to one. It travels in kombu's envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Broadcast {
    /// The exchange that it is published to.
    pub exchange: String,
    /// What the exchange routes by.
    pub routing_key: String,
    /// The message's headers: clock and ticket of a reply, hostname of an event.
    pub headers: Map,
    /// What is said.
    pub body: Value,
}

/// What is listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The exchange that is listened to.
    pub exchange: String,
    /// Words between dots; `*` and `#` stand for any.
    pub routing_key: String,
    /// The name under which peers know the listener, `<node>.celery.pidbox` for one.
    pub queue: String,
    /// The listener is forgotten when it was silent for so long.
    pub expires: Duration,
}

/// What a listener listens for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FanoutOptions {
    /// Exchanges of the kind `fanout`: each listener gets a copy of what is published while it listens.
    pub subscriptions: Vec<Subscription>,
    /// A queue that is the listener's alone, at a direct exchange: replies.
    pub inbox: Option<Subscription>,
}

/// Where messages go.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Sends all messages, or fails; after a failure some may have been sent.
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), Error>;

    /// A consumer of its own, with nothing taken yet.
    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, Error>;

    /// A listener of its own. What is broadcast after this returns reaches it.
    async fn fanout(&self, options: FanoutOptions) -> Result<Box<dyn Fanout>, Error>;

    /// Tells everybody who listens at the exchanges. Nobody has to.
    async fn broadcast(&self, messages: &[Broadcast]) -> Result<(), Error>;

    /// Sends an answer to the inbox that is bound to the message's exchange under its routing key. An answer to
    /// somebody who has gone is dropped.
    async fn reply(&self, message: &Broadcast) -> Result<(), Error>;

    /// The present mark of the broker's data, made if there is none.
    async fn epoch(&self) -> Result<Epoch, Error>;

    /// How many messages wait in the queues; those that a consumer holds are not counted.
    async fn depth(&self, queues: &[String]) -> Result<usize, Error>;

    /// Drops what waits in a queue, and says how many messages that were.
    async fn purge(&self, queue: &str) -> Result<usize, Error>;
}

/// Takes messages from some queues and keeps them reserved until they are settled.
#[async_trait]
pub trait Consumer: Send {
    /// Settles, tells, and takes at most [`Turn::take`] messages, the most urgent first. Does not wait for messages.
    ///
    /// Settling twice, or settling what was lost to another consumer, does nothing. After an error, or when the call is
    /// dropped, some of it may have been done: the same settles again do the rest, broadcasts may be told twice, and
    /// what was taken comes with the next turn, which may then give more than it was asked for.
    async fn turn(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, Error>;

    /// Waits until a turn may find messages; takes nothing. Returns now and then without any. Cancel safe.
    async fn ready(&mut self) -> Result<(), Error>;

    /// Keeps messages reserved for longer, and gives back those that others let go. To be called every
    /// [`Consumer::renewal`].
    async fn renew(&mut self, held: &[Tag]) -> Result<(), Error>;

    /// How often held messages have to be renewed.
    fn renewal(&self) -> Duration;

    /// Takes from one more queue. One that is there already is declared again.
    async fn add_queue(&mut self, queue: Queue) -> Result<(), Error>;

    /// Takes no more from a queue. What is held from it stays held.
    async fn cancel_queue(&mut self, name: &str) -> Result<(), Error>;
}

/// Listens to what is told to everybody, and to what is sent to its inbox.
#[async_trait]
pub trait Fanout: Send {
    /// Waits for the next message. Cancel safe. After an error the next call listens again; what was broadcast
    /// meanwhile is lost, as it is for Python's listeners.
    async fn next(&mut self) -> Result<Broadcast, Error>;

    /// Listens for more.
    async fn subscribe(&mut self, subscription: Subscription) -> Result<(), Error>;

    /// Stops listening and takes its traces from the broker.
    async fn close(&mut self) -> Result<(), Error>;
}

/// The priorities that a queue tells apart, most urgent first (kombu's `priority_steps`).
pub const PRIORITY_STEPS: [u8; 4] = [0, 3, 6, 9];

/// The index in [`PRIORITY_STEPS`] of the queue that serves `priority`.
pub(crate) fn step(priority: u8) -> usize {
    PRIORITY_STEPS.iter().rposition(|step| *step <= priority).unwrap_or(0)
}
