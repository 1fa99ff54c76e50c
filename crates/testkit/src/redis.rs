//! A Redis of its own for each test.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Process, Unavailable};

/// How a server is set up. By default it is open, speaks TCP alone and keeps nothing.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    /// The password of the user `default`.
    pub password: Option<String>,
    /// Listens on a unix socket too.
    pub unix_socket: bool,
    /// Listens with TLS too, with a certificate for `127.0.0.1` that it has signed itself.
    pub tls: bool,
    /// Writes each change to the disk before it answers, so that [`Redis::restart`] loses nothing.
    pub durable: bool,
    /// How long each key takes to be loaded when the server starts.
    pub load_delay: Duration,
}

/// A private server on a free port, empty at first. It ends when this value is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    tls_port: u16,
    options: RedisOptions,
    // Dropped before the folder that it runs in.
    server: Option<Process>,
    folder: TempDir,
}

/// A free port may be taken by another before the server has it.
const ATTEMPTS: usize = 5;
/// A server is ready in a tenth of a second; the rest is for machines under load.
const READY: Duration = Duration::from_secs(10);

impl Redis {
    /// Starts `redis-server` and waits until it answers.
    pub fn start() -> Result<Self, Unavailable> {
        Self::start_with(RedisOptions::default())
    }

    /// The same, set up otherwise.
    pub fn start_with(options: RedisOptions) -> Result<Self, Unavailable> {
        let unavailable = |source| Unavailable { service: "redis-server", source };
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            return Err(unavailable(io::Error::new(io::ErrorKind::NotFound, "redis-server is not installed")));
        }
        let folder = tempfile::tempdir().map_err(unavailable)?;
        let mut redis = Self { port: 0, tls_port: 0, options, server: None, folder };
        if redis.options.tls {
            redis.certify().map_err(unavailable)?;
        }
        for _ in 0..ATTEMPTS {
            (redis.port, redis.tls_port) = (free_port().map_err(unavailable)?, free_port().map_err(unavailable)?);
            if redis.serve().map_err(unavailable)? {
                return Ok(redis);
            }
        }
        Err(unavailable(io::Error::other("it does not become ready")))
    }

    /// Whether the server became ready.
    fn serve(&mut self) -> io::Result<bool> {
        let folder = self.folder.path();
        let mut command = Process::command("redis-server");
        command.current_dir(folder).args(["--bind", "127.0.0.1", "--save", "", "--logfile", "redis.log"]);
        command.arg("--port").arg(self.port.to_string()).arg("--dir").arg(folder);
        let durable = if self.options.durable { "yes" } else { "no" };
        command.args(["--appendonly", durable, "--appendfsync", "always"]);
        if let Some(password) = &self.options.password {
            command.args(["--requirepass", password]);
        }
        if self.options.unix_socket {
            command.arg("--unixsocket").arg(self.unix_socket());
        }
        if self.options.tls {
            command.args(["--tls-port", &self.tls_port.to_string(), "--tls-auth-clients", "no"]);
            command.args(["--tls-cert-file", CERTIFICATE, "--tls-key-file", KEY, "--tls-ca-cert-file", CERTIFICATE]);
        }
        if !self.options.load_delay.is_zero() {
            command.args(["--key-load-delay", &self.options.load_delay.as_micros().to_string()]);
            command.args(["--loading-process-events-interval-bytes", "1024"]);
        }
        let mut server = Process::start(command)?;
        let deadline = Instant::now() + READY;
        while !server.has_ended() && Instant::now() < deadline {
            let id = format!("process_id:{}", server.id());
            if self.ask(&["INFO", "server"]).is_ok_and(|info| info.lines().any(|line| line.trim_end() == id)) {
                self.server = Some(server);
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(false)
    }

    fn certify(&self) -> io::Result<()> {
        let mut command = Command::new("openssl");
        command.current_dir(self.folder.path()).args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
        command.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", KEY, "-out", CERTIFICATE]);
        command.args(["-subj", "/CN=redis of a test", "-addext", "subjectAltName=IP:127.0.0.1"]);
        // Only then it may be both the server's certificate and the authority for it.
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        let made = command.output()?;
        made.status.success().then_some(()).ok_or_else(|| io::Error::other(String::from_utf8_lossy(&made.stderr)))
    }

    /// The address of database 0, for our clients and for Celery's.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same by way of another port, such as that of a [`crate::Proxy`].
    pub fn url_at(&self, port: u16) -> String {
        format!("redis://{}127.0.0.1:{port}/0", self.user())
    }

    /// The same with TLS, and the path of the certificate to be trusted.
    pub fn tls_url(&self) -> (String, PathBuf) {
        (format!("rediss://{}127.0.0.1:{}/0", self.user(), self.tls_port), self.folder.path().join(CERTIFICATE))
    }

    /// Where the unix socket is.
    pub fn unix_socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn user(&self) -> String {
        self.options.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default()
    }

    /// What the server answers to one command, as it stands on the wire.
    pub fn ask(&self, command: &[&str]) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(READY))?;
        let login = self.options.password.as_deref().map(|password| ["AUTH", password]);
        for words in login.iter().map(<[&str; 2]>::as_slice).chain([command, &["QUIT"]]) {
            let mut bytes = format!("*{}\r\n", words.len());
            words.iter().for_each(|word| bytes.push_str(&format!("${}\r\n{word}\r\n", word.len())));
            stream.write_all(bytes.as_bytes())?;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let answer = answer.strip_suffix("+OK\r\n").unwrap_or(&answer);
        Ok(answer.strip_prefix("+OK\r\n").filter(|_| login.is_some()).unwrap_or(answer).to_owned())
    }

    /// Kills the server as a power cut would.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    /// Kills the server if it runs, and starts it on its port with what it has on its disk. It may still be loading.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        if self.serve()? { Ok(()) } else { Err(io::Error::other("it does not become ready again")) }
    }
}

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
