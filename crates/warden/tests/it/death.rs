//! Each way to die has its value, and the next job does not notice.

use std::io::{Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use super::*;

/// Runs the job, then a harmless one, on a pool of one.
fn check(job: &str, limits: Limits, expected: Death) -> Outcome {
    let warden = Warden::new(options());
    let outcome = run_with(&warden, job, None, &limits);
    assert_eq!(outcome.death, Some(expected), "{job}: {}", outcome.stderr);
    assert!(is_reaped(outcome.pid), "{job}: the child is still there");
    assert_eq!(run(&warden, "echo next").text(), "next", "after {job}");
    outcome
}

fn protocol(what: &str) -> Death {
    Death::Protocol(what.to_owned())
}

#[test]
fn memory_without_end_is_a_death_by_memory() {
    check("allocate", LIMITS, Death::Memory);
    check("touch 100000000", LIMITS, Death::Memory);
}

#[test]
fn silence_is_a_death_by_wall_clock() {
    let limits = Limits { wall: Duration::from_millis(200), ..LIMITS };
    check("park", limits, Death::Wall);
    check("stop", limits, Death::Wall);
    let outcome = check("chatter", limits, Death::Wall);
    assert!(outcome.stderr.contains("still here"), "{}", outcome.stderr);
}

#[test]
fn progress_starts_the_clock_anew() {
    let limits = Limits { wall: Duration::from_secs(1), ..LIMITS };
    let outcome = run_with(&Warden::new(options()), "slow 50", None, &limits);
    assert_eq!((outcome.death, outcome.frames.len()), (None, 50));
}

#[test]
fn a_job_that_nobody_takes_is_a_death_by_wall_clock() {
    let warden = Warden::new(Options { args: vec!["deaf".into()], ..options() });
    let limits = Limits { wall: Duration::from_millis(200), ..LIMITS };
    let outcome = run_with(&warden, &"x".repeat(8 << 20), None, &limits);
    assert_eq!(outcome.death, Some(Death::Wall));
    assert!(is_reaped(outcome.pid));
}

#[test]
fn output_past_a_limit_is_a_death_by_output() {
    let limits = Limits { output: 1000, frame: 100, ..LIMITS };
    assert_eq!(check("endless 95", limits, Death::Output).frames.len(), 10);
    assert_eq!(check("endless 0", limits, Death::Output).frames.len(), 200);
    assert_eq!(check("sizes 100 101", limits, Death::Output).frames.len(), 1);
    check("raw 255 255 255 255 3", LIMITS, Death::Output);
}

#[test]
fn the_end_of_a_call_counts_as_output_too() {
    let limits = Limits { output: 15, ..LIMITS };
    let warden = Warden::new(options());
    assert_eq!(run_with(&warden, "sizes 5", None, &limits).text(), "xxxxx");
    assert_eq!(run_with(&warden, "sizes 6", None, &limits).death, Some(Death::Output));
}

#[test]
fn signals_keep_their_number() {
    check("abort", LIMITS, Death::Signal(6));
    check("signal 9", LIMITS, Death::Signal(9));
    check("fault 8", LIMITS, Death::Signal(11));
    check("signal 24", LIMITS, Death::Cpu);
    let overflow = check("overflow 100000000", LIMITS, Death::Signal(6));
    assert!(overflow.stderr.contains("overflowed its stack"), "{}", overflow.stderr);
}

#[test]
fn leaving_in_the_middle_is_a_death_by_exit() {
    check("exit 3", LIMITS, Death::Exit(3));
    check("exit 0", LIMITS, Death::Exit(0));
    let panic = check("panic of a parser", LIMITS, Death::Exit(101));
    assert!(panic.stderr.contains("of a parser"), "{}", panic.stderr);
}

#[test]
fn a_program_that_is_no_child_is_a_death_and_not_a_hang() {
    let warden = Warden::new(Options { program: "/bin/true".into(), ..Options::default() });
    assert_eq!(run(&warden, "echo").death, Some(Death::Exit(0)));
}

#[test]
fn what_is_no_frame_breaks_the_protocol() {
    check("raw 0 0 0 0 9", LIMITS, protocol("a frame of unknown kind 9"));
    check("raw 71 69 84 32 47", LIMITS, protocol("a frame of unknown kind 47"));
    check("raw 0 0 0 0 1", LIMITS, protocol("a frame that only the parent sends"));
    check("raw 1 0 0 0 4 0", LIMITS, protocol("an end with a body"));
}

#[test]
fn frames_before_a_death_arrive() {
    let outcome = check("raw 1 0 0 0 3 65 1 0 0 0 3 66 0 0 0 0 0", LIMITS, protocol("a frame of unknown kind 0"));
    assert_eq!(outcome.frames, [b"A", b"B"]);
}

#[test]
fn a_child_that_hangs_up_and_goes_on_is_killed() {
    check("hang-up", LIMITS, protocol("closed its socket and went on"));
}

#[test]
fn a_child_killed_from_outside_is_a_death_by_signal() {
    let warden = Warden::new(options());
    let mut call = warden.call(b"say-and-park", None, &LIMITS).unwrap();
    assert_eq!(call.next(), Some(Ok(b"parked".to_vec())));
    kill(call.pid());
    assert_eq!(call.next(), Some(Err(Death::Signal(9))));
    assert_eq!(call.next(), None);
}

#[test]
fn writing_to_a_file_is_a_death_by_signal() {
    let file = tempfile::tempfile().unwrap();
    let outcome = run_with(&Warden::new(options()), "write", Some(file.as_fd()), &LIMITS);
    assert_eq!(outcome.death, Some(Death::Signal(25)));
    assert_eq!(file.metadata().unwrap().len(), 0);
}

#[test]
fn a_file_shortened_under_a_mapping_is_a_death_by_signal() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"text").unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let outcome = run_with(&Warden::new(options()), "truncate", Some(file.as_fd()), &LIMITS);
    assert_eq!(outcome.death, Some(Death::Signal(7)));
}

#[test]
fn a_flood_on_stderr_neither_blocks_nor_grows() {
    let outcome = run(&Warden::new(options()), "stderr 2000");
    assert_eq!(outcome.text(), "done");
    assert!(outcome.stderr.ends_with("eelast words") && outcome.stderr.len() <= 4096, "{}", outcome.stderr);
}

#[test]
fn each_job_has_its_own_stderr() {
    let warden = Warden::new(options());
    let first = run(&warden, "stderr 0");
    let second = run(&warden, "echo");
    assert_eq!(first.pid, second.pid);
    assert_eq!((first.stderr.as_str(), second.stderr.as_str()), ("last words", ""));
}

#[test]
fn a_missing_program_is_no_death_of_the_job() {
    let warden = Warden::new(Options { program: "/no/such/program".into(), ..Options::default() });
    for _ in 0..3 {
        let death = warden.call(b"echo", None, &LIMITS).unwrap_err();
        assert!(matches!(&death, Death::Spawn(why) if why.contains("No such file")), "{death}");
    }
}

#[test]
fn deaths_read_as_part_of_a_sentence() {
    let check = |death: Death, expected| assert_eq!(death.to_string(), expected);
    check(Death::Memory, "out of memory");
    check(Death::Signal(9), "killed by signal 9");
    check(protocol("an end with a body"), "broken protocol: an end with a body");
}
