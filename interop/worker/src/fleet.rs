//! The Rust half of the mixed fleet; `interop/fleet/tasks.py` is the Python one and says what each task does.

use std::sync::Arc;
use std::time::Duration;

use celeriac::{Context, Failed, Failure, Outcome, Registry, Retry, TaskOptions};
use celeriac_wire::Value;
use celeriac_wire::canvas::{Signature, chain, chord, group};

use crate::store::Store;
use crate::wait::pause;

/// Until a task is tried again: the Python half says why it is not at once.
const PAUSE: Duration = Duration::from_millis(250);

/// Where executions and calls are noted, and how long a task takes.
struct Scene {
    notes: Store,
    seconds: f64,
}

impl Scene {
    fn begin(&self, cx: &Context) -> Outcome<()> {
        self.notes.run::<i64>(redis::cmd("HINCRBY").arg("sides").arg("rust").arg(1))?;
        let headers = cx.request().headers();
        self.notes.run::<i64>(redis::cmd("HSET").arg("roots").arg(&headers.id).arg(headers.root_id.as_deref()))?;
        pause(cx, self.seconds)
    }

    fn note(&self, key: &str, note: String) -> Result<(), Failure> {
        self.notes.run::<i64>(redis::cmd("RPUSH").arg(key).arg(note)).map(drop)
    }
}

pub fn register(registry: &mut Registry) {
    let seconds = std::env::var("FLEET_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    let scene = Arc::new(Scene { notes: Store::from_variable("FLEET_REDIS"), seconds });
    let once = TaskOptions { max_retries: Some(1), ..TaskOptions::default() };
    let often = TaskOptions { max_retries: Some(5), ..TaskOptions::default() };
    let told = |value: &Value, tag: &str| format!("{tag}({})", text(value));

    let at = Arc::clone(&scene);
    registry.function("fleet.wrap", &["value", "tag"], move |cx, (value, tag): (Value, String)| {
        at.begin(cx)?;
        Ok(told(&value, &tag))
    });
    let at = Arc::clone(&scene);
    registry.function("fleet.fail", &["value", "tag"], move |cx, (_, tag): (Value, String)| -> Outcome<()> {
        at.begin(cx)?;
        Err(Failure::builtin("ValueError", tag).into())
    });
    let at = Arc::clone(&scene);
    let names = &["value", "tag", "times"];
    registry.function_with("fleet.retry", names, often, move |cx, (value, tag, times): (Value, String, u32)| {
        at.begin(cx)?;
        if cx.request().retries() < times {
            return Err(Retry { after: Some(PAUSE), ..Retry::default() }.into());
        }
        Ok(told(&value, &tag))
    });
    let at = Arc::clone(&scene);
    let names = &["value", "tag"];
    registry.function_with("fleet.exhaust", names, once, move |cx, (_, tag): (Value, String)| -> Outcome<()> {
        at.begin(cx)?;
        Err(Failure::builtin("ValueError", tag).retry(PAUSE))
    });
    let at = Arc::clone(&scene);
    let names = &["value", "tag", "kind"];
    registry.function("fleet.replace", names, move |cx, (value, tag, kind): (Value, String, String)| -> Outcome<()> {
        at.begin(cx)?;
        Err(cx.replace(replacement(&value, &tag, &kind)))
    });
    let at = Arc::clone(&scene);
    registry.function("fleet.note", &["value", "key", "tag"], move |cx, (value, key, tag): (Value, String, String)| {
        at.begin(cx)?;
        Ok(at.note(&key, told(&value, &tag))?)
    });
    let at = Arc::clone(&scene);
    let names = &["request_id", "key=", "tag="];
    registry.function("fleet.broken", names, move |cx, (_, key, tag): (Value, String, String)| {
        at.begin(cx)?;
        Ok(at.note(&key, tag)?)
    });
    let at = Arc::clone(&scene);
    registry.errback("fleet.failed", &["key=", "tag="], move |failed: &Failed<'_>, (key, tag): (String, String)| {
        at.note(&key, format!("{tag}({})", failed.failure.exc_type))
    });
    registry.function("fleet.sleep", &["seconds"], |cx, (seconds,): (f64,)| pause(cx, seconds));
}

fn replacement(value: &Value, tag: &str, kind: &str) -> Signature {
    let wrap = |tag: String| Signature::new("fleet.wrap").arg(value.clone()).arg(tag);
    let last = |tag: String| Signature::new("fleet.wrap").arg(tag);
    match kind {
        "task" => wrap(tag.to_owned()),
        "chain" => chain([wrap(format!("{tag}1")), last(format!("{tag}2"))]),
        "group" => group([wrap(format!("{tag}1")), wrap(format!("{tag}2"))]),
        _ => chord([wrap(format!("{tag}1")), wrap(format!("{tag}2"))], last(tag.to_owned())),
    }
}

/// A value as the Python half writes it.
fn text(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        Value::Null => "-".to_owned(),
        Value::String(s) => s.clone(),
        other => celeriac_wire::json::write(other),
    }
}
