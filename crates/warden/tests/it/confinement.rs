//! What a child may touch.

use std::process::{Command, Stdio};

use super::*;

#[test]
fn a_child_holds_four_descriptors() {
    // Without close-on-exec, as a careless library or a shell leaves them.
    let _leaked: Vec<_> = (0..10).map(|_| rustix::io::dup(std::io::stderr()).unwrap()).collect();
    let warden = Warden::new(options());
    assert_eq!(run(&warden, "descriptors").text(), "0 1 2 3");
    assert_eq!(run(&warden, "descriptors").text(), "0 1 2 3");
}

#[test]
fn a_lock_does_not_pass_to_a_child() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let lock = warden::lock_file(&path).unwrap().expect("nobody holds it");
    let warden = Warden::new(options());
    let mut call = warden.call(b"say-and-park", None, &LIMITS).unwrap();
    call.next().unwrap().unwrap();
    drop(lock);
    assert!(warden::lock_file(&path).unwrap().is_some());
}

#[test]
fn limits_hold_from_the_first_job_on() {
    let limits = Limits { memory: 50 << 20, ..LIMITS };
    let outcome = run_with(&Warden::new(options()), "limits", None, &limits);
    assert_eq!(outcome.text(), "52428800/52428800 8388608/8388608 1/1 64/64 0/0");
}

#[test]
fn a_child_gains_no_privileges_and_goes_first_when_memory_is_short() {
    let warden = Warden::new(options());
    let status = run(&warden, "status").text();
    assert!(status.lines().any(|line| line == "NoNewPrivs:\t1"), "{status}");
    assert_eq!(run(&warden, "oom").text().trim(), "1000");
}

#[test]
fn a_child_sees_only_the_environment_it_is_given() {
    let env = vec![("RUST_BACKTRACE".into(), "0".into())];
    let warden = Warden::new(Options { env, ..options() });
    assert_eq!(run(&warden, "environment").text(), "RUST_BACKTRACE=0 WARDEN_CHILD=1");
}

#[test]
fn the_terminal_does_not_reach_a_child() {
    let outcome = run(&Warden::new(options()), "group");
    assert_eq!(outcome.text(), outcome.pid.to_string());
}

#[test]
fn the_memory_of_a_running_child_can_be_measured() {
    let warden = Warden::new(options());
    let mut call = warden.call(b"say-and-park", None, &LIMITS).unwrap();
    call.next().unwrap().unwrap();
    assert!(warden::pss(call.pid()).unwrap() > 0);
}

#[test]
fn a_process_that_only_claims_to_be_a_child_ends() {
    let mut command = Command::new(options().program);
    let output = command.env("WARDEN_CHILD", "1").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(87));
    assert!(String::from_utf8(output.stderr).unwrap().contains("could not confine itself"));
}
