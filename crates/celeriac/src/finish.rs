//! What follows the end of a task that has a canvas around it: callbacks, the rest of its chain, its chord, its
//! errbacks. All of it is sent and stored before the machine settles the message.
//!
//! The order is Celery's: what a success calls is sent before its result is stored, since the result names it; the
//! part of a chord counts after that. Each operation is tried until it is done, so a job ends only when the broker
//! and the backend have taken everything; until then its message is held. What was done twice after a crash is what
//! delivery at least once allows.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use celeriac_wire::canvas::{self, Failed, Failing, Signature, Step};
use celeriac_wire::{Body, Message, Outgoing, Record, Value, result};
use tokio::sync::mpsc::UnboundedSender;

use crate::backend::{ChordFailure, ChordState, Claim, Part, ResultBackend};
use crate::broker::Broker;
use crate::context::{JobId, Request, TaskId};
use crate::machine::{Ended, Event};
use crate::registry::{self, Registry};
use crate::sending::Sending;
use crate::settings::Settings;
use crate::task::Failure;
use crate::worker::Sent;
use crate::worker::backoff::Backoff;

/// How often an operation is tried while the worker ends: 22.7 s in all.
const LAST_ATTEMPTS: u32 = 8;
/// How long a claim on the body of a chord lasts while it is sent: far longer than that takes.
const CLAIM: std::time::Duration = std::time::Duration::from_secs(30);

/// The worker ends, and the broker or the backend is away.
#[derive(Debug)]
struct Abandoned;

/// What the tasks fail with that never run because of a failure.
#[derive(Clone, Copy)]
struct Failures<'a> {
    failure: &'a Failure,
    /// The exception that a `ChordError` is about.
    original: &'a Failure,
}

impl Failures<'_> {
    fn of(&self, original: bool) -> &Failure {
        if original { self.original } else { self.failure }
    }
}

/// Carries out what follows tasks, each in a task of tokio of its own.
pub(crate) struct Finisher {
    broker: Arc<dyn Broker>,
    results: Arc<dyn ResultBackend>,
    registry: Arc<Registry>,
    settings: Settings,
    sending: Arc<Sending>,
    sent: Option<Sent>,
    reports: UnboundedSender<Event>,
    closing: AtomicBool,
}

impl Finisher {
    pub(crate) fn new(
        broker: Arc<dyn Broker>,
        results: Arc<dyn ResultBackend>,
        registry: Arc<Registry>,
        settings: Settings,
        sending: Arc<Sending>,
        sent: Option<Sent>,
        reports: UnboundedSender<Event>,
    ) -> Self {
        Self { broker, results, registry, settings, sending, sent, reports, closing: AtomicBool::new(false) }
    }

    /// The worker ends: operations are tried so often and not for ever.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Asks what is stored of a task, and reports [`Event::Known`].
    pub(crate) fn look(self: &Arc<Self>, job: JobId, id: TaskId) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let record = this.done(|| this.results.get(&id)).await;
            this.report(match record {
                Ok(record) => Event::Known(job, record.map(Box::new)),
                Err(Abandoned) => Event::Abandoned(job),
            });
        });
    }

    /// Carries out what follows a job, and reports [`Event::Completed`].
    pub(crate) fn finish(self: &Arc<Self>, ended: Ended) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let id = ended.id;
            this.report(match this.follow(ended).await {
                Ok(failure) => Event::Completed(id, failure.map(Box::new)),
                Err(Abandoned) => Event::Abandoned(id),
            });
        });
    }

    fn report(&self, event: Event) {
        // A send fails only when the worker is gone, and with it everyone who would care.
        drop(self.reports.send(event));
    }

    /// Tries an operation until it is done.
    async fn done<T, E, F>(&self, operation: impl Fn() -> F) -> Result<T, Abandoned>
    where
        E: std::error::Error + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let mut backoff = Backoff::default();
        loop {
            match operation().await {
                Ok(done) => return Ok(done),
                Err(error) => backoff.failed(&error),
            }
            if self.closing.load(Ordering::Relaxed) && backoff.attempts >= LAST_ATTEMPTS {
                return Err(Abandoned);
            }
            tokio::time::sleep(backoff.left().unwrap_or_default()).await;
        }
    }

    /// The failure is one that came about here, in the place of the outcome that the job had.
    async fn follow(&self, ended: Ended) -> Result<Option<Failure>, Abandoned> {
        let Ended { request, record, .. } = &ended;
        let body = request.body().unwrap_or_default();
        if let Some(signature) = &ended.replacement {
            return self.replace(&ended, &body, (**signature).clone()).await;
        }
        match &ended.failure {
            Some(failure) => self.fail(&ended, &body, failure, record.clone()).await.map(|()| None),
            None if record.status == result::SUCCESS => self.succeed(&ended, &body).await,
            None => {
                if ended.stores {
                    self.store(record).await?;
                }
                self.count_part(request, &body.embed.chord, &record.status, &record.result).await?;
                Ok(None)
            }
        }
    }

    async fn succeed(&self, ended: &Ended, body: &Body) -> Result<Option<Failure>, Abandoned> {
        let request = &ended.request;
        let planned = {
            let delivered = canvas::Request { message: &request.message, body };
            let sender = self.sending.sender(request, SystemTime::now(), &new_id);
            canvas::on_success(delivered, &ended.record.result, &sender)
        };
        let applied = match planned {
            Ok(applied) => applied,
            Err(error) => {
                let failure = invalid(&error);
                self.fail(ended, body, &failure, failure_record(ended, &failure)).await?;
                return Ok(Some(failure));
            }
        };
        self.carry_out(applied.steps).await?;
        if ended.stores {
            let mut record = ended.record.clone();
            record.children.extend(applied.children);
            self.store(&record).await?;
        }
        self.count_part(request, &body.embed.chord, result::SUCCESS, &ended.record.result).await?;
        Ok(None)
    }

    async fn replace(&self, ended: &Ended, body: &Body, signature: Signature) -> Result<Option<Failure>, Abandoned> {
        let planned = {
            let delivered = canvas::Request { message: &ended.request.message, body };
            let sender = self.sending.sender(&ended.request, SystemTime::now(), &new_id);
            canvas::replace(delivered, signature, &sender)
        };
        match planned {
            Ok(applied) => self.carry_out(applied.steps).await.map(|()| None),
            Err(error) => {
                let failure = invalid(&error);
                self.fail(ended, body, &failure, failure_record(ended, &failure)).await?;
                Ok(Some(failure))
            }
        }
    }

    async fn fail(&self, ended: &Ended, body: &Body, failure: &Failure, record: Record) -> Result<(), Abandoned> {
        let request = &ended.request;
        if ended.stores_errors {
            self.store(&record).await?;
        }
        self.count_part(request, &body.embed.chord, result::FAILURE, &record.result).await?;
        let failing = {
            let delivered = canvas::Request { message: &request.message, body };
            let sender = self.sending.sender(request, SystemTime::now(), &new_id);
            canvas::on_failure(delivered, &|errback| self.registry.is_errback(&errback.task), &sender)
        };
        let failures = Failures { failure, original: failure };
        self.fail_all(request, &failing.failed, failures, ended.stores_errors).await?;
        self.call(request, failing, failures).await
    }

    /// Stores the failures of what never runs because of a failure.
    async fn fail_all(
        &self,
        request: &Arc<Request>,
        failed: &[Failed],
        failures: Failures<'_>,
        stores: bool,
    ) -> Result<(), Abandoned> {
        for failed in failed {
            self.fail_unrun(request, failed, failures.of(failed.original), stores).await?;
        }
        Ok(())
    }

    /// Calls errbacks.
    async fn call(&self, request: &Arc<Request>, failing: Failing, failures: Failures<'_>) -> Result<(), Abandoned> {
        for error in &failing.errors {
            let (task, task_id) = (request.task(), request.id());
            tracing::error!(task, %task_id, error = error as &dyn std::error::Error, "an errback could not be called");
        }
        for inline in failing.inline {
            let (registry, failure) = (Arc::clone(&self.registry), failures.of(inline.original).clone());
            let told = match inline.task_id == request.headers().id {
                true => Arc::clone(request),
                false => Arc::new(unrun(&inline.task_id, request)),
            };
            let Signature { task, args, kwargs, .. } = inline.errback;
            let name = task.clone();
            let called = tokio::task::spawn_blocking(move || {
                let failed = registry::Failed { request: &told, failure: &failure };
                registry.answer(&task, &failed, args, kwargs)
            });
            match called.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(errback = name, exc_type = error.exc_type, "an errback raised an exception");
                }
                Err(panic) => tracing::error!(errback = name, %panic, "an errback panicked"),
            }
        }
        self.carry_out(failing.steps).await
    }

    /// Stores the failure of a task that never runs, and counts it in its chord.
    async fn fail_unrun(
        &self,
        request: &Arc<Request>,
        failed: &Failed,
        failure: &Failure,
        stores: bool,
    ) -> Result<(), Abandoned> {
        let id = TaskId::from(failed.id.as_str());
        let chord = &failed.chord;
        let counted = if chord.is_null() {
            true
        } else {
            let known = self.done(|| self.results.get(&id)).await?;
            known.is_some_and(|record| matches!(record.status.as_str(), result::FAILURE | result::REVOKED))
        };
        let exception = failure.exception().to_json();
        if stores {
            let mut record = Record::new(&failed.id, result::FAILURE, exception.clone());
            record.group_id.clone_from(&failed.group);
            record.children.clone_from(&failed.children);
            record.traceback = failure.traceback();
            record.date_done = Some(SystemTime::now());
            if self.settings.result_extended {
                let fields = [
                    ("name", Value::from(&failed.task)),
                    ("args", Value::Array(failed.args.clone())),
                    ("kwargs", Value::Object(failed.kwargs.clone())),
                    ("worker", Value::Null),
                    ("retries", Value::from(0)),
                    ("queue", Value::Null),
                ];
                record.extra.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
            }
            self.store(&record).await?;
        }
        if counted {
            return Ok(());
        }
        let Some(group) = failed.group.clone() else { return Ok(()) };
        let part = Part {
            group,
            group_index: failed.group_index,
            task_id: id,
            state: result::FAILURE.to_owned(),
            result: exception,
        };
        Box::pin(self.part(request, chord, part)).await
    }

    /// Counts a task that has ended in the chord that it is a part of.
    async fn count_part(
        &self,
        request: &Arc<Request>,
        chord: &Value,
        state: &str,
        value: &Value,
    ) -> Result<(), Abandoned> {
        let headers = request.headers();
        let (false, Some(group)) = (chord.is_null(), headers.group.clone()) else { return Ok(()) };
        let part = Part {
            group,
            group_index: headers.group_index,
            task_id: request.id(),
            state: state.to_owned(),
            result: value.clone(),
        };
        self.part(request, chord, part).await
    }

    async fn part(&self, request: &Arc<Request>, chord: &Value, part: Part) -> Result<(), Abandoned> {
        match self.done(|| self.results.chord_part(&part)).await? {
            ChordState::Pending | ChordState::Taken => Ok(()),
            ChordState::Complete { results, claim } => self.begin_body(request, chord, results, claim).await,
            ChordState::Failed { failure, claim } => {
                tracing::error!(group = part.group, "chord raised: {}", failure.message);
                self.fail_body(request, chord, failure).await?;
                self.done(|| self.results.chord_failed(&claim)).await
            }
        }
    }

    async fn begin_body(
        &self,
        request: &Arc<Request>,
        chord: &Value,
        results: Vec<Value>,
        claim: Claim,
    ) -> Result<(), Abandoned> {
        let planned = {
            let sender = self.sending.sender(request, SystemTime::now(), &new_id);
            Signature::from_value(chord).and_then(|body| {
                canvas::apply(&body, vec![Value::Array(results)], Default::default(), Default::default(), &sender)
            })
        };
        match planned {
            Ok(applied) => {
                if self.done(|| self.results.chord_renew(&claim, CLAIM)).await? {
                    self.carry_out(applied.steps).await?;
                    self.done(|| self.results.chord_done(&claim)).await?;
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(group = claim.group, error = &error as &dyn std::error::Error, "chord body refused");
                self.fail_body(request, chord, format!("Callback error: {error}").into()).await?;
                self.done(|| self.results.chord_failed(&claim)).await
            }
        }
    }

    /// The header of a chord failed: its body fails unrun.
    async fn fail_body(&self, request: &Arc<Request>, chord: &Value, why: ChordFailure) -> Result<(), Abandoned> {
        let failure = Failure::in_module("celery.exceptions", "ChordError", why.message);
        let original = why.cause.map(Failure::from);
        let failures = Failures { original: original.as_ref().unwrap_or(&failure), failure: &failure };
        let failing = {
            let sender = self.sending.sender(request, SystemTime::now(), &new_id);
            canvas::chord_failed(chord, &|errback| self.registry.is_errback(&errback.task), &sender)
        };
        match failing {
            // The result of the body names the errbacks: they are sent first.
            Ok(mut failing) => {
                let failed = std::mem::take(&mut failing.failed);
                self.call(request, failing, failures).await?;
                Box::pin(self.fail_all(request, &failed, failures, true)).await
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(task_id = %request.id(), error, "the body of a chord is no signature");
                Ok(())
            }
        }
    }

    async fn store(&self, record: &Record) -> Result<(), Abandoned> {
        self.done(|| self.results.store(std::slice::from_ref(record))).await
    }

    /// Carries out a plan in order, with what is to be published next to each other in one go.
    async fn carry_out(&self, steps: Vec<Step>) -> Result<(), Abandoned> {
        let mut messages: Vec<Outgoing> = Vec::new();
        for step in steps {
            if let Step::Publish(outgoing) = step {
                messages.push(*outgoing);
                continue;
            }
            self.publish(&mut messages).await?;
            self.done(|| backend_step(&*self.results, &step)).await?;
        }
        self.publish(&mut messages).await
    }

    async fn publish(&self, messages: &mut Vec<Outgoing>) -> Result<(), Abandoned> {
        if messages.is_empty() {
            return Ok(());
        }
        self.done(|| self.broker.publish(messages)).await?;
        if let Some(sent) = &self.sent {
            sent(messages);
        }
        messages.clear();
        Ok(())
    }
}

/// Carries out a step that concerns the backend alone.
pub(crate) async fn backend_step(results: &dyn ResultBackend, step: &Step) -> Result<(), crate::backend::Error> {
    match step {
        Step::Publish(_) => Ok(()),
        Step::ChordSize { group, size } => results.chord_size(group, *size).await,
        Step::SaveGroup { group, result } => results.save_group(group, result).await,
        Step::ChordExtend { group, tasks } => results.chord_extend(group, *tasks).await,
    }
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// What a task fails with whose canvas makes no sense. Python programs look for Celery's words.
fn invalid(error: &canvas::Error) -> Failure {
    let text = match error {
        canvas::Error::Arguments(refusal) => return Failure::builtin("TypeError", refusal.clone()),
        canvas::Error::EmptyChain => "Cannot replace with an empty chain".to_owned(),
        canvas::Error::ReplacedByPart => "A signature replacing a task must not be part of a chord".to_owned(),
        error => error.to_string(),
    };
    Failure::in_module("celery.exceptions", "ImproperlyConfigured", text)
}

fn failure_record(ended: &Ended, failure: &Failure) -> Record {
    Record {
        status: result::FAILURE.to_owned(),
        result: failure.exception().to_json(),
        date_done: Some(SystemTime::now()),
        ..ended.record.clone()
    }
}

/// A request that stands for a task that never ran, of which an errback is told.
fn unrun(id: &str, of: &Request) -> Request {
    let mut message = Message::new("unknown", id, Vec::new(), Default::default());
    message.headers.root_id.clone_from(&of.headers().root_id);
    Request { message, queue: of.queue.clone(), hostname: of.hostname.clone(), max_body: of.max_body }
}
