//! Queues in the words of kombu.

use celeriac_wire::{Value, value};

use super::exception::Raised;
use crate::broker::{ExchangeKind, Queue};

/// A queue as `active_queues` shows it, with all that kombu can say of one.
pub(super) fn shown(queue: &Queue) -> Value {
    let kind = match queue.kind {
        ExchangeKind::Direct => "direct",
        ExchangeKind::Topic => "topic",
    };
    let exchange = value!({
        "name": queue.exchange.clone(),
        "type": kind,
        "arguments": null,
        "durable": true,
        "passive": false,
        "auto_delete": false,
        "delivery_mode": null,
        "no_declare": false,
    });
    value!({
        "name": queue.name.clone(),
        "exchange": exchange,
        "routing_key": queue.routing_key.clone(),
        "queue_arguments": null,
        "binding_arguments": null,
        "consumer_arguments": null,
        "durable": true,
        "exclusive": false,
        "auto_delete": false,
        "no_ack": false,
        "alias": null,
        "bindings": [],
        "no_declare": null,
        "expires": queue.expires.map(|expires| expires.as_secs_f64()),
        "message_ttl": null,
        "max_length": null,
        "max_length_bytes": null,
        "max_priority": null,
    })
}

/// The queue of one worker alone (`worker_direct`): what is sent to `C.dq2` under its name comes to it.
pub fn direct(node: &str) -> Queue {
    Queue { exchange: "C.dq2".to_owned(), routing_key: node.to_owned(), ..Queue::from(format!("{node}.dq2")) }
}

/// The queue of `add_consumer`: what is left out follows from the name.
pub(super) fn described(
    name: &str,
    exchange: Option<&str>,
    kind: Option<&str>,
    routing_key: Option<&str>,
) -> Result<Queue, Raised> {
    let kind = match kind {
        None | Some("direct") => ExchangeKind::Direct,
        Some("topic") => ExchangeKind::Topic,
        Some(other) => {
            return Err(Raised::new("ValueError", format!("exchanges of the type {other} are not consumed from")));
        }
    };
    Ok(Queue {
        exchange: exchange.unwrap_or(name).to_owned(),
        kind,
        routing_key: routing_key.unwrap_or(name).to_owned(),
        ..Queue::from(name)
    })
}
