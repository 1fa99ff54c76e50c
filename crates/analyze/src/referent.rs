//! Referents: the mentions of one document that are the same thing.

use std::collections::BTreeMap;

use docmill_model::{DocumentId, Identifier, Mention, MentionType, Referent, ReferentId, Text};

type Key<'a> = (MentionType, &'a str, &'a [Identifier]);

/// Clusters the mentions of a document by type, normal form and identifiers. A person without an identifier joins
/// the one person of the same name who has one; where there are several it stays by itself.
///
/// Sorted by id. The order of the mentions does not matter.
pub fn referents(document: DocumentId, _text: &Text, mentions: &[Mention]) -> Vec<Referent> {
    let mut clusters: BTreeMap<Key<'_>, Vec<&Mention>> = BTreeMap::new();
    for mention in mentions {
        clusters.entry((mention.kind, &mention.normal, &mention.identifiers)).or_default().push(mention);
    }
    join_persons(&mut clusters);
    let mut out: Vec<Referent> =
        clusters.into_iter().filter_map(|(key, members)| referent(document, key, members)).collect();
    out.sort_by_key(|r| r.id);
    out
}

/// Clusters the names of a document, given with their types in the order of the text: for each the index of the first
/// name of its cluster. This is how the measurements of others call it, who have no text.
pub fn clusters(names: &[(MentionType, &str)]) -> Vec<usize> {
    let mut first: BTreeMap<(MentionType, String), usize> = BTreeMap::new();
    names.iter().enumerate().map(|(at, (kind, name))| *first.entry((*kind, name.to_lowercase())).or_insert(at)).collect()
}

fn join_persons(clusters: &mut BTreeMap<Key<'_>, Vec<&Mention>>) {
    let mut known: BTreeMap<&str, Vec<Key<'_>>> = BTreeMap::new();
    for &key in clusters.keys().filter(|(kind, ..)| *kind == MentionType::Person) {
        known.entry(key.1).or_default().push(key);
    }
    for keys in known.values() {
        // Keys are in order, so that the one without identifiers comes first.
        if let [unknown @ (.., []), person] = keys[..] {
            let members = clusters.remove(&unknown).unwrap_or_default();
            clusters.entry(person).or_default().extend(members);
        }
    }
}

fn referent(document: DocumentId, key: Key<'_>, mut members: Vec<&Mention>) -> Option<Referent> {
    members.sort_by_key(|m| (m.span, m.id));
    let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
    for member in &members {
        *forms.entry(&member.name).or_default() += 1;
    }
    Some(Referent {
        id: ReferentId::new(document, key.0, members.first()?.span),
        kind: key.0,
        normal: key.1.to_owned(),
        identifiers: key.2.to_vec(),
        forms: forms.into_iter().map(|(form, count)| (form.to_owned(), count)).collect(),
        mentions: members.iter().map(|m| m.id).collect(),
        discriminator: String::new(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use docmill_model::{Digest, MentionId, Role, Span};

    use super::*;

    pub(crate) fn document() -> DocumentId {
        DocumentId::new("test", &Digest::of(b""))
    }

    /// Makes a mention of ten characters; `email` becomes its identifier.
    pub(crate) fn mention(kind: MentionType, at: u32, name: &str, email: Option<&str>, role: Option<Role>) -> Mention {
        let span = Span::new(at, at + 10);
        Mention {
            id: MentionId::new(document(), kind, span, "rule/test@1"),
            chunk: 0,
            span,
            kind,
            normal: name.to_lowercase(),
            name: name.to_owned(),
            identifiers: email.map(|e| Identifier { scheme: "email".into(), value: e.into() }).into_iter().collect(),
            role,
            confidence: 900,
            extractor: "rule/test@1".to_owned(),
        }
    }

    fn check(mentions: &[Mention], expected: &[(&str, &[u32])]) {
        let referents = referents(document(), &Text::default(), mentions);
        let mut found: Vec<_> = referents
            .iter()
            .map(|r| {
                let starts: Vec<u32> = r
                    .mentions
                    .iter()
                    .map(|id| mentions.iter().find(|m| m.id == *id).expect("a mention that was given").span.start)
                    .collect();
                assert_eq!(r.id, ReferentId::new(document(), r.kind, Span::new(starts[0], starts[0] + 10)));
                (r.normal.clone(), starts)
            })
            .collect();
        found.sort();
        let expected: Vec<_> = expected.iter().map(|(n, s)| (n.to_string(), s.to_vec())).collect();
        assert_eq!(found, expected);
        assert!(referents.is_sorted_by_key(|r| r.id));

        let mut reversed = mentions.to_vec();
        reversed.reverse();
        assert_eq!(super::referents(document(), &Text::default(), &reversed), referents);
    }

    use MentionType::{Date, Org, Person};

    #[test]
    fn mentions_with_the_same_type_and_normal_form_are_one() {
        check(
            &[
                mention(Date, 0, "2024", None, None),
                mention(Org, 10, "Acme", None, None),
                mention(Org, 30, "ACME", None, None),
                mention(Person, 50, "Acme", None, None),
            ],
            &[("2024", &[0]), ("acme", &[10, 30]), ("acme", &[50])],
        );
        check(&[], &[]);
    }

    #[test]
    fn a_person_joins_the_only_one_of_that_name_with_an_address() {
        let anna = |at, email| mention(Person, at, "Anna", email, None);
        check(&[anna(0, None), anna(20, Some("a@x")), anna(40, Some("a@x"))], &[("anna", &[0, 20, 40])]);
        check(
            &[anna(0, None), anna(20, Some("a@x")), anna(40, Some("b@x"))],
            &[("anna", &[0]), ("anna", &[20]), ("anna", &[40])],
        );
        check(
            &[mention(Org, 0, "X", None, None), mention(Org, 20, "X", Some("a@x"), None)],
            &[("x", &[0]), ("x", &[20])],
        );
    }

    #[test]
    fn forms_are_counted_and_sorted() {
        let found = referents(
            document(),
            &Text::default(),
            &["B b", "b B", "B b"]
                .map(|n| n.to_owned())
                .iter()
                .enumerate()
                .map(|(i, n)| mention(Person, i as u32 * 10, n, None, None))
                .collect::<Vec<_>>(),
        );
        assert_eq!(found[0].forms, [("B b".to_owned(), 2), ("b B".to_owned(), 1)]);
    }
}
