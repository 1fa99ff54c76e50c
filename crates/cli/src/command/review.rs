//! `review`: walks through the pairs that may be the same and takes down what a person says of them.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use anyhow::Result;
use docmill_engine::decide::{self, Side, Verdict};
use docmill_engine::entity::{Part, Question, doubtful, question};
use docmill_model::EntityId;
use docmill_store::{EntityRow, PossibleRow, Store};
use serde_json::{Value, json};

use super::{decide as deciding, entity};
use crate::args::decision;
use crate::context::{Context, block_on};
use crate::failure::{Error, Exit};
use crate::format::count;
use crate::quote;
use crate::screen::{BOLD, Screen, line};

/// Documents that are quoted of each side.
const QUOTES: usize = 3;
/// The longest answer in bytes; nobody types more, and a device would never end.
const ANSWER: u64 = 64 << 10;

/// What a person says of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Decide(Verdict),
    Skip,
    Quit,
}

/// How the walk went.
#[derive(Default)]
struct Tally {
    same: u64,
    different: u64,
    skipped: u64,
    quit: bool,
}

pub fn review(cx: &Context, args: &decision::Review) -> Result<Exit> {
    let workspace = cx.open()?;
    let store = workspace.store();
    let limit = args.limit as usize;
    if cx.screen.json {
        let pairs = block_on(async {
            docmill_engine::fold_all(store.as_ref()).await?;
            pairs(store.as_ref(), limit).await
        })??;
        cx.screen.print_json(&json!({ "pairs": pairs }))?;
        return Ok(Exit::Fine);
    }
    let by = args.by.clone().unwrap_or_else(deciding::user);
    let tally = block_on(walk(cx, store.as_ref(), limit, &by, &mut io::stdin().lock()))??;
    let mut out = String::new();
    if tally.same + tally.different > 0 {
        let (all, undo) = (count(tally.same + tally.different, "decision"), cx.command("undo"));
        out = format!("{all}: {} same, {} different. {undo} takes the last one back.\n", tally.same, tally.different);
    }
    if tally.skipped > 0 {
        out.push_str(&format!("{} left open; they come again.\n", count(tally.skipped, "pair")));
    }
    if out.is_empty() && !tally.quit {
        out = "Nothing is in doubt.\n".to_owned();
    }
    cx.screen.print(&out)?;
    Ok(Exit::Fine)
}

async fn pairs(store: &dyn Store, limit: usize) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for row in doubtful(store, limit).await? {
        if let Some(pair) = question(store, row, QUOTES).await? {
            out.push(json_of(&pair));
        }
    }
    Ok(out)
}

fn json_of(pair: &Question) -> Value {
    let side = |part: &Part| {
        let mut value = entity::brief(&part.row);
        value["identifiers"] = json!(part.row.entity.identifiers);
        value["mentioned"] = part.documents.iter().map(|d| quote::json(&d.quote)).collect();
        value
    };
    json!({ "a": side(&pair.a), "b": side(&pair.b), "score": pair.row.score, "reasons": pair.row.reasons,
            "refused": pair.row.refused })
}

/// Asks about one pair after the other, the most alike first. A decision is kept before the next pair is shown; what
/// it makes doubtful comes at the end.
async fn walk(
    cx: &Context,
    store: &dyn Store,
    limit: usize,
    by: &str,
    input: &mut (impl BufRead + ?Sized),
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut seen: BTreeSet<(EntityId, EntityId)> = BTreeSet::new();
    loop {
        docmill_engine::fold_all(store).await?;
        // Those that were seen stay in doubt when they were skipped.
        let rows = doubtful(store, limit + seen.len()).await?;
        let open: Vec<PossibleRow> = rows.into_iter().filter(|row| !seen.contains(&(row.a, row.b))).collect();
        let room = limit.saturating_sub(seen.len());
        if open.is_empty() || room == 0 {
            return Ok(tally);
        }
        let left = open.len().min(room);
        for (index, row) in open.into_iter().take(room).enumerate() {
            seen.insert((row.a, row.b));
            let decided = tally.same + tally.different > 0;
            if decided && !is_open(store, &row).await? {
                continue;
            }
            let Some(pair) = question(store, row, QUOTES).await? else { continue };
            cx.screen.print(&shown(&cx.screen, &pair, left - index))?;
            match ask(&cx.screen, input)? {
                Answer::Quit => return Ok(Tally { quit: true, ..tally }),
                Answer::Skip => tally.skipped += 1,
                Answer::Decide(verdict) => {
                    let note = deciding::note(&decision::Note { why: None, by: Some(by.to_owned()) });
                    let (a, b) = (Side::Entity(pair.a.row), Side::Entity(pair.b.row));
                    let decided = decide::relate(store, verdict, a, vec![b], note).await?;
                    cx.screen.print(&kept(&cx.screen, verdict, &decided.a))?;
                    match verdict {
                        Verdict::Same => tally.same += 1,
                        Verdict::Different => tally.different += 1,
                    }
                }
            }
        }
    }
}

/// Whether a pair is still in doubt after other decisions.
async fn is_open(store: &dyn Store, pair: &PossibleRow) -> Result<bool> {
    /// More than one entity is ever linked to.
    const ALL: usize = 10_000;
    Ok(store.possible_of(pair.a, ALL).await?.iter().any(|row| (row.a, row.b) == (pair.a, pair.b)))
}

fn shown(screen: &Screen, pair: &Question, left: usize) -> String {
    let why = line(&entity::doubtful(pair.row.score, &pair.row.reasons, &pair.row.refused));
    let mut out = format!("\n{}  {}\n", screen.paint(BOLD, &format!("{} left", count(left as u64, "pair"))), why);
    for (sign, part) in [("A", &pair.a), ("B", &pair.b)] {
        out.push_str(&format!("{sign}  {}\n", entity::headline(screen, &part.row)));
        for document in &part.documents {
            let (place, said) = (quote::place(screen, &document.quote), quote::marked(screen, &document.quote));
            out.push_str(&format!("     {place}\n       {said}\n"));
        }
    }
    out
}

fn kept(screen: &Screen, verdict: Verdict, rows: &[EntityRow]) -> String {
    match (verdict, rows.first()) {
        (Verdict::Same, Some(row)) => format!("   kept: one, {}\n", entity::headline(screen, row)),
        (Verdict::Same, None) => "   kept: one\n".to_owned(),
        (Verdict::Different, _) => "   kept: different\n".to_owned(),
    }
}

/// Asks until the answer is one. The end of the input is an answer, too.
fn ask(screen: &Screen, input: &mut (impl BufRead + ?Sized)) -> Result<Answer> {
    loop {
        screen.print("Same, different, skip or quit? [s/d/Enter/q] ")?;
        let Some(word) = answer(input)? else {
            screen.print("\n")?;
            return Ok(Answer::Quit);
        };
        match parse(&word) {
            Some(answer) => return Ok(answer),
            None => screen.print("Answer with s, d, Enter or q.\n")?,
        }
    }
}

fn parse(word: &str) -> Option<Answer> {
    match word.trim().to_lowercase().as_str() {
        "s" | "same" | "y" | "yes" => Some(Answer::Decide(Verdict::Same)),
        "d" | "different" | "n" | "no" => Some(Answer::Decide(Verdict::Different)),
        "" | "skip" => Some(Answer::Skip),
        "q" | "quit" => Some(Answer::Quit),
        _ => None,
    }
}

/// A line of the input; `None` at its end.
fn answer(input: &mut (impl BufRead + ?Sized)) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    io::Read::take(&mut *input, ANSWER).read_until(b'\n', &mut bytes).map_err(Error::Input)?;
    if bytes.len() as u64 == ANSWER && bytes.last() != Some(&b'\n') {
        return Err(Error::Input(io::Error::other("a line of it has no end")).into());
    }
    Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_word_or_its_first_letter() {
        let check = |word: &str, expected| assert_eq!(parse(word), expected, "{word}");
        check("s\n", Some(Answer::Decide(Verdict::Same)));
        check(" Different\r\n", Some(Answer::Decide(Verdict::Different)));
        check("\n", Some(Answer::Skip));
        check("q", Some(Answer::Quit));
        check("perhaps", None);
        check("\u{1b}[2J", None);
    }

    #[test]
    fn lines_are_read_one_by_one_and_one_without_an_end_is_an_error() {
        let mut input = &b"s\nq"[..];
        let mut next = || answer(&mut input).unwrap();
        assert_eq!(next().as_deref(), Some("s\n"));
        assert_eq!(next().as_deref(), Some("q"));
        assert_eq!(next(), None);
        assert!(answer(&mut io::BufReader::new(io::repeat(0))).is_err());
    }
}
