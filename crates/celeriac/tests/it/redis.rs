//! What only Redis can get wrong.

use std::time::Duration;

use ::redis::AsyncCommands;
use celeriac::Map;
use celeriac::{
    Broker, BrokerOptions, Consumer, ConsumerOptions, ExchangeKind, FanoutOptions, Outgoing, Queue, RedisBroker,
    RedisResults, ResultOptions, Settle, Subscription, Tag, Turn,
};
use docmill_testkit::{Redis, service};

use crate::broker::{next, settle};
use crate::{broker, results};

struct Scene {
    redis: Redis,
    broker: RedisBroker,
    raw: ::redis::aio::MultiplexedConnection,
}

async fn scene() -> Option<Scene> {
    let redis = service(Redis::start())?;
    // Each renewal looks for silent messages.
    let options = BrokerOptions { unacked_restore_interval: Duration::ZERO, ..BrokerOptions::default() };
    let broker = RedisBroker::connect_with(&redis.url(), options).await.unwrap();
    let client = ::redis::Client::open(redis.url()).unwrap();
    let raw = client.get_multiplexed_async_connection().await.unwrap();
    Some(Scene { redis, broker, raw })
}

impl Scene {
    async fn consumer(&self) -> Box<dyn Consumer> {
        self.broker.consume(ConsumerOptions { queues: vec!["q".into()] }).await.unwrap()
    }

    async fn publish(&self, id: &str) {
        self.broker.publish(&[outgoing(id)]).await.unwrap();
    }

    async fn unacked(&mut self) -> (usize, usize) {
        (self.raw.hlen("unacked").await.unwrap(), self.raw.zcard("unacked_index").await.unwrap())
    }

    /// Makes a message look as if its consumer had been silent for two hours.
    async fn silence(&mut self, tag: &Tag) {
        let () = ::redis::cmd("ZINCRBY")
            .arg("unacked_index")
            .arg(-7200)
            .arg(&tag.0)
            .query_async(&mut self.raw)
            .await
            .unwrap();
    }
}

fn outgoing(id: &str) -> Outgoing {
    Outgoing { queue: "q".into(), ..Outgoing::new("t", id, Map::new()) }
}

#[tokio::test]
async fn redis_keeps_the_promises_and_leaves_nothing_behind() {
    let Some(mut scene) = scene().await else { return };
    broker::conforms(&scene.broker).await;
    assert_eq!(scene.unacked().await, (0, 0));
    let backend = RedisResults::connect(&scene.redis.url()).await.unwrap();
    results::conforms(&backend).await;
}

#[tokio::test]
async fn a_flush_changes_the_epoch() {
    let Some(mut scene) = scene().await else { return };
    let before = scene.broker.epoch().await.unwrap();
    let () = scene.raw.flushdb().await.unwrap();
    assert_ne!(scene.broker.epoch().await.unwrap(), before);
}

#[tokio::test]
async fn results_expire() {
    let Some(mut scene) = scene().await else { return };
    let backend = RedisResults::connect(&scene.redis.url()).await.unwrap();
    for (id, backend, seconds) in [("a", backend.clone(), 86_400), ("b", backend.expires(Duration::ZERO), 1)] {
        let record = celeriac::Record::new(id, "STARTED", celeriac::Value::Null);
        celeriac::ResultBackend::store(&backend, &[record]).await.unwrap();
        let ttl: i64 = scene.raw.ttl(format!("celery-task-meta-{id}")).await.unwrap();
        assert!((seconds - 2..=seconds).contains(&ttl), "{id}: {ttl}");
    }
}

#[tokio::test]
async fn a_silent_consumer_loses_its_messages_and_a_renewing_one_does_not() {
    let Some(mut scene) = scene().await else { return };
    let mut first = scene.consumer().await;
    let mut other = scene.consumer().await;
    scene.publish("a").await;
    scene.publish("b").await;
    let taken = next(&mut *first, 2).await;
    assert_eq!(scene.unacked().await, (2, 2));
    other.renew(&[]).await.unwrap();
    assert_eq!(scene.unacked().await, (2, 2));
    for delivery in &taken {
        scene.silence(&delivery.tag).await;
    }
    first.renew(&[taken[0].tag.clone()]).await.unwrap();
    let restored = next(&mut *other, 2).await;
    let message = restored[0].message.as_ref().unwrap();
    assert_eq!((restored.len(), message.headers.id.as_str()), (1, "b"));
    assert!(message.properties.delivery_info.redelivered);
    // What was taken away cannot be renewed into being: only members are touched.
    let gone = Tag("gone".into());
    first.renew(&[gone]).await.unwrap();
    assert_eq!(scene.unacked().await, (2, 2));
}

#[tokio::test]
async fn messages_that_nobody_can_restore_do_not_hide_the_others() {
    let Some(mut scene) = scene().await else { return };
    let mut consumer = scene.consumer().await;
    scene.publish("a").await;
    let taken = next(&mut *consumer, 1).await;
    scene.silence(&taken[0].tag).await;
    // Older than the message: a round's worth of foreign ones, and a mark under which nothing lies.
    for n in 0..100 {
        let () = scene.raw.hset("unacked", n, r#"[{"properties": {}}, "a named exchange", "q"]"#).await.unwrap();
        let () = scene.raw.zadd("unacked_index", n, n).await.unwrap();
    }
    let () = scene.raw.zadd("unacked_index", "orphan", 100).await.unwrap();
    consumer.renew(&[]).await.unwrap();
    assert_eq!(scene.unacked().await, (101, 102));
    consumer.renew(&[]).await.unwrap();
    assert_eq!(scene.unacked().await, (100, 100));
    assert_eq!(scene.broker.depth(&["q".to_owned()]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_message_without_a_tag_is_given_back_too() {
    let Some(mut scene) = scene().await else { return };
    let text = r#"{"headers": {"task": "t", "id": "a"}, "properties": {}}"#;
    let mut consumer = scene.consumer().await;
    for how in [Settle::Return, Settle::Reject { requeue: true }] {
        let () = scene.raw.lpush("q", text).await.unwrap();
        let taken = next(&mut *consumer, 1).await;
        let settled = [(taken[0].tag.clone(), how)];
        settle(&mut *consumer, &settled).await;
        settle(&mut *consumer, &settled).await;
        assert_eq!(scene.raw.llen("q").await, Ok(1), "{how:?}");
        let () = scene.raw.del("q").await.unwrap();
    }
}

#[tokio::test]
async fn junk_in_a_queue_is_delivered_as_such_and_can_be_dropped() {
    let Some(mut scene) = scene().await else { return };
    let junk = ["", "no json", "5", "[]", "{}", r#"{"properties": {"delivery_tag": 5}}"#, "{\"properties\": \"x\"}"];
    for text in junk {
        let () = scene.raw.lpush("q", text).await.unwrap();
    }
    let () = scene.raw.lpush("q", r#"{"headers": {}, "properties": {"delivery_tag": "tagged"}}"#).await.unwrap();
    let mut consumer = scene.consumer().await;
    let taken = next(&mut *consumer, 20).await;
    assert_eq!(taken.len(), junk.len() + 1);
    assert!(taken.iter().all(|delivery| delivery.message.is_err()));
    assert_eq!(scene.unacked().await, (1, 1));
    let settled: Vec<_> = taken.into_iter().map(|delivery| (delivery.tag, Settle::Reject { requeue: false })).collect();
    settle(&mut *consumer, &settled).await;
    assert_eq!(scene.unacked().await, (0, 0));
}

#[tokio::test]
async fn a_server_without_memory_keeps_its_messages() {
    let Some(mut scene) = scene().await else { return };
    scene.publish("a").await;
    let mut consumer = scene.consumer().await;
    let set = async |raw: &mut ::redis::aio::MultiplexedConnection, bytes: usize| {
        let () = ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query_async(raw).await.unwrap();
    };
    set(&mut scene.raw, 1).await;
    assert!(scene.broker.publish(&[outgoing("b")]).await.is_err());
    // Taking frees as much as it needs: the message is marked before the server thinks of refusing.
    let taken = next(&mut *consumer, 1).await;
    assert_eq!((taken.len(), scene.unacked().await), (1, (1, 1)));
    settle(&mut *consumer, &[(taken[0].tag.clone(), Settle::Ack)]).await;
    assert_eq!(scene.unacked().await, (0, 0));
    set(&mut scene.raw, 0).await;
    scene.publish("b").await;
    assert_eq!(next(&mut *consumer, 1).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_marked_goes_back() {
    let Some(mut scene) = scene().await else { return };
    scene.publish("a").await;
    scene.publish("b").await;
    let () = scene.raw.set("unacked", "not a hash").await.unwrap();
    let mut consumer = scene.consumer().await;
    assert!(consumer.turn(Turn { take: 2, ..Turn::default() }).await.unwrap().is_empty());
    let () = scene.raw.del("unacked").await.unwrap();
    let () = scene.raw.set("unacked_index", "not a set").await.unwrap();
    assert!(consumer.turn(Turn { take: 2, ..Turn::default() }).await.unwrap().is_empty());
    assert_eq!(scene.raw.hlen("unacked").await, Ok(0));
    let () = scene.raw.del("unacked_index").await.unwrap();
    let taken = next(&mut *consumer, 2).await;
    let ids: Vec<_> = taken.iter().map(|delivery| delivery.message.as_ref().unwrap().headers.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn a_message_of_a_named_exchange_finds_its_queues() {
    let Some(mut scene) = scene().await else { return };
    let bound = |name: &str, routing_key: &str, kind| {
        let [exchange, routing_key] = ["ex".to_owned(), routing_key.to_owned()];
        Queue { exchange, routing_key, kind, ..Queue::from(name) }
    };
    let queues = vec![bound("direct", "a.b", ExchangeKind::Direct), bound("topic", "a.#", ExchangeKind::Topic)];
    let mut consumer = scene.broker.consume(ConsumerOptions { queues }).await.unwrap();
    let sent = Outgoing { exchange: "ex".into(), routing_key: "a.b".into(), ..outgoing("x") };
    scene.broker.publish(&[sent.clone(), Outgoing { routing_key: "none".into(), ..sent }]).await.unwrap();
    let mut taken = next(&mut *consumer, 5).await;
    taken.sort_by(|a, b| a.queue.cmp(&b.queue));
    assert_eq!(taken.iter().map(|delivery| delivery.queue.as_str()).collect::<Vec<_>>(), ["direct", "topic"]);
    for delivery in &taken {
        scene.silence(&delivery.tag).await;
    }
    // As a Python peer marks it.
    let raw: Vec<u8> = scene.raw.hget("unacked", &taken[0].tag.0).await.unwrap();
    let text = String::from_utf8(raw).unwrap().replace(r#","","direct"]"#, r#","ex","a.b"]"#);
    let () = scene.raw.del("unacked_index").await.unwrap();
    let () = scene.raw.hset("unacked", "peer", text).await.unwrap();
    let () = scene.raw.zadd("unacked_index", "peer", 5).await.unwrap();
    consumer.renew(&[]).await.unwrap();
    assert_eq!(scene.broker.depth(&["direct".to_owned(), "topic".to_owned()]).await.unwrap(), 2);
}

#[tokio::test]
async fn the_sweep_of_a_peer_is_not_disturbed() {
    let Some(mut scene) = scene().await else { return };
    let mut consumer = scene.consumer().await;
    scene.publish("a").await;
    let taken = next(&mut *consumer, 1).await;
    scene.silence(&taken[0].tag).await;
    let () = scene.raw.set("unacked_mutex", "a peer").await.unwrap();
    consumer.renew(&[]).await.unwrap();
    assert_eq!(scene.unacked().await, (1, 1));
    let () = scene.raw.del("unacked_mutex").await.unwrap();
    consumer.renew(&[]).await.unwrap();
    assert_eq!(scene.unacked().await, (0, 0));
    assert_eq!(scene.raw.exists("unacked_mutex").await, Ok(false));
}

#[tokio::test]
async fn an_idle_consumer_asks_nothing_and_hears_at_once() {
    let Some(scene) = scene().await else { return };
    let mut consumer = scene.consumer().await;
    assert!(consumer.turn(Turn { take: 1, ..Turn::default() }).await.unwrap().is_empty());
    for id in ["a", "b", "c"] {
        // Nothing has arrived: the wait does not end.
        let idle = tokio::time::timeout(Duration::from_millis(50), consumer.ready()).await;
        assert!(idle.is_err());
        scene.publish(id).await;
        tokio::time::timeout(Duration::from_secs(5), consumer.ready()).await.unwrap().unwrap();
        let taken = consumer.turn(Turn { take: 2, ..Turn::default() }).await.unwrap();
        assert_eq!(taken.len(), 1);
        settle(&mut *consumer, &[(taken[0].tag.clone(), Settle::Ack)]).await;
        assert!(consumer.turn(Turn { take: 1, ..Turn::default() }).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_prefix_stands_before_every_name() {
    let Some(mut scene) = scene().await else { return };
    let options = BrokerOptions { global_keyprefix: "p:".into(), ..BrokerOptions::default() };
    let broker = RedisBroker::connect_with(&scene.redis.url(), options).await.unwrap();
    broker::conforms(&broker).await;
    broker.publish(&[outgoing("a")]).await.unwrap();
    let mut consumer = broker.consume(ConsumerOptions { queues: vec!["q".into()] }).await.unwrap();
    let taken = next(&mut *consumer, 1).await;
    consumer.renew(&[taken[0].tag.clone()]).await.unwrap();
    let options = ResultOptions { global_keyprefix: "r".into(), ..ResultOptions::default() };
    let backend = RedisResults::connect_with(&scene.redis.url(), options).await.unwrap();
    results::conforms(&backend).await;
    let keys: Vec<String> = scene.raw.keys("*").await.unwrap();
    assert!(keys.iter().all(|key| key.starts_with("p:") || key.starts_with("r_celery-task")), "{keys:?}");
}

#[tokio::test]
async fn a_forgotten_script_is_taught_again() {
    let Some(mut scene) = scene().await else { return };
    let mut consumer = scene.consumer().await;
    for id in ["a", "b"] {
        scene.publish(id).await;
        let () = ::redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut scene.raw).await.unwrap();
        assert_eq!(next(&mut *consumer, 1).await.len(), 1);
    }
}

#[tokio::test]
async fn bindings_are_written_as_kombu_reads_them_and_taken_back() {
    let Some(mut scene) = scene().await else { return };
    let bound = Queue { exchange: "ex".into(), routing_key: "a".into(), ..Queue::from("q") };
    let dying = Queue { expires: Some(Duration::from_secs(60)), ..bound.clone() };
    let dying = Queue { name: "dying".into(), ..dying };
    let consumer = scene.broker.consume(ConsumerOptions { queues: vec![bound, dying] }).await.unwrap();
    let mut members: Vec<String> = scene.raw.smembers("_kombu.binding.ex").await.unwrap();
    members.sort();
    assert_eq!(members, ["a\u{6}\u{16}\u{6}\u{16}dying", "a\u{6}\u{16}\u{6}\u{16}q"]);
    // What may go is told from what stays, and the table from one that may go.
    let permanent: Vec<String> = scene.raw.smembers("_kombu.binding_permanent.ex").await.unwrap();
    assert_eq!(permanent, ["a\u{6}\u{16}\u{6}\u{16}q"]);
    drop(consumer);

    let inbox = Subscription {
        exchange: "reply.celery.pidbox".into(),
        routing_key: "oid".into(),
        queue: "oid.reply.celery.pidbox".into(),
        expires: Duration::from_secs(10),
    };
    let options = FanoutOptions { inbox: Some(inbox), ..FanoutOptions::default() };
    let mut listener = scene.broker.fanout(options).await.unwrap();
    let table = "_kombu.binding.reply.celery.pidbox";
    let members: Vec<String> = scene.raw.smembers(table).await.unwrap();
    assert_eq!(members, ["oid\u{6}\u{16}\u{6}\u{16}oid.reply.celery.pidbox"]);
    // In milliseconds. Twice the life of the listener would be too short for a peer that is busy: kombu gives an hour.
    let deadline: f64 = scene.raw.zscore("_kombu.binding_deadlines", "reply.celery.pidbox").await.unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let life = deadline / 1000.0 - now;
    assert!((3000.0..=3700.0).contains(&life), "{life}");
    listener.close().await.unwrap();
    assert_eq!(scene.raw.exists(table).await, Ok(false));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It lets everybody in and never says a word.
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let begun = std::time::Instant::now();
    let refused = RedisBroker::connect(&format!("redis://{address}/0?socket_timeout=0.1")).await;
    assert!(refused.is_err() && begun.elapsed() < Duration::from_secs(5));
    silent.abort();
}

#[tokio::test]
async fn a_connection_that_was_closed_is_made_anew() {
    let Some(mut scene) = scene().await else { return };
    let mut consumer = scene.consumer().await;
    scene.publish("a").await;
    let taken = next(&mut *consumer, 1).await;
    let () = ::redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes")
        .query_async(&mut scene.raw)
        .await
        .unwrap();
    // The first call on it may find it closed; the same settlement again does no harm.
    let settled = [(taken[0].tag.clone(), Settle::Ack)];
    let turn = || Turn { settle: &settled, ..Turn::default() };
    if consumer.turn(turn()).await.is_err() {
        consumer.turn(turn()).await.unwrap();
    }
    assert_eq!(scene.unacked().await, (0, 0));
}
