//! The fold: from the profiles of a project to its entities. It may be computed again at any time from the same
//! profiles, in any order, and gives the same.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{Entity, EntityId, Fold, Identifier, Merge, Profile, ProfileMember, ProjectId};

/// Computes the entities of a project. Profiles without members give nothing.
///
/// A profile is exact, so each becomes one entity: type, normal form and identifiers are the same for all members.
/// Entities are sorted by id, profiles by theirs, merges by entity and member.
pub fn fold(project: ProjectId, profiles: &[Profile]) -> Fold {
    let mut fold = Fold::default();
    for group in groups(profiles) {
        let Some((entity, merges)) = unite(project, &group) else { continue };
        fold.profiles.extend(group.iter().map(|p| (p.id, entity.id)));
        fold.entities.push(entity);
        fold.merges.extend(merges);
    }
    fold.entities.sort_by_key(|e| e.id);
    fold.profiles.sort_unstable();
    fold.merges.sort_unstable();
    fold
}

/// The profiles that are one thing, as sets that do not overlap. Each stands alone as long as nothing but equality
/// joins referents.
fn groups(profiles: &[Profile]) -> impl Iterator<Item = Vec<&Profile>> {
    profiles.iter().map(|profile| vec![profile])
}

/// Makes one entity of a group of profiles, and says of each member but the least why it belongs to it. `None` when
/// the group has no members.
fn unite(project: ProjectId, group: &[&Profile]) -> Option<(Entity, Vec<Merge>)> {
    let members: Vec<&ProfileMember> = group.iter().flat_map(|p| &p.members).collect();
    let least = members.iter().map(|m| m.referent).min()?;
    let id = EntityId::new(project, least);

    let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
    for (form, count) in members.iter().flat_map(|m| &m.forms) {
        let sum = forms.entry(form).or_default();
        *sum = sum.saturating_add(*count);
    }
    let first = group.first()?;
    let name = best_form(&forms).unwrap_or(&first.key.normal).to_owned();
    let identifiers: BTreeSet<&Identifier> = group.iter().flat_map(|p| &p.key.identifiers).collect();
    let documents: BTreeSet<_> = members.iter().map(|m| m.document).collect();
    let entity = Entity {
        id,
        kind: first.key.kind,
        aliases: forms.into_keys().filter(|form| *form != name).map(str::to_owned).collect(),
        name,
        identifiers: identifiers.into_iter().cloned().collect(),
        documents: documents.len() as u32,
        mentions: members.iter().fold(0, |sum, m| sum.saturating_add(m.mentions)),
    };
    let merges = group.iter().flat_map(|profile| {
        let others = profile.members.iter().filter(|m| m.referent != least);
        others.map(|m| Merge { entity: id, member: m.referent, reasons: reasons(profile), score: 1000 })
    });
    Some((entity, merges.collect()))
}

/// The most frequent form, then the longest in characters, then the least in bytes.
fn best_form<'a>(forms: &BTreeMap<&'a str, u32>) -> Option<&'a str> {
    forms.iter().max_by_key(|(form, count)| (**count, form.chars().count(), Reverse(**form))).map(|(form, _)| *form)
}

/// Why the referents of one profile are one thing, sorted.
fn reasons(profile: &Profile) -> Vec<String> {
    let identifier = (!profile.key.identifiers.is_empty()).then_some("same_identifier");
    identifier.into_iter().chain(["same_name"]).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use docmill_model::{Digest, DocumentId, MentionType, ProfileId, ProfileKey, ReferentId, Span};
    use proptest::prelude::*;

    use super::*;

    fn project() -> ProjectId {
        ProjectId::new("test")
    }

    /// A referent in the document of a number, with its forms and their counts.
    fn member(kind: MentionType, document: u8, at: u32, forms: &[(&str, u32)]) -> ProfileMember {
        let document = DocumentId::new("test", &Digest::of(&[document]));
        ProfileMember {
            referent: ReferentId::new(document, kind, Span::new(at, at + 1)),
            document,
            forms: forms.iter().map(|(f, n)| ((*f).to_owned(), *n)).collect(),
            mentions: forms.iter().map(|(_, n)| n).sum(),
        }
    }

    fn profile(normal: &str, email: Option<&str>, mut members: Vec<ProfileMember>) -> Profile {
        members.sort_by_key(|m| m.referent);
        let identifiers: Vec<_> =
            email.map(|e| Identifier { scheme: "email".into(), value: e.into() }).into_iter().collect();
        let key =
            ProfileKey { kind: MentionType::Person, normal: normal.into(), identifiers, discriminator: String::new() };
        let id = ProfileId::new(&Digest::of_parts([normal, email.unwrap_or("")]));
        Profile { id, key, members }
    }

    #[test]
    fn a_profile_becomes_an_entity_named_by_its_best_form() {
        for (forms, name, aliases) in [
            (&[("Bo", 3), ("Bo Li", 1)][..], "Bo", &["Bo Li"][..]),
            (&[("Bo", 1), ("BO Li", 1), ("Bo Li", 1)], "BO Li", &["Bo", "Bo Li"]),
            (&[("éé", 1), ("zzz", 1)], "zzz", &["éé"]),
        ] {
            let members = forms.iter().zip(0..).map(|(form, i)| member(MentionType::Person, i, 0, &[*form])).collect();
            let found = fold(project(), &[profile("bo li", None, members)]);
            let entity = &found.entities[0];
            assert_eq!(
                (entity.name.as_str(), entity.aliases.as_slice()),
                (name, &*aliases.iter().map(|a| a.to_string()).collect::<Vec<_>>())
            );
            assert_eq!(entity.documents as usize, forms.len());
            assert_eq!(entity.mentions, forms.iter().map(|(_, n)| n).sum::<u32>());
        }
    }

    #[test]
    fn every_member_but_the_least_says_why_it_was_merged() {
        let members: Vec<_> = (0..3).map(|i| member(MentionType::Person, i, 0, &[("Bo", 1)])).collect();
        let least = members.iter().map(|m| m.referent).min().expect("three members");
        for (email, reasons) in [(None, &["same_name"][..]), (Some("b@x"), &["same_identifier", "same_name"])] {
            let found = fold(project(), &[profile("bo", email, members.clone())]);
            assert_eq!(found.entities[0].id, EntityId::new(project(), least));
            assert_eq!(found.merges.len(), 2);
            for merge in &found.merges {
                assert!(merge.member != least && merge.score == 1000 && merge.entity == found.entities[0].id);
                assert_eq!(merge.reasons, reasons);
            }
        }
    }

    #[test]
    fn a_profile_without_members_gives_nothing() {
        assert_eq!(fold(project(), &[profile("bo", None, vec![])]), Fold::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_order_of_profiles_and_members_does_not_matter(
            (straight, shuffled) in prop::collection::vec((0u8..4, 0u8..5, prop::bool::ANY), 1..20)
                .prop_map(|specs| {
                    let mut by_key: BTreeMap<(u8, bool), Vec<ProfileMember>> = BTreeMap::new();
                    for (at, (name, document, email)) in specs.into_iter().enumerate() {
                        let form = ["Bo", "BO", "Bo Li", "B"][(at + name as usize) % 4];
                        let one = member(MentionType::Person, document, at as u32, &[(form, 1 + at as u32 % 3)]);
                        by_key.entry((name, email)).or_default().push(one);
                    }
                    by_key
                        .into_iter()
                        .map(|((name, email), members)| profile(&name.to_string(), email.then_some("b@x"), members))
                        .collect::<Vec<_>>()
                })
                .prop_flat_map(|profiles| {
                    let members = profiles.iter().map(|p| Just(p.members.clone()).prop_shuffle()).collect::<Vec<_>>();
                    (Just(profiles), members)
                })
                .prop_flat_map(|(profiles, members)| {
                    let turned: Vec<Profile> = profiles
                        .iter()
                        .zip(members)
                        .map(|(p, members)| Profile { members, ..p.clone() })
                        .collect();
                    (Just(profiles), Just(turned).prop_shuffle())
                })
        ) {
            prop_assert_eq!(fold(project(), &straight), fold(project(), &shuffled));
        }
    }
}
