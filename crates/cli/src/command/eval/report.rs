//! What a measurement says: scores, calibration, faults; as tables and as JSON.

use docmill_analyze::eval::calibration::{self, Calibration};
use docmill_analyze::eval::cluster::Clusters;
use docmill_analyze::eval::figures::Counts;
use serde_json::{Value, json};

use super::compare::Comparison;
use crate::format::{count, grouped};
use crate::screen::{BOLD, DIM, Screen, line};
use crate::table::{Cell, Column, Table};

/// A number of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// In thousandths; shown in hundredths with a digit behind the point.
    Share(u32),
    Count(u64),
}

impl Figure {
    pub fn value(self) -> i64 {
        match self {
            Self::Share(share) => share.into(),
            Self::Count(count) => i64::try_from(count).unwrap_or(i64::MAX),
        }
    }

    /// The value as it is shown, which may be that of another report.
    pub fn shown(self, value: i64) -> String {
        match self {
            Self::Share(_) => percent(value),
            Self::Count(_) => grouped(value.unsigned_abs()),
        }
    }
}

/// Thousandths as hundredths: `80.7`.
pub fn percent(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", thousandths.unsigned_abs() / 10, thousandths.unsigned_abs() % 10)
}

/// A row of a table of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// What is measured: each measure is a table.
    pub measure: &'static str,
    /// Where: `all`, a file, a kind of text.
    pub group: String,
    /// Of what: a type, or `all`.
    pub of: String,
    /// By their names on the screen, of which [`field`] makes those in JSON. The first one is compared.
    pub figures: Vec<(&'static str, Figure)>,
}

impl Score {
    pub fn new(measure: &'static str, group: &str, of: &str, figures: Vec<(&'static str, Figure)>) -> Self {
        Self { measure, group: group.to_owned(), of: of.to_owned(), figures }
    }

    pub fn counts(measure: &'static str, group: &str, of: &str, counts: Counts) -> Self {
        let figures = vec![
            ("f1", Figure::Share(counts.f1())),
            ("precision", Figure::Share(counts.precision())),
            ("recall", Figure::Share(counts.recall())),
            ("right", Figure::Count(counts.right)),
            ("found", Figure::Count(counts.found)),
            ("expected", Figure::Count(counts.expected)),
        ];
        Self::new(measure, group, of, figures)
    }

    pub fn clusters(measure: &'static str, group: &str, clusters: &Clusters) -> Self {
        let figures = vec![
            ("f1", Figure::Share(clusters.f1())),
            ("precision", Figure::Share(clusters.precision())),
            ("recall", Figure::Share(clusters.recall())),
            ("mentions", Figure::Count(clusters.mentions)),
        ];
        Self::new(measure, group, "all", figures)
    }
}

/// A group or a type by which scores are sorted: `all` first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    is_part: bool,
    pub name: String,
}

impl Row {
    pub fn new(name: &str) -> Self {
        Self { is_part: name != "all", name: name.to_owned() }
    }
}

/// The name of a figure in JSON: `success_at_5` for `success at 5`.
pub fn field(name: &str) -> String {
    name.replace(' ', "_")
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What kind of fault: `missed`.
    pub wrong: String,
    /// File and sentence, or document.
    pub place: String,
    /// What people marked there; empty for nothing.
    pub expected: String,
    /// What was found there; empty for nothing.
    pub found: String,
    /// The text around, the place between `»` and `«`.
    pub context: String,
    /// How bad it is, among those of its kind: a confidence in thousandths, or how often the same went wrong.
    pub weight: u64,
}

impl Fault {
    pub fn to_json(&self) -> Value {
        json!({ "wrong": self.wrong, "place": self.place, "expected": self.expected, "found": self.found,
                "context": self.context, "weight": self.weight })
    }

    fn row(&self) -> [Cell; 4] {
        let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        [
            Cell::painted(&self.place, DIM),
            dash(&self.expected).into(),
            dash(&self.found).into(),
            self.context.as_str().into(),
        ]
    }
}

/// The outcome of a measurement.
#[derive(Debug, Default)]
pub struct Report {
    /// What was measured, as it is typed.
    pub kind: &'static str,
    pub scores: Vec<Score>,
    pub calibration: Calibration,
    pub faults: Vec<Fault>,
}

impl Report {
    pub fn new(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Everything; shares are in thousandths.
    pub fn to_json(&self) -> Value {
        let scores: Vec<Value> = self
            .scores
            .iter()
            .map(|score| {
                let mut value = json!({ "measure": score.measure, "group": score.group, "type": score.of });
                for (name, figure) in &score.figures {
                    value[field(name)] = figure.value().into();
                }
                value
            })
            .collect();
        let bins: Vec<Value> = self
            .calibration
            .0
            .iter()
            .flat_map(|(extractor, bins)| bins.iter().enumerate().map(move |(at, bin)| (extractor, at, bin)))
            .map(|(extractor, at, bin)| {
                let (from, to) = calibration::bounds(at);
                json!({ "extractor": extractor, "from": from, "to": to, "count": bin.count, "right": bin.right,
                        "right_share": bin.right_share(), "claimed": bin.claimed() })
            })
            .collect();
        let faults: Vec<Value> = self.faults.iter().map(Fault::to_json).collect();
        json!({ "kind": self.kind, "scores": scores, "calibration": bins, "faults": faults })
    }

    pub fn render(&self, screen: &Screen, comparison: Option<&Comparison>, most: usize) -> String {
        let mut out = String::new();
        let mut rest = &self.scores[..];
        while let Some(first) = rest.first() {
            let end = rest.iter().position(|s| s.measure != first.measure).unwrap_or(rest.len());
            out.push_str(&format!("{}\n", screen.paint(BOLD, first.measure)));
            out.push_str(&scores(&rest[..end], comparison).render(screen));
            out.push('\n');
            rest = &rest[end..];
        }
        out.push_str(&self.bins(screen));
        out.push_str(&faults(screen, "", &self.faults.iter().collect::<Vec<_>>(), most));
        out
    }

    fn bins(&self, screen: &Screen) -> String {
        if self.calibration.0.is_empty() {
            return String::new();
        }
        let heads =
            [Column::Left("found by"), Column::Left("confidence"), Column::Right("count"), Column::Right("claimed")];
        let mut table = Table::new(&[&heads[..], &[Column::Right("right")]].concat());
        for (extractor, bins) in &self.calibration.0 {
            for (at, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
                let (from, to) = calibration::bounds(at);
                table.row([
                    extractor.into(),
                    format!("{from} to {to}").into(),
                    grouped(bin.count).into(),
                    percent(bin.claimed().into()).into(),
                    percent(bin.right_share().into()).into(),
                ]);
            }
        }
        format!("{}\n{}\n", screen.paint(BOLD, "calibration"), table.render(screen))
    }
}

/// The scores of one measure.
fn scores(scores: &[Score], comparison: Option<&Comparison>) -> Table {
    let mut columns = vec![Column::Left("where"), Column::Left("what")];
    let names = scores.first().map(|s| s.figures.iter().map(|(name, _)| *name).collect::<Vec<_>>()).unwrap_or_default();
    columns.extend(names.iter().map(|name| Column::Right(name)));
    if comparison.is_some() {
        columns.extend([Column::Right("other"), Column::Right("change")]);
    }
    let mut table = Table::new(&columns);
    for score in scores {
        let mut cells = vec![score.group.as_str().into(), score.of.as_str().into()];
        cells.extend(score.figures.iter().map(|(_, figure)| Cell::from(figure.shown(figure.value()))));
        if let Some(comparison) = comparison {
            cells.extend(comparison.cells(score));
        }
        table.row(cells);
    }
    table
}

/// The worst faults of each kind.
pub fn faults(screen: &Screen, heading: &str, faults: &[&Fault], most: usize) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for fault in faults {
        if !kinds.contains(&fault.wrong.as_str()) {
            kinds.push(&fault.wrong);
        }
    }
    let mut out = String::new();
    for kind in kinds.into_iter().filter(|_| most > 0) {
        let mut of_kind: Vec<&&Fault> = faults.iter().filter(|f| f.wrong == kind).collect();
        // Stable: equally bad ones stay in the order of the files.
        of_kind.sort_by_key(|f| std::cmp::Reverse(f.weight));
        let head = format!("{heading}{kind}, {}", count(of_kind.len() as u64, "time"));
        out.push_str(&format!("{}\n", screen.paint(BOLD, &head)));
        let columns = ["place", "expected", "found", "context"].map(Column::Left);
        let mut table = Table::new(&columns);
        of_kind.into_iter().take(most).for_each(|fault| table.row(fault.row()));
        out.push_str(&format!("{}\n", table.render(screen)));
    }
    out
}

/// Characters shown on each side of a place in its text.
const AROUND: usize = 40;

/// A place of a text, between `»` and `«`, with what stands around it, in one line.
pub fn context(text: &str, place: std::ops::Range<usize>) -> String {
    let (before, rest) = text.split_at(place.start);
    let (inside, after) = rest.split_at(place.end - place.start);
    let start = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let dots = |cut: bool| if cut { "…" } else { "" };
    let out = format!("{}{}»{inside}«{}{}", dots(start > 0), &before[start..], &after[..end], dots(end < after.len()));
    // White space first: a carriage return is one, and no character of control here.
    line(&out.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_cut_between_characters() {
        let check = |text: &str, place, expected: &str| assert_eq!(context(text, place), expected);
        check("in Tampa Bay.", 3..12, "in »Tampa Bay«.");
        check("", 0..0, "»«");
        check("a\r\nb", 0..1, "»a« b");
        let long = "é".repeat(50);
        check(&long, 0..2, &format!("»é«{}…", "é".repeat(40)));
        check(&long, 98..100, &format!("…{}»é«", "é".repeat(40)));
    }

    #[test]
    fn thousandths_are_shown_as_hundredths() {
        assert_eq!([807, 0, 1000, -3].map(percent), ["80.7", "0.0", "100.0", "-0.3"]);
    }

    #[test]
    fn a_report_shows_the_worst_faults_of_each_kind() {
        let fault = |wrong: &str, weight| Fault {
            wrong: wrong.to_owned(),
            place: format!("f:{weight}"),
            expected: String::new(),
            found: "Acme ORG".to_owned(),
            context: "»Acme«".to_owned(),
            weight,
        };
        let mut report = Report::new("names");
        let counts = Counts { right: 1, found: 2, expected: 2 };
        report.scores = vec![Score::counts("strict", "all", "all", counts)];
        report.faults = vec![fault("missed", 1), fault("missed", 3), fault("invented", 2)];
        let text = report.render(&Screen::plain(), None, 1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "strict",
                "  where  what    f1  precision  recall  right  found  expected",
                "  all    all   50.0       50.0    50.0      1      2         2",
            ]
        );
        assert_eq!(lines[4], "missed, 2 times");
        assert!(lines[6].starts_with("  f:3 ") && lines[8] == "invented, 1 time", "{text}");
    }
}
