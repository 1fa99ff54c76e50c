//! Children without limits, and what becomes of them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;

use warden::{Line, LineOptions, Lines};

use super::*;

fn line_options() -> LineOptions {
    LineOptions { program: options().program, args: vec!["line".into()], ..LineOptions::default() }
}

fn start(lines: &Lines) -> std::io::Result<(Line, UnixStream)> {
    let (answer, started) = mpsc::channel();
    lines.start(move |line| answer.send(line).unwrap());
    let (line, socket) = started.recv_timeout(PATIENCE).unwrap()?;
    socket.set_nonblocking(false)?;
    Ok((line, socket))
}

/// What the child answers to a word.
fn ask(socket: &mut UnixStream, word: &[u8; 4]) -> u64 {
    socket.write_all(word).unwrap();
    let mut answer = [0; 8];
    socket.read_exact(&mut answer).unwrap();
    u64::from_le_bytes(answer)
}

fn end(line: &mut Line) -> Death {
    let ended = line.ended().unwrap();
    poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&Timespec::try_from(PATIENCE).unwrap())).unwrap();
    line.end().unwrap().expect("it has ended")
}

#[test]
fn a_line_shares_a_socket_and_a_page_with_its_child() {
    let lines = Lines::new(line_options()).unwrap();
    let (mut line, mut socket) = start(&lines).unwrap();
    assert_eq!(ask(&mut socket, b"pid "), u64::from(line.pid()));
    assert_eq!(ask(&mut socket, b"env "), 0, "what the child starts is no child");
    [1, 2].into_iter().for_each(|job| line.claims().hand(job));
    assert!(line.claims().recall(1));
    assert_eq!(ask(&mut socket, b"page"), 2, "the child begins what was not called back");
    assert!(!line.claims().recall(2));
    drop(socket);
    assert_eq!(end(&mut line), Death::Exit(0));
    assert_eq!(line.end().unwrap(), None, "it is told once");
}

#[test]
fn a_signal_reaches_the_child_and_interrupts_what_waits() {
    let lines = Lines::new(line_options()).unwrap();
    let (mut line, mut socket) = start(&lines).unwrap();
    assert_eq!(ask(&mut socket, b"pid "), u64::from(line.pid()));
    line.signal(10).unwrap();
    assert_eq!(ask(&mut socket, b"sigs"), 1);
    assert!(line.signal(99).is_err());
    line.signal(15).unwrap();
    assert_eq!(end(&mut line), Death::Signal(15));
    assert!(line.signal(15).is_err(), "nobody else gets it");
    line.kill();
}

#[test]
fn a_line_that_is_dropped_is_killed_and_reaped() {
    let lines = Lines::new(line_options()).unwrap();
    let (line, mut socket) = start(&lines).unwrap();
    let pid = line.pid();
    ask(&mut socket, b"pid ");
    drop(line);
    assert!(is_reaped(pid));
    assert_eq!(socket.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_program_that_is_missing_or_no_child_is_told() {
    let missing = Lines::new(LineOptions { program: "/no/such/program".into(), ..line_options() }).unwrap();
    assert!(start(&missing).is_err());
    let other = Lines::new(LineOptions { program: "/bin/true".into(), ..line_options() }).unwrap();
    let (mut line, _socket) = start(&other).unwrap();
    assert_eq!(end(&mut line), Death::Exit(0));
    let mut alone = std::process::Command::new(options().program);
    let alone = alone.env("WARDEN_CHILD", "line").arg("line").stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(alone.status.code(), Some(87));
}

#[test]
fn a_line_does_not_outlive_a_killed_parent() {
    let mut parent = std::process::Command::new(options().program);
    let parent = parent.arg("line-parent").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut parent = parent.spawn().unwrap();
    let mut pid = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(parent.stdout.take().unwrap()), &mut pid).unwrap();
    let pid = pid.trim().parse().unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    await_end(pid);
}
