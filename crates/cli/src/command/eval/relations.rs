//! `eval relations`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use docmill_analyze::eval::annotated::kind_of;
use docmill_analyze::eval::figures::Counts;
use docmill_analyze::{referent, relation};
use docmill_model::{Digest, DocumentId, Mention, MentionId, MentionType, RelationType, Text};
use serde_json::Value;

use super::input::{self, Item, malformed};
use super::report::{Fault, Report, Row, Score, context};

/// A relation between two of the marked mentions, by their numbers. Where it has no direction the lower comes first.
type Link = (usize, usize, RelationType);

/// Scores typed relations between marked mentions: `text`, `mentions` with start, end and type, `relations` with
/// `from` and `to`, which are numbers of mentions, and `type`.
///
/// Only pairs of mentions count, not what they mean: a relation that is said of another mention of the same thing is
/// wrong. Mentions in one sentence, `CO_MENTIONED`, are counted where they are marked.
pub fn relations(files: &[PathBuf]) -> Result<Report> {
    let mut report = Report::new("relations");
    let mut tallies: BTreeMap<(Row, Row), Counts> = BTreeMap::new();
    let mut untyped: BTreeMap<Row, Counts> = BTreeMap::new();
    for path in files {
        for item in input::items(path)? {
            let case = Case::read(path, &item)?;
            let found = case.found();
            let groups = || {
                [Row::new("all"), Row::new(&input::label(path))].into_iter().take(if files.len() > 1 { 2 } else { 1 })
            };
            for kind in RelationType::ALL {
                let of = |links: &BTreeSet<Link>| links.iter().filter(|l| l.2 == kind).copied().collect();
                let counts = equal(&of(&case.marked), &of(&found));
                for group in groups().filter(|_| counts != Counts::default()) {
                    *tallies.entry((group.clone(), Row::new("all"))).or_default() += counts;
                    *tallies.entry((group, Row::new(kind.as_str()))).or_default() += counts;
                }
            }
            let pairs = |links: &BTreeSet<Link>| links.iter().map(|l| (l.0.min(l.1), l.0.max(l.1))).collect();
            for group in groups() {
                *untyped.entry(group).or_default() += equal::<(usize, usize)>(&pairs(&case.marked), &pairs(&found));
            }
            let place = format!("{}:{}", input::label(path), item.name());
            report.faults.extend(case.marked.difference(&found).map(|l| case.fault(&place, "missed", l)));
            report.faults.extend(found.difference(&case.marked).map(|l| case.fault(&place, "invented", l)));
        }
    }
    let rows = tallies.into_iter().map(|((group, of), counts)| Score::counts("strict", &group.name, &of.name, counts));
    report.scores.extend(rows);
    report.scores.extend(untyped.iter().map(|(group, counts)| Score::counts("untyped", &group.name, "all", *counts)));
    report.faults.sort_by(|a, b| b.wrong.cmp(&a.wrong));
    Ok(report)
}

fn equal<T: Ord>(marked: &BTreeSet<T>, found: &BTreeSet<T>) -> Counts {
    let right = marked.intersection(found).count() as u64;
    Counts { right, found: found.len() as u64, expected: marked.len() as u64 }
}

/// A text with its marks.
struct Case {
    document: DocumentId,
    text: Text,
    mentions: Vec<Mention>,
    marked: BTreeSet<Link>,
}

impl Case {
    fn read(path: &Path, item: &Item) -> Result<Self> {
        let text = Text::from(item.text(path, "text")?);
        let document = DocumentId::new("eval", &Digest::of(text.as_str().as_bytes()));
        let wrong = |value: &Value, what: &str| malformed(path, item.line, &format!("{value} {what}"));
        let mut mentions = Vec::new();
        for value in item.list(path, "mentions")? {
            let (start, end) = input::range(value, text.chars())
                .filter(|(start, end)| start < end)
                .ok_or_else(|| wrong(value, "is no range of the text"))?;
            let label = value["type"].as_str().unwrap_or_default();
            let kind = MentionType::parse(label).or_else(|| kind_of(label));
            let kind = kind.ok_or_else(|| wrong(value, "has a type that is none of ours"))?;
            mentions.push(super::identity::given(
                document,
                kind,
                text.slice(docmill_model::Span::new(start, end)),
                start,
            ));
        }
        let mut marked = BTreeSet::new();
        for value in item.list(path, "relations")? {
            let end = |field: &str| value[field].as_u64().map(|n| n as usize).filter(|n| *n < mentions.len());
            let (Some(from), Some(to)) = (end("from"), end("to")) else {
                return Err(wrong(value, "has no mentions at its ends"));
            };
            let kind = value["type"].as_str().and_then(RelationType::parse);
            marked.insert(link(from, to, kind.ok_or_else(|| wrong(value, "has a type that is none of ours"))?));
        }
        Ok(Self { document, text, mentions, marked })
    }

    fn found(&self) -> BTreeSet<Link> {
        // Documents have their mentions in the order of the text; marks come in any order.
        let mut mentions = self.mentions.clone();
        mentions.sort_by_key(|mention| mention.span);
        let referents = referent::referents(self.document, &self.text, &mentions);
        let number: BTreeMap<MentionId, usize> = self.mentions.iter().enumerate().map(|(n, m)| (m.id, n)).collect();
        let typed = |kind: RelationType| {
            kind != RelationType::CoMentioned || self.marked.iter().any(|l| l.2 == RelationType::CoMentioned)
        };
        // A relation has its mentions in the order of its ends.
        relation::relations(&self.text, &[], &mentions, &referents)
            .into_iter()
            .filter(|r| typed(r.kind))
            .filter_map(|r| {
                let [from, to] = r.evidence.mentions.map(|m| number.get(&m).copied());
                Some(link(from?, to?, r.kind))
            })
            .collect()
    }

    fn fault(&self, place: &str, wrong: &str, link: &Link) -> Fault {
        let (from, to) = (&self.mentions[link.0], &self.mentions[link.1]);
        let shown = format!("{} {} {}", from.name, link.2.as_str(), to.name);
        let start = from.span.start.min(to.span.start);
        let end = from.span.end.max(to.span.end);
        let (expected, found) = if wrong == "missed" { (shown, String::new()) } else { (String::new(), shown) };
        Fault {
            wrong: wrong.to_owned(),
            place: place.to_owned(),
            expected,
            found,
            context: context(self.text.as_str(), self.text.byte_of(start)..self.text.byte_of(end)),
            weight: 0,
        }
    }
}

fn link(from: usize, to: usize, kind: RelationType) -> Link {
    let undirected = matches!(kind, RelationType::Opposes | RelationType::AlsoKnownAs | RelationType::CoMentioned);
    if undirected { (from.min(to), from.max(to), kind) } else { (from, to, kind) }
}
