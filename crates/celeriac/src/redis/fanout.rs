//! Listening to channels, and to an inbox.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::bind::{self, REFRESH};
use super::broadcast;
use super::broker::failed;
use super::key::Keys;
use super::link::{self, Link};
use super::resp::{Pipe, Reply};
use super::server::Server;
use super::shared::{listen_for, refuse};
use crate::broker::{Broadcast, Error, Fanout, FanoutOptions, Subscription};

/// How often a silent connection is tried, and an inbox is looked at by all means: kombu's `health_check_interval`.
const HEALTH: Duration = Duration::from_secs(25);
/// Messages of an inbox that are taken at once.
const BATCH: usize = 100;

pub(super) struct RedisFanout {
    link: Link,
    keys: Arc<Keys>,
    options: FanoutOptions,
    heard: VecDeque<Broadcast>,
    /// Something may lie in the inbox.
    filled: bool,
    /// Messages of the inbox that were read and lie there still.
    taken: usize,
    refresh: Instant,
    /// When the connection is to be tried if nothing comes.
    health: Instant,
}

impl RedisFanout {
    pub(super) async fn start(server: Arc<Server>, keys: Arc<Keys>, options: FanoutOptions) -> Result<Self, Error> {
        let filled = options.inbox.is_some();
        let mut fanout = Self {
            link: Link::new(server),
            keys,
            options,
            heard: VecDeque::new(),
            filled,
            taken: 0,
            refresh: Instant::now() + REFRESH,
            health: Instant::now() + HEALTH,
        };
        fanout.arm();
        let mut pipe = Pipe::default();
        fanout.declare(&mut pipe);
        let answers = fanout.link.call(&pipe).await.map_err(failed("listen"))?;
        refuse(&answers).map_err(failed("listen"))?;
        Ok(fanout)
    }

    /// Says what each new connection begins with.
    fn arm(&mut self) {
        let channels: Vec<String> = self.options.subscriptions.iter().map(|to| self.channel(to)).collect();
        let greeting = self.link.greeting();
        *greeting = Pipe::default();
        if self.options.inbox.is_some() {
            drop(greeting.cmd("CLIENT").arg("TRACKING").arg("ON").arg("NOLOOP"));
        }
        for channel in channels {
            drop(greeting.cmd("PSUBSCRIBE").arg(channel));
        }
    }

    fn channel(&self, to: &Subscription) -> String {
        self.keys.channel(&to.exchange, &to.routing_key.replace('#', "*"))
    }

    fn declare(&self, pipe: &mut Pipe) {
        let FanoutOptions { subscriptions, inbox } = &self.options;
        subscriptions.iter().chain(inbox).for_each(|to| bind::declare_listener(pipe, &self.keys, to));
        bind::sweep(pipe, &self.keys);
    }

    fn understand(&mut self, push: Vec<Reply>) {
        match push.as_slice() {
            [kind, _, channel, Reply::Text(raw)] if kind.text() == Some("pmessage") => {
                let Some((exchange, routing_key)) = channel.text().and_then(|channel| self.keys.heard(channel)) else {
                    return;
                };
                match broadcast::decode(raw, exchange, routing_key) {
                    Some(message) => self.heard.push_back(message),
                    None => tracing::warn!(exchange, routing_key, "what came on a channel is no message"),
                }
            }
            [kind, ..] if kind.text() == Some("invalidate") => self.filled = true,
            _ => {}
        }
    }

    /// Reads what lies in the inbox, drops what was read before, and has the server say when more comes. What is read
    /// is dropped by the look after, so that a call that is dropped loses nothing.
    async fn look(&mut self) -> Result<(), link::Error> {
        let Some(inbox) = &self.options.inbox else {
            self.filled = false;
            return Ok(());
        };
        let key = self.keys.of(&inbox.queue);
        let mut pipe = Pipe::default();
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            drop(pipe.cmd("LTRIM").arg(&key).num(0).arg(format!("-{}", taken + 1)));
        }
        drop(pipe.cmd("LRANGE").arg(&key).arg(format!("-{BATCH}")).num(-1));
        let mut answers = self.link.call(&pipe).await?;
        refuse(&answers)?;
        let Some(Reply::List(mut found)) = answers.pop() else { return Err(link::Error::Unexpected) };
        self.taken = found.len();
        self.filled = self.taken > 0;
        // The oldest lies at the right end.
        found.reverse();
        for raw in found.into_iter().filter_map(Reply::bytes) {
            match broadcast::decode(&raw, &inbox.exchange, &inbox.routing_key) {
                Some(message) => self.heard.push_back(message),
                None => tracing::warn!(queue = inbox.queue, "what came into an inbox is no message"),
            }
        }
        Ok(())
    }

    /// Connects and subscribes again if need be.
    async fn keep_up(&mut self) -> Result<(), link::Error> {
        if self.link.is_open() && Instant::now() < self.refresh {
            return Ok(());
        }
        let mut pipe = Pipe::default();
        self.declare(&mut pipe);
        self.link.call(&pipe).await?;
        self.filled = self.options.inbox.is_some();
        self.refresh = Instant::now() + REFRESH;
        Ok(())
    }

    async fn hear(&mut self) -> Result<Broadcast, link::Error> {
        loop {
            if let Some(message) = self.heard.pop_front() {
                return Ok(message);
            }
            self.keep_up().await?;
            while let Some(push) = self.link.heard() {
                self.understand(push);
            }
            if self.filled {
                self.look().await?;
                continue;
            }
            if !self.heard.is_empty() {
                continue;
            }
            match listen_for(&mut self.link, self.health.saturating_duration_since(Instant::now())).await? {
                Some(push) => {
                    self.health = Instant::now() + HEALTH;
                    self.understand(push);
                }
                None => {
                    let mut ping = Pipe::default();
                    drop(ping.cmd("PING"));
                    self.link.call(&ping).await?;
                    self.health = Instant::now() + HEALTH;
                    self.filled = self.options.inbox.is_some();
                }
            }
        }
    }
}

#[async_trait]
impl Fanout for RedisFanout {
    async fn next(&mut self) -> Result<Broadcast, Error> {
        self.hear().await.map_err(failed("listen"))
    }

    async fn subscribe(&mut self, subscription: Subscription) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        bind::declare_listener(&mut pipe, &self.keys, &subscription);
        drop(pipe.cmd("PSUBSCRIBE").arg(self.channel(&subscription)));
        self.options.subscriptions.push(subscription);
        self.arm();
        let answers = self.link.call(&pipe).await.map_err(failed("listen"))?;
        refuse(&answers).map_err(failed("listen"))
    }

    async fn close(&mut self) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        let FanoutOptions { subscriptions, inbox } = std::mem::take(&mut self.options);
        for to in subscriptions.iter().chain(&inbox) {
            bind::remove_listener(&mut pipe, &self.keys, to);
        }
        self.arm();
        self.link.call(&pipe).await.map(drop).map_err(failed("stop listening"))
    }
}
