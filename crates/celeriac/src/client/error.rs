//! What can go wrong between a call and its result.

use std::fmt;
use std::time::Duration;

use celeriac_wire::{Exception, Record, Value, repr, value};

use crate::context::TaskId;
use crate::{backend, broker};

/// A call, a result or a control request that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Arguments or an option that cannot stand in a message.
    #[error("could not write the arguments of {task}")]
    Arguments {
        /// The name of the task.
        task: String,
        /// What is wrong with them.
        #[source]
        source: value::Error,
    },
    /// Arguments by position that are neither a tuple nor a list, or arguments by name that are no struct or map.
    #[error("the arguments of {task} are not {expected}")]
    ArgumentShape {
        /// The name of the task.
        task: String,
        /// What was to be given.
        expected: &'static str,
    },
    /// A signature that cannot be sent.
    #[error("could not apply the signature of {task}")]
    Canvas {
        /// The name of the task.
        task: String,
        /// What is wrong with it.
        #[source]
        source: celeriac_wire::canvas::Error,
    },
    /// The broker could not be used. It may be tried again; some messages may have been sent.
    #[error(transparent)]
    Broker(#[from] broker::Error),
    /// The result backend could not be used. It may be tried again.
    #[error(transparent)]
    Backend(#[from] backend::Error),
    /// Nothing came in time. The task may still run.
    #[error("no result of {id} within {after:?}")]
    Timeout {
        /// What was waited for.
        id: TaskId,
        /// How long.
        after: Duration,
    },
    /// The task ended without a result: it failed or was revoked.
    #[error(transparent)]
    Task(Box<TaskError>),
    /// The task succeeded with something that is not of the type that was asked for.
    #[error("the result of {id} is not of the type asked for")]
    Reply {
        /// The id of the task.
        id: TaskId,
        /// What does not fit.
        #[source]
        source: value::Error,
    },
    /// What is stored under the id of a group is no group.
    #[error("the document of group {id} is not a result tuple")]
    Group {
        /// The id of the group.
        id: String,
    },
}

/// How a task ended that has no result: what a Python client would raise.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskError {
    /// The id of the task.
    pub id: TaskId,
    /// `FAILURE` or `REVOKED`.
    pub state: String,
    /// The exception, by the name of its Python class.
    pub exception: Exception,
    /// Where it was raised, in the words of the worker's language.
    pub traceback: Option<String>,
}

impl TaskError {
    /// The end that a record tells of. A document without a readable exception is told of as it stands.
    pub(crate) fn of(record: Record) -> Self {
        let exception = record.exception().unwrap_or_else(|| Exception {
            exc_type: "Exception".to_owned(),
            exc_message: vec![record.result.clone()],
            exc_module: Some("builtins".to_owned()),
        });
        Self { id: record.task_id.into(), state: record.status, exception, traceback: record.traceback }
    }

    /// Whether the exception is of a class, by its bare name (`ValueError`). Base classes are not known here.
    pub fn is(&self, exc_type: &str) -> bool {
        self.exception.exc_type == exc_type
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exception { exc_type, exc_message, .. } = &self.exception;
        match exc_message.as_slice() {
            [Value::String(text)] => write!(f, "task {} raised {exc_type}: {text}", self.id),
            args => write!(f, "task {} raised {exc_type}{}", self.id, repr::tuple(args)),
        }
    }
}

impl std::error::Error for TaskError {}
