//! Referents: the mentions of one document that are the same thing.
//!
//! Mentions with the same type, normal form and identifiers are one to begin with. Then persons are joined by parts of
//! their names, initials and nicknames, organisations by legal forms, acronyms and beginnings, both by what the text
//! says beside them. What may belong to several belongs to none, unless one of them is meant far more often.

mod case;
mod cluster;
mod context;
mod node;
mod organisation;
mod person;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use docmill_model::{DocumentId, Identifier, Mention, MentionType, Referent, ReferentId, Text};

use cluster::Clusters;
use node::{Item, Node};

/// Clusters the mentions of a document. Sorted by id. The order of the mentions does not matter.
///
/// The normal form of a referent is that of its fullest name. A person of whom a document gives a single word and no
/// identifier is known in that document alone: its discriminator is the document's id. In a document with one docket number
/// a surname alone is known in that case, and persons have the number beside their own identifiers.
pub fn referents(document: DocumentId, text: &Text, mentions: &[Mention]) -> Vec<Referent> {
    let mut mentions: Vec<&Mention> = mentions.iter().collect();
    mentions.sort_by_key(|m| (m.span, m.id));
    let addresses = context::addresses(text, &mentions);
    let titles: Vec<Vec<String>> = mentions
        .iter()
        .map(|m| match m.kind {
            MentionType::Person => context::titles(context::before(text, m), &m.name),
            _ => Vec::new(),
        })
        .collect();
    let items: Vec<Item<'_>> = mentions
        .iter()
        .enumerate()
        .map(|(at, mention)| Item {
            kind: mention.kind,
            normal: &mention.normal,
            identifiers: addresses.get(&at).map_or(&mention.identifiers, |address| &mentions[*address].identifiers),
            titles: &titles[at],
            capitals: context::is_capitals(&mention.name),
        })
        .collect();
    let nodes = node::nodes(&items);
    let mut clusters = cluster(&nodes);
    let mut node_of = vec![0; items.len()];
    for (at, node) in nodes.iter().enumerate() {
        node.items.iter().for_each(|item| node_of[*item as usize] = at as u32);
    }
    for (long, short) in context::definitions(text, &mentions) {
        clusters.join(node_of[long], node_of[short]);
    }
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for node in 0..nodes.len() as u32 {
        members.entry(clusters.root(node)).or_default().push(node);
    }
    let mut out: Vec<Referent> = members
        .values()
        .filter_map(|members| {
            let members: Vec<&Node<'_>> = members.iter().map(|n| &nodes[*n as usize]).collect();
            referent(document, &members, &mentions)
        })
        .collect();
    if let Some(docket) = case::docket(&mentions) {
        case::mark(&mut out, &docket);
    }
    out.sort_by_key(|r| r.id);
    out
}

fn cluster<'a>(nodes: &[Node<'a>]) -> Clusters<'a> {
    let mut clusters = Clusters::new(nodes);
    person::join(nodes, &mut clusters);
    organisation::join(nodes, &mut clusters);
    clusters
}

fn referent(document: DocumentId, nodes: &[&Node<'_>], mentions: &[&Mention]) -> Option<Referent> {
    let mut items: Vec<u32> = nodes.iter().flat_map(|n| &n.items).copied().collect();
    items.sort_unstable();
    let members: Vec<&Mention> = items.iter().map(|item| mentions[*item as usize]).collect();
    let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
    for member in &members {
        *forms.entry(&member.name).or_default() += 1;
    }
    let kind = nodes.first()?.kind;
    let fullest = nodes.iter().max_by_key(|n| fullness(n))?;
    let identifiers: BTreeSet<&Identifier> = nodes.iter().flat_map(|n| n.identifiers).collect();
    let known_here_alone = kind == MentionType::Person && identifiers.is_empty() && fullest.is_bare();
    Some(Referent {
        id: ReferentId::new(document, kind, members.first()?.span),
        kind,
        normal: fullest.normal.to_owned(),
        identifiers: identifiers.into_iter().cloned().collect(),
        forms: forms.into_iter().map(|(form, count)| (form.to_owned(), count)).collect(),
        mentions: members.iter().map(|m| m.id).collect(),
        discriminator: if known_here_alone { document.to_string() } else { String::new() },
    })
}

/// What makes a name the fullest: words, the legal form among them, that are no initials; letters; how often it is
/// used.
fn fullness<'a>(node: &Node<'a>) -> (usize, usize, usize, Reverse<&'a str>) {
    let words = node.normal.split(' ').filter(|w| w.chars().nth(1).is_some()).count();
    (words, node.normal.chars().count(), node.items.len(), Reverse(node.normal))
}

#[cfg(test)]
pub(crate) mod tests;
