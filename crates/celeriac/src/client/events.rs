//! What workers and clients tell of tasks and of themselves.

use std::collections::VecDeque;

use celeriac_wire::Value;
use celeriac_wire::event::{Event, Stamp};

use super::{App, Error};
use crate::broker::{Fanout, FanoutOptions, Subscription};

/// A stream of events. What happens while it is not asked is kept for a while by the broker; what happened before it
/// was made is not told.
pub struct Events {
    app: App,
    fanout: Box<dyn Fanout>,
    /// Task events come in batches.
    pending: VecDeque<Value>,
}

impl Events {
    pub(super) async fn listen(app: &App) -> Result<Self, Error> {
        let settings = &app.shared.settings;
        let subscription = Subscription {
            exchange: settings.event_exchange.clone(),
            routing_key: "#".to_owned(),
            queue: format!("{}.{}", settings.event_queue_prefix, uuid::Uuid::new_v4()),
            expires: settings.event_queue_expires,
        };
        let options = FanoutOptions { subscriptions: vec![subscription], ..FanoutOptions::default() };
        let fanout = app.shared.broker.fanout(options).await?;
        Ok(Self { app: app.clone(), fanout, pending: VecDeque::new() })
    }

    /// Waits for the next event, with who tells of it and when. Cancel safe.
    ///
    /// # Errors
    ///
    /// [`Error::Broker`] when the connection was lost; the next call listens again, and what was told meanwhile is lost.
    pub async fn next(&mut self) -> Result<(Event, Stamp), Error> {
        loop {
            while let Some(document) = self.pending.pop_front() {
                // What is no event is not for this stream.
                if let Some(event) = self.read(document) {
                    return Ok(event);
                }
            }
            match self.fanout.next().await?.body {
                Value::Array(batch) => self.pending.extend(batch),
                single => self.pending.push_back(single),
            }
        }
    }

    fn read(&self, document: Value) -> Option<(Event, Stamp)> {
        let (event, stamp) = Event::from_value(document)?;
        self.app.shared.clock.adjust(stamp.clock);
        Some((event, stamp))
    }

    /// Stops listening and takes its traces from the broker.
    pub async fn close(mut self) -> Result<(), Error> {
        Ok(self.fanout.close().await?)
    }
}
