//! What a pile is about: its main people and organisations, and how some things in it are related.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::Result;
use docmill_engine::relations::{self, EntityRelation};
use docmill_model::{MentionType, RelationType};
use docmill_store::{EntityRow, Overview, RelationQuery, Store};
use serde_json::{Value, json};

use crate::format::{count, grouped, quoted, short, shortened};
use crate::screen::{BOLD, DIM, MARK, Screen, line};
use crate::table::{Cell, Column, Table};

/// People and organisations that are shown, of each.
const MAIN: usize = 5;
/// Relations that are shown.
const RELATIONS: usize = 5;
/// Characters of a name: two of them and a relation between fit a line of 80.
const NAME: usize = 34;
/// Characters of a line.
const LINE: usize = 78;

/// A typed relation with one place that says so.
struct Related {
    relation: EntityRelation,
    from: String,
    to: String,
    document: String,
}

pub struct Gist {
    people: Vec<EntityRow>,
    organisations: Vec<EntityRow>,
    related: Vec<Related>,
}

impl Gist {
    pub async fn gather(store: &dyn Store, overview: &Overview) -> Result<Self> {
        let people = store.main_entities(MentionType::Person, MAIN).await?;
        let organisations = store.main_entities(MentionType::Org, MAIN).await?;
        let mut related = Vec::new();
        if overview.relations > 0 {
            for relation in telling(store).await? {
                let ends = (store.entity_row(relation.from).await?, store.entity_row(relation.to).await?);
                let (Some(from), Some(to), Some(place)) = (ends.0, ends.1, relation.evidence.first()) else { continue };
                let document = store.document(place.document).await?.name().to_owned();
                related.push(Related { from: from.entity.name, to: to.entity.name, document, relation });
            }
        }
        Ok(Self { people, organisations, related })
    }

    /// A word that names the person, or else the organisation, that most documents speak of.
    pub fn next(&self) -> Option<String> {
        let main = self.people.first().or(self.organisations.first())?;
        let name = &main.entity.name;
        let of_name = self.people.iter().chain(&self.organisations).filter(|row| row.entity.name == *name).count();
        // A name that two have, or that a shell or a line changes, is no good for typing.
        let good = of_name == 1 && line(name) == *name && name.chars().count() <= NAME;
        Some(if good { quoted(name).into_owned() } else { short(main.entity.id) })
    }

    pub fn people_json(&self) -> Value {
        entities_json(&self.people)
    }

    pub fn organisations_json(&self) -> Value {
        entities_json(&self.organisations)
    }

    pub fn relations_json(&self) -> Value {
        let related = self.related.iter().map(|r| {
            let place = r.relation.evidence.first();
            json!({
                "from": r.relation.from, "from_name": r.from, "type": r.relation.kind.as_str(), "to": r.relation.to,
                "to_name": r.to, "attributes": r.relation.attributes, "document": place.map(|p| p.document),
                "name": r.document, "page": place.map(|p| p.page),
            })
        });
        related.collect()
    }

    pub fn render(&self, screen: &Screen, out: &mut String) {
        for (head, rows) in [("People", &self.people), ("Organisations", &self.organisations)] {
            if rows.is_empty() {
                continue;
            }
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, head)));
            let mut table = Table::new(&[
                Column::Left("name"),
                Column::Right("documents"),
                Column::Right("mentions"),
                Column::Left("known by"),
            ]);
            for EntityRow { entity, .. } in rows {
                let known = entity.identifiers.first().map_or("", |i| i.value.as_str());
                table.row([
                    Cell::painted(shortened(&line(&entity.name), NAME), MARK),
                    grouped(entity.documents.into()).into(),
                    grouped(entity.mentions.into()).into(),
                    Cell::painted(shortened(&line(known), LINE - NAME - 25), DIM),
                ]);
            }
            out.push_str(&table.render(screen));
        }
        if !self.related.is_empty() {
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, "Relations")));
            self.related.iter().for_each(|related| related.render(screen, out));
        }
    }
}

impl Related {
    fn render(&self, screen: &Screen, out: &mut String) {
        let kind = self.relation.kind.as_str().to_lowercase().replace('_', " ");
        let name = |name: &str| shortened(&line(name), NAME);
        let place = self.relation.evidence.first();
        out.push_str(&format!("  {} {} {}\n", name(&self.from), screen.paint(MARK, &kind), name(&self.to)));
        let values = self.relation.attributes.values().filter_map(|values| values.first());
        let values: Vec<String> = values.map(|value| line(value)).collect();
        let values = if values.is_empty() { String::new() } else { format!("{}; ", values.join(", ")) };
        let page = format!(", page {}", place.map_or(1, |p| p.page));
        let more = match self.relation.places {
            0 | 1 => String::new(),
            places => format!(", and {}", count(u64::from(places) - 1, "other place")),
        };
        // The page must not be what is cut.
        let room = (LINE - 4).saturating_sub(page.chars().count() + more.chars().count());
        let document = shortened(&format!("{values}{}", line(&self.document)), room);
        out.push_str(&format!("    {}\n", screen.paint(DIM, &format!("{document}{page}{more}"))));
    }
}

fn entities_json(rows: &[EntityRow]) -> Value {
    let entity = |EntityRow { entity, .. }: &EntityRow| {
        json!({
            "id": entity.id, "name": entity.name, "documents": entity.documents, "mentions": entity.mentions,
            "identifiers": entity.identifiers,
        })
    };
    rows.iter().map(entity).collect()
}

/// Typed relations of different types, the most often said ones; those that mail gives, which every pile of mails is
/// full of, where there are no others.
async fn telling(store: &dyn Store) -> Result<Vec<EntityRelation>> {
    let mut best: BTreeMap<RelationType, Vec<EntityRelation>> = BTreeMap::new();
    let rank = |r: &EntityRelation| (Reverse((r.documents, r.places, r.confidence)), r.id);
    let query = RelationQuery { of: None, typed: true };
    relations::each(store, query, 1, &mut |relation| {
        let of_kind = best.entry(relation.kind).or_default();
        let at = of_kind.partition_point(|other| rank(other) <= rank(&relation));
        if at < RELATIONS {
            of_kind.insert(at, relation);
            of_kind.truncate(RELATIONS);
        }
        ControlFlow::Continue(())
    })
    .await?;
    let wrote_to = best.remove(&RelationType::WroteTo).unwrap_or_default();
    let mut turns: Vec<_> = best.into_values().map(Vec::into_iter).collect();
    let mut out = Vec::new();
    while out.len() < RELATIONS {
        let before = out.len();
        out.extend(turns.iter_mut().filter_map(Iterator::next));
        if out.len() == before {
            break;
        }
    }
    out.extend(wrote_to);
    out.truncate(RELATIONS);
    Ok(out)
}
