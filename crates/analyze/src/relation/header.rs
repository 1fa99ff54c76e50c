//! Who wrote to whom, from the header of a mail.

use std::collections::BTreeSet;

use docmill_model::{Identifier, MentionType, Role};

use super::passage::Named;

/// Senders that are considered. A mail has one, rarely a few; a header that was made to hold thousands would
/// otherwise give a relation for each pair.
pub(super) const MAX_SENDERS: usize = 8;

/// From each sender to each recipient, once a pair, with the first place that says so, as numbers of mentions; in the
/// order of the text. Nobody writes to himself: a name and an address that share an identifier are one.
pub(super) fn letters(named: &[Named<'_>]) -> Vec<(usize, usize)> {
    let senders = parties(Role::Sender, named);
    let recipients = parties(Role::Recipient, named);
    let mut out = Vec::new();
    for &from in senders.iter().take(MAX_SENDERS) {
        for &to in &recipients {
            let (a, b) = (&named[from], &named[to]);
            if a.referent != b.referent && !share_identifier(a, b) {
                out.push((from, to));
            }
        }
    }
    out
}

/// The parties with a role, each once, in the order of their first mention: persons, and the addresses of those who
/// are not named.
fn parties(role: Role, named: &[Named<'_>]) -> Vec<usize> {
    let with_role = || named.iter().enumerate().filter(|(_, n)| n.mention.role == Some(role) && !n.is_term);
    let persons: BTreeSet<&Identifier> = with_role()
        .filter(|(_, n)| n.mention.kind == MentionType::Person)
        .flat_map(|(_, n)| &n.mention.identifiers)
        .collect();
    let mut seen = BTreeSet::new();
    with_role()
        .filter(|(_, n)| match n.mention.kind {
            MentionType::Person => true,
            MentionType::Email => !n.mention.identifiers.iter().any(|i| persons.contains(i)),
            _ => false,
        })
        .filter(|(_, n)| seen.insert(n.referent))
        .map(|(number, _)| number)
        .collect()
}

fn share_identifier(a: &Named<'_>, b: &Named<'_>) -> bool {
    a.mention.identifiers.iter().any(|i| b.mention.identifiers.contains(i))
}
