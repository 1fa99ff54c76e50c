//! A broker and a result backend inside the process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use celeriac_wire::{Message, Record, result};
use tokio::sync::Notify;

use crate::backend::{self, ResultBackend};
use crate::broker::{
    Broker, Consumer, ConsumerOptions, Delivery, Epoch, Error, Outgoing, PRIORITY_STEPS, Settle, Tag, step,
};
use crate::context::TaskId;

/// One queue: a list per priority step, the next message in front.
type Queue = [VecDeque<Message>; PRIORITY_STEPS.len()];

#[derive(Default)]
struct Queues {
    queues: Mutex<BTreeMap<String, Queue>>,
    arrived: Notify,
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        // Nothing panics while the lock is held, so a poisoned one still guards whole queues.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A broker in memory. Clones share their queues; what a consumer holds returns to them when it is dropped.
#[derive(Clone)]
pub struct MemoryBroker {
    queues: Arc<Queues>,
    epoch: Epoch,
}

impl MemoryBroker {
    pub fn new() -> Self {
        Self { queues: Arc::default(), epoch: Epoch(uuid::Uuid::new_v4().to_string()) }
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
        Ok(Box::new(MemoryConsumer { queues, names: options.queues.into(), held: BTreeMap::new(), last: 0 }))
    }

    async fn epoch(&self) -> Result<Epoch, Error> {
        Ok(self.epoch.clone())
    }

    async fn depth(&self, queues: &[String]) -> Result<usize, Error> {
        let all = self.queues.lock();
        Ok(queues.iter().filter_map(|name| all.get(name)).flatten().map(VecDeque::len).sum())
    }
}

struct MemoryConsumer {
    queues: Arc<Queues>,
    /// The queue that served last stands last.
    names: VecDeque<String>,
    /// In the order of delivery.
    held: BTreeMap<u64, (String, Message)>,
    last: u64,
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
    async fn next(&mut self, credit: usize) -> Result<Vec<Delivery>, Error> {
        let queues = Arc::clone(&self.queues);
        loop {
            // Made before looking: what arrives in between wakes it.
            let arrived = queues.arrived.notified();
            let taken = self.take(credit);
            if !taken.is_empty() || credit == 0 {
                return Ok(taken);
            }
            arrived.await;
        }
    }

    async fn settle(&mut self, settled: &[(Tag, Settle)]) -> Result<(), Error> {
        for (tag, settle) in settled {
            let held = tag.0.parse().ok().and_then(|serial: u64| self.held.remove(&serial));
            match (held, settle) {
                (None, _) | (_, Settle::Ack | Settle::Reject { requeue: false }) => {}
                (Some((name, message)), Settle::Reject { requeue: true }) => self.put_back(name, message, false),
                (Some((name, message)), Settle::Return) => self.put_back(name, message, true),
            }
        }
        Ok(())
    }

    async fn renew(&mut self, _: &[Tag]) -> Result<(), Error> {
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

/// How many records [`MemoryResults`] keeps: some hundred megabytes at most in ordinary use.
const MAX_RECORDS: usize = 100_000;

/// A result backend in memory. Clones share their records; past a hundred thousand the oldest are dropped.
#[derive(Clone, Default)]
pub struct MemoryResults {
    records: Arc<Mutex<Records>>,
}

#[derive(Default)]
struct Records {
    by_id: BTreeMap<TaskId, Record>,
    /// The ids of all records, the one that came first in front.
    order: VecDeque<TaskId>,
}

impl MemoryResults {
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        // Nothing panics while the lock is held.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ResultBackend for MemoryResults {
    async fn store(&self, records: &[Record]) -> Result<(), backend::Error> {
        let mut stored = self.lock();
        for record in records {
            let id = TaskId::from(record.task_id.as_str());
            match stored.by_id.get(&id) {
                Some(old) if old.status == result::SUCCESS => continue,
                Some(_) => {}
                None => stored.order.push_back(id.clone()),
            }
            stored.by_id.insert(id, record.clone());
            while stored.order.len() > MAX_RECORDS
                && let Some(oldest) = stored.order.pop_front()
            {
                stored.by_id.remove(&oldest);
            }
        }
        Ok(())
    }

    async fn get(&self, id: &TaskId) -> Result<Option<Record>, backend::Error> {
        Ok(self.lock().by_id.get(id).cloned())
    }

    async fn forget(&self, id: &TaskId) -> Result<(), backend::Error> {
        let mut stored = self.lock();
        stored.by_id.remove(id);
        stored.order.retain(|other| other != id);
        Ok(())
    }
}
