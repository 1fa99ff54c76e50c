//! The commands, one file each.

mod completions;
mod config;
mod decide;
mod decisions;
mod diff;
mod doctor;
mod entity;
mod eval;
mod explain;
mod export;
mod extract;
mod forget;
mod graph;
mod prune;
mod review;
mod run;
mod search;
mod show;
mod status;
mod why;

use anyhow::Result;
use docmill_engine::decide::Verdict;

use crate::args::{Cli, Command, Document, Work};
use crate::context::Context;
use crate::failure::Exit;
use crate::reference;

/// Runs the command that was typed.
pub fn dispatch(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    let context = |flags| Context::new(&global, flags);
    let plain = || context(Vec::new());
    match command {
        Command::Run(args) => {
            let mut flags = work_flags(&args.work);
            flags.extend(args.project.clone().map(|name| ("project", name)));
            run::run(&context(flags)?, &args)
        }
        Command::Retry(args) => run::retry(&context(work_flags(&args.work))?, &args),
        Command::Reprocess { from, work } => run::reprocess(&context(work_flags(&work))?, from),
        Command::Extract(args) => extract::extract(&plain()?, &args),
        Command::Status => status::status(&plain()?),
        Command::Why { document } => why::why(&plain()?, &document),
        Command::Document(Document::Show { document }) => show::show(&plain()?, &document),
        Command::Search(args) => search::search(&plain()?, &args),
        Command::Export { format: _, text } => export::export(&plain()?, text),
        Command::Graph(args) => graph::graph(&plain()?, &args),
        Command::Diff(args) => diff::diff(&plain()?, &args.before, &args.after),
        Command::Entity { entity } => entity::entity(&plain()?, &entity),
        Command::Review(args) => review::review(&plain()?, &args),
        Command::Same(args) => decide::relate(&plain()?, Verdict::Same, &args),
        Command::Different(args) => decide::relate(&plain()?, Verdict::Different, &args),
        Command::Rename(args) => decide::rename(&plain()?, &args),
        Command::Undo(args) => decide::undo(&plain()?, &args),
        Command::Decisions { command } => decisions::decisions(&plain()?, command.as_ref()),
        Command::Forget { documents } => forget::forget(&plain()?, &documents),
        Command::Prune => prune::prune(&plain()?),
        Command::Doctor => doctor::doctor(&plain()?),
        Command::Eval(args) => eval::eval(&plain()?, &args),
        Command::Config(args) => config::config(&global, &args),
        // These answer whatever the configuration is.
        Command::Completions { shell } => completions::completions(shell),
        Command::Explain { code } => explain::explain(global.json, code.as_deref()),
        Command::Reference { page } => reference::reference(page),
    }
}

fn work_flags(work: &Work) -> Vec<(&'static str, String)> {
    work.workers.clone().map(|workers| ("workers", workers)).into_iter().collect()
}
