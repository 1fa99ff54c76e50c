//! How much memory the worker takes, and what running has cost it.

use std::fs;

use celeriac_wire::{Value, value};

/// Bytes that are resident now; `None` where the system does not say.
pub(crate) fn resident() -> Option<u64> {
    Some(kilobytes("VmRSS")? * 1024)
}

/// A field of `/proc/self/status` that is in kilobytes.
fn kilobytes(field: &str) -> Option<u64> {
    status(field)?.split_whitespace().next()?.parse().ok()
}

fn status(field: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// A number of bytes with five digits and a unit, as Celery shows it: `61.902MB`.
pub(super) fn shown(bytes: u64) -> String {
    let units = [(1u64 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let (size, unit) = units.into_iter().find(|(size, _)| bytes >= *size).unwrap_or((1, "b"));
    let number = bytes as f64 / size as f64;
    let before_the_point = number.log10().floor().max(0.0) as usize + 1;
    let text = format!("{number:.*}", 5usize.saturating_sub(before_the_point));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

/// The text of `memdump`: at most so many of the samples, evenly taken, and the present size.
pub(super) fn dump(samples: &[String], most: usize) -> String {
    let mut text = String::new();
    let step = if samples.len() <= most { 1 } else { samples.len() / most.max(1) };
    let shown_samples: Vec<_> = samples.iter().step_by(step.max(1)).take(most).collect();
    if !shown_samples.is_empty() {
        text.push_str("- rss (sample):\n");
        for sample in shown_samples {
            text.push_str(&format!("-    > {sample},\n"));
        }
    }
    let now = resident().map_or_else(|| "None".to_owned(), shown);
    text.push_str(&format!("- rss (end): {now}.\n"));
    text
}

/// Clock ticks in a second, which is what `/proc` counts processor time in on every Linux.
const TICKS: f64 = 100.0;

/// The sixteen fields of `getrusage`, as far as Linux counts them (the others are 0 there too).
pub(super) fn usage() -> Value {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets and may have spaces in it.
    let fields: Vec<u64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect())
        .unwrap_or_default();
    // Counted from the parent's id, the fourth field of the file.
    let field = |place: usize| fields.get(place - 4).copied().unwrap_or(0);
    let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let blocks = |name: &str| {
        let bytes = io.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse::<u64>().ok());
        bytes.unwrap_or(0) / 512
    };
    let switches = |name: &str| status(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    value!({
        "utime": field(14) as f64 / TICKS,
        "stime": field(15) as f64 / TICKS,
        "maxrss": kilobytes("VmHWM").unwrap_or(0),
        "ixrss": 0,
        "idrss": 0,
        "isrss": 0,
        "minflt": field(10),
        "majflt": field(12),
        "nswap": 0,
        "inblock": blocks("read_bytes"),
        "oublock": blocks("write_bytes"),
        "msgsnd": 0,
        "msgrcv": 0,
        "nsignals": 0,
        "nvcsw": switches("voluntary_ctxt_switches"),
        "nivcsw": switches("nonvoluntary_ctxt_switches"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_five_digits_and_a_unit() {
        #[track_caller]
        fn check(bytes: u64, expected: &str) {
            assert_eq!(shown(bytes), expected);
        }
        check(0, "0b");
        check(999, "999b");
        check(1 << 20, "1MB");
        check(64_909_672, "61.903MB");
        check((1 << 30) + (1 << 29), "1.5GB");
        check(1000 << 20, "1000MB");
    }

    #[test]
    fn samples_are_thinned_out() {
        let samples: Vec<_> = (0..10).map(|n| n.to_string()).collect();
        assert_eq!(dump(&samples, 5).lines().count(), 7);
        assert_eq!(dump(&samples, 0).lines().count(), 1);
        assert_eq!(dump(&[], 5).lines().count(), 1);
    }

    #[test]
    fn what_running_costs_is_counted() {
        let Value::Object(usage) = usage() else { panic!("an object") };
        assert_eq!(usage.len(), 16);
        assert!(usage["maxrss"].as_i64().unwrap() > 1000);
        assert!(usage["minflt"].as_i64().unwrap() > 0);
    }
}
