//! The socket of one child, in the worker: what is said goes out at once, what is heard comes in together.

use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::crew::News;
use crate::pool::frame::{Inbox, Report};

/// The way to a child.
pub(super) struct Link {
    half: OwnedWriteHalf,
    /// What the socket would not take yet.
    unsent: Mutex<Vec<u8>>,
    more: Notify,
}

impl Link {
    fn unsent(&self) -> MutexGuard<'_, Vec<u8>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends bytes in order, without waiting, and leaves `bytes` empty. A child that is gone gets nothing; its end is
    /// told elsewhere.
    pub(super) fn send(&self, bytes: &mut Vec<u8>) {
        let mut unsent = self.unsent();
        if unsent.is_empty() {
            let sent = self.half.try_write(bytes).unwrap_or(0);
            bytes.drain(..sent);
        }
        if !bytes.is_empty() {
            unsent.append(bytes);
            self.more.notify_one();
        }
        if bytes.capacity() > KEPT {
            *bytes = Vec::new();
        }
    }

    /// Sends what is left whenever the socket takes some.
    async fn drain(&self) {
        loop {
            if self.unsent().is_empty() {
                self.more.notified().await;
            }
            if self.half.ready(Interest::WRITABLE).await.is_err() {
                return std::future::pending().await;
            }
            let mut unsent = self.unsent();
            match self.half.try_write(&unsent) {
                Ok(sent) => drop(unsent.drain(..sent)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                // Nobody reads any more.
                Err(_) => unsent.clear(),
            }
            if unsent.is_empty() {
                *unsent = Vec::new();
            }
        }
    }
}

/// Bytes of a buffer that are kept for the next turn.
const KEPT: usize = 256 << 10;

/// Attends to a new child's socket: what is heard goes to `news`, under the name `child`, and its end is the last.
/// `ended` becomes readable when the process ends.
pub(super) fn attend(
    child: u64,
    socket: UnixStream,
    ended: AsyncFd<OwnedFd>,
    news: UnboundedSender<News>,
) -> Arc<Link> {
    let (mut reader, half) = socket.into_split();
    let link = Arc::new(Link { half, unsent: Mutex::default(), more: Notify::new() });
    let writer = Arc::clone(&link);
    tokio::spawn(async move {
        // Fails only when the worker is gone.
        let tell = |what| drop(news.send(what));
        let mut inbox = Inbox::default();
        let heard = async {
            loop {
                match read(&mut reader, &mut inbox).await {
                    Ok(0) | Err(_) => break tell(News::HungUp(child)),
                    Ok(_) => {
                        let (reports, sound) = reports(&mut inbox);
                        if !reports.is_empty() {
                            tell(News::Heard(child, reports));
                        }
                        if !sound {
                            break tell(News::Nonsense(child));
                        }
                    }
                }
            }
            // What lives on without a socket is ended by the crew.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            // What has arrived is heard before the end is told.
            biased;
            () = heard => {}
            () = writer.drain() => {}
            _ = ended.readable() => {}
        }
        while let Ok(1..) = reader.try_read(inbox.space()).inspect(|count| inbox.arrived(*count)) {
            let (reports, sound) = reports(&mut inbox);
            tell(News::Heard(child, reports));
            if !sound {
                break;
            }
        }
        tell(News::Ended(child));
    });
    link
}

/// Waits for bytes. Unlike a wait for readiness followed by a read, it needs no second read to see that there is
/// nothing more.
async fn read(reader: &mut OwnedReadHalf, inbox: &mut Inbox) -> std::io::Result<usize> {
    let count = std::future::poll_fn(|cx| {
        let mut buffer = ReadBuf::new(inbox.space());
        Pin::new(&mut *reader).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    })
    .await?;
    inbox.arrived(count);
    Ok(count)
}

/// All frames that are complete, and whether what follows may be one.
fn reports(inbox: &mut Inbox) -> (Vec<Report>, bool) {
    let mut reports = Vec::new();
    loop {
        match inbox.next() {
            Ok(Some(report)) => reports.push(report),
            Ok(None) => return (reports, true),
            Err(_) => return (reports, false),
        }
    }
}
