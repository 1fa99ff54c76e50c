//! `run`, `retry` and `reprocess`: work until nothing is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use docmill_engine::{self as engine, Intake, RunOptions, Walled, Workspace};
use docmill_model::{Code, Stage, State};
use docmill_store::Selection;
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::json;

use crate::args;
use crate::context::{Context, block_on, runtime, shown};
use crate::failure::{Error, Exit};
use crate::format::count;
use crate::progress::Progress;
use crate::summary::Summary;
use crate::{config, find};

pub fn run(cx: &Context, args: &args::Run) -> Result<Exit> {
    for path in &args.paths {
        check(path)?;
    }
    let (include, exclude) = (globs(&args.include)?, globs(&args.exclude)?);
    let workspace = cx.create()?;
    let _lock = workspace.lock()?;
    let intake = Intake {
        roots: args.paths.clone(),
        project: cx.config.settings.project.clone(),
        include,
        exclude,
        limit: args.limit,
        workspace: workspace.folder().to_owned(),
    };
    work(cx, &workspace, Some(intake), None)
}

pub fn retry(cx: &Context, args: &args::Retry) -> Result<Exit> {
    let workspace = cx.open()?;
    let _lock = workspace.lock()?;
    let store = workspace.store();
    let again = block_on(async {
        let documents = find::documents(store.as_ref(), &args.documents).await?;
        anyhow::Ok(store.retry(Selection { documents, code: args.class, stage: args.stage }).await?)
    })??;
    again_or_nothing(cx, &workspace, again, "Nothing to try again.")
}

pub fn reprocess(cx: &Context, from: Option<Stage>) -> Result<Exit> {
    let workspace = cx.open()?;
    let _lock = workspace.lock()?;
    let again = block_on(workspace.store().reprocess(from))??;
    again_or_nothing(cx, &workspace, again, "Nothing to run again: every stage has its present version.")
}

fn again_or_nothing(cx: &Context, workspace: &Workspace, again: u64, nothing: &str) -> Result<Exit> {
    if again > 0 {
        cx.screen.say(&format!("{} again.", count(again, "document")));
        return work(cx, workspace, None, Some(again));
    }
    match cx.screen.json {
        true => cx.screen.print_json(&json!({ "again": 0 }))?,
        false => cx.screen.print(&format!("{nothing}\n"))?,
    }
    Ok(Exit::Fine)
}

/// A path that can be walked, or what is wrong with it.
fn check(path: &Path) -> Result<()> {
    let error = match path.metadata() {
        Ok(metadata) if metadata.is_dir() || metadata.is_file() => return Ok(()),
        Ok(_) => return Err(Error::NotAFile { shown: shown(path) }.into()),
        Err(error) => error,
    };
    if error.kind() != std::io::ErrorKind::NotFound {
        return Err(engine::Error::Source { shown: shown(path), source: error }.into());
    }
    let hint = match neighbour(path) {
        Some(near) => format!("did you mean {}?", shown(&near)),
        None => "check the spelling; a path is taken from the current folder".to_owned(),
    };
    Err(Error::Argument { message: format!("there is no file or folder called {}", shown(path)), hint }.into())
}

/// What lies beside a missing path and is called almost so.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder with more names than this is not worth the wait.
    let names: Vec<String> =
        parent.read_dir().ok()?.take(10_000).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let near = config::nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}

fn globs(words: &[String]) -> Result<GlobSet> {
    let bad = |word: &str, error: &globset::Error| Error::Argument {
        message: format!("{word:?} is no pattern: {}", error.kind()),
        hint: "a pattern is such as `*.pdf`, `mail/**` or `*.{txt,md}`".to_owned(),
    };
    let mut set = GlobSetBuilder::new();
    for word in words {
        set.add(Glob::new(word).map_err(|error| bad(word, &error))?);
    }
    Ok(set.build().map_err(|error| bad(&words.join(" "), &error))?)
}

/// Runs to the end and tells what came of it. The caller holds the workspace's lock.
fn work(cx: &Context, workspace: &Workspace, intake: Option<Intake>, again: Option<u64>) -> Result<Exit> {
    let settings = &cx.config.settings;
    let roots = intake.as_ref().map(|i| i.roots.clone()).unwrap_or_default();
    let runtime = runtime()?;
    let store = workspace.store();
    let before = runtime.block_on(store.overview())?;
    let open = before.documents.iter().filter(|(state, _)| !state.is_final()).map(|(_, n)| n).sum();
    let progress = Progress::start(open, intake.is_some(), cx.verbose);
    let reader = Arc::new(Walled::new(settings.workers, settings.limits));
    let options = RunOptions { intake, workers: settings.workers };
    let stop = async {
        // Where the signal cannot be taken it ends the process, as it does by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let report = runtime.block_on(engine::run(workspace, options, reader, progress.observer(), stop));
    let counts = progress.end(report.as_ref().is_ok_and(|r| !r.interrupted));
    let report = report?;
    if report.interrupted {
        let command = match roots.is_empty() {
            true => "run PATH".to_owned(),
            false => {
                let roots: Vec<String> = roots.iter().map(|r| crate::format::quoted(&shown(r)).into_owned()).collect();
                format!("run {}", roots.join(" "))
            }
        };
        cx.screen.say(&format!(
            "\nStopped ({}). What was read is kept; go on with:\n  {}",
            Code::INTERRUPTED,
            cx.command(&command)
        ));
        // Stages that still compute are left as a crash would leave them; waiting for them would keep the person.
        std::process::exit(Exit::Interrupted.code());
    }
    let summary = runtime.block_on(Summary::gather(store.as_ref(), report, &counts, again))?;
    match cx.screen.json {
        true => cx.screen.print_json(&summary.json(cx))?,
        false => cx.screen.print(&summary.render(cx))?,
    }
    let failed = summary.documents(State::Failed) > 0 || !summary.unread.is_empty();
    Ok(if failed { Exit::Mendable } else { Exit::Fine })
}
