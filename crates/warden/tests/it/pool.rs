//! Who gets a child, and for how long.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use super::*;

/// The children that the jobs ran in, in order, without repetition.
fn pids(warden: &Warden, calls: usize) -> Vec<u32> {
    let mut pids: Vec<_> = (0..calls).map(|_| run(warden, "echo").pid).collect();
    pids.dedup();
    pids
}

#[test]
fn frames_of_all_sizes_arrive_whole_and_in_order() {
    let sizes = [0, 1, 4, 5, 6, 65_530, 65_531, 65_532, 65_536, 3 << 20, 0, 7];
    let job = sizes.map(|size| size.to_string()).join(" ");
    let outcome = run(&Warden::new(options()), &format!("sizes {job}"));
    assert_eq!(outcome.frames.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
    assert_eq!(outcome.death, None);
    assert!(outcome.frames.concat().iter().all(|byte| *byte == b'x'));
}

#[test]
fn jobs_of_all_sizes_arrive_whole() {
    let warden = Warden::new(options());
    for size in [7, 65_531, 65_532, 8 << 20] {
        let job = format!("length {}", "x".repeat(size - 7));
        assert_eq!(run(&warden, &job).text(), size.to_string());
    }
}

#[test]
fn an_input_reaches_the_child() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"the text").unwrap();
    let warden = Warden::new(options());
    for job in ["read", "map"] {
        file.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(run_with(&warden, job, Some(file.as_fd()), &LIMITS).text(), "the text", "{job}");
    }
    file.seek(SeekFrom::Start(4)).unwrap();
    assert_eq!(run_with(&warden, "read", Some(file.as_fd()), &LIMITS).text(), "text");
}

#[test]
fn an_input_of_a_large_job_reaches_the_child_once() {
    let null = File::open("/dev/null").unwrap();
    let warden = Warden::new(options());
    let job = format!("length {}", "x".repeat(4 << 20));
    assert_eq!(run_with(&warden, &job, Some(null.as_fd()), &LIMITS).text(), (7 + (4 << 20)).to_string());
    assert_eq!(run(&warden, "descriptors").text(), "0 1 2 3");
}

#[test]
fn a_thousand_calls_share_a_child() {
    let warden = Warden::new(Options { jobs_per_child: u32::MAX, ..options() });
    assert_eq!(pids(&warden, 1000).len(), 1);
}

#[test]
fn a_child_is_replaced_after_its_jobs() {
    let warden = Warden::new(Options { jobs_per_child: 3, ..options() });
    let pids = pids(&warden, 8);
    assert_eq!(pids.len(), 3);
    assert_eq!(pids.iter().map(|pid| is_reaped(*pid)).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let pid = run(&Warden::new(Options { idle: 0, ..options() }), "echo").pid;
    assert!(is_reaped(pid));
}

#[test]
fn a_child_with_other_limits_is_replaced() {
    let warden = Warden::new(options());
    let small = Limits { memory: 32 << 20, ..LIMITS };
    assert_eq!(run_with(&warden, "touch 40000000", None, &small).death, Some(Death::Memory));
    let first = run_with(&warden, "echo", None, &small).pid;
    let second = run_with(&warden, "touch 20000000", None, &LIMITS);
    assert_eq!((second.death, second.frames[0].len()), (None, 20_000_000));
    assert_ne!(first, second.pid);
    assert!(is_reaped(first));
}

#[test]
fn threads_share_the_children() {
    let warden = Warden::new(Options { size: 2, jobs_per_child: u32::MAX, ..options() });
    let pids: BTreeSet<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let warden = &warden;
                scope.spawn(move || {
                    let calls = (0..50).map(|call| {
                        let outcome = run(warden, &format!("echo {thread} {call}"));
                        assert_eq!(outcome.text(), format!("{thread} {call}"));
                        outcome.pid
                    });
                    calls.collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!((1..=2).contains(&pids.len()), "{pids:?}");
}

#[test]
fn a_call_waits_for_a_child_that_dies() {
    let warden = Warden::new(options());
    let mut call = warden.call(b"say-and-park", None, &LIMITS).unwrap();
    call.next();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| run(&warden, "echo later").text());
        kill(call.pid());
        assert_eq!(call.next(), Some(Err(Death::Signal(9))));
        assert_eq!(waiting.join().unwrap(), "later");
    });
}

#[test]
fn a_dropped_call_ends_its_child() {
    let warden = Warden::new(options());
    let mut call = warden.call(b"endless 100", None, &LIMITS).unwrap();
    call.next().unwrap().unwrap();
    let pid = call.pid();
    drop(call);
    assert!(is_reaped(pid));
    assert_ne!(run(&warden, "echo").pid, pid);
}

#[test]
fn a_child_that_died_between_two_jobs_is_replaced_in_silence() {
    let warden = Warden::new(options());
    let first = run(&warden, "echo").pid;
    kill(first);
    await_end(first);
    let second = run(&warden, "echo again");
    assert_eq!(second.text(), "again");
    assert!(is_reaped(first));
}

#[test]
fn words_after_the_end_are_not_heard_by_the_next_job() {
    let warden = Warden::new(options());
    let first = run(&warden, "raw-after-end");
    assert_eq!((first.death, first.frames.len()), (None, 0));
    let second = run(&warden, "echo mine");
    assert_eq!(second.text(), "mine");
    assert_ne!(first.pid, second.pid);
}

#[test]
fn children_end_with_the_warden() {
    let warden = Warden::new(Options { size: 2, ..options() });
    let mut busy = warden.call(b"slow 2", None, &LIMITS).unwrap();
    let idle = run(&warden, "echo").pid;
    drop(warden);
    assert!(is_reaped(idle));
    assert_eq!(busy.by_ref().map(Result::unwrap).count(), 2);
    assert!(is_reaped(busy.pid()));
}

/// A process with a child of its own, and that child's number. `prepare` runs before the child is started.
fn family(program: &Path, prepare: impl FnOnce()) -> (std::process::Child, u32) {
    let mut parent = Command::new(program).arg("parent").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    prepare();
    parent.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (parent, line.trim().parse().unwrap())
}

#[test]
fn a_child_ends_with_a_parent_that_is_killed() {
    let (mut parent, child) = family(&options().program, || {});
    assert!(!is_reaped(child));
    parent.kill().unwrap();
    parent.wait().unwrap();
    await_end(child);
}

#[test]
fn a_program_that_was_removed_still_starts_children() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("program");
    std::fs::hard_link(options().program, &program).unwrap();
    let (mut parent, child) = family(&program, || std::fs::remove_file(&program).unwrap());
    assert!(!is_reaped(child));
    parent.kill().unwrap();
    parent.wait().unwrap();
}

#[test]
fn wardens_and_calls_move_between_threads() {
    fn check<T: Send>() {}
    check::<&Warden>();
    check::<warden::Call>();
}

#[test]
fn what_a_child_started_ends_with_it() {
    let warden = Warden::new(options());
    let mut call = warden.call(b"leave-behind", None, &LIMITS).unwrap();
    let left: u32 = String::from_utf8(call.next().unwrap().unwrap()).unwrap().parse().unwrap();
    assert!(!is_reaped(left));
    drop(call);
    await_end(left);
}
