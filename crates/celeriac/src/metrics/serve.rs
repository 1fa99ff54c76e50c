//! A server for one page: enough of HTTP for Prometheus, with a bound on everything a stranger may ask for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Snapshot;
use crate::broker::Broker;
use crate::worker::Handle;

/// Requests that are answered at a time; the next waits to be accepted.
const AT_ONCE: usize = 8;
/// How long one may take from its first byte to the last of the answer.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long the broker may take to say how many messages wait.
const DEPTHS: Duration = Duration::from_secs(2);
/// The longest head of a request: Prometheus sends some hundred bytes.
const MAX_HEAD: usize = 8 * 1024;
/// The pause when no connection can be accepted (no file descriptors are left, mostly).
const PAUSE: Duration = Duration::from_millis(200);

/// Serves a worker's metrics at `/metrics`. Nobody is asked who he is: it is meant for loopback addresses.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Listens on an address.
    ///
    /// # Errors
    ///
    /// An address that cannot be listened on.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        tracing::info!("metrics: http://{}/metrics", listener.local_addr()?);
        Ok(Self { listener })
    }

    /// Where it listens: with port 0 the system has chosen one.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until it is dropped. The broker is asked how many messages wait in the worker's queues.
    pub async fn run(self, handle: Handle, broker: Arc<dyn Broker>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        // The places are never closed.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (handle, broker) = (handle.clone(), Arc::clone(&broker));
                    tokio::spawn(async move {
                        if let Ok(Err(error)) = timeout(DEADLINE, answer(stream, &handle, &*broker)).await {
                            tracing::debug!(%error, "a request for metrics broke off");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "metrics: no connection could be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn answer(mut stream: TcpStream, handle: &Handle, broker: &dyn Broker) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut limited = (&mut stream).take(MAX_HEAD as u64);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if limited.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let (status, body) = match asked(&head) {
        Ok(()) => match snapshot(handle, broker).await {
            Some(snapshot) => ("200 OK", snapshot.text()),
            None => ("503 Service Unavailable", "the worker has ended\n".to_owned()),
        },
        Err(status) => (status, format!("{status}: ask for /metrics\n")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// Whether a request asks for the page; the status if it does not.
fn asked(head: &[u8]) -> Result<(), &'static str> {
    if !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let long = head.len() >= MAX_HEAD;
        return Err(if long { "431 Request Header Fields Too Large" } else { "400 Bad Request" });
    }
    let first = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = std::str::from_utf8(first).map_err(|_| "400 Bad Request")?.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("GET"), Some(path), Some("HTTP/1.0" | "HTTP/1.1")) => match path.split('?').next() {
            Some("/metrics") => Ok(()),
            _ => Err("404 Not Found"),
        },
        (Some(_), Some(_), Some("HTTP/1.0" | "HTTP/1.1")) => Err("405 Method Not Allowed"),
        _ => Err("400 Bad Request"),
    }
}

/// The worker's numbers; `None` when it has ended.
async fn snapshot(handle: &Handle, broker: &dyn Broker) -> Option<Snapshot> {
    let (mut snapshot, queues) = handle
        .look(|view| {
            let queues: Vec<String> = view.queues().into_iter().map(|queue| queue.name).collect();
            (view.metrics(), queues)
        })
        .await?;
    let depths = timeout(DEPTHS, async {
        let mut depths = Vec::new();
        for queue in queues {
            let depth = broker.depth(std::slice::from_ref(&queue)).await?;
            depths.push((queue, depth));
        }
        Ok::<_, crate::broker::Error>(depths)
    });
    match depths.await {
        Ok(Ok(depths)) => snapshot.queues = depths,
        Ok(Err(error)) => tracing::debug!(%error, "metrics: the broker does not say how long queues are"),
        Err(_) => tracing::debug!("metrics: the broker does not say how long queues are"),
    }
    Some(snapshot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_is_answered() {
        let cases: [(&[u8], Result<(), &str>); 9] = [
            (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", Ok(())),
            (b"GET /metrics?x=1 HTTP/1.0\r\n\r\n", Ok(())),
            (b"GET / HTTP/1.1\r\n\r\n", Err("404 Not Found")),
            (b"POST /metrics HTTP/1.1\r\n\r\n", Err("405 Method Not Allowed")),
            (b"GET /metrics\r\n\r\n", Err("400 Bad Request")),
            (b"\xff\xfe\r\n\r\n", Err("400 Bad Request")),
            (b"\r\n\r\n", Err("400 Bad Request")),
            (b"", Err("400 Bad Request")),
            (b"GET /metrics HTTP/1.1\r\n", Err("400 Bad Request")),
        ];
        for (head, expected) in cases {
            assert_eq!(asked(head), expected, "{}", String::from_utf8_lossy(head));
        }
        assert_eq!(asked(&vec![b'x'; MAX_HEAD]), Err("431 Request Header Fields Too Large"));
    }
}
