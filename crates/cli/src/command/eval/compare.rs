//! Two reports side by side: of two versions, or of two programs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::input;
use super::report::{Fault, Report, Score, faults, field};
use crate::failure::Error;
use crate::screen::Screen;
use crate::table::Cell;

type Key = (String, String, String);

/// The scores and faults of the other side.
#[derive(Debug, Default)]
pub struct Other {
    scores: BTreeMap<Key, BTreeMap<String, i64>>,
    faults: Vec<Fault>,
}

/// What differs between a report and the other side.
pub struct Comparison<'a> {
    other: &'a Other,
    report: &'a Report,
    /// Faults that the report no longer has.
    mended: Vec<&'a Fault>,
    /// Faults that only the report has.
    broken: Vec<&'a Fault>,
}

impl Other {
    /// Reads the `--json` output of an earlier run.
    pub fn baseline(path: &Path, kind: &str) -> Result<Self> {
        let text = input::text(path)?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| input::malformed(path, error.line(), &format!("no JSON: {error}")))?;
        if value["kind"] != kind {
            return Err(Error::Argument {
                message: format!("{} is no output of `docmill eval {kind} --json`", crate::context::shown(path)),
                hint: "give the output of an earlier run over the same files".to_owned(),
            }
            .into());
        }
        Ok(Self::of(&value))
    }

    /// Takes a report in JSON apart. What is not as a report has it is left out.
    pub fn of(value: &Value) -> Self {
        let list = |field: &str| value[field].as_array().map(Vec::as_slice).unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let scores = list("scores").iter().filter_map(Value::as_object).map(|score| {
            let text = |field: &str| score.get(field).map(word).unwrap_or_default();
            let figures = score.iter().filter_map(|(name, figure)| Some((name.clone(), figure.as_i64()?))).collect();
            ((text("measure"), text("group"), text("type")), figures)
        });
        let faults = list("faults").iter().map(|fault| Fault {
            wrong: word(&fault["wrong"]),
            place: word(&fault["place"]),
            expected: word(&fault["expected"]),
            found: word(&fault["found"]),
            context: word(&fault["context"]),
            weight: fault["weight"].as_u64().unwrap_or_default(),
        });
        Self { scores: scores.collect(), faults: faults.collect() }
    }

    pub fn compare<'a>(&'a self, report: &'a Report) -> Comparison<'a> {
        // The weight is left out: it changes with every calibration.
        fn key(fault: &Fault) -> (&str, &str, &str, &str, &str) {
            (&fault.wrong, &fault.place, &fault.expected, &fault.found, &fault.context)
        }
        fn only<'f>(faults: &'f [Fault], others: &[Fault]) -> Vec<&'f Fault> {
            let others: BTreeSet<_> = others.iter().map(key).collect();
            faults.iter().filter(|fault| !others.contains(&key(fault))).collect()
        }
        let (mended, broken) = (only(&self.faults, &report.faults), only(&report.faults, &self.faults));
        Comparison { other: self, report, mended, broken }
    }
}

impl Comparison<'_> {
    /// The other side's value of a score's first figure.
    fn other(&self, score: &Score) -> Option<i64> {
        let key = (score.measure.to_owned(), score.group.clone(), score.of.clone());
        let (name, _) = score.figures.first()?;
        self.other.scores.get(&key)?.get(&field(name)).copied()
    }

    /// The first figure on the other side, and what it changed by.
    pub fn cells(&self, score: &Score) -> [Cell; 2] {
        let (Some(other), Some((_, figure))) = (self.other(score), score.figures.first()) else {
            return ["-".into(), "".into()];
        };
        let change = figure.value() - other;
        let sign = match change {
            0 => "",
            1.. => "+",
            _ => "-",
        };
        [figure.shown(other).into(), format!("{sign}{}", figure.shown(change.abs())).into()]
    }

    pub fn to_json(&self) -> Value {
        let changes: Vec<Value> = self
            .report
            .scores
            .iter()
            .filter_map(|score| {
                let (other, (name, figure)) = (self.other(score)?, score.figures.first()?);
                Some(json!({ "measure": score.measure, "group": score.group, "type": score.of, "figure": field(name),
                             "other": other, "change": figure.value() - other }))
            })
            .collect();
        let list = |faults: &[&Fault]| faults.iter().map(|fault| fault.to_json()).collect::<Vec<_>>();
        json!({ "scores": changes, "only_other_wrong": list(&self.mended), "only_here_wrong": list(&self.broken) })
    }

    pub fn render(&self, screen: &Screen, most: usize) -> String {
        let mut out = faults(screen, "wrong there and not here: ", &self.mended, most);
        out.push_str(&faults(screen, "wrong here and not there: ", &self.broken, most));
        out
    }
}

#[cfg(test)]
mod tests {
    use docmill_analyze::eval::figures::Counts;

    use super::*;

    fn report(right: u64, places: &[&str]) -> Report {
        let mut report = Report::new("names");
        report.scores = vec![Score::counts("strict", "all", "all", Counts { right, found: 10, expected: 10 })];
        let fault = |place: &&str| Fault {
            wrong: "missed".to_owned(),
            place: (*place).to_owned(),
            expected: "x".to_owned(),
            found: String::new(),
            context: "»x«".to_owned(),
            weight: 1,
        };
        report.faults = places.iter().map(fault).collect();
        report
    }

    #[test]
    fn an_earlier_run_is_compared_by_score_and_by_fault() {
        let old = Other::of(&report(5, &["a", "b"]).to_json());
        let new = report(7, &["b", "c"]);
        let json = old.compare(&new).to_json();
        assert_eq!(json["scores"][0]["change"], 200);
        assert_eq!(json["scores"][0]["other"], 500);
        let places = |field: &str| -> Vec<Value> {
            json[field].as_array().unwrap().iter().map(|fault| fault["place"].clone()).collect()
        };
        assert_eq!((places("only_other_wrong"), places("only_here_wrong")), (vec!["a".into()], vec!["c".into()]));
        let table = new.render(&Screen::plain(), Some(&old.compare(&new)), 0);
        assert!(table.contains("  50.0   +20.0\n"), "{table}");
    }

    #[test]
    fn what_the_other_side_does_not_have_is_a_dash() {
        let new = report(7, &[]);
        let other = Other::of(&json!({ "scores": [7, { "measure": 3 }], "faults": "x" }));
        let text = new.render(&Screen::plain(), Some(&other.compare(&new)), 0);
        assert!(text.lines().nth(2).unwrap().ends_with('-'), "{text}");
    }
}
