//! The tasks a worker knows, by name, with their types erased.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use celeriac_wire::{Body, Map, Value, body, value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::task::{AsyncTask, Failure, Outcome, Task, TaskOptions};

pub(crate) type Running = Pin<Box<dyn Future<Output = Outcome<Value>> + Send>>;

type Compute = dyn Fn(&Context) -> Outcome<Value> + Send + Sync;
type Start = dyn Fn(Context) -> Running + Send + Sync;

/// A task from message body to reply.
#[derive(Clone)]
pub(crate) enum Handler {
    Sync(Arc<Compute>),
    Async(Arc<Start>),
}

struct Entry {
    options: TaskOptions,
    handler: Handler,
}

/// The tasks a worker knows.
#[derive(Default)]
pub struct Registry {
    tasks: BTreeMap<&'static str, Entry>,
}

impl Registry {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task. It takes the place of an earlier one of the same name.
    pub fn task<T: Task>(&mut self, task: T) -> &mut Self {
        let options = task.options();
        let run = move |cx: &Context| reply(task.run(cx, arguments(cx, T::NAME, T::PARAMETERS)?)?);
        self.tasks.insert(T::NAME, Entry { options, handler: Handler::Sync(Arc::new(run)) });
        self
    }

    /// Adds a task. It takes the place of an earlier one of the same name.
    pub fn async_task<T: AsyncTask>(&mut self, task: T) -> &mut Self {
        let options = task.options();
        let task = Arc::new(task);
        let run = move |cx: Context| -> Running {
            let task = Arc::clone(&task);
            Box::pin(async move {
                let args = arguments(&cx, T::NAME, T::PARAMETERS)?;
                reply(task.run(cx, args).await?)
            })
        };
        self.tasks.insert(T::NAME, Entry { options, handler: Handler::Async(Arc::new(run)) });
        self
    }

    /// The names on the wire, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.tasks.keys().copied()
    }

    /// How the messages of a task are treated; `None` for one that is not known.
    pub fn options(&self, name: &str) -> Option<&TaskOptions> {
        self.tasks.get(name).map(|entry| &entry.options)
    }

    pub(crate) fn handler(&self, name: &str) -> Option<Handler> {
        self.tasks.get(name).map(|entry| entry.handler.clone())
    }
}

fn reply(reply: impl Serialize) -> Outcome<Value> {
    value::to_value(&reply).map_err(|e| Failure::in_module("kombu.exceptions", "EncodeError", e.to_string()).into())
}

/// The typed arguments of a request.
fn arguments<A: DeserializeOwned>(cx: &Context, name: &str, parameters: &[&str]) -> Result<A, Failure> {
    let body = Body::decode(&cx.request().message.body)
        .map_err(|e| Failure::in_module("kombu.exceptions", "DecodeError", chain(&e)))?;
    let function = format!("{}()", name.rsplit('.').next().unwrap_or(name));
    let bound = bind(&function, parameters, body)?;
    value::from_value(Value::Object(bound)).map_err(|e| type_error(&function, &format!(": {e}")))
}

fn chain(error: &body::Error) -> String {
    match error {
        body::Error::Json(source) => format!("{error}: {source}"),
        body::Error::Shape => error.to_string(),
    }
}

fn type_error(function: &str, problem: &str) -> Failure {
    Failure::builtin("TypeError", format!("{function}{problem}"))
}

/// Merges arguments by position and by name into one object, with Python's complaints.
fn bind(function: &str, parameters: &[&str], body: Body) -> Result<Map, Failure> {
    let (taken, given) = (parameters.len(), body.args.len());
    if given > taken {
        let plural = if taken == 1 { "" } else { "s" };
        let was = if given == 1 { "was" } else { "were" };
        return Err(type_error(
            function,
            &format!(" takes {taken} positional argument{plural} but {given} {was} given"),
        ));
    }
    let mut bound: Map = parameters.iter().map(|name| (*name).to_owned()).zip(body.args).collect();
    for (name, value) in body.kwargs {
        if !parameters.contains(&name.as_str()) {
            return Err(type_error(function, &format!(" got an unexpected keyword argument '{name}'")));
        }
        if bound.contains_key(&name) {
            return Err(type_error(function, &format!(" got multiple values for argument '{name}'")));
        }
        bound.insert(name, value);
    }
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use celeriac_wire::json;

    use super::*;

    #[test]
    fn arguments_are_bound_and_refused_as_python_does() {
        #[track_caller]
        fn check(parameters: &[&str], args: Value, kwargs: Value, expected: Result<Value, &str>) {
            let body = Body::decode(json::write(&value!([args, kwargs, null])).as_bytes());
            let bound = bind("add()", parameters, body.unwrap()).map(Value::Object);
            assert_eq!(bound.map_err(|f| f.exc_message), expected.map_err(|message| vec![value!(message)]));
        }
        check(&["x", "y"], value!([2, 3]), value!({}), Ok(value!({"x": 2, "y": 3})));
        check(&["x", "y"], value!([2]), value!({"y": 3}), Ok(value!({"x": 2, "y": 3})));
        check(&["x", "y"], value!(null), value!(null), Ok(value!({})));
        check(&["x"], value!([1, 2]), value!({}), Err("add() takes 1 positional argument but 2 were given"));
        check(&[], value!([1]), value!({}), Err("add() takes 0 positional arguments but 1 was given"));
        check(&["x"], value!([1]), value!({"x": 2}), Err("add() got multiple values for argument 'x'"));
        check(&["x"], value!([]), value!({"z": 2}), Err("add() got an unexpected keyword argument 'z'"));
    }
}
