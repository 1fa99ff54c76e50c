//! `eval identity`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use docmill_analyze::eval::cluster::Clusters;
use docmill_analyze::eval::conllu::{self, NamedMention};
use docmill_analyze::{name, referent};
use docmill_model::{Digest, DocumentId, EntityId, Mention, MentionId, MentionType, Referent, Span, Text};

use super::report::{Fault, Report, Score};
use super::{across, input};
use crate::context::Context;
use crate::format::count;

/// A document with its named mentions, and what was made of them.
struct Clustered {
    document: DocumentId,
    name: String,
    genre: String,
    named: Vec<NamedMention>,
    referents: Vec<Referent>,
    /// For each mention the index of its referent.
    of: Vec<Option<usize>>,
}

/// Scores who is who inside documents, given the names and their types and no text around them; and across
/// documents, for the mentions that have a page in Wikipedia.
pub fn identity(cx: &Context, files: &[PathBuf]) -> Result<Report> {
    let mut clustered = Vec::new();
    for path in files {
        let text = input::text(path)?;
        for document in input::read(path, conllu::read(&text))? {
            clustered.push(cluster(&document));
        }
    }
    if clustered.iter().all(|c| c.named.is_empty()) {
        cx.screen.say("there are no named persons, organisations or places in these files");
    }
    let mut report = Report::new("identity");
    let mut groups: BTreeMap<(bool, String), Clusters> = BTreeMap::new();
    for c in &clustered {
        let pairs: Vec<(&str, (usize, usize))> = c
            .named
            .iter()
            .enumerate()
            // What is in no referent is one by itself.
            .map(|(at, m)| (m.group.as_str(), c.of[at].map_or((1, at), |referent| (0, referent))))
            .collect();
        let score = Clusters::of(&pairs);
        *groups.entry((false, "all".to_owned())).or_default() += score;
        if !c.genre.is_empty() {
            *groups.entry((true, c.genre.clone())).or_default() += score;
        }
        faults(c, &mut report.faults);
    }
    let groups = || groups.iter().map(|((_, name), clusters)| (name, clusters));
    report.scores.extend(groups().map(|(g, c)| Score::clusters("within documents, B3", g, c)));
    report
        .scores
        .extend(groups().map(|(g, c)| Score::counts("within documents, pairs of mentions", g, "all", c.links)));
    across(&clustered, &mut report);
    report.faults.sort_by(|a, b| a.wrong.cmp(&b.wrong));
    Ok(report)
}

fn cluster(document: &conllu::Document<'_>) -> Clustered {
    let named = document.mentions();
    let id = DocumentId::new("eval", &Digest::of(document.id.as_bytes()));
    // One name a line: a text that says nothing but the names.
    let mut text = String::new();
    let mut at = 0;
    let mut mentions = Vec::with_capacity(named.len());
    for mention in &named {
        let end = at + mention.name.chars().count() as u32;
        mentions.push(given(id, mention.kind, &mention.name, at));
        text.push_str(&mention.name);
        text.push('\n');
        at = end + 1;
    }
    let referents = referent::referents(id, &Text::new(text), &mentions);
    let of_id: BTreeMap<MentionId, usize> =
        referents.iter().enumerate().flat_map(|(index, r)| r.mentions.iter().map(move |m| (*m, index))).collect();
    let of = mentions.iter().map(|m| of_id.get(&m.id).copied()).collect();
    Clustered { document: id, name: document.id.to_owned(), genre: document.genre.to_owned(), named, referents, of }
}

/// A mention that a person marked.
pub fn given(document: DocumentId, kind: MentionType, shown: &str, start: u32) -> Mention {
    const EXTRACTOR: &str = "given/marks@1";
    let normal = match kind {
        MentionType::Person => name::person(shown).map(|n| n.normal),
        MentionType::Org => name::organisation(shown).map(|n| n.normal),
        MentionType::Location => name::place(shown).map(|n| n.normal),
        _ => None,
    };
    let span = Span::new(start, start + shown.chars().count() as u32);
    Mention {
        id: MentionId::new(document, kind, span, EXTRACTOR),
        chunk: 0,
        span,
        kind,
        normal: normal.unwrap_or_else(|| name::fold(shown)),
        name: shown.to_owned(),
        identifiers: Vec::new(),
        role: None,
        confidence: 1000,
        extractor: EXTRACTOR.to_owned(),
    }
}

/// Names of one document that are wrongly together or wrongly apart, each pair of names once, with how often.
fn faults(c: &Clustered, out: &mut Vec<Fault>) {
    /// Mentions of a document that are compared with each other.
    const MOST: usize = 2000;
    let mut wrong: BTreeMap<(&'static str, &str, &str), u64> = BTreeMap::new();
    let named = &c.named[..c.named.len().min(MOST)];
    for (i, a) in named.iter().enumerate() {
        for (j, b) in named[..i].iter().enumerate() {
            let (same, together) = (a.group == b.group, c.of[i].is_some() && c.of[i] == c.of[j]);
            if same != together {
                let kind = if same { "kept apart" } else { "put together" };
                *wrong.entry((kind, a.name.as_str().min(&b.name), a.name.as_str().max(&b.name))).or_default() += 1;
            }
        }
    }
    out.extend(wrong.into_iter().map(|((kind, a, b), times)| Fault {
        wrong: kind.to_owned(),
        place: c.name.clone(),
        expected: a.to_owned(),
        found: b.to_owned(),
        context: count(times, "pair") + " of mentions",
        weight: times,
    }));
}

/// Scores the mentions that are linked to a page of Wikipedia as if all documents were of one project.
fn across(clustered: &[Clustered], report: &mut Report) {
    let entities = across::entities(clustered.iter().map(|c| (c.document, c.referents.as_slice())));
    let mut pairs = Vec::new();
    // How often, and by which name at first.
    let mut together: BTreeMap<(&str, EntityId), (&str, u64)> = BTreeMap::new();
    for c in clustered {
        for (mention, referent) in c.named.iter().zip(&c.of) {
            let page = mention.identity.as_str();
            let entity = referent.and_then(|at| entities.get(&across::profile_of(&c.referents[at])));
            let (false, Some(&entity)) = (matches!(page, "" | "_"), entity) else { continue };
            pairs.push((page, entity));
            together.entry((page, entity)).or_insert((&mention.name, 0)).1 += 1;
        }
    }
    let score = Clusters::of(&pairs);
    report.scores.push(Score::clusters("across documents, B3", "all", &score));
    report.scores.push(Score::counts("across documents, pairs of mentions", "all", "all", score.links));

    let (mut of_page, mut of_entity) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
    for ((page, entity), (name, times)) in &together {
        of_page.entry(*page).or_default().push((*name, *times));
        of_entity.entry(*entity).or_default().push((*page, *times));
    }
    let parted = of_page.iter().map(|(page, parts)| split("kept apart across documents", page, parts));
    let united = of_entity.values().map(|parts| split("put together across documents", "one entity", parts));
    report.faults.extend(parted.chain(united).flatten());
}

/// The fault of one thing that has several parts; its weight is the number of mentions outside the largest.
fn split(wrong: &str, expected: &str, parts: &[(&str, u64)]) -> Option<Fault> {
    /// Parts that are told.
    const MOST: usize = 8;
    let largest = parts.iter().map(|(_, times)| *times).max()?;
    let weight = parts.iter().map(|(_, times)| times).sum::<u64>() - largest;
    let told: Vec<String> = parts.iter().take(MOST).map(|(name, times)| format!("{name} ({times})")).collect();
    (parts.len() > 1).then(|| Fault {
        wrong: wrong.to_owned(),
        place: "all".to_owned(),
        expected: expected.to_owned(),
        found: told.join(", "),
        context: format!("{weight} mentions outside the largest part"),
        weight,
    })
}
