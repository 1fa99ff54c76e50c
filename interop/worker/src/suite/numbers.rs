//! Tasks that compute or wait.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;

use celeriac::{AsyncTask, Context, Failure, Outcome, Registry, Stop, TaskOptions};
use celeriac_wire::{Map, Value, value};
use serde::Deserialize;

use super::named;
use crate::arithmetic::{add, is_true, multiply, sum};
use crate::store::Store;
use crate::wait::{doze, pause};

pub fn register(registry: &mut Registry, store: &Arc<Store>) {
    let ignored = |ignore| TaskOptions { ignore_result: Some(ignore), ..TaskOptions::default() };
    let pair = |_: &Context, (x, y): (Value, Value)| add(&x, &y);
    registry
        .function(named!("identity"), &["x"], |_, (x,): (Value,)| Ok(x))
        .function(named!("add"), &["x", "y", "z="], |_, (x, y, z): (Value, Value, Value)| {
            let both = add(&x, &y)?;
            if is_true(&z) { add(&both, &z) } else { Ok(both) }
        })
        .function(named!("mul"), &["x", "y"], |_, (x, y): (Value, Value)| multiply(&x, &y))
        .function(named!("add_not_typed"), &["x", "y"], pair)
        .function_with(named!("add_ignore_result"), &["x", "y"], ignored(true), pair)
        .function_with(named!("add_with_result"), &["x", "y"], ignored(false), pair)
        .function(named!("tsum"), &["nums"], |_, (numbers,): (Value,)| sum(&numbers))
        .function(named!("xsum"), &["nums"], |_, (numbers,): (Vec<Value>,)| {
            let flat: Outcome<Vec<Value>> =
                numbers.into_iter().map(|n| if n.as_array().is_some() { sum(&n) } else { Ok(n) }).collect();
            sum(&flat?.into())
        })
        .function(named!("write_to_file_and_return_int"), &["file_name", "i"], |_, (name, i): (String, i64)| {
            let file = OpenOptions::new().append(true).create(true).open(&name);
            let written = file.and_then(|mut file| writeln!(file, "{i}"));
            written.map_err(|error| Failure::builtin("OSError", format!("{name}: {error}")))?;
            Ok(i)
        })
        .function(named!("delayed_sum"), &["numbers", "pause_time="], |cx, (numbers, time): (Value, Option<f64>)| {
            pause(cx, time.unwrap_or(1.0))?;
            sum(&numbers)
        })
        .function(
            named!("delayed_sum_with_soft_guard"),
            &["numbers", "pause_time="],
            |cx, (numbers, time): (Value, Option<f64>)| match pause(cx, time.unwrap_or(1.0)) {
                Err(Stop::Failure(failure)) if failure.exc_type == "SoftTimeLimitExceeded" => Ok(value!(0)),
                Err(stop) => Err(stop),
                Ok(()) => sum(&numbers),
            },
        )
        .function(named!("add_pydantic"), &["data"], model)
        .function(named!("add_pydantic_string_annotations"), &["data"], model)
        .function(named!("return_exception"), &["e"], |_, (e,): (Value,)| Ok((e, true)))
        .function(named!("replaced_with_me"), &[], |_, (): ()| Ok(true))
        .function(named!("print_unicode"), &["log_message=", "print_message="], print)
        .async_task(Sleeping);
    let store = Arc::clone(store);
    registry.function(named!("sum_and_record"), &["values", "redis_key"], move |cx, (values, key): (Value, String)| {
        let total = sum(&values)?;
        store.run::<i64>(redis::cmd("RPUSH").arg(key).arg(cx.request().id().as_str()))?;
        Ok(total)
    });
}

/// What the pydantic model of the suite takes and gives.
#[derive(Deserialize)]
struct Pair {
    x: i64,
    y: i64,
}

fn model(_: &Context, (data,): (Pair,)) -> Outcome<Value> {
    Ok(value!({"result": data.x + data.y}))
}

fn print(_: &Context, (log, line): (Option<String>, Option<String>)) -> Outcome<()> {
    eprintln!("{}", log.as_deref().unwrap_or("håå®ƒ valmuefrø"));
    println!("{}", line.as_deref().unwrap_or("hiöäüß"));
    Ok(())
}

/// Waits so many seconds, whatever else it is given by name.
struct Sleeping;

#[derive(Deserialize)]
struct Seconds {
    i: f64,
    #[serde(rename = "_")]
    _others: Map,
}

impl AsyncTask for Sleeping {
    const NAME: &'static str = named!("sleeping");
    const PARAMETERS: &'static [&'static str] = &["i", "**_"];
    type Args = Seconds;
    type Reply = ();

    async fn run(&self, cx: Context, args: Seconds) -> Outcome<()> {
        doze(&cx, args.i).await
    }
}
