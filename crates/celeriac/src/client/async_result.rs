//! The result of one task, before and after it is there.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use celeriac_wire::result::{FAILURE, PENDING, REVOKED, SUCCESS};
use celeriac_wire::{Record, Value, value};
use serde::de::DeserializeOwned;

use super::{App, Ask, Error, ResultTree, TaskError};
use crate::context::TaskId;

/// The result of a task that has been sent, of type `R` when it succeeds.
pub struct AsyncResult<R = Value> {
    app: App,
    id: TaskId,
    parent: Option<Arc<ResultTree>>,
    reply: PhantomData<fn() -> R>,
}

impl<R> Clone for AsyncResult<R> {
    fn clone(&self) -> Self {
        Self { app: self.app.clone(), id: self.id.clone(), parent: self.parent.clone(), reply: PhantomData }
    }
}

impl<R> fmt::Debug for AsyncResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("id", &self.id).field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl<R> AsyncResult<R> {
    pub(super) fn new(app: App, id: TaskId, parent: Option<Arc<ResultTree>>) -> Self {
        Self { app, id, parent, reply: PhantomData }
    }

    /// The same result, read as another type.
    pub fn returning<T>(self) -> AsyncResult<T> {
        AsyncResult { app: self.app, id: self.id, parent: self.parent, reply: PhantomData }
    }

    /// The id of the task.
    pub fn id(&self) -> &TaskId {
        &self.id
    }

    /// What comes before it in its chain: a task, or the header of a chord.
    pub fn parent(&self) -> Option<&ResultTree> {
        self.parent.as_deref()
    }

    /// The document as it is stored now; `None` where nothing is, which is as good as `PENDING`.
    pub async fn record(&self) -> Result<Option<Record>, Error> {
        Ok(self.app.shared.results.get(&self.id).await?)
    }

    async fn read<T>(&self, read: impl FnOnce(Record) -> T) -> Result<T, Error> {
        let record = self.record().await?;
        Ok(read(record.unwrap_or_else(|| Record::new(self.id.as_str(), PENDING, Value::Null))))
    }

    /// One of Celery's states, or a word of the task's own.
    pub async fn state(&self) -> Result<String, Error> {
        self.read(|record| record.status).await
    }

    /// What goes with the state: the return value, the document of an exception, or what a custom state carries.
    pub async fn info(&self) -> Result<Value, Error> {
        self.read(|record| record.result).await
    }

    /// Where the exception was raised, if the task failed.
    pub async fn traceback(&self) -> Result<Option<String>, Error> {
        self.read(|record| record.traceback).await
    }

    /// Whether the task has ended, one way or the other.
    pub async fn ready(&self) -> Result<bool, Error> {
        self.read(|record| record.is_final()).await
    }

    /// Whether the task has ended well.
    pub async fn successful(&self) -> Result<bool, Error> {
        self.read(|record| record.status == SUCCESS).await
    }

    /// Whether the task has failed.
    pub async fn failed(&self) -> Result<bool, Error> {
        self.read(|record| record.status == FAILURE).await
    }

    /// The results of the tasks that this one sent: callbacks, the next of its chain, its own. Empty until it has ended.
    pub async fn children(&self) -> Result<Vec<ResultTree>, Error> {
        let tuples = self.read(|record| record.children).await?;
        Ok(tuples.iter().filter_map(|tuple| ResultTree::from_tuple(&self.app, tuple)).collect())
    }

    /// Drops what is stored of the task. A Python client would wait for it forever afterwards, and so would this one.
    pub async fn forget(&self) -> Result<(), Error> {
        Ok(self.app.shared.results.forget(&self.id).await?)
    }

    /// Tells workers not to run the task; one that runs is left alone unless the request is made to terminate.
    pub fn revoke(&self) -> Ask<String> {
        self.app.control().revoke([self.id.clone()])
    }

    /// Tells workers to end the child that runs the task with a signal such as `TERM`, or not to run it.
    pub fn terminate(&self, signal: &str) -> Ask<String> {
        self.app.control().terminate([self.id.clone()], signal)
    }

    /// Waits until the task has ended and gives its document, or the timeout. `None` waits as long as it takes.
    ///
    /// Ends early when a task before it in its chain has failed or was revoked: then this one never runs, and the
    /// document is that of the one before.
    pub async fn wait(&self, timeout: impl Into<Option<Duration>>) -> Result<Record, Error> {
        let mut ids = vec![self.id.clone()];
        let mut before = self.parent.as_deref();
        while let Some(ResultTree::Task(task)) = before {
            ids.push(task.id.clone());
            before = task.parent.as_deref();
        }
        let ended = async {
            let mut watch = self.app.shared.results.watch(&ids).await?;
            loop {
                let record = watch.next().await?;
                let own = record.task_id == self.id.as_str();
                if (own && record.is_final()) || matches!(record.status.as_str(), FAILURE | REVOKED) {
                    return Ok(record);
                }
            }
        };
        match timeout.into() {
            None => ended.await,
            Some(after) => match tokio::time::timeout(after, ended).await {
                Ok(record) => record,
                Err(_) => Err(Error::Timeout { id: self.id.clone(), after }),
            },
        }
    }
}

impl<R: DeserializeOwned> AsyncResult<R> {
    /// Waits for the return value. `None` waits as long as it takes. Cancel safe: nothing is lost, and the call may be
    /// made again.
    ///
    /// # Errors
    ///
    /// [`Error::Task`] when the task, or one before it in its chain, failed or was revoked; [`Error::Timeout`];
    /// [`Error::Reply`] when the value is not an `R`; [`Error::Backend`].
    pub async fn get(&self, timeout: impl Into<Option<Duration>>) -> Result<R, Error> {
        let record = self.wait(timeout).await?;
        if record.status != SUCCESS {
            return Err(Error::Task(Box::new(TaskError::of(record))));
        }
        value::from_value(record.result).map_err(|source| Error::Reply { id: self.id.clone(), source })
    }

    /// Waits for this task and all that it and its children sent, the nearest first, each at most `timeout`.
    ///
    /// # Errors
    ///
    /// Those of [`AsyncResult::get`], for the first that does not succeed.
    pub async fn collect(&self, timeout: impl Into<Option<Duration>>) -> Result<Vec<(TaskId, Value)>, Error> {
        let timeout = timeout.into();
        let mut values = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut next = VecDeque::from([ResultTree::Task(self.clone().returning())]);
        while let Some(tree) = next.pop_front() {
            match tree {
                // Documents may name each other in a circle.
                ResultTree::Task(task) if !seen.insert(task.id.clone()) => {}
                ResultTree::Task(task) => {
                    values.push((task.id.clone(), task.get(timeout).await?));
                    next.extend(task.children().await?);
                }
                ResultTree::Group(group) => next.extend(group.results),
            }
        }
        Ok(values)
    }
}
