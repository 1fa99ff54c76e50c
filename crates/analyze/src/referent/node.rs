//! The distinct names of a document: what is clustered.

use std::collections::BTreeMap;

use docmill_model::{Identifier, MentionType};

use crate::name::{self, Courtesy};

/// A mention as clustering sees it.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub kind: MentionType,
    pub normal: &'a str,
    pub identifiers: &'a [Identifier],
    /// Titles in front of the person's name, folded.
    pub titles: &'a [String],
    /// Whether it is written as an abbreviation: in capitals.
    pub capitals: bool,
}

/// A name as a document has it, with all its places.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub kind: MentionType,
    pub normal: &'a str,
    /// Words that are compared: of persons without titles of rank and generation, of organisations without legal form.
    pub words: Vec<&'a str>,
    pub identifiers: &'a [Identifier],
    pub courtesy: Option<Courtesy>,
    /// Sorted.
    pub titles: Vec<&'a str>,
    pub generation: Option<&'a str>,
    /// The canonical word of the legal form.
    pub form: Option<&'a str>,
    pub capitals: bool,
    /// Places of its items, in order; never empty.
    pub items: Vec<u32>,
}

/// Ranks that are no part of the name by which the rest of a document calls their bearer.
const RANKS: &[&str] =
    &["king", "queen", "prince", "princess", "pope", "saint", "emperor", "empress", "the", "young", "old"];

/// What a place is called in front of its name.
const STATES: &[&str] = &["city", "commonwealth", "kingdom", "province", "republic", "state", "town"];

/// Groups items that are the same by what is said of them, in the order of their first places.
pub(super) fn nodes<'a>(items: &[Item<'a>]) -> Vec<Node<'a>> {
    type Key<'a> = (MentionType, &'a str, &'a [Identifier], Option<Courtesy>);
    let mut places: BTreeMap<Key<'a>, u32> = BTreeMap::new();
    let mut nodes: Vec<Node<'a>> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let single = item.kind == MentionType::Person && !item.normal.contains(' ');
        let courtesy = item.titles.iter().find_map(|t| name::courtesy(t));
        let key = (item.kind, item.normal, item.identifiers, courtesy.filter(|_| single));
        let index = *places.entry(key).or_insert_with(|| {
            nodes.push(node(item));
            nodes.len() as u32 - 1
        });
        let node = &mut nodes[index as usize];
        node.items.push(at as u32);
        node.courtesy = node.courtesy.or(courtesy);
        for title in item.titles {
            if let Err(place) = node.titles.binary_search(&title.as_str()) {
                node.titles.insert(place, title);
            }
        }
        node.capitals |= item.capitals;
    }
    nodes
}

fn node<'a>(item: &Item<'a>) -> Node<'a> {
    let mut words: Vec<&str> = item.normal.split(' ').filter(|w| !w.is_empty()).collect();
    let (mut generation, mut form) = (None, None);
    if words.len() > 1 {
        let last = words[words.len() - 1];
        match item.kind {
            MentionType::Person if name::GENERATIONS.binary_search(&last).is_ok() => generation = words.pop(),
            MentionType::Org if name::canonical(last).is_some() => form = words.pop(),
            _ => {}
        }
    }
    match item.kind {
        MentionType::Person => {
            while words.len() > 1 && RANKS.contains(&words[0]) {
                words.remove(0);
            }
            // `Patrick Gordon of Auchleuchries`
            if let Some(of) = words.iter().position(|w| *w == "of").filter(|of| *of > 0) {
                words.truncate(of);
            }
        }
        _ => {
            // `Republic of Albania`
            if let [first, "of", _, ..] = words[..]
                && STATES.contains(&first)
            {
                words.drain(..2);
            }
        }
    }
    Node {
        kind: item.kind,
        normal: item.normal,
        words,
        identifiers: item.identifiers,
        courtesy: None,
        titles: Vec::new(),
        generation,
        form,
        capitals: item.capitals,
        items: Vec::new(),
    }
}

impl Node<'_> {
    /// Whether it is a single word or an office: what a document calls someone whom it does not name in full.
    pub(super) fn is_bare(&self) -> bool {
        self.words.len() < 2 || self.words.iter().all(|w| name::is_title(w))
    }

    /// Whether it names several persons at once: `Carrano and Biewener`.
    pub(super) fn is_several(&self) -> bool {
        self.words.iter().any(|w| name::is_conjunction(w))
    }
}
