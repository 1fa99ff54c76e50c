//! What a worker counts, in Prometheus' text format.
//!
//! The machine counts in plain numbers as it goes; a scrape takes a [`Snapshot`] of them from the worker's loop, so that
//! counting costs a task nothing that could be measured. Tasks that were never seen have no series.
//!
//! | name | labels | what |
//! |---|---|---|
//! | `celeriac_tasks_total` | `task`, `state` | counter: `received`, `started`, and how it ended: `succeeded`, `failed`, `retried`, `revoked`, `rejected`, `ignored` (nothing is stored: `Ignore`, or another task runs in its place) |
//! | `celeriac_task_runtime_seconds` | `task` | histogram of the runs that came to an end by themselves |
//! | `celeriac_task_wait_seconds` | `task` | histogram: from the moment when a message was here and its ETA over, until it began to run. Celery's messages do not say when they were sent |
//! | `celeriac_held_messages` | `phase` | gauge: `scheduled` (its ETA is ahead), `reserved`, `active` |
//! | `celeriac_unacknowledged_messages` | | gauge |
//! | `celeriac_prefetch_limit` | | gauge: messages that may be held, ETA aside; 0 is without limit |
//! | `celeriac_pool_size` | | gauge: places in the pool |
//! | `celeriac_refused_messages_total` | | counter: no task message, of an unknown task, or in a serializer that is not accepted |
//! | `celeriac_broker_reconnects_total` | | counter: Redis was away, and is back |
//! | `celeriac_queue_messages` | `queue` | gauge: messages that wait in a queue for any worker; missing while the broker does not answer |

use std::fmt::Write as _;
use std::time::Duration;

mod serve;

pub use serve::Server;

/// Upper bounds of the buckets in seconds: from a no-op to Celery's default visibility timeout of an hour.
const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 600.0, 3600.0];

/// Times, counted in buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The last one is of what is above all bounds.
    buckets: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        self.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        self.sum = self.sum.saturating_add(time);
    }

    fn write(&self, name: &str, labels: &str, out: &mut String) {
        let mut below = 0;
        for (count, bound) in self.buckets.iter().zip(BOUNDS) {
            below += count;
            line(out, format_args!("{name}_bucket{{{labels},le=\"{bound}\"}} {below}"));
        }
        let all = below + self.buckets[BOUNDS.len()];
        line(out, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {all}"));
        line(out, format_args!("{name}_sum{{{labels}}} {}", self.sum.as_secs_f64()));
        line(out, format_args!("{name}_count{{{labels}}} {all}"));
    }
}

/// What a task is counted as, once for each that it goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its message came.
    Received,
    /// It began to run.
    Started,
    /// It ended well.
    Succeeded,
    /// It raised an exception, ran out of time or took its process with it.
    Failed,
    /// It asked for another run.
    Retried,
    /// It was revoked, or came too late.
    Revoked,
    /// Given back or thrown away.
    Rejected,
    /// Nothing is stored of it.
    Ignored,
}

/// Labels of the states, in the order of [`State`].
const STATES: [&str; 8] = ["received", "started", "succeeded", "failed", "retried", "revoked", "rejected", "ignored"];

/// What is counted of one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    states: [u64; STATES.len()],
    /// How long it ran.
    pub runtime: Histogram,
    /// From when it could run until it did.
    pub queued: Histogram,
}

impl Counts {
    /// Counts one more in a state.
    pub fn add(&mut self, state: State) {
        self.states[state as usize] += 1;
    }

    /// How many there were in a state.
    pub fn of(&self, state: State) -> u64 {
        self.states[state as usize]
    }

    pub(crate) fn any(&self) -> bool {
        self.states.iter().any(|count| *count > 0)
    }
}

/// A worker's numbers at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// By the task's name; those that were seen.
    pub tasks: Vec<(String, Counts)>,
    /// Messages whose ETA is ahead.
    pub scheduled: usize,
    /// Messages that wait for a place.
    pub reserved: usize,
    /// Messages whose tasks run.
    pub active: usize,
    /// Messages that are held and not acknowledged.
    pub unacknowledged: usize,
    /// Messages that may be held, ETA aside; 0 is without limit.
    pub prefetch: usize,
    /// Places in the pool.
    pub pool: usize,
    /// Messages that no task could be made of.
    pub refused: u64,
    /// How often the broker or the backend was lost and came back.
    pub reconnects: u64,
    /// Messages that wait, by queue.
    pub queues: Vec<(String, usize)>,
}

impl Snapshot {
    /// The page that Prometheus reads.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let out = &mut out;
        head(out, "celeriac_tasks_total", "counter", "Tasks by name and state.");
        for (task, counts) in &self.tasks {
            let task = escaped(task);
            for (state, count) in STATES.iter().zip(counts.states) {
                line(out, format_args!("celeriac_tasks_total{{task=\"{task}\",state=\"{state}\"}} {count}"));
            }
        }
        type Pick = fn(&Counts) -> &Histogram;
        let times: [(&str, &str, Pick); 2] = [
            ("celeriac_task_runtime_seconds", "Time that runs took.", |counts| &counts.runtime),
            ("celeriac_task_wait_seconds", "Time from when a task could run here until it began.", |counts| {
                &counts.queued
            }),
        ];
        for (name, help, pick) in times {
            head(out, name, "histogram", help);
            for (task, counts) in &self.tasks {
                pick(counts).write(name, &format!("task=\"{}\"", escaped(task)), out);
            }
        }
        head(out, "celeriac_held_messages", "gauge", "Messages that the worker holds.");
        for (phase, held) in [("scheduled", self.scheduled), ("reserved", self.reserved), ("active", self.active)] {
            line(out, format_args!("celeriac_held_messages{{phase=\"{phase}\"}} {held}"));
        }
        let numbers = [
            (
                "celeriac_unacknowledged_messages",
                "gauge",
                "Held messages that the broker would give to another.",
                self.unacknowledged as u64,
            ),
            (
                "celeriac_prefetch_limit",
                "gauge",
                "Messages that may be held, ETA aside; 0 is without limit.",
                self.prefetch as u64,
            ),
            ("celeriac_pool_size", "gauge", "Places in the pool.", self.pool as u64),
            ("celeriac_refused_messages_total", "counter", "Messages that no task could be made of.", self.refused),
            (
                "celeriac_broker_reconnects_total",
                "counter",
                "Times that Redis was away and came back.",
                self.reconnects,
            ),
        ];
        for (name, kind, help, number) in numbers {
            head(out, name, kind, help);
            line(out, format_args!("{name} {number}"));
        }
        head(out, "celeriac_queue_messages", "gauge", "Messages that wait in a queue for any worker.");
        for (queue, depth) in &self.queues {
            line(out, format_args!("celeriac_queue_messages{{queue=\"{}\"}} {depth}", escaped(queue)));
        }
        std::mem::take(out)
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{text}");
}

/// The value of a label: names of tasks and queues may hold anything.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Snapshot {
        let mut counts = Counts::default();
        counts.add(State::Received);
        counts.add(State::Succeeded);
        counts.add(State::Succeeded);
        for millis in [1, 2, 40, 7_200_000] {
            counts.runtime.observe(Duration::from_millis(millis));
        }
        let queues = vec![("letters".to_owned(), 3)];
        Snapshot { tasks: vec![("a\"b\\c\nd".to_owned(), counts)], reserved: 2, queues, ..Snapshot::default() }
    }

    #[test]
    fn each_series_has_a_line() {
        let text = counted().text();
        for line in [
            r#"celeriac_tasks_total{task="a\"b\\c\nd",state="succeeded"} 2"#,
            r#"celeriac_task_runtime_seconds_bucket{task="a\"b\\c\nd",le="0.001"} 1"#,
            r#"celeriac_task_runtime_seconds_bucket{task="a\"b\\c\nd",le="0.0025"} 2"#,
            r#"celeriac_task_runtime_seconds_bucket{task="a\"b\\c\nd",le="3600"} 3"#,
            r#"celeriac_task_runtime_seconds_bucket{task="a\"b\\c\nd",le="+Inf"} 4"#,
            r#"celeriac_task_runtime_seconds_sum{task="a\"b\\c\nd"} 7200.043"#,
            r#"celeriac_task_wait_seconds_count{task="a\"b\\c\nd"} 0"#,
            r#"celeriac_held_messages{phase="reserved"} 2"#,
            r#"celeriac_queue_messages{queue="letters"} 3"#,
            "# TYPE celeriac_task_runtime_seconds histogram",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn the_documentation_names_each_metric() {
        let text = counted().text();
        let told = include_str!("metrics.rs");
        let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        for name in names {
            assert!(told.contains(&format!("//! | `{name}` |")), "{name} is not told of");
        }
    }

    #[test]
    fn states_have_their_labels() {
        let mut counts = Counts::default();
        counts.add(State::Ignored);
        assert_eq!((counts.of(State::Ignored), counts.states[STATES.len() - 1]), (1, 1));
        assert_eq!(STATES[State::Revoked as usize], "revoked");
    }
}
