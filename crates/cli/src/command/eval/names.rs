//! `eval names`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use docmill_analyze::eval::annotated::{NAMED, Name, Sentence};
use docmill_analyze::eval::figures::Counts;
use docmill_analyze::eval::name::{self as score, Found, Measure, Tally};
use docmill_analyze::eval::{conllu, iob};
use docmill_infer::NameModel;
use docmill_model::ByteSpan;
use serde_json::json;

use super::compare::Other;
use super::prediction::{self, Predictions};
use super::report::{Fault, Report, Score, context};
use super::{input, write};
use crate::args::eval::Names;
use crate::context::{Context, shown};
use crate::failure::{Error, Exit};
use crate::screen::escaped;

/// A sentence with its file and its number there, from 0.
struct Numbered {
    file: String,
    number: u64,
    sentence: Sentence,
}

impl Numbered {
    fn place(&self) -> String {
        format!("{}:{}", self.file, self.number)
    }

    fn key(&self) -> (String, u64) {
        (self.file.clone(), self.number)
    }
}

pub fn names(cx: &Context, args: &Names) -> Result<Exit> {
    let mut sentences = read(cx, &args.common.files)?;
    if let Some(half) = args.half {
        sentences.retain(|s| half.holds(s.number as usize));
    }
    if args.texts {
        return texts(cx, &sentences);
    }
    let report = report(&sentences, &ours(&sentences, args.raw)?);
    let other = match (&args.against, &args.common.baseline) {
        (Some(path), _) => {
            let texts = sentences.iter().map(|s| (s.key(), s.sentence.text.as_str())).collect();
            let predictions = prediction::from_file(path, &texts)?;
            if predictions.is_empty() {
                let path = shown(path);
                cx.screen
                    .say(&format!("no name of {path} lies in a sentence that is scored: see the output of --texts"));
            }
            let theirs = theirs(&sentences, predictions);
            Some(Other::of(&self::report(&sentences, &theirs).to_json()))
        }
        (None, Some(path)) => Some(Other::baseline(path, report.kind)?),
        (None, None) => None,
    };
    write(cx, &args.common, &report, other.as_ref())
}

/// The sentences of the files, in their order. Labels that are none of ours are told.
fn read(cx: &Context, files: &[PathBuf]) -> Result<Vec<Numbered>> {
    let mut out = Vec::new();
    let mut ignored: BTreeMap<String, u64> = BTreeMap::new();
    let mut labels = BTreeSet::new();
    for path in files {
        let file = input::label(path);
        if !labels.insert(file.clone()) {
            return Err(Error::Argument {
                message: format!("two files would be called {file}"),
                hint: "give files that differ in their name or in that of their folder".to_owned(),
            }
            .into());
        }
        let text = input::text(path)?;
        let sentences: Vec<Sentence> = if is_conllu(&text) {
            let documents = input::read(path, conllu::read(&text))?;
            documents.iter().flat_map(conllu::Document::sentences).collect()
        } else {
            let labelled = input::read(path, iob::read(&text))?;
            for (label, count) in labelled.ignored {
                *ignored.entry(label).or_default() += count;
            }
            labelled.sentences
        };
        let numbered = sentences.into_iter().enumerate();
        out.extend(numbered.map(|(number, sentence)| Numbered { file: file.clone(), number: number as u64, sentence }));
    }
    if !ignored.is_empty() {
        let list: Vec<String> = ignored.iter().map(|(label, count)| format!("{label} ({count})")).collect();
        cx.screen.say(&format!("not counted, as they are no names of ours: {}", list.join(", ")));
    }
    Ok(out)
}

/// Whether the first line of columns has ten.
fn is_conllu(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.split('\t').count() == 10)
}

fn texts(cx: &Context, sentences: &[Numbered]) -> Result<Exit> {
    let mut out = String::new();
    for s in sentences {
        let line = json!({ "file": s.file, "sentence": s.number, "text": s.sentence.text }).to_string();
        out.push_str(&escaped(&line));
        out.push('\n');
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

fn ours(sentences: &[Numbered], raw: bool) -> Result<Vec<Vec<Found>>> {
    let model = NameModel::load()?;
    if raw {
        return sentences.iter().map(|s| prediction::of_text(&model, &s.sentence)).collect();
    }
    prediction::of_words(&model, &sentences.iter().map(|s| &s.sentence).collect::<Vec<_>>())
}

fn theirs(sentences: &[Numbered], mut predictions: Predictions) -> Vec<Vec<Found>> {
    sentences.iter().map(|s| predictions.remove(&s.key()).unwrap_or_default()).collect()
}

/// Files that have rows of their own.
const MOST_FILES: usize = 12;

fn report(sentences: &[Numbered], found: &[Vec<Found>]) -> Report {
    let mut report = Report::new("names");
    // The whole comes first, then the files, then the genres of each.
    let mut tallies: BTreeMap<(usize, String), Tally> = BTreeMap::new();
    let mut missed: BTreeMap<&str, u64> = BTreeMap::new();
    for (s, found) in sentences.iter().zip(found) {
        let mut tally = Tally::default();
        tally.add(&s.sentence.names, found);
        *tallies.entry((0, "all".to_owned())).or_default() += tally;
        *tallies.entry((1, s.file.clone())).or_default() += tally;
        if !s.sentence.genre.is_empty() {
            *tallies.entry((2, s.sentence.genre.clone())).or_default() += tally;
        }
        report.calibration.add(&s.sentence.names, found);
        for fault in score::faults(&s.sentence.names, found) {
            if let (score::Wrong::Missed, Some(name)) = (fault.wrong, fault.marked) {
                *missed.entry(&s.sentence.text[name.span.start..name.span.end]).or_default() += 1;
            }
        }
    }
    // A single file is the whole, and of very many the kinds of text say more.
    let files = sentences.iter().map(|s| &s.file).collect::<BTreeSet<_>>().len();
    let groups = || {
        tallies
            .iter()
            .filter(|((level, _), _)| *level != 1 || (2..=MOST_FILES).contains(&files))
            .map(|((_, name), t)| (name, t))
    };
    for measure in Measure::ALL {
        for (group, tally) in groups() {
            report.scores.push(Score::counts(measure.as_str(), group, "all", tally.all(measure)));
            let typed = NAMED.into_iter().filter_map(|kind| Some((kind, tally.of(measure, kind)?)));
            report.scores.extend(
                typed
                    .filter(|(_, counts)| *counts != Counts::default())
                    .map(|(kind, counts)| Score::counts(measure.as_str(), group, kind.as_str(), counts)),
            );
        }
    }
    for (s, found) in sentences.iter().zip(found) {
        let faults = score::faults(&s.sentence.names, found);
        report.faults.extend(faults.into_iter().map(|f| fault(s, &f, &missed)));
    }
    report.faults.sort_by_key(|fault| score::Wrong::parse(&fault.wrong));
    report
}

/// The worst of what was found is what was certain; the worst of what was missed is what is missed often.
fn fault(at: &Numbered, fault: &score::Fault<'_>, missed: &BTreeMap<&str, u64>) -> Fault {
    let text = &at.sentence.text;
    let slice = |span: ByteSpan| &text[span.start..span.end];
    let marked = fault.marked.map(|Name { span, kind }| (span, format!("{} {kind}", slice(span))));
    let found = fault.found.map(|f| (f.span, format!("{} {}", slice(f.span), f.kind)));
    let spans = || marked.iter().chain(&found).map(|(span, _)| span);
    let start = spans().map(|span| span.start).min().unwrap_or_default();
    let end = spans().map(|span| span.end).max().unwrap_or_default();
    let often = fault.marked.and_then(|name| missed.get(slice(name.span))).copied().unwrap_or_default();
    Fault {
        wrong: fault.wrong.as_str().to_owned(),
        place: at.place(),
        context: context(text, start..end),
        weight: fault.found.map_or(often, |f| f.confidence.into()),
        expected: marked.map(|(_, shown)| shown).unwrap_or_default(),
        found: found.map(|(_, shown)| shown).unwrap_or_default(),
    }
}
