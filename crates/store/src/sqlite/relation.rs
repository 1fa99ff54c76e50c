//! Relations: written with their document, read between entities.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use docmill_model::{CleanMap, DocumentId, EntityId, MentionId, ReferentId, Relation, RelationType, Span};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::state::COMPLETE;
use super::{read, row};
use crate::{Error, RelationQuery, RelationRow, Result};

pub(super) fn put_relations(c: &Connection, document: i64, relations: &[Relation]) -> Result<()> {
    c.prepare_cached("DELETE FROM relation WHERE document = ?")?.execute([document])?;
    if relations.is_empty() {
        return Ok(());
    }
    let numbers = referent_numbers(c, document)?;
    let number = |id: &ReferentId| {
        numbers.get(id).ok_or_else(|| Error::Corrupt(format!("referent {id} of a relation is not in the store")))
    };
    // Worked out here, as whoever reads a relation would need the whole map of its document for it.
    let (map, pages) = (read::clean_map(c, document)?, read::page_spans(c, document)?);
    let sql = "INSERT INTO relation
               (document, \"from\", \"to\", seq, type, confidence, extractor, attributes, page, start, \"end\", from_mention, to_mention)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut insert = c.prepare_cached(sql)?;
    for (seq, relation) in relations.iter().enumerate() {
        let attributes = (!relation.attributes.is_empty()).then(|| row::to_json(&relation.attributes));
        let evidence = &relation.evidence;
        insert.execute(params![
            document,
            number(&relation.from)?,
            number(&relation.to)?,
            seq as i64,
            relation.kind.as_str(),
            relation.confidence,
            relation.extractor,
            attributes,
            page_of(evidence.span, &map, &pages),
            evidence.span.start,
            evidence.span.end,
            evidence.mentions[0].0.as_bytes().as_slice(),
            evidence.mentions[1].0.as_bytes().as_slice()
        ])?;
    }
    Ok(())
}

/// The page that the evidence of a relation is shown on: that on which its range ends, because what a word stands for
/// may have been named pages before.
pub(super) fn page_of(evidence: Span, map: &CleanMap, pages: &[(u32, Span)]) -> u32 {
    read::page_at(pages, map.to_raw(evidence).end.saturating_sub(1))
}

/// The numbers of a document's referents in the store.
fn referent_numbers(c: &Connection, document: i64) -> Result<BTreeMap<ReferentId, i64>> {
    let sql = "SELECT uuid, seq FROM referent WHERE document = ?";
    let numbers = row::collect(&mut *c.prepare_cached(sql)?, [document], |r| {
        Ok((ReferentId(row::uuid_at(r, 0)?), r.get::<_, i64>(1)?))
    })?;
    Ok(numbers.into_iter().collect())
}

/// An end of a relation in the tables: its column, and under which names its mention, referent and profile are
/// found.
struct End {
    number: &'static str,
    mention: &'static str,
    referent: &'static str,
    profile: &'static str,
}

const FROM: End = End { number: "\"from\"", mention: "from_mention", referent: "f", profile: "fp" };
const TO: End = End { number: "\"to\"", mention: "to_mention", referent: "t", profile: "tp" };

/// The relations reached from one end: those of one entity whatever their direction, of all entities those that
/// are told from here. One within an entity tells nothing and is left out.
///
/// `CROSS JOIN` fixes the order of the walk. From profiles in the order of their entities, only the relations of
/// one entity are sorted at a time; typed relations are few and found by an index of their own.
fn reached(here: &End, there: &End, query: RelationQuery) -> String {
    let (hp, hr, tp, tr) = (here.profile, here.referent, there.profile, there.referent);
    let joined = format!("r.document = {hr}.document AND r.{} = {hr}.seq", here.number);
    let walk = if query.typed && query.of.is_none() {
        format!("relation r CROSS JOIN referent {hr} ON {joined} CROSS JOIN profile {hp} ON {hp}.id = {hr}.profile")
    } else {
        format!("profile {hp} CROSS JOIN referent {hr} ON {hr}.profile = {hp}.id CROSS JOIN relation r ON {joined}")
    };
    let turned = u8::from(here.number == TO.number);
    let symmetric: Vec<String> =
        RelationType::ALL.iter().filter(|t| t.is_symmetric()).map(|t| format!("'{}'", t.as_str())).collect();
    let symmetric = format!("r.type IN ({})", symmetric.join(", "));
    let told = match (query.of, turned) {
        (Some(_), _) => format!("{hp}.entity = ?1 AND {tp}.entity <> ?1"),
        (None, 0) => format!("{tp}.entity > {hp}.entity OR {tp}.entity < {hp}.entity AND NOT {symmetric}"),
        (None, _) => format!("{tp}.entity > {hp}.entity AND {symmetric}"),
    };
    let typed = if query.typed { "AND r.type <> 'CO_MENTIONED'" } else { "" };
    format!(
        "SELECT {hp}.entity, {tp}.entity, r.type, d.uuid, r.start, r.\"end\", r.seq, {turned}, r.confidence,
                r.extractor, r.attributes, r.page, r.{}, r.{}, d.project
         FROM {walk} CROSS JOIN document d ON d.id = r.document
         CROSS JOIN referent {tr} ON {tr}.document = r.document AND {tr}.seq = r.{}
         CROSS JOIN profile {tp} ON {tp}.id = {tr}.profile
         WHERE ({told}) AND d.state IN {COMPLETE} {typed}",
        here.mention, there.mention, there.number
    )
}

pub(super) fn relation_rows(
    c: &Connection,
    query: RelationQuery,
    take: &mut (dyn FnMut(RelationRow) -> ControlFlow<()> + Send),
) -> Result<()> {
    let sql = format!(
        "{} UNION ALL {} ORDER BY 1, 2, 3, 4, 5, 6, 7, 8",
        reached(&FROM, &TO, query),
        reached(&TO, &FROM, query)
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = match query.of {
        Some(of) => statement.query([of.0.as_bytes().as_slice()])?,
        None => statement.query([])?,
    };
    let mut counts = Counts { connection: c, known: [None; 2] };
    while let Some(r) = rows.next()? {
        if take(relation_row(r, &mut counts)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn relation_row(r: &Row<'_>, counts: &mut Counts<'_>) -> Result<RelationRow> {
    let word = r.get_ref(2)?.as_str().unwrap_or_default();
    let kind =
        RelationType::parse(word).ok_or_else(|| Error::Corrupt(format!("there is no relation type {word:?}")))?;
    let attributes: Option<String> = r.get(10)?;
    let mut ends = [EntityId(row::uuid_at(r, 0)?), EntityId(row::uuid_at(r, 1)?)];
    let mut mentions = [MentionId(row::uuid_at(r, 12)?), MentionId(row::uuid_at(r, 13)?)];
    let mut mentioned = [counts.of(0, ends[0])?, counts.of(1, ends[1])?];
    let is_turned = if kind.is_symmetric() { ends[0] > ends[1] } else { r.get(7)? };
    if is_turned {
        ends.reverse();
        mentions.reverse();
        mentioned.reverse();
    }
    let [from, to] = ends;
    Ok(RelationRow {
        from,
        to,
        kind,
        document: DocumentId(row::uuid_at(r, 3)?),
        span: row::span(r.get(4)?, r.get(5)?)?,
        page: r.get(11)?,
        confidence: r.get(8)?,
        extractor: r.get(9)?,
        attributes: attributes.as_deref().map(row::json).transpose()?.unwrap_or_default(),
        mentions,
        mentioned,
        project: r.get(14)?,
    })
}

/// How often entities are mentioned. Keeps the last answer of each end: rows are sorted by their ends, so that it is
/// mostly asked for again.
struct Counts<'c> {
    connection: &'c Connection,
    known: [Option<(EntityId, u32)>; 2],
}

impl Counts<'_> {
    fn of(&mut self, end: usize, entity: EntityId) -> Result<u32> {
        if let Some((known, count)) = self.known[end]
            && known == entity
        {
            return Ok(count);
        }
        let mut select = self.connection.prepare_cached("SELECT mentions FROM entity WHERE uuid = ?")?;
        let count = select.query_row([entity.0.as_bytes().as_slice()], |r| r.get(0)).optional()?.unwrap_or(0);
        self.known[end] = Some((entity, count));
        Ok(count)
    }
}

pub(super) fn name_mentions(c: &Connection) -> Result<BTreeMap<i64, u64>> {
    let sql = "SELECT project, sum(mentions) FROM entity WHERE type IN ('PERSON', 'ORG', 'LOCATION') GROUP BY project";
    let totals =
        row::collect(&mut *c.prepare_cached(sql)?, [], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(totals.into_iter().collect())
}
