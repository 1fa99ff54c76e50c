//! Sending: a canvas becomes a plan, and the plan is carried out.

use std::time::SystemTime;

use celeriac_wire::canvas::{self, Sender, Signature, Step};
use celeriac_wire::event::{Stamp, timestamp};
use celeriac_wire::{Map, Outgoing, Value};

use super::{App, Error, ResultTree};
use crate::broker::{self, Broadcast};
use crate::event;

impl App {
    /// Sends a signature and gives what stands for its results: for a group one per member, for a chain that of its
    /// last task, for a chord that of its body.
    ///
    /// # Errors
    ///
    /// [`Error::Canvas`] for what cannot be sent, [`Error::Broker`] and [`Error::Backend`] when some of it may have
    /// been.
    pub async fn apply(&self, signature: impl Into<Signature>) -> Result<ResultTree, Error> {
        let signature = signature.into();
        let task = &signature.task;
        let plan = self.plan(&signature).map_err(|source| Error::Canvas { task: task.clone(), source })?;
        let tree = ResultTree::from_tuple(self, &plan.tuple());
        let tree = tree.ok_or_else(|| Error::Canvas { task: task.clone(), source: canvas::Error::EmptyChain })?;
        self.carry_out(plan.steps).await?;
        Ok(tree)
    }

    fn plan(&self, signature: &Signature) -> Result<canvas::Applied, canvas::Error> {
        let settings = &self.shared.settings;
        let route = |task: &str| {
            let queue = self.shared.routes.queue(task);
            queue.map(|queue| ("queue".to_owned(), Value::from(queue))).into_iter().collect()
        };
        let defaults = |_: &str| {
            let mut defaults = Map::new();
            if let Some(priority) = settings.task_default_priority {
                defaults.insert("priority".to_owned(), priority.into());
            }
            if settings.task_ignore_result {
                defaults.insert("ignore_result".to_owned(), true.into());
            }
            Some(defaults)
        };
        let sender = Sender {
            origin: &self.shared.origin,
            reply_to: &self.shared.oid,
            default_queue: &settings.task_default_queue,
            errbacks_on_header: settings.task_allow_error_cb_on_chord_header,
            route: &route,
            defaults: &defaults,
            ..Sender::new()
        };
        canvas::apply(signature, Vec::new(), Map::new(), Map::new(), &sender)
    }

    /// Carries steps out in their order; messages that follow each other leave together.
    async fn carry_out(&self, steps: Vec<Step>) -> Result<(), Error> {
        let results = &self.shared.results;
        let mut messages = Vec::new();
        for step in steps {
            if let Step::Publish(message) = step {
                messages.push(*message);
                continue;
            }
            self.publish(&std::mem::take(&mut messages)).await?;
            match step {
                Step::ChordSize { group, size } => results.chord_size(&group, size).await?,
                Step::ChordExtend { group, tasks } => results.chord_extend(&group, tasks).await?,
                Step::SaveGroup { group, result } => results.chord_header(&group, &result).await?,
                Step::Publish(_) => {}
            }
        }
        Ok(self.publish(&messages).await?)
    }

    /// Sends messages, again when the broker fails, as often as the policy says, and tells of them if the settings say
    /// so.
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), broker::Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let policy = &self.shared.publish_retry;
        let retries = if self.shared.settings.task_publish_retry { policy.max_retries } else { 0 };
        let mut attempt = 0;
        while let Err(error) = self.shared.broker.publish(messages).await {
            if attempt == retries {
                return Err(error);
            }
            let wait = policy.interval_start + policy.interval_step * attempt;
            tokio::time::sleep(wait.min(policy.interval_max)).await;
            attempt += 1;
        }
        if self.shared.settings.task_send_sent_event {
            let events: Vec<Broadcast> = messages.iter().map(|message| self.sent(message)).collect();
            self.shared.broker.broadcast(&events).await?;
        }
        Ok(())
    }

    /// The event that tells of a message.
    fn sent(&self, outgoing: &Outgoing) -> Broadcast {
        let stamp = Stamp {
            hostname: self.shared.origin.clone(),
            utcoffset: event::utcoffset(),
            pid: std::process::id(),
            clock: self.shared.clock.forward(),
            timestamp: timestamp(SystemTime::now()),
        };
        event::sent(outgoing, &stamp, &self.shared.settings.event_exchange)
    }
}
