//! `same`, `different`, `rename` and `undo`: what a person decides about who is who.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use docmill_engine::decide::{self, Decided, Note, Verdict};
use docmill_model::Action;
use docmill_store::{DecisionRow, EntityRow};
use serde_json::json;

use super::{decisions, entity};
use crate::args::decision;
use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::format::short;
use crate::screen::line;
use crate::side::side;

/// Entities that are shown of each side.
const SHOWN: usize = 10;

pub fn relate(cx: &Context, verdict: Verdict, args: &decision::Sides) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let decided = block_on(async {
        docmill_engine::fold_all(store.as_ref()).await?;
        let a = side(store.as_ref(), &args.a).await?;
        let mut b = Vec::new();
        for word in &args.b {
            b.push(side(store.as_ref(), word).await?);
        }
        anyhow::Ok(decide::relate(store.as_ref(), verdict, a, b, note(&args.note)).await?)
    })??;
    show(cx, &decided)
}

pub fn rename(cx: &Context, args: &decision::Rename) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let decided = block_on(async {
        docmill_engine::fold_all(store.as_ref()).await?;
        let side = side(store.as_ref(), &args.entity).await?;
        anyhow::Ok(decide::rename(store.as_ref(), side, &args.name, note(&args.note)).await?)
    })??;
    show(cx, &decided)
}

pub fn undo(cx: &Context, args: &decision::Undo) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let (decided, undone) = block_on(async {
        let decided = decide::undo(store.as_ref(), args.decision.as_deref(), note(&args.note)).await?;
        let rows = decide::all(store.as_ref()).await?;
        let target = match decided.decision.action {
            Action::Undo { decision } => rows.into_iter().find(|row| row.decision.id == decision),
            _ => None,
        };
        anyhow::Ok((decided, target))
    })??;
    if !cx.screen.json
        && let Some(row) = undone
    {
        // That it is taken back stands before it.
        let row = DecisionRow { undone: false, ..row };
        cx.screen.print(&format!("Taken back: {}\n", decisions::summary(&cx.screen, &row)))?;
    }
    show(cx, &decided)
}

/// Who decides, why, and that it is now.
pub fn note(args: &decision::Note) -> Note {
    let at_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0));
    Note { by: args.by.clone().unwrap_or_else(user), why: args.why.clone(), at_ms }
}

/// The user who is logged in, as the environment says.
pub fn user() -> String {
    let named = |name| std::env::var(name).ok().filter(|user| !user.trim().is_empty());
    named("USER").or_else(|| named("LOGNAME")).unwrap_or_else(|| "somebody".to_owned())
}

/// Tells which entities there are now.
fn show(cx: &Context, decided: &Decided) -> Result<Exit> {
    let screen = &cx.screen;
    if screen.json {
        let side = |rows: &[EntityRow]| rows.iter().map(entity::brief).collect::<Vec<_>>();
        screen.print_json(&json!({
            "decision": decided.decision, "a": side(&decided.a), "b": side(&decided.b),
        }))?;
        return Ok(Exit::Fine);
    }
    let mut rows: Vec<&EntityRow> = decided.a.iter().chain(&decided.b).collect();
    rows.sort_by_key(|row| row.entity.id);
    rows.dedup_by_key(|row| row.entity.id);
    let mut out = format!("{}\n", heading(decided, rows.len()));
    for row in rows.iter().take(SHOWN) {
        out.push_str(&format!("  {}\n", entity::headline(screen, row)));
    }
    if rows.len() > SHOWN {
        out.push_str(&format!("  and {} more\n", rows.len() - SHOWN));
    }
    if !matches!(decided.decision.action, Action::Undo { .. }) {
        out.push_str(&format!("Take it back: {}\n", cx.command(&format!("undo {}", short(decided.decision.id)))));
    }
    screen.print(&out)?;
    Ok(Exit::Fine)
}

fn heading(decided: &Decided, entities: usize) -> String {
    match &decided.decision.action {
        Action::Same if decided.is_one() && entities == 1 => "They are one now:".to_owned(),
        Action::Same => {
            "Decided, and not all of it is one: a newer decision keeps parts of it apart, or it would be too large."
                .to_owned()
        }
        Action::Different if decided.is_one() => {
            "Decided, and they are still one: a newer decision holds them together.".to_owned()
        }
        Action::Different => "They are not the same now:".to_owned(),
        Action::Rename { name } => format!("The name is {} now:", line(name)),
        Action::Undo { .. } if entities == 0 => "None of its documents is here now.".to_owned(),
        Action::Undo { .. } => "What it was about is now:".to_owned(),
    }
}
