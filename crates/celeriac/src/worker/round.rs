//! One round of traffic with the broker and the backend.

use std::collections::VecDeque;
use std::sync::Arc;

use celeriac_wire::canvas::Step;
use celeriac_wire::{Outgoing, Record};

use super::{Error, Sent};
use crate::backend::ResultBackend;
use crate::broker::{Broadcast, Broker, Consumer, Delivery, Queue, Settle, Tag, Turn};
use crate::finish::backend_step;
use crate::machine::Ended;

/// Events that are kept while the broker is away. The oldest are dropped first: monitors ask how things are.
const MAX_BROADCASTS: usize = 10_000;

/// The worker's end of its connections.
pub(super) struct Link {
    pub(super) consumer: Box<dyn Consumer>,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) results: Arc<dyn ResultBackend>,
    /// Who is told of what tasks have sent.
    pub(super) sent: Option<Sent>,
}

/// Queues that are taken from or not, from now on.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Add(Queue),
    Cancel(String),
}

/// What is to be handed on. What is done is taken out, so that after a failure the rest is left.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) steps: VecDeque<Step>,
    pub(super) store: Vec<Record>,
    pub(super) settle: Vec<(Tag, Settle)>,
    pub(super) broadcast: Vec<Broadcast>,
    pub(super) changes: Vec<Change>,
    /// Jobs whose canvas may be carried out when all the above is.
    pub(super) finish: Vec<Ended>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
            && self.store.is_empty()
            && self.settle.is_empty()
            && self.broadcast.is_empty()
            && self.changes.is_empty()
            && self.finish.is_empty()
    }

    /// Puts what was decided later behind what is left.
    pub(super) fn followed_by(mut self, later: Self) -> Self {
        self.steps.extend(later.steps);
        self.store.extend(later.store);
        self.settle.extend(later.settle);
        self.broadcast.extend(later.broadcast);
        let excess = self.broadcast.len().saturating_sub(MAX_BROADCASTS);
        self.broadcast.drain(..excess);
        self.changes.extend(later.changes);
        self.finish.extend(later.finish);
        self
    }
}

/// A finished round.
pub(super) struct Done {
    pub(super) link: Link,
    /// What could not be handed on.
    pub(super) left: Pending,
    /// How many messages were asked for.
    pub(super) take: usize,
    pub(super) renewed: bool,
    /// Jobs whose canvas may be carried out now.
    pub(super) finish: Vec<Ended>,
    pub(super) taken: Result<Vec<Delivery>, Error>,
}

/// Hands on what is pending, first what must outlive the messages, then the messages, and takes new ones. Leases are
/// renewed before all else: they hold whatever becomes of the rest.
pub(super) async fn round(mut link: Link, mut pending: Pending, renew: Option<Vec<Tag>>, take: usize) -> Done {
    let mut renewed = false;
    let mut finish = Vec::new();
    let taken = async {
        if let Some(held) = renew {
            link.consumer.renew(&held).await?;
            renewed = true;
        }
        while let Some(change) = pending.changes.first() {
            match change {
                Change::Add(queue) => link.consumer.add_queue(queue.clone()).await?,
                Change::Cancel(name) => link.consumer.cancel_queue(name).await?,
            }
            pending.changes.remove(0);
        }
        take_steps(&*link.broker, &*link.results, link.sent.as_ref(), &mut pending.steps).await?;
        if !pending.store.is_empty() {
            link.results.store(&pending.store).await?;
            pending.store.clear();
        }
        finish = std::mem::take(&mut pending.finish);
        let turn = Turn { settle: &pending.settle, broadcast: &pending.broadcast, take };
        let taken = link.consumer.turn(turn).await?;
        pending.settle.clear();
        pending.broadcast.clear();
        Ok(taken)
    };
    let taken = taken.await;
    Done { link, left: pending, take, renewed, finish, taken }
}

/// Carries out steps in order, with what is to be published next to each other in one go.
async fn take_steps(
    broker: &dyn Broker,
    results: &dyn ResultBackend,
    sent: Option<&Sent>,
    steps: &mut VecDeque<Step>,
) -> Result<(), Error> {
    while let Some(step) = steps.front() {
        if !matches!(step, Step::Publish(_)) {
            backend_step(results, step).await?;
            steps.pop_front();
            continue;
        }
        let messages: Vec<Outgoing> = steps
            .iter()
            .map_while(|step| if let Step::Publish(outgoing) = step { Some((**outgoing).clone()) } else { None })
            .collect();
        broker.publish(&messages).await?;
        if let Some(sent) = sent {
            sent(&messages);
        }
        steps.drain(..messages.len());
    }
    Ok(())
}
