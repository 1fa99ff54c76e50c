//! Tasks that are run more than once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use celeriac::{AutoRetry, Context, Failure, Outcome, Registry, Retry, Stop, TaskOptions};
use celeriac_wire::{Map, Value, value};
use serde::Deserialize;

use super::failing::{expected, unpickleable};
use super::{named, retried};
use crate::arithmetic::{add, is_true};

pub fn register(registry: &mut Registry) {
    let delayed = TaskOptions { retry_delay: Duration::from_secs(1), ..TaskOptions::default() };
    let ignored = |ignore| TaskOptions { ignore_result: Some(ignore), ..TaskOptions::default() };
    let late = TaskOptions { acks_late: Some(true), ..TaskOptions::default() };
    let expiring = TaskOptions { expires: Some(Duration::from_secs(120)), ..retried(1) };
    let auto = AutoRetry {
        on: &["ValueError"],
        backoff: Some(Duration::from_secs(1)),
        max_retries: Some(1),
        ..AutoRetry::default()
    };
    let auto = TaskOptions { autoretry: Some(auto), ..TaskOptions::default() };
    registry
        .function_with(named!("retry"), &["return_value="], delayed.clone(), retry)
        .function_with(named!("retry_unpickleable"), &["foo", "bar", "*", "retry_kwargs"], delayed, retry_unpickleable)
        .function_with(
            named!("retry_with_args_after_kwargs"),
            &["foo", "bar", "label="],
            retried(1),
            |cx, (first, second, label): (Value, Value, Value)| {
                if cx.request().retries() == 0 {
                    let args = vec![add(&first, &value!(1))?, add(&second, &value!(1))?];
                    return Err(Retry { args: Some(args), after: Some(Duration::ZERO), ..Retry::default() }.into());
                }
                let retries = cx.request().retries();
                Ok(value!({"foo": first, "bar": second, "label": label, "retries": retries, "is_eager": false}))
            },
        )
        .function_with(
            named!("retry_with_kwargs_after_args"),
            &["foo", "bar"],
            retried(1),
            |cx, (first, second): (Value, Value)| {
                if cx.request().retries() == 0 {
                    let kwargs = Map::from([("foo".to_owned(), add(&first, &value!(1))?)]);
                    return Err(Retry { kwargs: Some(kwargs), after: Some(Duration::ZERO), ..Retry::default() }.into());
                }
                let retries = cx.request().retries();
                Ok(value!({"foo": first, "bar": second, "retries": retries, "is_eager": false}))
            },
        )
        .function_with(
            named!("retry_once"),
            &["*args", "expires=", "max_retries=", "countdown="],
            expiring,
            |cx, once: Once| {
                let expires = once.expires.clone();
                once.again(cx, expires)?;
                Ok(cx.request().retries())
            },
        )
        .function_with(
            named!("retry_once_priority"),
            &["*args", "expires=", "max_retries=", "countdown="],
            retried(1),
            |cx, once: Once| {
                once.again(cx, Value::Null)?;
                Ok(cx.request().message.properties.priority)
            },
        )
        .function_with(
            named!("retry_once_headers"),
            &["*args", "max_retries=", "countdown="],
            retried(1),
            |cx, once: Once| {
                once.again(cx, Value::Null)?;
                Ok(Value::Object(cx.request().headers().extra.clone()))
            },
        )
        .function_with(named!("retry_once_ignore_result"), &[], ignored(true), retry_at_once)
        .function_with(named!("retry_once_with_result"), &[], ignored(false), retry_at_once)
        .function_with("auto_retry_class_task", &[], auto, |cx, (): ()| match cx.request().retries() {
            0 => Err(Failure { exc_message: Vec::new(), ..Failure::builtin("ValueError", "") }.into()),
            retries => Ok(retries),
        })
        .function_with(named!("store_success_then_reject"), &[], late.clone(), |cx, (): ()| {
            if cx.request().redelivered() {
                return Ok("dedup-pass");
            }
            cx.update_state("SUCCESS", "first-pass");
            Err(Stop::Reject { reason: None, requeue: true })
        })
        .function_with(named!("reject_then_succeed"), &[], late, |cx, (): ()| {
            if cx.request().redelivered() {
                Ok("second-pass")
            } else {
                Err(Stop::Reject { reason: None, requeue: true })
            }
        })
        .function(named!("reject_without_requeue"), &[], |_, (): ()| -> Outcome<()> {
            Err(Stop::Reject { reason: Some("rejected".to_owned()), requeue: false })
        });
}

/// Retries three times in each process when it has something to return, and without end otherwise.
fn retry(_: &Context, (return_value,): (Value,)) -> Outcome<Value> {
    static ATTEMPT: AtomicU32 = AtomicU32::new(0);
    if is_true(&return_value) {
        let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
        println!("attempt {attempt}");
        if attempt >= 3 {
            ATTEMPT.store(0, Ordering::Relaxed);
            return Ok(return_value);
        }
    }
    Err(expected(Vec::new()).retry(Duration::from_secs(5)))
}

#[derive(Deserialize)]
struct Unpickleable {
    foo: Value,
    retry_kwargs: RetryOptions,
}

#[derive(Deserialize)]
struct RetryOptions {
    #[serde(default)]
    countdown: Option<f64>,
    #[serde(default)]
    max_retries: Option<u32>,
}

fn retry_unpickleable(_: &Context, args: Unpickleable) -> Outcome<()> {
    let RetryOptions { countdown, max_retries } = args.retry_kwargs;
    let after = countdown.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Err(Retry { cause: Some(unpickleable(args.foo)), after, max_retries, ..Retry::default() }.into())
}

/// How a task that is retried once is to be.
#[derive(Deserialize)]
struct Once {
    #[serde(default)]
    expires: Value,
    #[serde(default)]
    max_retries: Option<u32>,
    #[serde(default)]
    countdown: Option<f64>,
}

impl Once {
    /// Asks for another run unless this is one.
    fn again(&self, cx: &Context, expires: Value) -> Outcome<()> {
        if cx.request().retries() > 0 {
            return Ok(());
        }
        let after = Duration::try_from_secs_f64(self.countdown.unwrap_or(0.1)).unwrap_or_default();
        let mut retry = Retry { after: Some(after), max_retries: self.max_retries.or(Some(1)), ..Retry::default() };
        if !expires.is_null() {
            retry.options.insert("expires".to_owned(), expires);
        }
        Err(retry.into())
    }
}

fn retry_at_once(cx: &Context, (): ()) -> Outcome<u32> {
    match cx.request().retries() {
        0 => Err(Retry { after: Some(Duration::ZERO), ..Retry::default() }.into()),
        retries => Ok(retries),
    }
}
