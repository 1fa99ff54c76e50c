//! Documents that kill the child that reads them.

use super::pit::{Pit, SOUND, documents};

/// What each word of the mock does to its child, and the code it ends with.
const DEATHS: [(&str, &str); 6] = [
    ("abort", "child_crash"),
    ("exit", "child_crash"),
    ("stack", "child_crash"),
    ("hang", "child_time"),
    ("memory", "child_memory"),
    ("output", "child_output"),
];
const TIGHT: [(&str, &str); 3] =
    [("DOCMILL_LIMITS_TIME", "1s"), ("DOCMILL_LIMITS_MEMORY", "64MiB"), ("DOCMILL_LIMITS_OUTPUT", "8MiB")];

fn pit() -> Pit {
    let pit = Pit::new();
    for (word, _) in DEATHS {
        pit.put(format!("{word}.txt"), format!("docmill-mock: {word}\n").as_bytes());
    }
    for number in 1..=9 {
        pit.put(format!("sound{number}.txt"), format!("{SOUND}Letter {number}.\n").as_bytes());
    }
    pit
}

fn value<'a>(line: &'a str, key: &str) -> &'a str {
    line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default()
}

#[test]
fn a_document_that_kills_its_child_each_time_fails_alone_and_holds_up_nobody() {
    let pit = pit();
    let (code, events) = pit.start(&["run", "in", "--workers", "2"], &TIGHT).end();
    assert_eq!(code, Some(1));

    let last_sound = events.iter().rposition(|e| e.contains("stage=build_relationships state=done"));
    let first_again = events.iter().position(|e| e.contains("stage=process_ocr attempt=2"));
    assert!(last_sound < first_again, "what died waits for all others: {events:#?}");
    let mut reading = None;
    for event in &events[first_again.expect("it was tried again")..] {
        if event.starts_with("child started") {
            reading = Some(value(event, "document"));
        } else if event.starts_with("pages saved") {
            assert_eq!(reading, Some(value(event, "document")), "one at a time: {event}");
        }
    }
    let attempts = events.iter().filter(|e| e.starts_with("child started")).count();
    assert_eq!(attempts, 9 + 3 * DEATHS.len(), "{events:#?}");

    let export = pit.export();
    let found = documents(&export);
    for (word, code) in DEATHS {
        assert_eq!(found[&format!("{word}.txt")], format!("failed {code}"));
    }
    assert_eq!(found.values().filter(|told| *told == "done").count(), 9, "{found:?}");
    for event in events.iter().filter(|e| e.starts_with("child started")) {
        assert!(!export.contains(&format!("\"{}\"", value(event, "pid"))), "no process in the export");
    }

    let why = pit.say(&["why", "memory.txt"]).ends_with(0).out;
    for told in ["child_memory", "warden::Death: out of memory", "raise `limits.memory`", "retry --class child_memory"]
    {
        assert!(why.contains(told), "no {told:?} in {why}");
    }
    let status = pit.say(&["status"]).ends_with(0).out;
    for (_, code) in DEATHS {
        assert!(status.contains(&format!("retry --class {code}")), "{status}");
    }

    // Another workspace, another order and other deaths on the way: the same bytes.
    let (_, again) = pit.start(&["retry", "--class", "child_crash"], &TIGHT).end();
    assert_eq!(again.iter().filter(|e| e.starts_with("child started")).count(), 3 * 3, "{again:#?}");
    assert_eq!(pit.export(), export);
}

#[test]
fn an_attempt_that_reads_a_new_page_does_not_count_against_its_document() {
    let pit = Pit::with(&[("steps.txt", b"docmill-mock: step\n"), ("sound.txt", SOUND.as_bytes())]);
    let said = pit.run().ends_with(0);
    assert!(said.out.contains("6 pages"), "five of the one and one of the other: {said:?}");
    let why = pit.say(&["why", "steps.txt"]).ends_with(0).out;
    assert!(why.contains("child_crash") && why.contains("5 pages"), "{why}");
    let found = pit.documents();
    assert_eq!(found["steps.txt"], "done", "what died on the way is no finding");
}
