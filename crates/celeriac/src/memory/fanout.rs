//! What is told to everybody inside the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::broker::{Broadcast, Error, Fanout, FanoutOptions, Subscription};

/// Messages that wait for one listener. What comes when so many wait is lost to it, as with a slow client of Redis.
const BACKLOG: usize = 10_000;

/// Who listens. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Listeners(Arc<Mutex<Vec<Listener>>>);

struct Listener {
    sender: mpsc::Sender<Broadcast>,
    subscriptions: Vec<Subscription>,
    inbox: Option<Subscription>,
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, messages: &[Broadcast]) {
        if messages.is_empty() {
            return;
        }
        let mut listeners = self.lock();
        listeners.retain(|listener| !listener.sender.is_closed());
        for message in messages {
            let hears =
                |s: &Subscription| s.exchange == message.exchange && hears(&s.routing_key, &message.routing_key);
            for listener in listeners.iter().filter(|listener| listener.subscriptions.iter().any(hears)) {
                // A full backlog loses it.
                let _ = listener.sender.try_send(message.clone());
            }
        }
    }

    pub(super) fn answer(&self, message: &Broadcast) {
        let is_asked = |s: &Subscription| s.exchange == message.exchange && s.routing_key == message.routing_key;
        for listener in self.lock().iter().filter(|listener| listener.inbox.as_ref().is_some_and(is_asked)) {
            let _ = listener.sender.try_send(message.clone());
        }
    }
}

/// Whether a binding of an exchange of the kind `fanout` hears a routing key. Kombu hands the key to Redis as a glob,
/// in which `*` (and `#`, which becomes one) stands for any text.
fn hears(binding: &str, key: &str) -> bool {
    let mut parts = binding.split(['*', '#']);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = key.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

pub(super) struct MemoryFanout {
    listeners: Listeners,
    sender: mpsc::Sender<Broadcast>,
    receiver: mpsc::Receiver<Broadcast>,
}

impl MemoryFanout {
    pub(super) fn new(listeners: Listeners, options: FanoutOptions) -> Self {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let FanoutOptions { subscriptions, inbox } = options;
        listeners.lock().push(Listener { sender: sender.clone(), subscriptions, inbox });
        Self { listeners, sender, receiver }
    }
}

#[async_trait]
impl Fanout for MemoryFanout {
    async fn next(&mut self) -> Result<Broadcast, Error> {
        match self.receiver.recv().await {
            Some(message) => Ok(message),
            // Only after `close`.
            None => std::future::pending().await,
        }
    }

    async fn subscribe(&mut self, subscription: Subscription) -> Result<(), Error> {
        let mut listeners = self.listeners.lock();
        let own = listeners.iter_mut().find(|listener| listener.sender.same_channel(&self.sender));
        if let Some(listener) = own {
            listener.subscriptions.push(subscription);
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Error> {
        self.receiver.close();
        self.listeners.lock().retain(|listener| !listener.sender.same_channel(&self.sender));
        Ok(())
    }
}

impl Drop for MemoryFanout {
    fn drop(&mut self) {
        self.listeners.lock().retain(|listener| !listener.sender.same_channel(&self.sender));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_hears_what_its_glob_matches() {
        for (binding, key, expected) in [
            ("", "", true),
            ("", "x", false),
            ("worker.#", "worker.online", true),
            ("worker.*", "worker.", true),
            ("worker.*", "task.multi", false),
            ("#", "", true),
            ("*.a.*", "x.a.y", true),
            ("*.a.*", "x.b.y", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(hears(binding, key), expected, "{binding} {key}");
        }
    }
}
