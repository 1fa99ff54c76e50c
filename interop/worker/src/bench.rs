//! The tasks that are measured and killed.

use celeriac::{AsyncTask, Context, Outcome, Registry};
use celeriac_wire::Value;
use serde::Deserialize;

use crate::arithmetic;
use crate::store::Store;
use crate::wait::{doze, pause};

pub fn register(registry: &mut Registry) {
    let counters = Store::from_variable("BENCH_REDIS");
    registry
        .function("bench.noop", &[], |_, (): ()| Ok(()))
        .function("bench.add", &["x", "y"], |_, (x, y): (Value, Value)| arithmetic::add(&x, &y))
        .function("bench.payload", &["data"], |_, (data,): (Value,)| Ok(data))
        // Counts one execution of itself: the probe of the kill test.
        .function("bench.incr", &["key", "seconds="], move |cx, (key, seconds): (String, Option<f64>)| {
            let count: i64 = counters.run(redis::cmd("INCR").arg(key))?;
            pause(cx, seconds.unwrap_or_default())?;
            Ok(count)
        })
        .async_task(Sleep);
}

/// Waits, so that a pool of waiting tasks can be measured.
struct Sleep;

#[derive(Deserialize)]
struct Seconds {
    seconds: f64,
}

impl AsyncTask for Sleep {
    const NAME: &'static str = "bench.sleep";
    const PARAMETERS: &'static [&'static str] = &["seconds"];
    type Args = Seconds;
    type Reply = ();

    async fn run(&self, cx: Context, args: Seconds) -> Outcome<()> {
        doze(&cx, args.seconds).await
    }
}
