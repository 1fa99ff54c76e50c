//! Dijkstra's algorithm from both ends, as a machine: it says whose links it needs next and is told them.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BinaryHeap};

use docmill_model::{EntityId, RelationType};

/// A link of an entity to another one. Ordered by what it costs, then by kind and end, so that equally good ways
/// are decided the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    pub cost: u32,
    pub kind: RelationType,
    pub to: EntityId,
}

/// How an entity was reached: what the way costs, the entity before it and the link from there.
#[derive(Clone, Copy, Debug)]
struct Reached {
    cost: u32,
    before: Option<(EntityId, RelationType)>,
    done: bool,
}

/// What is known from one end.
struct Side {
    reached: BTreeMap<EntityId, Reached>,
    /// Those that may come next, the nearest on top; outdated entries are passed over.
    queue: BinaryHeap<Reverse<(u32, EntityId)>>,
}

impl Side {
    fn new(start: EntityId) -> Self {
        let reached = BTreeMap::from([(start, Reached { cost: 0, before: None, done: false })]);
        Self { reached, queue: BinaryHeap::from([Reverse((0, start))]) }
    }

    /// The nearest entity whose links are not known yet.
    fn nearest(&mut self) -> Option<(u32, EntityId)> {
        while let Some(Reverse((cost, id))) = self.queue.peek().copied() {
            if self.reached.get(&id).is_some_and(|r| !r.done && r.cost == cost) {
                return Some((cost, id));
            }
            self.queue.pop();
        }
        None
    }
}

pub(super) struct Search {
    sides: [Side; 2],
    /// What the best way costs that is known, and where its two halves meet.
    best: Option<(u32, EntityId)>,
    /// The side whose nearest entity was asked for last.
    turn: usize,
}

impl Search {
    pub(super) fn new(from: EntityId, to: EntityId) -> Self {
        Self { sides: [Side::new(from), Side::new(to)], best: (from == to).then_some((0, from)), turn: 0 }
    }

    /// The entity whose links are needed next; `None` when no better way is to be found.
    pub(super) fn next(&mut self) -> Option<EntityId> {
        let [here, there] = &mut self.sides;
        // A side that has nothing left has seen all that it can reach.
        let (here, there) = (here.nearest()?, there.nearest()?);
        if self.best.is_some_and(|(best, _)| best <= here.0.saturating_add(there.0)) {
            return None;
        }
        self.turn = usize::from(there.0 < here.0);
        Some(if self.turn == 0 { here.1 } else { there.1 })
    }

    /// Takes the links of the entity that was asked for.
    pub(super) fn follow(&mut self, id: EntityId, links: &[Link]) {
        let [first, second] = &mut self.sides;
        let (here, there) = if self.turn == 0 { (first, second) } else { (second, first) };
        let Some(reached) = here.reached.get_mut(&id) else { return };
        reached.done = true;
        let so_far = reached.cost;
        for link in links {
            let cost = so_far.saturating_add(link.cost);
            let new = Reached { cost, before: Some((id, link.kind)), done: false };
            match here.reached.entry(link.to) {
                Entry::Occupied(old) if old.get().cost <= cost => continue,
                Entry::Occupied(mut old) => _ = old.insert(new),
                Entry::Vacant(place) => _ = place.insert(new),
            }
            here.queue.push(Reverse((cost, link.to)));
            if let Some(other) = there.reached.get(&link.to) {
                let whole = (cost.saturating_add(other.cost), link.to);
                self.best = Some(self.best.map_or(whole, |best| best.min(whole)));
            }
        }
    }

    /// The best way that is known: each step's start, and its link.
    pub(super) fn way(&self) -> Option<Vec<(EntityId, Link)>> {
        let (_, meeting) = self.best?;
        let [first, second] = &self.sides;
        let mut steps = Vec::new();
        let mut at = meeting;
        while let Some((before, kind)) = first.reached.get(&at)?.before {
            steps.push((before, Link { cost: 0, kind, to: at }));
            at = before;
        }
        steps.reverse();
        at = meeting;
        while let Some((next, kind)) = second.reached.get(&at)?.before {
            steps.push((at, Link { cost: 0, kind, to: next }));
            at = next;
        }
        Some(steps)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u32) -> EntityId {
        EntityId(Uuid::from_u128(number.into()))
    }

    /// Runs a search over undirected edges (one end, other end, cost). Gives the way's entities and its cost.
    fn search(edges: &[(u32, u32, u32)], from: u32, to: u32) -> Option<(Vec<u32>, u32)> {
        let mut search = Search::new(id(from), id(to));
        while let Some(next) = search.next() {
            let of = |&(a, b, cost): &(u32, u32, u32)| {
                let to = if id(a) == next {
                    b
                } else if id(b) == next {
                    a
                } else {
                    return None;
                };
                Some(Link { cost, kind: RelationType::Paid, to: id(to) })
            };
            let links: Vec<Link> = edges.iter().filter_map(of).collect();
            search.follow(next, &links);
        }
        let steps = search.way()?;
        let mut way = vec![from];
        let mut cost = 0;
        for (start, link) in steps {
            assert_eq!(id(way[way.len() - 1]), start, "each step starts where the one before ends");
            let to = link.to.0.as_u128() as u32;
            let fits = |&&(a, b, _): &&(u32, u32, u32)| {
                (id(a), id(b)) == (start, link.to) || (id(b), id(a)) == (start, link.to)
            };
            cost += edges.iter().filter(fits).map(|e| e.2).min().unwrap();
            way.push(to);
        }
        Some((way, cost))
    }

    #[test]
    fn the_cheapest_way_is_found_from_both_ends() {
        let check = |edges: &[(u32, u32, u32)], expected: Option<(&[u32], u32)>| {
            assert_eq!(search(edges, 0, 9), expected.map(|(way, cost)| (way.to_vec(), cost)), "{edges:?}");
        };
        check(&[], None);
        check(&[(0, 9, 300)], Some((&[0, 9], 300)));
        check(&[(0, 9, 300), (0, 1, 100), (1, 9, 100)], Some((&[0, 1, 9], 200)));
        check(&[(0, 1, 100), (2, 9, 100)], None);
        // Where the halves first meet is not where the best way leads.
        check(&[(0, 1, 5), (1, 9, 5), (0, 2, 4), (2, 3, 1), (3, 9, 4)], Some((&[0, 2, 3, 9], 9)));
    }

    #[test]
    fn the_way_to_oneself_is_empty() {
        assert_eq!(search(&[(0, 1, 1)], 0, 0), Some((vec![0], 0)));
    }

    fn exhaustive(edges: &[(u32, u32, u32)], from: u32, to: u32) -> Option<u32> {
        let mut costs = BTreeMap::from([(from, 0)]);
        for _ in 0..8 {
            for &(a, b, cost) in edges {
                for (a, b) in [(a, b), (b, a)] {
                    if let Some(so_far) = costs.get(&a).copied() {
                        let new = so_far + cost;
                        let old = costs.entry(b).or_insert(new);
                        *old = new.min(*old);
                    }
                }
            }
        }
        costs.get(&to).copied()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_way_is_cheaper(edges in prop::collection::vec((0u32..8, 0u32..8, 1u32..9), 0..20)) {
            let found = search(&edges, 0, 7).map(|(_, cost)| cost);
            prop_assert_eq!(found, exhaustive(&edges, 0, 7));
        }
    }
}
