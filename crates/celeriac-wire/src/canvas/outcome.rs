//! What follows the success of a task: its callbacks and the rest of its chain.

use super::Error;
use super::apply::Applied;
use super::freeze::Plan;
use super::request::Request;
use super::send::Sender;
use super::signature::Signature;
use crate::{Map, Value};

/// Plans the callbacks of a task that succeeded, and the next task of its chain. All of it is to be sent before the
/// result is stored, as the result names it among its children.
///
/// # Errors
///
/// A callback that is no signature, or makes no sense: the task has failed then, as in Celery.
pub fn on_success(request: Request<'_>, result: &Value, sender: &Sender<'_>) -> Result<Applied, Error> {
    let mut plan = Plan::new(sender);
    let args = std::slice::from_ref(result);
    let mut options = Map::from_iter([
        ("parent_id".to_owned(), request.id().into()),
        ("root_id".to_owned(), request.root_id().into()),
        ("priority".to_owned(), sender.parent.and_then(|parent| parent.priority).into()),
    ]);
    let callbacks = request.callbacks().iter().map(Signature::from_value).collect::<Result<Vec<_>, _>>()?;
    if let [callback] = &callbacks[..] {
        plan.apply(callback, args, &Map::new(), options.clone())?;
    } else {
        let (groups, tasks): (Vec<_>, Vec<_>) = callbacks.into_iter().partition(Signature::is_group);
        for group in &groups {
            plan.apply(group, args, &Map::new(), options.clone())?;
        }
        if !tasks.is_empty() {
            plan.apply(&Signature::of_group(tasks, Map::new()), args, &Map::new(), options.clone())?;
        }
    }
    let mut chain = request.chain();
    if let Some(next) = chain.pop() {
        options.insert("chain".to_owned(), chain.into());
        plan.apply(&Signature::from_value(&next)?, args, &Map::new(), options)?;
    }
    Ok(Applied::of(plan, None))
}
