//! What a pile is about: its main people and organisations, and how some things in it are related.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::Result;
use docmill_engine::relations::{self, EntityRelation};
use docmill_model::{Entity, MentionType, RelationType};
use docmill_store::{EntityRow, Overview, RelationQuery, Store};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::format::{count, grouped, quoted, short, shortened};
use crate::relation;
use crate::screen::{BOLD, DIM, MARK, Screen, line};
use crate::table::{Cell, Column, Table};

/// People and organisations that are shown, of each.
const MAIN: usize = 5;
/// Relations that are shown.
const RELATIONS: usize = 5;
/// Columns of a name in a table.
const NAME: usize = 34;
/// Columns of a line: 80 without the two before it.
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
    /// A word that names the person, or else the organisation, that most documents speak of.
    pub next: Option<String>,
}

impl Gist {
    pub async fn gather(store: &dyn Store, overview: &Overview) -> Result<Self> {
        let people = store.main_entities(MentionType::Person, MAIN).await?;
        let organisations = store.main_entities(MentionType::Org, MAIN).await?;
        let next = match people.first().or(organisations.first()) {
            Some(main) => Some(word(&main.entity, store.count_named(&main.entity.name).await? == 1)),
            None => None,
        };
        let mut related = Vec::new();
        if overview.relations > 0 {
            for relation in telling(store).await? {
                let ends = (store.entity_row(relation.from).await?, store.entity_row(relation.to).await?);
                let (Some(from), Some(to), Some(place)) = (ends.0, ends.1, relation.evidence.first()) else { continue };
                let document = match store.document(place.document).await {
                    // Another process may take documents out meanwhile.
                    Err(docmill_store::Error::UnknownDocument(_)) => continue,
                    row => row?.name().to_owned(),
                };
                related.push(Related { from: from.entity.name, to: to.entity.name, document, relation });
            }
        }
        Ok(Self { people, organisations, related, next })
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
            if !rows.is_empty() {
                out.push_str(&format!("\n{}\n{}", screen.paint(BOLD, head), table(rows).render(screen)));
            }
        }
        if !self.related.is_empty() {
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, "Relations")));
            self.related.iter().for_each(|related| related.render(screen, out));
        }
    }
}

fn table(rows: &[EntityRow]) -> Table {
    let name = |row: &EntityRow| shortened(&line(&row.entity.name), NAME);
    let known = |row: &EntityRow| row.entity.identifiers.first().map_or(String::new(), |i| line(&i.value));
    let widest = rows.iter().map(|row| name(row).width()).max().unwrap_or(0);
    // What the name, two numbers and the gaps leave.
    let room = LINE.saturating_sub(widest + 25);
    let mut columns = vec![Column::Left("name"), Column::Right("documents"), Column::Right("mentions")];
    let any_known = rows.iter().any(|row| !row.entity.identifiers.is_empty());
    columns.extend(any_known.then_some(Column::Left("known by")));
    let mut table = Table::new(&columns);
    for row in rows {
        table.row([
            Cell::painted(name(row), MARK),
            grouped(row.entity.documents.into()).into(),
            grouped(row.entity.mentions.into()).into(),
            Cell::painted(shortened(&known(row), room), DIM),
        ]);
    }
    table
}

impl Related {
    fn render(&self, screen: &Screen, out: &mut String) {
        let kind = relation::words(self.relation.kind);
        // Two names that do not fit a line with what is between them get half of it each.
        let (mut from, mut to) = (shortened(&line(&self.from), LINE), shortened(&line(&self.to), LINE));
        if from.width() + to.width() + kind.width() + 4 > LINE {
            let half = LINE.saturating_sub(kind.width() + 4) / 2;
            (from, to) = (shortened(&from, half), shortened(&to, half));
        }
        out.push_str(&format!("  {from} {} {to}\n", screen.paint(MARK, &kind)));
        let values = self.relation.attributes.values().filter_map(|values| values.first());
        let values: Vec<String> = values.map(|value| line(value)).collect();
        let values = if values.is_empty() { String::new() } else { format!("{}; ", values.join(", ")) };
        let page = format!(", page {}", self.relation.evidence.first().map_or(1, |place| place.page));
        let more = match self.relation.places {
            0 | 1 => String::new(),
            places => format!(", and {}", count(u64::from(places) - 1, "other place")),
        };
        // The page must not be what is cut.
        let room = (LINE - 4).saturating_sub(page.width() + more.width());
        let document = shortened(&format!("{values}{}", line(&self.document)), room);
        out.push_str(&format!("    {}\n", screen.paint(DIM, &format!("{document}{page}{more}"))));
    }
}

/// What to type for an entity: its name, unless another one has it too, or a line or a shell would change it.
fn word(entity: &Entity, is_only: bool) -> String {
    let good = is_only && line(&entity.name) == entity.name && entity.name.chars().count() <= NAME;
    if good { quoted(&entity.name).into_owned() } else { short(entity.id) }
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

#[cfg(test)]
mod tests {
    use docmill_engine::relations::RelationPlace;
    use docmill_model::{Digest, DocumentId, EntityId, MentionId, ProjectId, ReferentId, RelationId, Span};

    use super::*;

    fn document() -> DocumentId {
        DocumentId::new("p", &Digest::of(b"document"))
    }

    fn id(number: u32) -> EntityId {
        let span = Span::new(number, number + 1);
        EntityId::new(ProjectId::new("p"), ReferentId::new(document(), MentionType::Person, span))
    }

    fn entity(number: u32, name: &str) -> EntityRow {
        let entity = Entity {
            id: id(number),
            kind: MentionType::Person,
            name: name.to_owned(),
            aliases: Vec::new(),
            identifiers: Vec::new(),
            documents: 2,
            mentions: 1_000,
        };
        EntityRow { project: "p".to_owned(), entity }
    }

    fn related(from: &str, kind: RelationType, to: &str, name: &str, places: u32) -> Related {
        let (a, b) = (id(1), id(2));
        let place = RelationPlace {
            document: document(),
            page: 12,
            span: Span::new(0, 1),
            mentions: [MentionId::new(document(), MentionType::Person, Span::new(0, 1), "rule/test@1"); 2],
            confidence: 900,
            extractor: String::new(),
            attributes: BTreeMap::new(),
        };
        let relation = EntityRelation {
            id: RelationId::new(a, b, kind),
            from: a,
            to: b,
            kind,
            confidence: 900,
            extractor: String::new(),
            attributes: BTreeMap::from([("role".to_owned(), vec!["director".to_owned()])]),
            documents: 1,
            places,
            strength: None,
            evidence: vec![place],
        };
        Related { relation, from: from.to_owned(), to: to.to_owned(), document: name.to_owned() }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_none_commands_it() {
        let long = "Most Excellent \x1b[2J Company of Merchants ".repeat(9);
        let gist = Gist {
            people: vec![
                entity(1, "Eleanor Whitcombe"),
                entity(2, &long),
                entity(3, &format!("\u{202e}{}", "漢字".repeat(30))),
            ],
            organisations: Vec::new(),
            next: None,
            related: vec![
                related("Eleanor Whitcombe", RelationType::WorksFor, "Harrow Point Museum", "a.eml", 3),
                related(&long, RelationType::AlsoKnownAs, &long, &long, 1_000_000),
            ],
        };
        let mut out = String::new();
        gist.render(&Screen::plain(), &mut out);
        assert!(out.contains("  Eleanor Whitcombe works for Harrow Point Museum\n"), "{out}");
        assert!(out.contains("    director; a.eml, page 12, and 2 other places\n"), "{out}");
        for line in out.lines() {
            assert!(line.width() <= 80 && !line.contains(['\x1b', '\u{202e}']), "{line}");
        }
    }

    #[test]
    fn what_is_typed_next_names_one_thing() {
        let check = |name: &str, is_only, expected: &str| assert_eq!(word(&entity(1, name).entity, is_only), expected);
        check("Eleanor Whitcombe", true, "'Eleanor Whitcombe'");
        check("Annika Vogt", false, &short(id(1)));
        check("two\nlines", true, &short(id(1)));
        check(&"long ".repeat(20), true, &short(id(1)));
    }
}
