//! `eval pairs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use docmill_analyze::eval::csv;
use docmill_analyze::eval::figures::share;
use docmill_analyze::eval::pair::{Scored, at, cross_chosen};
use docmill_analyze::{name, pair};
use docmill_model::{MentionType, ProfileKey};

use super::input::{self, malformed};
use super::report::{Fault, Figure, Report, Row, Score};

const COLUMNS: [&str; 4] = ["name1", "name2", "schema", "is_match"];

/// Scores how alike two names are: at the threshold above which profiles merge, and at the best threshold of the
/// other half of the pairs. Pairs that have a veto are never one.
pub fn pairs(files: &[PathBuf]) -> Result<Report> {
    let mut report = Report::new("pairs");
    let mut scored: BTreeMap<Row, Vec<Scored>> = BTreeMap::new();
    let mut sharing = [0u64; 2];
    for path in files {
        let text = input::text(path)?;
        let rows = input::read(path, csv::rows(&text))?;
        let Some(((_, heads), rows)) = rows.split_first() else { continue };
        let mut at = [0; COLUMNS.len()];
        for (slot, column) in at.iter_mut().zip(COLUMNS) {
            let found = heads.iter().position(|head| head == column);
            *slot = found.ok_or_else(|| malformed(path, 1, &format!("no column {column:?}")))?;
        }
        for (line, row) in rows {
            let mut fields = [""; COLUMNS.len()];
            for (field, at) in fields.iter_mut().zip(at) {
                *field = row.get(at).ok_or_else(|| malformed(path, *line, "too few columns"))?;
            }
            let [first, second, schema, same] = fields;
            let same = match same.to_lowercase().as_str() {
                "true" | "1" | "yes" => true,
                "false" | "0" | "no" => false,
                _ => return Err(malformed(path, *line, &format!("is_match is {same:?}, not true or false"))),
            };
            let (a, b) = (profile(schema, first), profile(schema, second));
            let likeness = pair::pair(&a, &b);
            let score = if likeness.veto.is_some() { 0 } else { likeness.score };
            for group in ["all", schema] {
                scored.entry(Row::new(group)).or_default().push(Scored { score, same });
            }
            if same {
                sharing[usize::from(share_a_key(&a, &b))] += 1;
            }
            if same != (score >= pair::MERGE) {
                report.faults.push(Fault {
                    wrong: if same { "kept apart" } else { "merged" }.to_owned(),
                    place: format!("{}:{line}", input::label(path)),
                    expected: first.to_owned(),
                    found: second.to_owned(),
                    context: why(&likeness),
                    weight: likeness.score.abs_diff(pair::MERGE).into(),
                });
            }
        }
    }
    for (group, pairs) in &scored {
        let counts = at(pairs.iter().copied(), pair::MERGE);
        report.scores.push(Score::counts("at the threshold of merges", &group.name, "all", counts));
    }
    for (group, pairs) in &scored {
        let (counts, thresholds) = cross_chosen(pairs);
        let mut score = Score::counts("at thresholds chosen on the other half", &group.name, "all", counts);
        let [even, odd] = thresholds.map(|threshold| Figure::Count(threshold.into()));
        score.figures.extend([("even threshold", even), ("odd threshold", odd)]);
        report.scores.push(score);
    }
    let [apart, together] = sharing;
    let figures =
        vec![("recall", Figure::Share(share(together, apart + together))), ("pairs", Figure::Count(apart + together))];
    report.scores.push(Score::new("same ones that share a blocking key", "all", "all", figures));
    report.faults.sort_by(|a, b| b.wrong.cmp(&a.wrong));
    Ok(report)
}

fn why(likeness: &pair::Likeness) -> String {
    let mut words = vec![likeness.score.to_string()];
    words.extend(likeness.reasons.iter().map(|reason| (*reason).to_owned()));
    words.extend(likeness.veto.map(|veto| format!("veto: {veto}")));
    words.join(" ")
}

fn share_a_key(a: &ProfileKey, b: &ProfileKey) -> bool {
    let keys: BTreeSet<String> = pair::keys(a).into_iter().collect();
    pair::keys(b).iter().any(|key| keys.contains(key))
}

/// The profile of one mention of a name.
fn profile(schema: &str, shown: &str) -> ProfileKey {
    let (kind, normal) = match schema {
        "Person" => (MentionType::Person, name::person(shown).map(|n| n.normal)),
        "Vessel" => (MentionType::Other, None),
        _ => (MentionType::Org, name::organisation(shown).map(|n| n.normal)),
    };
    let normal = normal.unwrap_or_else(|| name::fold(shown));
    ProfileKey { kind, normal, identifiers: Vec::new(), discriminator: String::new() }
}
