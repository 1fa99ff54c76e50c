//! Putting signatures together: chains, groups, chords, and tasks that run another one over a list.

use std::ops::BitOr;

use super::Error;
use super::signature::{Kind, Signature, as_list};
use crate::{Map, Value};

/// Tasks one after the other. The same as joining them with `|`: a group that is followed by a task becomes a chord,
/// a task that follows a chord becomes part of its body, and a group without tasks is left out.
pub fn chain(tasks: impl IntoIterator<Item = Signature>) -> Signature {
    tasks.into_iter().fold(Signature::of_chain(Vec::new(), Map::new()), BitOr::bitor)
}

/// Tasks that run at once.
pub fn group(tasks: impl IntoIterator<Item = Signature>) -> Signature {
    Signature::of_group(tasks.into_iter().collect(), Map::new())
}

/// Tasks that run at once, and a body that gets all their results as a list.
pub fn chord(header: impl IntoIterator<Item = Signature>, body: Signature) -> Signature {
    Signature::of_chord(header.into_iter().collect(), Some(body), Map::new())
}

/// One task that runs `task` for each item, one after the other, and answers with all results.
pub fn map(task: &Signature, items: impl IntoIterator<Item = impl Into<Value>>) -> Signature {
    over("celery.map", task, items.into_iter().map(Into::into).collect())
}

/// [`map()`], with the elements of each item as the arguments.
pub fn starmap(task: &Signature, items: impl IntoIterator<Item = Vec<Value>>) -> Signature {
    over("celery.starmap", task, items.into_iter().map(Value::from).collect())
}

/// A group of [`starmap`]s over at most `size` items each; a size of 0 is taken as 1.
pub fn chunks(task: &Signature, items: impl IntoIterator<Item = Vec<Value>>, size: usize) -> Signature {
    let items: Vec<Vec<Value>> = items.into_iter().collect();
    group(items.chunks(size.max(1)).map(|part| starmap(task, part.iter().cloned())))
}

fn over(name: &str, task: &Signature, items: Vec<Value>) -> Signature {
    let kwargs = [("task".to_owned(), task.to_value()), ("it".to_owned(), items.into())];
    Signature { kwargs: kwargs.into_iter().collect(), immutable: true, ..Signature::new(name) }
}

impl BitOr for Signature {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        match self.kind {
            Kind::Task => after_task(self, other),
            Kind::Chain(_) => after_chain(self, other),
            Kind::Group(_) if other.is_empty_group() => self,
            Kind::Group(tasks) => Self::of_chord(tasks, Some(other), Map::new()),
            Kind::Chord(_) => after_chord(self, other),
        }
    }
}

fn after_task(task: Signature, other: Signature) -> Signature {
    let rest = if matches!(other.kind, Kind::Chain(_)) { other.unchained() } else { vec![other.unrolled()] };
    Signature::of_chain([vec![task], rest].concat(), Map::new())
}

fn after_chord(mut chord: Signature, other: Signature) -> Signature {
    let other = other.unrolled();
    if matches!(other.kind, Kind::Group(_) | Kind::Chain(_)) {
        return after_task(chord, other);
    }
    join_body(&mut chord, other);
    chord
}

fn after_chain(mut chain: Signature, other: Signature) -> Signature {
    if other.is_empty_group() {
        return chain;
    }
    let other = other.unrolled();
    let Kind::Chain(tasks) = &mut chain.kind else { return chain };
    match (&other.kind, tasks.last_mut()) {
        (Kind::Chain(_), _) => other.unchained().into_iter().fold(chain, BitOr::bitor),
        (Kind::Group(_), None) => other,
        (Kind::Group(_), Some(_)) => {
            let mut tasks = chain.unchained();
            match tasks.last_mut() {
                Some(last) if matches!(last.kind, Kind::Chord(_)) => join_body(last, other),
                _ => tasks.push(other),
            }
            Signature::of_chain(tasks, Map::new())
        }
        (_, Some(last)) if last.is_group() => {
            let header = std::mem::take(last);
            let chord = header | other;
            tasks.pop();
            match tasks.last_mut() {
                Some(before) if matches!(before.kind, Kind::Chord(_)) => join_body(before, chord),
                _ => tasks.push(chord),
            }
            chain
        }
        (Kind::Task, Some(last)) if matches!(last.kind, Kind::Chord(_)) => {
            join_body(last, other);
            chain
        }
        _ => {
            let mut tasks = chain.unchained();
            tasks.push(other);
            Signature::of_chain(tasks, Map::new())
        }
    }
}

fn join_body(chord: &mut Signature, next: Signature) {
    if let Kind::Chord(chord) = &mut chord.kind {
        chord.body = Some(match chord.body.take() {
            Some(body) => body | next,
            None => next,
        });
    }
}

impl Signature {
    /// The tasks of a chain, the last with the chain's callbacks and each with its errbacks. Callbacks that cannot be
    /// read stay as they are, where they fail when they are due.
    pub(crate) fn unchained(self) -> Vec<Self> {
        let Kind::Chain(mut tasks) = self.kind else { return vec![self] };
        if let Some(last) = tasks.last_mut() {
            as_list(self.options.get("link")).iter().for_each(|link| last.add_link(link));
        }
        for errback in as_list(self.options.get("link_error")) {
            tasks.iter_mut().for_each(|task| task.add_errback(&errback, false));
        }
        tasks
    }

    /// A task to run with the result of this one. Of a group it belongs to the first task, of a chord to the body.
    pub fn link(mut self, callback: &Self) -> Self {
        self.add_link(&callback.to_value());
        self
    }

    /// A task to run with the id of this one when it has failed. Of a group it belongs to each task, of a chord to
    /// the body.
    pub fn link_error(mut self, errback: &Self) -> Self {
        self.add_errback(&errback.to_value(), false);
        self
    }

    pub(crate) fn add_link(&mut self, callback: &Value) {
        match &mut self.kind {
            Kind::Group(tasks) if !tasks.is_empty() => {
                let alone = Self::from_value(callback).map(|sig| {
                    let mut sig = sig.cloned();
                    sig.set_immutable(true);
                    sig.to_value()
                });
                tasks[0].add_link(&alone.unwrap_or_else(|_| callback.clone()));
            }
            Kind::Chord(chord) if chord.body.is_some() => chord.body.iter_mut().for_each(|b| b.add_link(callback)),
            _ => self.append_to("link", callback.clone()),
        }
    }

    /// Adds an errback, to the header of a chord as well where Celery's `task_allow_error_cb_on_chord_header` is on.
    pub(crate) fn add_errback(&mut self, errback: &Value, on_header: bool) {
        match &mut self.kind {
            Kind::Group(tasks) => tasks.iter_mut().for_each(|task| task.add_errback(errback, on_header)),
            Kind::Chord(chord) => {
                if on_header {
                    // Celery hands the flag over as an option.
                    let sig = Self::from_value(errback).map(|sig| sig.cloned().set("immutable", true).to_value());
                    let errback = sig.unwrap_or_else(|_| errback.clone());
                    chord.header.iter_mut().for_each(|task| task.add_errback(&errback, on_header));
                }
                for task in chord.header.iter_mut().filter(|task| matches!(task.kind, Kind::Chord(_))) {
                    task.add_errback(errback, on_header);
                }
                chord.body.iter_mut().for_each(|body| body.add_errback(errback, on_header));
            }
            Kind::Task | Kind::Chain(_) => self.append_to("link_error", errback.clone()),
        }
    }

    /// How many tasks have to end before a chord with this one in its header is complete.
    pub(crate) fn parts(&self) -> usize {
        match &self.kind {
            Kind::Task => 1,
            Kind::Group(tasks) => tasks.iter().map(Self::parts).sum(),
            Kind::Chain(tasks) => tasks.iter().rev().map(Self::parts).find(|size| *size > 0).unwrap_or(0),
            Kind::Chord(chord) => chord.body.as_ref().map_or(0, Self::parts),
        }
    }

    pub(crate) fn body(&self) -> Result<&Self, Error> {
        match &self.kind {
            Kind::Chord(chord) => chord.body.as_ref().ok_or(Error::NoBody),
            _ => Err(Error::NoBody),
        }
    }
}
