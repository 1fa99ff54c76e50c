//! What a result backend keeps of a task: its state and result, or the exception.

use std::time::SystemTime;

use crate::field::{Fields, Mistyped};
use crate::{Map, Value, json, time, value};

/// Nothing is known of the task; never stored.
pub const PENDING: &str = "PENDING";
/// The task runs. Stored where `task_track_started` says so.
pub const STARTED: &str = "STARTED";
/// The task has failed and runs again.
pub const RETRY: &str = "RETRY";
/// The task has returned.
pub const SUCCESS: &str = "SUCCESS";
/// The task has failed for good.
pub const FAILURE: &str = "FAILURE";
/// The task did not run, or was ended.
pub const REVOKED: &str = "REVOKED";

/// A Python exception by name. The client raises `exc_module.exc_type(*exc_message)` if it can import it, a class
/// made on the spot otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// The name of the class.
    pub exc_type: String,
    /// What it was made of; mostly one text.
    pub exc_message: Vec<Value>,
    /// The module of the class: `builtins` for Python's own.
    pub exc_module: Option<String>,
}

impl Exception {
    /// The form in which it stands as the result of a [`Record`].
    pub fn to_json(&self) -> Value {
        value!({"exc_type": &self.exc_type, "exc_message": &self.exc_message, "exc_module": &self.exc_module})
    }

    /// Reads an exception. Its arguments may be a list, or one value that stands for a list of one.
    pub fn from_json(value: &Value) -> Option<Self> {
        let exc_message = match value.get("exc_message") {
            Some(Value::Array(args)) => args.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        Some(Self {
            exc_type: value.get("exc_type")?.as_str()?.to_owned(),
            exc_message,
            exc_module: value.get("exc_module").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

/// What a document takes whose result is small.
const FRAME: usize = 256;

/// A result document, the value of `celery-task-meta-<id>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The task's id, which the key has too.
    pub task_id: String,
    /// One of Celery's states, or a word of the task's own.
    pub status: String,
    /// The return value, an [`Exception`], or what a custom state carries.
    pub result: Value,
    /// As Python would print it.
    pub traceback: Option<String>,
    /// Result tuples of the tasks that this one sent.
    pub children: Vec<Value>,
    /// Set in the final states only. A text that is no time is read as none.
    pub date_done: Option<SystemTime>,
    /// The group that the task is a member of. Only `result_extended` and groups write it.
    pub group_id: Option<String>,
    /// The task that sent this one.
    pub parent_id: Option<String>,
    /// Fields that only `result_extended` writes, and those of other clients.
    pub extra: Map,
}

/// Why a result cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON, or nests too deep.
    #[error("the result document is not json")]
    Json(#[source] json::Error),
    /// It is JSON and no object.
    #[error("the result document is not an object")]
    Shape,
    /// A member has another type than it should, or the state is missing.
    #[error("the result document has a wrong field")]
    Field(#[source] Mistyped),
}

impl Record {
    /// A record with nothing besides its state and result. Whoever makes a final one sets `date_done`.
    pub fn new(task_id: &str, status: &str, result: Value) -> Self {
        Self {
            task_id: task_id.to_owned(),
            status: status.to_owned(),
            result,
            traceback: None,
            children: Vec::new(),
            date_done: None,
            group_id: None,
            parent_id: None,
            extra: Map::new(),
        }
    }

    /// Whether the state never changes again.
    pub fn is_final(&self) -> bool {
        matches!(self.status.as_str(), SUCCESS | FAILURE | REVOKED)
    }

    /// The exception of a task that failed, was revoked or is to be retried.
    pub fn exception(&self) -> Option<Exception> {
        matches!(self.status.as_str(), FAILURE | REVOKED | RETRY).then(|| Exception::from_json(&self.result))?
    }

    /// Reads a document. Only the state is demanded of it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let Value::Object(map) = json::read(bytes).map_err(Error::Json)? else { return Err(Error::Shape) };
        let mut f = Fields(map);
        Self::from_fields(&mut f).map(|record| Self { extra: f.0, ..record }).map_err(Error::Field)
    }

    fn from_fields(f: &mut Fields) -> Result<Self, Mistyped> {
        Ok(Self {
            task_id: f.text("task_id")?.unwrap_or_default(),
            status: f.text("status")?.ok_or(Mistyped { name: "status", expected: "a state" })?,
            result: f.value("result").unwrap_or_default(),
            traceback: f.text("traceback")?,
            children: match f.value("children") {
                None => Vec::new(),
                Some(Value::Array(list)) => list,
                Some(_) => return Err(Mistyped { name: "children", expected: "a list" }),
            },
            date_done: f.text("date_done")?.as_deref().and_then(time::parse),
            group_id: f.text("group_id")?,
            parent_id: f.text("parent_id")?,
            extra: Map::new(),
        })
    }

    /// The document, as JSON with the spaces that Python sets.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = String::with_capacity(FRAME);
        out.push_str("{\"status\": ");
        json::write_string(&mut out, &self.status);
        out.push_str(", \"result\": ");
        json::write_to(&mut out, &self.result);
        out.push_str(", \"traceback\": ");
        match &self.traceback {
            Some(traceback) => json::write_string(&mut out, traceback),
            None => out.push_str("null"),
        }
        out.push_str(", \"children\": ");
        json::write_items(&mut out, &self.children);
        out.push_str(", \"date_done\": ");
        match self.date_done {
            Some(done) => {
                out.push('"');
                time::format_to(&mut out, done);
                out.push('"');
            }
            None => out.push_str("null"),
        }
        for (name, id) in [(", \"group_id\": ", &self.group_id), (", \"parent_id\": ", &self.parent_id)] {
            if let Some(id) = id {
                out.push_str(name);
                json::write_string(&mut out, id);
            }
        }
        for (key, member) in &self.extra {
            out.push_str(", ");
            json::write_string(&mut out, key);
            out.push_str(": ");
            json::write_to(&mut out, member);
        }
        out.push_str(", \"task_id\": ");
        json::write_string(&mut out, &self.task_id);
        out.push('}');
        out.into_bytes()
    }
}
