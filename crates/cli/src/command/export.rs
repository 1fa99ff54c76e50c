//! `export`: every fact, one JSON object a line.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;

use crate::context::{Context, block_on};
use crate::failure::Exit;
use crate::screen::escaped;

/// A pipe's usual size.
const BUFFER: usize = 64 << 10;

pub fn export(cx: &Context, with_text: bool) -> Result<Exit> {
    let workspace = cx.open()?;
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout());
    let mut guarded = Guarded(&mut out);
    let to: &mut (dyn Write + Send) = if io::stdout().is_terminal() { &mut guarded } else { guarded.0 };
    let written = block_on(docmill_engine::export(workspace.store().as_ref(), to, with_text))?;
    if written.is_err() {
        // What is left in the buffer has nowhere to go.
        drop(out.into_parts());
    }
    written?;
    Ok(Exit::Fine)
}

/// JSON on its way to a terminal, which it must not be able to command. Elsewhere the export has the same bytes
/// whatever it holds.
struct Guarded<W>(W);

impl<W: Write> Write for Guarded<W> {
    /// Takes all of a piece. Pieces of JSON end between characters; one that does not is passed on as it is.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(piece) {
            Ok(text) => self.0.write_all(escaped(text).as_bytes())?,
            Err(_) => self.0.write_all(piece)?,
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_export_cannot_command_a_terminal() {
        let mut out = Vec::new();
        serde_json::to_writer(Guarded(&mut out), &json!({ "text": "é\u{9b}2J\u{202e}\"\u{7f}" })).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"text":"é\u009b2J\u202e\"\u007f"}"#);
    }
}
