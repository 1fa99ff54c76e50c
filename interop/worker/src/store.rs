//! The Redis that tasks write to by themselves, as those of the suite do.

use std::sync::Mutex;

use celeriac::Failure;
use redis::{Cmd, Connection, FromRedisValue, RedisError};

/// A connection that is made at the first use and anew when it broke. Each process of a pool has its own.
pub struct Store {
    url: Option<String>,
    connection: Mutex<Option<Connection>>,
}

impl Store {
    /// A store at an address; `None` fails each command.
    pub fn new(url: Option<String>) -> Self {
        Self { url, connection: Mutex::new(None) }
    }

    /// Where an environment variable says.
    pub fn from_variable(name: &str) -> Self {
        Self::new(std::env::var(name).ok())
    }

    /// Runs one command. A connection that broke meanwhile is made anew once: the command may have been run twice.
    pub fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut held = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(connection) = held.as_mut() {
            match command.query(connection) {
                Ok(value) => return Ok(value),
                Err(error) if !error.is_io_error() => return Err(failure(&error)),
                Err(_) => *held = None,
            }
        }
        let url = self.url.as_deref().ok_or_else(|| Failure::builtin("KeyError", "no Redis is named"))?;
        let client = redis::Client::open(url).map_err(|error| failure(&error))?;
        let mut connection = client.get_connection().map_err(|error| failure(&error))?;
        let value = command.query(&mut connection).map_err(|error| failure(&error))?;
        *held = Some(connection);
        Ok(value)
    }
}

fn failure(error: &RedisError) -> Failure {
    Failure::in_module("redis.exceptions", "RedisError", error.to_string())
}
