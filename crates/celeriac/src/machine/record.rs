//! Result documents of a request.

use std::time::SystemTime;

use celeriac_wire::{Record, Value, result};

use crate::context::Request;
use crate::revoked::stamps_of;
use crate::task::Failure;

/// A state of a task. `extended` adds what `result_extended` asks for.
pub(crate) fn state(request: &Request, status: &str, result: Value, extended: bool) -> Record {
    let headers = request.headers();
    let mut record = Record::new(&headers.id, status, result);
    record.group_id.clone_from(&headers.group);
    record.parent_id.clone_from(&headers.parent_id);
    if extended {
        let (args, kwargs) = match request.body() {
            Ok(body) => (Value::Array(body.args), Value::Object(body.kwargs)),
            Err(_) => (Value::Null, Value::Null),
        };
        let fields = [
            ("name", Value::from(&headers.task)),
            ("args", args),
            ("kwargs", kwargs),
            ("worker", Value::from(&request.hostname)),
            ("retries", Value::from(headers.retries)),
            ("queue", Value::from(&request.message.properties.delivery_info.routing_key)),
        ];
        record.extra.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let stamped = stamps_of(headers).next().is_some();
        if stamped {
            record.extra.insert("stamped_headers".to_owned(), headers.stamped_headers.clone());
            for name in headers.stamped_headers.as_array().unwrap_or_default().iter().filter_map(Value::as_str) {
                let stamp = headers.stamps.get(name).cloned().unwrap_or_default();
                record.extra.insert(name.to_owned(), stamp);
            }
        }
    }
    record
}

/// The failure of a task that never ran.
pub(super) fn failure(request: &Request, failure: &Failure, children: Vec<Value>, now: SystemTime) -> Record {
    let record = state(request, result::FAILURE, failure.exception().to_json(), false);
    Record { traceback: failure.traceback(), children, date_done: Some(now), ..record }
}
