//! Messages that are no tasks, in kombu's envelope.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use celeriac_wire::value::object;
use celeriac_wire::{Map, Value, json};

use crate::broker::Broadcast;

pub(super) fn encode(message: &Broadcast) -> String {
    let Broadcast { exchange, routing_key, headers, body } = message;
    // As Celery does: control requests are persistent (2), as little as that means here; events and replies are not.
    let delivery_mode = if exchange.ends_with(".pidbox") && !exchange.starts_with("reply.") { 2 } else { 1 };
    let route = object([("exchange", Value::from(exchange)), ("routing_key", Value::from(routing_key))]);
    let properties = object([
        ("delivery_mode", Value::Int(delivery_mode)),
        ("delivery_info", route),
        ("priority", Value::Int(0)),
        ("body_encoding", "base64".into()),
        ("delivery_tag", uuid::Uuid::new_v4().to_string().into()),
    ]);
    let envelope = object([
        ("body", Value::from(STANDARD.encode(json::write(body)))),
        ("content-encoding", "utf-8".into()),
        ("content-type", "application/json".into()),
        ("headers", Value::Object(headers.clone())),
        ("properties", properties),
    ]);
    json::write(&envelope)
}

/// What a channel or an inbox gave; `None` if it is no envelope.
pub(super) fn decode(raw: &[u8], exchange: &str, routing_key: &str) -> Option<Broadcast> {
    let Value::Object(mut envelope) = json::read(raw).ok()? else { return None };
    let properties = envelope.get("properties").cloned().unwrap_or_default();
    let Some(Value::String(body)) = envelope.swap_remove("body") else { return None };
    let body = match properties.get("body_encoding").and_then(Value::as_str) {
        Some("base64") => STANDARD.decode(body).ok()?,
        _ => body.into_bytes(),
    };
    let headers = match envelope.swap_remove("headers") {
        Some(Value::Object(headers)) => headers,
        _ => Map::new(),
    };
    let body = json::read(&body).ok()?;
    Some(Broadcast { exchange: exchange.to_owned(), routing_key: routing_key.to_owned(), headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_again() {
        let headers = Map::from_iter([("clock".to_owned(), Value::Int(5))]);
        let exchange = "celeryev".to_owned();
        let told = Broadcast { exchange, routing_key: "k".into(), headers, body: Value::Array(vec![]) };
        assert_eq!(decode(encode(&told).as_bytes(), "celeryev", "k"), Some(told));
        for junk in ["", "[]", "{}", r#"{"body": "*", "properties": {"body_encoding": "base64"}}"#] {
            assert_eq!(decode(junk.as_bytes(), "celeryev", "k"), None, "{junk}");
        }
    }
}
