//! One thread an inference, however many run at once.

use std::sync::{Arc, Mutex, PoisonError};

use rten::{RunOptions, ThreadPool};

/// Thread pools of one thread each, lent for one inference.
///
/// The runtime's own pool is shared by the whole process: inferences of several workers would spread over its
/// threads and wait for each other there. A pool is made when all are lent and kept afterwards, so that there are as many
/// as inferences ever ran at once.
#[derive(Default)]
pub(crate) struct Pools(Mutex<Vec<Arc<ThreadPool>>>);

impl Pools {
    /// Runs `inference` with options that keep it on one thread, which nobody else uses meanwhile.
    pub(crate) fn lend<T>(&self, inference: impl FnOnce(RunOptions) -> T) -> T {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let pool = idle.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let result = inference(RunOptions::default().with_thread_pool(Some(pool.clone())));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
        result
    }
}
