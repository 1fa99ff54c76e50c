//! `decisions`: what people decided, listed, written and taken in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::Path;

use anyhow::Result;
use docmill_engine::decide;
use docmill_model::{Action, Anchor, Decision, DocumentId};
use docmill_store::{DecisionRow, Store};
use serde_json::{Value, json};

use crate::args::decision::Decisions;
use crate::context::{Context, block_on, shown};
use crate::failure::{Error, Exit};
use crate::format::{count, short, shortened, utc};
use crate::screen::{BOLD, DIM, Screen, escaped, line};

/// The largest file of decisions: some fifty thousand of them, all held in memory before the first is taken in.
const LARGEST: u64 = 64 << 20;
/// The longest line in bytes: a decision about as many places as one can hold, a kilobyte each.
const LONGEST_LINE: u64 = 4 << 20;
/// The longest name that fits a line.
const NAME: usize = 40;

pub fn decisions(cx: &Context, command: Option<&Decisions>) -> Result<Exit> {
    match command {
        None | Some(Decisions::List) => list(cx),
        Some(Decisions::Export) => export(cx),
        Some(Decisions::Import { file }) => import(cx, file),
    }
}

fn list(cx: &Context) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let (rows, names) = block_on(async {
        let rows = decide::all(store.as_ref()).await?;
        let names = names(store.as_ref(), &rows).await?;
        anyhow::Ok((rows, names))
    })??;
    if cx.screen.json {
        cx.screen.print_json(&json!({ "decisions": rows.iter().map(json_of).collect::<Vec<_>>() }))?;
        return Ok(Exit::Fine);
    }
    if rows.is_empty() {
        cx.screen.say(&format!("Nothing has been decided yet; {} shows what is in doubt.", cx.command("review")));
    }
    let mut out = String::new();
    for row in &rows {
        out.push_str(&format!("{}\n", summary(&cx.screen, row)));
        for (side, anchors) in [("a", &row.decision.a), ("b", &row.decision.b)] {
            if let Some(places) = places(anchors, &names) {
                out.push_str(&format!("    {side}  {places}\n"));
            }
        }
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

/// What the documents that are listed of some decisions are called; those that are gone are not among them.
async fn names(store: &dyn Store, rows: &[DecisionRow]) -> Result<BTreeMap<DocumentId, String>> {
    let mut names = BTreeMap::new();
    for anchor in rows.iter().flat_map(|row| first(&row.decision.a).chain(first(&row.decision.b))) {
        if names.contains_key(&anchor.document) {
            continue;
        }
        match store.document(anchor.document).await {
            Ok(row) => names.insert(anchor.document, row.name().to_owned()),
            Err(docmill_store::Error::UnknownDocument(_)) => continue,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(names)
}

/// Places of a side that are listed.
fn first(anchors: &[Anchor]) -> impl Iterator<Item = &Anchor> {
    anchors.iter().take(3)
}

fn places(anchors: &[Anchor], names: &BTreeMap<DocumentId, String>) -> Option<String> {
    let name = |anchor: &Anchor| match names.get(&anchor.document) {
        Some(name) => shortened(&line(name), NAME),
        None => format!("{} (not here)", short(anchor.document)),
    };
    let told: Vec<String> =
        first(anchors).map(|a| format!("{} in {}", shortened(&line(&a.quote), NAME), name(a))).collect();
    let more =
        if anchors.len() > told.len() { format!("; and {} more", anchors.len() - told.len()) } else { String::new() };
    (!told.is_empty()).then(|| told.join("; ") + &more)
}

/// `3f2a91bc  2026-11-24 15:01:00  different  Annika Vogt | Annika Vogt  by anna: two addresses`.
pub fn summary(screen: &Screen, row: &DecisionRow) -> String {
    let d = &row.decision;
    let side = |anchors: &[Anchor]| anchors.first().map(|a| shortened(&line(&a.quote), NAME)).unwrap_or_default();
    let what = match &d.action {
        Action::Same => format!("{} = {}", side(&d.a), side(&d.b)),
        Action::Different => format!("{} | {}", side(&d.a), side(&d.b)),
        Action::Rename { name } => format!("{} as {}", side(&d.a), shortened(&line(name), NAME)),
        Action::Undo { decision } => short(decision),
    };
    let state = match (row.undone, row.asleep) {
        (true, _) => "  (taken back)",
        (false, true) => "  (asleep: a document of it is not here)",
        (false, false) => "",
    };
    let why = d.why.as_ref().map(|why| format!(": {}", line(why))).unwrap_or_default();
    let (id, at) = (screen.paint(DIM, &short(d.id)), utc(d.at_ms));
    let action = screen.paint(BOLD, d.action.as_str());
    format!("{id}  {at}  {action}  {what}  by {}{why}{state}", line(&d.by))
}

pub fn json_of(row: &DecisionRow) -> Value {
    let mut value = json!(row.decision);
    value["undone"] = row.undone.into();
    value["asleep"] = row.asleep.into();
    value
}

/// The oldest first.
fn export(cx: &Context) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let rows = block_on(decide::all(store.as_ref()))??;
    let mut out = BufWriter::new(io::stdout().lock());
    for row in rows.iter().rev() {
        writeln!(out, "{}", escaped(&json!(row.decision).to_string())).map_err(Error::Output)?;
    }
    out.flush().map_err(Error::Output)?;
    Ok(Exit::Fine)
}

fn import(cx: &Context, file: &Path) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let name = if file == Path::new("-") { "standard input".to_owned() } else { shown(file) };
    let decisions = match file == Path::new("-") {
        true => read(BufReader::new(io::stdin().lock()), &name)?,
        false => read(BufReader::new(open(file, &name)?), &name)?,
    };
    let total = decisions.len() as u64;
    let (report, asleep) = block_on(async {
        let report = decide::import(store.as_ref(), decisions).await?;
        let rows = decide::all(store.as_ref()).await?;
        anyhow::Ok((report, rows.iter().filter(|row| decide::holds(row) && row.asleep).count()))
    })??;
    if cx.screen.json {
        let json = json!({ "decisions": total, "new": report.new, "known": report.known, "asleep": asleep });
        cx.screen.print_json(&json)?;
        return Ok(Exit::Fine);
    }
    let mut out = format!("{} taken in, {} known already.\n", count(report.new, "decision"), report.known);
    if asleep > 0 {
        let wait = if asleep == 1 { "waits" } else { "wait" };
        let asleep = count(asleep as u64, "decision");
        out.push_str(&format!("{asleep} {wait} for documents that are not here.\n"));
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

fn open(file: &Path, name: &str) -> Result<File> {
    let bad = |message: String| Error::Decisions { file: name.to_owned(), line: None, message };
    let file = File::open(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::missing(name, "give a file that `docmill decisions export` wrote"),
        _ => bad(error.to_string()),
    })?;
    let size = file.metadata().map_err(|error| bad(error.to_string()))?;
    if size.is_dir() {
        return Err(bad("it is a folder".to_owned()).into());
    }
    Ok(file)
}

/// All decisions of a file; none unless all can be read.
fn read(mut input: impl BufRead, name: &str) -> Result<Vec<Decision>> {
    let mut decisions = Vec::new();
    let (mut buffer, mut size) = (Vec::new(), 0);
    for number in 1.. {
        let bad = |message: String| Error::Decisions { file: name.to_owned(), line: Some(number), message };
        buffer.clear();
        let length =
            (&mut input).take(LONGEST_LINE + 1).read_until(b'\n', &mut buffer).map_err(|e| bad(e.to_string()))?;
        size += length as u64;
        if length == 0 {
            break;
        }
        if length as u64 > LONGEST_LINE {
            return Err(bad("it is longer than any decision".to_owned()).into());
        }
        if size > LARGEST {
            return Err(bad("the file is larger than 64 MiB up to here; split it".to_owned()).into());
        }
        if buffer.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let decision: Decision = serde_json::from_slice(&buffer).map_err(|error| bad(told(&error)))?;
        decide::check(&decision).map_err(|error| bad(error.to_string()))?;
        decisions.push(decision);
    }
    Ok(decisions)
}

/// What is wrong with a line. The number that the reader of JSON gives is left out: it counts from the line's own start.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use docmill_model::{Digest, MentionType};

    use super::*;

    #[test]
    fn a_file_of_decisions_is_read_whole_or_not_at_all() {
        let document = DocumentId::new("p", &Digest::of(b"x"));
        let anchor =
            |name: &str| Anchor { document, kind: MentionType::Person, normal: name.into(), quote: name.into() };
        let one = Decision::new("p", Action::Same, vec![anchor("a")], vec![anchor("b")], "me", 1, None);
        let good = json!(one).to_string();
        let check = |text: &str, expected: Result<usize, &str>| match (read(text.as_bytes(), "f"), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.len(), expected, "{text}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error} and not {part}"),
            (found, _) => panic!("{found:?} of {text}"),
        };
        check("", Ok(0));
        check(&format!("{good}\n\n{good}"), Ok(2));
        check(&format!("{good}\n{}", &good[..good.len() / 2]), Err("line 2 of f"));
        check("[]", Err("line 1"));
        check("{\"id\":1}", Err("line 1"));
        check(&good.replace("\"me\"", "\"you\""), Err("id"));
        check(&good.replace("PERSON", "HERO"), Err("HERO"));
        check("\u{0}\u{ff}", Err("line 1"));
        check(&"[".repeat(1 << 20), Err("line 1"));
        check(&" ".repeat((LONGEST_LINE + 1) as usize), Err("longer"));
    }
}
