//! A task message and where it goes: what a broker is asked to publish.

use std::fmt;
use std::time::SystemTime;

use uuid::Uuid;

use crate::{Map, Message, time};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The queue that the message is meant for, when a queue was named.
    pub queue: String,
    /// Empty for the default exchange, which routes by the name of the queue. Any other one is looked up in the
    /// bindings that the broker keeps.
    pub exchange: String,
    /// What another exchange than the default one routes by.
    pub routing_key: String,
    /// 0 is the most urgent. Brokers tell 0, 3, 6 and 9 apart; what lies between goes with the lower number.
    pub priority: u8,
    /// Not to be run before. The message is delivered at once and held by the worker.
    pub eta: Option<SystemTime>,
    /// Not to be run after.
    pub expires: Option<SystemTime>,
    /// What is sent. [`sealed`](Self::sealed) writes the fields above into it.
    pub message: Message,
}

impl Outgoing {
    /// A message for `task` on Celery's default queue.
    pub fn new(task: &str, id: impl fmt::Display, kwargs: Map) -> Self {
        Self::of(Message::new(task, &id.to_string(), Vec::new(), kwargs))
    }

    /// A message on Celery's default queue.
    pub fn of(message: Message) -> Self {
        Self {
            queue: "celery".to_owned(),
            exchange: String::new(),
            routing_key: String::new(),
            priority: message.properties.priority,
            eta: message.headers.eta.as_deref().and_then(time::parse),
            expires: message.headers.expires.as_deref().and_then(time::parse),
            message,
        }
    }

    /// The message as it goes out: with the route, priority, ETA and end of this value in its headers and properties,
    /// and a delivery tag that no other delivery has.
    pub fn sealed(&self) -> Message {
        let mut message = self.message.clone();
        message.headers.strip();
        message.headers.eta = self.eta.map(time::format);
        if let Some(expires) = self.expires {
            message.headers.expires = Some(time::format(expires));
        }
        message.properties.priority = self.priority;
        let info = &mut message.properties.delivery_info;
        info.exchange.clone_from(&self.exchange);
        info.routing_key.clone_from(if self.exchange.is_empty() { &self.queue } else { &self.routing_key });
        info.redelivered = false;
        message.properties.delivery_tag = Uuid::new_v4().to_string();
        message
    }
}
