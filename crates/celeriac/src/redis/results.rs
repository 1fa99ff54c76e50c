//! Results where Celery looks for them.

use std::collections::BTreeSet;
use std::time::Duration;

use ::redis::aio::ConnectionManager;
use ::redis::{RedisError, pipe};
use async_trait::async_trait;
use celeriac_wire::{Record, Value, result};

use super::connect;
use crate::backend::{ChordState, Claim, Error, Part, ResultBackend, Watch};
use crate::context::TaskId;

/// Results on Redis or Valkey, written and announced as Celery does.
#[derive(Clone)]
pub struct RedisResults {
    connection: ConnectionManager,
    expires: Duration,
}

impl RedisResults {
    /// Connects to a server, as in `redis://:password@host:6379/0`. Results are kept for a day.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let connection = connect(url).await.map_err(failed("connect"))?;
        Ok(Self { connection, expires: Duration::from_secs(24 * 3600) })
    }

    /// Keeps results for `expires` instead; at least a second.
    #[must_use]
    pub fn expires(self, expires: Duration) -> Self {
        Self { expires: expires.max(Duration::from_secs(1)), ..self }
    }
}

fn failed(operation: &'static str) -> impl Fn(RedisError) -> Error {
    move |source| Error { operation, source: source.into() }
}

fn key(id: &str) -> String {
    format!("celery-task-meta-{id}")
}

#[async_trait]
impl ResultBackend for RedisResults {
    /// The announcement is not optional: a Python client waits for it and never looks at the key again.
    async fn store(&self, records: &[Record]) -> Result<(), Error> {
        let failed = failed("store results");
        let mut connection = self.connection.clone();
        if records.is_empty() {
            return Ok(());
        }
        let mut look = pipe();
        for record in records {
            look.get(key(&record.task_id));
        }
        let stored: Vec<Option<Vec<u8>>> = look.query_async(&mut connection).await.map_err(&failed)?;
        let is_success = |raw: &Option<Vec<u8>>| {
            raw.as_deref().and_then(|raw| Record::decode(raw).ok()).is_some_and(|r| r.status == result::SUCCESS)
        };
        let succeeded = records.iter().zip(&stored).filter(|(_, raw)| is_success(raw));
        let mut succeeded: BTreeSet<&str> = succeeded.map(|(record, _)| record.task_id.as_str()).collect();
        for record in records {
            if succeeded.contains(record.task_id.as_str()) {
                continue;
            }
            if record.status == result::SUCCESS {
                succeeded.insert(&record.task_id);
            }
            let (key, document) = (key(&record.task_id), record.encode());
            let mut write = pipe();
            write.atomic().set_ex(&key, &document, self.expires.as_secs()).ignore().publish(&key, &document).ignore();
            let () = write.query_async(&mut connection).await.map_err(&failed)?;
        }
        Ok(())
    }

    async fn get(&self, id: &TaskId) -> Result<Option<Record>, Error> {
        let mut look = pipe();
        look.get(key(id.as_str()));
        let (raw,): (Option<Vec<u8>>,) =
            look.query_async(&mut self.connection.clone()).await.map_err(failed("read a result"))?;
        let record = raw.map(|raw| Record::decode(&raw)).transpose();
        record.map_err(|e| Error { operation: "read a result", source: e.into() })
    }

    async fn forget(&self, id: &TaskId) -> Result<(), Error> {
        let mut del = pipe();
        del.del(key(id.as_str())).ignore();
        del.query_async(&mut self.connection.clone()).await.map_err(failed("forget a result"))
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<Record>>, Error> {
        let mut records = Vec::new();
        for id in ids {
            records.push(self.get(id).await?);
        }
        Ok(records)
    }

    async fn watch(&self, _: &[TaskId]) -> Result<Box<dyn Watch>, Error> {
        Err(Error { operation: "watch", source: "not on Redis yet".into() })
    }

    async fn save_group(&self, _: &str, _: &Value) -> Result<(), Error> {
        Err(Error { operation: "save_group", source: "not on Redis yet".into() })
    }

    async fn group(&self, _: &str) -> Result<Option<Value>, Error> {
        Err(Error { operation: "group", source: "not on Redis yet".into() })
    }

    async fn forget_group(&self, _: &str) -> Result<(), Error> {
        Err(Error { operation: "forget_group", source: "not on Redis yet".into() })
    }

    async fn chord_size(&self, _: &str, _: usize) -> Result<(), Error> {
        Err(Error { operation: "chord_size", source: "not on Redis yet".into() })
    }

    async fn chord_extend(&self, _: &str, _: usize) -> Result<(), Error> {
        Err(Error { operation: "chord_extend", source: "not on Redis yet".into() })
    }

    async fn chord_header(&self, _: &str, _: &Value) -> Result<(), Error> {
        Err(Error { operation: "chord_header", source: "not on Redis yet".into() })
    }

    async fn chord_part(&self, _: &Part) -> Result<ChordState, Error> {
        Err(Error { operation: "chord_part", source: "not on Redis yet".into() })
    }

    async fn chord_renew(&self, _: &Claim, _: Duration) -> Result<bool, Error> {
        Err(Error { operation: "chord_renew", source: "not on Redis yet".into() })
    }

    async fn chord_done(&self, _: &Claim) -> Result<(), Error> {
        Err(Error { operation: "chord_done", source: "not on Redis yet".into() })
    }

    async fn chord_failed(&self, _: &Claim) -> Result<(), Error> {
        Err(Error { operation: "chord_failed", source: "not on Redis yet".into() })
    }
}
