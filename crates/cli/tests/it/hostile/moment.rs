//! What changes while a run is on its way.

use std::fs;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::pit::{Pit, SOUND};

/// A document that keeps the only worker for a second, so that what happens meanwhile happens before the others.
const HANG: (&str, &[u8]) = ("0-hang.txt", b"docmill-mock: hang\n");
const SECOND: (&str, &str) = ("DOCMILL_LIMITS_TIME", "1s");

#[test]
fn files_that_vanish_or_change_before_they_are_read_are_told_and_the_rest_goes_on() {
    let pit = Pit::with(&[HANG]);
    for number in 0..12 {
        pit.put(format!("{number:02}.txt"), format!("{SOUND}Letter {number}.\n").as_bytes());
    }
    let mut run = pit.start(&["run", "in", "--workers", "1"], &[SECOND]);
    run.reach("intake ended");
    let kept = fs::read(pit.path("03.txt")).unwrap();
    fs::remove_file(pit.path("03.txt")).unwrap();
    fs::write(pit.path("04.txt"), "Another letter of 9 June 2024.\n").unwrap();
    fs::remove_file(pit.path("05.txt")).unwrap();
    fs::create_dir(pit.path("05.txt")).unwrap();
    fs::remove_file(pit.path("06.txt")).unwrap();
    mknodat(CWD, pit.path("06.txt"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (code, events) = run.end();
    assert_eq!(code, Some(1), "{events:#?}");

    let found = pit.documents();
    assert_eq!(found["03.txt"], "failed source_gone");
    assert_eq!(found["04.txt"], "failed source_changed");
    assert_eq!(found["05.txt"], "failed source_changed", "a folder now");
    assert_eq!(found["06.txt"], "failed source_changed", "a pipe now");
    assert_eq!(found.values().filter(|told| *told == "done").count(), 8, "{found:#?}");
    let status = pit.say(&["status"]).ends_with(0);
    assert!(status.out.contains("put it back and run again"), "{status:?}");

    fs::write(pit.path("03.txt"), kept).unwrap();
    fs::remove_dir(pit.path("05.txt")).unwrap();
    fs::remove_file(pit.path("06.txt")).unwrap();
    fs::remove_file(pit.path("0-hang.txt")).unwrap();
    let said = pit.run();
    assert!(said.out.contains("3 files"), "those that are gone: {said:?}");
    pit.say(&["prune"]).ends_with(0);
    let said = pit.run().ends_with(0);
    let found = pit.documents();
    assert_eq!(found.len(), 10, "{said:?}");
    assert!(found.values().all(|told| told == "done"), "{found:#?}");
}

#[test]
fn a_run_keeps_others_out_and_leaves_nothing_locked_when_it_is_killed() {
    let pit = Pit::with(&[HANG, ("a.txt", SOUND.as_bytes())]);
    let mut first = pit.start(&["run", "in", "--workers", "1"], &[]);
    first.reach("child started");
    for arguments in [&["run", "in"][..], &["retry"], &["reprocess"], &["forget", "a.txt"], &["prune"]] {
        pit.say(arguments).refuses("workspace_busy");
    }
    for arguments in [&["status"][..], &["export"], &["search", "rent"], &["why", "a.txt"], &["doctor"]] {
        pit.say(arguments).ends_with(0);
    }
    first.kill();
    // The child still hangs, or is dying: neither may hold the lock.
    let second = pit.say_with(&["run", "in"], &[SECOND]).ends_with(1);
    assert!(second.out.contains("1 done, 1 failed"), "{second:?}");
}
