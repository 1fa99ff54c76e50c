//! One connection for many users: what they ask meanwhile leaves together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::link::{Error, Link};
use super::resp::{Pipe, Reply};
use super::server::Server;

/// Calls that wait for the connection; the next caller waits for a place.
const WAITING: usize = 1_024;
/// Calls leave together up to this size.
const TOGETHER: usize = 1 << 20;
/// An idle connection is tried after this time: kombu's `health_check_interval`.
const HEALTH: Duration = Duration::from_secs(25);

struct Request {
    pipe: Pipe,
    answer: oneshot::Sender<Result<Vec<Reply>, Error>>,
}

/// Clones share the connection, which ends with the last of them. A call that is dropped is carried out all the same.
#[derive(Clone)]
pub(super) struct Shared {
    requests: mpsc::Sender<Request>,
}

impl Shared {
    /// Connects, so that a wrong address is an error here.
    pub(super) async fn connect(server: Arc<Server>) -> Result<Self, Error> {
        let mut link = Link::new(server);
        link.connect().await?;
        let (requests, receiver) = mpsc::channel(WAITING);
        tokio::spawn(serve(link, receiver));
        Ok(Self { requests })
    }

    /// An answer for each command; see [`Link::call`].
    pub(super) async fn try_call(&self, pipe: Pipe) -> Result<Vec<Reply>, Error> {
        if pipe.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { pipe, answer }).await.map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// The same, with the first error among the answers as an error.
    pub(super) async fn call(&self, pipe: Pipe) -> Result<Vec<Reply>, Error> {
        let answers = self.try_call(pipe).await?;
        refuse(&answers)?;
        Ok(answers)
    }
}

/// The first error among answers.
pub(super) fn refuse(answers: &[Reply]) -> Result<(), Error> {
    let error = answers.iter().find_map(|answer| if let Reply::Error(text) = answer { Some(text) } else { None });
    error.map_or(Ok(()), |text| Err(Error::Answer(text.clone())))
}

async fn serve(mut link: Link, mut requests: mpsc::Receiver<Request>) {
    let mut ping = Pipe::default();
    drop(ping.cmd("PING"));
    loop {
        let first = if link.is_open() {
            tokio::select! {
                biased;
                request = requests.recv() => request,
                // Only its end: nothing is subscribed here. The next call then finds no broken connection.
                _ = link.listen() => continue,
                () = tokio::time::sleep(HEALTH) => {
                    if let Err(error) = link.call(&ping).await {
                        tracing::debug!(%error, "an idle connection broke");
                    }
                    continue;
                }
            }
        } else {
            requests.recv().await
        };
        let Some(Request { pipe: mut together, answer }) = first else { return };
        let mut asked = vec![(together.len(), answer)];
        while together.bytes().len() < TOGETHER
            && let Ok(Request { pipe, answer }) = requests.try_recv()
        {
            together.append(&pipe);
            asked.push((pipe.len(), answer));
        }
        match link.call(&together).await {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for (count, answer) in asked {
                    // Whoever asked may have gone.
                    let _ = answer.send(Ok(answers.by_ref().take(count).collect()));
                }
            }
            Err(error) => {
                for (_, answer) in asked {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Waits for something on a link, but not for ever.
pub(super) async fn listen_for(link: &mut Link, time: Duration) -> Result<Option<Vec<Reply>>, Error> {
    timeout(time, link.listen()).await.ok().transpose()
}
