//! The way between two entities over what relates them.

mod search;

use std::ops::ControlFlow;

use docmill_model::{EntityId, RelationType};
use docmill_store::{RelationQuery, Store};

use self::search::{Link, Search};
use crate::relations::{self, EntityRelation};

/// Entities whose relations are looked at: a few seconds on a laptop.
const ENTITIES: u32 = 5_000;
/// Relations that are looked at altogether, as some entities have very many.
const RELATIONS: u64 = 2_000_000;
/// Relations of one entity that are followed, the best ones. An entity with more stands beside nearly everything, and a
/// way over one of its weakest relations tells nothing.
const FOLLOWED: usize = 1_000;
/// Places that are given as the evidence of each step.
const EVIDENCE: usize = 3;

/// What a step costs. Three steps over what a pattern or a header says cost as much as one over two names that stand
/// in one sentence once (100 to 300); the more often they do, the nearer its cost comes to 120.
const TYPED: u32 = 100;
const TOGETHER: u32 = 120;
const TOGETHER_ONCE: u32 = 180;

/// A step of a way, which may go against the direction of its relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub from: EntityId,
    pub to: EntityId,
    pub relation: EntityRelation,
}

/// How far a search went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Entities whose relations were followed.
    pub entities: u32,
    pub relations: u64,
    /// Whether nothing within reach was left out.
    pub everything: bool,
}

/// The best way between two entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// `None` where there is none as far as was looked; empty from an entity to itself.
    pub steps: Option<Vec<Step>>,
    pub looked: Looked,
}

/// Looks for the best way from one entity to another from both of its ends, whatever the direction of the relations:
/// few steps, rather over typed relations than over sentences, rather over many sentences than over one. The fold
/// must be up to date.
pub async fn way(store: &dyn Store, from: EntityId, to: EntityId) -> Result<Way, docmill_store::Error> {
    let mut search = Search::new(from, to);
    let mut looked = Looked { everything: true, ..Looked::default() };
    while let Some(next) = search.next() {
        if looked.entities >= ENTITIES || looked.relations >= RELATIONS {
            looked.everything = false;
            break;
        }
        let mut links = Links::default();
        let query = RelationQuery { of: Some(next), typed: false };
        // Not as `relations` sums them up: strength would be worked out anew for each entity.
        store
            .relation_rows(query, &mut |row| {
                links.offer(if row.from == next { row.to } else { row.from }, row.kind);
                ControlFlow::Continue(())
            })
            .await?;
        let (seen, best) = links.best();
        looked.entities += 1;
        looked.relations += seen;
        looked.everything &= seen <= FOLLOWED as u64;
        search.follow(next, &best);
    }
    let Some(links) = search.way() else { return Ok(Way { steps: None, looked }) };
    let mut steps = Vec::new();
    for (from, link) in links {
        if let Some(relation) = between(store, from, link).await? {
            steps.push(Step { from, to: link.to, relation });
        }
    }
    Ok(Way { steps: Some(steps), looked })
}

/// The relation of a step with its evidence.
async fn between(
    store: &dyn Store,
    from: EntityId,
    link: Link,
) -> Result<Option<EntityRelation>, docmill_store::Error> {
    let mut found = None;
    let query = RelationQuery { of: Some(from), typed: link.kind != RelationType::CoMentioned };
    relations::each(store, query, EVIDENCE, &mut |relation| {
        let other = if relation.from == from { relation.to } else { relation.from };
        if (other, relation.kind) != (link.to, link.kind) {
            return ControlFlow::Continue(());
        }
        found = Some(relation);
        ControlFlow::Break(())
    })
    .await?;
    Ok(found)
}

/// The best links of one entity.
#[derive(Default)]
struct Links {
    seen: u64,
    links: Vec<Link>,
    /// The relation whose places are coming by: they are neighbours.
    open: Option<(EntityId, RelationType, u32)>,
}

impl Links {
    fn offer(&mut self, to: EntityId, kind: RelationType) {
        match &mut self.open {
            Some((last, of, places)) if (*last, *of) == (to, kind) => *places = places.saturating_add(1),
            _ => {
                self.close();
                self.open = Some((to, kind, 1));
            }
        }
    }

    fn close(&mut self) {
        let Some((to, kind, places)) = self.open.take() else { return };
        self.seen += 1;
        self.links.push(Link { cost: cost(kind, places), kind, to });
        // Sorted when twice as many are held: each costs a few comparisons.
        if self.links.len() > 2 * FOLLOWED {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.links.sort_unstable();
        self.links.truncate(FOLLOWED);
    }

    /// How many there are, and the best of them.
    fn best(mut self) -> (u64, Vec<Link>) {
        self.close();
        self.cut();
        (self.seen, self.links)
    }
}

fn cost(kind: RelationType, places: u32) -> u32 {
    match kind {
        RelationType::CoMentioned => TOGETHER + TOGETHER_ONCE / places.max(1),
        _ => TYPED,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn places_of_one_relation_are_one_link_and_typed_ones_come_first() {
        let id = |number| EntityId(Uuid::from_u128(number));
        let mut links = Links::default();
        for _ in 0..3 {
            links.offer(id(1), RelationType::CoMentioned);
        }
        links.offer(id(2), RelationType::CoMentioned);
        links.offer(id(2), RelationType::WorksFor);
        let (seen, best) = links.best();
        assert_eq!(seen, 3);
        let best: Vec<_> = best.iter().map(|link| (link.to, link.kind, link.cost)).collect();
        let expected = [
            (id(2), RelationType::WorksFor, 100),
            (id(1), RelationType::CoMentioned, 180),
            (id(2), RelationType::CoMentioned, 300),
        ];
        assert_eq!(best, expected);
    }
}
