//! Unions inside one component, in a total order: what people decided, newest first, then the most alike.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use docmill_model::{Action, Component, DecisionId, Link, ProfileId, Ruling};

use super::Group;
use crate::pair::{self, Prepared, reason};

/// The word for a union that a person decided on, or forbade.
const DECISION: &str = "decision";
/// The word for a union that would have made its component too large.
const SIZE: &str = "size";
/// Members of a component, a bit for each place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn of(size: usize, places: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::new(size);
        places.into_iter().for_each(|place| set.insert(place));
        set
    }

    fn insert(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    fn contains(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|place| self.contains(*place))
    }
}

/// When something was decided: what was decided at one moment is told apart by its ids.
type Turn = (i64, DecisionId);

fn turn(ruling: &Ruling) -> Turn {
    (ruling.at_ms, ruling.decision)
}

/// Two sides that a person holds apart.
struct Apart {
    turn: Turn,
    sides: [Set; 2],
}

/// Profiles on their way to becoming one, and what stands against it.
#[derive(Clone)]
struct Cluster {
    members: Set,
    /// Whom no member may be one with.
    conflicts: Set,
}

/// A union that took place.
struct Union {
    ends: [usize; 2],
    reasons: Vec<String>,
    score: u16,
}

pub(super) struct Clusters<'a> {
    component: &'a Component,
    prepared: Vec<Prepared>,
    /// For each place the place under which its cluster is kept.
    home: Vec<usize>,
    clusters: Vec<Cluster>,
    apart: Vec<Apart>,
    unions: Vec<Union>,
}

impl<'a> Clusters<'a> {
    pub(super) fn new(component: &'a Component) -> Self {
        let size = component.profiles.len();
        let side = |ids: &[ProfileId]| Set::of(size, ids.iter().filter_map(|id| place(component, *id)));
        let different = component.rulings.iter().filter(|r| r.action == Action::Different);
        let mut clusters = Self {
            component,
            prepared: component.profiles.iter().map(|p| Prepared::new(&p.key)).collect(),
            home: (0..size).collect(),
            clusters: (0..size).map(|p| Cluster { members: Set::of(size, [p]), conflicts: Set::new(size) }).collect(),
            apart: different.map(|r| Apart { turn: turn(r), sides: [side(&r.a), side(&r.b)] }).collect(),
            unions: Vec::new(),
        };
        if component.links.iter().any(|link| joins(component, link)) {
            clusters.find_conflicts();
        }
        clusters
    }

    fn find_conflicts(&mut self) {
        for a in 0..self.prepared.len() {
            for b in 0..a {
                if self.conflict(a, b).is_some() {
                    self.clusters[a].conflicts.insert(b);
                    self.clusters[b].conflicts.insert(a);
                }
            }
        }
    }

    /// Why two profiles are never one thing, whatever lies between them.
    fn conflict(&self, a: usize, b: usize) -> Option<&'static str> {
        pair::veto(&self.prepared[a], &self.prepared[b])
    }

    /// Joins what people decided to be the same, the newest decision first. Nothing but a newer decision stands
    /// against it.
    pub(super) fn follow_decisions(&mut self) {
        let component = self.component;
        let mut same: Vec<&Ruling> = component.rulings.iter().filter(|r| r.action == Action::Same).collect();
        same.sort_by_key(|r| Reverse(turn(r)));
        for ruling in same {
            let anchored = ruling.a.iter().chain(&ruling.b);
            let mut places: Vec<usize> = anchored.filter_map(|id| place(component, *id)).collect();
            places.sort_unstable();
            let Some((first, others)) = places.split_first() else { continue };
            for &other in others {
                let ends = [*first, other];
                if self.are_two(ends) && !self.are_held_apart(ends, Some(turn(ruling))) {
                    self.unite(Union { ends, reasons: vec![DECISION.to_owned()], score: 1000 });
                }
            }
        }
    }

    /// Joins by links, the most alike first; of equally alike ones those in more documents, so that a bare name that
    /// fits two goes to the one that is spoken of more. A surname that only its case joins to two goes to neither. Returns for each link of the component why it was refused.
    pub(super) fn join_links(&mut self) -> Vec<Option<String>> {
        let component = self.component;
        let mut turns: Vec<(usize, &Link, [usize; 2])> = Vec::new();
        let mut refused = vec![None; component.links.len()];
        for (at, link) in component.links.iter().enumerate() {
            if link.veto.is_some() || link.score < pair::MERGE {
                continue;
            }
            match ends(component, link) {
                Some(ends) if link.score >= component.threshold => turns.push((at, link, ends)),
                _ => refused[at] = Some(SIZE.to_owned()),
            }
        }
        let documents = |ends: &[usize; 2]| {
            let [a, b] = ends.map(|place| u64::from(component.profiles[place].documents));
            a + b
        };
        turns.sort_by_key(|(_, link, ends)| (Reverse(link.score), Reverse(documents(ends)), link.a, link.b));
        let ambiguous = self.ambiguous(turns.iter().map(|(_, link, ends)| (*link, *ends)));
        for (at, link, ends) in turns {
            if self.are_two(ends) {
                refused[at] = match is_by_case(link) && ends.iter().any(|place| ambiguous.contains(*place)) {
                    true => Some(reason::AMBIGUOUS.to_owned()),
                    false => self.refusal(ends),
                };
                if refused[at].is_none() {
                    self.unite(Union { ends, reasons: link.reasons.clone(), score: link.score });
                }
            }
        }
        // What came together later, in another way, was not refused.
        for (why, link) in refused.iter_mut().zip(&component.links) {
            if why.is_some() && ends(component, link).is_some_and(|ends| !self.are_two(ends)) {
                *why = None;
            }
        }
        refused
    }

    /// The surnames alone that fit two persons of their case who are not one: they belong to neither.
    fn ambiguous(&self, links: impl Iterator<Item = (&'a Link, [usize; 2])>) -> Set {
        let is_bare = |place: usize| !self.component.profiles[place].key.normal.contains(' ');
        let mut fits: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (_, [a, b]) in links.filter(|(link, _)| is_by_case(link)) {
            match [is_bare(a), is_bare(b)] {
                [true, false] => fits.entry(a).or_default().push(b),
                [false, true] => fits.entry(b).or_default().push(a),
                _ => {}
            }
        }
        let cluster = |place: usize| &self.clusters[self.home[place]];
        let is_torn = |(bare, fits): &(usize, Vec<usize>)| {
            let is_free = |fit: &usize| !self.are_held_apart([*bare, *fit], None);
            let fits: Vec<usize> = fits.iter().copied().filter(is_free).collect();
            let contradicts = |a: usize, b: usize| cluster(a).conflicts.meets(&cluster(b).members);
            fits.iter().enumerate().any(|(at, a)| fits[at + 1..].iter().any(|b| contradicts(*a, *b)))
        };
        Set::of(self.home.len(), fits.into_iter().filter(is_torn).map(|(bare, _)| bare))
    }

    fn refusal(&self, ends: [usize; 2]) -> Option<String> {
        if self.are_held_apart(ends, None) {
            return Some(DECISION.to_owned());
        }
        let [a, b] = ends.map(|place| &self.clusters[self.home[place]]);
        if !a.conflicts.meets(&b.members) {
            return None;
        }
        let mut pairs = a.members.places().flat_map(|a| b.members.places().map(move |b| (a, b)));
        pairs.find_map(|(a, b)| self.conflict(a.min(b), a.max(b))).map(str::to_owned)
    }

    fn are_two(&self, [a, b]: [usize; 2]) -> bool {
        self.home[a] != self.home[b]
    }

    /// Whether a decision holds the clusters of two members apart; with a turn, whether one does that is newer.
    fn are_held_apart(&self, ends: [usize; 2], since: Option<Turn>) -> bool {
        let [a, b] = ends.map(|place| &self.clusters[self.home[place]].members);
        self.apart.iter().filter(|apart| since.is_none_or(|since| apart.turn > since)).any(|apart| {
            let [one, other] = &apart.sides;
            a.meets(one) && b.meets(other) || a.meets(other) && b.meets(one)
        })
    }

    fn unite(&mut self, union: Union) {
        let [a, b] = union.ends.map(|place| self.home[place]);
        let taken = self.clusters[b].clone();
        for place in taken.members.places() {
            self.home[place] = a;
        }
        self.clusters[a].members.add(&taken.members);
        self.clusters[a].conflicts.add(&taken.conflicts);
        self.unions.push(union);
    }

    /// The clusters, each with what brought its members in: the unions lead like a tree from the profile with the
    /// least referent to all others.
    pub(super) fn groups(&self) -> Vec<Group<'a>> {
        let mut neighbours: BTreeMap<usize, Vec<(usize, &Union)>> = BTreeMap::new();
        for union in &self.unions {
            let [a, b] = union.ends;
            neighbours.entry(a).or_default().push((b, union));
            neighbours.entry(b).or_default().push((a, union));
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, home) in self.home.iter().enumerate() {
            groups.entry(*home).or_default().push(place);
        }
        let profile = |place: usize| &self.component.profiles[place];
        let group = |places: Vec<usize>| {
            let mut joined: BTreeMap<ProfileId, (Vec<String>, u16)> = BTreeMap::new();
            let root = places.iter().copied().min_by_key(|place| (profile(*place).least, profile(*place).id));
            let mut queue: VecDeque<(usize, Option<usize>)> = root.map(|root| (root, None)).into_iter().collect();
            while let Some((place, from)) = queue.pop_front() {
                for (next, union) in neighbours.get(&place).into_iter().flatten() {
                    if Some(*next) != from {
                        joined.insert(profile(*next).id, (union.reasons.clone(), union.score));
                        queue.push_back((*next, Some(place)));
                    }
                }
            }
            Group { profiles: places.into_iter().map(profile).collect(), joined }
        };
        groups.into_values().map(group).collect()
    }
}

fn place(component: &Component, id: ProfileId) -> Option<usize> {
    component.profiles.binary_search_by_key(&id, |p| p.id).ok()
}

fn ends(component: &Component, link: &Link) -> Option<[usize; 2]> {
    Some([place(component, link.a)?, place(component, link.b)?])
}

/// Whether it joins a surname alone by the case.
fn is_by_case(link: &Link) -> bool {
    link.reasons.iter().any(|word| word == reason::SAME_CASE)
}

fn joins(component: &Component, link: &Link) -> bool {
    link.veto.is_none() && link.score >= component.threshold && ends(component, link).is_some()
}
