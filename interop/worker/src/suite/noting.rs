//! Tasks and errbacks that leave a note in Redis.

use std::sync::Arc;

use celeriac::{Failed, Outcome, Registry};
use celeriac_wire::Value;
use celeriac_wire::typed::Bytes;
use celeriac_wire::value::from_value;

use super::named;
use crate::store::Store;

pub fn register(registry: &mut Registry, store: &Arc<Store>) {
    let at = Arc::clone(store);
    registry.function(
        named!("redis_echo"),
        &["message", "redis_key="],
        move |_, (message, key): (Value, Option<String>)| {
            push(&at, key.as_deref().unwrap_or("redis-echo"), text(&message))
        },
    );
    let at = Arc::clone(store);
    registry.function(
        named!("redis_echo_group_id"),
        &["_", "redis_key="],
        move |cx, (_, key): (Value, Option<String>)| {
            let group = cx.request().headers().group.clone().unwrap_or_default();
            push(&at, key.as_deref().unwrap_or("redis-group-ids"), &group)
        },
    );
    let at = Arc::clone(store);
    registry.function(named!("redis_count"), &["redis_key="], move |_, (key,): (Option<String>,)| {
        count(&at, key.as_deref().unwrap_or("redis-count"))
    });
    let at = Arc::clone(store);
    registry.function(named!("errback_old_style"), &["request_id"], move |_, (id,): (String,)| {
        count(&at, &id)?;
        Ok(id)
    });
    let at = Arc::clone(store);
    registry.function(
        named!("errback_old_style_with_args"),
        &["request_id", "label"],
        move |_, (id, label): (String, Value)| push(&at, &id, text(&label)),
    );
    let at = Arc::clone(store);
    registry.errback(named!("errback_new_style"), &[], move |failed: &Failed<'_>, (): ()| {
        at.run::<i64>(redis::cmd("INCR").arg(failed.request.id().as_str())).map(drop)
    });
    let at = Arc::clone(store);
    registry.errback(
        named!("errback_new_style_with_args"),
        &["label"],
        move |failed: &Failed<'_>, (label,): (Value,)| {
            at.run::<i64>(redis::cmd("RPUSH").arg(failed.request.id().as_str()).arg(text(&label))).map(drop)
        },
    );
}

fn count(store: &Store, key: &str) -> Outcome<()> {
    Ok(store.run::<i64>(redis::cmd("INCR").arg(key)).map(drop)?)
}

pub(super) fn push(store: &Store, key: &str, value: impl redis::ToSingleRedisArg) -> Outcome<()> {
    Ok(store.run::<i64>(redis::cmd("RPUSH").arg(key).arg(value)).map(drop)?)
}

/// What Python's client writes for a value.
fn text(value: &Value) -> Vec<u8> {
    match from_value::<Bytes>(value.clone()) {
        Ok(Bytes(bytes)) => bytes,
        Err(_) => celeriac_wire::json::write(value).into_bytes(),
    }
}
