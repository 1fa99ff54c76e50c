//! `eval`: how close what is found comes to what people marked.

mod across;
mod chunks;
mod compare;
mod identity;
mod input;
mod names;
mod pairs;
mod prediction;
mod relations;
mod report;
mod search;
mod sentences;

use anyhow::Result;

use crate::args::eval::{Common, Eval};
use crate::context::Context;
use crate::failure::Exit;
use compare::Other;
use report::Report;

pub fn eval(cx: &Context, args: &Eval) -> Result<Exit> {
    match args {
        Eval::Names(args) => names::names(cx, args),
        Eval::Identity { common } => tell(cx, common, identity::identity(cx, &common.files)?),
        Eval::Pairs { common } => tell(cx, common, pairs::pairs(&common.files)?),
        Eval::Relations { common } => tell(cx, common, relations::relations(&common.files)?),
        Eval::Sentences { common } => tell(cx, common, sentences::sentences(&common.files)?),
        Eval::Chunks { common } => tell(cx, common, chunks::chunks(&common.files)?),
        Eval::Search { common } => tell(cx, common, search::search(cx, &common.files)?),
    }
}

/// Writes a report, beside the earlier one where there is one.
fn tell(cx: &Context, common: &Common, report: Report) -> Result<Exit> {
    let other = common.baseline.as_deref().map(|path| Other::baseline(path, report.kind)).transpose()?;
    write(cx, common, &report, other.as_ref())
}

fn write(cx: &Context, common: &Common, report: &Report, other: Option<&Other>) -> Result<Exit> {
    if report.scores.is_empty() {
        cx.screen.say("there is nothing to score in these files");
    }
    let comparison = other.map(|other| other.compare(report));
    if cx.screen.json {
        let mut value = report.to_json();
        if let Some(comparison) = &comparison {
            value["comparison"] = comparison.to_json();
        }
        cx.screen.print_json(&value)?;
    } else {
        let mut text = report.render(&cx.screen, comparison.as_ref(), common.errors);
        if let Some(comparison) = &comparison {
            text.push_str(&comparison.render(&cx.screen, common.errors));
        }
        cx.screen.print(&text)?;
    }
    Ok(Exit::Fine)
}
