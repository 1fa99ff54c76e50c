//! Redis and Valkey as kombu uses them: queues in lists, delivered messages in `unacked`, results under
//! `celery-task-meta-<id>`.

mod broker;
mod consumer;
mod results;

use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, RedisError};

use crate::broker::PRIORITY_STEPS;

pub use broker::RedisBroker;
pub use results::RedisResults;

/// Kombu's separator of the parts of a key or of a binding.
const SEPARATOR: &str = "\x06\x16";
/// Hash of delivered messages by tag, and their times of delivery.
const UNACKED: &str = "unacked";
const UNACKED_INDEX: &str = "unacked_index";

/// How long a server may take to answer. No command here blocks, so silence means that the connection is dead.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The list of one priority step of a queue.
fn list(queue: &str, step: usize) -> String {
    match PRIORITY_STEPS[step] {
        0 => queue.to_owned(),
        priority => format!("{queue}{SEPARATOR}{priority}"),
    }
}

/// A connection that is made again when it breaks; what fails meanwhile is an error.
async fn connect(url: &str) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(RESPONSE_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(1);
    ConnectionManager::new_with_config(Client::open(url)?, config).await
}
