//! What every broker promises, run on each of them.

use std::time::Duration;

use celeriac::Map;
use celeriac::{
    Broadcast, Broker, Consumer, ConsumerOptions, Delivery, FanoutOptions, MemoryBroker, Outgoing, Queue, Settle,
    Subscription, Tag, Turn,
};

/// Runs the suite. The broker is empty at first and is left empty by each part.
pub async fn conforms(broker: &dyn Broker) {
    the_most_urgent_comes_first_and_equals_in_order(broker).await;
    queues_take_turns(broker).await;
    credit_bounds_what_is_given(broker).await;
    each_settlement_has_its_place(broker).await;
    a_message_that_arrives_ends_the_wait(broker).await;
    a_dropped_wait_loses_nothing(broker).await;
    whoever_listens_hears(broker).await;
    a_reply_reaches_its_inbox_alone(broker).await;
    queues_come_and_go(broker).await;
    assert_eq!(broker.epoch().await.unwrap(), broker.epoch().await.unwrap());
}

fn told(exchange: &str, routing_key: &str, body: i64) -> Broadcast {
    let [exchange, routing_key] = [exchange.to_owned(), routing_key.to_owned()];
    Broadcast { exchange, routing_key, headers: Map::new(), body: body.into() }
}

fn subscription(exchange: &str, routing_key: &str, queue: &str) -> Subscription {
    let [exchange, routing_key, queue] = [exchange, routing_key, queue].map(str::to_owned);
    Subscription { exchange, routing_key, queue, expires: Duration::from_secs(10) }
}

async fn whoever_listens_hears(broker: &dyn Broker) {
    let pidbox = subscription("celery.pidbox", "", "w@h.celery.pidbox");
    let events = subscription("celeryev", "worker.#", "celeryev.1");
    let options = FanoutOptions { subscriptions: vec![pidbox.clone()], inbox: None };
    let mut one = broker.fanout(options.clone()).await.unwrap();
    let mut two = broker.fanout(options).await.unwrap();
    two.subscribe(events).await.unwrap();
    let messages =
        [told("celeryev", "task.multi", 1), told("celeryev", "worker.online", 2), told("celery.pidbox", "", 3)];
    broker.broadcast(&messages).await.unwrap();
    assert_eq!(one.next().await.unwrap(), messages[2]);
    assert_eq!(two.next().await.unwrap(), messages[1]);
    assert_eq!(two.next().await.unwrap(), messages[2]);
    // A consumer tells in its turn.
    let mut consumer = consumer(broker, &["q"]).await;
    consumer.turn(Turn { broadcast: &messages[1..], ..Turn::default() }).await.unwrap();
    assert_eq!(one.next().await.unwrap(), messages[2]);
    one.close().await.unwrap();
    two.close().await.unwrap();
}

async fn a_reply_reaches_its_inbox_alone(broker: &dyn Broker) {
    let inbox = |oid: &str| {
        let inbox = subscription("reply.celery.pidbox", oid, &format!("{oid}.reply.celery.pidbox"));
        FanoutOptions { subscriptions: Vec::new(), inbox: Some(inbox) }
    };
    let mut mine = broker.fanout(inbox("mine")).await.unwrap();
    let mut other = broker.fanout(inbox("other")).await.unwrap();
    let replies = [1, 2, 3].map(|n| told("reply.celery.pidbox", "mine", n));
    for reply in &replies[..2] {
        broker.reply(reply).await.unwrap();
    }
    broker.reply(&told("reply.celery.pidbox", "gone", 4)).await.unwrap();
    assert_eq!(mine.next().await.unwrap(), replies[0]);
    assert_eq!(mine.next().await.unwrap(), replies[1]);
    // One that comes while it is waited for.
    let (heard, sent) = tokio::join!(mine.next(), broker.reply(&replies[2]));
    sent.unwrap();
    assert_eq!(heard.unwrap(), replies[2]);
    assert!(tokio::time::timeout(Duration::from_millis(20), other.next()).await.is_err());
    mine.close().await.unwrap();
    other.close().await.unwrap();
}

async fn queues_come_and_go(broker: &dyn Broker) {
    let mut consumer = consumer(broker, &["q"]).await;
    broker.publish(&[outgoing("r", "a", 0), outgoing("r", "b", 5), outgoing("q", "c", 9)]).await.unwrap();
    consumer.add_queue(Queue::from("r")).await.unwrap();
    consumer.add_queue(Queue::from("r")).await.unwrap();
    assert_eq!(drain(&mut *consumer, 2).await, ["a", "b"]);
    broker.publish(&[outgoing("r", "d", 0)]).await.unwrap();
    consumer.cancel_queue("r").await.unwrap();
    consumer.cancel_queue("never").await.unwrap();
    assert_eq!(drain(&mut *consumer, 1).await, ["c"]);
    assert!(consumer.turn(Turn { take: 1, ..Turn::default() }).await.unwrap().is_empty());
    assert_eq!(broker.purge("r").await.unwrap(), 1);
    assert_eq!(depth(broker).await, 0);
}

async fn consumer(broker: &dyn Broker, queues: &[&str]) -> Box<dyn Consumer> {
    let queues = queues.iter().map(|queue| Queue::from(*queue)).collect();
    broker.consume(ConsumerOptions { queues }).await.unwrap()
}

/// Waits for messages and takes some of them.
pub async fn next(consumer: &mut dyn Consumer, take: usize) -> Vec<Delivery> {
    loop {
        let taken = consumer.turn(Turn { take, ..Turn::default() }).await.unwrap();
        if take == 0 || !taken.is_empty() {
            return taken;
        }
        consumer.ready().await.unwrap();
    }
}

pub async fn settle(consumer: &mut dyn Consumer, settle: &[(Tag, Settle)]) {
    let given = consumer.turn(Turn { settle, ..Turn::default() }).await.unwrap();
    assert!(given.is_empty());
}

fn outgoing(queue: &str, id: &str, priority: u8) -> Outgoing {
    Outgoing { queue: queue.to_owned(), priority, ..Outgoing::new("t", id, Map::new()) }
}

async fn publish(broker: &dyn Broker, ids: &[&str]) {
    let messages: Vec<Outgoing> = ids.iter().map(|id| outgoing("q", id, 0)).collect();
    broker.publish(&messages).await.unwrap();
}

async fn depth(broker: &dyn Broker) -> usize {
    broker.depth(&["q".to_owned(), "r".to_owned()]).await.unwrap()
}

fn id(delivery: &Delivery) -> String {
    let message = delivery.message.as_ref().unwrap();
    let again = if message.properties.delivery_info.redelivered { " again" } else { "" };
    format!("{}{again}", message.headers.id)
}

fn tags(deliveries: &[Delivery], settle: Settle) -> Vec<(Tag, Settle)> {
    deliveries.iter().map(|delivery| (delivery.tag.clone(), settle)).collect()
}

/// Takes what there is, acknowledges it, and gives the ids in order.
async fn drain(consumer: &mut dyn Consumer, expected: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while ids.len() < expected {
        let taken = next(&mut *consumer, 1).await;
        ids.extend(taken.iter().map(id));
        settle(&mut *consumer, &tags(&taken, Settle::Ack)).await;
    }
    ids
}

async fn the_most_urgent_comes_first_and_equals_in_order(broker: &dyn Broker) {
    let given = [("a", 9), ("b", 5), ("c", 0), ("d", 3), ("e", 200), ("f", 2)];
    let messages: Vec<Outgoing> = given.iter().map(|(id, priority)| outgoing("q", id, *priority)).collect();
    broker.publish(&messages).await.unwrap();
    assert_eq!(depth(broker).await, 6);
    let mut consumer = consumer(broker, &["q"]).await;
    assert_eq!(drain(&mut *consumer, 6).await, ["c", "f", "b", "d", "a", "e"]);
    assert_eq!(depth(broker).await, 0);
}

async fn queues_take_turns(broker: &dyn Broker) {
    let messages = ["a", "b"].map(|id| outgoing("q", id, 0));
    broker.publish(&messages).await.unwrap();
    broker.publish(&["c", "d"].map(|id| outgoing("r", id, 0))).await.unwrap();
    broker.publish(&[outgoing("elsewhere", "x", 0)]).await.unwrap();
    let mut both = consumer(broker, &["q", "r"]).await;
    assert_eq!(drain(&mut *both, 4).await, ["a", "c", "b", "d"]);
    let mut elsewhere = consumer(broker, &["elsewhere"]).await;
    let taken = next(&mut *elsewhere, 5).await;
    assert_eq!(taken.iter().map(|delivery| delivery.queue.as_str()).collect::<Vec<_>>(), ["elsewhere"]);
    settle(&mut *elsewhere, &tags(&taken, Settle::Ack)).await;
}

async fn credit_bounds_what_is_given(broker: &dyn Broker) {
    publish(broker, &["a", "b", "c"]).await;
    let mut consumer = consumer(broker, &["q"]).await;
    assert!(next(&mut *consumer, 0).await.is_empty());
    let two = next(&mut *consumer, 2).await;
    assert_eq!(two.iter().map(id).collect::<Vec<_>>(), ["a", "b"]);
    let rest = next(&mut *consumer, 2).await;
    assert_eq!(rest.iter().map(id).collect::<Vec<_>>(), ["c"]);
    settle(&mut *consumer, &tags(&two, Settle::Ack)).await;
    settle(&mut *consumer, &tags(&rest, Settle::Ack)).await;
}

async fn each_settlement_has_its_place(broker: &dyn Broker) {
    publish(broker, &["a", "b", "c", "d", "e"]).await;
    let mut consumer = consumer(broker, &["q"]).await;
    let taken = next(&mut *consumer, 4).await;
    let how = [Settle::Ack, Settle::Reject { requeue: false }, Settle::Reject { requeue: true }, Settle::Return];
    let settled: Vec<(Tag, Settle)> = taken.iter().map(|delivery| delivery.tag.clone()).zip(how).collect();
    settle(&mut *consumer, &settled).await;
    // Twice is once.
    settle(&mut *consumer, &settled).await;
    assert_eq!(depth(broker).await, 3);
    assert_eq!(drain(&mut *consumer, 3).await, ["d again", "e", "c again"]);
    assert_eq!(depth(broker).await, 0);
}

async fn a_message_that_arrives_ends_the_wait(broker: &dyn Broker) {
    let mut consumer = consumer(broker, &["q"]).await;
    let (taken, ()) = tokio::join!(next(&mut *consumer, 1), publish(broker, &["a"]));
    assert_eq!(taken.iter().map(id).collect::<Vec<_>>(), ["a"]);
    settle(&mut *consumer, &tags(&taken, Settle::Ack)).await;
}

async fn a_dropped_wait_loses_nothing(broker: &dyn Broker) {
    let mut consumer = consumer(broker, &["q"]).await;
    let sent: Vec<String> = (0..40).map(|n| format!("m{n:02}")).collect();
    let mut got = Vec::new();
    for (n, id) in sent.iter().enumerate() {
        publish(broker, &[id]).await;
        // Dropped at once, or after some of the way to the server and back.
        let patience = Duration::from_micros(100) * u32::try_from(n % 10).unwrap();
        if let Ok(taken) = tokio::time::timeout(patience, next(&mut *consumer, 1)).await {
            got.extend(taken);
        }
    }
    while got.len() < sent.len() {
        got.extend(next(&mut *consumer, 3).await);
    }
    assert_eq!(got.iter().map(id).collect::<Vec<_>>(), sent);
    settle(&mut *consumer, &tags(&got, Settle::Ack)).await;
}

#[tokio::test]
async fn the_broker_in_memory_keeps_the_promises() {
    conforms(&MemoryBroker::new()).await;
    assert_ne!(MemoryBroker::new().epoch().await.unwrap(), MemoryBroker::new().epoch().await.unwrap());
}

#[tokio::test]
async fn what_a_dropped_consumer_held_goes_back_in_order() {
    let broker = MemoryBroker::new();
    publish(&broker, &["a", "b", "c"]).await;
    let mut first = consumer(&broker, &["q"]).await;
    assert_eq!(next(&mut *first, 2).await.len(), 2);
    drop(first);
    let mut second = consumer(&broker, &["q"]).await;
    assert_eq!(drain(&mut *second, 3).await, ["a again", "b again", "c"]);
}
