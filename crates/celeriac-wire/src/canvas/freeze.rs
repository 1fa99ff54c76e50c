//! Giving ids: what a signature's tasks will be called, and how their results hang together.

use super::Error;
use super::send::Sender;
use super::signature::{Kind, Signature};
use super::{Step, chain};
use crate::{Map, Value};

/// The results of a canvas: whose result comes before whose, and which belong to one group.
///
/// They lie in one list and name each other by index, since a chain may be as long as it likes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    id: String,
    parent: Option<usize>,
    children: Option<Vec<usize>>,
}

/// How many results before a result its tuple names: as many as the readers of JSON take, each being two levels deep.
/// Python itself gives up at about 900 of them.
const MAX_PARENTS: usize = 100;

impl Results {
    pub(crate) fn task(&mut self, id: String) -> usize {
        self.push(id, None)
    }

    pub(crate) fn group(&mut self, id: String, children: Vec<usize>) -> usize {
        self.push(id, Some(children))
    }

    fn push(&mut self, id: String, children: Option<Vec<usize>>) -> usize {
        self.nodes.push(Node { id, parent: None, children });
        self.nodes.len() - 1
    }

    /// The id of a task, or of a group.
    pub fn id(&self, result: usize) -> &str {
        &self.nodes[result].id
    }

    /// The result before this one: of a chain's task the task before it, of a chord's body the group of the header.
    pub fn parent(&self, result: usize) -> Option<usize> {
        self.nodes[result].parent
    }

    /// The results in a group; `None` for the result of a task.
    pub fn children(&self, result: usize) -> Option<&[usize]> {
        self.nodes[result].children.as_deref()
    }

    pub(crate) fn set_parent(&mut self, result: usize, parent: Option<usize>) {
        self.nodes[result].parent = parent;
    }

    /// The first result of a line of parents, this one if it has none.
    pub(crate) fn first(&self, mut result: usize) -> usize {
        while let Some(parent) = self.nodes[result].parent {
            result = parent;
        }
        result
    }

    /// The form in which results travel: `[[id, parent], children]`, each of them such a form or null.
    pub fn tuple(&self, result: usize) -> Value {
        let mut line = vec![result];
        while let Some(parent) = self.nodes[line[line.len() - 1]].parent
            && line.len() < MAX_PARENTS
        {
            line.push(parent);
        }
        line.iter().rev().fold(Value::Null, |parent, &at| {
            let node = &self.nodes[at];
            let children: Option<Vec<Value>> =
                node.children.as_ref().map(|list| list.iter().map(|child| self.tuple(*child)).collect());
            vec![Value::from(vec![Value::from(&node.id), parent]), children.into()].into()
        })
    }
}

/// Where a signature is to stand.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'p> {
    pub id: Option<&'p str>,
    pub group_id: Option<&'p str>,
    pub group_index: Option<i64>,
    pub root_id: Option<&'p str>,
    pub parent_id: Option<&'p str>,
    /// The body of the chord that the task is a part of.
    pub chord: Option<&'p Value>,
}

/// A plan in the making.
pub(crate) struct Plan<'s> {
    pub sender: &'s Sender<'s>,
    pub results: Results,
    pub steps: Vec<Step>,
    /// What the running task has sent.
    pub children: Vec<usize>,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(sender: &'s Sender<'s>) -> Self {
        Self { sender, results: Results::default(), steps: Vec::new(), children: Vec::new() }
    }

    pub(crate) fn new_id(&self) -> String {
        (self.sender.new_id)()
    }

    /// Gives ids to a signature and to all that it is made of, in place. What has an id keeps it.
    pub(crate) fn freeze(&mut self, sig: &mut Signature, place: Place<'_>) -> Result<usize, Error> {
        match &mut sig.kind {
            Kind::Task => Ok(self.freeze_task(&mut sig.options, place)),
            Kind::Group(_) => self.freeze_group(sig, place),
            Kind::Chain(_) => chain::freeze(self, sig, place),
            Kind::Chord(_) => self.freeze_chord(sig, place),
        }
    }

    fn freeze_task(&mut self, options: &mut Map, place: Place<'_>) -> usize {
        let id = match options.get("task_id") {
            Some(Value::String(id)) => id.clone(),
            _ => place.id.map_or_else(|| self.new_id(), str::to_owned),
        };
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                options.insert(name.to_owned(), value);
            }
        };
        put("task_id", Some(id.as_str().into()));
        put("root_id", place.root_id.map(Value::from));
        put("parent_id", place.parent_id.map(Value::from));
        put("chord", place.chord.cloned());
        put("group_index", place.group_index.map(Value::from));
        options.entry("reply_to".to_owned()).or_insert_with(|| self.sender.reply_to.into());
        if let Some(group) = place.group_id {
            options.entry("group_id".to_owned()).or_insert_with(|| group.into());
        }
        self.results.task(id)
    }

    fn freeze_group(&mut self, sig: &mut Signature, place: Place<'_>) -> Result<usize, Error> {
        let (id, results) = self.freeze_members(sig, place)?;
        Ok(self.results.group(id, results))
    }

    /// Gives ids to the tasks of a group, of which groups within it are made a part. Their tasks come in reverse
    /// order then, as they do in Celery.
    pub(crate) fn freeze_members(
        &mut self,
        sig: &mut Signature,
        place: Place<'_>,
    ) -> Result<(String, Vec<usize>), Error> {
        let options = &mut sig.options;
        let id = match options.get("task_id") {
            Some(Value::String(id)) => id.clone(),
            _ => self.new_id(),
        };
        options.insert("task_id".to_owned(), id.as_str().into());
        if let Some(group) = place.group_id {
            options.insert("group_id".to_owned(), group.into());
        }
        if let Some(chord) = place.chord {
            options.insert("chord".to_owned(), chord.clone());
        }
        if let Some(index) = place.group_index {
            options.insert("group_index".to_owned(), index.into());
        }
        options.entry("root_id".to_owned()).or_insert_with(|| place.root_id.into());
        options.entry("parent_id".to_owned()).or_insert_with(|| place.parent_id.into());
        let root_id = sig.text("root_id").map(str::to_owned);
        let parent_id = sig.text("parent_id").map(str::to_owned);

        let Kind::Group(tasks) = &mut sig.kind else { return Ok((id, Vec::new())) };
        let mut waiting: std::collections::VecDeque<Signature> = std::mem::take(tasks).into();
        let mut results = Vec::new();
        while let Some(task) = waiting.pop_front() {
            let mut task = task.cloned();
            if task.is_empty_chain() {
                continue;
            }
            if let Kind::Group(inner) = task.kind {
                inner.into_iter().for_each(|task| waiting.push_front(task));
                continue;
            }
            let index = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
            let place = Place {
                id: None,
                group_index: Some(index),
                root_id: root_id.as_deref(),
                parent_id: parent_id.as_deref(),
                ..place
            };
            results.push(self.freeze(&mut task, place)?);
            tasks.push(task);
        }
        Ok((id, results))
    }

    /// The result of a chord is that of its body, behind that of its header. Celery also hangs the body on each task
    /// of the header and takes it off again before anything is sent; here it comes there when the header is sent.
    fn freeze_chord(&mut self, sig: &mut Signature, place: Place<'_>) -> Result<usize, Error> {
        let Kind::Chord(chord) = &mut sig.kind else { return Err(Error::NoBody) };
        let mut header = chord.header_group();
        let before = Place { root_id: place.root_id, parent_id: place.parent_id, ..Place::default() };
        let header_result = self.freeze(&mut header, before)?;
        let id = header.options.get("task_id").cloned().unwrap_or_default();
        chord.set_header(header);
        let body = chord.body.as_mut().ok_or(Error::NoBody)?;
        let result = self.freeze(body, Place { parent_id: None, ..place })?;
        sig.options.insert("task_id".to_owned(), id);

        let mut seen = std::collections::HashSet::new();
        let mut node = result;
        loop {
            if !seen.insert(self.results.id(node)) {
                return Err(Error::Recursive);
            }
            match self.results.parent(node) {
                Some(parent) => node = parent,
                None => break,
            }
        }
        self.results.set_parent(node, Some(header_result));
        Ok(result)
    }
}
