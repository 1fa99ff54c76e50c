//! The `docmill` command: configuration, wiring, commands, reports.
//!
//! Owns: what is typed and what is shown, the layers of configuration, the way from an error to an exit code. Must
//! not know: SQL, formats of documents, how a stage runs; these it asks of the engine.
//!
//! Invariants: the result goes to standard output and everything else to standard error; text from documents and
//! file names reach a terminal only through [`screen::visible`], or as JSON through [`screen::escaped`]; the exit code
//! comes from `failure.rs` alone.
//!
//! Read `args.rs` first, then `command/run.rs` and `failure.rs`.

mod args;
mod attention;
mod bug;
mod command;
mod config;
mod context;
mod diff;
mod failure;
mod find;
mod format;
mod gist;
mod markdown;
mod marked;
mod page;
mod progress;
mod quote;
mod reason;
mod reference;
mod relation;
mod screen;
mod side;
mod summary;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::Parser;

use crate::failure::Exit;

/// Makes a child that runs out of memory say so.
#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

fn main() {
    if warden::child::is_child() {
        docmill_engine::serve_child()
    }
    bug::install();
    // A panic of this thread has been told by the hook.
    let exit = catch_unwind(AssertUnwindSafe(|| match args::Cli::try_parse() {
        Ok(cli) => {
            let json = cli.global.json;
            command::dispatch(cli).unwrap_or_else(|error| failure::report(&error, json))
        }
        Err(error) => failure::usage(&error),
    }));
    std::process::exit(exit.unwrap_or(Exit::Ours).code())
}
