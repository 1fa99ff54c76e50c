//! Which names of a document mean one organisation or place.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::MentionType;

use super::cluster::Clusters;
use super::node::Node;

/// Words of a name whose beginnings are looked up.
const MOST_WORDS: usize = 12;

/// Words with which many names begin: alone they are short for none of them. Sorted.
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "academy", "american", "bank", "board", "center", "central", "church", "city", "college", "committee", "congress",
    "convention", "council", "county", "court", "department", "east", "federal", "first", "general", "global", "great",
    "house", "institute", "international", "library", "ministry", "museum", "national", "nations", "new", "north",
    "office", "party", "press", "royal", "saint", "school", "senate", "society", "south", "state", "supreme", "union",
    "united", "university", "west", "world",
];

const LINKS: [&str; 8] = ["of", "and", "the", "for", "in", "on", "to", "at"];

pub(super) fn join(nodes: &[Node<'_>], clusters: &mut Clusters<'_>) {
    for kind in [MentionType::Org, MentionType::Location] {
        let all: Vec<u32> = (0..nodes.len() as u32).filter(|n| nodes[*n as usize].kind == kind).collect();
        same_words(nodes, &all, clusters);
        acronyms(nodes, &all, clusters);
        if kind == MentionType::Org {
            beginnings(nodes, &all, clusters);
        }
    }
}

/// Names that differ at most in their legal form, where one of them leaves it out.
fn same_words(nodes: &[Node<'_>], all: &[u32], clusters: &mut Clusters<'_>) {
    let mut equal: BTreeMap<&[&str], Vec<u32>> = BTreeMap::new();
    for &node in all {
        equal.entry(&nodes[node as usize].words).or_default().push(node);
    }
    for same in equal.values().filter(|same| same.len() > 1) {
        let forms: BTreeSet<&str> = same.iter().filter_map(|n| nodes[*n as usize].form).collect();
        for (at, &node) in same.iter().enumerate() {
            // Where there are two companies, the bare name is neither's.
            let earlier = same[..at].iter().find(|other| {
                let (a, b) = (nodes[node as usize].form, nodes[**other as usize].form);
                a == b || forms.len() == 1
            });
            if let Some(&earlier) = earlier {
                clusters.join(node, earlier);
            }
        }
    }
}

/// `HPMN` and `Harrow Point Museum of Navigation`.
fn acronyms(nodes: &[Node<'_>], all: &[u32], clusters: &mut Clusters<'_>) {
    let mut long: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for &node in all.iter().filter(|n| (2..=MOST_WORDS).contains(&nodes[**n as usize].words.len())) {
        let words = &nodes[node as usize].words;
        let first = |w: &&&str| w.chars().next();
        let every: String = words.iter().filter_map(|w| first(&w)).collect();
        let content: String = words.iter().filter(|w| !LINKS.contains(w)).filter_map(|w| first(&w)).collect();
        for initials in BTreeSet::from([every, content]) {
            if initials.len() > 1 {
                long.entry(initials).or_default().push(node);
            }
        }
    }
    for &node in all {
        let Node { words, capitals: true, .. } = &nodes[node as usize] else { continue };
        let [word] = words[..] else { continue };
        if let Some(Ok(root)) = long.get(word).map(|fits| clusters.only(node, fits)) {
            clusters.join(node, root);
        }
    }
}

/// `Pellworm & Stagg` and `Pellworm & Stagg Underwriting Ltd`. A place is not short for the bodies that are named after
/// it: `United States` and `United States Department of State`.
fn beginnings(nodes: &[Node<'_>], all: &[u32], clusters: &mut Clusters<'_>) {
    let places: BTreeSet<&[&str]> =
        nodes.iter().filter(|n| n.kind == MentionType::Location).map(|n| &n.words[..]).collect();
    let mut long: BTreeMap<&[&str], Vec<u32>> = BTreeMap::new();
    for &node in all {
        let words = &nodes[node as usize].words;
        // Of `Berkeley 's Department` Berkeley is the owner.
        for n in (1..words.len().min(MOST_WORDS)).filter(|n| words[*n] != "s") {
            long.entry(&words[..n]).or_default().push(node);
        }
    }
    for &node in all {
        let words = &nodes[node as usize].words[..];
        if says_little(words) || places.contains(words) {
            continue;
        }
        if let Some(Ok(root)) = long.get(words).map(|fits| clusters.only(node, fits)) {
            clusters.join(node, root);
        }
    }
}

fn says_little(words: &[&str]) -> bool {
    match words {
        [] | ["united", "states" | "kingdom" | "nations"] => true,
        [word] => word.len() <= 3 || GENERIC.binary_search(word).is_ok(),
        [.., last] => LINKS.contains(last),
    }
}
