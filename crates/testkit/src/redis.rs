//! A Redis of its own for each test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Process, Unavailable};

/// A private server on a free port, empty, without persistence. It ends when this value is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    // Dropped before the folder that it runs in.
    _server: Process,
    _folder: TempDir,
}

/// A free port may be taken by another before the server has it.
const ATTEMPTS: usize = 5;
/// A server is ready in a tenth of a second; the rest is for machines under load.
const READY: Duration = Duration::from_secs(10);

impl Redis {
    /// Starts `redis-server` and waits until it answers.
    pub fn start() -> Result<Self, Unavailable> {
        let unavailable = |source| Unavailable { service: "redis-server", source };
        for _ in 0..ATTEMPTS {
            if let Some(redis) = Self::try_start().map_err(unavailable)? {
                return Ok(redis);
            }
        }
        Err(unavailable(std::io::Error::other("it does not become ready")))
    }

    fn try_start() -> std::io::Result<Option<Self>> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "redis-server is not installed"));
        }
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Process::command("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--logfile", "redis.log"]);
        command.arg("--port").arg(port.to_string()).arg("--dir").arg(folder.path()).current_dir(folder.path());
        let mut server = Process::start(command)?;
        let deadline = Instant::now() + READY;
        while !server.has_ended() && Instant::now() < deadline {
            if answers(port, server.id()) {
                return Ok(Some(Self { port, _server: server, _folder: folder }));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }

    /// The address of database 0, for our clients and for Celery's.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

/// Whether the server at a port is ready, and is the one with this process id.
fn answers(port: u16, pid: u32) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"INFO server\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.lines().any(|line| line.trim_end() == format!("process_id:{pid}")))
}
