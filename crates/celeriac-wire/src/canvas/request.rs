//! What a running task can do with itself: run again, be replaced, extend its chord.

use super::Error;
use super::apply::{Applied, Step};
use super::freeze::{Place, Plan};
use super::send::Sender;
use super::signature::{Kind, Signature, as_list};
use crate::{Body, Map, Message, Value};

/// A task that was delivered.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// As it came.
    pub message: &'a Message,
    /// The body of the message, decoded.
    pub body: &'a Body,
}

/// What is different when a task runs again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retry {
    /// Other positional arguments than those of this run.
    pub args: Option<Vec<Value>>,
    /// Other keyword arguments than those of this run.
    pub kwargs: Option<Map>,
    /// `countdown` or `eta`, and whatever else is to change: `queue`, `priority`, `expires`, time limits.
    pub options: Map,
}

impl Request<'_> {
    pub(crate) fn id(&self) -> &str {
        &self.message.headers.id
    }

    pub(crate) fn root_id(&self) -> &str {
        self.message.headers.root_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(self.id())
    }

    pub(crate) fn callbacks(&self) -> Vec<Value> {
        as_list(Some(&self.body.embed.callbacks))
    }

    pub(crate) fn errbacks(&self) -> Vec<Value> {
        as_list(Some(&self.body.embed.errbacks))
    }

    /// The rest of the chain, last task first.
    pub(crate) fn chain(&self) -> Vec<Value> {
        self.body.embed.chain.as_array().unwrap_or_default().to_vec()
    }

    /// The options under which the task would be sent once more.
    fn options(&self, sender: &Sender<'_>) -> Map {
        let headers = &self.message.headers;
        let properties = &self.message.properties;
        let embed = &self.body.embed;
        let seconds = |limit: Option<std::time::Duration>| limit.map(|d| d.as_secs_f64());
        let mut user = headers.clone();
        user.strip();
        let mut user = user.extra;
        user.shift_remove("compression");
        let own = (sender.defaults)(&headers.task).and_then(|options| options.get("ignore_result")?.as_bool());
        let mut options = Map::new();
        for (name, value) in [
            ("task_id", Value::from(&headers.id)),
            ("root_id", headers.root_id.clone().into()),
            ("parent_id", headers.parent_id.clone().into()),
            ("group_id", headers.group.clone().into()),
            ("group_index", headers.group_index.into()),
            ("shadow", headers.shadow.clone().into()),
            ("chord", embed.chord.clone()),
            ("chain", embed.chain.clone()),
            ("link", embed.callbacks.clone()),
            ("link_error", embed.errbacks.clone()),
            ("expires", headers.expires.clone().into()),
            ("soft_time_limit", seconds(headers.timelimit.soft).into()),
            ("time_limit", seconds(headers.timelimit.hard).into()),
            ("headers", user.into()),
            ("retries", headers.retries.into()),
            ("reply_to", properties.reply_to.clone().into()),
            ("replaced_task_nesting", headers.replaced_task_nesting.into()),
            ("origin", headers.origin.clone().into()),
            ("ignore_result", headers.ignore_result.or(own).into()),
            ("priority", properties.priority.into()),
        ] {
            options.insert(name.to_owned(), value);
        }
        if let (Value::Object(stamps), names @ Value::Array(_)) = (&headers.stamps, &headers.stamped_headers) {
            let names = as_list(Some(names));
            for (name, stamp) in stamps.iter().filter(|(name, _)| names.iter().any(|n| n.as_str() == Some(name))) {
                options.insert(name.clone(), stamp.clone());
            }
            options.insert("stamped_headers".to_owned(), names.into());
        }
        let info = &properties.delivery_info;
        if info.exchange.is_empty() {
            options.insert("queue".to_owned(), info.routing_key.as_str().into());
        } else {
            options.insert("exchange".to_owned(), info.exchange.as_str().into());
            options.insert("routing_key".to_owned(), info.routing_key.as_str().into());
        }
        options
    }
}

/// Plans the next run of a task that asked for one: the same id, links, group, chain and chord, one more retry. The
/// sender's parent is the task itself.
///
/// # Errors
///
/// An option that is not what it should be.
pub fn retry(request: Request<'_>, changes: Retry, sender: &Sender<'_>) -> Result<Applied, Error> {
    let headers = &request.message.headers;
    let mut options = request.options(sender);
    options.insert("retries".to_owned(), headers.retries.saturating_add(1).into());
    if changes.options.get("exchange").is_some() {
        options.shift_remove("queue");
    }
    options.extend(changes.options);
    let mut plan = Plan::new(sender);
    let args = changes.args.unwrap_or_else(|| request.body.args.clone());
    let kwargs = changes.kwargs.unwrap_or_else(|| request.body.kwargs.clone());
    let result = plan.send(&headers.task, args, kwargs, options)?;
    Ok(Applied::of(plan, Some(result)))
}

/// Plans what runs in place of a task, under its id and in its place in its chain, group and chord.
///
/// # Errors
///
/// A signature that is part of a chord, or an empty chain.
pub fn replace(request: Request<'_>, mut sig: Signature, sender: &Sender<'_>) -> Result<Applied, Error> {
    let headers = &request.message.headers;
    if sig.options.contains_key("chord") {
        return Err(Error::ReplacedByPart);
    }
    if sig.is_empty_chain() {
        return Err(Error::EmptyChain);
    }
    let accumulate = || Signature::new("celery.accumulate").kwarg("index", 0);
    if sig.is_group() {
        sig = sig | accumulate();
    }
    if let Kind::Chain(tasks) = &mut sig.kind
        && tasks.last().is_some_and(Signature::is_group)
        && let Some(group) = tasks.pop()
    {
        tasks.push(group | accumulate());
    }
    request.callbacks().iter().for_each(|callback| sig.add_link(callback));
    request.errbacks().iter().for_each(|errback| sig.add_errback(errback, sender.errbacks_on_header));
    if matches!(sig.kind, Kind::Chain(_)) {
        let links = as_list(sig.options.shift_remove("link").as_ref());
        if let (Kind::Chain(tasks), false) = (&mut sig.kind, links.is_empty()) {
            tasks.iter_mut().next_back().into_iter().for_each(|last| last.extend_with("link", links.clone()));
        }
    }
    let mut plan = Plan::new(sender);
    plan.freeze(&mut sig, Place { id: Some(request.id()), ..Place::default() })?;
    let nesting = Value::from(headers.replaced_task_nesting.saturating_add(1));
    for (name, value) in [
        ("chord", request.body.embed.chord.clone()),
        ("group_id", headers.group.clone().into()),
        ("group_index", headers.group_index.into()),
        ("root_id", headers.root_id.clone().into()),
        ("replaced_task_nesting", nesting.clone()),
    ] {
        sig.options.insert(name.to_owned(), value);
    }
    let nest = |task: &mut Signature| task.options.insert("replaced_task_nesting".to_owned(), nesting.clone());
    if let Kind::Chain(tasks) = &mut sig.kind {
        tasks.iter_mut().for_each(|task| drop(nest(task)));
    }
    for task in request.chain().iter().rev() {
        let mut task = Signature::from_value(task)?;
        nest(&mut task);
        sig = sig | task;
    }
    let result = plan.apply(&sig, &[], &Map::new(), Map::new())?;
    Ok(Applied::of(plan, result))
}

/// Plans one more task for the header of the chord that the request is a part of.
///
/// # Errors
///
/// A request that is not part of a chord, or a signature that makes no sense.
pub fn add_to_chord(request: Request<'_>, mut sig: Signature, sender: &Sender<'_>) -> Result<Applied, Error> {
    let headers = &request.message.headers;
    let (Some(group), false) = (&headers.group, request.body.embed.chord.is_null()) else {
        return Err(Error::NotInChord);
    };
    for (name, value) in [
        ("group_id", Value::from(group)),
        ("group_index", headers.group_index.into()),
        ("chord", request.body.embed.chord.clone()),
        ("root_id", headers.root_id.clone().into()),
    ] {
        sig.options.insert(name.to_owned(), value);
    }
    let mut plan = Plan::new(sender);
    plan.freeze(&mut sig, Place::default())?;
    plan.steps.push(Step::ChordExtend { group: group.clone(), tasks: 1 });
    let result = plan.apply(&sig, &[], &Map::new(), Map::new())?;
    Ok(Applied::of(plan, result))
}
