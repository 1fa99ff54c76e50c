//! `prune`: takes out what came from files that are gone.

use anyhow::Result;
use serde_json::json;

use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::format::{count, size};
use crate::screen::line;

pub fn prune(cx: &Context) -> Result<Exit> {
    let workspace = cx.open()?;
    let _lock = workspace.lock()?;
    let pruned = block_on(docmill_engine::prune(&workspace))??;
    if cx.screen.json {
        let value = json!({ "files": pruned.files, "documents": pruned.documents, "freed": pruned.freed });
        cx.screen.print_json(&value)?;
        return Ok(Exit::Fine);
    }
    let mut out = String::new();
    if pruned.files.is_empty() {
        out.push_str("Nothing to take out: every file is still there.\n");
    } else {
        let (files, documents) =
            (count(pruned.files.len() as u64, "file"), count(pruned.documents.len() as u64, "document"));
        out.push_str(&format!("{files} no longer there; {documents} left the workspace.\n"));
        pruned.files.iter().for_each(|name| out.push_str(&format!("  {}\n", line(name))));
    }
    if pruned.freed > 0 {
        out.push_str(&format!("{} of stored attachments freed.\n", size(pruned.freed)));
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}
