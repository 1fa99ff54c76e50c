//! Stamps: headers that a signature, and all that it is made of, carries through retries and replacements.

use super::signature::{Kind, Signature};
use crate::{Map, Value};

/// Says which stamps each part of a canvas gets. A stamp that the part has already stays. A map may name with
/// `stamped_headers` which of its members are stamps; without, all of them are.
///
/// `headers` are the stamps that come from around the part.
pub trait Visitor {
    /// The stamps of one task.
    fn on_signature(&mut self, sig: &Signature, headers: &Map) -> Map;

    /// The stamps of all tasks of a chain.
    fn on_chain_start(&mut self, _chain: &Signature, _headers: &Map) -> Map {
        Map::new()
    }

    /// All tasks of a chain are stamped.
    fn on_chain_end(&mut self, _chain: &Signature, _headers: &Map) {}

    /// The stamps of all tasks of a group.
    fn on_group_start(&mut self, _group: &Signature, _headers: &Map) -> Map {
        Map::new()
    }

    /// All tasks of a group are stamped.
    fn on_group_end(&mut self, _group: &Signature, _headers: &Map) {}

    /// The stamps of the header of this chord; by default what [`on_group_start`](Self::on_group_start) says of it.
    fn on_chord_header_start(&mut self, chord: &Signature, headers: &Map) -> Map {
        self.on_group_start(chord, headers)
    }

    /// All tasks of the header are stamped.
    fn on_chord_header_end(&mut self, chord: &Signature, headers: &Map) {
        self.on_group_end(chord, headers);
    }

    /// The stamps of the body of a chord.
    fn on_chord_body(&mut self, _chord: &Signature, _headers: &Map) -> Map {
        Map::new()
    }

    /// The stamps of a callback and of those after it.
    fn on_callback(&mut self, _callback: &Signature, _headers: &Map) -> Map {
        Map::new()
    }

    /// The stamps of an errback and of those after it.
    fn on_errback(&mut self, _errback: &Signature, _headers: &Map) -> Map {
        Map::new()
    }
}

/// How to stamp.
struct Stamping<'v> {
    visitor: Option<&'v mut dyn Visitor>,
    /// Whether a stamp that is there already becomes a list of both.
    append: bool,
}

impl Signature {
    /// Puts one stamp on a signature, on all tasks in it and on its callbacks and errbacks. The body of a chord is
    /// stamped by a visitor only, as in Celery.
    pub fn stamp(self, name: &str, value: impl Into<Value>) -> Self {
        self.stamped(None, false, Map::from_iter([(name.to_owned(), value.into())]))
    }

    /// Puts on the stamps that a visitor says and those of `headers`.
    pub fn stamped(mut self, visitor: Option<&mut dyn Visitor>, append: bool, headers: Map) -> Self {
        Stamping { visitor, append }.stamp(&mut self, &headers);
        self
    }
}

impl Stamping<'_> {
    fn ask(&mut self, question: impl FnOnce(&mut dyn Visitor) -> Map) -> Option<Map> {
        self.visitor.as_mut().map(|visitor| question(&mut **visitor))
    }

    fn stamp(&mut self, sig: &mut Signature, headers: &Map) {
        match sig.kind {
            Kind::Task => {
                self.links(sig, headers, self.append);
                let said = self.ask(|visitor| visitor.on_signature(sig, headers));
                let headers = self.headers(said, headers, Some(&sig.options));
                sig.options.extend(headers);
            }
            Kind::Chain(_) => {
                let said = self.ask(|visitor| visitor.on_chain_start(sig, headers));
                let headers = self.headers(said, headers, Some(&sig.options));
                self.links(sig, &headers, false);
                self.members(sig, &headers);
                if let Some(visitor) = self.visitor.as_deref_mut() {
                    visitor.on_chain_end(sig, &headers);
                }
            }
            Kind::Group(_) => {
                let said = self.ask(|visitor| visitor.on_group_start(sig, headers));
                let headers = self.headers(said, headers, Some(&sig.options));
                self.links(sig, &headers, self.append);
                self.members(sig, &headers);
                if let Some(visitor) = self.visitor.as_deref_mut() {
                    visitor.on_group_end(sig, &headers);
                }
            }
            Kind::Chord(_) => self.chord(sig, headers),
        }
    }

    fn chord(&mut self, sig: &mut Signature, headers: &Map) {
        let said = self.ask(|visitor| visitor.on_chord_header_start(sig, headers));
        let headers = self.headers(said, headers, Some(&sig.options));
        self.links(sig, &headers, self.append);
        self.members(sig, &headers);
        if let Some(visitor) = self.visitor.as_deref_mut() {
            if let Kind::Chord(chord) = &mut sig.kind {
                // What a visitor has seen as a group stays one.
                chord.header_options.get_or_insert_default();
            }
            visitor.on_chord_header_end(sig, &headers);
            let said = visitor.on_chord_body(sig, &headers);
            let headers = self.headers(Some(said), &headers, Some(&sig.options));
            if let Kind::Chord(chord) = &mut sig.kind
                && let Some(body) = &mut chord.body
            {
                self.stamp(body, &headers);
            }
        }
    }

    fn members(&mut self, sig: &mut Signature, headers: &Map) {
        let tasks = match &mut sig.kind {
            Kind::Task => return,
            Kind::Chain(tasks) | Kind::Group(tasks) => tasks,
            Kind::Chord(chord) => &mut chord.header,
        };
        tasks.iter_mut().for_each(|task| self.stamp(task, headers));
    }

    /// Callbacks and errbacks get the stamps from around, not those of the task itself.
    fn links(&mut self, sig: &mut Signature, headers: &Map, append: bool) {
        let before = std::mem::replace(&mut self.append, append);
        for option in ["link", "link_error"] {
            let mut links = sig.listed(option);
            if links.is_empty() {
                continue;
            }
            let mut headers = headers.clone();
            for link in &mut links {
                let Ok(mut callback) = Signature::from_value(link) else { continue };
                let said = self.ask(|visitor| match option {
                    "link" => visitor.on_callback(&callback, &headers),
                    _ => visitor.on_errback(&callback, &headers),
                });
                headers = self.headers(said, &headers, None);
                self.stamp(&mut callback, &headers);
                *link = callback.to_value();
            }
            sig.options.insert(option.to_owned(), links.into());
        }
        self.append = before;
    }

    /// The stamps from around, with those that the visitor says and those that the signature has.
    fn headers(&self, said: Option<Map>, around: &Map, own: Option<&Map>) -> Map {
        let mut headers = around.clone();
        name_stamps(&mut headers);
        if let Some(mut said) = said {
            name_stamps(&mut said);
            merge(&mut headers, said, self.append);
        }
        if let Some(own) = own {
            let mut names = names(&headers);
            names.extend(names_in(own).filter(|name| !names.contains(name)).collect::<Vec<_>>());
            let own: Map = own.iter().filter(|(k, _)| names.contains(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
            headers.insert("stamped_headers".to_owned(), values(names));
            merge(&mut headers, own, self.append);
        }
        let mut once = Vec::new();
        for name in names(&headers) {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        headers.insert("stamped_headers".to_owned(), values(once));
        headers
    }
}

fn values(names: Vec<String>) -> Value {
    names.into_iter().map(Value::from).collect::<Vec<_>>().into()
}

fn names(map: &Map) -> Vec<String> {
    names_in(map).collect()
}

fn names_in(map: &Map) -> impl Iterator<Item = String> {
    let names = map.get("stamped_headers").and_then(Value::as_array).unwrap_or_default();
    names.iter().filter_map(Value::as_str).map(str::to_owned)
}

fn name_stamps(map: &mut Map) {
    if !map.contains_key("stamped_headers") {
        let names = map.keys().cloned().collect();
        map.insert("stamped_headers".to_owned(), values(names));
    }
}

/// Adds members to a map. What both have stays as it is, or becomes a list of both; lists of both are joined and
/// objects merged either way.
fn merge(into: &mut Map, from: Map, append: bool) {
    for (name, value) in from {
        let Some(old) = into.get_mut(&name) else {
            into.insert(name, value);
            continue;
        };
        match (&mut *old, value) {
            (Value::Object(old), Value::Object(value)) => merge(old, value, append),
            (Value::Array(old), Value::Array(value)) => old.extend(value),
            (Value::Array(old), value) if append => old.push(value),
            (Value::Null, value) if append => *old = vec![value].into(),
            (_, Value::Array(value)) if append => *old = [vec![std::mem::take(old)], value].concat().into(),
            (_, value) if append => *old = vec![std::mem::take(old), value].into(),
            _ => {}
        }
    }
}
