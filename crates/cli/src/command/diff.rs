//! `diff`: what changed between two exports.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::context::{Context, shown};
use crate::diff::{Change, Error, Report, compare};
use crate::failure::{self, Exit};
use crate::format::{grouped, shortened};
use crate::screen::{BAD, BOLD, DIM, GOOD, WARN, line};
use crate::table::{Cell, Column, Table};

/// The longest line that is told.
const LINE: usize = 100;

/// Ends as diff(1) does: 0 without a difference, 1 with one, 2 in trouble.
pub fn diff(cx: &Context, before: &Path, after: &Path) -> Result<Exit> {
    let report = match compare(before, after) {
        Ok(report) => report,
        Err(error) => {
            failure::report(&told(error), cx.screen.json);
            return Ok(Exit::Trouble);
        }
    };
    match cx.screen.json {
        true => cx.screen.print_json(&json(&report))?,
        false => cx.screen.print(&render(cx, &report))?,
    }
    Ok(if report.is_same() { Exit::Fine } else { Exit::Differs })
}

fn told(error: Error) -> anyhow::Error {
    let hint = "give two files that `docmill export` wrote, whole and as they were".to_owned();
    match error {
        Error::Read(path, source) if source.kind() == ErrorKind::NotFound => {
            failure::Error::missing(&shown(&path), &hint).into()
        }
        Error::Read(path, source) => docmill_engine::Error::Source { shown: shown(&path), source }.into(),
        Error::NotAFile(_) | Error::Foreign { .. } | Error::CutOff { .. } => {
            failure::Error::Argument { message: error.to_string(), hint }.into()
        }
    }
}

fn json(report: &Report) -> Value {
    let mut kinds = Map::new();
    for (kind, counts) in &report.counts {
        let told = report.told.iter().filter(|t| t.kind == *kind).map(|t| {
            let fields: Map<String, Value> = t.fields.iter().cloned().collect();
            json!({ "change": t.change.as_str(), "line": t.value, "was": fields, "words": t.words(&report.names) })
        });
        let told: Vec<Value> = told.collect();
        kinds.insert(
            kind.as_str().to_owned(),
            json!({ "same": counts.same, "removed": counts.removed, "changed": counts.changed, "added": counts.added,
                    "lines": told }),
        );
    }
    json!({ "same": report.is_same(), "kinds": kinds })
}

fn render(cx: &Context, report: &Report) -> String {
    let screen = &cx.screen;
    if report.is_same() {
        return format!("{}\n", screen.paint(GOOD, "No difference."));
    }
    let mut table = Table::new(&[
        Column::Left("kind"),
        Column::Right("same"),
        Column::Right("removed"),
        Column::Right("changed"),
        Column::Right("added"),
    ]);
    for (kind, counts) in &report.counts {
        let mut row = vec![Cell::from(kind.as_str()), Cell::painted(grouped(counts.same), DIM)];
        row.extend(Change::ALL.map(|change| match counts.of(change) {
            0 => Cell::painted("0", DIM),
            number => Cell::from(grouped(number)),
        }));
        table.row(row);
    }
    let mut out = table.render(screen);
    for (kind, counts) in &report.counts {
        let mut told = report.told.iter().filter(|t| t.kind == *kind).peekable();
        if told.peek().is_none() {
            continue;
        }
        out.push_str(&format!("\n{}\n", screen.paint(BOLD, kind.as_str())));
        for change in Change::ALL {
            let lines: Vec<_> = report.told.iter().filter(|t| (t.kind, t.change) == (*kind, change)).collect();
            for told in &lines {
                let style = match change {
                    Change::Removed => BAD,
                    Change::Changed => WARN,
                    Change::Added => GOOD,
                };
                let words = shortened(&line(&told.words(&report.names)), LINE);
                out.push_str(&format!("  {} {words}\n", screen.paint(style, &change.mark().to_string())));
            }
            let rest = counts.of(change) - lines.len() as u64;
            if rest > 0 {
                out.push_str(&format!("    and {} more {}\n", grouped(rest), change.as_str()));
            }
        }
    }
    out
}
