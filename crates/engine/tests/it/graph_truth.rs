//! What `docs/samples-graph.md` says of the samples' graph, held against a run over them. The tables are read from
//! that page; all differences are listed at once.

mod page;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::page::{Stated, Thing, Truth};
use crate::samples::{SAMPLES, folded, name, of_kind};

/// A mention of a name, with where it stands.
struct Named {
    kind: String,
    text: String,
    file: String,
    page: u64,
    extractor: String,
    entity: String,
}

impl Named {
    fn place(&self) -> String {
        let Self { kind, text, file, page, extractor, .. } = self;
        format!("{kind} {text:?} in {file} {page} ({extractor})")
    }
}

/// The run as this test looks at it.
struct Graph {
    named: Vec<Named>,
    entities: BTreeMap<String, &'static Value>,
    files: BTreeMap<String, String>,
}

impl Graph {
    fn of_samples() -> Self {
        let rows = &SAMPLES.rows;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let files: BTreeMap<String, String> =
            of_kind(rows, "document").map(|d| (text(&d["id"]), name(d).0.to_owned())).collect();
        let entities = of_kind(rows, "entity").map(|e| (text(&e["id"]), e)).collect();
        let is_name = |m: &&Value| matches!(m["type"].as_str(), Some("PERSON" | "ORG" | "LOCATION"));
        let named = of_kind(rows, "mention").filter(is_name).map(|m| Named {
            kind: text(&m["type"]),
            text: untitled(folded(&text(&m["text"])).trim_matches('"')).to_owned(),
            file: files[m["document"].as_str().unwrap()].clone(),
            page: m["page"].as_u64().unwrap(),
            extractor: text(&m["extractor"]),
            entity: text(&m["entity"]),
        });
        Self { named: named.collect(), entities, files }
    }

    fn shown(&self, entity: &str) -> String {
        let row = self.entities[entity];
        format!("{} {} {}", row["type"].as_str().unwrap(), row["name"], &entity[..8])
    }
}

/// Without a form of address.
fn untitled(name: &str) -> &str {
    let titles = ["Mr. ", "Mr ", "Ms. ", "Ms ", "MR. ", "MS. ", "Frau ", "Herr "];
    titles.iter().find_map(|title| name.strip_prefix(title)).unwrap_or(name)
}

/// Which thing each entity is, by the mentions that it holds; with what is wrong with that.
fn things<'t>(truth: &'t Truth, graph: &Graph, wrong: &mut Vec<String>) -> BTreeMap<String, &'t Thing> {
    let mut holds: BTreeMap<&str, BTreeMap<&str, &Thing>> = BTreeMap::new();
    let mut is: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for named in graph.named.iter().filter(|n| !truth.foreign.contains_key(&n.file) || truth.names(n).is_some()) {
        match truth.names(named) {
            Some(thing) if thing.kind == named.kind => {
                holds.entry(&named.entity).or_default().insert(&thing.key, thing);
                is.entry(&thing.key).or_default().insert(&named.entity);
            }
            Some(thing) => wrong.push(format!("wrong type: {} is a {}", named.place(), thing.kind)),
            // Of places the truth has a few only.
            None if named.kind == "LOCATION" => {}
            None => wrong.push(format!("invented: {}", named.place())),
        }
    }
    let files = |entity: &str, key: &str| {
        let holds = |n: &&Named| n.entity == entity && truth.names(n).is_some_and(|thing| thing.key == key);
        let files: BTreeSet<&str> = graph.named.iter().filter(holds).map(|n| n.file.as_str()).collect();
        files.into_iter().collect::<Vec<_>>().join(", ")
    };
    for (entity, things) in holds.iter().filter(|(_, things)| things.len() > 1) {
        let things: Vec<String> = things.keys().map(|key| format!("{key} (in {})", files(entity, key))).collect();
        wrong.push(format!("joined: {} is {}", graph.shown(entity), things.join(" and ")));
    }
    for (thing, entities) in is.iter().filter(|(_, entities)| entities.len() > 1) {
        let entities = entities.iter().map(|e| format!("{} (in {})", graph.shown(e), files(e, thing)));
        wrong.push(format!("not joined: {thing} is {}", entities.collect::<Vec<_>>().join(" and ")));
    }
    let first = |things: BTreeMap<&str, &'t Thing>| things.into_values().next();
    holds.into_iter().filter_map(|(entity, things)| Some((entity.to_owned(), first(things)?))).collect()
}

fn not_found(truth: &Truth, graph: &Graph, wrong: &mut Vec<String>) {
    for thing in &truth.things {
        for form in thing.forms.iter().filter(|form| form.full) {
            for file in &form.files {
                let is_it = |n: &&Named| n.file == *file && n.kind == thing.kind && n.text.contains(&form.written);
                if graph.named.iter().find(is_it).is_none() {
                    wrong.push(format!("not found: {} {:?} in {file}", thing.kind, form.written));
                }
            }
        }
    }
}

fn addresses(truth: &Truth, graph: &Graph, things: &BTreeMap<String, &Thing>, wrong: &mut Vec<String>) {
    for (entity, thing) in things {
        let identifiers = graph.entities[entity]["identifiers"].as_array().unwrap();
        let emails: BTreeSet<&str> =
            identifiers.iter().filter(|i| i["scheme"] == "email").filter_map(|i| i["value"].as_str()).collect();
        let Some(email) = truth.emails.get(&thing.key) else { continue };
        if emails.iter().any(|other| other != email) {
            wrong.push(format!("address: {} has {emails:?} and not {email}", graph.shown(entity)));
        }
    }
}

fn other_languages(truth: &Truth, graph: &Graph, wrong: &mut Vec<String>) {
    for named in &graph.named {
        let Some(names) = truth.foreign.get(&named.file) else { continue };
        if named.extractor.starts_with("model/") {
            wrong.push(format!("by the model in another language: {}", named.place()));
        } else if !names.iter().any(|name| untitled(name) == named.text) {
            wrong.push(format!("false name: {}", named.place()));
        }
    }
}

/// A relation of the export between things of the truth.
struct Found {
    kind: String,
    ends: [String; 2],
    values: BTreeSet<String>,
    places: Vec<(String, u64)>,
}

impl Found {
    fn is(&self, stated: &Stated) -> bool {
        let [from, to] = &self.ends;
        let turned = stated.kind == "OPPOSES" && (&stated.from, &stated.to) == (to, from);
        self.kind == stated.kind && ((&stated.from, &stated.to) == (from, to) || turned)
    }
}

fn found(graph: &Graph, things: &BTreeMap<String, &Thing>) -> Vec<Found> {
    let end = |id: &Value| {
        let id = id.as_str().unwrap();
        things.get(id).map_or_else(|| graph.entities[id]["name"].as_str().unwrap().to_owned(), |t| t.key.clone())
    };
    let typed = |r: &&Value| !matches!(r["type"].as_str(), Some("CO_MENTIONED" | "WROTE_TO"));
    of_kind(&SAMPLES.rows, "relation")
        .filter(typed)
        .map(|r| {
            let places = r["evidence"].as_array().unwrap().iter();
            let places =
                places.map(|e| (graph.files[e["document"].as_str().unwrap()].clone(), e["page"].as_u64().unwrap()));
            let values = r["attributes"].as_object().into_iter().flatten().flat_map(|(_, v)| v.as_array().unwrap());
            Found {
                kind: r["type"].as_str().unwrap().to_owned(),
                ends: [end(&r["from"]), end(&r["to"])],
                values: values.map(|v| v.as_str().unwrap().to_lowercase()).collect(),
                places: places.collect(),
            }
        })
        .collect()
}

fn relations(truth: &Truth, found: &[Found], wrong: &mut Vec<String>) {
    for relation in found {
        let Found { kind, ends: [from, to], values, places } = relation;
        let Some(stated) = truth.relations.iter().find(|stated| relation.is(stated)) else {
            wrong.push(format!("invented: {from} {kind} {to} at {places:?}"));
            continue;
        };
        for place in places.iter().filter(|place| !stated.said.contains(place) && !stated.implied.contains(place)) {
            wrong.push(format!("no such place: {from} {kind} {to} at {place:?}"));
        }
        for value in values.iter().filter(|value| !stated.with.to_lowercase().contains(*value)) {
            wrong.push(format!("wrong value: {from} {kind} {to} with {value:?} and not {:?}", stated.with));
        }
    }
    for stated in truth.relations.iter().filter(|stated| !stated.said.is_empty()) {
        if !found.iter().any(|relation| relation.is(stated)) {
            let Stated { kind, from, to, said, .. } = stated;
            wrong.push(format!("not found: {from} {kind} {to}, said at {said:?}"));
        }
    }
}

/// How the one difference begins that the page of the samples' graph admits: who `Joerg` is stands in no word of the
/// mail that names him. The test fails when there is another one, and when this one is gone.
const KNOWN: &[&str] = &["not joined: Jörg Morgenroth is PERSON \"Jörg Morgenroth\" "];

#[test]
fn the_graph_of_the_samples_is_as_a_careful_reader_finds_it_but_for_what_the_page_admits() {
    let (truth, graph) = (Truth::read(), Graph::of_samples());
    let mut wrong = Vec::new();
    let things = things(&truth, &graph, &mut wrong);
    not_found(&truth, &graph, &mut wrong);
    addresses(&truth, &graph, &things, &mut wrong);
    other_languages(&truth, &graph, &mut wrong);
    relations(&truth, &found(&graph, &things), &mut wrong);
    wrong.sort();
    let as_known = wrong.len() == KNOWN.len() && wrong.iter().zip(KNOWN).all(|(w, known)| w.starts_with(known));
    assert!(as_known, "{} differences from docs/samples-graph.md:\n  {}", wrong.len(), wrong.join("\n  "));
    assert!(wrong[0].contains("\"Joerg\""), "{}", wrong[0]);
}

#[test]
fn the_page_names_files_that_are_there() {
    let truth = Truth::read();
    let files: BTreeSet<&str> = of_kind(&SAMPLES.rows, "document").map(|d| name(d).0).collect();
    let of_things = truth.things.iter().flat_map(|t| &t.forms).flat_map(|f| &f.files);
    let of_relations = truth.relations.iter().flat_map(|r| r.said.iter().chain(&r.implied)).map(|(file, _)| file);
    let named = of_things.chain(of_relations).chain(truth.foreign.keys());
    let missing: BTreeSet<&String> = named.filter(|file| !files.contains(file.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!((truth.emails.len(), truth.foreign.len()), (9, 4));
    assert!(truth.things.len() > 20 && truth.relations.len() > 20, "the tables are read");
}
