//! A worker whose server or network does its worst: it lives, says each cause once, and loses nothing that it has not
//! acknowledged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use celeriac::{
    AsyncTask, Broker, BrokerOptions, Context, Map, Options, Outcome, Outgoing, PoolKind, RedisBroker, RedisResults,
    Registry, ResultBackend, ResultOptions, TaskId, TaskOptions, Value, Worker,
};
use docmill_testkit::{Proxy, Redis, RedisOptions, service};
use serde::Deserialize;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tracing::field::{Field, Visit};
use tracing::span;

/// Longer than any pause of the worker.
const LIMIT: Duration = Duration::from_secs(20);
const CONCURRENCY: usize = 2;
const MULTIPLIER: usize = 4;

#[derive(Deserialize)]
struct Nothing {}

/// Counts the runs of each task; waits for the gate if there is one.
#[derive(Clone, Default)]
struct Count {
    runs: Arc<Mutex<BTreeMap<String, usize>>>,
    gate: Option<Arc<Notify>>,
}

impl AsyncTask for Count {
    const NAME: &'static str = "count";
    const PARAMETERS: &'static [&'static str] = &[];
    type Args = Nothing;
    type Reply = u32;

    fn options(&self) -> TaskOptions {
        TaskOptions { acks_late: Some(true), ..TaskOptions::default() }
    }

    async fn run(&self, cx: Context, _: Nothing) -> Outcome<u32> {
        *self.runs.lock().unwrap().entry(cx.request().id().to_string()).or_default() += 1;
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        Ok(1)
    }
}

/// Keeps what is logged at `WARN` and above by this thread.
#[derive(Clone, Default, Debug)]
struct Said(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // What differs from one attempt to the next is not the cause.
        if !["attempts", "pause_ms"].contains(&field.name()) {
            let _ = write!(self.0, "{}={value:?} ", field.name());
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let _ = write!(self.0, "{}=", field.name());
        let mut error = Some(value);
        while let Some(cause) = error {
            let _ = write!(self.0, "{cause}: ");
            error = cause.source();
        }
    }
}

impl tracing::Subscriber for Said {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Scene {
    redis: Redis,
    count: Count,
    said: Said,
    ids: Vec<String>,
    prefix: String,
    stop: Option<oneshot::Sender<()>>,
    worker: JoinHandle<Result<(), celeriac::worker::Error>>,
    _log: tracing::subscriber::DefaultGuard,
}

impl Scene {
    /// A worker that reaches the server by this address.
    async fn start(redis: Redis, url: &str, count: Count, prefix: &str) -> Self {
        let said = Said::default();
        let log = tracing::subscriber::set_default(said.clone());
        let broker = BrokerOptions {
            visibility_timeout: Duration::from_secs(3),
            global_keyprefix: prefix.to_owned(),
            ..BrokerOptions::default()
        };
        let results = ResultOptions { global_keyprefix: prefix.to_owned(), ..ResultOptions::default() };
        let broker = RedisBroker::connect_with(url, broker).await.unwrap();
        let results = RedisResults::connect_with(url, results).await.unwrap();
        let mut registry = Registry::new();
        registry.async_task(count.clone());
        let options = Options {
            concurrency: CONCURRENCY,
            prefetch_multiplier: MULTIPLIER,
            pool: PoolKind::Async,
            ..Options::default()
        };
        let worker = Worker::new(options, registry, Arc::new(broker), Arc::new(results));
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = tokio::spawn(worker.run(async { drop(stopped.await) }));
        let prefix = prefix.to_owned();
        Self { redis, count, said, ids: Vec::new(), prefix, stop: Some(stop), worker, _log: log }
    }

    async fn publish(&mut self, count: usize) {
        let options = BrokerOptions { global_keyprefix: self.prefix.clone(), ..BrokerOptions::default() };
        let broker = RedisBroker::connect_with(&self.redis.url(), options).await.unwrap();
        let ids: Vec<String> = (0..count).map(|n| format!("task-{}", self.ids.len() + n)).collect();
        let messages: Vec<Outgoing> = ids
            .iter()
            .map(|id| Outgoing { queue: "celery".into(), ..Outgoing::new("count", id, Map::new()) })
            .collect();
        broker.publish(&messages).await.unwrap();
        self.ids.extend(ids);
    }

    async fn until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !reached(self) {
                assert!(!self.worker.is_finished(), "the worker has ended: {:?}", self.said);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(LIMIT, waiting).await;
        assert!(waited.is_ok(), "not within {LIMIT:?}: {what}; {:?} {:?}", self.said, self.count.runs);
    }

    fn runs(&self) -> usize {
        self.count.runs.lock().unwrap().len()
    }

    async fn has_run(&mut self, count: usize) {
        self.until("so many tasks have run", |scene| scene.runs() >= count).await;
    }

    fn said(&self, cause: &str) -> bool {
        self.said.0.lock().unwrap().iter().any(|line| line.contains(cause))
    }

    /// All that was published is done, once unless `again` allows more, nothing is left behind, and no cause was said
    /// twice.
    async fn ends_well(mut self, again: usize) {
        let published = self.ids.len();
        self.has_run(published).await;
        let options = ResultOptions { global_keyprefix: self.prefix.clone(), ..ResultOptions::default() };
        let results = RedisResults::connect_with(&self.redis.url(), options).await.unwrap();
        for id in &self.ids {
            let record = tokio::time::timeout(LIMIT, results.wait(&TaskId::from(id.as_str()))).await;
            let record = record.unwrap_or_else(|_| panic!("no result of {id}: {:?}", self.said)).unwrap();
            assert_eq!((record.status.as_str(), record.result), ("SUCCESS", Value::Int(1)), "{id}");
        }
        let marks = format!("{}unacked", self.prefix);
        self.until("all is acknowledged", |scene| scene.redis.ask(&["HLEN", &marks]).is_ok_and(|n| n == ":0\r\n"))
            .await;
        drop(self.stop.take());
        tokio::time::timeout(LIMIT, &mut self.worker).await.unwrap().unwrap().unwrap();
        let more: usize = self.count.runs.lock().unwrap().values().map(|runs| runs - 1).sum();
        assert!(more <= again, "{more} runs too many of {again} allowed: {:?}", self.count.runs);
        let mut said = self.said.0.lock().unwrap().clone();
        said.sort();
        let all = said.len();
        said.dedup();
        assert_eq!(said.len(), all, "said more than once: {:?}", self.said);
    }
}

fn gate() -> (Count, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    (Count { gate: Some(Arc::clone(&gate)), ..Count::default() }, gate)
}

async fn plain(options: RedisOptions, count: Count) -> Option<Scene> {
    let redis = service(Redis::start_with(options))?;
    let url = redis.url();
    Some(Scene::start(redis, &url, count, "").await)
}

/// A worker that reaches its server by way of a proxy, and gives up on silence after half a second.
async fn behind_proxy() -> Option<(Scene, Proxy)> {
    let redis = service(Redis::start())?;
    let proxy = Proxy::start(redis.port()).unwrap();
    let url = format!("{}?socket_timeout=0.5", redis.url_at(proxy.port()));
    Some((Scene::start(redis, &url, Count::default(), "").await, proxy))
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_again_gets_all_that_was_done_meanwhile() {
    let (count, gate) = gate();
    let durable = RedisOptions { durable: true, ..RedisOptions::default() };
    let Some(mut scene) = plain(durable, count).await else { return };
    scene.publish(20).await;
    scene.has_run(CONCURRENCY).await;
    scene.redis.kill();
    // What runs ends while nobody is there to hear of it.
    gate.notify_waiters();
    scene.until("the worker has noticed", |scene| scene.said("will try again")).await;
    scene.redis.restart().unwrap();
    while scene.runs() < 20 {
        gate.notify_waiters();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let open = tokio::spawn(async move {
        loop {
            gate.notify_waiters();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    // The lease of what was held may have run out while the server was away.
    scene.ends_well(CONCURRENCY * MULTIPLIER).await;
    open.abort();
}

#[tokio::test]
async fn a_server_that_is_still_loading_is_waited_for() {
    let slow = RedisOptions { durable: true, load_delay: Duration::from_micros(200), ..RedisOptions::default() };
    let Some(mut scene) = plain(slow, Count::default()).await else { return };
    scene.publish(1).await;
    scene.has_run(1).await;
    // While it loads, the server answers after every 1,024 keys.
    scene.redis.ask(&["EVAL", "for n = 1, 6000 do redis.call('SET', n, n) end", "0"]).unwrap();
    scene.redis.restart().unwrap();
    scene.until("the worker has heard of it", |scene| scene.said("LOADING")).await;
    scene.until("it is loaded", |scene| scene.redis.ask(&["GET", "none"]).is_ok_and(|nil| nil == "$-1\r\n")).await;
    scene.publish(5).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_server_that_was_flushed_serves_what_comes_after() {
    let (count, gate) = gate();
    let Some(mut scene) = plain(RedisOptions::default(), count).await else { return };
    scene.publish(2).await;
    scene.has_run(2).await;
    scene.redis.ask(&["FLUSHALL"]).unwrap();
    gate.notify_waiters();
    scene.publish(1).await;
    scene.has_run(3).await;
    gate.notify_waiters();
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_full_server_gets_its_results_when_there_is_room() {
    let Some(mut scene) = plain(RedisOptions::default(), Count::default()).await else { return };
    scene.publish(20).await;
    scene.redis.ask(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    scene.until("the worker has heard of it", |scene| scene.said("OOM")).await;
    scene.redis.ask(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_left_until_it_takes_writes() {
    let Some(mut scene) = plain(RedisOptions::default(), Count::default()).await else { return };
    scene.publish(1).await;
    scene.has_run(1).await;
    scene.redis.ask(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    scene.until("the worker has heard of it", |scene| scene.said("READONLY")).await;
    scene.redis.ask(&["REPLICAOF", "NO", "ONE"]).unwrap();
    scene.publish(5).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_queue_that_is_none_is_said_once_and_does_not_stop_the_worker() {
    let Some(mut scene) = plain(RedisOptions::default(), Count::default()).await else { return };
    scene.redis.ask(&["SET", "celery", "no list"]).unwrap();
    scene.until("the worker has seen it", |scene| scene.said("WRONGTYPE")).await;
    scene.redis.ask(&["DEL", "celery"]).unwrap();
    scene.publish(5).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn what_a_broken_answer_had_taken_is_found_again() {
    for after in [0, 1, 40, 200, 700] {
        let Some((mut scene, proxy)) = behind_proxy().await else { return };
        scene.publish(1).await;
        scene.has_run(1).await;
        proxy.break_answer("unacked_index", after);
        scene.publish(5).await;
        scene.until("the answer was broken off", |_| !proxy.is_armed()).await;
        scene.ends_well(0).await;
    }
}

#[tokio::test]
async fn connections_that_are_cut_are_made_again() {
    let Some((mut scene, proxy)) = behind_proxy().await else { return };
    for round in 1..=5 {
        scene.publish(10).await;
        scene.has_run(10 * round).await;
        proxy.cut();
    }
    // The cause comes back with each cut.
    scene.said.0.lock().unwrap().clear();
    scene.publish(1).await;
    scene.has_run(51).await;
    scene.said.0.lock().unwrap().clear();
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_connection_that_died_silently_is_noticed() {
    let Some((mut scene, proxy)) = behind_proxy().await else { return };
    scene.publish(1).await;
    scene.has_run(1).await;
    proxy.half_open();
    scene.publish(5).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_slow_network_only_takes_time() {
    let Some((mut scene, proxy)) = behind_proxy().await else { return };
    proxy.delay(Duration::from_millis(50));
    scene.publish(30).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn a_password_and_a_unix_socket_and_a_prefix_are_used() {
    let options = RedisOptions { password: Some("s3cret".into()), unix_socket: true, ..RedisOptions::default() };
    let Some(redis) = service(Redis::start_with(options)) else { return };
    let url = format!("redis+socket://{}?password=s3cret", redis.unix_socket().display());
    let mut scene = Scene::start(redis, &url, Count::default(), "mine-").await;
    scene.publish(5).await;
    scene.has_run(5).await;
    let keys = scene.redis.ask(&["KEYS", "*"]).unwrap();
    let foreign = keys.lines().filter(|line| !line.starts_with(['*', '$']) && !line.starts_with("mine-"));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new(), "{keys}");
    assert!(RedisBroker::connect(&format!("redis://:wrong@127.0.0.1:{}/0", scene.redis.port())).await.is_err());
    scene.ends_well(0).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn tls_is_spoken_and_a_certificate_of_nobody_refused() {
    let options = RedisOptions { tls: true, ..RedisOptions::default() };
    let Some(redis) = service(Redis::start_with(options)) else { return };
    let (url, certificate) = redis.tls_url();
    assert!(RedisBroker::connect(&url).await.is_err());
    let url = format!("{url}?ssl_ca_certs={}", certificate.display());
    let mut scene = Scene::start(redis, &url, Count::default(), "").await;
    scene.publish(5).await;
    scene.ends_well(0).await;
}

#[tokio::test]
async fn no_more_is_held_than_the_prefetch_limit_allows() {
    let (count, gate) = gate();
    let Some(mut scene) = plain(RedisOptions::default(), count).await else { return };
    scene.publish(100).await;
    let mut most = 0;
    while scene.runs() < 100 {
        let held = scene.redis.ask(&["HLEN", "unacked"]).unwrap();
        most = most.max(held.trim_matches([':', '\r', '\n']).parse::<usize>().unwrap());
        gate.notify_waiters();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    gate.notify_waiters();
    assert!((1..=CONCURRENCY * MULTIPLIER + CONCURRENCY).contains(&most), "{most}");
    scene.ends_well(0).await;
}
