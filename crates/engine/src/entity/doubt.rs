//! Pairs of entities that may be one, as a person is asked about them.

use docmill_model::EntityId;
use docmill_store::{EntityRow, PossibleRow, Store};

use super::account::{InDocument, first_quotes};

/// Pairs read at a time.
const PAGE: usize = 10_000;

/// A pair of entities that may be one, as a person is asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub row: PossibleRow,
    pub a: Part,
    pub b: Part,
}

/// One side of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub row: EntityRow,
    pub documents: Vec<InDocument>,
}

/// The pairs that may be one, the most alike first, no more than `limit`. The fold must be up to date. Looks through
/// all of them, and holds a page and what it gives.
pub async fn doubtful(store: &dyn Store, limit: usize) -> Result<Vec<PossibleRow>, docmill_store::Error> {
    let mut out: Vec<PossibleRow> = Vec::new();
    let rank = |row: &PossibleRow| (std::cmp::Reverse(row.score), row.a, row.b);
    let mut after = None;
    loop {
        let rows = store.possible_rows(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.a, last.b));
        out.extend(rows);
        out.sort_by_key(rank);
        out.truncate(limit);
    }
    Ok(out)
}

/// Both sides of a pair with up to `documents` quotes each; `None` if one of them is no more.
pub async fn question(
    store: &dyn Store,
    row: PossibleRow,
    documents: usize,
) -> Result<Option<Question>, docmill_store::Error> {
    let (Some(a), Some(b)) = (part(store, row.a, documents).await?, part(store, row.b, documents).await?) else {
        return Ok(None);
    };
    Ok(Some(Question { row, a, b }))
}

async fn part(store: &dyn Store, id: EntityId, limit: usize) -> Result<Option<Part>, docmill_store::Error> {
    // An id of earlier leads to what the entity has become, which is another question.
    let Some(row) = store.entity_row(id).await?.filter(|row| row.entity.id == id) else { return Ok(None) };
    Ok(Some(Part { row, documents: first_quotes(store, id, limit).await? }))
}
