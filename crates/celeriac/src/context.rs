//! What a running task sees: its request, its time limit, and a way to have effects applied.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use celeriac_wire::canvas::{self, Applied, Parent, Sender, Signature};
use celeriac_wire::message::TimeLimits;
use celeriac_wire::serializer::{self, Accept};
use celeriac_wire::{Body, Headers, Map, Message, Value};

use crate::broker::Outgoing;
use crate::sending::seeded;
use crate::task::{Failure, Stop};

/// The id of a task: chosen by the caller, the same for every retry and redelivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(Arc<str>);

impl TaskId {
    /// The id as it stands in the message.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TaskId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for TaskId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<uuid::Uuid> for TaskId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string().into())
    }
}

/// One delivery inside one worker. A task that was delivered twice is two jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A request on its way to the place where it runs. The body is not decoded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Names this run towards the pool.
    pub id: JobId,
    /// What is run.
    pub request: Arc<Request>,
    /// Those that hold for this run, whoever set them.
    pub limits: TimeLimits,
}

/// A task message as the task sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// As it came, with the body still serialised.
    pub message: Message,
    /// The queue that the message was taken from.
    pub queue: String,
    /// The name of the worker.
    pub hostname: String,
    /// Bytes to which the body may unfold (`worker_max_body_bytes`).
    pub max_body: usize,
}

/// All serializers that can be read.
static ANY: LazyLock<Accept> = LazyLock::new(|| Accept::new(["json", "msgpack", "yaml"]).unwrap_or_default());

/// How Python's client writes that nothing is linked to a task.
const NO_CANVAS: &[u8] = br#"{"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#;

impl Request {
    /// The arguments and the canvas, decompressed and decoded anew with each call. Whether the serializer is accepted
    /// was asked when the message came.
    ///
    /// # Errors
    ///
    /// A body that cannot be read, or that unfolds to more than [`Request::max_body`].
    pub fn body(&self) -> Result<Body, serializer::Error> {
        serializer::body(&self.message, &ANY, self.max_body)
    }

    /// Whether something is linked to the task: callbacks, errbacks, the rest of a chain, a chord. A body that cannot
    /// be read links nothing.
    pub fn has_canvas(&self) -> bool {
        let plain = !self.headers().extra.contains_key("compression");
        if plain && self.message.body.ends_with(NO_CANVAS) {
            return false;
        }
        let linked = |value: &Value| match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            _ => true,
        };
        self.body().is_ok_and(|body| {
            let embed = body.embed;
            [&embed.callbacks, &embed.errbacks, &embed.chain, &embed.chord].into_iter().any(linked)
        })
    }

    /// The headers of the message.
    pub fn headers(&self) -> &Headers {
        &self.message.headers
    }

    /// The id of the task and of its result.
    pub fn id(&self) -> TaskId {
        TaskId::from(self.headers().id.as_str())
    }

    /// The name of the task.
    pub fn task(&self) -> &str {
        &self.headers().task
    }

    /// How many runs came before this one at the task's own wish.
    pub fn retries(&self) -> u32 {
        self.headers().retries
    }

    /// Whether the message was delivered before and given back, or taken from a worker that fell silent.
    pub fn redelivered(&self) -> bool {
        self.message.properties.delivery_info.redelivered
    }
}

/// What a task does besides returning. The worker applies it, in order, before the outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Stores a state of the task's own, such as `PROGRESS`, with what it carries.
    State {
        /// The word of the state.
        status: String,
        /// What stands in the place of the result.
        meta: Value,
    },
    /// Sends an event of the task's own to whoever listens: `task-…` by custom.
    Event {
        /// The name.
        kind: String,
        /// What it says besides the id of the task.
        fields: Map,
    },
    /// Sends a message.
    Publish(Box<Outgoing>),
    /// Sends a task or a canvas, with the ids that follow from the seed.
    Apply {
        /// What is sent.
        signature: Box<Signature>,
        /// Drawn by the task, which knows the ids thereby before the worker has sent anything.
        seed: u128,
    },
    /// Adds a task to the header of the chord that this one is a part of.
    AddToChord {
        /// The new part of the header.
        signature: Box<Signature>,
        /// As in [`Effect::Apply`].
        seed: u128,
    },
}

type Emit = dyn Fn(Effect) + Send + Sync;

/// Handed to a running task. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    request: Arc<Request>,
    soft: Option<Instant>,
    /// Those that had come when it began.
    interrupts: u64,
    emit: Arc<Emit>,
}

impl Context {
    /// A context whose soft limit starts to run now.
    pub fn new(
        request: Arc<Request>,
        soft_limit: Option<Duration>,
        emit: impl Fn(Effect) + Send + Sync + 'static,
    ) -> Self {
        let now = Instant::now();
        // A limit past the end of the clock is none.
        let soft = soft_limit.and_then(|limit| now.checked_add(limit));
        Self { request, soft, interrupts: warden::child::interrupts(), emit: Arc::new(emit) }
    }

    /// The same run with another request: its limits, and where its effects go, are these.
    pub(crate) fn with_request(&self, request: Arc<Request>) -> Self {
        Self { request, ..self.clone() }
    }

    /// What the task was called with, and how it came here.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Ends the task when its soft limit has passed, or somebody asks it to end with SIGUSR1. To be asked where
    /// stopping is safe.
    pub fn check(&self) -> Result<(), Stop> {
        let passed = self.soft.is_some_and(|deadline| Instant::now() >= deadline);
        if passed || warden::child::interrupts() != self.interrupts {
            let mut exceeded = Failure::in_module("billiard.exceptions", "SoftTimeLimitExceeded", "");
            // Python raises it without an argument.
            exceeded.exc_message.clear();
            return Err(exceeded.into());
        }
        Ok(())
    }

    /// Blocks for a while, in steps of a tenth of a second at most, and ends the task where [`Context::check`] would.
    ///
    /// # Errors
    ///
    /// The soft limit, as soon as it has passed.
    pub fn sleep(&self, duration: Duration) -> Result<(), Stop> {
        const STEP: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        loop {
            self.check()?;
            let left = duration.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            let until_soft = self.soft.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            std::thread::sleep(until_soft.into_iter().fold(left.min(STEP), Duration::min));
        }
    }

    /// Stores a state of the task's own, such as `PROGRESS`, with what it carries.
    pub fn update_state(&self, status: impl Into<String>, meta: impl Into<Value>) {
        self.emit(Effect::State { status: status.into(), meta: meta.into() });
    }

    /// Tells whoever listens to the worker's events; `kind` begins with `task-` by custom.
    pub fn send_event(&self, kind: impl Into<String>, fields: Map) {
        self.emit(Effect::Event { kind: kind.into(), fields });
    }

    /// Sends a task or a canvas as a child of this one. What it gives is the result tuple, `[[id, parent], children]`,
    /// which a Python client reads as a result when a task replies with it.
    ///
    /// # Errors
    ///
    /// A canvas that makes no sense: nothing is sent then.
    pub fn apply(&self, signature: Signature) -> Result<Value, Failure> {
        let (seed, applied) =
            self.plan(|_, sender| canvas::apply(&signature, Vec::new(), Map::new(), Map::new(), sender))?;
        self.emit(Effect::Apply { signature: Box::new(signature), seed });
        Ok(applied.tuple())
    }

    /// Adds a task to the header of the chord that this one is a part of; the body waits for it too.
    ///
    /// # Errors
    ///
    /// A task that is no part of a chord, or a canvas that makes no sense.
    pub fn add_to_chord(&self, signature: Signature) -> Result<Value, Failure> {
        let (seed, applied) = self.plan(|request, sender| {
            let body = request.body().unwrap_or_default();
            let delivered = canvas::Request { message: &request.message, body: &body };
            canvas::add_to_chord(delivered, signature.clone(), sender)
        })?;
        self.emit(Effect::AddToChord { signature: Box::new(signature), seed });
        Ok(applied.tuple())
    }

    /// Plans what the worker will plan again, so that the ids are known here.
    fn plan(
        &self,
        plan: impl FnOnce(&Request, &Sender<'_>) -> Result<Applied, canvas::Error>,
    ) -> Result<(u128, Applied), Failure> {
        let seed = uuid::Uuid::new_v4().as_u128();
        let new_id = seeded(seed);
        let headers = self.request.headers();
        let parent = Parent { id: &headers.id, root_id: headers.root_id.as_deref(), priority: None };
        let sender = Sender { parent: Some(parent), new_id: &new_id, ..Sender::new() };
        let applied = plan(&self.request, &sender);
        let applied = applied.map_err(|error| Failure::builtin("ValueError", error.to_string()))?;
        Ok((seed, applied))
    }

    /// Ends the task so that this runs in its place, under its id and with all that is linked to it.
    pub fn replace(&self, signature: Signature) -> Stop {
        Stop::Replace(Box::new(signature))
    }

    /// Hands an effect to the worker. It is applied soon, and before the outcome of the task.
    pub fn emit(&self, effect: Effect) {
        (self.emit)(effect);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("request", &self.request).field("soft", &self.soft).finish_non_exhaustive()
    }
}
