//! `export`: every fact, one JSON object a line.

use std::io::{self, BufWriter};

use anyhow::Result;

use crate::context::{Context, block_on};
use crate::failure::Exit;

/// A pipe's usual size.
const BUFFER: usize = 64 << 10;

pub fn export(cx: &Context, with_text: bool) -> Result<Exit> {
    let workspace = cx.open()?;
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout());
    let written = block_on(docmill_engine::export(workspace.store().as_ref(), &mut out, with_text))?;
    if written.is_err() {
        // What is left in the buffer has nowhere to go.
        drop(out.into_parts());
    }
    written?;
    Ok(Exit::Fine)
}
