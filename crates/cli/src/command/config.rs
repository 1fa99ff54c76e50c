//! `config show` and `config check`.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::args::{self, Global};
use crate::config::SETTINGS;
use crate::context::{Context, shown};
use crate::failure::Exit;
use crate::table::{Column, Table};

pub fn config(global: &Global, args: &args::Config) -> Result<Exit> {
    let cx = Context::new(global, Vec::new())?;
    match args {
        args::Config::Show => show(&cx),
        args::Config::Check => check(&cx),
    }
}

fn show(cx: &Context) -> Result<Exit> {
    let rows = SETTINGS.iter().zip(&cx.config.origins);
    if cx.screen.json {
        let rows: Map<String, Value> = rows
            .map(|(s, origin)| {
                (s.key.into(), json!({ "value": (s.show)(&cx.config.settings), "from": origin.to_string() }))
            })
            .collect();
        cx.screen.print_json(&json!({ "workspace": shown(&cx.folder), "settings": rows }))?;
        return Ok(Exit::Fine);
    }
    let mut table = Table::new(&[Column::Left("setting"), Column::Left("value"), Column::Left("from")]);
    for (setting, origin) in rows {
        table.row([setting.key.into(), (setting.show)(&cx.config.settings).into(), origin.to_string().into()]);
    }
    cx.screen.print(&format!("{}\n  workspace  {}\n", table.render(&cx.screen), shown(&cx.folder)))?;
    Ok(Exit::Fine)
}

/// Loading has checked everything.
fn check(cx: &Context) -> Result<Exit> {
    let file = cx.config.file.as_deref().map(shown);
    if cx.screen.json {
        cx.screen.print_json(&json!({ "ok": true, "file": file }))?;
    } else {
        let file = file.unwrap_or_else(|| "no docmill.toml, so defaults, variables and flags hold".to_owned());
        cx.screen.print(&format!("The configuration is good ({file}).\n"))?;
    }
    Ok(Exit::Fine)
}
