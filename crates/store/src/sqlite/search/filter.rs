//! What a query asks for besides words: of the document by SQL, of the passage by its mentions.

use std::collections::BTreeMap;

use docmill_model::{BlockKind, MentionType, Span, day};
use rusqlite::Connection;
use rusqlite::types::Value;
use uuid::Uuid;

use super::super::{facts, row};
use crate::{Error, Filter, Result, pack};

/// Entities of all groups together: bounds the statement.
const MOST_ENTITIES: usize = 1000;

/// The part of a filter that documents pass or not, as conditions on `d`.
pub struct Scope {
    sql: String,
    values: Vec<Value>,
}

impl Scope {
    pub fn new(filter: &Filter) -> Result<Self> {
        if filter.entities.iter().map(Vec::len).sum::<usize>() > MOST_ENTITIES {
            return Err(Error::Query(format!("it is about more than {MOST_ENTITIES} entities")));
        }
        let mut scope = Self { sql: String::new(), values: Vec::new() };
        let project = "d.project = (SELECT id FROM project WHERE name = ?)";
        scope.add(project, filter.project.clone());
        scope.add("d.category = ?", filter.category.map(|category| category.as_str().to_owned()));
        scope.add("d.language = ?", filter.language.clone());
        for group in &filter.entities {
            let places = vec!["?"; group.len()].join(", ");
            scope.sql.push_str(&format!(
                " AND d.id IN (SELECT r.document FROM profile p JOIN referent r ON r.profile = p.id WHERE p.entity IN ({places}))"
            ));
            scope.values.extend(group.iter().map(|id| Value::Blob(id.0.as_bytes().to_vec())));
        }
        Ok(scope)
    }

    fn add(&mut self, condition: &str, value: Option<String>) {
        if let Some(value) = value {
            self.sql.push_str(" AND ");
            self.sql.push_str(condition);
            self.values.push(Value::Text(value));
        }
    }

    /// Conditions, each behind an `AND`.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

/// Tells whether passages pass, looking at the mentions of each document once.
///
/// The filter's demands are numbered: its types, then its groups of entities, then its days. Which of them are met is a
/// set of bits.
pub struct Judge<'a> {
    c: &'a Connection,
    filter: &'a Filter,
    /// The bits of all demands.
    all: u64,
    known: BTreeMap<i64, Met>,
}

/// Which demands the passages of a document meet.
#[derive(Default)]
struct Met {
    /// By every passage of the document.
    everywhere: u64,
    by_chunk: BTreeMap<u32, u64>,
}

impl<'a> Judge<'a> {
    pub fn new(c: &'a Connection, filter: &'a Filter) -> Result<Self> {
        let demands = filter.types.len() + filter.entities.len() + usize::from(filter.days.is_some());
        let all = match u32::try_from(demands) {
            Ok(0) => 0,
            Ok(count) if count <= u64::BITS => u64::MAX >> (u64::BITS - count),
            _ => return Err(Error::Query(format!("it asks for more than {} things", u64::BITS))),
        };
        Ok(Self { c, filter, all, known: BTreeMap::new() })
    }

    pub fn passes(&mut self, document: i64, chunk: u32) -> Result<bool> {
        if self.all == 0 {
            return Ok(true);
        }
        if !self.known.contains_key(&document) {
            let met = self.look(document)?;
            self.known.insert(document, met);
        }
        let met = &self.known[&document];
        Ok(met.everywhere | met.by_chunk.get(&chunk).copied().unwrap_or(0) == self.all)
    }

    fn look(&self, document: i64) -> Result<Met> {
        let mut met = Met::default();
        let groups = self.groups(document)?;
        let headers = if self.filter.days.is_some() { self.mail_headers(document)? } else { Vec::new() };
        let sql = "SELECT uuid, chunk, type, normal, start, \"end\" FROM mention WHERE document = ? ORDER BY seq";
        let mut select = self.c.prepare_cached(sql)?;
        let mut rows = select.query([document])?;
        while let Some(r) = rows.next()? {
            let kind = facts::mention_type(r.get_ref(2)?.as_str().unwrap_or_default())?;
            let mut bits = groups.get(&row::uuid_at(r, 0)?).copied().unwrap_or(0);
            bits |= mask(&self.filter.types, 0, |t| *t == kind);
            if kind == MentionType::Date && self.is_within(r.get_ref(3)?.as_str().unwrap_or_default()) {
                let bit = 1 << (self.filter.types.len() + self.filter.entities.len());
                bits |= bit;
                let span = row::span(r.get(4)?, r.get(5)?)?;
                if headers.iter().any(|h| h.start <= span.start && span.end <= h.end) {
                    met.everywhere |= bit;
                }
            }
            if bits != 0 {
                *met.by_chunk.entry(r.get(1)?).or_default() |= bits;
            }
        }
        Ok(met)
    }

    fn is_within(&self, normal: &str) -> bool {
        self.filter.days.as_ref().is_some_and(|wanted| {
            day::readings(normal)
                .any(|days| !days.is_empty() && wanted.contains(days.start()) && wanted.contains(days.end()))
        })
    }

    /// For each mention of a document that is of an entity asked for, the bits of the groups that the entity is in.
    fn groups(&self, document: i64) -> Result<BTreeMap<Uuid, u64>> {
        let mut bits = BTreeMap::new();
        if self.filter.entities.is_empty() {
            return Ok(bits);
        }
        let sql = "SELECT p.entity, r.mentions FROM referent r JOIN profile p ON p.id = r.profile
                   WHERE r.document = ? AND p.entity IS NOT NULL";
        let mut select = self.c.prepare_cached(sql)?;
        let mut rows = select.query([document])?;
        while let Some(r) = rows.next()? {
            let entity = row::uuid_at(r, 0)?;
            let of_entity =
                mask(&self.filter.entities, self.filter.types.len(), |group| group.iter().any(|id| id.0 == entity));
            if of_entity != 0 {
                let mentions: Vec<docmill_model::MentionId> =
                    pack::decode(r.get_ref(1)?.as_blob().unwrap_or_default())?;
                bits.extend(mentions.into_iter().map(|mention| (mention.0, of_entity)));
            }
        }
        Ok(bits)
    }

    fn mail_headers(&self, document: i64) -> Result<Vec<Span>> {
        let sql = "SELECT start, \"end\" FROM block WHERE document = ? AND kind = ?";
        row::collect(
            &mut *self.c.prepare_cached(sql)?,
            rusqlite::params![document, BlockKind::MailHeader.as_str()],
            |r| row::span(r.get(0)?, r.get(1)?),
        )
    }
}

/// The bits of those demands of one sort that are met; `first` is the number of the first of the sort.
fn mask<T>(demands: &[T], first: usize, is_met: impl Fn(&T) -> bool) -> u64 {
    demands.iter().enumerate().filter(|(_, demand)| is_met(demand)).fold(0, |bits, (at, _)| bits | 1 << (first + at))
}
