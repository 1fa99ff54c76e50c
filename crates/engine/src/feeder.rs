//! The outbox on its way to the broker: what was committed and is not in this life of the broker is sent.
//!
//! It is also the reconciler: after a start the broker is empty and has a new epoch, so everything that the store
//! still wants is sent again; and it is the brake: a broker that has enough is sent no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docmill_store::Message;

use crate::driver::Driver;
use crate::task;

/// Below this many waiting messages the broker is fed, and this many at a time: enough for all workers to have
/// work while a batch is read, few enough that a hundred thousand documents wait in the store and not in memory.
const LOW: usize = 64;
const BATCH: usize = 256;

/// Feeds a broker from the store.
pub struct Feeder {
    driver: Arc<Driver>,
    intake_done: AtomicBool,
}

impl Feeder {
    pub fn new(driver: Arc<Driver>) -> Self {
        Self { driver, intake_done: AtomicBool::new(false) }
    }

    /// No more documents come from outside: what runs after all others may run when these are done.
    pub fn intake_is_done(&self) {
        self.intake_done.store(true, Ordering::Relaxed);
    }

    /// Sends what is waiting, if the broker has room. Returns how many were sent.
    pub async fn feed(&self) -> Result<usize, docmill_store::Error> {
        let parts = self.driver.parts();
        if parts.broker.depth(&task::queues()).await.unwrap_or(usize::MAX) >= LOW {
            return Ok(0);
        }
        self.driver.mark_sent().await?;
        let waiting = parts.store.unpublished(parts.epoch.clone(), BATCH).await?;
        // What runs alone is sent when nothing else is left to send; what was cut off comes first and is so too.
        let send: Vec<&Message> = match waiting.first() {
            Some(first) if first.alone && first.is_cut_off() => waiting.iter().take_while(|m| m.is_cut_off()).collect(),
            Some(first) if first.alone => {
                if !self.intake_done.load(Ordering::Relaxed) || !parts.store.only_alone_left().await? {
                    return Ok(0);
                }
                waiting.iter().collect()
            }
            _ => waiting.iter().filter(|m| !m.alone).collect(),
        };
        self.driver.send(&send).await?;
        Ok(send.len())
    }
}
