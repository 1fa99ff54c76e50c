//! `status`: documents by state, by stage and by class of error.

use anyhow::Result;
use docmill_model::{Stage, State};
use docmill_store::Overview;
use serde_json::{Map, Value, json};

use crate::attention;
use crate::context::{Context, block_on, shown};
use crate::failure::Exit;
use crate::format::{count, grouped};
use crate::screen::{BAD, BOLD, GOOD, WARN};
use crate::table::{Cell, Column, Table};

pub fn status(cx: &Context) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let (overview, unread, outdated) =
        block_on(async { anyhow::Ok((store.overview().await?, store.unread().await?, store.outdated().await?)) })??;
    if cx.screen.json {
        let documents: Map<String, Value> =
            overview.documents.iter().map(|(state, n)| (state.as_str().into(), (*n).into())).collect();
        let mut stages = json!({});
        for ((stage, state), n) in &overview.stages {
            stages[stage.as_str()][state.as_str()] = (*n).into();
        }
        cx.screen.print_json(&json!({
            "workspace": workspace.folder().to_string_lossy(), "documents": documents, "stages": stages,
            "pages": overview.pages, "chunks": overview.chunks, "mentions": overview.mentions,
            "entities": overview.entities, "relations": overview.relations, "outdated": outdated,
            "attention": attention::classes_json(cx, &overview), "unread": attention::unread_json(&unread),
        }))?;
        return Ok(Exit::Fine);
    }
    let mut out = format!("Workspace {}\n", shown(workspace.folder()));
    out.push_str(&format!("\n{}\n{}", cx.screen.paint(BOLD, "Documents"), documents(&overview).render(&cx.screen)));
    if overview.documents.is_empty() {
        out.push_str(&format!("  none yet: {}\n", cx.command("run PATH")));
    } else {
        let o = &overview;
        let facts = [count(o.pages, "page"), count(o.chunks, "chunk"), count(o.mentions, "mention")].join(", ");
        out.push_str(&format!("  {facts}, {}, {}\n", count(o.entities, "entity"), count(o.relations, "relation")));
        out.push_str(&format!("\n{}\n{}", cx.screen.paint(BOLD, "Stages"), stages(&overview).render(&cx.screen)));
    }
    out.push_str(&attention::render(cx, &overview, &unread, true));
    let open: u64 = overview.documents.iter().filter(|(state, _)| !state.is_final()).map(|(_, n)| n).sum();
    if open > 0 {
        let (documents, command) = (count(open, "document"), cx.command("run PATH"));
        out.push_str(&format!("\n{documents} on the way; if no run is at work, `{command}` goes on with them\n"));
    }
    if outdated > 0 {
        let (documents, command) = (count(outdated, "document"), cx.command("reprocess"));
        out.push_str(&format!("\n{documents} read by another version of docmill; `{command}` reads them anew\n"));
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

/// A state, painted as it feels.
pub fn painted(state: State) -> Cell {
    match state {
        State::Done => Cell::painted(state.as_str(), GOOD),
        State::Partial | State::Skipped => Cell::painted(state.as_str(), WARN),
        State::Failed => Cell::painted(state.as_str(), BAD),
        State::Paused | State::Pending | State::Waiting | State::Running => state.as_str().into(),
    }
}

fn documents(overview: &Overview) -> Table {
    let mut table = Table::new(&[Column::Left("state"), Column::Right("documents")]);
    for (state, number) in &overview.documents {
        table.row([painted(*state), grouped(*number).into()]);
    }
    table
}

/// One row for each stage, one column for each state that some stage is in.
fn stages(overview: &Overview) -> Table {
    let number = |stage, state| overview.stages.get(&(stage, state)).copied().unwrap_or(0);
    let states: Vec<State> =
        State::ALL.into_iter().filter(|state| Stage::ALL.iter().any(|stage| number(*stage, *state) > 0)).collect();
    let columns: Vec<Column> =
        std::iter::once(Column::Left("stage")).chain(states.iter().map(|s| Column::Right(s.as_str()))).collect();
    let mut table = Table::new(&columns);
    for stage in Stage::ALL {
        let cells = states.iter().map(|state| match number(stage, *state) {
            0 => "-".into(),
            n => grouped(n).into(),
        });
        table.row(std::iter::once(stage.as_str().into()).chain(cells));
    }
    table
}
