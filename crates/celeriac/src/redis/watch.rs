//! Notification of results: one connection for all who wait.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use celeriac_wire::Record;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::link::{Error, Link};
use super::resp::{Pipe, Reply};
use super::results;
use super::server::Server;
use super::shared::{listen_for, refuse};
use crate::backend::{self, Watch};

/// How often a silent connection is tried: kombu's `health_check_interval`.
const HEALTH: Duration = Duration::from_secs(25);
/// Pauses between attempts to connect again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// Keys that one command names.
const TOGETHER: usize = 500;

/// Whoever waits asks here. The connection is made for the first.
#[derive(Clone)]
pub(super) struct Notices {
    server: Arc<Server>,
    asks: Arc<Mutex<Option<mpsc::UnboundedSender<Ask>>>>,
}

enum Ask {
    Subscribe {
        id: u64,
        keys: Vec<String>,
        news: mpsc::UnboundedSender<Bytes>,
        done: oneshot::Sender<Result<(), Error>>,
    },
    Unsubscribe {
        id: u64,
        keys: Vec<String>,
    },
}

/// Documents as they are published; it ends with this value.
pub(super) struct Subscribed {
    id: u64,
    keys: Vec<String>,
    asks: mpsc::UnboundedSender<Ask>,
    news: mpsc::UnboundedReceiver<Bytes>,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        // Without a connection there is nothing to end.
        let _ = self.asks.send(Ask::Unsubscribe { id: self.id, keys: std::mem::take(&mut self.keys) });
    }
}

impl Notices {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, asks: Arc::default() }
    }

    /// Returns when the server has confirmed: what is published after that comes.
    pub(super) async fn subscribe(&self, keys: Vec<String>) -> Result<Subscribed, Error> {
        let (news, received) = mpsc::unbounded_channel();
        let (done, confirmed) = oneshot::channel();
        let id = uuid::Uuid::new_v4().as_u64_pair().0;
        let asks = {
            let mut slot = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
            let asks = match slot.take().filter(|asks| !asks.is_closed()) {
                Some(asks) => asks,
                None => {
                    let (asks, receiver) = mpsc::unbounded_channel();
                    tokio::spawn(serve(Link::new(Arc::clone(&self.server)), receiver));
                    asks
                }
            };
            slot.insert(asks).clone()
        };
        let ask = Ask::Subscribe { id, keys: keys.clone(), news, done };
        asks.send(ask).map_err(|_| Error::Closed)?;
        let subscribed = Subscribed { id, keys, asks, news: received };
        confirmed.await.map_err(|_| Error::Closed)??;
        Ok(subscribed)
    }
}

/// Who waits for which key.
#[derive(Default)]
struct Waiting(HashMap<String, HashMap<u64, mpsc::UnboundedSender<Bytes>>>);

impl Waiting {
    fn tell(&self, key: &str, document: &Bytes) {
        let waiting = self.0.get(key).into_iter().flat_map(HashMap::values);
        // Whoever waited may have gone.
        waiting.for_each(|news| drop(news.send(document.clone())));
    }

    fn hear(&self, push: &[Reply]) {
        if let [kind, key, Reply::Text(document)] = push
            && kind.text() == Some("message")
            && let Some(key) = key.text()
        {
            self.tell(key, document);
        }
    }

    /// The keys of `keys` for which nobody waits any more.
    fn leave(&mut self, id: u64, keys: Vec<String>) -> Vec<String> {
        let mut alone = Vec::new();
        for key in keys {
            if let Some(waiting) = self.0.get_mut(&key) {
                waiting.remove(&id);
                if waiting.is_empty() {
                    self.0.remove(&key);
                    alone.push(key);
                }
            }
        }
        alone
    }
}

async fn serve(mut link: Link, mut asks: mpsc::UnboundedReceiver<Ask>) {
    let mut waiting = Waiting::default();
    let mut pause = FIRST_PAUSE;
    let mut health = Instant::now() + HEALTH;
    loop {
        if !link.is_open() && !waiting.0.is_empty() {
            match again(&mut link, &waiting).await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(error) => {
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "results are not announced to us, will try again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                    // Those who have gone need no connection.
                    while let Ok(ask) = asks.try_recv() {
                        answer(&mut link, &mut waiting, ask, &mut asks).await;
                    }
                    continue;
                }
            }
        }
        let left = health.saturating_duration_since(Instant::now());
        tokio::select! {
            biased;
            ask = asks.recv() => match ask {
                Some(ask) => answer(&mut link, &mut waiting, ask, &mut asks).await,
                None => return,
            },
            heard = listen_for(&mut link, left), if link.is_open() => match heard {
                Ok(Some(push)) => {
                    waiting.hear(&push);
                    health = Instant::now() + HEALTH;
                }
                Ok(None) => {
                    let mut ping = Pipe::default();
                    drop(ping.cmd("PING"));
                    if let Err(error) = link.call(&ping).await {
                        tracing::debug!(%error, "a silent connection broke");
                    }
                    health = Instant::now() + HEALTH;
                }
                Err(error) => tracing::debug!(%error, "the connection that announces results broke"),
            },
        }
    }
}

/// Carries out what is asked, and what else is asked meanwhile, in one round trip.
async fn answer(link: &mut Link, waiting: &mut Waiting, first: Ask, asks: &mut mpsc::UnboundedReceiver<Ask>) {
    let mut subscribe = HashSet::new();
    let mut unsubscribe = HashSet::new();
    let mut confirm = Vec::new();
    let mut next = Some(first);
    while let Some(ask) = next {
        match ask {
            Ask::Subscribe { id, keys, news, done } => {
                for key in &keys {
                    if !waiting.0.contains_key(key) && !unsubscribe.remove(key) {
                        subscribe.insert(key.clone());
                    }
                    waiting.0.entry(key.clone()).or_default().insert(id, news.clone());
                }
                confirm.push((id, keys, done));
            }
            Ask::Unsubscribe { id, keys } => {
                for key in waiting.leave(id, keys) {
                    if !subscribe.remove(&key) {
                        unsubscribe.insert(key);
                    }
                }
            }
        }
        next = if subscribe.len() < TOGETHER { asks.try_recv().ok() } else { None };
    }
    let mut pipe = Pipe::default();
    // A connection that is made now is told of all keys.
    let told = if link.is_open() {
        subscribe.iter().for_each(|key| drop(pipe.cmd("SUBSCRIBE").arg(key)));
        unsubscribe.iter().for_each(|key| drop(pipe.cmd("UNSUBSCRIBE").arg(key)));
        link.call(&pipe).await.and_then(|answers| refuse(&answers))
    } else if waiting.0.is_empty() {
        Ok(())
    } else {
        again(link, waiting).await
    };
    for (id, keys, done) in confirm {
        if told.is_err() {
            waiting.leave(id, keys);
        }
        // Whoever asked may have gone.
        let _ = done.send(told.clone());
    }
}

/// Subscribes to all keys on a new connection, and tells what was stored meanwhile.
async fn again(link: &mut Link, waiting: &Waiting) -> Result<(), Error> {
    let keys: Vec<&String> = waiting.0.keys().collect();
    link.connect().await?;
    for keys in keys.chunks(TOGETHER) {
        let mut pipe = Pipe::default();
        keys.iter().for_each(|key| drop(pipe.cmd("SUBSCRIBE").arg(key)));
        drop(pipe.cmd("MGET").args(keys));
        let mut answers = link.call(&pipe).await?;
        refuse(&answers)?;
        let Some(Reply::List(documents)) = answers.pop() else { return Err(Error::Unexpected) };
        for (key, document) in keys.iter().zip(documents) {
            if let Some(document) = document.bytes() {
                waiting.tell(key, &document);
            }
        }
    }
    Ok(())
}

pub(super) struct RedisWatch {
    found: VecDeque<Record>,
    notices: Subscribed,
}

impl RedisWatch {
    pub(super) fn new(found: impl Iterator<Item = Record>, notices: Subscribed) -> Self {
        Self { found: found.collect(), notices }
    }
}

#[async_trait]
impl Watch for RedisWatch {
    async fn next(&mut self) -> Result<Record, backend::Error> {
        if let Some(record) = self.found.pop_front() {
            return Ok(record);
        }
        loop {
            let gone = || backend::Error { operation: "watch results", source: Error::Closed.into() };
            let document = self.notices.news.recv().await.ok_or_else(gone)?;
            match results::document(document) {
                Ok(document) => match Record::decode(&document) {
                    Ok(record) => return Ok(record),
                    Err(error) => tracing::warn!(%error, "what was announced is no result"),
                },
                Err(error) => tracing::warn!(%error, "what was announced could not be decompressed"),
            }
        }
    }
}
