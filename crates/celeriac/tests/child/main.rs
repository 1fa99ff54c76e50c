//! A child of the prefork pool whose tasks do to it what tasks should not.

use std::io::Write;
use std::time::Duration;

use celeriac::{AsyncTask, Context, Effect, Failure, Outcome, Registry, Task};
use celeriac_wire::{Map, Value, value};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("deaf") => loop {
            std::thread::park();
        },
        Some("stillborn") => std::process::exit(3),
        _ if celeriac::is_child() => celeriac::serve_child(registry()),
        _ => eprintln!("started by celeriac's tests only"),
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.task(Do).async_task(Wait);
    registry
}

#[derive(serde::Deserialize)]
struct Args {
    verb: String,
    #[serde(default)]
    number: u64,
}

/// Does what its first argument says.
struct Do;

impl Task for Do {
    const NAME: &'static str = "do";
    const PARAMETERS: &'static [&'static str] = &["verb", "number"];
    type Args = Args;
    type Reply = Value;

    fn run(&self, cx: &Context, Args { verb, number }: Args) -> Outcome<Value> {
        match verb.as_str() {
            "echo" => {}
            "pid" => return Ok(value!(std::process::id())),
            "sleep" => std::thread::sleep(Duration::from_millis(number)),
            "nap" => cx.sleep(Duration::from_millis(number))?,
            "ask" => loop {
                cx.check()?;
                std::thread::sleep(Duration::from_millis(1));
            },
            "effects" => (0..number).for_each(|done| {
                cx.emit(Effect::State { status: "PROGRESS".to_owned(), meta: value!(done) });
            }),
            "fail" => return Err(Failure::builtin("ValueError", "as told").into()),
            "panic" => panic!("as told"),
            "exit" => std::process::exit(number as i32),
            "abort" => std::process::abort(),
            "overflow" => return Ok(value!(descend(number))),
            "allocate" => return Ok(value!(vec![1_u8; number as usize].len())),
            "deep" => return Ok((0..number).fold(Value::Null, |inner, _| Value::Array(vec![inner]))),
            "long" => return Ok(Value::String("x".repeat(number as usize))),
            "garbage" => {
                // The only socket that the process has.
                let name = |fd: &std::path::PathBuf| std::fs::read_link(fd).unwrap_or_default();
                let fds = std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
                let fd = fds.into_iter().find(|fd| name(fd).to_string_lossy().starts_with("socket:")).unwrap();
                let fd: i32 = fd.file_name().unwrap().to_str().unwrap().parse().unwrap();
                garbage(fd, number as usize);
                std::thread::park();
            }
            "environment" => return Ok(value!(std::env::var("WARDEN_CHILD").is_ok())),
            "stdin" => return Ok(value!(std::io::read_to_string(std::io::stdin()).unwrap())),
            "print" => drop(std::io::stdout().write_all(b"")),
            other => return Err(Failure::builtin("ValueError", format!("no such verb: {other}")).into()),
        }
        Ok(value!(number))
    }
}

#[allow(unsafe_code)]
fn garbage(fd: i32, count: usize) {
    use std::os::fd::{BorrowedFd, OwnedFd};
    // SAFETY: the descriptor is open, as it was just found.
    let fd: OwnedFd = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().unwrap();
    drop(std::fs::File::from(fd).write_all(&vec![b'!'; count]));
}

/// Calls itself, with a frame of its own that the compiler cannot remove.
fn descend(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 { frame[1] } else { descend(depth - 1) + frame[2] }
}

/// Waits for so many milliseconds.
struct Wait;

impl AsyncTask for Wait {
    const NAME: &'static str = "wait";
    const PARAMETERS: &'static [&'static str] = &["number"];
    type Args = Map;
    type Reply = bool;

    async fn run(&self, _: Context, args: Map) -> Outcome<bool> {
        let number = args.get("number").and_then(Value::as_i64).unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(number.unsigned_abs())).await;
        Ok(true)
    }
}
