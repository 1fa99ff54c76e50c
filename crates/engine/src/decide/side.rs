//! The sides of a decision: what was named, and the places that stand for it.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Anchor, DocumentId, EntityId, MentionId, MentionType, ProfileId, Referent, ReferentId};
use docmill_store::{EntityRow, Store};

use crate::entity::{Fit, Wanted, most_frequent};

/// Members of an entity read at a time.
const PAGE: usize = 10_000;
/// Pages of members that are looked through for places of each profile. In an entity of more than a hundred thousand
/// members, a profile that first shows behind them gets no place.
const PAGES: usize = 10;
/// Places that stand for a profile, so that a decision holds while one of them is there.
const PLACES: usize = 3;
/// Up to so many profiles of an entity get [`PLACES`] each; where there are more, each gets one.
const FEW: usize = 30;
/// Anchors whose entities are looked up after a decision: more than a person reads.
const LOOKED: usize = 100;

/// What a person means by one side of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// All of an entity.
    Entity(EntityRow),
    /// What one document means by a name.
    Name { project: String, document: DocumentId, referent: Referent, entity: Option<EntityId> },
}

impl Side {
    pub fn project(&self) -> &str {
        match self {
            Self::Entity(row) => &row.project,
            Self::Name { project, .. } => project,
        }
    }

    pub fn kind(&self) -> MentionType {
        match self {
            Self::Entity(row) => row.entity.kind,
            Self::Name { referent, .. } => referent.kind,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Entity(row) => &row.entity.name,
            Self::Name { referent, .. } => shown(referent),
        }
    }

    /// Whether it is a document's part of an entity.
    pub(super) fn is_part_of(&self, whole: &EntityRow) -> bool {
        matches!(self, Self::Name { entity, .. } if *entity == Some(whole.entity.id))
    }
}

/// Whether one side holds the other.
pub(super) fn overlap(a: &Side, b: &Side) -> bool {
    match (a, b) {
        (Side::Entity(a), Side::Entity(b)) => a.entity.id == b.entity.id,
        (Side::Entity(whole), part) | (part, Side::Entity(whole)) => part.is_part_of(whole),
        (Side::Name { referent: a, .. }, Side::Name { referent: b, .. }) => a.id == b.id,
    }
}

fn shown(referent: &Referent) -> &str {
    name_of(&referent.forms).unwrap_or(&referent.normal)
}

fn name_of(forms: &[(String, u32)]) -> Option<&str> {
    most_frequent(forms.iter().map(|(form, count)| (form.as_str(), *count)))
}

/// The side that the mention of an id belongs to. Takes time in proportion to all mentions.
pub async fn mention(store: &dyn Store, id: &str) -> Result<Option<Side>, docmill_store::Error> {
    let Ok(id) = uuid::Uuid::try_parse(id) else { return Ok(None) };
    let Some(row) = store.find_mention(MentionId(id)).await? else { return Ok(None) };
    let project = store.document(row.document).await?.project;
    let referents = store.referents(row.document).await?;
    let (document, entity) = (row.document, row.entity);
    Ok(referents.into_iter().find(|referent| referent.id == row.referent).map(|referent| Side::Name {
        project,
        document,
        referent,
        entity,
    }))
}

/// What a document means by a name, each with its first mention. Only the best fit counts: where a form is exactly the
/// name, forms that are equal when folded or that have its words are left out, and so on ([`Fit`]).
pub async fn in_document(
    store: &dyn Store,
    document: DocumentId,
    name: &str,
) -> Result<Vec<(MentionId, Side)>, docmill_store::Error> {
    let wanted = Wanted::new(name);
    let fit =
        |referent: &Referent| referent.forms.iter().filter_map(|(form, _)| wanted.fit(referent.kind, form, &[])).min();
    let mut best: Option<Fit> = None;
    let mut found = Vec::new();
    for (referent, entity) in store.referent_entities(document).await? {
        let Some(fit) = fit(&referent) else { continue };
        if best.is_none_or(|best| fit < best) {
            best = Some(fit);
            found.clear();
        }
        if best == Some(fit) {
            found.push((referent, entity));
        }
    }
    let project = store.document(document).await?.project;
    let side = |(referent, entity): (Referent, Option<EntityId>)| {
        let first = *referent.mentions.first()?;
        Some((first, Side::Name { project: project.clone(), document, referent, entity }))
    };
    Ok(found.into_iter().filter_map(side).collect())
}

/// Names of a document that share words with another name, those that share most first.
pub async fn near_in_document(
    store: &dyn Store,
    document: DocumentId,
    name: &str,
    limit: usize,
) -> Result<Vec<(MentionType, String)>, docmill_store::Error> {
    let wanted = Wanted::new(name);
    let mut found = Vec::new();
    for referent in store.referents(document).await? {
        let shared = referent.forms.iter().map(|(form, _)| wanted.shared(referent.kind, form)).max().unwrap_or(0);
        if shared > 0 {
            found.push((std::cmp::Reverse(shared), referent.kind, shown(&referent).to_owned()));
        }
    }
    found.sort();
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, kind, name)| (kind, name)).collect())
}

/// How much of an entity a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// The profile that the most documents have. Enough for a name, whatever else belongs to the entity later.
    Core,
    /// All profiles: were one alone anchored, the others could still be split off or joined by what speaks for it.
    Whole,
}

/// The places that stand for sides: a name stands for itself, an entity gets a few for each of its profiles. An entity's
/// places leave out the names in `without`. Sorted, each once.
pub(super) async fn anchors(
    store: &dyn Store,
    sides: &[Side],
    without: &[Side],
    breadth: Breadth,
) -> Result<Vec<Anchor>, docmill_store::Error> {
    let without: BTreeSet<ReferentId> = without.iter().filter_map(referent_id).collect();
    let mut out = BTreeSet::new();
    for side in sides {
        match side {
            Side::Name { document, referent, .. } => {
                out.insert(anchor(*document, referent.kind, &referent.normal, &referent.forms));
            }
            Side::Entity(row) => out.extend(places(store, row.entity.id, &without, breadth).await?),
        }
    }
    Ok(out.into_iter().collect())
}

/// The entities that places are part of. Who is somebody else's is so with all their places: one place alone would leave
/// its entity, for the names of the two contradict each other.
pub(super) async fn wholes(store: &dyn Store, sides: &[Side]) -> Result<Vec<Side>, docmill_store::Error> {
    let entity = |side: &Side| match side {
        Side::Entity(_) => None,
        Side::Name { entity, .. } => *entity,
    };
    let ids: BTreeSet<EntityId> = sides.iter().filter_map(entity).collect();
    let mut out = Vec::new();
    for id in ids {
        out.extend(store.entity_row(id).await?.map(Side::Entity));
    }
    Ok(out)
}

fn referent_id(side: &Side) -> Option<ReferentId> {
    match side {
        Side::Entity(_) => None,
        Side::Name { referent, .. } => Some(referent.id),
    }
}

/// The places of an entity's profiles in their first documents.
async fn places(
    store: &dyn Store,
    entity: EntityId,
    without: &BTreeSet<ReferentId>,
    breadth: Breadth,
) -> Result<Vec<Anchor>, docmill_store::Error> {
    let profiles = store.profile_rows(entity).await?;
    let taken = match breadth {
        Breadth::Core => 1,
        Breadth::Whole => profiles.len(),
    };
    let each = if taken > FEW { 1 } else { PLACES };
    let mut wanted: BTreeMap<ProfileId, usize> = profiles.iter().take(taken).map(|row| (row.id, each)).collect();
    let mut out = Vec::new();
    let mut after = None;
    for _ in 0..PAGES {
        let rows = store.member_rows(entity, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.document, last.referent));
        for row in rows.iter().filter(|row| !without.contains(&row.referent)) {
            if let Some(left) = wanted.get_mut(&row.profile).filter(|left| **left > 0) {
                *left -= 1;
                out.push(anchor(row.document, row.kind, &row.normal, &row.forms));
            }
        }
        if wanted.values().all(|left| *left == 0) {
            break;
        }
    }
    Ok(out)
}

fn anchor(document: DocumentId, kind: MentionType, normal: &str, forms: &[(String, u32)]) -> Anchor {
    let quote = name_of(forms).unwrap_or(normal).to_owned();
    Anchor { document, kind, normal: normal.to_owned(), quote }
}

/// The entities that the first [`LOOKED`] anchors find now, each once, by id. Documents that are gone give none.
pub(super) async fn entities_of(store: &dyn Store, anchors: &[Anchor]) -> Result<Vec<EntityRow>, docmill_store::Error> {
    let mut by_document: BTreeMap<DocumentId, Vec<&Anchor>> = BTreeMap::new();
    for anchor in anchors.iter().take(LOOKED) {
        by_document.entry(anchor.document).or_default().push(anchor);
    }
    let mut ids = BTreeSet::new();
    for (document, anchors) in by_document {
        let referents = match store.referent_entities(document).await {
            Err(docmill_store::Error::UnknownDocument(_)) => continue,
            referents => referents?,
        };
        ids.extend(anchors.into_iter().filter_map(|anchor| find(&referents, anchor)));
    }
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(store.entity_row(id).await?);
    }
    Ok(rows)
}

/// The entity of the referent that an anchor finds, in the way that [`Anchor`] states.
fn find(referents: &[(Referent, Option<EntityId>)], anchor: &Anchor) -> Option<EntityId> {
    let of_kind = || referents.iter().filter(|(r, _)| r.kind == anchor.kind);
    let quoted = |r: &Referent| r.forms.iter().any(|(form, _)| *form == anchor.quote);
    let found = of_kind()
        .find(|(r, _)| r.normal == anchor.normal && quoted(r))
        .or_else(|| of_kind().find(|(r, _)| r.normal == anchor.normal))
        .or_else(|| of_kind().find(|(r, _)| quoted(r)));
    found.and_then(|(_, entity)| *entity)
}
