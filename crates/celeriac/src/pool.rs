//! Runs jobs inside this process: waiting tasks on tokio, computing ones on threads.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinError;

use crate::context::{Context, Job};
use crate::machine::Event;
use crate::registry::{Handler, Registry};
use crate::task::{Failure, Outcome};

/// The pool has no queue and no limit of its own: the machine submits no more than may run.
pub(crate) struct Pool {
    registry: Arc<Registry>,
    events: UnboundedSender<Event>,
}

impl Pool {
    pub(crate) fn new(registry: Arc<Registry>, events: UnboundedSender<Event>) -> Self {
        Self { registry, events }
    }

    /// Starts a job. `Accepted`, its effects and then `Finished` or `Lost` follow as events.
    pub(crate) fn submit(&self, Job { id, request }: Job) {
        let events = self.events.clone();
        // A send fails only when the worker is gone, and with it everyone who would care.
        let send = move |event| drop(events.send(event));
        let (Some(handler), Some(options)) =
            (self.registry.handler(request.task()), self.registry.options(request.task()))
        else {
            return send(Event::Lost(id, format!("task {} is not registered", request.task())));
        };
        let limits = request.headers().timelimit;
        let hard = limits.hard.or(options.hard_limit);
        let soft = limits.soft.or(options.soft_limit);
        let emit = {
            let send = send.clone();
            move |effect| send(Event::Effect(id, effect))
        };
        tokio::spawn(async move {
            let begun = send.clone();
            let outcome = match handler {
                Handler::Async(run) => {
                    let running = async move {
                        begun(Event::Accepted(id));
                        limited(hard, run(Context::new(request, soft, emit))).await
                    };
                    tokio::spawn(running).await
                }
                Handler::Sync(run) => {
                    let soft = [soft, hard].into_iter().flatten().min();
                    let running = move || {
                        begun(Event::Accepted(id));
                        run(&Context::new(request, soft, emit))
                    };
                    tokio::task::spawn_blocking(running).await
                }
            };
            send(match outcome {
                Ok(outcome) => Event::Finished(id, outcome),
                Err(death) => Event::Lost(id, last_words(death)),
            });
        });
    }
}

async fn limited(hard: Option<Duration>, run: impl Future<Output = Outcome<Value>>) -> Outcome<Value> {
    let Some(limit) = hard else { return run.await };
    tokio::time::timeout(limit, run).await.unwrap_or_else(|_| {
        let mut exceeded = Failure::in_module("billiard.exceptions", "TimeLimitExceeded", "");
        exceeded.exc_message = vec![json!(limit.as_secs())];
        Err(exceeded.into())
    })
}

fn last_words(death: JoinError) -> String {
    match death.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            format!("panicked: {}", text.unwrap_or("without a message"))
        }
        Err(death) => death.to_string(),
    }
}
