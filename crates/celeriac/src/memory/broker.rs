//! Queues inside the process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use celeriac_wire::Message;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::fanout::{Listeners, MemoryFanout};
use crate::broker::{
    Broadcast, Broker, Consumer, ConsumerOptions, Delivery, Epoch, Error, Fanout, FanoutOptions, Outgoing,
    PRIORITY_STEPS, Queue, Settle, Tag, Turn, step,
};

/// A list per priority step, the next message in front.
type Lists = [VecDeque<Message>; PRIORITY_STEPS.len()];

#[derive(Default)]
struct Queues {
    queues: Mutex<BTreeMap<String, Lists>>,
    arrived: Arc<Notify>,
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Lists>> {
        // Nothing panics while the lock is held, so a poisoned one still guards whole queues.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A broker in memory. Clones share their queues; what a consumer holds returns to them when it is dropped.
#[derive(Clone)]
pub struct MemoryBroker {
    queues: Arc<Queues>,
    listeners: Listeners,
    epoch: Epoch,
}

impl MemoryBroker {
    /// An empty broker. It begins an epoch.
    pub fn new() -> Self {
        Self { queues: Arc::default(), listeners: Listeners::default(), epoch: Epoch(uuid::Uuid::new_v4().to_string()) }
    }
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), Error> {
        let mut queues = self.queues.lock();
        for outgoing in messages {
            let queue = queues.entry(outgoing.queue.clone()).or_default();
            queue[step(outgoing.priority)].push_back(outgoing.sealed());
        }
        drop(queues);
        self.queues.arrived.notify_waiters();
        Ok(())
    }

    async fn consume(&self, options: ConsumerOptions) -> Result<Box<dyn Consumer>, Error> {
        let queues = Arc::clone(&self.queues);
        let names = options.queues.into_iter().map(|queue| queue.name).collect();
        let listeners = self.listeners.clone();
        Ok(Box::new(MemoryConsumer { queues, listeners, names, held: BTreeMap::new(), last: 0, arrived: None }))
    }

    async fn fanout(&self, options: FanoutOptions) -> Result<Box<dyn Fanout>, Error> {
        Ok(Box::new(MemoryFanout::new(self.listeners.clone(), options)))
    }

    async fn broadcast(&self, messages: &[Broadcast]) -> Result<(), Error> {
        self.listeners.tell(messages);
        Ok(())
    }

    async fn reply(&self, message: &Broadcast) -> Result<(), Error> {
        self.listeners.answer(message);
        Ok(())
    }

    async fn epoch(&self) -> Result<Epoch, Error> {
        Ok(self.epoch.clone())
    }

    async fn depth(&self, queues: &[String]) -> Result<usize, Error> {
        let all = self.queues.lock();
        Ok(queues.iter().filter_map(|name| all.get(name)).flatten().map(VecDeque::len).sum())
    }

    async fn purge(&self, queue: &str) -> Result<usize, Error> {
        let lists = self.queues.lock().remove(queue);
        Ok(lists.iter().flatten().map(VecDeque::len).sum())
    }
}

struct MemoryConsumer {
    queues: Arc<Queues>,
    listeners: Listeners,
    /// The queue that served last stands last.
    names: VecDeque<String>,
    /// In the order of delivery.
    held: BTreeMap<u64, (String, Message)>,
    last: u64,
    /// Armed when a turn gave less than it might: what has arrived since ends the wait.
    arrived: Option<std::pin::Pin<Box<OwnedNotified>>>,
}

impl MemoryConsumer {
    fn take(&mut self, credit: usize) -> Vec<Delivery> {
        let mut queues = self.queues.lock();
        let mut taken = Vec::new();
        'credit: while taken.len() < credit {
            for step in 0..PRIORITY_STEPS.len() {
                for place in 0..self.names.len() {
                    let name = &self.names[place];
                    let Some(message) = queues.get_mut(name).and_then(|queue| queue[step].pop_front()) else {
                        continue;
                    };
                    self.last += 1;
                    let name = name.clone();
                    self.names.remove(place);
                    self.names.push_back(name.clone());
                    self.held.insert(self.last, (name.clone(), message.clone()));
                    taken.push(Delivery { tag: Tag(self.last.to_string()), queue: name, message: Ok(message) });
                    continue 'credit;
                }
            }
            break;
        }
        taken
    }

    fn put_back(&self, name: String, mut message: Message, in_front: bool) {
        message.properties.delivery_info.redelivered = true;
        let mut queues = self.queues.lock();
        let queue = &mut queues.entry(name).or_default()[step(message.properties.priority)];
        if in_front {
            queue.push_front(message)
        } else {
            queue.push_back(message)
        }
        drop(queues);
        self.queues.arrived.notify_waiters();
    }
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn turn(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, Error> {
        for (tag, settle) in turn.settle {
            let held = tag.0.parse().ok().and_then(|serial: u64| self.held.remove(&serial));
            match (held, settle) {
                (None, _) | (_, Settle::Ack | Settle::Reject { requeue: false }) => {}
                (Some((name, message)), Settle::Reject { requeue: true }) => self.put_back(name, message, false),
                (Some((name, message)), Settle::Return) => self.put_back(name, message, true),
            }
        }
        self.listeners.tell(turn.broadcast);
        // Made before looking: what arrives in between wakes it.
        let mut arrived = Box::pin(Arc::clone(&self.queues.arrived).notified_owned());
        arrived.as_mut().enable();
        let taken = self.take(turn.take);
        self.arrived = (taken.len() < turn.take).then_some(arrived);
        Ok(taken)
    }

    async fn ready(&mut self) -> Result<(), Error> {
        if let Some(arrived) = &mut self.arrived {
            arrived.await;
            self.arrived = None;
        }
        Ok(())
    }

    async fn renew(&mut self, _: &[Tag]) -> Result<(), Error> {
        Ok(())
    }

    /// Nothing here runs out; an hour is as good as any other time.
    fn renewal(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn add_queue(&mut self, queue: Queue) -> Result<(), Error> {
        if !self.names.contains(&queue.name) {
            self.names.push_back(queue.name);
        }
        self.arrived = None;
        Ok(())
    }

    async fn cancel_queue(&mut self, name: &str) -> Result<(), Error> {
        self.names.retain(|other| other != name);
        Ok(())
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        for (_, (name, message)) in std::mem::take(&mut self.held).into_iter().rev() {
            self.put_back(name, message, true);
        }
    }
}
