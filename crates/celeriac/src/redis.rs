//! Redis and Valkey as kombu uses them: queues in lists, delivered messages in `unacked`, results under
//! `celery-task-meta-<id>`.
//!
//! Each part has its own connection: what is published and asked, each consumer, each listener, results, and the
//! notification of results. All of them have deadlines and are made again when they break.
//!
//! Read `link.rs` first (one connection), then `script.rs` (what the server does in one step), then `consumer.rs`.

mod bind;
mod broadcast;
mod broker;
mod chord;
mod consumer;
mod fanout;
mod key;
mod link;
mod resp;
mod restore;
mod results;
mod script;
mod server;
mod shared;
#[cfg(feature = "tls")]
mod tls;
mod watch;

use std::time::{SystemTime, UNIX_EPOCH};

pub use crate::transport::{BrokerOptions, QueueOrder, ResultOptions};
pub use broker::RedisBroker;
pub use results::RedisResults;
pub use server::UrlError;

/// Kombu's unit for times of delivery.
fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
