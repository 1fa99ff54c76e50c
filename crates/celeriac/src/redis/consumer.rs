//! Taking, settling and keeping messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::redis::aio::ConnectionManager;
use ::redis::{RedisError, Script, pipe};
use async_trait::async_trait;
use celeriac_wire::Value;
use celeriac_wire::envelope;
use tokio::task::JoinHandle;

use super::broker::failed;
use super::{UNACKED, UNACKED_INDEX, list};
use crate::broker::{Consumer, Delivery, Error, PRIORITY_STEPS, Queue, Settle, Tag, Turn};

/// Takes up to ARGV[1] messages from the lists KEYS[3..] in order and, in the same step, marks each as delivered at
/// ARGV[2]: kombu does the two one after the other and loses the message when it dies in between. ARGV[3..] are the
/// names of the lists' queues. The mark names the default exchange, so that whoever restores the message finds its
/// queue without a binding. What is no message is handed out unmarked: no peer could restore it. A message leaves its
/// list last, because a server that is out of memory refuses the mark in the middle of the script.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
        local taken = {}
        for i = 3, #KEYS do
            while #taken < tonumber(ARGV[1]) do
                local raw = redis.call('LINDEX', KEYS[i], -1)
                if not raw then break end
                local tag = ''
                local ok, message = pcall(cjson.decode, raw)
                if ok and type(message) == 'table' and type(message.properties) == 'table'
                        and type(message.properties.delivery_tag) == 'string' then
                    tag = message.properties.delivery_tag
                    redis.call('HSET', KEYS[1], tag, '[' .. raw .. ',"",' .. cjson.encode(ARGV[i]) .. ']')
                    redis.call('ZADD', KEYS[2], ARGV[2], tag)
                end
                redis.call('RPOP', KEYS[i])
                taken[#taken + 1] = {i - 3, tag, raw}
            end
        end
        return taken
        "#,
    )
});

/// Puts ARGV[2] into the list KEYS[3] in place of the delivered message ARGV[1], unless another has settled or
/// restored it, or it was delivered after ARGV[4]. ARGV[3] is the side: RPUSH is next, LPUSH is last.
static RESTORE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local since = redis.call('ZSCORE', KEYS[2], ARGV[1])
        if not since or tonumber(since) > tonumber(ARGV[4]) then return 0 end
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call(ARGV[3], KEYS[3], ARGV[2])
        return 1
        ",
    )
});

/// Takes the tag ARGV[1] out of the index if no message lies under it and it was marked before ARGV[2].
static DROP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local since = redis.call('ZSCORE', KEYS[2], ARGV[1])
        if not since or tonumber(since) > tonumber(ARGV[2]) then return 0 end
        if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
        return redis.call('ZREM', KEYS[2], ARGV[1])
        ",
    )
});

/// Pauses between two looks at empty queues. Redis can wait on several lists only by taking from one of them, and a
/// message that is taken and not marked is lost with the worker.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LAST_PAUSE: Duration = Duration::from_millis(50);

/// Messages whose consumer was silent for so long are taken from it: kombu's default.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(3600);
/// How many silent messages are looked at in one round: one that nobody can restore costs a round trip each time.
const LOOKED_AT_ONCE: usize = 100;

pub(super) struct RedisConsumer {
    connection: ConnectionManager,
    /// Each look begins with another queue.
    queues: VecDeque<String>,
    held: BTreeMap<Tag, Held>,
    /// How many silent messages, the oldest, the next round passes over: those that the last one had to leave.
    passed: usize,
    /// A look that is under way. It runs as a task of its own, because the server may have handed out messages when
    /// the caller loses its patience.
    taking: Option<JoinHandle<Result<Vec<Taken>, RedisError>>>,
    pause: Duration,
}

/// What it takes to put a message back.
struct Held {
    list: String,
    raw: Vec<u8>,
    /// Whether it lies in `unacked`. What does not is put back without asking whether another has it.
    marked: bool,
}

struct Taken {
    tag: Option<String>,
    queue: String,
    list: String,
    raw: Vec<u8>,
}

impl RedisConsumer {
    pub(super) fn new(connection: ConnectionManager, queues: Vec<String>) -> Self {
        Self { connection, queues: queues.into(), held: BTreeMap::new(), passed: 0, taking: None, pause: FIRST_PAUSE }
    }

    async fn settle(&mut self, settled: &[(Tag, Settle)]) -> Result<(), Error> {
        let failed = failed("settle messages");
        let dropped =
            settled.iter().filter(|(_, settle)| matches!(settle, Settle::Ack | Settle::Reject { requeue: false }));
        let dropped: Vec<&str> = dropped.map(|(tag, _)| tag.0.as_str()).collect();
        if !dropped.is_empty() {
            let mut pipe = pipe();
            pipe.atomic().zrem(UNACKED_INDEX, &dropped).ignore().hdel(UNACKED, &dropped).ignore();
            let () = pipe.query_async(&mut self.connection).await.map_err(&failed)?;
        }
        for (tag, settle) in settled {
            let side = match settle {
                Settle::Ack | Settle::Reject { requeue: false } => None,
                Settle::Reject { requeue: true } => Some("LPUSH"),
                Settle::Return => Some("RPUSH"),
            };
            if let (Some(side), Some(held)) = (side, self.held.get(tag)) {
                let raw = envelope::redelivered(&held.raw);
                if held.marked {
                    let before = f64::INFINITY;
                    restore(&mut self.connection, &tag.0, &held.list, &raw, side, before).await.map_err(&failed)?;
                } else {
                    let mut push = pipe();
                    push.cmd(side).arg(&held.list).arg(&raw).ignore();
                    let () = push.query_async(&mut self.connection).await.map_err(&failed)?;
                }
            }
            self.held.remove(tag);
        }
        Ok(())
    }

    fn hold(&mut self, taken: Vec<Taken>) -> Vec<Delivery> {
        let deliveries = taken.into_iter().map(|Taken { tag, queue, list, raw }| {
            let message = envelope::decode(&raw);
            let marked = tag.is_some();
            // Without a tag of its own nothing is marked: any name serves until it is settled.
            let tag = Tag(tag.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()));
            self.held.insert(tag.clone(), Held { list, raw, marked });
            Delivery { tag, queue, message }
        });
        deliveries.collect()
    }

    /// Gives back messages that nobody has renewed for the visibility timeout, and forgets marks without a message.
    async fn restore_silent(&mut self) -> Result<(), RedisError> {
        let bound = unix_now() - VISIBILITY_TIMEOUT.as_secs_f64();
        let mut look = pipe();
        let silent = look.cmd("ZRANGEBYSCORE").arg(UNACKED_INDEX).arg("-inf").arg(bound);
        silent.arg("LIMIT").arg(self.passed).arg(LOOKED_AT_ONCE);
        let (tags,): (Vec<String>,) = look.query_async(&mut self.connection).await?;
        let is_last = tags.len() < LOOKED_AT_ONCE;
        let mut left = 0;
        for tag in tags {
            let mut get = pipe();
            let (entry,): (Option<Vec<u8>>,) = get.hget(UNACKED, &tag).query_async(&mut self.connection).await?;
            let Some(entry) = entry else {
                let mut call = DROP.prepare_invoke();
                call.key(UNACKED).key(UNACKED_INDEX).arg(&tag).arg(bound);
                let () = call.invoke_async(&mut self.connection).await?;
                continue;
            };
            match home(&entry) {
                Some((list, raw)) => restore(&mut self.connection, &tag, &list, &raw, "RPUSH", bound).await?,
                None => {
                    tracing::warn!(tag, "cannot restore a message without a queue");
                    left += 1;
                }
            }
        }
        self.passed = if is_last { 0 } else { self.passed + left };
        Ok(())
    }
}

/// The list that an entry of `unacked` came from, and its envelope, marked. Entries of named exchanges are left to
/// the Python peers that know how to route them, unless the exchange is that of its own queue.
fn home(entry: &[u8]) -> Option<(String, Vec<u8>)> {
    let Value::Array(parts) = celeriac_wire::json::read(entry).ok()? else { return None };
    let [raw, Value::String(exchange), Value::String(queue)] = <[Value; 3]>::try_from(parts).ok()? else { return None };
    if !exchange.is_empty() && exchange != queue {
        return None;
    }
    let priority = raw.get("properties")?.get("priority").and_then(Value::as_i64).unwrap_or(0);
    let step = crate::broker::step(u8::try_from(priority).unwrap_or(u8::MAX));
    Some((list(&queue, step), envelope::redelivered(raw.to_string().as_bytes())))
}

async fn take(mut connection: ConnectionManager, queues: Vec<String>, credit: usize) -> Result<Vec<Taken>, RedisError> {
    // The most urgent step of every queue comes before the next step of any.
    let places: Vec<(usize, &String)> =
        (0..PRIORITY_STEPS.len()).flat_map(|step| queues.iter().map(move |queue| (step, queue))).collect();
    let mut call = TAKE.prepare_invoke();
    call.key(UNACKED).key(UNACKED_INDEX).arg(credit).arg(unix_now());
    for (step, queue) in &places {
        call.key(list(queue, *step)).arg(queue);
    }
    let taken: Vec<(usize, String, Vec<u8>)> = call.invoke_async(&mut connection).await?;
    let taken = taken.into_iter().filter_map(|(place, tag, raw)| {
        let (step, queue) = *places.get(place)?;
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        Some(Taken { tag, queue: queue.clone(), list: list(queue, step), raw })
    });
    Ok(taken.collect())
}

async fn restore(
    connection: &mut ConnectionManager,
    tag: &str,
    list: &str,
    raw: &[u8],
    side: &str,
    delivered_before: f64,
) -> Result<(), RedisError> {
    let mut call = RESTORE.prepare_invoke();
    call.key(UNACKED).key(UNACKED_INDEX).key(list).arg(tag).arg(raw).arg(side).arg(delivered_before);
    call.invoke_async(connection).await
}

/// Kombu's unit for times of delivery.
fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn turn(&mut self, turn: Turn<'_>) -> Result<Vec<Delivery>, Error> {
        self.settle(turn.settle).await?;
        if self.taking.is_none() {
            if turn.take == 0 {
                return Ok(Vec::new());
            }
            let queues = self.queues.iter().cloned().collect();
            self.taking = Some(tokio::spawn(take(self.connection.clone(), queues, turn.take)));
            self.queues.rotate_left(usize::from(!self.queues.is_empty()));
        }
        let Some(taking) = &mut self.taking else { return Ok(Vec::new()) };
        let taken = taking.await;
        self.taking = None;
        let taken = taken.map_err(|e| Error { operation: "take messages", source: e.into() })?;
        let taken = taken.map_err(failed("take messages"))?;
        self.pause = if taken.is_empty() { (self.pause * 2).min(LAST_PAUSE) } else { FIRST_PAUSE };
        Ok(self.hold(taken))
    }

    async fn ready(&mut self) -> Result<(), Error> {
        tokio::time::sleep(self.pause).await;
        Ok(())
    }

    fn renewal(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn add_queue(&mut self, queue: Queue) -> Result<(), Error> {
        self.queues.push_back(queue.name);
        Ok(())
    }

    async fn cancel_queue(&mut self, name: &str) -> Result<(), Error> {
        self.queues.retain(|queue| queue != name);
        Ok(())
    }

    /// Renews what is held and gives back what others hold and do not renew.
    async fn renew(&mut self, held: &[Tag]) -> Result<(), Error> {
        let failed = failed("renew messages");
        if !held.is_empty() {
            let now = unix_now();
            let mut pipe = pipe();
            let zadd = pipe.cmd("ZADD").arg(UNACKED_INDEX).arg("XX");
            for tag in held {
                zadd.arg(now).arg(&tag.0);
            }
            let () = zadd.ignore().query_async(&mut self.connection).await.map_err(&failed)?;
        }
        self.restore_silent().await.map_err(&failed)
    }
}
