//! `doctor`: whether this machine and this workspace are fit for work.

use std::io::{Seek as _, Write as _};
use std::path::Path;

use anyhow::Result;
use docmill_engine::{Walled, Workspace, read_file};
use docmill_extract::{Flow, Options};
use docmill_model::MediaType;
use rustix::fs::{Access, access, statvfs};
use serde_json::{Value, json};

use crate::config::{SETTINGS, Settings};
use crate::context::{Context, shown};
use crate::failure::{Error, Exit};
use crate::format::size;
use crate::screen::{BAD, GOOD};
use crate::table::{Cell, Column, Table};

/// A run over a few thousand documents needs this much, and SQLite some for its log.
const ROOM: u64 = 256 << 20;

/// One thing that was looked at.
struct Check {
    what: &'static str,
    found: String,
    /// What to do, where something is wrong.
    remedy: Option<String>,
}

impl Check {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, found: found.into(), remedy: None }
    }

    fn bad(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, found: found.into(), remedy: Some(remedy.into()) }
    }
}

pub fn doctor(cx: &Context) -> Result<Exit> {
    let mut checks = vec![Check::good("version", env!("CARGO_PKG_VERSION"))];
    workspace(cx, &mut checks);
    checks.push(kernel());
    checks.push(wall(&cx.config.settings)?);
    checks.push(Check::good("formats", formats().join(", ")));
    let settings: Vec<String> =
        SETTINGS.iter().map(|s| format!("{} {}", s.key, (s.show)(&cx.config.settings))).collect();
    checks.push(Check::good("settings", settings.join(", ")));
    let wrong = checks.iter().any(|check| check.remedy.is_some());
    if cx.screen.json {
        let rows: Vec<Value> = checks
            .iter()
            .map(|c| json!({ "check": c.what, "ok": c.remedy.is_none(), "found": c.found, "remedy": c.remedy }))
            .collect();
        cx.screen.print_json(&json!({ "ok": !wrong, "checks": rows }))?;
    } else {
        cx.screen.print(&render(cx, &checks))?;
    }
    Ok(if wrong { Exit::Mendable } else { Exit::Fine })
}

fn render(cx: &Context, checks: &[Check]) -> String {
    let mut table = Table::new(&[Column::Left(""), Column::Left("check"), Column::Left("found")]);
    for check in checks {
        let mark = if check.remedy.is_none() { Cell::painted("ok", GOOD) } else { Cell::painted("bad", BAD) };
        table.row([mark, check.what.into(), check.found.as_str().into()]);
    }
    let mut out = table.render(&cx.screen);
    for check in checks {
        if let Some(remedy) = &check.remedy {
            out.push_str(&format!("\n  {}: {remedy}\n", check.what));
        }
    }
    out
}

/// The folder, its disk and its store; a workspace that is not there yet is fine where one can be made.
fn workspace(cx: &Context, checks: &mut Vec<Check>) {
    let folder = &cx.folder;
    let there = folder.ancestors().find(|f| f.is_dir()).unwrap_or(Path::new("/"));
    let name = if there == folder { shown(folder) } else { format!("{} (not there yet)", shown(folder)) };
    checks.push(match access(there, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Check::good("workspace", name),
        Err(error) => Check::bad(
            "workspace",
            format!("{name} may not be written: {error}"),
            "change its permissions, or give another place with `--workspace DIR`",
        ),
    });
    checks.push(match statvfs(there) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            match free >= ROOM {
                true => Check::good("disk", format!("{} free", size(free))),
                false => Check::bad("disk", format!("{} free", size(free)), "make room where the workspace is"),
            }
        }
        Err(error) => Check::bad("disk", format!("cannot be looked at: {error}"), "check the disk"),
    });
    let store = Workspace::open(folder).and_then(|w| Ok((w.layout(), w.check()?)));
    checks.push(match store {
        Ok((layout, wrong)) if wrong.is_empty() => Check::good("store", format!("layout {layout}, sound")),
        Ok((_, wrong)) => Check::bad(
            "store",
            format!("damaged: {}", wrong.join("; ")),
            "move the workspace away and run again; the sources are untouched",
        ),
        Err(docmill_engine::Error::Missing(_)) => Check::good("store", "none yet"),
        Err(error) => {
            let remedy = error.code().remedy();
            Check::bad("store", format!("{:#}", anyhow::Error::from(error)), remedy)
        }
    });
}

fn kernel() -> Check {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|n| n.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match version >= (5, 4) {
        true => Check::good("kernel", release),
        false => {
            Check::bad("kernel", release, "documents are read in confined processes, for which Linux 5.4 is needed")
        }
    }
}

/// Reads a document behind the wall, which tells more than any list of features.
fn wall(settings: &Settings) -> Result<Check> {
    let mut file = tempfile::tempfile().map_err(Error::Spool)?;
    file.write_all(b"A line of text.\n").and_then(|()| file.rewind()).map_err(Error::Spool)?;
    let reader = Walled::new(1, settings.limits);
    let mut pages = 0;
    let read = read_file(&reader, &file, &Options::default(), &mut |_| {
        pages += 1;
        Flow::Continue
    });
    Ok(match read {
        Ok(Some(_)) if pages == 1 => Check::good("wall", "a document was read in a process of its own"),
        Ok(_) => Check::bad("wall", "a process of its own gave no page", "please report it: this is a bug in docmill"),
        Err(failure) => Check::bad(
            "wall",
            format!("{}: {}", failure.warning.message, failure.chain.join(": ")),
            "allow this user processes (`ulimit -u`) and memory (`ulimit -v`), and mount /proc",
        ),
    })
}

/// MIME types that are read.
fn formats() -> Vec<&'static str> {
    use MediaType as M;
    [M::Text, M::Markdown, M::Csv, M::Html, M::Mail, M::Pdf, M::Docx].map(MediaType::mime).to_vec()
}
