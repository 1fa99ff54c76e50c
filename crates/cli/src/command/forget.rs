//! `forget`: takes documents out of the workspace.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Result;
use docmill_model::DocumentId;
use docmill_store::Store;
use serde_json::json;

use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::find;
use crate::format::{count, short};
use crate::table::{Column, Table};

pub fn forget(cx: &Context, words: &[OsString]) -> Result<Exit> {
    let workspace = cx.open()?;
    let _lock = workspace.lock()?;
    let store = workspace.store();
    let (gone, names) = block_on(async {
        let ids = find::documents(store.as_ref(), words).await?;
        // Names are gone with their documents.
        let names = family(store.as_ref(), &ids).await?;
        anyhow::Ok((docmill_engine::forget(&workspace, ids).await?, names))
    })??;
    let name = |id: &DocumentId| names.get(id).map_or("", String::as_str);
    if cx.screen.json {
        let rows: Vec<_> = gone.iter().map(|id| json!({ "id": id, "path": name(id) })).collect();
        cx.screen.print_json(&json!({ "forgotten": rows }))?;
        return Ok(Exit::Fine);
    }
    let mut table = Table::new(&[Column::Left("id"), Column::Left("document")]);
    for id in &gone {
        table.row([short(*id).into(), name(id).into()]);
    }
    let left = count(gone.len() as u64, "document");
    cx.screen.print(&format!(
        "{left} left the workspace; the files stay where they are, and a later run over them takes them in again.\n{}",
        table.render(&cx.screen)
    ))?;
    Ok(Exit::Fine)
}

/// The documents and all their attachments, with what they are called.
async fn family(store: &dyn Store, ids: &[DocumentId]) -> Result<BTreeMap<DocumentId, String>> {
    let mut names = BTreeMap::new();
    let mut queue = ids.to_vec();
    while let Some(id) = queue.pop() {
        if names.contains_key(&id) {
            continue;
        }
        names.insert(id, find::place(store, &store.document(id).await?).await?);
        queue.extend(store.children(id).await?.into_iter().map(|(_, child)| child));
    }
    Ok(names)
}
