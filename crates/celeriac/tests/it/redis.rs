//! What only Redis can get wrong.

use std::time::Duration;

use ::redis::AsyncCommands;
use celeriac::Map;
use celeriac::{Broker, Consumer, ConsumerOptions, Outgoing, RedisBroker, RedisResults, Settle, Tag, Turn};
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
    let broker = RedisBroker::connect(&redis.url()).await.unwrap();
    let client = ::redis::Client::open(redis.url()).unwrap();
    let raw = client.get_multiplexed_async_connection().await.unwrap();
    Some(Scene { redis, broker, raw })
}

impl Scene {
    async fn consumer(&self) -> Box<dyn Consumer> {
        self.broker.consume(ConsumerOptions { queues: vec!["q".into()] }).await.unwrap()
    }

    async fn publish(&self, id: &str) {
        let outgoing = Outgoing { queue: "q".into(), ..Outgoing::new("t", id, Map::new()) };
        self.broker.publish(&[outgoing]).await.unwrap();
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
    assert!(consumer.turn(Turn { take: 1, ..Turn::default() }).await.is_err());
    set(&mut scene.raw, 0).await;
    assert_eq!(scene.broker.depth(&["q".to_owned()]).await.unwrap(), 1);
    assert_eq!(next(&mut *consumer, 1).await.len(), 1);
}
