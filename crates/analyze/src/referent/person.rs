//! Which names of a document mean one person.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Identifier, MentionType};

use super::cluster::{Clusters, MOST_CANDIDATES};
use super::node::Node;
use crate::name::{self, Given};

/// Words of a name whose beginnings and ends are looked up; longer texts are no names.
const MOST_WORDS: usize = 6;

/// Names with the same given name and surname that are compared with one another.
const MOST_MIDDLES: usize = 32;

/// Names with one address that are compared with one another.
const MOST_SHARING: usize = 32;

/// How many times as often as any other one of several must be named for a shorter name to mean it. On GUM asking for
/// no more than the most costs no precision and gains 0.2 of B3; but two people with one surname are told apart by a
/// reader, not by a count.
const FAR_MORE: usize = 2;

type Index<'a> = BTreeMap<Vec<&'a str>, Vec<u32>>;

pub(super) fn join(nodes: &[Node<'_>], clusters: &mut Clusters<'_>) {
    let persons: Vec<u32> =
        (0..nodes.len() as u32).filter(|n| nodes[*n as usize].kind == MentionType::Person).collect();
    same_identifier(nodes, &persons, clusters);
    same_name(nodes, &persons, clusters);
    let is_full = |n: &u32| nodes[*n as usize].words.len() > 1 && !nodes[*n as usize].is_several();
    let full: Vec<u32> = persons.iter().copied().filter(is_full).collect();
    same_ends(nodes, &full, clusters);
    let index = ends(nodes, &full);
    turned(nodes, &full, clusters);
    nicknames(nodes, &full, clusters);
    initials(nodes, &full, clusters);
    // Longer names first, so that `Vogt` finds `Annika Vogt` and `A. Vogt` already as one.
    let mut short = persons;
    offices(nodes, &short, clusters);
    short.sort_by_key(|n| (Reverse(nodes[*n as usize].words.len()), *n));
    for node in short {
        part(node, nodes, &index, clusters);
    }
}

/// Names that are equal, unless several of them are known by identifiers that differ: then no other name is taken for one
/// of them.
fn same_name(nodes: &[Node<'_>], persons: &[u32], clusters: &mut Clusters<'_>) {
    let mut equal: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &node in persons {
        equal.entry(nodes[node as usize].normal).or_default().push(node);
    }
    for same in equal.values().filter(|same| same.len() > 1) {
        let (known, bare): (Vec<u32>, Vec<u32>) =
            same.iter().partition(|n| !nodes[**n as usize].identifiers.is_empty());
        // A single word has a node for each courtesy: `Mr Vogt` and `Mrs Vogt` are two.
        let courtesies: BTreeSet<_> = bare.iter().filter_map(|n| nodes[*n as usize].courtesy).collect();
        if courtesies.len() < 2 {
            bare.windows(2).for_each(|pair| clusters.join(pair[0], pair[1]));
        }
        match (&known[..], &bare[..]) {
            ([first, others @ ..], _) if others.iter().any(|n| clusters.root(*n) != clusters.root(*first)) => {
                known.iter().for_each(|n| clusters.contest(*n));
            }
            ([one, ..], [first, ..]) if courtesies.len() < 2 => clusters.join(*one, *first),
            _ => {}
        }
    }
}

/// Names with one address, where the longer one has all the words of the shorter: `Annika Vogt` and `A. Vogt`.
fn same_identifier(nodes: &[Node<'_>], persons: &[u32], clusters: &mut Clusters<'_>) {
    let mut groups: BTreeMap<&Identifier, Vec<u32>> = BTreeMap::new();
    for &node in persons {
        for identifier in nodes[node as usize].identifiers {
            groups.entry(identifier).or_default().push(node);
        }
    }
    for group in groups.values_mut().filter(|g| g.len() > 1) {
        group.sort_by_key(|n| (Reverse(nodes[*n as usize].words.len()), *n));
        group.truncate(MOST_SHARING);
        for (at, &short) in group.iter().enumerate() {
            let holds = |long: &u32| {
                let (long, short) = (&nodes[*long as usize].words, &nodes[short as usize].words);
                short.iter().all(|w| long.iter().any(|l| same_or_initial(w, l) || is_nickname(w, l)))
            };
            if let Some(&long) = group[..at].iter().find(|long| holds(long)) {
                clusters.join(long, short);
            }
        }
    }
}

fn is_nickname(a: &str, b: &str) -> bool {
    Given::of(a).zip(Given::of(b)).is_some_and(|(a, b)| a.stands_for(b))
}

/// Names with the same given name and surname, unless their middle names differ.
fn same_ends(nodes: &[Node<'_>], full: &[u32], clusters: &mut Clusters<'_>) {
    let mut groups: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    for &node in full {
        let words = &nodes[node as usize].words;
        groups.entry((words[0], words[words.len() - 1])).or_default().push(node);
    }
    for group in groups.values().filter(|g| g.len() > 1) {
        let group = &group[..group.len().min(MOST_MIDDLES)];
        let differ = |a: u32, b: u32| {
            let middle = |n: u32| &nodes[n as usize].words[1..nodes[n as usize].words.len() - 1];
            let (a, b) = (middle(a), middle(b));
            !a.is_empty() && !b.is_empty() && !a.iter().zip(b).all(|(x, y)| same_or_initial(x, y))
        };
        let apart = group.iter().enumerate().any(|(i, &a)| group[i + 1..].iter().any(|&b| differ(a, b)));
        for (i, &a) in group.iter().enumerate() {
            for &b in &group[i + 1..] {
                let has_middle = |n: u32| nodes[n as usize].words.len() > 2;
                // Where middle names differ, the name without one is nobody's.
                if !differ(a, b) && (!apart || has_middle(a) == has_middle(b)) {
                    clusters.join(a, b);
                }
            }
        }
    }
}

fn same_or_initial(a: &str, b: &str) -> bool {
    a == b || is_initial(a, b) || is_initial(b, a)
}

fn is_initial(short: &str, long: &str) -> bool {
    short.chars().count() == 1 && long.starts_with(short)
}

/// The names by their beginnings and ends, themselves not among them.
struct Ends<'a> {
    last: Index<'a>,
    first: Index<'a>,
}

fn ends<'a>(nodes: &[Node<'a>], full: &[u32]) -> Ends<'a> {
    let mut ends = Ends { last: Index::new(), first: Index::new() };
    for &node in full {
        let words = &nodes[node as usize].words;
        for n in 1..words.len().min(MOST_WORDS) {
            ends.last.entry(words[words.len() - n..].to_vec()).or_default().push(node);
            ends.first.entry(words[..n].to_vec()).or_default().push(node);
        }
    }
    ends
}

/// `Higuchi Ichiyo` and `Ichiyo Higuchi`; `Thomas James` and `James Thomas` are two.
fn turned(nodes: &[Node<'_>], full: &[u32], clusters: &mut Clusters<'_>) {
    let mut pairs: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for &node in full {
        if let [a, b] = nodes[node as usize].words[..] {
            pairs.entry((a, b)).or_insert(node);
        }
    }
    for (&(a, b), &node) in &pairs {
        let given = Given::of(a).is_some() && Given::of(b).is_some();
        if let Some(&other) = pairs.get(&(b, a)).filter(|_| a < b && !given) {
            clusters.join(node, other);
        }
    }
}

/// `President` alone: the one who is called so with the name.
fn offices(nodes: &[Node<'_>], persons: &[u32], clusters: &mut Clusters<'_>) {
    let mut holders: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &node in persons {
        for &title in &nodes[node as usize].titles {
            holders.entry(title).or_default().push(node);
        }
    }
    for &node in persons {
        let [word] = nodes[node as usize].words[..] else { continue };
        let Some(fits) = holders.get(word).filter(|_| name::is_title(word)) else { continue };
        if let Ok(root) = clusters.only(node, fits) {
            clusters.join(node, root);
        }
    }
}

/// `Bob Vogt` and `Robert Vogt`.
fn nicknames(nodes: &[Node<'_>], full: &[u32], clusters: &mut Clusters<'_>) {
    let mut known: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for &node in full {
        let words = &nodes[node as usize].words;
        known.entry((words[0], words[words.len() - 1])).or_insert(node);
    }
    for &node in full {
        let words = &nodes[node as usize].words;
        let Some(given) = Given::of(words[0]) else { continue };
        let fits: Vec<u32> =
            given.others().iter().filter_map(|g| known.get(&(g.name(), words[words.len() - 1])).copied()).collect();
        if let Ok(root) = clusters.only(node, &fits) {
            clusters.join(node, root);
        }
    }
}

/// `A. Vogt` and `Annika Vogt`, `A. B. Vogt` too.
fn initials(nodes: &[Node<'_>], full: &[u32], clusters: &mut Clusters<'_>) {
    let mut by_initial: BTreeMap<(char, &str), Vec<u32>> = BTreeMap::new();
    let is_short = |node: u32| nodes[node as usize].words[0].chars().count() == 1;
    for &node in full.iter().filter(|n| !is_short(**n)) {
        let words = &nodes[node as usize].words;
        by_initial.entry((first_letter(words[0]), words[words.len() - 1])).or_default().push(node);
    }
    for &node in full.iter().filter(|n| is_short(**n)) {
        let words = &nodes[node as usize].words;
        let Some(fits) = by_initial.get(&(first_letter(words[0]), words[words.len() - 1])) else { continue };
        if let Ok(root) = clusters.only(node, fits) {
            clusters.join(node, root);
        }
    }
}

fn first_letter(word: &str) -> char {
    word.chars().next().unwrap_or_default()
}

/// A surname or given name alone, or the part of a longer name: the one that it is a part of. Where it may be several,
/// the one that is named most often before it.
fn part(node: u32, nodes: &[Node<'_>], ends: &Ends<'_>, clusters: &mut Clusters<'_>) {
    let words = &nodes[node as usize].words;
    if words.len() >= MOST_WORDS || nodes[node as usize].is_several() {
        return;
    }
    // One more than is looked at tells that there are too many.
    let few = |fits: &mut dyn Iterator<Item = &u32>| fits.take(MOST_CANDIDATES + 1).copied().collect::<Vec<u32>>();
    let fits = match (ends.last.get(words).or_else(|| ends.first.get(words)), &words[..]) {
        (Some(fits), _) => few(&mut fits.iter()),
        (None, [word]) => {
            let others = Given::of(word).map_or(&[][..], |given| given.others());
            few(&mut others.iter().filter_map(|g| ends.first.get(&vec![g.name()])).flatten())
        }
        _ => return,
    };
    match clusters.only(node, &fits) {
        Ok(root) => clusters.join(node, root),
        Err(roots) if roots.len() > 1 => {
            let titles = &nodes[node as usize].titles;
            let bears = |f: &u32| nodes[*f as usize].titles.iter().any(|t| titles.contains(t));
            let titled: Vec<u32> = fits.iter().copied().filter(bears).collect();
            if let Ok(root) = clusters.only(node, &titled) {
                return clusters.join(node, root);
            }
            if let Some(root) = meant_most(nodes[node as usize].items[0], &fits, nodes, clusters) {
                clusters.join(node, root);
            }
        }
        Err(_) => {}
    }
}

/// Of several clusters the one that is named before a place, and far more often than any other.
fn meant_most(place: u32, fits: &[u32], nodes: &[Node<'_>], clusters: &mut Clusters<'_>) -> Option<u32> {
    let mut counts: BTreeMap<u32, (usize, u32)> = BTreeMap::new();
    for &fit in fits.iter().take(MOST_CANDIDATES).filter(|f| !clusters.is_contested(**f)).collect::<Vec<_>>() {
        let items = &nodes[fit as usize].items;
        let (count, first) = counts.entry(clusters.root(fit)).or_insert((0, u32::MAX));
        *count += items.len();
        *first = items[0].min(*first);
    }
    let mut ranked: Vec<(usize, u32, u32)> =
        counts.into_iter().map(|(root, (count, first))| (count, first, root)).collect();
    ranked.sort_by_key(|(count, first, _)| (Reverse(*count), *first));
    match ranked[..] {
        [(most, first, root), (second, ..), ..] if first <= place && most >= FAR_MORE * second => Some(root),
        _ => None,
    }
}
