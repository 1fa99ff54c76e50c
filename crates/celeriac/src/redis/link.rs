//! One connection to a server, made again when it breaks.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::resp::{self, Malformed, Pipe, Reply};
use super::script::Script;
use super::server::{Address, Server};

/// Why a call failed. All but the first two leave open whether the server has done what it was told.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{server} cannot be reached")]
    Connect { server: String, source: Arc<io::Error> },
    #[error("{server} lets nobody in: {answer}")]
    Refused { server: String, answer: String },
    #[error("the connection broke")]
    Broken(#[source] Arc<io::Error>),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server did not answer for {0:?}")]
    Silent(Duration),
    #[error("what the server says is not of Redis: {0:?}")]
    Malformed(Malformed),
    #[error("the server answered: {0}")]
    Answer(String),
    #[error("the server answered something else than it was asked for")]
    Unexpected,
}

/// What the server says without being asked waits here. What comes when so much waits is lost, oldest first: it is
/// broadcasts, and who listens must keep up.
const BACKLOG: usize = 10_000;

/// What a server answers to writes that has become a replica.
pub(super) const READONLY: &str = "READONLY";

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

struct Open {
    stream: Box<dyn Stream>,
    read: BytesMut,
    /// The server's name for its own life and for this connection.
    id: Option<(String, i64)>,
    /// A call was dropped or failed in the middle: what comes next belongs to nobody.
    spoiled: bool,
}

/// A connection for one user at a time. A call on a broken one connects first; the call that finds it broken fails.
pub(super) struct Link {
    server: Arc<Server>,
    /// Said after each connect; answers are looked at for errors only.
    greeting: Pipe,
    open: Option<Open>,
    /// A connection on which something may still be under way.
    doubtful: Option<(String, i64)>,
    heard: VecDeque<Vec<Reply>>,
}

impl Link {
    /// Does not connect yet.
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, greeting: Pipe::default(), open: None, doubtful: None, heard: VecDeque::new() }
    }

    /// What is said after each connect, beginning with the next.
    pub(super) fn greeting(&mut self) -> &mut Pipe {
        &mut self.greeting
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.spoiled)
    }

    /// Connects if there is no connection. `true` when there was none: then nothing is subscribed or tracked but what
    /// the greeting says.
    pub(super) async fn connect(&mut self) -> Result<bool, Error> {
        if self.is_open() {
            return Ok(false);
        }
        self.close();
        let connected = timeout(self.server.connect, self.enter()).await;
        let open = connected.map_err(|_| Error::Silent(self.server.connect))??;
        self.open = Some(open);
        Ok(true)
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take()
            && open.spoiled
        {
            self.doubtful = open.id;
        }
        self.heard.clear();
    }

    async fn enter(&mut self) -> Result<Open, Error> {
        let server = Arc::clone(&self.server);
        let stream = reach(&server)
            .await
            .map_err(|source| Error::Connect { server: server.to_string(), source: source.into() })?;
        let mut open = Open { stream, read: BytesMut::new(), id: None, spoiled: false };
        let mut hello = Pipe::default();
        let mut command = hello.cmd("HELLO").arg("3");
        if let Some(password) = &server.password {
            command = command.arg("AUTH").arg(server.username.as_deref().unwrap_or("default")).arg(password);
        }
        if let Some(name) = &server.client_name {
            command = command.arg("SETNAME").arg(name);
        }
        drop(command);
        drop(hello.cmd("SELECT").num(server.db));
        drop(hello.cmd("INFO").arg("server"));
        let said = hello.len();
        hello.append(&self.greeting);
        let answers = exchange(&mut open, &hello, server.response, &mut self.heard).await?;
        let (mut id, mut run) = (None, None);
        for (place, answer) in answers.into_iter().enumerate() {
            match answer {
                Reply::Error(answer) if place < 2 => return Err(Error::Refused { server: server.to_string(), answer }),
                // Neither is needed: what the server is, and whether it tracks.
                Reply::Error(answer) if place < said || answer.contains("TRACKING") || answer.contains("tracking") => {
                    tracing::debug!(answer, "the server keeps something to itself");
                }
                Reply::Error(answer) => return Err(Error::Answer(answer)),
                Reply::List(fields) if place == 0 => {
                    let pair = fields.chunks(2).find(|pair| pair[0].text() == Some("id"));
                    id = pair.and_then(|pair| pair.get(1)?.int());
                }
                Reply::Text(_) if place == 2 => {
                    let run_id = |line: &str| line.strip_prefix("run_id:").map(|run| run.trim().to_owned());
                    run = answer.text().and_then(|info| info.lines().find_map(run_id));
                }
                _ => {}
            }
        }
        open.id = run.zip(id);
        // What was sent on the connection before may lie in the server's buffer: nothing of it runs after this. After
        // a restart nothing is left, and the number may be another's.
        if let (Some((before, old)), Some((now, _))) = (&self.doubtful, &open.id)
            && before == now
        {
            let mut kill = Pipe::default();
            drop(kill.cmd("CLIENT").arg("KILL").arg("ID").num(old));
            exchange(&mut open, &kill, server.response, &mut self.heard).await?;
        }
        self.doubtful = None;
        Ok(open)
    }

    /// Sends commands and gives an answer for each, errors of single commands among them. A script that the server has
    /// forgotten is taught again, and runs after the others then.
    ///
    /// After an error, or when the call is dropped, nobody knows how much of it was done. The next call connects anew,
    /// and nothing of this one is done after that.
    pub(super) async fn call(&mut self, pipe: &Pipe) -> Result<Vec<Reply>, Error> {
        if pipe.is_empty() {
            return Ok(Vec::new());
        }
        self.connect().await?;
        let mut answers = self.exchange(pipe).await?;
        let forgotten = |reply: &Reply| matches!(reply, Reply::Error(text) if text.starts_with("NOSCRIPT"));
        for (place, answer) in answers.iter_mut().enumerate() {
            if forgotten(answer)
                && let Some(again) = taught(&pipe.only(place))
            {
                *answer = self.exchange(&again).await?.pop().ok_or(Error::Unexpected)?;
            }
        }
        if answers.iter().any(|answer| matches!(answer, Reply::Error(text) if text.starts_with(READONLY))) {
            self.leave();
        }
        Ok(answers)
    }

    /// Ends the connection, so that the next call looks who is there now.
    pub(super) fn leave(&mut self) {
        self.open = None;
        self.heard.clear();
    }

    async fn exchange(&mut self, pipe: &Pipe) -> Result<Vec<Reply>, Error> {
        let Some(open) = &mut self.open else { return Err(Error::Closed) };
        open.spoiled = true;
        let answers = exchange(open, pipe, self.server.response, &mut self.heard).await?;
        open.spoiled = false;
        Ok(answers)
    }

    /// Forgets what the server has said by itself until now.
    pub(super) fn unhear(&mut self) {
        self.heard.clear();
    }

    /// What the server has said by itself, if it has.
    pub(super) fn heard(&mut self) -> Option<Vec<Reply>> {
        self.heard.pop_front()
    }

    /// Waits until the server says something by itself. Cancel safe. An error is the end of the connection.
    pub(super) async fn listen(&mut self) -> Result<Vec<Reply>, Error> {
        loop {
            if let Some(push) = self.heard.pop_front() {
                return Ok(push);
            }
            let Some(open) = self.open.as_mut().filter(|open| !open.spoiled) else { return Err(Error::Closed) };
            // What the last call read may hold more than its answers: that comes before what is still to be read.
            match resp::take(&mut open.read) {
                Ok(Some(Reply::Push(push))) => keep(&mut self.heard, push),
                // An answer that nobody waits for.
                Ok(Some(_)) => return self.fail(Error::Unexpected),
                Ok(None) => {
                    if let Err(error) = read(open).await {
                        return self.fail(error);
                    }
                }
                Err(error) => return self.fail(Error::Malformed(error)),
            }
        }
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.open = None;
        Err(error)
    }
}

fn keep(heard: &mut VecDeque<Vec<Reply>>, push: Vec<Reply>) {
    if heard.len() == BACKLOG {
        heard.pop_front();
    }
    heard.push_back(push);
}

/// Whether this answers a command that names one channel or pattern.
fn is_subscription(push: &[Reply]) -> bool {
    let kinds = ["subscribe", "unsubscribe", "psubscribe", "punsubscribe"];
    push.first().and_then(Reply::text).is_some_and(|kind| kinds.contains(&kind))
}

/// The command as one that brings its script along.
fn taught(command: &Pipe) -> Option<Pipe> {
    let mut parsed = BytesMut::from(command.bytes());
    let args: Vec<_> = resp::take(&mut parsed).ok()??.list()?.into_iter().map(Reply::bytes).collect::<Option<_>>()?;
    let script = Script::by_sha(args.get(1)?)?;
    let mut again = Pipe::default();
    drop(again.cmd("EVAL").arg(script.text).args(&args[2..]));
    Some(again)
}

async fn read(open: &mut Open) -> Result<(), Error> {
    // Replies of a turn are some tens of kilobytes; what is bigger comes in several reads.
    open.read.reserve(16 * 1024);
    match open.stream.read_buf(&mut open.read).await {
        Ok(0) => Err(Error::Closed),
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Broken(error.into())),
    }
}

/// Sends commands and reads as many answers. The time runs anew with each part that comes.
async fn exchange(
    open: &mut Open,
    pipe: &Pipe,
    patience: Duration,
    heard: &mut VecDeque<Vec<Reply>>,
) -> Result<Vec<Reply>, Error> {
    let broken = |error: io::Error| Error::Broken(error.into());
    let Open { stream, read: buffer, .. } = open;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut answers = Vec::with_capacity(pipe.len());
    let mut left = pipe.bytes();
    // Both at once: a server whose answers are not read stops to read.
    while answers.len() < pipe.len() {
        match resp::take(buffer).map_err(Error::Malformed)? {
            // The only answer to a subscription is a push.
            Some(Reply::Push(push)) if is_subscription(&push) => answers.push(Reply::Push(push)),
            Some(Reply::Push(push)) => keep(heard, push),
            Some(reply) => answers.push(reply),
            None => {
                buffer.reserve(16 * 1024);
                let step = async {
                    tokio::select! {
                        biased;
                        written = writer.write(left), if !left.is_empty() => written.map(|n| (n, None)),
                        read = reader.read_buf(buffer) => read.map(|n| (0, Some(n))),
                    }
                };
                match timeout(patience, step).await.map_err(|_| Error::Silent(patience))?.map_err(broken)? {
                    (_, Some(0)) => return Err(Error::Closed),
                    (written, _) => left = &left[written..],
                }
                if left.is_empty() {
                    writer.flush().await.map_err(broken)?;
                }
            }
        }
    }
    Ok(answers)
}

async fn reach(server: &Server) -> io::Result<Box<dyn Stream>> {
    let (host, port) = match &server.address {
        Address::Unix(path) => return Ok(Box::new(UnixStream::connect(path).await?)),
        Address::Tcp(host, port) => (host, *port),
    };
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if let Some(tls) = &server.tls {
        return Ok(Box::new(super::tls::wrap(stream, host, tls).await?));
    }
    Ok(Box::new(stream))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn what_is_said_in_one_breath_with_an_answer_is_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut commands = BytesMut::new();
            for (asked, answers) in [(3, "%0\r\n+OK\r\n+\r\n"), (1, "+PONG\r\n>2\r\n+invalidate\r\n_\r\n")] {
                for _ in 0..asked {
                    while resp::take(&mut commands).expect("commands").is_none() {
                        stream.read_buf(&mut commands).await.expect("more");
                    }
                }
                stream.write_all(answers.as_bytes()).await.expect("answers");
            }
            stream
        };
        let talk = async {
            let mut link = Link::new(Arc::new(Server::parse(&url).expect("a server")));
            let mut pipe = Pipe::default();
            drop(pipe.cmd("PING"));
            link.call(&pipe).await.expect("an answer");
            timeout(Duration::from_secs(5), link.listen()).await.expect("no wait").expect("a notice")
        };
        let (_stream, notice) = tokio::join!(serve, talk);
        assert_eq!(notice.first().and_then(Reply::text), Some("invalidate"));
    }
}
