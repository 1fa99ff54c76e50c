//! The fold: from the profiles of a project to its entities. It may be computed again at any time from the same
//! profiles and decisions, in any order, and gives the same.
//!
//! Profiles that share a block are compared ([`link`]); links and decisions make components; each component is folded
//! by itself ([`fold`]). Nothing here looks at the entities of before.

mod cluster;
pub mod link;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{
    Action, Component, Entity, EntityId, Fold, Folded, Identifier, Membership, MentionType, Profile, ProfileId,
    ProjectId, Refusal, Ruling,
};

use cluster::Clusters;

use crate::pair;

/// Profiles of a component at most. One that would be larger is cut at the next of [`THRESHOLDS`], so that neither a
/// chain of names, each like the next, nor a pile of near-names becomes one thing or slow to fold: the veto looks at
/// each pair of a component.
pub const MAX_COMPONENT: usize = 500;

/// The scores from which on a link joins, from the usual one to none at all: the last leaves only what people decided.
pub const THRESHOLDS: [u16; 3] = [pair::MERGE, (pair::MERGE + 1000) / 2, u16::MAX];

/// Forms of an entity that are shown beside its name: more would be read by nobody.
const MAX_ALIASES: usize = 64;

/// Folds one component. The documents of an entity of several profiles are the sum of theirs: whoever has the store
/// counts those that stand in two of them once.
pub fn fold(project: ProjectId, component: &Component) -> Fold {
    let mut clusters = Clusters::new(component);
    clusters.follow_decisions();
    let refused = clusters.join_links();
    let mut entities: Vec<Folded> =
        clusters.groups().into_iter().filter_map(|group| unite(project, component, &group)).collect();
    entities.sort_by_key(|folded| folded.entity.id);
    let changed = component.links.iter().zip(refused).filter(|(link, why)| link.refused != *why);
    let refusals = changed.map(|(link, why)| Refusal { a: link.a, b: link.b, why }).collect();
    Fold { entities, refusals }
}

/// Profiles that became one, with the union that brought each of them in.
struct Group<'a> {
    profiles: Vec<&'a Profile>,
    /// Sorted by profile; without the one that the group starts from.
    joined: BTreeMap<ProfileId, (Vec<String>, u16)>,
}

fn unite(project: ProjectId, component: &Component, group: &Group<'_>) -> Option<Folded> {
    let least = group.profiles.iter().map(|p| p.least).min()?;
    // The largest profile says what kind of thing it is, should a decision have joined two kinds.
    let first = group.profiles.iter().max_by_key(|p| (p.documents, Reverse(p.id)))?;
    let all = forms(group.profiles.iter().copied());
    let full = forms(group.profiles.iter().copied().filter(|p| has_full_name(p)));
    let best = full.first().or(all.first()).map_or(first.key.normal.as_str(), |form| *form);
    let name = decided_name(component, group).unwrap_or(best).to_owned();
    let others = all.into_iter().filter(|form| *form != name).take(MAX_ALIASES);
    let mut aliases: Vec<String> = others.map(str::to_owned).collect();
    aliases.sort_unstable();
    let identifiers: BTreeSet<&Identifier> =
        group.profiles.iter().flat_map(|p| &p.key.identifiers).filter(|i| i.is_own()).collect();
    let sum = |of: fn(&Profile) -> u32| group.profiles.iter().fold(0_u32, |sum, p| sum.saturating_add(of(p)));
    let member = |p: &&Profile| {
        let (reasons, score) = group.joined.get(&p.id).cloned().unwrap_or((Vec::new(), 1000));
        Membership { profile: p.id, reasons, score }
    };
    Some(Folded {
        entity: Entity {
            id: EntityId::new(project, least),
            kind: first.key.kind,
            name,
            aliases,
            identifiers: identifiers.into_iter().cloned().collect(),
            documents: sum(|p| p.documents),
            mentions: sum(|p| p.mentions),
        },
        least,
        members: group.profiles.iter().map(member).collect(),
    })
}

/// The forms of profiles, the most frequent first, then the longest, then the least in bytes.
fn forms<'a>(profiles: impl Iterator<Item = &'a Profile>) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (form, count) in profiles.flat_map(|p| &p.forms) {
        let sum = counts.entry(form).or_default();
        *sum = sum.saturating_add(*count);
    }
    let mut ranked: Vec<(&str, u32)> = counts.into_iter().collect();
    ranked.sort_by_key(|(form, count)| (Reverse(*count), Reverse(form.chars().count()), *form));
    ranked.into_iter().map(|(form, _)| form).collect()
}

/// Whether a profile may name its entity before those of a single word do: however often the pages of a hearing say
/// `Mr. Grünwald`, he is shown with his full name.
fn has_full_name(profile: &Profile) -> bool {
    profile.key.kind == MentionType::Person && profile.key.normal.contains(' ')
}

/// The name that a person gave last to one of the profiles.
fn decided_name<'a>(component: &'a Component, group: &Group<'_>) -> Option<&'a str> {
    let is_meant = |ruling: &&Ruling| ruling.a.iter().any(|id| group.profiles.iter().any(|p| p.id == *id));
    let renames = component.rulings.iter().filter(|r| matches!(r.action, Action::Rename { .. })).filter(is_meant);
    match &renames.max_by_key(|r| (r.at_ms, r.decision))?.action {
        Action::Rename { name } => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
