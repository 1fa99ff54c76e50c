//! Relations between the referents of one document: who wrote to whom, from the header of a mail.

use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{
    Evidence, Identifier, Mention, MentionId, MentionType, Referent, ReferentId, Relation, RelationType, Role, Span,
};

use crate::mention::MAIL_HEADER;

/// Senders that are considered. A mail has one, rarely a few; a header that was made to hold thousands would
/// otherwise give a relation for each pair.
const MAX_SENDERS: usize = 8;

/// One who takes part in a mail: a person, or the address of someone who is not named.
struct Party<'a> {
    referent: ReferentId,
    mention: &'a Mention,
}

/// `WROTE_TO` from each sender to each recipient, once a pair, with the first place that says so as evidence; in the
/// order of the text. Nobody writes to himself: a name and an address that share an identifier are one.
///
/// `mentions` and `referents` are those of one document.
pub fn relations(mentions: &[Mention], referents: &[Referent]) -> Vec<Relation> {
    let referent_of: BTreeMap<MentionId, ReferentId> =
        referents.iter().flat_map(|r| r.mentions.iter().map(|m| (*m, r.id))).collect();
    let senders = parties(Role::Sender, mentions, &referent_of);
    let recipients = parties(Role::Recipient, mentions, &referent_of);
    let mut out = Vec::new();
    for from in senders.iter().take(MAX_SENDERS) {
        for to in &recipients {
            if from.referent != to.referent && !share_identifier(from.mention, to.mention) {
                out.push(wrote_to(from, to));
            }
        }
    }
    out
}

/// The parties with a role, each once, in the order of their first mention.
fn parties<'a>(role: Role, mentions: &'a [Mention], referent_of: &BTreeMap<MentionId, ReferentId>) -> Vec<Party<'a>> {
    let with_role = || mentions.iter().filter(|m| m.role == Some(role));
    let named: BTreeSet<&Identifier> =
        with_role().filter(|m| m.kind == MentionType::Person).flat_map(|m| &m.identifiers).collect();
    let mut seen = BTreeSet::new();
    with_role()
        .filter(|m| match m.kind {
            MentionType::Person => true,
            MentionType::Email => !m.identifiers.iter().any(|i| named.contains(i)),
            _ => false,
        })
        .filter_map(|mention| Some(Party { referent: *referent_of.get(&mention.id)?, mention }))
        .filter(|party| seen.insert(party.referent))
        .collect()
}

fn share_identifier(a: &Mention, b: &Mention) -> bool {
    a.identifiers.iter().any(|i| b.identifiers.contains(i))
}

fn wrote_to(from: &Party<'_>, to: &Party<'_>) -> Relation {
    let (a, b) = (from.mention.span, to.mention.span);
    Relation {
        from: from.referent,
        to: to.referent,
        kind: RelationType::WroteTo,
        confidence: 1000,
        extractor: MAIL_HEADER.to_owned(),
        attributes: BTreeMap::new(),
        evidence: Evidence {
            span: Span::new(a.start.min(b.start), a.end.max(b.end)),
            mentions: [from.mention.id, to.mention.id],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referent::referents;
    use crate::referent::tests::{document, mention};

    /// Asserts who wrote to whom, by the normal forms of the referents, and the range that says so.
    fn check(mentions: &[Mention], expected: &[(&str, &str, (u32, u32))]) {
        let referents = referents(document(), &docmill_model::Text::default(), mentions);
        let normal =
            |id| referents.iter().find(|r| r.id == id).map(|r| r.normal.as_str()).expect("a referent that was given");
        let relations = relations(mentions, &referents);
        let found: Vec<_> = relations
            .iter()
            .map(|r| (normal(r.from), normal(r.to), (r.evidence.span.start, r.evidence.span.end)))
            .collect();
        assert_eq!(found, expected);
        for relation in &relations {
            assert_eq!((relation.confidence, relation.extractor.as_str()), (1000, "rule/mail_header@1"));
        }
    }

    use MentionType::{Date, Email, Person};
    const SENDER: Option<Role> = Some(Role::Sender);
    const RECIPIENT: Option<Role> = Some(Role::Recipient);

    #[test]
    fn a_mail_relates_its_sender_to_each_recipient_once() {
        check(
            &[
                mention(Person, 0, "Anna", Some("a@x"), SENDER),
                mention(Email, 10, "a@x", Some("a@x"), SENDER),
                mention(Person, 20, "Bo", Some("b@x"), RECIPIENT),
                mention(Email, 30, "b@x", Some("b@x"), RECIPIENT),
                mention(Email, 40, "c@x", Some("c@x"), RECIPIENT),
                mention(Person, 50, "Bo", Some("b@x"), RECIPIENT),
                mention(Email, 60, "b@x", Some("b@x"), RECIPIENT),
                mention(Date, 70, "2024", None, None),
                mention(Email, 80, "d@x", Some("d@x"), None),
            ],
            &[("anna", "bo", (0, 30)), ("anna", "c@x", (0, 50))],
        );
    }

    #[test]
    fn nobody_writes_to_himself() {
        check(
            &[
                mention(Person, 0, "Anna", Some("a@x"), SENDER),
                mention(Email, 10, "a@x", Some("a@x"), RECIPIENT),
                mention(Person, 20, "Anna", Some("a@x"), RECIPIENT),
            ],
            &[],
        );
    }

    #[test]
    fn addresses_stand_for_those_who_are_not_named() {
        let (to, from) =
            (mention(Email, 0, "b@x", Some("b@x"), RECIPIENT), mention(Email, 20, "a@x", Some("a@x"), SENDER));
        check(&[to.clone(), from], &[("a@x", "b@x", (0, 30))]);
        check(&[to], &[]);
    }

    #[test]
    fn a_header_with_many_senders_gives_no_more_pairs_than_it_has_recipients_times_the_limit() {
        let mut mentions = Vec::new();
        for i in 0..100 {
            let (from, to) = (format!("s{i}@x"), format!("r{i}@x"));
            mentions.push(mention(Email, i * 10, &from, Some(&from), SENDER));
            mentions.push(mention(Email, 1000 + i * 10, &to, Some(&to), RECIPIENT));
        }
        mentions.sort_by_key(|m| m.span);
        let referents = referents(document(), &docmill_model::Text::default(), &mentions);
        assert_eq!(relations(&mentions, &referents).len(), MAX_SENDERS * 100);
    }
}
