//! Sending a signature: the plan of what to publish and to store.

use super::Error;
use super::chain::{Call, add_body_callbacks, prepared, strip_header_links, unroll_chords};
use super::freeze::{Place, Plan, Results};
use super::send::Sender;
use super::signature::{Kind, Signature, as_list, is_fixed, list};
use crate::{Map, Outgoing, Value};

/// One thing to do. Steps are carried out in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Publishes a task message.
    Publish(Box<Outgoing>),
    /// Says how many parts a chord has, in a run that begins now: what is left of a claim of an earlier run under the
    /// same id is removed. Comes before the messages of the header, so that the last part finds it.
    ChordSize {
        /// The id of the header.
        group: String,
        /// How many parts have to end.
        size: usize,
    },
    /// Saves the results of a group under its id, as it does not follow from the parts how they hang together.
    SaveGroup {
        /// The id of the group.
        group: String,
        /// Its result as a tuple, see [`Results::tuple`].
        result: Value,
    },
    /// The chord waits for that many more parts.
    ChordExtend {
        /// The id of the header.
        group: String,
        /// How many more parts have to end.
        tasks: usize,
    },
}

/// What applying a signature comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// What to do, in this order.
    pub steps: Vec<Step>,
    /// The results that come of it.
    pub results: Results,
    /// The result of the whole in `results`; `None` if there was nothing to run.
    pub result: Option<usize>,
    /// What the task that sends it has to name among the `children` of its own result, as tuples. Empty without a
    /// [`Sender::parent`].
    pub children: Vec<Value>,
}

impl Applied {
    pub(crate) fn of(plan: Plan<'_>, result: Option<usize>) -> Self {
        let children = plan.children.iter().map(|child| plan.results.tuple(*child)).collect();
        Self { steps: plan.steps, results: plan.results, result, children }
    }

    /// The id of the result of the whole.
    pub fn id(&self) -> Option<&str> {
        self.result.map(|result| self.results.id(result))
    }

    /// The result of the whole as a tuple.
    pub fn tuple(&self) -> Value {
        self.result.map_or(Value::Null, |result| self.results.tuple(result))
    }
}

/// Plans the sending of a signature, with more arguments, keyword arguments and options than it has itself.
///
/// # Errors
///
/// A canvas that makes no sense, or an option that is not what it should be. Nothing is to be sent then.
pub fn apply(
    sig: &Signature,
    args: Vec<Value>,
    kwargs: Map,
    options: Map,
    sender: &Sender<'_>,
) -> Result<Applied, Error> {
    let mut plan = Plan::new(sender);
    let result = plan.apply(sig, &args, &kwargs, options)?;
    Ok(Applied::of(plan, result))
}

impl Plan<'_> {
    pub(crate) fn apply(
        &mut self,
        sig: &Signature,
        args: &[Value],
        kwargs: &Map,
        mut options: Map,
    ) -> Result<Option<usize>, Error> {
        match &sig.kind {
            Kind::Task => {
                options.retain(|_, value| !value.is_null());
                let (args, kwargs, options) = if args.is_empty() && kwargs.is_empty() && options.is_empty() {
                    (sig.args.clone(), sig.kwargs.clone(), sig.options.clone())
                } else {
                    sig.merged(args, kwargs, &options)
                };
                self.send(&sig.task, args, kwargs, options).map(Some)
            }
            Kind::Group(tasks) => self.apply_group(sig, tasks, args, kwargs, options).map(Some),
            Kind::Chain(tasks) => self.apply_chain(sig, tasks, args, kwargs, options),
            Kind::Chord(_) => self.apply_chord(sig, args, kwargs, options).map(Some),
        }
    }

    fn apply_group(
        &mut self,
        sig: &Signature,
        tasks: &[Signature],
        args: &[Value],
        kwargs: &Map,
        mut options: Map,
    ) -> Result<usize, Error> {
        for name in ["link", "link_error"] {
            if options.shift_remove(name).is_some_and(|links| !links.is_null()) {
                return Err(Error::LinkedGroup);
            }
        }
        let add_to_parent = options.shift_remove("add_to_parent").and_then(|v| v.as_bool()).unwrap_or(true);
        if tasks.is_empty() {
            return self.freeze(&mut sig.clone(), Place::default());
        }
        let mut merged = sig.options.clone();
        options.retain(|name, _| !(is_fixed(name) && sig.options.contains_key(name)));
        merged.extend(options);
        let group = match merged.shift_remove("task_id") {
            Some(Value::String(id)) => id,
            _ => self.new_id(),
        };
        merged.insert("group_id".to_owned(), group.as_str().into());
        let root_id = merged.get("root_id").and_then(Value::as_str).map(str::to_owned);
        let given_chord = merged.shift_remove("chord").filter(|chord| !chord.is_null());
        merged.shift_remove("group_index");

        let mut members = Vec::new();
        self.members(tasks, &group, root_id.as_deref(), &mut members)?;
        let chord_of = |task: &Signature| given_chord.as_ref().or(task.options.get("chord")).cloned();
        if let Some((last, _)) = members.last()
            && chord_of(last).is_some_and(|chord| !chord.is_null())
        {
            let size = members.iter().map(|(task, _)| task.parts()).sum();
            self.steps.push(Step::ChordSize { group: group.clone(), size });
        }
        for (task, _) in &members {
            let mut options = merged.clone();
            options.insert("chord".to_owned(), chord_of(task).into());
            options.insert("add_to_parent".to_owned(), false.into());
            self.apply(task, args, kwargs, options)?;
        }
        let results: Vec<usize> = members.iter().map(|(_, result)| *result).collect();
        let result = match results[..] {
            [only] if self.results.children(only).is_some() => only,
            _ => self.results.group(group, results),
        };
        if add_to_parent && self.sender.parent.is_some() {
            self.children.push(result);
        }
        Ok(result)
    }

    /// The tasks of a group with ids, those of groups within it among them.
    fn members(
        &mut self,
        tasks: &[Signature],
        group: &str,
        root_id: Option<&str>,
        out: &mut Vec<(Signature, usize)>,
    ) -> Result<(), Error> {
        for (index, task) in tasks.iter().enumerate() {
            let mut task = task.cloned();
            if task.is_empty_chain() {
                continue;
            }
            if let Kind::Group(inner) = &task.kind {
                self.members(inner, group, root_id, out)?;
                continue;
            }
            let group_index = Some(i64::try_from(index).unwrap_or(i64::MAX));
            let place = Place { group_id: Some(group), root_id, group_index, ..Place::default() };
            let result = self.freeze(&mut task, place)?;
            out.push((task, result));
        }
        Ok(())
    }

    fn apply_chain(
        &mut self,
        sig: &Signature,
        tasks: &[Signature],
        args: &[Value],
        kwargs: &Map,
        options: Map,
    ) -> Result<Option<usize>, Error> {
        let mut rest = sig.options.clone();
        rest.extend(options);
        let mut take = |name: &str| rest.shift_remove(name).filter(|value| !value.is_null());
        let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let (group_id, root_id) = (text(take("group_id")), text(take("root_id")));
        let id = text(take("task_id"));
        // The first task finds its parent by itself.
        take("parent_id");
        let group_index = take("group_index").and_then(|index| index.as_i64());
        let (chord, link, errbacks) = (take("chord"), take("link"), take("link_error"));

        let args = if sig.immutable || args.is_empty() { sig.args.clone() } else { [args, &sig.args].concat() };
        let call = Call {
            args: &args,
            kwargs: Some(kwargs),
            errbacks: as_list(errbacks.as_ref()),
            place: Place {
                id: id.as_deref(),
                group_id: group_id.as_deref(),
                group_index,
                root_id: root_id.as_deref(),
                parent_id: None,
                chord: chord.as_ref(),
            },
        };
        let mut ready = prepared(self, tasks, &call)?;
        let Some(&result) = ready.results.first() else { return Ok(None) };
        let links = as_list(link.as_ref());
        if !links.is_empty() {
            ready.tasks[0].extend_with("link", links);
        }
        let Some(first) = ready.tasks.pop() else { return Ok(None) };
        let mut chain = as_list(rest.get("chain"));
        chain.extend(as_list(Some(&list(&ready.tasks))));
        rest.insert("chain".to_owned(), chain.into());
        let applied = self.apply(&first, &[], &Map::new(), rest)?;
        // What a single task comes to may be a group, whose own result is the one to wait for.
        Ok(if ready.tasks.is_empty() { applied } else { Some(result) })
    }

    fn apply_chord(&mut self, sig: &Signature, args: &[Value], kwargs: &Map, mut options: Map) -> Result<usize, Error> {
        let Kind::Chord(chord) = &sig.kind else { return Err(Error::NoBody) };
        let args = if sig.immutable || args.is_empty() { sig.args.clone() } else { [args, &sig.args].concat() };
        let mut header_kwargs = sig.kwargs.get("kwargs").and_then(Value::as_object).cloned().unwrap_or_default();
        header_kwargs.extend(kwargs.clone());

        // The call's own delay is that of the header; so is the signature's, where the call has none.
        let task_id = options.shift_remove("task_id").filter(|id| !id.is_null());
        options.shift_remove("producer");
        let delays = ["countdown", "eta"].map(|name| options.shift_remove(name).filter(|delay| !delay.is_null()));
        let callbacks = ["link", "link_error"].map(|name| (name, options.shift_remove(name)));
        let without_parent = |options: &Map| {
            let mut options = options.clone();
            options.shift_remove("parent_id");
            options
        };
        let mut body = sig.body()?.cloned_with(&[], &Map::new(), &without_parent(&options));
        let mut header = match chord.header_options {
            Some(_) => chord.header_group().cloned(),
            None => {
                let id = sig.id().map_or_else(|| self.new_id(), str::to_owned);
                Signature::of_group(chord.header.clone(), Map::new()).set("task_id", id)
            }
        };

        let mut merged = sig.options.clone();
        merged.extend(options);
        merged.extend(callbacks.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let own_id = merged.shift_remove("task_id").filter(|id| !id.is_null());
        let [countdown, eta] = ["countdown", "eta"].map(|name| merged.shift_remove(name));
        let delays = [("countdown", delays[0].clone().or(countdown)), ("eta", delays[1].clone().or(eta))];

        let group = header.id().map_or_else(|| self.new_id(), str::to_owned);
        let root_id = body.text("root_id").map(str::to_owned);
        let (link, errbacks) = (merged.shift_remove("link"), merged.shift_remove("link_error"));
        add_body_callbacks(&mut body, link.as_ref(), errbacks.as_ref());
        body.options.extend(without_parent(&merged));
        unroll_chords(&mut body);
        let body_id = task_id.or(own_id).and_then(|id| id.as_str().map(str::to_owned));
        let body_id = body_id.unwrap_or_else(|| self.new_id());
        let place =
            Place { id: Some(&body_id), group_id: Some(&group), root_id: root_id.as_deref(), ..Place::default() };
        let result = self.freeze(&mut body, place)?;
        strip_header_links(&mut body);

        // Neither the rest of a chain nor a chord around is for the tasks of the header.
        merged.retain(|name, _| !matches!(name.as_str(), "chain" | "chord" | "task_id"));
        header.options.insert("task_id".to_owned(), group.as_str().into());
        let body_value = body.to_value();
        let place =
            Place { group_id: Some(&group), root_id: root_id.as_deref(), chord: Some(&body_value), ..Place::default() };
        let (header_id, results) = self.freeze_members(&mut header, place)?;
        let header_result = if results.is_empty() {
            self.apply(&body, &[Value::Array(Vec::new())], &Map::new(), Map::new())?;
            self.results.group(header_id, results)
        } else {
            if results.iter().any(|part| self.results.children(*part).is_some()) {
                let frozen = self.results.group(header_id.clone(), results);
                self.steps.push(Step::SaveGroup { group: header_id, result: self.results.tuple(frozen) });
            }
            merged.extend(delays.into_iter().filter_map(|(name, delay)| Some((name.to_owned(), delay?))));
            merged.insert("task_id".to_owned(), group.into());
            let Kind::Group(tasks) = &header.kind else { return Err(Error::NoBody) };
            self.apply_group(&header, tasks, &args, &header_kwargs, merged)?
        };
        self.results.set_parent(result, Some(header_result));
        Ok(result)
    }
}
