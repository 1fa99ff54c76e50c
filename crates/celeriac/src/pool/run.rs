//! Runs one job on a thread that may block.

use std::sync::Arc;
use std::time::Duration;

use celeriac_wire::Value;
use tokio::runtime::{Builder, Runtime};

use crate::context::Context;
use crate::registry::{Handler, Registry};
use crate::task::{Failure, Outcome};

/// Runs the jobs of one thread. Tasks that wait get a runtime of their own, made when the first of them comes.
pub(super) struct Runner {
    registry: Arc<Registry>,
    runtime: Option<Runtime>,
}

impl Runner {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, runtime: None }
    }

    /// Runs a job to its end. A task that waits is dropped after `hard`, which is then the
    /// error; one that computes is not interrupted. A panic passes through.
    pub(super) fn run(&mut self, context: Context, hard: Option<Duration>) -> Result<Outcome<Value>, Duration> {
        match self.registry.handler(context.request().task()) {
            Some(Handler::Sync(run)) => Ok(run(&context)),
            Some(Handler::Async(start)) => {
                let runtime = match &mut self.runtime {
                    Some(runtime) => runtime,
                    none => match Builder::new_current_thread().enable_all().build() {
                        Ok(runtime) => none.insert(runtime),
                        Err(error) => return Ok(Err(Failure::builtin("OSError", error.to_string()).into())),
                    },
                };
                runtime.block_on(async {
                    let running = start(context);
                    match hard {
                        Some(limit) => tokio::time::timeout(limit, running).await.map_err(|_| limit),
                        None => Ok(running.await),
                    }
                })
            }
            None => {
                let task = context.request().task();
                Ok(Err(Failure::in_module("celery.exceptions", "NotRegistered", task).into()))
            }
        }
    }
}
