//! Finding chunks by words.

mod expression;
mod filter;

use docmill_model::{ChunkId, DocumentId, Sketch};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{read, row};
use crate::terms::{Form, Term, Terms};
use crate::{Copied, Error, Fit, Found, Hit, Query, Result};
use filter::{Judge, Scope};

/// Passages that are weighed for one query: bounds time and memory where a word stands everywhere.
const MOST_WEIGHED: usize = 100_000;
/// Copies that one passage shows.
const MOST_COPIES: usize = 100;
/// How much a word counts in the text of a passage, in the heading of its section, in the name and title of its
/// document. On the queries of `bench/cases/search` weights from 0.5 to 8 change what is found by 0.2 points at most, so
/// that the usual choice stands: a title counts twice, as it has few words and they are about all of the document.
const WEIGHTS: &str = "1.0, 1.0, 2.0";

/// A passage that matches, before it is looked at.
struct Match {
    /// Thousandths.
    score: i64,
    document: DocumentId,
    document_row: i64,
    seq: u32,
    chunk_row: i64,
}

pub(super) fn search(c: &Connection, query: &Query) -> Result<Found> {
    let terms = Terms::parse(&query.words)?;
    if terms.wanted.is_empty() && (query.filter.is_empty() || !terms.unwanted.is_empty()) {
        return Err(Error::Query("it has no word that is to be there".into()));
    }
    let scope = Scope::new(&query.filter)?;
    let mut judge = Judge::new(c, &query.filter)?;
    let mut look = |fit, expression| best(c, query, &scope, &mut judge, fit, expression);
    if terms.wanted.is_empty() {
        return look(Fit::Whole, None);
    }
    let whole = look(Fit::Whole, Some(expression::strict(&terms)))?;
    if !whole.hits.is_empty() {
        return Ok(whole);
    }
    if let Some(inflected) = expression::inflected(&terms) {
        let found = look(Fit::Forms, Some(inflected))?;
        if !found.hits.is_empty() {
            return Ok(found);
        }
    }
    match some_words(c, &terms)? {
        Some(loose) => look(Fit::Some, Some(loose)),
        None => Ok(whole),
    }
}

/// An expression for passages that have all phrases and some of the words. Only the rarest words count: as many as
/// stand in no more passages than are weighed. `None` where it would find nothing that all words together do not find.
fn some_words(c: &Connection, terms: &Terms) -> Result<Option<String>> {
    if terms.wanted.len() < 2 || terms.wanted.iter().all(|term| term.form == Form::Phrase) {
        return Ok(None);
    }
    let mut words = Vec::new();
    let sql = "SELECT count(*) FROM (SELECT 1 FROM chunk_text WHERE chunk_text MATCH ? LIMIT ?)";
    for term in terms.wanted.iter().filter(|term| term.form != Form::Phrase) {
        let parameters = params![expression::any_form(term), MOST_WEIGHED as i64];
        let count: i64 = c.prepare_cached(sql)?.query_row(parameters, |r| r.get(0))?;
        if count > 0 {
            words.push((count, term));
        }
    }
    words.sort();
    let mut sum = 0;
    let rarest = words.iter().take_while(|(count, _)| {
        let is_first = sum == 0;
        sum += count;
        is_first || sum <= MOST_WEIGHED as i64
    });
    let rarest: Vec<&Term> = rarest.map(|(_, term)| *term).collect();
    Ok(Some(expression::loose(terms, &rarest)).filter(|loose| !loose.is_empty()))
}

/// The best passages that match an expression and pass the filter, each with those that say the same.
fn best(
    c: &Connection,
    query: &Query,
    scope: &Scope,
    judge: &mut Judge<'_>,
    fit: Fit,
    expression: Option<String>,
) -> Result<Found> {
    let mut matches = matches(c, scope, expression)?;
    let is_cut = matches.len() > MOST_WEIGHED;
    matches.truncate(MOST_WEIGHED);
    matches.sort_unstable_by_key(|m| (std::cmp::Reverse(m.score), m.document, m.seq));
    let mut hits: Vec<Hit> = Vec::new();
    let mut sketches: Vec<Option<Sketch>> = Vec::new();
    for m in matches {
        if !judge.passes(m.document_row, m.seq)? {
            continue;
        }
        let (hit, bytes, sketch) = hit(c, &m)?;
        let like = sketch.and_then(|new| sketches.iter().position(|old| old.is_some_and(|old| old.is_like(&new))));
        if let Some(shown) = like {
            let copies = &mut hits[shown].copies;
            if copies.len() < MOST_COPIES {
                copies.push(Copied { document: hit.document, chunk: hit.chunk, first_page: hit.first_page });
            }
        } else if hits.len() == query.limit {
            // Copies have nearly the same score: those of the hits that are shown have come by now.
            break;
        } else {
            hits.push(Hit { text: read::clean_slice(c, m.document_row, bytes)?, ..hit });
            sketches.push(sketch);
        }
    }
    Ok(Found { hits, fit, is_cut })
}

/// The passages in scope that match an expression, in the order in which they were stored; without an expression all in
/// scope, by document. Up to one more than are weighed, which tells that there are more.
fn matches(c: &Connection, scope: &Scope, expression: Option<String>) -> Result<Vec<Match>> {
    let rest = "d.uuid, d.id, k.seq, k.id";
    let (sql, first) = match expression {
        Some(expression) => (
            format!(
                "SELECT bm25(chunk_text, {WEIGHTS}), {rest} FROM chunk_text JOIN chunk k ON k.id = chunk_text.rowid
                 JOIN document d ON d.id = k.document WHERE chunk_text MATCH ? {} LIMIT ?",
                scope.sql()
            ),
            Some(Value::Text(expression)),
        ),
        None => (
            format!(
                "SELECT 0.0, {rest} FROM document d JOIN chunk k ON k.document = d.id WHERE 1 {}
                 ORDER BY d.uuid, k.seq LIMIT ?",
                scope.sql()
            ),
            None,
        ),
    };
    let limit = Value::Integer(MOST_WEIGHED as i64 + 1);
    let values = first.into_iter().chain(scope.values().iter().cloned()).chain([limit]);
    row::collect(&mut c.prepare(&sql)?, params_from_iter(values), |r| {
        Ok(Match {
            score: (-r.get::<_, f64>(0)? * 1000.0).round() as i64,
            document: DocumentId(row::uuid_at(r, 1)?),
            document_row: r.get(2)?,
            seq: r.get(3)?,
            chunk_row: r.get(4)?,
        })
    })
}

/// A hit without its text; the range of that in bytes of the cleaned text; what the hit is compared by.
fn hit(c: &Connection, m: &Match) -> Result<(Hit, std::ops::Range<usize>, Option<Sketch>)> {
    let sql = "SELECT uuid, start, \"end\", first_page, section, first_byte, end_byte, sketch FROM chunk WHERE id = ?";
    let found = row::collect(&mut *c.prepare_cached(sql)?, [m.chunk_row], |r| {
        let hit = Hit {
            document: m.document,
            chunk: ChunkId(row::uuid_at(r, 0)?),
            span: row::span(r.get(1)?, r.get(2)?)?,
            first_page: r.get(3)?,
            section: r.get(4)?,
            score: m.score,
            text: String::new(),
            copies: Vec::new(),
        };
        let bytes = r.get::<_, u32>(5)? as usize..r.get::<_, u32>(6)? as usize;
        let sketch: Option<Vec<u8>> = r.get(7)?;
        Ok((hit, bytes, sketch.as_deref().and_then(Sketch::from_bytes)))
    })?;
    found.into_iter().next().ok_or_else(|| Error::Corrupt("a row of the index has no chunk".into()))
}
