//! What workers tell each other when they start.

use std::sync::Arc;

use celeriac::broker::{FanoutOptions, Subscription};
use celeriac::control::Commands;
use celeriac::remote::{Options, Remote};
use celeriac::{Broadcast, Broker, MemoryBroker, MemoryResults, Settings, value};

#[tokio::test(start_paused = true)]
async fn a_worker_asks_its_neighbours_what_is_revoked() {
    let broker = MemoryBroker::new();
    let pidbox = Subscription {
        exchange: "celery.pidbox".to_owned(),
        routing_key: String::new(),
        queue: "b@h.celery.pidbox".to_owned(),
        expires: std::time::Duration::from_secs(10),
    };
    let options = FanoutOptions { subscriptions: vec![pidbox], inbox: None };
    let mut requests = broker.fanout(options).await.unwrap();
    let neighbours = {
        let broker = broker.clone();
        tokio::spawn(async move {
            let request = requests.next().await.unwrap();
            let reply_to = &request.body["reply_to"];
            let text = |name: &str| reply_to[name].as_str().unwrap().to_owned();
            for body in [
                // Ids alone, as 5.7 has it; a mapping, as it was before; what makes no sense; its own answer.
                value!({"b@h": {"clock": 7, "revoked": ["x", 5]}}),
                value!({"c@h": {"clock": 9, "revoked": {"y": 1.5}}}),
                value!("junk"),
                value!({"d@h": null}),
                value!({"a@h": {"clock": 1, "revoked": ["own"]}}),
            ] {
                let (exchange, routing_key) = (text("exchange"), text("routing_key"));
                let reply = Broadcast { exchange, routing_key, body, ..Broadcast::default() };
                broker.reply(&reply).await.unwrap();
            }
            request.body
        })
    };
    let dealings = Options { commands: Commands::new(), mingle: true, gossip: false, heartbeat: None };
    let results = Arc::new(MemoryResults::new());
    let mut remote = Remote::new("a@h", Settings::default(), dealings, Arc::new(broker), results).unwrap();
    assert_eq!(remote.revoked().await, ["x", "y"]);
    let request = neighbours.await.unwrap();
    assert_eq!(request["method"], value!("hello"));
    assert_eq!(request["arguments"], value!({"from_node": "a@h", "revoked": []}));
}
