//! Who is who across documents: profiles and the fold, in memory.

use std::collections::{BTreeMap, BTreeSet};

use docmill_analyze::fold::link::Linking;
use docmill_analyze::fold::{MAX_COMPONENT, THRESHOLDS, fold};
use docmill_model::{Component, DocumentId, EntityId, Link, Profile, ProfileId, ProjectId, Referent};

/// The profile of a referent.
pub fn profile_of(referent: &Referent) -> ProfileId {
    ProfileId::new(&referent.key().digest())
}

/// The entity that each profile becomes when the documents are those of one project.
pub fn entities<'a>(documents: impl Iterator<Item = (DocumentId, &'a [Referent])>) -> BTreeMap<ProfileId, EntityId> {
    let project = ProjectId::new("eval");
    let profiles = profiles(documents);
    let keys = profiles.values().map(|p| (p.id, p.key.clone())).collect();
    let mut linking = Linking::new(project, keys, Vec::new());
    linking.see_blocks(linking.blocks().into_iter().map(|(block, _)| (block, Vec::new())).collect());
    let links = linking.links(Vec::new()).new;
    let mut of: BTreeMap<ProfileId, Vec<&Link>> = BTreeMap::new();
    for link in &links {
        of.entry(link.a).or_default().push(link);
        of.entry(link.b).or_default().push(link);
    }

    let mut out = BTreeMap::new();
    let mut left: BTreeSet<ProfileId> = profiles.keys().copied().collect();
    // What is too large at one threshold is tried at the next; the last one joins nothing.
    for threshold in THRESHOLDS {
        let mut large = BTreeSet::new();
        for ids in components(left, &of, threshold) {
            if ids.len() > MAX_COMPONENT {
                large.extend(ids);
                continue;
            }
            let touching = ids.iter().filter_map(|id| of.get(id)).flatten();
            let links: BTreeMap<(ProfileId, ProfileId), &Link> =
                touching.map(|link| ((link.a, link.b), *link)).collect();
            let component = Component {
                profiles: ids.iter().filter_map(|id| profiles.get(id)).cloned().collect(),
                links: links.into_values().cloned().collect(),
                rulings: Vec::new(),
                threshold,
            };
            for folded in fold(project, &component).entities {
                out.extend(folded.members.iter().map(|member| (member.profile, folded.entity.id)));
            }
        }
        left = large;
    }
    out
}

/// A profile that is being counted.
struct Counted<'a> {
    profile: Profile,
    documents: BTreeSet<DocumentId>,
    forms: BTreeMap<&'a str, u32>,
}

fn profiles<'a>(documents: impl Iterator<Item = (DocumentId, &'a [Referent])>) -> BTreeMap<ProfileId, Profile> {
    let mut out: BTreeMap<ProfileId, Counted<'a>> = BTreeMap::new();
    for (document, referents) in documents {
        for referent in referents {
            let (id, key, least) = (profile_of(referent), referent.key(), referent.id);
            let counted = out.entry(id).or_insert_with(|| Counted {
                profile: Profile { id, key, documents: 0, mentions: 0, forms: Vec::new(), least },
                documents: BTreeSet::new(),
                forms: BTreeMap::new(),
            });
            counted.documents.insert(document);
            counted.profile.mentions += referent.mentions.len() as u32;
            counted.profile.least = counted.profile.least.min(least);
            for (form, count) in &referent.forms {
                *counted.forms.entry(form).or_default() += count;
            }
        }
    }
    out.into_iter().map(|(id, counted)| (id, counted.finish())).collect()
}

impl Counted<'_> {
    fn finish(self) -> Profile {
        let mut forms: Vec<(String, u32)> = self.forms.into_iter().map(|(form, n)| (form.to_owned(), n)).collect();
        forms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        forms.truncate(Profile::MAX_FORMS);
        Profile { documents: self.documents.len() as u32, forms, ..self.profile }
    }
}

/// Profiles that links of at least this score tie together.
fn components(
    mut left: BTreeSet<ProfileId>,
    links: &BTreeMap<ProfileId, Vec<&Link>>,
    threshold: u16,
) -> Vec<BTreeSet<ProfileId>> {
    let mut out = Vec::new();
    while let Some(first) = left.pop_first() {
        let (mut component, mut queue) = (BTreeSet::from([first]), vec![first]);
        while let Some(id) = queue.pop() {
            let joining = links.get(&id).into_iter().flatten().filter(|l| l.score >= threshold && l.veto.is_none());
            for other in joining.map(|link| if link.a == id { link.b } else { link.a }) {
                if left.remove(&other) {
                    component.insert(other);
                    queue.push(other);
                }
            }
        }
        out.push(component);
    }
    out
}

#[cfg(test)]
mod tests {
    use docmill_model::{Digest, MentionType, ReferentId, Span};

    use super::*;

    /// Referents of a document for each list of names; names with equal letters behind become one entity.
    fn check(documents: &[&[(&str, char)]]) {
        let made: Vec<(DocumentId, Vec<Referent>)> = documents
            .iter()
            .enumerate()
            .map(|(number, names)| {
                let document = DocumentId::new("eval", &Digest::of(&[number as u8]));
                let referent = |(at, (name, _)): (usize, &(&str, char))| Referent {
                    id: ReferentId::new(document, MentionType::Person, Span::new(at as u32, at as u32 + 1)),
                    kind: MentionType::Person,
                    normal: (*name).to_owned(),
                    identifiers: Vec::new(),
                    forms: vec![((*name).to_owned(), 1)],
                    mentions: Vec::new(),
                    discriminator: String::new(),
                };
                (document, names.iter().enumerate().map(referent).collect())
            })
            .collect();
        let entities = entities(made.iter().map(|(document, referents)| (*document, referents.as_slice())));
        let mut letters: BTreeMap<EntityId, BTreeSet<char>> = BTreeMap::new();
        for ((_, referents), names) in made.iter().zip(documents) {
            for (referent, (_, letter)) in referents.iter().zip(*names) {
                letters.entry(entities[&profile_of(referent)]).or_default().insert(*letter);
            }
        }
        let all: BTreeSet<char> = documents.iter().flat_map(|names| names.iter().map(|(_, letter)| *letter)).collect();
        let found: Vec<BTreeSet<char>> = letters.into_values().collect();
        assert_eq!(found.len(), all.len(), "{found:?}");
        assert!(found.iter().all(|letters| letters.len() == 1), "{found:?}");
    }

    #[test]
    fn documents_are_folded_as_those_of_a_project() {
        check(&[&[("anna schmidt", 'a'), ("ben carter", 'b')], &[("anna schmidt", 'a'), ("ben carver", 'c')]]);
        check(&[&[("anna schmidt", 'a')], &[("anna schmidt jr", 'j')]]);
        check(&[]);
    }
}
