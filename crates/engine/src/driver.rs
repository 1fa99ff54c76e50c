//! The one way in which a stage runs: claim, load, run, commit, publish. Nobody else does any of it.
//!
//! A message that arrives twice, late, early or for a document that is gone ends in a reply and changes nothing;
//! which one, the claim decides. A crash between any two steps is made good by the store's recovery and the feeder.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use celeriac::{Broker, Outgoing, Stop};
use docmill_model::{Code, DocumentId, State, Warning};
use docmill_store::{Claim, Claimed, Commit, Epoch, Failure, Lease, Message, OutboxId, Output, StageKey, Store};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::blob::Blobs;
use crate::disposition;
use crate::encoder::Encoder;
use crate::event::{Event, Observer};
use crate::stage::{Ended, Finished, Progress, StageRun};
use crate::task::TaskSpec;
use crate::wall::Reader;

/// Deaths of children after which a document is given up: it was tried, and tried twice more.
const DEATHS: u32 = 3;
/// How often a running stage asks whether its lease still holds.
const RENEW: Duration = Duration::from_secs(20);

/// How long a message waits whose document is not known: it may have been sent before the document was committed,
/// which takes no minute. The task's limit of retries ends the wait.
const LATE: Duration = Duration::from_secs(60);

/// The steps between which a process can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    Received,
    Claimed,
    Loaded,
    Ran,
    Committed,
    Published,
}

impl Edge {
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Claimed, Self::Loaded, Self::Ran, Self::Committed, Self::Published];
}

/// Lets a simulator end the process at an edge: `false` drops everything that the driver holds.
pub trait Hook: Send + Sync + 'static {
    fn survives(&self, edge: Edge, key: StageKey) -> bool;
}

/// What a driver works with.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub epoch: Epoch,
    pub reader: Arc<dyn Reader>,
    pub blobs: Blobs,
    pub observer: Arc<dyn Observer>,
    pub encoder: Arc<Encoder>,
    /// Stages that compute at the same time.
    pub permits: u32,
    pub hook: Option<Arc<dyn Hook>>,
}

/// How the handling of a message ended.
#[derive(Debug)]
pub enum Outcome {
    /// What the caller is told.
    Reply(Value),
    /// The lease was lost: what was made is dropped, somebody else answers.
    Dropped,
    /// The document is not known.
    Unknown,
    /// The simulator ended the process here.
    Crashed,
}

/// Why no later message can fare better.
#[derive(Clone, Debug)]
pub enum Fatal {
    /// A full disk, a damaged file.
    Store(Arc<docmill_store::Error>),
    /// No child can be started; what was said.
    NoProcess(String),
}

/// Runs stages of documents, as many at a time as it has permits; see [`Self::handle`].
pub struct Driver {
    parts: Parts,
    permits: Arc<Semaphore>,
    /// Sent and not yet marked as published.
    sent: Mutex<Vec<OutboxId>>,
    fatal: watch::Sender<Option<Fatal>>,
}

impl Driver {
    pub fn new(parts: Parts) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(parts.permits.max(1) as usize));
        Arc::new(Self { parts, permits, sent: Mutex::default(), fatal: watch::Sender::new(None) })
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Becomes `Some` when no later message can fare better.
    pub fn fatal(&self) -> watch::Receiver<Option<Fatal>> {
        self.fatal.subscribe()
    }

    /// Handles a message of a Celery task: [`Self::handle`] in Celery's terms.
    pub(crate) async fn run_task<S: StageRun>(
        self: &Arc<Self>,
        stage: S,
        cx: &celeriac::Context,
        document: &str,
    ) -> celeriac::Outcome<Value> {
        let unknown = || celeriac::Failure::builtin("LookupError", format!("document {document} is not known"));
        let id = match self.resolve(document).await {
            Ok(Some(id)) => id,
            Ok(None) => return Err(unknown().retry(LATE)),
            Err(error) => return Err(self.give_up(error)),
        };
        let task = Uuid::parse_str(cx.request().id().as_str())
            .unwrap_or_else(|_| Uuid::new_v5(&docmill_model::id::NAMESPACE, cx.request().id().as_str().as_bytes()));
        match self.handle(stage, id, task).await {
            Ok(Outcome::Reply(reply)) => Ok(reply),
            Ok(Outcome::Dropped | Outcome::Crashed) => Err(Stop::Ignore),
            Ok(Outcome::Unknown) => Err(unknown().retry(LATE)),
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// Ids of any form: ours, or one that a caller brought.
    async fn resolve(&self, document: &str) -> Result<Option<DocumentId>, docmill_store::Error> {
        if let Ok(uuid) = Uuid::parse_str(document) {
            return Ok(Some(DocumentId(uuid)));
        }
        Ok(self.parts.store.find_documents(document, 1).await?.first().copied())
    }

    fn give_up(&self, error: docmill_store::Error) -> Stop {
        let failure = celeriac::Failure::new("StoreError", disposition::chain(&error).join(": "));
        self.halt(Fatal::Store(Arc::new(error)));
        failure.into()
    }

    /// The first reason is the one that is told.
    fn halt(&self, why: Fatal) {
        self.fatal.send_if_modified(|fatal| fatal.is_none() && fatal.replace(why).is_none());
    }

    /// Runs one stage of one document for one task.
    ///
    /// Dropping the future before its end is what a crash is: the claim stays until the store recovers it.
    ///
    /// # Errors
    /// Of the store only, which no other message would fare better with; a document's own errors are committed and
    /// end in a reply.
    pub async fn handle<S: StageRun>(
        self: &Arc<Self>,
        stage: S,
        document: DocumentId,
        task: Uuid,
    ) -> Result<Outcome, docmill_store::Error> {
        let key = StageKey { document, stage: S::STAGE };
        if !self.survives(Edge::Received, key) {
            return Ok(Outcome::Crashed);
        }
        let claim = match self.parts.store.claim(key, task).await? {
            Claimed::Run(claim) => claim,
            Claimed::Done(reply) => return Ok(Outcome::Reply(reply)),
            Claimed::Held(holder) if holder == task => return Ok(Outcome::Dropped),
            Claimed::Held(holder) => {
                return Ok(Outcome::Reply(json!({ "status": "duplicate", "of": holder.to_string() })));
            }
            Claimed::NotReady => return Ok(Outcome::Reply(json!({ "status": "not_ready" }))),
            Claimed::Unknown => return Ok(Outcome::Unknown),
        };
        if !self.survives(Edge::Claimed, key) {
            return Ok(Outcome::Crashed);
        }
        let all = self.parts.permits.max(1);
        let permit = self
            .permits
            .clone()
            .acquire_many_owned(if claim.alone { all } else { 1 })
            .await
            .expect("the semaphore is never closed");
        self.parts.observer.on(Event::StageStarted { key, attempt: claim.attempt });
        let lease = claim.lease();
        let ended = self.run_stage(stage, &claim).await;
        drop(permit);
        let ended = match ended {
            // The document may have left, or been taken over by a changed file, in the middle of the stage; what was
            // not found then is no fault of the store's.
            Err(error) => return if self.is_lost(lease, &error).await? { Ok(Outcome::Dropped) } else { Err(error) },
            Ok(None) => return Ok(Outcome::Crashed),
            Ok(Some(ended)) => ended,
        };
        if !self.survives(Edge::Ran, key) {
            return Ok(Outcome::Crashed);
        }
        let unstarted = match &ended {
            Err(Ended::Unstarted(failure)) => Some(failure.chain.join(": ")),
            _ => None,
        };
        let (commit, event, reply) = verdict(claim, ended);
        let messages = match self.parts.store.commit(commit).await {
            Ok(messages) => messages,
            Err(docmill_store::Error::Fenced { .. }) => return Ok(Outcome::Dropped),
            Err(error) => return Err(error),
        };
        self.parts.observer.on(event);
        if let Some(why) = unstarted {
            self.halt(Fatal::NoProcess(why));
        }
        if !self.survives(Edge::Committed, key) {
            return Ok(Outcome::Crashed);
        }
        self.publish(messages).await?;
        if !self.survives(Edge::Published, key) {
            return Ok(Outcome::Crashed);
        }
        Ok(Outcome::Reply(reply))
    }

    fn survives(&self, edge: Edge, key: StageKey) -> bool {
        self.parts.hook.as_ref().is_none_or(|hook| hook.survives(edge, key))
    }

    /// Whether an error of a stage only says that its lease was lost.
    async fn is_lost(&self, lease: Lease, error: &docmill_store::Error) -> Result<bool, docmill_store::Error> {
        use docmill_store::Error as E;
        match error {
            E::Fenced { .. } => Ok(true),
            E::UnknownDocument(_) | E::Corrupt(_) => match self.parts.store.renew(lease).await {
                Err(E::Fenced { .. }) => Ok(true),
                held => held.map(|()| false),
            },
            _ => Ok(false),
        }
    }

    /// Loads and runs on a thread that may block, while the lease is renewed. `None` when the simulator ended the
    /// process in between.
    async fn run_stage<S: StageRun>(
        self: &Arc<Self>,
        stage: S,
        claim: &Claim,
    ) -> Result<Option<Result<Finished, Ended>>, docmill_store::Error> {
        let (driver, lease) = (self.clone(), claim.lease());
        let progress = Progress { lease, saved_pages: claim.saved_pages, runtime: tokio::runtime::Handle::current() };
        let mut work = tokio::task::spawn_blocking(move || {
            let input = progress.runtime.block_on(stage.load(&driver, lease.key.document))?;
            if !driver.survives(Edge::Loaded, lease.key) {
                return Ok(None);
            }
            stage.run(&driver, &progress, input).map(Some)
        });
        let mut renew = tokio::time::interval(RENEW);
        renew.tick().await;
        loop {
            tokio::select! {
                ended = &mut work => {
                    return match ended {
                        Ok(Ok(result)) => Ok(result),
                        Ok(Err(error)) => Err(error),
                        // A panic in a pure function is our fault, and ends this document alone.
                        Err(panic) => Ok(Some(Err(Ended::Failed(bug(&panic))))),
                    };
                }
                _ = renew.tick() => self.parts.store.renew(lease).await?,
            }
        }
    }

    /// Sends messages. What runs alone is left to the feeder, which sends it when nothing else is waiting.
    pub(crate) async fn publish(&self, messages: Vec<Message>) -> Result<(), docmill_store::Error> {
        let now: Vec<&Message> = messages.iter().filter(|m| !m.alone).collect();
        self.send(&now).await
    }

    pub(crate) async fn send(&self, messages: &[&Message]) -> Result<(), docmill_store::Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let outgoing: Vec<Outgoing> = messages.iter().map(|m| outgoing(m)).collect();
        if self.parts.broker.publish(&outgoing).await.is_err() {
            // Not marked as published: the feeder tries again.
            return Ok(());
        }
        self.sent().extend(messages.iter().map(|m| m.id));
        Ok(())
    }

    /// Marks what was sent as published, many at a time: most rows are claimed before that, and gone. One that is
    /// sent twice because a mark came too late does no harm.
    pub(crate) async fn mark_sent(&self) -> Result<(), docmill_store::Error> {
        let ids = std::mem::take(&mut *self.sent());
        if ids.is_empty() { Ok(()) } else { self.parts.store.published(ids, self.parts.epoch.clone()).await }
    }

    fn sent(&self) -> std::sync::MutexGuard<'_, Vec<OutboxId>> {
        self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The commit that an end becomes, the event that tells of it, and the reply.
fn verdict(claim: Claim, ended: Result<Finished, Ended>) -> (Commit, Event, Value) {
    let (key, deaths) = (claim.lease().key, claim.deaths);
    let over = |state, code| Event::StageEnded { key, state, code };
    match ended {
        Ok(Finished { output, warnings, reply }) => {
            let loss = warnings.iter().chain(page_warnings(&output)).find(|w| w.code.is_loss()).map(|w| w.code);
            let state = if loss.is_some() { State::Partial } else { State::Done };
            (claim.done(output, warnings, reply.clone()), over(state, loss), reply)
        }
        Err(Ended::Skipped(failure)) => {
            let (code, reply) = (failure.code(), error_reply("skipped", &failure));
            (claim.skipped(failure), over(State::Skipped, Some(code)), reply)
        }
        Err(Ended::Failed(failure)) => {
            let (code, reply) = (failure.code(), error_reply("failed", &failure));
            (claim.failed(failure), over(State::Failed, Some(code)), reply)
        }
        Err(Ended::Unstarted(failure)) => {
            let (code, reply) = (failure.code(), error_reply("failed", &failure));
            (claim.again(failure, false), Event::StageAgain { key, code }, reply)
        }
        Err(Ended::Died { failure, advanced }) => {
            let (code, reply) = (failure.code(), error_reply("failed", &failure));
            if advanced || deaths + 1 < DEATHS {
                (claim.again(failure, !advanced), Event::StageAgain { key, code }, reply)
            } else {
                (claim.failed(failure), over(State::Failed, Some(code)), reply)
            }
        }
    }
}

fn page_warnings(output: &Output) -> impl Iterator<Item = &Warning> {
    let pages = match output {
        Output::Ocr(ocr) => ocr.pages.as_slice(),
        _ => &[],
    };
    pages.iter().flat_map(|p| &p.warnings)
}

fn error_reply(status: &str, failure: &Failure) -> Value {
    json!({ "status": status, "error": { "code": failure.code().as_str(), "message": failure.warning.message } })
}

fn bug(panic: &tokio::task::JoinError) -> Failure {
    Failure::new(Warning::new(Code::STAGE_BUG, "a stage stopped on an error of its own"), vec![panic.to_string()])
}

/// The message of an outbox row: ids, never texts.
fn outgoing(message: &Message) -> Outgoing {
    let spec = TaskSpec::of(message.key.stage);
    let mut kwargs = celeriac::Map::new();
    kwargs.insert("document_uuid".into(), message.key.document.to_string().into());
    let mut out = Outgoing::new(spec.name, message.task_id, kwargs);
    out.queue = spec.queue.to_owned();
    // Of kombu's steps 0, 3, 6 and 9: what is begun goes before what is not, what runs alone comes last, unless it
    // was cut off with its process: then it comes first.
    out.priority = match message.key.stage {
        _ if message.is_cut_off() => 0,
        _ if message.alone => 9,
        docmill_model::Stage::ProcessOcr => 3,
        _ => 0,
    };
    out
}
