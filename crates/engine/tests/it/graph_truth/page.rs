//! The tables of `docs/samples-graph.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Named, untitled};

pub struct Form {
    /// Without a form of address.
    pub written: String,
    pub full: bool,
    pub files: BTreeSet<String>,
}

/// A person, an organisation or a place.
pub struct Thing {
    pub key: String,
    pub kind: &'static str,
    pub forms: Vec<Form>,
}

/// A relation of the story; places are a file and a page.
pub struct Stated {
    pub kind: String,
    pub from: String,
    pub to: String,
    pub with: String,
    pub said: BTreeSet<(String, u64)>,
    pub implied: BTreeSet<(String, u64)>,
}

pub struct Truth {
    pub things: Vec<Thing>,
    pub relations: Vec<Stated>,
    /// Of each file in another language the names that stand there.
    pub foreign: BTreeMap<String, Vec<String>>,
    pub emails: BTreeMap<String, String>,
}

impl Truth {
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/samples-graph.md");
        let text = std::fs::read_to_string(path).unwrap();
        let mut truth =
            Self { things: Vec::new(), relations: Vec::new(), foreign: BTreeMap::new(), emails: BTreeMap::new() };
        let mut head = Vec::new();
        for line in text.lines() {
            let Some(row) = line.strip_prefix('|').and_then(|row| row.trim_end().strip_suffix('|')) else {
                head.clear();
                continue;
            };
            let row: Vec<&str> = row.split('|').map(str::trim).collect();
            if head.is_empty() {
                head = row;
            } else if !row[0].starts_with("---") {
                assert_eq!(head.len(), row.len(), "cells of {line}");
                truth.row(head[0], &row);
            }
        }
        truth
    }

    fn row(&mut self, table: &str, row: &[&str]) {
        match (table, row) {
            ("person", [key, email, _]) => _ = self.emails.insert((*key).to_owned(), (*email).to_owned()),
            ("person", [key, written, length, files]) => self.form("PERSON", key, written, length, files),
            ("organisation", [key, written, length, files]) => self.form("ORG", key, written, length, files),
            ("place", [key, written, length, files]) => self.form("LOCATION", key, written, length, files),
            ("type", [kind, from, to, with, said, implied]) => self.relations.push(Stated {
                kind: (*kind).to_owned(),
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                with: (*with).to_owned(),
                said: places(said),
                implied: places(implied),
            }),
            ("file", [file, names]) => {
                let names = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
                self.foreign.insert((*file).to_owned(), names);
            }
            _ => panic!("a table that this test does not know begins with {table}"),
        }
    }

    fn form(&mut self, kind: &'static str, key: &str, written: &str, length: &str, files: &str) {
        assert!(["full", "short"].contains(&length), "{length}");
        let form = Form {
            written: untitled(written.trim_matches('`')).to_owned(),
            full: length == "full",
            files: files.split(", ").map(str::to_owned).collect(),
        };
        match self.things.iter_mut().find(|thing| thing.key == key) {
            Some(thing) => thing.forms.push(form),
            None => self.things.push(Thing { key: key.to_owned(), kind, forms: vec![form] }),
        }
    }

    /// The thing that a mention is of: one of its type if there is one.
    pub fn names(&self, named: &Named) -> Option<&Thing> {
        let is_it = |thing: &&Thing| {
            thing.forms.iter().any(|form| form.written == named.text && form.files.contains(&named.file))
        };
        let mut things: Vec<&Thing> = self.things.iter().filter(is_it).collect();
        things.sort_by_key(|thing| thing.kind != named.kind);
        things.first().copied()
    }
}

fn places(cell: &str) -> BTreeSet<(String, u64)> {
    let place = |place: &str| {
        let (file, page) = place.rsplit_once(' ').expect("a page stands behind the file");
        (file.to_owned(), page.parse().expect("a page is a number"))
    };
    cell.split(", ").filter(|place| !place.is_empty()).map(place).collect()
}
