//! The signature of a task: its name, its arguments and how it is to be sent.

use super::Error;
use super::MAX_NESTING;
use crate::{Map, Value};

/// A task to be sent, or a chain, group or chord of them.
///
/// Its dictionary form, which travels in messages, is made by [`to_value`](Self::to_value) and read by
/// [`from_value`](Self::from_value).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signature {
    /// The name of the task; of a chain, group or chord a name that nothing is registered under.
    pub task: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments, without what [`Kind`] holds.
    pub kwargs: Map,
    /// How the task is to be sent: the options of Celery's `apply_async`, and the stamps.
    pub options: Map,
    /// Whether it is one task or made of several.
    pub kind: Kind,
    /// Takes no further arguments, such as the result of the task before it.
    pub immutable: bool,
    /// Members that Celery does not name. They stay until the signature is sent.
    pub extra: Map,
}

/// What a signature is made of besides its arguments.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Kind {
    /// Nothing: it is one task.
    #[default]
    Task,
    /// One after the other, each with the result of the one before.
    Chain(Vec<Signature>),
    /// All at once.
    Group(Vec<Signature>),
    /// All at once, and one more with their results.
    Chord(Box<Chord>),
}

/// Some tasks at once, and one that gets all their results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chord {
    /// The tasks that run at once.
    pub header: Vec<Signature>,
    /// The options of the header when it is a group and no list: it becomes one as soon as it has an id.
    pub header_options: Option<Map>,
    /// The task that gets their results. Without one the chord cannot be sent.
    pub body: Option<Signature>,
}

impl Signature {
    /// A signature of the task of this name.
    pub fn new(task: impl Into<String>) -> Self {
        Self { task: task.into(), ..Self::default() }
    }

    /// Positional arguments. What a task before it hands on stands before them.
    pub fn args<T: Into<Value>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// One more positional argument.
    pub fn arg(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    /// One keyword argument.
    pub fn kwarg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.kwargs.insert(name.into(), value.into());
        self
    }

    /// An option of Celery's `apply_async`, by its name there.
    pub fn set(mut self, option: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(option.into(), value.into());
        self
    }

    /// The queue to send to, in place of the one that the routes say.
    pub fn queue(self, name: &str) -> Self {
        self.set("queue", name)
    }

    /// 0 is the most urgent on Redis.
    pub fn priority(self, priority: u8) -> Self {
        self.set("priority", priority)
    }

    /// Not to be run before this many seconds have gone by since it was sent.
    pub fn countdown(self, seconds: f64) -> Self {
        self.set("countdown", seconds)
    }

    /// Not to be run when this many seconds have gone by since it was sent.
    pub fn expires(self, seconds: f64) -> Self {
        self.set("expires", seconds)
    }

    /// Takes no further arguments. Of a group it is said to each task, of a chord to each task of its header.
    pub fn immutable(mut self) -> Self {
        self.set_immutable(true);
        self
    }

    pub(crate) fn set_immutable(&mut self, immutable: bool) {
        match &mut self.kind {
            Kind::Group(tasks) => tasks.iter_mut().for_each(|t| t.set_immutable(immutable)),
            Kind::Chord(chord) => chord.header.iter_mut().for_each(|t| t.set_immutable(immutable)),
            Kind::Task | Kind::Chain(_) => self.immutable = immutable,
        }
    }

    /// The id under which the task is to run, if it has one yet. That of a chord is the id of its header.
    pub fn id(&self) -> Option<&str> {
        self.text("task_id")
    }

    /// An option that is a string.
    pub fn text(&self, option: &str) -> Option<&str> {
        self.options.get(option)?.as_str()
    }

    /// The type that Celery knows it by.
    pub fn subtask_type(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Task => None,
            Kind::Chain(_) => Some("chain"),
            Kind::Group(_) => Some("group"),
            Kind::Chord(_) => Some("chord"),
        }
    }

    /// Reads the dictionary form.
    ///
    /// # Errors
    ///
    /// What is no signature, has a member of another type than it must have, is of a type that Celery 5.7 does not
    /// have, or holds signatures too deep within each other.
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        read(value, 0)
    }

    /// The dictionary form.
    pub fn to_value(&self) -> Value {
        let mut kwargs = self.kwargs.clone();
        match &self.kind {
            Kind::Task => {}
            Kind::Chain(tasks) | Kind::Group(tasks) => {
                kwargs.insert("tasks".to_owned(), list(tasks));
            }
            Kind::Chord(chord) => {
                kwargs.insert("header".to_owned(), chord.header_value());
                kwargs.insert("body".to_owned(), chord.body.as_ref().map(Self::to_value).into());
            }
        }
        let mut map = self.extra.clone();
        for (name, value) in [
            ("task", Value::from(&self.task)),
            ("args", self.args.clone().into()),
            ("kwargs", kwargs.into()),
            ("options", self.options.clone().into()),
            ("subtask_type", self.subtask_type().into()),
            ("immutable", self.immutable.into()),
        ] {
            map.insert(name.to_owned(), value);
        }
        map.into()
    }

    /// The arguments and options of a call: given arguments stand before the stored ones unless the signature is
    /// immutable; given options win, save those that tie a task to its group and its stamps.
    pub(crate) fn merged(&self, args: &[Value], kwargs: &Map, options: &Map) -> (Vec<Value>, Map, Map) {
        let mut new_options = self.options.clone();
        for (name, value) in options {
            if !(self.options.contains_key(name) && self.is_fixed(name)) {
                new_options.insert(name.clone(), value.clone());
            }
        }
        if self.immutable {
            return (self.args.clone(), self.kwargs.clone(), new_options);
        }
        let mut new_kwargs = self.kwargs.clone();
        new_kwargs.extend(kwargs.clone());
        ([args, &self.args].concat(), new_kwargs, new_options)
    }

    fn is_fixed(&self, option: &str) -> bool {
        is_fixed(option) || self.stamped_headers().any(|stamp| stamp == option)
    }

    /// The names of the stamps.
    pub(crate) fn stamped_headers(&self) -> impl Iterator<Item = &str> {
        let names = self.options.get("stamped_headers").and_then(Value::as_array).unwrap_or_default();
        names.iter().filter_map(Value::as_str)
    }

    /// Celery's `clone`: a copy in which foreign members are gone, and which for a chain or a group has neither
    /// arguments nor immutability, as it is made anew from its tasks and options. The header of a chord becomes a list.
    pub(crate) fn cloned(&self) -> Self {
        self.cloned_with(&[], &Map::new(), &Map::new())
    }

    /// [`cloned`](Self::cloned), with more arguments and options.
    pub(crate) fn cloned_with(&self, args: &[Value], kwargs: &Map, options: &Map) -> Self {
        let (args, kwargs, options) = self.merged(args, kwargs, options);
        match &self.kind {
            Kind::Task => Self {
                task: self.task.clone(),
                args,
                kwargs,
                options,
                kind: Kind::Task,
                immutable: self.immutable,
                extra: Map::new(),
            },
            Kind::Chain(tasks) => Self::of_chain(tasks.iter().map(Self::cloned).collect(), options),
            Kind::Group(tasks) => Self::of_group(tasks.clone(), options),
            Kind::Chord(chord) => Self {
                task: self.task.clone(),
                args,
                kwargs,
                options,
                kind: Kind::Chord(Box::new(Chord {
                    header: chord.header.iter().map(Self::cloned).collect(),
                    header_options: None,
                    body: chord.body.as_ref().map(Self::cloned),
                })),
                immutable: self.immutable,
                extra: Map::new(),
            },
        }
    }

    pub(crate) fn of_chain(tasks: Vec<Self>, options: Map) -> Self {
        Self { task: "celery.chain".to_owned(), options, kind: Kind::Chain(tasks), ..Self::default() }
    }

    pub(crate) fn of_group(tasks: Vec<Self>, options: Map) -> Self {
        Self { task: "celery.group".to_owned(), options, kind: Kind::Group(tasks), ..Self::default() }
    }

    pub(crate) fn of_chord(header: Vec<Self>, body: Option<Self>, options: Map) -> Self {
        Self {
            task: "celery.chord".to_owned(),
            kwargs: Map::from_iter([("kwargs".to_owned(), Map::new().into())]),
            options,
            kind: Kind::Chord(Box::new(Chord { header, header_options: None, body })),
            ..Self::default()
        }
    }

    pub(crate) fn is_group(&self) -> bool {
        matches!(self.kind, Kind::Group(_))
    }

    /// A group without a task, which a chain leaves out.
    pub(crate) fn is_empty_group(&self) -> bool {
        matches!(&self.kind, Kind::Group(tasks) if tasks.is_empty())
    }

    /// A chain without a task, which a group leaves out.
    pub(crate) fn is_empty_chain(&self) -> bool {
        matches!(&self.kind, Kind::Chain(tasks) if tasks.is_empty())
    }

    /// The only task of a group of one; anything else as it is.
    pub(crate) fn unrolled(self) -> Self {
        match self.kind {
            Kind::Group(mut tasks) if tasks.len() == 1 => tasks.remove(0),
            kind => Self { kind, ..self },
        }
    }

    /// The signatures in the option, which may hold one or a list of them.
    pub(crate) fn listed(&self, option: &str) -> Vec<Value> {
        as_list(self.options.get(option))
    }

    /// Adds to a list option what it does not hold yet.
    pub(crate) fn append_to(&mut self, option: &str, value: Value) {
        let mut items = self.listed(option);
        if !items.contains(&value) {
            items.push(value);
        }
        self.options.insert(option.to_owned(), items.into());
    }

    /// Adds to a list option, whatever it holds.
    pub(crate) fn extend_with(&mut self, option: &str, values: Vec<Value>) {
        let mut items = self.listed(option);
        items.extend(values);
        self.options.insert(option.to_owned(), items.into());
    }
}

impl Chord {
    fn header_value(&self) -> Value {
        match &self.header_options {
            None => list(&self.header),
            Some(options) => Signature::of_group(self.header.clone(), options.clone()).to_value(),
        }
    }

    /// The header as a group, with the options it has or with none.
    pub(crate) fn header_group(&self) -> Signature {
        Signature::of_group(self.header.clone(), self.header_options.clone().unwrap_or_default())
    }

    pub(crate) fn set_header(&mut self, group: Signature) {
        self.header_options = Some(group.options);
        if let Kind::Group(tasks) = group.kind {
            self.header = tasks;
        }
    }
}

/// Options that no call changes: a task that left its group would leave its chord waiting.
pub(crate) fn is_fixed(option: &str) -> bool {
    matches!(option, "group_id" | "stamped_headers")
}

/// One value or a list of them as a list; nothing and null are the empty one.
pub(crate) fn as_list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

pub(crate) fn list(tasks: &[Signature]) -> Value {
    tasks.iter().map(Signature::to_value).collect::<Vec<_>>().into()
}

fn read(value: &Value, depth: usize) -> Result<Signature, Error> {
    if depth > MAX_NESTING {
        return Err(Error::Nesting);
    }
    let mut members = value.as_object().ok_or(Error::NotASignature)?.clone();
    let Some(Value::String(task)) = members.swap_remove("task") else { return Err(Error::NotASignature) };
    let wrong = |member, expected| Error::Member { task: task.clone(), member, expected };
    let mut take = |member, expected| match members.swap_remove(member) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(wrong(member, expected)),
    };
    let mut kwargs = take("kwargs", "an object")?;
    let options = take("options", "an object")?;
    let args = match members.swap_remove("args") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(args)) => args,
        Some(_) => return Err(wrong("args", "a list")),
    };
    let immutable = members.swap_remove("immutable").and_then(|v| v.as_bool()).unwrap_or(false);
    let tasks = |value: Option<Value>, member| match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(tasks)) => tasks.iter().map(|task| read(task, depth + 1)).collect::<Result<Vec<_>, _>>(),
        _ => Err(wrong(member, "a list of signatures")),
    };
    let plain = |task: &str, kwargs| Signature {
        task: task.to_owned(),
        kwargs,
        options: options.clone(),
        immutable: true,
        ..Signature::default()
    };
    match members.swap_remove("subtask_type") {
        None | Some(Value::Null) => {
            Ok(Signature { task, args, kwargs, options, kind: Kind::Task, immutable, extra: members })
        }
        Some(Value::String(kind)) => match kind.as_str() {
            // As Celery makes them anew: what else they had is left.
            "chain" => Ok(Signature::of_chain(tasks(kwargs.swap_remove("tasks"), "kwargs.tasks")?, options)),
            "group" => Ok(Signature::of_group(tasks(kwargs.swap_remove("tasks"), "kwargs.tasks")?, options)),
            "chord" => {
                let header = match kwargs.swap_remove("header") {
                    Some(group @ Value::Object(_)) => match read(&group, depth + 1)? {
                        Signature { kind: Kind::Group(tasks) | Kind::Chain(tasks), .. } => tasks,
                        task => vec![task],
                    },
                    list => tasks(list, "kwargs.header")?,
                };
                let body = match kwargs.swap_remove("body") {
                    None | Some(Value::Null) => None,
                    Some(body) => Some(read(&body, depth + 1)?),
                };
                let kind = Kind::Chord(Box::new(Chord { header, header_options: None, body }));
                Ok(Signature { task, args, kwargs, options, kind, immutable, extra: Map::new() })
            }
            "xmap" => Ok(plain("celery.map", kwargs)),
            "xstarmap" => Ok(plain("celery.starmap", kwargs)),
            "chunks" => Ok(plain("celery.chunks", kwargs)),
            _ => Err(Error::Type(kind)),
        },
        Some(_) => Err(wrong("subtask_type", "a string")),
    }
}
