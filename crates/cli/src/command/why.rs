//! `why`: all that happened to a document.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::Result;
use docmill_model::{DocumentId, Origin, State};
use docmill_store::{Attempt, DocumentRow, ExternalRow, StageRow, Store};
use serde_json::{Value, json};

use super::status::painted;
use crate::attention;
use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::find;
use crate::format::{count, duration, short, size, utc};
use crate::screen::{BOLD, Screen, WARN, line, visible};
use crate::table::{Column, Table};

/// All that the store knows of a document's way.
struct Account {
    row: DocumentRow,
    stages: Vec<StageRow>,
    history: Vec<Attempt>,
    /// Documents that it came with, and its own name there.
    parents: Vec<(DocumentId, String, String)>,
    children: Vec<(String, DocumentId, State)>,
    external: Vec<ExternalRow>,
}

pub fn why(cx: &Context, word: &OsStr) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let account = block_on(async {
        let id = find::document(store.as_ref(), word).await?;
        account(store.as_ref(), id).await
    })??;
    match cx.screen.json {
        true => cx.screen.print_json(&account.json())?,
        false => cx.screen.print(&account.render(cx))?,
    }
    Ok(Exit::Fine)
}

async fn account(store: &dyn Store, id: DocumentId) -> Result<Account> {
    let row = store.document(id).await?;
    let mut parents = Vec::new();
    for source in &row.sources {
        if let Origin::Member { parent, member } = source {
            let place = find::place(store, &store.document(*parent).await?).await?;
            parents.push((*parent, place, member.clone()));
        }
    }
    let mut children = Vec::new();
    for (name, child) in store.children(id).await? {
        children.push((name, child, store.document(child).await?.state));
    }
    let (stages, history) = (store.stage_rows(id).await?, store.history(id).await?);
    Ok(Account { row, stages, history, parents, children, external: store.external_ids(id).await? })
}

impl Account {
    fn json(&self) -> Value {
        let row = &self.row;
        let source = |origin: &Origin| match origin {
            Origin::Path { absolute, shown } => json!({ "path": shown, "absolute": String::from_utf8_lossy(absolute) }),
            Origin::Member { parent, member } => json!({ "parent": parent, "member": member }),
        };
        let warnings: Vec<Value> = row
            .warnings
            .iter()
            .map(|w| {
                json!({ "code": w.code, "message": w.message, "page": w.page, "meaning": w.code.meaning(), "remedy": w.code.remedy() })
            })
            .collect();
        let stages: Vec<Value> = self
            .stages
            .iter()
            .map(|s| {
                json!({ "stage": s.stage.as_str(), "state": s.state.as_str(), "version": s.version, "attempt": s.attempt,
                        "code": s.code, "chain": s.chain })
            })
            .collect();
        let history: Vec<Value> = self
            .history
            .iter()
            .map(|a| {
                json!({ "stage": a.stage.as_str(), "attempt": a.attempt, "state": a.state.as_str(), "code": a.code,
                        "chain": a.chain, "started_ms": a.started_ms, "ended_ms": a.ended_ms })
            })
            .collect();
        let children: Vec<Value> = self
            .children
            .iter()
            .map(|(name, id, state)| json!({ "member": name, "id": id, "state": state.as_str() }))
            .collect();
        let external: Vec<Value> =
            self.external.iter().map(|x| json!({ "scheme": x.scheme, "value": x.value })).collect();
        json!({
            "id": row.id, "name": row.name(), "project": row.project, "sha256": row.sha256.to_string(), "bytes": row.bytes,
            "media_type": row.media_type.map(|m| m.mime()), "language": row.language.as_ref().map(|l| l.as_str()),
            "category": row.category.as_str(), "state": row.state.as_str(), "pages": row.pages,
            "sources": row.sources.iter().map(source).collect::<Vec<_>>(), "external_ids": external, "children": children,
            "stages": stages, "warnings": warnings, "history": history,
        })
    }

    fn render(&self, cx: &Context) -> String {
        let screen = &cx.screen;
        let mut out = self.head(screen);
        self.stages(screen, &mut out);
        self.warnings(screen, &mut out);
        self.errors(screen, &mut out);
        self.history(screen, &mut out);
        let mut codes: Vec<_> = self.row.warnings.iter().map(|w| w.code).collect();
        codes.sort();
        codes.dedup();
        if matches!(self.row.state, State::Failed | State::Partial | State::Skipped) && !codes.is_empty() {
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, "Next")));
            for code in codes {
                out.push_str(&format!("  {}\n", cx.command(&format!("explain {code}"))));
            }
            out.push_str(&format!("  {}\n", cx.command(&format!("retry {}", short(self.row.id)))));
            if let Some(code) = self.stages.iter().find_map(|s| s.code) {
                out.push_str(&format!("  {}\n", attention::retry(cx, code)));
            }
        }
        out
    }

    fn head(&self, screen: &Screen) -> String {
        let row = &self.row;
        let mut out = format!("{}  {}\n", screen.paint(BOLD, &line(row.name())), row.id);
        let mut fact = |name: &str, value: &str| out.push_str(&format!("  {name:<9} {}\n", line(value)));
        fact("state", row.state.as_str());
        let mut about = vec![row.media_type.map_or("of no known type", |m| m.mime()).to_owned(), size(row.bytes)];
        about.push(count(u64::from(row.pages), "page"));
        about.extend(row.language.as_ref().map(|l| format!("language {}", l.as_str())));
        about.push(format!("category {}", row.category.as_str()));
        fact("is", &about.join(", "));
        fact("project", &row.project);
        for source in &row.sources {
            if let Origin::Path { absolute, .. } = source {
                fact("source", &String::from_utf8_lossy(absolute));
            }
        }
        for (id, place, member) in &self.parents {
            fact("source", &format!("{member} in {place} ({})", short(*id)));
        }
        for (name, id, state) in &self.children {
            fact("holds", &format!("{name} ({}, {state})", short(*id)));
        }
        for id in &self.external {
            fact("known as", &format!("{} {}", id.scheme, id.value));
        }
        out
    }

    fn stages(&self, screen: &Screen, out: &mut String) {
        let mut table = Table::new(&[
            Column::Left("stage"),
            Column::Left("state"),
            Column::Left("version"),
            Column::Right("attempt"),
            Column::Left("code"),
        ]);
        for s in &self.stages {
            let code = s.code.map_or("-", |code| code.as_str());
            table.row([
                s.stage.as_str().into(),
                painted(s.state),
                s.version.as_str().into(),
                s.attempt.to_string().into(),
                code.into(),
            ]);
        }
        out.push_str(&format!("\n{}\n{}", screen.paint(BOLD, "Stages"), table.render(screen)));
    }

    fn warnings(&self, screen: &Screen, out: &mut String) {
        if self.row.warnings.is_empty() {
            return;
        }
        out.push_str(&format!("\n{}\n", screen.paint(BOLD, "Findings")));
        for warning in &self.row.warnings {
            let page = warning.page.map(|n| format!("page {n}: ")).unwrap_or_default();
            let code = screen.paint(WARN, warning.code.as_str());
            out.push_str(&format!("  {code}  {page}{}\n", line(&warning.message)));
            out.push_str(&format!("      {}; {}\n", warning.code.meaning(), warning.code.remedy()));
        }
    }

    fn errors(&self, screen: &Screen, out: &mut String) {
        let with_chain = self.stages.iter().filter(|s| !s.chain.is_empty());
        for stage in with_chain {
            let head = format!("Error of {}, as it was told", stage.stage);
            out.push_str(&format!("\n{}\n", screen.paint(BOLD, &head)));
            for link in &stage.chain {
                visible(link).lines().for_each(|text| out.push_str(&format!("  {text}\n")));
            }
        }
    }

    fn history(&self, screen: &Screen, out: &mut String) {
        let mut table = Table::new(&[
            Column::Left("started (UTC)"),
            Column::Left("stage"),
            Column::Right("attempt"),
            Column::Left("ended"),
            Column::Right("took"),
            Column::Left("code"),
        ]);
        for a in &self.history {
            let took = u64::try_from(a.ended_ms.saturating_sub(a.started_ms)).unwrap_or(0);
            table.row([
                utc(a.started_ms).into(),
                a.stage.as_str().into(),
                a.attempt.to_string().into(),
                painted(a.state),
                duration(Duration::from_millis(took)).into(),
                a.code.map_or("-", |code| code.as_str()).into(),
            ]);
        }
        if !table.is_empty() {
            out.push_str(&format!("\n{}\n{}", screen.paint(BOLD, "History"), table.render(screen)));
        }
    }
}
