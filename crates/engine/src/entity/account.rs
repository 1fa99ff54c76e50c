//! All that is known of an entity, with where it is said.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Decision, DocumentId, EntityId, MentionId, ProfileId, RelationType, Span};
use docmill_store::{DecisionRow, EntityRow, MemberRow, PossibleRow, ProfileRow, Store};

use super::most_frequent;
use crate::quote::{Quote, Quoter};
use crate::relations::{self, EntityRelation};

/// Members read at a time.
const PAGE: usize = 10_000;

/// How much of each kind is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub documents: usize,
    /// Relations that documents state.
    pub facts: usize,
    /// Those that it stands beside.
    pub company: usize,
    /// Places that are quoted of each relation.
    pub evidence: usize,
    pub doubts: usize,
}

/// An entity as a person is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub row: EntityRow,
    /// Where it is mentioned, the documents with most mentions first.
    pub documents: Vec<InDocument>,
    /// What documents state, by type, the most often said first.
    pub facts: Vec<Fact>,
    /// How many there are, told or not.
    pub all_facts: usize,
    /// What stands beside it, the strongest first.
    pub company: Vec<Fact>,
    pub all_company: usize,
    /// What was taken together, each with the form that is most frequent there; the one that the entity is named after
    /// has no reason.
    pub parts: Vec<(String, ProfileRow)>,
    /// What may be the same, the most alike first.
    pub doubts: Vec<Doubt>,
    /// What people decided about it, the newest first.
    pub decisions: Vec<DecisionRow>,
}

/// What one document says of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InDocument {
    pub document: DocumentId,
    pub mentions: Vec<MentionId>,
    /// Of the first mention.
    pub quote: Quote,
}

/// A relation with its other side and what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub relation: EntityRelation,
    pub other: EntityRow,
    /// Whether it leads from the entity to the other side.
    pub leads_out: bool,
    pub quotes: Vec<Quote>,
}

/// Another entity that may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub row: PossibleRow,
    pub other: EntityRow,
}

/// Gathers what is known. The fold must be up to date.
pub async fn account(store: &dyn Store, row: EntityRow, extent: Extent) -> Result<Account, docmill_store::Error> {
    let id = row.entity.id;
    let mut decisions = store.decisions(&row.project).await?;
    decisions.reverse();
    let members = members(store, id, extent.documents, &decisions).await?;
    let mut quoter = Quoter::new(store);
    let documents = quoted(store, &mut quoter, members.documents).await?;
    let (company, facts): (Vec<EntityRelation>, Vec<EntityRelation>) = relations::of_entity(store, id, extent.evidence)
        .await?
        .into_iter()
        .partition(|r| r.kind == RelationType::CoMentioned);
    let (all_facts, all_company) = (facts.len(), company.len());
    let facts = with_quotes(store, &mut quoter, id, facts, extent.facts).await?;
    let company = with_quotes(store, &mut quoter, id, company, extent.company).await?;
    let mut doubts = Vec::new();
    for possible in store.possible_of(id, extent.doubts).await? {
        let other = if possible.a == id { possible.b } else { possible.a };
        if let Some(other) = store.entity_row(other).await? {
            doubts.push(Doubt { row: possible, other });
        }
    }
    let part = |profile: ProfileRow| {
        let forms = members.forms.get(&profile.id).into_iter().flatten().map(|(form, count)| (form.as_str(), *count));
        (most_frequent(forms).unwrap_or(&profile.key.normal).to_owned(), profile)
    };
    let parts = store.profile_rows(id).await?.into_iter().map(part).collect();
    decisions.retain(|row| members.decided.contains(&row.decision.id.0));
    Ok(Account { row, documents, facts, all_facts, company, all_company, parts, doubts, decisions })
}

/// What a walk over all members finds.
struct Members {
    /// Those with most mentions, of equal ones the least id first.
    documents: Vec<(DocumentId, Vec<MentionId>)>,
    forms: BTreeMap<ProfileId, BTreeMap<String, u32>>,
    /// Ids of the decisions that have an anchor among the members.
    decided: BTreeSet<uuid::Uuid>,
}

/// Holds no more than a page of members and what it gives out.
async fn members(
    store: &dyn Store,
    id: EntityId,
    limit: usize,
    decisions: &[DecisionRow],
) -> Result<Members, docmill_store::Error> {
    let mut out = Members { documents: Vec::new(), forms: BTreeMap::new(), decided: BTreeSet::new() };
    let mut anchored: BTreeMap<DocumentId, Vec<&Decision>> = BTreeMap::new();
    for row in decisions {
        let documents: BTreeSet<DocumentId> =
            row.decision.a.iter().chain(&row.decision.b).map(|anchor| anchor.document).collect();
        documents.into_iter().for_each(|document| anchored.entry(document).or_default().push(&row.decision));
    }
    let mut after = None;
    loop {
        let rows = store.member_rows(id, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.document, last.referent));
        for row in rows {
            let about = anchored.get(&row.document).into_iter().flatten().filter(|d| is_about(d, &row));
            out.decided.extend(about.map(|d| d.id.0));
            let forms = out.forms.entry(row.profile).or_default();
            for (form, count) in row.forms {
                *forms.entry(form).or_default() += count;
            }
            // Rows of one document are neighbours.
            match out.documents.last_mut() {
                Some((document, mentions)) if *document == row.document => mentions.extend(row.mentions),
                _ => {
                    // Sorted when twice as many are held: the last one may still grow.
                    if out.documents.len() > 2 * limit {
                        cut(&mut out.documents, limit);
                    }
                    out.documents.push((row.document, row.mentions));
                }
            }
        }
    }
    cut(&mut out.documents, limit);
    // A decision is about an entity, too, when it takes back one that is.
    let undoes = |row: &&DecisionRow| match row.decision.action {
        docmill_model::Action::Undo { decision } => out.decided.contains(&decision.0),
        _ => false,
    };
    let undone: Vec<uuid::Uuid> = decisions.iter().filter(undoes).map(|row| row.decision.id.0).collect();
    out.decided.extend(undone);
    Ok(out)
}

fn cut(documents: &mut Vec<(DocumentId, Vec<MentionId>)>, limit: usize) {
    documents.sort_by_key(|(document, mentions)| (std::cmp::Reverse(mentions.len()), *document));
    documents.truncate(limit);
}

fn is_about(decision: &Decision, row: &MemberRow) -> bool {
    decision.a.iter().chain(&decision.b).any(|anchor| {
        let named = anchor.normal == row.normal || row.forms.iter().any(|(form, _)| *form == anchor.quote);
        anchor.document == row.document && anchor.kind == row.kind && named
    })
}

/// Where an entity is mentioned, the documents with most mentions first.
pub(super) async fn first_quotes(
    store: &dyn Store,
    id: EntityId,
    limit: usize,
) -> Result<Vec<InDocument>, docmill_store::Error> {
    let members = members(store, id, limit, &[]).await?;
    quoted(store, &mut Quoter::new(store), members.documents).await
}

async fn quoted(
    store: &dyn Store,
    quoter: &mut Quoter<'_>,
    documents: Vec<(DocumentId, Vec<MentionId>)>,
) -> Result<Vec<InDocument>, docmill_store::Error> {
    let mut out = Vec::new();
    for (document, mentions) in documents {
        if let Some(quote) = first_quote(store, quoter, document, &mentions).await? {
            out.push(InDocument { document, mentions, quote });
        }
    }
    Ok(out)
}

/// What stands around the first of some mentions of a document.
async fn first_quote(
    store: &dyn Store,
    quoter: &mut Quoter<'_>,
    document: DocumentId,
    mentions: &[MentionId],
) -> Result<Option<Quote>, docmill_store::Error> {
    let wanted: BTreeSet<MentionId> = mentions.iter().copied().collect();
    let found = match store.mentions(document).await {
        Err(docmill_store::Error::UnknownDocument(_)) => return Ok(None),
        found => found?,
    };
    let first: Option<Span> = found.iter().find(|m| wanted.contains(&m.id)).map(|m| m.span);
    match first {
        Some(span) => quoter.quote(document, span).await,
        None => Ok(None),
    }
}

async fn with_quotes(
    store: &dyn Store,
    quoter: &mut Quoter<'_>,
    id: EntityId,
    relations: Vec<EntityRelation>,
    limit: usize,
) -> Result<Vec<Fact>, docmill_store::Error> {
    let mut out = Vec::new();
    for relation in relations.into_iter().take(limit) {
        let leads_out = relation.from == id;
        let other = if leads_out { relation.to } else { relation.from };
        let Some(other) = store.entity_row(other).await? else { continue };
        let mut quotes = Vec::new();
        for place in &relation.evidence {
            quotes.extend(quoter.quote(place.document, place.span).await?);
        }
        out.push(Fact { relation, other, leads_out, quotes });
    }
    Ok(out)
}
