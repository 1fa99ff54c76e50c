//! `document show`: the text with everything that was found in it.

use std::ffi::OsStr;

use anyhow::Result;
use docmill_model::{Mention, Text};
use serde_json::{Value, json};

use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::format::{count, short};
use crate::screen::{BOLD, line};
use crate::{find, marked};

pub fn show(cx: &Context, word: &OsStr) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let (row, text, map, pages, blocks, rows) = block_on(async {
        let id = find::document(store.as_ref(), word).await?;
        let (text, map) = store.clean(id).await?;
        let (pages, blocks) = (store.page_rows(id).await?, store.blocks(id).await?);
        anyhow::Ok((store.document(id).await?, Text::new(text), map, pages, blocks, store.mention_rows(id).await?))
    })??;
    let mentions: Vec<&Mention> = rows.iter().map(|r| &r.mention).collect();
    if cx.screen.json {
        let mentions: Vec<Value> = rows
            .iter()
            .map(|r| {
                let m = &r.mention;
                let place = docmill_engine::place_of(m.span, map.to_raw(m.span), &pages, &blocks);
                json!({ "id": m.id, "type": m.kind.as_str(), "text": text.slice(m.span), "start": m.span.start,
                        "end": m.span.end, "page": place.page, "block": place.block, "place": place.label(),
                        "entity": r.entity })
            })
            .collect();
        cx.screen.print_json(&json!({
            "id": row.id, "name": row.name(), "state": row.state.as_str(), "text": text.as_str(), "mentions": mentions,
        }))?;
        return Ok(Exit::Fine);
    }
    let (pages_count, found) = (count(u64::from(row.pages), "page"), count(mentions.len() as u64, "mention"));
    let head = cx.screen.paint(BOLD, &line(row.name()));
    let mut out = format!("{head}  {}  {}, {pages_count}, {found}\n\n", short(row.id), row.state);
    if text.chars() == 0 {
        out.push_str(&format!("no text; {} says why\n", cx.command(&format!("why {}", short(row.id)))));
    } else {
        out.push_str(&marked::render(&cx.screen, &text, &map, &pages, &blocks, &mentions));
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}
