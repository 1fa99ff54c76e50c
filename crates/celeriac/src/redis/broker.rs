//! Publishing, and what is asked of the broker as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use celeriac_wire::envelope;

use super::consumer::RedisConsumer;
use super::fanout::RedisFanout;
use super::key::Keys;
use super::resp::{Pipe, Reply};
use super::server::Server;
use super::shared::Shared;
use super::{BrokerOptions, bind, broadcast, link};
use crate::broker::{
    Broadcast, Broker, Consumer, ConsumerOptions, Epoch, Error, Fanout, FanoutOptions, Outgoing, PRIORITY_STEPS, step,
};

/// Lives as long as the data: it is gone after a flush or a move to an empty server.
const EPOCH: &str = "celeriac.epoch";
/// How long a reply lies in an inbox that nobody reads: kombu leaves it there for ever, Celery's clients wait for a second.
const REPLY_LIFE: u64 = 300;

/// A broker on Redis or Valkey that shares its queues with Python's Celery.
///
/// A message that is published while the connection breaks may be sent once more by whoever tries again: delivery is at
/// least once.
#[derive(Clone)]
pub struct RedisBroker {
    server: Arc<Server>,
    shared: Shared,
    keys: Arc<Keys>,
    options: BrokerOptions,
}

impl RedisBroker {
    /// Connects to a server, as in `redis://:password@host:6379/0`, `rediss://…` (feature `tls`) or
    /// `redis+socket:///path?virtual_host=0`, with kombu's default options.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_with(url, BrokerOptions::default()).await
    }

    /// Connects with options that differ from kombu's defaults.
    pub async fn connect_with(url: &str, options: BrokerOptions) -> Result<Self, Error> {
        let server = Server::parse(url).map_err(|e| Error { operation: "connect", source: e.into() })?;
        let server = Arc::new(server.named(options.client_name.as_deref()));
        let keys = Keys {
            prefix: options.global_keyprefix.clone(),
            fanout: options.fanout_prefix.replace("{db}", &server.db.to_string()),
            patterns: options.fanout_patterns,
        };
        let shared = Shared::connect(Arc::clone(&server)).await.map_err(failed("connect"))?;
        Ok(Self { server, shared, keys: Arc::new(keys), options })
    }

    /// The bindings of the exchanges that messages are sent to by name.
    async fn look_up(&self, messages: &[Outgoing]) -> Result<BTreeMap<String, Reply>, link::Error> {
        let mut exchanges: Vec<&String> = messages.iter().map(|m| &m.exchange).filter(|e| !e.is_empty()).collect();
        exchanges.sort();
        exchanges.dedup();
        let mut pipe = Pipe::default();
        exchanges.iter().for_each(|exchange| bind::look_up(&mut pipe, &self.keys, exchange));
        let answers = self.shared.call(pipe).await?;
        Ok(exchanges.into_iter().cloned().zip(answers).collect())
    }
}

/// Names the operation that an error of the connection belongs to.
pub(super) fn failed(operation: &'static str) -> impl Fn(link::Error) -> Error {
    move |source| Error { operation, source: source.into() }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), Error> {
        let failed = failed("publish");
        let bindings = self.look_up(messages).await.map_err(&failed)?;
        let mut pipe = Pipe::default();
        for outgoing in messages {
            let queues = match bindings.get(&outgoing.exchange) {
                None => vec![outgoing.queue.clone()],
                Some(members) => bind::queues(members, &outgoing.routing_key),
            };
            if queues.is_empty() {
                let Outgoing { exchange, routing_key, .. } = outgoing;
                tracing::warn!(exchange, routing_key, "no queue is bound, the message is dropped");
            }
            for queue in queues {
                // Each copy has a tag of its own: two under one tag could not be told apart once they are delivered.
                let document = envelope::encode(&outgoing.sealed());
                drop(pipe.cmd("LPUSH").arg(self.keys.list(&queue, step(outgoing.priority))).arg(document));
            }
        }
        self.shared.call(pipe).await.map(drop).map_err(failed)
    }

    /// Writes the bindings that a Python peer needs to give back a message of a named exchange.
    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, Error> {
        let mut pipe = Pipe::default();
        options.queues.iter().for_each(|queue| bind::declare(&mut pipe, &self.keys, queue));
        self.shared.call(pipe).await.map_err(failed("declare queues"))?;
        let (server, keys) = (Arc::clone(&self.server), Arc::clone(&self.keys));
        Ok(Box::new(RedisConsumer::new(server, keys, &self.options, options.queues)))
    }

    async fn fanout(&self, options: FanoutOptions) -> Result<Box<dyn Fanout>, Error> {
        let (server, keys) = (Arc::clone(&self.server), Arc::clone(&self.keys));
        Ok(Box::new(RedisFanout::start(server, keys, options).await?))
    }

    async fn broadcast(&self, messages: &[Broadcast]) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        messages.iter().for_each(|message| tell(&mut pipe, &self.keys, message));
        self.shared.call(pipe).await.map(drop).map_err(failed("broadcast"))
    }

    async fn reply(&self, message: &Broadcast) -> Result<(), Error> {
        let failed = failed("reply");
        let mut pipe = Pipe::default();
        bind::look_up(&mut pipe, &self.keys, &message.exchange);
        let answers = self.shared.call(pipe).await.map_err(&failed)?;
        let mut pipe = Pipe::default();
        let document = broadcast::encode(message);
        for queue in answers.iter().flat_map(|answer| bind::queues(answer, &message.routing_key)) {
            drop(pipe.cmd("LPUSH").arg(self.keys.of(&queue)).arg(&document));
            drop(pipe.cmd("EXPIRE").arg(self.keys.of(&queue)).num(REPLY_LIFE));
        }
        self.shared.call(pipe).await.map(drop).map_err(failed)
    }

    async fn epoch(&self) -> Result<Epoch, Error> {
        let key = self.keys.of(EPOCH);
        let mut pipe = Pipe::default();
        drop(pipe.cmd("SET").arg(&key).arg(uuid::Uuid::new_v4().to_string()).arg("NX"));
        drop(pipe.cmd("GET").arg(&key));
        let answers = self.shared.call(pipe).await.map_err(failed("read the epoch"))?;
        let epoch = answers.last().and_then(Reply::text).ok_or(link::Error::Unexpected);
        epoch.map(|epoch| Epoch(epoch.to_owned())).map_err(failed("read the epoch"))
    }

    async fn depth(&self, queues: &[String]) -> Result<usize, Error> {
        let mut pipe = Pipe::default();
        for list in queues.iter().flat_map(|queue| self.keys.lists(queue)) {
            drop(pipe.cmd("LLEN").arg(list));
        }
        self.shared.call(pipe).await.map(|lengths| sum(&lengths)).map_err(failed("count messages"))
    }

    async fn purge(&self, queue: &str) -> Result<usize, Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("MULTI"));
        for list in self.keys.lists(queue) {
            drop(pipe.cmd("LLEN").arg(list));
        }
        drop(pipe.cmd("DEL").args(self.keys.lists(queue)));
        drop(pipe.cmd("EXEC"));
        let answers = self.shared.call(pipe).await.map_err(failed("purge a queue"))?;
        let Some(Reply::List(done)) = answers.last() else {
            return Err(failed("purge a queue")(link::Error::Unexpected));
        };
        Ok(sum(&done[..PRIORITY_STEPS.len().min(done.len())]))
    }
}

/// Publishes for whoever listens.
pub(super) fn tell(pipe: &mut Pipe, keys: &Keys, message: &Broadcast) {
    let channel = keys.channel(&message.exchange, &message.routing_key);
    drop(pipe.cmd("PUBLISH").arg(channel).arg(broadcast::encode(message)));
}

fn sum(lengths: &[Reply]) -> usize {
    lengths.iter().filter_map(Reply::int).filter_map(|n| usize::try_from(n).ok()).sum()
}
