//! Taking, settling and keeping messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use celeriac_wire::envelope;
use tokio::time::{Instant, sleep, sleep_until};

use super::broker::{failed, tell};
use super::key::Keys;
use super::link::{self, Link, READONLY};
use super::resp::{Pipe, Reply};
use super::restore::{Back, Entry, give_back, sweep};
use super::script::TAKE;
use super::server::Server;
use super::shared::refuse;
use super::{BrokerOptions, QueueOrder, bind, unix_now};
use crate::broker::{Consumer, Delivery, Error, PRIORITY_STEPS, Queue, Settle, Tag, Turn};

/// Pauses between two looks at empty queues where the server does not tell of what arrives.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LAST_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait without a look. It finds a connection that died silently, and what no notice tells of (a database that
/// was swapped in).
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Leases of held messages are renewed at least so often, so that a peer with a smaller timeout may not take them.
const LONGEST_LEASE: Duration = Duration::from_secs(60);
/// However small the timeout is.
const SHORTEST_RENEWAL: Duration = Duration::from_millis(100);
/// Messages that one turn takes at most, so that the first of many run while the rest is fetched; see the script for the
/// bytes.
const MOST: usize = 256;
/// The times of delivery of one consumer differ from those of another in these bits, which are a thousandth of a second.
const SALT: u64 = 0xfff;

pub(super) struct RedisConsumer {
    link: Link,
    keys: Arc<Keys>,
    order: QueueOrder,
    visibility: Duration,
    restore: Duration,
    queues: VecDeque<Queue>,
    /// Delivered messages that do not lie in `unacked`: what is no message, with the list that it came from.
    unmarked: BTreeMap<Tag, (String, Vec<u8>)>,
    /// The times of delivery of turns whose answer was lost. What they took is found under them.
    lost: Vec<f64>,
    /// What was found there.
    found: Vec<Delivery>,
    salt: u64,
    /// Names messages that have no tag, with the time of their turn.
    name: String,
    last: f64,
    wait: Wait,
    swept: Option<Instant>,
    passed: usize,
    /// Why messages could not be taken, as it was said.
    refused: String,
}

/// What a turn has said about the next one.
enum Wait {
    /// There may be messages.
    Not,
    /// All was empty, and the server says when that ends.
    Armed { until: Instant },
    /// All was empty, and the server says nothing.
    Pause(Duration),
}

impl RedisConsumer {
    pub(super) fn new(server: Arc<Server>, keys: Arc<Keys>, options: &BrokerOptions, queues: Vec<Queue>) -> Self {
        let visibility = options.visibility_timeout;
        let mut link = Link::new(server);
        drop(link.greeting().cmd("CLIENT").arg("TRACKING").arg("ON").arg("NOLOOP"));
        let mut consumer = Self {
            link,
            keys,
            order: options.queue_order_strategy,
            visibility,
            restore: options.unacked_restore_interval.min(visibility / 3),
            queues: queues.into(),
            unmarked: BTreeMap::new(),
            lost: Vec::new(),
            found: Vec::new(),
            salt: uuid::Uuid::new_v4().as_u64_pair().0 & SALT,
            name: uuid::Uuid::new_v4().to_string(),
            last: 0.0,
            wait: Wait::Not,
            swept: None,
            passed: 0,
            refused: String::new(),
        };
        consumer.sort();
        consumer
    }

    fn sort(&mut self) {
        if self.order == QueueOrder::Sorted {
            self.queues.make_contiguous().sort_by(|a, b| a.name.cmp(&b.name));
        }
    }

    /// The present as a time of delivery that no other turn has, of this consumer or, but for one chance in four thousand
    /// within the same thousandth of a second, of another.
    fn now(&mut self) -> f64 {
        let salted = f64::from_bits((unix_now().to_bits() & !SALT) | self.salt);
        // A clock that was set back must not give the same time twice.
        let next = f64::from_bits(self.last.to_bits() + SALT + 1);
        self.last = if salted > self.last || next - salted > 1.0 { salted } else { next };
        self.last
    }

    /// Puts a command that takes messages into the pipe; gives the queue and step of each list that it names.
    fn take(&self, pipe: &mut Pipe, take: usize, now: f64) -> Vec<(String, usize)> {
        // The most urgent step of every queue comes before the next step of any.
        let steps = (0..PRIORITY_STEPS.len()).flat_map(|step| self.queues.iter().map(move |queue| (queue, step)));
        let places: Vec<(String, usize)> = steps.map(|(queue, step)| (queue.name.clone(), step)).collect();
        let command = pipe.cmd("EVALSHA").arg(&TAKE.sha).num(2 + places.len());
        let command = command.arg(self.keys.of("unacked")).arg(self.keys.of("unacked_index"));
        let command = command.args(places.iter().map(|(queue, step)| self.keys.list(queue, *step)));
        let command = command.num(take.min(MOST)).num(now);
        let command = command.args(places.iter().map(|(queue, _)| {
            let name = celeriac_wire::json::write(&celeriac_wire::Value::from(queue));
            format!(",\"\",{name}]")
        }));
        drop(command.arg(format!("{}:{now}", self.name)));
        places
    }

    fn taken(&mut self, answer: Reply, places: &[(String, usize)]) -> Result<Vec<Delivery>, link::Error> {
        let parts = match answer {
            Reply::List(parts) => parts,
            Reply::Error(text) => return Err(link::Error::Answer(text)),
            _ => return Err(link::Error::Unexpected),
        };
        let mut parts = parts.into_iter();
        let armed = parts.next().and_then(|armed| armed.int()) == Some(1);
        let refused = parts.next();
        let refused = refused.as_ref().and_then(Reply::text).unwrap_or_default();
        // Nothing was taken then, and there may be another server under this address.
        if refused.starts_with(READONLY) {
            self.link.leave();
            return Err(link::Error::Answer(refused.to_owned()));
        }
        // Said when it begins and not with every turn.
        if refused != self.refused {
            if !refused.is_empty() {
                tracing::warn!(error = refused, "messages could not be taken");
            }
            refused.clone_into(&mut self.refused);
        }
        let mut deliveries = Vec::new();
        let mut served = None;
        while let (Some(place), Some(tag), Some(raw)) = (parts.next(), parts.next(), parts.next()) {
            let place = place.int().and_then(|place| usize::try_from(place - 1).ok()).and_then(|at| places.get(at));
            let (Some((queue, step)), Some(raw)) = (place, raw.bytes()) else { return Err(link::Error::Unexpected) };
            served = Some(queue);
            let tag = tag.text().filter(|tag| !tag.is_empty()).map(|tag| Tag(tag.to_owned()));
            let tag = tag.unwrap_or_else(|| {
                // Nothing is marked: any name serves until it is settled.
                let tag = Tag(uuid::Uuid::new_v4().to_string());
                self.unmarked.insert(tag.clone(), (self.keys.list(queue, *step), raw.to_vec()));
                tag
            });
            deliveries.push(Delivery { tag, queue: queue.clone(), message: envelope::decode(&raw) });
        }
        if let (QueueOrder::RoundRobin, Some(served)) = (self.order, served)
            && let Some(at) = self.queues.iter().position(|queue| queue.name == *served)
            && let Some(queue) = self.queues.remove(at)
        {
            self.queues.push_back(queue);
        }
        self.wait = match &self.wait {
            _ if armed => Wait::Armed { until: Instant::now() + LONGEST_WAIT },
            Wait::Pause(pause) if deliveries.is_empty() => Wait::Pause((*pause * 2).min(LAST_PAUSE)),
            _ if deliveries.is_empty() => Wait::Pause(FIRST_PAUSE),
            _ => Wait::Not,
        };
        Ok(deliveries)
    }

    /// Looks for messages that turns have taken whose answer was lost. Their connection is dead on the server's side too,
    /// so nothing of them is still under way.
    async fn recover(&mut self) -> Result<(), link::Error> {
        while let Some(&time) = self.lost.last() {
            let mut pipe = Pipe::default();
            let index = self.keys.of("unacked_index");
            drop(pipe.cmd("ZRANGE").arg(index).num(time).num(time).arg("BYSCORE"));
            let answers = self.link.call(&pipe).await?;
            refuse(&answers)?;
            let Some(Reply::List(tags)) = answers.into_iter().next() else { return Err(link::Error::Unexpected) };
            let tags: Vec<String> = tags.iter().filter_map(Reply::text).map(str::to_owned).collect();
            let mut found = Vec::new();
            if !tags.is_empty() {
                let mut pipe = Pipe::default();
                drop(pipe.cmd("HMGET").arg(self.keys.of("unacked")).args(&tags));
                let answers = self.link.call(&pipe).await?;
                refuse(&answers)?;
                let Some(Reply::List(entries)) = answers.into_iter().next() else {
                    return Err(link::Error::Unexpected);
                };
                for (tag, entry) in tags.into_iter().zip(entries) {
                    let Some(entry) = entry.bytes().as_deref().and_then(Entry::read) else { continue };
                    let message = envelope::decode(&entry.raw);
                    found.push(Delivery { tag: Tag(tag), queue: entry.routing_key, message });
                }
                tracing::info!(messages = found.len(), "what a broken connection had taken is found again");
            }
            self.found.append(&mut found);
            self.lost.pop();
        }
        Ok(())
    }

    /// Gives back what is returned or put off.
    async fn give_back(&mut self, settled: &[(Tag, Settle)]) -> Result<(), link::Error> {
        let mut tags = Vec::new();
        let mut pipe = Pipe::default();
        let mut pushed = Vec::new();
        for (tag, settle) in settled {
            let side = match settle {
                Settle::Ack | Settle::Reject { requeue: false } => continue,
                Settle::Reject { requeue: true } => "LPUSH",
                Settle::Return => "RPUSH",
            };
            if let Some((list, raw)) = self.unmarked.get(tag) {
                drop(pipe.cmd(side).arg(list).arg(raw));
                pushed.push(tag.clone());
            } else {
                tags.push((tag.0.clone(), Back { side, before: f64::INFINITY }));
            }
        }
        refuse(&self.link.call(&pipe).await?)?;
        pushed.iter().for_each(|tag| drop(self.unmarked.remove(tag)));
        for tag in give_back(&mut self.link, &self.keys, &tags).await? {
            tracing::warn!(tag, "cannot give back a message without a queue");
        }
        Ok(())
    }

    async fn round(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, link::Error> {
        let Turn { settle, broadcast, take } = turn;
        self.recover().await?;
        if settle.iter().any(|(_, how)| !matches!(how, Settle::Ack | Settle::Reject { requeue: false })) {
            self.give_back(settle).await?;
        }
        let mut pipe = Pipe::default();
        let dropped =
            || settle.iter().filter(|(_, how)| matches!(how, Settle::Ack | Settle::Reject { requeue: false }));
        if dropped().next().is_some() {
            let tags = || dropped().map(|(tag, _)| tag.0.as_str());
            drop(pipe.cmd("ZREM").arg(self.keys.of("unacked_index")).args(tags()));
            drop(pipe.cmd("HDEL").arg(self.keys.of("unacked")).args(tags()));
        }
        broadcast.iter().for_each(|message| tell(&mut pipe, &self.keys, message));
        let take = take.saturating_sub(self.found.len());
        let takes = take > 0 && !self.queues.is_empty();
        let mut places = Vec::new();
        if takes {
            for queue in &self.queues {
                let Some(expires) = queue.expires else { continue };
                for list in self.keys.lists(&queue.name) {
                    drop(pipe.cmd("PEXPIRE").arg(list).num(expires.as_millis()));
                }
            }
            let now = self.now();
            places = self.take(&mut pipe, take, now);
            self.lost.push(now);
        }
        self.wait = match std::mem::replace(&mut self.wait, Wait::Not) {
            pause @ Wait::Pause(_) if takes => pause,
            _ => Wait::Not,
        };
        // This round looks, whatever has arrived.
        self.link.unhear();
        let mut answers = self.link.call(&pipe).await?;
        let answer = if takes {
            self.lost.pop();
            answers.pop()
        } else {
            None
        };
        let mut deliveries = std::mem::take(&mut self.found);
        if let Some(answer) = answer {
            // What was taken is handed out even if another command was refused.
            match self.taken(answer, &places) {
                Ok(taken) => deliveries.extend(taken),
                Err(error) if deliveries.is_empty() => return Err(error),
                Err(error) => tracing::warn!(%error, "messages could not be taken"),
            }
        }
        if let Err(error) = refuse(&answers) {
            self.found = deliveries;
            return Err(error);
        }
        dropped().for_each(|(tag, _)| drop(self.unmarked.remove(tag)));
        if self.queues.is_empty() {
            self.wait = Wait::Armed { until: Instant::now() + LONGEST_WAIT };
        }
        Ok(deliveries)
    }

    async fn renew_held(&mut self, held: &[Tag]) -> Result<(), link::Error> {
        if !held.is_empty() {
            let now = self.now().to_string();
            let mut pipe = Pipe::default();
            let held = held.iter().filter(|tag| !self.unmarked.contains_key(tag));
            let pairs: Vec<&str> = held.flat_map(|tag| [now.as_str(), tag.0.as_str()]).collect();
            if !pairs.is_empty() {
                drop(pipe.cmd("ZADD").arg(self.keys.of("unacked_index")).arg("XX").args(pairs));
            }
            refuse(&self.link.call(&pipe).await?)?;
        }
        if self.swept.is_none_or(|swept| swept.elapsed() >= self.restore) {
            self.swept = Some(Instant::now());
            let bound = unix_now() - self.visibility.as_secs_f64();
            self.passed = sweep(&mut self.link, &self.keys, bound, self.passed).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn turn(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, Error> {
        self.round(turn).await.map_err(failed("take and settle messages"))
    }

    async fn ready(&mut self) -> Result<(), Error> {
        match self.wait {
            _ if !self.found.is_empty() || !self.lost.is_empty() => Ok(()),
            Wait::Not => Ok(()),
            Wait::Pause(pause) => {
                sleep(pause).await;
                Ok(())
            }
            Wait::Armed { until } => {
                tokio::select! {
                    // A notice, whatever it says, or the end of the connection: the next turn sees which.
                    heard = self.link.listen() => {
                        self.wait = Wait::Not;
                        heard.map(drop).map_err(failed("wait for messages"))
                    }
                    () = sleep_until(until) => {
                        self.wait = Wait::Not;
                        Ok(())
                    }
                }
            }
        }
    }

    /// Renews what is held and gives back what others hold and do not renew.
    async fn renew(&mut self, held: &[Tag]) -> Result<(), Error> {
        self.renew_held(held).await.map_err(failed("renew messages"))
    }

    fn renewal(&self) -> Duration {
        (self.visibility / 3).min(LONGEST_LEASE).min(self.restore).max(SHORTEST_RENEWAL)
    }

    async fn add_queue(&mut self, queue: Queue) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        bind::declare(&mut pipe, &self.keys, &queue);
        let answers = self.link.call(&pipe).await.map_err(failed("declare a queue"))?;
        refuse(&answers).map_err(failed("declare a queue"))?;
        self.queues.retain(|other| other.name != queue.name);
        self.queues.push_back(queue);
        self.sort();
        self.wait = Wait::Not;
        Ok(())
    }

    async fn cancel_queue(&mut self, name: &str) -> Result<(), Error> {
        self.queues.retain(|queue| queue.name != name);
        self.wait = Wait::Not;
        Ok(())
    }
}
