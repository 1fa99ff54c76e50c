//! A network between client and server that does its worst.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Passes TCP on to a port of this machine, until told otherwise. Connections end with this value.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    network: Arc<Network>,
}

#[derive(Debug)]
struct Network {
    upstream: u16,
    /// Nanoseconds that all takes, each way.
    delay: AtomicU64,
    closed: AtomicBool,
    /// A text in a request, and how many bytes of what is answered to it pass before the connection ends.
    breaks: Mutex<Option<(Vec<u8>, usize)>>,
    lines: Mutex<Vec<Arc<Line>>>,
}

/// One connection.
#[derive(Debug)]
struct Line {
    client: TcpStream,
    server: TcpStream,
    /// Nothing passes any more, and nobody is told.
    dead: AtomicBool,
    /// How many bytes of answers may still pass; counts once the request has been seen.
    left: Mutex<Option<usize>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Listens on a free port of its own.
    pub fn start(upstream: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let network = Arc::new(Network {
            upstream,
            delay: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            breaks: Mutex::default(),
            lines: Mutex::default(),
        });
        let serving = Arc::clone(&network);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if serving.closed.load(Ordering::SeqCst) {
                    return;
                }
                // A server that is away ends the connection, as it does without us.
                let _ = serving.connect(client);
            }
        });
        Ok(Self { port, network })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on everything takes so long, each way.
    pub fn delay(&self, each_way: Duration) {
        self.network.delay.store(u64::try_from(each_way.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Ends all connections. New ones are let in.
    pub fn cut(&self) {
        lock(&self.network.lines).drain(..).for_each(|line| line.end());
    }

    /// Nothing passes on the connections that there are, and neither end is told: as when a machine on the way is
    /// switched off. New ones are let in.
    pub fn half_open(&self) {
        lock(&self.network.lines).iter().for_each(|line| line.dead.store(true, Ordering::SeqCst));
    }

    /// Ends the connection on which the next request with this text comes, after so many bytes of the answer.
    pub fn break_answer(&self, request: &str, after: usize) {
        *lock(&self.network.breaks) = Some((request.as_bytes().to_vec(), after));
    }

    /// Whether an answer is still to be broken off.
    pub fn is_armed(&self) -> bool {
        lock(&self.network.breaks).is_some()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.network.closed.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener, which sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Network {
    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(("127.0.0.1", self.upstream))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
        let line = Arc::new(Line { client, server, dead: AtomicBool::new(false), left: Mutex::default() });
        lock(&self.lines).push(Arc::clone(&line));
        self.pass(from_client, &line, true);
        self.pass(from_server, &line, false);
        Ok(())
    }

    /// Reads in one thread and writes in another, so that a delay does not hold up what comes behind.
    fn pass(self: &Arc<Self>, mut from: TcpStream, line: &Arc<Line>, asks: bool) {
        let (sender, receiver) = channel();
        let (network, reading, writing) = (Arc::clone(self), Arc::clone(line), Arc::clone(line));
        std::thread::spawn(move || network.read(&mut from, &reading, asks, &sender));
        std::thread::spawn(move || writing.write(&receiver, asks));
    }

    fn read(&self, from: &mut TcpStream, line: &Line, asks: bool, sender: &Sender<(Instant, Vec<u8>)>) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let part = &buffer[..count];
            if asks {
                let mut breaks = lock(&self.breaks);
                if let Some((_, after)) = breaks.take_if(|(text, _)| part.windows(text.len()).any(|at| at == &**text)) {
                    *lock(&line.left) = Some(after);
                }
            }
            let due = Instant::now() + Duration::from_nanos(self.delay.load(Ordering::SeqCst));
            if sender.send((due, part.to_vec())).is_err() {
                return;
            }
        }
    }
}

impl Line {
    fn write(&self, receiver: &Receiver<(Instant, Vec<u8>)>, asks: bool) {
        let mut to = if asks { &self.server } else { &self.client };
        for (due, part) in receiver {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if self.dead.load(Ordering::SeqCst) {
                continue;
            }
            let mut passes = part.len();
            let mut ends = false;
            if let Some(left) = lock(&self.left).as_mut().filter(|_| !asks) {
                ends = *left < passes;
                passes = passes.min(*left);
                *left -= passes;
            }
            if to.write_all(&part[..passes]).is_err() || ends {
                break;
            }
        }
        // One end has closed: the other hears of it, unless nothing passes.
        if !self.dead.load(Ordering::SeqCst) {
            self.end();
        }
    }

    fn end(&self) {
        for stream in [&self.client, &self.server] {
            // What is closed already cannot be closed, and that is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
