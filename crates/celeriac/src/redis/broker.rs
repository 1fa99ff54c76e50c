//! Publishing, and what is asked of the broker as a whole.

use ::redis::aio::ConnectionManager;
use ::redis::{RedisError, pipe};
use async_trait::async_trait;
use celeriac_wire::envelope;

use super::consumer::RedisConsumer;
use super::{SEPARATOR, connect, list};
use crate::broker::{
    Broadcast, Broker, Consumer, ConsumerOptions, Epoch, Error, Fanout, FanoutOptions, Outgoing, PRIORITY_STEPS, Queue,
    step,
};

/// Lives as long as the data: it is gone after a flush or a move to an empty server.
const EPOCH: &str = "celeriac.epoch";

/// A broker on Redis or Valkey that shares its queues with Python's Celery.
#[derive(Clone)]
pub struct RedisBroker {
    connection: ConnectionManager,
}

impl RedisBroker {
    /// Connects to a server, as in `redis://:password@host:6379/0`.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self { connection: connect(url).await.map_err(failed("connect"))? })
    }
}

/// Names the operation that an error of the client belongs to.
pub(super) fn failed(operation: &'static str) -> impl Fn(RedisError) -> Error {
    move |source| Error { operation, source: source.into() }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut pipe = pipe();
        for outgoing in messages {
            let list = list(&outgoing.queue, step(outgoing.priority));
            pipe.lpush(list, envelope::encode(&outgoing.sealed())).ignore();
        }
        pipe.query_async(&mut self.connection.clone()).await.map_err(failed("publish"))
    }

    /// Writes the bindings that a Python peer needs to give back a message of a named exchange.
    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, Error> {
        let mut pipe = pipe();
        pipe.atomic();
        for queue in &options.queues {
            let Queue { name, exchange, routing_key, .. } = queue;
            let binding = format!("{routing_key}{SEPARATOR}{SEPARATOR}{name}");
            pipe.sadd(format!("_kombu.binding.{exchange}"), &binding).ignore();
            pipe.sadd(format!("_kombu.binding_permanent.{exchange}"), &binding).ignore();
        }
        let () = pipe.query_async(&mut self.connection.clone()).await.map_err(failed("declare queues"))?;
        Ok(Box::new(RedisConsumer::new(
            self.connection.clone(),
            options.queues.into_iter().map(|queue| queue.name).collect(),
        )))
    }

    async fn epoch(&self) -> Result<Epoch, Error> {
        let mut pipe = pipe();
        pipe.set_nx(EPOCH, uuid::Uuid::new_v4().to_string()).ignore().get(EPOCH);
        let (epoch,) = pipe.query_async(&mut self.connection.clone()).await.map_err(failed("read the epoch"))?;
        Ok(Epoch(epoch))
    }

    async fn depth(&self, queues: &[String]) -> Result<usize, Error> {
        let mut pipe = pipe();
        for queue in queues {
            for step in 0..PRIORITY_STEPS.len() {
                pipe.llen(list(queue, step));
            }
        }
        let lengths: Vec<usize> =
            pipe.query_async(&mut self.connection.clone()).await.map_err(failed("count messages"))?;
        Ok(lengths.into_iter().sum())
    }

    async fn fanout(&self, _: FanoutOptions) -> Result<Box<dyn Fanout>, Error> {
        Err(Error { operation: "listen", source: "not on Redis yet".into() })
    }

    async fn broadcast(&self, _: &[Broadcast]) -> Result<(), Error> {
        Err(Error { operation: "broadcast", source: "not on Redis yet".into() })
    }

    async fn reply(&self, _: &Broadcast) -> Result<(), Error> {
        Err(Error { operation: "reply", source: "not on Redis yet".into() })
    }

    async fn purge(&self, queue: &str) -> Result<usize, Error> {
        let depth = self.depth(&[queue.to_owned()]).await?;
        let mut pipe = pipe();
        for step in 0..PRIORITY_STEPS.len() {
            pipe.del(list(queue, step)).ignore();
        }
        let () = pipe.query_async(&mut self.connection.clone()).await.map_err(failed("purge a queue"))?;
        Ok(depth)
    }
}
