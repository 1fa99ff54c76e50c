//! The Python client as a child that is asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use docmill_testkit::{Process, Redis, interop, python, service};
use serde_json::Value;

pub struct Python {
    _process: Process,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// A client of the server at `url`; `None` where Celery cannot be had.
    pub fn start(url: &str) -> Option<Self> {
        let mut command = Process::command(service(python())?);
        command.arg(interop().join("client.py")).arg(url).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(command).expect("python starts");
        let (requests, answers) = process.pipes();
        let answers = BufReader::new(answers.expect("stdout is piped"));
        Some(Self { _process: process, requests: requests.expect("stdin is piped"), answers })
    }

    /// Asks, and waits for the answer; the client has deadlines of its own.
    pub fn ask(&mut self, request: &Value) -> Value {
        self.ask_raw(&request.to_string())
    }

    /// Asks in the words of Python's JSON.
    pub fn ask_raw(&mut self, request: &str) -> Value {
        writeln!(self.requests, "{request}").expect("the client listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the client answers");
        serde_json::from_str(&line).expect("an answer is json")
    }
}

/// A server and a client, or `None` where one of them cannot be had.
pub fn redis_and_python() -> Option<(Redis, Python)> {
    let redis = service(Redis::start())?;
    let python = Python::start(&redis.url())?;
    Some((redis, python))
}
