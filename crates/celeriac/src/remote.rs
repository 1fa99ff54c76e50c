//! What a worker has to do with others: it answers remote control, tells of its tasks and of itself, asks its neighbours
//! at the start what they have revoked, and keeps its clock with theirs.
//!
//! It runs beside the worker's loop and reaches into it through a [`Handle`], so that a slow broker or backend keeps no
//! task waiting.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use celeriac_wire::control::{Clock, ReplyTo, Request};
use celeriac_wire::event::{Event, Received, WorkerEvent};
use celeriac_wire::{Exception, Map, Record, Value, result, value};
use tokio::time::{Instant, MissedTickBehavior};

use crate::backend::ResultBackend;
use crate::broker::{self, Broadcast, Broker, Fanout, FanoutOptions, Outgoing, Subscription};
use crate::context::TaskId;
use crate::control::{Commands, Handled, Panel, Phase};
use crate::event::{Dispatcher, HEARTBEAT};
use crate::machine::{Notice, What};
use crate::sending::origin;
use crate::settings::Settings;
use crate::statedb::{self, State};
use crate::worker::{Dispatch, Handle, Sent};

/// Which of its dealings with others a worker takes part in. The default is all of them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Commands of the program's own.
    pub commands: Commands,
    /// Asks the other workers at the start (`--without-mingle` does not).
    pub mingle: bool,
    /// Listens to the other workers (`--without-gossip` does not).
    pub gossip: bool,
    /// How often it says that it is alive; `None` is never (`--without-heartbeat`).
    pub heartbeat: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self { commands: Commands::default(), mingle: true, gossip: true, heartbeat: Some(HEARTBEAT) }
    }
}

/// How long other workers may take to answer at the start (Celery's mingle).
const MINGLE: Duration = Duration::from_secs(1);
/// How long an unread reply is kept, and a listener that was silent.
const INBOX_EXPIRES: Duration = Duration::from_secs(10);
/// How long the backend may take until a revoked task's state is given up: the reply waits for it.
const MARK: Duration = Duration::from_secs(5);
/// The longest pause before it is listened again.
const LAST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Events {
    dispatcher: Arc<Mutex<Dispatcher>>,
    /// The name in which the messages of tasks are sent; `None` if nobody is told of them.
    sends_as: Option<Arc<str>>,
}

impl Events {
    fn lock(&self) -> MutexGuard<'_, Dispatcher> {
        // Nothing panics while it is held.
        self.dispatcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dispatch for Events {
    fn notice(&mut self, notice: &Notice) {
        self.lock().emit(&event(notice), SystemTime::now());
    }

    fn take(&mut self) -> Vec<Broadcast> {
        self.lock().take()
    }

    fn sent(&self) -> Option<Sent> {
        let (events, origin) = (self.clone(), self.sends_as.clone()?);
        Some(Arc::new(move |messages: &[Outgoing]| {
            let mut dispatcher = events.lock();
            let now = SystemTime::now();
            messages.iter().for_each(|message| dispatcher.sent(message, &origin, now));
        }))
    }
}

/// The event that a notice is told as.
fn event(notice: &Notice) -> Event {
    let headers = notice.request.headers();
    let uuid = headers.id.clone();
    match notice.what.clone() {
        What::Received => {
            let shadow = headers.shadow.as_ref().filter(|shadow| !shadow.is_empty());
            Event::TaskReceived(Box::new(Received {
                uuid,
                name: shadow.unwrap_or(&headers.task).clone(),
                args: headers.argsrepr.clone(),
                kwargs: headers.kwargsrepr.clone(),
                root_id: headers.root_id.clone(),
                parent_id: headers.parent_id.clone(),
                retries: headers.retries,
                eta: headers.eta.clone(),
                expires: headers.expires.clone(),
            }))
        }
        What::Started => Event::TaskStarted { uuid },
        What::Succeeded { result, runtime } => {
            Event::TaskSucceeded { uuid, result, runtime: runtime.map(|runtime| runtime.as_secs_f64()) }
        }
        What::Failed { exception, traceback } => Event::TaskFailed { uuid, exception, traceback },
        What::Retried { exception, traceback } => Event::TaskRetried { uuid, exception, traceback },
        What::Revoked { terminated, signal, expired } => {
            Event::TaskRevoked { uuid, terminated, signum: signal, expired }
        }
        What::Rejected { requeue } => Event::TaskRejected { uuid, requeue },
        What::Cancelled => Event::TaskCancelled { uuid },
        What::Custom { kind, mut fields } => {
            // What a task tells is told of that task.
            fields.entry("uuid".to_owned()).or_insert_with(|| Value::from(uuid));
            Event::Custom { kind, fields }
        }
    }
}

/// The dealings of one worker with others.
pub struct Remote {
    hostname: String,
    settings: Arc<Settings>,
    options: Options,
    clock: Clock,
    events: Events,
    panel: Arc<Mutex<Panel>>,
    broker: Arc<dyn Broker>,
    results: Arc<dyn ResultBackend>,
    state: Option<PathBuf>,
    saved: State,
}

impl Remote {
    /// The dealings of the worker `hostname`.
    ///
    /// # Errors
    ///
    /// A state file (`worker_state_db`) that cannot be used.
    pub fn new(
        hostname: &str,
        settings: Settings,
        options: Options,
        broker: Arc<dyn Broker>,
        results: Arc<dyn ResultBackend>,
    ) -> Result<Self, statedb::Error> {
        let settings = Arc::new(settings);
        let state = settings.worker_state_db.as_ref().map(PathBuf::from);
        let saved = state.as_deref().map_or_else(|| Ok(State::default()), statedb::load)?;
        let clock = Clock::default();
        clock.adjust(saved.clock);
        let events =
            Dispatcher::new(hostname, clock.clone(), &settings.event_exchange, settings.worker_send_task_events)
                .beats_every(options.heartbeat.unwrap_or(HEARTBEAT));
        let sends_as = settings.task_send_sent_event.then(|| Arc::from(origin(hostname)));
        let panel = Panel::new(hostname, Arc::clone(&settings), clock.clone(), options.commands.clone());
        Ok(Self {
            hostname: hostname.to_owned(),
            settings,
            options,
            clock,
            events: Events { dispatcher: Arc::new(Mutex::new(events)), sends_as },
            panel: Arc::new(Mutex::new(panel)),
            broker,
            results,
            state,
            saved,
        })
    }

    /// What the worker has to be given, so that its events are told.
    pub fn dispatch(&self) -> Box<dyn Dispatch> {
        Box::new(self.events.clone())
    }

    /// Whether the worker is to give notice of its tasks from the start.
    pub fn wants_tasks(&self) -> bool {
        self.events.lock().wants_tasks()
    }

    /// The ids of tasks that were revoked before: those of the state file, and those that other workers know of.
    pub async fn revoked(&mut self) -> Vec<String> {
        let mut revoked = self.saved.revoked.clone();
        if self.options.mingle {
            tracing::info!("mingle: searching for neighbors");
            match self.ask_neighbours().await {
                Ok(replies) if replies.is_empty() => tracing::info!("mingle: all alone"),
                Ok(replies) => {
                    tracing::info!("mingle: sync with {} nodes", replies.len());
                    for reply in replies {
                        self.adjust(reply.get("clock"));
                        match reply.get("revoked") {
                            Some(Value::Array(ids)) => {
                                revoked.extend(ids.iter().filter_map(|id| id.as_str().map(str::to_owned)));
                            }
                            // Before 5.7 the ids came with the times at which they were revoked.
                            Some(Value::Object(times)) => revoked.extend(times.keys().cloned()),
                            _ => {}
                        }
                    }
                    tracing::info!("mingle: sync complete");
                }
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "could not mingle"),
            }
        }
        revoked
    }

    async fn ask_neighbours(&self) -> Result<Vec<Value>, broker::Error> {
        let oid = uuid::Uuid::new_v4().to_string();
        let exchange = format!("reply.{}.pidbox", self.settings.control_exchange);
        let inbox = Subscription {
            exchange: exchange.clone(),
            routing_key: oid.clone(),
            queue: format!("{oid}.{exchange}"),
            expires: INBOX_EXPIRES,
        };
        let mut listener = self.broker.fanout(FanoutOptions { inbox: Some(inbox), ..FanoutOptions::default() }).await?;
        let revoked = Value::Array(self.saved.revoked.iter().map(Value::from).collect());
        let arguments = value!({"from_node": self.hostname.as_str(), "revoked": revoked});
        let mut request = Request::new("hello", Map::new());
        request.arguments = arguments;
        request.ticket = Some(uuid::Uuid::new_v4().to_string());
        request.reply_to = Some(ReplyTo { exchange, routing_key: oid });
        let headers = Map::from([
            ("clock".to_owned(), Value::from(self.clock.forward())),
            ("expires".to_owned(), Value::Float(celeriac_wire::event::timestamp(SystemTime::now() + MINGLE))),
        ]);
        let hello =
            Broadcast { exchange: self.pidbox(), routing_key: String::new(), headers, body: request.to_value() };
        self.broker.broadcast(&[hello]).await?;
        let mut replies = Vec::new();
        let end = Instant::now() + MINGLE;
        while let Ok(Ok(reply)) = tokio::time::timeout_at(end, listener.next()).await {
            self.adjust(reply.headers.get("clock"));
            let Value::Object(nodes) = reply.body else { continue };
            let others = nodes.into_iter().filter(|(node, reply)| *node != self.hostname && !reply.is_null());
            replies.extend(others.map(|(_, reply)| reply));
        }
        listener.close().await?;
        Ok(replies)
    }

    fn pidbox(&self) -> String {
        format!("{}.pidbox", self.settings.control_exchange)
    }

    fn adjust(&self, clock: Option<&Value>) {
        let theirs = clock.and_then(Value::as_i64).and_then(|clock| u64::try_from(clock).ok());
        self.clock.adjust(theirs.unwrap_or(0));
    }

    /// Deals with the others until `stop` is ready, which is when the worker has ended; then says good-bye. Never fails:
    /// what cannot be told is lost, and listening begins anew after a pause.
    pub async fn run(mut self, handle: Handle, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        handle.set_events(self.wants_tasks());
        // The worker's loop answers: it runs.
        tokio::select! {
            _ = handle.look(|_| ()) => {}
            () = stop.as_mut() => return,
        }
        tracing::info!("{} ready.", self.hostname);
        if self.options.heartbeat.is_some() {
            self.alive(&handle, WorkerEvent::Online).await;
        }
        let mut beat = tokio::time::interval(self.options.heartbeat.unwrap_or(HEARTBEAT));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        let mut listener: Option<Box<dyn Fanout>> = None;
        let mut pause = Duration::ZERO;
        loop {
            let heard = async {
                match &mut listener {
                    Some(listener) => listener.next().await.map(Heard::Message),
                    None => {
                        tokio::time::sleep(pause).await;
                        self.broker.fanout(self.subscriptions()).await.map(Heard::Listener)
                    }
                }
            };
            tokio::select! {
                () = stop.as_mut() => break,
                heard = heard => match heard {
                    Ok(Heard::Message(message)) => self.on(message, &handle).await,
                    Ok(Heard::Listener(new)) => {
                        listener = Some(new);
                        pause = Duration::ZERO;
                    }
                    Err(error) => {
                        if pause.is_zero() {
                            let error = &error as &dyn std::error::Error;
                            tracing::warn!(error, "remote control does not hear; it goes on trying");
                        }
                        pause = (pause * 2).clamp(Duration::from_millis(100), LAST_PAUSE);
                        listener = None;
                    }
                },
                _ = beat.tick() => {
                    if self.options.heartbeat.is_some() {
                        self.alive(&handle, WorkerEvent::Heartbeat).await;
                    }
                    self.save(&handle).await;
                }
            }
        }
        self.leave(listener).await;
    }

    async fn leave(&mut self, listener: Option<Box<dyn Fanout>>) {
        if let Some(mut listener) = listener
            && let Err(error) = listener.close().await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, "remote control was not closed");
        }
        if self.options.heartbeat.is_some() {
            self.events.lock().worker(WorkerEvent::Offline, 0, 0, SystemTime::now());
        }
        let last = self.events.lock().take();
        if let Err(error) = self.broker.broadcast(&last).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "the last events were not told");
        }
        if self.state.is_some() {
            self.write(State { revoked: self.saved.revoked.clone(), clock: self.clock.value() }).await;
        }
    }

    fn subscriptions(&self) -> FanoutOptions {
        let settings = &self.settings;
        let mut subscriptions = Vec::new();
        if settings.worker_enable_remote_control {
            subscriptions.push(Subscription {
                exchange: self.pidbox(),
                routing_key: String::new(),
                queue: format!("{}.{}", self.hostname, self.pidbox()),
                expires: settings.control_queue_expires,
            });
        }
        if self.options.gossip {
            subscriptions.push(Subscription {
                exchange: settings.event_exchange.clone(),
                routing_key: "worker.#".to_owned(),
                queue: format!("{}.{}", settings.event_queue_prefix, uuid::Uuid::new_v4()),
                expires: settings.event_queue_expires,
            });
        }
        FanoutOptions { subscriptions, inbox: None }
    }

    async fn on(&mut self, message: Broadcast, handle: &Handle) {
        if message.exchange != self.pidbox() {
            let from = message.headers.get("hostname").or(message.body.get("hostname")).and_then(Value::as_str);
            if from == Some(self.hostname.as_str()) {
                self.clock.forward();
            } else {
                self.adjust(message.body.get("clock"));
            }
            return;
        }
        let (panel, events) = (Arc::clone(&self.panel), self.events.clone());
        let handled = handle.look(move |view| {
            let mut panel = panel.lock().unwrap_or_else(PoisonError::into_inner);
            let mut handled = panel.on(message, view, &mut events.lock());
            // What runs here ends by itself, with a state of its own.
            handled.revoked.retain(|id| view.find(id).is_none_or(|held| held.phase != Phase::Active));
            (handled, events.lock().wants_tasks())
        });
        let Some((Handled { revoked, reply, heartbeat }, wants_tasks)) = handled.await else { return };
        handle.set_events(wants_tasks);
        if !revoked.is_empty() {
            self.mark(&revoked).await;
            self.save(handle).await;
        }
        if heartbeat {
            self.alive(handle, WorkerEvent::Heartbeat).await;
        }
        if let Some(reply) = reply
            && let Err(error) = self.broker.reply(&reply).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not reply to a control command");
        }
    }

    /// Stores the state of tasks that nobody will run, unless it says that somebody does or has.
    async fn mark(&self, ids: &[String]) {
        let ids: Vec<TaskId> = ids.iter().map(|id| TaskId::from(id.as_str())).collect();
        let marked = tokio::time::timeout(MARK, async {
            let stored = self.results.get_many(&ids).await?;
            let open = |record: &Option<Record>| match record {
                None => true,
                Some(record) => ["PENDING", "RECEIVED", "RETRY", "REJECTED"].contains(&record.status.as_str()),
            };
            let records: Vec<Record> =
                ids.iter().zip(&stored).filter(|(_, stored)| open(stored)).map(|(id, _)| revoked(id)).collect();
            self.results.store(&records).await
        });
        match marked.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Failed to mark tasks as revoked in backend");
            }
            Err(_) => tracing::warn!("Failed to mark tasks as revoked in backend: it took too long"),
        }
    }

    /// Tells how the worker is.
    async fn alive(&self, handle: &Handle, event: WorkerEvent) {
        let load = handle.look(|view| {
            let active = view.held().iter().filter(|held| held.phase == Phase::Active).count();
            (active as u64, view.totals().iter().map(|(_, count)| count).sum::<u64>())
        });
        let Some((active, processed)) = load.await else { return };
        let messages = {
            let mut events = self.events.lock();
            events.worker(event, active, processed, SystemTime::now());
            events.take()
        };
        handle.broadcast(messages);
    }

    /// Writes the state file if something was revoked since it was written.
    async fn save(&mut self, handle: &Handle) {
        if self.state.is_none() {
            return;
        }
        let Some(revoked) = handle.look(|view| view.revoked()).await else { return };
        if revoked != self.saved.revoked {
            self.write(State { revoked, clock: self.clock.value() }).await;
        }
    }

    async fn write(&mut self, state: State) {
        let Some(path) = self.state.clone() else { return };
        self.saved = state.clone();
        let written = tokio::task::spawn_blocking(move || statedb::save(&path, &state)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(error = &error as &dyn std::error::Error, "revoked tasks will be forgotten");
        }
    }
}

enum Heard {
    Message(Broadcast),
    Listener(Box<dyn Fanout>),
}

/// The record of a task that was revoked before it began.
fn revoked(id: &TaskId) -> Record {
    let exception = Exception {
        exc_type: "TaskRevokedError".to_owned(),
        exc_message: vec![Value::from("revoked")],
        exc_module: Some("celery.exceptions".to_owned()),
    };
    Record { date_done: Some(SystemTime::now()), ..Record::new(id.as_str(), result::REVOKED, exception.to_json()) }
}
