//! The results of a group, and the tree that results of canvases form.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use celeriac_wire::result::{FAILURE, REVOKED, SUCCESS};
use celeriac_wire::{Record, Value, value};
use serde::de::DeserializeOwned;

use super::{App, Ask, AsyncResult, Error, TaskError};
use crate::context::TaskId;

/// What stands for the results of a signature.
#[derive(Clone, Debug)]
pub enum ResultTree {
    /// A task: that of a plain signature, the last of a chain, the body of a chord.
    Task(AsyncResult),
    /// The members of a group.
    Group(GroupResult),
}

impl ResultTree {
    /// Reads a result tuple, `[[id, parent], children]`, as it stands in documents and messages. `None` for what is
    /// none.
    pub(super) fn from_tuple(app: &App, tuple: &Value) -> Option<Self> {
        // A bare id is a task; very old clients wrote that.
        if let Value::String(id) = tuple {
            return Some(Self::Task(AsyncResult::new(app.clone(), id.as_str().into(), None)));
        }
        let [own, children] = tuple.as_array()? else { return None };
        let (id, parent) = match own {
            Value::String(id) => (id.as_str(), None),
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(id), parent] => (id.as_str(), Some(parent)),
                _ => return None,
            },
            _ => return None,
        };
        let parent = parent.and_then(|parent| Self::from_tuple(app, parent)).map(Arc::new);
        Some(match children {
            Value::Array(members) => {
                let results = members.iter().map(|member| Self::from_tuple(app, member)).collect::<Option<_>>()?;
                Self::Group(GroupResult { app: app.clone(), id: id.to_owned(), parent, results })
            }
            _ => Self::Task(AsyncResult::new(app.clone(), id.into(), parent)),
        })
    }

    /// The result tuple.
    pub fn to_tuple(&self) -> Value {
        let (id, parent, children) = match self {
            Self::Task(task) => (task.id().as_str(), task.parent(), Value::Null),
            Self::Group(group) => {
                let members: Vec<Value> = group.results.iter().map(Self::to_tuple).collect();
                (group.id.as_str(), group.parent.as_deref(), Value::from(members))
            }
        };
        let parent = parent.map_or(Value::Null, Self::to_tuple);
        Value::from(vec![Value::from(vec![Value::from(id), parent]), children])
    }

    /// The id of the task or of the group.
    pub fn id(&self) -> &str {
        match self {
            Self::Task(task) => task.id().as_str(),
            Self::Group(group) => &group.id,
        }
    }

    /// The result of a task; `None` for a group.
    pub fn into_task(self) -> Option<AsyncResult> {
        if let Self::Task(task) = self { Some(task) } else { None }
    }

    /// The results of a group; `None` for a task.
    pub fn into_group(self) -> Option<GroupResult> {
        if let Self::Group(group) = self { Some(group) } else { None }
    }

    /// Waits for the value: that of the task, or a list of those of the group.
    ///
    /// # Errors
    ///
    /// Those of [`AsyncResult::get`].
    pub async fn get(&self, timeout: impl Into<Option<Duration>>) -> Result<Value, Error> {
        match self {
            Self::Task(task) => task.get(timeout).await,
            Self::Group(group) => Ok(Value::Array(group.join(timeout).await?)),
        }
    }

    /// Puts the values of leaves in the place of their tasks.
    fn assemble(&self, values: &BTreeMap<TaskId, Value>) -> Value {
        match self {
            Self::Task(task) => values.get(task.id()).cloned().unwrap_or_default(),
            Self::Group(group) => group.results.iter().map(|member| member.assemble(values)).collect::<Vec<_>>().into(),
        }
    }
}

/// The results of a group's members, in their order.
#[derive(Clone)]
pub struct GroupResult {
    app: App,
    id: String,
    parent: Option<Arc<ResultTree>>,
    /// One per member. A member that is a chord stands for its body, a chain for its last task.
    pub results: Vec<ResultTree>,
}

impl fmt::Debug for GroupResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupResult").field("id", &self.id).field("results", &self.results).finish_non_exhaustive()
    }
}

impl GroupResult {
    /// The id of the group, under which it is saved.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What comes before it in its chain.
    pub fn parent(&self) -> Option<&ResultTree> {
        self.parent.as_deref()
    }

    /// The tasks of the group and of the groups in it.
    pub fn tasks(&self) -> Vec<&AsyncResult> {
        let mut tasks = Vec::new();
        let mut next: VecDeque<&ResultTree> = self.results.iter().collect();
        while let Some(tree) = next.pop_front() {
            match tree {
                ResultTree::Task(task) => tasks.push(task),
                ResultTree::Group(group) => {
                    for member in group.results.iter().rev() {
                        next.push_front(member);
                    }
                }
            }
        }
        tasks
    }

    fn ids(&self) -> Vec<TaskId> {
        self.tasks().into_iter().map(|task| task.id().clone()).collect()
    }

    async fn records(&self) -> Result<Vec<Option<Record>>, Error> {
        Ok(self.app.shared.results.get_many(&self.ids()).await?)
    }

    async fn count(&self, state: impl Fn(&Record) -> bool) -> Result<usize, Error> {
        Ok(self.records().await?.iter().flatten().filter(|record| state(record)).count())
    }

    /// How many tasks have succeeded.
    pub async fn completed_count(&self) -> Result<usize, Error> {
        self.count(|record| record.status == SUCCESS).await
    }

    /// Whether all tasks have ended.
    pub async fn ready(&self) -> Result<bool, Error> {
        Ok(self.count(Record::is_final).await? == self.tasks().len())
    }

    /// Whether a task has not ended yet.
    pub async fn waiting(&self) -> Result<bool, Error> {
        Ok(!self.ready().await?)
    }

    /// Whether all tasks have succeeded.
    pub async fn successful(&self) -> Result<bool, Error> {
        Ok(self.completed_count().await? == self.tasks().len())
    }

    /// Whether a task has failed.
    pub async fn failed(&self) -> Result<bool, Error> {
        Ok(self.count(|record| record.status == FAILURE).await? > 0)
    }

    /// Waits for the values of all members, in their order, for `timeout` altogether. `None` waits as long as it takes.
    ///
    /// # Errors
    ///
    /// Those of [`AsyncResult::get`], for the first task that fails or is revoked, without waiting for the others.
    pub async fn join<R: DeserializeOwned>(&self, timeout: impl Into<Option<Duration>>) -> Result<Vec<R>, Error> {
        let ids = self.ids();
        let done = async {
            let mut values: BTreeMap<TaskId, Value> = BTreeMap::new();
            let mut missing: std::collections::BTreeSet<TaskId> = ids.iter().cloned().collect();
            if missing.is_empty() {
                return Ok(values);
            }
            let mut watch = self.app.shared.results.watch(&ids).await?;
            while !missing.is_empty() {
                let record = watch.next().await?;
                match record.status.as_str() {
                    SUCCESS => {
                        let id = TaskId::from(record.task_id);
                        missing.remove(&id);
                        values.insert(id, record.result);
                    }
                    FAILURE | REVOKED => return Err(Error::Task(Box::new(TaskError::of(record)))),
                    _ => {}
                }
            }
            Ok(values)
        };
        let values = match timeout.into() {
            None => done.await?,
            Some(after) => match tokio::time::timeout(after, done).await {
                Ok(values) => values?,
                Err(_) => return Err(Error::Timeout { id: self.id.as_str().into(), after }),
            },
        };
        let read = |member: &ResultTree| {
            value::from_value(member.assemble(&values))
                .map_err(|source| Error::Reply { id: member.id().into(), source })
        };
        self.results.iter().map(read).collect()
    }

    /// Keeps the group under its id, for [`App::restore_group`] here or `GroupResult.restore` in Python.
    pub async fn save(&self) -> Result<(), Error> {
        let tuple = ResultTree::Group(self.clone()).to_tuple();
        Ok(self.app.shared.results.save_group(&self.id, &tuple).await?)
    }

    /// Drops what [`GroupResult::save`] kept. The results of its tasks stay.
    pub async fn delete(&self) -> Result<(), Error> {
        Ok(self.app.shared.results.forget_group(&self.id).await?)
    }

    /// Drops the results of all tasks.
    pub async fn forget(&self) -> Result<(), Error> {
        for task in self.tasks() {
            task.forget().await?;
        }
        Ok(())
    }

    /// Tells workers not to run the tasks.
    pub fn revoke(&self) -> Ask<String> {
        self.app.control().revoke(self.ids())
    }
}
