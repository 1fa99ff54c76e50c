//! `eval sentences`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use docmill_analyze::eval::boundary;
use docmill_analyze::eval::figures::Counts;
use docmill_analyze::{clean, sentence};
use docmill_model::{Span, Text};

use super::input::{self, Item, malformed};
use super::report::{Fault, Report, Score, context};

/// Scores where sentences end, to the character: `text` with `annotations` (or `sentences`), each a start and an end.
pub fn sentences(files: &[PathBuf]) -> Result<Report> {
    let mut report = Report::new("sentences");
    let (mut all, mut rows) = (Counts::default(), Vec::new());
    for path in files {
        let mut counts = Counts::default();
        for item in input::items(path)? {
            let text = Text::from(item.text(path, "text")?);
            let marked = marked(&item, path, &text)?;
            let found = found(&text);
            counts += boundary::places(&marked, &found);
            let place = format!("{}:{}", input::label(path), item.name());
            let fault = |wrong: &str, at: u32| Fault {
                wrong: wrong.to_owned(),
                place: place.clone(),
                expected: if wrong == "missed" { format!("end at {at}") } else { String::new() },
                found: if wrong == "missed" { String::new() } else { format!("end at {at}") },
                context: around(&text, at),
                weight: 0,
            };
            report.faults.extend(marked.difference(&found).map(|at| fault("missed", *at)));
            report.faults.extend(found.difference(&marked).map(|at| fault("invented", *at)));
        }
        all += counts;
        rows.push(Score::counts("sentence ends", &input::label(path), "all", counts));
    }
    report.scores.push(Score::counts("sentence ends", "all", "all", all));
    report.scores.extend(rows.into_iter().filter(|_| files.len() > 1));
    Ok(report)
}

/// Ends of the sentences that were marked, without white space behind them. Empty ones mark nothing.
fn marked(item: &Item, path: &std::path::Path, text: &Text) -> Result<BTreeSet<u32>> {
    let mut out = BTreeSet::new();
    for list in ["annotations", "sentences"] {
        for value in item.list(path, list)? {
            let (start, end) = input::range(value, text.chars())
                .ok_or_else(|| malformed(path, item.line, &format!("{value} is no range of the text")))?;
            out.extend(trimmed(text, Span::new(start, end)));
        }
    }
    Ok(out)
}

/// Ends of the sentences that are found when the text is read as a document is, in the raw text.
fn found(text: &Text) -> BTreeSet<u32> {
    let clean = clean::clean(text.as_str());
    let spans =
        sentence::sentences(clean.text.as_str()).into_iter().map(|span| clean.map.to_raw(clean.text.span_of(span)));
    spans.filter_map(|span| trimmed(text, span)).collect()
}

fn trimmed(text: &Text, span: Span) -> Option<u32> {
    let slice = text.slice(span);
    let blank = slice.chars().rev().take_while(|c| c.is_whitespace()).count() as u32;
    (blank < span.len()).then(|| span.end - blank)
}

/// The last character before an end with what stands around it.
fn around(text: &Text, end: u32) -> String {
    context(text.as_str(), text.byte_of(end.saturating_sub(1))..text.byte_of(end))
}
