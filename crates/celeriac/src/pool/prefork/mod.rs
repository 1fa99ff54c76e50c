//! Runs jobs in children of this program: what a task does to its process, the worker survives.
//!
//! `crew.rs` decides who runs what, `hand.rs` is a child as it sees it, `link.rs` is its socket, `serve.rs` is the
//! child itself.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use warden::{LineOptions, Lines};

use super::{MAX_SIZE, Pool, PoolEvent, PoolInfo, PoolOptions};
use crate::context::{Job, JobId};
use crew::{Crew, News};

mod crew;
mod hand;
mod link;
mod serve;

pub use serve::{is_child, serve_child};

/// What both the pool and its crew know.
#[derive(Default)]
struct Board {
    info: PoolInfo,
    /// Jobs that may be submitted before any has ended.
    capacity: usize,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Board>>);

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most jobs that a child has at a time: half of the words of its page.
const MAX_AHEAD: usize = 255;

/// The handle on a crew, which runs as a task of tokio.
pub(super) struct Prefork {
    news: UnboundedSender<News>,
    events: UnboundedSender<PoolEvent>,
    shared: Shared,
    /// As many children as there can be.
    most: usize,
}

/// How children live.
#[derive(Clone, Debug)]
struct Rules {
    size: usize,
    ahead: usize,
    max_tasks: Option<u32>,
    /// How long a child may take until it says that it is ready.
    patience: Duration,
}

impl Rules {
    fn capacity(&self) -> usize {
        self.size * (1 + self.ahead)
    }
}

impl Prefork {
    /// # Errors
    /// When there is no thread to be had. That no child can be started is told later, by a capacity of nothing.
    pub(super) fn new(options: &PoolOptions, events: UnboundedSender<PoolEvent>) -> io::Result<Self> {
        let mut line = options.child.clone().unwrap_or_default();
        line.env.extend(serve::environment(options.max_memory_per_child.filter(|max| *max > 0)));
        // Each takes descriptors, of which the connections to broker and backend need some too.
        let most = warden::most_lines().min(MAX_SIZE);
        let rules = Rules {
            size: options.size.clamp(1, most),
            // Each has a claim of its own.
            ahead: options.ahead.min(MAX_AHEAD),
            // 0 is never, as in Celery.
            max_tasks: options.max_tasks_per_child.filter(|max| *max > 0),
            patience: options.start_patience,
        };
        let (news, inbox) = unbounded_channel();
        let shared = Shared::default();
        let crew = Crew::new(rules, Lines::new(line)?, events.clone(), news.clone(), shared.clone());
        tokio::spawn(crew.run(inbox));
        Ok(Self { news, events, shared, most })
    }

    fn tell(&self, news: News) {
        // Fails only when the crew is closed, and then there is nothing to be done.
        let _ = self.news.send(news);
    }
}

#[async_trait]
impl Pool for Prefork {
    fn submit(&mut self, job: Job) {
        if let Err(unsent) = self.news.send(News::Submitted(job))
            && let News::Submitted(job) = unsent.0
        {
            // The crew is closed. This fails only when the worker is gone.
            let _ = self.events.send(PoolEvent::Returned(job.id));
        }
    }

    fn capacity(&self) -> usize {
        self.shared.board().capacity
    }

    fn terminate(&mut self, id: JobId, signal: i32) {
        self.tell(News::Terminate(id, signal));
    }

    fn recall(&mut self) {
        self.tell(News::Recall);
    }

    fn resize(&mut self, size: usize) -> usize {
        let size = size.clamp(1, self.most);
        let mut board = self.shared.board();
        if board.capacity > 0 {
            board.capacity = board.capacity / board.info.size.max(1) * size;
        }
        board.info.size = size;
        drop(board);
        self.tell(News::Resize(size));
        size
    }

    fn restart(&mut self) {
        self.tell(News::Restart);
    }

    fn info(&self) -> PoolInfo {
        self.shared.board().info.clone()
    }

    async fn close(&mut self) {
        let (done, closed) = oneshot::channel();
        self.tell(News::Close(done));
        // An error says that it was closed before.
        let _ = closed.await;
    }
}

impl Drop for Prefork {
    fn drop(&mut self) {
        self.tell(News::Abandoned);
    }
}

/// The program that children run, where it is not this one.
pub type ChildProgram = LineOptions;
