//! What a running task does besides returning.

use std::time::SystemTime;

use celeriac_wire::canvas::{self, Applied, Sender, Step};
use celeriac_wire::{Map, result};

use super::{Action, Machine, What, record};
use crate::context::{Effect, JobId, Request};
use crate::sending::seeded;

impl Machine {
    pub(super) fn effect(&mut self, id: JobId, effect: Effect, now: SystemTime, out: &mut Vec<Action>) {
        let Some(held) = self.jobs.get_mut(&id) else { return };
        match effect {
            Effect::State { status, meta } => {
                held.succeeded |= status == result::SUCCESS;
                if self.tasks[held.task].ignores_result(&held.request) {
                    return;
                }
                let mut record = record::state(&held.request, &status, meta, self.config.settings.result_extended);
                if record.is_final() {
                    record.date_done = Some(now);
                }
                out.push(Action::Store(Box::new(record)));
            }
            Effect::Event { kind, fields } => {
                let (task, request) = (held.task, std::sync::Arc::clone(&held.request));
                self.notify(task, &request, || What::Custom { kind, fields }, out);
            }
            Effect::Publish(mut outgoing) => {
                let parent = held.request.headers();
                let child = &mut outgoing.message.headers;
                if child.parent_id.is_none() {
                    child.parent_id = Some(parent.id.clone());
                    child.root_id = Some(parent.root_id.as_ref().unwrap_or(&parent.id).clone());
                }
                held.children.push(celeriac_wire::value!([[&child.id, null], null]));
                out.push(Action::Step(Step::Publish(outgoing)));
            }
            Effect::Apply { signature, seed } => self.send(
                id,
                seed,
                out,
                |_, sender| canvas::apply(&signature, Vec::new(), Map::new(), Map::new(), sender),
                now,
            ),
            Effect::AddToChord { signature, seed } => self.send(
                id,
                seed,
                out,
                |request, sender| {
                    let body = request.body().unwrap_or_default();
                    let delivered = canvas::Request { message: &request.message, body: &body };
                    canvas::add_to_chord(delivered, *signature, sender)
                },
                now,
            ),
        }
    }

    /// Plans what a task sends, which becomes one of its children. It has been planned once before, in the task: what
    /// makes no sense has failed there.
    fn send(
        &mut self,
        id: JobId,
        seed: u128,
        out: &mut Vec<Action>,
        plan: impl FnOnce(&Request, &Sender<'_>) -> Result<Applied, canvas::Error>,
        now: SystemTime,
    ) {
        let Some(held) = self.jobs.get_mut(&id) else { return };
        let new_id = seeded(seed);
        match plan(&held.request, &self.sending.sender(&held.request, now, &new_id)) {
            Ok(applied) => {
                held.children.extend(applied.children);
                out.extend(applied.steps.into_iter().map(Action::Step));
            }
            Err(error) => {
                let (task, task_id) = (held.request.task(), held.request.id());
                tracing::error!(task, %task_id, error = &error as &dyn std::error::Error, "could not send");
            }
        }
    }
}
