//! Messages of before protocol 2: the body is an object that holds what are headers now.
//!
//! Celery sends protocol 1 with `task_protocol = 1`; the mixture, with headers and such a body, is read by its workers
//! and sent by some clients in other languages. Such bodies are read as JSON only.

use crate::message::JSON;
use crate::{Body, Map, Value, body, json, repr};

/// What the body says of the task itself.
const HEADERS: [&str; 13] = [
    "lang",
    "task",
    "id",
    "shadow",
    "eta",
    "expires",
    "group",
    "group_index",
    "retries",
    "timelimit",
    "root_id",
    "parent_id",
    "origin",
];

/// Whether a body may be one of before protocol 2, whose bodies are lists.
pub(super) fn suspect(content_type: &str, body: &[u8]) -> bool {
    content_type == JSON && body.trim_ascii_start().starts_with(b"{")
}

/// Headers and body as protocol 2 has them, untouched if they are not of before it.
pub(super) fn upgrade(headers: Map, content_type: &str, body: Vec<u8>) -> (Map, Vec<u8>) {
    if !suspect(content_type, &body) || headers.contains_key("compression") {
        return (headers, body);
    }
    match json::read(&body) {
        Ok(Value::Object(task)) if task.contains_key("task") || headers.contains_key("task") => split(headers, task),
        _ => (headers, body),
    }
}

fn split(mut headers: Map, mut task: Map) -> (Map, Vec<u8>) {
    let mut take = |name: &str| task.shift_remove(name).unwrap_or_default();
    let found = HEADERS.map(|name| (name, take(name)));
    let set = take("taskset");
    let (args, kwargs) = (take("args"), take("kwargs"));
    let embed = body::Embed {
        callbacks: take("callbacks"),
        errbacks: take("errbacks"),
        chain: take("chain"),
        chord: take("chord"),
    };
    // Of what both say the headers count.
    for (name, member) in found.into_iter().chain([("group", set)]).filter(|(_, member)| !member.is_null()) {
        headers.entry(name.to_owned()).or_insert(member);
    }
    let (args, kwargs) = match (args, kwargs) {
        (Value::Null, Value::Null) => (Vec::new(), Map::new()),
        (Value::Null, Value::Object(kwargs)) => (Vec::new(), kwargs),
        (Value::Array(args), Value::Null) => (args, Map::new()),
        (Value::Array(args), Value::Object(kwargs)) => (args, kwargs),
        // Arguments of another shape are refused where the body is decoded.
        (args, kwargs) => return (headers, json::write(&Value::from([args, kwargs, Value::Null])).into_bytes()),
    };
    headers.entry("argsrepr".to_owned()).or_insert_with(|| repr::tuple(&args).into());
    headers.entry("kwargsrepr".to_owned()).or_insert_with(|| repr::dict(&kwargs).into());
    (headers, Body { args, kwargs, embed }.encode())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::{Body, Message, Value, envelope, json, value};

    fn decoded(headers: Value, body: &Value) -> Result<Message, envelope::Error> {
        let envelope = value!({
            "body": STANDARD.encode(json::write(body)), "content-type": "application/json",
            "content-encoding": "utf-8", "headers": headers,
            "properties": {"body_encoding": "base64", "correlation_id": "i", "delivery_tag": "d"},
        });
        envelope::decode(json::write(&envelope).as_bytes())
    }

    #[test]
    fn a_message_of_protocol_1_becomes_one_of_protocol_2() {
        let body = value!({
            "task": "t", "id": "i", "args": [2], "kwargs": {"y": 3}, "group": null, "retries": 1,
            "eta": "2026-11-24T08:00:00+00:00", "expires": null, "utc": true, "callbacks": [{"task": "c"}],
            "errbacks": null, "timelimit": [60, 30.5], "taskset": "g", "chord": null,
        });
        let message = decoded(value!({"mine": 1}), &body).unwrap();
        let headers = &message.headers;
        assert_eq!((headers.task.as_str(), headers.id.as_str(), headers.retries), ("t", "i", 1));
        assert_eq!(headers.group.as_deref(), Some("g"));
        assert_eq!(headers.eta.as_deref(), Some("2026-11-24T08:00:00+00:00"));
        assert_eq!(headers.timelimit.hard.map(|d| d.as_secs()), Some(60));
        assert_eq!((headers.argsrepr.as_deref(), headers.kwargsrepr.as_deref()), (Some("(2,)"), Some("{'y': 3}")));
        assert_eq!(headers.extra.get("mine"), Some(&Value::Int(1)));
        let body = Body::decode(&message.body).unwrap();
        assert_eq!((body.args, Value::from(body.kwargs)), (vec![Value::Int(2)], value!({"y": 3})));
        assert_eq!(body.embed.callbacks, value!([{"task": "c"}]));
    }

    #[test]
    fn a_message_of_both_protocols_is_read_too() {
        let body = value!({"args": [1], "kwargs": {}, "chain": [{"task": "next"}]});
        let message = decoded(value!({"task": "t", "id": "i", "argsrepr": "(one,)"}), &body).unwrap();
        assert_eq!((message.headers.task.as_str(), message.headers.argsrepr.as_deref()), ("t", Some("(one,)")));
        let body = Body::decode(&message.body).unwrap();
        assert_eq!((body.args, body.embed.chain), (vec![Value::Int(1)], value!([{"task": "next"}])));
    }

    #[test]
    fn what_is_of_neither_protocol_is_refused_with_its_reason() {
        #[track_caller]
        fn check(headers: Value, body: Value, expected: &str) {
            let error = decoded(headers, &body).err().map(|e| match &e {
                envelope::Error::Field(field) => field.to_string(),
                other => other.to_string(),
            });
            assert_eq!(error.as_deref(), Some(expected));
        }
        check(value!({}), value!({"hello": 1}), "field task is not the name of a task");
        check(value!({}), value!({"task": "t"}), "field id is not the id of a task");
        check(value!({}), value!({"task": 5, "id": "i"}), "field task is not a string");
        let odd = decoded(value!({}), &value!({"task": "t", "id": "i", "args": 5, "kwargs": {}})).unwrap();
        assert!(Body::decode(&odd.body).is_err());
    }
}
