//! A child that does what its job says, most of it wrong.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::process::{Resource, Signal, getpid, getrlimit, kill_process};
use warden::child::Reply;
use warden::{Limits, LineOptions, Lines, Options, Warden};

#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("deaf") => park(),
        Some("parent") => parent(),
        Some("line-parent") => line_parent(),
        _ if warden::child::is_line() => line(),
        _ if warden::child::is_child() => warden::child::serve(handle),
        _ => eprintln!("started by warden's tests only"),
    }
}

/// Waits for a word, keeps a child of its own busy, tells its process id, and waits to be killed.
fn parent() -> ! {
    std::io::stdin().read_line(&mut String::new()).expect("stdin can be read");
    let warden = Warden::new(Options::default());
    let limits = Limits { memory: 64 << 20, wall: Duration::MAX, output: 1 << 20, frame: 1 << 20 };
    let mut call = warden.call(b"say-and-park", None, &limits).expect("a child starts");
    call.next().expect("a frame").expect("a living child");
    println!("{}", call.pid());
    park()
}

/// Answers words of four bytes with a number, until the parent is gone.
fn line() {
    let (mut socket, claims) = warden::child::line().unwrap_or_else(|_| std::process::exit(87));
    let mut word = [0; 4];
    while socket.read_exact(&mut word).is_ok() {
        let answer = match &word {
            b"pid " => u64::from(std::process::id()),
            b"env " => u64::from(std::env::var_os("WARDEN_CHILD").is_some()),
            b"page" => (1..10).find(|job| claims.begin(*job)).unwrap_or(0),
            b"sigs" => warden::child::interrupts(),
            _ => u64::MAX,
        };
        socket.write_all(&answer.to_le_bytes()).expect("the parent reads");
    }
}

/// Starts a line, tells its process id, and waits to be killed.
fn line_parent() -> ! {
    let options = LineOptions { args: vec!["line".into()], ..LineOptions::default() };
    let (answer, started) = std::sync::mpsc::channel();
    let lines = Lines::new(options).expect("a thread starts");
    lines.start(move |line| drop(answer.send(line)));
    let (line, _socket) = started.recv().expect("an answer").expect("a child");
    println!("{}", line.pid());
    park()
}

fn park() -> ! {
    loop {
        std::thread::park();
    }
}

fn handle(job: &[u8], input: Option<OwnedFd>, reply: &mut Reply) {
    let text = String::from_utf8_lossy(job);
    let (verb, argument) = text.split_once(' ').unwrap_or((&text, ""));
    let number = || argument.parse::<usize>().expect("a number");
    match verb {
        "echo" => reply.send(argument.as_bytes()),
        "length" => reply.send(job.len().to_string().as_bytes()),
        "sizes" => argument.split(' ').for_each(|size| reply.send(&vec![b'x'; size.parse().expect("a number")])),
        "read" => reply.send(&read(input.expect("an input"))),
        "map" => reply.send(warden::map(input.expect("an input")).expect("a regular file").as_ref()),
        "truncate" => {
            let file = File::from(input.expect("an input"));
            let mapped = warden::map(&file).expect("a regular file");
            rustix::fs::ftruncate(&file, 0).expect("a file can be shortened");
            reply.send(&[mapped.as_ref()[0]]);
        }
        "write" => File::from(input.expect("an input")).write_all(b"more").expect("the signal comes first"),
        "touch" => reply.send(&vec![1; number()]),
        "allocate" => {
            let mut blocks = Vec::new();
            loop {
                blocks.push(vec![1_u8; 1 << 20]);
            }
        }
        "say-and-park" => {
            reply.send(b"parked");
            park()
        }
        "park" => park(),
        "slow" => (0..number()).for_each(|_| {
            std::thread::sleep(Duration::from_millis(25));
            reply.send(b"still here");
        }),
        "endless" => loop {
            reply.send(&vec![0; number()]);
        },
        "abort" => std::process::abort(),
        "overflow" => reply.send(&[descend(number() as u64) as u8]),
        "panic" => panic!("{argument}"),
        "exit" => std::process::exit(number() as i32),
        "signal" => raise(number() as i32),
        "fault" => {
            // SAFETY: none. The first page is never mapped, and the kernel ends the process.
            unsafe { std::ptr::without_provenance_mut::<u8>(number()).write_volatile(1) }
        }
        "stop" => {
            kill_process(getpid(), Signal::STOP).expect("a process may stop itself");
        }
        "raw" => {
            let bytes: Vec<u8> = argument.split(' ').map(|byte| byte.parse().expect("a byte")).collect();
            rustix::io::write(socket(), &bytes).expect("the parent reads");
            park()
        }
        "raw-after-end" => {
            rustix::io::write(socket(), &[0, 0, 0, 0, 4, 1, 0, 0, 0, 3, b'!']).expect("the parent reads");
            park()
        }
        "hang-up" => {
            rustix::net::shutdown(socket(), rustix::net::Shutdown::Both).expect("a socket");
            park()
        }
        "stderr" => {
            let line = [b'e'; 1000];
            (0..number()).for_each(|_| std::io::stderr().write_all(&line).expect("the parent reads"));
            eprint!("last words");
            reply.send(b"done");
        }
        "chatter" => loop {
            eprintln!("still here");
        },
        "descriptors" => reply.send(descriptors().join(" ").as_bytes()),
        "limits" => reply.send(limits().as_bytes()),
        "status" => reply.send(&std::fs::read("/proc/self/status").expect("proc is mounted")),
        "oom" => reply.send(&std::fs::read("/proc/self/oom_score_adj").expect("proc is mounted")),
        "environment" => {
            let names: Vec<_> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
            reply.send(names.join(" ").as_bytes());
        }
        "group" => reply.send(rustix::process::getpgrp().as_raw_pid().to_string().as_bytes()),
        "leave-behind" => {
            let mut other = std::process::Command::new("/proc/self/exe").arg("deaf").spawn().expect("a process starts");
            reply.send(other.id().to_string().as_bytes());
            other.wait().expect("a child can be waited for");
        }
        _ => panic!("no such job: {text}"),
    }
}

fn socket() -> BorrowedFd<'static> {
    // SAFETY: `serve` keeps the socket at 3 for as long as the process lives.
    unsafe { BorrowedFd::borrow_raw(3) }
}

fn read(input: OwnedFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::from(input).read_to_end(&mut bytes).expect("the input can be read");
    bytes
}

/// Calls itself, with a frame of its own that the compiler cannot remove.
fn descend(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 { frame[1] } else { descend(depth - 1) + frame[2] }
}

fn raise(signal: i32) {
    // SAFETY: raising a signal touches no memory.
    unsafe { libc::raise(signal) };
}

fn descriptors() -> Vec<String> {
    let own = format!("/proc/{}/fd", std::process::id());
    let mut open: Vec<_> = std::fs::read_dir("/proc/self/fd")
        .expect("proc is mounted")
        .map(|entry| entry.expect("a folder can be read").path())
        // The folder that is being read.
        .filter(|path| std::fs::read_link(path).is_ok_and(|target| !target.starts_with(&own)))
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    open.sort();
    open
}

fn limits() -> String {
    [Resource::Data, Resource::Stack, Resource::Core, Resource::Nofile, Resource::Fsize]
        .map(getrlimit)
        .map(|limit| format!("{:?}/{:?}", limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX)))
        .join(" ")
}
