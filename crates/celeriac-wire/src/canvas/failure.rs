//! What follows the failure of a task or of a chord: errbacks, and those who waited for it.

use super::Error;
use super::apply::{Applied, Step};
use super::freeze::{Place, Plan};
use super::request::Request;
use super::send::Sender;
use super::signature::{Kind, Signature, as_list};
use crate::{Map, Value};

/// A task that never runs because another one failed: its result is to be stored as FAILURE.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// The id of the task.
    pub id: String,
    /// Its name, for results that hold more than the state (`result_extended`).
    pub task: String,
    /// Its positional arguments, without what the task before it would have handed on.
    pub args: Vec<Value>,
    /// Its keyword arguments.
    pub kwargs: Map,
    /// The group that it is a part of.
    pub group: Option<String>,
    /// Its place in the group.
    pub group_index: Option<i64>,
    /// The body of the chord that waits for it. A part of it is to be returned, unless the stored state of the task
    /// says that it failed before.
    pub chord: Value,
    /// Fails with the exception of the task that failed first and not with the `ChordError` about it.
    pub original: bool,
    /// Result tuples of the errbacks that were sent before it is stored, for the `children` of its result.
    pub children: Vec<Value>,
}

/// An errback that takes the request, the exception and the traceback, and runs in the worker at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Inline {
    /// What to call.
    pub errback: Signature,
    /// The task that it is told of.
    pub task_id: String,
    /// As in [`Failed`].
    pub original: bool,
}

/// What a failure comes to.
#[derive(Debug, Default)]
pub struct Failing {
    /// In the order in which they are to be stored.
    pub failed: Vec<Failed>,
    /// Errbacks to be called at once: after a task's failure is stored, before that of a chord's body.
    pub inline: Vec<Inline>,
    /// Errbacks that are sent as tasks, with the id of the failed one.
    pub steps: Vec<Step>,
    /// Result tuples of the errbacks that are sent.
    pub children: Vec<Value>,
    /// Tasks to be revoked, once they are stored as failed.
    pub revoked: Vec<String>,
    /// Errbacks that could not be read or sent. The other ones are sent nevertheless.
    pub errors: Vec<Error>,
}

/// Whether an errback is registered here and takes more than the id of the failed task.
pub type IsInline<'a> = &'a dyn Fn(&Signature) -> bool;

/// Plans what follows the failure of a task: the rest of its chain fails with it, and its errbacks are called.
pub fn on_failure(request: Request<'_>, is_inline: IsInline<'_>, sender: &Sender<'_>) -> Failing {
    let mut failing = Failing::default();
    failing.fail_chain(&request.chain());
    failing.call(request.id(), Some(request.root_id()), &request.errbacks(), false, is_inline, sender);
    failing
}

/// Plans what follows when the header of a chord failed: its body fails unrun, and the errbacks of the body are called.
///
/// `body` is the body as the parts of the header carry it.
///
/// # Errors
///
/// A body that is no signature. There is nothing that could fail then.
pub fn chord_failed(body: &Value, is_inline: IsInline<'_>, sender: &Sender<'_>) -> Result<Failing, Error> {
    let mut failing = Failing::default();
    let mut sig = Signature::from_value(body)?;
    if sig.is_group() {
        failing.fail_group(&mut sig, is_inline, sender)?;
    } else {
        let id = sig.id().map_or_else(|| (sender.new_id)(), str::to_owned);
        failing.call(&id, None, &sig.listed("link_error"), false, is_inline, sender);
        let children = failing.children.clone();
        failing.failed.push(Failed { children, ..Failed::of(id, &sig, false) });
    }
    failing.fail_chain(&sig.listed("chain"));
    Ok(failing)
}

/// What `ChordError` says of a part of the header that failed, of whose exception this is the repr.
pub fn chord_error(part: &str, exception: &str) -> String {
    format!("Dependency {part} raised {exception}")
}

impl Failed {
    fn of(id: String, sig: &Signature, original: bool) -> Self {
        Self {
            id,
            task: sig.task.clone(),
            args: sig.args.clone(),
            kwargs: sig.kwargs.clone(),
            group: sig.text("group_id").map(str::to_owned),
            group_index: sig.options.get("group_index").and_then(Value::as_i64),
            chord: Value::Null,
            original,
            children: Vec::new(),
        }
    }
}

impl Failing {
    /// Fails the tasks of a chain that have an id, and the bodies of chords among them.
    fn fail_chain(&mut self, chain: &[Value]) {
        let mut waiting: std::collections::VecDeque<Signature> = Default::default();
        for task in chain {
            match Signature::from_value(task) {
                Ok(sig) => waiting.push_back(sig),
                Err(error) => self.errors.push(error),
            }
        }
        while let Some(sig) = waiting.pop_front() {
            if let Some(id) = sig.id() {
                let chord = sig.options.get("chord").cloned().unwrap_or_default();
                self.failed.push(Failed { chord, ..Failed::of(id.to_owned(), &sig, false) });
            }
            if let Kind::Chord(chord) = sig.kind {
                waiting.extend(chord.body);
            }
        }
    }

    /// Each task of a group that is a body fails with the exception of the part that failed, and so does the group.
    fn fail_group(&mut self, sig: &mut Signature, is_inline: IsInline<'_>, sender: &Sender<'_>) -> Result<(), Error> {
        let of_group = sig.listed("link_error");
        let mut plan = Plan::new(sender);
        let group = plan.freeze(sig, Place::default())?;
        let Kind::Group(tasks) = &sig.kind else { return Ok(()) };
        for (task, result) in tasks.iter().zip(plan.results.children(group).unwrap_or_default().to_vec()) {
            let id = plan.results.id(result).to_owned();
            let mut errbacks = Vec::new();
            for errback in result_errbacks(task).into_iter().chain(of_group.iter().cloned()) {
                if !errbacks.contains(&errback) {
                    errbacks.push(errback);
                }
            }
            self.call(&id, None, &errbacks, true, is_inline, sender);
            self.failed.push(Failed { children: self.children.clone(), ..Failed::of(id.clone(), task, true) });
            self.revoked.push(id);
        }
        let children = self.children.clone();
        self.failed.push(Failed { children, ..Failed::of(plan.results.id(group).to_owned(), sig, true) });
        Ok(())
    }

    /// Calls errbacks: those that run here are named, the others sent as one group.
    fn call(
        &mut self,
        id: &str,
        root_id: Option<&str>,
        errbacks: &[Value],
        original: bool,
        is_inline: IsInline<'_>,
        sender: &Sender<'_>,
    ) {
        let mut sent = Vec::new();
        for errback in errbacks {
            match Signature::from_value(errback) {
                Ok(errback) if is_inline(&errback) => {
                    self.inline.push(Inline { errback, task_id: id.to_owned(), original });
                }
                Ok(errback) => sent.push(errback),
                Err(error) => self.errors.push(error),
            }
        }
        if sent.is_empty() {
            return;
        }
        let options = Map::from_iter([
            ("parent_id".to_owned(), Value::from(id)),
            ("root_id".to_owned(), Value::from(root_id.unwrap_or(id))),
        ]);
        match super::apply(&Signature::of_group(sent, Map::new()), vec![id.into()], Map::new(), options, sender) {
            Ok(Applied { steps, children, .. }) => {
                self.steps.extend(steps);
                self.children.extend(children);
            }
            Err(error) => self.errors.push(error),
        }
    }
}

/// The errbacks of what a task results in: those of the body of a chord besides its own, and those of the tasks of a
/// group.
fn result_errbacks(sig: &Signature) -> Vec<Value> {
    let mut errbacks = as_list(sig.options.get("link_error"));
    match &sig.kind {
        Kind::Chord(chord) => errbacks.extend(chord.body.iter().flat_map(result_errbacks)),
        Kind::Group(tasks) => errbacks.extend(tasks.iter().flat_map(result_errbacks)),
        Kind::Task | Kind::Chain(_) => {}
    }
    errbacks
}
