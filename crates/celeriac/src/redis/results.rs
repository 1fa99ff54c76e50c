//! Results where Celery looks for them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use celeriac_wire::{Record, Value, compression, json, result, value};

use super::link::Error as Failed;
use super::resp::{Pipe, Reply};
use super::script::STORE;
use super::server::Server;
use super::shared::Shared;
use super::watch::{Notices, RedisWatch};
use super::{ResultOptions, chord, link};
use crate::backend::{ChordState, Claim, Error, Part, ResultBackend, Watch};
use crate::context::TaskId;
use crate::settings::MAX_BODY_BYTES;

/// Records that one call of the script stores: Lua takes no more than some thousands of arguments.
const TOGETHER: usize = 500;

/// Results on Redis or Valkey, written and announced as Celery does. Clones share the connection.
#[derive(Clone)]
pub struct RedisResults {
    pub(super) shared: Shared,
    pub(super) options: Arc<ResultOptions>,
    pub(super) prefix: Arc<str>,
    notices: Notices,
}

impl RedisResults {
    /// Connects to a server, as in `redis://:password@host:6379/0`, with Celery's default options: results are kept
    /// for a day.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_with(url, ResultOptions::default()).await
    }

    /// Connects with options that differ from Celery's defaults.
    pub async fn connect_with(url: &str, options: ResultOptions) -> Result<Self, Error> {
        let server = Server::parse(url).map_err(|e| Error { operation: "connect", source: e.into() })?;
        let server = Arc::new(server.named(options.client_name.as_deref()));
        let prefix = &options.global_keyprefix;
        let joint = if prefix.is_empty() || prefix.ends_with([':', '_', '-', '.']) { "" } else { "_" };
        let prefix = format!("{prefix}{joint}").into();
        let shared = Shared::connect(Arc::clone(&server)).await.map_err(failed("connect"))?;
        Ok(Self { shared, options: Arc::new(options), prefix, notices: Notices::new(server) })
    }

    /// Keeps results for `expires` instead; at least a second.
    #[must_use]
    pub fn expires(mut self, expires: Duration) -> Self {
        let expires = Some(expires.max(Duration::from_secs(1)));
        Arc::make_mut(&mut self.options).result_expires = expires;
        self
    }

    pub(super) fn key(&self, id: &str) -> String {
        format!("{}celery-task-meta-{id}", self.prefix)
    }

    /// The key of a group, or with a suffix one of its chord.
    pub(super) fn group_key(&self, group: &str, suffix: &str) -> String {
        format!("{}celery-taskset-meta-{group}{suffix}", self.prefix)
    }

    /// How long what a chord keeps lives.
    pub(super) fn chord_expires(&self) -> Option<Duration> {
        self.options.result_chord_expires.unwrap_or(self.options.result_expires)
    }

    fn life(&self, record: &Record) -> u64 {
        match self.options.result_failure_expires {
            Some(expires) if record.status == result::FAILURE => seconds(expires),
            _ => seconds(self.options.result_expires),
        }
    }

    /// Writes a document that is not announced.
    pub(super) async fn put(&self, key: &str, document: &str, life: Option<Duration>) -> Result<(), Failed> {
        let mut pipe = Pipe::default();
        set(&mut pipe, key, document, life);
        self.shared.call(pipe).await.map(drop)
    }
}

/// Whole seconds; 0 is for ever, as Celery has it.
pub(super) fn seconds(life: Option<Duration>) -> u64 {
    life.map_or(0, |life| life.as_secs())
}

pub(super) fn set(pipe: &mut Pipe, key: &str, document: impl AsRef<[u8]>, life: Option<Duration>) {
    let command = pipe.cmd("SET").arg(key).arg(document);
    match seconds(life) {
        0 => drop(command),
        seconds => drop(command.arg("EX").num(seconds)),
    }
}

pub(super) fn failed(operation: &'static str) -> impl Fn(link::Error) -> Error {
    move |source| Error { operation, source: source.into() }
}

/// The document in what is stored: Celery 5.7 compresses it where `result_compression` says so.
pub(super) fn document(stored: Bytes) -> Result<Bytes, compression::Error> {
    // All documents are JSON, which begins with no zero.
    if stored.first() != Some(&0) {
        return Ok(stored);
    }
    compression::unpack_result(stored.to_vec(), MAX_BODY_BYTES).map(Bytes::from)
}

fn read(answer: Reply) -> Result<Option<Record>, Error> {
    let unreadable = |source| Error { operation: "read a result", source };
    let Some(stored) = answer.bytes() else { return Ok(None) };
    let document = document(stored).map_err(|e| unreadable(e.into()))?;
    Record::decode(&document).map(Some).map_err(|e| unreadable(e.into()))
}

#[async_trait]
impl ResultBackend for RedisResults {
    /// The announcement is not optional: a Python client waits for it and never looks at the key again.
    async fn store(&self, records: &[Record]) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        for records in records.chunks(TOGETHER) {
            let command = pipe.cmd("EVALSHA").arg(&STORE.sha).num(records.len());
            let command = command.args(records.iter().map(|record| self.key(&record.task_id)));
            drop(records.iter().fold(command, |command, record| command.arg(record.encode()).num(self.life(record))));
        }
        self.shared.call(pipe).await.map(drop).map_err(failed("store results"))
    }

    async fn get(&self, id: &TaskId) -> Result<Option<Record>, Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("GET").arg(self.key(id.as_str())));
        let answer = self.shared.call(pipe).await.map_err(failed("read a result"))?.pop();
        read(answer.unwrap_or(Reply::Nil))
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<Record>>, Error> {
        let mut pipe = Pipe::default();
        for ids in ids.chunks(TOGETHER) {
            drop(pipe.cmd("MGET").args(ids.iter().map(|id| self.key(id.as_str()))));
        }
        let answers = self.shared.call(pipe).await.map_err(failed("read results"))?;
        answers.into_iter().filter_map(Reply::list).flatten().map(read).collect()
    }

    async fn forget(&self, id: &TaskId) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("DEL").arg(self.key(id.as_str())));
        self.shared.call(pipe).await.map(drop).map_err(failed("forget a result"))
    }

    async fn watch(&self, ids: &[TaskId]) -> Result<Box<dyn Watch>, Error> {
        let keys = ids.iter().map(|id| self.key(id.as_str())).collect();
        // Subscribed before looking: what is stored in between comes twice, not never.
        let notices = self.notices.subscribe(keys).await.map_err(failed("watch results"))?;
        let found = self.get_many(ids).await?;
        Ok(Box::new(RedisWatch::new(found.into_iter().flatten(), notices)))
    }

    async fn save_group(&self, group: &str, result: &Value) -> Result<(), Error> {
        let document = json::write(&value::object([("result", result.clone())]));
        let saved = self.put(&self.group_key(group, ""), &document, self.options.result_expires).await;
        saved.map_err(failed("save a group"))
    }

    async fn group(&self, group: &str) -> Result<Option<Value>, Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("GET").arg(self.group_key(group, "")));
        let answer = self.shared.call(pipe).await.map_err(failed("read a group"))?.pop();
        let Some(raw) = answer.and_then(Reply::bytes) else { return Ok(None) };
        let unreadable = |source| Error { operation: "read a group", source };
        let raw = document(raw).map_err(|e| unreadable(e.into()))?;
        let document = json::read(&raw).map_err(|e| unreadable(e.into()))?;
        Ok(document.get("result").cloned())
    }

    async fn forget_group(&self, group: &str) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("DEL").arg(self.group_key(group, "")));
        self.shared.call(pipe).await.map(drop).map_err(failed("forget a group"))
    }

    async fn chord_size(&self, group: &str, size: usize) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("DEL").arg(self.group_key(group, ".c")));
        set(&mut pipe, &self.group_key(group, ".s"), size.to_string(), self.chord_expires());
        self.shared.call(pipe).await.map(drop).map_err(failed("set the size of a chord"))
    }

    async fn chord_extend(&self, group: &str, parts: usize) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("INCRBY").arg(self.group_key(group, ".t")).num(parts));
        self.shared.call(pipe).await.map(drop).map_err(failed("extend a chord"))
    }

    async fn chord_header(&self, group: &str, result: &Value) -> Result<(), Error> {
        let document = json::write(&value::object([("result", result.clone())]));
        let saved = self.put(&self.group_key(group, ""), &document, self.chord_expires()).await;
        saved.map_err(failed("save the header of a chord"))
    }

    async fn chord_part(&self, part: &Part) -> Result<ChordState, Error> {
        chord::part(self, part).await
    }

    async fn chord_renew(&self, claim: &Claim, time: Duration) -> Result<bool, Error> {
        chord::renew(self, claim, time).await.map_err(failed("renew the claim of a chord"))
    }

    async fn chord_done(&self, claim: &Claim) -> Result<(), Error> {
        chord::done(self, claim).await.map_err(failed("end a chord"))
    }

    async fn chord_failed(&self, claim: &Claim) -> Result<(), Error> {
        let mut pipe = Pipe::default();
        drop(pipe.cmd("DEL").arg(self.group_key(&claim.group, ".s")));
        self.shared.call(pipe).await.map(drop).map_err(failed("end a chord"))
    }
}
