//! What kombu says about places: exchanges, queues and messages that are no tasks.

use crate::value::{Map, Value, object};

/// A message that is no task, on its way to an exchange: an event, a control request, a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    pub exchange: String,
    /// Empty for a fanout that has no keys, such as `celery.pidbox`.
    pub routing_key: String,
    pub headers: Map,
    /// JSON.
    pub body: Vec<u8>,
    /// 2 for control requests, 1 for replies and events.
    pub delivery_mode: u8,
}

/// A queue that a worker takes from, and the exchange to which it is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    pub name: String,
    pub exchange: String,
    /// `direct`, `topic` or `fanout`.
    pub exchange_type: String,
    pub routing_key: String,
}

impl Queue {
    /// A queue that is bound to a direct exchange of its own name, as those are that Celery makes for a name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            exchange: name.to_owned(),
            exchange_type: "direct".to_owned(),
            routing_key: name.to_owned(),
        }
    }

    /// The queue of one worker alone (`worker_direct`): what is sent to `C.dq2` under its node name comes to it.
    pub fn direct(node: &str) -> Self {
        Self {
            name: format!("{node}.dq2"),
            exchange: "C.dq2".to_owned(),
            exchange_type: "direct".to_owned(),
            routing_key: node.to_owned(),
        }
    }

    /// The queue as `inspect active_queues` shows it, with all that kombu can say of one.
    pub fn to_value(&self) -> Value {
        let exchange = object([
            ("name", Value::from(&self.exchange)),
            ("type", Value::from(&self.exchange_type)),
            ("arguments", Value::Null),
            ("durable", Value::Bool(true)),
            ("passive", Value::Bool(false)),
            ("auto_delete", Value::Bool(false)),
            ("delivery_mode", Value::Null),
            ("no_declare", Value::Bool(false)),
        ]);
        object([
            ("name", Value::from(&self.name)),
            ("exchange", exchange),
            ("routing_key", Value::from(&self.routing_key)),
            ("queue_arguments", Value::Null),
            ("binding_arguments", Value::Null),
            ("consumer_arguments", Value::Null),
            ("durable", Value::Bool(true)),
            ("exclusive", Value::Bool(false)),
            ("auto_delete", Value::Bool(false)),
            ("no_ack", Value::Bool(false)),
            ("alias", Value::Null),
            ("bindings", Value::Array(Vec::new())),
            ("no_declare", Value::Null),
            ("expires", Value::Null),
            ("message_ttl", Value::Null),
            ("max_length", Value::Null),
            ("max_length_bytes", Value::Null),
            ("max_priority", Value::Null),
        ])
    }
}
