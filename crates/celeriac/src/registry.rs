//! The tasks a worker knows, by name, with their types erased.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use celeriac_wire::{Map, Value, body, value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Request};
use crate::task::{AsyncTask, Failure, Outcome, Stop, Task, TaskOptions};

mod builtin;
mod parameters;

pub(crate) use parameters::Parameters;

pub(crate) type Running = Pin<Box<dyn Future<Output = Outcome<Value>> + Send>>;

type Compute = dyn Fn(&Context) -> Outcome<Value> + Send + Sync;
type Start = dyn Fn(Context) -> Running + Send + Sync;
type Answer = dyn Fn(&Failed<'_>, body::Body) -> Result<(), Failure> + Send + Sync;

/// A task from message body to reply.
#[derive(Clone)]
pub(crate) enum Handler {
    Sync(Arc<Compute>),
    Async(Arc<Start>),
}

struct Entry {
    options: TaskOptions,
    parameters: Arc<Parameters>,
    handler: Handler,
    errback: Option<Arc<Answer>>,
}

/// A task that failed, as an errback sees it.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// What it was called with.
    pub request: &'a Request,
    /// The exception and its traceback.
    pub failure: &'a Failure,
}

/// The tasks a worker knows. Celery's own, such as `celery.accumulate`, are always among them.
pub struct Registry {
    tasks: BTreeMap<String, Entry>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// Celery's own tasks alone.
    pub fn new() -> Self {
        let mut registry = Self { tasks: BTreeMap::new() };
        builtin::add_to(&mut registry);
        registry
    }

    /// Adds a task. It takes the place of an earlier one of the same name.
    pub fn task<T: Task>(&mut self, task: T) -> &mut Self {
        let options = task.options();
        let parameters = Arc::new(Parameters::new(T::NAME, T::PARAMETERS, false));
        let bound = Arc::clone(&parameters);
        let run = move |cx: &Context| task.run(cx, arguments(cx, &bound)?).and_then(reply);
        self.compute(T::NAME.to_owned(), options, parameters, run)
    }

    /// Adds a task. It takes the place of an earlier one of the same name.
    pub fn async_task<T: AsyncTask>(&mut self, task: T) -> &mut Self {
        let options = task.options();
        let task = Arc::new(task);
        let parameters = Arc::new(Parameters::new(T::NAME, T::PARAMETERS, false));
        let (bound, policy) = (Arc::clone(&parameters), options.clone());
        let run = move |cx: Context| -> Running {
            let (task, bound, policy) = (Arc::clone(&task), Arc::clone(&bound), policy.clone());
            Box::pin(async move {
                let outcome = match arguments(&cx, &bound) {
                    Ok(args) => task.run(cx.clone(), args).await.and_then(reply),
                    Err(failure) => Err(failure.into()),
                };
                outcome.map_err(|stop| again(stop, &cx, &policy, &bound))
            })
        };
        let entry = Entry { options, parameters, handler: Handler::Async(Arc::new(run)), errback: None };
        self.tasks.insert(T::NAME.to_owned(), entry);
        self
    }

    /// Adds a task that is a closure, with Celery's default options.
    ///
    /// The parameters are named as in [`Task::PARAMETERS`]; `A` is a struct with a field for each, or a tuple that
    /// takes them in order. What does not end in `=` must be given.
    pub fn function<A, R>(
        &mut self,
        name: &str,
        parameters: &[&'static str],
        run: impl Fn(&Context, A) -> Outcome<R> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        self.function_with(name, parameters, TaskOptions::default(), run)
    }

    /// Adds a task that is a closure; see [`Registry::function`].
    pub fn function_with<A, R>(
        &mut self,
        name: &str,
        parameters: &[&'static str],
        options: TaskOptions,
        run: impl Fn(&Context, A) -> Outcome<R> + Send + Sync + 'static,
    ) -> &mut Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let parameters = Arc::new(Parameters::new(name, parameters, true));
        let bound = Arc::clone(&parameters);
        let run = move |cx: &Context| run(cx, arguments(cx, &bound)?).and_then(reply);
        self.compute(name.to_owned(), options, parameters, run)
    }

    /// Adds an errback that is told of the failed request, its exception and traceback: what Celery calls one of the
    /// new style. Where it is linked as one the worker runs it itself, at once; it is no task of its own.
    pub fn errback<A: DeserializeOwned>(
        &mut self,
        name: &str,
        parameters: &[&'static str],
        run: impl Fn(&Failed<'_>, A) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> &mut Self {
        let parameters = Arc::new(Parameters::new(name, parameters, true));
        let bound = Arc::clone(&parameters);
        let answer = move |failed: &Failed<'_>, body: body::Body| run(failed, bound.read(body)?);
        let function = format!("{}()", name.rsplit('.').next().unwrap_or(name));
        let refuse = move |_: &Context| {
            Err(Failure::builtin("TypeError", format!("{function} is told of failures and is no task to be sent"))
                .into())
        };
        let entry = Entry {
            options: TaskOptions::default(),
            parameters,
            handler: Handler::Sync(Arc::new(refuse)),
            errback: Some(Arc::new(answer)),
        };
        self.tasks.insert(name.to_owned(), entry);
        self
    }

    fn compute(
        &mut self,
        name: String,
        options: TaskOptions,
        parameters: Arc<Parameters>,
        run: impl Fn(&Context) -> Outcome<Value> + Send + Sync + 'static,
    ) -> &mut Self {
        let (policy, bound) = (options.clone(), Arc::clone(&parameters));
        let run = move |cx: &Context| run(cx).map_err(|stop| again(stop, cx, &policy, &bound));
        self.tasks.insert(name, Entry { options, parameters, handler: Handler::Sync(Arc::new(run)), errback: None });
        self
    }

    /// The names on the wire, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tasks.keys().map(String::as_str)
    }

    /// How the messages of a task are treated; `None` for one that is not known.
    pub fn options(&self, name: &str) -> Option<&TaskOptions> {
        self.tasks.get(name).map(|entry| &entry.options)
    }

    /// The parameters of all tasks, for who sends them.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &Arc<Parameters>)> {
        self.tasks.iter().map(|(name, entry)| (name.as_str(), &entry.parameters))
    }

    /// Whether a task is an errback that the worker runs itself.
    pub fn is_errback(&self, name: &str) -> bool {
        self.tasks.get(name).is_some_and(|entry| entry.errback.is_some())
    }

    /// Runs an errback with the arguments of its signature.
    ///
    /// # Errors
    ///
    /// What the errback fails with, or arguments that it does not take.
    pub(crate) fn answer(&self, name: &str, failed: &Failed<'_>, args: Vec<Value>, kwargs: Map) -> Result<(), Failure> {
        match self.tasks.get(name).and_then(|entry| entry.errback.as_ref()) {
            Some(answer) => answer(failed, body::Body { args, kwargs, ..body::Body::default() }),
            None => Err(Failure::in_module("celery.exceptions", "NotRegistered", name)),
        }
    }

    pub(crate) fn handler(&self, name: &str) -> Option<Handler> {
        if builtin::RUNNING_OTHERS.contains(&name) {
            let all = self.tasks.iter().map(|(name, entry)| (name.clone(), entry.handler.clone()));
            return Some(builtin::running(name, all.collect()));
        }
        self.tasks.get(name).map(|entry| entry.handler.clone())
    }
}

fn reply(reply: impl Serialize) -> Outcome<Value> {
    value::to_value(&reply).map_err(|e| Failure::in_module("kombu.exceptions", "EncodeError", e.to_string()).into())
}

/// The typed arguments of a request.
fn arguments<A: DeserializeOwned>(cx: &Context, parameters: &Parameters) -> Result<A, Failure> {
    let body = cx.request().body();
    let body = body.map_err(|e| Failure::in_module("kombu.exceptions", "DecodeError", chain(&e)))?;
    parameters.read(body)
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Turns a failure into a retry where the task's policy says so, and lays a retry's new arguments over the old ones.
fn again(stop: Stop, cx: &Context, options: &TaskOptions, parameters: &Parameters) -> Stop {
    match stop {
        Stop::Failure(failure) => match &options.autoretry {
            Some(policy) if policy.covers(&failure) => {
                // The low bits of a random uuid are as good a draw as any.
                let chance = uuid::Uuid::new_v4().as_u128() as u32 as f64 / f64::from(u32::MAX);
                let after = policy.pause(cx.request().retries(), chance);
                let max_retries = policy.max_retries;
                crate::task::Retry { cause: Some(failure), after, max_retries, ..Default::default() }.into()
            }
            _ => Stop::Failure(failure),
        },
        Stop::Retry(mut retry) if retry.args.is_some() || retry.kwargs.is_some() => {
            if let Ok(body) = cx.request().body() {
                let (args, kwargs) = parameters.change(&body, retry.args.take(), retry.kwargs.take());
                retry.args = Some(args);
                retry.kwargs = Some(kwargs);
            }
            Stop::Retry(retry)
        }
        stop => stop,
    }
}
